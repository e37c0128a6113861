"""The physics on NumPy arrays: the twin of `equations.pxd`, name for name.

Arguments broadcast. Grouping and order are part of each definition (see `equations.pxd`).
The drop-in classes use these wherever a call does not fit the fused kernels, so a
current may be evaluated at any voltages, as in the published code.

Units: ms, mV, nF, uS, nA, kHz.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..._types import Values


def leak_current(g: Values, v: Values, v_leak: Values) -> Any:
    """Return ``g*(v - v_leak)``."""
    return g * (v - v_leak)


def receptor_current(g: Values, s: Values, v: Values, reversal: Values) -> Any:
    """Return the ohmic current through the open fraction `s` (Wang 1999, eq. 2)."""
    return g * s * (v - reversal)


def magnesium_exponent(v: Values) -> Any:
    """Return the exponent of the magnesium block."""
    return -0.062 * v


def magnesium_block(mg: Values, exp_of_v: Values) -> Any:
    """Return what divides the NMDA current (Wang 1999, eq. 3)."""
    return 1 + mg / 3.57 * exp_of_v


def linear_decay(d: Values, tau: Values) -> Any:
    """Return the part of a gating variable left after `d`, by one Euler step."""
    return 1 - d / tau


def exponential_decay(d: Values, tau: Values) -> Any:
    """Return the part left after `d`: libm's exp for numbers, NumPy's for arrays."""
    if np.ndim(tau) or np.ndim(d):
        return np.exp(decay_exponent(d, tau))
    try:
        return math.exp(decay_exponent(d, tau))
    except OverflowError:
        # back over a time that is too long; libm itself gives this
        return math.inf


def decay_exponent(d: Values, tau: Values) -> Any:
    """Return the exponent of a decay over `d`."""
    return -d / tau


def saturating_jump(s: Values, alpha: Values, w: Values) -> Any:
    """Return `s` after a spike of weight `w`, where open channels cannot open again."""
    return s + alpha * w * (1 - s)


def jump(s: Values, alpha: Values, w: Values) -> Any:
    """Return `s` after a spike of weight `w`."""
    return s + alpha * w


def second_order_rise(d: Values, s: Values, x: Values, alpha_s: Values, tau_x: Values, tau_s: Values) -> Any:
    """Return the change of `s` over `d` (Wang 1999, eqs. 4 and 5, one Euler step)."""
    return d * (alpha_s * x * (1 - d / tau_x) * (1 - s) - s / tau_s)


def total_current(afferent: Values, noise: Values, leak: Values, ampa: Values, nmda: Values) -> Any:
    """Return cM dV/dt without inhibition."""
    return -afferent - noise - leak - ampa - nmda


def heun_stage(v: Values, slope: Values, dt: Values) -> Any:
    """Return where RK2 evaluates its second slope."""
    return v + slope * dt


def heun_step(v: Values, slope1: Values, slope2: Values, dt: Values, cm: Values) -> Any:
    """Return the membrane potential one step on."""
    return v + dt * (slope1 + slope2) / 2 / cm


def crossing_time(v_threshold: Values, v: Values, v_ahead: Values, dt: Values) -> Any:
    """Return when the line from `v` to `v_ahead` meets threshold, from the start of the step."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return dt * (v_threshold - v) / (v_ahead - v)


def crossing_in_step(v_threshold: Values, v: Values, v_ahead: Values, dt: float) -> Any:
    """Return the same within [0, dt): at the start where `v` is at threshold already."""
    late = np.minimum(crossing_time(v_threshold, v, v_ahead, dt), 0.9999999999999999 * dt)
    return np.where(v < v_threshold, late, 0.0)


# The fast arithmetic's forms of the same: what depends on parameters and dt alone is taken out of the loops

def relaxed(s: Values, left: Values) -> Any:
    """Return first-order gating after a step of which `left` is left."""
    return s * left


def second_order_relaxed(s: Values, x: Values, rise: Values, loss: Values) -> Any:
    """Return `s` a step on; `rise` is dt*alpha_s*(1 - dt/tau_x), `loss` is dt/tau_s (Wang 1999, eqs. 4 and 5)."""
    return s + (rise * x * (1 - s) - loss * s)


def second_order_impulse(alpha_s: Values, alpha_x: Values, integral: Values) -> Any:
    """Return the part of the closed receptors that the spikes of a step open in it."""
    return alpha_s * alpha_x * integral


def second_order_opening(d: float, x: float, alpha_s: float, tau_x: float) -> float:
    """Return the part of the closed receptors that `x` opens over `d` (Wang 1999, eq. 4, one Euler step)."""
    return float(d * alpha_s * x * linear_decay(d, tau_x))


def second_order_bounded(s: float, rise: float, loss: float) -> float:
    """Return `s` after a time in which the integral of its opening is `rise` and of its closing `loss`, both >= 0."""
    z = rise + loss
    if z > 1e15:
        return rise / z
    q = 1.0 + z * (0.5 + z * (1.0 / 6.0 + z / 24.0))
    return (s + rise * q) / (1.0 + z * q)


def driving_force(v: Values, reversal: Values) -> Any:
    """Return how far `v` is from where the current turns round."""
    return v - reversal


def magnesium_power(v: Values) -> Any:
    """Return the power of two that the magnesium block has ``exp(-0.062 v)`` as."""
    return -0.08944709253511574 * v


def blocked_force(v: Values, reversal: Values, mg: Values, above: Values, below: Values) -> Any:
    """Return the driving force behind the magnesium block, where ``exp(-0.062 v)`` is `above`/`below`."""
    return (v - reversal) * (below / (below + mg / 3.57 * above))


def driven_current(g: Values, s: Values, force: Values) -> Any:
    """Return the ohmic current through the open fraction `s`."""
    return g * s * force


def net_current(afferent: Values, leak: Values, synaptic: Values) -> Any:
    """Return cM dV/dt; `synaptic` is the sum of the currents through receptors and noise."""
    return -afferent - leak - synaptic


def heun_step_by(v: Values, slope1: Values, slope2: Values, half: Values) -> Any:
    """Return the membrane potential one step on; `half` is dt/2/cM."""
    return v + half * (slope1 + slope2)


def recovered(R: float, u: float, left: float) -> float:
    """Return the resources at a spike, of which the last used the part u (Maass & Markram 2002, eq. 3)."""
    return 1 + (R - R * u - 1) * left


def facilitated(u: float, U: float, left: float) -> float:
    """Return the part of the resources that a spike uses (Maass & Markram 2002, eq. 2)."""
    return U + u * (1 - U) * left


def von_mises(spread: Values, positions: Values, direction: Values) -> Any:
    """Return the tuning of a ring to `direction`: 1 there, falling off with the angle."""
    return np.exp(spread * (np.cos(positions - direction) - 1))
