"""The physics, one inline function an equation; no other kernel source holds any.

Grouping and order are part of each definition: the kernels reproduce the published
NumPy code to the last bit, so no term may be factored out or multiplied by a reciprocal.
`equations.py` states the same functions on NumPy arrays, and the tests hold one to the other.

Units: ms, mV, nF, uS, nA, kHz.
"""
from libc.math cimport INFINITY, NAN, exp


# Currents (outward positive; the membrane subtracts them)

cdef inline double leak_current(double g, double v, double v_leak) noexcept nogil:
    return g*(v - v_leak)


cdef inline double receptor_current(double g, double s, double v, double reversal) noexcept nogil:
    """Wang (1999), eq. 2: an ohmic current through the open fraction s."""
    return g*s*(v - reversal)


cdef inline double magnesium_block(double mg, double exp_of_v) noexcept nogil:
    """Wang (1999), eq. 3 (Jahr & Stevens 1990): what divides the NMDA current; exp_of_v is exp(-0.062 v)."""
    return 1.0 + mg/3.57*exp_of_v


cdef inline double magnesium_exponent(double v) noexcept nogil:
    return -0.062*v


# Gating

cdef inline double linear_decay(double d, double tau) noexcept nogil:
    """Wang (1999), eq. 6, by one Euler step: the part of s that is left after d."""
    return 1.0 - d/tau


cdef inline double exponential_decay(double d, double tau) noexcept nogil:
    """Compte et al. (2000), AMPA and GABA: the part of s that is left after d."""
    return exp(-d/tau)


cdef inline double decay_exponent(double d, double tau) noexcept nogil:
    return -d/tau


cdef inline double saturating_jump(double s, double alpha, double w) noexcept nogil:
    return s + alpha*w*(1.0 - s)


cdef inline double jump(double s, double alpha, double w) noexcept nogil:
    return s + alpha*w


cdef inline double second_order_rise(
        double d, double s, double x, double alpha_s, double tau_x, double tau_s) noexcept nogil:
    """Wang (1999), eqs. 4 and 5, by one Euler step: the change of s over d."""
    return d*(alpha_s*x*(1.0 - d/tau_x)*(1.0 - s) - s/tau_s)


# Membrane

cdef inline double total_current(
        double afferent, double noise, double leak, double ampa, double nmda) noexcept nogil:
    """cM dV/dt without inhibition; a cell with GABA receptors subtracts that current next."""
    return -afferent - noise - leak - ampa - nmda


cdef inline double heun_stage(double v, double slope, double dt) noexcept nogil:
    """Where RK2 evaluates its second slope. The slope is a current: it is not divided by cM here."""
    return v + slope*dt


cdef inline double heun_step(double v, double slope1, double slope2, double dt, double cm) noexcept nogil:
    return v + dt*(slope1 + slope2)/2.0/cm


cdef inline double crossing_time(double v_threshold, double v, double v_ahead, double dt) noexcept nogil:
    """When the line from v to v_ahead meets threshold, from the start of the step.

    Where v does not move the quotient is what IEEE arithmetic makes of it; it is written
    out because a build with division checks would raise instead.
    """
    cdef double rise = v_ahead - v
    cdef double reach = dt*(v_threshold - v)
    if rise == 0.0:
        return NAN if reach == 0.0 or reach != reach else (INFINITY if reach > 0.0 else -INFINITY)
    return reach/rise


# The fast arithmetic's forms of the same: what depends on parameters and dt alone is taken out of the loops

cdef inline double relaxed(double s, double left) noexcept nogil:
    """First-order gating after a step of which `left` is left."""
    return s*left


cdef inline double second_order_relaxed(double s, double x, double rise, double loss) noexcept nogil:
    """Wang (1999), eqs. 4 and 5, by one Euler step; rise is dt*alpha_s*(1 - dt/tau_x), loss is dt/tau_s."""
    return s + (rise*x*(1.0 - s) - loss*s)


cdef inline double driving_force(double v, double reversal) noexcept nogil:
    return v - reversal


cdef inline double magnesium_power(double v) noexcept nogil:
    """exp(-0.062 v) is 2 to this power: -0.062/ln(2) v."""
    return -0.08944709253511574*v


cdef inline double blocked_force(double v, double reversal, double mg, double above, double below) noexcept nogil:
    """The driving force behind the magnesium block, where exp(-0.062 v) is above/below."""
    return (v - reversal)*(below/(below + mg/3.57*above))


cdef inline double driven_current(double g, double s, double force) noexcept nogil:
    return g*s*force


cdef inline double net_current(double afferent, double leak, double synaptic) noexcept nogil:
    """cM dV/dt; `synaptic` is the sum of the currents through receptors and noise."""
    return -afferent - leak - synaptic


cdef inline double heun_step_by(double v, double slope1, double slope2, double half) noexcept nogil:
    """RK2, with half = dt/2/cM."""
    return v + half*(slope1 + slope2)
