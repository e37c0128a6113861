from libc.stdint cimport uint32_t
from numpy.random cimport bitgen_t

cdef enum:
    AHEAD = 256

cdef struct Twister:
    uint32_t key[624]
    int pos

cdef struct Uniforms:
    bitgen_t *random
    Twister *twister          # NULL: draw one by one through the bit generator
    Py_ssize_t wanted         # about how many more will be asked for
    Py_ssize_t next
    Py_ssize_t count
    double ahead[AHEAD]

cdef bint is_known_twister(object bit_generator) noexcept
cdef void open_uniforms(Uniforms *u, bitgen_t *random, bint twister, Py_ssize_t wanted) noexcept nogil
cdef double refill(Uniforms *u) noexcept nogil
cdef void close_uniforms(Uniforms *u) noexcept nogil


cdef inline double next_uniform(Uniforms *u) noexcept nogil:
    if u.next < u.count:
        u.next += 1
        return u.ahead[u.next - 1]
    return refill(u)
