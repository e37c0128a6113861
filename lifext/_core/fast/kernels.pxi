# The kernels of the fast arithmetic, a block of neurons at a time. Built once for each
# instruction set with the compat loops, and once more in single precision (`_single.pyx`);
# operations are neither contracted nor reassociated, so all builds of a precision give the
# same bits. Scalars, times and weights are doubles in both. `twins.py` has the twins.
#
# `step.pxi` and `delivery.pxi` are rendered from the templates beside this file when the package is built.
from libc.math cimport fabs
from libc.stdint cimport uint32_t, uint64_t

from lifext._core.fast.double_math cimport Quotient, fast_exp, power_of_two
from lifext._core.fast.philox cimport lifext_philox_eight
from lifext._core.fast.population cimport (BLOCK, FLUSH_EVERY, GUIDE, MOST_SUMS, FastLoops, Poisson, Population,
                                           Projection, Receptor)
from lifext._core.fast.single_math cimport SingleQuotient, single_exp, single_power_of_two
from lifext._core.shared.equations cimport (blocked_force, crossing_in_step, driven_current, driving_force, heun_stage,
                                            heun_step_by, jump, leak_current, linear_decay, magnesium_power,
                                            net_current, relaxed, second_order_bounded, second_order_impulse,
                                            second_order_opening, second_order_relaxed, second_order_rise)
from lifext._core.shared.rows cimport DENSE, RING, SPARSE, UNIFORM
from lifext._core.shared.real cimport SINGLE, Count, Doubles, Source, Target, real

cdef extern from *:
    """
    #ifdef __GNUC__
    #define lifext_fetch(address) __builtin_prefetch(address)
    #else
    #define lifext_fetch(address) ((void)(address))
    #endif
    """
    void lifext_fetch(const void *address) noexcept nogil

ctypedef const double *const_double_p

ctypedef fused Sums:
    real
    Source

ctypedef fused Weight:
    double
    const_double_p

cdef enum:
    CALLS = 8                 # of the generator at once
    WORDS = 4*CALLS
    GLANCE = 32               # neurons that are looked over for spikes at once
    LINE = 64                 # bytes of a line of the cache: vectors of as many load in one piece


cdef inline real *whole_lines(real *space) noexcept nogil:
    """The first place of `space` at which a line of the cache begins."""
    return <real *> (<size_t> space + (-(<size_t> space) & (LINE - 1)))


cdef inline real sum_of(Sums sums, Py_ssize_t i) noexcept nogil:
    if Sums is real:
        return sums
    else:
        return sums[i]


cdef inline double jump_by(double x, double alpha, double w) noexcept nogil:
    return x + alpha*w


cdef inline double weight_of(Weight weights, Py_ssize_t k) noexcept nogil:
    if Weight is double:
        return weights
    else:
        return weights[k]


cdef inline real exp_of(real x) noexcept nogil:
    if SINGLE:
        return <real> single_exp(<float> x)
    return <real> fast_exp(x)


cdef inline real force_at(real v, real reversal, real mg) noexcept nogil:
    """The driving force behind the magnesium block."""
    cdef SingleQuotient single
    cdef Quotient power
    if SINGLE:
        single = single_power_of_two(<float> magnesium_power(v))
        return blocked_force(v, reversal, mg, <real> single.above, <real> single.below)
    power = power_of_two(magnesium_power(v))
    return blocked_force(v, reversal, mg, <real> power.above, <real> power.below)


cdef void exponentials(Source x, Py_ssize_t n, Target out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = exp_of(x[i])


cdef void clear(Py_ssize_t n, Target x) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        x[i] = <real> 0.0


cdef void copied(Source x, Py_ssize_t n, Target out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = x[i]


cdef void flush(Py_ssize_t n, Target s) noexcept nogil:
    # gating below this counts for nothing, and would in time become too small for full speed
    cdef real least = <real> 1e-30 if SINGLE else <real> 1e-40
    cdef Py_ssize_t i
    for i in range(n):
        s[i] = <real> 0.0 if fabs(s[i]) < least else s[i]


cdef inline bint all_alike(Population *c) noexcept nogil:
    """Whether the parameters of all receptors in use are numbers."""
    cdef Py_ssize_t k
    for k in range(c.n_active):
        if not (c.active[k].uniform and c.active[k].drive_uniform):
            return False
    return True


cdef inline int code_of(Receptor *r) noexcept nogil:
    """A number for a kind of gating, of drive, and for what opens it; `descriptions.Receptor.code` is the same.

    No conductance counts as a current of 0, but where a loop for its force would be spared.
    """
    return (r.gating*8 + (<int> CLOSED_DRIVE if r.closed and r.force != NULL else r.drive))*2 + (r.poisson != NULL)


include "delivery.pxi"
include "poisson.pxi"


cdef void relax_inputs(Population *c, Py_ssize_t block, Py_ssize_t step, Py_ssize_t n) noexcept nogil:
    """Take the receptors that Poisson trains open over the step, arrivals and all."""
    cdef Py_ssize_t lo = block*BLOCK, k
    cdef Receptor *r
    for k in range(c.n_active):
        r = c.active[k]
        if r.poisson != NULL:
            relax(r, NULL, lo, n, step % FLUSH_EVERY == 0)
            if r.poisson.driven:
                add_arrivals(c, r, block, step, n, r.state[0] + lo)


cdef void add_alike(Population *c, Py_ssize_t lo, Py_ssize_t n) noexcept nogil:
    """Add what spikes bring to all neurons alike to the sums of each, so that the loops that follow have one."""
    cdef Py_ssize_t k, j, i
    cdef Receptor *r
    cdef real part
    cdef real *sums
    for k in range(c.n_active):
        r = c.active[k]
        for j in range(MOST_SUMS):
            part = r.alike[j]
            if part != <real> 0.0:
                sums = r.sums[j] + lo
                for i in range(n):
                    sums[i] = part + sums[i]


include "step.pxi"
include "saturating.pxi"


# Spikes

cdef bint any_at(Sums v_threshold, Source v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef Count found = 0
    for i in range(n):
        found += v[i] >= sum_of(v_threshold, i)
    return found > 0


cdef bint any_spikes(Population *c, Py_ssize_t lo, Py_ssize_t n) noexcept nogil:
    if c.uniform:
        return any_at(c.v_threshold[0], <Source> (c.v + lo), n)
    return any_at(<Source> (c.v_threshold + lo), <Source> (c.v + lo), n)


cdef void note_spikes(Population *c, Py_ssize_t lo, Py_ssize_t n, double time, const real *start,
                      Count count) noexcept nogil:
    # OUT: ids, times, from lo on; end_refractory
    cdef Py_ssize_t part, first, m, i, k = lo, one = 0 if c.uniform else 1
    for part in range((n + GLANCE - 1)//GLANCE):
        if k == lo + count:
            return
        first = lo + part*GLANCE
        m = min(<Py_ssize_t> GLANCE, lo + n - first)
        if not any_spikes(c, first, m):
            continue
        for i in range(first, first + m):
            if c.v[i] >= c.v_threshold[one*i]:
                c.ids[k] = i
                c.times[k] = crossing_in_step(c.v_threshold[one*i], start[i - lo], c.v[i], c.dt)
                c.end_refractory[i] = time + c.times[k] + c.refractory[one*i]
                k += 1


# The step of a block. Any population can be stepped by one loop after the other

cdef void add_currents(Population *c, Py_ssize_t lo, Py_ssize_t n, Source v_stage, Target net) noexcept nogil:
    """The sum of all synaptic currents, in the order of the receptors."""
    cdef Py_ssize_t k
    for k in range(c.n_active):
        conduct(c.active[k], v_stage, lo, n, net)


cdef void take_spikes(Population *c, Py_ssize_t block) noexcept nogil:
    """Take in the spikes of the step: gating at its end, currents, potential. Their sums are cleared."""
    cdef real net[BLOCK]
    cdef Py_ssize_t lo = block*BLOCK, k
    cdef Py_ssize_t n = min(<Py_ssize_t> BLOCK, c.size - lo)
    if not c.has_input:
        return
    for k in range(c.n_active):
        if c.active[k].has_input:
            take(c, c.active[k], lo, n)
    clear(n, net)
    add_currents(c, lo, n, c.v_stage + lo, net)
    correct(c, lo, n, net)


cdef Count predict_block(Population *c, Py_ssize_t block, Py_ssize_t step, double before, bint keep,
                         real *start) noexcept nogil:
    """Take a block a step ahead as if no spike came; returns how many neurons reach threshold."""
    cdef Py_ssize_t lo = block*BLOCK, k
    cdef Py_ssize_t n = min(<Py_ssize_t> BLOCK, c.size - lo)
    cdef real *slope = start + BLOCK
    cdef real *v_stage = c.v_stage + lo if keep else slope + BLOCK
    # the inputs first: what the loops after them share then stays in the first-level cache
    relax_inputs(c, block, step, n)
    begin(c, lo, n, before, start, slope, v_stage)
    for k in range(c.n_active):
        if not c.active[k].closed:
            find_force(c.active[k], v_stage, lo, n)
    for k in range(c.n_active):
        if c.active[k].poisson == NULL:
            relax(c.active[k], v_stage, lo, n, step % FLUSH_EVERY == 0)
    clear(n, c.i_synaptic + lo)
    add_currents(c, lo, n, v_stage, c.i_synaptic + lo)
    return move(c, lo, n, start, slope, v_stage)


cdef inline bint is_careful(Population *c) noexcept nogil:
    """Whether one step may be too long for the gating of some neuron."""
    cdef Py_ssize_t k
    for k in range(c.n_active):
        if c.active[k].watched or c.active[k].crowded:
            return True
    return False


cdef void step_block(Population *c, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil:
    """Take in the spikes of the step before, then go a step ahead as if no spike came.

    `before` is the time of the step before, after which refractory periods end; infinite
    where that step was settled. With `keep`, the potential of the second slope stays to be used again.
    """
    cdef real space[3*BLOCK + LINE]
    cdef real *start = whole_lines(space)
    cdef Py_ssize_t lo = block*BLOCK
    if c.variant == GENERIC or is_careful(c) or step % FLUSH_EVERY == 0:
        take_spikes(c, block)
        c.counts[block] = predict_block(c, block, step, before, keep, start)
    else:
        c.counts[block] = step_variant(c, block, step, before, keep, start)
    if c.counts[block] > 0:
        note_spikes(c, lo, min(<Py_ssize_t> BLOCK, c.size - lo), step*c.dt, start, c.counts[block])


cdef void settle_block(Population *c, Py_ssize_t block, double before) noexcept nogil:
    """Leave the state at the end of the step whose time was `before`."""
    cdef Py_ssize_t i, lo = block*BLOCK, n = min(<Py_ssize_t> BLOCK, c.size - block*BLOCK)
    cdef Py_ssize_t one = 0 if c.uniform else 1
    if c.has_input and (is_careful(c) or not take_variant(c, lo, n)):
        take_spikes(c, block)
    for i in range(lo, lo + n):
        if not c.end_refractory[i] < before:
            c.v[i] = c.v_reset[one*i]


cdef void show_block(Population *c, Py_ssize_t block) noexcept nogil:
    """Write out each current at the end of a step that was predicted with `keep`."""
    cdef Py_ssize_t lo = block*BLOCK, k
    cdef Py_ssize_t i, n = min(<Py_ssize_t> BLOCK, c.size - lo), one = 0 if c.uniform else 1
    for k in range(c.n_active):
        if c.active[k].curr != NULL:
            clear(n, c.active[k].curr + lo)
            conduct(c.active[k], c.v_stage + lo, lo, n, c.active[k].curr + lo)
    for i in range(lo, lo + n):
        c.leak[i] = leak_current(c.leak_g[one*i], c.v_stage[i], c.v_leak[one*i])


# What a population has in use

cdef void find_variant(Population *c) noexcept nogil:
    """List the receptors in use, and find out what steps them."""
    cdef Py_ssize_t k
    c.n_active = 0
    for k in range(c.n_receptors):
        if c.receptors[k].active:
            c.active[c.n_active] = &c.receptors[k]
            c.n_active += 1
    c.variant = variant_of(c)


cdef bint is_open_somewhere(Source s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef Count found = 0
    for i in range(n):
        found += s[i] != <real> 0.0
    return found > 0


cdef void find_most(Receptor *r, Py_ssize_t n) noexcept nogil:
    """Bound x anew: what spikes may have added at most is more than what they did."""
    cdef Py_ssize_t i
    cdef real most = 0.0
    for i in range(n):
        most = max(most, <real> fabs(r.state[1][i]))
    r.most_x = most


cdef void deactivate_silent(Population *c) noexcept nogil:
    """Pass over trains that do not fire any more, and of whose gating nothing is left; bound gating anew."""
    cdef Py_ssize_t k
    cdef Receptor *r
    for k in range(c.n_receptors):
        r = &c.receptors[k]
        if r.active and r.poisson != NULL and not r.poisson.driven and not is_open_somewhere(r.state[0], c.size):
            r.active = False
            if r.curr != NULL:
                clear(c.size, r.curr)
        if r.gating == SATURATING_GATING:
            find_most(r, c.size)
    find_variant(c)


cdef FastLoops fast_table

fast_table.find_variant, fast_table.variant_name = find_variant, variant_name
fast_table.step, fast_table.settle, fast_table.fetch = step_block, settle_block, fetch
fast_table.show, fast_table.deliver, fast_table.deactivate_silent = show_block, deliver, deactivate_silent
fast_table.arrivals, fast_table.exponentials = arrivals, exponentials


def fast_address():
    """Return where this build's table of the fast arithmetic's kernels is."""
    return <size_t> &fast_table
