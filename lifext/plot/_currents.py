"""What flows through the membrane."""
from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate
from .._core.shared import equations
from ._axes import axes_of, checked_periods, need_matplotlib, shade, styled
from ._voltage import recorded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# in the order of the legend; what each is called in a record, and the gating it can be computed from
KINDS = {"AMPA": ("i_ampa", "s_ampa"), "NMDA": ("i_nmda", "s_nmda"), "GABA": ("i_gaba", "s_gaba"),
         "leak": ("i_leak", None), "noise": ("i_noise", "s_noise")}
COLORS = {"AMPA": "#e08214", "NMDA": "#b5292e", "GABA": "#2b5c8a", "leak": "#4d9221", "noise": "#9a9a9a"}


def currents(record: Any, traces: Any = None, *, neuron: int | None = None, population: Any = None,
             ax: Axes | None = None, periods: Iterable[Any] = (), **kwargs: Any) -> Axes:
    """Draw currents through the membrane: AMPA, NMDA, GABA, leak, noise, whichever are there.

    A positive current is outward, and hyperpolarises, as everywhere in the package.

    Parameters
    ----------
    record : StateRecord, or array_like of shape (n,)
        Record with ``"i_ampa"``, ``"i_nmda"``, ``"i_gaba"``, ``"i_leak"`` or ``"i_noise"``; or times, ms.
    traces : dict of str to array_like of shape (n,), optional
        Currents at these times by the names that the legend shows, nA, if `record` is not a
        `StateRecord`; the lists ``cells.AMPA.curr_record`` of a loop of your own, say.
    neuron : int, optional
        Which neuron, by its number in the population. Left out, the mean over those recorded.
    population : baseLIFPop, optional
        The population that was recorded. With it, currents that are not in the record are
        computed from the potential and gating that are: with its parameters as they are now,
        and at the potential at the end of the step (a recorded current is the one that the step
        was taken with).
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, pyplot's current axes.
    periods : sequence of (start, stop, label, color), optional
        Spans of time to shade, as in `raster`.
    **kwargs
        Those of `matplotlib.axes.Axes.plot`, for each line.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If there is no current, the arrays do not match, or the neuron is not one of those recorded.
    ImportError
        If matplotlib is not there.

    Examples
    --------
    >>> import lifext as lx
    >>> from matplotlib.figure import Figure
    >>> cells = lx.pyrPop(100)
    >>> net = lx.Network(dt=0.05, seed=1)
    >>> net.add(cells=cells)
    >>> record = net.record_state(cells, ["i_leak", "i_noise"], every=0.5)
    >>> net.run(20.0)
    >>> ax = currents(record, ax=Figure().subplots())
    >>> [line.get_label() for line in ax.lines[1:]]
    ['leak', 'noise']
    """
    matplotlib = need_matplotlib()
    if traces is not None:
        times = _validate.real_array("currents", "record", record, ("n",))
        traces = {name: _validate.real_array("currents", f"traces[{name!r}]", trace, times.shape)
                  for name, trace in traces.items()}
    elif hasattr(record, "neurons"):
        times, traces = record.times, _recorded_traces(record, neuron, population)
    else:
        raise TypeError(f"currents: traces must be given unless record is a StateRecord, got {reprlib.repr(record)}")
    periods = checked_periods("currents", periods)
    ax = axes_of(ax)
    ax.axhline(0, color="0.5", linewidth=0.6)
    for name, trace in traces.items():
        ax.plot(times, trace, **styled(matplotlib, {"label": name, "linewidth": 1, "color": COLORS.get(name)}, kwargs))
    shade(ax, periods)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Current (nA)\ninward < 0 < outward")
    return ax


def _recorded_traces(record: Any, neuron: int | None, population: Any) -> Any:
    """Return the currents (n,) that a record has, or that can be computed from it."""
    columns = slice(None) if neuron is None else [recorded("currents", record, neuron)[0]]
    traces = {}
    for name, (current, gating) in KINDS.items():
        if current in record.variables:
            traces[name] = record[current][:, columns].mean(axis=1)
        elif population is not None and {"v", gating or "v"} <= set(record.variables):
            neurons = _validate.whole_array("currents", "record.neurons", record.neurons, None, population.size - 1)
            s = None if gating is None else record[gating][:, columns]
            traces[name] = _flowing(population, name, s, record["v"][:, columns], neurons[columns]).mean(axis=1)
    if not traces:
        known = ", ".join(current for current, _ in KINDS.values())
        raise ValueError(f"currents: record must have one of {known}, or v and gating with the population given, "
                         f"got {', '.join(record.variables)}")
    return traces


def _flowing(population: Any, name: str, s: Any, v: Any, neurons: Any) -> Any:
    """Return a current (n, m) at potentials `v`, of neurons of which the fraction `s` of channels is open."""
    source = getattr(population, name)

    def parameter(of: Any) -> Any:
        value = getattr(source, of)
        return value[neurons] if np.ndim(value) else value

    if name == "leak":
        return equations.leak_current(parameter("g"), v, parameter("vL"))
    through = equations.receptor_current(parameter("g"), s, v, parameter("vI" if name == "GABA" else "vE"))
    if name == "NMDA":
        through = through/equations.magnesium_block(parameter("mg"), np.exp(equations.magnesium_exponent(v)))
    return through
