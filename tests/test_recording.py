"""Records of spikes and states: how they grow, and what they say of a window."""
import copy
import json
import math
import pathlib
import pickle
import signal
import sys
import tempfile

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lifext
from lifext import _spike_file, recording
from lifext._core.shared.logs import SpikeLog
from lifext._core.shared.loops import chosen
from lifext._spike_file import SpikeFile

DT = 0.05


def recorded(ids, times, size=8, cls=lifext.pyrRingPop):
    """Return a record of a population that holds the given spikes."""
    pop = cls(size, rng=0)
    net = lifext.Network(DT, compat=True)
    net.add(pop=pop)
    record = net.record_spikes(pop)
    record._log = SpikeLog(ids, times)
    record.stop = 10.0
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


@pytest.mark.any_state    # the published scheme extrapolates
@pytest.mark.filterwarnings("ignore:.*timed far outside:lifext.NumericalWarning")
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


def noisy(seed=1, name="cells"):
    """Return a network of one population that fires, and the population."""
    ring = lifext.pyrRingPop(64, noise_g=0.01, rng=seed)
    net = lifext.Network(DT, compat=True)
    net.add(**{name: ring})
    return net, ring


@pytest.fixture
def small_parts(monkeypatch):
    """Have records write whenever they have 50 spikes."""
    monkeypatch.setattr(recording, "PART", 50)
    monkeypatch.setattr(_spike_file, "PART", 50)


def contents(path, name="cells"):
    with h5py.File(path, "r") as file:
        group = file["spikes"][name]
        return group["node_ids"][:].tolist(), group["timestamps"][:].tolist()


def in_memory(*durations):
    """Return the spikes of `noisy` over some runs."""
    net, ring = noisy()
    record = net.record_spikes(ring)
    for duration in durations:
        net.run(duration)
    return record


def held(record):
    return record.ids.tolist(), record.times.tolist()


def test_a_streamed_record_is_that_in_memory(tmp_path, small_parts):
    want = in_memory(100.0, 60.0)
    assert len(want) > 500
    net, ring = noisy()
    path = tmp_path / "spikes.h5"
    record = net.record_spikes(ring, to=path)
    most, windows = [], []

    def look(net):
        most.append(record._log.count)
        windows.append((net.time, record.rate(net.time - 15, net.time), len(record), record.times[-1]))

    net.run(100.0, every=(5.0, look))
    assert contents(path) == held(record)
    net.run(60.0, every=(5.0, look))
    assert contents(path) == held(record) == held(want)
    # a callback comes at the end of a step, when what was due has been written
    assert 0 < max(most) < 50
    for time, rate, count, last in windows:
        np.testing.assert_equal(rate, want.rate(time - 15, time))
        assert np.isnan(rate) == (time < 15)
        assert (want.times < time).sum() == count
        assert want.times[count - 1] == last
    assert np.array_equal(record.counts(30, 130), want.counts(30, 130))
    assert record.population_vector(30, 130) == want.population_vector(30, 130)
    assert record.ids.dtype == record.between(0, 160)[0].dtype == np.intp


def test_the_fast_arithmetic_streams_during_a_run(tmp_path, small_parts, monkeypatch):
    def run(to):
        ring = lifext.pyrRingPop(2000, noise_g=0.01)
        net = lifext.Network(DT, seed=1)
        net.add(ring=ring)
        record = net.record_spikes(ring, to=to)
        net.run(100.0)
        return record

    starts, write = [], SpikeFile.write
    monkeypatch.setattr(SpikeFile, "write", lambda self, *spikes: starts.append(spikes[0]) or write(self, *spikes))
    streamed = run(tmp_path / "spikes.h5")
    # a signal, and what is due, is looked for every million neuron-steps
    assert len(starts) >= 3
    assert contents(streamed.file, "ring") == held(streamed) == held(run(None))


def test_a_file_says_where_it_comes_from(tmp_path):
    net, ring = noisy()
    other = lifext.pyrPop(3, rng=2)
    net.add(other=other)
    net._seed = 2**70
    path = str(tmp_path / "spikes.h5")
    records = net.record_spikes(ring, to=path), net.record_spikes(other, to=path)
    net.run(50.0)
    net.run(10.0)
    with h5py.File(path, "r") as file:
        assert sorted(file["spikes"]) == ["cells", "other"]
        assert file["spikes/cells/timestamps"].attrs["units"] == b"ms"
        about = json.loads(file["lifext/cells"].asstr()[()])
        assert file["lifext/cells"].attrs["stop"] == pytest.approx(60.0)
    facts = about.pop("provenance")
    assert (facts["lifext"], facts["numpy"], facts["dt"], facts["seed"], facts["instruction_set"]) == (
        lifext.__version__, np.__version__, DT, 2**70, chosen())
    assert facts["populations"]["cells"]["noise"]["g"] == 0.01
    assert (about["name"], about["size"], about["start"]) == ("cells", 64, 0.0)
    assert about["directions"] == ring.directions.tolist()
    assert [contents(path, name) for name in ("cells", "other")] == [held(record) for record in records]
    assert records[0].file == path
    assert len(records[0]) > 0


def test_a_short_record_makes_a_short_file(tmp_path):
    net, ring = noisy()
    net.record_spikes(ring, to=tmp_path / "spikes.h5")
    net.run(10.0)
    assert (tmp_path / "spikes.h5").stat().st_size < 100_000


def stop_by_exception(net):
    raise ZeroDivisionError


def stop_by_ctrl_c(net):
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("stop", [stop_by_exception, stop_by_ctrl_c])
def test_the_file_is_whole_after_a_run_that_was_stopped(tmp_path, stop):
    net, ring = noisy()
    path = tmp_path / "spikes.h5"
    record = net.record_spikes(ring, to=path)
    with pytest.raises((ZeroDivisionError, KeyboardInterrupt)):
        net.run(100.0, every=(40.0, stop))
    assert net.time == pytest.approx(40.0)
    assert contents(path) == held(record) == held(in_memory(40.0))
    net.run(10.0)
    assert contents(path) == held(in_memory(50.0))


@pytest.mark.parametrize("where", ["before", "between", "after"])
def test_an_interrupted_write_is_made_again(tmp_path, small_parts, monkeypatch, where):
    """A Ctrl-C in the middle of a write loses nothing and leaves nothing twice."""
    write, left = SpikeFile.write, [3]

    def interrupted(self, start, ids, times):
        left[0] -= 1
        if left[0] == 0:
            if where == "between":
                with h5py.File(self.path, "r+") as file:
                    file["spikes/cells/node_ids"].resize((start + len(ids),))
            if where == "after":
                write(self, start, ids, times)
            raise KeyboardInterrupt
        write(self, start, ids, times)

    monkeypatch.setattr(SpikeFile, "write", interrupted)
    net, ring = noisy()
    record = net.record_spikes(ring, to=tmp_path / "spikes.h5")
    with pytest.raises(KeyboardInterrupt):
        net.run(100.0)
    assert 0 < net.time < 100
    assert contents(record.file) == held(record)
    net.run(100.0 - net.time)
    want = in_memory(100.0)
    assert contents(record.file) == held(record) == held(want)
    assert np.array_equal(record.counts(20, 90), want.counts(20, 90))


def test_an_interrupted_write_in_the_fast_arithmetic(tmp_path, small_parts, monkeypatch):
    def build(to):
        ring = lifext.pyrRingPop(2000, noise_g=0.01)
        net = lifext.Network(DT, seed=1)
        net.add(ring=ring)
        return net, net.record_spikes(ring, to=to)

    def interrupted(self, start, ids, times):
        if start > 0:
            monkeypatch.setattr(SpikeFile, "write", write)
            raise KeyboardInterrupt
        write(self, start, ids, times)

    write = SpikeFile.write
    monkeypatch.setattr(SpikeFile, "write", interrupted)
    net, record = build(tmp_path / "spikes.h5")
    with pytest.raises(KeyboardInterrupt):
        net.run(100.0)
    assert 0 < net.time < 100
    assert contents(record.file, "ring") == held(record)
    net.run(100.0 - net.time)
    whole, want = build(None)
    whole.run(100.0)
    assert contents(record.file, "ring") == held(record) == held(want)


def test_a_run_goes_on_while_someone_reads_the_file(tmp_path, small_parts):
    """HDF5 locks a file that is open: the spikes wait in memory, and the end of the run says so if they still do."""
    fcntl = pytest.importorskip("fcntl")
    net, ring = noisy()
    path = tmp_path / "spikes.h5"
    record = net.record_spikes(ring, to=path)
    net.run(20.0)
    before = contents(path)
    with path.open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        with pytest.raises(BlockingIOError):
            net.run(60.0)
        assert net.time == pytest.approx(80.0)
        assert record._log.count > 100
    assert contents(path) == before
    record.flush()
    assert contents(path) == held(record) == held(in_memory(80.0))


def test_a_closed_record_keeps_its_spikes_and_gets_no_more(tmp_path):
    net, ring = noisy()
    records = []
    for name in ("one.h5", "two.h5"):
        records.append(net.record_spikes(ring, to=tmp_path / name))
        net.run(30.0)
        records[-1].close()
        assert records[-1].closed
    net.run(30.0)
    net.reset()
    assert contents(tmp_path / "one.h5") == held(records[0]) == held(in_memory(30.0))
    whole = held(in_memory(60.0))
    assert [one + two for one, two in zip(held(records[0]), held(records[1]))] == list(whole)
    memory = net.record_spikes(ring)
    assert memory.file is None
    net.run(30.0)
    memory.close()
    count = len(memory)
    net.run(30.0)
    assert len(memory) == count > 0


def test_reset_empties_the_file(tmp_path):
    net, ring = noisy()
    record = net.record_spikes(ring, to=tmp_path / "spikes.h5")
    net.run(30.0)
    net.reset()
    assert contents(record.file) == held(record) == ([], [])
    assert len(record.between(0, 30)[0]) == 0
    net.run(30.0)
    assert contents(record.file) == held(record)
    assert len(record) > 0


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickle.dumps])
def test_what_writes_to_a_file_is_not_copied(tmp_path, duplicate):
    net, ring = noisy()
    record = net.record_spikes(ring, to=tmp_path / "spikes.h5")
    net.run(20.0)
    with pytest.raises(TypeError, match=r"got that of 'cells', which streams to .*spikes.h5; close\(\) it first"):
        duplicate(net)
    record.close()
    twin = duplicate(record)
    twin = pickle.loads(twin) if isinstance(twin, bytes) else twin
    assert held(twin) == held(record)
    assert twin.closed
    assert np.array_equal(twin.between(5, 15), record.between(5, 15))


def text_file(path):
    path.write_text("a file of the user's")


def other_hdf5(path):
    with h5py.File(path, "w") as file:
        file["spikes/ring"] = 1


def same_name(path):
    net, ring = noisy()
    net.record_spikes(ring, to=path)


@pytest.mark.parametrize(("make", "words"), [
    (text_file, "to must be a file that does not exist yet, or one of recorded spikes, got '.*spikes.h5'"),
    (other_hdf5, "to must be a file that does not exist yet, or one of recorded spikes, got '.*spikes.h5'"),
    (same_name, "to must be a file without spikes of a population 'cells', got '.*spikes.h5'"),
])
def test_files_that_are_refused(tmp_path, make, words):
    path = tmp_path / "spikes.h5"
    make(path)
    before = path.read_bytes()
    net, ring = noisy()
    with pytest.raises(ValueError, match=words):
        net.record_spikes(ring, to=path)
    assert path.read_bytes() == before
    assert net._spike_records == {}


def test_names_and_places_that_are_refused(tmp_path):
    net, ring = noisy(name="a/b")
    dots = lifext.Network(0.05, seed=1)
    dots.add(**{".": lifext.pyrPop(2), "..": lifext.pyrPop(2), "...": lifext.pyrPop(2)})
    for name in (".", ".."):
        with pytest.raises(ValueError, match=r"named otherwise than '', '.' or '..' to be kept in a file, .* got '\."):
            dots.record_spikes(dots[name], to=tmp_path / "dots.h5")
    assert not (tmp_path / "dots.h5").exists()
    dots.record_spikes(dots["..."], to=tmp_path / "dots.h5")
    dots.run(1.0)
    (tmp_path / "dots.h5").unlink()
    with pytest.raises(ValueError, match="the population must be named without a / to be kept in a file, got 'a/b'"):
        net.record_spikes(ring, to=tmp_path / "spikes.h5")
    with pytest.raises(TypeError, match="SpikeRecord: to must be the name of a file, got 3.5"):
        net.record_spikes(ring, to=3.5)
    net, ring = noisy()
    with pytest.raises(FileNotFoundError):
        net.record_spikes(ring, to=tmp_path / "nowhere" / "spikes.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_record_stays_where_it_is(tmp_path):
    net, ring = noisy()
    record = net.record_spikes(ring, to=tmp_path / "spikes.h5")
    assert net.record_spikes(ring) is record
    assert net.record_spikes(ring, to=str(tmp_path / "spikes.h5")) is record
    words = "to must be left out, as 'cells' is recorded to .*spikes.h5 already, got 'other.h5'"
    with pytest.raises(ValueError, match=words):
        net.record_spikes(ring, to="other.h5")
    net, ring = noisy()
    net.record_spikes(ring)
    with pytest.raises(ValueError, match="as 'cells' is recorded in memory already, got 'other.h5'"):
        net.record_spikes(ring, to="other.h5")
    assert not pathlib.Path("other.h5").exists()


def test_a_file_that_lost_spikes_is_noticed(tmp_path):
    net, ring = noisy()
    record = net.record_spikes(ring, to=tmp_path / "spikes.h5")
    net.run(30.0)
    with h5py.File(record.file, "r+") as file:
        file["spikes/cells/timestamps"].resize((1,))
    for touch in (lambda: record.ids, lambda: record.rate(0, 30), lambda: net.run(30.0)):
        with pytest.raises(ValueError, match=f"must hold the {record._log.spilled} spikes of 'cells' .*, got 1"):
            touch()
    assert net.time == pytest.approx(60.0)


def test_without_h5py_one_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    net, ring = noisy()
    with pytest.raises(ImportError, match=r"needs h5py, which the extra hdf5 installs: pip install 'lifext\[hdf5\]'"):
        net.record_spikes(ring, to=tmp_path / "spikes.h5")
    assert len(net.record_spikes(ring)) == 0


@settings(max_examples=30, deadline=None)
@given(spike_trains(), st.lists(st.integers(1, 3000), max_size=5), st.floats(-10, 2100), st.floats(-10, 2100))
def test_a_window_of_a_file_has_the_spikes_of_the_full_mask(train, cuts, start, length):
    """Written in any parts, some of them twice."""
    ids, times = train
    with tempfile.TemporaryDirectory() as folder:
        file = SpikeFile(pathlib.Path(folder) / "spikes.h5", "cells")
        edges = [0, *np.cumsum(cuts)[np.cumsum(cuts) < len(ids)], len(ids)]
        for first, last in zip(edges, edges[1:]):
            file.write(first, ids[first:last][:7], times[first:last][:7])
            file.write(first, ids[first:last], times[first:last])
        kept = len(ids) * 3 // 4
        for count in (len(ids), kept):
            got = recording._joined(file.between(start, start + length, count))
            inside = np.flatnonzero((times[:count] >= start) & (times[:count] < start + length))
            assert np.array_equal(got[0], ids[inside])
            assert np.array_equal(got[1], times[inside])
            file.cut(kept, None)
