"""Gating that follows the potential, and no spikes: a slow outward current."""
from __future__ import annotations

from typing import Any

import numpy as np

from .._core.fast.twin_math import fast_exp, single_exp
from ._gating import Arrays, Gating

CORE = {
    "state": ["s"],
    "parameters": ["v_half", "width"],
    "constants": ["decay_s"],
    "sums": [],
    "arrival": [],
    # towards the part that is open at the potential, with one time constant
    "relax": ["s = (s - <real> 1.0/(<real> 1.0 + exp_of((v_half - v_stage)/width)))*decay_s"
              " + <real> 1.0/(<real> 1.0 + exp_of((v_half - v_stage)/width))"],
    "take": [],
}


class MCurrent(Gating):
    """``ds/dt = (1/(1 + exp(-(V - v_half)/width)) - s)/tau`` (Adams, Brown & Constanti 1982)."""

    core = CORE

    def __init__(self, tau: float) -> None:
        self.tau = tau

    def constants(self, dt: float) -> dict[str, float]:
        """Return what the compiled step has of it that is the same for all neurons."""
        return {"decay_s": float(fast_exp(-dt / self.tau))}

    def arrival(self, left: float, dt: float) -> list[float]:
        """Return nothing: no spike adds to it."""
        return []

    def relax(self, state: Arrays, parameters: Arrays, v_stage: Any, dt: float) -> Arrays:
        """Return the state after a step without spikes."""
        (s,), (v_half, width), number = state, parameters, state[0].dtype.type
        exp = single_exp if s.dtype == np.float32 else fast_exp
        opened = number(1) / (number(1) + exp((v_half - v_stage) / width))
        return [(s - opened) * number(fast_exp(-dt / self.tau)) + opened]

    def take(self, state: Arrays, parameters: Arrays, sums: Arrays, *_: Any) -> Arrays:
        """Return the state as it is."""
        return state
