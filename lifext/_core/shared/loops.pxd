"""The loops over neurons, as a table: one build of `loops.pxi` for each instruction set fills it."""
from libc.stdint cimport uint32_t

from .buffers cimport Cell, Gating, PoissonInput

ctypedef const double[::1] In
ctypedef double[::1] Out

cdef struct Loops:
    # gating
    void (*scale)(Out s, double left) noexcept nogil
    void (*scale_each)(Out s, In left) noexcept nogil
    void (*decay_exponent)(double d, In tau, Out out) noexcept nogil
    void (*project_linear)(Gating k, double d, Out out) noexcept nogil
    void (*project_second)(Gating k, double d, Out out) noexcept nogil
    void (*relax_second)(Gating k, double d) noexcept nogil
    void (*take_spike)(Gating k, In weights) noexcept nogil
    # Poisson input
    void (*uniforms)(const uint32_t *words, Py_ssize_t count, double *out) noexcept nogil
    void (*arrival_exponents)(PoissonInput p, double dt) noexcept nogil
    void (*take_arrivals)(PoissonInput p, In counts) noexcept nogil
    void (*input_current)(PoissonInput p, In v) noexcept nogil
    # membrane
    Py_ssize_t (*start)(Cell c, In afferent, In noise, double dt) noexcept nogil
    void (*block_exponent)(Cell c) noexcept nogil
    void (*predict)(Cell c, In afferent, double dt) noexcept nogil
    Py_ssize_t (*find_crossings)(Cell c, double dt, double time) noexcept nogil
    void (*advance)(Cell c, In afferent, double dt, double time) noexcept nogil


cdef Loops loops

# where the chosen build's kernels of the fast arithmetic are (fast.FastLoops), in double or in single precision
cdef void *fast_table_of(bint single) noexcept nogil
