"""What the kernels see of the Python objects, and whether it is still what Python sees.

A record is made once ("lowering") and used for many steps. It goes out of date when an
attribute that it was made from is set (`Lowered.expire`), when a class is patched
(`patch`), or when someone else holds one of the arrays that a kernel would write: such
an array is left to its holder, as in the published code, which never wrote one twice.
"""
import numpy as np

from cpython.object cimport PyObject
from libc.math cimport INFINITY

from .numpy_loops cimport mean_of

# Arrivals in a step, on average, that NumPy's generators still draw: a count ten standard deviations above is a
# 64-bit integer.
MOST_ARRIVALS = 2.0**63 - 10*2.0**31.5
cdef double _most_arrivals = MOST_ARRIVALS

# what may leave its range in the published scheme
STRAYS = "AMPA", "NMDA", "GABA", "spike time", "potential"

cdef unsigned long long _patches = 0
cdef unsigned long long _changes = 0


def patch():
    """Take notice that a class was changed: every record is out of date."""
    global _patches
    _patches += 1
    changed()


def changed():
    """Count a change of any kind, so that a refusal to lower can be asked again."""
    global _changes
    _changes += 1


def change_count():
    """Return how many changes there were."""
    return _changes


def is_number(*values):
    """Whether none of the values is an array."""
    return not any(isinstance(value, np.ndarray) for value in values)


def parameters(Py_ssize_t size, bint uniform, *values):
    """Return each value as an array: of length 1 if all are numbers, else of length `size`.

    An array is taken as it is, so that a change of its elements counts. A number always has
    a first element, even where there are no neurons.
    """
    return [value if isinstance(value, np.ndarray)
            else np.full(1 if uniform or size == 0 else size, value, dtype=np.float64) for value in values]


cdef class Lowered:
    """A record that knows when it is out of date.

    `owned` arrays are those that kernels write and nobody else may hold. `seal` takes
    their reference counts as the ones to expect, so it comes after the last view of
    them was made, recorders' included, and when no local name is left on them.
    """

    def seal(self, list owned, recorders=()):
        cdef int k
        self._owned, self.recorders = owned, list(recorders)
        self._seen = _patches
        self._expired = False
        if len(owned) > MOST_OWNED:
            raise ValueError(f"a record owns at most {MOST_OWNED} arrays, got {len(owned)}")
        self._n_owned = <int> len(owned)
        for k in range(self._n_owned):
            self._watched[k] = <PyObject *> owned[k]
            self._baseline[k] = self._watched[k].ob_refcnt
        return self

    def expire(self):
        """Put the record out of date."""
        self._expired = True

    cdef bint is_current(self) noexcept:
        cdef int k
        if self._expired or self._seen != _patches:
            return False
        for k in range(self._n_owned):
            if self._watched[k].ob_refcnt != self._baseline[k]:
                return False
        return True

    def current(self):
        """Whether the record, with those of its parts, still is what Python sees."""
        return self.is_current()


cdef class Recorder:
    def __init__(self, dict owner, str name, double[::1] values, Py_ssize_t index=-1):
        self.owner, self.name, self.values, self.index = owner, name, values, index

    def parts(self):
        """Return owner, name, values and index."""
        return self.owner, self.name, np.asarray(self.values), self.index

    cdef int record(self) except -1:
        cdef double value = mean_of(self.values) if self.index < 0 else self.values[self.index]
        self.owner[self.name].append(value)
        return 0


cdef class Gating(Lowered):
    def __init__(self, int kind, double[::1] s, double[::1] prev_s, double[::1] x, double[::1] prev_x,
                 alpha_s, tau_s, alpha_x, tau_x):
        self.kind, self.size = kind, s.shape[0]
        self.s, self.prev_s, self.x, self.prev_x = s, prev_s, x, prev_x
        self.uniform = is_number(alpha_s, tau_s, alpha_x, tau_x)
        self.one_tau, self.one_tau_x = is_number(tau_s), is_number(tau_x)
        self.alpha_s, self.tau_s, self.alpha_x, self.tau_x = parameters(
            self.size, self.uniform, alpha_s, tau_s, alpha_x, tau_x)
        self.decay = np.empty(0 if self.one_tau else self.size)


cdef class Receptor(Lowered):
    def __init__(self, Gating gating, bint blocked, double[::1] curr, double[::1] prev_curr, g, reversal, mg):
        self.gating, self.blocked = gating, blocked
        self.curr, self.prev_curr = curr, prev_curr
        self.g, self.reversal, self.mg = g, reversal, mg
        self.gate_ahead = np.empty(curr.shape[0])

    cdef bint is_current(self) noexcept:
        return Lowered.is_current(self) and self.gating.is_current()


cdef class Leak(Lowered):
    def __init__(self, double[::1] curr, double[::1] prev_curr, g, v_leak):
        self.curr, self.prev_curr = curr, prev_curr
        self.g, self.v_leak = g, v_leak


cdef class SteadyInput(Lowered):
    def __init__(self, const double[::1] curr):
        self.curr = curr


cdef class PoissonInput(Lowered):
    def __init__(self, bint driven, rng, uint8_t[::1] pending, double[::1] s, double[::1] curr,
                 double[::1] prev_curr, g, reversal, alpha, tau, rate):
        cdef Py_ssize_t n = s.shape[0]
        self.driven, self.rng, self.pending = driven, rng, pending
        self.s, self.curr, self.prev_curr = s, curr, prev_curr
        self.uniform, self.one_tau, self.one_rate = is_number(g, reversal, alpha, tau), is_number(tau), is_number(rate)
        self.g, self.reversal, self.alpha, self.tau = parameters(n, self.uniform, g, reversal, alpha, tau)
        self.rate, = parameters(n, self.one_rate, rate)
        self.arrival, self.before, self.after = np.empty(n), np.empty(n), np.empty(n)
        self.mean, self.threshold = np.full(self.rate.shape[0], np.nan), np.empty(self.rate.shape[0])
        self.bit_generator, self.random, self.twister = None, NULL, False


cdef bint can_be_drawn(PoissonInput p, double dt) noexcept:
    """Whether counts can be drawn of what arrives over `dt`; an element of `rate` may have been written in place."""
    cdef Py_ssize_t i
    if p is None or not p.driven:
        return True
    for i in range(p.rate.shape[0]):
        if not 0.0 <= dt*p.rate[i] <= _most_arrivals:
            return False
    return True


cdef double lowest_potential(Cell c) except? 0.0:
    """A potential below all that a population's currents pull to, and those it has, mV."""
    if c.size == 0:
        return -INFINITY
    inputs = [source for source in (c.noise, c.afferents) if source is not None]
    conductances = [c.leak_g, c.ampa_g, c.nmda_g, c.gaba_g, *[source.g for source in inputs]]
    if min([np.min(g) for g in conductances]) < 0.0:
        return -INFINITY
    ends = [c.v_leak, c.v_reset, c.ampa_v, c.nmda_v, *[source.reversal for source in inputs]]
    lowest = min([np.min(end) for end in ends + ([c.gaba_v] if c.inhibited else [])])
    steady = 0.0 if c.steady is None else max(np.max(c.steady.curr), 0.0)
    if steady > 0.0:
        lowest = lowest - steady/np.min(c.leak_g) if np.min(c.leak_g) > 0.0 else -INFINITY
    # rounding, and the little by which the published second slope is off
    return min(lowest - 1.0, np.min(c.v))


cdef class Cell(Lowered):
    def __init__(self, Receptor ampa, Receptor nmda, Receptor gaba, bint inhibited, PoissonInput noise,
                 Leak leak, afferents, double[::1] v, double[::1] v_ahead, uint8_t[::1] spiked,
                 double[::1] spike_time, double[::1] end_refractory, v_threshold, v_reset,
                 refractory, cm, SpikeBuffer excitation, SpikeBuffer inhibition):
        cdef Py_ssize_t n = v.shape[0]
        self.size = n
        self.ampa, self.nmda, self.gaba, self.inhibited = ampa, nmda, gaba, inhibited
        self.noise, self.leak = noise, leak
        if isinstance(afferents, PoissonInput):
            self.afferents = afferents
        else:
            self.steady = afferents
        self.v, self.v_ahead, self.spiked = v, v_ahead, spiked
        self.spike_time, self.end_refractory = spike_time, end_refractory
        values = (v_threshold, v_reset, refractory, cm, leak.g, leak.v_leak, ampa.g, ampa.reversal,
                  nmda.g, nmda.reversal, nmda.mg, gaba.g, gaba.reversal)
        self.uniform = is_number(*values)
        (self.v_threshold, self.v_reset, self.refractory, self.cm, self.leak_g, self.v_leak, self.ampa_g,
         self.ampa_v, self.nmda_g, self.nmda_v, self.mg, self.gaba_g, self.gaba_v,
         ) = parameters(n, self.uniform, *values)
        self.excitation, self.inhibition = excitation, inhibition
        self.slope1, self.stage = np.empty(n), np.empty(n)
        self.exp_of_v, self.exp_known_at = np.empty(n), np.full(n, np.nan)
        self.strayed, self.told, self.floor = 0, True, lowest_potential(self)

    cdef void note_stray(self, int what, double time) noexcept nogil:
        if not self.strayed >> what & 1:
            self.strayed, self.told = self.strayed | 1 << what, False
            self.stray_time[what] = time

    def stray(self, int what, double time):
        """Take note that something (a place in STRAYS) has left its range, for the twins."""
        self.note_stray(what, time)

    def is_told(self):
        """Whether somebody has asked for all that strayed."""
        return self.told

    def strays(self):
        """Return what has left its range, by name, and at which time, ms: pairs."""
        self.told = True
        return [(STRAYS[what], self.stray_time[what]) for what in range(len(STRAYS)) if self.strayed >> what & 1]

    cpdef bint drawable(self, double dt) noexcept:
        """Whether a step of `dt` can be predicted: not if more arrives in it than NumPy's generators can draw."""
        return can_be_drawn(self.noise, dt) and can_be_drawn(self.afferents, dt)

    cdef bint is_current(self) noexcept:
        return (Lowered.is_current(self)
                and self.ampa.is_current() and self.nmda.is_current() and self.gaba.is_current()
                and self.noise.is_current() and self.leak.is_current()
                and (self.afferents.is_current() if self.steady is None else self.steady.is_current()))

    cpdef bint ready(self, dt, time) noexcept:
        """Whether the record is what Python sees, and dt and time are those of a step."""
        cdef double length, start
        try:
            length, start = dt, time
        except (TypeError, ValueError, OverflowError):
            return False
        return 0.0 < length < INFINITY and -INFINITY < start < INFINITY and self.is_current()
