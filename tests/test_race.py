"""The programs that simulate the same networks in different ways, those that need nothing but lifext."""
import importlib
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from lifext import bench
from lifext._race import FOLDER

RACE = pathlib.Path(__file__).resolve().parents[1]/"bench"/"race"
pytestmark = pytest.mark.skipif(not RACE.exists(), reason="the folder bench is not beside the tests")

WORKLOADS = ["ring", "first", "dual", "decision", "coba", "neurons", "one"]
POPULATIONS = {"ring": ["pyr", "inh"], "first": ["pyr", "inh"],
               "dual": ["perc_pyr", "perc_inh", "mem_pyr", "mem_inh"],
               "decision": ["left", "right", "other", "inter"], "coba": ["exc", "inh"]}


@pytest.fixture
def models(monkeypatch):
    """The numbers of all networks of the race."""
    for folder in (FOLDER, RACE):
        monkeypatch.syspath_prepend(folder)
    yield importlib.import_module("all_models")
    for name in ("all_models", "models"):
        sys.modules.pop(name)


@pytest.fixture
def turn(tmp_path, monkeypatch):
    """A function that has a program take a turn and returns what it says of that."""
    monkeypatch.delenv("LIFEXT_BACKEND", raising=False)  # the programs say themselves which kernels they want

    def take(program, workload, mode, ms):
        command = [sys.executable, "-W", "error", str(RACE/program), workload, "--mode", mode, "--ms", str(ms)]
        path = os.pathsep.join([str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH"), str(FOLDER.parents[1])])])
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": path})
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout.splitlines()[-1])
    return take


@pytest.mark.parametrize("workload", WORKLOADS)
def test_lifext_runs_each_workload(turn, workload):
    said = turn("all_with_lifext.py", workload, "fast", 5)
    assert said["simulated_ms"] == 5
    assert list(said["rates"]) == POPULATIONS.get(workload, ["pyr"])


def test_a_network_in_single_precision_decides_much_alike(turn):
    double, single = (turn("all_with_lifext.py", "decision", mode, 40)["rates"] for mode in ("fast", "float32"))
    assert [single[name]["spikes"] for name in double] == pytest.approx(
        [rates["spikes"] for rates in double.values()], rel=0.2, abs=3)


def test_a_network_and_a_loop_by_hand_decide_alike(turn):
    by_hand = turn("all_by_hand.py", "decision", "compiled", 40)
    network = turn("all_with_lifext.py", "decision", "compat", 40)
    assert by_hand["rates"] == network["rates"]
    assert all(rates["spikes"] > 0 for rates in network["rates"].values())


def test_what_each_cell_of_the_decision_receives_adds_up_to_1(models):
    sums = dict.fromkeys((target, kind) for target in models.DECISION_SIZES for kind in ("exc", "inh"))
    for source, target, kind, weight in models.decision_projections():
        sums[target, kind] = (sums[target, kind] or 0) + models.DECISION_SIZES[source]*weight
    np.testing.assert_allclose(list(sums.values()), 1.0)
    assert set(models.DECISION) == set(models.DECISION_SIZES)


@pytest.mark.parametrize(("ms", "phases"), [
    (2000.0, [(300.0, False), (1000.0, True), (700.0, False)]), (500.0, [(300.0, False), (200.0, True)]),
    (300.0, [(300.0, False)]), (5.0, [(5.0, False)])])
def test_phases_of_the_decision_are_cut(models, ms, phases):
    assert models.stimulus_phases(ms) == phases


def test_the_race_has_the_networks_of_lifext_bench_and_more(models):
    assert list(models.DT) == ["ring", "dual", "coba", "neurons", "first", "decision", "one"]
    assert {workload.kind for workload in bench.WORKLOADS.values()} < set(models.DT) == set(WORKLOADS)
    assert [models.neurons_of(name) for name in WORKLOADS] == [1280, 1280, 2560, 2000, 4000, 1024, 1]
    assert [models.ms_of(name, 4000) for name in WORKLOADS] == [1000.0, 100.0, 6600.0, 2000.0, 1000.0, 1000.0, 1000.0]


@pytest.mark.parametrize("workload", ["ring", "neurons", "one"])
def test_a_loop_by_hand_and_a_network_spike_alike(turn, workload):
    by_hand, network = (turn(program, workload, mode, 5)["rates"]
                        for program, mode in (("all_by_hand.py", "compiled"), ("all_with_lifext.py", "compat")))
    assert by_hand == network
