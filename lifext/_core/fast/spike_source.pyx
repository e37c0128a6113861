"""Spikes that are given: an emitter without neurons."""
import numpy as np

from ..shared.logs cimport SpikeLog
from ..shared.spikes cimport SpikeHistory
from .emitter cimport Emitter

# a spike is in its step, however times are rounded
cdef double WITHIN = 0.9999999999999999


def in_steps(const double[::1] times, double dt):
    """Return in which step of `dt` ms each of some times is, and how long after its start.

    Parameters
    ----------
    times : ndarray of shape (n,)
        ms, >= 0.
    dt : float
        ms.

    Returns
    -------
    steps : ndarray of int, shape (n,)
    left : ndarray of shape (n,)
        ms, in [0, dt).
    """
    steps = np.floor(np.asarray(times)/dt)
    # the quotient is rounded: what counts is where the step begins
    steps = np.where(steps*dt > times, steps - 1, steps)
    steps = np.where((steps + 1)*dt <= times, steps + 1, steps)
    return steps.astype(np.intp), np.clip(times - steps*dt, 0.0, WITHIN*dt)


cdef class SpikeSourceEmitter(Emitter):
    """Emits spikes of a list.

    Parameters
    ----------
    ids : ndarray of intp, shape (n,)
        Who spikes, in [0, size).
    times : ndarray of shape (n,)
        ms from the network's time 0.
    dt : float
        ms.
    history : SpikeHistory
        With room for the spikes of the fullest step.
    log : SpikeLog, optional
    first : int, optional
        The first step of which spikes are emitted.
    """
    cdef Py_ssize_t[::1] ids
    cdef double[::1] instants             # ms after the start of their step
    cdef Py_ssize_t[::1] steps            # ascending
    cdef Py_ssize_t next

    def __init__(self, ids, times, double dt, SpikeHistory history, SpikeLog log=None, Py_ssize_t first=0):
        steps, instants = in_steps(times, dt)
        # within a step as a population's spikes are, neuron after neuron
        order = np.lexsort((instants, ids, steps))
        order = order[steps[order] >= first]
        self.ids, self.instants, self.steps = ids[order], instants[order], steps[order]
        self.history, self.log, self.dt = history, log, dt
        self.size = self.blocks = self.next = 0

    cdef int collect(self, Py_ssize_t step) except -1 nogil:
        cdef Py_ssize_t k = self.next, n = self.steps.shape[0]
        self._open(step)
        while k > 0 and self.steps[k - 1] >= step:
            k -= 1
        while k < n and self.steps[k] < step:
            k += 1
        while k < n and self.steps[k] == step:
            self.history.add(step, self.ids[k], self.instants[k])
            k += 1
        self.next = k
        if self.log is not None:
            self.log.note(self.history, step, self.dt)
        return 0
