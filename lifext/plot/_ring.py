"""The activity of a ring over time, and the direction that it stands for."""
from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from .._types import ArrayLike, Floats
from ._axes import axes_of, checked_periods, checked_spikes, name_span, need_matplotlib, styled, time_bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SECTORS = 72
# fewer windows than this, of spikes without any direction, would be taken for a bump
CHANCE = 1e-3
# a bump that is farther off in the next window has not moved there
FARTHEST = 90.0
DECODED = {"label": "decoded direction", "color": "#d1420f", "linewidth": 1.4, "marker": "o", "markersize": 1.4,
           "markeredgewidth": 0, "solid_capstyle": "round"}


def ring_activity(ids: Any, times: Any = None, *, directions: ArrayLike | None = None, width: float = 25.0,
                  window: tuple[float, float] | None = None, decode: bool = True, least_strength: float = 0.5,
                  colorbar: bool = True, ax: Axes | None = None, periods: Iterable[Any] = (), cmap: Any = "Greys",
                  vmax: float | None = None, **kwargs: Any) -> Axes:
    """Draw the firing rates of a ring as a heat map of direction and time, with the decoded direction on it.

    The decoded direction is the angle of the population vector, the mean of exp(i*direction) over
    the spikes of a window. It is drawn where there is a bump: where the vector is at least
    `least_strength` long, and spikes without a preferred direction would give so long a one in
    less than one of 1000 windows (Rayleigh's test, by its leading term). Elsewhere the line has
    a gap, and where the direction goes through 0 degrees it leaves the picture at one edge and
    comes in at the other.

    Parameters
    ----------
    ids : array_like of shape (n,), or SpikeRecord
        Which neuron spiked. The record of a ring has `times` and `directions` too.
    times : array_like of shape (n,), optional
        When, ms.
    directions : array_like of shape (size,), optional
        Preferred direction of each neuron, radians; needed unless `ids` is a ring's record.
    width : float, optional
        Of a window of time, ms.
    window : (start, stop), optional
        ms; spikes with ``start <= time < stop`` count. Left out, from 0 to the last spike.
    decode : bool, optional
        Whether to draw the decoded direction.
    least_strength : float, optional
        Least length of the population vector that makes a bump, 0 to 1.
    colorbar : bool, optional
        Whether to draw one. With ``layout="constrained"`` panels above and below keep in line.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, pyplot's current axes.
    periods : sequence of (start, stop, label, color), optional
        Spans of time to bound by dashed lines, each with its label above the axes.
    cmap : str or matplotlib.colors.Colormap, optional
        For the rates.
    vmax : float, optional
        Rate with the last of the colours, Hz; left out, the 99.5th percentile of those that are not 0.
    **kwargs
        Those of `matplotlib.axes.Axes.plot`, for the decoded direction.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If `ids`, `times` and `directions` do not match, or a number is not finite or out of bounds.
    ImportError
        If matplotlib is not there.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> ax = ring_activity([2]*30, np.arange(30.0), directions=np.arange(4)*np.pi/2, width=10.0,
    ...                    ax=Figure().subplots())
    >>> ax.lines[0].get_ydata()
    array([180., 180., 180.])
    """
    matplotlib = need_matplotlib()
    directions = getattr(ids, "directions", None) if directions is None else directions
    if directions is None:
        raise ValueError("ring_activity: directions must be given unless ids is the SpikeRecord of a ring, got None")
    directions = _validate.real_array("ring_activity", "directions", directions, ("size",)) % (2*np.pi)
    ids, times, _ = checked_spikes("ring_activity", ids, times, len(directions))
    least_strength = _validate.at_most("ring_activity", "least_strength", _validate.number(
        "ring_activity", "least_strength", least_strength, at_least=0), 1)
    vmax = None if vmax is None else _validate.number("ring_activity", "vmax", vmax, above=0)
    periods = checked_periods("ring_activity", periods)
    edges = time_bins("ring_activity", times, window, width)
    inside = (times >= edges[0]) & (times < edges[-1])
    ids, places = ids[inside], np.searchsorted(edges, times[inside], side="right") - 1
    ax = axes_of(ax)
    image = _draw_rates(ax, _rates(ids, places, directions, edges), edges, cmap, vmax)
    if decode:
        found = _decoded(directions[ids], places, len(edges) - 1, least_strength)
        x, y, own = _without_jumps((edges[:-1] + edges[1:])/2, found)
        ax.plot(x, y, markevery=own, **styled(matplotlib, DECODED, kwargs))
    for start, stop, label, color in periods:
        ax.vlines([start, stop], 0, 360, color=color, linestyle="dashed", linewidth=1)
        name_span(ax, start, stop, label)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 360)
    ax.set_yticks(range(0, 361, 90), [f"{degrees}°" for degrees in range(0, 361, 90)])
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Preferred direction")
    if colorbar:
        ax.figure.colorbar(image, ax=ax, label="Rate (Hz)", pad=0.015, aspect=12)
    return ax


def _rates(ids: Any, places: Any, directions: Floats, edges: Floats) -> Any:
    """Return Hz a neuron in each sector of the ring and window of time, (sectors, windows); nan without neurons."""
    sectors = min(SECTORS, len(directions))
    # a neuron at the edge of a sector belongs to it, whatever the rounding
    sector = np.floor(directions/(2*np.pi)*sectors + 1e-9).astype(np.intp) % sectors
    shape = sectors, len(edges) - 1
    counts = np.bincount(sector[ids]*shape[1] + places, minlength=shape[0]*shape[1]).reshape(shape)
    neurons = np.bincount(sector, minlength=sectors)[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        return counts/neurons/np.diff(edges)*1e3


def _draw_rates(ax: Any, rates: Any, edges: Floats, cmap: Any, vmax: float | None) -> Any:
    spiking = rates[rates > 0]
    if vmax is None:
        vmax = np.percentile(spiking, 99.5) if len(spiking) else 1.0
    # not an image, whose pixels are all of one width: the last window may be shorter
    return ax.pcolormesh(edges, np.linspace(0, 360, len(rates) + 1), rates, cmap=cmap, vmin=0, vmax=vmax,
                         rasterized=True)


def _decoded(angles: Any, places: Any, n_windows: int, least_strength: float) -> Any:
    """Return the direction of the population vector in each window, degrees from 0 to 360; nan without a bump."""
    count = np.bincount(places, minlength=n_windows)
    total = (np.bincount(places, np.cos(angles), minlength=n_windows)
             + 1j*np.bincount(places, np.sin(angles), minlength=n_windows))
    mean = total/np.maximum(count, 1)
    bump = (abs(mean) >= least_strength) & (count*abs(mean)**2 >= -math.log(CHANCE))
    return np.where(bump, np.degrees(np.angle(mean)) % 360, np.nan)


def _without_jumps(times: Any, degrees: Any) -> Any:
    """Return a line through directions that goes out of the picture at one edge and in at the other.

    Returns
    -------
    x, y : ndarray of shape (m,)
        ms and degrees; nan between pieces of the line.
    own : list of int
        Which of these points are the directions themselves.
    """
    x, y, own = [], [], []
    for k, (time, angle) in enumerate(zip(times, degrees, strict=True)):
        if k > 0 and not math.isnan(angle - degrees[k - 1]):
            before, earlier = degrees[k - 1], times[k - 1]
            turn = (angle - before + 180) % 360 - 180
            if abs(turn) > FARTHEST:
                x.append(time)
                y.append(math.nan)
            elif not 0 <= before + turn < 360:
                out, into = (360.0, 0.0) if turn > 0 else (0.0, 360.0)
                crossing = earlier + (time - earlier)*(out - before)/turn
                x += [crossing, time, crossing]
                y += [out, math.nan, into]
        own.append(len(x))
        x.append(time)
        y.append(angle)
    return np.array(x), np.array(y), own
