import io
import json
import re

import numpy as np
import pytest

from lifext import cli, demo

SMALL = {"duration_scale": 0.03, "n_pyr": 64, "n_inter": 16, "progress": False}


@pytest.fixture(scope="module")
def trial():
    return demo.run(seed=1, **SMALL)


def made_up(rate_hz, angle_index=16, scale=1.0):
    """A trial in which everybody fires at `rate_hz` in regular trains, pyramidal cells all at one angle."""
    sizes = dict(zip(demo.POPULATIONS, 2*[demo.N_PYR, demo.N_INTER], strict=True))
    times = np.arange(0, demo.DURATION*scale, 1000/rate_hz) + 0.001
    spikes = {name: demo.Spikes(np.full(len(times), angle_index), times) for name in sizes}
    return demo.Trial(seed=1, duration_scale=scale, sizes=sizes, spikes=spikes, wall=1.0)


# statistics

def test_rate_is_count_over_neurons_and_time():
    assert demo.firing_rate(count=30, size=10, duration=1000.0) == 3.0
    assert demo.firing_rate(count=0, size=10, duration=400.0) == 0.0


@pytest.mark.parametrize("degrees", [0.0, 54.0, 180.0, 234.0, 359.0])
def test_spikes_at_one_angle(degrees):
    direction, strength = demo.population_vector(np.full(7, np.radians(degrees)))
    assert strength == pytest.approx(1)
    assert direction == pytest.approx(degrees)


def test_bump_across_zero_points_at_zero():
    direction, strength = demo.population_vector(np.radians([350, 10, 350, 10]))
    assert min(direction, 360 - direction) == pytest.approx(0, abs=1e-9)
    assert strength == pytest.approx(np.cos(np.radians(10)))


def test_spikes_all_over_the_ring_have_no_strength():
    assert demo.population_vector(demo.directions(360))[1] == pytest.approx(0, abs=1e-12)


def test_no_spikes_have_no_bump():
    assert np.isnan(demo.population_vector([])).all()


@pytest.mark.parametrize(("value", "bounds", "period", "inside"), [
    (1.0, (0.5, 1.5), None, True), (1.6, (0.5, 1.5), None, False), (0.5, (0.5, 0.5), None, True),
    (5.0, (350.0, 10.0), 360, True), (355.0, (350.0, 370.0), 360, True), (20.0, (350.0, 370.0), 360, False),
    (-126.0, (233.0, 235.0), 360, True), (float("nan"), (0.0, 1.0), None, False),
])
def test_within(value, bounds, period, inside):
    assert demo.within(value, bounds, period) is inside


def test_statistics_of_regular_trains():
    rows = demo.statistics(made_up(rate_hz=50))
    for row in rows:
        size = demo.N_PYR if "pyramidal" in row.population else demo.N_INTER
        assert row.rate == pytest.approx(50/size)
    delay = next(row for row in rows if row.population == "memory pyramidal" and row.epoch.name == "delay")
    assert delay.direction == pytest.approx(16*360/demo.N_PYR)
    assert delay.strength == pytest.approx(1)


# network and run

def test_weights_onto_each_target_add_up():
    np.testing.assert_allclose(demo.tuned_weights(64, 32, total=0.1).sum(axis=0), 0.1)
    np.testing.assert_allclose(demo.even_weights(64, 32).sum(axis=0), 1)


def test_weights_are_largest_between_like_directions():
    np.testing.assert_array_equal(demo.tuned_weights(64, 64).argmax(axis=0), np.arange(64))


def test_same_seed_same_spikes(trial):
    again = demo.run(seed=1, **SMALL)
    for name in demo.POPULATIONS:
        np.testing.assert_array_equal(trial.spikes[name].ids, again.spikes[name].ids)
        np.testing.assert_array_equal(trial.spikes[name].times, again.spikes[name].times)
    other = demo.run(seed=2, **SMALL)
    assert len(trial.spikes["memory inter"].ids) > 0
    assert any(not np.array_equal(trial.spikes[name].times, other.spikes[name].times) for name in demo.POPULATIONS)


def test_spikes_lie_in_the_trial(trial):
    for name, (ids, times) in trial.spikes.items():
        assert len(ids) == len(times)
        assert ((ids >= 0) & (ids < trial.sizes[name])).all()
        assert ((times >= 0) & (times <= trial.duration)).all()


def test_stimuli_are_shown_and_hidden():
    network = demo.DualRing(8, 4)
    changes = demo.stimulus_changes(network, 1.0)
    assert sorted(changes) == [10000, 30000, 110000, 120000]
    afferents = network.perception.pyr.afferents
    for step, direction in ((10000, 0.3*np.pi), (110000, 1.3*np.pi)):
        changes[step]()
        assert afferents._on
        nearest = np.cos(network.perception.pyr.directions - direction).argmax()
        assert afferents.rate.argmax() == nearest
        changes[step + (20000 if step == 10000 else 10000)]()
        assert not afferents._on


@pytest.mark.parametrize(("arguments", "message"), [
    ({"seed": -1}, "run: seed must be a whole number >= 0, got -1"),
    ({"seed": 2**32}, f"run: seed must be a whole number <= {2**32 - 1}, got {2**32}"),
    ({"duration_scale": 0.0}, "run: duration_scale must be a number, finite and >= 0.001, got 0.0"),
    ({"duration_scale": float("nan")}, "run: duration_scale must be a number, finite and >= 0.001, got nan"),
])
def test_run_refuses(arguments, message):
    with pytest.raises(ValueError, match="^run: ") as refused:
        demo.run(**arguments)
    assert str(refused.value) == message


# table

def test_table_has_a_row_for_each_population_and_epoch(trial):
    assert len(demo.statistics(trial)) == len(demo.POPULATIONS)*len(demo.EPOCHS)
    blocks = demo.table(trial).split("\n\n")[2:-1]
    assert [block.split(",")[0] for block in blocks] == list(demo.POPULATIONS)
    for block in blocks:
        names = [line[:14].strip() for line in block.splitlines()[1:]]
        assert names == [epoch.name for epoch in demo.EPOCHS]


def test_table_of_a_short_trial_says_that_the_ranges_are_not_for_it(trial):
    text = demo.table(trial)
    assert "This run is not that trial" in text
    assert demo.OUTSIDE not in text
    assert "3-15 " in text


def test_table_of_a_full_trial_marks_what_is_outside():
    text = demo.table(made_up(rate_hz=50))
    assert "* outside that range: " in text
    assert "0.05*  0.35-0.48   no bump            1.000* 0.024-0.128" in text


def test_lines_fit_a_terminal(trial):
    for text in (demo.table(trial), demo.table(made_up(rate_hz=50))):
        assert max(map(len, text.splitlines())) <= 80


def test_silent_populations_have_a_table():
    silent = demo.Trial(1, 1.0, made_up(50).sizes, dict.fromkeys(demo.POPULATIONS, demo.SpikeLog().spikes()), 0.0)
    assert "none*" in demo.table(silent)


def test_ranges_are_there_for_each_population_and_epoch():
    ranges = demo.original_ranges()
    assert tuple(ranges) == demo.POPULATIONS
    for name, epochs in ranges.items():
        assert list(epochs) == [epoch.name for epoch in demo.EPOCHS]
        for epoch in demo.EPOCHS:
            bounds = epochs[epoch.name]
            assert all(low < high for low, high in bounds.values())
            assert ("direction" in bounds) == (epoch.has_bump and "pyramidal" in name)


# picture

def png_size(path):
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def test_picture_is_a_png(trial, tmp_path):
    pytest.importorskip("matplotlib")
    demo.save_picture(trial, tmp_path/"run.png")
    assert png_size(tmp_path/"run.png") == (1500, 1050)
    assert 20_000 < (tmp_path/"run.png").stat().st_size < 2_000_000


def test_picture_shows_spikes_decoded_direction_and_rates(trial):
    pytest.importorskip("matplotlib")
    perception, memory, decoded, rates, bar = demo.picture(trial).axes
    assert [text.get_text() for text in perception.texts] == ["Cue A, 54°", "Probe X, 234°"]
    for panel, name in ((perception, "perception pyramidal"), (memory, "memory pyramidal")):
        np.testing.assert_array_equal(panel.lines[0].get_xdata(), trial.spikes[name].times)
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), trial.spikes[name].ids)
    assert decoded.lines[0].get_label() == "decoded direction"
    assert [line.get_label() for line in rates.lines] == list(demo.POPULATIONS)
    assert bar.get_ylabel() == "Rate (Hz)"
    for panel in (perception, memory, decoded, rates):
        assert panel.get_xlim() == (0, trial.duration)
    assert [panel.get_xlabel() for panel in (perception, memory, decoded, rates)] == ["", "", "", "Time (s)"]


def test_picture_decodes_what_the_memory_ring_stands_for():
    pytest.importorskip("matplotlib")
    decoded = demo.picture(made_up(rate_hz=1000, angle_index=64, scale=0.1)).axes[2].lines[0]
    np.testing.assert_allclose(decoded.get_ydata(), 22.5)


# command line

@pytest.fixture
def small_run(monkeypatch):
    """Have `lifext demo` run a small network."""
    run = demo.run
    monkeypatch.setattr(demo, "run", lambda seed, scale: run(seed, scale, n_pyr=64, n_inter=16))


def test_demo_prints_the_table_and_draws(small_run, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert cli.main(["demo", "--duration-scale", "0.01", "--output", str(tmp_path/"a.png")]) == 0
    printed = capsys.readouterr()
    assert "memory inter, 16 neurons" in printed.out
    assert str(tmp_path/"a.png") in printed.out
    # no bar outside a terminal
    assert printed.err == ""
    assert png_size(tmp_path/"a.png") == (1500, 1050)


def test_no_plot_writes_no_file(small_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--duration-scale", "0.01", "--no-plot"]) == 0
    assert list(tmp_path.iterdir()) == []
    assert "Picture" not in capsys.readouterr().out


def test_without_matplotlib_the_run_goes_on(small_run, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--duration-scale", "0.01"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "No picture: lifext.plot needs matplotlib: pip install 'lifext[plot]'\n"
    assert "memory inter" in printed.out
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_the_bar_tells_simulated_time_speed_and_time_left_on_a_terminal_only(stream, shown, monkeypatch):
    pytest.importorskip("tqdm")
    err = stream()
    monkeypatch.setattr("sys.stderr", err)
    assert len(list(demo.with_progress(range(2000)))) == 2000
    assert ("100 of 100 ms simulated" in err.getvalue()) is shown
    assert bool(re.search(r"ms/s, \d\d:\d\d left", err.getvalue())) is shown
    assert shown or err.getvalue() == ""


def test_without_tqdm_there_is_no_bar(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    assert demo.with_progress(range(3)) == range(3)


def test_data_is_json():
    source = demo.importlib.resources.files("lifext").joinpath("data", "dual_ring_ranges.json")
    assert json.loads(source.read_text(encoding="utf-8"))["seeds"] == 8
