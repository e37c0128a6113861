"""Gating that jumps at each spike and decays with one time constant."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._core.fast.twin_math import fast_exp
from .._core.shared import equations
from ._gating import Arrays, Gating

CORE = {
    "state": ["s"],
    "parameters": ["alpha"],
    "constants": ["decay_s", "tau"],
    "sums": ["arrived"],
    # what a spike of weight 1 adds to each sum, `left` ms before the end of the step
    "arrival": ["arrived = fast_exp(-left/tau)"],
    # over a step in which no spike arrives
    "relax": ["s = relaxed(s, decay_s)"],
    # what the spikes of a step add at its end
    "take": ["s = jump(s, alpha, arrived)"],
}


@dataclass(frozen=True)
class Exponential(Gating):
    """``ds/dt = -s/tau``, and ``s + alpha*w`` at a spike of weight w (Compte et al. 2000, AMPA and GABA).

    Parameters
    ----------
    tau : float
        ms.
    """

    tau: float

    core = CORE

    def constants(self, dt: float) -> dict[str, float]:
        """Return what the compiled step has of it that is the same for all neurons."""
        return {"decay_s": float(fast_exp(-dt / self.tau)), "tau": self.tau}

    def arrival(self, left: float, dt: float) -> list[float]:
        """Return what a spike of weight 1 adds to each sum, `left` ms before the end of a step."""
        return [float(fast_exp(-left / self.tau))]

    def relax(self, state: Arrays, parameters: Arrays, v_stage: Any, dt: float) -> Arrays:
        """Return the state after a step without spikes."""
        number = state[0].dtype.type
        return [equations.relaxed(state[0], number(fast_exp(-dt / self.tau)))]

    def take(self, state: Arrays, parameters: Arrays, sums: Arrays, *_: Any) -> Arrays:
        """Return the state at the end of a step when its spikes have been added up."""
        return [equations.jump(state[0], parameters[0], sums[0])]
