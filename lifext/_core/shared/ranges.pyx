"""Where a state variable is not what it can be."""


def first_outside(const double[::1] x, double least, double most):
    """Return the first place at which an array is not within its bounds, or is nan; -1 where there is none."""
    cdef Py_ssize_t i, found = 0
    with nogil:
        # a count, not an early exit: it vectorises, and the answer nearly always is none
        for i in range(x.shape[0]):
            found += not least <= x[i] <= most
        if found == 0:
            i = -1
        else:
            for i in range(x.shape[0]):
                if not least <= x[i] <= most:
                    break
    return i
