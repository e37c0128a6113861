"""State in files, pickles and copies: what comes out of them continues bit for bit."""
import copy
import dataclasses
import io
import json
import os
import pickle
import zipfile

import h5py
import numpy as np
import pytest
from conftest import composed

import lifext
from lifext import Network, Ring, Uniform
from lifext._attributes import NOT_STATE, Watched

DT = 0.05


def build(compat=True, record=True, seed=5, rng=None):
    """Return a network with delays, most kinds of current, arrays for parameters, and records."""
    cells = lifext.pyrRingPop(60, NMDA_g=0.1, noise_g=np.linspace(0.01, 0.02, 60), rng=rng)
    other = lifext.interPop(20, noise_g=0.008, rng=rng)
    cells.afferents = lifext.affRingPoisson(60, cells.directions, rng=rng)
    other.leak = lifext.leak(20, rand_sd=0.001, rng=rng)
    net = Network(DT, compat=True) if compat else Network(DT, seed=seed)
    net.add(cells=cells, other=other)
    net.connect(cells, cells, Ring.from_profile(60, scale=0.5), "exc", delay=1.0)
    net.connect(cells, other, Uniform(0.01), "exc", delay=0.25)
    net.connect(other, cells, Uniform(0.0005), "inh")
    if not compat:
        net.connect(cells, cells, Uniform(0.0001), "nmda", delay=0.5)
    if record:
        net.record_spikes(cells)
        net.record_state(cells, ["v", "i_nmda"], every=0.5, neurons=[3, -1])
    return net


def everything(net):
    """Return all that a network is, in a form that can be compared."""
    parts = [net.time, net.seed, np.random.get_state()[1:3]]
    for population, history in zip(net._populations, net._histories):
        parts += [state_of(population), history.slots()]
    for record in net._spike_records.values():
        parts += [record.ids, record.times]
    for record in net._state_records:
        parts += [record.times, record["v"]]
    return plain(parts)


def plain(value):
    """Return a value with each array as its bytes."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def state_of(thing):
    found = {}
    for name, value in sorted(vars(thing).items()):
        if name in NOT_STATE:
            continue
        if isinstance(value, np.random.Generator):
            value = plain(value.bit_generator.state)
        elif isinstance(value, np.random.RandomState):
            value = plain(value.get_state(legacy=False))
        elif type(value).__name__ == "SpikeBuffer":
            value = value.__reduce__()[1]
        found[name] = state_of(value) if isinstance(value, Watched) else plain(value)
    return found


def same(one, other):
    return everything(one) == everything(other)


@pytest.fixture(params=["compat", "fast"])
def compat(request):
    return request.param == "compat"


def warmed_up(**how):
    net = build(**how)
    net._populations[0].stim(1.0, max_rate=2.0)
    net._populations[0].AMPA.g = 0.02
    net.run(40.0)
    assert any(len(ids) for ids, _ in net._histories[0].slots())
    return net


def test_a_saved_state_continues_bit_for_bit(tmp_path, compat):
    """With spikes on their way, records, a current that is on and parameters that were changed."""
    path = tmp_path / "state.npz"
    net = warmed_up(compat=compat)
    net.save_state(path)
    before = len(net._spike_records[0])
    drawn = np.random.get_state()
    net.run(20.0)
    want = everything(net)
    assert len(net._spike_records[0]) > before > 0
    np.random.seed(99)
    twin = build(compat=compat, seed=6)
    twin.run(7.0)
    if not compat:
        # which draws nothing from it
        np.random.set_state(drawn)
    twin.load_state(path)
    assert twin.time == 40.0
    assert twin._populations[0].AMPA.g == 0.02
    twin.run(20.0)
    assert everything(twin) == want
    # and on the network itself, as often as one likes
    net.load_state(path)
    net.run(20.0)
    assert everything(net) == want


def test_a_running_network_is_saved_and_not_loaded_to(tmp_path, compat):
    net, path = build(compat=compat), tmp_path / "state.npz"
    net.run(10.0, every=(5.0, lambda net: net.save_state(path) if net.time < 6 else None))
    want = everything(net)
    with pytest.raises(RuntimeError, match="Network: is running; run, reset, reseed and load_state wait"):
        net.run(5.0, every=(5.0, lambda net: net.load_state(path)))
    net.load_state(path)
    assert net.time == 5.0
    net.run(5.0)
    assert everything(net) == want


def test_an_empty_network_goes_back_in_time(tmp_path, compat):
    net = Network(DT, compat=compat)
    net.run(5.0)
    net.save_state(tmp_path / "state.npz")
    net.run(3.0)
    net.load_state(tmp_path / "state.npz")
    net.run(1.0)
    assert net.time == 6.0


def test_saving_changes_nothing(tmp_path, compat):
    net = warmed_up(compat=compat)
    before = everything(net)
    net.save_state(tmp_path / "state.npz")
    assert everything(net) == before
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]


BIT_GENERATORS = ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"]


@pytest.mark.parametrize("make", [
    *(lambda name=name: np.random.Generator(getattr(np.random, name)(7)) for name in BIT_GENERATORS),
    *(lambda name=name: np.random.RandomState(getattr(np.random, name)(7)) for name in BIT_GENERATORS),
])
def test_every_generator_of_numpy_continues(tmp_path, make):
    rng = make()
    net = warmed_up(rng=rng)
    # half a word and half a pair of normal numbers are left over
    rng.standard_normal(1) if isinstance(rng, np.random.Generator) else rng.randn()
    net.save_state(tmp_path / "state.npz")
    net.run(10.0)
    want = everything(net), rng.random(3).tolist(), _normal(rng)
    rng = make()
    twin = build(rng=rng)
    twin.load_state(tmp_path / "state.npz")
    twin.run(10.0)
    assert (everything(twin), rng.random(3).tolist(), _normal(rng)) == want


def _normal(rng):
    return rng.standard_normal() if isinstance(rng, np.random.Generator) else rng.randn()


def test_the_global_generator_is_left_alone_where_nothing_draws_from_it(tmp_path):
    net = warmed_up(rng=3)
    for population in net._populations:
        assert population.rng is not None
    net.save_state(tmp_path / "state.npz")
    np.random.seed(8)
    before = np.random.get_state()[1].tolist()
    net.load_state(tmp_path / "state.npz")
    assert np.random.get_state()[1].tolist() == before


def test_a_population_in_the_other_arithmetic_continues(tmp_path):
    """In a fast network such a one draws from a generator of the network's."""
    def make():
        net = build(compat=False, record=False)
        net._populations[1].AMPA.record = True
        return net
    with pytest.warns(lifext.PerformanceWarning, match="other is stepped in the slower compat arithmetic"):
        net = make()
        net.run(20.0)
    net.save_state(tmp_path / "state.npz")
    net.run(5.0)
    with pytest.warns(lifext.PerformanceWarning):
        twin = make()
        twin.load_state(tmp_path / "state.npz")
        twin.run(5.0)
    assert len(twin._populations[1].AMPA.curr_record) == 500
    assert same(twin, net)


def test_what_was_received_and_tracked_is_kept(tmp_path):
    def make():
        net = build(record=False)
        net._populations[0].GABA.kinetic = lifext.secondOrdKin(60, 1, 1, 0.25, 10, track=True, track_ID=-1)
        net._populations[0].NMDA.record = True
        return net
    net = make()
    net.run(5.0)
    net._populations[1].receivePyrSpikes(DT, 2, [0.03, 0.01], np.random.default_rng(1).random((2, 20)))
    net.save_state(tmp_path / "state.npz")
    twin = make()
    twin.load_state(tmp_path / "state.npz")
    assert same(twin, net)
    assert len(twin._populations[0].GABA.kinetic.tracked_x) == 100
    assert len(twin._populations[0].NMDA.curr_record) == 100
    for one in (net, twin):
        one._populations[1].processTimeStep(DT, 5.0)
    assert same(twin, net)


def test_the_file_is_arrays_and_json(tmp_path):
    """It can be read without this package, and says where it comes from."""
    net = warmed_up(compat=False)
    net.save_state(tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
        assert np.array_equal(file["cells._vM"], net._populations[0].VMs())
        document = json.loads(bytes(file["state"]))
    facts = document["provenance"]
    assert (facts["lifext"], facts["numpy"], facts["dt"], facts["seed"]) == (
        lifext.__version__, np.__version__, DT, 5)
    assert document["values"]["cells.AMPA.g"] == 0.02


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    net = warmed_up()
    net.save_state(path)
    before = path.read_bytes()
    net.run(1.0)

    def full(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        net.save_state(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def another_size():
    net = Network(DT, compat=True)
    net.add(cells=lifext.pyrRingPop(61), other=lifext.interPop(20))
    return net


def changed(change):
    net = build()
    change(net)
    return net


def other_names():
    net = Network(DT, compat=True)
    net.add(pyr=lifext.pyrRingPop(60))
    return net


def other_delay():
    net = build()
    made = net._projections[1]
    net._projections[1] = dataclasses.replace(made, delay=made.delay - 1)
    return net


@pytest.mark.parametrize(("other", "words"), [
    (lambda: build(compat=False), "arithmetic is compat in .*state.npz, and fast here"),
    (lambda: Network(0.1, compat=True), "dt is 0.05 in .*state.npz, and 0.1 here"),
    (other_names, r"populations is \['cells', 'other'\] in .*, and \['pyr'\] here"),
    (another_size, "cells is pyrRingPop of size 60 in .*, and pyrRingPop of size 61 here"),
    (lambda: changed(lambda net: setattr(net._populations[0], "afferents", lifext.affFlatPoisson(60))),
     "cells.afferents is affRingPoisson of size 60 in .*, and affFlatPoisson of size 60 here"),
    (lambda: changed(lambda net: setattr(net._populations[0].AMPA, "kinetic", lifext.firstOrdKin(60, 1, 2))),
     "cells.AMPA.kinetic is firstOrdKinExp of size 60 in .*, and firstOrdKin of size 60 here"),
    (lambda: build(rng=1), "cells.AMPA.rng is NumPy's global generator in .*, and generator 0, a Generator on"),
    (lambda: changed(lambda net: setattr(net._populations[1], "depth", 3)), "attributes of other is "),
    (lambda: changed(lambda net: net.connect(*net._populations, Uniform(1), "inh")),
     r"projection 3 is not there in .*, and cells to other, inh, delay 0 steps, shape \(60, 20\) here"),
    (other_delay, "projection 1 is cells to other, exc, delay 5 steps, .*, and cells to other, exc, delay 4 steps"),
    (lambda: build(record=False), "spikes of cells is recorded in memory in .*, and not there here"),
    (lambda: changed(lambda net: net.record_spikes(net._populations[1])), "spikes of other is not there in .*, and re"),
    (lambda: changed(lambda net: net.record_state(net._populations[1], "v")), "state record 1 is not there in"),
])
def test_a_network_built_otherwise_is_refused_and_left_as_it_was(tmp_path, other, words):
    warmed_up().save_state(tmp_path / "state.npz")
    net = other()
    net.run(2.0)
    before = everything(net)
    with pytest.raises(ValueError, match="Network: the state must be that of a network built the same way, .*" + words):
        net.load_state(tmp_path / "state.npz")
    assert everything(net) == before


def test_what_two_populations_share_stays_shared(tmp_path):
    def make(shared):
        one, other = lifext.pyrPop(5, rng=1), lifext.pyrPop(5, rng=2)
        if shared:
            other.leak = one.leak
        net = Network(DT, compat=True)
        net.add(one=one, other=other)
        return net
    net = make(True)
    net.save_state(tmp_path / "state.npz")
    with pytest.raises(ValueError, match="other.leak is the same as one.leak in .*, and leak of size 5 here"):
        make(False).load_state(tmp_path / "state.npz")
    net.load_state(tmp_path / "state.npz")
    assert net._populations[0].leak is net._populations[1].leak


@pytest.mark.parametrize("flag", [True, np.True_, np.bool_(False)])
def test_a_flag_of_the_users_own_is_kept(tmp_path, flag):
    net = build(compat=False)
    net._populations[0].treated = flag
    net.run(1.0)
    assert net._spike_records[0].provenance["populations"]["cells"]["treated"] is bool(flag)
    net.save_state(tmp_path / "state.npz")
    net._populations[0].treated = None
    net.load_state(tmp_path / "state.npz")
    assert net._populations[0].treated is bool(flag)


class Ramp(lifext.affFlat):
    """A current of a user's own."""


class Mine:
    """A duck-typed one."""

    def project(self, dt, vM):
        return np.zeros(60)

    current = project

    def update(self, dt, spikes, weights):
        pass

    def reset(self):
        pass


@pytest.mark.parametrize(("change", "words"), [
    (lambda net: setattr(net._populations[0], "afferents", Ramp(60)), "got cells.afferents, a Ramp; .* can be pickled"),
    (lambda net: setattr(net._populations[0], "afferents", Mine()), "got cells.afferents, a Mine; .* can be pickled"),
    (lambda net: net.add(third=composed(lifext.pyrPop)(3)), "got third, a ComposedpyrPop; .* can be pickled"),
    (lambda net: setattr(net._populations[0], "label", object()), "got cells.label, a object; .* can be pickled"),
    (lambda net: setattr(net._populations[1], "numbers", [1.0, "a"]), "got other.numbers, a list; .* can be pickled"),
    (lambda net: setattr(net._populations[1], "dVmdt", len), "got other.dVmdt, a builtin_function_or_method; "),
])
def test_a_part_of_the_users_own_is_refused(tmp_path, change, words):
    net = build()
    change(net)
    with pytest.raises(TypeError, match="Network: a state file has .*" + words):
        net.save_state(tmp_path / "state.npz")
    assert list(tmp_path.iterdir()) == []


# --- damaged files ---

@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return a small network that has run, a function that builds another, and its file's bytes."""
    def make():
        cells = lifext.pyrPop(4, noise_g=0.02, rng=1)
        net = Network(DT, compat=True)
        net.add(cells=cells)
        net.connect(cells, cells, Uniform(0.01), "exc", delay=0.2)
        net.record_spikes(cells)
        net.record_state(cells, "v", every=1.0)
        return net
    net = make()
    net.run(100.0)
    path = tmp_path_factory.mktemp("small") / "state.npz"
    net.save_state(path)
    return net, make, path.read_bytes()


def test_a_truncated_file_is_refused(small, tmp_path):
    _, make, data = small
    net, path = make(), tmp_path / "state.npz"
    before = everything(net)
    for length in [0, 1, 4, 30, 100, *range(200, len(data), 997), len(data) - 23, len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="Network: the state must be a lifext state 1, whole and unchanged, got"):
            net.load_state(path)
    assert everything(net) == before


def test_a_changed_byte_is_refused_or_without_effect(small, tmp_path):
    """Some bytes, as the date of a member, mean nothing."""
    saved, make, data = small
    rng, path, refused = np.random.default_rng(2), tmp_path / "state.npz", 0
    places = {*rng.integers(0, len(data), 150).tolist(), *range(40), *range(len(data) - 120, len(data), 3)}
    for place in sorted(places):
        harmed = bytearray(data)
        harmed[place] ^= 1 << rng.integers(8)
        path.write_bytes(harmed)
        net = make()
        before = everything(net)
        try:
            net.load_state(path)
        except ValueError as error:
            assert "Network: the state must be" in str(error)
            assert everything(net) == before
            refused += 1
        else:
            assert same(net, saved)
    assert refused > 100


def rewritten(data, change):
    """Return the bytes of a file whose contents were changed by someone who can compute checksums."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        arrays = {name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    document = json.loads(bytes(arrays["state"]))
    change(document, document["values"], arrays)
    arrays["state"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def put(name, index, value):
    def change(document, values, arrays):
        arrays[name] = arrays[name].copy()
        arrays[name][index] = value
    return change


def replace(name, array):
    return lambda document, values, arrays: arrays.update({name: np.array(array)})


def give(name, value):
    return lambda document, values, arrays: values.update({name: value})


@pytest.mark.parametrize("change", [
    replace("cells._vM", np.zeros(3)), replace("cells._vM", np.zeros(4, np.float32)),
    replace("cells._vM", np.zeros((2, 2))), replace("cells._spikeTime", np.zeros(2)),
    replace("cells._spiked", np.zeros(4)), replace("cells.noise._pending", np.zeros(0, np.uint8)),
    replace("cells.AMPA.kinetic._s", np.zeros(5)), give("cells._vM", 1.0), give("cells._vM", None),
    give("cells.cM", -1.0), give("cells.cM", "a"), give("cells.cM", {"array": "nowhere"}), give("cells.size", 5),
    give("cells.AMPA.curr_record", 3), give("cells.numSpikes", {"array": "cells._vM", "list": 3}),
    put("cells on their way.ids", 0, 4), put("cells on their way.ids", 0, -1),
    put("cells on their way.counts", 0, -1), put("cells on their way.counts", 0, 100),
    replace("cells on their way.ids", [0.5]), replace("cells on their way.times", np.zeros(1000)),
    put("spikes of cells.ids", 0, 10**6), replace("spikes of cells.times", np.zeros(1)),
    replace("state record 0.v", np.zeros((1, 4))), replace("state record 0.steps", np.zeros((3, 3), int)),
    give("network", {"dict": {"step": -1, "seed": None}}), give("network", {"dict": {"step": 2**70, "seed": None}}),
    give("network", {"dict": {"step": 1.5, "seed": None}}), give("network", {"dict": {"step": 1, "seed": 3}}),
    give("generator 0", 3), give("generator 0", {"dict": {}}),
    give("generators of the seed", {"dict": {"7": {"dict": {}}}}),
    lambda document, values, arrays: values.pop("cells._vM"),
    lambda document, values, arrays: values.update(more=1),
    lambda document, values, arrays: document.pop("structure"),
    lambda document, values, arrays: document.update(format="lifext state 2"),
    lambda document, values, arrays: document.update(values=[1]),
    lambda document, values, arrays: values["generator 0"]["dict"]["state"]["dict"].update(state=2**200),
])
def test_contents_that_were_tampered_with_are_refused(small, tmp_path, change):
    """No matter what a file says, nothing is written or read where it should not be."""
    _, make, data = small
    net = make()
    before = everything(net)
    (tmp_path / "state.npz").write_bytes(rewritten(data, change))
    with pytest.raises(ValueError, match="Network: the state must be"):
        net.load_state(tmp_path / "state.npz")
    assert everything(net) == before


@pytest.mark.parametrize(("name", "place", "value"), [("MT19937", "pos", 625), ("MT19937", "pos", -1),
                                                      ("Philox", "buffer_pos", 5), ("Philox", "buffer_pos", -1)])
def test_a_position_outside_of_a_generators_batch_is_refused(tmp_path, name, place, value):
    """NumPy itself would take it, and read there."""
    def change(document, values, arrays):
        state = values["generator 0"]["dict"]
        state = state if place in state else state["state"]["dict"]
        assert place in state
        state[place] = value
    path = tmp_path / "state.npz"
    net = build(rng=np.random.Generator(getattr(np.random, name)(7)))
    net.save_state(path)
    path.write_bytes(rewritten(path.read_bytes(), change))
    with pytest.raises(ValueError, match="a generator's position is not as it was written"):
        net.load_state(path)


@pytest.mark.parametrize("data", [b"", b"some text", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(18)])
def test_other_files_are_refused(tmp_path, data):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ValueError, match="the state must be a lifext state 1, whole and unchanged, got .*file: "):
        build().load_state(tmp_path / "file")


def test_an_npz_of_something_else_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "objects.npz", state=np.array([object()]))
    for name in ("other.npz", "objects.npz"):
        with pytest.raises(ValueError, match="the state must be a lifext state 1"):
            build().load_state(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        build().load_state(tmp_path / "nothing.npz")
    with pytest.raises(TypeError, match="Network: path must be the name of a file, got 3"):
        build().save_state(3)


# --- records that stream ---

def streaming(path, compat=True):
    net = build(compat, record=False)
    return net, net.record_spikes(net._populations[0], to=path)


def in_file(path):
    with h5py.File(path, "r") as file:
        return file["spikes/cells/timestamps"][:].tolist()


def test_a_stream_is_cut_to_where_it_was(tmp_path, compat):
    net, record = streaming(tmp_path / "one.h5", compat)
    net.run(40.0)
    net.save_state(tmp_path / "state.npz")
    count = len(record)
    net.run(40.0)
    want = record.times.tolist()
    assert len(want) > count > 0
    net.run(20.0)
    net.load_state(tmp_path / "state.npz")
    assert in_file(tmp_path / "one.h5") == record.times.tolist() == want[:count]
    net.run(40.0)
    assert in_file(tmp_path / "one.h5") == record.times.tolist() == want
    assert np.array_equal(record.between(30, 60)[1], [t for t in want if 30 <= t < 60])


def test_a_stream_goes_on_in_another_file(tmp_path):
    net, record = streaming(tmp_path / "one.h5")
    net.run(40.0)
    net.save_state(tmp_path / "state.npz")
    first = record.times.tolist()
    net.run(40.0)
    twin, other = streaming(tmp_path / "two.h5")
    twin.run(3.0)
    twin.load_state(tmp_path / "state.npz")
    twin.run(40.0)
    assert len(other) > 0
    assert first + in_file(tmp_path / "two.h5") == in_file(tmp_path / "one.h5")
    assert other.times.tolist() == in_file(tmp_path / "two.h5")


def test_a_stream_that_has_lost_its_spikes_is_refused(tmp_path):
    net, record = streaming(tmp_path / "one.h5")
    net.run(40.0)
    net.save_state(tmp_path / "state.npz")
    net.reset()
    before = everything(net)
    with pytest.raises(ValueError, match=r"^SpikeRecord: \S*one.h5 must hold the \d+ spikes of 'cells' written to it, "
                                         "got 0: it was emptied"):
        net.load_state(tmp_path / "state.npz")
    assert everything(net) == before


def another_branch(net, record, state):
    """Go on from the state with a stimulus, for longer than the state's own run did."""
    net.load_state(state.parent / "first.npz")
    net._populations[0].stim(1.0, max_rate=2.0)
    net.run(60.0)


def another_seed(net, record, state):
    net.reset(seed=6)
    net.run(80.0)


def emptied(net, record, state):
    record.clear()
    net.run(120.0)


def one_spike_changed(net, record, state):
    with h5py.File(record.file, "r+") as file:
        file["spikes/cells/node_ids"][0] = 59 - file["spikes/cells/node_ids"][0]


def one_time_changed(net, record, state):
    with h5py.File(record.file, "r+") as file:
        file["spikes/cells/timestamps"][-1] += 1e-12


@pytest.mark.parametrize("change", [another_branch, another_seed, emptied, one_spike_changed, one_time_changed])
def test_a_stream_with_the_spikes_of_another_run_is_refused(tmp_path, change):
    """Whose number says nothing: they are as many as the state had, or more."""
    net, record = streaming(tmp_path / "one.h5", compat=False)
    net.run(20.0)
    net.save_state(tmp_path / "first.npz")
    net.run(20.0)
    net.save_state(tmp_path / "state.npz")
    count = len(record)
    change(net, record, tmp_path / "state.npz")
    assert len(record) >= count > 0
    before, described = everything(net), (record.start, record.stop, record.provenance)
    with pytest.raises(ValueError, match=r"^SpikeRecord: \S*one.h5 must hold the \d+ spikes of 'cells' written to it, "
                                         r"got others in their place: .* stream to another file"):
        net.load_state(tmp_path / "state.npz")
    assert everything(net) == before and (record.start, record.stop, record.provenance) == described
    # what the error says to do
    record.close()
    other = net.record_spikes(net._populations[0], to=tmp_path / "two.h5")
    net.load_state(tmp_path / "state.npz")
    assert net.time == 40.0 and len(other) == 0 and (other.start, other.stop) == (40.0, 40.0)


def test_a_stream_that_has_its_spikes_again_is_taken(tmp_path):
    """However it came to them: what counts is what is in the file."""
    net, record = streaming(tmp_path / "one.h5", compat=False)
    net.run(40.0)
    net.save_state(tmp_path / "state.npz")
    want = record.times.tolist()
    net.reset()
    for _ in range(6):
        net.run(10.0)
    net.load_state(tmp_path / "state.npz")
    assert in_file(tmp_path / "one.h5") == want != []
    # cut, and saved again before anything is written behind
    net.save_state(tmp_path / "again.npz")
    net.run(20.0)
    net.save_state(tmp_path / "later.npz")
    net.load_state(tmp_path / "again.npz")
    assert in_file(tmp_path / "one.h5") == want
    with pytest.raises(ValueError, match="one.h5 must hold"):
        net.load_state(tmp_path / "later.npz")


def test_a_stream_without_a_spike_is_any_others_beginning(tmp_path):
    net, record = streaming(tmp_path / "one.h5", compat=False)
    net.save_state(tmp_path / "state.npz")
    net.run(40.0)
    assert len(record) > 0
    net.load_state(tmp_path / "state.npz")
    assert len(record) == 0 and record.provenance is None and in_file(tmp_path / "one.h5") == []


def test_a_state_of_an_earlier_version_has_no_digest(tmp_path):
    net, record = streaming(tmp_path / "one.h5", compat=False)
    net.run(40.0)
    net.save_state(tmp_path / "state.npz")
    want = record.times.tolist()

    def forget(document, values, arrays):
        for name in ("digest", "stop", "provenance"):
            del values["spikes of cells"]["dict"][name]
    (tmp_path / "old.npz").write_bytes(rewritten((tmp_path / "state.npz").read_bytes(), forget))
    net.run(10.0)
    net.load_state(tmp_path / "old.npz")
    assert record.times.tolist() == want and (record.start, record.stop) == (0.0, 40.0)
    assert record.provenance["seed"] == 5


@pytest.mark.parametrize("piece", [1, 7, 4096, 2**20])
def test_a_digest_does_not_hang_on_the_parts_in_which_spikes_were_written(piece):
    from lifext._spike_file import Digest
    ids, times = np.arange(5000) % 60, np.linspace(0.0, 9.0, 5000)
    found = Digest()
    for start in range(0, 5000, piece):
        found = found.after(ids[start:start + piece], times[start:start + piece])
    whole = Digest().after(ids, times)
    assert found.spikes == 5000 and found.hexdigest() == whole.hexdigest() != Digest().hexdigest()
    # neurons and times are told apart
    assert Digest().after(ids[::-1], times).hexdigest() != whole.hexdigest()
    assert Digest().after(ids, times[::-1]).hexdigest() != whole.hexdigest()


def said(path):
    """Return from when to when a file says that it was recorded, and the seed; nothing where it says nothing."""
    with h5py.File(path, "r") as file:
        if "lifext/cells" not in file:
            return None
        told = file["lifext/cells"]
        facts = json.loads(told[()])
        return facts["start"], float(told.attrs["stop"]), facts["provenance"]["seed"]


def test_the_file_says_at_once_what_is_left_in_it(tmp_path):
    """A process that ends before the next run leaves no file that claims to have been recorded for longer."""
    path = tmp_path / "one.h5"
    net, record = streaming(path, compat=False)
    net.run(40.0)
    net.save_state(tmp_path / "state.npz")
    net.run(40.0)
    assert said(path) == (0.0, 80.0, 5)
    net.load_state(tmp_path / "state.npz")
    assert said(path) == (0.0, 40.0, 5) and (record.start, record.stop) == (0.0, 40.0)
    record.clear()
    assert said(path) is None
    net.run(5.0)
    assert said(path) == (40.0, 45.0, 5)
    net.reset(seed=8)
    assert said(path) is None
    net.run(5.0)
    assert said(path) == (0.0, 5.0, 8)


@pytest.mark.parametrize("stream", [False, True])
def test_a_record_keeps_its_provenance_with_its_spikes(tmp_path, stream):
    """They are of the seed and parameters that they were fired with, whatever those were when the state was saved."""
    def make(seed):
        net = build(False, record=False, seed=seed)
        return net, net.record_spikes(net._populations[0], to=tmp_path / f"{seed}.h5" if stream else None)
    net, record = make(5)
    net.run(20.0)
    net.reseed(9)
    net._populations[0].vTh = -49.5
    net.run(20.0)
    want = record.provenance
    net.save_state(tmp_path / "state.npz")
    net.reset(seed=11) if not stream else net.reseed(11)
    net.run(20.0)
    assert record.provenance != want
    net.load_state(tmp_path / "state.npz")
    assert record.provenance == want and record.provenance["seed"] == 5 and net.seed == 9
    assert record.provenance["reseeded"] == [{"time": 20.0, "seed": 9}]
    twin, other = make(6)
    twin.load_state(tmp_path / "state.npz")
    # a stream to another file has none of the spikes, and says so after its first run
    assert other.provenance == (None if stream else want)
    twin.run(5.0)
    assert other.provenance["seed"] == (9 if stream else 5)


@pytest.mark.parametrize("facts", ["3", "[]", "nothing", "[" * 100_000, '{"reseeded": 3}'])
def test_a_provenance_that_is_none_is_refused(small, tmp_path, facts):
    _, make, data = small
    net = make()
    before = everything(net)
    (tmp_path / "state.npz").write_bytes(rewritten(data, lambda document, values, arrays: values[
        "spikes of cells"]["dict"].update(provenance=facts)))
    with pytest.raises(ValueError, match="Network: the state must be"):
        net.load_state(tmp_path / "state.npz")
    assert everything(net) == before


def test_a_file_that_cannot_be_cut_leaves_the_network_as_it_was(tmp_path):
    """Also its records in memory, of populations that come first."""
    fcntl = pytest.importorskip("fcntl")
    net = build()
    net.record_spikes(net._populations[1], to=tmp_path / "one.h5")
    net.run(40.0)
    net.save_state(tmp_path / "state.npz")
    net.run(10.0)
    before = everything(net)
    with open(tmp_path / "one.h5", "rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        with pytest.raises(BlockingIOError):
            net.load_state(tmp_path / "state.npz")
    assert everything(net) == before


def test_saving_writes_what_streams(tmp_path):
    """So that the file has what came before the state, whatever becomes of the run."""
    net, record = streaming(tmp_path / "one.h5")
    held = []

    def checkpoint(net):
        net.save_state(tmp_path / "state.npz")
        held.append((in_file(tmp_path / "one.h5"), record.times.tolist()))

    net.run(40.0, every=(20.0, checkpoint))
    for in_the_file, in_the_record in held:
        assert in_the_file == in_the_record != []


def test_memory_and_file_are_not_exchanged(tmp_path):
    net, _ = streaming(tmp_path / "one.h5")
    net.save_state(tmp_path / "state.npz")
    with pytest.raises(ValueError, match="spikes of cells is streamed to a file in .*, and recorded in memory here"):
        build().load_state(tmp_path / "state.npz")


# --- pickles and copies ---

DUPLICATES = [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]
KINETICS = [lambda: lifext.firstOrdKin(3, 0.5, 80), lambda: lifext.firstOrdKinExp(3, 1, [2, 3, 4], track=True),
            lambda: lifext.secondOrdKin(3, 1, 1, 2, 80, track=True)]
AROUND = np.linspace(0, 6, 3)
CURRENTS = [lambda: lifext.leak(3, rand_sd=0.01, rng=1), lambda: lifext.noiseGaussian(3, 0.1, 0.2, rng=1),
            lambda: lifext.noisePoisson(3, rng=1), lambda: lifext.AMPAR(3, record_i=True),
            lambda: lifext.NMDAR(3, g=[0.1, 0.2, 0.3]), lambda: lifext.GABAR(3, order=2), lambda: lifext.affFlat(3),
            lambda: lifext.affRing(3, AROUND), lambda: lifext.affFlatPoisson(3, rng=1),
            lambda: lifext.affRingPoisson(3, AROUND, rng=1)]
POPULATIONS = [lifext.pyrPop, lifext.interPop, lifext.pyrRingPop, lifext.interRingPop, composed(lifext.pyrPop)]


def step_kinetic(kinetic, k):
    kinetic.update(DT, [0.01 * k], [[0.1, 0.2, 0.3]])
    return kinetic.kinetic(DT)


def step_current(source, k):
    if k == 0 and hasattr(source, "stim"):
        source.stim(*([1.0] if hasattr(source, "positions") or hasattr(source, "_positions") else []))
    v = np.array([-60.0, -55.0, -70.0]) + k
    ahead = source.project(DT, v)
    source.update(DT, [0.01], [[0.1, 0.2, 0.3]])
    return np.concatenate([ahead, source.current(0, v), source.current(DT, v)])


def step_population(population, k):
    population.predictSpikes(DT, k * DT)
    population.receivePyrSpikes(DT, 1, [0.01], [[0.1, 0.2, 0.3]])
    population.processTimeStep(DT, k * DT)
    return population.VMs()


@pytest.mark.parametrize("duplicate", DUPLICATES)
@pytest.mark.parametrize(("make", "step"), [
    *((make, step_kinetic) for make in KINETICS), *((make, step_current) for make in CURRENTS),
    *((lambda cls=cls: cls(3, rng=1, noise_g=0.1), step_population) for cls in POPULATIONS[:4]),
])
def test_a_copy_continues_as_its_original(duplicate, make, step):
    thing = make()
    for k in range(5):
        step(thing, k)
    twin = duplicate(thing)
    assert type(twin) is type(thing)
    assert state_of(twin) == state_of(thing)
    for k in range(5, 12):
        want = step(thing, k)
        assert np.array_equal(step(twin, k), want)
    assert state_of(twin) == state_of(thing)


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_a_copy_has_nothing_in_common_with_its_original(duplicate):
    """A copy steps alone, and one of which the original is stepped stays as it is."""
    population = lifext.pyrPop(3, rng=1, noise_g=0.1)
    for k in range(5):
        step_population(population, k)
    twin = duplicate(population)
    before = state_of(twin)
    for k in range(5, 9):
        step_population(population, k)
    assert state_of(twin) == before


def test_a_population_of_the_users_own_is_copied():
    net = Network(DT, compat=True)
    net.add(cells=POPULATIONS[-1](5, rng=1))
    with pytest.warns(lifext.PerformanceWarning):
        net.run(2.0)
    twin = copy.deepcopy(net)
    net.run(2.0)
    twin.run(2.0)
    assert same(twin, net)


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_a_copied_network_continues_bit_for_bit(duplicate, compat):
    net = warmed_up(compat=compat, rng=3 if compat else None)
    twin = duplicate(net)
    assert same(twin, net)
    before = everything(twin)
    net.run(20.0)
    assert everything(twin) == before
    twin.run(20.0)
    assert same(twin, net)


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_a_copy_keeps_what_populations_share(duplicate):
    rng = np.random.default_rng(1)
    net = duplicate(build(rng=rng))
    cells, other = net._populations
    assert cells.rng is other.rng is cells.noise.rng
    assert net._spike_records[0]._directions is cells.directions
