"""What is written for users runs: the examples in docstrings, and the Python of README.md and docs/.

The Python blocks of a page are one script. A block of ``text`` that follows one is what it prints. A block after the
comment ``<!-- not run: why -->`` is left out. What a page's networks come to has to make sense, too (`docs_sense.py`).
"""
import doctest
import functools
import importlib
import inspect
import json
import os
import pathlib
import pkgutil
import re
import subprocess
import sys
import tempfile

import numpy as np
import pytest

import lifext

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# the fence of a block, what it holds, and what it is to print
BLOCK = re.compile(r"(<!-- not run: [^>]+ -->\n+)?^```python\n(.*?)^```$(?:\n+^```text\n(.*?)^```$)?",
                   re.DOTALL | re.MULTILINE)
MARK = "-- end of a block --"
# what a page needs beyond NumPy, by a word in its code
NEEDED = {"h5py": "h5py", "sonata": "h5py", "groupby": "pandas", "n_jobs": "joblib", "to_neo": "neo", "nwb": "pynwb"}


def blocks(page):
    """Return (code, what it prints or None) of each block that is meant to run."""
    return [(found[2], found[3]) for found in BLOCK.finditer(page.read_text(encoding="utf-8")) if not found[1]]


def modules():
    """Return the package's modules, public and private, which may have examples; `_race` has programs."""
    names = [module.name for module in pkgutil.walk_packages(lifext.__path__, "lifext.")]
    return [name for name in names if not re.match(r"lifext\.(_race|_core\._loops|_core\._single|__main__)", name)]


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings_run(name, tmp_path, monkeypatch):
    if name == "lifext.plot":
        pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(importlib.import_module(name), extraglobs={"np": np},
                            optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


def entries(page):
    """Return what an API page lists."""
    return re.findall(r"^   ([\w.]+)$", (ROOT / "docs" / "api" / page).read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", entries("modules.rst"))
def test_a_listed_module_has_examples(name):
    # whether they run is seen above: in the modules, some of them private, that they are written in
    module = importlib.import_module(name)
    things = [thing for thing in vars(module).values() if inspect.isroutine(thing) or inspect.isclass(thing)]
    assert any(">>> " in (inspect.getdoc(thing) or "") for thing in things)


def test_the_api_pages_have_every_public_name():
    lazily = {"install", "is_installed", "uninstall"}
    public = {name for name in lifext.__all__ if not name.startswith("_")}
    public -= {name for name in public if inspect.ismodule(getattr(lifext, name))}
    assert set(entries("index.rst")) - {"modules"} == public | lazily


def test_the_api_pages_have_every_module_with_public_names():
    # what `import lifext` brings is listed by its names
    brought = {"LIF_Pop", "currents", "ivprobs", "kinetics", "network", "recording", "sources", "spikeDC", "synapses",
               "trials", "weights"}
    # descriptions that the published classes come down to, which have no names of their own yet
    brought |= {"cells", "receptors"}
    public = {f"lifext.{module.name}" for module in pkgutil.iter_modules(lifext.__path__)
              if not module.name.startswith("_") and module.name not in {*brought, "cli"}}
    assert set(entries("modules.rst")) == public


@functools.cache
def ran(page):
    """Run a page's code as one script in a folder of its own; return how that ended, and what `docs_sense` found."""
    lines = [f"import sys; sys.path.append({str(pathlib.Path(__file__).parent)!r})", "import docs_sense as _sense",
             "_sense.watch()"]
    for number, (code, _) in enumerate(blocks(page)):
        lines += [code, f"print({MARK!r})", f"_sense.look({page.name!r}, {number}, globals())"]
    with tempfile.TemporaryDirectory() as folder:
        script, sense = pathlib.Path(folder, "page.py"), pathlib.Path(folder, "sense.json")
        script.write_text("\n".join([*lines, f"_sense.write({str(sense)!r})"]), encoding="utf-8")
        # the package that is tested here, wherever it is
        path = os.pathsep.join(filter(None, [str(pathlib.Path(lifext.__file__).parent.parent),
                                             os.environ.get("PYTHONPATH")]))
        ended = subprocess.run([sys.executable, "-W", "error", script], cwd=folder, capture_output=True, text=True,
                               env={**os.environ, "PYTHONPATH": path})
        return ended, json.loads(sense.read_text(encoding="utf-8")) if sense.exists() else None


def needs(page):
    """Skip where a page needs what is not installed."""
    code = "\n".join(code for code, _ in blocks(page))
    for word, module in NEEDED.items():
        if word in code:
            pytest.importorskip(module)


WITH_CODE = pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)


@WITH_CODE
def test_the_code_of_a_page_runs_and_prints_what_it_says(page):
    needs(page)
    ended, _ = ran(page)
    assert ended.returncode == 0, ended.stderr
    printed = ended.stdout.split(f"{MARK}\n")
    for (block, said), output in zip(blocks(page), printed):
        if said is not None:
            assert output == said, block


@WITH_CODE
def test_what_a_page_comes_to_makes_sense(page):
    """Potentials, gating, rates and bumps are what a reader would expect of such networks."""
    needs(page)
    ended, sense = ran(page)
    assert sense is not None, ended.stderr
    assert not sense["found"], "\n".join(sense["found"])


@pytest.mark.parametrize(("name", "questions"), [
    ("README.md", ["block 0: NMDA gating has a bump", "block 1: spikes of the second half of the run have a bump"]),
    ("network.md", ["block 0: cells fire at", "block 0: NMDA channels are open", "NMDA current is inward"]),
    ("arithmetic.md", ["noisy fires at", "driven fires at"])])
def test_questions_of_sense_are_asked(name, questions):
    page = next(page for page in PAGES if page.name == name)
    needs(page)
    _, sense = ran(page)
    for question in questions:
        assert any(question in asked for asked in sense["asked"]), question


def test_pages_are_read_as_they_should_be():
    guide = blocks(ROOT / "docs" / "network.md")
    assert len(guide) > 8
    assert sum(bool(said) for _, said in guide) > 8
    skipped = BLOCK.findall((ROOT / "docs" / "trials.md").read_text())
    assert [bool(comment) for comment, _, _ in skipped] == [False, True, True]
