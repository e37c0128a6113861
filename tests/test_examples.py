"""The scripts in examples/: each runs as it is, without a warning, and finds what its text says."""
import ast
import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parent.parent/"examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """A function that runs an example in a process of its own and returns what it printed."""
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "Agg")

    def run(name):
        done = subprocess.run([sys.executable, "-W", "error", EXAMPLES/f"{name}.py"], cwd=tmp_path,
                              capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert list(tmp_path.iterdir()) == []
        return done.stdout
    return run


def numbers(line):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", line)]


def line_of(text, start):
    return next(line for line in text.splitlines() if line.startswith(start))


def test_all_are_there():
    assert NAMES == ["coba", "decision", "dual_ring_dpx", "excitation_inhibition_sweep", "moving_a_script_over",
                     "ring_working_memory"]


@pytest.mark.parametrize("name", NAMES)
def test_has_what_a_gallery_needs(name):
    text = (EXAMPLES/f"{name}.py").read_text(encoding="utf-8")
    title, line, empty, *_ = ast.get_docstring(ast.parse(text)).splitlines()
    assert line == "="*len(title)
    assert empty == ""
    assert text.count("\n# %%\n") >= 3
    assert "plt.show()" in text.splitlines()[-1]
    assert f"``{name}.py``" in (EXAMPLES/"README.rst").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_ring_remembers_its_cue(printed):
    text = printed("ring_working_memory")
    direction, strength, *_ = numbers(line_of(text, "late delay"))
    assert abs(direction - 120) < 20
    assert strength > 0.8
    assert numbers(line_of(text, "rest"))[1] < 0.5


@pytest.mark.slow
def test_only_ax_is_answered_with_the_left_hand(printed):
    text = printed("dual_ring_dpx")
    for trial, cue, probe in (("AX", 54, 234), ("AY", 54, 306), ("BX", 126, 234), ("BY", 126, 306)):
        perceived, remembered, p_left = numbers(line_of(text, trial))
        assert abs(perceived - probe) < 15
        assert abs(remembered - cue) < 25
        assert (p_left > 0.5) is (trial == "AX")


@pytest.mark.slow
def test_the_sweep_has_three_regimes(printed):
    pytest.importorskip("pandas")
    shares, rates = printed("excitation_inhibition_sweep").split("\n\n")[1:]
    # columns: inhibition, then excitation from 0.85 to 1.15
    # a twelfth of the cues is lost on a ring of half the size: two of three trials are enough
    assert min(numbers(line_of(shares, "1.0"))[4:6]) > 0.5
    assert numbers(line_of(shares, "1.2"))[1] == 0
    assert numbers(line_of(rates, "1.2"))[1] < 1
    assert numbers(line_of(shares, "0.8"))[7] == 0
    assert numbers(line_of(rates, "0.8"))[7] > 5


@pytest.mark.slow
def test_evidence_decides(printed):
    text = printed("decision")
    # columns: the left pool, the right one, all other pyramidal cells, interneurons
    winner, loser = sorted(numbers(line_of(text, "delay"))[:2], reverse=True)
    assert winner > 15
    assert loser < 5
    assert max(numbers(line_of(text, "rest"))[:2]) < 5
    trials = [numbers(line) for line in text.splitlines() if "%" in line]
    lefts, times = [row[1] for row in trials], [row[-1] for row in trials]
    assert 2 <= lefts[0] <= 10
    assert lefts[-1] == 12
    assert times == sorted(times, reverse=True)


@pytest.mark.slow
def test_coba_fires_irregularly(printed):
    text = printed("coba")
    for name in ("exc", "inh"):
        rate, variation, _ = numbers(line_of(text, name))
        assert 12 < rate < 28
        assert variation > 1


@pytest.mark.slow
def test_a_script_moved_over_has_the_same_bits(printed):
    text = printed("moving_a_script_over")
    for start in ("neurons are the same", "times are the same bits", "potentials are the same bits"):
        assert line_of(text, start).endswith(": True")
    for name in ("compat", "fast"):
        assert abs(numbers(line_of(text, name))[-1] - 180) < 15
