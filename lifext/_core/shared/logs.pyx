"""What a run records, in flat arrays that grow by doubling."""
import operator

import numpy as np

from libc.math cimport INFINITY

from .spikes cimport SpikeHistory


def inside(ids, times, double start, double stop):
    """Return copies of the neurons and times with ``start <= time < stop``."""
    chosen = (times >= start) & (times < stop)
    return ids[chosen], times[chosen]


cdef class SpikeLog:
    """Neurons and times of the spikes of one population, in the order of steps and then of neurons.

    Times ascend from step to step, but not within one; and that of a neuron which began its step
    above threshold, a crossing extrapolated, may lie before or after the step, however far. So the
    log keeps the earliest and the latest time of each block of spikes: a window is looked for in
    the blocks that it overlaps, and one spike astray costs no more than the block it is in.

    With a sink, spikes are handed over, by ``sink.write(spilled, ids, times)``, when there are
    `limit` of them and the loop is between two steps. They are forgotten only when that has
    returned; a write that was interrupted is made again, at the same place.
    """

    def __init__(self, ids=(), times=(), *, sink=None, Py_ssize_t limit=0):
        self.count, self.spilled, self.closed = 0, 0, False
        self.sink, self.limit, self.due = sink, limit, limit
        self.restore(ids, times)

    def __reduce__(self):
        return SpikeLog, self.arrays(), (self.spilled, self.closed, self.sink)

    def __setstate__(self, state):
        self.spilled, self.closed, self.sink = state

    def arrays(self):
        """Return copies of the neurons (n,) and of their times (n,), ms, that are here."""
        # a run in another thread may go on meanwhile
        cdef Py_ssize_t count = self.count
        return np.array(self.ids[:count]), np.array(self.times[:count])

    def between(self, double start, double stop):
        """Return neurons and times of the spikes here with ``start <= time < stop``, as a list of pairs."""
        cdef Py_ssize_t count = self.count, n_blocks = (count + BLOCK - 1)//BLOCK
        ids, times = np.asarray(self.ids[:count]), np.asarray(self.times[:count])
        blocks = np.flatnonzero((np.asarray(self.latest[:n_blocks]) >= start)
                                & (np.asarray(self.earliest[:n_blocks]) < stop))
        found = []
        for run in np.split(blocks, np.flatnonzero(np.diff(blocks) > 1) + 1):
            if len(run) > 0:
                part = slice(run[0]*BLOCK, (run[0] + len(run))*BLOCK)
                found.append(inside(ids[part], times[part], start, stop))
        return found

    def restore(self, ids, times):
        """Hold other spikes."""
        cdef const Py_ssize_t[::1] new_ids = np.ascontiguousarray(ids, dtype=np.intp)
        cdef const double[::1] new_times = np.ascontiguousarray(times, dtype=np.float64)
        cdef Py_ssize_t k
        self.count = 0
        self.grow(new_ids.shape[0])
        for k in range(new_ids.shape[0]):
            self.append(new_ids[k], new_times[k])

    def cut(self, Py_ssize_t spilled):
        """Forget the spikes that are here, with their memory, and those handed over from a number on."""
        self.count, self.spilled = 0, min(spilled, self.spilled)
        self.grow(0)

    def close(self):
        """Take in no more spikes."""
        self.closed = True

    def spill(self):
        """Hand the spikes over to the sink."""
        if self.sink is not None and self.count > 0:
            with self.sink.alone:
                self.sink.write(self.spilled, np.asarray(self.ids[:self.count]), np.asarray(self.times[:self.count]))
                self.spilled += self.count
                self.count = 0

    cdef bint is_due(self) noexcept:
        return self.sink is not None and self.count >= self.due

    cdef int spill_if_due(self) except -1:
        # to be called between two steps: a sink runs Python code, in which a Ctrl-C may come
        if self.is_due():
            try:
                self.spill()
                self.due = self.limit
            except BlockingIOError:
                # someone is reading the file: the run goes on, and tries again when as many have come again
                self.due = self.count + self.limit
        return 0

    cdef int note(self, SpikeHistory history, Py_ssize_t step, double dt) except -1 nogil:
        cdef Py_ssize_t k, slot = step % history.depth, begin = history.begins[slot]
        cdef double start = step*dt
        if self.closed:
            return 0
        if self.count + history.counts[slot] > self.ids.shape[0]:
            with gil:
                self.grow(self.count + history.counts[slot])
        for k in range(begin, begin + history.counts[slot]):
            self.append(history.ids[k], start + history.times[k])
        return 0

    cdef int grow(self, Py_ssize_t wanted) except -1:
        cdef Py_ssize_t capacity = max(2*wanted, BLOCK), n_blocks = (self.count + BLOCK - 1)//BLOCK
        # nothing here is Python code, in the midst of which a signal would be heard
        cdef Py_ssize_t[::1] ids = np.empty(capacity, np.intp)
        cdef double[::1] times = np.empty(capacity)
        cdef double[::1] earliest = np.empty(capacity//BLOCK + 1)
        cdef double[::1] latest = np.empty(capacity//BLOCK + 1)
        if self.count > 0:
            ids[:self.count], times[:self.count] = self.ids[:self.count], self.times[:self.count]
            earliest[:n_blocks], latest[:n_blocks] = self.earliest[:n_blocks], self.latest[:n_blocks]
        self.ids, self.times, self.earliest, self.latest = ids, times, earliest, latest
        return 0

    cdef void append(self, Py_ssize_t neuron, double time) noexcept nogil:
        cdef Py_ssize_t block = self.count//BLOCK
        if self.count % BLOCK == 0:
            self.earliest[block], self.latest[block] = INFINITY, -INFINITY
        # a time that is nan lies in no window, and is neither of these
        if time < self.earliest[block]:
            self.earliest[block] = time
        if time > self.latest[block]:
            self.latest[block] = time
        self.ids[self.count] = neuron
        self.times[self.count] = time
        self.count = self.count + 1


cdef class StateLog:
    """State variables of some neurons of one population, sampled every `interval` steps.

    `paths` say where the variables are, from the population on. That a sample is taken without
    a line of Python matters: Python would hear a Ctrl-C in the middle of the step.
    """

    def __init__(self, population, list paths, Py_ssize_t interval, neurons):
        self.population, self.paths, self.interval, self.neurons = population, paths, interval, neurons
        self.getters = [operator.attrgetter(path) for path in paths]
        self.has_currents = any([path.endswith("_curr") for path in paths])
        self.clear()

    def __reduce__(self):
        return StateLog, (self.population, self.paths, self.interval, self.neurons), self.samples()

    def __setstate__(self, samples):
        self.restore(*samples)

    def samples(self):
        """Return steps (n,) and for each variable an array (n, m): copies."""
        return np.array(self.steps[:self.count]), [self.column(k) for k in range(len(self.rows))]

    def column(self, Py_ssize_t k):
        """Return the samples (n, m) of variable k, a copy."""
        return self.rows[k][:self.count].copy()

    def step_numbers(self):
        """Return how many steps had been taken when each sample was, (n,)."""
        return np.array(self.steps[:self.count])

    def restore(self, steps, rows):
        """Hold other samples."""
        self.steps, self.rows = np.array(steps, dtype=np.intp), [np.array(row, dtype=np.float64) for row in rows]
        self.count = len(steps)

    def clear(self):
        """Forget all samples."""
        self.restore(np.empty(0), [np.empty((0, len(self.neurons))) for _ in self.paths])

    cpdef int take(self, Py_ssize_t step) except -1:
        """Sample, if the end of this step is one of the sample times."""
        cdef Py_ssize_t k
        if (step + 1) % self.interval != 0:
            return 0
        if self.count == self.steps.shape[0]:
            self.grow()
        for k in range(len(self.getters)):
            self.rows[k][self.count] = self.getters[k](self.population)[self.neurons]
        self.steps[self.count] = step + 1
        self.count += 1
        return 0

    cdef int grow(self) except -1:
        capacity = max(2*self.count, 16)
        steps, rows = np.empty(capacity, dtype=np.intp), []
        steps[:self.count] = self.steps[:self.count]
        for row in self.rows:
            larger = np.empty((capacity, row.shape[1]))
            larger[:self.count] = row[:self.count]
            rows.append(larger)
        self.steps, self.rows = steps, rows
        return 0
