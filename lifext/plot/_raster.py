"""Spikes as dots."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from ._axes import axes_of, checked_periods, need_matplotlib, shade, spikes_of, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = {"color": "black", "linestyle": "none", "marker": ".", "markersize": 1.5, "markeredgewidth": 0,
           "rasterized": True}


def raster(ids: Any, times: Any = None, *, size: int | None = None, ax: Axes | None = None, periods: Iterable[Any] = (),
           **kwargs: Any) -> Axes:
    """Draw a spike raster: a dot for each spike, time to the right, neurons upwards.

    The dots are kept as pixels in vector formats, so that files stay small with 10^6 spikes.

    Parameters
    ----------
    ids : array_like of shape (n,), or SpikeRecord
        Which neuron spiked. A record has `times` and `size` too.
    times : array_like of shape (n,), optional
        When, ms (or another unit, which `periods` then share).
    size : int, optional
        Number of neurons; the vertical axis shows them all. Left out, it is the record's, or
        fits the spikes.
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
    ValueError, TypeError
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
    ids, times, known = spikes_of("raster", ids, times)
    ids, times = _validate.numbers("raster", "ids", ids), _validate.numbers("raster", "times", times)
    size = known if size is None else size
    _check_spikes(ids, times, size)
    periods = checked_periods("raster", periods)
    ax = axes_of(ax)
    ax.plot(times, ids, **styled(matplotlib, MARKERS, kwargs))
    shade(ax, periods)
    if size is not None:
        ax.set_ylim(-0.5, size - 0.5)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Neuron")
    return ax


def _check_spikes(ids: Any, times: Any, size: int | None) -> Any:
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
