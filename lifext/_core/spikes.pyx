"""The spikes that a population received in a step: collected from all sources, merged by time."""
import numpy as np

from libc.float cimport DBL_MAX
from libc.math cimport fabs

cdef class SpikeBuffer:
    """Times and weight rows of the spikes that reached `size` neurons in one step.

    Spikes of one instant stay in the order of reception. Memory grows to the busiest
    step and is kept.
    """

    def __init__(self, Py_ssize_t size):
        self.size, self.count, self.capacity, self.in_order = size, 0, 0, True
        self.times, self.weights = np.empty(0), np.empty((0, size))

    def __reduce__(self):
        return restore, (self.size, np.array(self.times[:self.count]), np.array(self.weights[:self.count]))

    cdef int grow(self, Py_ssize_t wanted) except -1:
        cdef Py_ssize_t capacity = max(2*self.capacity, wanted, 4)
        times, weights = np.empty(capacity), np.empty((capacity, self.size))
        times[:self.count] = self.times[:self.count]
        weights[:self.count] = self.weights[:self.count]
        self.times, self.weights, self.capacity = times, weights, capacity
        return 0

    cdef void forget(self) noexcept:
        self.count, self.in_order = 0, True

    def clear(self):
        """Forget the spikes; the memory is kept."""
        self.forget()

    def receive(self, double dt, const double[::1] times, const double[:, :] weights):
        """Take in the spikes whose time is not `dt`; spike k has weights ``weights[k]``.

        Return the index of the first spike that has a time or weight which is not
        finite, and then take in none; -1 where all are sound.
        """
        cdef Py_ssize_t k, i, before = self.count
        cdef bint sound, in_order = self.in_order
        cdef double weight
        cdef double[::1] row
        for k in range(times.shape[0]):
            if times[k] == dt:
                continue
            row = self.take(times[k])
            sound = fabs(times[k]) <= DBL_MAX
            for i in range(self.size):
                weight = weights[k, i]
                row[i] = weight
                sound &= fabs(weight) <= DBL_MAX
            if not sound:
                self.count, self.in_order = before, in_order
                return k
        return -1

    cdef double[::1] take(self, double time):
        """Take in a spike, and return the row for its weights, to be filled."""
        if self.count == self.capacity:
            self.grow(self.count + 1)
        self.times[self.count] = time
        if self.count > 0 and time < self.times[self.count - 1]:
            self.in_order = False
        self.count += 1
        return self.weights[self.count - 1]

    cdef int merge(self) except -1:
        if not self.in_order:
            times = np.asarray(self.times[:self.count])
            order = np.argsort(times, kind="stable")
            times[:] = times[order]
            weights = np.asarray(self.weights[:self.count])
            weights[:] = weights[order]
            self.in_order = True
        return 0

    def merged(self):
        """Return the times (k,), ascending, and the weights (k, size): views, until the next spike."""
        self.merge()
        return np.asarray(self.times[:self.count]), np.asarray(self.weights[:self.count])


def restore(Py_ssize_t size, times, weights):
    """Return a buffer that holds the given spikes."""
    cdef SpikeBuffer buffer = SpikeBuffer(size)
    buffer.receive(np.nan, times, weights)
    return buffer


cdef class SpikeHistory:
    def __init__(self, Py_ssize_t size, Py_ssize_t depth):
        self.depth = depth
        self.counts = np.zeros(depth, dtype=np.intp)
        self.ids, self.times = np.empty((depth, size), dtype=np.intp), np.empty((depth, size))

    def __reduce__(self):
        return SpikeHistory, (self.ids.shape[1], self.depth), self.slots()

    def __setstate__(self, slots):
        for slot, (ids, times) in enumerate(slots):
            self.counts[slot] = len(ids)
            np.asarray(self.ids)[slot, :len(ids)], np.asarray(self.times)[slot, :len(ids)] = ids, times

    def slots(self):
        """Return ids and times of each slot."""
        return [(np.array(self.ids[k, :self.counts[k]]), np.array(self.times[k, :self.counts[k]]))
                for k in range(self.depth)]

    def of_step(self, Py_ssize_t step):
        """Return ids and times of the spikes of a step that is still kept."""
        cdef Py_ssize_t slot = step % self.depth
        return np.asarray(self.ids[slot, :self.counts[slot]]), np.asarray(self.times[slot, :self.counts[slot]])

    def clear(self):
        """Forget all spikes."""
        self.counts[:] = 0

    cdef void collect(self, Py_ssize_t step, const uint8_t[::1] spiked, const double[::1] times) noexcept nogil:
        # IN: spiked, times; OUT: the step's slot
        cdef Py_ssize_t i, count = 0, slot = step % self.depth
        for i in range(spiked.shape[0]):
            if spiked[i]:
                self.ids[slot, count] = i
                self.times[slot, count] = times[i]
                count += 1
        self.counts[slot] = count
