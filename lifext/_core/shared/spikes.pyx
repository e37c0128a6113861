"""The spikes that a population received in a step: collected from all sources, merged by time."""
import numpy as np

from libc.float cimport DBL_MAX
from libc.math cimport fabs
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from .sorting cimport order_of

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
        cdef double[::1] times = np.empty(capacity)
        cdef double[:, ::1] weights = np.empty((capacity, self.size))
        # from here on nothing is Python code: another thread that received spikes meanwhile is not to lose its arrays
        if capacity > self.capacity and capacity > self.count:
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
        while self.count >= self.capacity:
            self.grow(self.count + 1)
        self.times[self.count] = time
        if self.count > 0 and time < self.times[self.count - 1]:
            self.in_order = False
        self.count += 1
        return self.weights[self.count - 1]

    cdef int merge(self) except -1:
        return 0 if self.in_order else self.sort()

    cdef int sort(self) except -1:
        # no Python: in the midst of a step it would hear a signal
        cdef Py_ssize_t *order = <Py_ssize_t *> malloc(2*self.count*sizeof(Py_ssize_t))
        cdef double *aside = <double *> malloc((self.size + 1)*sizeof(double))
        cdef Py_ssize_t k
        if order == NULL or aside == NULL:
            free(order)
            free(aside)
            raise MemoryError
        order_of(&self.times[0], self.count, order, order + self.count)
        for k in range(self.count):
            self.rotate(k, order, aside)
        free(order)
        free(aside)
        self.in_order = True
        return 0

    cdef void rotate(self, Py_ssize_t first, Py_ssize_t *order, double *aside) noexcept:
        """Put the spikes that are each in the place of the next, from one on, into theirs."""
        cdef Py_ssize_t place = first, source
        if order[first] == first:
            return
        self.copy_out(first, aside)
        while order[place] != first:
            source = order[place]
            self.times[place] = self.times[source]
            # a population without neurons has rows without a first element
            if self.size > 0:
                memcpy(&self.weights[place, 0], &self.weights[source, 0], self.size*sizeof(double))
            order[place], place = place, source
        self.times[place] = aside[self.size]
        if self.size > 0:
            memcpy(&self.weights[place, 0], aside, self.size*sizeof(double))
        order[place] = place

    cdef void copy_out(self, Py_ssize_t place, double *aside) noexcept:
        if self.size > 0:
            memcpy(aside, &self.weights[place, 0], self.size*sizeof(double))
        aside[self.size] = self.times[place]

    def merged(self):
        """Return the times (k,), ascending, and the weights (k, size): views, until the next spike."""
        self.merge()
        return np.asarray(self.times[:self.count]), np.asarray(self.weights[:self.count])


def restore(Py_ssize_t size, times, weights):
    """Return a buffer that holds the given spikes."""
    cdef SpikeBuffer buffer = SpikeBuffer(size)
    buffer.receive(np.nan, times, weights)
    return buffer


cdef inline double in_step(double time, double dt) noexcept nogil:
    """The time within [0, dt) that is nearest; the published line through threshold may meet it anywhere."""
    return min(time, 0.9999999999999999*dt) if time > 0.0 else 0.0


cdef class SpikeHistory:
    def __init__(self, Py_ssize_t size, Py_ssize_t depth):
        self.size, self.depth, self.end = size, depth, 0
        self.begins, self.counts = np.zeros(depth, dtype=np.intp), np.zeros(depth, dtype=np.intp)
        self.ids, self.times = np.empty(size, dtype=np.intp), np.empty(size)

    def __reduce__(self):
        return SpikeHistory, (self.size, self.depth), self.slots()

    def __setstate__(self, slots):
        self.clear()
        for slot, (ids, times) in enumerate(slots):
            self.begins[slot], self.counts[slot] = self.end, len(ids)
            self.end += len(ids)
        self.ids = np.concatenate([*(ids for ids, _ in slots), np.empty(self.size, np.intp)])
        self.times = np.concatenate([*(times for _, times in slots), np.empty(self.size)])

    def slots(self):
        """Return ids and times of each slot; a step has slot ``step % depth``."""
        return [self.of_step(slot) for slot in range(self.depth)]

    def of_step(self, Py_ssize_t step):
        """Return ids and times of the spikes of a step that is still kept: copies."""
        cdef Py_ssize_t slot = step % self.depth, begin = self.begins[slot], end = begin + self.counts[slot]
        return np.array(self.ids[begin:end]), np.array(self.times[begin:end])

    def clear(self):
        """Forget all spikes."""
        self.counts[:] = 0
        self.end = 0

    cdef bint has_room(self) noexcept nogil:
        # for one more step, in which every neuron may spike
        return self.ids.shape[0] - self.end >= self.size

    cdef int make_room(self, Py_ssize_t step) except -1:
        """Move the spikes still kept in `step` to the front of arrays with room for as many, and a step, again."""
        cdef Py_ssize_t slot, k, kept = 0
        cdef Py_ssize_t[::1] ids
        cdef double[::1] times
        self.counts[step % self.depth] = 0
        for slot in range(self.depth):
            kept += self.counts[slot]
        # nothing here is Python code, in the midst of which a signal would be heard
        size = max(2*(kept + self.size), self.ids.shape[0])
        ids, times = np.empty(size, np.intp), np.empty(size)
        self.end = 0
        for slot in range(self.depth):
            for k in range(self.counts[slot]):
                ids[self.end + k] = self.ids[self.begins[slot] + k]
                times[self.end + k] = self.times[self.begins[slot] + k]
            self.begins[slot] = self.end
            self.end += self.counts[slot]
        self.ids, self.times = ids, times
        return 0

    cdef void open(self, Py_ssize_t step) noexcept nogil:
        """Begin a step, whose slot is that of the oldest step kept."""
        cdef Py_ssize_t slot = step % self.depth
        self.begins[slot], self.counts[slot] = self.end, 0

    cdef int collect(self, Py_ssize_t step, const uint8_t[::1] spiked, const double[::1] times, double dt,
                     bint inside) except -1:
        # IN: spiked, times; OUT: the step's slot
        cdef Py_ssize_t i
        if not self.has_room():
            self.make_room(step)
        self.open(step)
        for i in range(spiked.shape[0]):
            if spiked[i]:
                self.add(step, i, in_step(times[i], dt) if inside else times[i])
        return 0
