"""Copies in single precision of arrays that Python sees in double.

A float is a double, so what is written back and copied again is the same number, however often. No Python object
refers to the arrays here: a record counts who has its arrays, and would take one for a script.
"""
import numpy as np

from .lines import in_whole_lines


cdef class Copy:
    """The copy of an array (n,) that kernels read, n > 0."""

    cdef void fill(self) noexcept nogil:
        """Take over what Python sees."""
        cdef Py_ssize_t i
        for i in range(self.copy.shape[0]):
            self.copy[i] = <float> self.array[i]

    cdef void write_back(self) noexcept nogil:
        """Show Python what kernels have written."""


cdef class StateCopy(Copy):
    """The copy of one that kernels write."""

    cdef void write_back(self) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(self.copy.shape[0]):
            self.state[i] = self.copy[i]


cdef Copy copy_of(const double[::1] array):
    cdef Copy made = Copy.__new__(Copy)
    made.array, made.copy = array, in_whole_lines(np.zeros(array.shape[0], dtype=np.float32))
    return made


cdef StateCopy copy_of_state(double[::1] array):
    cdef StateCopy made = StateCopy.__new__(StateCopy)
    made.array, made.state = array, array
    made.copy = in_whole_lines(np.zeros(array.shape[0], dtype=np.float32))
    return made
