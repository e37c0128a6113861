"""The number that populations have their state in: a double, or a float where LIFEXT_SINGLE is defined.

C decides, so that one source serves both builds of the fast arithmetic's kernels. All else is built without it.
A constant that meets such numbers is written `<real> 1.0`: without that C would compute in doubles.
"""

cdef extern from *:
    """
    #include <stdint.h>
    #ifdef LIFEXT_SINGLE
    #define LIFEXT_IS_SINGLE 1
    typedef float lifext_real;
    typedef int32_t lifext_count;
    #else
    #define LIFEXT_IS_SINGLE 0
    typedef double lifext_real;
    typedef int64_t lifext_count;
    #endif
    typedef const lifext_real *__restrict lifext_in;
    typedef lifext_real *__restrict lifext_out;
    typedef const double *__restrict lifext_doubles;
    """
    const bint SINGLE "LIFEXT_IS_SINGLE"
    ctypedef double real "lifext_real"
    # as wide as a real, so that a loop over reals that counts has as many of them in a vector
    ctypedef long long Count "lifext_count"
    ctypedef const real *Source "lifext_in"
    ctypedef real *Target "lifext_out"
    ctypedef const double *Doubles "lifext_doubles"
