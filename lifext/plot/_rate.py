"""The firing rate of a population over time."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from .._types import Floats
from ._axes import axes_of, checked_periods, checked_spikes, need_matplotlib, shade, styled, time_bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# a Gaussian is cut where it has fallen to a thousandth, and sampled so finely that it is smooth
REACH, SAMPLES = 4, 10


def population_rate(ids: Any, times: Any = None, *, size: int | None = None, width: float = 5.0,
                    sigma: float | None = None, window: tuple[float, float] | None = None, ax: Axes | None = None,
                    periods: Iterable[Any] = (), **kwargs: Any) -> Axes:
    """Draw the mean firing rate of the neurons of a population over time: binned, or smoothed.

    Parameters
    ----------
    ids : array_like of shape (n,), or SpikeRecord
        Which neuron spiked. A record has `times` and `size` too.
    times : array_like of shape (n,), optional
        When, ms.
    size : int, optional
        Number of neurons; needed unless `ids` is a record.
    width : float, optional
        Of a bin, ms.
    sigma : float, optional
        Standard deviation, ms, of a Gaussian that each spike is smeared out to, in place of bins.
        At the ends of the window it is cut, and what is left counts for the whole, so that the
        rate does not sag there.
    window : (start, stop), optional
        ms; spikes with ``start <= time < stop`` count. Left out, from 0 to the last spike.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, pyplot's current axes.
    periods : sequence of (start, stop, label, color), optional
        Spans of time to shade, as in `raster`.
    **kwargs
        Those of `matplotlib.axes.Axes.plot`, for the line.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If `ids`, `times` and `size` do not match, or a number is not finite or out of bounds.
    ImportError
        If matplotlib is not there.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = population_rate([0, 1, 0], [2.0, 3.0, 12.0], size=2, width=10.0, ax=Figure().subplots())
    >>> ax.lines[0].get_ydata()
    array([100.,  50.,  50.])
    """
    matplotlib = need_matplotlib()
    ids, times, size = checked_spikes("population_rate", ids, times, size)
    periods = checked_periods("population_rate", periods)
    if sigma is None:
        edges = time_bins("population_rate", times, window, width)
        rate = _binned(times, edges)/size*1e3
        points, rate, style = edges, np.append(rate, rate[-1]), {"drawstyle": "steps-post"}
    else:
        sigma = _validate.number("population_rate", "sigma", sigma, above=0)
        edges = time_bins("population_rate", times, window, sigma/SAMPLES)
        points, rate, style = (edges[1:] + edges[:-1])/2, _smoothed(_binned(times, edges))/size*1e3, {}
    ax = axes_of(ax)
    line, = ax.plot(points, rate, **styled(matplotlib, {"linewidth": 1.2, **style}, kwargs))
    # from 0 on, whatever is drawn later: limits that were set would not follow a further, higher rate
    line.sticky_edges.y.append(0)
    ax.update_datalim([(points[0], 0)])
    ax.autoscale_view()
    shade(ax, periods)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Rate (Hz)")
    return ax


def _binned(times: Any, edges: Floats) -> Any:
    """Return spikes a ms in each bin."""
    inside = times[(times >= edges[0]) & (times < edges[-1])]
    return np.histogram(inside, edges)[0]/np.diff(edges)


def _smoothed(rate: Any) -> Any:
    """Return what a Gaussian makes of a rate in bins of which it has SAMPLES a sigma."""
    reach = REACH*SAMPLES
    kernel = np.exp(-0.5*(np.arange(-reach, reach + 1)/SAMPLES)**2)
    whole = slice(reach, reach + len(rate))
    return np.convolve(rate, kernel)[whole]/np.convolve(np.ones_like(rate), kernel)[whole]
