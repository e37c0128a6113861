"""Random networks, each held to changed versions of itself, which have to give the same, and to what physics bounds.

`LIFEXT_SAME_NETWORK_CASES=N` has N cases for each way to change one (60 by default, which take a minute; 5000 an
hour or two), `LIFEXT_SAME_NETWORK_FIRST=K` begins at case K. A failure names its case, which
`random_networks.draw` makes again.
"""
import copy
import dataclasses
import os
import warnings

import numpy as np
import pytest
import random_networks
from fast_tools import Train
from random_networks import Built, draw, no_warnings, permuted, split, with_forms
from ranges import RECEPTORS, Ranges

import lifext
from lifext import Dense, _core

# the NumPy twins of the kernels, on which the suite runs too, take long
USUAL = 60 if _core.kernels.backend == "compiled" else 6
CASES = int(os.environ.get("LIFEXT_SAME_NETWORK_CASES", USUAL))
FIRST = int(os.environ.get("LIFEXT_SAME_NETWORK_FIRST", 0))
# how far apart versions may be that round differently: as far as rounding grows in the scheme over so few steps
TOLERANCE = {"float64": 1e-8, "compat": 1e-8, "float32": 2e-3}
NUDGE = {"float64": 1e-14, "compat": 1e-14, "float32": 1e-7}


def over_cases(check, cases=CASES, **how):
    """Run a check on each case, and fail with the first case that does, and how many there are."""
    failed = []
    for number in range(FIRST, FIRST + cases):
        case = draw(number, **how)
        try:
            check(case)
        except AssertionError as error:
            failed.append((case, error))
    if failed:
        case, error = failed[0]
        raise AssertionError(f"{len(failed)} of {cases} cases, {[case.number for case, _ in failed][:20]}; the first, "
                             f"{case}: {error}") from error


def differing(one, other):
    """The names of what is not the same to the last bit."""
    assert one.keys() == other.keys()
    return [name for name in one if not np.array_equal(one[name], other[name], equal_nan=True)]


def same(one, other):
    assert not differing(one, other), differing(one, other)


def farthest(one, other):
    """How far two outcomes are from each other, relative to numbers of the size of 1; infinite if spikes differ."""
    assert one.keys() == other.keys()
    found = 0.0, "nothing"
    for name in one:
        if one[name].shape != other[name].shape:
            return np.inf, f"{name}: {len(one[name])} and {len(other[name])}"
        if name.endswith((".ids", "._spiked")):
            distance = 0.0 if np.array_equal(one[name], other[name]) else np.inf
        else:
            a, b = one[name].astype(np.float64), other[name].astype(np.float64)
            with np.errstate(all="ignore"):
                apart = np.abs(a - b) / np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
            # what is not finite is found by the test of ranges; here, both have to be
            apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
            distance = float(np.max(np.nan_to_num(apart, nan=np.inf), initial=0.0))
        found = max(found, (distance, name))
    return found


def nudged(case):
    """The case with its resting potentials a rounding away: how much of a difference is rounding that has grown?"""
    cells = [dataclasses.replace(c, values={**c.values, "leak.vL": c.values["leak.vL"] * (1 + NUDGE[case.arithmetic])})
             for c in case.cells]
    return dataclasses.replace(case, cells=cells)


def alike(case, one, other):
    """The same but for rounding. Where a network makes much of little, no more is asked of it than it can give."""
    distance, name = farthest(one, other)
    if distance <= TOLERANCE[case.arithmetic]:
        return
    grown, _ = farthest(Built(case).play().outcome(), Built(nudged(case)).play().outcome())
    assert distance <= 100 * grown, f"{name} is {distance:.3g} off, where rounding comes to {grown:.3g}"


pytestmark = [
    # ranges are looked at in a test of their own, in which they are what fails
    pytest.mark.any_state,
    # what is drawn is degenerate, and driven as far as it goes
    pytest.mark.filterwarnings("ignore::lifext.ParameterWarning"),
    pytest.mark.filterwarnings("ignore::lifext.NumericalWarning"),
]


def test_the_state_stays_in_range_in_each_step():
    """Gating, potentials, refractory ends and times of spikes, whatever volleys come, in each step of the run."""
    def check(case):
        built = Built(case)

        def look(built):
            ranges[0].check()
            ranges[0] = Ranges(built.net)
        ranges = [Ranges(built.net)]
        built.play(range(0, case.steps, 5), look)
    over_cases(check)


def test_a_neuron_does_not_spike_while_it_is_refractory():
    """Where nothing brings it from reset to threshold in one step, as the published scheme would have it spike then."""
    def check(case):
        built = Built(case).play()
        for k, (record, cells) in enumerate(zip(built.records, case.cells)):
            order = np.lexsort((record.times, record.ids))
            ids, times = record.ids[order], record.times[order]
            periods = np.broadcast_to(cells.values["refDur"], cells.size)[ids[1:]]
            too_soon = (np.diff(ids) == 0) & (np.diff(times) < periods - case.dt * (1 + 1e-6))
            assert not too_soon.any(), f"p{k}: neuron {ids[1:][too_soon][0]} at {times[1:][too_soon][0]} ms"
    over_cases(check, tame=True, calm=True, noisy=False)


def test_every_form_of_weights_is_its_matrix():
    def check(case):
        dense = with_forms(case, lambda weights: Dense(weights.toarray()))
        alike(case, Built(case).play().outcome(), Built(dense).play().outcome())
    over_cases(check)


def test_the_matrix_as_sparse_weights_is_the_same():
    """Zeros are left out, which changes no sum."""
    def check(case):
        dense = with_forms(case, lambda weights: Dense(weights.toarray()))
        sparse = with_forms(case, lambda weights: random_networks.sparse(weights.toarray()))
        same(Built(dense).play().outcome(), Built(sparse).play().outcome())
    over_cases(check)


def back_in_order(outcome, k, order):
    """The outcome of a case whose population `k` was permuted, as it would be without."""
    found, place = dict(outcome), np.argsort(order)
    for name in found:
        if name.startswith(f"p{k}.") and not name.endswith((".ids", ".times")):
            found[name] = found[name][place]
    ids, times = order[found[f"p{k}.ids"]], found[f"p{k}.times"]
    sorting = np.lexsort((times, ids))
    found[f"p{k}.ids"], found[f"p{k}.times"] = ids[sorting], times[sorting]
    return found


def test_neurons_in_another_order():
    def check(case):
        rng = np.random.default_rng(case.number)
        k = int(rng.integers(len(case.cells)))
        order = rng.permutation(case.cells[k].size)
        other = Built(permuted(case, k, order)).play().outcome()
        alike(case, Built(case).play().outcome(), back_in_order(other, k, order))
    over_cases(check, noisy=False)


def joined(outcome, k, last, at):
    """The outcome of a case whose population `k` was split, as it would be without."""
    found = {name: value for name, value in outcome.items() if not name.startswith(f"p{last}.")}
    for name in list(found):
        if name.startswith(f"p{k}."):
            rest = outcome[f"p{last}.{name.partition('.')[2]}"]
            found[name] = np.concatenate([found[name], rest + at if name.endswith(".ids") else rest])
    return found


def test_one_population_in_two_parts():
    def check(case):
        rng = np.random.default_rng(case.number)
        large = [k for k, cells in enumerate(case.cells) if cells.size > 1]
        if not large:
            return
        k = int(rng.choice(large))
        at = int(rng.integers(1, case.cells[k].size))
        other = Built(split(case, k, at)).play().outcome()
        alike(case, Built(case).play().outcome(), joined(other, k, len(case.cells), at))
    over_cases(check, noisy=False)


def some_cuts(case):
    rng = np.random.default_rng(case.number)
    return [int(cut) for cut in rng.integers(0, case.steps, rng.integers(1, 12))]


def look_around(built):
    """What is read between two runs changes nothing."""
    for pop, record in zip(built.pops, built.records):
        pop.VMs(), pop.spikes(), pop.spikeTimes(), pop.NMDA.kinetic.kinetic(built.case.dt)
        record.times, record.counts(0, built.net.time), record.between(0, built.net.time)
    repr(built.net)


def test_time_cut_into_runs():
    def check(case):
        same(Built(case).play().outcome(), Built(case).play(some_cuts(case), look_around).outcome())
    over_cases(check)


def test_state_saved_and_loaded_on_the_way(tmp_path):
    def check(case):
        half = case.steps // 2
        first = Built(dataclasses.replace(case, steps=half)).play()
        first.net.save_state(tmp_path / "state.npz")
        second = Built(case)
        # what is on when a state is saved is part of it, what a population is made of is not
        for event in case.events:
            if event[0] < half and event[2] in ("vTh", "stim"):
                second.do(*event[1:])
        with no_warnings():
            second.net.load_state(tmp_path / "state.npz")
        same(Built(case).play().outcome(), second.play(start=half).outcome())
    over_cases(check)


def test_a_copy_made_on_the_way():
    def check(case):
        half = case.steps // 2
        first = Built(dataclasses.replace(case, steps=half)).play()
        first.case = case
        with no_warnings():
            second = copy.deepcopy(first)
        want = Built(case).play().outcome()
        same(want, second.play(start=half).outcome())
        same(want, first.play(start=half).outcome())
    over_cases(check)


def test_a_stimulus_by_a_callback():
    """Whatever happens between two runs can be made to happen by a callback at the same time."""
    def check(case):
        if not any(event[0] > 0 for event in case.events):
            return
        built = Built(case)
        built.happen(0)
        steps = [event[0] for event in case.events if 0 < event[0] < case.steps]
        interval = int(np.gcd.reduce([*steps, case.steps]))

        def callback(net):
            if (now := round(net.time / case.dt)) < case.steps:
                built.happen(now)
        built.run(case.steps, every=(interval * case.dt, callback))
        same(Built(case).play().outcome(), built.outcome())
    over_cases(check)


def test_the_same_seed_again_and_other_threads():
    def check(case):
        want = Built(case, threads=1).play().outcome()
        same(want, Built(case, threads=1).play().outcome())
        if sum(-(-cells.size // 256) for cells in case.cells) > 1:
            for threads in (2, 3):
                same(want, Built(case, threads=threads).play().outcome())
    over_cases(check, max(1, CASES // 3))


def test_reset_goes_back_to_the_first_step():
    """To the potentials that were set, and to what was on then."""
    def check(case):
        # parameters that were changed on the way stay as they are, and a network begins with all at reset
        case = dataclasses.replace(case, events=[event for event in case.events if event[2] != "vTh"],
                                   cells=[dataclasses.replace(cells, held=True) for cells in case.cells])
        built = Built(case).play()
        want = built.outcome()
        built.net.reset()
        assert not any(len(record) for record in built.records)
        same(want, built.play().outcome())
    over_cases(lambda case: case.arithmetic == "compat" or check(case))


def test_records_change_nothing():
    def check(case):
        want = Built(case, recorded=False).play().outcome()
        built = Built(case)
        rng = np.random.default_rng(case.number)
        for pop in built.pops:
            built.net.record_state(pop, ["v", "s_nmda", "i_ampa"], every=int(rng.integers(1, 20)) * case.dt)
        found = built.play().outcome()
        same(want, {name: found[name] for name in want})
    over_cases(check)


def test_a_population_that_nothing_connects_changes_nothing():
    over_cases(lambda case: same(Built(case).play().outcome(), Built(case, extra=True).play().outcome()))


def test_a_population_as_a_source_of_the_spikes_that_it_fired():
    """What a population sends is its spikes, and nothing else."""
    def check(case):
        rng = np.random.default_rng(case.number)
        k = int(rng.integers(len(case.cells)))
        built = Built(case).play()
        record, given = built.records[k], len(case.sources)
        fired = random_networks.Given(case.cells[k].size, record.times, record.ids)
        links = [dataclasses.replace(link, source=given, given=True) if link.source == k and not link.given else link
                 for link in case.projections]
        other = dataclasses.replace(case, sources=[*case.sources, fired], projections=links)
        alike(case, built.outcome(), Built(other).play().outcome())
    over_cases(lambda case: case.arithmetic == "compat" or slowed(case) or check(case))


def slowed(case):
    """Whether a population is stepped in the published arithmetic, which no source reaches."""
    return any(np.ndim(value) for cells in case.cells for name, value in cells.values.items() if name.endswith("tau_s"))


def test_a_synapse_that_recovers_at_once_is_none():
    """With U = 1 and resources that are back before the next spike, each spike has its whole weight."""
    whole = lifext.ShortTerm(1.0, 1e-12)

    def check(case):
        # unless two spikes of a cell are at the same time: the second finds nothing
        apart = [dataclasses.replace(given, **once(given)) for given in case.sources]
        case = dataclasses.replace(case, sources=apart, projections=[dataclasses.replace(link, synapse=None)
                                                                     for link in case.projections])
        other = dataclasses.replace(case, projections=[dataclasses.replace(link, synapse=whole)
                                                       for link in case.projections])
        same(Built(case).play().outcome(), Built(other).play().outcome())
    over_cases(lambda case: case.arithmetic == "compat" or slowed(case) or check(case))


def once(given):
    """The spikes of a source without those of the same cell at the same time."""
    found = np.unique(np.stack([given.times, given.ids]), axis=1)
    return {"times": found[0], "ids": found[1].astype(int)}


# What a step of the membrane cannot take

@pytest.mark.parametrize("how", [{"compat": True}, {"seed": 1}, {"seed": 1, "dtype": "float32"}], ids=str)
@pytest.mark.parametrize("weight", [1.0, 100.0, 1000.0])
def test_a_conductance_that_is_too_large_for_a_step_is_not_taken_without_a_word(weight, how):
    """Gating of first order has no end, and neither has the membrane's explicit step, past `g s dt/cM` = 1 or so.

    An error or a warning that names the population, or potentials between those that the conductances pull to.
    """
    pop, train = lifext.pyrPop(3, noise_rate=0.0, rng=1), Train(1, {k: ([0], [0.01]) for k in range(20, 400, 40)})
    pop.GABA.vI = -75.0
    net = lifext.Network(0.05, **how)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.add(inhibited=pop, train=train)
        net.connect(train, pop, Dense(np.full((1, 3), weight)), "inh")
        trace = net.record_state(pop, "v")
        try:
            net.run(30.0)
        except Exception as error:
            assert "inhibited" in str(error)
            return
    if any("inhibited" in str(warning.message) for warning in caught):
        assert np.all(np.isfinite(trace["v"]))
    else:
        assert np.all((trace["v"] >= -75.0 - 1e-3) & (trace["v"] <= -52.0))


# The two arithmetics

NEVER = 1e3


def driven(case, dt, compat):
    """Gating, potentials and the largest x of a case's first population, which spikes on schedule reach."""
    cells, rng = case.cells[0], np.random.default_rng(case.number)
    duration, sources = 8.0, int(rng.integers(1, 40))
    instants = np.sort(rng.uniform(0.2, duration - 0.2, rng.integers(1, 12)))
    # together, or one after the other; never at the beginning of a step of any length here
    schedule = {}
    for instant in instants:
        step = int(instant / dt)
        ids = np.flatnonzero(rng.random(sources) < 0.5)
        before = schedule.get(step, (np.empty(0, int), np.empty(0)))
        ids = np.setdiff1d(ids, before[0])
        order = np.argsort(np.concatenate([before[0], ids]), kind="stable")
        schedule[step] = (np.concatenate([before[0], ids])[order],
                          np.concatenate([before[1], np.full(len(ids), instant - step * dt)])[order])
    pop, train = random_networks.make_population(cells, 1), Train(sources, schedule)
    pop.vTh, top = NEVER, 0.0
    weights = Dense(rng.uniform(0, 1, (sources, cells.size)) * 10 ** rng.uniform(-3, 1) / sources)
    net = lifext.Network(dt, **({"compat": True} if compat else {"seed": 1}))
    with no_warnings():
        net.add(train=train, cells=pop)
        net.connect(train, pop, weights, "exc")
        net.connect(train, pop, weights, "inh")
        trace = net.record_state(pop, ["x_nmda"])
        net.run(duration)
    # a kinetic of first order has no x
    top = float(np.max(trace["x_nmda"])) if cells.orders["NMDA"] == 2 else 0.0
    return np.concatenate([pop._vM / 100, *(getattr(pop, name).kinetic._s for name in RECEPTORS)]), top


def feedforward(number):
    """A population whose parameters the fast arithmetic has, with weights that leave its gating to the volleys."""
    rng = np.random.default_rng([number, 7])
    cells = random_networks._draw_cells(rng, int(rng.choice([1, 3, 256, 257])), False, True, 0.05)
    for name in RECEPTORS:
        cells.values.pop(f"{name}.kinetic.tau_x", None)
        cells.values[f"{name}.g"] = 0.02
        cells.orders[name] = 2 if name == "NMDA" else 1
    return random_networks.Case(number, "float64", 0.05, 1, 1, 0, False, True, [cells], [])


def test_the_arithmetics_agree_the_better_the_shorter_the_step():
    """By the square of x dt and dt/tau_x, whatever comes; so 16 times as well at a quarter of the step."""
    ratios = []
    for number in range(FIRST, FIRST + max(10, CASES // 5)):
        case, apart = feedforward(number), []
        for dt in (0.1, 0.025):
            fast, x = driven(case, dt, False)
            compat, _ = driven(case, dt, True)
            apart.append(np.max(np.abs(fast - compat)))
            assert apart[-1] <= 4 * x * dt * (x * dt + dt / 2) + 1e-9, (
                f"case {number}, dt {dt}: {apart[-1]:.3g} at x {x:.3g}")
        if 1e-9 < apart[0] < 1e-2:
            ratios.append(apart[0] / max(apart[1], 1e-15))
    assert len(ratios) >= 3
    assert np.median(ratios) > 6


# The tests themselves

def test_cases_are_what_they_are_to_be():
    """Degenerate in each way, and not so degenerate that nothing happens."""
    cases = [draw(number) for number in range(200)]
    sizes = {cells.size for case in cases for cells in case.cells}
    assert sizes == set(random_networks.SIZES)
    forms = {type(link.weights).__name__ for case in cases for link in case.projections}
    assert forms == {"Dense", "Sparse", "Ring", "Uniform", "OneToOne"}
    assert {link.kind for case in cases for link in case.projections} == {"exc", "inh", "ampa", "nmda"}
    assert {case.arithmetic for case in cases} == {"float64", "float32", "compat"}
    assert {event[2] for case in cases for event in case.events} == {"stim", "hide", "vTh", "_vM"}
    assert {len(given.times) for case in cases for given in case.sources} == {0, 1, 5, 300}
    assert {bool(link.synapse) for case in cases for link in case.projections if link.given} == {False, True}
    assert any(np.ndim(value) for case in cases for cells in case.cells for value in cells.values.values())
    spikes = [sum(len(record) for record in Built(case).play().records) for case in cases[:60]]
    assert sum(count > 0 for count in spikes) > 45
    assert max(spikes) > 500


def test_cases_are_the_same_each_time():
    assert str(draw(5)) == str(draw(5))
    same(Built(draw(5)).play().outcome(), Built(draw(5)).play().outcome())


def test_a_difference_would_be_found():
    """A potential that is 1e-5 off, one that is off in the last place, a spike that is missing."""
    def is_plain(case):
        found = Built(case).play().outcome()
        return (sum(len(found[name]) for name in found if name.endswith("times")) > 20
                and farthest(found, Built(nudged(case)).play().outcome())[0] < 1e-10)
    case = next(case for number in range(1000) if is_plain(case := draw(
        number, arithmetic="float64", noisy=False, tame=True, calm=True)))
    want = Built(case).play().outcome()
    other = {**want, "p0._vM": want["p0._vM"] + 1e-5}
    with pytest.raises(AssertionError, match="_vM is"):
        alike(case, want, other)
    with pytest.raises(AssertionError):
        same(want, {**want, "p0._vM": want["p0._vM"] * (1 + 1e-15)})
    missing = next(name for name in want if name.endswith(".times") and len(want[name]))
    with pytest.raises(AssertionError, match="times"):
        alike(case, want, {**want, missing: want[missing][1:]})
