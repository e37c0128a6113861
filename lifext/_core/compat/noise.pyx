"""Poisson input from a NumPy bit generator, draw for draw as `rand` and `poisson` would.

Order within a step: the arrival times of all neurons, then the counts of all neurons.
Every arrival of a neuron in a step comes at the same time, as published.
"""
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport exp
from numpy.random cimport bitgen_t
from numpy.random.c_distributions cimport random_poisson

from ..shared.buffers cimport PoissonInput
from ..shared.equations cimport decay_exponent
from ..shared.loops cimport loops
from ..shared.numpy_loops cimport exp_into, exp_of
from .uniform cimport Uniforms, close_uniforms, is_known_twister, next_uniform, open_uniforms

from numpy.random import get_bit_generator

# NumPy's own boundary: below it, it multiplies uniforms, above, it rejects from a transform.
cdef double MULTIPLICATION_BELOW = 10.0


cdef inline double poisson_by_multiplication(Uniforms *u, double exp_of_minus_mean) noexcept nogil:
    """How many uniforms can be multiplied before the product falls to exp(-mean) (Knuth)."""
    cdef double product = next_uniform(u)
    cdef Py_ssize_t count = 0
    while product > exp_of_minus_mean:
        count += 1
        product *= next_uniform(u)
    return <double> count


cdef int find_random(PoissonInput p) except -1:
    """p.random, the bit generator behind p.rng; the global one can be exchanged between any two steps."""
    if p.rng is None:
        bit_generator = get_bit_generator()
    elif hasattr(p.rng, "bit_generator"):
        bit_generator = p.rng.bit_generator
    else:
        bit_generator = p.rng._bit_generator
    if bit_generator is not p.bit_generator:
        p.random = <bitgen_t *> PyCapsule_GetPointer(bit_generator.capsule, "BitGenerator")
        p.bit_generator, p.twister = bit_generator, is_known_twister(bit_generator)
        p.acquire, p.release = bit_generator.lock.acquire, bit_generator.lock.release
    return 0


cdef void find_thresholds(PoissonInput p, double dt) noexcept nogil:
    """exp(-mean) of each count; computed again where a mean is not that of last time."""
    cdef Py_ssize_t i
    cdef double mean
    for i in range(p.mean.shape[0]):
        mean = dt*p.rate[i]
        if mean != p.mean[i]:
            p.mean[i] = mean
            p.threshold[i] = exp(-mean)


cdef inline double draw_count(Uniforms *u, double mean, double threshold) noexcept nogil:
    if 0.0 < mean < MULTIPLICATION_BELOW:
        return poisson_by_multiplication(u, threshold)
    close_uniforms(u)
    return <double> random_poisson(u.random, mean)


cdef void draw_counts(PoissonInput p, Uniforms *u, double dt, double[::1] counts) noexcept nogil:
    # IN: rate; OUT: counts
    cdef Py_ssize_t i
    find_thresholds(p, dt)
    if p.one_rate:
        for i in range(counts.shape[0]):
            counts[i] = draw_count(u, p.mean[0], p.threshold[0])
    else:
        for i in range(counts.shape[0]):
            counts[i] = draw_count(u, p.mean[i], p.threshold[i])


cdef void gate_with_arrivals(PoissonInput p, double dt) noexcept nogil:
    # IN: the parameters; IN and OUT: s; scratch: arrival (then the counts), before, after
    cdef Uniforms u
    cdef Py_ssize_t i, n = p.s.shape[0]
    open_uniforms(&u, p.random, p.twister, n + n + (n >> 3))
    for i in range(n):
        p.arrival[i] = next_uniform(&u)*dt
    loops.arrival_exponents(p, dt)
    exp_into(p.before, p.before)
    exp_into(p.after, p.after)
    draw_counts(p, &u, dt, p.arrival)
    close_uniforms(&u)
    loops.take_arrivals(p, p.arrival)


cdef void gate_without_arrivals(PoissonInput p, double dt) noexcept nogil:
    if p.one_tau:
        # one number's exp, which in NumPy need not be what the same number has in an array
        loops.scale(p.s, exp_of(decay_exponent(dt, p.tau[0])))
    else:
        loops.decay_exponent(dt, p.tau, p.before)
        exp_into(p.before, p.before)
        loops.scale_each(p.s, p.before)


cdef int draw_input(PoissonInput p, double dt, const double[::1] v) except -1:
    # IN: v; IN and OUT: s, pending; OUT: curr, prev_curr
    if not p.pending[0]:
        return 0
    if p.driven:
        find_random(p)
        p.acquire()
        try:
            if v.shape[0] > WORTH_RELEASING:
                with nogil:
                    gate_with_arrivals(p, dt)
            else:
                gate_with_arrivals(p, dt)
        finally:
            p.release()
    else:
        gate_without_arrivals(p, dt)
    loops.input_current(p, v)
    p.pending[0] = 0
    return 0


def poisson_input(PoissonInput source, double dt, const double[::1] v):
    """Draw what arrives over `dt` and set the current at `v`, unless the step has been drawn."""
    draw_input(source, dt, v)
