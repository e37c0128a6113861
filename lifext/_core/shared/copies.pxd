cdef class Copy:
    cdef const double[::1] array
    cdef float[::1] copy

    cdef void fill(self) noexcept nogil
    cdef void write_back(self) noexcept nogil


cdef class StateCopy(Copy):
    cdef double[::1] state                # the same array, to be written to


cdef Copy copy_of(const double[::1] array)
cdef StateCopy copy_of_state(double[::1] array)
