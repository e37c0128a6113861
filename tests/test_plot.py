import time

import numpy as np
import pytest

from lifext.plot import raster

matplotlib = pytest.importorskip("matplotlib")
Figure = pytest.importorskip("matplotlib.figure").Figure


@pytest.fixture
def ax():
    return Figure().subplots()


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


def test_a_million_spikes_are_quick(ax, tmp_path):
    draws = np.random.default_rng(1)
    started = time.perf_counter()
    raster(draws.integers(0, 1000, 10**6), draws.uniform(0, 1000, 10**6), size=1000, ax=ax)
    ax.figure.savefig(tmp_path/"many.png")
    assert time.perf_counter() - started < 10
