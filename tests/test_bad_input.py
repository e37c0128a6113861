"""What is refused, in which words, and that nothing is changed by a refused call."""
import copy
import pickle

import numpy as np
import pytest

import lifext

DT = 0.05
POP = lifext.pyrPop
NAN, INF = np.nan, np.inf


def snapshot(obj):
    return pickle.dumps(obj)


@pytest.mark.parametrize("cls", [lifext.pyrPop, lifext.interRingPop, lifext.kineticBase, lifext.AMPAR, lifext.leak])
@pytest.mark.parametrize("size", [0, -1, 2.5, NAN, INF, "4", None, [4], True, 1j])
def test_sizes(cls, size):
    with pytest.raises((ValueError, TypeError), match=rf"{cls.__name__}: size must be a whole number >= 1, got"):
        cls(size)


@pytest.mark.parametrize("size", [4, 4.0, np.int32(4), np.float64(4)])
def test_whole_sizes_of_any_type_will_do(size):
    assert POP(size).size == 4


def test_the_size_is_fixed():
    pop = POP(3)
    with pytest.raises(ValueError, match="pyrPop: size is fixed at 3, got 4"):
        pop.size = 4


@pytest.mark.parametrize("name", ["vTh", "vReset", "refDur", "cM", "AMPA_g", "NMDA_g", "GABA_g", "noise_rate",
                                  "noise_g", "leak_g", "leak_vL"])
@pytest.mark.parametrize("value", [
    NAN, INF, -INF, "1", None, 1j, np.complex128(1 + 1j), [1.0, NAN, 2.0], [1.0, 2.0], [[1.0, 2.0, 3.0]], object()])
def test_parameters_of_populations(name, value):
    with pytest.raises((ValueError, TypeError), match=rf"pyrPop: {name}(\[1\])? must be .*finite.*, got"):
        POP(3, **{name: value})


@pytest.mark.parametrize(("owner", "name", "value", "bound"), [
    ("", "cM", 0, "> 0"), ("", "cM", -1, "> 0"), ("noise", "tau", 0, "> 0"), ("noise", "rate", -1, ">= 0"),
    ("AMPA.kinetic", "tau_s", 0, "> 0"), ("NMDA.kinetic", "tau_x", -2, "> 0"), ("noise", "rate", [1, -1, 1], ">= 0"),
    ("AMPA", "g", NAN, "finite"), ("NMDA", "mg", INF, "finite"), ("GABA", "vI", "x", "finite"),
    ("leak", "vL", [1, 2], "finite"), ("", "_vM", NAN, "finite"), ("", "_vM", [-60, NAN, -60], "finite"),
    ("", "_vM", np.zeros(4), "finite"), ("AMPA", "_curr", "x", "finite"), ("NMDA.kinetic", "_x", INF, "finite"),
    ("", "_spiked", [1, 0, 1], "booleans"), ("", "AMPA", None, "methods project"), ("", "leak", 3.0, "methods"),
    ("", "noise", lifext.noisePoisson(4), "of size 3"), ("AMPA", "kinetic", object(), "methods project"),
    ("AMPA", "kinetic", lifext.firstOrdKin(5, 1, 2), "of size 3"), ("", "rng", "seed", "Generator"),
    ("", "cM", 10**400, "finite"),
])
def test_attributes(owner, name, value, bound):
    pop = POP(3)
    target = pop
    for part in filter(None, owner.split(".")):
        target = getattr(target, part)
    before = snapshot(pop)
    with pytest.raises((ValueError, TypeError)) as error:
        setattr(target, name, value)
    assert str(error.value).startswith(f"{type(target).__name__}: {name}")
    assert bound in str(error.value)
    assert "got" in str(error.value)
    assert snapshot(pop) == before


@pytest.mark.parametrize(("make", "words"), [
    (lambda: lifext.AMPAR(2, order=3), "AMPAR: order must be 1 or 2, got 3"),
    (lambda: lifext.NMDAR(2, order="1"), "NMDAR: order must be 1 or 2, got '1'"),
    (lambda: lifext.GABAR(2, order=NAN), "GABAR: order must be 1 or 2, got nan"),
    (lambda: lifext.GABAR(2, order=True), "GABAR: order must be 1 or 2, got True"),
    (lambda: lifext.GABAR(2, order=np.True_), "GABAR: order must be 1 or 2, got (np.)?True_?"),
    (lambda: lifext.AMPAR(2, tau_s=0), "tau_s must be a number, finite and > 0, got 0"),
    (lambda: lifext.AMPAR(2, tau_x=-1), "AMPAR: tau_x must be a number, finite and > 0, got -1"),
    (lambda: lifext.AMPAR(2, colour=1), "AMPAR: there is no argument 'colour', got colour=1"),
    (lambda: lifext.pyrRingPop(2, ampa_g=1), "pyrRingPop: there is no argument 'ampa_g', got ampa_g=1"),
    (lambda: lifext.firstOrdKin(2, 1, 2, tracked=True), "there is no argument 'tracked', got tracked=True"),
    (lambda: lifext.firstOrdKin(2, 1, 2, track=True, track_ID=2), r"track_ID must be a whole number < size = 2, got 2"),
    (lambda: lifext.firstOrdKin(2, NAN, 2), "firstOrdKin: alpha_s must be a number, finite, got nan"),
    (lambda: lifext.secondOrdKin(2, 1, 1, 0, 2), "secondOrdKin: tau_x must be a number, finite and > 0, got 0"),
    (lambda: lifext.leak(2, rand_sd=-1), "leak: rand_sd must be a number, finite and >= 0, got -1"),
    (lambda: lifext.noiseGaussian(2, 0, -1), "noiseGaussian: sd must be a number, finite and >= 0, got -1"),
    (lambda: lifext.noiseGaussian(2, NAN, 1), "noiseGaussian: mean must be a number, finite, got nan"),
    (lambda: POP(2, noise_rate=-1), "pyrPop: noise_rate must be a number, finite and >= 0, got -1"),
    (lambda: lifext.affRing(3, [0.0, 1.0]), r"affRing: positions must be .* of shape \(3,\)"),
    (lambda: lifext.affFlat(3, cue_sal=NAN), "affFlat: cue_sal must be a number, finite, got nan"),
    (lambda: lifext.affRingPoisson(2, [0, 1], max_rate=-1), "affRingPoisson: max_rate must be .* >= 0, got -1"),
    (lambda: lifext.affRingPoisson(2, [0, 1], cue_spec=INF), "affRingPoisson: cue_spec must be a number"),
    (lambda: lifext.affRingPoisson(2, [0, NAN]), r"affRingPoisson: positions\[1\] must be finite, got nan"),
    (lambda: lifext.noisePoisson(2, rng="x"), "noisePoisson: rng must be None, a numpy Generator"),
    (lambda: lifext.currentBase(2, record_rate=0), "currentBase: record_rate must be a number, finite and > 0, got 0"),
])
def test_constructors(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make()


def test_a_refused_constructor_draws_nothing():
    before = np.random.get_state()[2]
    with pytest.raises(ValueError, match="cM"):
        POP(3, cM=-1)
    assert np.random.get_state()[2] == before


@pytest.mark.parametrize("dt", [0, -DT, NAN, INF, "x", None, [DT, DT], np.array([DT, DT])])
@pytest.mark.parametrize("call", ["predictSpikes", "processTimeStep", "receive"])
def test_steps_of_no_length(dt, call):
    pop = POP(3)
    before = snapshot(pop)
    with pytest.raises((ValueError, TypeError), match="pyrPop: dt must be a number, finite and > 0, got"):
        if call == "receive":
            pop.receivePyrSpikes(dt, 1, [[0.01]], np.ones((1, 3)))
        else:
            getattr(pop, call)(dt, 1.0)
    assert snapshot(pop) == before


@pytest.mark.parametrize("time", [NAN, INF, "x", None])
@pytest.mark.parametrize("call", ["predictSpikes", "processTimeStep"])
def test_steps_at_no_time(time, call):
    with pytest.raises((ValueError, TypeError), match="pyrPop: time must be a number, finite, got"):
        getattr(POP(3), call)(DT, time)


@pytest.mark.parametrize(("num", "dts", "weights", "words"), [
    (1, [[NAN]], np.ones((1, 3)), r"pyrPop: dts\[0\] must be finite, got nan"),
    (2, [[0.0], [INF]], np.ones((2, 3)), r"pyrPop: dts\[1\] must be finite, got inf"),
    (1, [[0.0]], [[1.0, NAN, 1.0]], r"pyrPop: weights\[0, 1\] must be finite, got nan"),
    (2, [[0.0], [0.01]], [[1.0, 1, 1], [1, 1, -INF]], r"pyrPop: weights\[1, 2\] must be finite, got -inf"),
    (1, [[0.0]], np.ones((1, 4)), r"pyrPop: weights must be an array of shape \(1, 3\).*got .*shape \(1, 4\)"),
    (1, [[0.0], [0.0]], np.ones((1, 3)), r"weights must be an array of shape \(2, 3\)"),
    (1, [[0.0]], np.ones(3), r"weights must be an array of shape \(1, 3\)"),
    (1, [[0.0, 0.0]], np.ones((1, 3)), r"pyrPop: dts must be an array of shape \(n, 1\) or \(n,\)"),
    (1, "spike", np.ones((1, 3)), "pyrPop: dts must be"), (1, [[0.0]], "abc", "pyrPop: weights must be"),
    (1, [[0.0]], np.array([["a", "b", "c"]]), "pyrPop: weights must be real numbers"),
    (1, [[0.0]], np.ones((1, 3), complex), "pyrPop: weights must be real numbers"),
    (NAN, [[0.0]], np.ones((1, 3)), "pyrPop: num must be a number of spikes, got nan"),
    ("1", [[0.0]], np.ones((1, 3)), "pyrPop: num must be a number of spikes, got '1'"),
])
@pytest.mark.parametrize("call", ["receivePyrSpikes", "receiveIntSpikes"])
def test_spikes(num, dts, weights, words, call):
    pop = POP(3)
    pop.receivePyrSpikes(DT, 1, [[0.02]], np.ones((1, 3)))
    before = snapshot(pop)
    with pytest.raises((ValueError, TypeError), match=words):
        getattr(pop, call)(DT, num, dts, weights)
    assert snapshot(pop) == before


def test_rows_of_neurons_that_did_not_spike_are_not_looked_at():
    pop = POP(3)
    weights = np.full((3, 3), NAN)
    weights[1] = 0.1
    pop.receivePyrSpikes(DT, 1, [[DT], [0.01], [DT]], weights)
    pop.receivePyrSpikes(DT, 0, "nothing", None)
    assert pop._excitation.count == 1


@pytest.mark.parametrize("convert", [
    lambda x: x, lambda x: x.tolist(), lambda x: np.asfortranarray(x), lambda x: np.repeat(x, 2, axis=0)[::2],
    lambda x: x.astype(np.float32),
])
def test_arrays_of_any_kind_are_converted(convert):
    """Multiples of 1/64, which float32 holds exactly."""
    dt = 1 / 16

    def driven(dts, weights):
        np.random.seed(1)
        pop = POP(4)
        pop.predictSpikes(dt, 1.0)
        pop.receivePyrSpikes(dt, 2, dts, weights)
        pop.receiveIntSpikes(dt, 2, dts, weights)
        pop.processTimeStep(dt, 1.0)
        return pop.VMs()
    dts, weights = np.array([[1 / 64], [dt], [2 / 64]]), np.arange(12.0).reshape(3, 4) / 64
    assert np.array_equal(driven(convert(dts), convert(weights)), driven(dts, weights))


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, np.float16, bool])
def test_weights_of_any_number_type_are_converted(dtype):
    def gating(weights):
        pop = POP(4)
        pop.receivePyrSpikes(DT, 1, [[0.0], [DT]], weights)
        pop.processTimeStep(DT, 1.0)
        return pop.AMPA.kinetic.kinetic(DT)
    weights = np.array([[0, 1, 1, 0], [1, 1, 1, 1]], dtype=dtype)
    assert np.array_equal(gating(weights), gating(weights.astype(float)))


def test_spikes_outside_the_step_are_taken():
    pop = POP(2)
    pop.receivePyrSpikes(DT, 2, [[-0.01], [0.2]], np.ones((2, 2)))
    assert pop._excitation.count == 2


@pytest.mark.parametrize(("call", "words"), [
    (lambda k: k.update(DT, [0.0], np.ones((1, 2))), r"weights must be an array of shape \(1, 3\)"),
    (lambda k: k.update(DT, [0.0, 0.01], np.ones((1, 3))), r"weights must be an array of shape \(2, 3\)"),
    (lambda k: k.update(DT, [NAN], np.ones((1, 3))), r"spk_times\[0\] must be finite, got nan"),
    (lambda k: k.update(DT, [0.0], [[1, INF, 1]]), r"weights\[0, 1\] must be finite, got inf"),
    (lambda k: k.update(DT, [[0.0]], np.ones((1, 3))), r"spk_times must be an array of shape \(n,\)"),
    (lambda k: k.update(NAN, [], []), "dt must be a number, finite and >= 0, got nan"),
    (lambda k: k.update(-DT, [], []), "dt must be a number, finite and >= 0, got -0.05"),
    (lambda k: k.project("x"), "dt must be a number, finite and >= 0, got 'x'"),
    (lambda k: k.kinetic(NAN), "dt must be a number, finite and >= 0, got nan"),
])
@pytest.mark.parametrize("make", [lambda: lifext.firstOrdKin(3, 1, 2), lambda: lifext.firstOrdKinExp(3, 1, 2),
                                  lambda: lifext.secondOrdKin(3, 1, 1, 2, 80), lambda: lifext.AMPAR(3).kinetic])
def test_kinetics(call, words, make):
    kinetic = make()
    before = snapshot(kinetic)
    with pytest.raises((ValueError, TypeError), match=words):
        call(kinetic)
    assert snapshot(kinetic) == before


CURRENTS = [
    lambda: lifext.leak(3), lambda: lifext.noiseGaussian(3, 0.1, 0.2), lambda: lifext.noisePoisson(3),
    lambda: lifext.AMPAR(3), lambda: lifext.NMDAR(3), lambda: lifext.GABAR(3), lambda: lifext.affFlat(3),
    lambda: lifext.affRing(3, [0, 1, 2]), lambda: lifext.affFlatPoisson(3), lambda: lifext.affRingPoisson(3, [0, 1, 2]),
]


def used(make):
    """A current after a step, so that there is something a refused call could change."""
    current = make()
    v = np.full(3, -60.0)
    current.project(DT, v)
    current.update(DT, [0.01], np.full((1, 3), 0.1))
    current.current(DT, v)
    return current


@pytest.mark.parametrize("dt", [-DT, NAN, INF, "x", None, 1j, [DT, DT], np.array([DT, DT])])
@pytest.mark.parametrize("call", ["project", "current"])
@pytest.mark.parametrize("make", CURRENTS, ids=lambda make: type(make()).__name__)
def test_currents_at_no_time(make, call, dt):
    source = used(make)
    before = snapshot(source)
    with pytest.raises((ValueError, TypeError), match=f"{type(source).__name__}: dt must be a number, finite and >= 0"):
        getattr(source, call)(dt, np.full(3, -60.0))
    assert snapshot(source) == before


@pytest.mark.parametrize("dt", [-DT, NAN, "x", None])
@pytest.mark.parametrize("make", CURRENTS[1:3] + CURRENTS[-2:], ids=lambda make: type(make()).__name__)
def test_noises_do_not_end_a_step_of_no_length(make, dt):
    source = used(make)
    before = snapshot(source)
    with pytest.raises((ValueError, TypeError), match=f"{type(source).__name__}: dt must be a number, finite and >= 0"):
        source.update(dt, 0, 0)
    assert snapshot(source) == before


@pytest.mark.parametrize(("arguments", "words"), [
    ((NAN, [0.0], np.ones((1, 3))), "dt must be a number, finite and >= 0, got nan"),
    ((DT, [NAN], np.ones((1, 3))), r"spk_times\[0\] must be finite, got nan"),
    ((DT, [0.0], [[1, INF, 1]]), r"weights\[0, 1\] must be finite, got inf"),
    ((DT, [0.0], np.ones((1, 2))), r"weights must be an array of shape \(1, 3\)"),
    ((DT, [0.0, 0.01], np.ones((1, 3))), r"weights must be an array of shape \(2, 3\)"),
])
@pytest.mark.parametrize("cls", [lifext.AMPAR, lifext.NMDAR, lifext.GABAR])
@pytest.mark.parametrize("order", [1, 2])
def test_receptors(cls, order, arguments, words):
    receptor = used(lambda: cls(3, order=order, record_i=True))
    before = snapshot(receptor)
    with pytest.raises((ValueError, TypeError), match=words):
        receptor.update(*arguments)
    assert snapshot(receptor) == before


@pytest.mark.parametrize(("make", "arguments"), [
    (lambda: lifext.affFlat(3), dict(cue_sal=NAN)), (lambda: lifext.affRing(3, [0, 1, 2]), dict(direction=NAN)),
    (lambda: lifext.affRing(3, [0, 1, 2]), dict(direction=0, cue_sal=1, cue_spec=INF)),
    (lambda: lifext.affRing(3, [0, 1, 2]), dict(direction="up")),
    (lambda: lifext.affFlatPoisson(3), dict(rate=-1)), (lambda: lifext.affFlatPoisson(3), dict(rate=1, g=NAN)),
    (lambda: lifext.affRingPoisson(3, [0, 1, 2]), dict(direction=1, max_rate=-1)),
    (lambda: lifext.affRingPoisson(3, [0, 1, 2]), dict(direction=INF)),
])
def test_stimuli(make, arguments):
    afferents = make()
    before = snapshot(afferents)
    with pytest.raises((ValueError, TypeError), match=f"{type(afferents).__name__}: {list(arguments)[-1]} must be"):
        afferents.stim(**arguments)
    assert snapshot(afferents) == before
    with pytest.raises(TypeError):
        afferents.stim(*arguments.values(), colour=1)


@pytest.mark.parametrize("name", ["vTh", "vReset", "refDur", "cM", "AMPA_g", "noise_rate"])
def test_whole_numbers_that_no_float_can_be(name):
    with pytest.raises(ValueError, match=f"pyrPop: {name} must be a number, finite"):
        lifext.pyrPop(3, **{name: 10**400})


def test_long_values_are_shortened_in_messages():
    with pytest.raises((ValueError, TypeError)) as error:
        POP(3, vTh="x" * 10000)
    assert len(str(error.value)) < 200


def test_a_population_goes_on_after_a_refusal():
    pop = POP(5, rng=2)
    twin = copy.deepcopy(pop)
    for k in range(20):
        for each in (pop, twin):
            each.predictSpikes(DT, k * DT)
            if each is pop:
                with pytest.raises(ValueError, match="weights"):
                    pop.receivePyrSpikes(DT, 1, [[0.0]], np.full((1, 5), NAN))
                with pytest.raises(ValueError, match="dt must be"):
                    pop.processTimeStep(0, k * DT)
            each.processTimeStep(DT, k * DT)
    assert np.array_equal(pop.VMs(), twin.VMs())
