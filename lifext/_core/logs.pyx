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

    cdef int note(self, SpikeHistory history, Py_ssize_t step, double dt) except -1:
        cdef Py_ssize_t k, slot = step % history.depth, wanted = self.count + history.counts[slot]
        cdef double start = step*dt
        if wanted > self.ids.shape[0]:
            self.ids = np.resize(self.ids, 2*wanted)
            self.times = np.resize(self.times, 2*wanted)
        for k in range(history.counts[slot]):
            self.ids[self.count + k] = history.ids[slot, k]
            self.times[self.count + k] = start + history.times[slot, k]
        self.count = wanted
        return 0
