"""Unmodified scripts: what is replaced, how a script is run, and that nothing else is affected.

The packages here have the shape of the published code's and nothing of it. `published` is the
table that makes them the published ones.
"""
import hashlib
import importlib
import importlib.abc
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest

import lifext
from lifext import cli, dropin
from lifext.dropin import Published

MODULES = ("LIF_Pop", "currents", "kinetics")
SOURCES = {
    "model/__init__.py": "from . import LIF_Pop, currents, kinetics\n",
    **{f"model/{name}.py": f"origin = 'published {name}'\n" for name in MODULES},
    "utils/__init__.py": "from . import ivprobs\n",
    "utils/ivprobs/__init__.py": "from .rungeKutta import RK2, RK4\n",
    "utils/ivprobs/rungeKutta.py": "RK2 = RK4 = 'published'\n",
    "store/__init__.py": "from .spikeDC import spikeDC\n",
    "store/spikeDC.py": "spikeDC = 'published'\n",
}
REPLACED = {"model.LIF_Pop", "model.currents", "model.kinetics", "utils.ivprobs", "store.spikeDC"}
PACKAGES = ("model", "utils", "store")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(pathlib.Path(lifext.__file__).parent.parent)}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def table():
    kinetics, currents, populations = (
        {f"{name}.py": digest(SOURCES[f"model/{name}.py"]) for name in names}
        for names in (("kinetics",), ("currents", "kinetics"), ("LIF_Pop", "currents", "kinetics")))
    return {
        "LIF_Pop": Published("lifext.LIF_Pop", populations, uses=("utils.ivprobs",)),
        "currents": Published("lifext.currents", currents),
        "kinetics": Published("lifext.kinetics", kinetics),
        "ivprobs": Published("lifext.ivprobs", {
            name: digest(SOURCES[f"utils/ivprobs/{name}"]) for name in ("rungeKutta.py", "__init__.py")}),
        "spikeDC": Published("lifext.spikeDC", {"spikeDC.py": digest(SOURCES["store/spikeDC.py"])}),
    }


@pytest.fixture
def published(monkeypatch):
    """Take the packages of this file for the published ones."""
    monkeypatch.setattr(dropin, "PUBLISHED", table())


@pytest.fixture
def folder(tmp_path, published, monkeypatch):
    """A folder with the packages, first on `sys.path`; imports from it are forgotten at the end."""
    write(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    lifext.uninstall()
    forget()


def write(folder, **changed):
    for name, source in {**SOURCES, **changed}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    importlib.invalidate_caches()


def forget():
    for name in list(sys.modules):
        if name.partition(".")[0] in PACKAGES:
            del sys.modules[name]


def loaded(name):
    return importlib.import_module(name)


# what is replaced

def test_published_modules_are_replaced_by_the_packages_own(folder):
    with lifext.install() as installation:
        import model
        import store
        import utils
    assert (model.LIF_Pop, model.currents, model.kinetics) == (lifext.LIF_Pop, lifext.currents, lifext.kinetics)
    assert utils.ivprobs is lifext.ivprobs
    assert store.spikeDC is lifext.spikeDC
    assert set(installation.replaced) == REPLACED
    assert installation.replaced["model.kinetics"] == str(folder / "model" / "kinetics.py")
    assert installation.left == {}


@pytest.mark.parametrize("statement", [
    "from model.LIF_Pop import pyrPop", "import model.LIF_Pop; pyrPop = model.LIF_Pop.pyrPop",
    "from model import LIF_Pop; pyrPop = LIF_Pop.pyrPop", "from model.LIF_Pop import *"])
def test_forms_of_import(statement, folder):
    names = {}
    with lifext.install():
        exec(statement, names)
    assert names["pyrPop"] is lifext.pyrPop


@pytest.mark.parametrize("statement", [
    "from utils.ivprobs.rungeKutta import RK2", "import utils.ivprobs.rungeKutta; RK2 = utils.ivprobs.rungeKutta.RK2"])
def test_the_module_inside_ivprobs(statement, folder):
    names = {}
    with lifext.install():
        exec(statement, names)
    assert names["RK2"] is lifext.RK2
    assert not hasattr(lifext.ivprobs, "rungeKutta")


def test_packages_may_be_called_otherwise_and_lie_deeper(folder):
    (folder / "model").rename(folder / "utils" / "cells")
    with lifext.install() as installation:
        assert loaded("utils.cells.LIF_Pop") is lifext.LIF_Pop
    assert "utils.cells.LIF_Pop" in installation.replaced


def test_a_module_on_its_own(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder / "store")
    try:
        with lifext.install() as installation:
            assert loaded("spikeDC") is sys.modules["lifext.spikeDC"]
        assert set(installation.replaced) == {"spikeDC"}
    finally:
        sys.modules.pop("spikeDC", None)


def test_line_ends_do_not_matter(folder):
    for name, source in SOURCES.items():
        (folder / name).write_bytes(source.replace("\n", "\r\n").encode())
    with lifext.install() as installation:
        loaded("model"), loaded("store")
    assert set(installation.replaced) == REPLACED - {"utils.ivprobs"}


def test_modules_in_an_archive(folder):
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("zipped/__init__.py", "")
        archive.writestr("zipped/kinetics.py", SOURCES["model/kinetics.py"])
    sys.path.insert(0, str(folder / "all.zip"))
    try:
        with lifext.install():
            assert loaded("zipped.kinetics") is lifext.kinetics
    finally:
        sys.path.remove(str(folder / "all.zip"))
        sys.modules.pop("zipped", None)


def test_other_modules_are_loaded_as_ever(folder):
    (folder / "model" / "agent.py").write_text("from .LIF_Pop import pyrPop\n")
    with lifext.install():
        assert loaded("model.agent").__file__ == str(folder / "model" / "agent.py")
        assert loaded("model").__file__ == str(folder / "model" / "__init__.py")
        with pytest.raises(ModuleNotFoundError, match=r"No module named 'store\.currents'"):
            loaded("store.currents")


# what is not

# the changed file, and what is left because of it
CHANGES = {
    "model/LIF_Pop.py": {"model.LIF_Pop"},
    "model/currents.py": {"model.LIF_Pop", "model.currents"},
    "model/kinetics.py": {"model.LIF_Pop", "model.currents", "model.kinetics"},
    "utils/ivprobs/rungeKutta.py": {"model.LIF_Pop", "utils.ivprobs"},
    "utils/ivprobs/__init__.py": {"model.LIF_Pop", "utils.ivprobs"},
    "store/spikeDC.py": {"store.spikeDC"},
}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_changed_module_is_left_and_so_are_those_that_use_it(changed, folder, capsys):
    source = SOURCES[changed] + "CHANGED = True\n"
    write(folder, **{changed: source})
    with lifext.install() as installation:
        loaded("model"), loaded("utils"), loaded("store")
    assert set(installation.left) == CHANGES[changed]
    assert set(installation.replaced) == REPLACED - CHANGES[changed]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(CHANGES[changed])
    for name, line in zip(sorted(CHANGES[changed]), sorted(lines)):
        assert line == (f"lifext: {name} is left as it is: {folder / changed} has SHA-256 {digest(source)}, "
                        f"the published one has {digest(SOURCES[changed])}")


@pytest.mark.parametrize("changed", CHANGES)
def test_force_replaces_it_and_says_so(changed, folder, capsys):
    write(folder, **{changed: SOURCES[changed] + "CHANGED = True\n"})
    with lifext.install(force=True) as installation:
        loaded("model"), loaded("utils"), loaded("store")
    assert set(installation.replaced) == REPLACED
    assert {line.split()[1] for line in capsys.readouterr().err.splitlines()} == CHANGES[changed]
    assert all("is replaced all the same" in line for line in installation.left.values())


def test_a_file_that_is_not_there(folder, capsys):
    (folder / "utils" / "ivprobs" / "rungeKutta.py").unlink()
    (folder / "utils" / "ivprobs" / "__init__.py").write_text("")
    with lifext.install():
        loaded("utils")
    assert "rungeKutta.py cannot be read, the published one has" in capsys.readouterr().err


def test_a_package_without_ivprobs(folder):
    """It could not run; nothing of it differs from what was published."""
    (folder / "utils" / "ivprobs").rename(folder / "elsewhere")
    with lifext.install():
        assert loaded("model").LIF_Pop is lifext.LIF_Pop


@pytest.mark.parametrize("force", [False, True])
def test_installed_packages_with_such_names_are_none_of_our_business(force, folder, capsys):
    (folder / "site-packages" / "chemistry").mkdir(parents=True)
    (folder / "site-packages" / "chemistry" / "kinetics.py").write_text("RATE = 3\n")
    sys.path.insert(0, str(folder / "site-packages"))
    try:
        with lifext.install(force):
            assert loaded("chemistry.kinetics").RATE == 3
    finally:
        sys.path.remove(str(folder / "site-packages"))
        sys.modules.pop("chemistry.kinetics"), sys.modules.pop("chemistry")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("force", [False, True])
def test_a_script_beside_others_with_such_a_name_is_left(force, folder, capsys):
    (folder / "currents.py").write_text("RIVER = 'Rhine'\n")
    try:
        with lifext.install(force):
            assert loaded("currents").RIVER == "Rhine"
    finally:
        sys.modules.pop("currents")
    assert capsys.readouterr().err == ""


def test_modules_imported_before_stay_and_it_says_so(folder, capsys):
    import model
    with lifext.install() as installation:
        assert loaded("model.LIF_Pop") is model.LIF_Pop
    assert model.LIF_Pop.origin == "published LIF_Pop"
    assert loaded("model.LIF_Pop") is model.LIF_Pop
    assert set(installation.left) == {f"model.{name}" for name in MODULES}
    assert f"lifext: model.kinetics was imported before and stays as it is: {folder / 'model' / 'kinetics.py'}" in \
        capsys.readouterr().err.splitlines()


# that nothing else is affected

def test_uninstall_restores(folder):
    before, names = list(sys.meta_path), dict(vars(lifext.currents))
    lifext.install()
    assert lifext.is_installed()
    held = loaded("model")
    lifext.currents.NMDAR = held.currents.extra = lifext.AMPAR
    lifext.uninstall()
    assert not lifext.is_installed()
    assert held.LIF_Pop is lifext.LIF_Pop
    assert sys.meta_path == before
    assert dict(vars(lifext.currents)) == names
    assert sys.modules["lifext.LIF_Pop"] is lifext.LIF_Pop
    assert lifext.LIF_Pop.__name__ == lifext.LIF_Pop.__spec__.name == "lifext.LIF_Pop"
    for name in MODULES:
        assert loaded(f"model.{name}").origin == f"published {name}"
        assert getattr(loaded("model"), name).origin == f"published {name}"
    assert loaded("store").spikeDC == "published"


def test_a_package_imported_before_keeps_its_other_modules(folder):
    write(folder, **{"model/__init__.py": ""})
    import model
    with lifext.install():
        assert loaded("model.LIF_Pop") is lifext.LIF_Pop
    assert sys.modules["model"] is model
    assert loaded("model.LIF_Pop").origin == model.LIF_Pop.origin == "published LIF_Pop"


def test_what_a_script_sets_in_a_module_counts(folder):
    class Blocked(lifext.NMDAR):
        pass

    with lifext.install():
        loaded("model").currents.NMDAR = Blocked
        assert type(loaded("model").LIF_Pop.pyrPop(2).NMDA) is Blocked
    assert type(lifext.pyrPop(2).NMDA) is lifext.NMDAR


def test_installed_within_installed(folder):
    with lifext.install() as outer:
        with lifext.install(force=True) as inner:
            assert inner.replaced is outer.replaced
        assert lifext.is_installed()
        loaded("model")
        assert set(inner.replaced) == REPLACED - {"store.spikeDC", "utils.ivprobs"}
    assert not lifext.is_installed()


def test_uninstall_twice_and_an_error_inside(folder):
    lifext.uninstall()
    with pytest.raises(ZeroDivisionError), lifext.install():
        raise ZeroDivisionError
    assert not lifext.is_installed()
    lifext.install()
    lifext.uninstall()
    lifext.uninstall()
    assert not any(isinstance(finder, dropin.Finder) for finder in sys.meta_path)


def test_the_table_as_an_argument(folder, monkeypatch):
    monkeypatch.setattr(dropin, "PUBLISHED", {})
    with lifext.install(published={"kinetics": table()["kinetics"]}) as installation:
        loaded("model")
    assert set(installation.replaced) == {"model.kinetics"}


def test_importing_the_package_does_not_import_this(tmp_path):
    code = "import sys, lifext; n = 'lifext.dropin'; print(n in sys.modules, lifext.is_installed(), n in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT,
                         cwd=tmp_path)
    assert out.stdout == "False False True\n"
    with pytest.raises(AttributeError, match="module 'lifext' has no attribute 'instal'"):
        _ = lifext.instal


def test_the_real_table_has_the_digests_of_the_issue():
    # each module's own file comes first
    assert {name: next(iter(known.sources.items()))[1][:8] for name, known in dropin.PUBLISHED.items()} == {
        "LIF_Pop": "779a861f", "currents": "2d1c978e", "kinetics": "94323aaa", "ivprobs": "7c863268",
        "spikeDC": "38f8fe93"}


# reports

class Leaky(lifext.pyrPop):
    def dVmdt(self, dt, vM):
        return super().dVmdt(dt, vM)


def step(population):
    population.predictSpikes(0.05, 0.0)
    population.processTimeStep(0.05, 0.0)


def test_report_of_populations(folder):
    with lifext.install() as installation:
        assert installation.report() == "lifext: replaced nothing\nlifext: populations of lifext made: 0"
        kept = lifext.pyrPop(3)
        assert installation.report().endswith("\nlifext: populations of lifext made: 1, all stepped in compiled code")
        # one that is gone by the time of the report, one that is never stepped, one that changes
        step(Leaky(4))
        leaky = Leaky(5)
        own = lifext.interPop(6)
        own.predictSpikes = lambda dt, time: None
        kept.noise = lifext.noiseGaussian(3, 0.0, 0.1)
        step(kept)
        kept.noise = lifext.noisePoisson(3)
        loaded("model")
        lines = installation.report().splitlines()
    assert leaky.size == 5
    assert lines[:3] == [f"lifext: replaced model.{name} ({folder / 'model' / name}.py)" for name in MODULES]
    assert lines[3] == "lifext: populations of lifext made: 4; not stepped in compiled code:"
    assert sorted(lines[4:]) == [
        "lifext:   Leaky of 4: Leaky has its own dVmdt", "lifext:   Leaky of 5: Leaky has its own dVmdt",
        "lifext:   interPop of 6: interPop has its own predictSpikes",
        "lifext:   pyrPop of 3: noiseGaussian is not one of the classes that are compiled"]


def test_populations_are_not_kept_alive(folder):
    with lifext.install() as installation:
        population = lifext.pyrPop(3)
        assert len(installation.finder.census._alive) == 1
        del population
        assert len(installation.finder.census._alive) == 0


# scripts

def run(script, *arguments, options=(), program="lifext"):
    """Run a script in a process of its own, by Python or by ``lifext run``."""
    command = [script, *arguments]
    if program == "lifext":
        command = ["-c", PROGRAM, "run", *options, *command]
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, env=ENVIRONMENT, cwd=CWD)


TABLE = "{" + ", ".join(f"{name!r}: dropin.{known!r}" for name, known in table().items()) + "}"
PROGRAM = f"""
import sys
from lifext import cli, dropin
dropin.PUBLISHED = {TABLE}
sys.exit(cli.main(sys.argv[1:]))
"""
CWD = None


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Write a script, with the packages beside it in another folder than the current one."""
    write(tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(sys.modules[__name__], "CWD", tmp_path / "elsewhere")

    def written(source, name="script.py"):
        (tmp_path / "project" / name).write_text(textwrap.dedent(source))
        return f"../project/{name}"
    return written


RING = """
import sys
import numpy as np
from model import LIF_Pop
from store import spikeDC

trials, name = int(sys.argv[1]), sys.argv[2]
cells = LIF_Pop.pyrRingPop(32, AMPA_g=0.5, NMDA_g=0.3)
weights = np.full((32, 32), 0.02)
for trial in range(1, trials + 1):
    cells.reset()
    cells.stim(np.pi, cue_sal=1.0)
    record = spikeDC(32)
    for step in range(400):
        cells.predictSpikes(0.05, step*0.05)
        cells.receivePyrSpikes(0.05, cells.numSpikes, cells.spikeTimes(), weights)
        cells.processTimeStep(0.05, step*0.05)
        record.collect(cells.spikes(), step*0.05)
    record.save(name, trial)
np.save(name + ".v", cells.VMs())
print(np.random.rand())
"""


def test_a_script_gives_what_the_package_gives_from_the_seed(script, tmp_path, monkeypatch, capsys):
    ran = run(script(RING), "3", "a.npz", options=["--seed", "7", "--report"])
    assert ran.returncode == 0, ran.stderr
    assert [line.split(" (")[0] for line in ran.stderr.splitlines()] == [
        "lifext: replaced model.LIF_Pop", "lifext: replaced model.currents", "lifext: replaced model.kinetics",
        "lifext: replaced store.spikeDC", "lifext: populations of lifext made: 1, all stepped in compiled code"]
    monkeypatch.setattr(sys, "argv", ["", "3", str(tmp_path / "b.npz")])
    np.random.seed(7)
    exec(RING.replace("from model", "from lifext").replace("from store", "from lifext"), {})
    assert ran.stdout == capsys.readouterr().out
    assert (CWD / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (CWD / "a.npz.v.npy").read_bytes() == (tmp_path / "b.npz.v.npy").read_bytes()
    with np.load(tmp_path / "b.npz") as file:
        assert len(file["time"]) > 100


SCRIPTS = {
    "what Python sets": """
        import sys
        print(__name__, __file__, __package__, __spec__, type(__loader__).__name__, __builtins__, __doc__)
        print(sys.argv, sys.path[0], sys.modules['__main__'].__dict__ is globals())""",
    "a module beside it": "import model.nothing_there",
    "an exception": "def f():\n    return 1/0\n\n\nf()\n",
    "a chain": """
        try:
            {}['a']
        except KeyError as error:
            raise ValueError('b') from error""",
    "a syntax error": "print('first')\nx = = 3\n",
    "an exception group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "an assertion": "assert 1 == 2, 'no'",
    "a hook of its own": """
        import sys
        sys.excepthook = lambda kind, value, trace: print(kind, value, trace.tb_lineno)
        1/0""",
    "exit": "import sys; sys.exit()",
    "exit with 0": "raise SystemExit(0)",
    "exit with 3": "import sys; print('so far'); sys.exit(3)",
    "exit with True": "raise SystemExit(True)",
    "exit with a message": "import sys; sys.exit('no good\\nreally')",
    "argparse": "import argparse; argparse.ArgumentParser().parse_args()",
    "a thread that goes on": """
        import sys, threading, time
        def late():
            time.sleep(0.2)
            import store.spikeDC
            print('thread done', sys.argv, __name__)
            sys.stdout.flush()
        threading.Thread(target=late).start()
        print('main done')""",
    "at exit": "import atexit; atexit.register(print, 'goodbye')",
    "a warning": "import warnings; warnings.warn('old', DeprecationWarning)",
    "a class that is pickled": """
        import pickle
        class A:
            pass
        print(type(pickle.loads(pickle.dumps(A()))) is A)""",
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_a_script_runs_as_under_python(what, script):
    file = script(SCRIPTS[what])
    arguments = ["--seed", "3", "-h", "--", "x y"] if what == "what Python sets" else ["--unknown"]
    python, ours = (run(file, *arguments, program=program) for program in ("python", "lifext"))
    assert ours.stdout == python.stdout
    assert ours.stderr == python.stderr
    assert ours.returncode == python.returncode


def test_an_interrupted_script(script):
    ran = run(script("raise KeyboardInterrupt"))
    assert ran.returncode == 130
    assert ran.stderr.startswith("Traceback (most recent call last):\n  File")
    assert ran.stderr.endswith("KeyboardInterrupt\n")
    assert "dropin" not in ran.stderr


def test_a_linked_script_finds_what_is_beside_the_real_one(script, tmp_path):
    script("import model; print(model.LIF_Pop.__name__)")
    (tmp_path / "elsewhere" / "link.py").symlink_to(tmp_path / "project" / "script.py")
    assert run("link.py").stdout == "lifext.LIF_Pop\n"


def test_a_changed_package_runs_on_itself_and_with_force_does_not(script, tmp_path):
    write(tmp_path / "project", **{"model/LIF_Pop.py": "origin = 'changed'\n"})
    file = script("from model import LIF_Pop; print(LIF_Pop.__name__)")
    ran = run(file)
    assert ran.stdout == "model.LIF_Pop\n"
    assert re.fullmatch(r"lifext: model\.LIF_Pop is left as it is: \S*LIF_Pop\.py has SHA-256 \S+, the published one "
                        r"has \S+\n", ran.stderr)
    ran = run(file, options=["--force"])
    assert ran.stdout == "lifext.LIF_Pop\n"
    assert ran.stderr.startswith("lifext: model.LIF_Pop is replaced all the same: ")
    assert ran.stderr.count("\n") == 1


def test_the_report_comes_after_an_error_and_an_exit(script):
    for end in ("1/0", "raise SystemExit(4)"):
        ran = run(script(f"import model\ncells = model.LIF_Pop.pyrPop(3)\n{end}"), options=["--report"])
        assert ran.returncode == (1 if end == "1/0" else 4)
        assert ran.stderr.splitlines()[-1] == "lifext: populations of lifext made: 1, all stepped in compiled code"
        assert "lifext: replaced model.LIF_Pop" in ran.stderr


def test_python_dash_m(script):
    ran = subprocess.run([sys.executable, "-m", "lifext", "run", script("import sys; print(sys.argv[1:])"), "-x"],
                         capture_output=True, text=True, env=ENVIRONMENT, cwd=CWD, check=True)
    assert ran.stdout == "['-x']\n"


def test_run_script_leaves_the_process_as_it_was(folder, capsys):
    (folder / "script.py").write_text("import sys, model\nsys.path.append(sys.argv.pop())\nprint(__name__)\n")
    before = list(sys.argv), list(sys.path), sys.modules["__main__"], list(sys.meta_path)
    assert dropin.run_script(folder / "script.py", ["a"], seed=3) == 0
    assert (list(sys.argv), list(sys.path), sys.modules["__main__"], list(sys.meta_path)) == before
    assert capsys.readouterr().out == "__main__\n"
    assert not lifext.is_installed()
    state = np.random.get_state()[1]
    np.random.seed(3)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_without_a_seed_the_generator_is_left_alone(folder):
    (folder / "script.py").write_text("")
    before = np.random.get_state()[1].copy()
    assert dropin.run_script(folder / "script.py") == 0
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(("arguments", "message"), [
    (["run"], "lifext run: the following arguments are required: SCRIPT (see lifext run --help)"),
    (["run", "--seed", "-1", __file__],
     f"lifext run: argument --seed: must be a whole number from 0 to {2**32 - 1}, got '-1' (see lifext run --help)"),
    (["run", "no_such.py"], "lifext run: argument SCRIPT: must be a file that exists, got 'no_such.py' "
                            "(see lifext run --help)"),
    (["run", os.path.dirname(__file__)], "lifext run: argument SCRIPT: must be a file that exists, got "
                                         f"{os.path.dirname(__file__)!r} (see lifext run --help)"),
])
def test_bad_arguments_of_the_command(arguments, message, capsys):
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == message + "\n"


@pytest.mark.parametrize(("keywords", "message"), [
    ({"seed": -1}, "run_script: seed must be a whole number >= 0, got -1"),
    ({"seed": 2**32}, f"run_script: seed must be <= {2**32 - 1}, got {2**32}"),
    ({"script": 3}, "run_script: script must be the name of a file, got 3"),
])
def test_bad_arguments_of_run_script(keywords, message, capsys):
    with pytest.raises((TypeError, ValueError)) as refused:
        dropin.run_script(**{"script": __file__, **keywords})
    assert str(refused.value) == message
    assert not lifext.is_installed()
