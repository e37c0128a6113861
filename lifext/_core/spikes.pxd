from libc.stdint cimport uint8_t


cdef class SpikeBuffer:
    cdef readonly Py_ssize_t size         # postsynaptic neurons
    cdef readonly Py_ssize_t count        # spikes received in this step
    cdef Py_ssize_t capacity
    cdef bint in_order
    cdef double[::1] times
    cdef double[:, ::1] weights

    cdef void forget(self) noexcept
    cdef int grow(self, Py_ssize_t wanted) except -1
    cdef double[::1] take(self, double time)
    cdef int merge(self) except -1


cdef class SpikeHistory:
    """Who spiked, and when, in the last few steps of one population: a slot a step, used in turn."""
    cdef readonly Py_ssize_t depth
    cdef readonly Py_ssize_t[::1] counts      # (depth,)
    cdef readonly Py_ssize_t[:, ::1] ids      # (depth, n) neurons, ascending
    cdef readonly double[:, ::1] times        # (depth, n) ms after the start of their step

    cdef void collect(self, Py_ssize_t step, const uint8_t[::1] spiked, const double[::1] times) noexcept nogil
