"""Philox4x32-10, a counter-based generator: each (counter, key) has its four words, in any order and on any thread.

Salmon, J. K., Moraes, M. A., Dror, R. O. and Shaw, D. E. (2011). Parallel random numbers: as easy
as 1, 2, 3. SC '11. The tests hold it to the known answers that the authors publish (Random123).
"""
from libc.stdint cimport uint32_t, uint64_t


cdef struct Words:
    uint32_t a
    uint32_t b
    uint32_t c
    uint32_t d


cdef inline Words one_round(Words w, uint32_t key0, uint32_t key1) noexcept nogil:
    cdef uint64_t first = <uint64_t> <uint32_t> 0xD2511F53 * w.a
    cdef uint64_t second = <uint64_t> <uint32_t> 0xCD9E8D57 * w.c
    cdef Words out
    out.a = <uint32_t> (second >> 32) ^ w.b ^ key0
    out.b = <uint32_t> second
    out.c = <uint32_t> (first >> 32) ^ w.d ^ key1
    out.d = <uint32_t> first
    return out


cdef inline Words philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3,
                         uint32_t key0, uint32_t key1) noexcept nogil:
    cdef Words w
    # the key grows by the golden ratio and by sqrt(3) - 1; written out, so that loops over counters vectorise
    cdef uint32_t up0 = 0x9E3779B9, up1 = 0xBB67AE85
    w.a, w.b, w.c, w.d = c0, c1, c2, c3
    w = one_round(w, key0, key1)
    w = one_round(w, key0 + up0, key1 + up1)
    w = one_round(w, key0 + 2*up0, key1 + 2*up1)
    w = one_round(w, key0 + 3*up0, key1 + 3*up1)
    w = one_round(w, key0 + 4*up0, key1 + 4*up1)
    w = one_round(w, key0 + 5*up0, key1 + 5*up1)
    w = one_round(w, key0 + 6*up0, key1 + 6*up1)
    w = one_round(w, key0 + 7*up0, key1 + 7*up1)
    w = one_round(w, key0 + 8*up0, key1 + 8*up1)
    return one_round(w, key0 + 9*up0, key1 + 9*up1)
