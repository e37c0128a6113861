from ..shared.buffers cimport PoissonInput

# Neurons above which other threads may run meanwhile: below, letting them costs more.
cdef enum:
    WORTH_RELEASING = 64

cdef int draw_input(PoissonInput p, double dt, const double[::1] v) except -1
