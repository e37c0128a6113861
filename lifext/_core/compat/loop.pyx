"""The loop over steps of a whole network, in the compat arithmetic.

The contract of a step: every population predicts before any spike is delivered, every
projection delivers before any population advances, and records are taken when all have
advanced. Populations draw their random numbers in the order they were added in, spikes are
received in the order the projections were made in: so a step has the numbers of a
script that calls `predictSpikes`, `receive...` and `processTimeStep` in these orders.
"""
from cpython.exc cimport PyErr_CheckSignals

import numpy as np

from ..shared.logs cimport SpikeLog
from .membrane cimport advance_cell, predict_cell
from ..shared.projection cimport Projection
from ..shared.spikes cimport SpikeBuffer, SpikeHistory


cdef class Member:
    def __init__(self, population, SpikeHistory history, SpikeLog log=None, *, bint compiled=True, bint inside=False):
        self.population, self.history, self.log, self.inside = population, history, log, inside
        self.cell = population._cell() if compiled else None

    cdef int predict(self, Py_ssize_t step, double dt) except -1:
        if self.cell is not None and not self.cell.is_current():
            self.cell = self.population._cell()
        if self.cell is not None:
            # what others' own methods may look at
            self.population.__dict__["numSpikes"] = predict_cell(self.cell, dt, step*dt)
            self.history.collect(step, self.cell.spiked, self.cell.spike_time, dt, self.inside)
        else:
            self.population.predictSpikes(dt, step*dt)
            self.collect(step, dt)
        if self.log is not None:
            self.log.note(self.history, step, dt)
        return 0

    cdef int collect(self, Py_ssize_t step, double dt) except -1:
        """Take over the spikes that a population's own method has left."""
        # copies: what is checked is what is read
        spiked, times = np.array(self.population._spiked), np.array(self.population._spikeTime)
        if spiked.dtype != np.bool_ or spiked.shape != (self.history.size,):
            raise ValueError(f"{type(self.population).__name__}: _spiked must be an array of booleans of shape "
                             f"({self.history.size},), got shape {spiked.shape} of {spiked.dtype}")
        if times.dtype.kind not in "iuf" or times.size != self.history.size:
            raise ValueError(f"{type(self.population).__name__}: _spikeTime must be an array of numbers of shape "
                             f"({self.history.size}, 1), got shape {times.shape} of {times.dtype}")
        self.history.collect(step, spiked.view(np.uint8), times.astype(np.float64).reshape(-1), dt, self.inside)
        return 0

    cdef int advance(self, Py_ssize_t step, double dt) except -1:
        if self.cell is not None and not self.cell.is_current():
            self.cell = self.population._cell()
        if self.cell is not None:
            advance_cell(self.cell, dt, step*dt)
        else:
            self.population.processTimeStep(dt, step*dt)
        return 0

    def finish(self, Py_ssize_t last):
        """Leave the attributes that a script reads as a step of its own would have."""
        if self.cell is not None:
            self.population.__dict__["numSpikes"] = int(self.history.counts[last % self.history.depth])


cdef class Connection:
    def __init__(self, Projection projection, Member source, SpikeBuffer target, Py_ssize_t delay, receive=None,
                 Py_ssize_t begin=0):
        self.projection, self.source, self.target, self.delay = projection, source, target, delay
        self.receive, self.begin = receive, begin
        if receive is not None:
            self.matrix = np.stack([projection.row(k) for k in range(projection.n_source)])

    cdef int deliver(self, Py_ssize_t step, double dt) except -1:
        cdef SpikeHistory history = self.source.history
        cdef Py_ssize_t k, slot, begin = 0, count = 0
        if step - self.delay >= self.begin:
            slot = (step - self.delay) % history.depth
            begin, count = history.begins[slot], history.counts[slot]
        if self.receive is not None:
            self.hand_over(begin, count, dt)
            return 0
        for k in range(begin, begin + count):
            # in this arithmetic a time of dt means that no spike came
            if history.times[k] != dt:
                self.projection.fill_row(history.ids[k], self.target.take(history.times[k]))
        return 0

    cdef int hand_over(self, Py_ssize_t begin, Py_ssize_t count, double dt) except -1:
        """Call a method of the user's as a loop by hand does: in each step, for all source neurons."""
        cdef SpikeHistory history = self.source.history
        cdef double[:, ::1] times = np.full((self.projection.n_source, 1), dt)
        cdef Py_ssize_t k
        for k in range(begin, begin + count):
            times[history.ids[k], 0] = history.times[k]
        self.receive(dt, count, np.asarray(times), self.matrix)
        return 0


cdef class Loop:
    """Members, connections and traces of a network, and the step it has come to."""
    cdef list members
    cdef list connections
    cdef list traces
    cdef readonly Py_ssize_t step         # the next to be taken
    cdef double dt

    def __init__(self, list members, list connections, list traces, Py_ssize_t step, double dt):
        self.members, self.connections, self.traces = members, connections, traces
        self.step, self.dt = step, dt

    def run(self, Py_ssize_t count, held, check):
        """Take `count` steps. A signal (Ctrl-C) is heard between two of them and leaves the state of whole steps.

        `held` are the signals that came in the midst of one (`_signals.Held`). ``check(step)`` is called before spikes
        are handed over to a file, and refuses a state that is none.
        """
        cdef Py_ssize_t last = self.step + count
        cdef Member member
        cdef Py_ssize_t before = self.step
        try:
            while self.step < last:
                PyErr_CheckSignals()
                held.hear()
                self.take_step()
                self.step += 1
                for member in self.members:
                    if member.log is not None and member.log.is_due():
                        check(self.step)
                        member.log.spill_if_due()
        finally:
            if self.step > before:
                for member in self.members:
                    member.finish(self.step - 1)

    cdef int take_step(self) except -1:
        cdef Member member
        cdef Connection connection
        for member in self.members:
            member.predict(self.step, self.dt)
        for connection in self.connections:
            connection.deliver(self.step, self.dt)
        for member in self.members:
            member.advance(self.step, self.dt)
        for trace in self.traces:
            trace.take(self.step)
        return 0
