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


cdef extern from *:
    """
    /* Words in lanes of 64 bits: the product of two lower halves is one instruction, and what
       is then in an upper half does not matter. */
    #include <stdint.h>
    #if defined(__AVX512F__)
    #include <immintrin.h>
    #define LIFEXT_LANES 8
    typedef __m512i lifext_lanes;
    #define lifext_all(x) _mm512_set1_epi64(x)
    #define lifext_load(p) _mm512_loadu_si512((const void *) (p))
    #define lifext_store(p, x) _mm512_storeu_si512((void *) (p), x)
    #define lifext_product(x, y) _mm512_mul_epu32(x, y)
    #define lifext_upper(x) _mm512_srli_epi64(x, 32)
    #define lifext_xor(x, y) _mm512_xor_si512(x, y)
    #elif defined(__AVX2__)
    #include <immintrin.h>
    #define LIFEXT_LANES 4
    typedef __m256i lifext_lanes;
    #define lifext_all(x) _mm256_set1_epi64x(x)
    #define lifext_load(p) _mm256_loadu_si256((const __m256i *) (p))
    #define lifext_store(p, x) _mm256_storeu_si256((__m256i *) (p), x)
    #define lifext_product(x, y) _mm256_mul_epu32(x, y)
    #define lifext_upper(x) _mm256_srli_epi64(x, 32)
    #define lifext_xor(x, y) _mm256_xor_si256(x, y)
    #elif defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    #define LIFEXT_LANES 2
    typedef __m128i lifext_lanes;
    #define lifext_all(x) _mm_set1_epi64x(x)
    #define lifext_load(p) _mm_loadu_si128((const __m128i *) (p))
    #define lifext_store(p, x) _mm_storeu_si128((__m128i *) (p), x)
    #define lifext_product(x, y) _mm_mul_epu32(x, y)
    #define lifext_upper(x) _mm_srli_epi64(x, 32)
    #define lifext_xor(x, y) _mm_xor_si128(x, y)
    #else
    #define LIFEXT_LANES 1
    typedef uint64_t lifext_lanes;
    #define lifext_all(x) ((uint64_t) (x))
    #define lifext_load(p) (*(p))
    #define lifext_store(p, x) (*(p) = (x))
    #define lifext_product(x, y) ((uint64_t) (uint32_t) (x)*(uint32_t) (y))
    #define lifext_upper(x) ((x) >> 32)
    #define lifext_xor(x, y) ((x) ^ (y))
    #endif

    static inline void lifext_philox_eight(uint32_t number, uint32_t c1, uint32_t c2, uint32_t c3,
                                           uint32_t key0, uint32_t key1, uint32_t *words) {
        uint64_t numbers[8], out[4][8];
        lifext_lanes w[4][8/LIFEXT_LANES];
        const lifext_lanes by_a = lifext_all(0xD2511F53), by_c = lifext_all(0xCD9E8D57);
        int i, k, j;
        for (k = 0; k < 8; k++) numbers[k] = (uint32_t) (number + k);
        for (k = 0; k < 8/LIFEXT_LANES; k++) {
            w[0][k] = lifext_load(numbers + LIFEXT_LANES*k);
            w[1][k] = lifext_all(c1);
            w[2][k] = lifext_all(c2);
            w[3][k] = lifext_all(c3);
        }
        for (i = 0; i < 10; i++) {
            const lifext_lanes k0 = lifext_all((uint32_t) (key0 + i*0x9E3779B9u));
            const lifext_lanes k1 = lifext_all((uint32_t) (key1 + i*0xBB67AE85u));
            for (k = 0; k < 8/LIFEXT_LANES; k++) {
                const lifext_lanes first = lifext_product(w[0][k], by_a), second = lifext_product(w[2][k], by_c);
                w[0][k] = lifext_xor(lifext_xor(lifext_upper(second), k0), w[1][k]);
                w[2][k] = lifext_xor(lifext_xor(lifext_upper(first), k1), w[3][k]);
                w[1][k] = second;
                w[3][k] = first;
            }
        }
        for (j = 0; j < 4; j++)
            for (k = 0; k < 8/LIFEXT_LANES; k++) lifext_store(out[j] + LIFEXT_LANES*k, w[j][k]);
        for (j = 0; j < 4; j++)
            for (k = 0; k < 8; k++) words[8*j + k] = (uint32_t) out[j][k];
    }
    """
    void lifext_philox_eight(uint32_t number, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t key0, uint32_t key1,
                             uint32_t *words) noexcept nogil
