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
    cdef int sort(self) except -1
    cdef void rotate(self, Py_ssize_t first, Py_ssize_t *order, double *aside) noexcept
    cdef void copy_out(self, Py_ssize_t place, double *aside) noexcept


cdef class SpikeHistory:
    """Who spiked, and when, in the last few steps of one population.

    One behind the other in arrays that grow to the busiest stretch of `depth` steps, and are
    then used over and over: `begins` and `counts` say where those of a step are.
    """
    cdef readonly Py_ssize_t size
    cdef readonly Py_ssize_t depth
    cdef readonly Py_ssize_t[::1] begins      # (depth,)
    cdef readonly Py_ssize_t[::1] counts      # (depth,)
    cdef readonly Py_ssize_t[::1] ids         # neurons, ascending within a step
    cdef readonly double[::1] times           # ms after the start of their step
    cdef Py_ssize_t end

    cdef bint has_room(self) noexcept nogil
    cdef int make_room(self, Py_ssize_t step) except -1
    cdef void open(self, Py_ssize_t step) noexcept nogil
    cdef inline void add(self, Py_ssize_t step, Py_ssize_t neuron, double time) noexcept nogil:
        self.ids[self.end], self.times[self.end] = neuron, time
        self.end = self.end + 1
        self.counts[step % self.depth] += 1
    cdef int collect(self, Py_ssize_t step, const uint8_t[::1] spiked, const double[::1] times, double dt,
                     bint inside) except -1
