"""The Python side of a population that a loop steps by the compat kernels, or by its own methods."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._core.shared.buffers import Cell
from ._network import checks
from ._types import Floats

if TYPE_CHECKING:
    from .LIF_Pop import baseLIFPop


class Stepper:
    """What a loop asks of a population.

    Parameters
    ----------
    population : baseLIFPop
    """

    def __init__(self, population: baseLIFPop) -> None:
        self._population = population

    def record(self) -> Cell | None:
        """Return the record that the kernels take."""
        return self._population._cell()

    def predict(self, dt: float, time: float) -> tuple[NDArray[np.uint8], Floats]:
        """Have the population predict; return who spikes (n,), and when in the step (n,), ms."""
        self._population.predictSpikes(dt, time)
        # copies: what is checked is what is read
        spiked, times = np.array(self._population._spiked), np.array(self._population._spikeTime)
        checks.own_spikes(self._population, spiked, times)
        return spiked.view(np.uint8), times.astype(np.float64).reshape(-1)

    def advance(self, dt: float, time: float) -> None:
        """Have the population take the step."""
        self._population.processTimeStep(dt, time)

    def tell_count(self, count: int) -> None:
        """Leave the number of neurons that spiked in a step where the published code has it."""
        vars(self._population)["numSpikes"] = count
