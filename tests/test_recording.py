"""Records of spikes and states: how they grow, and what they say of a window."""
import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lifext
from lifext._core.logs import SpikeLog

DT = 0.05


def recorded(ids, times, size=8, cls=lifext.pyrRingPop):
    """Return a record of a population that holds the given spikes."""
    pop = cls(size, rng=0)
    net = lifext.Network(DT, compat=True)
    net.add(pop=pop)
    record = net.record_spikes(pop)
    record._log = SpikeLog(ids, times)
    return record


@st.composite
def spike_trains(draw):
    """Spikes as a network logs them: steps ascend, times in them do not, and a few lie far back, ahead or are nan."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.sampled_from([0, 1, 1023, 1024, 1025, 5000]))
    times = np.sort(rng.integers(0, draw(st.sampled_from([3, 400, 40000])), n)) * DT + rng.random(n) * DT
    astray = rng.random(n) < draw(st.sampled_from([0, 1e-3, 0.3]))
    times[astray] += rng.normal(0, draw(st.sampled_from([1.0, 300.0])), astray.sum())
    times[rng.random(n) < draw(st.sampled_from([0, 1e-3]))] = np.nan
    if draw(st.booleans()):
        times = np.round(times)
    return rng.integers(0, 8, n), times


@settings(max_examples=200, deadline=None)
@given(spike_trains(), st.floats(-100, 2100), st.floats(-10, 2100))
def test_a_window_has_the_spikes_of_the_full_mask(train, start, length):
    ids, times = train
    for stop in (start + length, start):
        got = recorded(ids, times).between(start, stop)
        inside = (times >= start) & (times < stop)
        assert np.array_equal(got[0], ids[inside])
        assert np.array_equal(got[1], times[inside])


def test_a_window_that_begins_and_ends_at_spikes():
    ids, times = np.zeros(5000, np.intp), np.repeat(np.arange(50.0), 100)
    record = recorded(ids, times)
    for start in range(50):
        assert record.between(start, start + 1)[1].tolist() == [start] * 100


@pytest.mark.parametrize(("drive", "before"), [(10.0, True), (0.0, False)])
def test_a_neuron_that_begins_above_threshold_spikes_far_from_its_step(drive, before):
    """Its crossing is extrapolated: back if its potential rises further, ahead if it falls."""
    pop = lifext.pyrPop(3, rng=1)
    pop._vM = np.array([-60.0, -60.0, -20.0])
    pop.stim(cue_sal=drive)
    net = lifext.Network(DT, compat=True)
    net.add(pop=pop)
    record = net.record_spikes(pop)
    net.run(DT)
    assert record.ids.tolist() == [2]
    time, = record.times
    assert time < -DT if before else time > 2 * DT
    assert record.between(time, time + DT)[0].tolist() == [2]
    assert len(record.between(0, DT)[0]) == 0


def test_what_windows_say():
    record = recorded([1, 1, 3, 0], [1.0, 2.0, 2.5, 9.0], size=4)
    assert record.counts(0, 5).tolist() == [0, 2, 0, 1]
    assert record.counts(3, 5).tolist() == [0, 0, 0, 0]
    assert record.rate(0, 5) == 3 / 4 / 5e-3
    assert record.population_vector(0, 2.2) == pytest.approx(1j)
    assert record.bump_width(0, 2.2) == pytest.approx(0, abs=1e-7)
    assert record.bump_width(0, 3) == pytest.approx(math.sqrt(-2 * math.log(1 / 3)))
    assert math.isnan(record.bump_width(3, 4))
    assert np.isnan(record.population_vector(3, 4))


def test_the_width_of_a_bump_is_its_standard_deviation():
    rng = np.random.default_rng(3)
    sd = 0.3
    directions = rng.normal(np.pi, sd, 100_000)
    ids = np.round(directions / (2 * np.pi) * 4096).astype(int) % 4096
    record = recorded(ids, np.zeros(len(ids)), size=4096)
    # the standard error of a standard deviation is sd/sqrt(2n)
    assert abs(record.bump_width(0, 1) - sd) < 5 * sd / math.sqrt(2 * len(ids))


def test_the_width_of_what_is_spread_evenly_is_large():
    assert recorded(np.arange(8), np.zeros(8)).bump_width(0, 1) > 5
    record = recorded([0, 1], [0.0, 0.0], size=2)
    # two sides whose unit vectors cancel without a rounding error
    sides = (x + np.array([0, np.pi]) for x in np.linspace(0, 1, 1000))
    record._directions = next(pair for pair in sides if np.exp(1j * pair).sum() == 0)
    assert record.bump_width(0, 1) == math.inf


def test_directions_are_asked_for_only_of_rings():
    record = recorded([0], [0.0], cls=lifext.pyrPop)
    for method in (record.population_vector, record.bump_width):
        with pytest.raises(ValueError, match="SpikeRecord: the population must be a ring, with directions, got 'pop'"):
            method(0, 1)


@pytest.mark.parametrize(("call", "words"), [
    (lambda r: r.between(np.nan, 1), "SpikeRecord: start must be a number, finite, got nan"),
    (lambda r: r.rate(1, 1), r"SpikeRecord: stop - start must be a number, finite and > 0, got 0.0"),
    (lambda r: r.rate(0, "1"), "SpikeRecord: stop must be a number, finite, got '1'"),
    (lambda r: r.counts(None, 1), "SpikeRecord: start must be a number, finite, got None"),
])
def test_bad_windows(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call(recorded([0], [0.0]))


def test_arrays_are_copies():
    record = recorded([1], [2.0])
    record.ids[0], record.times[0] = 5, 7.0
    record.between(0, 3)[1][0] = 9.0
    assert (record.ids.tolist(), record.times.tolist()) == ([1], [2.0])


def test_callbacks_see_the_last_window():
    """Rate, vector and width over the last window, as a callback asks for them, are those of the whole record."""
    ring = lifext.pyrRingPop(64, noise_g=0.01, rng=1)
    net = lifext.Network(DT, compat=True)
    net.add(ring=ring)
    spikes = net.record_spikes(ring)
    seen = []
    net.run(200.0, every=(10.0, lambda net: seen.append(
        [method(net.time - 10, net.time) for method in (spikes.rate, spikes.population_vector, spikes.bump_width)])))
    ids, times = spikes.ids, spikes.times
    assert len(ids) > 1024
    for k, (rate, vector, width) in enumerate(seen):
        inside = ids[(times >= 10 * k) & (times < 10 * (k + 1))]
        want = np.exp(1j * ring.directions[inside]).mean()
        assert rate == pytest.approx(len(inside) / 64 / 0.01)
        assert vector == want
        assert width == math.sqrt(-2 * math.log(abs(want)))


def test_logs_grow_past_any_first_size():
    pop = lifext.pyrPop(5, rng=1)
    net = lifext.Network(DT, compat=True)
    net.add(pop=pop)
    v = net.record_state(pop, ["v", "i_leak"], neurons=[4, -5])
    seen = []
    net.run(2.0, every=(DT, lambda net: seen.append(pop.VMs()[[4, 0]])))
    assert v.times.tolist() == [k * DT for k in range(1, 41)]
    assert np.array_equal(v["v"], seen)
    assert v["i_leak"].shape == (40, 2)


def test_states_are_copies_and_are_forgotten():
    pop = lifext.pyrPop(2, rng=1)
    net = lifext.Network(DT, compat=True)
    net.add(pop=pop)
    record = net.record_state(pop, "v")
    net.run(1.0)
    before = record["v"]
    record["v"][:] = 0
    assert np.array_equal(record["v"], before)
    record.clear()
    assert (len(record), record["v"].shape, record.times.tolist()) == (0, (0, 2), [])
    net.run(DT)
    assert len(record) == 1


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_of_records_grow_on_their_own(duplicate):
    pop = lifext.pyrPop(40, noise_g=0.01, rng=1)
    net = lifext.Network(DT, compat=True)
    net.add(pop=pop)
    spikes, trace = net.record_spikes(pop), net.record_state(pop, "v", every=0.5)
    net.run(50.0)
    twin_net, twin_spikes, twin_trace = duplicate((net, spikes, trace))
    before = spikes.times
    twin_net.run(50.0)
    assert np.array_equal(spikes.times, before)
    assert len(trace) == 100
    net.run(50.0)
    assert len(before) > 0
    assert len(spikes) > len(before)
    assert np.array_equal(twin_spikes.times, spikes.times)
    assert np.array_equal(twin_trace["v"], trace["v"])
