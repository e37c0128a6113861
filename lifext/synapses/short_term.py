"""Short-term plasticity: depression and facilitation of a source cell's spikes."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .. import _validate
from .._core.fast.twin_math import fast_exp
from .._core.shared import equations
from .._types import Floats
from ._synapse import Synapse

CORE = {
    "parameters": ["U", "tau_rec", "tau_facil"],
    "state": ["u", "R"],
    # at a spike, `since` ms after the last one of its cell; the new R has the u of that one
    "spike": ["R = recovered(R, u, part_left(since, tau_rec))",
              "u = facilitated(u, U, part_left(since, tau_facil))"],
    # what the weights are multiplied by
    "factor": "u*R",
}


@dataclass(frozen=True)
class ShortTerm(Synapse):
    """Short-term plasticity of Tsodyks, Pawelzik & Markram (1998), in the form of Maass & Markram (2002).

    A spike uses the part u of the resources R that its cell's synapses have: its weights are multiplied by
    ``u*R``. At first ``u = U`` and ``R = 1``; at each later spike, d ms after the last,
    ``R = 1 + (R - R*u - 1)*exp(-d/tau_rec)`` with the u of the last spike, and then
    ``u = U + u*(1 - U)*exp(-d/tau_facil)``.

    Parameters
    ----------
    U : float
        Part of the resources that a spike after a long silence uses, in (0, 1].
    tau_rec : float
        With which resources recover, ms, > 0.
    tau_facil : float, optional
        With which u returns to U, ms, >= 0; at 0, u is U throughout.

    Raises
    ------
    ValueError, TypeError
        If a parameter is no number in its range.

    Notes
    -----
    Weights, and so the largest response, are those of a synapse whose resources are used up at once: the first
    spike has U times the weight. In Mongillo, Barak & Tsodyks (2008), u is that before a spike's jump.

    Examples
    --------
    >>> import lifext as lx
    >>> source = lx.SpikeSource(1, times=[10.0, 60.0, 110.0], ids=[0, 0, 0])
    >>> cells = lx.pyrPop(5)
    >>> net = lx.Network(dt=0.05, seed=1)
    >>> net.add(source=source, cells=cells)
    >>> net.connect(source, cells, lx.Uniform(1.0), "ampa", synapse=lx.ShortTerm(U=0.5, tau_rec=800.0))
    >>> net.run(100.0)
    """

    U: float
    tau_rec: float
    tau_facil: float = 0.0

    core = CORE

    def __post_init__(self) -> None:
        # checked before they are owned
        U = _validate.at_most(self, "U", _validate.number(self, "U", self.U, above=0), 1)
        tau_rec = _validate.number(self, "tau_rec", self.tau_rec, above=0)
        tau_facil = _validate.number(self, "tau_facil", self.tau_facil, at_least=0)
        self.__dict__.update(U=U, tau_rec=tau_rec, tau_facil=tau_facil)

    def initial(self, size: int) -> list[Floats]:
        """Return u and R of so many source cells before any spike, (size,) each."""
        return [np.full(size, self.U), np.ones(size)]

    def factor(self, state: list[float], since: float) -> float:
        """Take in a spike: change the state of its source cell, and return what its weights are multiplied by."""
        u, R = state
        state[1] = equations.recovered(R, u, _part_left(since, self.tau_rec))
        state[0] = equations.facilitated(u, self.U, _part_left(since, self.tau_facil))
        return state[0] * state[1]


def _part_left(since: float, tau: float) -> float:
    return 0.0 if tau == 0 or math.isinf(since) else float(fast_exp(-since / tau))
