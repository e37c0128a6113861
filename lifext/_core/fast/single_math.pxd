"""exp in single precision, as `double_math.pxd` has it in double: operations that round alike on every processor.

`twin_math.single_exp` states the same on NumPy arrays. `docs/arithmetic.md` has the measured
error, which is below 1 ulp.
"""
from libc.math cimport INFINITY


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* value*2^n, where the last 9 bits of `rounded` are those of n in two's complement */
    static inline float lifext_scale_single(float value, float rounded) {
        uint32_t bits, n;
        memcpy(&bits, &value, 4);
        memcpy(&n, &rounded, 4);
        bits += n << 23;
        memcpy(&value, &bits, 4);
        return value;
    }
    """
    float lifext_scale_single(float value, float rounded) noexcept nogil


cdef inline float single_exp(float x) noexcept nogil:
    """exp(x) = 2^n exp(r), n whole and |r| <= ln(2)/2; 0 below -87, infinite above 88.72."""
    # adding 1.5*2^23 leaves x/ln(2) rounded to a whole number, in the last bits
    cdef float rounded = x*<float> 1.44269504 + <float> 12582912.0
    cdef float n = rounded - <float> 12582912.0
    # ln(2) in two parts, of which the first has few enough bits for n times it to be exact
    cdef float main = x - n*<float> 0.693359375
    cdef float rest = n*<float> -2.12194440e-4
    cdef float r = main - rest
    # minimax (Remez) for (exp(r) - 1 - r)/r^2, to 3.8e-9 of exp(r)
    cdef float square = r*r
    cdef float low = <float> 4.9999994e-01 + <float> 1.66665211e-01*r
    cdef float high = (<float> 4.16683890e-02 + <float> 8.36871006e-03*r) + <float> 1.38146116e-03*square
    cdef float q = low + high*square
    # r is main - rest but for its rounding, which so counts in the square alone
    cdef float y = lifext_scale_single(<float> 1.0 + (main - (rest - square*q)), rounded)
    y = <float> 0.0 if x < <float> -87.0 else y
    return <float> INFINITY if x > <float> 88.72 else y


cdef struct SingleQuotient:
    float above
    float below


cdef inline SingleQuotient single_power_of_two(float y) noexcept nogil:
    """2^y = above/below, for those who divide anyway; y stays within +-100."""
    cdef SingleQuotient out
    cdef float rounded, f, square, even, odd
    y = <float> 100.0 if y > <float> 100.0 else y
    y = <float> -100.0 if y < <float> -100.0 else y
    rounded = y + <float> 12582912.0
    f = y - (rounded - <float> 12582912.0)
    square = f*f
    # 2^f = (even + odd)/(even - odd), minimax (Remez) for |f| <= 1/2, to 4.3e-9 of 2^f
    even = square + <float> 20.818924
    odd = f*(<float> 0.0576900728*square + <float> 7.21528912)
    out.above, out.below = lifext_scale_single(even + odd, rounded), even - odd
    return out
