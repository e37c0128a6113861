"""NumPy's own inner loops, called without Python.

NumPy's array `exp` may differ from libm's in the last place, and its sums are pairwise.
To have its bits on every machine, the kernels call the loops that its ufuncs hold.
"""
import numpy as np

cimport numpy as cnp
from libc.math cimport NAN

cnp.import_array()
cnp.import_umath()

ctypedef void (*InnerLoop)(char **, const cnp.npy_intp *, const cnp.npy_intp *, void *) noexcept nogil

cdef struct Loop:
    InnerLoop function
    void *data


cdef Loop double_loop(cnp.ufunc ufunc) except *:
    """The loop of a ufunc whose operands all are float64."""
    cdef Loop loop
    cdef int kind
    # as Python has it: NumPy 2.5 no longer lets C see what the operands of each loop are
    cdef object named = ufunc
    for kind, operands in enumerate(named.types):
        if set(operands) == {"d", "-", ">"}:
            loop.function = <InnerLoop> ufunc.functions[kind]
            loop.data = ufunc.data[kind] if ufunc.data != NULL else NULL
            return loop
    raise ImportError(f"numpy.{named.__name__} has no float64 loop")


cdef Loop _exp = double_loop(np.exp)
cdef Loop _add = double_loop(np.add)


cdef void exp_into(const double[::1] x, double[::1] out) noexcept nogil:
    """out = numpy.exp(x)"""
    cdef cnp.npy_intp n = x.shape[0]
    cdef cnp.npy_intp strides[2]
    strides[:] = [sizeof(double), sizeof(double)]
    cdef char *operands[2]
    if n == 0:
        return
    operands[0], operands[1] = <char *> &x[0], <char *> &out[0]
    _exp.function(operands, &n, strides, _exp.data)


cdef double exp_of(double x) noexcept nogil:
    """numpy.exp of one number"""
    cdef cnp.npy_intp n = 1
    cdef cnp.npy_intp strides[2]
    strides[:] = [sizeof(double), sizeof(double)]
    cdef char *operands[2]
    # in place: NumPy's loop takes another path for operands less than a vector apart
    operands[0], operands[1] = <char *> &x, <char *> &x
    _exp.function(operands, &n, strides, _exp.data)
    return x


cdef double mean_of(const double[::1] x) noexcept nogil:
    """numpy.mean of an array: a pairwise sum, divided"""
    cdef double total = 0.0
    cdef cnp.npy_intp n = x.shape[0]
    cdef cnp.npy_intp strides[3]
    strides[:] = [0, sizeof(double), 0]
    cdef char *operands[3]
    if n == 0:
        return NAN
    if n == 1:
        return total + x[0]
    operands[0], operands[1], operands[2] = <char *> &total, <char *> &x[0], <char *> &total
    _add.function(operands, &n, strides, _add.data)
    return total/n


def mean(const double[::1] x):
    """Return the mean of `x` as ``numpy.mean`` gives it."""
    return mean_of(x)


def array_exp(const double[::1] x):
    """Return ``numpy.exp(x)``, for tests of the loop itself."""
    out = np.empty(x.shape[0])
    exp_into(x, out)
    return out
