"""The physics, one inline function an equation; no other kernel source holds any.

Grouping and order are part of each definition: the kernels reproduce the published
NumPy code to the last bit, so no term may be factored out or multiplied by a reciprocal.
`equations.py` states the same functions on NumPy arrays, and the tests hold one to the other.
Those on `real` are computed in single precision where the fast arithmetic is (`real.pxd`); elsewhere it is a double.

Units: ms, mV, nF, uS, nA, kHz.
"""
from libc.math cimport INFINITY, NAN, exp

from .real cimport real


# Currents (outward positive; the membrane subtracts them)

cdef inline real leak_current(real g, real v, real v_leak) noexcept nogil:
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


cdef inline real jump(real s, real alpha, real w) noexcept nogil:
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


cdef inline real heun_stage(real v, real slope, real dt) noexcept nogil:
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


cdef inline double crossing_in_step(double v_threshold, double v, double v_ahead, double dt) noexcept nogil:
    """When the line from v to v_ahead meets threshold, in [0, dt): at the start where v is there already."""
    if not v < v_threshold:
        return 0.0
    return min(crossing_time(v_threshold, v, v_ahead, dt), 0.9999999999999999*dt)


# The fast arithmetic's forms of the same: what depends on parameters and dt alone is taken out of the loops

cdef inline real relaxed(real s, real left) noexcept nogil:
    """First-order gating after a step of which `left` is left."""
    return s*left


cdef inline real second_order_relaxed(real s, real x, real rise, real loss) noexcept nogil:
    """Wang (1999), eqs. 4 and 5, by one Euler step; rise is dt*alpha_s*(1 - dt/tau_x), loss is dt/tau_s."""
    return s + (rise*x*(<real> 1.0 - s) - loss*s)


cdef inline real second_order_impulse(real alpha_s, real alpha_x, real integral) noexcept nogil:
    """The part of the closed receptors that the spikes of a step open in it; `integral` is that of what they leave."""
    return alpha_s*alpha_x*integral


cdef inline double second_order_opening(double d, double x, double alpha_s, double tau_x) noexcept nogil:
    """Wang (1999), eq. 4: the part of the closed receptors that x opens over d, by one Euler step."""
    return d*alpha_s*x*linear_decay(d, tau_x)


cdef inline double second_order_bounded(double s, double rise, double loss) noexcept nogil:
    """ds/dt = a(1 - s) - b s over a time, by the integrals of a (rise) and b (loss), both >= 0.

    s_inf + (s - s_inf) exp(-z) with z = rise + loss, s_inf = rise/z, and exp(z) by its series to the fourth order: one
    Euler step where z is small, and in [0, 1] for any z, as rounding is monotone and rise <= z.
    """
    cdef double z = rise + loss
    cdef double q
    if z > 1e15:
        return rise/z
    q = 1.0 + z*(0.5 + z*(1.0/6.0 + z/24.0))
    return (s + rise*q)/(1.0 + z*q)


cdef inline real driving_force(real v, real reversal) noexcept nogil:
    return v - reversal


cdef inline real magnesium_power(real v) noexcept nogil:
    """exp(-0.062 v) is 2 to this power: -0.062/ln(2) v."""
    return <real> -0.08944709253511574*v


cdef inline real blocked_force(real v, real reversal, real mg, real above, real below) noexcept nogil:
    """The driving force behind the magnesium block, where exp(-0.062 v) is above/below."""
    return (v - reversal)*(below/(below + mg/<real> 3.57*above))


cdef inline real driven_current(real g, real s, real force) noexcept nogil:
    return g*s*force


cdef inline real net_current(real afferent, real leak, real synaptic) noexcept nogil:
    """cM dV/dt; `synaptic` is the sum of the currents through receptors and noise."""
    return -afferent - leak - synaptic


cdef inline real heun_step_by(real v, real slope1, real slope2, real half) noexcept nogil:
    """RK2, with half = dt/2/cM."""
    return v + half*(slope1 + slope2)


# Synapses

cdef inline double recovered(double R, double u, double left) noexcept nogil:
    """Maass & Markram (2002), eq. 3: the resources at a spike, of which the last used the part u; R was that then."""
    return 1.0 + (R - R*u - 1.0)*left


cdef inline double facilitated(double u, double U, double left) noexcept nogil:
    """Maass & Markram (2002), eq. 2: the part of the resources that a spike uses; u is that of the last."""
    return U + u*(1.0 - U)*left
