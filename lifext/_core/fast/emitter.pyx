"""What a network steps: whatever emits spikes."""
from ..shared.buffers cimport Cell
from ..shared.logs cimport SpikeLog
from ..shared.spikes cimport SpikeHistory
from .lowered cimport ReceptorArrays
from .population cimport BLOCK, FLUSH_EVERY, Population, FastPopulation, fast_loops

cdef enum:
    # steps between two looks for a potential that no current can have brought about
    LOOK_EVERY = 64


cdef class Emitter:
    """Emits spikes; what it has no use for, it leaves as it is here.

    A step is: `watch`, `step_block` for each block, `collect`; then spikes are delivered, and `crowd` comes
    last. `settle_block` and `settle` bring the state to the end of a step that is looked at.
    """

    cdef int begin(self) except -1:
        """Begin a run: take notice of what may have changed since the last one."""
        return 0

    cdef bint is_current(self) noexcept:
        """Whether it still is what Python sees."""
        return True

    cdef void watch(self) noexcept nogil:
        """Prepare a step, before any population takes it."""

    cdef void step_block(self, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil:
        """Take in the spikes of the last step, and go a step ahead as if no spike came."""

    cdef int collect(self, Py_ssize_t step) except -1 nogil:
        """Put the spikes of a step into the history, and into the record."""
        return 0

    cdef int crowd(self) except -1 nogil:
        """Look at the spikes that arrive in the step, before they are taken in."""
        return 0

    cdef void settle_block(self, Py_ssize_t block, double before) noexcept nogil:
        """Leave the state of a block at the end of the step whose time was `before`."""

    cdef int settle(self, Py_ssize_t step) except -1:
        """Show Python the state, when all blocks are settled at the end of a step."""
        return 0

    cdef int keep_predicted(self) except -1:
        """Show Python the potential that a step predicted, before it is settled."""
        return 0

    cdef int keep_previous(self) except -1:
        """Show the state after a step as that before the next one."""
        return 0

    cdef int show_spikes(self, Py_ssize_t step) except -1:
        """Leave the spikes of a step where a script reads them."""
        return 0

    cdef int show_currents(self) except -1:
        """Leave the currents of a step that is settled where a script reads them."""
        return 0

    cdef int finish(self, Py_ssize_t last) except -1:
        """End a run: leave what a script reads as a step by hand would have."""
        return 0

    cdef int _open(self, Py_ssize_t step) except -1 nogil:
        if not self.history.has_room():
            with gil:
                self.history.make_room(step)
        self.history.open(step)
        return 0


cdef class PopulationEmitter(Emitter):
    """A population of the fast arithmetic: its state, its spikes, its record.

    Parameters
    ----------
    population : FastPopulation
    history : SpikeHistory
    log : SpikeLog, optional
        Where spikes are recorded.
    tell_count : callable, optional
        Called with how many neurons spiked in the step that a script sees.
    """

    def __init__(self, FastPopulation population, SpikeHistory history, SpikeLog log=None, tell_count=None):
        self.population, self.history, self.log, self.tell_count = population, history, log, tell_count
        self.size, self.blocks, self.dt = population.c.size, population.c.blocks, population.c.dt

    cdef int begin(self) except -1:
        return self.population.refresh()

    cdef bint is_current(self) noexcept:
        return self.population.cell.is_current() and not self.population.too_much_arrives()

    cdef void watch(self) noexcept nogil:
        self.population.watch()

    cdef void step_block(self, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil:
        cdef Population *c = &self.population.c
        fast_loops(self.population.single).step(c, block, step, before, keep or c.has_targets)

    cdef int collect(self, Py_ssize_t step) except -1 nogil:
        cdef Population *c = &self.population.c
        cdef Py_ssize_t block, k
        if step % FLUSH_EVERY == 0:
            fast_loops(self.population.single).deactivate_silent(c)
        if step % LOOK_EVERY == 0:
            self.population.look(step)
        self.population.forget_spikes()
        self._open(step)
        for block in range(c.blocks):
            for k in range(block*BLOCK, block*BLOCK + c.counts[block]):
                self.history.add(step, c.ids[k], c.times[k])
        if self.log is not None:
            self.log.note(self.history, step, c.dt)
        return 0

    cdef int crowd(self) except -1 nogil:
        return self.population.crowd()

    cdef void settle_block(self, Py_ssize_t block, double before) noexcept nogil:
        fast_loops(self.population.single).settle(&self.population.c, block, before)

    cdef int settle(self, Py_ssize_t step) except -1:
        self.population.forget_spikes()
        self.population.write_back()
        self.population.look(step)
        return 0

    cdef int keep_predicted(self) except -1:
        return self.population.keep_predicted()

    cdef int keep_previous(self) except -1:
        return self.population.keep_previous()

    cdef int show_spikes(self, Py_ssize_t step) except -1:
        cdef Cell cell = self.population.cell
        cdef Py_ssize_t k, slot = step % self.history.depth, begin = self.history.begins[slot]
        cell.spiked[:] = 0
        cell.spike_time[:] = self.dt
        for k in range(begin, begin + self.history.counts[slot]):
            cell.spiked[self.history.ids[k]] = 1
            cell.spike_time[self.history.ids[k]] = self.history.times[k]
        if self.tell_count is not None:
            self.tell_count(int(self.history.counts[slot]))
        return 0

    cdef int show_currents(self) except -1:
        cdef Population *c = &self.population.c
        cdef Py_ssize_t block
        for block in range(c.blocks):
            fast_loops(self.population.single).show(c, block)
        return self.population.write_back()

    cdef int finish(self, Py_ssize_t last) except -1:
        cdef Cell cell = self.population.cell
        cdef ReceptorArrays arrays
        self.show_spikes(last)
        for arrays in self.population.receptors:
            if arrays.poisson is not None:
                arrays.poisson.pending[0] = 1
        cell.excitation.forget()
        cell.inhibition.forget()
        return 0
