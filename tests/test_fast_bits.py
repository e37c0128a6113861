"""What cannot change a bit of a fast run: threads, instruction sets, cuts, records, callbacks, copies."""
import copy
import pickle

import numpy as np
import pytest
from fast_tools import DT, assert_same, everything, network
from hypothesis import given, settings
from hypothesis import strategies as st

import lifext
from lifext import Dense, OneToOne, Ring, Sparse, Uniform
from lifext._core.fast.population import BLOCK_SIZE
from lifext._core.fast.twins import FLUSH_EVERY
from lifext._core.shared import loops

DURATION = 20.0


def busy(seed=3, n=2 * BLOCK_SIZE + 90, m=BLOCK_SIZE + 1, **options):
    """Three populations of several blocks, all kinds of weights, delays, Poisson and steady afferents, volleys."""
    cells = lifext.pyrPop(n, AMPA_g=0.3, NMDA_g=0.1, noise_g=0.008)
    cells.vTh = np.linspace(-53, -51, n)
    cells.NMDA.kinetic.alpha_s = np.linspace(0.9, 1.1, n)
    ring = lifext.pyrRingPop(n, AMPA_g=0.3, noise_g=0.01, noise_rate=np.linspace(0.5, 4.0, n))
    ring.afferents = lifext.affRingPoisson(n, ring.directions, max_rate=20.0)
    ring.stim(1.0)
    inhibition = lifext.interPop(m, noise_g=0.004)
    inhibition.GABA = lifext.GABAR(m, order=2)
    inhibition.stim(cue_sal=0.8)
    one = lifext.interPop(1)
    fixed = np.random.default_rng(7)
    net = network({"cells": cells, "ring": ring, "inhibition": inhibition, "one": one}, [
        ("cells", "cells", Sparse.random(n, n, 0.1, 0.004, rng=1), "exc", 1.5),
        ("ring", "ring", Ring.from_profile(n, scale=0.5), "exc"),
        ("ring", "cells", OneToOne(0.3), "exc", DT),
        ("cells", "inhibition", Uniform(1 / n), "exc"),
        ("inhibition", "inhibition", Uniform(1 / m), "inh", 0.5),
        ("inhibition", "cells", Dense(fixed.random((m, n)) * 0.002), "inh"),
        ("inhibition", "ring", Uniform(0.1 / m), "inh", 2.0),
        ("ring", "one", Uniform(20 / n), "exc"),
        ("one", "ring", fixed.random((1, n)) * 0.01, "inh"),
    ], seed=seed, **options)
    return net, [net.record_spikes(pop) for pop in net._populations]


def outcome(net, records):
    found = {f"{k}.{name}": value for k, pop in enumerate(net._populations) for name, value in everything(pop).items()}
    for k, record in enumerate(records):
        found[f"{k}.ids"], found[f"{k}.times"] = record.ids, record.times
    return {**found, "time": np.array([net.time])}


def run(pieces=(DURATION,), **options):
    net, records = busy(**options)
    for piece in pieces:
        net.run(piece)
    return outcome(net, records)


@pytest.fixture(scope="module")
def want():
    """What every run here has to give."""
    return run()


def test_the_run_has_something_of_everything(want):
    """Every population spikes, and some deliveries are large enough to be shared out among threads."""
    assert all(len(want[f"{k}.ids"]) > 20 for k in range(4))
    steps, volley = np.unique(np.floor(want["2.times"] / DT), return_counts=True)
    assert volley.max() * (2 * BLOCK_SIZE + 90) > 20_000
    assert DURATION / DT > FLUSH_EVERY


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_threads(want, threads):
    assert_same(want, run(threads=threads))


def test_instruction_sets(want, build):
    assert_same(want, run())


def test_an_instruction_set_chosen_between_two_runs(want):
    """A network keeps its loop, not the kernels."""
    before = loops.chosen()
    net, records = busy()
    try:
        for name, piece in zip([*loops.supported(), "baseline"], [6.0, 7.0, 4.0, 3.0]):
            loops.choose(name)
            net.run(piece)
        net.run(DURATION - net.time)
    finally:
        loops.choose(before)
    assert_same(want, outcome(net, records))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, round(DURATION / DT) - 1), max_size=6))
def test_cuts(want, cuts):
    ends = [0, *sorted(set(cuts)), round(DURATION / DT)]
    assert_same(want, run([(end - start) * DT for start, end in zip(ends, ends[1:])]))


def test_cuts_into_single_steps(want):
    assert_same(want, run([DT] * round(DURATION / DT)))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([["v"], ["s_nmda", "x_nmda"], ["i_ampa", "i_noise"]]),
                          st.sampled_from([1, 2, 7, 250, 256, 400, 1000])), min_size=1, max_size=3))
def test_records_of_states(want, traces):
    net, records = busy()
    for index, variables, interval in traces:
        net.record_state(net._populations[index], variables, every=interval * DT, neurons=[0, -1])
    net.run(DURATION)
    assert_same(want, outcome(net, records))


def test_records_of_spikes(want):
    net, _ = busy()
    net._spike_records.clear()
    net.run(DURATION)
    found = outcome(net, [])
    assert_same({name: want[name] for name in found}, found)


def test_traces_are_the_state_at_that_time():
    """At any interval a trace has what a run cut there leaves in the attributes."""
    net, _ = busy()
    ring = net._populations[1]
    trace = net.record_state(ring, ["v", "s_ampa", "s_nmda", "s_noise", "i_nmda", "i_noise", "i_leak"], every=0.35)
    net.run(7.0)
    other, _ = busy()
    seen = []
    ring = other._populations[1]
    other.run(7.0, every=(0.35, lambda net: seen.append(
        [ring._vM.copy(), ring.AMPA.kinetic._s.copy(), ring.NMDA.kinetic._s.copy(), ring.noise._s.copy(),
         ring.NMDA._curr.copy(), ring.noise._curr.copy(), ring.leak._curr.copy()])))
    for k, name in enumerate(["v", "s_ampa", "s_nmda", "s_noise", "i_nmda", "i_noise", "i_leak"]):
        assert np.array_equal(trace[name], [row[k] for row in seen]), name


def test_callbacks(want):
    net, records = busy()
    net.run(DURATION, every=(0.45, lambda net: net._populations[0].VMs()))
    assert_same(want, outcome(net, records))


def test_progress(want, capsys):
    net, records = busy()
    net.run(DURATION, progress=True)
    assert_same(want, outcome(net, records))


@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_copies_go_on_alike(want, copied):
    """A copy made in mid-run, spikes on their way included; neither disturbs the other."""
    net, records = busy()
    net.run(11.0)
    twin, its_records = copied((net, records))
    net.run(DURATION - 11.0)
    assert_same(want, outcome(net, records))
    twin.run(DURATION - 11.0)
    assert_same(want, outcome(twin, its_records))


def test_forks_of_a_warm_network_run_apart(want):
    """With seeds of their own; one that is given the seed it had goes on as if nothing had been."""
    net, records = busy()
    net.run(11.0)
    forks = [copy.deepcopy((net, records)) for _ in range(4)]
    found = []
    for (fork, theirs), seed in zip(forks, (3, 21, 22, 22)):
        fork.reseed(seed)
        assert fork.seed == seed
        fork.run(DURATION - 11.0)
        found.append(outcome(fork, theirs))
    assert_same(want, found[0])
    assert_same(found[2], found[3])
    for other in (found[0], found[2]):
        assert not np.array_equal(other["0._vM"], found[1]["0._vM"])
        assert not np.array_equal(other["0.times"], found[1]["0.times"])
    early = [record.times < 11.0 for record in records]
    assert all(np.array_equal(found[1][f"{k}.times"][:n.sum()], want[f"{k}.times"][:n.sum()])
               for k, n in enumerate(early))


def test_a_network_without_a_seed_is_given_none():
    net = lifext.Network(DT, compat=True)
    with pytest.raises(ValueError, match="Network: has no seed with compat=True"):
        net.reseed(1)


def test_reset_gives_the_same_run_again(want):
    net, records = busy()
    net.run(7.0)
    net.reset()
    assert net.time == 0
    assert not any(len(record) for record in records)
    # what a reset of the populations switches off
    net._populations[1].stim(1.0)
    net._populations[2].stim(cue_sal=0.8)
    net.run(DURATION)
    assert_same(want, outcome(net, records))


def test_reset_with_another_seed(want):
    net, records = busy(seed=99)
    net.run(2.0)
    net.reset(seed=3)
    net._populations[1].stim(1.0)
    net._populations[2].stim(cue_sal=0.8)
    net.run(DURATION)
    assert_same(want, outcome(net, records))
    assert net.seed == 3


@pytest.mark.parametrize("seed", [4, 2**32 + 3, np.random.SeedSequence(3)])
def test_other_seeds_give_another_run(want, seed):
    other = run(seed=seed)
    assert not np.array_equal(other["0._vM"], want["0._vM"])
    assert not np.array_equal(other["1.times"], want["1.times"])


def test_a_seed_of_the_system_can_be_read_and_used_again():
    first, _ = busy(seed=None)
    first.run(1.0)
    other, _ = busy(seed=None)
    again, _ = busy(seed=first.seed)
    again.run(1.0)
    other.run(1.0)
    assert_same(everything(first._populations[0]), everything(again._populations[0]))
    assert not np.array_equal(first._populations[0]._vM, other._populations[0]._vM)


@pytest.mark.parametrize("make", [lambda: np.random.default_rng(8), lambda: np.random.SeedSequence(8)])
def test_seeds_of_numpys_kinds(make):
    assert_same(run([1.0], seed=make()), run([1.0], seed=make()))


def test_the_seed_alone_decides(want):
    """Not NumPy's global generator, which is not touched, nor what the populations drew from it when they were made."""
    np.random.seed(12345)
    np.random.rand(17)
    net, records = busy()
    before = np.random.get_state()
    net.run(DURATION)
    after = np.random.get_state()
    assert before[2] == after[2]
    assert np.array_equal(before[1], after[1])
    assert_same(want, outcome(net, records))


def test_potentials_set_before_a_population_is_added_stay():
    pop = lifext.pyrPop(5)
    pop._vM = np.linspace(-60, -55, 5)
    network({"pop": pop}, seed=1)
    assert pop.VMs().tolist() == np.linspace(-60, -55, 5).tolist()


def test_a_population_with_its_own_rng_keeps_the_potentials_it_drew():
    pop = lifext.pyrPop(5, rng=4)
    drawn = pop.VMs()
    network({"pop": pop}, seed=1)
    assert np.array_equal(pop.VMs(), drawn)


def test_a_population_does_not_depend_on_one_added_after_it():
    def alone(*others):
        pops = {f"p{k}": lifext.pyrPop(30) for k in range(1 + len(others))}
        network(pops, seed=2).run(5.0)
        return everything(pops["p0"])
    assert_same(alone(), alone(1, 2))


def test_time_is_a_product():
    net = network({"cells": lifext.pyrPop(1)}, dt=0.1, seed=1)
    for _ in range(30):
        net.run(0.1)
    assert net.time == 30 * 0.1
