"""exp for the fast arithmetic: operations that round alike on every processor, and that vectorise.

`twin_math.fast_exp` states the same on NumPy arrays. `docs/arithmetic.md` has the measured
error, which is below 1 ulp.
"""
from libc.math cimport INFINITY
from libc.stdint cimport uint64_t


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* value*2^n, where the last 12 bits of `rounded` are those of n in two's complement */
    static inline double lifext_scale(double value, double rounded) {
        uint64_t bits, n;
        memcpy(&bits, &value, 8);
        memcpy(&n, &rounded, 8);
        bits += n << 52;
        memcpy(&value, &bits, 8);
        return value;
    }
    """
    double lifext_scale(double value, double rounded) noexcept nogil


cdef inline double fast_exp(double x) noexcept nogil:
    """exp(x) = 2^n exp(r), n whole and |r| <= ln(2)/2; 0 below -708, infinite above 709.78."""
    # adding 1.5*2^52 leaves x/ln(2) rounded to a whole number, in the last bits
    cdef double rounded = x*1.4426950408889634 + 6755399441055744.0
    cdef double n = rounded - 6755399441055744.0
    # ln(2) in two parts, of which the first has few enough bits for n times it to be exact
    cdef double main = x - n*6.93147180369123816490e-01
    cdef double rest = n*1.90821492927058770002e-10
    cdef double r = main - rest
    # minimax (Remez) for (exp(r) - 1 - r)/r^2, to 3.7e-18 of exp(r)
    cdef double square = r*r
    cdef double fourth = square*square
    # pairs of terms, and pairs of these (Estrin): fewer operations wait for one another
    cdef double low = (5.0000000000000111e-01 + 1.6666666666666410e-01*r) + (
        4.1666666666530147e-02 + 8.3333333334947797e-03*r)*square
    cdef double high = (1.3888888943638942e-03 + 1.9841269506371443e-04*r) + (
        2.4801493085711925e-05 + 2.7557586237143528e-06*r)*square
    cdef double top = 2.7630254037633321e-07 + 2.5000182434477149e-08*r
    cdef double q = low + (high + top*fourth)*fourth
    # r is main - rest but for its rounding, which so counts in the square alone
    cdef double y = lifext_scale(1.0 + (main - (rest - square*q)), rounded)
    y = 0.0 if x < -708.0 else y
    return INFINITY if x > 709.78 else y


cdef struct Quotient:
    double above
    double below


cdef inline Quotient power_of_two(double y) noexcept nogil:
    """2^y = above/below, for those who divide anyway; n stays within +-1000."""
    cdef Quotient out
    cdef double rounded = y + 6755399441055744.0
    cdef double f = y - (rounded - 6755399441055744.0)
    cdef double square = f*f
    # 2^f = (even + odd)/(even - odd), minimax (Remez) for |f| <= 1/2, to 8.5e-19 of 2^f
    cdef double even = (square + 233.18424021822383)*square + 4368.212254935927
    cdef double odd = f*((0.023093343064777217*square + 20.202067411898412)*square + 1513.9070042981193)
    rounded = 6755399441056744.0 if rounded > 6755399441056744.0 else rounded
    rounded = 6755399441054744.0 if rounded < 6755399441054744.0 else rounded
    out.above, out.below = lifext_scale(even + odd, rounded), even - odd
    return out
