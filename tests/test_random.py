"""Random numbers: the global generator's, in the published order, or a population's own."""
import threading

import numpy as np
import pytest

import lifext
from lifext._core import uniform

DT = 0.05


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
