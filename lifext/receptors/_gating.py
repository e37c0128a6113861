"""What every description of a gating has."""
from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from . import GATINGS

Arrays: TypeAlias = list[NDArray[Any]]


class Gating:
    """The open part of a population's receptors, and how spikes change it.

    A kind of gating is a file: its equations as the compiled step is made of them (`CORE`, whose functions are those of
    `equations.pxd`), and the same on NumPy arrays, written by hand, which the tests hold the compiled step to.
    """

    core: dict[str, Any]

    @property
    def number(self) -> int:
        """By which the compiled step knows it."""
        return GATINGS.index(type(self).__module__.rpartition(".")[2])

    def constants(self, dt: float) -> dict[str, float]:
        """Return what the compiled step has of it that is the same for all neurons."""
        raise NotImplementedError

    def arrival(self, left: float, dt: float) -> list[float]:
        """Return what a spike of weight 1 adds to each sum, `left` ms before the end of a step."""
        raise NotImplementedError

    def relax(self, state: Arrays, parameters: Arrays, v_stage: Any, dt: float) -> Arrays:
        """Return the state after a step without spikes, which some gatings change with the potential, mV."""
        raise NotImplementedError

    def take(self, state: Arrays, parameters: Arrays, sums: Arrays, before: Arrays, spikes: Any, dt: float) -> Arrays:
        """Return the state at the end of a step when its spikes have been added up.

        Parameters
        ----------
        state, parameters, sums : list of ndarray of shape (n,)
            The state is that after a step without spikes.
        before : list of ndarray
            The state before the step.
        spikes : list of (float, ndarray of shape (n,))
            Each spike of the step: its time after the start, ms, and its weights.
        dt : float
            ms.
        """
        raise NotImplementedError
