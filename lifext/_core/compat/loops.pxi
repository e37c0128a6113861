# Every loop over neurons. Built once for each instruction set (`_loops.pyx`); since the
# equations are never contracted or reassociated, all builds give the same bits.
#
# A parameter is one number for all neurons, or one a neuron. Each loop with parameters has
# a body in both forms (`Param`): with numbers they stay in registers and what depends on
# them alone is computed once.
from libc.stdint cimport int32_t, uint8_t, uint32_t

from lifext._core.shared.buffers cimport EXPONENTIAL, SECOND_ORDER, Cell, Gating, PoissonInput
from lifext._core.shared.equations cimport (crossing_time, decay_exponent, heun_stage, heun_step, jump, leak_current,
                                            linear_decay, magnesium_block, magnesium_exponent, receptor_current,
                                            saturating_jump, second_order_rise, total_current)
from lifext._core.shared.loops cimport In, Loops, Out

ctypedef fused Param:
    double
    In


cdef inline double at(Param parameter, Py_ssize_t i) noexcept nogil:
    if Param is double:
        return parameter
    else:
        return parameter[i]


# Gating

cdef void scale(Out s, double left) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        s[i] = s[i]*left


cdef void scale_each(Out s, In left) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        s[i] = s[i]*left[i]


cdef void exponents_of_decay(double d, In tau, Out out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        out[i] = decay_exponent(d, tau[i])


cdef void project_linear_body(In s, double d, Param tau, Out out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        out[i] = s[i]*linear_decay(d, at(tau, i))


cdef void project_linear(Gating k, double d, Out out) noexcept nogil:
    if k.uniform:
        project_linear_body(k.s, d, k.tau_s[0], out)
    else:
        project_linear_body(k.s, d, k.tau_s, out)


cdef void project_second_body(In s, In x, double d, Param alpha_s, Param tau_x, Param tau_s, Out out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        out[i] = s[i] + second_order_rise(d, s[i], x[i], at(alpha_s, i), at(tau_x, i), at(tau_s, i))


cdef void project_second(Gating k, double d, Out out) noexcept nogil:
    if k.uniform:
        project_second_body(k.s, k.x, d, k.alpha_s[0], k.tau_x[0], k.tau_s[0], out)
    else:
        project_second_body(k.s, k.x, d, k.alpha_s, k.tau_x, k.tau_s, out)


cdef void relax_second_body(Out s, Out x, double d, Param alpha_s, Param tau_x, Param tau_s) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        s[i] = s[i] + second_order_rise(d, s[i], x[i], at(alpha_s, i), at(tau_x, i), at(tau_s, i))
        x[i] = x[i]*linear_decay(d, at(tau_x, i))


cdef void relax_second(Gating k, double d) noexcept nogil:
    if k.uniform:
        relax_second_body(k.s, k.x, d, k.alpha_s[0], k.tau_x[0], k.tau_s[0])
    else:
        relax_second_body(k.s, k.x, d, k.alpha_s, k.tau_x, k.tau_s)


cdef void jump_body(Out s, Param alpha, In w) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        s[i] = jump(s[i], at(alpha, i), w[i])


cdef void saturating_jump_body(Out s, Param alpha, In w) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        s[i] = saturating_jump(s[i], at(alpha, i), w[i])


cdef void take_spike(Gating k, In weights) noexcept nogil:
    if k.kind == SECOND_ORDER:
        if k.uniform:
            jump_body(k.x, k.alpha_x[0], weights)
        else:
            jump_body(k.x, k.alpha_x, weights)
    elif k.kind == EXPONENTIAL:
        if k.uniform:
            jump_body(k.s, k.alpha_s[0], weights)
        else:
            jump_body(k.s, k.alpha_s, weights)
    elif k.uniform:
        saturating_jump_body(k.s, k.alpha_s[0], weights)
    else:
        saturating_jump_body(k.s, k.alpha_s, weights)


# Poisson input

cdef inline uint32_t temper(uint32_t word) noexcept nogil:
    """The Mersenne Twister's output function (Matsumoto & Nishimura 1998)."""
    word ^= word >> 11
    word ^= (word << 7) & <uint32_t> 0x9d2c5680
    word ^= (word << 15) & <uint32_t> 0xefc60000
    return word ^ (word >> 18)


cdef void uniforms(const uint32_t *words, Py_ssize_t count, double *out) noexcept nogil:
    """Doubles in [0, 1) of 53 bits, 27 of one word and 26 of the next."""
    cdef Py_ssize_t i
    cdef int32_t high, low
    for i in range(count):
        high = <int32_t> (temper(words[2*i]) >> 5)
        low = <int32_t> (temper(words[2*i + 1]) >> 6)
        out[i] = (high*67108864.0 + low)/9007199254740992.0


cdef void arrival_exponents_body(In arrival, double dt, Param tau, Out before, Out after) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(arrival.shape[0]):
        before[i] = decay_exponent(arrival[i], at(tau, i))
        after[i] = decay_exponent(dt - arrival[i], at(tau, i))


cdef void arrival_exponents(PoissonInput p, double dt) noexcept nogil:
    if p.uniform:
        arrival_exponents_body(p.arrival, dt, p.tau[0], p.before, p.after)
    else:
        arrival_exponents_body(p.arrival, dt, p.tau, p.before, p.after)


cdef void take_arrivals_body(Out s, In before, Param alpha, In counts, In after) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(s.shape[0]):
        s[i] = jump(s[i]*before[i], at(alpha, i), counts[i])*after[i]


cdef void take_arrivals(PoissonInput p, In counts) noexcept nogil:
    if p.uniform:
        take_arrivals_body(p.s, p.before, p.alpha[0], counts, p.after)
    else:
        take_arrivals_body(p.s, p.before, p.alpha, counts, p.after)


cdef void input_current_body(Param g, In s, In v, Param reversal, Out curr, Out prev_curr) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(curr.shape[0]):
        prev_curr[i] = curr[i]
        curr[i] = receptor_current(at(g, i), s[i], v[i], at(reversal, i))


cdef void input_current(PoissonInput p, In v) noexcept nogil:
    if p.uniform:
        input_current_body(p.g[0], p.s, v, p.reversal[0], p.curr, p.prev_curr)
    else:
        input_current_body(p.g, p.s, v, p.reversal, p.curr, p.prev_curr)


# Membrane

cdef Py_ssize_t start_body(Cell c, Param g, Param v_leak, In v, In afferent, In noise, In ampa, In nmda, In gaba,
                           double dt, Out slope, Out stage, In known_at) noexcept nogil:
    cdef Py_ssize_t i, news = 0
    cdef bint inhibited = c.inhibited
    cdef double net, inhibition
    for i in range(slope.shape[0]):
        net = total_current(afferent[i], noise[i], leak_current(at(g, i), v[i], at(v_leak, i)), ampa[i], nmda[i])
        inhibition = net - gaba[i]
        net = inhibition if inhibited else net
        slope[i] = net
        stage[i] = heun_stage(v[i], net, dt)
        # a count, not an early exit: it vectorises, and the answer nearly always is none
        news += not stage[i] == known_at[i]
    return news


cdef Py_ssize_t start(Cell c, In afferent, In noise, double dt) noexcept nogil:
    if c.uniform:
        return start_body(c, c.leak_g[0], c.v_leak[0], c.v, afferent, noise, c.ampa.curr, c.nmda.curr,
                          c.gaba.curr, dt, c.slope1, c.stage, c.exp_known_at)
    return start_body(c, c.leak_g, c.v_leak, c.v, afferent, noise, c.ampa.curr, c.nmda.curr,
                      c.gaba.curr, dt, c.slope1, c.stage, c.exp_known_at)


cdef void block_exponent_body(In v, Out known_at, Out out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        known_at[i] = v[i]
        out[i] = magnesium_exponent(v[i])


cdef void block_exponent(Cell c) noexcept nogil:
    block_exponent_body(c.stage, c.exp_known_at, c.exp_of_v)


cdef void predict_body(Cell c, Param leak_g, Param v_leak, Param ampa_g, Param ampa_v, Param nmda_g, Param nmda_v,
                       Param mg, Param gaba_g, Param gaba_v, Param cm, In ampa_s, In nmda_s, In gaba_s,
                       In afferent, In noise, In v, In slope, In stage, In exp_of_v, double dt,
                       Out v_ahead) noexcept nogil:
    cdef Py_ssize_t i
    cdef bint inhibited = c.inhibited
    cdef double u, net, inhibition
    for i in range(v_ahead.shape[0]):
        u = stage[i]
        net = total_current(
            afferent[i], noise[i], leak_current(at(leak_g, i), u, at(v_leak, i)),
            receptor_current(at(ampa_g, i), ampa_s[i], u, at(ampa_v, i)),
            receptor_current(at(nmda_g, i), nmda_s[i], u, at(nmda_v, i))/magnesium_block(at(mg, i), exp_of_v[i]))
        inhibition = net - receptor_current(at(gaba_g, i), gaba_s[i], u, at(gaba_v, i))
        net = inhibition if inhibited else net
        v_ahead[i] = heun_step(v[i], slope[i], net, dt, at(cm, i))


cdef void predict(Cell c, In afferent, double dt) noexcept nogil:
    if c.uniform:
        predict_body(c, c.leak_g[0], c.v_leak[0], c.ampa_g[0], c.ampa_v[0], c.nmda_g[0], c.nmda_v[0], c.mg[0],
                     c.gaba_g[0], c.gaba_v[0], c.cm[0], c.ampa.gate_ahead, c.nmda.gate_ahead, c.gaba.gate_ahead,
                     afferent, c.noise.curr, c.v, c.slope1, c.stage, c.exp_of_v, dt, c.v_ahead)
    else:
        predict_body(c, c.leak_g, c.v_leak, c.ampa_g, c.ampa_v, c.nmda_g, c.nmda_v, c.mg,
                     c.gaba_g, c.gaba_v, c.cm, c.ampa.gate_ahead, c.nmda.gate_ahead, c.gaba.gate_ahead,
                     afferent, c.noise.curr, c.v, c.slope1, c.stage, c.exp_of_v, dt, c.v_ahead)


cdef Py_ssize_t mark_body(In v_ahead, Param v_threshold, double dt, uint8_t[::1] spiked,
                          Out spike_time) noexcept nogil:
    cdef Py_ssize_t i, count = 0
    cdef uint8_t crossed
    for i in range(v_ahead.shape[0]):
        crossed = v_ahead[i] >= at(v_threshold, i)
        spiked[i] = crossed
        spike_time[i] = dt
        count += crossed
    return count


cdef void cross_body(Cell c, Param v_threshold, Param refractory, double dt, double time) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(c.size):
        if c.spiked[i]:
            c.spike_time[i] = crossing_time(at(v_threshold, i), c.v[i], c.v_ahead[i], dt)
            c.end_refractory[i] = time + c.spike_time[i] + at(refractory, i)


cdef Py_ssize_t find_crossings(Cell c, double dt, double time) noexcept nogil:
    cdef Py_ssize_t count
    if c.uniform:
        count = mark_body(c.v_ahead, c.v_threshold[0], dt, c.spiked, c.spike_time)
        if count > 0:
            cross_body(c, c.v_threshold[0], c.refractory[0], dt, time)
    else:
        count = mark_body(c.v_ahead, c.v_threshold, dt, c.spiked, c.spike_time)
        if count > 0:
            cross_body(c, c.v_threshold, c.refractory, dt, time)
    return count


cdef void take_currents_body(Param ampa_g, Param ampa_v, Param nmda_g, Param nmda_v, Param mg, In ampa_s, In nmda_s,
                             In stage, In exp_of_v, Out ampa, Out prev_ampa, Out nmda, Out prev_nmda) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(stage.shape[0]):
        prev_ampa[i] = ampa[i]
        prev_nmda[i] = nmda[i]
        ampa[i] = receptor_current(at(ampa_g, i), ampa_s[i], stage[i], at(ampa_v, i))
        nmda[i] = (receptor_current(at(nmda_g, i), nmda_s[i], stage[i], at(nmda_v, i))
                   / magnesium_block(at(mg, i), exp_of_v[i]))


cdef void take_inhibition_body(Param g, Param reversal, In s, In stage, Out curr, Out prev_curr) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(stage.shape[0]):
        prev_curr[i] = curr[i]
        curr[i] = receptor_current(at(g, i), s[i], stage[i], at(reversal, i))


cdef void move_body(Cell c, Param leak_g, Param v_leak, Param cm, Param v_reset, In afferent, In noise, In ampa,
                    In nmda, In gaba, In stage, In slope, In end_refractory, double dt, double time,
                    Out leak, Out prev_leak, Out v) noexcept nogil:
    cdef Py_ssize_t i
    cdef bint inhibited = c.inhibited
    cdef double net, inhibition, moved, reset
    for i in range(v.shape[0]):
        prev_leak[i] = leak[i]
        leak[i] = leak_current(at(leak_g, i), stage[i], at(v_leak, i))
        net = total_current(afferent[i], noise[i], leak[i], ampa[i], nmda[i])
        inhibition = net - gaba[i]
        net = inhibition if inhibited else net
        moved = heun_step(v[i], slope[i], net, dt, at(cm, i))
        reset = at(v_reset, i)
        v[i] = moved if end_refractory[i] < time else reset


cdef void advance(Cell c, In afferent, double dt, double time) noexcept nogil:
    if c.uniform:
        take_currents_body(c.ampa_g[0], c.ampa_v[0], c.nmda_g[0], c.nmda_v[0], c.mg[0], c.ampa.gating.s,
                           c.nmda.gating.s, c.stage, c.exp_of_v, c.ampa.curr, c.ampa.prev_curr, c.nmda.curr,
                           c.nmda.prev_curr)
        if c.inhibited:
            take_inhibition_body(c.gaba_g[0], c.gaba_v[0], c.gaba.gating.s, c.stage, c.gaba.curr, c.gaba.prev_curr)
        move_body(c, c.leak_g[0], c.v_leak[0], c.cm[0], c.v_reset[0], afferent, c.noise.curr, c.ampa.curr,
                  c.nmda.curr, c.gaba.curr, c.stage, c.slope1, c.end_refractory, dt, time, c.leak.curr,
                  c.leak.prev_curr, c.v)
    else:
        take_currents_body(c.ampa_g, c.ampa_v, c.nmda_g, c.nmda_v, c.mg, c.ampa.gating.s,
                           c.nmda.gating.s, c.stage, c.exp_of_v, c.ampa.curr, c.ampa.prev_curr, c.nmda.curr,
                           c.nmda.prev_curr)
        if c.inhibited:
            take_inhibition_body(c.gaba_g, c.gaba_v, c.gaba.gating.s, c.stage, c.gaba.curr, c.gaba.prev_curr)
        move_body(c, c.leak_g, c.v_leak, c.cm, c.v_reset, afferent, c.noise.curr, c.ampa.curr,
                  c.nmda.curr, c.gaba.curr, c.stage, c.slope1, c.end_refractory, dt, time, c.leak.curr,
                  c.leak.prev_curr, c.v)


cdef Loops table

table.scale, table.scale_each, table.decay_exponent = scale, scale_each, exponents_of_decay
table.project_linear, table.project_second = project_linear, project_second
table.relax_second, table.take_spike = relax_second, take_spike
table.uniforms, table.arrival_exponents = uniforms, arrival_exponents
table.take_arrivals, table.input_current = take_arrivals, input_current
table.start, table.block_exponent, table.predict = start, block_exponent, predict
table.find_crossings, table.advance = find_crossings, advance


def address():
    """Return where this build's table of loops is."""
    return <size_t> &table
