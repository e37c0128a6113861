"""What is compiled for an instruction set runs only where there is one."""
import subprocess
import sys

from lifext._core.shared import loops

LISTED = """
import sys
import lifext
from lifext._core.shared import loops
loops.built(), loops.supported()
print(*(name for name in sys.modules if name.startswith(("lifext._core._loops_", "lifext._core._single_"))))
"""


def test_the_import_of_the_package_imports_no_other_build(monkeypatch, tmp_path):
    # a module's own initialisation is compiled for its instruction set: on another processor it ends the process
    monkeypatch.setenv("LIFEXT_SIMD", "baseline")
    said = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert said.stdout.split() == ["lifext._core._loops_baseline", "lifext._core._single_baseline"]


def test_all_builds_that_are_there_are_named():
    assert loops.built()[0] == "baseline"
    assert set(loops.supported()) <= set(loops.built())
