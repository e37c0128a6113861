"""Random numbers: the global generator's, in the published order, or a population's own."""
import pickle
import threading

import numpy as np
import pytest
from conftest import composed

import lifext
from lifext._core.compat import uniform
from lifext._core.shared.buffers import MOST_ARRIVALS

DT = 0.05
TOO_MANY = np.nextafter(MOST_ARRIVALS, np.inf)


def steps(pop, n=20):
    for k in range(n):
        pop.predictSpikes(DT, 1 + k * DT)
        pop.processTimeStep(DT, 1 + k * DT)
    return pop.VMs()


def test_numpys_twister_is_drawn_ahead_here():
    """Should a NumPy lay its state out otherwise, everything still works, one call a number; then this says so."""
    assert uniform.layout_known()


@pytest.mark.parametrize("used", [0, 1, 2, 3, 621, 622, 623, 624, 625, 1247])
@pytest.mark.parametrize(("n", "wanted"), [(0, 0), (1, 1), (5, 0), (311, 400), (312, 312), (2000, 2100), (700, 3)])
def test_drawing_ahead_gives_the_same_numbers_and_state(used, n, wanted):
    ours, theirs = np.random.MT19937(3), np.random.MT19937(3)
    for generator in (ours, theirs):
        generator.random_raw(used)
    assert uniform.draw(ours, n, True, wanted) == np.random.Generator(theirs).random(n).tolist()
    assert ours.state["state"]["pos"] == theirs.state["state"]["pos"]
    assert np.array_equal(ours.state["state"]["key"], theirs.state["state"]["key"])


def test_seeding_numpy_seeds_the_populations():
    np.random.seed(4)
    first = steps(lifext.pyrPop(20))
    after = np.random.rand()
    np.random.seed(4)
    assert np.array_equal(steps(lifext.pyrPop(20)), first)
    assert np.random.rand() == after


def test_the_draws_are_rand_then_poisson():
    noise = lifext.noisePoisson(6, rate=30.0)
    np.random.seed(2)
    noise.project(DT, -60.0)
    np.random.seed(2)
    arrival, count = np.random.rand(6) * DT, np.random.poisson(DT * 30.0, 6)
    np.testing.assert_allclose(noise._s, count * np.exp(-(DT - arrival) / 2), rtol=1e-13)


def test_a_global_generator_exchanged_in_mid_run_is_used():
    pop = lifext.pyrPop(5)
    before = np.random.get_bit_generator()
    try:
        steps(pop)
        np.random.set_bit_generator(np.random.PCG64(5))
        np.random.seed  # noqa: B018  (PCG64 cannot be seeded through the legacy interface)
        reference = np.random.Generator(np.random.PCG64(5))
        noise = lifext.noisePoisson(4, rate=10.0)
        noise.project(DT, -60.0)
        arrival, count = reference.random(4) * DT, reference.poisson(DT * 10.0, 4)
        np.testing.assert_allclose(noise._s, count * np.exp(-(DT - arrival) / 2), rtol=1e-13)
    finally:
        np.random.set_bit_generator(before)


@pytest.mark.parametrize("make", [lambda: 7, lambda: np.random.default_rng(7), lambda: np.random.RandomState(7),
                                  lambda: np.random.SeedSequence(7), lambda: np.random.PCG64(7)])
def test_a_population_with_its_own_source_leaves_the_global_one_alone(make):
    before = np.random.get_state()
    first = steps(lifext.pyrPop(20, rng=make()))
    after = np.random.get_state()
    assert np.array_equal(before[1], after[1])
    assert before[2:] == after[2:]
    assert np.array_equal(steps(lifext.pyrPop(20, rng=make())), first)


def test_seeds_differ():
    assert not np.array_equal(steps(lifext.pyrPop(20, rng=1)), steps(lifext.pyrPop(20, rng=2)))


def test_afferents_draw_from_their_population():
    pop = lifext.pyrRingPop(16, rng=3)
    pop.afferents = lifext.affRingPoisson(16, pop.directions)
    assert pop.afferents.rng is pop.rng
    own = lifext.affRingPoisson(16, pop.directions, rng=9)
    source = own.rng
    pop.afferents = own
    assert pop.afferents.rng is source


def test_a_legacy_source_draws_what_the_global_one_would():
    np.random.seed(12)
    first = steps(lifext.pyrPop(20))
    assert np.array_equal(steps(lifext.pyrPop(20, rng=np.random.RandomState(12))), first)


def test_threads_share_the_global_generator_without_loss():
    """Under the generator's lock, two threads together take as many numbers as one after the other."""
    def draw(noise):
        for _ in range(200):
            noise.project(DT, -60.0)
            noise.update(DT, 0, 0)

    def state_after(run):
        np.random.seed(3)
        # rate 0 uses no counts, so the number of draws does not depend on who draws what
        run([lifext.noisePoisson(50, rate=0) for _ in range(4)])
        return np.random.rand()

    def together(noises):
        threads = [threading.Thread(target=draw, args=(noise,)) for noise in noises]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert state_after(together) == state_after(lambda noises: [draw(noise) for noise in noises])


# more arrivals in a step than can be drawn

def test_the_most_arrivals_are_what_numpy_draws():
    generator = np.random.default_rng(1)
    assert generator.poisson(MOST_ARRIVALS) > 9e18
    with pytest.raises(ValueError, match="lam value too large"):
        generator.poisson(TOO_MANY)


def refused(name="rate", value="9.22.*", owner="noisePoisson", dt="1.0"):
    return pytest.raises(ValueError, match=rf"^{owner}: {name} must be >= 0 and <= 9\.2\d+e\+18/dt = [\d.e+]+ kHz at "
                                           rf"dt = {dt} ms, got {value}$")


# beyond what is warned of
@pytest.mark.filterwarnings("ignore:.*(rate|noise and afferents):lifext.ParameterWarning")
@pytest.mark.parametrize("cls", [lifext.pyrPop, composed(lifext.interPop)])
@pytest.mark.parametrize("each", [False, True])
def test_a_population_refuses_more_arrivals_than_can_be_drawn(backend, cls, each):
    pop = cls(3, rng=1, noise_g=0)
    pop.receivePyrSpikes(1.0, 1, [[0.5]], np.ones((1, 3)))
    pop.noise.rate = np.array([1.0, TOO_MANY, 1.0]) if each else TOO_MANY
    before = pickle.dumps(pop.__getstate__())
    for draw in (lambda: pop.predictSpikes(1.0, 1.0), lambda: pop.noise.project(1.0, np.full(3, -60.0))):
        with refused(r"rate\[1\]" if each else "rate"):
            draw()
        assert pickle.dumps(pop.__getstate__()) == before
    pop.noise.rate = np.array([1.0, MOST_ARRIVALS, 1.0]) if each else MOST_ARRIVALS
    pop.predictSpikes(1.0, 1.0)
    assert 9e18 * np.exp(-0.5) < pop.noise._s[1] < 9.3e18


@pytest.mark.parametrize("value", [np.inf, np.nan, -1.0])
def test_rates_written_in_place_are_looked_at(backend, value):
    pop = lifext.pyrPop(3, rng=1)
    pop.noise.rate = np.ones(3)
    steps(pop, 2)
    pop.noise.rate[2] = value
    with refused(r"rate\[2\]", value, dt=DT):
        pop.predictSpikes(DT, 1.0)
    # what was predicted can be taken
    pop.processTimeStep(DT, 1.0)


# as above
@pytest.mark.filterwarnings("ignore:.*(rate|noise and afferents):lifext.ParameterWarning")
def test_afferents_are_looked_at_while_they_are_on(backend):
    pop = lifext.pyrPop(3, rng=1)
    pop.afferents = lifext.affFlatPoisson(3)
    pop.stim(rate=1e30)
    with refused(value=r"1e\+30", owner="affFlatPoisson", dt=DT):
        pop.predictSpikes(DT, 1.0)
    pop.removeStim()
    assert np.isfinite(steps(pop)).all()


# as above
@pytest.mark.filterwarnings("ignore:.*(rate|noise and afferents):lifext.ParameterWarning")
@pytest.mark.parametrize("compat", [False, True])
def test_a_network_refuses_more_arrivals_than_can_be_drawn(compat):
    net = lifext.Network(1.0, compat=True) if compat else lifext.Network(1.0, seed=1)
    pops = [lifext.pyrPop(3, noise_g=0, **({"rng": k} if compat else {})) for k in range(2)]
    net.add(first=pops[0], second=pops[1])
    record = net.record_spikes(pops[0])
    pops[1].noise.rate = TOO_MANY
    before = pickle.dumps(net)
    with refused():
        net.run(2.0)
    assert pickle.dumps(net) == before
    net.run(0.0)
    pops[1].noise.rate = 1.0

    def change(net):
        pops[1].noise.rate = TOO_MANY
    with refused():
        net.run(5.0, every=(2.0, change))
    assert (net.time, record.stop) == (2.0, 2.0)
