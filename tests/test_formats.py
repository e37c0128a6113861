"""Spikes in the formats of other programs, and back, each through the library that defines it."""
import datetime
import io
import json
import os
import pathlib
import re
import sys
import zipfile
import zlib

import h5py
import libsonata
import neo
import numpy as np
import pandas
import pynwb
import pytest
import quantities as pq

import lifext
from lifext import _spike_file, recording

DT = 0.05


def ran(to=None, duration=60.0):
    """Return a ring's record, of a network with a projection, that has some hundred spikes."""
    ring, inhibition = lifext.pyrRingPop(32, noise_g=0.012, vTh=np.linspace(-52, -50, 32)), lifext.interPop(8)
    net = lifext.Network(DT, seed=3)
    net.add(ring=ring, inhibition=inhibition)
    spikes = net.record_spikes(ring, to=to)
    net.connect(ring, inhibition, lifext.Uniform(0.001), "exc", delay=0.5)
    net.run(duration)
    assert len(spikes) > 100
    return spikes


@pytest.fixture(scope="module")
def record():
    return ran()


@pytest.fixture
def no_reading(monkeypatch):
    """A file's spikes are not to be read as a whole."""
    monkeypatch.setattr(_spike_file.SpikeFile, "arrays", lambda *args: pytest.fail("all spikes were read"))


def in_time(record):
    order = np.argsort(record.times, kind="stable")
    return record.ids[order], record.times[order]


def assert_alike(got, record, spikes=None, exact=True):
    """`got` is a closed record of the same, whose methods work."""
    ids, times = (record.ids, record.times) if spikes is None else spikes
    assert np.array_equal(got.ids, ids)
    assert got.ids.dtype == np.intp
    assert np.array_equal(got.times, times) if exact else np.allclose(got.times, times, rtol=1e-15, atol=0)
    assert (got.name, got.size, got.start, got.stop) == (record.name, record.size, record.start, record.stop)
    assert got.provenance == record.provenance
    assert got.closed
    assert np.array_equal(got.counts(10.01, 50.01), record.counts(10.01, 50.01))
    assert got.rate(10.01, 50.01) == record.rate(10.01, 50.01) > 0
    assert got.population_vector(10.01, 50.01) == pytest.approx(record.population_vector(10.01, 50.01))
    assert isinstance(got, lifext.SpikeRecord)


def test_provenance_says_what_the_run_was(record):
    facts = record.provenance
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["lifext"], facts["numpy"], facts["dt"], facts["seed"], facts["arithmetic"]) == (
        lifext.__version__, np.__version__, DT, 3, "fast")
    assert {"python", "platform", "instruction_set"} <= set(facts)
    ring = facts["populations"]["ring"]
    assert (ring["class"], ring["size"], ring["GABA"]["kinetic"]["tau_s"]) == ("lifext.LIF_Pop.pyrRingPop", 32, 10)
    assert (ring["vTh"]["shape"], ring["vTh"]["min"], ring["vTh"]["max"]) == ([32], -52.0, -50.0)
    # connected after recording was asked for, before the first run
    assert facts["projections"] == [{
        "source": "ring", "target": "inhibition", "kind": "exc", "delay": 0.5, "begin": 0.0,
        "weights": {"class": "lifext.weights.Uniform", "shape": [32, 8], "weight": 0.001}}]


def test_provenance_tells_arrays_apart():
    def facts(thresholds):
        net = lifext.Network(DT, seed=1)
        net.add(cells=lifext.pyrPop(4, vTh=thresholds, rng=7))
        spikes = net.record_spikes(net._populations[0])
        assert spikes.provenance is None
        net.run(1.0)
        return spikes.provenance["populations"]["cells"]

    one, same, other = facts([-52, -51, -50, -49.0]), facts([-52, -51, -50, -49]), facts([-52, -50, -51, -49])
    assert one == same
    assert one["vTh"] != other["vTh"]
    assert one["vTh"]["mean"] == other["vTh"]["mean"]
    assert one["rng"] == {"class": "numpy.random._generator.Generator", "bit_generator": "PCG64", "entropy": 7,
                          "spawn_key": []}


def test_provenance_knows_parts_and_parameters_of_ones_own():
    class Gain(lifext.pyrPop):
        def __init__(self, size):
            super().__init__(size)
            self.gain, self.label, self._inner = 2.5, "high", 3
            self.AMPA.owner = self

    net = lifext.Network(DT, seed=1)
    net.add(cells=Gain(4))
    spikes = net.record_spikes(net._populations[0])
    net.run(1.0)
    cells = spikes.provenance["populations"]["cells"]
    assert (cells["gain"], cells["label"]) == (2.5, "high")
    assert not {"inner", "numSpikes"} & set(cells)
    assert "owner" not in cells["AMPA"]


def test_a_large_array_is_not_hashed(monkeypatch):
    monkeypatch.setattr("lifext._provenance.LARGE", 3)
    net = lifext.Network(DT, seed=1)
    net.add(cells=lifext.pyrPop(4, vTh=[-52, -51, -50, -49]))
    spikes = net.record_spikes(net._populations[0])
    net.run(1.0)
    assert spikes.provenance["populations"]["cells"]["vTh"] == {"shape": [4]}


def test_a_record_knows_from_when_to_when_and_of_which_seeds(tmp_path):
    cells = lifext.pyrPop(16, noise_g=0.02)
    net = lifext.Network(DT, seed=1)
    net.add(cells=cells)
    net.run(10.0)
    spikes = net.record_spikes(cells)
    net.run(20.0)
    net.reseed(2)
    net.save_state(tmp_path / "state.npz")
    net.run(20.0)
    assert (spikes.start, spikes.stop) == (10.0, 50.0)
    assert spikes.provenance["seed"] == 1
    assert spikes.provenance["reseeded"] == [{"time": 30.0, "seed": 2}]
    spikes.clear()
    assert (spikes.start, spikes.stop, spikes.provenance) == (50.0, 50.0, None)
    net.load_state(tmp_path / "state.npz")
    # what it has by then is of the first seed, what comes of the other
    assert (spikes.start, spikes.stop, spikes.provenance["seed"]) == (10.0, 30.0, 1)
    assert spikes.provenance["reseeded"] == [{"time": 30.0, "seed": 2}]
    net.reset(seed=5)
    cells.vTh = -51
    net.run(20.0)
    assert (spikes.start, spikes.stop) == (0.0, 20.0)
    assert (spikes.provenance["seed"], spikes.provenance["populations"]["cells"]["vTh"]) == (5, -51)
    spikes.close()
    net.run(20.0)
    assert spikes.stop == 20.0


def test_a_stream_says_the_same_as_a_record_in_memory(tmp_path):
    streamed = ran(tmp_path / "spikes.h5")
    again = lifext.SpikeRecord.from_sonata(tmp_path / "spikes.h5")
    assert_alike(again, streamed)
    assert_alike(again, ran())


def test_a_stream_notes_seed_and_time_also_where_nothing_fires(tmp_path):
    cells = lifext.pyrPop(4, noise_g=0)
    cells._vM = np.full(4, -70.0)
    net = lifext.Network(DT, seed=1)
    net.add(cells=cells)
    spikes = net.record_spikes(cells, to=tmp_path / "spikes.h5")
    net.run(10.0)
    net.reseed(4)
    net.run(10.0)
    again = lifext.SpikeRecord.from_sonata(tmp_path / "spikes.h5")
    assert (len(spikes), len(again), again.size, again.stop) == (0, 0, 4, 20.0)
    assert again.provenance["reseeded"] == [{"time": 10.0, "seed": 4}]
    assert again.rate(0, 20) == 0
    size = (tmp_path / "spikes.h5").stat().st_size
    for _ in range(50):
        net.run(1.0)
    assert (tmp_path / "spikes.h5").stat().st_size == size


# --- npz ---

def test_npz(tmp_path, record):
    record.save(tmp_path / "spikes.npz")
    assert_alike(lifext.SpikeRecord.load(tmp_path / "spikes.npz"), record)
    with np.load(tmp_path / "spikes.npz", allow_pickle=False) as file:
        assert np.array_equal(file["ids"], record.ids)
        assert np.array_equal(file["times"], record.times)
        assert json.loads(bytes(file["about"]))["provenance"] == record.provenance


def test_a_record_that_streams_is_saved(tmp_path):
    streamed = ran(tmp_path / "spikes.h5")
    streamed.save(tmp_path / "spikes.npz")
    assert_alike(lifext.SpikeRecord.load(tmp_path / "spikes.npz"), streamed)


def test_what_was_loaded_can_be_saved_again(tmp_path, record):
    record.save(tmp_path / "one.npz")
    lifext.SpikeRecord.load(tmp_path / "one.npz").save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def rewritten(path, change, **options):
    """Change what is in a file of `save`, and write it as someone who knows how to."""
    with np.load(path) as file:
        arrays = dict(file)
    document = json.loads(bytes(arrays["about"]))
    change(document, arrays)
    arrays["about"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    options.get("save", np.savez)(path, **arrays)


def put(where, value):
    def change(document, arrays):
        (arrays if where in arrays else document)[where] = value
    return change


CHANGES = [
    put("format", "lifext record 0"), put("format", None), put("name", 3), put("size", 31), put("size", 0),
    put("size", 2.5), put("size", True), put("size", 2**80), put("start", "0"), put("stop", float("nan")),
    put("stop", -1.0), put("directions", [0.0]), put("directions", "north"), put("directions", [1e999] * 32),
    put("provenance", [1]), put("ids", np.array([-1, 2])), put("ids", np.array([0.5])), put("times", np.zeros((2, 2))),
    put("times", np.array(["0"])), lambda document, arrays: arrays.pop("times"),
    lambda document, arrays: document.pop("provenance"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_an_npz_that_was_made_up_is_refused(tmp_path, record, change):
    path = tmp_path / "spikes.npz"
    record.save(path)
    rewritten(path, change)
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in a lifext record 1, whole and unchanged, got"):
        lifext.SpikeRecord.load(path)


def test_a_damaged_npz_is_refused(tmp_path, record):
    path = tmp_path / "spikes.npz"
    record.save(path)
    data = path.read_bytes()
    for length in range(0, len(data), len(data)//50):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="whole and unchanged, got .*spikes.npz: "):
            lifext.SpikeRecord.load(path)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("executed",)


def test_nothing_in_a_file_is_executed(tmp_path, record, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record.save("spikes.npz")
    rewritten("spikes.npz", put("times", np.array([Evil()])))
    with pytest.raises(ValueError, match="allow_pickle"):
        lifext.SpikeRecord.load("spikes.npz")
    assert not os.path.exists("executed")


def test_a_compressed_member_is_refused(tmp_path, record):
    path = tmp_path / "spikes.npz"
    record.save(path)
    rewritten(path, lambda *_: None, save=np.savez_compressed)
    with pytest.raises(ValueError, match="about.npy is compressed"):
        lifext.SpikeRecord.load(path)


def test_an_array_that_claims_to_be_larger_than_the_file_is_refused(tmp_path, record):
    path = tmp_path / "spikes.npz"
    record.save(path)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (2**60,)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, "times.npy": head.getvalue()}.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match="whole and unchanged"):
        lifext.SpikeRecord.load(path)


# --- pandas ---

def test_pandas(record):
    frame = record.to_pandas()
    assert list(frame.columns) == ["time", "neuron"]
    assert frame["time"].dtype == np.float64
    assert frame.attrs["provenance"] == record.provenance
    assert_alike(lifext.SpikeRecord.from_pandas(frame), record)
    early = lifext.SpikeRecord.from_pandas(frame[frame["time"] < 30])
    assert (len(early), early.size) == ((record.times < 30).sum(), 32)


def test_pandas_does_not_share_the_record(record):
    frame = record.to_pandas()
    frame.loc[0, "time"] = -5.0
    frame.attrs["provenance"]["seed"] = 9
    assert record.times[0] != -5.0
    assert record.provenance["seed"] == 3


def test_a_table_of_ones_own():
    frame = pandas.DataFrame({"time": [5, 1, 3], "neuron": [0, 2, 2]})
    got = lifext.SpikeRecord.from_pandas(frame)
    assert (got.name, got.size, got.start, got.stop, got.provenance) == ("spikes", 3, 0.0, 5.0, None)
    assert got.counts(0, 10).tolist() == [1, 0, 2]
    assert lifext.SpikeRecord.from_pandas(frame, name="cells", size=10).size == 10
    with pytest.raises(ValueError, match="size must be a whole number >= 3, got 2"):
        lifext.SpikeRecord.from_pandas(frame, size=2)


@pytest.mark.parametrize("frame", [
    pandas.DataFrame({"time": [1.0]}), pandas.DataFrame({"time": [1.0], "neuron": [-1]}),
    pandas.DataFrame({"time": [1.0], "neuron": [0.5]}), pandas.DataFrame({"time": ["a"], "neuron": [0]}), 3])
def test_tables_that_are_refused(frame):
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in a table with columns time"):
        lifext.SpikeRecord.from_pandas(frame)


# --- neo ---

def test_neo(record):
    trains = record.to_neo()
    assert len(trains) == 32
    # before anyone asks for a train, there is none
    assert_alike(lifext.SpikeRecord.from_neo(trains), record, in_time(record))
    for neuron, train in enumerate(trains):
        assert isinstance(train, neo.SpikeTrain)
        assert train.units == pq.ms
        assert np.array_equal(train.magnitude, record.times[record.ids == neuron])
        assert (train.t_start, train.t_stop) == (0 * pq.ms, 60 * pq.ms)
        assert (train.annotations["channel_id"], train.annotations["population"]) == (neuron, "ring")
        assert train.annotations["direction"] == record._directions[neuron]
    assert_alike(lifext.SpikeRecord.from_neo(trains), record, in_time(record))
    assert trains.segment.name == "ring"
    assert json.loads(trains.segment.annotations["lifext"])["provenance"] == record.provenance
    assert len(trains.segment.spiketrains) == 32


def test_neo_through_a_file(tmp_path, record):
    block = neo.Block()
    block.segments.append(record.to_neo().segment)
    neo.io.PickleIO(tmp_path / "spikes.pkl").write_block(block)
    segment, = neo.io.PickleIO(tmp_path / "spikes.pkl").read_block().segments
    assert_alike(lifext.SpikeRecord.from_neo(segment.spiketrains), record, in_time(record))


def test_trains_of_other_programs():
    trains = [neo.SpikeTrain([0.5, 0.1], units="s", t_start=0.05, t_stop=1, channel_id=4),
              neo.SpikeTrain([200.0], units="ms", t_stop=2000, channel_id=4), neo.SpikeTrain([], units="s", t_stop=1)]
    got = lifext.SpikeRecord.from_neo(trains, name="cells")
    assert got.ids.tolist() == [0, 1, 0]
    assert got.times == pytest.approx([100, 200, 500])
    assert (got.name, got.size, got.start, got.stop, got.provenance) == ("cells", 3, 0.0, 2000.0, None)


def test_some_of_the_trains_are_another_record(record):
    some = record.to_neo()[3:7]
    got = lifext.SpikeRecord.from_neo(some)
    assert (got.size, got.provenance) == (4, None)
    assert got.counts(0, 60).tolist() == record.counts(0, 60)[3:7].tolist()


@pytest.mark.parametrize("trains", [[], [np.zeros(3)], 5])
def test_what_is_no_list_of_trains_is_refused(trains):
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in spike trains of neo"):
        lifext.SpikeRecord.from_neo(trains)


def astray():
    """Return a record with a crossing that was extrapolated to before the beginning."""
    spikes = ran()
    spikes._log.restore(np.append(spikes.ids, [3, 4]), np.append(spikes.times, [-2.0, 70.0]))
    return spikes


def test_a_spike_outside_of_the_time_recorded(tmp_path):
    spikes = astray()
    trains = spikes.to_neo()
    assert (trains[3].t_start, trains[4].t_stop) == (-2 * pq.ms, 70 * pq.ms)
    session = new_session()
    spikes.to_nwb(session)
    assert np.array_equal(session.units["obs_intervals"][0], [[-0.002, 0.07]])
    assert_alike(lifext.SpikeRecord.from_neo(trains), spikes, in_time(spikes))


# --- NWB ---

def new_session():
    return pynwb.NWBFile("a session", "an identifier", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))


def test_nwb(tmp_path, record):
    path = tmp_path / "spikes.nwb"
    record.to_nwb(path)
    with pynwb.NWBHDF5IO(path, "r") as file:
        session = file.read()
        assert len(session.units) == 32
        assert session.units["neuron"][:].tolist() == list(range(32))
        assert session.units["direction"][:] == pytest.approx(record._directions)
        assert set(session.units["population"][:]) == {"ring"}
        for neuron in (0, 7, 31):
            assert session.units.get_unit_spike_times(neuron) * 1e3 == pytest.approx(
                np.sort(record.times[record.ids == neuron]), rel=1e-15)
            assert session.units["obs_intervals"][neuron].tolist() == [[0, 0.06]]
        about, = session.analysis["lifext"]["about"][:]
        assert json.loads(about)["provenance"] == record.provenance
    assert_alike(lifext.SpikeRecord.from_nwb(path), record, in_time(record), exact=False)
    assert pynwb.validate(path=path) == []


def some_others():
    others = lifext.pyrPop(5, noise_g=0.02, rng=1)
    net = lifext.Network(DT, compat=True)
    net.add(others=others)
    spikes = net.record_spikes(others)
    net.run(30.0)
    return spikes


def test_nwb_adds_to_a_session_of_someone_elses(tmp_path, record):
    session, path, others = new_session(), tmp_path / "session.nwb", some_others()
    session.add_unit(spike_times=[0.01, 0.02], obs_intervals=[[0.0, 1.0]])
    others.to_nwb(session)
    record.to_nwb(session)
    with pynwb.NWBHDF5IO(path, "w") as file:
        file.write(session)
    assert_alike(lifext.SpikeRecord.from_nwb(path, "ring"), record, in_time(record), exact=False)
    got = lifext.SpikeRecord.from_nwb(path, "others")
    assert np.array_equal(got.ids, in_time(others)[0])
    assert got.provenance == others.provenance
    with pytest.raises(ValueError, match="name must be one of the populations 'others', 'ring' in .*nwb, got None"):
        lifext.SpikeRecord.from_nwb(path)


def test_nwb_adds_to_a_file(tmp_path, record):
    path = tmp_path / "session.nwb"
    with pynwb.NWBHDF5IO(path, "w") as file:
        file.write(new_session())
    with pynwb.NWBHDF5IO(path, "a") as file:
        session = file.read()
        record.to_nwb(session)
        file.write(session)
    assert_alike(lifext.SpikeRecord.from_nwb(path), record, in_time(record), exact=False)
    with pynwb.NWBHDF5IO(path, "a") as file:
        session = file.read()
        with pytest.raises(ValueError, match="the units of target must be in memory, .* units are in .*nwb"):
            some_others().to_nwb(session)
        file.write(session)
    assert_alike(lifext.SpikeRecord.from_nwb(path), record, in_time(record), exact=False)


def test_nwb_of_other_programs(tmp_path):
    session = new_session()
    session.add_unit(spike_times=[0.5, 0.1])
    session.add_unit(spike_times=[0.2])
    got = lifext.SpikeRecord.from_nwb(session, "sorted")
    assert (got.ids.tolist(), got.name, got.size, got.provenance) == ([0, 1, 0], "sorted", 2, None)
    assert got.times == pytest.approx([100, 200, 500])


def test_nwb_with_more_elements_than_it_has_is_refused(tmp_path, record):
    """One that pynwb goes through element by element: this test would not end in an hour."""
    path = tmp_path / "spikes.nwb"
    record.to_nwb(path)
    with h5py.File(path, "r+") as file:
        del file["session_start_time"]
        file.create_dataset("session_start_time", (2**34,), h5py.string_dtype(), chunks=(2**10,))
    with pytest.raises(ValueError, match="/session_start_time claims 17179869184 elements, which are not in it"):
        lifext.SpikeRecord.from_nwb(path)


def test_nwb_with_many_spikes_or_packed_ones_is_read(tmp_path):
    path = tmp_path / "spikes.nwb"
    session = new_session()
    session.add_unit(spike_times=np.zeros(500_000))
    with pynwb.NWBHDF5IO(path, "w") as file:
        file.write(session)
    assert len(lifext.SpikeRecord.from_nwb(path, "zeros")) == 500_000
    with h5py.File(path, "r+") as file:
        attributes = dict(file["units/spike_times"].attrs)
        del file["units/spike_times"]
        file["units"].create_dataset("spike_times", data=np.zeros(500_000), compression=9, chunks=(500_000,))
        file["units/spike_times"].attrs.update(attributes)
        assert file["units/spike_times"].id.get_storage_size() < 5000
    assert len(lifext.SpikeRecord.from_nwb(path, "zeros")) == 500_000


def test_nwb_refuses(tmp_path, record):
    session = new_session()
    record.to_nwb(session)
    with pytest.raises(ValueError, match="target must be a file without spikes of a population 'ring', got 'ring'"):
        record.to_nwb(session)
    assert len(session.units) == 32
    session = new_session()
    session.add_unit_column("quality", "of the sorting")
    with pytest.raises(ValueError, match="no columns that a simulated neuron has no value for, got quality"):
        record.to_nwb(session)
    assert session.units.colnames == ("quality",)
    assert session.analysis == {}
    with pytest.raises(ValueError, match="spikes must be in an NWB file with a units table, .* got an NWBFile: "):
        lifext.SpikeRecord.from_nwb(new_session())
    (tmp_path / "there.nwb").write_text("mine")
    with pytest.raises(FileExistsError, match="there.nwb; to add to it"):
        record.to_nwb(tmp_path / "there.nwb")
    with pytest.raises(ValueError, match="spikes must be in an NWB file with a units table, .* got .*there.nwb: "):
        lifext.SpikeRecord.from_nwb(tmp_path / "there.nwb")
    with pytest.raises(FileNotFoundError):
        lifext.SpikeRecord.from_nwb(tmp_path / "nothing.nwb")
    with pytest.raises(TypeError, match="SpikeRecord: target must be the name of a file, got 3"):
        record.to_nwb(3)


# --- SONATA ---

@pytest.mark.parametrize("sorting", ["by_time", "by_id", "none"])
def test_sonata_read_by_libsonata(tmp_path, record, sorting):
    path = tmp_path / "spikes.h5"
    record.to_sonata(path, sorting=sorting)
    spikes = libsonata.SpikeReader(path)["ring"]
    assert (spikes.sorting, spikes.time_units) == (sorting, "ms")
    assert spikes.times == (record.times.min(), record.times.max())
    got = spikes.get_dict()
    order = {"none": slice(None), "by_time": np.argsort(record.times, kind="stable"),
             "by_id": np.lexsort((record.times, record.ids))}[sorting]
    assert np.array_equal(got["node_ids"], record.ids[order])
    assert np.array_equal(got["timestamps"], record.times[order])
    window = spikes.get_dict(tstart=20.01, tstop=40.01)
    assert sorted(window["timestamps"]) == sorted(record.between(20.01, 40.01)[1])
    assert_alike(lifext.SpikeRecord.from_sonata(path), record, (record.ids[order], record.times[order]))
    assert np.array_equal(np.sort(lifext.SpikeRecord.from_sonata(path).between(20, 40)[1]),
                          np.sort(record.between(20, 40)[1]))


def test_a_stream_is_a_sonata_file(tmp_path):
    streamed = ran(tmp_path / "spikes.h5")
    spikes = libsonata.SpikeReader(tmp_path / "spikes.h5")["ring"]
    assert (spikes.sorting, spikes.time_units) == ("none", "ms")
    got = spikes.get_dict()
    assert np.array_equal(got["node_ids"], streamed.ids)
    assert np.array_equal(got["timestamps"], streamed.times)


def test_a_stream_is_rewritten_and_windows_are_read_without_all_spikes_in_memory(tmp_path, monkeypatch, no_reading):
    monkeypatch.setattr(recording, "PART", 50)
    monkeypatch.setattr(_spike_file, "PART", 50)
    streamed, memory = ran(tmp_path / "one.h5"), ran()
    streamed.to_sonata(tmp_path / "two.h5", sorting="none")
    got = lifext.SpikeRecord.from_sonata(tmp_path / "two.h5")
    assert np.array_equal(got.between(0, 60), memory.between(0, 60))
    assert got.rate(20, 30) == memory.rate(20, 30)
    assert got.file == str(tmp_path / "two.h5")


@pytest.mark.parametrize("how", [
    {}, {"chunks": (2,)}, {"compression": "gzip"}, {"compression": "gzip", "shuffle": True, "chunks": (2,)},
    {"compression": "gzip", "fletcher32": True}, {"compression": 9, "shuffle": True, "fletcher32": True}])
def test_sonata_of_other_programs(tmp_path, how):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("spikes/default")
        group.attrs["sorting"] = "by_time"
        group["node_ids"] = np.array([4, 0, 2], dtype=np.uint32)
        group.create_dataset("timestamps", data=np.array([1, 2, 3], dtype=np.float32), **how)
    got = lifext.SpikeRecord.from_sonata(path)
    assert (got.name, got.size, got.start, got.stop, got.provenance) == ("default", 5, 0.0, 3.0, None)
    assert (got.ids.tolist(), got.times.tolist()) == ([4, 0, 2], [1, 2, 3])
    assert lifext.SpikeRecord.from_sonata(path, size=9).counts(0, 5).tolist() == [1, 0, 1, 0, 1, 0, 0, 0, 0]
    with pytest.raises(ValueError, match="size must be a whole number >= 5, got 4"):
        lifext.SpikeRecord.from_sonata(path, "default", size=4)
    with pytest.raises(ValueError, match="name must be one of the populations 'default' in .*, got 'ring'"):
        lifext.SpikeRecord.from_sonata(path, "ring")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="to must be a file that does not exist yet, or one of recorded spikes"):
        ran(path)
    assert path.read_bytes() == before


def change_sonata(name, **how):
    def change(file):
        group = file["spikes/ring"]
        del group[name]
        if how:
            group.create_dataset(name, **how)
    return change


def about_is(text):
    def change(file):
        del file["lifext/ring"]
        file["lifext/ring"] = np.bytes_(text) if isinstance(text, str) else text
        file["lifext/ring"].attrs["stop"] = 1.0
    return change


def of_any_length(file):
    """Text that is right, as a string of any length, which HDF5 does not read safely from a damaged file."""
    text, stop = file["lifext/ring"].asstr()[()], file["lifext/ring"].attrs["stop"]
    del file["lifext/ring"]
    file["lifext/ring"] = text
    file["lifext/ring"].attrs["stop"] = stop


def in_chunks(size, content, **how):
    """Chunks that HDF5 takes as they are, which may have less in them than a chunk has."""
    def change(file):
        count = len(file["spikes/ring/timestamps"])
        del file["spikes/ring/node_ids"]
        ids = file.create_dataset("spikes/ring/node_ids", (count,), np.uint64, maxshape=(None,), chunks=(size,), **how)
        for start in range(0, count, size):
            if content is not None:
                ids.id.write_direct_chunk((start,), content)
            else:
                ids[start:start + size] = 0
    return change


def text_of_any_length(name):
    def change(file):
        file["lifext/ring"].attrs[name] = "1.0"
    return change


def virtual(file):
    del file["spikes/ring/node_ids"]
    layout = h5py.VirtualLayout((5,), np.uint64)
    layout[:] = h5py.VirtualSource("elsewhere.h5", "ids", (5,))
    file.create_virtual_dataset("spikes/ring/node_ids", layout)


def in_place_of_groups(file):
    """As many numbers as nobody has the time for; none of them is in the file."""
    del file["spikes"]
    file.create_dataset("spikes", (2**40,), np.uint64, chunks=(2**12,))


def linked(place, kind=h5py.ExternalLink):
    """Have a link in place of what is there: to a pipe, for which HDF5 would wait, or to the same in this file."""
    def change(file):
        file["moved"] = file[place]
        del file[place]
        file[place] = h5py.SoftLink("/moved") if kind is h5py.SoftLink else kind("pipe", "/")
    return change


@pytest.mark.parametrize("change", [
    change_sonata("node_ids"), change_sonata("timestamps", data=[1.0]), change_sonata("timestamps", data=["a"]),
    change_sonata("node_ids", data=[[1]]), change_sonata("node_ids", data=[2.5]),
    change_sonata("node_ids", data=np.array([2**64 - 1], dtype=np.uint64)),
    change_sonata("node_ids", shape=(2**45,), dtype=np.uint64, chunks=(2**12,)),
    change_sonata("timestamps", data=h5py.Empty("f8")),
    lambda file: file["spikes/ring/timestamps"].attrs.modify("units", "s"),
    lambda file: file["spikes/ring/node_ids"].write_direct(np.full(len(file["spikes/ring/node_ids"]), 32, np.uint64)),
    lambda file: file.pop("spikes"), in_place_of_groups, virtual,
    about_is("no JSON"), about_is("{}"), about_is(3), about_is("[" * 10**5),
    lambda file: file["lifext/ring"].attrs.create("stop", "late"), of_any_length,
    in_chunks(2**27, zlib.compress(bytes(80)), compression="gzip"), in_chunks(100, bytes(792)),
    in_chunks(100, zlib.compress(bytes(792)), compression="gzip"), in_chunks(100, b"no zlib", compression="gzip"),
    in_chunks(100, bytes(792), shuffle=True), in_chunks(100, None, compression="lzf"),
    text_of_any_length("stop"), lambda file: file["lifext/ring"].attrs.pop("stop"),
    linked("spikes"), linked("spikes/ring"), linked("spikes/ring/node_ids"), linked("spikes/ring/timestamps"),
    linked("lifext"), linked("lifext/ring"), linked("spikes/ring", h5py.SoftLink),
])
def test_a_sonata_file_that_was_made_up_is_refused(tmp_path, record, change):
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "spikes.h5"
    record.to_sonata(path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(ValueError, match=r"SpikeRecord: (spikes must be in a SONATA file of spikes|name must be one)"):
        lifext.SpikeRecord.from_sonata(path)


def test_a_file_of_spikes_has_no_strings_of_any_length(tmp_path, record):
    """Of which HDF5, where they are damaged, goes round in circles for ever: a global heap is where they would be."""
    path = tmp_path / "spikes.h5"
    record.to_sonata(path)
    assert b"GCOL" not in path.read_bytes()
    with h5py.File(path, "r+") as file:
        file["spikes/ring/timestamps"].attrs["units"] = "ms"
    assert b"GCOL" in path.read_bytes()
    assert len(lifext.SpikeRecord.from_sonata(path)) == len(record)
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = "lifext spikes 2"
    with pytest.raises(ValueError, match="to must be a file that does not exist yet, or one of recorded spikes"):
        ran(path)


def test_only_the_population_that_is_asked_for_is_looked_at(tmp_path, record):
    """Of another's unit of time, HDF5 would read a string of any length."""
    path = tmp_path / "spikes.h5"
    record.to_sonata(path)
    with h5py.File(path, "r+") as file:
        file["spikes/other"] = h5py.Empty("f8")
    assert len(lifext.SpikeRecord.from_sonata(path, "ring")) == len(record)
    with pytest.raises(ValueError, match="name must be one of the populations 'other', 'ring'"):
        lifext.SpikeRecord.from_sonata(path)
    with pytest.raises(ValueError, match="spikes must be in a SONATA file of spikes"):
        lifext.SpikeRecord.from_sonata(path, "other")


@pytest.mark.parametrize("place", ["spikes", "lifext"])
def test_no_spikes_are_recorded_to_what_a_file_links_to(tmp_path, record, place):
    path, other = tmp_path / "spikes.h5", tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file.create_group("mine")
    record.to_sonata(path)
    with h5py.File(path, "r+") as file:
        del file[place]
        file[place] = h5py.ExternalLink("other.h5", "/mine")
    before = path.read_bytes(), other.read_bytes()
    with pytest.raises(ValueError, match="to must be a file that does not exist yet, or one of recorded spikes"):
        ran(path)
    assert (path.read_bytes(), other.read_bytes()) == before


def test_text_in_place_of_numbers_is_not_read(tmp_path, record):
    """HDF5 makes room for as many bytes as a string of varying length claims, here for a gigabyte."""
    path = tmp_path / "spikes.h5"
    record.to_sonata(path)
    with h5py.File(path, "r+") as file:
        del file["spikes/ring/node_ids"]
        file.create_dataset("spikes/ring/node_ids", data=["a"] * len(record), dtype=h5py.string_dtype())
        place = file["spikes/ring/node_ids"].id.get_offset()
    data = bytearray(path.read_bytes())
    data[place:place + 4] = (2**30).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ValueError, match="/spikes/ring/node_ids has no numbers"):
        lifext.SpikeRecord.from_sonata(path)


def test_a_damaged_sonata_file_is_refused(tmp_path, record):
    path = tmp_path / "spikes.h5"
    record.to_sonata(path)
    data = path.read_bytes()
    for length in range(0, len(data), len(data)//20):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="spikes must be in a SONATA file of spikes"):
            lifext.SpikeRecord.from_sonata(path)
    with pytest.raises(FileNotFoundError):
        lifext.SpikeRecord.from_sonata(tmp_path / "nothing.h5")


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, record, monkeypatch):
    def full(*args):
        raise OSError("no space left")

    path = tmp_path / "spikes.h5"
    with monkeypatch.context() as patch:
        patch.setattr(_spike_file.SpikeFile, "write", full)
        with pytest.raises(OSError, match="no space"):
            record.to_sonata(path)
        assert not path.exists()
    ran(path)
    with monkeypatch.context() as patch:
        patch.setattr(_spike_file.SpikeFile, "write", full)
        patch.setattr(record, "name", "other")
        with pytest.raises(OSError, match="no space"):
            record.to_sonata(path)
    assert libsonata.SpikeReader(path).get_population_names() == ["ring"]
    with pytest.raises(ValueError, match="to must be a file without spikes of a population 'ring'"):
        record.to_sonata(path)
    with pytest.raises(ValueError, match="SpikeRecord: sorting must be"):
        record.to_sonata(tmp_path / "new.h5", sorting="time")
    assert not (tmp_path / "new.h5").exists()


# --- all ---

@pytest.mark.parametrize(("module", "extra", "act"), [
    ("pandas", "pandas", lambda record: record.to_pandas()), ("neo", "neo", lambda record: record.to_neo()),
    ("neo", "neo", lambda record: record.from_neo([])), ("pynwb", "nwb", lambda record: record.to_nwb("x.nwb")),
    ("h5py", "hdf5", lambda record: record.to_sonata("x.h5")), ("h5py", "hdf5", lambda record: record.from_sonata("x")),
])
def test_without_a_library_one_is_told_what_to_install(record, monkeypatch, module, extra, act):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"needs {module}, which the extra {extra} installs: pip install "
                                          rf"'lifext\[{extra}\]'"):
        act(record)


def test_an_empty_record_through_all_formats(tmp_path):
    net = lifext.Network(DT, seed=1)
    cells = lifext.pyrPop(3)
    net.add(cells=cells)
    spikes = net.record_spikes(cells)
    spikes.save(tmp_path / "spikes.npz")
    spikes.to_sonata(tmp_path / "spikes.h5")
    spikes.to_nwb(tmp_path / "spikes.nwb")
    read = lifext.SpikeRecord
    for got in (read.load(tmp_path / "spikes.npz"), read.from_sonata(tmp_path / "spikes.h5"),
                read.from_nwb(tmp_path / "spikes.nwb"), read.from_pandas(spikes.to_pandas()),
                read.from_neo(spikes.to_neo())):
        assert (got.name, got.size, len(got), got.stop, got.provenance) == ("cells", 3, 0, 0.0, None)
        assert got.counts(0, 1).tolist() == [0, 0, 0]
    assert libsonata.SpikeReader(tmp_path / "spikes.h5")["cells"].get_dict()["node_ids"].tolist() == []


def test_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (pathlib.Path(__file__).parents[1] / "docs" / "data.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == 8
    exec("".join(blocks), {})
    assert "'tau_x': 2" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"cells.npz", "cells.nwb", "session.nwb", "cells.h5"}
