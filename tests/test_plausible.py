"""Warnings of values that no neuron has, and of what has no effect; and that what is published does not warn."""
import copy
import gc
import pickle
import re
import warnings

import numpy as np
import pytest

import lifext
from lifext import LifextWarning, ParameterWarning, Uniform, _plausible

# numbers of no neuron; what is wrapped around a run to look at them would be where a warning comes from
pytestmark = pytest.mark.any_state


def said_of(make):
    """Return what is warned of, each told at the line in this file that asked for it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make()
    # what such values come to is told of, too
    caught = [warning for warning in caught if not issubclass(warning.category, lifext.NumericalWarning)]
    assert all(issubclass(warning.category, ParameterWarning) for warning in caught)
    assert all(warning.filename == __file__ for warning in caught)
    return [str(warning.message) for warning in caught]


POPULATIONS = (lifext.pyrPop, lifext.interPop, lifext.pyrRingPop, lifext.interRingPop)
OUTSIDE = [
    ("vTh", -0.05, ">= -200 mV, got -0.05, which looks like volts"), ("vReset", -0.06, "looks like volts"),
    ("leak_vL", -0.07, "looks like volts"), ("vTh", -50_000, "got -50000"),
    ("vReset", -201.0, "from -200 to 200 mV, got -201"), ("leak_vL", 1000, "microvolts"),
    ("cM", 500, "from 0.001 to 10 nF, got 500, which looks like picofarads"), ("cM", 0.5e-9, "looks like farads"),
    ("refDur", -1.0, "from 0 to 1000 ms, got -1$"), ("refDur", 0.002, "looks like seconds"),
    ("refDur", 2000, "looks like microseconds"),
    ("AMPA_g", -0.5, ">= 0 uS, got -0.5$"), ("NMDA_g", -1e-9, ">= 0 uS, got -1e-09"), ("GABA_g", -1, ">= 0 uS"),
    ("noise_g", -0.003, "from 0 to 10 uS, got -0.003"), ("leak_g", -0.025, "got -0.025"),
    ("leak_g", 25, "looks like nanosiemens"), ("leak_g", 25e-9, "looks like siemens"), ("noise_g", 3e-9, "siemens"),
    ("AMPA_g", 7e-8, "looks like siemens"),
    ("noise_rate", 1800, "from 0 to 1000 kHz, got 1800, which looks like hertz"),
]
SET = {"AMPA_g": "AMPA.g", "NMDA_g": "NMDA.g", "GABA_g": "GABA.g", "noise_g": "noise.g", "noise_rate": "noise.rate",
       "leak_g": "leak.g", "leak_vL": "leak.vL"}


def put(whole, way, value):
    *parts, name = way.split(".")
    for part in parts:
        whole = getattr(whole, part)
    setattr(whole, name, value)


def of_ranges(make):
    """Return what is warned of but for a reset above threshold, which a wrong one of the two brings along."""
    return [text for text in said_of(make) if "should be < vTh" not in text]


@pytest.mark.parametrize("cls", [lifext.pyrPop, lifext.interRingPop])
@pytest.mark.parametrize(("name", "value", "words"), OUTSIDE)
def test_populations(name, value, words, cls):
    [message] = of_ranges(lambda: cls(3, **{name: value}))
    assert re.search(f"^{cls.__name__}: {name} should be .*{words}", message)
    pop, other, way = cls(3), cls(3), SET.get(name, name)
    [message] = of_ranges(lambda: put(pop, way, value))
    assert re.search(f"^{cls.__name__}: {way} should be .*{words}", message)
    # once for each object and name, whatever the value
    assert of_ranges(lambda: put(pop, way, value)) == of_ranges(lambda: put(pop, way, [value] * 3)) == []
    [message] = of_ranges(lambda: put(other, way, [value] * 3))
    assert re.search(rf"{way}\[0\] should be .*{words}", message)


@pytest.mark.parametrize(("way", "value", "words"), [
    ("AMPA.vE", 0.07, "looks like volts"), ("GABA.vI", -0.07, "pyrPop: GABA.vI should be .*looks like volts"),
    ("noise.vE", -300, "pyrPop: noise.vE"), ("AMPA.kinetic.tau_s", 0.002, "AMPA.kinetic.tau_s .*looks like seconds"),
    ("NMDA.kinetic.tau_s", 1e6, "looks like microseconds"), ("NMDA.kinetic.tau_x", 0.002, "NMDA.kinetic.tau_x"),
    ("GABA.kinetic.tau_s", 0.01, "seconds"), ("noise.tau", 0.002, "noise.tau should be from 0.05 to 10000 ms"),
    ("noise.alpha", -1, "noise.alpha should be >= 0, got -1"), ("NMDA.kinetic.alpha_s", -0.5, "alpha_s should be >= 0"),
    ("NMDA.kinetic.alpha_x", [1, -1, 1], r"NMDA.kinetic.alpha_x\[1\] should be >= 0, got -1"),
    ("NMDA.mg", 1000, "NMDA.mg should be from 0 to 100 mM"), ("NMDA.mg", -1, "NMDA.mg"),
    ("AMPA.g", [0.1, 0.2, -0.3], r"pyrPop: AMPA.g\[2\] should be >= 0 uS, got -0.3"),
    ("refDur", [2, 2, 2e3], r"refDur\[2\]"), ("vTh", [-0.05] * 3, r"vTh\[0\] .*volts"),
])
def test_parts(way, value, words):
    pop = lifext.pyrPop(3)
    with pytest.warns(ParameterWarning, match=words):
        put(pop, way, value)
    assert said_of(lambda: put(pop, way, value)) == []


@pytest.mark.parametrize(("make", "words"), [
    (lambda: lifext.leak(2, g=-1), "leak: g should be from 0 to 10 uS, got -1"),
    (lambda: lifext.AMPAR(2, g=-1), "AMPAR: g should be >= 0 uS, got -1"),
    (lambda: lifext.AMPAR(2, tau_s=0.002), "tau_s should be"),
    (lambda: lifext.GABAR(2, vI=-0.07), "GABAR: vI should be"),
    (lambda: lifext.secondOrdKin(2, 1, -1, 2, 80), "secondOrdKin: alpha_s should be >= 0, got -1"),
    (lambda: lifext.affFlatPoisson(2).stim(rate=2500), "affFlatPoisson: rate should be"),
    (lambda: lifext.affFlat(2).stim(cue_sal=150), "affFlat: cue_sal should be .*looks like picoamperes"),
    (lambda: lifext.affRing(2, [0, 1]).stim(0.0, cue_sal=-150), "affRing: cue_sal should be"),
    (lambda: lifext.affRingPoisson(2, [0, 1]).stim(0.0, max_rate=2500), r"affRingPoisson: rate\[0\] should be"),
    (lambda: lifext.affFlat(2, cue_sal=0.3), r"affFlat: the argument cue_sal has no effect, as published, got 0.3"),
    (lambda: lifext.AMPAR(2, tau_x=0.5), "AMPAR: tau_x has no effect with order=1, whose firstOrdKinExp has none"),
    (lambda: lifext.interPop(2, GABA_g=5), "interPop: GABA_g = 5 has no effect, as published: it has no GABA current"),
])
def test_parts_on_their_own(make, words):
    with pytest.warns(ParameterWarning, match="^" + words if ":" in words else words):
        make()
    assert len(said_of(make)) == 1


@pytest.mark.parametrize("cls", POPULATIONS)
@pytest.mark.parametrize(("given", "words"), [
    (dict(vReset=-40.0), r": vReset should be < vTh = .* mV, got -40 mV"),
    (dict(vTh=-60.0, vReset=-60.0), r"vReset should be < vTh = -60 mV, got -60 mV"),
    (dict(vReset=[-60.0, -40.0, -60.0]), r"vReset\[1\] should be < vTh"),
    (dict(vTh=[-50.0, -50.0, -70.0]), r"vReset\[2\] should be < vTh = -70 mV, got -60 mV"),
])
def test_a_reset_at_or_above_threshold(cls, given, words):
    with pytest.warns(ParameterWarning, match=words):
        cls(3, **given)
    pop = cls(3)
    with pytest.warns(ParameterWarning, match=words):
        for name, value in given.items():
            setattr(pop, name, value)


def test_the_filter_makes_errors_that_leave_the_object_as_it_was():
    pop = lifext.pyrPop(3)
    before = pickle.dumps(pop)
    with warnings.catch_warnings():
        warnings.simplefilter("error", LifextWarning)
        for _ in range(2):
            for way, value in (("vTh", -0.05), ("AMPA.g", -1.0), ("vReset", -50.0), ("GABA.kinetic.tau_s", 1e9)):
                with pytest.raises(ParameterWarning):
                    put(pop, way, value)
        with pytest.raises(ParameterWarning):
            lifext.pyrPop(3, vTh=-0.05)
    assert pickle.dumps(pop) == before


def test_copies_are_told_of_what_is_set_in_them():
    pop = lifext.pyrPop(3)
    with pytest.warns(ParameterWarning):
        pop.refDur = -1.0
    for other in (copy.copy(pop), copy.deepcopy(pop), pickle.loads(pickle.dumps(pop))):
        with pytest.warns(ParameterWarning, match="pyrPop: refDur"):
            other.refDur = -1.0


def test_a_part_that_was_replaced_is_no_part_of_a_population():
    pop = lifext.pyrPop(3)
    old, pop.AMPA = pop.AMPA, lifext.AMPAR(3)
    assert said_of(lambda: setattr(old, "g", -1.0)) == ["AMPAR: g should be >= 0 uS, got -1"]
    assert said_of(lambda: setattr(pop.AMPA, "g", -1.0)) == ["pyrPop: AMPA.g should be >= 0 uS, got -1"]


# what is usual

@pytest.mark.parametrize("cls", POPULATIONS)
def test_published_defaults_are_usual(cls):
    def use():
        for given in ({}, dict(noise_rate=0.0), dict(refDur=0),
                      dict(leak_g=0.0, noise_g=0.0, AMPA_g=0, NMDA_g=0, GABA_g=0)):
            pop = cls(1, **given)
            pop.predictSpikes(0.05, 0.0)
            pop.processTimeStep(0.05, 0.0)
    assert [text for text in said_of(use) if "GABA_g" not in text] == []


def test_what_is_usual_is_not_warned_of():
    n = 5

    def use():
        pop = lifext.pyrPop(n, AMPA_g=100.0, cM=np.full(n, 0.02), leak_g=0.001, leak_vL=0.0, vTh=1.0, vReset=0.0)
        for way, value in (("AMPA.vE", [-0.1, 0.0, 0.1, 0.0, 3.0]), ("vTh", np.linspace(0.1, 20, n)), ("vReset", 0.0),
                           ("vTh", 1e9),
                           ("NMDA.kinetic.tau_s", 500.0), ("NMDA.mg", 0.0), ("refDur", 0.0), ("noise.rate", 100.0),
                           ("AMPA.kinetic", lifext.secondOrdKin(n, 1, 1, 0.05, 2)), ("leak.vL", -90.0)):
            put(pop, way, value)
        pop.stim(cue_sal=-1.0)
    assert said_of(use) == []


# a step and what happens in it

def steps(pop, dt=0.05):
    pop.predictSpikes(dt, 0.0)
    pop.processTimeStep(dt, 0.0)


def run(pop, dt=0.05, **keywords):
    net = lifext.Network(dt, seed=None if keywords.get("compat") else 1, **keywords)
    net.add(p=pop)
    net.run(dt)


@pytest.mark.parametrize("take", [steps, run, lambda pop: run(pop, compat=True), lambda pop: run(pop, dtype="float32")],
                         ids=["by hand", "fast", "compat", "float32"])
def test_a_drive_that_breaks_refractory_periods(take):
    # 1.8 kHz in Hz
    with pytest.warns(ParameterWarning, match="looks like hertz"):
        pop = lifext.pyrPop(3, noise_rate=1800.0)
    with pytest.warns(ParameterWarning, match="pyrPop: noise and afferents should take more than one step of dt = 0.05 "
                                              "ms .*refractory period moves on"):
        take(pop)
    assert said_of(lambda: steps(pop)) == []
    # it is true: neurons spike in each step
    pop = lifext.pyrPop(3, rng=1)
    with pytest.warns(ParameterWarning):
        pop.noise.rate = 1800.0
        for step in range(100):
            pop.predictSpikes(0.05, 0.05 * step)
            pop.processTimeStep(0.05, 0.05 * step)
    assert pop.numSpikes == 3 and (pop._endRefract > 100 * 0.05).all()


@pytest.mark.parametrize("change", [
    lambda pop: pop.stim(cue_sal=90.0), lambda pop: setattr(pop.noise, "g", 3.0),
    lambda pop: setattr(pop.noise, "rate", [1.0, 900.0, 1.0]),
])
def test_other_drives_as_strong(change):
    pop = lifext.pyrPop(3)
    change(pop)
    [message] = said_of(lambda: run(pop))
    assert "noise and afferents should take" in message


def test_a_drive_of_afferents_counts_while_they_are_on():
    pop = lifext.pyrPop(2)
    pop.stim(cue_sal=90.0)
    pop.removeStim()
    assert said_of(lambda: run(pop)) == []


def test_numbers_beyond_all_bounds_are_warned_of_and_nothing_else():
    pop = lifext.pyrPop(2)
    for way, value in (("noise.rate", [1e300, 1.0]), ("noise.g", [1e300, 1.0]), ("noise.vE", [1e300, -1e300]),
                       ("leak.g", [1e300, 0.0]), ("cM", [5e-324, 1e300])):
        assert len(said_of(lambda way=way, value=value: put(pop, way, value))) == 1
    assert all("should" in text for text in said_of(lambda: pop._check_arrivals(1e-300)))


def test_a_membrane_that_is_faster_than_a_step():
    pop = lifext.pyrPop(3, leak_g=[0.02, 9.9, 0.02], noise_rate=0.0, cM=0.1)
    [message] = said_of(lambda: run(pop))
    assert message == ("pyrPop: the membrane's time constant cM/leak.g[1] should be >= dt = 0.05 ms, got 0.0101 ms")
    assert said_of(lambda: steps(pop)) == []


# projections

def network(target=lifext.pyrPop, **keywords):
    cells, targets = lifext.pyrPop(3), target(3, **keywords)
    net = lifext.Network(0.05, seed=1)
    net.add(cells=cells, targets=targets)
    return net, cells, targets


NEGATIVE = np.array([[0.0, 0.1, 0.2], [0.1, 0.0, -0.5], [-1.0, 0.0, 0.0]])
ROTATED = np.array([[0.5, 0.1, -0.2], [-0.2, 0.5, 0.1], [0.1, -0.2, 0.5]])


class Third(lifext.Weights):
    """A form of the user's."""

    def __init__(self, weight):
        self._store(shape=(3, 3), weight=weight)

    def _fill(self, source, row):
        row[:] = self.weight


@pytest.mark.parametrize("kind", ["exc", "inh", "ampa", "nmda"])
@pytest.mark.parametrize(("weights", "words"), [
    (NEGATIVE, "got -0.5 from neuron 1 to neuron 2"),
    (lifext.Sparse.from_csr([0, 1, 2, 2], [0, 2], [0.5, -0.25], (3, 3)), "got -0.25 from neuron 1 to neuron 2"),
    (lifext.Sparse.from_csr([0, 1, 2, 2], [0, 2], [-0.25, -0.25], (3, 3)), "got -0.25 from neuron 0 to neuron 0"),
    (lifext.Ring(ROTATED[0]), "got -0.2 from neuron 0 to neuron 2"), (Uniform(-1e-300), "got -1e-300 from neuron 0 to"),
    (lifext.OneToOne([0.1, 0.1, -2.0]), "got -2 from neuron 2 to neuron 2"), (Third(-1.0), "got -1 from neuron 0"),
], ids=["dense", "sparse", "alike", "ring", "uniform", "pairs", "own"])
def test_negative_weights(kind, weights, words):
    net, cells, targets = network()
    [message] = said_of(lambda: net.connect(cells, targets, weights, kind))
    assert message.startswith(f"Network: the projection cells -> targets ('{kind}') should have weights >= 0, {words}")
    assert ("excitation" if kind == "inh" else "inhibition") in message
    assert len(net._projections) == 1


@pytest.mark.parametrize(("weights", "words"), [
    (np.zeros((3, 3)), "weights of 0 only"), (Uniform(0.0), "weights of 0 only"), (lifext.OneToOne(0.0), "0 only"),
    (lifext.Sparse.from_csr([0, 1, 1, 1], [0], [0.0], (3, 3)), "0 only"), (lifext.Ring(np.zeros(3)), "0 only"),
    (lifext.Sparse.from_csr([0, 0, 0, 0], [], [], (3, 3)), "no connections"), (Third(0.0), "weights of 0 only"),
    (-np.zeros((3, 3)), "weights of 0 only"),
])
def test_weights_that_add_nothing(weights, words):
    net, cells, targets = network()
    [message] = said_of(lambda: net.connect(cells, targets, weights, "exc"))
    assert "('exc') should have a weight > 0, got" in message and words in message


@pytest.mark.parametrize("weights", [
    np.eye(3), Uniform(1e-300), lifext.OneToOne([0.0, 0.0, 1.0]), lifext.Ring([0.0, 0.5, 0.0]), lifext.Ring([0.5] * 3),
    lifext.Sparse.from_csr([0, 1, 1, 1], [0], [1.0], (3, 3)), Third(1.0)])
def test_weights_that_add_something(weights):
    net, cells, targets = network()
    kinds = ("exc", "inh", "ampa", "nmda")
    assert said_of(lambda: [net.connect(cells, targets, weights, kind) for kind in kinds]) == []


def test_inhibition_where_there_is_none():
    net, cells, targets = network(lifext.interPop)
    words = r"\('inh'\) does nothing: interPop has no GABA current"
    with pytest.warns(ParameterWarning, match=words):
        net.connect(cells, targets, Uniform(0.1), "inh")
    assert said_of(lambda: net.connect(cells, targets, Uniform(0.1), "exc")) == []
    # by hand
    pop = lifext.interPop(3)
    with pytest.warns(ParameterWarning, match="interPop: inhibition has no effect, as published: it has no GABA"):
        pop.receiveIntSpikes(0.05, 1, [[0.01]], np.ones((1, 3)))
    assert said_of(lambda: pop.receiveIntSpikes(0.05, 1, [[0.01]], np.ones((1, 3)))) == []
    silent = lifext.interPop(3)
    assert said_of(lambda: silent.receiveIntSpikes(0.05, 0, [], [])) == []


def test_conductances_of_receptors_without_a_current():
    pop = lifext.interPop(3)
    assert said_of(lambda: put(pop, "GABA.g", 5)) == [
        "interPop: GABA.g has no effect, as published: it has no GABA current"]
    assert said_of(lambda: put(pop, "GABA.g", 6)) == []
    assert len(said_of(lambda: put(pop, "GABA.vI", -80))) == 1
    assert len(said_of(lambda: put(pop, "GABA", lifext.GABAR(3)))) == 1
    assert said_of(lambda: lifext.interPop(3, GABA_g=0)) == []
    ring = lifext.interRingPop(3)
    assert said_of(lambda: put(ring, "GABA.g", 5)) == []


def test_a_class_that_has_a_use_for_inhibition_is_not_warned_of():
    class Mine(lifext.interPop):
        def dVmdt(self, dt, vM):
            return super().dVmdt(dt, vM) - self.GABA.current(dt, vM)

    net, cells, targets = network(Mine, GABA_g=0.5)
    assert said_of(lambda: net.connect(cells, targets, Uniform(0.1), "inh")) == []
    targets.receiveIntSpikes(0.05, 1, [[0.01]], np.ones((1, 3)))


@pytest.mark.parametrize(("conductances", "kind", "words"), [
    (dict(AMPA_g=0), "ampa", "AMPA.g should be > 0 uS, got 0"), (dict(NMDA_g=0.0), "nmda", "NMDA.g should be"),
    (dict(AMPA_g=0, NMDA_g=np.zeros(3)), "exc", "AMPA.g and NMDA.g should be"),
    (dict(GABA_g=0), "inh", "GABA.g should"),
])
def test_receptors_without_conductance(conductances, kind, words):
    net, cells, targets = network(**conductances)
    [message] = said_of(lambda: net.connect(cells, targets, Uniform(0.1), kind))
    assert message.startswith(f"Network: the projection cells -> targets ('{kind}') does nothing: pyrPop: {words}")


@pytest.mark.parametrize(("conductances", "kind"), [
    (dict(AMPA_g=0), "exc"), (dict(NMDA_g=0), "exc"), (dict(AMPA_g=[0, 0, 0.1]), "ampa"), (dict(AMPA_g=0), "inh")])
def test_receptors_of_which_some_conduct(conductances, kind):
    net, cells, targets = network(**conductances)
    assert said_of(lambda: net.connect(cells, targets, Uniform(0.1), kind)) == []


def test_an_error_at_connect_connects_nothing():
    net, cells, targets = network()
    with warnings.catch_warnings():
        warnings.simplefilter("error", LifextWarning)
        with pytest.raises(ParameterWarning):
            net.connect(cells, targets, Uniform(-0.1), "exc")
    assert net._projections == []


def test_the_numbers_are_the_same_with_warnings_and_without():
    found = []
    for action in ("ignore", "always"):
        with warnings.catch_warnings(record=True):
            warnings.simplefilter(action)
            net, cells, targets = network(vReset=-50.0, noise_rate=1200.0)
            net.connect(cells, targets, Uniform(-0.1), "exc")
            net.run(5.0)
            found.append(targets.VMs())
    assert np.array_equal(*found)


def test_nothing_is_kept_of_objects_that_are_gone():
    gc.collect()
    before = len(_plausible._known)
    pop = lifext.pyrPop(3)
    pop.AMPA.kinetic = lifext.secondOrdKin(3, 1, 1, 0.05, 2)
    pop.me = pop
    run(pop)
    run(pop)
    del pop
    gc.collect()
    # others may go meanwhile, such as what a failed test before this one has kept
    assert len(_plausible._known) <= before
