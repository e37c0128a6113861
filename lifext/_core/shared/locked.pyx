"""Memory that is lent to be read only.

An array that NumPy was told not to write can be told otherwise by whoever has it, as long as it,
or the array behind it, has memory of its own. That of an array here is a `Locked` object's, which
lends it to no one who would write, and shows nobody the array it is from.
"""
import numpy as np

from cpython.buffer cimport PyBUF_FULL_RO, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer


cdef class Locked:
    cdef Py_buffer lent
    cdef bint held

    def __cinit__(self, array):
        PyObject_GetBuffer(array, &self.lent, PyBUF_FULL_RO)
        self.held = True

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.lent)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        if flags & PyBUF_WRITABLE:
            raise BufferError("Locked: its memory can be read only")
        buffer.buf, buffer.len, buffer.itemsize = self.lent.buf, self.lent.len, self.lent.itemsize
        buffer.format, buffer.ndim = self.lent.format, self.lent.ndim
        buffer.shape, buffer.strides, buffer.suboffsets = self.lent.shape, self.lent.strides, self.lent.suboffsets
        buffer.internal, buffer.readonly = NULL, 1
        buffer.obj = self

    def __reduce__(self):
        raise TypeError("Locked: an array of it can be pickled, memory cannot")


def locked(array):
    """Return the same numbers as an array that can never be written; nobody else may have the one that is given."""
    return np.asarray(Locked(np.ascontiguousarray(array)))


def renewed(array):
    """Return a locked array as it was made, whatever shape and type it was given since; None of another one."""
    lender = array.base if type(array) is np.ndarray else None
    if type(lender) is memoryview and type(lender.obj) is Locked:
        return np.asarray(lender.obj)
    return None
