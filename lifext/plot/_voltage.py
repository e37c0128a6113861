"""The membrane potential of one neuron over time."""
from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from ._axes import axes_of, checked_periods, need_matplotlib, shade, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def voltage(record: Any, v: Any = None, *, neuron: int | None = None, spikes: Any = None,
            threshold: float | None = None, peak: float = 0.0, ax: Axes | None = None, periods: Iterable[Any] = (),
            **kwargs: Any) -> Axes:
    """Draw the potential of one neuron, with its spikes as lines up to a peak.

    An integrate-and-fire neuron has no action potentials. What is drawn for one is a line at
    the exact time of the spike, from the last sample's potential up to `peak` and down to the next
    one's.

    Parameters
    ----------
    record : StateRecord, or array_like of shape (n,)
        What ``net.record_state(population, "v")`` returned; or times, ms, ascending.
    v : array_like of shape (n,), optional
        Potential at these times, mV, if `record` is not a `StateRecord`.
    neuron : int, optional
        Which neuron, by its number in the population; needed if the record has several.
    spikes : SpikeRecord, or array_like of shape (m,), optional
        Record of the population; or times of the neuron's spikes, ms. Those beyond the trace are left out.
    threshold : float, optional
        Where to draw a dashed line, mV.
    peak : float, optional
        Up to where spikes are drawn, mV.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, pyplot's current axes.
    periods : sequence of (start, stop, label, color), optional
        Spans of time to shade, as in `raster`.
    **kwargs
        Those of `matplotlib.axes.Axes.plot`, for the trace.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If the arrays do not match, or the neuron is not one of those recorded.
    KeyError
        If the record has no ``"v"``.
    ImportError
        If matplotlib is not there.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = voltage([1.0, 2.0, 3.0], [-55.0, -51.0, -60.0], spikes=[2.5], ax=Figure().subplots())
    >>> ax.lines[0].get_ydata()
    array([-55., -51., -51.,   0., -60., -60.])
    """
    matplotlib = need_matplotlib()
    times, v, neuron = _trace(record, v, neuron)
    peak = _validate.number("voltage", "peak", peak)
    threshold = None if threshold is None else _validate.number("voltage", "threshold", threshold)
    periods = checked_periods("voltage", periods)
    if spikes is not None:
        times, v = _with_spikes(times, v, _spike_times(spikes, neuron), peak)
    ax = axes_of(ax)
    ax.plot(times, v, **styled(matplotlib, {"color": "black", "linewidth": 0.8}, kwargs))
    shade(ax, periods)
    if threshold is not None:
        ax.axhline(threshold, color="0.5", linestyle="dashed", linewidth=0.8)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Potential (mV)")
    return ax


def _trace(record: Any, v: Any, neuron: int | None) -> Any:
    """Return times, potential, and which neuron it is of, if that is known."""
    if v is None:
        if not hasattr(record, "neurons"):
            raise TypeError(f"voltage: v must be given unless record is a StateRecord, got {reprlib.repr(record)}")
        column, neuron = recorded("voltage", record, neuron)
        return record.times, record["v"][:, column], neuron
    times = _validate.real_array("voltage", "record", record, ("n",))
    return times, _validate.real_array("voltage", "v", v, times.shape), neuron


def recorded(owner: str, record: Any, neuron: int | None) -> Any:
    """Return the column of a neuron in a `StateRecord`, and its number in the population."""
    known = [int(number) for number in record.neurons]
    if neuron is None and len(known) == 1:
        neuron = known[0]
    # a bool is not meant as a number, and None is none
    if isinstance(neuron, (bool, np.bool_)) or neuron not in known:
        raise ValueError(f"{owner}: neuron must be one of those recorded, {reprlib.repr(known)}, got {neuron!r}")
    return known.index(neuron), int(neuron)


def _spike_times(spikes: Any, neuron: int | None) -> Any:
    if not hasattr(spikes, "ids"):
        spikes = _validate.floats("voltage", "spikes", spikes, (None,))
        return np.sort(_validate.all_finite("voltage", "spikes", spikes))
    if neuron is None:
        raise ValueError("voltage: neuron must be given with the spikes of a population, got None")
    return np.sort(spikes.times[spikes.ids == neuron])


def _with_spikes(times: Any, v: Any, spikes: Any, peak: float) -> Any:
    """Put three points into a trace for each spike between its first sample and its last."""
    spikes = spikes[(spikes > times[0]) & (spikes <= times[-1])]
    after = np.searchsorted(times, spikes)
    heights = np.column_stack([v[after - 1], np.full(len(spikes), peak), v[after]])
    return np.insert(times, np.repeat(after, 3), np.repeat(spikes, 3)), np.insert(
        v, np.repeat(after, 3), heights.ravel())
