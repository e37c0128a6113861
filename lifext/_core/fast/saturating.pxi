# Saturating gating (`lifext/receptors/saturating.py`) where one Euler step with all spikes of a step is too long for a
# neuron: from spike to spike, as the compat arithmetic goes, or by exponentials.

# the part of the closed receptors that may open in a step before it is taken from spike to spike
cdef double A_LITTLE = 1.0/16.0


cdef void relax_saturating_carefully(Receptor *r, Py_ssize_t lo, Py_ssize_t n) noexcept nogil:
    """A step without spikes; what it began with is kept for `walk`."""
    cdef Py_ssize_t i, one = 0 if r.uniform else 1
    cdef real *s = r.state[0]
    cdef real *x = r.state[1]
    cdef real rise, opened, open_x = r.constant[SATURATING_open_x], loss = r.constant[SATURATING_loss]
    cdef real decay_x = r.constant[SATURATING_decay_x]
    cdef bint coarse = r.constant[SATURATING_coarse] != 0.0
    for i in range(lo, lo + n):
        r.before[0][i], r.before[1][i] = s[i], x[i]
        rise = open_x*r.parameter[SATURATING_alpha_s][one*i]
        opened = rise*x[i]
        if coarse or opened + loss > <real> 1.0:
            s[i] = <real> second_order_bounded(s[i], opened, loss)
        else:
            s[i] = second_order_relaxed(s[i], x[i], rise, loss)
        x[i] = relaxed(x[i], decay_x)


cdef inline bint reaches(const Projection *projection, const Receptor *r) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(projection.n_receptors):
        if projection.receptors[k] == r:
            return True
    return False


cdef inline double between_spikes(double d, double s, double x, double alpha_s, double tau_x,
                                  double tau_s) noexcept nogil:
    """s over a time between two spikes: the published Euler step, unless it is too long."""
    cdef double opened = second_order_opening(d, x, alpha_s, tau_x)
    if opened + d/tau_s > 1.0:
        return second_order_bounded(s, opened, d/tau_s)
    return s + second_order_rise(d, s, x, alpha_s, tau_x, tau_s)


cdef void walk(Population *c, Receptor *r, Py_ssize_t i) noexcept nogil:
    """Take a neuron's gating through the step again, from spike to spike."""
    cdef Py_ssize_t k, place = 0 if r.uniform else i
    cdef double alpha_s = r.parameter[SATURATING_alpha_s][place], alpha_x = r.parameter[SATURATING_alpha_x][place]
    cdef double tau_s = r.constant[SATURATING_tau_s], tau_x = r.constant[SATURATING_tau_x]
    cdef double loss = r.constant[SATURATING_loss], decay_x = r.constant[SATURATING_decay_x]
    cdef double s = r.state[0][i], x = r.state[1][i], now = 0.0
    cdef double opened = c.dt*alpha_s*x
    if decay_x < 0.5 or opened + loss > 0.5:
        s, x = r.before[0][i], r.before[1][i]
    else:
        # the Euler step backwards
        s, x = max((s - opened)/(1.0 - opened - loss), 0.0), x/decay_x
    for k in range(c.arrived):
        if not reaches(c.arrival_projections[k], r):
            continue
        s = between_spikes(c.arrival_times[k] - now, s, x, alpha_s, tau_x, tau_s)
        x = x*linear_decay(c.arrival_times[k] - now, tau_x)
        x = jump_by(x, alpha_x,
                    c.arrival_factors[k]*weight_between(c.arrival_projections[k], c.arrival_sources[k], i))
        now = c.arrival_times[k]
    r.state[0][i] = <real> between_spikes(c.dt - now, s, x, alpha_s, tau_x, tau_s)
    r.state[1][i] = <real> (x*linear_decay(c.dt - now, tau_x))


cdef void take_saturating_carefully(Population *c, Receptor *r, Py_ssize_t lo, Py_ssize_t n) noexcept nogil:
    """What the spikes of a step add, which may be too many for one step; their sums are cleared."""
    cdef Py_ssize_t i, place
    cdef real *s = r.state[0]
    cdef real *x = r.state[1]
    cdef real *arrived = r.sums[0]
    cdef real *integral = r.sums[1]
    cdef real alpha_s, alpha_x, opened, arrived_alike = r.alike[0], integral_alike = r.alike[1], total
    cdef bint coarse = r.constant[SATURATING_coarse] != 0.0
    for i in range(lo, lo + n):
        place = 0 if r.uniform else i
        alpha_s, alpha_x = r.parameter[SATURATING_alpha_s][place], r.parameter[SATURATING_alpha_x][place]
        total = arrived_alike + arrived[i]
        opened = second_order_impulse(alpha_s, alpha_x, integral_alike + integral[i])
        arrived[i] = integral[i] = <real> 0.0
        if coarse:
            s[i] = <real> second_order_bounded(s[i], opened, 0.0)
        elif c.dt*alpha_s*x[i] + opened > A_LITTLE:
            walk(c, r, i)
            continue
        else:
            s[i] = jump(s[i], opened, <real> 1.0 - s[i])
        x[i] = jump(x[i], alpha_x, total)
