"""The package as a user meets it: names, examples, import time, README."""
import importlib
import inspect
import pathlib
import re
import subprocess
import sys
import tomllib

import numpy as np
import pytest

import lifext

ROOT = pathlib.Path(__file__).parent.parent
MODULES = ["LIF_Pop", "currents", "kinetics", "ivprobs", "spikeDC"]
DOCUMENTED = [*MODULES, "dropin", "network", "recording", "trials", "weights"]
PUBLISHED = {
    "LIF_Pop": ["baseLIFPop", "pyrPop", "interPop", "pyrRingPop", "interRingPop"],
    "currents": ["currentBase", "leak", "noiseGaussian", "noisePoisson", "AMPAR", "NMDAR", "GABAR", "affFlat",
                 "affRing", "affFlatPoisson", "affRingPoisson"],
    "kinetics": ["kineticBase", "firstOrdKin", "firstOrdKinExp", "secondOrdKin"],
    "ivprobs": ["RK2", "RK4"],
    "spikeDC": ["spikeDC"],
}


OVERRIDES = "alpha_s=None, alpha_x=None, tau_s=None, tau_x=None"
STEPS = {"project": "dt, vM", "current": "dt, vM", "update": "dt, spikes, weights", "reset": ""}
WALKS = {"project": "dt", "kinetic": "dt", "update": "dt, spk_times, weights", "reset": ""}
POPULATION = {
    "predictSpikes": "dt, time", "processTimeStep": "dt, time", "dVmdt": "dt, vM", "project_dVmdt": "dt, vM",
    "receivePyrSpikes": "dt, num, dts, weights", "receiveIntSpikes": "dt, num, dts, weights",
    "VMs": "", "spikes": "", "spikeTimes": "", "reset": "", "stim": "", "removeStim": ""}
# arguments in the published order, with their defaults; keyword arguments for a base class left out
SIGNATURES = {
    "kineticBase": {"": "size, track=False, track_ID=0", **WALKS}, "firstOrdKin": {"": "size, alpha_s, tau_s", **WALKS},
    "firstOrdKinExp": {"": "size, alpha_s, tau_s", **WALKS},
    "secondOrdKin": {"": "size, alpha_x, alpha_s, tau_x, tau_s", **WALKS},
    "currentBase": {"": "size, record_i=False, record_rate=2000", **STEPS, "update": "dt, spk_times, weights"},
    "leak": {"": "size, g=0.025, vL=-70, rand_sd=None", **STEPS},
    "AMPAR": {"": f"size, order=1, g=0.7, vE=0, {OVERRIDES}", **STEPS},
    "NMDAR": {"": f"size, order=2, g=0.07, vE=0, mg=1, {OVERRIDES}", **STEPS},
    "GABAR": {"": f"size, order=1, g=0.1, vI=-70, {OVERRIDES}", **STEPS},
    "noiseGaussian": {"": "size, mean, sd", **STEPS},
    "noisePoisson": {"": "size, g=0.003, vE=0, alpha=1, tau=2, rate=1.8", **STEPS},
    "affFlat": {"": "size, cue_sal=0.15", **STEPS, "stim": "cue_sal=None", "hide": ""},
    "affRing": {"": f"size, positions, cue_spec={2 * np.pi / 0.4}", **STEPS,
                "stim": "direction, cue_sal=None, cue_spec=None", "hide": ""},
    "affFlatPoisson": {"": "size", **STEPS, "stim": "rate=None, g=None", "hide": ""},
    "affRingPoisson": {"": f"size, positions, max_rate=0, cue_spec={2 * np.pi / 0.4}", **STEPS,
                       "stim": "direction, max_rate=None, cue_spec=None", "hide": ""},
    "spikeDC": {"": "size, ID=''", "reset": "bin_size=None", "collect": "spikes, time", "get_spikes": "",
                "get_spike_counts": "begin=0, end=None", "pop_vector": "mapping, begin, end, return_counts=False",
                "get_max_time": "", "save": "fname, trial=0, encoding='binary', append=True",
                "load": "file, trial, encoding='binary'", "load_trial": "trial", "convert_csv_to_npz": "fname"},
    "RK2": {"": "fun, t0, y0, dt"}, "RK4": {"": "fun, t0, y0, dt"},
    "baseLIFPop": {"": "size, vTh=-50, vReset=-60, refDur=2, cM=0.5, AMPA_g=0.7, NMDA_g=0.07, GABA_g=0.1, "
                       "noise_rate=1.8, noise_g=0.003, leak_g=0.025, leak_vL=-70, record_i=False", **POPULATION},
    "pyrPop": {"": "size", **POPULATION}, "interPop": {"": "size", **POPULATION},
    "pyrRingPop": {"": "size", **POPULATION, "stim": "direction"},
    "interRingPop": {"": "size", **POPULATION, "stim": "direction"},
}


def named_arguments(function):
    """The arguments that can be passed by position, without `rng`, which is new."""
    parameters = inspect.signature(function).parameters.values()
    return ", ".join(str(p.replace(annotation=p.empty)) for p in parameters
                     if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in ("self", "rng"))


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_are_the_published_ones(name):
    thing = getattr(lifext, name)
    for method, arguments in SIGNATURES[name].items():
        assert named_arguments(getattr(thing, method) if method else thing) == arguments, method


def test_every_published_name_has_its_arguments_tested():
    assert set(SIGNATURES) == {name for names in PUBLISHED.values() for name in names}


@pytest.mark.parametrize("module", MODULES)
def test_all_published_names_are_there_and_at_the_top(module):
    for name in PUBLISHED[module]:
        assert getattr(importlib.import_module(f"lifext.{module}"), name) is getattr(lifext, name)
        assert name in lifext.__all__


def test_the_hierarchy_is_the_published_one():
    assert issubclass(lifext.interRingPop, lifext.pyrRingPop)
    assert issubclass(lifext.firstOrdKinExp, lifext.firstOrdKin)
    assert issubclass(lifext.affRing, lifext.affFlat)
    assert issubclass(lifext.affRingPoisson, lifext.affFlatPoisson)
    assert issubclass(lifext.affFlatPoisson, lifext.noisePoisson)
    for name in PUBLISHED["LIF_Pop"][1:]:
        assert issubclass(getattr(lifext, name), lifext.baseLIFPop)


def public_members():
    for module in DOCUMENTED:
        namespace = importlib.import_module(f"lifext.{module}")
        for name in namespace.__all__:
            thing = getattr(namespace, name)
            yield f"{module}.{name}", thing
            if inspect.isclass(thing):
                for method, value in inspect.getmembers(thing, inspect.isfunction):
                    if not method.startswith("_"):
                        yield f"{module}.{name}.{method}", value


@pytest.mark.parametrize(("name", "thing"), list(public_members()))
def test_everything_public_is_documented(name, thing):
    doc = inspect.getdoc(thing)
    assert doc
    made_for_the_user = "Made by" in doc or inspect.isclass(thing) and issubclass(thing, Warning)
    signature = [] if made_for_the_user else [
        p for p in inspect.signature(thing).parameters.values() if p.name not in ("self", "kwargs", "unknown")]
    if inspect.isclass(thing) and signature:
        assert "Parameters\n----------" in doc


def test_versions_agree():
    from importlib.metadata import version
    assert version("lifext") == lifext.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {lifext.__version__}" in changelog


def test_windows_is_tested_with_all_that_has_wheels_there():
    facts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tests, windows = facts["project"]["optional-dependencies"]["test"], facts["tool"]["cibuildwheel"]["windows"]
    assert set(windows["test-requires"]) == {name for name in tests if not name.startswith("libsonata")}
    # what is left out with libsonata
    need_it = [path.name for path in sorted((ROOT / "tests").glob("test_*.py")) if "import libsonata" in path.read_text(
        encoding="utf-8") and path.name != pathlib.Path(__file__).name]
    assert re.findall(r"--ignore={project}/tests/(\S+)", windows["test-command"]) == need_it


def test_readme_has_its_two_commands():
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert len(block.strip().splitlines()) == 1
    assert "lifext demo" in blocks[0]
    assert "pytest" in blocks[1]


def test_readme_example_runs(tmp_path):
    code = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)[0]
    assert len([line for line in code.splitlines() if line]) == 20
    out = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True,
                         capture_output=True, text=True)
    assert abs(float(out.stdout.split()[0]) - 180) < 15


def test_import_needs_numpy_only(tmp_path):
    code = "import sys, lifext; print(sorted({m.partition('.')[0] for m in sys.modules} & " \
           "{'matplotlib', 'tqdm', 'scipy', 'pandas', 'hypothesis', 'rich', 'joblib', 'dask', 'h5py', " \
           "'neo', 'quantities', 'pynwb', 'hdmf'}))"
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
