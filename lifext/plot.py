"""Pictures of network activity; needs matplotlib, the ``plot`` extra."""
import reprlib

import numpy as np

from . import _validate

__all__ = ["raster"]

MARKERS = {"color": "black", "linestyle": "none", "marker": ".", "markersize": 1.5, "markeredgewidth": 0,
           "rasterized": True}


def need_matplotlib():
    """Return matplotlib, or raise an `ImportError` that says which extra brings it."""
    try:
        import matplotlib.cbook
        import matplotlib.figure
        import matplotlib.lines
    except ImportError as error:
        raise ImportError("lifext.plot needs matplotlib: pip install 'lifext[plot]'") from error
    return matplotlib


def raster(ids, times, *, size=None, ax=None, periods=(), **kwargs):
    """Draw a spike raster: a dot for each spike, time to the right, neurons upwards.

    The dots are kept as pixels in vector formats, so that files stay small with 10^6 spikes.

    Parameters
    ----------
    ids : array_like of shape (n,)
        Which neuron spiked.
    times : array_like of shape (n,)
        When, ms (or another unit, which `periods` then share).
    size : int, optional
        Number of neurons; the vertical axis shows them all. Left out, it fits the spikes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, pyplot's current axes.
    periods : sequence of (start, stop, label, color), optional
        Spans of time to shade, each with its label above the axes; an empty label shows none.
    **kwargs
        Those of `matplotlib.axes.Axes.plot`, for the dots.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `ids` and `times` do not match, or an id is not below `size`.
    ImportError
        If matplotlib is not there.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = raster([0, 2, 1], [5.0, 7.5, 20.0], size=3, ax=Figure().subplots(),
    ...             periods=[(4.0, 10.0, "cue", "orange")])
    >>> ax.get_xlabel()
    'Time (ms)'
    """
    matplotlib = need_matplotlib()
    ids, times = _spike_arrays(ids, times, size)
    periods = [_period(k, period) for k, period in enumerate(periods)]
    if ax is None:
        from matplotlib import pyplot
        ax = pyplot.gca()
    ax.plot(times, ids, **{**MARKERS, **matplotlib.cbook.normalize_kwargs(kwargs, matplotlib.lines.Line2D)})
    for period in periods:
        _shade(ax, *period)
    if size is not None:
        ax.set_ylim(-0.5, size - 0.5)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Neuron")
    return ax


def _spike_arrays(ids, times, size):
    ids, times = np.asarray(ids), np.asarray(times)
    for name, array in (("ids", ids), ("times", times)):
        if array.ndim != 1:
            raise ValueError(f"raster: {name} must be an array of shape (n,), got shape {array.shape}")
    if len(times) != len(ids):
        raise ValueError(f"raster: times must have a time for each of the {len(ids)} ids, got {len(times)}")
    if size is not None:
        size = _validate.whole("raster", "size", size, at_least=1)
        if len(ids) and not (ids.min() >= 0 and ids.max() < size):
            k = int(np.argmin((ids >= 0) & (ids < size)))
            raise ValueError(f"raster: ids[{k}] must be >= 0 and < size = {size}, got {ids[k]}")
    return ids, times


def _period(k, period):
    try:
        start, stop, label, color = period
    except (TypeError, ValueError):
        raise ValueError(
            f"raster: periods[{k}] must be (start, stop, label, color), got {reprlib.repr(period)}") from None
    return start, stop, label, color


def _shade(ax, start, stop, label, color):
    ax.axvspan(start, stop, color=color, alpha=0.3, linewidth=0, zorder=0)
    if label:
        # x in data coordinates, y in those of the axes: the label stays above them whatever their limits
        ax.annotate(label, ((start + stop)/2, 1), xycoords=ax.get_xaxis_transform(), xytext=(0, 3),
                    textcoords="offset points", ha="center", va="bottom")
