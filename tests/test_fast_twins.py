"""The kernels of the fast arithmetic against their NumPy twin, driven by Hypothesis; equality is exact."""
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lifext
from lifext._core.fast import loop as fast_loop
from lifext._core.fast import population as fast
from lifext._core.fast import twin_math, twins
from lifext._core.fast.population import BLOCK_SIZE
from lifext._core.shared.rows import Rows
from lifext._core.shared.spikes import SpikeHistory
from lifext._lowering import gatings_of, lower_weights, receptors_of
from lifext._network.model import RECEPTORS

DT = 0.05
KEY = 0x12345678, 0x9abcdef0
SIZES = st.sampled_from([1, 2, 7, 33, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE + 88])
INSTANTS = st.lists(st.sampled_from([0.0, 0.01, 0.01, 0.033, np.nextafter(DT, 0), DT]), max_size=4)
DTYPES = st.sampled_from([np.float64, np.float32])
thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# drawn without regard to what a neuron has
pytestmark = pytest.mark.filterwarnings("ignore::lifext.ParameterWarning")

PER_NEURON = [("vTh", -53, -51), ("vReset", -61, -59), ("refDur", 0.5, 2), ("cM", 0.3, 0.6), ("AMPA.g", 0.1, 1),
              ("NMDA.mg", 0.5, 1.5), ("GABA.vI", -75, -70), ("leak.g", 0.02, 0.03), ("noise.g", 0.001, 0.01),
              ("noise.alpha", 0.5, 1.5), ("noise.rate", 0.0, 4.0), ("AMPA.kinetic.alpha_s", 0.5, 1.5),
              ("NMDA.kinetic.alpha_s", 0.5, 1.5), ("GABA.kinetic.alpha_s", 0.5, 1.5)]
AFFERENTS = {"off": lambda n: lifext.affFlat(n), "steady": lambda n: lifext.affFlat(n),
             "even": lambda n: lifext.affFlatPoisson(n), "hidden": lambda n: lifext.affFlatPoisson(n),
             "ring": lambda n: lifext.affRingPoisson(n, np.linspace(0, 2 * np.pi, n, endpoint=False), max_rate=3.0)}
# by how much weights are multiplied: what a synapse may have, a volley, far more than any
SCALES = st.sampled_from([1.0, 1.0, 30.0, 1e4])
WEIGHTS = {
    "dense": lambda n, rng, by: lifext.Dense(rng.uniform(0, 0.05 * by, (n, n))),
    "sparse": lambda n, rng, by: lifext.Sparse.random(n, n, 0.3, lambda rng, k: rng.uniform(0, 0.02 * by, k), rng=rng),
    "alike": lambda n, rng, by: lifext.Sparse.random(n, n, 0.3, 0.02 * by, rng=rng),
    "empty": lambda n, rng, by: lifext.Sparse.from_csr(np.zeros(n + 1, int), [], [], (n, n)),
    "ring": lambda n, rng, by: lifext.Ring.from_profile(n, scale=0.5 * by),
    "flat ring": lambda n, rng, by: lifext.Ring(np.full(n, 0.01 * by), flat=0.01 * by),
    "uniform": lambda n, rng, by: lifext.Uniform(0.003 * by).bound(n, n),
    "one": lambda n, rng, by: lifext.OneToOne(0.2 * by).bound(n, n),
    "ones": lambda n, rng, by: lifext.OneToOne(rng.uniform(0, 0.5 * by, n)),
}


def set_deeply(owner, path, value):
    *parts, name = path.split(".")
    for part in parts:
        owner = getattr(owner, part)
    setattr(owner, name, value)


def population(seed, size, cls, each, orders, afferents, rate, nmda_g=0.1):
    """A population in the middle of a run; some of its parameters, by the bits of `each`, are one a neuron."""
    rng = np.random.default_rng(seed)
    pop = cls(size, rng=1, noise_g=0.008, noise_rate=rate, NMDA_g=nmda_g)
    for name, kind, order in zip(("AMPA", "NMDA", "GABA"), (lifext.AMPAR, lifext.NMDAR, lifext.GABAR), orders):
        setattr(pop, name, kind(size, order=order, g=getattr(pop, name).g))
    for k, (path, low, high) in enumerate(PER_NEURON):
        values = rng.uniform(low, high, size)
        if each >> k & 1:
            # some of each silent
            set_deeply(pop, path, values * (rng.random(size) > 0.3) if path == "noise.rate" else values)
    pop.afferents = AFFERENTS[afferents](size)
    if afferents not in ("off", "hidden"):
        pop.afferents.stim(*([1.0] if afferents == "ring" else []))
    pop._vM, pop._endRefract = rng.uniform(-60, -51, size), rng.uniform(0, 4, size)
    for name in ("AMPA", "NMDA", "GABA"):
        kinetic = getattr(pop, name).kinetic
        kinetic._s = rng.uniform(0, 0.1, size) * 10.0**-rng.choice([0, 0, 0, 29, 31, 199, 210])
        if hasattr(kinetic, "_x"):
            kinetic._x = rng.uniform(0, 0.1, size)
    pop.noise._s = rng.uniform(0, 5, size)
    pop.AMPA._curr, pop.noise._curr, pop.noise._prev_curr = rng.normal(size=(3, size)) * 0.01
    return pop


def state(pop):
    parts = [pop.AMPA, pop.NMDA, pop.GABA, pop.noise, pop.leak, pop.afferents]
    gates = [part.kinetic for part in parts[:3]] + [part for part in parts if hasattr(part, "_s")]
    return [pop._vM, pop._endRefract, *(part._curr for part in parts), *(gate._s for gate in gates),
            *(gate._x for gate in gates if hasattr(gate, "_x"))]


def assert_equal(ours, twins):
    for k, (one, other) in enumerate(zip(ours, twins, strict=True)):
        assert np.array_equal(one, other, equal_nan=True), k


class Arrival:
    """Spikes that reach a population through weights of some kind, for the kernels and for the twin."""

    def __init__(self, kind, receptors, times, scale, size):
        rng = np.random.default_rng(size)
        self.projection = lower_weights(WEIGHTS[kind](size, rng, scale))
        self.ids, self.times, self.receptors = np.sort(rng.choice(size, len(times))), np.array(times), receptors

    def reach(self, cell, parts):
        history = SpikeHistory(self.projection.n_source, 1)
        history.__setstate__([(self.ids, self.times)])
        projection = fast_loop.FastProjection(self.projection, history, cell, self.receptors, 0)
        for part in range(parts):
            projection.hand_over(0, part, parts)
        # the population looks at the spikes again when they are taken in
        return projection

    def reach_twin(self, twin):
        p = self.projection
        apart = Rows(p.kind, p.n_source, p.n_target, dense=p.dense, indptr=p.indptr, indices=p.indices,
                           values=p.values, flat=0.0, first=p.first)
        twin.receive(self.times, [apart.row(source) for source in self.ids], p.flat, self.receptors)


def arrivals(kinds):
    return st.lists(st.tuples(st.sampled_from(list(WEIGHTS)), st.sampled_from([RECEPTORS[kind] for kind in kinds]),
                              INSTANTS, SCALES), max_size=3)


@thorough
@given(seed=st.integers(0, 2**31), size=SIZES, cls=st.sampled_from([lifext.pyrPop, lifext.interPop]),
       each=st.sampled_from([0, 0, 1 << 10, 0x3ff, 0x3800, 0x3fff]) | st.integers(0, 0x3fff),
       orders=st.tuples(*[st.sampled_from([1, 2])] * 3), afferents=st.sampled_from(list(AFFERENTS)),
       rate=st.sampled_from([0.0, 1.8, 40.0]), first=st.sampled_from([0, 254, 2**33 + 7]),
       kinds=st.sampled_from([("exc", "inh"), ("ampa", "inh"), ("nmda",), ("exc", "ampa", "nmda", "inh")]),
       data=st.data(), cut=st.booleans(), parts=st.integers(1, 4), dtype=DTYPES,
       taus=st.sampled_from([{}, {}, {"tau_x": 0.02}, {"tau_x": 0.05}, {"tau_x": 0.07, "tau_s": 0.08},
                             {"tau_s": 0.03}]))
def test_steps_of_a_population(seed, size, cls, each, orders, afferents, rate, first, kinds, data, cut, parts, dtype,
                               taus):
    steps = data.draw(st.lists(arrivals(kinds), min_size=1, max_size=4))
    ours, other = (population(seed, size, cls, each, orders, afferents, rate) for _ in range(2))
    for pop in (ours, other):
        for receptor in (pop.AMPA, pop.NMDA, pop.GABA):
            for name in taus.keys() & {"tau_x", "tau_s"}:
                if hasattr(receptor.kinetic, name):
                    setattr(receptor.kinetic, name, taus[name])
    assert_same_steps(ours, other, first, kinds, steps, cut, parts, dtype)


@thorough
@given(seed=st.integers(0, 2**31), size=SIZES, cls=st.sampled_from([lifext.pyrPop, lifext.interRingPop]),
       afferents=st.sampled_from(["off", "steady"]), rate=st.sampled_from([0.0, 1.8]),
       first=st.sampled_from([0, 253, 1000]),
       kinds=st.sampled_from([("exc", "inh"), ("ampa", "inh"), ("exc", "ampa", "inh")]), data=st.data(),
       parts=st.integers(1, 4), dtype=DTYPES)
def test_steps_with_nothing_behind_the_magnesium_block(seed, size, cls, afferents, rate, first, kinds, data, parts,
                                                       dtype):
    """Which one loop takes through the end of a step and the next, but where gating is looked over (`FLUSH_EVERY`)."""
    steps = data.draw(st.lists(arrivals(kinds), min_size=3, max_size=6))
    ours, other = (population(seed, size, cls, 0, (1, 2, 1), afferents, rate, 0.0) for _ in range(2))
    for pop in (ours, other):
        if "exc" not in kinds:
            pop.NMDA.kinetic._s, pop.NMDA.kinetic._x = np.zeros((2, size))
    assert_same_steps(ours, other, first, kinds, steps, False, parts, dtype)


def assert_same_steps(ours, other, first, kinds, steps, cut, parts, dtype):
    size, reached = ours.size, {receptor for kind in kinds for receptor in RECEPTORS[kind]}
    record, others = ours._cell(), other._cell()
    cell = fast.FastPopulation(record, receptors_of(record), DT, KEY, 6, reached, dtype == np.float32)
    twin = twins.Population(others, twins.receptors_of(others, gatings_of(others), DT, KEY, 6, dtype), DT, dtype,
                            reached)
    cell.prepare()
    twin.refresh()
    before, projections = np.inf, []
    for step, arrivals in enumerate(steps, first):
        cell.step(step, before)
        twin.step(step, before)
        assert_equal(cell.spikes(), (twin.ids, twin.times))
        before = step * DT
        for arrival in arrivals:
            arrival = Arrival(*arrival, size)
            projections.append(arrival.reach(cell, parts))
            arrival.reach_twin(twin)
        if cut or step == first + len(steps) - 1:
            cell.settle(before)
            twin.settle(before)
            before = np.inf
    cell.show()
    twin.show()
    assert_equal(state(ours), state(other))


@settings(max_examples=40, deadline=None)
@given(size=SIZES, rate=st.sampled_from([0.0, 0.01, 1.8, 300.0]), each=st.booleans(), seed=st.integers(0, 2**31),
       step=st.sampled_from([0, 3, 2**32 - 1, 2**32]), key=st.tuples(*[st.integers(0, 2**32 - 1)] * 2), dtype=DTYPES)
def test_arrivals(size, rate, each, seed, step, key, dtype):
    pop = lifext.pyrPop(size, rng=1, noise_rate=rate)
    if each:
        rng = np.random.default_rng(seed)
        pop.noise.rate = rate * rng.random(size) * (rng.random(size) > 0.3)
    record = pop._cell()
    cell = fast.FastPopulation(record, receptors_of(record), DT, key, 4, (), dtype == np.float32)
    cell.prepare()
    twin = twins.Input(pop._cell().noise, size, DT, key, 4, dtype)
    if not twin.driven:
        return
    for block in range(-(-size // BLOCK_SIZE)):
        assert_equal(cell.arrivals(0, block, step), twin.arrivals(block, step))


@pytest.mark.parametrize("key", [(0, 0), (2**32 - 1, 1), KEY])
def test_philox(key):
    counters = np.random.default_rng(2).integers(0, 2**32, (50, 4))
    assert twins.philox(counters, key).tolist() == [
        list(fast.random_words(*map(int, counter), *key)) for counter in counters]


@given(st.integers(0, 600), st.integers(0, 2**32 - 1), st.sampled_from([1e-300, 1e-3, 1.0, 50.0, 800.0]))
@settings(max_examples=100, deadline=None)
def test_exp(size, seed, scale):
    x = np.random.default_rng(seed).normal(size=size) * scale
    assert np.array_equal(fast.exponential(x), twin_math.fast_exp(x))
    x = x.astype(np.float32)
    assert np.array_equal(fast.exponential(x), twin_math.single_exp(x))


@given(st.integers(0, 600), st.integers(0, 2**32 - 1), st.sampled_from([1e-300, 1e-3, 1.0, 50.0, 2000.0, 1e18]))
@settings(max_examples=100, deadline=None)
def test_power_of_two(size, seed, scale):
    y = np.random.default_rng(seed).normal(size=size) * scale
    for part, twin in zip(fast.powers_of_two(y), twin_math.power_of_two(y)):
        assert np.array_equal(part, twin)
    y = y.astype(np.float32)
    for part, twin in zip(fast.powers_of_two(y), twin_math.single_power_of_two(y)):
        assert np.array_equal(part, twin)


def test_exp_at_its_limits():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 709.78, 709.79, -708.0, np.nextafter(-708, -709), 5e-324])
    assert np.array_equal(fast.exponential(x), twin_math.fast_exp(x), equal_nan=True)


def test_single_exp_at_its_limits():
    last, first = np.float32(88.72), np.float32(-87)
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, last, np.nextafter(last, np.float32(89)), first,
                  np.nextafter(first, np.float32(-88)), 1e-45], dtype=np.float32)
    assert np.array_equal(fast.exponential(x), twin_math.single_exp(x), equal_nan=True)
