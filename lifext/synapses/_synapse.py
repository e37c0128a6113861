"""What every description of a synapse has."""
from __future__ import annotations

from typing import Any

from .._types import Floats
from . import SYNAPSES


class Synapse:
    """What a projection does to a spike before it is delivered, with a state for each source cell.

    A kind of synapse is a file: its equations as the compiled step is made of them (`CORE`, whose functions are those
    of `equations.pxd`), and the same in Python, written by hand, which the tests hold the compiled step to.
    """

    core: dict[str, Any]
    # no spike's weights are multiplied by more
    most = 1.0

    @property
    def number(self) -> int:
        """By which the compiled step knows it."""
        return SYNAPSES.index(type(self).__module__.rpartition(".")[2])

    def parameters(self) -> list[float]:
        """Return the parameters, in the order of the equations."""
        return [getattr(self, name) for name in self.core["parameters"]]

    def initial(self, size: int) -> list[Floats]:
        """Return the state of so many source cells before any spike, (size,) each."""
        raise NotImplementedError

    def factor(self, state: list[float], since: float) -> float:
        """Take in a spike: change the state of its source cell, and return what its weights are multiplied by.

        Parameters
        ----------
        state : list of float
            Of the source cell.
        since : float
            ms after its last spike; infinite for the first.
        """
        raise NotImplementedError
