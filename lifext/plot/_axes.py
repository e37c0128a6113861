"""What the pictures share: matplotlib, axes, the time axis, spans of time."""
from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def need_matplotlib() -> Any:
    """Return matplotlib, or raise an `ImportError` that says which extra brings it."""
    try:
        import matplotlib.cbook
        import matplotlib.figure
        import matplotlib.lines
    except ImportError as error:
        raise ImportError("lifext.plot needs matplotlib: pip install 'lifext[plot]'") from error
    return matplotlib


def axes_of(ax: Axes | None) -> Axes:
    """Return `ax`, or pyplot's current axes."""
    if ax is None:
        from matplotlib import pyplot
        return pyplot.gca()
    return ax


def styled(matplotlib: Any, style: dict[str, Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keywords of a line: a style, and what the caller has in place of it under any of matplotlib's names."""
    return {**style, **matplotlib.cbook.normalize_kwargs(kwargs, matplotlib.lines.Line2D)}


def seconds(ax: Axes) -> Axes:
    """Number the time axis in seconds; what is drawn stays in ms.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Whose horizontal axis is in ms.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from lifext.plot import raster
    >>> ax = seconds(raster([0, 1], [250.0, 1500.0], ax=Figure().subplots()))
    >>> ax.get_xlabel()
    'Time (s)'
    """
    ax.xaxis.set_major_formatter(lambda ms, place: f"{ms/1000:g}")
    ax.set_xlabel("Time (s)")
    return ax


def spikes_of(owner: str, ids: Any, times: Any) -> Any:
    """Return neurons, times and size of a record, or of two arrays; size is None where it is not known."""
    if times is None:
        if not (hasattr(ids, "ids") and hasattr(ids, "times")):
            raise TypeError(f"{owner}: times must be given unless ids is a SpikeRecord, got {reprlib.repr(ids)}")
        return ids.ids, ids.times, getattr(ids, "size", None)
    return ids, times, None


def checked_spikes(owner: str, ids: Any, times: Any, size: int | None) -> Any:
    """Return neurons, finite times and size, the record's own where none is given; refuse what does not match."""
    ids, times, known = spikes_of(owner, ids, times)
    size = known if size is None else size
    if size is None:
        raise ValueError(f"{owner}: size must be given unless ids is a SpikeRecord, got None")
    size = _validate.whole(owner, "size", size, at_least=1)
    ids = _validate.whole_array(owner, "ids", ids, None, size - 1)
    if len(times) != len(ids):
        raise ValueError(f"{owner}: times must have a time for each of the {len(ids)} ids, got {len(times)}")
    return ids, _validate.real_array(owner, "times", times, (len(ids),)), size


def time_bins(owner: str, times: Any, window: tuple[float, float] | None, width: float) -> Any:
    """Return edges of bins of `width` over a window; left out, it goes from 0 to the last spike.

    The last bin of a window given ends with it, and may be shorter.
    """
    width = _validate.number(owner, "width", width, above=0)
    if window is None:
        stop = width*(math.floor(times.max()/width) + 1) if len(times) else 0.0
        window = 0.0, max(stop, width)
    start, stop = checked_window(owner, window)
    count = max(1, math.ceil((stop - start)/width - 1e-9))
    return np.append(start + width*np.arange(count), stop)


def checked_window(owner: str, window: Any) -> Any:
    """Return start and stop, ms."""
    try:
        start, stop = window
    except (TypeError, ValueError):
        raise ValueError(f"{owner}: window must be (start, stop), got {reprlib.repr(window)}") from None
    start = _validate.number(owner, "window[0]", start)
    stop = _validate.number(owner, "window[1]", stop)
    _validate.number(owner, "window[1] - window[0]", stop - start, above=0)
    return start, stop


def checked_periods(owner: str, periods: Iterable[Any]) -> Any:
    """Return spans of time, each (start, stop, label, color)."""
    return [_period(owner, k, period) for k, period in enumerate(periods)]


def _period(owner: str, k: int, period: Any) -> Any:
    try:
        start, stop, label, color = period
    except (TypeError, ValueError):
        raise ValueError(
            f"{owner}: periods[{k}] must be (start, stop, label, color), got {reprlib.repr(period)}") from None
    return start, stop, label, color


def shade(ax: Any, periods: Iterable[Any]) -> Any:
    """Shade spans of time behind what is drawn, with their labels above the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Whose horizontal axis is time.
    periods : sequence of (start, stop, label, color)
        In the unit of the axis; an empty label shows none.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If a period is no such four.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = shade(Figure().subplots(), [(500.0, 1500.0, "cue", "orange")])
    >>> ax.texts[0].get_text()
    'cue'
    """
    for start, stop, label, color in checked_periods("shade", periods):
        ax.axvspan(start, stop, color=color, alpha=0.3, linewidth=0, zorder=0)
        name_span(ax, start, stop, label)
    return ax


def name_span(ax: Any, start: float, stop: float, label: str | None) -> Any:
    """Write a label above the axes, in the middle of a span of time."""
    if label:
        # x in data coordinates, y in those of the axes: the label stays above them whatever their limits
        ax.annotate(label, ((start + stop)/2, 1), xycoords=ax.get_xaxis_transform(), xytext=(0, 3),
                    textcoords="offset points", ha="center", va="bottom")
