"""Receptor gating: ahead by a step without spikes, and through the spikes of a step."""
import numpy as np

from ..shared.buffers cimport LINEAR, SECOND_ORDER, Gating
from ..shared.equations cimport exponential_decay
from ..shared.loops cimport loops
from ..shared.numpy_loops cimport copy_into, exp_into


cdef void decay(Gating k, double d, double[::1] s) noexcept nogil:
    """s over d, exponentially; where the neurons differ in tau_s the exp is NumPy's."""
    if k.one_tau:
        loops.scale(s, exponential_decay(d, k.tau_s[0]))
    else:
        loops.decay_exponent(d, k.tau_s, k.decay)
        exp_into(k.decay, k.decay)
        loops.scale_each(s, k.decay)


cdef void project_into(Gating k, double dt, double[::1] out) noexcept nogil:
    # IN: s, x and the parameters; OUT: out
    if k.size == 0:
        return
    if k.kind == SECOND_ORDER:
        loops.project_second(k, dt, out)
    elif k.kind == LINEAR:
        loops.project_linear(k, dt, out)
    else:
        if &out[0] != &k.s[0]:
            copy_into(k.s, out)
        decay(k, dt, out)


cdef void relax(Gating k, double d) noexcept nogil:
    """s and x over d without a spike."""
    if k.kind == SECOND_ORDER:
        loops.relax_second(k, d)
    else:
        project_into(k, d, k.s)


cdef void walk_silence(Gating k, double dt) noexcept nogil:
    """As `walk_spikes`, of none."""
    copy_into(k.s, k.prev_s)
    copy_into(k.x, k.prev_x)
    relax(k, dt)


cdef void walk_spikes(
        Gating k, double dt, const double[::1] times, const double[:, ::1] weights) noexcept nogil:
    # IN: times, weights, the parameters; IN and OUT: s, x; OUT: prev_s, prev_x
    cdef Py_ssize_t spike
    cdef double now = 0.0
    copy_into(k.s, k.prev_s)
    copy_into(k.x, k.prev_x)
    for spike in range(times.shape[0]):
        relax(k, times[spike] - now)
        loops.take_spike(k, weights[spike])
        now = times[spike]
    relax(k, dt - now)


def walk(Gating gating, double dt, const double[::1] times, const double[:, ::1] weights):
    """Take the gating through a step of `dt` and its spikes, in the order given.

    Spike k comes `times[k]` ms into the step and adds row ``weights[k]``.
    """
    with nogil:
        walk_spikes(gating, dt, times, weights)


def project_gating(Gating gating, double dt):
    """Return the open fraction `dt` ahead if no spike arrives; nothing is changed."""
    out = np.empty(gating.size)
    project_into(gating, dt, out)
    return out
