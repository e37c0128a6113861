"""Spikes in the order of their times."""


cdef inline bint earlier(double a, double b) noexcept nogil:
    """Whether a time comes before another; one that is nan comes last, as NumPy has it."""
    return a < b or (b != b and a == a)


cdef inline void order_of(const double *times, Py_ssize_t n, Py_ssize_t *order, Py_ssize_t *space) noexcept nogil:
    """Fill `order` (n,) with the places of ascending times, equal ones as they come; `space` (n,) is for the work.

    Merges neighbouring runs of 1, 2, 4, ... places. No Python: in the midst of a step it would hear a signal.
    """
    cdef Py_ssize_t width = 1, lo, middle, hi, left, right, k
    for k in range(n):
        order[k] = k
    while width < n:
        lo = 0
        while lo < n:
            middle, hi = min(lo + width, n), min(lo + 2*width, n)
            left, right = lo, middle
            for k in range(lo, hi):
                if left < middle and (right == hi or not earlier(times[order[right]], times[order[left]])):
                    space[k] = order[left]
                    left += 1
                else:
                    space[k] = order[right]
                    right += 1
            lo = hi
        for k in range(n):
            order[k] = space[k]
        width *= 2
