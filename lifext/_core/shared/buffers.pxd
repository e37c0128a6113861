"""What the kernels see of the Python objects: their arrays and parameters, one record a part.

A parameter is an array of length 1, where one number holds for all neurons, or of length n.
"""
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from numpy.random cimport bitgen_t

from .spikes cimport SpikeBuffer


cpdef enum GatingKind:
    LINEAR
    EXPONENTIAL
    SECOND_ORDER


cdef enum:
    MOST_OWNED = 8


cdef class Lowered:
    cdef readonly list recorders          # what each step adds to
    cdef list _owned
    cdef PyObject *_watched[MOST_OWNED]   # the same, and how many references there are to each
    cdef Py_ssize_t _baseline[MOST_OWNED]
    cdef int _n_owned
    cdef unsigned long long _seen
    cdef bint _expired

    cdef bint is_current(self) noexcept


cdef class Recorder:
    """A list that grows by one value a step: the mean of an array, or one element of it."""
    cdef dict owner                       # the attributes of the object that has the list
    cdef str name
    cdef double[::1] values
    cdef Py_ssize_t index                 # -1: the mean

    cdef int record(self) except -1


cdef class Gating(Lowered):
    """State and time constants of one receptor type's gating variables."""
    cdef readonly int kind
    cdef readonly Py_ssize_t size
    cdef readonly bint uniform            # all parameters are numbers
    cdef readonly bint one_tau            # tau_s is: its exp is libm's
    cdef readonly bint one_tau_x
    cdef readonly double[::1] s           # (n,) open fraction
    cdef readonly double[::1] prev_s      # (n,) the same before the last walk
    cdef readonly double[::1] x           # (n,) rising variable; empty in first order
    cdef readonly double[::1] prev_x
    cdef readonly const double[::1] alpha_s
    cdef readonly const double[::1] tau_s     # ms
    cdef readonly const double[::1] alpha_x
    cdef readonly const double[::1] tau_x     # ms
    cdef double[::1] decay                # scratch


cdef class Receptor(Lowered):
    """Conductance, reversal potential and current of one receptor type."""
    cdef readonly Gating gating
    cdef readonly bint blocked            # by magnesium
    cdef readonly double[::1] curr        # (n,) nA
    cdef readonly double[::1] prev_curr   # (n,) nA, before the last update
    cdef readonly object g                # uS: this and the next two are numbers or arrays (n,)
    cdef readonly object reversal         # mV
    cdef readonly object mg               # mM
    cdef double[::1] gate_ahead           # scratch: open fraction if no spike arrives


cdef class Leak(Lowered):
    cdef readonly double[::1] curr
    cdef readonly double[::1] prev_curr
    cdef readonly object g                # uS
    cdef readonly object v_leak           # mV


cdef class SteadyInput(Lowered):
    """An afferent current that does not depend on the membrane potential."""
    cdef readonly const double[::1] curr


cdef class PoissonInput(Lowered):
    """AMPA synapses driven by Poisson trains, each neuron its own."""
    cdef readonly bint driven             # False: no arrivals, s only decays
    cdef readonly bint uniform            # all parameters but the rate are numbers
    cdef readonly bint one_tau            # tau is
    cdef readonly bint one_rate
    cdef readonly object rng              # None: NumPy's global generator
    cdef readonly uint8_t[::1] pending    # (1,) 1 until the step's arrivals are drawn
    cdef readonly double[::1] s
    cdef readonly double[::1] curr
    cdef readonly double[::1] prev_curr
    cdef readonly const double[::1] g         # uS
    cdef readonly const double[::1] reversal  # mV
    cdef readonly const double[::1] alpha
    cdef readonly const double[::1] tau       # ms
    cdef readonly const double[::1] rate      # kHz
    cdef double[::1] arrival              # scratch: when in the step, ms
    cdef double[::1] before               # scratch: decay up to the arrival
    cdef double[::1] after                # scratch: decay from the arrival on
    cdef double[::1] mean                 # scratch: arrivals a step; NaN before the first
    cdef double[::1] threshold            # scratch: exp(-mean)
    cdef object bit_generator             # the one that these four belong to
    cdef object acquire                   # of its lock
    cdef object release
    cdef bitgen_t *random
    cdef bint twister


cdef class Cell(Lowered):
    """One population: its receptors and inputs, its membrane, and scratch space."""
    cdef readonly Py_ssize_t size
    cdef readonly bint uniform            # all parameters here are numbers
    cdef readonly Receptor ampa
    cdef readonly Receptor nmda
    cdef readonly Receptor gaba
    cdef readonly bint inhibited          # False: inhibition is received and ignored
    cdef readonly PoissonInput noise
    cdef readonly Leak leak
    cdef readonly SteadyInput steady      # the afferents: this,
    cdef readonly PoissonInput afferents  # or this; the other is None
    cdef readonly double[::1] v               # (n,) mV
    cdef readonly double[::1] v_ahead         # (n,) mV, predicted
    cdef readonly uint8_t[::1] spiked         # (n,)
    cdef readonly double[::1] spike_time      # (n,) ms after the start of the step
    cdef readonly double[::1] end_refractory  # (n,) ms
    cdef readonly const double[::1] v_threshold   # mV
    cdef readonly const double[::1] v_reset       # mV
    cdef readonly const double[::1] refractory    # ms
    cdef readonly const double[::1] cm            # nF
    cdef readonly const double[::1] leak_g        # uS
    cdef readonly const double[::1] v_leak        # mV
    cdef readonly const double[::1] ampa_g        # uS
    cdef readonly const double[::1] ampa_v        # mV
    cdef readonly const double[::1] nmda_g        # uS
    cdef readonly const double[::1] nmda_v        # mV
    cdef readonly const double[::1] mg            # mM
    cdef readonly const double[::1] gaba_g        # uS
    cdef readonly const double[::1] gaba_v        # mV
    cdef readonly SpikeBuffer excitation      # what was received in this step
    cdef readonly SpikeBuffer inhibition
    cdef double[::1] slope1               # scratch: net current at the start of the step, nA
    cdef double[::1] stage                # scratch: v at the second stage, mV
    cdef double[::1] exp_of_v             # scratch: exp(-0.062 v),
    cdef double[::1] exp_known_at         # for these v; NaN before the first
    cdef int strayed                      # bit by bit: what has left its range (STRAYS),
    cdef double stray_time[5]             # in the step at which time, ms,
    cdef bint told                        # and whether that is known
    cdef readonly double floor            # mV; nothing pulls the potential below it

    cdef void note_stray(self, int what, double time) noexcept nogil
    cpdef bint ready(self, dt, time) noexcept
    cpdef bint drawable(self, double dt) noexcept
