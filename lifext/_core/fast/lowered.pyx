"""The arrays of a population's receptors, as the fast arithmetic takes them.

A record counts who has its arrays, and takes whoever else has one for a script. So they are handed over here as typed
memoryviews, which are no Python objects.
"""
import numpy as np

from ..shared.buffers cimport Cell, Gating, PoissonInput
from ..shared.buffers cimport Receptor


cdef State state_of(double[::1] array, double[::1] previous):
    cdef State made = State.__new__(State)
    made.array, made.previous = array, previous
    return made


cdef Parameter parameter_of(const double[::1] array):
    cdef Parameter made = Parameter.__new__(Parameter)
    made.array = array
    return made


cdef class ReceptorArrays:

    cdef State known_current(self):
        """The current at the end of the last step."""
        if self.poisson is None or self.poisson.pending[0]:
            return self.curr
        return state_of(self.curr.previous, self.curr.previous)


cdef ReceptorArrays arrays_of(str name, description, int drive, list states, list parameters, Parameter g,
                              Parameter reversal, State curr):
    cdef ReceptorArrays made = ReceptorArrays.__new__(ReceptorArrays)
    made.name, made.gating, made.drive, made.conducts = name, description, drive, True
    made.states, made.parameters = states, parameters
    made.g, made.reversal, made.curr = g, reversal, curr
    return made


def of_receptor(str name, description, int drive, Cell cell, Receptor record, bint conducts=True):
    """Return the arrays of one of a published population's receptors: "ampa", "nmda" or "gaba".

    Parameters
    ----------
    name : str
    description : lifext.receptors._gating.Gating
        Of its gating.
    drive : int
        The number of its kind of current.
    cell : Cell
    record : Receptor
        The one of the cell's.
    conducts : bool, optional
        Whether its current reaches the membrane.
    """
    cdef Gating gating = record.gating
    cdef ReceptorArrays made
    states, parameters = [state_of(gating.s, gating.prev_s)], [parameter_of(gating.alpha_s)]
    if len(description.core["state"]) > 1:
        states.append(state_of(gating.x, gating.prev_x))
        parameters.append(parameter_of(gating.alpha_x))
    made = arrays_of(
        name, description, drive, states, parameters,
        parameter_of(cell.ampa_g if name == "ampa" else cell.nmda_g if name == "nmda" else cell.gaba_g),
        parameter_of(cell.ampa_v if name == "ampa" else cell.nmda_v if name == "nmda" else cell.gaba_v),
        state_of(record.curr, record.prev_curr))
    made.uniform, made.drive_uniform, made.conducts = gating.uniform, cell.uniform, conducts
    made.mg = parameter_of(cell.mg) if record.blocked else None
    return made


def of_one_length(list arrays, Py_ssize_t size):
    """Return arrays that are all of length 1, or all of length `size`: kernels read either all at 0 or all at i."""
    if all([len(array) == 1 for array in arrays]):
        return arrays
    return [np.ascontiguousarray(np.broadcast_to(array, (size,))) for array in arrays]


def of_arrays(str name, description, int drive, list states, list parameters, g, reversal, curr, mg=None):
    """Return the arrays of any receptor.

    Parameters
    ----------
    name : str
    description : lifext.receptors._gating.Gating
        Of its gating.
    drive : int
        The number of its kind of current.
    states, parameters : list of ndarray
        Of the gating, in the order of the description: (n,) each, a parameter of length 1 where one holds for all.
    g, reversal, mg : ndarray
        uS, mV and mM, as parameters are; `mg` is None without magnesium block.
    curr : ndarray of shape (n,)
        Its current, nA.
    """
    cdef ReceptorArrays made
    parameters = of_one_length(parameters, len(curr))
    drives = of_one_length([g, reversal] if mg is None else [g, reversal, mg], len(curr))
    made = arrays_of(name, description, drive, [state_of(array, array[:0]) for array in states],
                     [parameter_of(array) for array in parameters], parameter_of(drives[0]), parameter_of(drives[1]),
                     state_of(curr, curr[:0]))
    made.uniform, made.drive_uniform = all([len(array) == 1 for array in parameters]), len(drives[0]) == 1
    made.mg = None if mg is None else parameter_of(drives[2])
    return made


def of_poisson(str name, description, int drive, PoissonInput record):
    """Return the arrays of receptors that Poisson trains open: "noise" or "afferents".

    Parameters
    ----------
    name : str
    description : lifext.receptors._gating.Gating
        Of their gating.
    drive : int
        The number of their kind of current.
    record : PoissonInput
    """
    cdef ReceptorArrays made = arrays_of(
        name, description, drive, [state_of(record.s, record.s[:0])], [parameter_of(record.alpha)],
        parameter_of(record.g), parameter_of(record.reversal), state_of(record.curr, record.prev_curr))
    made.uniform = made.drive_uniform = record.uniform
    made.poisson = record
    return made
