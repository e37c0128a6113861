# Where spikes come in nearly every step, taking them in (`advance_block`) and going the next step (`predict_block`) are
# two ways through all of a population's state. For cells with first-order AMPA and GABA receptors, and nothing behind
# the magnesium block, since their NMDA receptors are reached by no spike or conduct nothing, both are one loop here.
# The operations on a neuron and their order are the same, and so are the bits.

ctypedef fused Slow:
    real
    Target


cdef bint goes_through(Cells *c) noexcept nogil:
    cdef Receptor *r = c.receptors
    if not (c.uniform and c.inputs[NOISE].channel.uniform) or c.inputs[AFFERENT].active:
        return False
    if r[AMPA].gate.second or r[GABA].gate.second or not (r[AMPA].gate.uniform and r[GABA].gate.uniform):
        return False
    if c.inhibitory != 1:
        return False
    if c.excitatory == EXCITATORY:
        return (r[NMDA].channel.closed and r[NMDA].gate.second and r[NMDA].gate.uniform
                and not (r[NMDA].gate.watched or r[NMDA].gate.crowded))
    return c.excitatory == 1 and not r[NMDA].active


cdef Count through_with(Cells *c, Afferent steady, Noise noise_before, Noise noise, Slow s_nmda, Slow x_nmda,
                        Doubles end_refractory, double before, Py_ssize_t n, Target excitation, Target inhibition,
                        Target s_ampa, Target s_gaba, Target start, Target stage, Target synaptic,
                        Target v) noexcept nogil:
    """What `advance_block` does, and `predict_block` after it; returns how many neurons reach threshold."""
    cdef Usual u = usual_channels(c)
    cdef Gate *nmda = &c.receptors[NMDA].gate
    cdef real alpha_ampa = c.receptors[AMPA].gate.alpha_s[0], alpha_gaba = c.receptors[GABA].gate.alpha_s[0]
    cdef real left_ampa = c.receptors[AMPA].gate.left_s, left_gaba = c.receptors[GABA].gate.left_s
    cdef real leak_g = c.leak_g[0], v_leak = c.v_leak[0], half = c.half[0], dt = c.dt
    cdef real v_threshold = c.v_threshold[0], v_reset = c.v_reset[0]
    cdef real alpha_x = 0.0, alpha = 0.0, left_x = 0.0, loss = 0.0, rise = 0.0
    cdef real ampa, gaba, opened, risen, here, there, total, slope, net
    cdef Count spikes = 0
    cdef Py_ssize_t i
    if Slow is Target:
        alpha_x, left_x, loss = nmda.alpha_x[0], nmda.left_x, nmda.loss
        alpha, rise = nmda.alpha_s[0]*alpha_x, <real> nmda.open_x*nmda.alpha_s[0]
    for i in range(n):
        if Slow is Target:
            opened = jump(s_nmda[i], alpha*excitation[4*i + 3], <real> 1.0 - s_nmda[i])
            risen = jump(x_nmda[i], alpha_x, excitation[4*i + 2])
            ampa = jump(s_ampa[i], alpha_ampa, excitation[4*i])
            excitation[4*i] = excitation[4*i + 1] = excitation[4*i + 2] = excitation[4*i + 3] = <real> 0.0
            s_nmda[i], x_nmda[i] = second_order_relaxed(opened, risen, rise, loss), relaxed(risen, left_x)
        else:
            ampa = jump(s_ampa[i], alpha_ampa, excitation[i])
            excitation[i] = <real> 0.0
        gaba = jump(s_gaba[i], alpha_gaba, inhibition[i])
        inhibition[i] = <real> 0.0
        total = usual_current(u, noise_before, <real> 0.0, ampa, <real> 0.0, gaba, stage[i], <real> 0.0, i)
        here = heun_step_by(v[i], synaptic[i], -total, half)
        here = here if end_refractory[i] < before else v_reset
        slope = net_current(afferent_of(steady, i), leak_current(leak_g, here, v_leak), total)
        there = heun_stage(here, slope, dt)
        ampa, gaba = relaxed(ampa, left_ampa), relaxed(gaba, left_gaba)
        total = usual_current(u, noise, <real> 0.0, ampa, <real> 0.0, gaba, there, <real> 0.0, i)
        net = net_current(afferent_of(steady, i), leak_current(leak_g, there, v_leak), total)
        s_ampa[i], s_gaba[i] = ampa, gaba
        start[i], stage[i], synaptic[i] = here, there, total
        v[i] = heun_step_by(here, slope, net, half)
        spikes += v[i] >= v_threshold
    return spikes


cdef Count through_with_noise(Cells *c, Py_ssize_t lo, Py_ssize_t n, Afferent steady, Noise noise_before, Noise noise,
                              double before, Target start) noexcept nogil:
    cdef Receptor *r = c.receptors
    if c.excitatory == 1:
        return through_with(c, steady, noise_before, noise, <real> 0.0, <real> 0.0, c.end_refractory + lo, before, n,
                            <Target> (c.excitation + lo), <Target> (c.inhibition + lo),
                            <Target> (r[AMPA].gate.s + lo), <Target> (r[GABA].gate.s + lo), start,
                            <Target> (c.stage + lo), <Target> (c.synaptic + lo), <Target> (c.v + lo))
    return through_with(c, steady, noise_before, noise, <Target> (r[NMDA].gate.s + lo), <Target> (r[NMDA].gate.x + lo),
                        c.end_refractory + lo, before, n, <Target> (c.excitation + EXCITATORY*lo),
                        <Target> (c.inhibition + lo), <Target> (r[AMPA].gate.s + lo), <Target> (r[GABA].gate.s + lo),
                        start, <Target> (c.stage + lo), <Target> (c.synaptic + lo), <Target> (c.v + lo))


cdef Count through_with_steady(Cells *c, Py_ssize_t lo, Py_ssize_t n, Noise noise_before, Noise noise, double before,
                               Target start) noexcept nogil:
    if c.steady == NULL:
        return through_with_noise(c, lo, n, <real> 0.0, noise_before, noise, before, start)
    return through_with_noise(c, lo, n, <Source> (c.steady + lo), noise_before, noise, before, start)


cdef void add_alike(const double *alike, Py_ssize_t places, Py_ssize_t n, Target sums) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef real part
    for j in range(places):
        part = alike[j]
        if part != <real> 0.0:
            for i in range(n):
                sums[places*i + j] = part + sums[places*i + j]


cdef void copied(Source x, Py_ssize_t n, Target out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = x[i]


cdef void through_block(Cells *c, Py_ssize_t block, Py_ssize_t step, double before) noexcept nogil:
    cdef real space[2*BLOCK + LINE]
    cdef real *start = whole_lines(space)
    cdef real *noise_before = start + BLOCK
    cdef Source noise
    cdef Py_ssize_t lo = block*BLOCK
    cdef Py_ssize_t n = min(<Py_ssize_t> BLOCK, c.size - lo)
    add_alike(c.excitation_alike, c.excitatory, n, c.excitation + c.excitatory*lo)
    add_alike(c.inhibition_alike, c.inhibitory, n, c.inhibition + c.inhibitory*lo)
    if c.inputs[NOISE].active:
        copied(c.inputs[NOISE].s + lo, n, noise_before)
        relax_inputs(c, block, step, n)
        noise = c.inputs[NOISE].s + lo
        c.counts[block] = through_with_steady(c, lo, n, <Source> noise_before, noise, before, start)
    else:
        c.counts[block] = through_with_steady(c, lo, n, <real> 0.0, <real> 0.0, before, start)
    if c.counts[block] > 0:
        note_spikes(c, lo, n, step*c.dt, start, c.counts[block])
