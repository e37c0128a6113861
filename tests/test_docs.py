"""What is written for users runs: the examples in docstrings, and the Python of README.md and docs/.

The Python blocks of a page are one script. A block of ``text`` that follows one is what it prints. A block after the
comment ``<!-- not run: why -->`` is left out.
"""
import doctest
import importlib
import inspect
import pathlib
import pkgutil
import re
import subprocess
import sys

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
    return [(code, said) for skipped, code, said in BLOCK.findall(page.read_text(encoding="utf-8")) if not skipped]


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
    brought = {"LIF_Pop", "currents", "ivprobs", "kinetics", "network", "recording", "spikeDC", "trials", "weights"}
    public = {f"lifext.{module.name}" for module in pkgutil.iter_modules(lifext.__path__)
              if not module.name.startswith("_") and module.name not in {*brought, "cli"}}
    assert set(entries("modules.rst")) == public


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_the_code_of_a_page_runs_and_prints_what_it_says(page, tmp_path):
    code = "\n".join(f"{code}\nprint({MARK!r})" for code, _ in blocks(page))
    for word, module in NEEDED.items():
        if word in code:
            pytest.importorskip(module)
    script = tmp_path / "page.py"
    script.write_text(code, encoding="utf-8")
    ended = subprocess.run([sys.executable, "-W", "error", script], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    printed = ended.stdout.split(f"{MARK}\n")
    for (block, said), output in zip(blocks(page), printed):
        if said:
            assert output == said, block


def test_pages_are_read_as_they_should_be():
    guide = blocks(ROOT / "docs" / "network.md")
    assert len(guide) > 8
    assert sum(said != "" for _, said in guide) > 8
    skipped = BLOCK.findall((ROOT / "docs" / "trials.md").read_text())
    assert [bool(comment) for comment, _, _ in skipped] == [False, True, True]
