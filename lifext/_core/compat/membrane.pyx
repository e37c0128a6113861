"""The two kernels of an unchanged population: predict its spikes, then advance through them.

Both integrate cM dV/dt with RK2 (Heun). The first slope takes the currents as they were
last evaluated; the second is taken at ``v + slope1*dt``. `predict` holds what the gating
would be if no spike came, `advance` what it is after those that came. The second stage of
both is the same potential unless something was changed in between, so the exponential of
the magnesium block is kept with the potentials it belongs to and computed once a step.
"""
from ..shared.buffers cimport EXPONENTIAL, SECOND_ORDER, Cell, Gating, Recorder
from .kinetics cimport project_into, walk_silence, walk_spikes
from ..shared.loops cimport loops
from .noise cimport WORTH_RELEASING, draw_input
from ..shared.numpy_loops cimport copy_into, exp_into


cdef enum:
    FAR = 20                              # steps


cdef void begin(Cell c, const double[::1] afferent, const double[::1] noise, double dt) noexcept nogil:
    """The first slope, the potential of the second stage, and the exponential that belongs to it."""
    if loops.start(c, afferent, noise, dt) > 0:
        loops.block_exponent(c)
        exp_into(c.exp_of_v, c.exp_of_v)


# A memoryview in a variable costs a small population more than its arithmetic: these are handed on instead.

cdef void begin_with_noise(Cell c, const double[::1] afferent, double dt) noexcept nogil:
    # the current that the integrator sees at dt = 0: the last one before this step's arrivals
    if c.noise.pending[0]:
        begin(c, afferent, c.noise.curr, dt)
    else:
        begin(c, afferent, c.noise.prev_curr, dt)


cdef void begin_prediction(Cell c, double dt) noexcept nogil:
    if c.afferents is None:
        begin_with_noise(c, c.steady.curr, dt)
    elif c.afferents.pending[0]:
        begin_with_noise(c, c.afferents.curr, dt)
    else:
        begin_with_noise(c, c.afferents.prev_curr, dt)


cdef Py_ssize_t end_prediction(Cell c, double dt, double time) noexcept nogil:
    project_into(c.ampa.gating, dt, c.ampa.gate_ahead)
    project_into(c.nmda.gating, dt, c.nmda.gate_ahead)
    project_into(c.gaba.gating, dt, c.gaba.gate_ahead)
    if c.afferents is None:
        loops.predict(c, c.steady.curr, dt)
    else:
        loops.predict(c, c.afferents.curr, dt)
    return loops.find_crossings(c, dt, time)


def predict(Cell c, double dt, double time):
    """Integrate one step as if no spike came, and return how many neurons reach threshold.

    Reads the whole state; forgets the spikes received; draws the Poisson input unless this
    step's was drawn already; writes `v_ahead`, `spiked`, `spike_time` and, of neurons that
    spike, `end_refractory`.
    """
    return predict_cell(c, dt, time)


def predict_if_ready(Cell c, dt, time):
    """Predict, and return how many neurons reach threshold; -1, and nothing is done, unless the record is `ready`.

    Nor is it where more arrives than is `drawable`.
    """
    return predict_cell(c, dt, time) if c is not None and c.ready(dt, time) and c.drawable(dt) else -1


cdef Py_ssize_t predict_cell(Cell c, double dt, double time) except -1:
    cdef Py_ssize_t count
    c.excitation.forget()
    c.inhibition.forget()
    if c.size > WORTH_RELEASING:
        with nogil:
            begin_prediction(c, dt)
    else:
        begin_prediction(c, dt)
    if c.afferents is not None:
        draw_input(c.afferents, dt, c.stage)
    draw_input(c.noise, dt, c.stage)
    if c.size > WORTH_RELEASING:
        with nogil:
            count = end_prediction(c, dt, time)
    else:
        count = end_prediction(c, dt, time)
    if count > 0 and any_astray(c, dt):
        c.note_stray(3, time)
    return count


cdef bint any_astray(Cell c, double dt) noexcept nogil:
    """Whether a neuron spikes far outside of the step.

    One that spikes of the step before have taken over threshold spikes a little before its step, as published. One
    that hardly moves there spikes at any time, or at none.
    """
    cdef Py_ssize_t i, one = 0 if c.uniform else 1, found = 0
    cdef double far
    for i in range(c.size):
        if c.spiked[i]:
            far = max(c.refractory[one*i], FAR*dt)
            found += not -far <= c.spike_time[i] <= dt + far
    return found > 0


cdef bint is_outside(Gating k) noexcept nogil:
    """Whether gating that saturates has left [0, 1], or what drives it is negative."""
    cdef Py_ssize_t i, found = 0
    if k.kind == EXPONENTIAL:
        return False
    for i in range(k.size):
        found += not 0.0 <= k.s[i] <= 1.0
    if k.kind == SECOND_ORDER:
        for i in range(k.size):
            found += not k.x[i] >= 0.0
    return found > 0


cdef void look_for_strays(Cell c, double time) noexcept nogil:
    cdef Py_ssize_t i, below = 0
    if is_outside(c.ampa.gating):
        c.note_stray(0, time)
    if is_outside(c.nmda.gating):
        c.note_stray(1, time)
    if is_outside(c.gaba.gating):
        c.note_stray(2, time)
    for i in range(c.size):
        below += not c.v[i] >= c.floor
    if below > 0:
        c.note_stray(4, time)


cdef void pass_silence(Cell c, double dt, double time) noexcept nogil:
    """Take the step for good if no spike was received: most steps of few neurons."""
    walk_silence(c.ampa.gating, dt)
    walk_silence(c.nmda.gating, dt)
    walk_silence(c.gaba.gating, dt)
    end_step(c, dt, time)


cdef void walk_receptors(Cell c, const double[::1] exc_times, const double[:, ::1] exc_weights,
                         const double[::1] inh_times, const double[:, ::1] inh_weights, double dt) noexcept nogil:
    walk_spikes(c.ampa.gating, dt, exc_times, exc_weights)
    walk_spikes(c.nmda.gating, dt, exc_times, exc_weights)
    walk_spikes(c.gaba.gating, dt, inh_times, inh_weights)


cdef void end_step(Cell c, double dt, double time) noexcept nogil:
    if c.afferents is None:
        begin(c, c.steady.curr, c.noise.prev_curr, dt)
    else:
        begin(c, c.afferents.prev_curr, c.noise.prev_curr, dt)
    if not c.inhibited:
        copy_into(c.gaba.curr, c.gaba.prev_curr)
    if c.afferents is None:
        loops.advance(c, c.steady.curr, dt, time)
    else:
        loops.advance(c, c.afferents.curr, dt, time)
        c.afferents.pending[0] = 1
    c.noise.pending[0] = 1


def advance(Cell c, double dt, double time):
    """Take the step for good, with the spikes received in it.

    Writes the gating, the currents and `v`; a neuron is held at reset until the time
    after the end of its refractory period. The next `predict` draws its input anew.
    What is recorded grows by a value.
    """
    advance_cell(c, dt, time)


def advance_if_ready(Cell c, dt, time):
    """Advance, and return whether that was done: only if the record is `ready`. 2: something has left its range."""
    if c is None or not c.ready(dt, time):
        return False
    advance_cell(c, dt, time)
    return True if c.told else 2


cdef int pass_spikes(Cell c, double dt, double time) except -1:
    cdef const double[::1] exc_times, inh_times
    cdef const double[:, ::1] exc_weights, inh_weights
    c.excitation.merge()
    c.inhibition.merge()
    # held here: should another thread, against the rules, step this population too, its spikes may need new arrays
    exc_times, exc_weights = c.excitation.times[:c.excitation.count], c.excitation.weights
    inh_times, inh_weights = c.inhibition.times[:c.inhibition.count], c.inhibition.weights
    if c.size > WORTH_RELEASING:
        with nogil:
            walk_receptors(c, exc_times, exc_weights, inh_times, inh_weights, dt)
            end_step(c, dt, time)
    else:
        walk_receptors(c, exc_times, exc_weights, inh_times, inh_weights, dt)
        end_step(c, dt, time)
    return 0


cdef int advance_cell(Cell c, double dt, double time) except -1:
    cdef Recorder recorder
    if c.excitation.count > 0 or c.inhibition.count > 0:
        pass_spikes(c, dt, time)
    elif c.size > WORTH_RELEASING:
        with nogil:
            pass_silence(c, dt, time)
    else:
        pass_silence(c, dt, time)
    look_for_strays(c, time)
    for recorder in c.recorders:
        recorder.record()
    return 0
