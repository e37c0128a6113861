"""The loop over steps of a whole network, in the compat arithmetic.

The contract of a step: every population predicts before any spike is delivered, every
projection delivers before any population advances, and records are taken when all have
advanced. Populations draw their random numbers in the order they were added in, spikes are
received in the order the projections were made in: so a step has the numbers of a
script that calls `predictSpikes`, `receive...` and `processTimeStep` in these orders.
"""
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint8_t

import numpy as np

from .logs cimport SpikeLog
from .membrane cimport advance_cell, predict_cell
from .projection cimport Projection
from .spikes cimport SpikeBuffer, SpikeHistory


cdef class Member:
    def __init__(self, population, SpikeHistory history, SpikeLog log=None, *, bint compiled=True):
        self.population, self.history, self.log = population, history, log
        self.cell = population._cell() if compiled else None

    cdef int predict(self, Py_ssize_t step, double dt) except -1:
        cdef const uint8_t[::1] spiked
        cdef const double[::1] times
        if self.cell is not None and not self.cell.is_current():
            self.cell = self.population._cell()
        if self.cell is not None:
            predict_cell(self.cell, dt, step*dt)
            self.history.collect(step, self.cell.spiked, self.cell.spike_time)
        else:
            self.population.predictSpikes(dt, step*dt)
            spiked = np.ascontiguousarray(self.population._spiked).view(np.uint8)
            times = np.ascontiguousarray(self.population._spikeTime, dtype=np.float64).reshape(-1)
            self.history.collect(step, spiked, times)
        if self.log is not None:
            self.log.note(self.history, step, dt)
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
    def __init__(self, Projection projection, Member source, SpikeBuffer target, Py_ssize_t delay, receive=None):
        self.projection, self.source, self.target, self.delay = projection, source, target, delay
        self.receive = receive

    cdef int deliver(self, Py_ssize_t step, double dt) except -1:
        cdef SpikeHistory history = self.source.history
        cdef Py_ssize_t k, slot
        if step < self.delay:
            return 0
        slot = (step - self.delay) % history.depth
        for k in range(history.begins[slot], history.begins[slot] + history.counts[slot]):
            # in this arithmetic a time of dt means that no spike came
            if history.times[k] == dt:
                continue
            if self.receive is not None:
                self.receive(dt, 1, [[history.times[k]]], self.projection.row(history.ids[k])[None])
            else:
                self.projection.fill_row(history.ids[k], self.target.take(history.times[k]))
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

    def run(self, Py_ssize_t count):
        """Take `count` steps. A signal (Ctrl-C) is heard between two of them and leaves the state of whole steps."""
        cdef Py_ssize_t last = self.step + count
        cdef Member member
        cdef Py_ssize_t before = self.step
        try:
            while self.step < last:
                PyErr_CheckSignals()
                self.take_step()
                self.step += 1
                for member in self.members:
                    if member.log is not None:
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
