"""The fast arithmetic: one population's record, lowered to what its kernels see.

Its results depend on the parameters, the state, the key and the step alone: on no order of blocks,
no number of threads, no instruction set. See `docs/arithmetic.md`.
"""
import numpy as np

from libc.math cimport fabs
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc

from ..shared.buffers cimport Cell, PoissonInput
from ..shared.copies cimport Copy, StateCopy, copy_of, copy_of_state
from .double_math cimport Quotient, power_of_two
from ..shared.loops cimport fast_table_of
from ..shared.numpy_loops cimport copy_into
from .philox cimport Words, philox
from ..shared.rows cimport UNIFORM
from ..shared.real cimport Source, Target, real
from .single_math cimport SingleQuotient, single_power_of_two
from ..shared.sorting cimport order_of
from .lowered cimport Parameter, ReceptorArrays, State

from . import poisson_tables
from ..shared.lines import address, in_whole_lines

# Neurons of a block, each of which has its own random streams.
BLOCK_SIZE = BLOCK


ctypedef fused Width:
    float
    double


cdef FastLoops *fast_loops(bint single) noexcept nogil:
    return <FastLoops *> fast_table_of(single)


def exponential(const Width[::1] x):
    """Return exp(x) as the kernels of x's precision have it, for tests."""
    out = np.empty_like(x)
    cdef Width[::1] filled = out
    if x.shape[0] > 0:
        fast_loops(Width is float).exponentials(<Source> <void *> &x[0], x.shape[0], <Target> <void *> &filled[0])
    return out


def powers_of_two(const Width[::1] y):
    """Return 2^y as two arrays, above and below, of which it is the quotient, as the kernels of y's precision do."""
    cdef Width[::1] above = np.empty_like(y)
    cdef Width[::1] below = np.empty_like(y)
    cdef Quotient power
    cdef SingleQuotient single
    cdef Py_ssize_t i
    for i in range(y.shape[0]):
        if Width is float:
            single = single_power_of_two(y[i])
            above[i], below[i] = single.above, single.below
        else:
            power = power_of_two(y[i])
            above[i], below[i] = power.above, power.below
    return np.asarray(above), np.asarray(below)


def random_words(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t key0, uint32_t key1):
    """Return the four words that Philox4x32-10 has for a counter and a key, for tests."""
    cdef Words w = philox(c0, c1, c2, c3, key0, key1)
    return w.a, w.b, w.c, w.d


cdef bint too_many(PoissonInput source, double dt) noexcept:
    """Whether more arrives in a block and step than there are tables for."""
    cdef double most = 0.0
    cdef Py_ssize_t i
    if source is None:
        return False
    for i in range(source.rate.shape[0]):
        most = max(most, source.rate[i])
    return BLOCK*dt*most > _most_arrivals


cdef double _most_arrivals = poisson_tables.MOST


def too_much_arrives(PoissonInput source, double dt):
    """Return the rate, kHz, above which trains are not drawn, if they fire more, or None."""
    return poisson_tables.MOST/BLOCK/dt if too_many(source, dt) else None


def _find_aliases(const double[::1] rates, uint32_t[::1] keep, uint8_t[::1] other, double[::1] totals):
    """Fill the tables of Walker's alias method, a block at a time, and the sum of each block's rates.

    An arrival in a block is given to one of its neurons, all alike, and stays there with the probability in `keep`,
    or goes on to `other`: as many go to each as its rate says.
    """
    cdef double share[BLOCK]
    cdef int poor[BLOCK]
    cdef int rich[BLOCK]
    cdef Py_ssize_t lo, n, i, block
    cdef int n_poor, n_rich, giver, taker
    for block in range(totals.shape[0]):
        lo = block*BLOCK
        n = min(<Py_ssize_t> BLOCK, rates.shape[0] - lo)
        totals[block] = 0.0
        for i in range(n):
            totals[block] += rates[lo + i]
        n_poor = n_rich = 0
        for i in range(n):
            keep[lo + i], other[lo + i] = 0xffffffff, <uint8_t> i
            share[i] = rates[lo + i]/totals[block]*n if totals[block] > 0 else 1.0
            if share[i] < 1.0:
                poor[n_poor] = <int> i
                n_poor += 1
            else:
                rich[n_rich] = <int> i
                n_rich += 1
        while n_poor > 0 and n_rich > 0:
            n_poor -= 1
            taker, giver = poor[n_poor], rich[n_rich - 1]
            keep[lo + taker], other[lo + taker] = <uint32_t> (share[taker]*4294967295.0), <uint8_t> giver
            share[giver] -= 1.0 - share[taker]
            if share[giver] < 1.0:
                n_rich -= 1
                poor[n_poor] = giver
                n_poor += 1


cdef bint any_of(const double[::1] x) noexcept:
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        if x[i] != 0.0:
            return True
    return False


cdef double most_of(const double[::1] x) noexcept:
    """The largest absolute value."""
    cdef double most = 0.0
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        most = max(most, fabs(x[i]))
    return most


cdef inline bint may_exceed(double bound, double limit) noexcept nogil:
    """Whether what is at most `bound`, but for rounding, may be above a limit."""
    return not 1.001*bound <= limit


cdef add_up(list parts, Width[::1] total):
    """Fill with the sum of arrays, the terms in their order."""
    cdef State part
    cdef Py_ssize_t i
    for i in range(total.shape[0]):
        total[i] = 0.0
    for part in parts:
        for i in range(total.shape[0]):
            total[i] = total[i] + <Width> part.array[i]


cdef enum:
    # places of the constants of saturating gating that are needed here (`lifext/receptors/saturating.py`)
    OPEN_X = 0
    LOSS = 1
    DECAY_X = 2
    COARSE = 5


cdef inline bint is_coarse(const Receptor *r) noexcept nogil:
    """Whether dt is longer than a time constant: exponentials throughout."""
    return r.constant[COARSE] != 0.0


cdef class FastPopulation:
    """One population in the fast arithmetic: a cell and its receptors.

    Made once for a record; `refresh` takes notice, at the start of a run, of elements of parameters
    that were written in place, and of state. In single precision kernels work on copies of the arrays
    that Python sees, which `write_back` brings up to date.

    Parameters
    ----------
    cell : Cell
        The membrane's arrays.
    receptors : list of ReceptorArrays
        In the order of summation.
    dt : float
        ms.
    key : (int, int)
        Of the random streams.
    stream : int
        The number of the first receptor's trains; each receptor that has trains of its own has the next.
    reached : collection of str
        Names of the receptors that projections reach.
    single : bool, optional
        Whether the state is kept in single precision.
    """

    def __init__(self, Cell cell, list receptors, double dt, key, uint32_t stream, reached, bint single=False):
        cdef Py_ssize_t n = cell.size, place
        cdef Population *c = &self.c
        self.cell, self.single, self.receptors = cell, single, receptors
        self._reached = [arrays.name in reached for arrays in receptors]
        c.size, c.blocks, c.dt = n, (n + BLOCK - 1)//BLOCK, dt
        c.key[0], c.key[1] = key
        c.uniform, c.has_targets = cell.uniform, len(reached) > 0
        self._held, self._copies = {}, []
        self._arrival_times, self._arrival_factors = np.empty(0), np.empty(0)
        self._arrival_sources, self._arrival_projections = np.empty(0, np.intp), np.empty(0, np.intp)
        c.i_synaptic, c.v_stage = self._reals("i_synaptic", n), self._reals("v_stage", n)
        c.ids, c.times, c.counts = self._places("ids", n), self._doubles("times", n), self._places("counts", c.blocks)
        self._point_at_membrane()
        c.n_receptors = len(receptors)
        c.receptors = <Receptor *> calloc(len(receptors) + 1, sizeof(Receptor))
        c.active = <Receptor **> calloc(len(receptors) + 1, sizeof(Receptor *))
        if c.receptors == NULL or c.active == NULL:
            raise MemoryError
        for place in range(c.n_receptors):
            self._set_receptor(place, receptors[place], stream)
            stream += receptors[place].poisson is not None
        self.forget_spikes()

    def __dealloc__(self):
        cdef Py_ssize_t k
        free(self.bundles)
        if self.c.receptors != NULL:
            for k in range(self.c.n_receptors):
                free(self.c.receptors[k].poisson)
        free(self.c.receptors)
        free(self.c.active)

    cdef real *_reals(self, name, Py_ssize_t size) except? NULL:
        array = in_whole_lines(np.zeros(max(size, 1), dtype=np.float32 if self.single else np.float64))
        self._held[name] = array
        return <real *> <size_t> address(array)

    cdef double *_doubles(self, name, Py_ssize_t size) except? NULL:
        cdef double[::1] array = in_whole_lines(np.zeros(max(size, 1)))
        self._held[name] = array
        return &array[0]

    cdef Py_ssize_t *_places(self, name, Py_ssize_t size) except? NULL:
        cdef Py_ssize_t[::1] array = np.zeros(size, dtype=np.intp)
        self._held[name] = array
        return &array[0]

    cdef real *_read(self, const double[::1] array) except? NULL:
        """Where kernels read what Python has in an array."""
        cdef Copy copy
        if not self.single:
            return <real *> &array[0]
        copy = copy_of(array)
        self._copies.append(copy)
        return <real *> <void *> &copy.copy[0]

    cdef real *_written(self, double[::1] array) except? NULL:
        """Where kernels write what Python is to have in an array after a run."""
        cdef StateCopy copy
        if not self.single:
            return <real *> &array[0]
        copy = copy_of_state(array)
        self._copies.append(copy)
        return <real *> <void *> &copy.copy[0]

    cdef _point_at_membrane(self):
        cdef Population *c = &self.c
        cdef Cell cell = self.cell
        cdef double[::1] dt_over_2c = np.zeros(1 if cell.uniform else cell.size)
        self._dt_over_2c = dt_over_2c
        c.v, c.end_refractory, c.leak = self._written(cell.v), &cell.end_refractory[0], self._written(cell.leak.curr)
        c.leak_g, c.v_leak, c.dt_over_2c = self._read(cell.leak_g), self._read(cell.v_leak), self._read(dt_over_2c)
        c.v_threshold, c.v_reset = self._read(cell.v_threshold), self._read(cell.v_reset)
        c.refractory = &cell.refractory[0]
        self._i_ext = NULL if cell.steady is None else self._read(cell.steady.curr)

    cdef _set_receptor(self, Py_ssize_t place, ReceptorArrays arrays, uint32_t stream):
        cdef Receptor *r = &self.c.receptors[place]
        cdef Py_ssize_t k, n = self.c.size
        cdef State state
        cdef Parameter parameter
        core = arrays.gating.core
        r.gating, r.uniform = arrays.gating.number, arrays.uniform
        for k, state in enumerate(arrays.states):
            r.state[k] = self._written(state.array)
        for k, parameter in enumerate(arrays.parameters):
            r.parameter[k] = self._read(parameter.array)
        constants = arrays.gating.constants(self.c.dt)
        for k, name in enumerate(core["constants"]):
            r.constant[k] = constants[name]
        self._set_drive(r, place, arrays)
        if arrays.poisson is not None:
            r.poisson = <Poisson *> calloc(1, sizeof(Poisson))
            if r.poisson == NULL:
                raise MemoryError
            r.poisson.stream = stream
        else:
            for k in range(len(core["sums"])):
                r.sums[k] = self._reals(("sums", place, k), n)
        if core.get("careful"):
            for k in range(len(core["state"])):
                r.before[k] = self._reals(("before", place, k), n)

    cdef _set_drive(self, Receptor *r, Py_ssize_t place, ReceptorArrays arrays):
        r.drive, r.drive_uniform = arrays.drive, arrays.drive_uniform
        r.g, r.reversal = self._read(arrays.g.array), self._read(arrays.reversal.array)
        r.mg = NULL if arrays.mg is None else self._read(arrays.mg.array)
        r.force = NULL if arrays.mg is None else self._reals(("force", place), self.c.size)
        r.curr = self._written(arrays.curr.array) if arrays.conducts else NULL

    cdef Receptor *receptor_of(self, str name) except NULL:
        cdef Py_ssize_t place
        cdef ReceptorArrays arrays
        for place, arrays in enumerate(self.receptors):
            if arrays.name == name:
                return &self.c.receptors[place]
        raise ValueError(f"FastPopulation: name must be that of a receptor, got {name!r}")

    cdef bint too_much_arrives(self) noexcept:
        """Whether a rate was raised in place past what the fast arithmetic draws."""
        cdef ReceptorArrays arrays
        for arrays in self.receptors:
            if arrays.poisson is not None and too_many(arrays.poisson, self.c.dt):
                return True
        return False

    cdef int refresh(self) except -1:
        """Take notice of what may have changed since the last run, and of the currents that the step begins with."""
        cdef Population *c = &self.c
        cdef Cell cell = self.cell
        cdef Copy copy
        cdef ReceptorArrays arrays
        cdef Py_ssize_t i, place
        for i in range(self._dt_over_2c.shape[0]):
            self._dt_over_2c[i] = c.dt/2.0/cell.cm[i]
        for copy in self._copies:
            copy.fill()
        c.i_ext = self._i_ext if cell.steady is not None and any_of(cell.steady.curr) else NULL
        for place, arrays in enumerate(self.receptors):
            if arrays.poisson is None:
                self._refresh_receptor(&c.receptors[place], place, arrays)
            else:
                self._refresh_poisson(&c.receptors[place], place, arrays.poisson)
        fast_loops(self.single).find_variant(c)
        self._sum_currents()
        return 0

    cdef _refresh_receptor(self, Receptor *r, Py_ssize_t place, ReceptorArrays arrays):
        cdef State state
        cdef Parameter alpha_s, alpha_x
        r.active = self._reached[place] or any_of(arrays.curr.array)
        for state in arrays.states:
            r.active = r.active or any_of(state.array)
        r.closed = not arrays.conducts or not any_of(arrays.g.array)
        if r.before[0] != NULL:
            state, (alpha_s, alpha_x) = arrays.states[1], arrays.parameters
            r.most_x = most_of(state.array)
            r.most_alpha_s, r.most_alpha_x = most_of(alpha_s.array), most_of(alpha_x.array)

    cdef _refresh_poisson(self, Receptor *r, Py_ssize_t place, PoissonInput record):
        r.poisson.driven = record.driven and any_of(record.rate)
        r.active = r.poisson.driven or any_of(record.s) or any_of(record.curr) or any_of(record.prev_curr)
        r.closed = not any_of(record.g)
        if r.poisson.driven:
            self._tabulate(r.poisson, place, record)

    cdef _tabulate(self, Poisson *p, Py_ssize_t place, PoissonInput record):
        """Make the tables of counts, and of who gets an arrival, unless they are there for these rates."""
        cdef Py_ssize_t n = self.c.size
        cdef Py_ssize_t[::1] first, least
        cdef uint64_t[::1] below
        cdef uint32_t[::1] guide, keep
        cdef uint8_t[::1] other
        known = self._held.get(("rate", place))
        if known is not None and np.array_equal(known, record.rate):
            return
        p.one_rate = record.one_rate or not np.any(np.diff(record.rate))
        if p.one_rate:
            means = np.array([min(n, BLOCK), n % BLOCK])*(record.rate[0]*self.c.dt)
        else:
            means, keep, other = np.empty(self.c.blocks), np.empty(n, np.uint32), np.empty(n, np.uint8)
            _find_aliases(record.rate, keep, other, means)
            means *= self.c.dt
            p.keep, p.other = &keep[0], &other[0]
            self._held["aliases", place] = keep, other
        first, least, below, guide = tables = poisson_tables.count_tables(means)
        p.first, p.least, p.below, p.guide = &first[0], &least[0], &below[0], &guide[0]
        self._held["tables", place], self._held["rate", place] = tables, np.array(record.rate)

    cdef _sum_currents(self):
        """The synaptic current that a step begins with, from those that Python sees, in the kernels' order."""
        cdef ReceptorArrays arrays
        parts = []
        for arrays in self.receptors:
            if arrays.conducts:
                parts.append(arrays.known_current())
        if self.single:
            add_up[float](parts, self._held["i_synaptic"])
        else:
            add_up[double](parts, self._held["i_synaptic"])

    cdef int write_back(self) except -1:
        """Show Python the state, if it does not see the kernels' own."""
        cdef Copy copy
        for copy in self._copies:
            copy.write_back()
        return 0

    cdef int keep_predicted(self) except -1:
        """Show Python the potential that a step predicted, before it is settled."""
        cdef float *v = <float *> <void *> self.c.v
        cdef Py_ssize_t i
        if not self.single:
            copy_into(self.cell.v, self.cell.v_ahead)
            return 0
        for i in range(self.c.size):
            self.cell.v_ahead[i] = v[i]
        return 0

    cdef int keep_previous(self) except -1:
        """Show the state after a step as that before the next one."""
        cdef ReceptorArrays arrays
        cdef State state
        for arrays in self.receptors:
            if arrays.curr.previous.shape[0] > 0:
                copy_into(arrays.curr.array, arrays.curr.previous)
            for state in arrays.states:
                if state.previous.shape[0] > 0:
                    copy_into(state.array, state.previous)
        copy_into(self.cell.leak.curr, self.cell.leak.prev_curr)
        return 0

    cdef void forget_spikes(self) noexcept nogil:
        """Start a step: no spike has come yet."""
        cdef Population *c = &self.c
        cdef Receptor *r
        cdef Py_ssize_t k, j
        c.has_input = False
        c.arrived = self.n_bundles = 0
        for k in range(c.n_receptors):
            r = &c.receptors[k]
            r.has_input = r.apart = r.crowded = False
            r.spikes, r.most_arrived = 0, 0.0
            for j in range(MOST_SUMS):
                r.alike[j] = 0.0

    cdef void look(self, Py_ssize_t step) noexcept nogil:
        """Take note if a potential is below all that pulls it: the step is too long for the conductances.

        One that is no number has another reason, and ends the run.
        """
        cdef double *v = <double *> <void *> self.c.v
        cdef float *single = <float *> <void *> self.c.v
        cdef double least = self.cell.floor
        cdef Py_ssize_t i, below = 0
        if self.single:
            for i in range(self.c.size):
                below += single[i] < least
        else:
            for i in range(self.c.size):
                below += v[i] < least
        if below > 0:
            self.cell.note_stray(4, step*self.c.dt)

    cdef void watch(self) noexcept nogil:
        """Find out, before a step, whether an Euler step of saturating gating may be too long for a neuron."""
        cdef Receptor *r
        cdef Py_ssize_t k
        for k in range(self.c.n_receptors):
            r = &self.c.receptors[k]
            if r.before[0] != NULL:
                r.watched = is_coarse(r) or r.constant[DECAY_X] < 0.5 or may_exceed(
                    r.constant[OPEN_X]*r.most_alpha_s*r.most_x + r.constant[LOSS], 0.5)
                r.most_x = r.most_x*r.constant[DECAY_X]

    cdef int note_arrivals(self, Projection *projection, const Py_ssize_t *sources, const double *times,
                           const double *factors, Py_ssize_t count) except -1 nogil:
        """Take note of spikes that arrive in the step, before any is delivered."""
        cdef Bundle *bundles
        cdef Bundle *bundle
        cdef Receptor *r
        cdef Py_ssize_t k
        if self.n_bundles == self.most_bundles:
            bundles = <Bundle *> realloc(self.bundles, 2*(self.most_bundles + 4)*sizeof(Bundle))
            if bundles == NULL:
                with gil:
                    raise MemoryError
            self.bundles, self.most_bundles = bundles, 2*(self.most_bundles + 4)
        bundle = &self.bundles[self.n_bundles]
        bundle.projection, bundle.count = projection, count
        bundle.sources, bundle.times, bundle.factors = sources, times, factors
        # += on what is self's needs the GIL in a checked build
        self.n_bundles = self.n_bundles + 1
        self.c.has_input = True
        for k in range(projection.n_receptors):
            r = projection.receptors[k]
            r.has_input = True
            r.apart = r.apart or projection.kind != UNIFORM
            r.spikes += count
            r.most_arrived += count*projection.largest
        return 0

    cdef int crowd(self) except -1 nogil:
        """Find out, before the spikes of a step are taken in, whether they may be too many for one Euler step."""
        cdef Receptor *r
        cdef double arrived
        cdef bint wanted = False
        cdef Py_ssize_t k
        for k in range(self.c.n_receptors):
            r = &self.c.receptors[k]
            if r.before[0] == NULL or r.spikes == 0:
                continue
            arrived = r.most_alpha_x*r.most_arrived
            r.crowded = is_coarse(r) or may_exceed(self.c.dt*r.most_alpha_s*(r.most_x + arrived), 1.0/16.0)
            r.most_x += arrived
            wanted |= r.crowded and not is_coarse(r)
        if wanted:
            with gil:
                self._sort_arrivals()
        return 0

    cdef int _sort_arrivals(self) except -1:
        cdef Population *c = &self.c
        cdef Bundle *bundle
        cdef Py_ssize_t k, j, count = 0
        cdef double[::1] times
        cdef Py_ssize_t[::1] places, order
        for k in range(self.n_bundles):
            count += self.bundles[k].count
        if count > self._arrival_times.shape[0]:
            self._arrival_times, self._arrival_factors = np.empty(2*count), np.empty(2*count)
            self._arrival_sources, self._arrival_projections = np.empty(2*count, np.intp), np.empty(2*count, np.intp)
        times, order = np.empty(count), np.empty(2*count, np.intp)
        places = np.empty(2*count, np.intp)
        count = 0
        for k in range(self.n_bundles):
            for j in range(self.bundles[k].count):
                times[count], places[2*count], places[2*count + 1] = self.bundles[k].times[j], k, j
                count += 1
        order_of(&times[0], count, &order[0], &order[count])
        for k in range(count):
            bundle, j = &self.bundles[places[2*order[k]]], places[2*order[k] + 1]
            self._arrival_times[k], self._arrival_sources[k] = times[order[k]], bundle.sources[j]
            self._arrival_factors[k] = 1.0 if bundle.factors == NULL else bundle.factors[j]
            self._arrival_projections[k] = <Py_ssize_t> <void *> bundle.projection
        c.arrived, c.arrival_times, c.arrival_factors = count, &self._arrival_times[0], &self._arrival_factors[0]
        c.arrival_sources = &self._arrival_sources[0]
        c.arrival_projections = <Projection **> <void *> &self._arrival_projections[0]
        return 0

    def variant(self):
        """Return the name of the loop that steps it, as of the last run; "generic" for loops of a receptor each."""
        return (<bytes> fast_loops(self.single).variant_name(self.c.variant)).decode()

    # The kernels one by one, as the loop calls them; for tests

    def prepare(self):
        """Begin a run."""
        self.refresh()
        self.forget_spikes()

    def step(self, Py_ssize_t step, double before, bint keep=True):
        """Take in the spikes of the last step, and go a step ahead as if no spike came."""
        cdef Py_ssize_t block
        self.crowd()
        self.watch()
        for block in range(self.c.blocks):
            fast_loops(self.single).step(&self.c, block, step, before, keep)
        if step % FLUSH_EVERY == 0:
            fast_loops(self.single).deactivate_silent(&self.c)
        self.forget_spikes()

    def settle(self, double before):
        """Leave the state at the end of the step whose time was `before`."""
        cdef Py_ssize_t block
        self.crowd()
        for block in range(self.c.blocks):
            fast_loops(self.single).settle(&self.c, block, before)
        self.forget_spikes()
        self.write_back()

    def show(self):
        """Write out each current at the end of a step."""
        cdef Py_ssize_t block
        for block in range(self.c.blocks):
            fast_loops(self.single).show(&self.c, block)
        self.write_back()

    def spikes(self):
        """Return the neurons that spike in the step, and when: (n,) each, ms after its start."""
        blocks = [slice(block*BLOCK, block*BLOCK + self.c.counts[block]) for block in range(self.c.blocks)]
        return tuple(np.concatenate([np.array(self._held[name])[block] for block in blocks])
                     for name in ("ids", "times"))

    def arrivals(self, int place, Py_ssize_t block, Py_ssize_t step):
        """Return who gets the arrivals of an input in a block and step, and how many ms are left after each."""
        cdef Py_ssize_t most = 1024, count
        cdef Py_ssize_t[::1] neurons
        cdef double[::1] remaining
        while True:
            neurons, remaining = np.empty(most, dtype=np.intp), np.empty(most)
            count = fast_loops(self.single).arrivals(&self.c, &self.c.receptors[place], block, step, &neurons[0],
                                                     &remaining[0], most)
            if count <= most:
                return np.array(neurons[:count]), np.array(remaining[:count])
            most = count
