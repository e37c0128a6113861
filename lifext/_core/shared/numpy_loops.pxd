from libc.string cimport memcpy


cdef void exp_into(const double[::1] x, double[::1] out) noexcept nogil
cdef double exp_of(double x) noexcept nogil
cdef double mean_of(const double[::1] x) noexcept nogil


cdef inline void copy_into(const double[::1] x, double[::1] out) noexcept nogil:
    if x.shape[0] > 0:
        memcpy(&out[0], &x[0], x.shape[0]*sizeof(double))
