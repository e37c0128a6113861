cpdef enum WeightKind:
    DENSE
    SPARSE
    RING
    UNIFORM
    ONE_TO_ONE


cdef class Rows:
    """What a spike of each source neuron adds to each target neuron."""
    cdef readonly int kind
    cdef readonly Py_ssize_t n_source
    cdef readonly Py_ssize_t n_target
    cdef readonly const double[:, ::1] dense      # (n_source, n_target)
    cdef readonly const Py_ssize_t[::1] indptr    # (n_source + 1,) sparse rows
    cdef readonly const int[::1] indices
    cdef readonly const double[::1] values        # of sparse rows, of a ring's bump, of one-to-one; one if all alike
    cdef readonly double flat                     # of a ring, of uniform weights
    cdef readonly double largest                  # no weight is larger, in absolute value
    cdef readonly Py_ssize_t first                # ring: the bump's first target, from the source on

    cdef void fill_row(self, Py_ssize_t source, double[::1] row) noexcept nogil
