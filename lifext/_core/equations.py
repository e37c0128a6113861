"""The physics on NumPy arrays: the twin of `equations.pxd`, name for name.

Arguments broadcast. Grouping and order are part of each definition (see `equations.pxd`).
The drop-in classes use these wherever a call does not fit the fused kernels, so a
current may be evaluated at any voltages, as in the published code.

Units: ms, mV, nF, uS, nA, kHz.
"""
import math

import numpy as np


def leak_current(g, v, v_leak):
    """Return ``g*(v - v_leak)``."""
    return g * (v - v_leak)


def receptor_current(g, s, v, reversal):
    """Return the ohmic current through the open fraction `s` (Wang 1999, eq. 2)."""
    return g * s * (v - reversal)


def magnesium_exponent(v):
    """Return the exponent of the magnesium block."""
    return -0.062 * v


def magnesium_block(mg, exp_of_v):
    """Return what divides the NMDA current (Wang 1999, eq. 3)."""
    return 1 + mg / 3.57 * exp_of_v


def linear_decay(d, tau):
    """Return the part of a gating variable left after `d`, by one Euler step."""
    return 1 - d / tau


def exponential_decay(d, tau):
    """Return the part left after `d`: libm's exp for numbers, NumPy's for arrays."""
    if np.ndim(tau) or np.ndim(d):
        return np.exp(decay_exponent(d, tau))
    return math.exp(decay_exponent(d, tau))


def decay_exponent(d, tau):
    """Return the exponent of a decay over `d`."""
    return -d / tau


def saturating_jump(s, alpha, w):
    """Return `s` after a spike of weight `w`, where open channels cannot open again."""
    return s + alpha * w * (1 - s)


def jump(s, alpha, w):
    """Return `s` after a spike of weight `w`."""
    return s + alpha * w


def second_order_rise(d, s, x, alpha_s, tau_x, tau_s):
    """Return the change of `s` over `d` (Wang 1999, eqs. 4 and 5, one Euler step)."""
    return d * (alpha_s * x * (1 - d / tau_x) * (1 - s) - s / tau_s)


def total_current(afferent, noise, leak, ampa, nmda):
    """Return cM dV/dt without inhibition."""
    return -afferent - noise - leak - ampa - nmda


def heun_stage(v, slope, dt):
    """Return where RK2 evaluates its second slope."""
    return v + slope * dt


def heun_step(v, slope1, slope2, dt, cm):
    """Return the membrane potential one step on."""
    return v + dt * (slope1 + slope2) / 2 / cm


def crossing_time(v_threshold, v, v_ahead, dt):
    """Return when the line from `v` to `v_ahead` meets threshold, from the start of the step."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return dt * (v_threshold - v) / (v_ahead - v)


# The fast arithmetic's forms of the same: what depends on parameters and dt alone is taken out of the loops

def relaxed(s, left):
    """Return first-order gating after a step of which `left` is left."""
    return s * left


def second_order_relaxed(s, x, rise, loss):
    """Return `s` a step on; `rise` is dt*alpha_s*(1 - dt/tau_x), `loss` is dt/tau_s (Wang 1999, eqs. 4 and 5)."""
    return s + (rise * x * (1 - s) - loss * s)


def driving_force(v, reversal):
    """Return how far `v` is from where the current turns round."""
    return v - reversal


def magnesium_power(v):
    """Return the power of two that the magnesium block has ``exp(-0.062 v)`` as."""
    return -0.08944709253511574 * v


def blocked_force(v, reversal, mg, above, below):
    """Return the driving force behind the magnesium block, where ``exp(-0.062 v)`` is `above`/`below`."""
    return (v - reversal) * (below / (below + mg / 3.57 * above))


def driven_current(g, s, force):
    """Return the ohmic current through the open fraction `s`."""
    return g * s * force


def net_current(afferent, leak, synaptic):
    """Return cM dV/dt; `synaptic` is the sum of the currents through receptors and noise."""
    return -afferent - leak - synaptic


def heun_step_by(v, slope1, slope2, half):
    """Return the membrane potential one step on; `half` is dt/2/cM."""
    return v + half * (slope1 + slope2)


def von_mises(spread, positions, direction):
    """Return the tuning of a ring to `direction`: 1 there, falling off with the angle."""
    return np.exp(spread * (np.cos(positions - direction) - 1))
