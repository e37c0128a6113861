"""Current sources: reversal, block, switching, recording, on both backends."""
import numpy as np
import pytest

from lifext import (
    AMPAR,
    GABAR,
    NMDAR,
    ParameterWarning,
    affFlat,
    affFlatPoisson,
    affRing,
    affRingPoisson,
    currentBase,
    leak,
    noiseGaussian,
    noisePoisson,
)

pytestmark = pytest.mark.usefixtures("backend")

DT = 0.05
ANGLES = np.linspace(0, 2 * np.pi, 8, endpoint=False)


def opened(receptor, weight=0.3):
    receptor.update(DT, [0.0], np.full((1, receptor.size), weight))
    return receptor


@pytest.mark.parametrize(("receptor", "reversal"), [
    (AMPAR(1, vE=-5), -5), (NMDAR(1, vE=3), 3), (GABAR(1, vI=-75), -75)])
def test_the_current_turns_at_the_reversal_potential(receptor, reversal):
    opened(receptor)
    assert receptor.current(DT, np.array([reversal]))[0] == 0
    assert receptor.current(DT, np.array([reversal + 10.0]))[0] > 0
    assert receptor.current(DT, np.array([reversal - 10.0]))[0] < 0


def test_magnesium_halves_the_current_where_its_exponential_is_one():
    v = np.array([np.log(0.7 / 3.57) / 0.062])
    with_block, without = opened(NMDAR(1, mg=0.7)), opened(NMDAR(1, mg=0.0))
    assert with_block.current(DT, v)[0] == pytest.approx(without.current(DT, v)[0] / 2)


def test_the_block_is_lifted_by_depolarisation():
    nmda = opened(NMDAR(3))
    conductance = nmda.current(DT, np.array([-80.0, -50.0, 20.0])) / (np.array([-80.0, -50.0, 20.0]) - 0)
    assert (np.diff(conductance) > 0).all()


def test_a_receptor_answers_the_start_of_the_step_with_what_it_last_computed():
    ampa = opened(AMPAR(2))
    last = ampa.current(DT, np.array([-60.0, -55.0]))
    assert np.array_equal(ampa.project(0, np.array([-10.0, -10.0])), last)
    ampa.update(DT, [], [])
    assert np.array_equal(ampa.current(0, np.array([-10.0, -10.0])), last)


@pytest.mark.parametrize("cls", [AMPAR, NMDAR, GABAR])
@pytest.mark.parametrize(("order", "x"), [(1, None), (2, 0.7)])
def test_the_constructor_overrides_the_kinetic(cls, order, x):
    receptor = cls(2, order=order, alpha_s=0.4, tau_s=33, **({} if x is None else {"alpha_x": x, "tau_x": 3.0}))
    assert (receptor.kinetic.alpha_s, receptor.kinetic.tau_s) == (0.4, 33)
    if x is not None:
        assert (receptor.kinetic.alpha_x, receptor.kinetic.tau_x) == (0.7, 3.0)


def test_the_defaults_are_the_published_ones():
    kinetics = {(c.__name__, order): c(1, order=order).kinetic for c in (AMPAR, NMDAR, GABAR) for order in (1, 2)}
    assert {key: k.tau_s for key, k in kinetics.items()} == {
        ("AMPAR", 1): 2, ("AMPAR", 2): 2, ("NMDAR", 1): 80, ("NMDAR", 2): 80, ("GABAR", 1): 10, ("GABAR", 2): 10}
    assert [kinetics[name, 2].tau_x for name in ("AMPAR", "NMDAR", "GABAR")] == [0.05, 2, 0.25]
    assert (AMPAR(1).g, NMDAR(1).g, GABAR(1).g, GABAR(1).vI) == (0.7, 0.07, 0.1, -70)


def test_voltages_broadcast_as_in_numpy():
    """An I-V curve from one open channel."""
    v = np.linspace(-80, 20, 11)
    for receptor, reversal in ((opened(AMPAR(1)), 0), (opened(GABAR(1)), -70)):
        np.testing.assert_allclose(receptor.project(DT, v), receptor.g * receptor.kinetic.project(DT) * (v - reversal))
    assert opened(NMDAR(3)).project(DT, -60.0).shape == (3,)
    assert leak(1).project(DT, v).shape == v.shape


def test_leak_is_always_fresh():
    source = leak(1, g=0.02, vL=-65)
    assert source.project(0, np.array([-60.0]))[0] == pytest.approx(0.1)
    assert source.current(0, np.array([-55.0]))[0] == pytest.approx(0.2)


def test_leak_records_the_mean_over_whatever_potentials_it_is_asked_at():
    source = leak(3, g=0.02, vL=-65, record_i=True)
    for v in (-60.0, np.array([-60.0, -55.0]), np.full((2, 3), -60.0)):
        source.current(DT, v)
    np.testing.assert_allclose(source.curr_record, [0.1, 0.15, 0.1])


def test_leak_spreads_around_its_conductance_and_is_redrawn_at_reset():
    source = leak(4000, g=0.025, rand_sd=0.002, rng=3)
    first = source.g
    assert first.mean() == pytest.approx(0.025, abs=2e-4)
    assert first.std() == pytest.approx(0.002, rel=0.05)
    source.reset()
    assert not np.array_equal(source.g, first)
    assert source.g.mean() == pytest.approx(0.025, abs=2e-4)
    assert source.g.std() == pytest.approx(0.002, rel=0.05)


def test_leak_spread_comes_from_the_global_generator():
    np.random.seed(7)
    want = 0.025 + np.random.randn(5) * 0.01
    np.random.seed(7)
    assert np.array_equal(leak(5, rand_sd=0.01).g, want)


def test_poisson_noise_has_the_mean_and_variance_of_shot_noise():
    """Campbell: mean alpha*rate*tau, variance alpha^2*rate*tau/2, for dt well below tau."""
    noise = noisePoisson(400, alpha=0.5, tau=2, rate=1.8, rng=11)
    samples = []
    for step in range(3000):
        noise.project(DT, -60.0)
        noise.update(DT, 0, 0)
        if step > 400 and step % 40 == 0:
            samples.append(noise._s.copy())
    samples = np.concatenate(samples)
    assert samples.mean() == pytest.approx(0.5 * 1.8 * 2, rel=0.02)
    assert samples.var() == pytest.approx(0.25 * 1.8 * 2 / 2, rel=0.05)


def test_poisson_noise_without_arrivals_only_decays():
    noise = noisePoisson(2, rate=0)
    noise._s = [0.5, 1.0]
    noise.project(DT, -60.0)
    np.testing.assert_allclose(noise._s, np.array([0.5, 1.0]) * np.exp(-DT / 2), rtol=1e-12)


@pytest.mark.parametrize("make", [lambda: noisePoisson(500), lambda: noiseGaussian(5, 0.1, 0.2)])
def test_noise_is_drawn_once_a_step(make):
    noise = make()
    first = noise.project(DT, -60.0)
    assert np.array_equal(noise.project(DT, -20.0), first)
    state = np.random.get_state()[1:3]
    noise.project(0, -60.0)
    noise.project(DT, -60.0)
    assert repr(np.random.get_state()[1:3]) == repr(state)
    noise.update(DT, 0, 0)
    assert not np.array_equal(noise.project(DT, -60.0), first)
    assert np.array_equal(noise.project(0, -60.0), first)


def test_gaussian_noise_draws_even_at_the_start_of_the_step():
    noise = noiseGaussian(3, 0.0, 1.0)
    np.random.seed(5)
    assert not noise.project(0, None).any()
    np.random.seed(5)
    assert np.array_equal(noise.project(DT, None), np.random.randn(3))


def test_flat_afferents_change_sign_with_the_first_salience():
    with pytest.warns(ParameterWarning, match="cue_sal has no effect"):
        afferents = affFlat(2, cue_sal=0.7)
    assert afferents.cue_sal == 0.15
    afferents.stim()
    assert np.array_equal(afferents.project(DT, None), [0.15, 0.15])
    afferents.stim(cue_sal=0.3)
    assert np.array_equal(afferents.current(0, None), [-0.3, -0.3])
    afferents.hide()
    assert not afferents.current(DT, None).any()
    afferents.stim()
    assert np.array_equal(afferents.current(DT, None), [-0.3, -0.3])
    afferents.reset()
    assert not afferents.current(DT, None).any()


def test_ring_afferents_point_at_their_direction():
    afferents = affRing(8, ANGLES)
    afferents.stim(ANGLES[3], cue_sal=0.4)
    current = afferents.current(DT, None)
    assert np.argmin(current) == 3
    assert current[3] == -0.4
    assert current[2] == pytest.approx(current[4])
    afferents.stim(ANGLES[5], cue_spec=0.0)
    assert np.array_equal(afferents.current(DT, None), np.full(8, -0.4))


def test_poisson_afferents_rest_while_off():
    afferents = affFlatPoisson(3)
    state = np.random.get_state()[2]
    assert not afferents.project(DT, -60.0).any()
    assert np.random.get_state()[2] == state
    afferents.stim(rate=500.0, g=0.01)
    afferents.update(DT, 0, 0)
    assert (afferents.project(DT, -60.0) < 0).all()
    gating = afferents._s.copy()
    afferents.hide()
    afferents.update(DT, 0, 0)
    afferents.project(DT, -60.0)
    np.testing.assert_allclose(afferents._s, gating * np.exp(-DT / 2), rtol=1e-12)


def test_ring_poisson_afferents_set_rates_at_stim():
    afferents = affRingPoisson(8, ANGLES, max_rate=1.0)
    assert afferents.rate == 1.8
    afferents.stim(ANGLES[2])
    assert np.argmax(afferents.rate) == 2
    assert afferents.rate[2] == 1.0
    assert afferents.g == 0.001
    afferents.stim(ANGLES[6], max_rate=2.0, cue_spec=1.0)
    assert afferents.rate[6] == 2.0
    assert afferents.rate[2] == pytest.approx(2 * np.exp(-2))


@pytest.mark.parametrize(("make", "recorded"), [
    (lambda **k: AMPAR(4, **k), True), (lambda **k: NMDAR(4, **k), True), (lambda **k: GABAR(4, **k), True),
    (lambda **k: leak(4, **k), True), (lambda **k: noisePoisson(4, **k), True),
    (lambda **k: noiseGaussian(4, 0.1, 0.1, **k), True), (lambda **k: affFlat(4, **k), False),
])
@pytest.mark.parametrize("asked", [False, True])
def test_means_are_recorded_when_asked_for(make, recorded, asked):
    source = make(record_i=asked)
    v = np.array([-60.0, -61.0, -55.0, -58.0])
    for _ in range(3):
        source.project(0, v)
        source.project(DT, v)
        source.update(DT, np.empty(0), np.empty(0))
        source.current(0, v)
        source.current(DT, v)
    assert len(source.curr_record) == (3 if asked and recorded else 0)
    if source.curr_record:
        assert source.curr_record[-1] == np.mean(source._curr)
    source.reset()
    assert source.curr_record == []


def test_the_base_class_has_no_law():
    source = currentBase(2)
    with pytest.raises(NotImplementedError):
        source.project(DT, None)
    with pytest.raises(NotImplementedError):
        source.update(DT, 0, 0)
    assert not source.current(DT, None).any()


def test_a_subclass_with_its_own_decay_is_heard():
    class Frozen(noisePoisson):
        def _decay(self, dt):
            pass

    noise = Frozen(3, rate=0)
    noise._s = [0.1, 0.2, 0.3]
    np.testing.assert_allclose(noise.project(DT, -60.0), 0.003 * np.array([0.1, 0.2, 0.3]) * -60)
