from ..shared.buffers cimport Cell
from ..shared.logs cimport SpikeLog
from ..shared.rows cimport Rows
from ..shared.spikes cimport SpikeBuffer, SpikeHistory


cdef class CompatEmitter:
    cdef object stepper
    cdef Cell cell                        # None: through Python
    cdef SpikeHistory history
    cdef SpikeLog log                     # None: spikes are not recorded
    cdef bint inside                      # spikes outside of their step count as at its start or end

    cdef int predict(self, Py_ssize_t step, double dt) except -1
    cdef int advance(self, Py_ssize_t step, double dt) except -1


cdef class CompatProjection:
    """Spikes of one population on their way to another."""
    cdef Rows rows
    cdef CompatEmitter source
    cdef SpikeBuffer target
    cdef object receive                   # a method of the user's that takes spikes in, or None
    cdef object matrix                    # the weights that it is given
    cdef Py_ssize_t delay                 # steps
    cdef Py_ssize_t begin                 # the first step whose spikes it carries

    cdef int deliver(self, Py_ssize_t step, double dt) except -1
    cdef int hand_over(self, Py_ssize_t begin, Py_ssize_t count, double dt) except -1
