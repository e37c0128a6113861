import doctest
import importlib
import subprocess
import sys

import numpy as np
import pytest

import lifext as lx
from lifext.plot import currents, population_rate, raster, ring_activity, seconds, shade, voltage

matplotlib = pytest.importorskip("matplotlib")
Figure = pytest.importorskip("matplotlib.figure").Figure


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def run():
    """A small ring that was run, with its records; two of its cells are traced."""
    ring = lx.pyrRingPop(64, AMPA_g=0.5, NMDA_g=0.4, GABA_g=1.0, noise_g=0.006)
    net = lx.Network(dt=0.05, seed=1)
    net.add(ring=ring)
    net.connect(ring, ring, lx.Uniform(0.01), "exc")
    net.connect(ring, ring, lx.Uniform(0.01), "inh")
    spikes = net.record_spikes(ring)
    names = ["v", "s_ampa", "s_nmda", "s_gaba", "i_ampa", "i_nmda", "i_gaba", "i_leak"]
    trace = net.record_state(ring, names, every=0.1, neurons=[5, 9])
    gates = net.record_state(ring, ["v", "s_ampa", "s_nmda", "s_gaba"], every=0.1, neurons=[5, 9])
    ring.stim(np.pi/4, cue_sal=0.5)
    net.run(100.0)
    return {"ring": ring, "spikes": spikes, "trace": trace, "gates": gates}


@pytest.mark.parametrize("name", ["_axes", "_currents", "_raster", "_rate", "_ring", "_voltage"])
def test_examples(name):
    failed, attempted = doctest.testmod(importlib.import_module(f"lifext.plot.{name}"))
    assert failed == 0
    assert attempted > 0


def test_is_there_without_an_import_of_its_own(tmp_path):
    code = "import lifext, sys; assert 'lifext.plot' not in sys.modules; print(lifext.plot.raster.__name__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (found.stdout, found.stderr) == ("raster\n", "")


@pytest.mark.parametrize(("draw", "arguments"), [
    (raster, ([0], [1.0])), (population_rate, ([0], [1.0])), (ring_activity, ([0], [1.0])),
    (voltage, ([0.0], [1.0])), (currents, ([0.0], {"AMPA": [1.0]})),
])
def test_without_matplotlib_the_extra_is_named(draw, arguments, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"^lifext.plot needs matplotlib: pip install 'lifext\[plot\]'$"):
        draw(*arguments)


# raster

def test_returns_the_axes_given_with_a_point_a_spike(ax):
    assert raster([3, 1, 2], [0.5, 1.0, 7.0], ax=ax) is ax
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[0.5, 3], [1.0, 1], [7.0, 2]])
    assert ax.lines[0].get_rasterized()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time (ms)", "Neuron")


def test_takes_no_spikes(ax):
    raster([], [], size=4, ax=ax)
    assert len(ax.lines[0].get_xdata()) == 0


def test_size_shows_all_neurons(ax):
    raster([3], [1.0], size=10, ax=ax)
    assert ax.get_ylim() == (-0.5, 9.5)


def test_shades_and_labels_periods(ax):
    raster([0], [1.0], ax=ax, periods=[(10.0, 20.0, "cue", "orange"), (30.0, 40.0, "", "green")])
    assert [patch.get_extents().transformed(ax.transData.inverted()).intervalx.round(9).tolist()
            for patch in ax.patches] == [[10, 20], [30, 40]]
    assert [patch.get_facecolor()[:3] for patch in ax.patches] == [
        matplotlib.colors.to_rgb("orange"), matplotlib.colors.to_rgb("green")]
    assert [text.get_text() for text in ax.texts] == ["cue"]


@pytest.mark.parametrize("name", ["color", "c"])
def test_keywords_go_to_plot(name, ax):
    raster([0], [1.0], ax=ax, ms=5, **{name: "red"})
    assert ax.lines[0].get_markersize() == 5
    assert ax.lines[0].get_color() == "red"


def test_shade_does_so_on_any_axes(ax):
    assert shade(ax, [(1.0, 2.0, "cue", "orange")]) is ax
    assert ax.patches[0].get_facecolor()[:3] == matplotlib.colors.to_rgb("orange")
    with pytest.raises(ValueError, match=r"^shade: periods\[0\] must be \(start, stop, label, color\), got 3$"):
        shade(ax, [3])


def test_draws_on_the_current_axes_of_pyplot():
    from matplotlib import pyplot
    pyplot.switch_backend("agg")
    figure, current = pyplot.subplots()
    assert raster([0], [1.0]) is current
    pyplot.close(figure)


@pytest.mark.parametrize(("arguments", "message"), [
    (([1, 2, 3], [0.5, 1.0]), "raster: times must have a time for each of the 3 ids, got 2"),
    (([[1, 2]], [0.5, 1.0]), r"raster: ids must be an array of shape \(n,\), got shape \(1, 2\)"),
    (([1, 2], 0.5), r"raster: times must be an array of shape \(n,\), got shape \(\)"),
])
def test_refuses_spikes_that_do_not_match(arguments, message, ax):
    with pytest.raises(ValueError, match=message):
        raster(*arguments, ax=ax)
    assert len(ax.lines) == 0


@pytest.mark.parametrize(("keywords", "message"), [
    ({"size": 2}, r"raster: ids\[1\] must be >= 0 and < size = 2, got 2"),
    ({"size": 0}, "raster: size must be a whole number >= 1, got 0"),
    ({"periods": [(0, 1, "", "red"), (0, 1)]},
     r"raster: periods\[1\] must be \(start, stop, label, color\), got \(0, 1\)"),
    ({"periods": [5]}, r"raster: periods\[0\] must be .*, got 5"),
])
def test_refuses(keywords, message, ax):
    with pytest.raises(ValueError, match=message):
        raster([1, 2], [0.5, 1.0], ax=ax, **keywords)
    assert len(ax.lines) == 0


def test_a_record_of_spikes_is_drawn_as_it_is(run, ax):
    raster(run["spikes"], ax=ax)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), run["spikes"].times)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), run["spikes"].ids)
    assert ax.get_ylim() == (-0.5, 63.5)


def test_times_may_be_left_out_with_a_record_only(ax):
    with pytest.raises(TypeError, match=r"^raster: times must be given unless ids is a SpikeRecord, got \[1, 2\]$"):
        raster([1, 2], ax=ax)


def test_a_million_spikes_are_pixels_in_a_file_of_vectors(ax, tmp_path):
    draws = np.random.default_rng(1)
    raster(draws.integers(0, 1000, 10**6), draws.uniform(0, 1000, 10**6), size=1000, ax=ax)
    ax.figure.savefig(tmp_path/"many.pdf")
    # some bytes a spike would be more than a MB
    assert (tmp_path/"many.pdf").stat().st_size < 1_000_000


# time in seconds

def test_seconds_are_a_thousandth_of_what_is_drawn(ax):
    assert seconds(raster([0, 1], [500.0, 2000.0], ax=ax)) is ax
    assert ax.xaxis.get_major_formatter()(1500.0) == "1.5"
    assert ax.get_xlabel() == "Time (s)"
    assert ax.lines[0].get_xdata().tolist() == [500.0, 2000.0]


# rate

def test_bins_hold_their_spikes(ax):
    times = np.array([0.0, 3.0, 9.999, 10.0, 25.0])
    assert population_rate([0, 1, 0, 1, 1], times, size=2, width=10.0, ax=ax) is ax
    line = ax.lines[0]
    np.testing.assert_allclose(line.get_xdata(), [0, 10, 20, 30])
    # spikes/2 neurons/0.01 s; the last point closes the last step
    np.testing.assert_allclose(line.get_ydata(), [150, 50, 50, 50])
    assert line.get_drawstyle() == "steps-post"
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_ylim()[0]) == ("Time (ms)", "Rate (Hz)", 0)


def test_a_last_bin_that_the_window_cuts_counts_for_its_own_length(ax):
    population_rate([0, 0, 0], [1.0, 21.0, 25.0], size=1, width=10.0, window=(0, 25), ax=ax)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [0, 10, 20, 25])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [100, 0, 200, 200])


@pytest.mark.parametrize("width", [0.1, 0.3, 0.7])
def test_a_window_of_whole_bins_has_no_crumb_at_its_end(width, ax):
    population_rate([0], [0.05], size=1, width=width, window=(0, 30*width), ax=ax)
    assert len(ax.lines[0].get_xdata()) == 31


def test_binned_rate_of_a_record_averages_to_its_rate(run, ax):
    population_rate(run["spikes"], width=5.0, window=(20, 100), ax=ax)
    assert ax.lines[0].get_ydata()[:-1].mean() == pytest.approx(run["spikes"].rate(20, 100))


def test_a_smoothed_spike_is_a_gaussian(ax):
    population_rate([0], [50.0], size=4, sigma=5.0, window=(0, 100), ax=ax)
    time, rate = ax.lines[0].get_xydata().T
    # the spike stands in the middle of its bin of 0.5 ms
    expected = np.exp(-0.5*((time - 50.25)/5)**2)/np.sqrt(2*np.pi)/5/4*1e3
    np.testing.assert_allclose(rate, expected, atol=1e-3*expected.max())
    assert np.sum(rate)*0.5/1e3*4 == pytest.approx(1)


def test_a_smoothed_steady_rate_does_not_sag_at_the_ends(ax):
    times = np.arange(0.25, 100, 0.5)
    population_rate(np.zeros(200, int), times, size=1, sigma=5.0, window=(0, 100), ax=ax)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 2000.0)


@pytest.mark.parametrize("how", [{"width": 10.0}, {"sigma": 1.0}])
def test_no_spikes_have_rate_0(how, ax):
    population_rate([], [], size=3, ax=ax, **how)
    assert (ax.lines[0].get_ydata() == 0).all()


def test_keywords_and_periods_reach_the_rate(ax):
    population_rate([0], [5.0], size=1, ax=ax, c="red", lw=3, periods=[(0.0, 4.0, "cue", "orange")])
    assert (ax.lines[0].get_color(), ax.lines[0].get_linewidth()) == ("red", 3)
    assert [text.get_text() for text in ax.texts] == ["cue"]


def test_the_axis_of_rates_starts_at_0_and_follows_a_higher_rate(ax):
    population_rate([0]*10, np.arange(10.0), size=1, width=1.0, ax=ax)
    assert ax.get_ylim()[0] == 0
    population_rate([0]*100, np.arange(0, 10, 0.1), size=1, width=1.0, ax=ax)
    bottom, top = ax.get_ylim()
    assert bottom == 0
    assert 10_000 < top < 12_000


@pytest.mark.parametrize(("keywords", "message"), [
    ({}, "population_rate: size must be given unless ids is a SpikeRecord, got None"),
    ({"size": 2}, "population_rate: ids[1] must be >= 0 and <= 1, got 2"),
    ({"size": 3, "width": 0.0}, "population_rate: width must be a number, finite and > 0, got 0.0"),
    ({"size": 3, "sigma": float("nan")}, "population_rate: sigma must be a number, finite and > 0, got nan"),
    ({"size": 3, "window": (5, 5)}, "population_rate: window[1] - window[0] must be a number, finite and > 0, got 0.0"),
    ({"size": 3, "window": 5}, "population_rate: window must be (start, stop), got 5"),
    ({"size": 3, "periods": [3]}, "population_rate: periods[0] must be (start, stop, label, color), got 3"),
])
def test_rate_refuses(keywords, message, ax):
    with pytest.raises(ValueError) as refused:
        population_rate([1, 2], [0.5, 1.0], ax=ax, **keywords)
    assert str(refused.value) == message
    assert len(ax.lines) == 0


@pytest.mark.parametrize(("times", "message"), [
    ([1.0], "population_rate: times must have a time for each of the 2 ids, got 1"),
    ([1.0, float("nan")], "population_rate: times[1] must be finite, got nan"),
])
def test_rate_refuses_times(times, message, ax):
    with pytest.raises(ValueError) as refused:
        population_rate([0, 1], times, size=2, ax=ax)
    assert str(refused.value) == message


# ring

FOUR = np.arange(4)*np.pi/2


def decoded(degrees, ax, **keywords):
    """The line that is drawn for 20 spikes in each window of 10 ms at directions, a neuron each; nan for none."""
    degrees = np.asarray(degrees, dtype=float)
    there = np.flatnonzero(~np.isnan(degrees))
    ids, times = np.repeat(there, 20), np.repeat(there*10.0 + 5.0, 20)
    ring_activity(ids, times, directions=np.radians(np.nan_to_num(degrees)), width=10.0,
                  window=(0, 10*len(degrees)), ax=ax, **keywords)
    return ax.lines[0]


def test_the_heat_map_has_the_rate_of_each_sector_and_window(ax):
    assert ring_activity([0, 0, 3, 2, 2], [1.0, 2.0, 3.0, 15.0, 19.0], directions=FOUR, width=10.0, ax=ax) is ax
    mesh = ax.collections[0]
    # flat in matplotlib 3.7
    np.testing.assert_allclose(mesh.get_array().reshape(4, 2), [[200, 0], [0, 0], [0, 200], [100, 0]])
    np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], [0, 10, 20])
    np.testing.assert_allclose(mesh.get_coordinates()[:, 0, 1], [0, 90, 180, 270, 360])
    assert mesh.get_rasterized()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_ylim()) == ("Time (ms)", "Preferred direction", (0, 360))
    assert ax.figure.axes[1].get_ylabel() == "Rate (Hz)"


@pytest.mark.parametrize("size", [72, 100, 1024])
def test_all_spikes_are_in_the_heat_map(size, ax):
    ids = np.arange(size)
    ring_activity(ids, np.full(size, 3.0), directions=ids*2*np.pi/size, width=10.0, ax=ax, colorbar=False)
    # each neuron has one spike in 10 ms
    np.testing.assert_allclose(ax.collections[0].get_array().ravel(), np.full(72, 100.0))
    assert len(ax.figure.axes) == 1


def test_a_record_of_a_ring_knows_its_directions(run, ax):
    ring_activity(run["spikes"], width=50.0, window=(0, 100), least_strength=0.0, ax=ax)
    vector = run["spikes"].population_vector(50, 100)
    assert ax.lines[0].get_ydata()[1] == pytest.approx(np.degrees(np.angle(vector)) % 360)
    assert ax.collections[0].get_array().mean() == pytest.approx(run["spikes"].rate(0, 100))


def test_the_decoded_direction_is_where_the_spikes_are(ax):
    line = decoded([40.0, 60.0, 50.0], ax)
    np.testing.assert_allclose(line.get_xydata(), [[5, 40], [15, 60], [25, 50]])


def test_where_there_is_no_bump_there_is_a_gap(ax):
    # no spike; then spikes all over the ring; then too few
    directions = np.append(np.arange(40)*np.pi/20, np.pi)
    ids = [40]*20 + list(range(40)) + [40]*2 + [40]*20
    times = [5.0]*20 + [25.0]*40 + [35.0]*2 + [45.0]*20
    ring_activity(ids, times, directions=directions, width=10.0, ax=ax)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [180, np.nan, np.nan, np.nan, 180])


def test_a_bump_of_less_than_least_strength_is_none(ax):
    # two directions 120 degrees apart: a vector of length 0.5
    for axes, least, found in zip(Figure().subplots(2), (0.49, 0.51), (60.0, np.nan), strict=True):
        ring_activity([0, 1]*50, np.full(100, 5.0), directions=[0, 2*np.pi/3], width=10.0, least_strength=least,
                      ax=axes)
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [found])


@pytest.mark.parametrize(("turns", "out", "into"), [([350.0, 20.0], 360, 0), ([20.0, 350.0], 0, 360)])
def test_through_0_degrees_the_line_leaves_at_one_edge_and_comes_in_at_the_other(turns, out, into, ax):
    x, y = decoded(turns, ax).get_xydata().T
    np.testing.assert_allclose(y, [turns[0], out, np.nan, into, turns[1]])
    # a third of the way from 350 to 20, two thirds from 20 to 350
    crossing = 5 + 10*abs((out - turns[0])/30)
    np.testing.assert_allclose(x, [5, crossing, 15, crossing, 15])
    # the points at the edges have no dot
    assert ax.lines[0].get_markevery() == [0, 4]


def test_no_piece_of_the_line_is_vertical_or_long(ax):
    line = decoded((np.arange(0, 2000, 37) % 360), ax)
    assert np.nanmax(abs(np.diff(line.get_ydata()))) <= 37 + 1e-9


def test_a_bump_that_is_elsewhere_at_once_has_not_moved_there(ax):
    np.testing.assert_allclose(decoded([54.0, 234.0], ax).get_ydata(), [54, np.nan, 234])


def test_decoding_can_be_left_out(ax):
    ring_activity([0], [1.0], directions=FOUR, decode=False, ax=ax)
    assert len(ax.lines) == 0


def test_a_silent_ring_can_be_drawn(ax):
    ring_activity([], [], directions=FOUR, window=(0, 100), ax=ax)
    assert (ax.collections[0].get_array() == 0).all()
    assert np.isnan(ax.lines[0].get_ydata()).all()
    ax.figure.draw_without_rendering()


def test_keywords_and_periods_reach_the_ring(ax):
    line = decoded([40.0], ax, color="green", periods=[(2.0, 8.0, "cue", "orange")], vmax=7.0)
    assert line.get_color() == "green"
    assert [text.get_text() for text in ax.texts] == ["cue"]
    assert [segment[0][0] for segment in ax.collections[1].get_segments()] == [2.0, 8.0]
    assert ax.collections[0].get_clim() == (0, 7.0)


@pytest.mark.parametrize(("keywords", "message"), [
    ({}, "ring_activity: directions must be given unless ids is the SpikeRecord of a ring, got None"),
    ({"directions": FOUR[:2]}, "ring_activity: ids[1] must be >= 0 and <= 1, got 2"),
    ({"directions": [0.0, np.nan, 1.0]}, "ring_activity: directions[1] must be finite, got nan"),
    ({"directions": FOUR, "width": -1}, "ring_activity: width must be a number, finite and > 0, got -1"),
    ({"directions": FOUR, "least_strength": 1.5}, "ring_activity: least_strength must be <= 1, got 1.5"),
    ({"directions": FOUR, "vmax": 0}, "ring_activity: vmax must be a number, finite and > 0, got 0"),
    ({"directions": FOUR, "periods": [3]}, "ring_activity: periods[0] must be (start, stop, label, color), got 3"),
])
def test_ring_refuses(keywords, message, ax):
    with pytest.raises(ValueError) as refused:
        ring_activity([1, 2], [0.5, 1.0], ax=ax, **keywords)
    assert str(refused.value) == message
    assert len(ax.collections) == 0


# voltage

def test_a_trace_is_drawn_as_it_is(run, ax):
    assert voltage(run["trace"], neuron=9, ax=ax) is ax
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), run["trace"].times)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), run["trace"]["v"][:, 1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time (ms)", "Potential (mV)")


def test_spikes_go_up_to_the_peak_at_their_exact_times(run, ax):
    spikes = run["spikes"]
    own = spikes.times[spikes.ids == 9]
    assert len(own) > 1
    voltage(run["trace"], neuron=9, spikes=spikes, peak=20.0, ax=ax)
    x, y = ax.lines[0].get_xydata().T
    np.testing.assert_array_equal(x[y == 20.0], own)
    # the sample after a spike is at reset
    np.testing.assert_array_equal(y[1:][y[:-1] == 20.0], -60.0)
    assert (np.diff(x) >= 0).all()


def test_two_spikes_between_two_samples_are_two_lines(ax):
    voltage([0.0, 10.0], [-55.0, -58.0], spikes=[7.0, 3.0], ax=ax)
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [
        [0, -55], [3, -55], [3, 0], [3, -58], [7, -55], [7, 0], [7, -58], [10, -58]])


def test_spikes_beyond_the_trace_are_left_out(ax):
    voltage([1.0, 2.0], [-55.0, -58.0], spikes=[0.5, 1.0, 2.5], ax=ax)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [-55, -58])


def test_threshold_is_a_dashed_line(ax):
    voltage([0.0, 1.0], [-55.0, -54.0], threshold=-50.0, ax=ax)
    assert ax.lines[1].get_ydata() == [-50.0, -50.0]
    assert ax.lines[1].get_linestyle() == "--"


@pytest.mark.parametrize(("neuron", "shown"), [(None, "None"), (7, "7"), (True, "True"), ("5", "'5'")])
def test_voltage_refuses_a_neuron_that_is_not_recorded(neuron, shown, run, ax):
    with pytest.raises(ValueError) as refused:
        voltage(run["trace"], neuron=neuron, ax=ax)
    assert str(refused.value) == f"voltage: neuron must be one of those recorded, [5, 9], got {shown}"


@pytest.mark.parametrize(("arguments", "keywords", "kind", "message"), [
    (([1.0],), {}, TypeError, "voltage: v must be given unless record is a StateRecord, got [1.0]"),
    (([1.0, 2.0], [-55.0]), {}, ValueError,
     "voltage: v must be an array of finite numbers of shape (2,), got 'shape (1,)'"),
    (([1.0], [-55.0]), {"peak": float("inf")}, ValueError, "voltage: peak must be a number, finite, got inf"),
    (([1.0], [-55.0]), {"threshold": "low"}, TypeError, "voltage: threshold must be a number, finite, got 'low'"),
    (([1.0], [-55.0]), {"spikes": [float("nan")]}, ValueError, "voltage: spikes[0] must be finite, got nan"),
])
def test_voltage_refuses(arguments, keywords, kind, message, ax):
    with pytest.raises(kind) as refused:
        voltage(*arguments, ax=ax, **keywords)
    assert str(refused.value) == message
    assert len(ax.lines) == 0


def test_spikes_of_a_population_need_the_neuron(run, ax):
    with pytest.raises(ValueError, match="^voltage: neuron must be given with the spikes of a population, got None$"):
        voltage([1.0, 2.0], [-55.0, -54.0], spikes=run["spikes"], ax=ax)


def test_a_record_without_potential_is_refused(run, ax):
    record = lx.Network(dt=0.05, seed=1)
    cells = lx.pyrPop(2)
    record.add(cells=cells)
    with pytest.raises(KeyError, match="variable must be one of i_leak, got 'v'"):
        voltage(record.record_state(cells, "i_leak", neurons=[0]), ax=ax)


# currents

def test_recorded_currents_are_drawn_as_they_are(run, ax):
    assert currents(run["trace"], neuron=9, ax=ax) is ax
    lines = {line.get_label(): line for line in ax.lines[1:]}
    assert list(lines) == ["AMPA", "NMDA", "GABA", "leak"]
    for name, line in lines.items():
        np.testing.assert_array_equal(line.get_xdata(), run["trace"].times)
        np.testing.assert_array_equal(line.get_ydata(), run["trace"][f"i_{name.lower()}"][:, 1])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(lines)


def test_without_a_neuron_the_mean_is_drawn(run, ax):
    currents(run["trace"], ax=ax)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), run["trace"]["i_ampa"].mean(axis=1))


@pytest.mark.parametrize("neuron", [None, 5, 9])
def test_currents_computed_from_gating_are_the_recorded_ones(neuron, run):
    computed, recorded = Figure().subplots(2)
    currents(run["gates"], neuron=neuron, population=run["ring"], ax=computed)
    currents(run["trace"], neuron=neuron, ax=recorded)
    assert [line.get_label() for line in computed.lines[1:]] == ["AMPA", "NMDA", "GABA", "leak"]
    for mine, theirs in zip(computed.lines[1:], recorded.lines[1:], strict=True):
        # the recorded ones are those at the step's second stage, a few hundredths of a mV away but for a reset
        difference = abs(mine.get_ydata() - theirs.get_ydata())
        assert np.median(difference) < 0.02*np.median(abs(theirs.get_ydata()))


def test_computed_currents_have_closed_forms():
    ring = lx.pyrRingPop(3, AMPA_g=[0.1, 0.2, 0.3], NMDA_g=0.5, GABA_g=0.7)
    net = lx.Network(dt=0.05, seed=1)
    net.add(ring=ring)
    record = net.record_state(ring, ["v", "s_ampa", "s_nmda", "s_gaba"], neurons=[2])
    ring.AMPA.kinetic._s, ring.NMDA.kinetic._s, ring.GABA.kinetic._s = np.full(3, 0.4), np.full(3, 0.2), np.full(3, 0.3)
    net.run(1.0)
    v, axes = record["v"][:, 0], Figure().subplots()
    currents(record, population=ring, ax=axes)
    for line, expected in zip(axes.lines[1:], [
            0.3*record["s_ampa"][:, 0]*v, 0.5*record["s_nmda"][:, 0]*v/(1 + np.exp(-0.062*v)/3.57),
            0.7*record["s_gaba"][:, 0]*(v + 70), 0.025*(v + 70)], strict=True):
        np.testing.assert_allclose(line.get_ydata(), expected)


def test_currents_of_a_loop_of_ones_own(ax):
    currents([0.0, 1.0], {"AMPA": [0.1, 0.2], "mine": [0.3, 0.4]}, ax=ax, lw=2)
    assert [(line.get_label(), line.get_ydata().tolist(), line.get_linewidth()) for line in ax.lines[1:]] == [
        ("AMPA", [0.1, 0.2], 2), ("mine", [0.3, 0.4], 2)]


def test_currents_refuse_what_is_not_there(run, ax):
    for record, keywords, kind, message in (
            (run["gates"], {}, ValueError, "currents: record must have one of i_ampa, i_nmda, i_gaba, i_leak, i_noise, "
             "or v and gating with the population given, got v, s_ampa, s_nmda, s_gaba"),
            (run["trace"], {"neuron": 6}, ValueError,
             "currents: neuron must be one of those recorded, [5, 9], got 6"),
            (run["gates"], {"population": lx.pyrPop(8)}, ValueError,
             "currents: record.neurons[1] must be >= 0 and <= 7, got 9"),
            ([1.0], {}, TypeError, "currents: traces must be given unless record is a StateRecord, got [1.0]"),
            ([1.0], {"traces": {"AMPA": [1.0, 2.0]}}, ValueError,
             "currents: traces['AMPA'] must be an array of finite numbers of shape (1,), got 'shape (2,)'")):
        with pytest.raises(kind) as refused:
            currents(record, ax=ax, **keywords)
        assert str(refused.value) == message
        assert len(ax.lines) == 0
