# For the cells that nearly everyone has, and for those that no spike reaches, what `fast.pxi` does in a
# dozen loops is done in one here, which spares the first-level cache most of their loads and stores:
# parameters that are numbers, and first-order AMPA and GABA, second-order NMDA receptors, all of them in
# use, or none. The operations on a neuron and their order are the same, and so are the bits.
#
# What a population does not have is handed over as a number in place of an array, and left out.

ctypedef fused Noise:
    real
    Source

ctypedef fused Train:
    real
    Source

ctypedef fused Force:
    real
    Source


cdef struct Usual:
    real noise_g
    real noise_v
    real train_g
    real train_v
    real ampa_g
    real ampa_v
    real nmda_g
    real gaba_g
    real gaba_v


cdef bint is_usual(Cells *c) noexcept nogil:
    cdef Receptor *r = c.receptors
    return (c.uniform and c.inputs[NOISE].channel.uniform
            and (not c.inputs[AFFERENT].active or c.inputs[AFFERENT].channel.uniform)
            and r[AMPA].active and r[NMDA].active and r[GABA].active
            and r[AMPA].gate.uniform and r[NMDA].gate.uniform and r[GABA].gate.uniform
            and not r[AMPA].gate.second and r[NMDA].gate.second and not r[GABA].gate.second)


cdef inline real conductance(Channel *k) noexcept nogil:
    return <real> 0.0 if k.closed else k.g[0]


cdef Usual usual_channels(Cells *c) noexcept nogil:
    cdef Usual u
    cdef Receptor *r = c.receptors
    u.noise_g, u.noise_v = conductance(&c.inputs[NOISE].channel), c.inputs[NOISE].channel.reversal[0]
    u.train_g = u.train_v = 0.0
    if c.inputs[AFFERENT].active:
        u.train_g, u.train_v = conductance(&c.inputs[AFFERENT].channel), c.inputs[AFFERENT].channel.reversal[0]
    u.ampa_g, u.ampa_v = conductance(&r[AMPA].channel), r[AMPA].channel.reversal[0]
    u.nmda_g = conductance(&r[NMDA].channel)
    u.gaba_g, u.gaba_v = conductance(&r[GABA].channel), r[GABA].channel.reversal[0]
    return u


cdef inline real current_of_inputs(Usual u, Noise s_noise, Train s_train, real stage, Py_ssize_t i) noexcept nogil:
    """With what the sum that `add_currents` makes begins; that it begins there with 0 makes no difference."""
    cdef real total = 0.0
    if Noise is Source:
        total = driven_current(u.noise_g, s_noise[i], driving_force(stage, u.noise_v))
    if Train is Source:
        total = total + driven_current(u.train_g, s_train[i], driving_force(stage, u.train_v))
    return total


cdef inline real usual_current(Usual u, Noise s_noise, Train s_train, real s_ampa, real s_nmda, real s_gaba,
                               real stage, Force force, Py_ssize_t i) noexcept nogil:
    """The sum that `add_currents` makes."""
    cdef real total = driven_current(u.ampa_g, s_ampa, driving_force(stage, u.ampa_v))
    if Noise is Source:
        total = current_of_inputs(u, s_noise, s_train, stage, i) + total
    if Force is Source:
        total = total + driven_current(u.nmda_g, s_nmda, force[i])
    return total + driven_current(u.gaba_g, s_gaba, driving_force(stage, u.gaba_v))


cdef Count usual_move(Cells *c, Afferent steady, Noise s_noise, Train s_train, Force force, Source start,
                      Source slope, Source stage, Py_ssize_t n, Target s_ampa, Target s_nmda, Target x_nmda,
                      Target s_gaba, Target synaptic, Target v) noexcept nogil:
    """Gating, currents and potential a step ahead; returns how many neurons reach threshold."""
    cdef Usual u = usual_channels(c)
    cdef Gate *nmda = &c.receptors[NMDA].gate
    cdef real left_ampa = c.receptors[AMPA].gate.left_s, left_gaba = c.receptors[GABA].gate.left_s
    cdef real open_x = nmda.open_x, loss = nmda.loss, left_x = nmda.left_x
    cdef real rise = open_x*nmda.alpha_s[0]
    cdef real leak_g = c.leak_g[0], v_leak = c.v_leak[0], half = c.half[0], v_threshold = c.v_threshold[0]
    cdef real total, net
    cdef Count spikes = 0
    cdef Py_ssize_t i
    for i in range(n):
        s_ampa[i] = relaxed(s_ampa[i], left_ampa)
        s_nmda[i] = second_order_relaxed(s_nmda[i], x_nmda[i], rise, loss)
        x_nmda[i] = relaxed(x_nmda[i], left_x)
        s_gaba[i] = relaxed(s_gaba[i], left_gaba)
        total = usual_current(u, s_noise, s_train, s_ampa[i], s_nmda[i], s_gaba[i], stage[i], force, i)
        net = net_current(afferent_of(steady, i), leak_current(leak_g, stage[i], v_leak), total)
        synaptic[i] = total
        v[i] = heun_step_by(start[i], slope[i], net, half)
        spikes += v[i] >= v_threshold
    return spikes


cdef void usual_correct(Cells *c, Noise s_noise, Train s_train, Force force, Source s_ampa, Source s_nmda,
                        Source s_gaba, Source stage, Py_ssize_t n, Target synaptic, Target v) noexcept nogil:
    """Currents and potential, once the gating has taken in the spikes of the step."""
    cdef Usual u = usual_channels(c)
    cdef real total, half = c.half[0]
    cdef Py_ssize_t i
    for i in range(n):
        total = usual_current(u, s_noise, s_train, s_ampa[i], s_nmda[i], s_gaba[i], stage[i], force, i)
        v[i] = heun_step_by(v[i], synaptic[i], -total, half)
        synaptic[i] = total


cdef bint takes_usual_excitation(Receptor *r) noexcept nogil:
    """Whether excitation reaches first-order AMPA and second-order NMDA receptors, each with one alpha for all."""
    return (not r[AMPA].gate.second and r[AMPA].gate.uniform and r[NMDA].gate.second and r[NMDA].gate.uniform
            and not r[NMDA].gate.crowded)


cdef void take_usual_excitation(Receptor *r, const double *alike, Py_ssize_t lo, Py_ssize_t n, Target sums,
                                Target s_ampa, Target s_nmda, Target x_nmda) noexcept nogil:
    """As `take_spikes` of both and `clear`, in one go over the sums, which are more than all the rest."""
    cdef real alpha_ampa = r[AMPA].gate.alpha_s[0], alpha_x = r[NMDA].gate.alpha_x[0]
    cdef real alpha = r[NMDA].gate.alpha_s[0]*alpha_x
    cdef real ampa_alike = alike[0], nmda_alike = alike[2], integral_alike = alike[3]
    cdef real ampa, nmda, integral
    cdef Py_ssize_t i
    for i in range(n):
        ampa, nmda = ampa_alike + sums[4*i], nmda_alike + sums[4*i + 2]
        integral = integral_alike + sums[4*i + 3]
        sums[4*i] = sums[4*i + 1] = sums[4*i + 2] = sums[4*i + 3] = <real> 0.0
        s_ampa[i] = jump(s_ampa[i], alpha_ampa, ampa)
        s_nmda[i] = jump(s_nmda[i], alpha*integral, <real> 1.0 - s_nmda[i])
        x_nmda[i] = jump(x_nmda[i], alpha_x, nmda)


cdef void take_usual(real alpha, real alike, Py_ssize_t n, Target sums, Target s) noexcept nogil:
    """As `take_spikes` of a first-order receptor with one alpha for all, and `clear`."""
    cdef Py_ssize_t i
    for i in range(n):
        s[i] = jump(s[i], alpha, alike + sums[i])
        sums[i] = <real> 0.0


cdef void take_and_clear(Cells *c, int receptor, Py_ssize_t lo, Py_ssize_t n, const double *alike, real *sums,
                         bint apart, Py_ssize_t places) noexcept nogil:
    """What the spikes of a step add to receptors of one type, whose sums are cleared."""
    cdef Gate *g = &c.receptors[receptor].gate
    if apart and places == 1 and g.uniform:
        take_usual(g.alpha_s[0], alike[0], n, sums + lo, g.s + lo)
        return
    take_spikes(c, receptor, lo, n, alike, sums + places*lo, apart, places)
    if apart:
        clear(places*n, sums + places*lo)


# Which of its arrays a population has

cdef Count move_with_force(Cells *c, Py_ssize_t lo, Py_ssize_t n, Noise s_noise, Train s_train, Force force,
                           real *start, real *slope, real *stage) noexcept nogil:
    cdef Receptor *r = c.receptors
    if c.steady == NULL:
        return usual_move(c, <real> 0.0, s_noise, s_train, force, <Source> start, <Source> slope, <Source> stage, n,
                          <Target> (r[AMPA].gate.s + lo), <Target> (r[NMDA].gate.s + lo),
                          <Target> (r[NMDA].gate.x + lo), <Target> (r[GABA].gate.s + lo),
                          <Target> (c.synaptic + lo), <Target> (c.v + lo))
    return usual_move(c, <Source> (c.steady + lo), s_noise, s_train, force, <Source> start, <Source> slope,
                      <Source> stage, n, <Target> (r[AMPA].gate.s + lo), <Target> (r[NMDA].gate.s + lo),
                      <Target> (r[NMDA].gate.x + lo), <Target> (r[GABA].gate.s + lo), <Target> (c.synaptic + lo),
                      <Target> (c.v + lo))


cdef Count move_with_inputs(Cells *c, Py_ssize_t lo, Py_ssize_t n, Noise s_noise, Train s_train, real *start,
                            real *slope, real *stage, real *force) noexcept nogil:
    if c.receptors[NMDA].channel.closed:
        return move_with_force(c, lo, n, s_noise, s_train, <real> 0.0, start, slope, stage)
    return move_with_force(c, lo, n, s_noise, s_train, <Source> force, start, slope, stage)


cdef Count move_usual(Cells *c, Py_ssize_t lo, Py_ssize_t n, real *start, real *slope, real *stage,
                      real *force) noexcept nogil:
    cdef Source noise = c.inputs[NOISE].s + lo
    if c.inputs[AFFERENT].active:
        return move_with_inputs(c, lo, n, noise, <Source> (c.inputs[AFFERENT].s + lo), start, slope, stage, force)
    if c.inputs[NOISE].active:
        return move_with_inputs(c, lo, n, noise, <real> 0.0, start, slope, stage, force)
    return move_with_inputs(c, lo, n, <real> 0.0, <real> 0.0, start, slope, stage, force)


cdef void correct_with_inputs(Cells *c, Py_ssize_t lo, Py_ssize_t n, Noise s_noise, Train s_train) noexcept nogil:
    cdef Receptor *r = c.receptors
    if r[NMDA].channel.closed:
        usual_correct(c, s_noise, s_train, <real> 0.0, <Source> (r[AMPA].gate.s + lo), <Source> (r[NMDA].gate.s + lo),
                      <Source> (r[GABA].gate.s + lo), <Source> (c.stage + lo), n, <Target> (c.synaptic + lo),
                      <Target> (c.v + lo))
    else:
        usual_correct(c, s_noise, s_train, <Source> (c.force + lo), <Source> (r[AMPA].gate.s + lo),
                      <Source> (r[NMDA].gate.s + lo), <Source> (r[GABA].gate.s + lo), <Source> (c.stage + lo), n,
                      <Target> (c.synaptic + lo), <Target> (c.v + lo))


cdef void correct_usual(Cells *c, Py_ssize_t lo, Py_ssize_t n) noexcept nogil:
    cdef Source noise = c.inputs[NOISE].s + lo
    if c.inputs[AFFERENT].active:
        correct_with_inputs(c, lo, n, noise, <Source> (c.inputs[AFFERENT].s + lo))
    elif c.inputs[NOISE].active:
        correct_with_inputs(c, lo, n, noise, <real> 0.0)
    else:
        correct_with_inputs(c, lo, n, <real> 0.0, <real> 0.0)


# Cells that no spike reaches: without the magnesium block in between, one loop is the whole step

cdef bint is_alone(Cells *c) noexcept nogil:
    cdef int k
    for k in range(2):
        if c.inputs[k].active and not c.inputs[k].channel.uniform:
            return False
    for k in range(3):
        if c.receptors[k].active:
            return False
    return c.uniform


cdef Count step_with(Cells *c, Afferent steady, Noise s_noise, Train s_train, Doubles end_refractory, double before,
                     Py_ssize_t n, Target start, Target stage, Target synaptic, Target v) noexcept nogil:
    """Both slopes of RK2; returns how many neurons reach threshold."""
    cdef Usual u = usual_channels(c)
    cdef real leak_g = c.leak_g[0], v_leak = c.v_leak[0], half = c.half[0], dt = c.dt
    cdef real v_threshold = c.v_threshold[0], v_reset = c.v_reset[0]
    cdef real here, there, slope, total, net
    cdef Count spikes = 0
    cdef Py_ssize_t i
    for i in range(n):
        here = v[i]
        # the refractory ones are where the last step put them
        here = here if end_refractory[i] < before else v_reset
        slope = net_current(afferent_of(steady, i), leak_current(leak_g, here, v_leak), synaptic[i])
        there = heun_stage(here, slope, dt)
        total = current_of_inputs(u, s_noise, s_train, there, i)
        net = net_current(afferent_of(steady, i), leak_current(leak_g, there, v_leak), total)
        start[i], stage[i], synaptic[i] = here, there, total
        v[i] = heun_step_by(here, slope, net, half)
        spikes += v[i] >= v_threshold
    return spikes


cdef Count step_with_inputs(Cells *c, Py_ssize_t lo, Py_ssize_t n, Noise s_noise, Train s_train, double before,
                            Target start, Target stage) noexcept nogil:
    cdef Doubles end = c.end_refractory + lo
    if c.steady == NULL:
        return step_with(c, <real> 0.0, s_noise, s_train, end, before, n, start, stage, <Target> (c.synaptic + lo),
                         <Target> (c.v + lo))
    return step_with(c, <Source> (c.steady + lo), s_noise, s_train, end, before, n, start, stage,
                     <Target> (c.synaptic + lo), <Target> (c.v + lo))


cdef Count step_alone(Cells *c, Py_ssize_t lo, Py_ssize_t n, double before, Target start, Target stage) noexcept nogil:
    cdef Source noise = c.inputs[NOISE].s + lo
    if c.inputs[AFFERENT].active:
        return step_with_inputs(c, lo, n, noise, <Source> (c.inputs[AFFERENT].s + lo), before, start, stage)
    if c.inputs[NOISE].active:
        return step_with_inputs(c, lo, n, noise, <real> 0.0, before, start, stage)
    return step_with_inputs(c, lo, n, <real> 0.0, <real> 0.0, before, start, stage)
