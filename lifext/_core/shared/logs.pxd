from .spikes cimport SpikeHistory

cdef enum:
    BLOCK = 1024                          # spikes that share an earliest and a latest time


cdef class SpikeLog:
    cdef readonly Py_ssize_t count        # spikes here
    cdef readonly Py_ssize_t spilled      # and before them, handed to the sink
    cdef readonly bint closed             # takes in no more spikes
    cdef readonly object sink             # None, or what takes over the spikes
    cdef Py_ssize_t limit                 # once there are this many,
    cdef Py_ssize_t due                   # or, after it could not, this many
    cdef Py_ssize_t[::1] ids
    cdef double[::1] times                # ms
    cdef double[::1] earliest             # (capacity/BLOCK,) in each block
    cdef double[::1] latest

    cdef int note(self, SpikeHistory history, Py_ssize_t step, double dt) except -1 nogil
    cdef int grow(self, Py_ssize_t wanted) except -1
    cdef void append(self, Py_ssize_t neuron, double time) noexcept nogil
    cdef bint is_due(self) noexcept
    cdef int spill_if_due(self) except -1


cdef class StateLog:
    cdef readonly Py_ssize_t count        # samples
    cdef readonly Py_ssize_t interval     # steps
    cdef readonly bint has_currents       # whether some variable is a current
    cdef object population
    cdef object neurons
    cdef list paths
    cdef list getters
    cdef list rows                        # for each variable an array (capacity, m)
    cdef Py_ssize_t[::1] steps            # (capacity,) steps taken when a sample was

    cpdef int take(self, Py_ssize_t step) except -1
    cdef int grow(self) except -1
