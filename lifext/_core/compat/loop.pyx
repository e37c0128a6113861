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
from ..shared.rows cimport Rows
from ..shared.spikes cimport SpikeBuffer, SpikeHistory


cdef class CompatEmitter:
    """A population as the loop sees it: compiled, or stepped through its own Python methods.

    Parameters
    ----------
    stepper : lifext._stepper.Stepper
        Its Python side.
    history : SpikeHistory
    log : SpikeLog, optional
        Where spikes are recorded.
    compiled : bool, optional
        Whether kernels step it.
    inside : bool, optional
        Whether spikes outside of their step count as at its start or end.
    """

    def __init__(self, stepper, SpikeHistory history, SpikeLog log=None, *, bint compiled=True, bint inside=False):
        self.stepper, self.history, self.log, self.inside = stepper, history, log, inside
        self.cell = stepper.record() if compiled else None

    cdef int predict(self, Py_ssize_t step, double dt) except -1:
        if self.cell is not None and not self.cell.is_current():
            self.cell = self.stepper.record()
        if self.cell is not None:
            # what others' own methods may look at
            self.stepper.tell_count(predict_cell(self.cell, dt, step*dt))
            self.history.collect(step, self.cell.spiked, self.cell.spike_time, dt, self.inside)
        else:
            spiked, times = self.stepper.predict(dt, step*dt)
            self.history.collect(step, spiked, times, dt, self.inside)
        if self.log is not None:
            self.log.note(self.history, step, dt)
        return 0

    cdef int advance(self, Py_ssize_t step, double dt) except -1:
        if self.cell is not None and not self.cell.is_current():
            self.cell = self.stepper.record()
        if self.cell is not None:
            advance_cell(self.cell, dt, step*dt)
        else:
            self.stepper.advance(dt, step*dt)
        return 0

    def finish(self, Py_ssize_t last):
        """Leave the attributes that a script reads as a step of its own would have."""
        if self.cell is not None:
            self.stepper.tell_count(int(self.history.counts[last % self.history.depth]))


cdef class CompatProjection:
    def __init__(self, Rows rows, CompatEmitter source, SpikeBuffer target, Py_ssize_t delay, receive=None,
                 Py_ssize_t begin=0):
        self.rows, self.source, self.target, self.delay = rows, source, target, delay
        self.receive, self.begin = receive, begin
        if receive is not None:
            self.matrix = np.stack([rows.row(k) for k in range(rows.n_source)])

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
                self.rows.fill_row(history.ids[k], self.target.take(history.times[k]))
        return 0

    cdef int hand_over(self, Py_ssize_t begin, Py_ssize_t count, double dt) except -1:
        """Call a method of the user's as a loop by hand does: in each step, for all source neurons."""
        cdef SpikeHistory history = self.source.history
        cdef double[:, ::1] times = np.full((self.rows.n_source, 1), dt)
        cdef Py_ssize_t k
        for k in range(begin, begin + count):
            times[history.ids[k], 0] = history.times[k]
        self.receive(dt, count, np.asarray(times), self.matrix)
        return 0


cdef class CompatLoop:
    """Members, projections and traces of a network, and the step it has come to."""
    cdef list emitters
    cdef list projections
    cdef list traces
    cdef readonly Py_ssize_t step         # the next to be taken
    cdef double dt

    def __init__(self, list emitters, list projections, list traces, Py_ssize_t step, double dt):
        self.emitters, self.projections, self.traces = emitters, projections, traces
        self.step, self.dt = step, dt

    def run(self, Py_ssize_t count, held, check):
        """Take `count` steps. A signal (Ctrl-C) is heard between two of them and leaves the state of whole steps.

        `held` are the signals that came in the midst of one (`_signals.Held`). ``check(step)`` is called before spikes
        are handed over to a file, and refuses a state that is none.
        """
        cdef Py_ssize_t last = self.step + count
        cdef CompatEmitter emitter
        cdef Py_ssize_t before = self.step
        try:
            while self.step < last:
                PyErr_CheckSignals()
                held.hear()
                self.take_step()
                self.step += 1
                for emitter in self.emitters:
                    if emitter.log is not None and emitter.log.is_due():
                        check(self.step)
                        emitter.log.spill_if_due()
        finally:
            if self.step > before:
                for emitter in self.emitters:
                    emitter.finish(self.step - 1)

    cdef int take_step(self) except -1:
        cdef CompatEmitter emitter
        cdef CompatProjection projection
        for emitter in self.emitters:
            emitter.predict(self.step, self.dt)
        for projection in self.projections:
            projection.deliver(self.step, self.dt)
        for emitter in self.emitters:
            emitter.advance(self.step, self.dt)
        for trace in self.traces:
            trace.take(self.step)
        return 0
