"""What emits spikes and receives none."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import _validate
from ._core.fast.spike_source import in_steps
from ._core.shared.locked import locked
from ._types import ArrayLike, Floats, Neurons

__all__ = ["SpikeSource"]


class SpikeSource:
    """Spikes that are given, of cells that are nothing but their spikes.

    A value: it is not changed by a network, and several may have it.

    Parameters
    ----------
    size : int
        Number of cells, >= 1.
    times : array_like of shape (n,)
        When a cell spikes, ms from the network's time 0, >= 0; in any order.
    ids : array_like of int, shape (n,)
        Which cell does, in [0, size).

    Attributes
    ----------
    size : int
    times : ndarray of shape (n,)
        Read-only, ascending.
    ids : ndarray of int, shape (n,)
        Read-only.

    Raises
    ------
    ValueError, TypeError
        If `size` is not a whole number >= 1, or the spikes are not as they have to be.

    Notes
    -----
    A spike is delivered at its own time, wherever in a step it is. Spikes before the network's time when the source
    is added are not emitted. A cell may spike any number of times in a step. It is for the fast arithmetic.

    Examples
    --------
    >>> import lifext as lx
    >>> source = lx.SpikeSource(3, times=[5.0, 1.02, 7.5], ids=[0, 2, 2])
    >>> source.times
    array([1.02, 5.  , 7.5 ])
    >>> cells = lx.pyrPop(10)
    >>> net = lx.Network(dt=0.05, seed=1)
    >>> net.add(source=source, cells=cells)
    >>> net.connect(source, cells, lx.Uniform(0.5), "ampa")
    >>> spikes = net.record_spikes(source)
    >>> net.run(6.0)
    >>> spikes.ids, spikes.times
    (array([2, 0]), array([1.02, 5.  ]))
    """

    def __init__(self, size: int, times: ArrayLike, ids: ArrayLike) -> None:
        self._size = _validate.whole(self, "size", size, at_least=1)
        instants = _validate.real_vector(self, "times", times, at_least=0.0)
        cells = _validate.whole_array(self, "ids", ids, len(instants), self._size - 1)
        order = np.argsort(instants, kind="stable")
        self._times, self._ids = locked(instants[order]), locked(cells[order])

    @property
    def size(self) -> int:
        """Number of cells."""
        return self._size

    @property
    def times(self) -> Floats:
        """When they spike, ms, ascending."""
        return self._times

    @property
    def ids(self) -> Neurons:
        """Which of them do."""
        return self._ids

    def __len__(self) -> int:
        return len(self._times)

    def __repr__(self) -> str:
        return f"SpikeSource({self.size} cells, {len(self)} spikes)"

    def __copy__(self) -> SpikeSource:
        return self

    def __deepcopy__(self, memo: Any) -> SpikeSource:
        return self

    def __reduce__(self) -> Any:
        return SpikeSource, (self.size, np.array(self.times), np.array(self.ids))

    def _most_in_step(self, dt: float) -> int:
        """Return how many spikes the fullest step has."""
        steps, _ = in_steps(self._times, dt)
        return int(np.unique(steps, return_counts=True)[1].max(initial=0))
