"""What the kernels of the fast arithmetic see: one `Population` structure a population, pointing into its arrays.

A population is a cell and an ordered list of receptors. The order is that of summation, so it defines the bits. The
kernels work on blocks of `BLOCK` neurons, which fit the first-level cache. They take pointers, since a memoryview
handed over costs more than a block's worth of some of these loops. `FastPopulation` holds the arrays alive.

The `real *` of a population in single precision point to floats, which the kernels built for that know; no
other module reads through them. Whatever is no array of the population's is a double in both.
"""
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from ..shared.buffers cimport Cell, PoissonInput
from ..shared.real cimport Source, Target, real
from .lowered cimport ReceptorArrays

cdef enum:
    BLOCK = 256
    GUIDE = 64
    FLUSH_EVERY = 256         # steps between two looks at what is too little open to count
    # of a gating (`lifext/receptors`), at most
    MOST_STATES = 2
    MOST_PARAMETERS = 2
    MOST_CONSTANTS = 8
    MOST_SUMS = 2

# Parameters are arrays of length 1 where `uniform`, else one value a neuron.

# Poisson trains: a number of arrivals in a block and step, then a neuron and a time for each of them
cdef struct Poisson:
    bint driven               # False: no arrivals
    bint one_rate
    uint32_t stream
    # of each block, where one_rate: of whole blocks and of the last, shorter one
    const Py_ssize_t *first   # where its table of counts begins
    const Py_ssize_t *least   # the count that the table begins with
    const uint64_t *below     # tables: 2^64 times the probability of at most this count, less 1
    const uint32_t *guide     # GUIDE places a table: where to begin to look, by the first bits
    # of each neuron, unless one_rate (Walker's alias method)
    const uint32_t *keep      # 2^32 times the probability that an arrival given to it stays there
    const uint8_t *other      # the neuron of its block that gets it otherwise

cdef struct Receptor:
    int gating                # their numbers
    int drive
    bint active               # False: all closed, and no spike can come
    bint closed               # no conductance: no current, whatever the gating
    # gating
    bint uniform
    real *state[MOST_STATES]  # (n,) each; the first is the open fraction
    const real *parameter[MOST_PARAMETERS]
    double constant[MOST_CONSTANTS]
    # conductance
    bint drive_uniform
    const real *g             # uS
    const real *reversal      # mV
    const real *mg            # mM; NULL: no magnesium block
    real *force               # mV, behind the magnesium block, at the potential of the second slope
    real *curr                # nA, as Python sees it after a run; NULL: it has none
    # what brings it spikes: trains of its own, or projections
    Poisson *poisson
    bint has_input            # spikes come in this step,
    bint apart                # and not the same to all neurons
    real *sums[MOST_SUMS]     # (n,) each: what they bring each neuron,
    double alike[MOST_SUMS]   # and what all alike
    # saturating gating: where one step may be too long
    bint watched              # a neuron may be beyond half a step in this one: its state before is kept
    bint crowded              # the spikes of a step may open more than a small part of a neuron's receptors
    Py_ssize_t spikes         # how many come in the step,
    double most_arrived       # and what no neuron receives more of
    double most_x             # no x is above it
    double most_alpha_s
    double most_alpha_x
    real *before[MOST_STATES]

cdef struct Projection

cdef struct Population:
    Py_ssize_t size
    Py_ssize_t blocks
    double dt                 # ms
    uint32_t key[2]
    bint uniform
    bint has_targets          # spikes can come: `v_stage` and the forces are kept
    bint has_input            # spikes come in this step
    int variant               # which of `variants.py`, or GENERIC
    real *v                   # mV; between predict and settle the predicted one
    double *end_refractory    # ms
    real *i_synaptic          # nA, sum of the currents through all receptors
    real *v_stage             # mV, where RK2 takes its second slope
    real *leak                # nA, as Python sees it after a run
    const real *i_ext         # nA, afferent current; NULL: none
    const real *leak_g
    const real *v_leak
    const real *v_threshold
    const real *v_reset
    const double *refractory
    const real *dt_over_2c    # dt/2/cM
    Py_ssize_t n_receptors
    Receptor *receptors       # in the order of summation
    Py_ssize_t n_active
    Receptor **active         # those in use
    # the spikes of a step: of block b from place b*BLOCK on
    Py_ssize_t *ids
    double *times             # ms after the start of the step
    Py_ssize_t *counts        # of each block
    # where a receptor is crowded: the spikes of the step, by their times
    Py_ssize_t arrived
    const double *arrival_times
    const Py_ssize_t *arrival_sources
    const double *arrival_factors
    Projection **arrival_projections

# A projection: rows of weights as `rows.Rows` has them, and what they reach
cdef struct Projection:
    int kind
    Py_ssize_t n_target
    const double *dense
    const Py_ssize_t *indptr
    const int *indices
    const double *values
    Py_ssize_t width          # of values: 1 where all are alike
    Py_ssize_t first
    double flat
    double largest            # no weight is larger, in absolute value
    double dt                 # ms
    Py_ssize_t n_receptors
    Receptor **receptors

# Spikes of one projection that arrive in a step
cdef struct Bundle:
    Projection *projection
    const Py_ssize_t *sources
    const double *times
    const double *factors     # by which each spike's weights are multiplied; NULL: by 1
    Py_ssize_t count

cdef struct FastLoops:
    void (*find_variant)(Population *c) noexcept nogil
    const char *(*variant_name)(int variant) noexcept nogil
    void (*step)(Population *c, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil
    void (*settle)(Population *c, Py_ssize_t block, double before) noexcept nogil
    void (*show)(Population *c, Py_ssize_t block) noexcept nogil
    void (*deactivate_silent)(Population *c) noexcept nogil
    void (*fetch)(Projection *projection, Py_ssize_t source) noexcept nogil
    void (*deliver)(Projection *projection, Py_ssize_t source, double time, double factor, Py_ssize_t start,
                    Py_ssize_t stop) noexcept nogil
    Py_ssize_t (*arrivals)(Population *c, Receptor *r, Py_ssize_t block, Py_ssize_t step, Py_ssize_t *neurons,
                           double *remaining, Py_ssize_t most) noexcept nogil
    void (*exponentials)(Source x, Py_ssize_t n, Target out) noexcept nogil


cdef FastLoops *fast_loops(bint single) noexcept nogil


cdef class FastPopulation:
    """One population in the fast arithmetic, on the arrays of its record or on copies of them."""
    cdef Population c
    cdef readonly Cell cell
    cdef readonly bint single  # in single precision, on copies
    cdef readonly list receptors          # of ReceptorArrays, in order
    cdef list _reached        # of each receptor, whether projections reach it
    cdef dict _held           # arrays that the structure points into, by name
    cdef list _copies         # of those that Python sees
    cdef double[::1] _dt_over_2c
    cdef Bundle *bundles      # what arrives in the step
    cdef Py_ssize_t n_bundles
    cdef Py_ssize_t most_bundles
    cdef double[::1] _arrival_times
    cdef double[::1] _arrival_factors
    cdef Py_ssize_t[::1] _arrival_sources
    cdef Py_ssize_t[::1] _arrival_projections
    cdef real *_i_ext         # the afferent current, whether there is one or not

    cdef real *_reals(self, name, Py_ssize_t size) except? NULL
    cdef double *_doubles(self, name, Py_ssize_t size) except? NULL
    cdef Py_ssize_t *_places(self, name, Py_ssize_t size) except? NULL
    cdef real *_read(self, const double[::1] array) except? NULL
    cdef real *_written(self, double[::1] array) except? NULL
    cdef _point_at_membrane(self)
    cdef _set_receptor(self, Py_ssize_t place, ReceptorArrays arrays, uint32_t stream)
    cdef _set_drive(self, Receptor *r, Py_ssize_t place, ReceptorArrays arrays)
    cdef Receptor *receptor_of(self, str name) except NULL
    cdef bint too_much_arrives(self) noexcept
    cdef int refresh(self) except -1
    cdef _refresh_receptor(self, Receptor *r, Py_ssize_t place, ReceptorArrays arrays)
    cdef _refresh_poisson(self, Receptor *r, Py_ssize_t place, PoissonInput record)
    cdef _tabulate(self, Poisson *p, Py_ssize_t place, PoissonInput record)
    cdef _sum_currents(self)
    cdef int write_back(self) except -1
    cdef int keep_predicted(self) except -1
    cdef int keep_previous(self) except -1
    cdef void forget_spikes(self) noexcept nogil
    cdef void look(self, Py_ssize_t step) noexcept nogil
    cdef void watch(self) noexcept nogil
    cdef int note_arrivals(self, Projection *projection, const Py_ssize_t *sources, const double *times,
                           const double *factors, Py_ssize_t count) except -1 nogil
    cdef int crowd(self) except -1 nogil
    cdef int _sort_arrivals(self) except -1
