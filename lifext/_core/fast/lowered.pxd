"""The arrays of a population's receptors, as the fast arithmetic takes them."""
from ..shared.buffers cimport Cell, PoissonInput


cdef class State:
    """A state variable: what it is, and what it was a step before, (n,) each."""
    cdef double[::1] array
    cdef double[::1] previous             # empty: it is not kept


cdef class Parameter:
    """One number, or one a neuron."""
    cdef const double[::1] array


cdef class ReceptorArrays:
    """One receptor of a population: its gating and its current, and the arrays that both work on."""
    cdef readonly str name
    cdef readonly object gating           # a description (`lifext.receptors`)
    cdef readonly list states             # of State, in the order of the description
    cdef readonly list parameters         # of Parameter
    cdef readonly int drive               # its number (`lifext/receptors/_drives.py`)
    cdef readonly bint uniform            # parameters of the gating are numbers
    cdef readonly bint drive_uniform      # those of the current are
    cdef Parameter g                      # uS
    cdef Parameter reversal               # mV
    cdef Parameter mg                     # mM; None: no magnesium block
    cdef State curr                       # nA, as Python sees it
    cdef readonly bint conducts           # False: whatever is open, no current flows
    cdef readonly PoissonInput poisson    # trains of its own, or None

    cdef State known_current(self)
