"""Compare the stubs with the modules that are installed: ``python stubtest.py ALLOWLIST``, beside a pyproject.toml.

The loops that were built for another kind of processor than this one cannot be imported, and are left out.
"""
import itertools
import pathlib
import subprocess
import sys
import tempfile

from lifext._core.shared import loops

foreign = [f"lifext._core._{kind}_{simd.replace('-', '_')}"
           for kind, simd in itertools.product(("loops", "single"), set(loops.built()) - set(loops.supported()))]
# to import them would end the process
RUN = "import runpy, sys; sys.modules.update(dict.fromkeys({!r})); runpy.run_module('mypy.stubtest', {{}}, '__main__')"

with tempfile.TemporaryDirectory() as folder:
    allowed = pathlib.Path(folder, "foreign.txt")
    allowed.write_text("".join(name.replace(".", r"\.") + "\n" for name in foreign))
    command = [sys.executable, "-c", RUN.format(foreign), "lifext", "--mypy-config-file", "pyproject.toml",
               "--ignore-disjoint-bases", "--allowlist", sys.argv[1], "--allowlist", allowed]
    sys.exit(subprocess.run(command).returncode)
