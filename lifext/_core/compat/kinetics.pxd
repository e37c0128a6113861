from ..shared.buffers cimport Gating

cdef void project_into(Gating k, double dt, double[::1] out) noexcept nogil
cdef void walk_silence(Gating k, double dt) noexcept nogil
cdef void walk_spikes(
        Gating k, double dt, const double[::1] times, const double[:, ::1] weights) noexcept nogil
