from ..shared.buffers cimport Cell

cdef Py_ssize_t predict_cell(Cell c, double dt, double time) except -1
cdef int advance_cell(Cell c, double dt, double time) except -1
