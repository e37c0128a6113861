"""What a network steps: whatever emits spikes. The loop knows emitters and projections and nothing else."""
from ..shared.logs cimport SpikeLog
from ..shared.spikes cimport SpikeHistory
from .population cimport FastPopulation


cdef class Emitter:
    cdef readonly SpikeHistory history
    cdef readonly SpikeLog log            # None: spikes are not recorded
    cdef readonly Py_ssize_t size
    cdef readonly Py_ssize_t blocks       # parts of a step, which threads share out
    cdef readonly double dt               # ms

    cdef int begin(self) except -1
    cdef bint is_current(self) noexcept
    cdef void watch(self) noexcept nogil
    cdef void step_block(self, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil
    cdef int collect(self, Py_ssize_t step) except -1 nogil
    cdef int crowd(self) except -1 nogil
    cdef void settle_block(self, Py_ssize_t block, double before) noexcept nogil
    cdef int settle(self, Py_ssize_t step) except -1
    cdef int keep_predicted(self) except -1
    cdef int keep_previous(self) except -1
    cdef int show_spikes(self, Py_ssize_t step) except -1
    cdef int show_currents(self) except -1
    cdef int finish(self, Py_ssize_t last) except -1
    cdef int _open(self, Py_ssize_t step) except -1 nogil


cdef class PopulationEmitter(Emitter):
    cdef readonly FastPopulation population
    cdef object tell_count                # called with how many neurons spiked in the last step
