"""The fast arithmetic: one population's record, lowered to what its kernels see.

Its results depend on the parameters, the state, the key and the step alone: on no order of blocks,
no number of threads, no instruction set. See `docs/arithmetic.md`.
"""
import numpy as np

from libc.math cimport fabs
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc

from .buffers cimport LINEAR, SECOND_ORDER, Cell, Gating, PoissonInput
from .buffers cimport Receptor as ReceptorRecord
from .copies cimport Copy, StateCopy, copy_of, copy_of_state
from .equations cimport linear_decay
from .fast_math cimport Quotient, fast_exp, power_of_two
from .loops cimport fast_table_of
from .numpy_loops cimport copy_into
from .philox cimport Words, philox
from .projection cimport UNIFORM
from .real cimport Source, Target, real
from .single_math cimport SingleQuotient, single_power_of_two
from .sorting cimport order_of

from . import poisson_tables
from .lines import address, in_whole_lines

# Neurons of a block, each of which has its own random streams.
BLOCK_SIZE = BLOCK
# Those that a projection may reach.
RECEPTORS = "ampa", "nmda", "gaba"


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


def why_not_fast(Cell cell, double dt):
    """Return what a population has that the fast arithmetic has not, or None."""
    if cell.recorders:
        return "a current or gating variable is recorded at each step"
    for name, gating in (("AMPA", cell.ampa.gating), ("NMDA", cell.nmda.gating), ("GABA", cell.gaba.gating)):
        if gating.kind == LINEAR:
            return f"{name}.kinetic saturates at each spike (firstOrdKin)"
        if not gating.one_tau or not gating.one_tau_x:
            return f"{name}.kinetic has a time constant for each neuron"
    for name, source in (("noise", cell.noise), ("afferents", cell.afferents)):
        if source is None:
            continue
        if not source.one_tau:
            return f"{name} has a time constant for each neuron"
        if too_many(source, dt):
            return f"{name} has a rate above {poisson_tables.MOST/BLOCK/dt:.3g} kHz"
    return None


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
    cdef const double[::1] part
    cdef Py_ssize_t i
    for i in range(total.shape[0]):
        total[i] = 0.0
    for part in parts:
        for i in range(total.shape[0]):
            total[i] = total[i] + <Width> part[i]


cdef class FastCell:
    """One population in the fast arithmetic.

    Made once for a record; `refresh` takes notice, at the start of a run, of elements of parameters
    that were written in place, and of state. In single precision kernels work on copies of the arrays
    that Python sees, which `write_back` brings up to date.
    """

    def __init__(self, Cell cell, double dt, key, uint32_t stream, reached, bint single=False):
        cdef Py_ssize_t n = cell.size
        cdef Cells *c = &self.c
        self.cell, self.single = cell, single
        self.reached[AMPA], self.reached[NMDA], self.reached[GABA] = [name in reached for name in RECEPTORS]
        c.size, c.blocks, c.dt = n, (n + BLOCK - 1)//BLOCK, dt
        c.key[0], c.key[1] = key
        c.uniform, c.inhibited, c.listens = cell.uniform, cell.inhibited, len(reached) > 0
        self._held, self._copies = {}, []
        self._arrival_times, self._arrival_sources, self._arrival_links = (
            np.empty(0), np.empty(0, np.intp), np.empty(0, np.intp))
        c.synaptic, c.stage, c.force = self._reals("synaptic", n), self._reals("stage", n), self._reals("force", n)
        c.ids, c.times, c.counts = self._places("ids", n), self._doubles("times", n), self._places("counts", c.blocks)
        self._point_at_membrane()
        self._set_receptor(AMPA, cell.ampa, cell.ampa_g, cell.ampa_v)
        self._set_receptor(NMDA, cell.nmda, cell.nmda_g, cell.nmda_v)
        self._set_receptor(GABA, cell.gaba, cell.gaba_g, cell.gaba_v)
        c.receptors[NMDA].channel.mg = self._read(cell.mg)
        c.excitatory = EXCITATORY if self.reached[NMDA] else self._places_for(AMPA)
        c.inhibitory = self._places_for(GABA)
        c.excitation = self._reals("excitation", n*c.excitatory)
        c.inhibition = self._reals("inhibition", n*c.inhibitory)
        self._set_input(NOISE, cell.noise, stream)
        if cell.afferents is not None:
            self._set_input(AFFERENT, cell.afferents, stream + 1)
        self.forget_spikes()

    def __dealloc__(self):
        free(self.bundles)

    cdef Py_ssize_t _places_for(self, int place) noexcept:
        """How many sums of spikes a receptor has: what they add to its first variable, and to its integral."""
        return 0 if not self.reached[place] else 2 if self.c.receptors[place].gate.second else 1

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
        cdef Cells *c = &self.c
        cdef Cell cell = self.cell
        cdef double[::1] half = np.zeros(1 if cell.uniform else cell.size)
        self._half = half
        c.v, c.end_refractory, c.leak = self._written(cell.v), &cell.end_refractory[0], self._written(cell.leak.curr)
        c.leak_g, c.v_leak, c.half = self._read(cell.leak_g), self._read(cell.v_leak), self._read(half)
        c.v_threshold, c.v_reset = self._read(cell.v_threshold), self._read(cell.v_reset)
        c.refractory = &cell.refractory[0]
        self._steady = NULL if cell.steady is None else self._read(cell.steady.curr)

    cdef _set_receptor(self, int place, ReceptorRecord record, const double[::1] g, const double[::1] reversal):
        cdef Receptor *r = &self.c.receptors[place]
        cdef Gating gating = record.gating
        cdef double dt = self.c.dt
        r.channel.uniform, r.channel.g, r.channel.reversal = self.c.uniform, self._read(g), self._read(reversal)
        r.channel.mg = NULL
        r.curr = self._written(record.curr)
        r.gate.second, r.gate.uniform = gating.kind == SECOND_ORDER, gating.uniform
        r.gate.s, r.gate.x = self._written(gating.s), self._written(gating.x) if r.gate.second else NULL
        r.gate.alpha_s, r.gate.alpha_x = self._read(gating.alpha_s), self._read(gating.alpha_x)
        r.gate.tau_s, r.gate.tau_x = gating.tau_s[0], gating.tau_x[0]
        r.gate.left_s, r.gate.loss = fast_exp(-dt/r.gate.tau_s), dt/r.gate.tau_s
        r.gate.coarse = r.gate.watched = r.gate.crowded = False
        if r.gate.second:
            self._set_second(place, &r.gate)

    cdef _set_second(self, int place, Gate *g):
        cdef double dt = self.c.dt
        g.coarse = dt > g.tau_x or dt > g.tau_s
        if g.coarse:
            g.left_x = fast_exp(-dt/g.tau_x)
            g.open_x = g.tau_x*(1.0 - g.left_x)
        else:
            g.left_x = linear_decay(dt, g.tau_x)
            g.open_x = dt*g.left_x
        g.s_before, g.x_before = self._reals(("s", place), self.c.size), self._reals(("x", place), self.c.size)

    cdef _set_input(self, int place, PoissonInput record, uint32_t stream):
        cdef Poisson *p = &self.c.inputs[place]
        p.stream = stream
        p.channel.uniform, p.channel.g, p.channel.reversal = (
            record.uniform, self._read(record.g), self._read(record.reversal))
        p.channel.mg, p.alpha = NULL, self._read(record.alpha)
        p.s, p.curr = self._written(record.s), self._written(record.curr)
        p.tau = record.tau[0]
        p.left = fast_exp(-self.c.dt/p.tau)

    cdef bint too_much_arrives(self) noexcept:
        """Whether a rate was raised in place past what the fast arithmetic draws."""
        return too_many(self.cell.noise, self.c.dt) or too_many(self.cell.afferents, self.c.dt)

    cdef int refresh(self) except -1:
        """Take notice of what may have changed since the last run, and of the currents that the step begins with."""
        cdef Cells *c = &self.c
        cdef Cell cell = self.cell
        cdef Copy copy
        cdef Py_ssize_t i
        for i in range(self._half.shape[0]):
            self._half[i] = c.dt/2.0/cell.cm[i]
        for copy in self._copies:
            copy.fill()
        c.steady = self._steady if cell.steady is not None and any_of(cell.steady.curr) else NULL
        for place, record in ((AMPA, cell.ampa), (NMDA, cell.nmda), (GABA, cell.gaba)):
            self._refresh_receptor(place, record)
        self._refresh_input(NOISE, cell.noise)
        if cell.afferents is not None:
            self._refresh_input(AFFERENT, cell.afferents)
        self._sum_currents()
        return 0

    cdef _refresh_receptor(self, int place, record):
        cdef Receptor *r = &self.c.receptors[place]
        cdef Cell cell = self.cell
        cdef Gating gating = record.gating
        r.active = self.reached[place] or any_of(gating.s) or any_of(gating.x) or any_of(record.curr)
        r.gate.most_x = most_of(gating.x)
        r.gate.most_alpha_s, r.gate.most_alpha_x = most_of(gating.alpha_s), most_of(gating.alpha_x)
        r.channel.closed = (place == GABA and not self.c.inhibited) or not any_of(
            cell.ampa_g if place == AMPA else cell.nmda_g if place == NMDA else cell.gaba_g)

    cdef _refresh_input(self, int place, PoissonInput record):
        cdef Poisson *p = &self.c.inputs[place]
        p.driven = record.driven and any_of(record.rate)
        p.active = p.driven or any_of(record.s) or any_of(record.curr) or any_of(record.prev_curr)
        p.channel.closed = not any_of(record.g)
        if p.driven:
            self._tabulate(place, record)

    cdef _tabulate(self, int place, PoissonInput record):
        """Make the tables of counts, and of who gets an arrival, unless they are there for these rates."""
        cdef Poisson *p = &self.c.inputs[place]
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
        cdef Cell cell = self.cell
        parts = [source.curr if source.pending[0] else source.prev_curr
                 for source in (cell.noise, cell.afferents) if source is not None]
        parts += [cell.ampa.curr, cell.nmda.curr] + ([cell.gaba.curr] if self.c.inhibited else [])
        if self.single:
            add_up[float](parts, self._held["synaptic"])
        else:
            add_up[double](parts, self._held["synaptic"])

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

    cdef void forget_spikes(self) noexcept nogil:
        """Start a step: no spike has come yet."""
        cdef Cells *c = &self.c
        cdef int k
        c.excited = c.quieted = c.excited_apart = c.quieted_apart = False
        c.arrived = self.n_bundles = 0
        for k in range(RECEIVERS):
            c.spikes_at[k], c.most_arrived[k] = 0, 0.0
            c.receptors[k].gate.crowded = c.receptors[k].gate.coarse
        for k in range(EXCITATORY):
            c.excitation_alike[k] = 0.0
        for k in range(INHIBITORY):
            c.inhibition_alike[k] = 0.0

    cdef void look(self, Py_ssize_t step) noexcept nogil:
        """Take note if a potential is below all that pulls it: the step is too long for the conductances."""
        cdef double *v = <double *> <void *> self.c.v
        cdef float *single = <float *> <void *> self.c.v
        cdef double least = self.cell.floor
        cdef Py_ssize_t i, below = 0
        if self.single:
            for i in range(self.c.size):
                below += not single[i] >= least
        else:
            for i in range(self.c.size):
                below += not v[i] >= least
        if below > 0:
            self.cell.note_stray(4, step*self.c.dt)

    cdef void watch(self) noexcept nogil:
        """Find out, before a step, whether an Euler step of the second-order gating may be too long for a neuron."""
        cdef Gate *g
        cdef int k
        for k in range(RECEIVERS):
            g = &self.c.receptors[k].gate
            if g.second:
                g.watched = g.coarse or g.left_x < 0.5 or may_exceed(g.open_x*g.most_alpha_s*g.most_x + g.loss, 0.5)
                g.most_x = g.most_x*g.left_x

    cdef int note_arrivals(self, Link *link, const Py_ssize_t *sources, const double *times,
                           Py_ssize_t count) except -1 nogil:
        """Take note of spikes that arrive in the step, before any is delivered."""
        cdef Cells *c = &self.c
        cdef Bundle *bundles
        if self.n_bundles == self.most_bundles:
            bundles = <Bundle *> realloc(self.bundles, 2*(self.most_bundles + 4)*sizeof(Bundle))
            if bundles == NULL:
                with gil:
                    raise MemoryError
            self.bundles, self.most_bundles = bundles, 2*(self.most_bundles + 4)
        self.bundles[self.n_bundles].link, self.bundles[self.n_bundles].count = link, count
        self.bundles[self.n_bundles].sources, self.bundles[self.n_bundles].times = sources, times
        # += on what is self's needs the GIL in a checked build
        self.n_bundles = self.n_bundles + 1
        if link.ampa:
            self._note(AMPA, count, link.largest)
        if link.nmda:
            self._note(NMDA, count, link.largest)
        if link.excites:
            c.excited = True
            c.excited_apart |= link.kind != UNIFORM
        else:
            self._note(GABA, count, link.largest)
            c.quieted = True
            c.quieted_apart |= link.kind != UNIFORM
        return 0

    cdef void _note(self, int receptor, Py_ssize_t count, double largest) noexcept nogil:
        self.c.spikes_at[receptor] = self.c.spikes_at[receptor] + count
        self.c.most_arrived[receptor] = self.c.most_arrived[receptor] + count*largest

    cdef int crowd(self) except -1 nogil:
        """Find out, before the spikes of a step are taken in, whether they may be too many for one Euler step."""
        cdef Gate *g
        cdef double arrived
        cdef bint wanted = False
        cdef int k
        for k in range(RECEIVERS):
            g = &self.c.receptors[k].gate
            if not g.second or self.c.spikes_at[k] == 0:
                continue
            arrived = g.most_alpha_x*self.c.most_arrived[k]
            g.crowded = g.coarse or may_exceed(self.c.dt*g.most_alpha_s*(g.most_x + arrived), 1.0/16.0)
            g.most_x += arrived
            wanted |= g.crowded and not g.coarse
        if wanted:
            with gil:
                self._sort_arrivals()
        return 0

    cdef int _sort_arrivals(self) except -1:
        cdef Cells *c = &self.c
        cdef Py_ssize_t k, j, count = 0
        cdef double[::1] times
        cdef Py_ssize_t[::1] places, order
        for k in range(self.n_bundles):
            count += self.bundles[k].count
        if count > self._arrival_times.shape[0]:
            self._arrival_times = np.empty(2*count)
            self._arrival_sources, self._arrival_links = np.empty(2*count, np.intp), np.empty(2*count, np.intp)
        times, order = np.empty(count), np.empty(2*count, np.intp)
        places = np.empty(2*count, np.intp)
        count = 0
        for k in range(self.n_bundles):
            for j in range(self.bundles[k].count):
                times[count], places[2*count], places[2*count + 1] = self.bundles[k].times[j], k, j
                count += 1
        order_of(&times[0], count, &order[0], &order[count])
        for k in range(count):
            j = order[k]
            self._arrival_times[k] = times[j]
            self._arrival_sources[k] = self.bundles[places[2*j]].sources[places[2*j + 1]]
            self._arrival_links[k] = <Py_ssize_t> <void *> self.bundles[places[2*j]].link
        c.arrived, c.arrival_times = count, &self._arrival_times[0]
        c.arrival_sources, c.arrival_links = &self._arrival_sources[0], <Link **> <void *> &self._arrival_links[0]
        return 0

    # The kernels one by one, as `fast_loop` calls them; for tests

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
            fast_loops(self.single).let_go(&self.c)
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
            count = fast_loops(self.single).arrivals(&self.c, &self.c.inputs[place], block, step, &neurons[0],
                                                     &remaining[0], most)
            if count <= most:
                return np.array(neurons[:count]), np.array(remaining[:count])
            most = count
