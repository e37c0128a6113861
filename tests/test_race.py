"""The programs that simulate the same networks in different ways, those that need nothing but lifext."""
import json
import subprocess
import sys

import numpy as np
import pytest

from lifext._race import FOLDER, models

POPULATIONS = {**{name: list(cells) for name, cells in models.CELLS.items()}, "decision": list(models.DECISION),
               "coba": ["exc", "inh"]}


@pytest.fixture
def turn(tmp_path, monkeypatch):
    """A function that has a program take a turn and returns what it says of that."""
    monkeypatch.delenv("LIFEXT_BACKEND", raising=False)  # the programs say themselves which kernels they want

    def take(program, workload, mode, ms):
        command = [sys.executable, "-W", "error", str(FOLDER/program), workload, "--mode", mode, "--ms", str(ms)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout.splitlines()[-1])
    return take


@pytest.mark.parametrize("workload", models.DT)
def test_lifext_runs_each_workload(turn, workload):
    said = turn("with_lifext.py", workload, "fast", 5)
    assert said["simulated_ms"] == 5
    assert list(said["rates"]) == POPULATIONS.get(workload, ["pyr"])


def test_a_network_in_single_precision_decides_much_alike(turn):
    double, single = (turn("with_lifext.py", "decision", mode, 40)["rates"] for mode in ("fast", "float32"))
    assert [single[name]["spikes"] for name in double] == pytest.approx(
        [rates["spikes"] for rates in double.values()], rel=0.2, abs=3)


def test_a_network_and_a_loop_by_hand_decide_alike(turn):
    by_hand, network = turn("by_hand.py", "decision", "compiled", 40), turn("with_lifext.py", "decision", "compat", 40)
    assert by_hand["rates"] == network["rates"]
    assert all(rates["spikes"] > 0 for rates in network["rates"].values())


def test_what_each_cell_of_the_decision_receives_adds_up_to_1():
    sums = dict.fromkeys((target, kind) for target in models.DECISION_SIZES for kind in ("exc", "inh"))
    for source, target, kind, weight in models.decision_projections():
        sums[target, kind] = (sums[target, kind] or 0) + models.DECISION_SIZES[source]*weight
    np.testing.assert_allclose(list(sums.values()), 1.0)
    assert set(models.DECISION) == set(models.DECISION_SIZES)


@pytest.mark.parametrize(("ms", "phases"), [
    (2000.0, [(300.0, False), (1000.0, True), (700.0, False)]), (500.0, [(300.0, False), (200.0, True)]),
    (300.0, [(300.0, False)]), (5.0, [(5.0, False)])])
def test_phases_of_the_decision_are_cut(ms, phases):
    assert models.stimulus_phases(ms) == phases
