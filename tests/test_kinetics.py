"""Gating: closed forms, limits and conservation, on both backends."""
import numpy as np
import pytest

from lifext import _core, firstOrdKin, firstOrdKinExp, kineticBase, secondOrdKin

pytestmark = pytest.mark.usefixtures("backend")

NO_SPIKES = np.empty(0), np.empty((0, 1))


def run(kinetic, dt, steps, first_spike=None):
    if first_spike is not None:
        kinetic.update(dt, [0.0], [[first_spike]])
        steps -= 1
    for _ in range(steps):
        kinetic.update(dt, *NO_SPIKES)
    return kinetic.kinetic(dt)[0]


def test_exponential_gating_decays_by_its_time_constant():
    assert run(firstOrdKinExp(1, 0.8, 10), 0.1, 200, first_spike=0.5) == pytest.approx(0.4 * np.exp(-20 / 10))


def test_exponential_gating_does_not_depend_on_how_time_is_cut():
    coarse, fine = (run(firstOrdKinExp(1, 1, 5), dt, round(8 / dt), first_spike=1.0) for dt in (2.0, 0.05))
    assert coarse == pytest.approx(fine, rel=1e-12)


def test_exponential_gating_adds_spikes_up():
    one, two, both = (firstOrdKinExp(3, 0.9, 2) for _ in range(3))
    w = np.array([[0.1, 0.2, 0.3], [0.7, 0.0, 0.4]])
    one.update(0.05, [0.01], w[:1])
    two.update(0.05, [0.03], w[1:])
    both.update(0.05, [0.01, 0.03], w)
    np.testing.assert_allclose(both.kinetic(0.05), one.kinetic(0.05) + two.kinetic(0.05), rtol=1e-14)


@pytest.mark.parametrize("cls", [firstOrdKin, firstOrdKinExp])
def test_a_spike_counts_from_its_time_on(cls):
    """A later spike has less time to decay, by exactly the time in between."""
    early, late = cls(1, 1, 10), cls(1, 1, 10)
    early.update(1.0, [0.0], [[0.5]])
    late.update(1.0, [0.75], [[0.5]])
    decay = {firstOrdKin: lambda d: 1 - d / 10, firstOrdKinExp: lambda d: np.exp(-d / 10)}[cls]
    assert early.kinetic(1)[0] == pytest.approx(0.5 * decay(1.0))
    assert late.kinetic(1)[0] == pytest.approx(0.5 * decay(0.25))


def test_linear_gating_tends_to_the_exponential_at_first_order():
    errors = [abs(run(firstOrdKin(1, 1, 10), dt, round(10 / dt), first_spike=1.0) - np.exp(-1))
              for dt in (0.2, 0.1, 0.05)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.05)


def test_linear_gating_saturates_below_one():
    kinetic = firstOrdKin(2, 0.5, 80)
    for _ in range(500):
        kinetic.update(0.05, [0.0, 0.02], np.full((2, 2), 0.9))
    assert (kinetic.kinetic(0.05) < 1).all()
    assert (kinetic.kinetic(0.05) > 0.95).all()


def test_second_order_gating_follows_the_difference_of_exponentials():
    """For small s the two equations are linear, and s(t) is a difference of exponentials."""
    tau_x, tau_s, w, dt, t = 2.0, 80.0, 1e-4, 0.001, 12.0
    s = run(secondOrdKin(1, 1, 1, tau_x, tau_s), dt, round(t / dt), first_spike=w)
    want = w * tau_x * tau_s / (tau_s - tau_x) * (np.exp(-t / tau_s) - np.exp(-t / tau_x))
    assert s == pytest.approx(want, rel=2e-3)


def test_second_order_gating_peaks_when_it_should():
    tau_x, tau_s, dt = 0.5, 10.0, 0.01
    kinetic = secondOrdKin(1, 1, 1, tau_x, tau_s)
    trace = [run(kinetic, dt, 1, first_spike=1e-3 if k == 0 else None) for k in range(500)]
    want = np.log(tau_s / tau_x) * tau_s * tau_x / (tau_s - tau_x)
    assert (np.argmax(trace) + 1) * dt == pytest.approx(want, abs=3 * dt)


@pytest.mark.parametrize("kinetic", [firstOrdKin(4, 0.9, 80), firstOrdKinExp(4, 1.1, 10),
                                     secondOrdKin(4, 1, 0.8, 2, 80)], ids=lambda k: type(k).__name__)
class TestEvery:
    def test_projection_is_an_update_without_spikes(self, kinetic, rng):
        kinetic.reset()
        kinetic.update(0.05, np.sort(rng.random(3) * 0.05), rng.random((3, 4)))
        ahead = kinetic.project(0.05)
        assert np.array_equal(kinetic.project(0), kinetic.kinetic(0.05))
        kinetic.update(0.05, [], [])
        assert np.array_equal(ahead, kinetic.kinetic(0.05))

    def test_the_state_before_the_update_is_kept(self, kinetic, rng):
        kinetic.reset()
        kinetic.update(0.05, [0.01], rng.random((1, 4)))
        before = kinetic.kinetic(0.05)
        kinetic.update(0.05, [0.02], rng.random((1, 4)))
        assert np.array_equal(kinetic.kinetic(0), before)

    def test_what_is_handed_out_is_a_copy(self, kinetic):
        kinetic.reset()
        for array in (kinetic.kinetic(0), kinetic.kinetic(0.05), kinetic.project(0), kinetic.project(0.05)):
            array += 1
        assert not kinetic.kinetic(0.05).any()

    def test_reset_closes_everything(self, kinetic, rng):
        kinetic.track = True
        kinetic.update(0.05, [0.01], rng.random((1, 4)))
        kinetic.reset()
        kinetic.track = False
        assert not kinetic.kinetic(0).any()
        assert not kinetic.kinetic(0.05).any()
        assert kinetic.tracked_s == []
        assert getattr(kinetic, "tracked_x", []) == []


def test_tracking_follows_one_neuron():
    kinetic = secondOrdKin(3, 1, 1, 2, 80, track=True, track_ID=1)
    for _ in range(4):
        kinetic.update(0.05, [0.0], [[0.0, 1.0, 0.0]])
    assert len(kinetic.tracked_s) == len(kinetic.tracked_x) == 4
    assert kinetic.tracked_s[-1] == kinetic.kinetic(0.05)[1]
    assert kinetic.tracked_x[-1] == kinetic._x[1]


def test_parameters_may_differ_between_neurons():
    together = firstOrdKinExp(2, [0.5, 1.0], [2.0, 10.0])
    together.update(0.5, [0.1], [[1.0, 1.0]])
    for neuron, (alpha, tau) in enumerate([(0.5, 2.0), (1.0, 10.0)]):
        alone = firstOrdKinExp(1, alpha, tau)
        alone.update(0.5, [0.1], [[1.0]])
        assert together.kinetic(0.5)[neuron] == pytest.approx(alone.kinetic(0.5)[0], rel=1e-15)


@pytest.mark.parametrize(("cls", "arguments", "hook", "law"), [
    (firstOrdKin, (1, 2), "_loss_prop", lambda self, dt: 0.8),
    (firstOrdKinExp, (1, 2), "_loss_prop", lambda self, dt: 0.8),
    (secondOrdKin, (1, 1, 2, 80), "_dsdt", lambda self, dt: -0.2 * self._s),
])
def test_a_subclass_with_its_own_decay_is_heard(cls, arguments, hook, law):
    kinetic = type("Own", (cls,), {hook: law})(1, *arguments)
    kinetic._s = [0.5]
    assert kinetic.project(0.5)[0] == pytest.approx(0.4)
    kinetic.update(0.5, [], [])
    assert kinetic.kinetic(0.5)[0] == pytest.approx(0.4)
    assert kinetic.kinetic(0)[0] == 0.5


def test_the_base_class_has_no_law():
    kinetic = kineticBase(2)
    with pytest.raises(NotImplementedError):
        kinetic.project(0.05)
    with pytest.raises(NotImplementedError):
        kinetic.update(0.05, [], [])


# a time constant of no neuron
@pytest.mark.filterwarnings("ignore:.*tau_s should be:lifext.ParameterWarning")
@pytest.mark.parametrize("when", [1e308, -1e308, 1.7e308])
@pytest.mark.parametrize("tau", [2.0, 1e-300, np.array([2.0, 3.0])])
def test_a_spike_that_is_far_away_is_no_error(when, tau):
    """Where exp has no number any more, all paths have what libm's gives."""
    class Composed(firstOrdKinExp):
        def _loss_prop(self, dt):
            return super()._loss_prop(dt)

    def gating(cls, backend):
        kinetic = cls(2, 1, tau)
        with _core.using(backend), np.errstate(all="ignore"):
            kinetic.update(0.05, [when], [[1.0, 2.0]])
        return kinetic.kinetic(0.05)
    assert not np.isfinite(gating(firstOrdKinExp, "compiled")).any()
    for cls, backend in ((firstOrdKinExp, "reference"), (Composed, "compiled")):
        np.testing.assert_array_equal(gating(cls, backend), gating(firstOrdKinExp, "compiled"))
