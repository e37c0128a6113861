"""Uniform numbers from a NumPy bit generator, drawn ahead where that can be done.

Drawing through a bit generator's `next_double` costs a call each. NumPy's default legacy
generator, the Mersenne Twister, computes 624 words at a time, and its doubles are made of two
of them each; so the doubles of one batch can be made together, and the position in the
batch be set when one knows how many were used. Batches themselves are left to NumPy. That
its state is laid out as `Twister` says is checked at import, and where it is not, every
number is drawn through the bit generator. Both ways give the same numbers and state.
"""
from cpython.pycapsule cimport PyCapsule_GetPointer
from numpy.random import MT19937

from ..shared.loops cimport loops

cdef enum:
    WORDS = 624


cdef void open_uniforms(Uniforms *u, bitgen_t *random, bint twister, Py_ssize_t wanted) noexcept nogil:
    u.random, u.twister = random, <Twister *> random.state if twister else NULL
    u.next, u.count, u.wanted = 0, 0, wanted


cdef double refill(Uniforms *u) noexcept nogil:
    """The next number when none is left ahead: through the bit generator, which also makes a new batch."""
    cdef double value
    cdef Py_ssize_t pairs
    close_uniforms(u)
    value = u.random.next_double(u.random.state)
    u.wanted -= 1
    if u.twister != NULL:
        pairs = (WORDS - u.twister.pos) >> 1
        u.count = min(pairs, max(u.wanted, 1), AHEAD)
        u.wanted -= u.count
        loops.uniforms(u.twister.key + u.twister.pos, u.count, u.ahead)
    return value


cdef void close_uniforms(Uniforms *u) noexcept nogil:
    """Leave the bit generator where it would be had the numbers been drawn one by one."""
    if u.twister != NULL:
        u.twister.pos += 2*<int> u.next
    u.next, u.count = 0, 0


cdef bint _layout_known = False


cdef bint is_known_twister(object bit_generator) noexcept:
    return _layout_known and type(bit_generator) is MT19937


def layout_known():
    """Return whether NumPy's Mersenne Twister keeps its state as this module expects."""
    return _layout_known


def draw(bit_generator, Py_ssize_t n, bint ahead, Py_ssize_t wanted):
    """Return `n` uniform numbers, drawn ahead or one by one, for the check at import and for tests."""
    cdef Uniforms u
    cdef bitgen_t *random = <bitgen_t *> PyCapsule_GetPointer(bit_generator.capsule, "BitGenerator")
    with bit_generator.lock:
        open_uniforms(&u, random, ahead, wanted)
        values = [next_uniform(&u) for _ in range(n)]
        close_uniforms(&u)
    return values


cdef bint _check_layout() except -1:
    """Read the state of a fresh generator as a Twister, without writing; then draw from it both ways."""
    cdef bitgen_t *random
    cdef Twister *twister
    ours, theirs = MT19937(12345), MT19937(12345)
    theirs.random_raw(7)
    ours.random_raw(7)
    random = <bitgen_t *> PyCapsule_GetPointer(ours.capsule, "BitGenerator")
    twister = <Twister *> random.state
    state = theirs.state["state"]
    if twister.pos != state["pos"] or [twister.key[k] for k in range(WORDS)] != state["key"].tolist():
        return False
    return (draw(ours, 1500, True, 700) == draw(theirs, 1500, False, 0)
            and ours.state["state"]["pos"] == theirs.state["state"]["pos"])


_layout_known = _check_layout()
