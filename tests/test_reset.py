"""One seed is one network and one result, and `reset` goes back to before the first step, as a whole or not at all."""
import copy
import pickle
import warnings

import numpy as np
import pytest
from fast_tools import everything

import lifext
from lifext import Network, ReproducibilityWarning, Sparse

DT = 0.05


def ring(**parameters):
    return lifext.pyrRingPop(60, NMDA_g=0.1, **{"noise_g": 0.008, **parameters})


def result(net, duration=100.0, **options):
    net.run(duration, **options)
    return {name: everything(net[name]) for name in net._names}


def assert_same(one, other):
    for name in one:
        for variable in one[name]:
            assert np.array_equal(one[name][variable], other[name][variable]), (name, variable)


SETTINGS = {
    "nothing": lambda p: None,
    "a stimulus": lambda p: p.stim(np.pi, cue_sal=0.3),
    "potentials": lambda p: setattr(p, "_vM", np.linspace(-60, -51, 60)),
    "gating": lambda p: setattr(p.NMDA.kinetic, "_s", np.linspace(0, 1, 60)),
    "noise under way": lambda p: setattr(p.noise, "_s", np.linspace(0, 3, 60)),
    "Poisson afferents": lambda p: (setattr(p, "afferents", lifext.affRingPoisson(60, p.directions)),
                                    p.stim(1.0, max_rate=2.0)),
    "a leak that is spread": lambda p: setattr(p, "leak", lifext.leak(60, rand_sd=0.003)),
    "refractory periods": lambda p: setattr(p, "_endRefract", np.linspace(0, 50, 60)),
    "its own generator": lambda p: None,
}
CHANGES = {
    "nothing": lambda p: None,
    "off": lambda p: p.removeStim(),
    "on": lambda p: p.stim(0.5),
    "others": lambda p: (setattr(p, "afferents", lifext.affFlatPoisson(60)), p.afferents.stim(rate=1.0)),
    "potentials": lambda p: setattr(p, "_vM", np.full(60, -55.0)),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_reset_network_runs_the_same_again(setting, change):
    p = ring(rng=4) if setting == "its own generator" else ring()
    net = Network(DT, seed=1)
    net.add(p=p)
    SETTINGS[setting](p)
    spikes = net.record_spikes(p)
    first, times = result(net), spikes.times
    CHANGES[change](p)
    net.run(20.0)
    for _ in range(2):
        net.reset()
        assert net.time == 0.0 and len(spikes) == 0
        again = result(net)
        assert_same(first, again)
        assert np.array_equal(times, spikes.times)


def test_nothing_but_the_seed_decides():
    def build(k):
        np.random.seed(k)
        p = lifext.pyrPop(50, noise_g=0.006)
        p.leak = lifext.leak(50, rand_sd=0.003)
        net = Network(DT, seed=1)
        net.add(p=p)
        return net, p
    (one, p), (other, q) = build(0), build(1)
    assert np.array_equal(p.leak.g, q.leak.g)
    assert_same(result(one), result(other))
    # one that is made after it was added
    for net, seed in ((one, 5), (other, 6)):
        np.random.seed(seed)
        net["p"].leak = lifext.leak(50, rand_sd=0.001)
    assert_same(result(one), result(other))
    assert p.leak.g.std() == pytest.approx(0.001, rel=0.4)


def test_a_spread_that_was_set_or_drawn_on_purpose_stays():
    p, q = lifext.pyrPop(50), lifext.pyrPop(50)
    p.leak = lifext.leak(50, rand_sd=0.003, rng=1)
    q.leak = lifext.leak(50, rand_sd=0.003)
    q.leak.g = np.linspace(0.02, 0.03, 50)
    drawn = p.leak.g.copy()
    net = Network(DT, seed=1)
    net.add(p=p, q=q)
    net.run(1.0)
    assert np.array_equal(p.leak.g, drawn) and np.array_equal(q.leak.g, np.linspace(0.02, 0.03, 50))
    net.reset()
    assert np.array_equal(p.leak.g, drawn)


def test_parameters_stay_as_they_are():
    p = ring()
    net = Network(DT, seed=1)
    net.add(p=p)
    net.run(10.0)
    p.NMDA.g, p.vTh = 0.2, -49.0
    net.reset()
    assert p.NMDA.g == 0.2 and p.vTh == -49.0


def test_another_seed_draws_other_potentials_but_keeps_those_that_were_set():
    p, q = ring(), ring()
    q._vM = np.full(60, -57.0)
    net = Network(DT, seed=1)
    net.add(p=p, q=q)
    drawn = p.VMs()
    net.run(10.0)
    net.reset(seed=2)
    assert not np.array_equal(p.VMs(), drawn) and (q.VMs() == -57.0).all()
    net.run(10.0)
    net.reset(seed=1)
    assert np.array_equal(p.VMs(), drawn)


# --- what is drawn from the seed is drawn once ---

def spread():
    p = ring()
    p.leak = lifext.leak(60, rand_sd=0.003)
    return p


def in_a_network(seed=1, **parameters):
    p = ring(**parameters)
    p.leak = lifext.leak(60, rand_sd=0.003)
    net = Network(DT, seed=seed)
    net.add(p=p)
    return net, p


def shown(p):
    return p.VMs(), p.leak.g.copy()


def assert_shown(p, want):
    assert np.array_equal(p.VMs(), want[0]) and np.array_equal(p.leak.g, want[1])


def saved_and_loaded(net, folder):
    net.save_state(folder / "state.npz")
    twin, _ = in_a_network(seed=3)
    twin.load_state(folder / "state.npz")
    return twin


# what is done between add and the first step; each gives the network that is run
BEFORE_THE_FIRST_STEP = {
    "threshold": lambda net, folder: setattr(net["p"], "vTh", -45.0),
    "threshold of some": lambda net, folder: setattr(net["p"], "vTh", np.linspace(-50, -40, 60)),
    "reset": lambda net, folder: setattr(net["p"], "vReset", -65.0),
    "spread": lambda net, folder: setattr(net["p"].leak, "rand_sd", 0.01),
    "seed": lambda net, folder: net.reseed(2),
    "run(0)": lambda net, folder: (setattr(net["p"], "vTh", -45.0), net.run(0.0)),
    "reset()": lambda net, folder: (setattr(net["p"], "vTh", -45.0), net.reset()),
    "seed and reset()": lambda net, folder: (net.reseed(2), net.reset()),
    "fork": lambda net, folder: net.fork(2),
    "deepcopy": lambda net, folder: copy.deepcopy((setattr(net["p"], "vTh", -45.0), net)[1]),
    "pickle": lambda net, folder: pickle.loads(pickle.dumps((setattr(net["p"], "vTh", -45.0), net)[1])),
    "state": lambda net, folder: saved_and_loaded((setattr(net["p"], "vTh", -45.0), net)[1], folder),
    "state, then seed": lambda net, folder: (twin := saved_and_loaded(net, folder), twin.reseed(4))[0],
}


@pytest.mark.parametrize("change", BEFORE_THE_FIRST_STEP)
def test_a_run_begins_from_what_is_shown(change, tmp_path):
    net, p = in_a_network()
    want = shown(p)
    made = BEFORE_THE_FIRST_STEP[change](net, tmp_path)
    net = made if isinstance(made, Network) else net
    p = net["p"]
    assert_shown(p, want)
    net.run(DT)
    net.reset()
    # what the run had begun from
    assert_shown(p, want)
    net.run(30.0)
    p.vTh, p.vReset = -48.0, -58.0
    p.leak.rand_sd = 0.001
    net.reset()
    assert_shown(p, want)
    # another time, and after a reset without a run between
    net.reset()
    assert_shown(p, want)
    net.run(5.0)
    net.reset()
    assert_shown(p, want)


def test_a_population_added_in_mid_run_begins_from_what_is_shown():
    net, _ = in_a_network()
    net.run(10.0)
    q = spread()
    net.add(q=q)
    want = shown(q)
    q.vTh = -45.0
    net.reseed(2)
    net.run(DT)
    assert np.abs(q.VMs() - want[0]).max() < 1.0 and np.array_equal(q.leak.g, want[1])
    net.reset()
    # the run had begun with another seed, but not that population's
    assert_shown(q, want)


def test_one_added_by_a_callback_begins_from_what_is_shown():
    net, q = in_a_network()[0], spread()
    found = []

    def add(net):
        if net.time == 5.0:
            net.add(q=q)
            found.append(shown(q))
            q.vTh = -45.0
    net.run(5.0 + DT, every=(5.0, add))
    assert np.abs(q.VMs() - found[0][0]).max() < 1.0 and np.array_equal(q.leak.g, found[0][1])


def test_a_seed_that_is_given_draws_for_the_parameters_as_they_are():
    """Which is what a new network of them would have."""
    for seed in (1, 2):
        net, p = in_a_network()
        net.run(10.0)
        p.vTh, p.leak.rand_sd = -45.0, 0.004
        net.reset(seed)
        fresh, q = in_a_network(seed, vTh=-45.0)
        q.leak = lifext.leak(60, rand_sd=0.004)
        fresh.reset(seed)
        assert_shown(p, shown(q))
        assert_same(result(net), result(fresh))


def test_after_reseed_the_run_to_come_is_that_of_the_new_seed():
    net, p = in_a_network()
    net.run(10.0)
    net.reseed(7)
    net.run(10.0)
    net.reset()
    fresh, q = in_a_network(7)
    assert net.seed == 7
    assert_shown(p, shown(q))
    assert_same(result(net), result(fresh))
    # back to the first one
    net.reset(seed=1)
    assert_shown(p, shown(in_a_network()[1]))


def test_what_a_populations_own_reset_has_drawn_is_drawn_from_the_seed():
    """So that one seed stays one result."""
    net, p = in_a_network()
    want = shown(p)
    np.random.seed(3)
    p.reset()
    assert not np.array_equal(p.VMs(), want[0])
    net.run(DT)
    net.reset()
    assert_shown(p, want)
    net.run(10.0)
    p.reset()
    net.run(DT)
    net.reset()
    assert_shown(p, want)


def test_conductances_that_were_set_stay_as_they_are_by_now():
    net, p = in_a_network()
    net.run(10.0)
    p.leak.g = np.linspace(0.02, 0.03, 60)
    for seed in (None, 2):
        net.reset(seed)
        assert np.array_equal(p.leak.g, np.linspace(0.02, 0.03, 60))
        net.run(1.0)


def test_another_network_draws_for_its_own_seed():
    net, p = in_a_network()
    net.remove(p)
    for stepped in (False, True):
        net = Network(DT, seed=2)
        net.add(p=p)
        assert_shown(p, shown(in_a_network(2)[1]))
        if stepped:
            net.run(10.0)
        net.remove(p)
    net = Network(DT, seed=1)
    net.add(p=p)
    assert_shown(p, shown(in_a_network(1)[1]))


@pytest.mark.parametrize("until", [0.0, 20.0])
def test_a_reset_after_a_state_was_loaded_goes_to_before_the_first_step(tmp_path, until):
    net, p = in_a_network()
    want = shown(p)
    net.run(until)
    net.save_state(tmp_path / "state.npz")
    first = result(net)
    net.reset()
    twin, q = in_a_network(seed=5)
    for ran in (False, True):
        if ran:
            twin.run(10.0)
        twin.load_state(tmp_path / "state.npz")
        assert_same(result(twin), first)
        twin.reset()
        assert twin.seed == 1 and twin.time == 0.0
        assert_shown(q, want)
        twin.reset(seed=5)


def test_a_population_of_one_and_one_with_potentials_of_ones_own():
    p, q = lifext.pyrPop(1), lifext.pyrPop(1, rng=3)
    net = Network(DT, seed=1)
    net.add(p=p, q=q)
    want = p.VMs(), q.VMs()
    p.vTh = q.vTh = -45.0
    net.reseed(2)
    net.run(5.0)
    net.reset()
    assert (p.VMs(), q.VMs()) == want
    net.reset(3)
    assert p.VMs() != want[0] and q.VMs() == want[1]


def test_numpys_global_generator_is_left_alone():
    p = ring()
    p.leak = lifext.leak(60, rand_sd=0.003)
    net = Network(DT, seed=1)
    net.add(p=p)
    net.run(10.0)
    before = np.random.get_state()
    net.reset()
    net.run(10.0)
    assert np.array_equal(before[1], np.random.get_state()[1]) and before[2] == np.random.get_state()[2]


def test_the_published_reset_in_the_published_arithmetic():
    np.random.seed(7)
    p = ring()
    net = Network(DT, compat=True)
    net.add(p=p)
    p.stim(1.0)
    net.run(10.0)
    np.random.seed(8)
    net.reset()
    assert not p.afferents._on
    after = p.VMs()
    np.random.seed(8)
    p.reset()
    assert np.array_equal(after, p.VMs())


def spoil(p):
    p.vTh[1] = np.nan


def fail(p):
    def reset():
        raise RuntimeError("no")
    p.AMPA.reset = reset


@pytest.mark.parametrize("breaking", [spoil, fail])
@pytest.mark.parametrize("compat", [False, True])
def test_a_reset_that_is_refused_changes_nothing(breaking, compat):
    a, b = lifext.pyrPop(3, noise_g=0.02, rng=3), lifext.pyrPop(3, vTh=np.full(3, -50.0), noise_g=0.02, rng=4)
    net = Network(DT, compat=True) if compat else Network(DT, seed=1)
    net.add(a=a, b=b)
    a.stim(cue_sal=0.6)
    spikes = net.record_spikes(a)
    net.run(50.0)
    before, drawn, count = everything(a), a.rng.bit_generator.state, len(spikes)
    breaking(b)
    with pytest.raises((ValueError, RuntimeError)):
        net.reset()
    assert net.time == 50.0 and len(spikes) == count > 0 and a.afferents._on
    assert a.rng.bit_generator.state == drawn
    after = everything(a)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_file_that_refuses_changes_nothing(tmp_path):
    h5py = pytest.importorskip("h5py")
    p = lifext.pyrPop(10, noise_g=0.02)
    net = Network(DT, seed=1)
    net.add(p=p)
    spikes = net.record_spikes(p, to=tmp_path / "s.h5")
    net.run(50.0)
    before, count = everything(p), len(spikes)
    with h5py.File(tmp_path / "s.h5", "r"), pytest.raises(OSError):
        net.reset()
    assert net.time == 50.0 and len(spikes) == count
    assert all(np.array_equal(before[name], everything(p)[name]) for name in before)
    net.reset()
    assert net.time == 0.0 and len(spikes) == 0


# --- what the seed does not decide ---

@pytest.mark.parametrize("draw", [lambda **kw: Sparse.random(10, 10, 0.5, 0.1, **kw),
                                  lambda **kw: Sparse.fixed_in_degree(10, 10, 2, 0.1, **kw)])
def test_weights_that_were_drawn_without_an_rng(draw):
    net = Network(DT, seed=1)
    p = lifext.pyrPop(10)
    net.add(p=p)
    with pytest.warns(ReproducibilityWarning, match="Network: the weights from p to p were drawn without an rng"):
        net.connect(p, p, draw(), "exc")
    # once
    net.connect(p, p, draw(), "exc")
    net.connect(p, p, draw(rng=1), "exc")
    spikes = net.record_spikes(p)
    net.run(1.0)
    said = [made["weights"].get("unseeded", False) for made in spikes.provenance["projections"]]
    assert said == [True, True, False]


def test_nobody_is_warned_where_there_is_no_seed():
    net = Network(DT, compat=True)
    p = lifext.pyrPop(10)
    net.add(p=p)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.connect(p, p, Sparse.random(10, 10, 0.5, 0.1), "exc")
