"""Whatever the user changes counts: the compiled path, the composed path and the twins agree bit for bit.

Each change is made to four runs from one seed: fused and composed, on the compiled kernels
and on their twins. A change that were not noticed by a kept record would show.
"""
import abc
import copy
import pickle

import numpy as np
import pytest
from conftest import composed

import lifext
from lifext import _core

DT = 0.05
N = 11
CHANGED_AT = 10


class Ramp(lifext.currentBase):
    """A user's current: a ramp that goes on with each update."""

    def __init__(self, size):
        super().__init__(size)
        self.level = 0.0

    def project(self, dt, vM):
        return np.full(self.size, -self.level)

    def update(self, dt, spk_times, weights):
        self.level += 1e-3

    def current(self, dt, vM):
        return np.full(self.size, -self.level)


class Duck:
    """A current that inherits from nothing."""

    def project(self, dt, vM):
        return 0.01 * (vM + 70)

    def current(self, dt, vM):
        return 0.01 * (vM + 70)

    def update(self, dt, spk_times, weights):
        pass

    def reset(self):
        pass


class Weaker(lifext.AMPAR):
    """A receptor with a formula of its own."""

    def project(self, dt, vM):
        return 0.5 * super().project(dt, vM)

    def current(self, dt, vM):
        return 0.5 * super().current(dt, vM)


class Constant(lifext.kineticBase):
    """A user's kinetic."""

    def project(self, dt):
        return np.full(self.size, 0.01)

    def update(self, dt, spk_times, weights):
        self._prev_s = self._s
        self._s = np.full(self.size, 0.01 + 0.001 * len(spk_times))


def locked(array):
    array.setflags(write=False)
    return array


def each(low, high):
    return np.linspace(low, high, N)


def set_in(path, value):
    def change(pop):
        *owners, name = path.split(".")
        target = pop
        for owner in owners:
            target = getattr(target, owner)
        setattr(target, name, value() if callable(value) else value)
    change.__name__ = f"{path}"
    return change


def element_of(path, value):
    """Write one element of an array in place, which no attribute hook can see."""
    def change(pop):
        target = pop
        for name in path.split("."):
            target = getattr(target, name)
        target[N // 2] = value
    change.__name__ = f"{path}[i]"
    return change


def patch_instance(pop):
    pop.leak.current = lambda dt, vM: 0.03 * (vM + 70)


def share_kinetic(pop):
    pop.NMDA.kinetic = pop.AMPA.kinetic


def share_receptor(pop):
    pop.AMPA = pop.GABA


def call(path, *arguments, **named):
    def change(pop):
        target = pop
        for name in path.split("."):
            target = getattr(target, name)
        target(*arguments, **named)
    change.__name__ = f"{path}()"
    return change


def chain(*changes):
    def change(pop):
        for one in changes:
            one(pop)
    change.__name__ = "+".join(one.__name__ for one in changes)
    return change


CHANGES = [
    set_in("AMPA.g", 1.5), set_in("NMDA.g", 0.2), set_in("GABA.g", 2), set_in("noise.g", 0.005),
    set_in("leak.g", 0.03), set_in("AMPA.vE", 5.0), set_in("NMDA.vE", -5), set_in("GABA.vI", -75),
    set_in("noise.vE", -1.0), set_in("leak.vL", -68), set_in("NMDA.mg", 1.4),
    set_in("AMPA.kinetic.tau_s", 3), set_in("NMDA.kinetic.tau_s", 60.0), set_in("NMDA.kinetic.tau_x", 3.0),
    set_in("AMPA.kinetic.alpha_s", 0.7), set_in("NMDA.kinetic.alpha_x", 0.7), set_in("noise.tau", 3.0),
    set_in("noise.alpha", 0.5), set_in("noise.rate", 3.0), set_in("noise.rate", 400.0), set_in("noise.rate", 0),
    set_in("vTh", -53.0), set_in("vReset", -61.0), set_in("refDur", 0.5), set_in("cM", 0.4),
    # one a neuron
    set_in("AMPA.g", each(0.1, 0.9)), set_in("NMDA.g", each(0.1, 0.2)), set_in("GABA.g", each(0.5, 1.5)),
    set_in("leak.g", each(0.02, 0.03)), set_in("noise.g", each(0.002, 0.006)), set_in("AMPA.vE", each(-5, 5)),
    set_in("NMDA.vE", each(-5, 5)), set_in("GABA.vI", each(-75, -70)), set_in("noise.vE", each(-1, 1)),
    set_in("leak.vL", each(-71, -69)), set_in("NMDA.mg", each(0.5, 1.5)), set_in("noise.rate", each(1, 3)),
    set_in("noise.rate", each(0, 400)), set_in("noise.tau", each(1, 3)), set_in("noise.alpha", each(0.5, 1.5)),
    set_in("AMPA.kinetic.tau_s", each(1, 4)), set_in("NMDA.kinetic.tau_s", each(60, 90)),
    set_in("NMDA.kinetic.tau_x", each(1, 3)), set_in("AMPA.kinetic.alpha_s", each(0.5, 1)),
    set_in("NMDA.kinetic.alpha_s", each(0.5, 1)), set_in("NMDA.kinetic.alpha_x", each(0.5, 1)),
    set_in("vTh", each(-53, -51)), set_in("vReset", each(-61, -59)), set_in("refDur", each(0.5, 2)),
    set_in("cM", each(0.3, 0.6)),
    # converted
    set_in("AMPA.g", list(each(0.1, 0.9))), set_in("AMPA.g", each(0.1, 0.9).astype(np.float32)),
    set_in("AMPA.g", np.repeat(each(0.1, 0.9), 2)[::2]), set_in("GABA.g", np.arange(1, N + 1)),
    set_in("AMPA.g", np.float32(0.3)), set_in("AMPA.g", np.array([0.4])), set_in("AMPA.g", np.array(0.4)),
    # state
    set_in("_vM", each(-60, -52)), set_in("_vM", -55), set_in("_vM", each(-60, -52).astype(np.float32)),
    set_in("_endRefract", each(0, 20)), set_in("AMPA._curr", each(-0.1, 0)),
    set_in("AMPA.kinetic._s", lambda: each(0, 0.1)), set_in("NMDA.kinetic._x", lambda: each(0, 0.1)),
    set_in("noise._s", lambda: each(0, 1)), set_in("noise._curr", each(-0.1, 0)),
    set_in("AMPA.kinetic._s", locked(each(0, 0.1))), set_in("noise._s", locked(each(0, 1))),
    set_in("_vM", locked(each(-60, -52))), set_in("leak.g", locked(each(0.02, 0.03))),
    set_in("noise._draw", True), set_in("noise._prev_curr", each(-0.1, 0)), set_in("leak._curr", each(-0.1, 0)),
    # in place
    element_of("_vM", -53.0), element_of("AMPA._curr", -0.2), element_of("AMPA.kinetic._s", 0.1),
    element_of("NMDA.kinetic._x", 0.1), element_of("noise._s", 2.0), element_of("noise._curr", -0.3),
    element_of("noise._prev_curr", -0.3), element_of("_endRefract", 50.0),
    chain(set_in("AMPA.g", lambda: each(0.1, 0.9)), element_of("AMPA.g", 3.0)),
    chain(set_in("noise.rate", lambda: each(1, 2)), element_of("noise.rate", 9.0)),
    chain(set_in("vTh", lambda: each(-53, -51)), element_of("vTh", -54.0)),
    # replaced parts
    set_in("AMPA.kinetic", lambda: lifext.secondOrdKin(N, 1, 1, 0.05, 2)),
    set_in("GABA.kinetic", lambda: lifext.firstOrdKin(N, 1.0, 10.0)),
    set_in("NMDA.kinetic", lambda: lifext.firstOrdKinExp(N, 0.9, 80)),
    set_in("NMDA.kinetic", lambda: Constant(N)),
    set_in("AMPA", lambda: lifext.AMPAR(N, order=2, g=0.4, tau_x=0.5)),
    set_in("AMPA", lambda: Weaker(N)), set_in("AMPA", lambda: lifext.NMDAR(N)),
    set_in("noise", lambda: lifext.noiseGaussian(N, -0.3, 0.2)), set_in("noise", lambda: lifext.affFlatPoisson(N)),
    set_in("afferents", lambda: Ramp(N)), set_in("leak", Duck), set_in("leak", lambda: lifext.leak(1)),
    set_in("afferents", lambda: lifext.affRingPoisson(N, each(0, 6))),
    chain(set_in("afferents", lambda: lifext.affFlatPoisson(N, tau=each(1, 3))), call("stim", rate=3.0, g=0.004)),
    chain(set_in("afferents", lambda: lifext.affFlatPoisson(N)), call("stim", rate=each(1, 5))),
    share_kinetic, share_receptor, patch_instance, call("stim", cue_sal=0.5), call("stim"),
    # calls out of turn; a prediction on top of one is a step that was never taken for good
    call("reset"), call("noise.reset"), call("predictSpikes", DT, 7.0), call("processTimeStep", DT, 7.0),
    call("noise.project", DT, each(-60, -53)), call("AMPA.update", DT, [0.01], np.full((1, N), 0.1)),
    call("AMPA.current", DT, each(-60, -53)), call("dVmdt", DT, each(-60, -53)),
]

# a leak asked for its current at other potentials than the population's keeps an array of their shape
WITHOUT_EFFECT = [
    call("leak.current", DT, -55.0), call("leak.current", DT, np.array([-55.0])),
    call("leak.current", DT, np.linspace(-80, -50, 3 * N)), call("leak.project", DT, -55.0),
    set_in("_spikeTime", np.zeros(1)), set_in("_spikeTime", np.zeros(3 * N, dtype=int)),
]


def drive(cls, change, when, steps=40):
    """Step a busy population, make a change at one of three points of a step, return all it did.

    Cells of both classes spike from step 5 to 16: each change that has an effect has one in the first steps after it.
    """
    np.random.seed(5)
    pop = cls(N, NMDA_g=0.1, noise_g=0.006)
    script = np.random.RandomState(6)
    rows = []
    for k in range(steps):
        time = 3 + k * DT
        middle = k == CHANGED_AT
        if middle and when == "before":
            change(pop)
        pop.predictSpikes(DT, time)
        if middle and when == "between":
            change(pop)
        for receive in (pop.receivePyrSpikes, pop.receiveIntSpikes, pop.receivePyrSpikes):
            n = script.randint(0, 4)
            receive(DT, n, script.rand(n, 1) * DT, script.rand(n, N) * 0.012)
        if middle and when == "late":
            change(pop)
        pop.processTimeStep(DT, time)
        rows.append((pop.VMs(), pop.spikes(), pop.spikeTimes().ravel(), pop._endRefract.copy(), pop._tempvM.copy()))
    return rows, np.random.get_state()[1:], pop


def assert_same(one, other):
    for step, (a, b) in enumerate(zip(one[0], other[0])):
        for name, x, y in zip(("v", "spiked", "spike time", "end of refractoriness", "v ahead"), a, b):
            assert np.array_equal(x, y, equal_nan=True), f"{name} parts at step {step}: {x} {y}"
    assert np.array_equal(one[1][0], other[1][0])
    assert one[1][1:] == other[1][1:]


# rates that are high enough to be seen at once
@pytest.mark.filterwarnings("ignore:.*noise and afferents:lifext.ParameterWarning")
@pytest.mark.parametrize("cls", [lifext.pyrPop, lifext.interPop])
@pytest.mark.parametrize("when", ["before", "between", "late"])
@pytest.mark.parametrize("change", CHANGES + WITHOUT_EFFECT, ids=lambda change: change.__name__)
def test_a_change_counts(change, when, cls):
    fused, slow = drive(cls, change, when), drive(composed(cls), change, when)
    assert slow[2]._why_composed() is not None
    assert_same(fused, slow)
    with _core.using("reference"):
        assert_same(fused, drive(cls, change, when))


# as above
@pytest.mark.filterwarnings("ignore:.*noise and afferents:lifext.ParameterWarning")
def test_changes_change_something():
    """The comparison above could not fail if the changes did nothing; nearly all must move the potentials."""
    def potentials(change):
        # as long as a refractory period and more: some changes move potentials only after it
        return np.array([row[0] for row in drive(lifext.pyrPop, change, "before", steps=80)[0]])

    still = potentials(lambda pop: None)
    idle = [change.__name__ for change in CHANGES if np.array_equal(potentials(change), still)]
    assert len(idle) <= 10, idle


@pytest.mark.parametrize("cls", [lifext.pyrPop, lifext.interPop, lifext.pyrRingPop, lifext.interRingPop])
def test_an_unchanged_population_is_fused_and_keeps_its_record(cls):
    pop = cls(N)
    pop.predictSpikes(DT, 0.0)
    record = pop._cell()
    assert pop._why_composed() is None
    for k in range(1, 50):
        pop.processTimeStep(DT, k * DT)
        pop.predictSpikes(DT, k * DT)
        pop.VMs(), pop.spikes(), pop.spikeTimes(), pop._vM, pop.AMPA.g, pop.AMPA.kinetic._s
        assert pop._cell() is record


@pytest.mark.parametrize(("change", "reason"), [
    (set_in("afferents", lambda: Ramp(N)), "Ramp"), (set_in("leak", Duck), "leak is a Duck"),
    (set_in("AMPA", lambda: Weaker(N)), "Weaker has its own"), (patch_instance, "a leak was given its own current"),
    (set_in("NMDA.kinetic", lambda: Constant(N)), "Constant"),
    (set_in("noise", lambda: lifext.noiseGaussian(N, 0, 1)), "noiseGaussian"),
    (share_receptor, "share"),
])
def test_what_leaves_the_fused_path_says_why_and_comes_back(change, reason):
    pop = lifext.pyrPop(N)
    kept = {name: getattr(pop, name) for name in ("AMPA", "NMDA", "noise", "leak", "afferents")}
    kinetic = pop.NMDA.kinetic
    change(pop)
    assert reason in pop._why_composed()
    for name, part in kept.items():
        vars(part).pop("current", None)
        setattr(pop, name, part)
    pop.NMDA.kinetic = kinetic
    assert pop._why_composed() is None


def test_a_leak_asked_at_other_potentials_leaves_the_fused_path_until_they_are_forgotten():
    pop = lifext.pyrPop(1)
    pop.predictSpikes(DT, 1.0)
    assert pop._why_composed() is None
    pop.leak.current(DT, np.linspace(-80, -50, 7))
    assert pop._why_composed() == "leak._curr is of shape (7,)"
    for k in range(2):
        pop.processTimeStep(DT, 1 + k * DT)
    assert pop._why_composed() is None


def test_a_subclass_that_adds_to_a_population_stays_fused():
    class Named(lifext.pyrPop, abc.ABC):
        def __init__(self, size):
            super().__init__(size)
            self.label = "L5"

        def rate(self):
            return self.spikes().mean()

    pop = Named(N)
    pop.predictSpikes(DT, 1.0)
    assert pop._why_composed() is None
    assert pop.rate() >= 0


@pytest.mark.parametrize("overridden", ["project_dVmdt", "dVmdt"])
def test_a_subclass_with_a_law_of_its_own_is_heard(backend, overridden):
    """With no slope at all in one of the two, the prediction, or the step, stays where it was."""
    pop = type("Own", (lifext.pyrPop,), {overridden: lambda self, dt, vM: np.zeros(N)})(N, rng=3)
    twin = lifext.pyrPop(N, rng=3)
    start = pop.VMs()
    assert overridden in pop._why_composed()
    for each_pop in (pop, twin):
        each_pop.predictSpikes(DT, 1.0)
        each_pop.receivePyrSpikes(DT, 1, [[0.01]], np.full((1, N), 0.01))
        each_pop.processTimeStep(DT, 1.0)
    assert np.array_equal(pop._tempvM, start) == (overridden == "project_dVmdt")
    assert np.array_equal(pop.VMs(), start) == (overridden == "dVmdt")
    kept, same = (pop._tempvM, twin._tempvM) if overridden == "dVmdt" else (pop.NMDA.kinetic._x, twin.NMDA.kinetic._x)
    assert np.array_equal(kept, same)


def test_a_class_patched_under_a_running_population_is_noticed(monkeypatch):
    pop = lifext.pyrPop(N)
    pop.predictSpikes(DT, 1.0)
    assert pop._why_composed() is None
    monkeypatch.setattr(lifext.leak, "project", lambda self, dt, vM: np.zeros(N))
    assert "leak has its own project" in pop._why_composed()
    monkeypatch.undo()
    assert pop._why_composed() is None


def test_arrays_that_a_user_holds_are_not_written():
    """As published: a step makes new arrays, so what was read before keeps its values."""
    pop = lifext.pyrPop(N, noise_g=0.01)
    pop.predictSpikes(DT, 1.0)
    pop.processTimeStep(DT, 1.0)
    names = ("_vM", "_tempvM", "_spiked", "_spikeTime", "_endRefract")
    held = {name: getattr(pop, name) for name in names}
    current, view = pop.noise._curr, pop.leak._curr[2:4]
    copies = {name: array.copy() for name, array in held.items()}
    current_copy, view_copy = current.copy(), view.copy()
    for k in range(100):
        pop.predictSpikes(DT, 2 + k * DT)
        pop.processTimeStep(DT, 2 + k * DT)
    for name in names:
        assert np.array_equal(held[name], copies[name])
    assert np.array_equal(current, current_copy)
    assert np.array_equal(view, view_copy)
    assert not np.array_equal(pop._vM, held["_vM"])


@pytest.mark.parametrize("made", [lambda pop: pop, copy.deepcopy, lambda pop: pickle.loads(pickle.dumps(pop))],
                         ids=["new", "copied", "pickled"])
def test_what_kernels_walk_begins_with_a_line_of_the_cache(made):
    pop = made(lifext.pyrPop(N, noise_g=0.01))
    pop.predictSpikes(DT, 1.0)
    pop.processTimeStep(DT, 1.0)
    kinetic = pop.NMDA.kinetic
    for array in (pop._vM, pop._endRefract, pop.noise._s, pop.noise._curr, kinetic._s, kinetic._x):
        assert array.__array_interface__["data"][0] % 64 == 0


def test_gating_that_a_user_holds_stays_where_it_is():
    """As published: gating is moved in place, so who holds it sees it move."""
    pop = lifext.pyrPop(N, noise_g=0.01)
    held = np.zeros(N + 1)[1:]
    pop.noise._s = held
    pop.predictSpikes(DT, 1.0)
    pop.processTimeStep(DT, 1.0)
    assert pop.noise._s is held
    assert held.any()


def test_an_array_given_as_state_is_not_written():
    pop = lifext.pyrPop(N)
    mine = np.linspace(-60, -53, N)
    pop._vM = mine
    for k in range(10):
        pop.predictSpikes(DT, 1 + k * DT)
        pop.processTimeStep(DT, 1 + k * DT)
    assert np.array_equal(mine, np.linspace(-60, -53, N))


def test_gating_is_written_in_place_as_published():
    pop = lifext.pyrPop(N)
    gating = pop.AMPA.kinetic._s
    pop.predictSpikes(DT, 1.0)
    pop.receivePyrSpikes(DT, 1, [[0.0]], np.ones((1, N)))
    pop.processTimeStep(DT, 1.0)
    assert gating is pop.AMPA.kinetic._s
    assert gating.all()


def test_a_current_shared_by_two_populations_stays_right():
    def run(cls):
        np.random.seed(8)
        a, b = cls(N), cls(N)
        b.noise = a.noise
        for k in range(40):
            for pop in (a, b):
                pop.predictSpikes(DT, 1 + k * DT)
            for pop in (a, b):
                pop.processTimeStep(DT, 1 + k * DT)
        return np.concatenate([a.VMs(), b.VMs()])
    assert np.array_equal(run(lifext.pyrPop), run(composed(lifext.pyrPop)))
