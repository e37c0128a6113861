from .buffers cimport Cell
from .logs cimport SpikeLog
from .projection cimport Projection
from .spikes cimport SpikeBuffer, SpikeHistory


cdef class Member:
    """A population as the loop sees it: compiled, or stepped through its own Python methods."""
    cdef object population
    cdef Cell cell                        # None: through Python
    cdef SpikeHistory history
    cdef SpikeLog log                     # None: spikes are not recorded

    cdef int predict(self, Py_ssize_t step, double dt) except -1
    cdef int advance(self, Py_ssize_t step, double dt) except -1


cdef class Connection:
    """Spikes of one member on their way to another."""
    cdef Projection projection
    cdef Member source
    cdef SpikeBuffer target
    cdef object receive                   # a method of the user's that takes spikes in, or None
    cdef Py_ssize_t delay                 # steps

    cdef int deliver(self, Py_ssize_t step, double dt) except -1
