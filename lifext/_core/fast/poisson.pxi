# Poisson trains: the arrivals of a block of neurons in a step. Shared by all kinds of cells.

cdef inline void draw(Population *c, Poisson *p, Py_ssize_t block, Py_ssize_t step, uint32_t number,
                      uint32_t *words) noexcept nogil:
    """CALLS draws of a block and step: the first word of each, then the second of each, ..."""
    cdef uint64_t at = step
    lifext_philox_eight(number, <uint32_t> block, <uint32_t> at, p.stream << 16 | <uint32_t> (at >> 32),
                        c.key[0], c.key[1], words)


cdef inline Py_ssize_t count_of(Population *c, Poisson *p, Py_ssize_t block, uint64_t uniform) noexcept nogil:
    """How many arrivals there are in a block and a step: inversion, from a table."""
    cdef Py_ssize_t table = block
    cdef const uint64_t *below
    cdef Py_ssize_t k
    if p.one_rate:
        table = (block + 1)*BLOCK > c.size
    below = p.below + p.first[table]
    k = p.guide[table*GUIDE + <Py_ssize_t> (uniform >> 58)]
    while uniform > below[k]:
        k += 1
    return p.least[table] + k


cdef inline uint64_t scaled(uint32_t word, Py_ssize_t n) noexcept nogil:
    """A random word times n: its upper half is a neuron of n, its lower half a random number of its own."""
    return <uint64_t> word*<uint64_t> n


cdef inline Py_ssize_t chosen_neuron(Poisson *p, Py_ssize_t lo, uint64_t scaled) noexcept nogil:
    """The neuron of a block from `lo` on that an arrival goes to, by its rate."""
    cdef Py_ssize_t i = <Py_ssize_t> (scaled >> 32)
    if p.one_rate or <uint32_t> scaled < p.keep[lo + i]:
        return i
    return p.other[lo + i]


cdef inline real part_left(uint32_t word, real middle) noexcept nogil:
    """Which part of the step is left after an arrival: uniform in (0, 1)."""
    return (<int> (word >> 1) + middle)*<real> 4.656612873077393e-10


cdef inline Py_ssize_t draw_arrivals(Population *c, Poisson *p, Py_ssize_t block, Py_ssize_t step, Py_ssize_t n,
                                     uint32_t number, Py_ssize_t *count, uint64_t *which, real *left) noexcept nogil:
    """Draw `number` and those after it, as arrivals: `scaled` words for their neurons, and parts of the step.

    Returns how many they are. Where all rates are alike, the lower half of what chooses the
    neuron is free to be the time. The last two words of the first draws are the count.
    """
    cdef uint32_t words[WORDS]
    cdef Py_ssize_t k, good = WORDS if p.one_rate else WORDS//2
    # n numbers in 2^32 stand for one time, which is the middle of theirs
    cdef real middle = 0.25*n
    draw(c, p, block, step, number, words)
    for k in range(WORDS):
        which[k] = scaled(words[k], n)
    if p.one_rate:
        for k in range(WORDS):
            left[k] = part_left(<uint32_t> which[k], middle)
    else:
        for k in range(WORDS//2):
            left[k] = part_left(words[WORDS//2 + k], <real> 0.5)
            left[WORDS//2 + k] = 0.0
    if number > 0:
        return good
    count[0] = count_of(c, p, block, <uint64_t> words[WORDS - 1] << 32 | words[WORDS - 2])
    return good - 2


cdef Py_ssize_t arrivals(Population *c, Receptor *r, Py_ssize_t block, Py_ssize_t step, Py_ssize_t *neurons,
                         double *remaining, Py_ssize_t most) noexcept nogil:
    """All arrivals of a block and step, for tests; at most `most` are written."""
    cdef Poisson *p = r.poisson
    cdef uint64_t which[WORDS]
    cdef real left[WORDS]
    cdef Py_ssize_t lo = block*BLOCK, n = min(<Py_ssize_t> BLOCK, c.size - block*BLOCK)
    cdef Py_ssize_t k, good, count = 0, done = 0
    cdef uint32_t number = 0
    while number == 0 or done < min(count, most):
        good = draw_arrivals(c, p, block, step, n, number, &count, which, left)
        for k in range(min(good, min(count, most) - done)):
            neurons[done + k] = lo + chosen_neuron(p, lo, which[k])
            remaining[done + k] = left[k]*c.dt
        done += good
        number += CALLS
    return count


cdef void add_arrivals(Population *c, Receptor *r, Py_ssize_t block, Py_ssize_t step, Py_ssize_t n,
                       Target s) noexcept nogil:
    # IN and OUT: s, which has decayed over the step: each arrival adds what is left of it at the end
    cdef Poisson *p = r.poisson
    cdef uint64_t which[WORDS]
    cdef real left[WORDS]
    cdef Py_ssize_t lo = block*BLOCK, k, i, good, count = 0, done = 0
    cdef real taus = c.dt/r.constant[EXPONENTIAL_tau], alpha = r.parameter[EXPONENTIAL_alpha][0]
    cdef uint32_t number = 0
    while number == 0 or done < count:
        good = draw_arrivals(c, p, block, step, n, number, &count, which, left)
        for k in range(WORDS):
            left[k] = exp_of(-left[k]*taus)
        for k in range(min(good, count - done)):
            i = chosen_neuron(p, lo, which[k])
            if not r.uniform:
                alpha = r.parameter[EXPONENTIAL_alpha][lo + i]
            s[i] = jump(s[i], alpha, left[k])
        done += good
        number += CALLS
