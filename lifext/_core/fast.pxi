# The kernels of the fast arithmetic, a block of neurons at a time. Built once for each
# instruction set with `loops.pxi`, and once more in single precision (`_single_*.pyx`);
# operations are neither contracted nor reassociated, so all builds of a precision give the
# same bits. Scalars, times and weights are doubles in both. `fast_reference.py` has the twins.
from libc.math cimport fabs
from libc.stdint cimport uint32_t, uint64_t

from .equations cimport (blocked_force, crossing_in_step, driven_current, driving_force, heun_stage, heun_step_by,
                         jump, leak_current, linear_decay, magnesium_power, net_current, relaxed,
                         second_order_bounded, second_order_relaxed, second_order_rise)
from .fast cimport (AFFERENT, AMPA, BLOCK, EXCITATORY, FLUSH_EVERY, GABA, GUIDE, INHIBITORY, NMDA, NOISE, Cells,
                    Channel, FastLoops, Gate, Link, Poisson, Receptor)
from .fast_math cimport Quotient, fast_exp, power_of_two
from .philox cimport lifext_philox_eight
from .projection cimport DENSE, RING, SPARSE, UNIFORM
from .real cimport SINGLE, Count, Doubles, Source, Target, real
from .single_math cimport SingleQuotient, single_exp, single_power_of_two

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

ctypedef fused Value:
    real
    Source

ctypedef fused Afferent:
    real
    Source

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

# the part of the closed receptors that may open in a step before it is taken from spike to spike
cdef double A_LITTLE = 1.0/16.0


cdef inline real *whole_lines(real *space) noexcept nogil:
    """The first place of `space` at which a line of the cache begins."""
    return <real *> (<size_t> space + (-(<size_t> space) & (LINE - 1)))


cdef inline real of(Value value, Py_ssize_t i) noexcept nogil:
    if Value is real:
        return value
    else:
        return value[i]


cdef inline real afferent_of(Afferent value, Py_ssize_t i) noexcept nogil:
    if Afferent is real:
        return value
    else:
        return value[i]


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


cdef void exponentials(Source x, Py_ssize_t n, Target out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = exp_of(x[i])


# Poisson input

cdef inline void draw(Cells *c, Poisson *p, Py_ssize_t block, Py_ssize_t step, uint32_t number,
                      uint32_t *words) noexcept nogil:
    """CALLS draws of a block and step: the first word of each, then the second of each, ..."""
    cdef uint64_t at = step
    lifext_philox_eight(number, <uint32_t> block, <uint32_t> at, p.stream << 16 | <uint32_t> (at >> 32),
                        c.key[0], c.key[1], words)


cdef inline Py_ssize_t count_of(Cells *c, Poisson *p, Py_ssize_t block, uint64_t uniform) noexcept nogil:
    """How many arrivals there are in a block and a step: inversion, from a table."""
    cdef Py_ssize_t table = block
    cdef const uint64_t *below
    cdef Py_ssize_t k
    if p.one_rate:
        table = (block + 1)*BLOCK > c.size
    below = p.below + p.first[table]
    k = p.guide[table*GUIDE + <Py_ssize_t> (uniform >> 58)]
    while uniform > below[k]:
        k += 1
    return p.least[table] + k


cdef inline uint64_t scaled(uint32_t word, Py_ssize_t n) noexcept nogil:
    """A random word times n: its upper half is a neuron of n, its lower half a random number of its own."""
    return <uint64_t> word*<uint64_t> n


cdef inline Py_ssize_t chosen_neuron(Poisson *p, Py_ssize_t lo, uint64_t scaled) noexcept nogil:
    """The neuron of a block from `lo` on that an arrival goes to, by its rate."""
    cdef Py_ssize_t i = <Py_ssize_t> (scaled >> 32)
    if p.one_rate or <uint32_t> scaled < p.keep[lo + i]:
        return i
    return p.other[lo + i]


cdef inline real part_left(uint32_t word, real middle) noexcept nogil:
    """Which part of the step is left after an arrival: uniform in (0, 1)."""
    return (<int> (word >> 1) + middle)*<real> 4.656612873077393e-10


cdef inline Py_ssize_t draw_arrivals(Cells *c, Poisson *p, Py_ssize_t block, Py_ssize_t step, Py_ssize_t n,
                                     uint32_t number, Py_ssize_t *count, uint64_t *which, real *left) noexcept nogil:
    """Draw `number` and those after it, as arrivals: `scaled` words for their neurons, and parts of the step.

    Returns how many they are. Where all rates are alike, the lower half of what chooses the
    neuron is free to be the time. The last two words of the first draws are the count.
    """
    cdef uint32_t words[WORDS]
    cdef Py_ssize_t k, good = WORDS if p.one_rate else WORDS//2
    # n numbers in 2^32 stand for one time, which is the middle of theirs
    cdef real middle = 0.25*n
    draw(c, p, block, step, number, words)
    for k in range(WORDS):
        which[k] = scaled(words[k], n)
    if p.one_rate:
        for k in range(WORDS):
            left[k] = part_left(<uint32_t> which[k], middle)
    else:
        for k in range(WORDS//2):
            left[k] = part_left(words[WORDS//2 + k], <real> 0.5)
            left[WORDS//2 + k] = 0.0
    if number > 0:
        return good
    count[0] = count_of(c, p, block, <uint64_t> words[WORDS - 1] << 32 | words[WORDS - 2])
    return good - 2


cdef Py_ssize_t arrivals(Cells *c, Poisson *p, Py_ssize_t block, Py_ssize_t step, Py_ssize_t *neurons,
                         double *remaining, Py_ssize_t most) noexcept nogil:
    """All arrivals of a block and step, for tests; at most `most` are written."""
    cdef uint64_t which[WORDS]
    cdef real left[WORDS]
    cdef Py_ssize_t lo = block*BLOCK, n = min(<Py_ssize_t> BLOCK, c.size - block*BLOCK)
    cdef Py_ssize_t k, good, count = 0, done = 0
    cdef uint32_t number = 0
    while number == 0 or done < min(count, most):
        good = draw_arrivals(c, p, block, step, n, number, &count, which, left)
        for k in range(min(good, min(count, most) - done)):
            neurons[done + k] = lo + chosen_neuron(p, lo, which[k])
            remaining[done + k] = left[k]*c.dt
        done += good
        number += CALLS
    return count


cdef void add_arrivals(Cells *c, Poisson *p, Py_ssize_t block, Py_ssize_t step, Py_ssize_t n, Target s) noexcept nogil:
    # IN and OUT: s, which has decayed over the step: each arrival adds what is left of it at the end
    cdef uint64_t which[WORDS]
    cdef real left[WORDS]
    cdef Py_ssize_t lo = block*BLOCK, k, i, good, count = 0, done = 0
    cdef real taus = c.dt/p.tau, alpha = p.alpha[0]
    cdef uint32_t number = 0
    while number == 0 or done < count:
        good = draw_arrivals(c, p, block, step, n, number, &count, which, left)
        for k in range(WORDS):
            left[k] = exp_of(-left[k]*taus)
        for k in range(min(good, count - done)):
            i = chosen_neuron(p, lo, which[k])
            if not p.channel.uniform:
                alpha = p.alpha[lo + i]
            s[i] = jump(s[i], alpha, left[k])
        done += good
        number += CALLS


# Gating

cdef void flush(Py_ssize_t n, Target s) noexcept nogil:
    # gating below this is as good as closed, and would in time become too small for full speed
    cdef real closed = <real> 1e-30 if SINGLE else <real> 1e-40
    cdef Py_ssize_t i
    for i in range(n):
        s[i] = <real> 0.0 if fabs(s[i]) < closed else s[i]


cdef void relax_first_order(real left, Py_ssize_t n, Target s) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        s[i] = relaxed(s[i], left)


cdef void relax_second_order(real open_x, Value alpha_s, real loss, real left_x, Py_ssize_t n,
                             Target s, Target x) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        s[i] = second_order_relaxed(s[i], x[i], open_x*of(alpha_s, i), loss)
        x[i] = relaxed(x[i], left_x)


cdef void relax_watched(Gate *g, Py_ssize_t lo, Py_ssize_t n) noexcept nogil:
    """The same where an Euler step may be too long for a neuron; what it began with is kept for `walk`."""
    cdef Py_ssize_t i, one = 0 if g.uniform else 1
    cdef real rise, opened, open_x = g.open_x, loss = g.loss, left_x = g.left_x
    for i in range(lo, lo + n):
        g.s_before[i], g.x_before[i] = g.s[i], g.x[i]
        rise = open_x*g.alpha_s[one*i]
        opened = rise*g.x[i]
        if g.coarse or opened + loss > <real> 1.0:
            g.s[i] = <real> second_order_bounded(g.s[i], opened, loss)
        else:
            g.s[i] = second_order_relaxed(g.s[i], g.x[i], rise, loss)
        g.x[i] = relaxed(g.x[i], left_x)


cdef void relax_gate(Gate *g, Py_ssize_t lo, Py_ssize_t n, bint flushing) noexcept nogil:
    """The gating over a step without spikes."""
    if not g.second:
        relax_first_order(g.left_s, n, g.s + lo)
    elif g.watched:
        relax_watched(g, lo, n)
    elif g.uniform:
        relax_second_order(g.open_x, g.alpha_s[0], g.loss, g.left_x, n, g.s + lo, g.x + lo)
    else:
        relax_second_order(g.open_x, <Source> (g.alpha_s + lo), g.loss, g.left_x, n, g.s + lo, g.x + lo)
    if flushing:
        flush(n, g.s + lo)
        if g.second:
            flush(n, g.x + lo)


cdef void take_first(Value alpha_s, real alike, Sums sums, Py_ssize_t places, Py_ssize_t n,
                     Target s) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        s[i] = jump(s[i], of(alpha_s, i), alike + sum_of(sums, places*i))


cdef void take_second(Value alpha_s, Value alpha_x, real alike, real integral_alike, Sums sums, Py_ssize_t places,
                      Py_ssize_t n, Target s, Target x) noexcept nogil:
    cdef Py_ssize_t i
    cdef real integral
    for i in range(n):
        integral = integral_alike + sum_of(sums, places*i + 1)
        s[i] = jump(s[i], of(alpha_s, i)*of(alpha_x, i)*integral, <real> 1.0 - s[i])
        x[i] = jump(x[i], of(alpha_x, i), alike + sum_of(sums, places*i))


cdef inline void take_sums(Gate *g, Py_ssize_t lo, Py_ssize_t n, const double *alike, Sums sums,
                           Py_ssize_t places) noexcept nogil:
    if not g.second:
        if g.uniform:
            take_first(g.alpha_s[0], alike[0], sums, places, n, g.s + lo)
        else:
            take_first(<Source> (g.alpha_s + lo), alike[0], sums, places, n, g.s + lo)
    elif g.uniform:
        take_second(g.alpha_s[0], g.alpha_x[0], alike[0], alike[1], sums, places, n, g.s + lo, g.x + lo)
    else:
        take_second(<Source> (g.alpha_s + lo), <Source> (g.alpha_x + lo), alike[0], alike[1], sums, places, n,
                    g.s + lo, g.x + lo)


cdef Py_ssize_t place_of(const int *indices, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t target) noexcept nogil:
    """The first place of ascending `indices` that is not below `target`."""
    cdef Py_ssize_t middle
    while start < stop:
        middle = (start + stop) >> 1
        if indices[middle] < target:
            start = middle + 1
        else:
            stop = middle
    return start


cdef double weight_between(const Link *link, Py_ssize_t source, Py_ssize_t target) noexcept nogil:
    """What a spike of one neuron adds to one other."""
    cdef Py_ssize_t k
    if link.kind == DENSE:
        return link.flat + link.dense[source*link.n_target + target]
    if link.kind == SPARSE:
        k = place_of(link.indices, link.indptr[source], link.indptr[source + 1], target)
        if k == link.indptr[source + 1] or link.indices[k] != target:
            return 0.0
        return link.values[k if link.width > 1 else 0]
    if link.kind == RING:
        k = (target - source - link.first) % link.n_target
        if k < 0:
            k += link.n_target
        return link.flat + (link.values[k] if k < link.width else 0.0)
    if link.kind == UNIFORM:
        return link.flat
    return link.values[source if link.width > 1 else 0] if source == target else 0.0


cdef inline bint reaches(const Link *link, int receptor) noexcept nogil:
    return link.ampa if receptor == AMPA else link.nmda if receptor == NMDA else not link.excites


cdef inline double walked(double d, double s, double x, double alpha_s, const Gate *g) noexcept nogil:
    """s over a time between two spikes: the published Euler step, unless it is too long."""
    cdef double opened = d*alpha_s*x*linear_decay(d, g.tau_x)
    if opened + d/g.tau_s > 1.0:
        return second_order_bounded(s, opened, d/g.tau_s)
    return s + second_order_rise(d, s, x, alpha_s, g.tau_x, g.tau_s)


cdef void walk(Cells *c, int receptor, Py_ssize_t i) noexcept nogil:
    """Take a neuron's gating through the step again, from spike to spike as the compat arithmetic does."""
    cdef Gate *g = &c.receptors[receptor].gate
    cdef Py_ssize_t k, place = 0 if g.uniform else i
    cdef double alpha_s = g.alpha_s[place], alpha_x = g.alpha_x[place]
    cdef double s = g.s[i], x = g.x[i], now = 0.0
    cdef double opened = c.dt*alpha_s*x
    if g.left_x < 0.5 or opened + g.loss > 0.5:
        s, x = g.s_before[i], g.x_before[i]
    else:
        # the Euler step backwards
        s, x = max((s - opened)/(1.0 - opened - g.loss), 0.0), x/g.left_x
    for k in range(c.arrived):
        if not reaches(c.arrival_links[k], receptor):
            continue
        s = walked(c.arrival_times[k] - now, s, x, alpha_s, g)
        x = x*linear_decay(c.arrival_times[k] - now, g.tau_x)
        x = jump_by(x, alpha_x, weight_between(c.arrival_links[k], c.arrival_sources[k], i))
        now = c.arrival_times[k]
    g.s[i] = <real> walked(c.dt - now, s, x, alpha_s, g)
    g.x[i] = <real> (x*linear_decay(c.dt - now, g.tau_x))


cdef void take_crowded(Cells *c, int receptor, Py_ssize_t lo, Py_ssize_t n, const double *alike, const real *sums,
                       Py_ssize_t places) noexcept nogil:
    """As `take_spikes`, where the spikes may be too many for one step."""
    cdef Gate *g = &c.receptors[receptor].gate
    cdef Py_ssize_t i, place
    cdef real alpha_s, alpha_x, opened, total, integral, total_alike = alike[0], integral_alike = alike[1]
    for i in range(n):
        place = 0 if g.uniform else lo + i
        alpha_s, alpha_x = g.alpha_s[place], g.alpha_x[place]
        total = total_alike + (<real> 0.0 if sums == NULL else sums[places*i])
        integral = integral_alike + (<real> 0.0 if sums == NULL else sums[places*i + 1])
        opened = alpha_s*alpha_x*integral
        if g.coarse:
            g.s[lo + i] = <real> second_order_bounded(g.s[lo + i], opened, 0.0)
        elif c.dt*alpha_s*g.x[lo + i] + opened > A_LITTLE:
            walk(c, receptor, lo + i)
            continue
        else:
            g.s[lo + i] = jump(g.s[lo + i], opened, <real> 1.0 - g.s[lo + i])
        g.x[lo + i] = jump(g.x[lo + i], alpha_x, total)


cdef void take_spikes(Cells *c, int receptor, Py_ssize_t lo, Py_ssize_t n, const double *alike, const real *sums,
                      bint apart, Py_ssize_t places) noexcept nogil:
    """What the spikes of a step add to the gating at its end: to all neurons alike, and to each."""
    cdef Gate *g = &c.receptors[receptor].gate
    if g.crowded:
        take_crowded(c, receptor, lo, n, alike, sums if apart else NULL, places)
    elif not apart:
        take_sums(g, lo, n, alike, <real> 0.0, places)
    elif places == 1:
        # of a stride that is known, vectors can be made
        take_sums(g, lo, n, alike, <Source> sums, 1)
    else:
        take_sums(g, lo, n, alike, <Source> sums, places)


# Currents

cdef inline real force_at(real v, real reversal, real mg) noexcept nogil:
    """The driving force behind the magnesium block."""
    cdef SingleQuotient single
    cdef Quotient power
    if SINGLE:
        single = single_power_of_two(<float> magnesium_power(v))
        return blocked_force(v, reversal, mg, <real> single.above, <real> single.below)
    power = power_of_two(magnesium_power(v))
    return blocked_force(v, reversal, mg, <real> power.above, <real> power.below)


cdef void block_magnesium(Value reversal, Value mg, Source stage, Py_ssize_t n, Target force) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        force[i] = force_at(stage[i], of(reversal, i), of(mg, i))


cdef void conduct_freely(Value g, Value reversal, Source s, Source stage, Py_ssize_t n, Target net) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        net[i] = net[i] + driven_current(of(g, i), s[i], driving_force(stage[i], of(reversal, i)))


cdef void conduct_blocked(Value g, Source s, Source force, Py_ssize_t n, Target net) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        net[i] = net[i] + driven_current(of(g, i), s[i], force[i])


cdef void conduct(Channel *k, Source s, Source stage, Source force, Py_ssize_t lo, Py_ssize_t n,
                  Target net) noexcept nogil:
    """Add a current to `net`."""
    if k.closed:
        return
    if k.mg != NULL:
        if k.uniform:
            conduct_blocked(k.g[0], s + lo, force, n, net)
        else:
            conduct_blocked(<Source> (k.g + lo), s + lo, force, n, net)
    elif k.uniform:
        conduct_freely(k.g[0], k.reversal[0], s + lo, stage, n, net)
    else:
        conduct_freely(<Source> (k.g + lo), <Source> (k.reversal + lo), s + lo, stage, n, net)


cdef void find_force(Channel *k, Source stage, Py_ssize_t lo, Py_ssize_t n, Target force) noexcept nogil:
    if k.uniform:
        block_magnesium(k.reversal[0], k.mg[0], stage, n, force)
    else:
        block_magnesium(<Source> (k.reversal + lo), <Source> (k.mg + lo), stage, n, force)


cdef void add_currents(Cells *c, Py_ssize_t lo, Py_ssize_t n, Source stage, Source force, Target net) noexcept nogil:
    """The sum of all synaptic currents, in one order everywhere."""
    cdef int k
    for k in range(2):
        if c.inputs[k].active:
            conduct(&c.inputs[k].channel, c.inputs[k].s, stage, force, lo, n, net)
    for k in range(3):
        if c.receptors[k].active:
            conduct(&c.receptors[k].channel, c.receptors[k].gate.s, stage, force, lo, n, net)


cdef void clear(Py_ssize_t n, Target x) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        x[i] = <real> 0.0


# Membrane

cdef void begin_with(Value leak_g, Value v_leak, Value v_reset, Afferent afferent, Source v, Doubles end_refractory,
                     Source synaptic, double before, real dt, Py_ssize_t n, Target start, Target slope,
                     Target stage) noexcept nogil:
    cdef Py_ssize_t i
    cdef real here, net
    for i in range(n):
        here = v[i]
        # the refractory ones are where the last step put them
        here = here if end_refractory[i] < before else of(v_reset, i)
        net = net_current(afferent_of(afferent, i), leak_current(of(leak_g, i), here, of(v_leak, i)), synaptic[i])
        start[i], slope[i], stage[i] = here, net, heun_stage(here, net, dt)


cdef void begin_step(Cells *c, Py_ssize_t lo, Py_ssize_t n, double before, Target start, Target slope,
                     Target stage) noexcept nogil:
    """The first slope, and the potential at which the second is taken."""
    cdef Source v = c.v + lo, synaptic = c.synaptic + lo
    cdef Doubles end = c.end_refractory + lo
    if c.uniform and c.steady == NULL:
        begin_with(c.leak_g[0], c.v_leak[0], c.v_reset[0], <real> 0.0, v, end, synaptic, before, c.dt, n,
                   start, slope, stage)
    elif c.uniform:
        begin_with(c.leak_g[0], c.v_leak[0], c.v_reset[0], <Source> (c.steady + lo), v, end, synaptic, before, c.dt, n,
                   start, slope, stage)
    elif c.steady == NULL:
        begin_with(<Source> (c.leak_g + lo), <Source> (c.v_leak + lo), <Source> (c.v_reset + lo), <real> 0.0, v, end,
                   synaptic, before, c.dt, n, start, slope, stage)
    else:
        begin_with(<Source> (c.leak_g + lo), <Source> (c.v_leak + lo), <Source> (c.v_reset + lo),
                   <Source> (c.steady + lo), v, end, synaptic, before, c.dt, n, start, slope, stage)


cdef Count move_with(Value leak_g, Value v_leak, Value half, Value v_threshold, Afferent afferent, Source start,
                     Source slope, Source stage, Source synaptic, Py_ssize_t n, Target v) noexcept nogil:
    cdef Py_ssize_t i
    cdef Count spikes = 0
    cdef real net
    for i in range(n):
        net = net_current(afferent_of(afferent, i), leak_current(of(leak_g, i), stage[i], of(v_leak, i)), synaptic[i])
        v[i] = heun_step_by(start[i], slope[i], net, of(half, i))
        spikes += v[i] >= of(v_threshold, i)
    return spikes


cdef Count move(Cells *c, Py_ssize_t lo, Py_ssize_t n, Source start, Source slope, Source stage,
                Source synaptic) noexcept nogil:
    """The potential a step ahead; returns how many neurons reach threshold."""
    cdef Target v = c.v + lo
    if c.uniform and c.steady == NULL:
        return move_with(c.leak_g[0], c.v_leak[0], c.half[0], c.v_threshold[0], <real> 0.0, start, slope, stage,
                         synaptic, n, v)
    if c.uniform:
        return move_with(c.leak_g[0], c.v_leak[0], c.half[0], c.v_threshold[0], <Source> (c.steady + lo), start, slope,
                         stage, synaptic, n, v)
    if c.steady == NULL:
        return move_with(<Source> (c.leak_g + lo), <Source> (c.v_leak + lo), <Source> (c.half + lo),
                         <Source> (c.v_threshold + lo), <real> 0.0, start, slope, stage, synaptic, n, v)
    return move_with(<Source> (c.leak_g + lo), <Source> (c.v_leak + lo), <Source> (c.half + lo),
                     <Source> (c.v_threshold + lo), <Source> (c.steady + lo), start, slope, stage, synaptic, n, v)


cdef bint any_at(Value v_threshold, Source v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef Count found = 0
    for i in range(n):
        found += v[i] >= of(v_threshold, i)
    return found > 0


cdef bint any_spikes(Cells *c, Py_ssize_t lo, Py_ssize_t n) noexcept nogil:
    if c.uniform:
        return any_at(c.v_threshold[0], <Source> (c.v + lo), n)
    return any_at(<Source> (c.v_threshold + lo), <Source> (c.v + lo), n)


cdef void note_spikes(Cells *c, Py_ssize_t lo, Py_ssize_t n, double time, const real *start,
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


include "fast_usual.pxi"


cdef Count move_in_turn(Cells *c, Py_ssize_t lo, Py_ssize_t n, bint flushing, real *start, real *slope,
                        real *stage, real *force) noexcept nogil:
    """Gating, currents and potential a step ahead; returns how many neurons reach threshold."""
    cdef int k
    for k in range(3):
        if c.receptors[k].active:
            relax_gate(&c.receptors[k].gate, lo, n, flushing)
    clear(n, c.synaptic + lo)
    add_currents(c, lo, n, stage, force, c.synaptic + lo)
    return move(c, lo, n, start, slope, stage, c.synaptic + lo)


cdef Count step_listening(Cells *c, Py_ssize_t lo, Py_ssize_t n, double before, bint flushing, real *start,
                          real *slope, real *stage, real *force) noexcept nogil:
    begin_step(c, lo, n, before, start, slope, stage)
    if not c.receptors[NMDA].channel.closed and c.receptors[NMDA].active:
        find_force(&c.receptors[NMDA].channel, stage, lo, n, force)
    if is_usual(c) and not flushing and not c.receptors[NMDA].gate.watched:
        return move_usual(c, lo, n, start, slope, stage, force)
    return move_in_turn(c, lo, n, flushing, start, slope, stage, force)


cdef void relax_inputs(Cells *c, Py_ssize_t block, Py_ssize_t step, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t lo = block*BLOCK
    cdef int k
    for k in range(2):
        if c.inputs[k].active:
            relax_first_order(c.inputs[k].left, n, c.inputs[k].s + lo)
            if step % FLUSH_EVERY == 0:
                flush(n, c.inputs[k].s + lo)
            if c.inputs[k].driven:
                add_arrivals(c, &c.inputs[k], block, step, n, c.inputs[k].s + lo)


cdef void predict_block(Cells *c, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil:
    """Take a block a step ahead as if no spike came."""
    cdef real space[4*BLOCK + LINE]
    cdef real *start = whole_lines(space)
    cdef real *slope = start + BLOCK
    cdef Py_ssize_t lo = block*BLOCK
    cdef Py_ssize_t n = min(<Py_ssize_t> BLOCK, c.size - lo)
    cdef real *stage = c.stage + lo if keep else slope + BLOCK
    cdef real *force = c.force + lo if keep else slope + 2*BLOCK
    cdef bint flushing = step % FLUSH_EVERY == 0
    # the inputs first: what the loops after them share then stays in the first-level cache
    relax_inputs(c, block, step, n)
    if is_alone(c):
        c.counts[block] = step_alone(c, lo, n, before, start, stage)
    else:
        c.counts[block] = step_listening(c, lo, n, before, flushing, start, slope, stage, force)
    if c.counts[block] > 0:
        note_spikes(c, lo, n, step*c.dt, start, c.counts[block])


# Spikes that arrive

cdef void correct(Value half, Source net, Py_ssize_t n, Target v, Target synaptic) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        # the second slope has changed, by as much as the currents have
        v[i] = heun_step_by(v[i], synaptic[i], -net[i], of(half, i))
        synaptic[i] = net[i]


cdef void advance_block(Cells *c, Py_ssize_t block) noexcept nogil:
    """Take in the spikes of the step: gating at its end, currents, potential. Their sums are cleared."""
    cdef real net[BLOCK]
    cdef Py_ssize_t lo = block*BLOCK
    cdef Py_ssize_t n = min(<Py_ssize_t> BLOCK, c.size - lo)
    cdef real *sums
    if not c.excited and not c.quieted:
        return
    if c.excited and c.excitatory < EXCITATORY:
        take_and_clear(c, AMPA, lo, n, c.excitation_alike, c.excitation, c.excited_apart, c.excitatory)
    elif c.excited and c.excited_apart and takes_usual_excitation(c.receptors):
        take_usual_excitation(c.receptors, c.excitation_alike, lo, n, c.excitation + EXCITATORY*lo,
                              c.receptors[AMPA].gate.s + lo, c.receptors[NMDA].gate.s + lo,
                              c.receptors[NMDA].gate.x + lo)
    elif c.excited:
        sums = c.excitation + EXCITATORY*lo
        take_spikes(c, AMPA, lo, n, c.excitation_alike, sums, c.excited_apart, EXCITATORY)
        take_spikes(c, NMDA, lo, n, c.excitation_alike + 2, sums + 2, c.excited_apart, EXCITATORY)
        if c.excited_apart:
            clear(EXCITATORY*n, sums)
    if c.quieted:
        take_and_clear(c, GABA, lo, n, c.inhibition_alike, c.inhibition, c.quieted_apart, c.inhibitory)
    if is_usual(c):
        correct_usual(c, lo, n)
        return
    clear(n, net)
    add_currents(c, lo, n, c.stage + lo, c.force + lo, net)
    if c.uniform:
        correct(c.half[0], net, n, c.v + lo, c.synaptic + lo)
    else:
        correct(<Source> (c.half + lo), net, n, c.v + lo, c.synaptic + lo)


include "fast_through.pxi"


cdef void step_block(Cells *c, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil:
    """Take in the spikes of the step before, then go a step ahead as if no spike came.

    `before` is the time of the step before, after which refractory periods end; infinite
    where that step was settled. With `keep`, the potential of the second slope stays to be used again.
    """
    if (c.excited or c.quieted) and keep and step % FLUSH_EVERY != 0 and goes_through(c):
        through_block(c, block, step, before)
        return
    advance_block(c, block)
    predict_block(c, block, step, before, keep)


cdef void settle_block(Cells *c, Py_ssize_t block, double before) noexcept nogil:
    """Leave the state at the end of the step whose time was `before`."""
    cdef Py_ssize_t i, one = 0 if c.uniform else 1
    advance_block(c, block)
    for i in range(block*BLOCK, min((block + 1)*BLOCK, c.size)):
        if not c.end_refractory[i] < before:
            c.v[i] = c.v_reset[one*i]


cdef void show_current(Channel *k, Source s, Cells *c, Py_ssize_t lo, Py_ssize_t n, Target curr) noexcept nogil:
    clear(n, curr)
    conduct(k, s, c.stage + lo, c.force + lo, lo, n, curr)


cdef void show_block(Cells *c, Py_ssize_t block) noexcept nogil:
    """Write out each current at the end of a step that was predicted with `keep`."""
    cdef Py_ssize_t lo = block*BLOCK
    cdef Py_ssize_t i, n = min(<Py_ssize_t> BLOCK, c.size - lo), one = 0 if c.uniform else 1
    cdef int k
    for k in range(2):
        if c.inputs[k].active:
            show_current(&c.inputs[k].channel, c.inputs[k].s, c, lo, n, c.inputs[k].curr + lo)
    for k in range(3):
        if c.receptors[k].active and (k != GABA or c.inhibited):
            show_current(&c.receptors[k].channel, c.receptors[k].gate.s, c, lo, n, c.receptors[k].curr + lo)
    for i in range(lo, lo + n):
        c.leak[i] = leak_current(c.leak_g[one*i], c.stage[i], c.v_leak[one*i])


cdef void find_most(Gate *g, Py_ssize_t n) noexcept nogil:
    """Bound x anew: what spikes may have added at most is more than what they did."""
    cdef Py_ssize_t i
    cdef real most = 0.0
    for i in range(n):
        most = max(most, <real> fabs(g.x[i]))
    g.most_x = most


cdef void let_go(Cells *c) noexcept nogil:
    """Pass over inputs that nothing drives any more, and of whose gating nothing is left; bound gating anew."""
    cdef Poisson *p
    cdef Py_ssize_t i, open_somewhere
    cdef int k
    for k in range(2):
        p = &c.inputs[k]
        if not p.active or p.driven:
            continue
        open_somewhere = 0
        for i in range(c.size):
            open_somewhere += p.s[i] != <real> 0.0
        if open_somewhere == 0:
            p.active = False
            clear(c.size, p.curr)
    for k in range(3):
        if c.receptors[k].gate.second:
            find_most(&c.receptors[k].gate, c.size)


# Projections

cdef void add_one(Doubles weights, const double *parts, Py_ssize_t n, Target sums) noexcept nogil:
    cdef Py_ssize_t i
    cdef real a = parts[0]
    for i in range(n):
        sums[i] += a*<real> weights[i]


cdef void add_four(Doubles weights, const double *parts, Py_ssize_t n, Target sums) noexcept nogil:
    cdef Py_ssize_t i
    cdef real weight, a = parts[0], b = parts[1], c = parts[2], d = parts[3]
    for i in range(n):
        weight = <real> weights[i]
        sums[4*i] += a*weight
        sums[4*i + 1] += b*weight
        sums[4*i + 2] += c*weight
        sums[4*i + 3] += d*weight


cdef void add_two(Doubles weights, const double *parts, Py_ssize_t n, Target sums) noexcept nogil:
    cdef Py_ssize_t i
    cdef real weight, a = parts[0], b = parts[1]
    for i in range(n):
        weight = <real> weights[i]
        sums[2*i] += a*weight
        sums[2*i + 1] += b*weight


cdef inline Py_ssize_t places_of(Link *link) noexcept nogil:
    return link.target.excitatory if link.excites else link.target.inhibitory


cdef inline real *sums_of(Link *link) noexcept nogil:
    return link.target.excitation if link.excites else link.target.inhibition


cdef void add_row(Link *link, const double *weights, Py_ssize_t lo, Py_ssize_t n, const double *parts) noexcept nogil:
    cdef Py_ssize_t places = places_of(link)
    cdef real *sums = sums_of(link) + places*lo
    if n <= 0:
        return
    if places == 1:
        add_one(weights, parts, n, sums)
    elif places == 2:
        add_two(weights, parts, n, sums)
    else:
        add_four(weights, parts, n, sums)


cdef void add_stretch(Link *link, const double *weights, Py_ssize_t lo, Py_ssize_t n, Py_ssize_t start, Py_ssize_t stop,
                      const double *parts) noexcept nogil:
    """Of weights onto targets from `lo` on, those from `start` to `stop`."""
    cdef Py_ssize_t first = max(lo, start)
    add_row(link, weights + (first - lo), first, min(lo + n, stop) - first, parts)


cdef inline void add_each_one(const int *indices, Weight weights, Py_ssize_t n, const double *parts,
                              real *all) noexcept nogil:
    cdef Py_ssize_t k
    cdef real a = parts[0]
    for k in range(n):
        all[indices[k]] += a*<real> weight_of(weights, k)


cdef inline void add_each_four(const int *indices, Weight weights, Py_ssize_t n, const double *parts,
                               real *all) noexcept nogil:
    cdef Py_ssize_t k
    cdef real weight, a = parts[0], b = parts[1], c = parts[2], d = parts[3]
    cdef real *sums
    for k in range(n):
        weight = <real> weight_of(weights, k)
        sums = all + 4*<Py_ssize_t> indices[k]
        sums[0] += a*weight
        sums[1] += b*weight
        sums[2] += c*weight
        sums[3] += d*weight


cdef inline void add_each_two(const int *indices, Weight weights, Py_ssize_t n, const double *parts,
                              real *all) noexcept nogil:
    cdef Py_ssize_t k
    cdef real weight, a = parts[0], b = parts[1]
    cdef real *sums
    for k in range(n):
        weight = <real> weight_of(weights, k)
        sums = all + 2*<Py_ssize_t> indices[k]
        sums[0] += a*weight
        sums[1] += b*weight


cdef void add_each(Link *link, const int *indices, Weight weights, Py_ssize_t n, const double *parts) noexcept nogil:
    cdef Py_ssize_t places = places_of(link)
    if places == 1:
        add_each_one(indices, weights, n, parts, sums_of(link))
    elif places == 2:
        add_each_two(indices, weights, n, parts, sums_of(link))
    else:
        add_each_four(indices, weights, n, parts, sums_of(link))


cdef void add_sparse(Link *link, Py_ssize_t source, Py_ssize_t start, Py_ssize_t stop,
                     const double *parts) noexcept nogil:
    cdef Py_ssize_t first = link.indptr[source], last = link.indptr[source + 1]
    if start > 0:
        first = place_of(link.indices, first, last, start)
    if stop < link.n_target:
        last = place_of(link.indices, first, last, stop)
    if link.width == 1:
        add_each(link, link.indices + first, link.values[0], last - first, parts)
    else:
        add_each(link, link.indices + first, link.values + first, last - first, parts)


cdef void add_bump(Link *link, Py_ssize_t source, Py_ssize_t start, Py_ssize_t stop,
                   const double *parts) noexcept nogil:
    cdef Py_ssize_t lo = (source + link.first) % link.n_target, ahead
    if lo < 0:
        lo += link.n_target
    ahead = min(link.width, link.n_target - lo)
    add_stretch(link, link.values, lo, ahead, start, stop, parts)
    add_stretch(link, link.values + ahead, 0, link.width - ahead, start, stop, parts)


cdef void fetch(Link *link, Py_ssize_t source) noexcept nogil:
    """Ask for a row of sparse weights, which in a large network comes from far off, and is short."""
    cdef Py_ssize_t k
    if link.kind != SPARSE:
        return
    k = link.indptr[source]
    while k < link.indptr[source + 1]:
        lifext_fetch(link.indices + k)
        if link.width > 1:
            lifext_fetch(link.values + k)
            lifext_fetch(link.values + k + 8)
        k += 16


cdef void parts_left(Gate *g, double left, double *parts) noexcept nogil:
    """What a spike of weight 1 adds, by the end of the step, to a gating's first variable, and to its integral."""
    if g.coarse:
        parts[0] = fast_exp(-left/g.tau_x)
        parts[1] = g.tau_x*(1.0 - parts[0])
    elif g.second:
        parts[0] = linear_decay(left, g.tau_x)
        parts[1] = left*linear_decay(left, g.tau_x)
    else:
        parts[0] = fast_exp(-left/g.tau_s)
        parts[1] = 0.0


cdef void deliver(Link *link, Py_ssize_t source, double time, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """A spike `time` after the start of the step, to targets from `start` to `stop`."""
    cdef double parts[EXCITATORY]
    cdef double *alike
    cdef Cells *c = link.target
    cdef double left = c.dt - time
    cdef Py_ssize_t j, places = places_of(link)
    parts[0] = parts[1] = parts[2] = parts[3] = 0.0
    if link.excites:
        alike = c.excitation_alike
    else:
        alike = c.inhibition_alike
        parts_left(&c.receptors[GABA].gate, left, parts)
    if link.ampa:
        parts_left(&c.receptors[AMPA].gate, left, parts)
    if link.nmda:
        parts_left(&c.receptors[NMDA].gate, left, parts + 2)
    if start == 0 and link.flat != 0.0:
        for j in range(places):
            alike[j] += parts[j]*link.flat
    if link.kind == DENSE:
        add_row(link, link.dense + source*link.n_target + start, start, stop - start, parts)
    elif link.kind == SPARSE:
        add_sparse(link, source, start, stop, parts)
    elif link.kind == RING:
        add_bump(link, source, start, stop, parts)
    elif link.kind != UNIFORM:
        add_stretch(link, link.values + (source if link.width > 1 else 0), source, 1, start, stop, parts)


cdef FastLoops fast_table

fast_table.step, fast_table.settle, fast_table.fetch = step_block, settle_block, fetch
fast_table.show, fast_table.deliver, fast_table.let_go = show_block, deliver, let_go
fast_table.arrivals, fast_table.exponentials = arrivals, exponentials


def fast_address():
    """Return where this build's table of the fast arithmetic's kernels is."""
    return <size_t> &fast_table
