"""Each compiled kernel against its NumPy twin, driven by Hypothesis; equality is exact."""
import copy

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lifext
from lifext import _core
from lifext._core.compat import kinetics, membrane, noise, reference
from lifext._core.shared import buffers, numpy_loops, spikes
from lifext._core.shared.buffers import GatingKind

DT = 0.05
SIZES = st.sampled_from([0, 1, 2, 3, 7, 8, 9, 16, 33, 127, 129, 1000, 2049])
TIME = st.sampled_from([0.0, 0.01, 0.01, 0.02, 0.033, np.nextafter(DT, 0)])
TIMES = st.one_of(st.just([]), st.lists(TIME, min_size=1, max_size=7), st.lists(TIME, min_size=30, max_size=60))
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# drawn without regard to what a neuron has
pytestmark = pytest.mark.filterwarnings("ignore::lifext.ParameterWarning")


def parameter(rng, size, low, high, each):
    return rng.uniform(low, high, size) if each else float(rng.uniform(low, high))


def gating(rng, size, kind, each):
    x_size = size if kind == GatingKind.SECOND_ORDER else 0
    return buffers.Gating(
        int(kind), rng.uniform(0, 1, size), np.zeros(size), rng.uniform(0, 1, x_size), np.zeros(x_size),
        *(parameter(rng, size, low, high, each & bit)
          for low, high, bit in ((0.5, 1.2, 1), (1, 80, 2), (0.5, 1.2, 4), (0.1, 3, 8))))


def state(record, names):
    return {name: np.array(getattr(record, name)) for name in names}


def assert_equal_states(one, other, names):
    for name in names:
        a, b = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
        assert np.array_equal(a, b, equal_nan=True), name


def twice(make, seed, *arguments):
    return [make(np.random.default_rng(seed), *arguments) for _ in range(2)]


@pytest.mark.parametrize("kind", list(GatingKind))
@thorough
@given(seed=st.integers(0, 2**32 - 1), size=SIZES, each=st.sampled_from([0, 1, 2, 3, 8, 15]), times=TIMES,
       ordered=st.booleans(), dt=st.sampled_from([DT, 0.01, 1.0]))
def test_walk_and_project(kind, seed, size, each, times, ordered, dt):
    ours, twin = twice(gating, seed, size, kind, each)
    times = np.array(sorted(times) if ordered else times)
    weights = np.random.default_rng(seed + 1).random((len(times), size))
    assert np.array_equal(kinetics.project_gating(ours, dt), reference.project_gating(twin, dt))
    kinetics.walk(ours, dt, times, weights)
    reference.walk(twin, dt, times, weights)
    assert_equal_states(ours, twin, ("s", "prev_s", "x", "prev_x"))


def poisson_input(rng, size, each, driven, source):
    return buffers.PoissonInput(
        driven, source, np.ones(1, np.uint8), rng.uniform(0, 1, size), rng.normal(size=size), rng.normal(size=size),
        *(parameter(rng, size, low, high, each & bit)
          for low, high, bit in ((1e-3, 5e-3, 1), (-5, 5, 2), (0.5, 1.5, 4), (1, 3, 8))),
        parameter(rng, size, 0, rng.choice([2.0, 300.0]), each & 16))


@thorough
@given(seed=st.integers(0, 2**32 - 1), size=SIZES, each=st.integers(0, 31), driven=st.booleans(),
       source=st.sampled_from(["global", "generator", "legacy", "philox"]), drawn=st.integers(0, 700))
def test_poisson_input(seed, size, each, driven, source, drawn):
    states = []
    for kernel in (noise.poisson_input, reference.poisson_input):
        np.random.seed(seed)
        rng = {"global": None, "generator": np.random.default_rng(seed), "legacy": np.random.RandomState(seed),
               "philox": np.random.Generator(np.random.Philox(seed))}[source]
        # an odd number of 32-bit words used leaves a double that takes its words from two batches
        generator = np.random.mtrand._rand if rng is None else rng
        bits = getattr(generator, "bit_generator", None) or generator._bit_generator
        bits.random_raw(drawn)
        record = poisson_input(np.random.default_rng(seed), size, each, driven, rng)
        v = np.random.default_rng(seed + 1).uniform(-70, -50, size)
        for _ in range(3):
            kernel(record, DT, v)
            kernel(record, DT, v + 1)
            record.pending[0] = 1
        states.append((record, generator.random_sample(3) if hasattr(generator, "random_sample")
                       else generator.random(3)))
    assert_equal_states(states[0][0], states[1][0], ("s", "curr", "prev_curr", "pending"))
    assert np.array_equal(states[0][1], states[1][1])


def population(seed, size, cls, each, afferents):
    """A population in the middle of a run, some of its parameters one a neuron."""
    rng = np.random.default_rng(seed)
    pop = cls(size, rng=rng.integers(2**31), noise_g=0.008, NMDA_g=0.1, record_i=True)
    pop.NMDA.kinetic.track = True
    owners = [(pop, "vTh", -53, -51), (pop, "vReset", -61, -59), (pop, "refDur", 0.5, 2), (pop, "cM", 0.3, 0.6),
              (pop.AMPA, "g", 0.1, 1), (pop.NMDA, "mg", 0.5, 1.5), (pop.GABA, "vI", -75, -70),
              (pop.leak, "g", 0.02, 0.03), (pop.AMPA, "vE", -5, 5), (pop.NMDA, "g", 0.05, 0.2),
              (pop.NMDA, "vE", -5, 5), (pop.GABA, "g", 0.1, 1), (pop.leak, "vL", -72, -68),
              (pop.noise, "rate", 0, 4), (pop.AMPA.kinetic, "tau_s", 1, 3), (pop.NMDA.kinetic, "alpha_x", 0.5, 1)]
    for k, (owner, name, low, high) in enumerate(owners):
        if each >> k & 1:
            setattr(owner, name, rng.uniform(low, high, size))
    if afferents == "poisson":
        pop.afferents = lifext.affFlatPoisson(size)
    if afferents != "off":
        pop.afferents.stim()
    pop._vM = rng.uniform(-60, -51, size)
    pop._endRefract = rng.uniform(0, 4, size)
    pop.AMPA.kinetic._s, pop.NMDA.kinetic._x = rng.uniform(0, 0.1, size), rng.uniform(0, 0.1, size)
    pop.NMDA.kinetic._s, pop.noise._s = rng.uniform(0, 0.1, size), rng.uniform(0, 5, size)
    return pop


CELL = ("v", "v_ahead", "spiked", "spike_time", "end_refractory")


@thorough
@given(seed=st.integers(0, 2**31), size=SIZES.filter(bool), each=st.one_of(st.just(0), st.integers(0, 0xffff)),
       cls=st.sampled_from([lifext.pyrPop, lifext.interPop]), afferents=st.sampled_from(["off", "steady", "poisson"]),
       exc=TIMES, inh=TIMES, time=st.sampled_from([0.0, 1.0, 3.0]), predicted=st.booleans())
def test_predict_and_advance(seed, size, each, cls, afferents, exc, inh, time, predicted):
    results = []
    for kernels in (membrane, reference):
        pop = population(seed, size, cls, each, afferents)
        cell, count = pop._cell(), None
        weights = np.random.default_rng(seed + 1).random((60, size)) * 0.01
        for step in range(2):
            if predicted or step:
                count = kernels.predict(cell, DT, time + step * DT)
            for buffer, times in zip((cell.excitation, cell.inhibition), (exc, inh)):
                buffer.receive(DT, np.array(times), weights[:len(times)])
            kernels.advance(cell, DT, time + step * DT)
        results.append((cell, count, (pop.AMPA.curr_record, pop.leak.curr_record, pop.GABA.curr_record,
                                      pop.NMDA.kinetic.tracked_s, pop.NMDA.kinetic.tracked_x)))
    (ours, our_count, our_records), (twin, twin_count, twin_records) = results
    assert our_records == twin_records
    assert len(our_records[0]) == 2
    assert our_count == twin_count == int(np.asarray(ours.spiked).sum())
    assert_equal_states(ours, twin, CELL)
    for part in ("ampa", "nmda", "gaba", "leak", "noise"):
        assert_equal_states(getattr(ours, part), getattr(twin, part), ("curr", "prev_curr"))
    for part in ("ampa", "nmda", "gaba"):
        assert_equal_states(getattr(ours, part).gating, getattr(twin, part).gating, ("s", "prev_s", "x", "prev_x"))


def nobody(afferents):
    """The record of a population without neurons, which no class makes."""
    rng, none = np.random.default_rng(1), np.empty(0)
    receptors = [buffers.Receptor(gating(rng, 0, kind, 0), kind == GatingKind.SECOND_ORDER, none, none, 0.1, 0.0, 1.0)
                 for kind in (GatingKind.EXPONENTIAL, GatingKind.SECOND_ORDER, GatingKind.LINEAR)]
    source = {"steady": buffers.SteadyInput(none), "poisson": poisson_input(rng, 0, 0, True, None)}[afferents]
    return buffers.Cell(*receptors, True, poisson_input(rng, 0, 0, True, None), buffers.Leak(none, none, 0.1, -70.0),
                        source, none, none, np.empty(0, np.uint8), none, none, -52.0, -60.0, 2.0, 0.5,
                        spikes.SpikeBuffer(0), spikes.SpikeBuffer(0)).seal([])


@pytest.mark.parametrize("afferents", ["steady", "poisson"])
@pytest.mark.parametrize("kernels", [membrane, reference])
def test_predict_and_advance_without_neurons(kernels, afferents):
    cell = nobody(afferents)
    state = np.random.get_state()[2]
    for step in range(3):
        assert kernels.predict(cell, DT, step * DT) == 0
        cell.excitation.receive(DT, np.array([0.01, 0.0]), np.empty((2, 0)))
        kernels.advance(cell, DT, step * DT)
    assert cell.excitation.count == 2
    assert np.random.get_state()[2] == state


INSTANTS = [-0.01, 0.0, 0.01, 0.02, np.nextafter(DT, 0), DT, 0.07]
# many of them with none unsound, or hardly ever would many be taken
SOURCE = st.one_of(st.lists(st.sampled_from([*INSTANTS, np.nan, np.inf]), max_size=6),
                   st.lists(st.sampled_from(INSTANTS), min_size=20, max_size=40))


@thorough
@given(size=SIZES, sources=st.lists(SOURCE, max_size=4), seed=st.integers(0, 2**32 - 1),
       bad=st.sampled_from([None, None, np.nan, -np.inf]), order=st.sampled_from("CF"), clear_after=st.integers(0, 4))
def test_spike_buffer(size, sources, seed, bad, order, clear_after):
    rng = np.random.default_rng(seed)
    ours, twin = spikes.SpikeBuffer(size), reference.SpikeBuffer(size)
    for k, times in enumerate(sources):
        times, weights = np.array(times, dtype=float), np.asarray(rng.random((len(times), size)), order=order)
        if bad is not None and weights.size:
            weights.flat[rng.integers(weights.size)] = bad
        assert ours.receive(DT, times, weights) == twin.receive(DT, times, weights)
        if k == clear_after:
            ours.clear()
            twin.clear()
        assert ours.count == twin.count
    for a, b in zip(ours.merged(), twin.merged()):
        assert np.array_equal(a, b)


@given(st.integers(0, 5000), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_mean(size, seed):
    x = np.random.default_rng(seed).normal(size=size) * 10.0 ** np.random.default_rng(seed).integers(-3, 3)
    if size == 0:
        assert np.isnan(numpy_loops.mean(x))
    else:
        assert numpy_loops.mean(x) == reference.mean(x) == np.mean(x)


@given(st.integers(0, 3000), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_exp_is_numpys(size, seed):
    x = np.random.default_rng(seed).uniform(-40, 5, size)
    assert np.array_equal(numpy_loops.array_exp(x), np.exp(x))


def test_every_kernel_has_a_twin_and_both_can_be_chosen():
    for name in _core.NAMES:
        with _core.using("compiled"):
            compiled = getattr(_core.kernels, name)
        with _core.using("reference"):
            twin = getattr(_core.kernels, name)
        assert compiled is not twin
        assert twin is getattr(reference, name)
    with pytest.raises(ValueError, match="backend must be one of compiled, reference, got 'fast'"):
        _core.use("fast")


def test_records_are_not_shared_between_copies():
    pop = population(1, 5, lifext.pyrPop, 0, "off")
    twin = copy.deepcopy(pop)
    membrane.predict(pop._cell(), DT, 1.0)
    assert not np.asarray(twin._cell().v_ahead).any()
