# Threads cannot leave a parallel block by an exception, so this file has none of these checks.
# cython: nonecheck=False, initializedcheck=False
"""The loop over steps of a whole network, in the fast arithmetic.

The contract of a step k, phase by phase; each is over for all populations before the next begins:

- *advance and predict*: each block of neurons takes in the spikes of step k - 1, then goes a step ahead as if no
  spike came. Writes the block's own state, and its spikes of step k.
- *collect*: the spikes, block by block, go into the population's history, and into its record.
- *deliver*: for each projection, in the order of `connect`, the spikes that arrive in step k are added to the sums of
  their targets. Threads share out targets, not spikes, so that each sum has its terms in one order.

At the end of a run, and where a trace is taken, the last step is *settled*: spikes taken in, refractory neurons reset.

A population that is not lowered to the fast arithmetic takes part as a `CompatEmitter`. It predicts before all others,
which then are at the end of the last step, and advances after them, when they are at the end of this one: so a method
of the user's sees no other population in the midst of a step, but for the spikes that it has just fired.
"""
from cpython.exc cimport PyErr_CheckSignals
from cython.parallel cimport prange
from libc.math cimport INFINITY
from libc.stdlib cimport calloc, free

import numpy as np

from ..compat.loop cimport CompatEmitter, CompatProjection
from ..shared.equations cimport facilitated, recovered
from ..shared.logs cimport SpikeLog
from ..shared.rows cimport DENSE, RING, SPARSE, Rows
from ..shared.spikes cimport SpikeHistory
from .double_math cimport fast_exp
from .emitter cimport Emitter
from .population cimport FastLoops, FastPopulation, Projection, Receptor, fast_loops

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    static int lifext_max_threads(void) { return omp_get_max_threads(); }
    static void lifext_set_max_threads(int count) { omp_set_num_threads(count); }
    static int lifext_has_threads(void) { return 1; }
    #else
    static int lifext_max_threads(void) { return 1; }
    static void lifext_set_max_threads(int count) { (void)count; }
    static int lifext_has_threads(void) { return 0; }
    #endif
    """
    int lifext_max_threads() nogil
    void lifext_set_max_threads(int count) nogil
    int lifext_has_threads() nogil

cdef enum:
    # neuron-steps between two looks at whether there was a signal: some milliseconds' worth
    PATIENCE = 1000000
    # additions below which sharing out a delivery costs more than it saves
    WORTH_SHARING = 20000
    # spikes by which rows of weights are asked for before they are added
    AHEAD = 2
    # receptors of one population that a projection may reach
    MOST_REACHED = 8


def max_threads():
    """Return how many threads OpenMP would start; 1 without OpenMP."""
    return lifext_max_threads()


def set_max_threads(int count):
    """Have OpenMP start `count` >= 1 threads for the calling thread; others keep their numbers."""
    lifext_set_max_threads(count)


def has_openmp():
    """Return whether this build can use threads."""
    return bool(lifext_has_threads())


include "synapses.pxi"


cdef class SynapseState:
    """What a projection's synapses have come to: it goes on from run to run.

    Parameters
    ----------
    description : lifext.synapses._synapse.Synapse
    size : int
        Source cells.
    """
    cdef readonly object description
    cdef readonly list state              # (size,) each
    cdef readonly object last_step        # (size,) of the last spike, -1 before the first
    cdef readonly object last_time        # (size,) ms after the start of that step
    cdef Synapses all

    def __init__(self, description, Py_ssize_t size):
        self.description, self.state = description, [np.array(part) for part in description.initial(size)]
        self.last_step, self.last_time = np.full(size, -1, np.intp), np.zeros(size)
        self._point()

    cdef _point(self):
        cdef Py_ssize_t k
        if len(self.last_step) == 0:
            # nobody ever spikes
            return
        cdef Py_ssize_t[::1] steps = self.last_step
        cdef double[::1] array = self.last_time
        self.all.kind = self.description.number
        self.all.last_step, self.all.last_time = &steps[0], &array[0]
        for k, value in enumerate(self.description.parameters()):
            self.all.parameter[k] = value
        for k in range(len(self.state)):
            array = self.state[k]
            self.all.state[k] = &array[0]

    def __reduce__(self):
        return SynapseState, (self.description, len(self.last_step)), self.arrays()

    def __setstate__(self, arrays):
        self.restore(*arrays)

    def arrays(self):
        """Return copies of the state, of the steps of the last spikes, and of when they were in these."""
        return [part.copy() for part in self.state], self.last_step.copy(), self.last_time.copy()

    def restore(self, state, last_step, last_time):
        """Go to a state that `arrays` has returned."""
        for part, value in zip((*self.state, self.last_step, self.last_time), (*state, last_step, last_time)):
            part[:] = value

    def reset(self):
        """Go back to the state before any spike."""
        self.restore(self.description.initial(len(self.last_step)), -1, 0.0)


cdef class FastProjection:
    """A projection onto a population of the fast arithmetic.

    Parameters
    ----------
    rows : Rows
        Its weights.
    source : SpikeHistory
        Of the population that it comes from.
    target : FastPopulation
    receptors : collection of str
        Which receptors of the target it reaches.
    delay : int
        Steps.
    begin : int, optional
        The first step whose spikes it carries.
    synapses : SynapseState, optional
        What it does to spikes; left out, nothing.
    """
    cdef Projection data
    cdef Receptor *reached[MOST_REACHED]
    cdef FastLoops *kernels
    cdef Rows rows
    cdef SpikeHistory source
    cdef FastPopulation target
    cdef Py_ssize_t delay
    cdef Py_ssize_t begin
    cdef SynapseState synapses
    cdef double[::1] factors              # of the spikes that arrive in the step

    def __init__(self, Rows rows, SpikeHistory source, FastPopulation target, receptors, Py_ssize_t delay,
                 Py_ssize_t begin=0, SynapseState synapses=None):
        cdef Projection *projection = &self.data
        cdef Py_ssize_t k
        self.rows, self.source, self.target = rows, source, target
        self.delay, self.begin, self.kernels = delay, begin, fast_loops(target.single)
        self.synapses, self.factors = synapses, np.empty(0)
        if len(receptors) > MOST_REACHED:
            raise ValueError(f"FastProjection: receptors must be at most {MOST_REACHED}, got {len(receptors)}")
        projection.kind, projection.n_target, projection.dt = rows.kind, rows.n_target, target.c.dt
        for k, name in enumerate(receptors):
            self.reached[k] = target.receptor_of(name)
        projection.n_receptors, projection.receptors = len(receptors), self.reached
        projection.width, projection.first, projection.flat = rows.values.shape[0], rows.first, rows.flat
        projection.largest = rows.largest*(1.0 if synapses is None else synapses.description.most)
        if rows.dense.shape[0] > 0:
            projection.dense = &rows.dense[0, 0]
        if rows.indptr.shape[0] > 0:
            projection.indptr = &rows.indptr[0]
        if rows.indices.shape[0] > 0:
            projection.indices = &rows.indices[0]
        if rows.values.shape[0] > 0:
            projection.values = &rows.values[0]

    cdef Py_ssize_t arriving(self, Py_ssize_t step) except -1 nogil:
        """How many spikes arrive in a step, of which the population that they reach takes note."""
        cdef Py_ssize_t slot, first
        if step - self.delay < self.begin:
            return 0
        slot = (step - self.delay) % self.source.depth
        first = self.source.begins[slot]
        if self.source.counts[slot] == 0:
            return 0
        self.pass_on(step - self.delay, first, self.source.counts[slot])
        self.target.note_arrivals(&self.data, &self.source.ids[first], &self.source.times[first],
                                  NULL if self.synapses is None else &self.factors[0], self.source.counts[slot])
        return self.source.counts[slot]

    cdef int pass_on(self, Py_ssize_t step, Py_ssize_t first, Py_ssize_t count) except -1 nogil:
        """Have the synapses take in the spikes of a step, once and in order, whoever delivers them."""
        cdef Py_ssize_t k
        if self.synapses is None:
            return 0
        if self.factors.shape[0] < count:
            with gil:
                self.factors = np.empty(2*count)
        for k in range(count):
            self.factors[k] = factor_of(&self.synapses.all, self.source.ids[first + k], step,
                                        self.source.times[first + k], self.data.dt)
        return 0

    cdef Py_ssize_t cost(self) noexcept nogil:
        """About how many additions a spike is: says how spikes are shared out, not whether they are delivered."""
        if self.data.kind == RING:
            return 1 + self.data.width
        if self.data.kind == SPARSE:
            return 1 + self.rows.indices.shape[0]//self.rows.n_source
        return 1 + (self.data.n_target if self.data.kind == DENSE else 0)

    cdef void deliver(self, Py_ssize_t step, Py_ssize_t part, Py_ssize_t parts) noexcept nogil:
        """Hand the spikes that arrive in a step to one of so many equal parts of the targets."""
        cdef Py_ssize_t start = self.data.n_target*part//parts, stop = self.data.n_target*(part + 1)//parts
        cdef Py_ssize_t slot, first, last, k
        cdef double factor = 1.0
        # of parts that begin with the first target, only one has any: it takes what is for all targets alike
        if step - self.delay < self.begin or start == stop:
            return
        slot = (step - self.delay) % self.source.depth
        first, last = self.source.begins[slot], self.source.begins[slot] + self.source.counts[slot]
        for k in range(first, last):
            if k + AHEAD < last:
                self.kernels.fetch(&self.data, self.source.ids[k + AHEAD])
            if self.synapses is not None:
                factor = self.factors[k - first]
            self.kernels.deliver(&self.data, self.source.ids[k], self.source.times[k], factor, start, stop)

    def hand_over(self, Py_ssize_t step, Py_ssize_t part=0, Py_ssize_t parts=1):
        """Deliver the spikes that arrive in a step, for tests."""
        if part == 0:
            self.arriving(step)
        self.deliver(step, part, parts)


cdef class FastLoop:
    """Populations, projections and traces of a network, and the step it has come to."""
    cdef list emitters
    cdef list projections
    cdef list compat_emitters             # populations that are stepped by their own methods or by the compat kernels
    cdef list compat_projections          # projections onto those
    cdef list traces
    cdef void **_emitters                 # the same as C sees them
    cdef void **_projections
    cdef Py_ssize_t n_emitters
    cdef Py_ssize_t n_projections
    cdef Py_ssize_t n_blocks
    cdef Py_ssize_t n_neurons
    cdef Py_ssize_t[::1] emitter_of       # of each block, and which of the emitter's blocks it is
    cdef Py_ssize_t[::1] block_of
    cdef bint mixed
    cdef bint stopping
    cdef object interruption
    cdef object held                      # signals that came in the midst of a step
    cdef object check                     # refuses a state that is none
    cdef bint failed                      # the run was not ended as it should
    cdef Py_ssize_t first                 # step of the run
    cdef bint ahead                       # the emitters have taken a step that is not counted yet
    cdef int threads
    cdef double before                    # time of the last step, if it is not settled; else infinite
    cdef double dt
    cdef readonly Py_ssize_t step         # the next to be taken

    def __init__(self, list emitters, list projections, list compat_emitters, list compat_projections, list traces,
                 Py_ssize_t step, double dt):
        self.emitters, self.projections = emitters, projections
        self.compat_emitters, self.compat_projections = compat_emitters, compat_projections
        self.traces, self.step, self.dt, self.threads = traces, step, dt, 1
        self.mixed = len(compat_emitters) > 0
        self._list_for_c()

    cdef _list_for_c(self):
        cdef Py_ssize_t k
        self.n_emitters, self.n_projections = len(self.emitters), len(self.projections)
        self._emitters = <void **> calloc(self.n_emitters + 1, sizeof(void *))
        self._projections = <void **> calloc(self.n_projections + 1, sizeof(void *))
        if self._emitters == NULL or self._projections == NULL:
            raise MemoryError
        for k in range(self.n_emitters):
            self._emitters[k] = <void *> self.emitters[k]
        for k in range(self.n_projections):
            self._projections[k] = <void *> self.projections[k]
        blocks = [emitter.blocks for emitter in self.emitters]
        self.emitter_of = np.repeat(np.arange(self.n_emitters), np.array(blocks, dtype=np.intp))
        self.block_of = np.concatenate([*map(np.arange, blocks), np.empty(0, np.intp)]).astype(np.intp)
        self.n_blocks = sum(blocks)
        self.n_neurons = sum([emitter.size for emitter in self.emitters])

    def __dealloc__(self):
        free(self._emitters)
        free(self._projections)

    def current(self):
        """Whether all records are what Python sees, and are so again in the next run."""
        cdef Emitter emitter
        if self.mixed:
            return False
        for emitter in self.emitters:
            if not emitter.is_current():
                return False
        return True

    def run(self, Py_ssize_t count, held, check, int threads=1):
        """Take `count` steps. A signal (Ctrl-C) is heard between two of them and leaves the state of whole steps.

        `held` are the signals that came in the midst of one (`_signals.Held`). ``check(step)`` is called before spikes
        are handed over to a file, and refuses a state that is none.
        """
        cdef Py_ssize_t last = self.step + count
        self.threads, self.held, self.check = threads, held, check
        if count <= 0:
            return
        self.begin()
        try:
            while self.step < last and not self.stopping:
                if self.step == last - 1:
                    self.keep_previous()
                # a stop before the last step, too, to keep the state there
                self.take_steps(self.next_stop(last - 1 if self.step < last - 1 else last))
                self.settle()
                self.sample(self.step >= last - 1 or self.stopping)
            self.failed = False
        finally:
            self.held = self.check = None
            self.finish()
        if self.interruption is not None:
            raise self.interruption

    cdef int begin(self) except -1:
        cdef Emitter emitter
        self.stopping, self.interruption, self.before, self.ahead = False, None, INFINITY, False
        self.failed, self.first = True, self.step
        for emitter in self.emitters:
            emitter.begin()
        return 0

    cdef Py_ssize_t next_stop(self, Py_ssize_t last) except -1:
        """The step before which the state has to be settled next."""
        for trace in self.traces:
            last = min(last, self.step + trace.interval - self.step % trace.interval)
        return last

    cdef int keep_previous(self) except -1:
        cdef Emitter emitter
        for emitter in self.emitters:
            emitter.keep_previous()
        return 0

    cdef int take_steps(self, Py_ssize_t last) except -1:
        cdef Emitter emitter
        cdef Py_ssize_t patience = 1 if self.mixed else max(PATIENCE//(self.n_neurons + 1), 1)
        cdef bint keep
        with nogil:
            while self.step < last and not self.stopping:
                # a step in which a population's own method may fail can be the last, too
                keep = self.mixed or self.step + 1 == last
                if self.step % patience == 0:
                    with gil:
                        keep |= self.was_interrupted()
                if self.mixed:
                    with gil:
                        self.take_mixed_step()
                else:
                    self.take_step(keep)
                self.step += 1
                self.ahead = False
        if not self.mixed:
            for emitter in self.emitters:
                emitter.keep_predicted()
        return 0

    cdef int spill_logs(self) except -1:
        cdef Emitter emitter
        cdef CompatEmitter other
        cdef SpikeLog log
        logs = [emitter.log for emitter in self.emitters] + [other.log for other in self.compat_emitters]
        due = [log for log in logs if log is not None and log.is_due()]
        if due:
            self.settle()
            self.check(self.step)
        for log in due:
            log.spill_if_due()
        return 0

    cdef bint was_interrupted(self) except -1:
        # the step that follows is the last, and kept like one
        try:
            PyErr_CheckSignals()
            self.held.hear()
            self.spill_logs()
        except BaseException as interruption:
            self.interruption, self.stopping = interruption, True
        return self.stopping

    cdef int take_step(self, bint keep) except -1 nogil:
        cdef Py_ssize_t k
        for k in range(self.n_emitters):
            (<Emitter> self._emitters[k]).watch()
        self.advance_and_predict(keep)
        self.before = self.step*self.dt
        for k in range(self.n_emitters):
            (<Emitter> self._emitters[k]).collect(self.step)
        self.ahead = True
        self.deliver()
        return 0

    cdef int take_mixed_step(self) except -1:
        cdef Emitter emitter
        self.predict_members()
        with nogil:
            self.take_step(True)
        for emitter in self.emitters:
            emitter.keep_predicted()
            emitter.show_spikes(self.step)
        self.settle()
        self.advance_members()
        return 0

    cdef void block_step(self, Py_ssize_t k, bint keep) noexcept nogil:
        (<Emitter> self._emitters[self.emitter_of[k]]).step_block(self.block_of[k], self.step, self.before, keep)

    cdef void advance_and_predict(self, bint keep) noexcept nogil:
        cdef Py_ssize_t k
        if self.threads == 1:
            for k in range(self.n_blocks):
                self.block_step(k, keep)
        else:
            for k in prange(self.n_blocks, num_threads=self.threads, schedule="static"):
                self.block_step(k, keep)

    cdef int deliver(self) except -1 nogil:
        cdef Py_ssize_t k, part, count, spikes = 0, additions = 0
        for k in range(self.n_projections):
            count = (<FastProjection> self._projections[k]).arriving(self.step)
            spikes += count
            additions += count*(<FastProjection> self._projections[k]).cost()
        if spikes == 0:
            return 0
        for k in range(self.n_emitters):
            (<Emitter> self._emitters[k]).crowd()
        if self.threads == 1 or additions < WORTH_SHARING:
            self.deliver_part(0, 1)
        else:
            for part in prange(self.threads, num_threads=self.threads, schedule="static"):
                self.deliver_part(part, self.threads)
        return 0

    cdef void deliver_part(self, Py_ssize_t part, Py_ssize_t parts) noexcept nogil:
        cdef Py_ssize_t k
        for k in range(self.n_projections):
            (<FastProjection> self._projections[k]).deliver(self.step, part, parts)

    cdef int predict_members(self) except -1:
        cdef CompatEmitter other
        for other in self.compat_emitters:
            # should one fail, it has no spikes in this step
            other.history.open(self.step)
        for other in self.compat_emitters:
            other.predict(self.step, self.dt)
        return 0

    cdef int advance_members(self) except -1:
        cdef CompatEmitter other
        cdef CompatProjection projection
        for projection in self.compat_projections:
            projection.deliver(self.step, self.dt)
        for other in self.compat_emitters:
            other.advance(self.step, self.dt)
        return 0

    cdef int settle(self) except -1:
        """Bring the state to the end of the last step."""
        cdef Emitter emitter
        cdef Py_ssize_t k
        if self.before == INFINITY:
            return 0
        with nogil:
            for k in range(self.n_blocks):
                (<Emitter> self._emitters[self.emitter_of[k]]).settle_block(self.block_of[k], self.before)
        for emitter in self.emitters:
            emitter.settle(self.step - 1)
        self.before = INFINITY
        return 0

    cdef int sample(self, bint show) except -1:
        """Take the traces that are due, and show the currents where they or a script ask for them."""
        due = [trace for trace in self.traces if self.step % trace.interval == 0]
        if show or any([trace.has_currents for trace in due]):
            self.show_currents()
        for trace in due:
            trace.take(self.step - 1)
        return 0

    cdef int show_currents(self) except -1:
        cdef Emitter emitter
        for emitter in self.emitters:
            emitter.show_currents()
        return 0

    cdef int complete_step(self) except -1:
        """Count a step in which a population's own method failed: the others have taken it."""
        self.step += 1
        self.settle()
        self.sample(True)
        return 0

    cdef int finish(self) except -1:
        cdef Emitter emitter
        cdef CompatEmitter other
        if self.ahead:
            self.complete_step()
        elif self.failed and self.step > self.first:
            # where a method of the user's failed before anyone took the step
            self.show_currents()
        if self.step > 0:
            for emitter in self.emitters:
                emitter.finish(self.step - 1)
            for other in self.compat_emitters:
                other.finish(self.step - 1)
        return 0
