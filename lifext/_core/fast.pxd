"""What the kernels of the fast arithmetic see: one `Cells` structure a population, pointing into its arrays.

The kernels work on blocks of `BLOCK` neurons, which fit the first-level cache, one short loop
for each current after the other. They take pointers, since a memoryview handed over costs
more than a block's worth of some of these loops. `FastCell` holds the arrays alive.

The `real *` of a population in single precision point to floats, which the kernels built for that know; no
other module reads through them. Whatever is no array of the population's is a double in both.
"""
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from .buffers cimport Cell, PoissonInput
from .buffers cimport Receptor as ReceptorRecord
from .real cimport Source, Target, real

cdef enum:
    BLOCK = 256
    # at most so many places has a target for sums over the spikes of a step, of excitation and of inhibition
    EXCITATORY = 4
    INHIBITORY = 2
    # places of receptors and inputs
    AMPA = 0
    NMDA = 1
    GABA = 2
    NOISE = 0
    AFFERENT = 1
    GUIDE = 64
    RECEIVERS = 3
    FLUSH_EVERY = 256         # steps between two looks at what is as good as closed

# Parameters are arrays of length 1 where `uniform`, else one value a neuron.

cdef struct Channel:
    bint uniform
    bint closed               # no conductance: no current, whatever the gating
    const real *g             # uS
    const real *reversal      # mV
    const real *mg            # mM; NULL: no magnesium block

cdef struct Gate:
    bint second               # order
    bint uniform
    real *s                   # open fraction
    real *x                   # second order: rising variable
    const real *alpha_s
    const real *alpha_x       # second order
    double tau_s              # ms
    double tau_x
    double left_s             # first order: of s, over a step
    double left_x             # second order: of x, over a step
    double open_x             # dt*(1 - dt/tau_x)
    double loss               # dt/tau_s
    # second order: where an Euler step of dt is not enough
    bint coarse               # dt is longer than a time constant: exponentials throughout
    bint watched              # a neuron may be beyond half a step in this one: s and x before it are kept
    bint crowded              # the spikes of a step may open more than a small part of a neuron's receptors
    double most_x             # no x is above it
    double most_alpha_s
    double most_alpha_x
    real *s_before
    real *x_before

cdef struct Receptor:
    bint active               # False: all closed, and no spike can come
    Channel channel
    Gate gate
    real *curr                # nA, as Python sees it after a run

# Poisson trains: a number of arrivals in a block and step, then a neuron and a time for each of them
cdef struct Poisson:
    bint active               # False: s is 0 and stays so
    bint driven               # False: no arrivals
    bint one_rate
    uint32_t stream
    Channel channel
    const real *alpha         # as channel.uniform
    real *s
    double tau                # ms
    double left               # of s, over a step
    real *curr
    # of each block, where one_rate: of whole blocks and of the last, shorter one
    const Py_ssize_t *first   # where its table of counts begins
    const Py_ssize_t *least   # the count that the table begins with
    const uint64_t *below     # tables: 2^64 times the probability of at most this count, less 1
    const uint32_t *guide     # GUIDE places a table: where to begin to look, by the first bits
    # of each neuron, unless one_rate (Walker's alias method)
    const uint32_t *keep      # 2^32 times the probability that an arrival given to it stays there
    const uint8_t *other      # the neuron of its block that gets it otherwise

cdef struct Link

cdef struct Cells:
    Py_ssize_t size
    Py_ssize_t blocks
    double dt                 # ms
    uint32_t key[2]
    bint uniform
    bint inhibited            # has a GABA current
    bint listens              # spikes can come: `stage` and `force` are kept
    real *v                   # mV; between predict and settle the predicted one
    double *end_refractory    # ms
    real *synaptic            # nA, sum of the currents through receptors and noise
    real *stage               # mV, where RK2 takes its second slope
    real *force               # mV, behind the magnesium block, there
    real *leak                # nA, as Python sees it after a run
    const real *steady        # nA, afferent current; NULL: none
    const real *leak_g
    const real *v_leak
    const real *v_threshold
    const real *v_reset
    const double *refractory
    const real *half          # dt/2/cM
    Receptor receptors[3]
    Poisson inputs[2]
    # the spikes of a step: of block b from place b*BLOCK on
    Py_ssize_t *ids
    double *times             # ms after the start of the step
    Py_ssize_t *counts        # of each block
    # what they bring: sums for each neuron, and for all alike
    bint excited
    bint quieted
    bint excited_apart        # not all neurons alike
    bint quieted_apart
    # how many places a neuron has: none without projections; one or two, by the order of AMPA or GABA gating;
    # EXCITATORY where NMDA receptors are reached, which have the last two
    Py_ssize_t excitatory
    Py_ssize_t inhibitory
    real *excitation          # (n, excitatory)
    real *inhibition          # (n, inhibitory)
    double excitation_alike[EXCITATORY]
    double inhibition_alike[INHIBITORY]
    Py_ssize_t spikes_at[RECEIVERS]   # for each receptor: how many spikes come in the step,
    double most_arrived[RECEIVERS]    # and what no neuron receives more of
    # where a receptor is crowded: the spikes of the step, by their times
    Py_ssize_t arrived
    const double *arrival_times
    const Py_ssize_t *arrival_sources
    Link **arrival_links

# A projection: rows of weights as `projection.Projection` has them, and what they reach
cdef struct Link:
    int kind
    bint excites              # else inhibits
    bint ampa                 # which receptors it excites
    bint nmda
    Py_ssize_t n_target
    const double *dense
    const Py_ssize_t *indptr
    const int *indices
    const double *values
    Py_ssize_t width          # of values: 1 where all are alike
    Py_ssize_t first
    double flat
    double largest            # no weight is larger, in absolute value
    Cells *target

# Spikes of one projection that arrive in a step
cdef struct Bundle:
    Link *link
    const Py_ssize_t *sources
    const double *times
    Py_ssize_t count

cdef struct FastLoops:
    void (*step)(Cells *c, Py_ssize_t block, Py_ssize_t step, double before, bint keep) noexcept nogil
    void (*settle)(Cells *c, Py_ssize_t block, double before) noexcept nogil
    void (*show)(Cells *c, Py_ssize_t block) noexcept nogil
    void (*let_go)(Cells *c) noexcept nogil
    void (*fetch)(Link *link, Py_ssize_t source) noexcept nogil
    void (*deliver)(Link *link, Py_ssize_t source, double time, Py_ssize_t start, Py_ssize_t stop) noexcept nogil
    Py_ssize_t (*arrivals)(Cells *c, Poisson *p, Py_ssize_t block, Py_ssize_t step, Py_ssize_t *neurons,
                           double *remaining, Py_ssize_t most) noexcept nogil
    void (*exponentials)(Source x, Py_ssize_t n, Target out) noexcept nogil


cdef FastLoops *fast_loops(bint single) noexcept nogil


cdef class FastCell:
    """One population in the fast arithmetic, on the arrays of its record or on copies of them."""
    cdef Cells c
    cdef readonly Cell cell
    cdef readonly bint single  # in single precision, on copies
    cdef bint reached[3]      # which receptors projections reach
    cdef dict _held           # arrays that the structure points into, by name
    cdef list _copies         # of those that Python sees
    cdef double[::1] _half
    cdef Bundle *bundles      # what arrives in the step
    cdef Py_ssize_t n_bundles
    cdef Py_ssize_t most_bundles
    cdef double[::1] _arrival_times
    cdef Py_ssize_t[::1] _arrival_sources
    cdef Py_ssize_t[::1] _arrival_links
    cdef real *_steady        # the afferent current, whether there is one or not

    cdef Py_ssize_t _places_for(self, int place) noexcept
    cdef real *_reals(self, name, Py_ssize_t size) except? NULL
    cdef double *_doubles(self, name, Py_ssize_t size) except? NULL
    cdef Py_ssize_t *_places(self, name, Py_ssize_t size) except? NULL
    cdef real *_read(self, const double[::1] array) except? NULL
    cdef real *_written(self, double[::1] array) except? NULL
    cdef _point_at_membrane(self)
    cdef _set_receptor(self, int place, ReceptorRecord record, const double[::1] g, const double[::1] reversal)
    cdef _set_second(self, int place, Gate *g)
    cdef _set_input(self, int place, PoissonInput record, uint32_t stream)
    cdef bint too_much_arrives(self) noexcept
    cdef int refresh(self) except -1
    cdef _refresh_receptor(self, int place, record)
    cdef _refresh_input(self, int place, PoissonInput record)
    cdef _tabulate(self, int place, PoissonInput record)
    cdef _sum_currents(self)
    cdef int write_back(self) except -1
    cdef int keep_predicted(self) except -1
    cdef void forget_spikes(self) noexcept nogil
    cdef void look(self, Py_ssize_t step) noexcept nogil
    cdef void watch(self) noexcept nogil
    cdef int note_arrivals(self, Link *link, const Py_ssize_t *sources, const double *times,
                           Py_ssize_t count) except -1 nogil
    cdef void _note(self, int receptor, Py_ssize_t count, double largest) noexcept nogil
    cdef int crowd(self) except -1 nogil
    cdef int _sort_arrivals(self) except -1
