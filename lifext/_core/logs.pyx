"""What a run records, in arrays that grow by doubling."""
import numpy as np

from .spikes cimport SpikeHistory


cdef class SpikeLog:
    """Neurons and times of the spikes of one population, in the order of steps and then of neurons."""

    def __init__(self, ids=(), times=()):
        self.count = len(ids)
        self.ids, self.times = np.array(ids, dtype=np.intp), np.array(times, dtype=np.float64)

    def __reduce__(self):
        return SpikeLog, self.arrays()

    def arrays(self):
        """Return copies of the neurons (n,) and of their times (n,), ms."""
        return np.array(self.ids[:self.count]), np.array(self.times[:self.count])

    cdef int note(self, SpikeHistory history, Py_ssize_t step, double dt) except -1 nogil:
        cdef Py_ssize_t k, slot = step % history.depth, begin = history.begins[slot]
        cdef double start = step*dt
        if self.count + history.counts[slot] > self.ids.shape[0]:
            with gil:
                self.grow(self.count + history.counts[slot])
        for k in range(begin, begin + history.counts[slot]):
            self.ids[self.count] = history.ids[k]
            self.times[self.count] = start + history.times[k]
            self.count += 1
        return 0

    cdef int grow(self, Py_ssize_t wanted) except -1:
        self.ids = np.resize(self.ids, 2*wanted)
        self.times = np.resize(self.times, 2*wanted)
        return 0
