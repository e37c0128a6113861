"""Gating of second order that saturates, as the published code has it for NMDA receptors."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.fast.twin_math import fast_exp
from .._core.shared import equations
from ._gating import Arrays, Gating

CORE = {
    "state": ["s", "x"],
    "parameters": ["alpha_s", "alpha_x"],
    "constants": ["open_x", "loss", "decay_x", "tau_s", "tau_x", "coarse"],
    "sums": ["arrived", "integral"],
    "arrival": ["arrived = fast_exp(-left/tau_x) if coarse != 0.0 else linear_decay(left, tau_x)",
                "integral = tau_x*(1.0 - arrived) if coarse != 0.0 else left*arrived"],
    "relax": ["s = second_order_relaxed(s, x, open_x*alpha_s, loss)",
              "x = relaxed(x, decay_x)"],
    "take": ["s = jump(s, second_order_impulse(alpha_s, alpha_x, integral), <real> 1.0 - s)",
             "x = jump(x, alpha_x, arrived)"],
    # where one step would be too long for a neuron, `saturating.pxi` takes it from spike to spike
    "careful": True,
}
# the part of the closed receptors that may open in a step before it is taken from spike to spike
A_LITTLE = 1 / 16


@dataclass(frozen=True)
class Saturating(Gating):
    """Wang (1999), eqs. 4 and 5: ``ds/dt = alpha_s*x*(1 - s) - s/tau_s``, ``dx/dt = -x/tau_x``.

    x grows by ``alpha_x*w`` at a spike of weight w. A step takes one Euler step with all spikes in it, unless that is
    too long.

    Parameters
    ----------
    tau_s, tau_x : float
        ms.
    """

    tau_s: float
    tau_x: float

    core = CORE

    def constants(self, dt: float) -> dict[str, float]:
        """Return what the compiled step has of it that is the same for all neurons."""
        # an Euler step that is longer than a time constant means nothing
        coarse = dt > self.tau_x or dt > self.tau_s
        decay_x = float(fast_exp(-dt / self.tau_x)) if coarse else equations.linear_decay(dt, self.tau_x)
        open_x = self.tau_x * (1.0 - decay_x) if coarse else dt * decay_x
        return {"open_x": open_x, "loss": dt / self.tau_s, "decay_x": decay_x, "tau_s": self.tau_s,
                "tau_x": self.tau_x, "coarse": float(coarse)}

    def arrival(self, left: float, dt: float) -> list[float]:
        """Return what a spike of weight 1 adds to each sum, `left` ms before the end of a step."""
        if self.constants(dt)["coarse"]:
            decay = float(fast_exp(-left / self.tau_x))
            return [decay, self.tau_x * (1.0 - decay)]
        decay = equations.linear_decay(left, self.tau_x)
        return [decay, left * decay]

    def relax(self, state: Arrays, parameters: Arrays, v_stage: Any, dt: float) -> Arrays:
        """Return the state after a step without spikes."""
        (s, x), number, constants = state, state[0].dtype.type, self.constants(dt)
        rise = np.broadcast_to(number(constants["open_x"]) * parameters[0], s.shape)
        loss = number(constants["loss"])
        opened = rise * x
        long = (opened + loss > 1) | bool(constants["coarse"])
        after = equations.second_order_relaxed(s, x, rise, loss)
        after[long] = [equations.second_order_bounded(float(one), float(rises), float(loss))
                       for one, rises in zip(s[long], opened[long])]
        return [after, equations.relaxed(x, number(constants["decay_x"]))]

    def take(self, state: Arrays, parameters: Arrays, sums: Arrays, before: Arrays, spikes: Any, dt: float) -> Arrays:
        """Return the state at the end of a step when its spikes have been added up."""
        (s, x), (alpha_s, alpha_x), (arrived, integral) = state, parameters, sums
        opened = np.broadcast_to(equations.second_order_impulse(alpha_s, alpha_x, integral), s.shape)
        after = [equations.jump(s, opened, 1 - s), equations.jump(x, alpha_x, arrived)]
        if self.constants(dt)["coarse"]:
            after[0] = np.array([equations.second_order_bounded(float(one), float(rises), 0.0)
                                 for one, rises in zip(s, opened)], dtype=s.dtype)
        elif len(spikes) > 0:
            for i in np.flatnonzero(dt * alpha_s.astype(np.float64) * x + opened > A_LITTLE):
                one = [float(np.broadcast_to(part, s.shape)[i]) for part in (*state, *before, *parameters)]
                after[0][i], after[1][i] = self._walk(one, [(time, float(weights[i])) for time, weights in spikes], dt)
        return after

    def _walk(self, one: list[float], spikes: list[tuple[float, float]], dt: float) -> tuple[float, float]:
        """Return s and x of a neuron when its step is taken again, from spike to spike."""
        s, x, s_before, x_before, alpha_s, alpha_x = one
        loss, decay_x = dt / self.tau_s, self.constants(dt)["decay_x"]
        opened, now = dt * alpha_s * x, 0.0
        if decay_x < 0.5 or opened + loss > 0.5:
            s, x = s_before, x_before
        else:
            # the Euler step backwards
            s, x = max((s - opened) / (1.0 - opened - loss), 0.0), x / decay_x
        for time, weight in sorted(spikes, key=lambda spike: spike[0]):
            s = self._between(time - now, s, x, alpha_s)
            x = equations.jump(x * equations.linear_decay(time - now, self.tau_x), alpha_x, weight)
            now = time
        return self._between(dt - now, s, x, alpha_s), x * equations.linear_decay(dt - now, self.tau_x)

    def _between(self, d: float, s: float, x: float, alpha_s: float) -> float:
        """Return s after a time between two spikes: the published Euler step, unless it is too long."""
        opened = equations.second_order_opening(d, x, alpha_s, self.tau_x)
        if opened + d / self.tau_s > 1.0:
            return equations.second_order_bounded(s, opened, d / self.tau_s)
        return float(s + equations.second_order_rise(d, s, x, alpha_s, self.tau_x, self.tau_s))
