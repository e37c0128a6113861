"""Networks of the fast arithmetic: weights, delays, a user's changes, what goes through Python, errors."""
import signal
import threading
import warnings

import numpy as np
import pytest
import threadpoolctl
from conftest import composed
from fast_tools import (
    DT,
    Train,
    assert_close,
    assert_same,
    everything,
    network,
    quiet,
    run,
    volleys,
    without_warning,
)
from twin_network import TwinNetwork

import lifext
from lifext import Dense, Network, OneToOne, PerformanceWarning, Ring, Sparse, Uniform
from lifext._core.fast import loop as fast_loop

NEVER = 1e3


# Weights and delays

def gating_of(weights, kind, n, m, **options):
    """What spikes leave in the gating of targets that do not spike themselves."""
    train, cells = Train(n, volleys(n, 80)), quiet(lifext.pyrPop, m, vTh=NEVER)
    net = network({"train": train, "cells": cells}, [("train", "cells", weights, kind, 0.35)], seed=1, **options)
    run(net, 5.0)
    return {name: getattr(cells, name).kinetic._s.copy() for name in ("AMPA", "NMDA", "GABA")} | {"v": cells.VMs()}


# negative ones, too
@pytest.mark.any_state
@pytest.mark.filterwarnings("ignore:.*should have weights >= 0:lifext.ParameterWarning")
@pytest.mark.parametrize("kind", ["exc", "inh", "ampa", "nmda"])
@pytest.mark.parametrize(("make", "n", "m"), [
    (lambda n, m: Sparse.random(n, m, 0.2, lambda rng, count: rng.random(count), rng=2), 40, 300),
    (lambda n, m: Sparse.fixed_in_degree(n, m, 3, 0.5, rng=2), 40, 300),
    (lambda n, m: Ring.from_profile(n, scale=3.0), 300, 300),
    (lambda n, m: Ring.from_profile(n, scale=3.0, prop=1.0), 64, 64),
    (lambda n, m: Uniform(0.02), 40, 300), (lambda n, m: Uniform(0.02), 300, 1),
    (lambda n, m: OneToOne(0.4), 300, 300), (lambda n, m: OneToOne(np.linspace(-0.1, 0.5, n)), 300, 300),
    (lambda n, m: OneToOne(np.array([0.2])), 1, 1),
])
def test_every_kind_of_weights_is_its_dense_twin(kind, make, n, m):
    weights = make(n, m)
    got = gating_of(weights, kind, n, m)
    dense = (weights.bound(n, m) if isinstance(weights, Uniform | OneToOne) else weights).toarray()
    assert_close(got, gating_of(Dense(dense), kind, n, m), rtol=1e-12, atol=1e-300)
    reached = {"exc": {"AMPA", "NMDA"}, "inh": {"GABA"}, "ampa": {"AMPA"}, "nmda": {"NMDA"}}[kind]
    assert {name for name in ("AMPA", "NMDA", "GABA") if abs(got[name]).max() > 1e-5} == reached
    assert {name for name in ("AMPA", "NMDA", "GABA") if got[name].any()} == reached


@pytest.mark.parametrize("delay", [0.0, DT, 0.35, 4.0, 100.0])
def test_delays(delay):
    """Each spike reaches the gating in the step that is `delay` after its own; one longer than the run, never."""
    train, cells = Train(3, {2: ([1], [0.03]), 60: ([0, 2], [0.0, 0.04])}), quiet(lifext.pyrPop, 3, vTh=NEVER)
    net = network({"train": train, "cells": cells}, [("train", "cells", OneToOne(0.5), "exc", delay)], seed=1)
    trace = net.record_state(cells, "s_ampa")
    run(net, 10.0)
    gating, step = trace["s_ampa"], round(delay / DT)
    want = np.zeros((200, 3))
    for at, neuron, time in [(2, 1, 0.03), (60, 0, 0.0), (60, 2, 0.04)]:
        since = np.arange(200) - (at + step)
        want[:, neuron] += np.where(since >= 0, 0.5 * np.exp(-(np.maximum(since, 0) * DT + DT - time) / 2), 0.0)
    np.testing.assert_allclose(gating, want, rtol=1e-11, atol=0)


def test_several_projections_onto_one_target_add_up():
    n, m = 30, 20
    rng = np.random.default_rng(5)
    parts = [(name, kind, rng.random((n, m)) * 0.1) for name, kind in
             [("a", "exc"), ("a", "exc"), ("b", "exc"), ("a", "inh"), ("b", "inh")]]

    def gating(chosen):
        pops = {"a": Train(n, volleys(n, 80, 1)), "b": Train(n, volleys(n, 80, 2)),
                "cells": quiet(lifext.pyrPop, m, vTh=NEVER)}
        net = network(pops, [(name, "cells", weights, kind) for name, kind, weights in chosen], seed=1)
        run(net, 5.0)
        return np.array([getattr(pops["cells"], name).kinetic._s for name in ("AMPA", "GABA")])
    np.testing.assert_allclose(gating(parts), sum(gating([part]) for part in parts), rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_receptors_of_one_type_get_what_excitation_brings_them(order):
    """AMPA and NMDA, each reached alone, are together as if reached by excitation: gating, currents and potential."""
    weights = Sparse.random(40, 300, 0.2, 0.02, rng=3)

    def outcome(*kinds):
        cells = quiet(lifext.pyrPop, 300, vTh=NEVER, NMDA_g=0.05)
        cells.AMPA = lifext.AMPAR(300, order=order, g=0.2)
        net = network({"train": Train(40, volleys(40, 200)), "cells": cells},
                      [("train", "cells", weights, kind) for kind in kinds], seed=1)
        run(net, 10.0)
        return everything(cells)
    assert_same(outcome("ampa", "nmda"), outcome("exc"))
    alone = outcome("ampa")
    assert np.array_equal(alone["AMPA._s"], outcome("exc")["AMPA._s"])
    assert not alone["NMDA._s"].any()
    assert not alone["NMDA._x"].any()


def test_one_type_of_receptors_is_not_for_the_published_scheme():
    """Its classes receive excitation, not what is for AMPA or NMDA receptors."""
    pops = {"train": Train(3, volleys(3, 20)), "cells": quiet(lifext.pyrPop, 3)}
    net = network(pops, compat=True)
    for kind in ("ampa", "nmda"):
        with pytest.raises(ValueError, match=f"^Network: kind must be 'exc' or 'inh' with compat=True, got '{kind}'"):
            net.connect(pops["train"], pops["cells"], Uniform(0.1), kind)
    net.connect(pops["train"], pops["cells"], Uniform(0.1), "exc")
    run(net, 1.0)

    pops = {"train": Train(3, volleys(3, 20)), "cells": quiet(lifext.pyrPop, 3)}
    net = network(pops, [("cells", "train", Uniform(0.1), "nmda"), ("train", "cells", Uniform(0.1), "ampa")], seed=1)
    before = everything(pops["cells"])
    with without_warning(), pytest.raises(ValueError, match="'exc' or 'inh' onto train, which the fast .*, got 'nmda'"):
        net.run(1.0)
    assert net.time == 0.0
    assert_same(everything(pops["cells"]), before)


def test_a_projection_onto_itself_and_delays_between_two():
    """All four projections between two populations, each with a delay: the published numbers, at first order."""
    def outcome(**options):
        pops = deterministic()
        net = network(pops, [("cells", "cells", Uniform(0.004), "exc", 1.0), ("cells", "inh", Uniform(0.02), "exc"),
                             ("inh", "cells", Uniform(0.01), "inh", 0.25), ("inh", "inh", Uniform(0.002), "inh", 3.0)],
                      **options)
        spikes = [net.record_spikes(pops[name]) for name in ("cells", "inh")]
        pops["cells"].stim(cue_sal=0.8)
        run(net, 60.0)
        return {name: everything(pops[name]) for name in ("cells", "inh")}, spikes
    (fast, fast_spikes), (compat, compat_spikes) = outcome(seed=1), outcome(compat=True)
    for name in fast:
        assert_close(fast[name], compat[name], rtol=1e-9)
    for one, other in zip(fast_spikes, compat_spikes):
        assert len(one) > 10
        assert np.array_equal(one.ids, other.ids)
        np.testing.assert_allclose(one.times, other.times, rtol=1e-10)


# A user's changes. Without noise and at first order both arithmetics come to the same numbers, but for rounding.

def first_order(pop):
    pop.NMDA = lifext.NMDAR(pop.size, order=1, g=pop.NMDA.g)
    return pop


def deterministic(size=12):
    return {"cells": first_order(quiet(lifext.pyrPop, size, AMPA_g=0.4)), "inh": first_order(quiet(lifext.interPop, 3))}


def with_trains(change, callback=False, kind=Network, threshold=-52.0, **options):
    """A driven population, changed at 10 ms, at the end of 20."""
    cells = first_order(quiet(lifext.pyrPop, 12, AMPA_g=0.4, NMDA_g=0.05, vTh=threshold))
    pops = {"exc": Train(20, volleys(20, 400, 1)), "inh": Train(20, volleys(20, 400, 2)), "cells": cells}
    rng = np.random.default_rng(4)
    net = network(pops, [(name, "cells", rng.random((20, 12)) * 0.01, name) for name in ("exc", "inh")], kind=kind,
                  **options)
    if callback:
        run(net, 20.0, every=(10.0, lambda net: change(cells) if net.time < 15 else None))
    else:
        run(net, 10.0)
        change(cells)
        run(net, 10.0)
    return everything(cells)


def set_part(name, attribute, value):
    return lambda pop: setattr(getattr(pop, name) if name else pop, attribute, value)


def replace_kinetic(pop):
    pop.AMPA.kinetic = lifext.firstOrdKinExp(12, 1.5, 4.0)


def replace_receptor(pop):
    pop.GABA = lifext.GABAR(12, g=0.5, vI=-75)


def in_place(owner, attribute, value):
    """An array of parameters, of which one element is then written."""
    def change(pop):
        where = getattr(pop, owner) if owner else pop
        if not isinstance(getattr(where, attribute), np.ndarray):
            setattr(where, attribute, np.full(12, getattr(where, attribute), dtype=float))
        getattr(where, attribute)[3] = value
    return change


def steady_ring(pop):
    pop.afferents = lifext.affRing(12, np.linspace(0, 2 * np.pi, 12, endpoint=False))
    pop.stim(direction=1.0, cue_sal=0.6)


CHANGES = {
    "AMPA.g": set_part("AMPA", "g", 0.9), "NMDA.g to 0": set_part("NMDA", "g", 0.0),
    "NMDA.mg": set_part("NMDA", "mg", 0.3), "GABA.vI": set_part("GABA", "vI", -80.0),
    "leak.g": set_part("leak", "g", np.linspace(0.02, 0.05, 12)), "vTh": set_part("", "vTh", -58.0),
    "cM": set_part("", "cM", 0.2), "refDur": set_part("", "refDur", 0.1),
    "_vM": set_part("", "_vM", np.full(12, -52.5)),
    "in-place cM": in_place("", "cM", 0.1), "in-place leak.vL": in_place("leak", "vL", -55.0),
    "in-place AMPA.g": in_place("AMPA", "g", 1.5),
    "in-place potential": lambda pop: pop._vM.__setitem__(slice(0, 6), -58.0),
    "in-place gating": lambda pop: pop.AMPA.kinetic._s.__setitem__(0, 0.01),
    "kinetic": replace_kinetic, "receptor": replace_receptor,
    "tau": lambda pop: setattr(pop.GABA.kinetic, "tau_s", 3.0),
    "gating": lambda pop: setattr(pop.NMDA.kinetic, "_s", np.linspace(0, 0.5, 12)),
    "steady afferents": lambda pop: pop.stim(cue_sal=0.5), "steady ring": steady_ring,
}


@pytest.mark.parametrize("callback", [False, True])
@pytest.mark.parametrize("name", list(CHANGES))
def test_changes_count(name, callback):
    # spikes of cells that others have taken over threshold are timed in their step here, and before it as published
    spikes = name in ("vTh", "refDur")
    threshold = -52.0 if spikes else NEVER
    got = with_trains(CHANGES[name], callback, threshold=threshold, seed=1)
    want = {"kind": TwinNetwork, "seed": 1} if spikes else {"compat": True}
    assert_close(got, with_trains(CHANGES[name], callback, threshold=threshold, **want), rtol=1e-9)
    unchanged = with_trains(lambda pop: None, threshold=threshold, seed=1)
    assert not np.allclose(got["_vM"], unchanged["_vM"], rtol=1e-9)


def test_a_closed_receptor_that_is_opened_again():
    """The gating goes on under a conductance of 0; opened, its current is back, as in the published order of a step."""
    def outcome(**options):
        cells = first_order(quiet(lifext.pyrPop, 12, AMPA_g=0.4, NMDA_g=0.2))
        net = network({"exc": Train(20, volleys(20, 400, 1)), "cells": cells},
                      [("exc", "cells", Uniform(0.01), "exc")], **options)
        seen = []
        for g in (0.0, 0.2, 0.0, 0.2):
            cells.NMDA.g = g
            run(net, 5.0)
            seen.append(everything(cells))
        return seen
    fast, compat = outcome(seed=1), outcome(compat=True)
    for one, other in zip(fast, compat):
        assert_close(one, other, rtol=1e-9)
    assert not fast[2]["NMDA._curr"].any()
    assert fast[3]["NMDA._curr"].all()


def test_steady_afferents_shown_and_hidden():
    def outcome(make, stim, **options):
        cells = quiet(lifext.pyrPop, 12)
        cells.afferents = make()
        net = network({"cells": cells}, **options)
        for act in (lambda: None, lambda: cells.stim(**stim), cells.removeStim, lambda: cells.stim(**stim)):
            act()
            run(net, 3.0)
        return everything(cells)
    ring = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    for make, stim in [(lambda: lifext.affFlat(12), {"cue_sal": 0.4}),
                       (lambda: lifext.affRing(12, ring), {"direction": 2.0, "cue_sal": 0.4})]:
        got = outcome(make, stim, seed=1)
        assert_close(got, outcome(make, stim, compat=True), rtol=1e-10)
        assert abs(got["_vM"] - outcome(make, {**stim, "cue_sal": 0.0}, seed=1)["_vM"]).max() > 0.1


@pytest.mark.parametrize("make", [
    lambda n: lifext.affFlatPoisson(n, rate=20.0),
    lambda n: lifext.affRingPoisson(n, np.linspace(0, 2 * np.pi, n, endpoint=False), max_rate=20.0)])
def test_poisson_afferents_shown_and_hidden(make):
    """Silent until shown; hidden, the gating decays and nothing arrives."""
    n = 300
    cells = quiet(lifext.pyrPop, n, vTh=NEVER)
    cells.afferents = make(n)
    net = network({"cells": cells}, seed=4)
    run(net, 5.0)
    assert not cells.afferents._s.any()
    cells.stim(**({"direction": 0.0} if hasattr(cells.afferents, "_positions") else {}))
    run(net, 20.0)
    arrived = cells.afferents._s.copy()
    rate = np.broadcast_to(cells.afferents.rate, (n,))
    assert arrived.sum() == pytest.approx(2 * rate.sum(), abs=4.5 * np.sqrt(rate.sum()))
    cells.removeStim()
    run(net, 5.0)
    np.testing.assert_allclose(cells.afferents._s, arrived * np.exp(-5 / 2), rtol=1e-12)
    assert np.all(cells.afferents._curr[arrived > 0] < 0)


@pytest.mark.parametrize("callback", [False, True])
@pytest.mark.parametrize("change", [
    lambda noise: setattr(noise, "rate", 9.0), lambda noise: setattr(noise, "rate", np.full(400, 9.0)),
    lambda noise: noise.rate.__setitem__(slice(None), 9.0)])
def test_changes_of_a_rate_count(change, callback):
    cells = lifext.pyrPop(400, vTh=NEVER, noise_rate=np.full(400, 1.8))
    net = network({"cells": cells}, seed=4)
    if callback:
        net.run(40.0, every=(20.0, lambda net: change(cells.noise) if net.time < 30 else None))
    else:
        net.run(20.0)
        change(cells.noise)
        net.run(20.0)
    # mean rate*tau, variance rate*tau/2
    assert cells.noise._s.mean() == pytest.approx(18.0, abs=4.5 * np.sqrt(9 / 400))


def test_no_noise_at_all_and_then_some():
    cells = lifext.pyrPop(400, vTh=NEVER, noise_rate=0.0)
    net = network({"cells": cells}, seed=4)
    net.run(5.0)
    assert not cells.noise._s.any()
    cells.noise.rate = np.repeat([0.0, 5.0], 200)
    net.run(20.0)
    assert not cells.noise._s[:200].any()
    assert cells.noise._s[200:].mean() == pytest.approx(10.0, abs=4.5 * np.sqrt(5 / 200))


# One value a neuron

SPREAD = [("", "vTh"), ("", "vReset"), ("", "refDur"), ("", "cM"), ("leak", "g"), ("leak", "vL"), ("AMPA", "g"),
          ("AMPA", "vE"), ("NMDA", "g"), ("NMDA", "mg"), ("GABA", "g"), ("GABA", "vI"), ("noise", "g"),
          ("noise", "alpha")]


@pytest.mark.parametrize(("part", "name"), [*SPREAD, ("noise", "rate")])
def test_a_parameter_as_an_array_is_the_number(part, name):
    """To the bit: each neuron goes through the same operations.

    For a rate that holds as the arrivals of a block are as many, and are given to the same neurons, but for those of
    which a random number of 32 bits and more falls within a rounding of the sum of the rates; none here.
    """
    n = 300
    rng = np.random.default_rng(4)
    weights = [Dense(rng.random((20, n)) * 0.05) for _ in range(2)]

    def outcome(each):
        cells = lifext.pyrPop(n, noise_g=0.008, NMDA_g=0.1, rng=2)
        owner = getattr(cells, part) if part else cells
        if each:
            setattr(owner, name, np.full(n, getattr(owner, name), dtype=float))
        net = network({"exc": Train(20, volleys(20, 200, 1)), "inh": Train(20, volleys(20, 200, 2)), "cells": cells},
                      [(kind, "cells", w, kind) for kind, w in zip(("exc", "inh"), weights)], seed=1)
        run(net, 10.0)
        return everything(cells)
    assert_same(outcome(False), outcome(True))


def test_a_parameter_of_each_neuron_is_its_own():
    """A population with arrays is so many populations of one neuron with numbers."""
    n = 5
    values = {(part, name): factor * getattr(getattr(lifext.pyrPop(1), part) if part else lifext.pyrPop(1), name)
              for (part, name), factor in zip(SPREAD, np.linspace(0.95, 1.1, n)[None].repeat(len(SPREAD), 0))}

    def outcome(chosen):
        cells = quiet(lifext.pyrPop, len(chosen))
        cells._vM = np.full(len(chosen), -56.0)
        for (part, name), value in values.items():
            setattr(getattr(cells, part) if part else cells, name, value[chosen])
        net = network({"exc": Train(3, volleys(3, 200, 1)), "inh": Train(3, volleys(3, 200, 2)), "cells": cells},
                      [(kind, "cells", Uniform(0.03), kind) for kind in ("exc", "inh")], seed=1)
        cells.stim(cue_sal=1.0)
        run(net, 10.0)
        return {name: value for name, value in everything(cells).items() if name != "numSpikes"}
    together = outcome(np.arange(n))
    for i in range(n):
        for name, value in outcome(np.array([i])).items():
            assert np.array_equal(together[name][i:i + 1] if len(together[name]) else value, value), name
    assert len(np.unique(together["_vM"])) == n


# What a script sees

def test_attributes_after_a_run_are_those_of_a_step_and_it_can_go_on_by_hand():
    def outcome(**options):
        pops = deterministic()
        net = network(pops, [("cells", "inh", Uniform(0.02), "exc"), ("inh", "cells", Uniform(0.01), "inh", 0.25)],
                      **options)
        pops["cells"].stim(cue_sal=0.8)
        seen = []
        # up to a step in which some spike, and then step by step
        net.run(9.0)
        for _ in range(120):
            net.run(DT)
            seen.append({name: everything(pop) for name, pop in pops.items()})
        for k in range(60):
            time = net.time + k * DT
            for pop in pops.values():
                pop.predictSpikes(DT, time)
            cells = pops["cells"]
            pops["inh"].receivePyrSpikes(DT, cells.numSpikes, cells.spikeTimes(), np.full((12, 3), 0.02))
            for pop in pops.values():
                pop.processTimeStep(DT, time)
            seen.append({name: everything(pop) for name, pop in pops.items()})
        return seen
    fast, compat = outcome(seed=1), outcome(compat=True)
    assert sum(int(step["cells"]["numSpikes"][0]) for step in fast[:120]) > 3
    for one, other in zip(fast, compat):
        for name in one:
            assert_close(one[name], other[name], rtol=1e-9)


def test_noise_goes_on_by_hand_after_a_run():
    cells = lifext.pyrPop(50, rng=3)
    net = network({"cells": cells}, seed=1)
    net.run(5.0)
    before = cells.noise._s.copy()
    cells.predictSpikes(DT, net.time)
    cells.processTimeStep(DT, net.time)
    # what was there has decayed, and there are arrivals
    more = cells.noise._s - before * np.exp(-DT / 2)
    assert more.min() > -1e-12
    assert more.max() > 0.9
    with pytest.warns(lifext.ParameterWarning, match="cells should be stepped by its network only"):
        net.run(5.0)


def test_records_can_be_cleared_between_runs():
    """A record that is emptied goes on recording."""
    cells = quiet(lifext.pyrPop, 3)
    net = network({"cells": cells}, seed=1)
    spikes, trace = net.record_spikes(cells), net.record_state(cells, "v", every=1.0)
    cells.stim(cue_sal=2.0)
    net.run(30.0)
    assert len(spikes) > 5
    spikes.clear()
    trace.clear()
    net.run(30.0)
    assert len(spikes) > 5
    assert spikes.times.min() >= 30.0
    assert len(trace) == 30


def test_a_projection_added_in_mid_run_counts():
    train, cells = Train(2, {k: ([0], [0.01]) for k in range(400)}), quiet(lifext.pyrPop, 2, vTh=NEVER)
    net = network({"train": train, "cells": cells}, seed=1)
    run(net, 5.0)
    assert not cells.AMPA.kinetic._s.any()
    net.connect(train, cells, Uniform(0.1), "exc", delay=1.0)
    run(net, 5.0)
    assert cells.AMPA.kinetic._s.all()


# What the fast arithmetic cannot take

class SlowLeak(lifext.leak):
    """A current of a user's own."""

    def current(self, dt, vM):
        return super().current(dt, vM) * 1.0


class TwiceHeard(lifext.pyrPop):
    def receivePyrSpikes(self, dt, num, dts, weights):
        super().receivePyrSpikes(dt, num, dts, 2 * np.asarray(weights))


def with_change(change, cls=lifext.pyrPop):
    def make(n, **parameters):
        pop = cls(n, **parameters)
        change(pop)
        return pop
    return make


REFUSED = {
    "own dVmdt": (composed(lifext.pyrPop), "through Python: ComposedpyrPop has its own dVmdt"),
    "own current": (with_change(lambda pop: setattr(pop, "leak", SlowLeak(pop.size))), "SlowLeak has its own current"),
    "own reception": (TwiceHeard, "in the slower compat arithmetic: TwiceHeard has its own receivePyrSpikes"),
    "saturating": (with_change(lambda pop: setattr(pop.NMDA, "kinetic", lifext.firstOrdKin(pop.size, 1, 80))),
                   r"compat arithmetic: NMDA.kinetic saturates at each spike \(firstOrdKin\)"),
    "tau of each": (with_change(lambda pop: setattr(pop.GABA.kinetic, "tau_s", np.linspace(8, 12, pop.size))),
                    "compat arithmetic: GABA.kinetic has a time constant for each neuron"),
    "noise tau of each": (with_change(lambda pop: setattr(pop.noise, "tau", np.linspace(1, 3, pop.size))),
                          "compat arithmetic: noise has a time constant for each neuron"),
    "record_i": (with_change(lambda pop: setattr(pop.AMPA, "record", True)),
                 "compat arithmetic: a current or gating variable is recorded at each step"),
    "tracked": (with_change(lambda pop: setattr(pop.NMDA.kinetic, "track", True)), "is recorded at each step"),
}


def refused_network(name, noise_rate=0.0, **options):
    make, _ = REFUSED[name]
    odd, partner = make(40, rng=None, noise_rate=noise_rate), lifext.interPop(10, noise_rate=noise_rate)
    for pop in (odd, partner):
        if noise_rate == 0:
            pop._vM = np.linspace(-62, -54, pop.size)
        if pop is partner or name not in ("saturating", "tracked"):
            pop.NMDA = lifext.NMDAR(pop.size, order=1)
    net = network({"odd": odd, "partner": partner}, [
        ("odd", "odd", Sparse.random(40, 40, 0.2, 5e-5, rng=1), "exc", 0.5), ("odd", "partner", Uniform(5e-5), "exc"),
        ("partner", "odd", Uniform(0.01), "inh")], **options)
    odd.stim(cue_sal=0.8)
    return net, odd, partner


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_it_cannot_take_is_named_once_and_still_right(name):
    """Next to a population that it does take; compared with the compat network, noise off."""
    net, odd, partner = refused_network(name, seed=1)
    with pytest.warns(PerformanceWarning, match=f"^odd is stepped .*{REFUSED[name][1]}") as seen:
        net.run(20.0)
        net.run(20.0)
    assert len(seen) == 1
    compat, its_odd, its_partner = refused_network(name, compat=True)
    run(compat, 20.0, 20.0)
    assert partner.numSpikes == its_partner.numSpikes
    assert_close(everything(partner), everything(its_partner), rtol=1e-9)
    assert_close(everything(odd), everything(its_odd), rtol=1e-9)
    assert len(odd.AMPA.curr_record) == (800 if name == "record_i" else 0)


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_it_cannot_take_draws_from_the_seed(name):
    def outcome(seed, global_seed):
        np.random.seed(global_seed)
        net, odd, partner = refused_network(name, noise_rate=1.8, seed=seed)
        before = np.random.get_state()
        run(net, 3.0, 2.0)
        after = np.random.get_state()
        assert before[2] == after[2]
        assert np.array_equal(before[1], after[1])
        assert odd.noise.rng is None
        return everything(odd), everything(partner)
    one, other = outcome(1, 11), outcome(1, 12)
    assert_same(one[0], other[0])
    assert_same(one[1], other[1])
    assert not np.array_equal(one[0]["noise._s"], outcome(2, 11)[0]["noise._s"])


def test_alone_it_has_the_bits_of_the_compat_network():
    def outcome(**options):
        cells = composed(lifext.pyrPop)(20, rng=5)
        net = network({"cells": cells}, [("cells", "cells", Uniform(0.01), "exc", 0.5)], **options)
        run(net, 20.0)
        return everything(cells)
    assert_same(outcome(seed=1), outcome(compat=True))


def test_a_population_that_becomes_one_of_the_fast_ones():
    """What kept it out is taken away: it is fast from then on, and draws from the network's streams only."""
    cells, other = lifext.pyrPop(30), lifext.pyrPop(30)
    cells.AMPA.record = True
    net = network({"cells": cells, "other": other}, seed=1)
    run(net, 2.0)
    assert len(cells.AMPA.curr_record) == 40
    cells.AMPA.record = False
    before = np.random.get_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.run(2.0)
    assert np.array_equal(before[1], np.random.get_state()[1])
    assert before[2] == np.random.get_state()[2]
    assert len(cells.AMPA.curr_record) == 40
    # the other way round
    cells.AMPA.record = True
    run(net, 2.0)
    assert len(cells.AMPA.curr_record) == 80


# no neuron has it
@pytest.mark.filterwarnings("ignore:.*(noise_rate|noise and afferents):lifext.ParameterWarning")
def test_a_rate_beyond_the_tables():
    cells = lifext.pyrPop(3, noise_rate=1e6, noise_g=0.0)
    with pytest.warns(PerformanceWarning, match="cells is stepped in the slower compat arithmetic: noise has a rate"):
        network({"cells": cells}, seed=1).run(20.0)
    assert cells.noise._s.mean() == pytest.approx(2e6, rel=0.01)


# Errors and interruptions

@pytest.mark.parametrize(("call", "words"), [
    (lambda: Network(DT, seed=1, compat=True), "Network: seed must be left out with compat=True"),
    (lambda: Network(DT, seed=-1), "Network: seed must be .*>= 0, got -1"),
    (lambda: Network(DT, seed=1.5), "Network: seed must be"),
    (lambda: Network(DT, seed="one"), "Network: seed must be None, a whole number >= 0, a numpy SeedSequence or"),
    (lambda: Network(DT, seed=np.nan), "Network: seed must be"),
    (lambda: Network(DT, threads=0), "Network: threads must be a whole number >= 1, got 0"),
    (lambda: Network(DT, threads=1.5), "Network: threads must be a whole number"),
    (lambda: Network(DT, threads=np.nan), "Network: threads must be a whole number"),
    (lambda: Network(np.nan), "Network: dt must be a number, finite and > 0, got nan"),
    (lambda: Network(DT).run(np.nan), "Network: duration must be a number, finite and >= 0, got nan"),
    (lambda: Network(DT).run(np.inf), "Network: duration must be a number, finite"),
    (lambda: Network(DT).run(0.07), "Network: duration must be a multiple of dt = 0.05 ms"),
    (lambda: Network(DT).reset(seed=-2), "Network: seed must be"),
])
def test_bad_input(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


def test_a_refused_seed_leaves_the_network_as_it_was():
    net = network({"cells": lifext.pyrPop(3)}, seed=1)
    net.run(1.0)
    with pytest.raises(TypeError):
        net.reset(seed="x")
    assert (net.seed, net.time) == (1, 1.0)


def test_an_empty_network_passes_the_time():
    net = Network(DT, seed=1)
    net.run(5.0)
    assert net.time == 5.0


@pytest.mark.parametrize("mixed", [False, True])
def test_ctrl_c_stops_at_once_with_a_valid_state(mixed):
    """The state after so many whole steps: a run that was never interrupted has it at that time."""
    def make():
        pops = {"cells": lifext.pyrPop(200, noise_g=0.008)}
        if mixed:
            pops["odd"] = lifext.pyrPop(200, record_i=True)
        net = network(pops, [("cells", "cells", Uniform(0.001), "exc", 0.5)], seed=3)
        return net, list(pops.values()), net.record_spikes(pops["cells"])
    net, pops, spikes = make()
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    with without_warning(), pytest.raises(KeyboardInterrupt):
        timer.start()
        net.run(1e7)
    timer.join()
    assert 0 < net.time < 1e6
    other, its_pops, its_spikes = make()
    run(other, net.time)
    assert other.time == net.time
    for one, two in zip(pops, its_pops):
        assert np.array_equal(one._vM, two._vM)
        assert np.array_equal(one.noise._curr, two.noise._curr)
    assert np.array_equal(spikes.times, its_spikes.times)
    run(net, 5.0)
    run(other, 5.0)
    assert np.array_equal(spikes.times, its_spikes.times)
    assert np.array_equal(pops[-1]._vM, its_pops[-1]._vM)


class Failing(Train):
    """Raises once, in the middle of a step or at its end."""

    def __init__(self, size, schedule, method, at):
        super().__init__(size, schedule)
        self.method, self.at = method, at

    def fail(self, method, dt, time):
        if method == self.method and round(time / dt) == self.at:
            self.at = None
            raise RuntimeError("on purpose")

    def predictSpikes(self, dt, time):
        self.fail("predictSpikes", dt, time)
        super().predictSpikes(dt, time)

    def processTimeStep(self, dt, time):
        self.fail("processTimeStep", dt, time)


@pytest.mark.parametrize("method", ["predictSpikes", "processTimeStep"])
def test_a_users_method_that_fails_in_mid_run(method):
    """The network goes on: with that step, if the others had not taken it yet, or after it."""
    def outcome(failing):
        schedule = {k: ([0, 1], [0.01, 0.02]) for k in range(0, 400, 3)}
        at = 201
        train = Failing(5, schedule, method if failing else None, at)
        cells = lifext.pyrPop(40, noise_g=0.008)
        net = network({"cells": cells, "train": train}, [
            ("train", "cells", Uniform(0.001), "exc"), ("train", "cells", Uniform(0.005), "inh", 0.35),
            ("cells", "cells", Uniform(0.0005), "exc", 0.4)], seed=1)
        spikes = net.record_spikes(cells)
        if failing:
            with without_warning(), pytest.raises(RuntimeError, match="on purpose"):
                net.run(20.0)
            assert net.time == pytest.approx((at + (method == "processTimeStep")) * DT)
            run(net, 20.0 - net.time)
        else:
            run(net, 20.0)
        return {**everything(cells), "times": spikes.times, "ids": spikes.ids}
    got = outcome(True)
    assert_same(got, outcome(False))
    assert len(got["times"]) > 5
    assert np.mean(got["_vM"] == -60) < 0.5


def test_a_callback_that_fails():
    def fail(net):
        if net.time > 9.9:
            raise RuntimeError("on purpose")
    cells = lifext.pyrPop(40)
    net = network({"cells": cells}, seed=1)
    with pytest.raises(RuntimeError, match="on purpose"):
        net.run(20.0, every=(5.0, fail))
    assert net.time == 10.0
    net.run(10.0)
    other = lifext.pyrPop(40)
    network({"cells": other}, seed=1).run(20.0)
    assert_same(everything(cells), everything(other))


def test_callbacks_come_at_their_interval_and_can_end_the_run():
    net = network({"cells": lifext.pyrPop(3)}, seed=1)
    seen = []
    net.run(10.0, every=(2.5, lambda net: seen.append(net.time)))
    assert seen == pytest.approx([2.5, 5.0, 7.5, 10.0])
    net.run(10.0, every=(0.5, lambda net: net.time >= 12.0))
    assert net.time == pytest.approx(12.0)


@pytest.mark.parametrize("pieces", [[400.0], [200.0, 0.05, 199.95], [12.8] * 31 + [3.2]])
def test_a_cue_long_over_is_let_go(pieces):
    """Its trains decay to nothing and are passed over, wherever the run is cut, until they are driven again."""
    def outcome(pieces):
        cells = lifext.pyrRingPop(300, noise_g=0.008, rng=1)
        cells.afferents = lifext.affRingPoisson(300, cells.directions, g=0.002)
        net = network({"cells": cells}, [("cells", "cells", Uniform(0.001), "exc")], seed=1)
        states = []
        for _ in range(2):
            cells.stim(1.0, max_rate=2.0)
            run(net, 20.0)
            driven = cells.afferents._s.copy()
            cells.removeStim()
            for piece in pieces:
                run(net, piece)
            states += [driven, cells.afferents._s.copy(), cells.afferents._curr.copy(), cells.VMs()]
        return states
    want, got = outcome([400.0]), outcome(pieces)
    for a, b in zip(want, got):
        assert np.array_equal(a, b)
    for driven, left, current, _ in (got[:4], got[4:]):
        assert driven.any()
        assert not left.any()
        assert not current.any()


@pytest.mark.skipif(not fast_loop.has_openmp(), reason="built without OpenMP")
def test_threadpoolctl_limits_the_threads():
    # a wheel brings an OpenMP of its own, which threadpoolctl has to find
    for count in (1, 3):
        with threadpoolctl.threadpool_limits(count, user_api="openmp"):
            assert fast_loop.max_threads() == count


@pytest.mark.parametrize("blocked", [True, False])
@pytest.mark.parametrize("noise_rate", [2.0, 0.0])
@pytest.mark.parametrize("afferents", ["steady", "none", "trains"])
def test_the_usual_cells_have_loops_of_their_own_with_the_same_bits(blocked, noise_rate, afferents):
    """A parameter with one value a neuron, all alike, sends the same cells through the general loops."""
    def left(g):
        cells = lifext.pyrPop(300, NMDA_g=0.05 if blocked else 0.0, noise_g=0.008, noise_rate=noise_rate, leak_vL=-20)
        cells._vM, cells.AMPA.g = np.linspace(-60.0, -52.01, 300), g
        if afferents == "trains":
            cells.afferents = lifext.affFlatPoisson(300, g=0.003)
        if afferents != "none":
            cells.stim(**({"rate": 2.5} if afferents == "trains" else {"cue_sal": 0.3}))
        net = network({"cells": cells}, [("cells", "cells", Uniform(0.001), "exc", 0.5),
                                         ("cells", "cells", Uniform(0.0005), "inh")], seed=3)
        spikes = net.record_spikes(cells)
        run(net, 20.0)
        assert len(spikes) > 0
        return {**everything(cells), "ids": spikes.ids, "times": spikes.times}
    assert_same(left(0.2), left(np.full(300, 0.2)))
