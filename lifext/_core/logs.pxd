from .buffers cimport Cell
from .spikes cimport SpikeHistory


cdef class SpikeLog:
    cdef readonly Py_ssize_t count
    cdef Py_ssize_t[::1] ids
    cdef double[::1] times

    cdef int note(self, SpikeHistory history, Py_ssize_t step, double dt) except -1 nogil
    cdef int grow(self, Py_ssize_t wanted) except -1
