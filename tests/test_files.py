"""Files that are cut short, lie about themselves, or are none: what was there stays, and a refusal takes no time."""
import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import pathlib
import pickle
import signal
import sys
import threading
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

import lifext
from lifext import _archive, _files, _npz, demo

DATA = pathlib.Path(__file__).parent / "data"
SMALL = 20 * 2**20


def recorder(count=50, size=20):
    record = lifext.spikeDC(size)
    for k in range(count):
        record.collect(np.ones(size, bool), k / 4)
    return record


@contextlib.contextmanager
def full_disk(size):
    """Files cannot grow beyond a size."""
    resource = pytest.importorskip("resource")
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@contextlib.contextmanager
def cheap(seconds=5, memory=SMALL):
    """Fail if the block takes longer, or more memory."""
    began = time.monotonic()
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < memory
    assert time.monotonic() - began < seconds


# --- written whole, or not at all ---

@pytest.mark.parametrize("room", [0, 1, 100, 3000])
def test_csv_that_fills_the_disk_keeps_its_whole_trials(tmp_path, room):
    file = tmp_path / "a.csv"
    recorder().save(file, 1, "ascii")
    recorder().save(file, 2, "ascii")
    before = file.read_bytes()
    with full_disk(len(before) + room), pytest.raises(OSError):
        recorder(1000).save(file, 3, "ascii")
    assert file.read_bytes() == before
    recorder().save(file, 4, "ascii")
    again = lifext.spikeDC(20)
    again.load(file, 4, "ascii")
    assert again.trials.tolist() == [1, 2, 4]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("append", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_a_new_csv_that_fills_the_disk_is_not_there_and_an_old_one_stays(tmp_path, append, there):
    file = tmp_path / "a.csv"
    if there:
        recorder().save(file, 1, "ascii")
    before = file.read_bytes() if there else None
    with full_disk(200), pytest.raises(OSError):
        recorder(1000).save(file, 2, "ascii", append=append)
    assert (file.read_bytes() if file.exists() else None) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, ValueError])
@pytest.mark.parametrize("encoding", ["ascii", "binary"])
def test_a_save_that_is_interrupted_leaves_the_file_as_it_was(tmp_path, monkeypatch, encoding, error):
    monkeypatch.setattr(_npz, "COMPACT", 10)
    file = tmp_path / "a.npz"
    for trial in (1, 2):
        recorder().save(file, trial, encoding)
    before = file.read_bytes()

    def some_of_it(file, *arguments, **options):
        for place in [len(before)] if encoding == "ascii" else [100, arguments[0][0].stop, arguments[0][-1].limit]:
            file.seek(place)
            file.write("1,2" if encoding == "ascii" else bytes(2))
        raise error("stop")
    with monkeypatch.context() as patched, pytest.raises(error):
        patched.setattr(np, "savetxt", some_of_it)
        patched.setattr(_npz, "_extend", some_of_it)
        recorder(2).save(file, 3, encoding)
    assert file.read_bytes() == before
    record = lifext.spikeDC(20)
    record.load(file, 2, encoding)
    assert record.trials.tolist() == [1, 2]


def test_an_npz_file_that_is_extended_in_place_is_put_back_at_every_write(tmp_path, monkeypatch):
    monkeypatch.setattr(_npz, "COMPACT", 10)
    file = tmp_path / "a.npz"
    for trial in (1, 2):
        recorder().save(file, trial)
    before, seen = file.read_bytes(), set()
    with np.load(file) as arrays:
        want = dict(arrays)
    plain_open = open

    class Cut:
        """Writes so many times."""

        def __init__(self, file, most):
            self.file, self.most = file, most

        def __getattr__(self, name):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            self.file.close()

        def write(self, data):
            if self.most == 0:
                raise OSError(28, "No space left on device")
            self.most -= 1
            return self.file.write(data)
    for most in range(30):
        with monkeypatch.context() as patched:
            patched.setattr(_npz, "open", lambda path, mode, most=most: (
                Cut(plain_open(path, mode), most) if mode == "r+b" else plain_open(path, mode)), raising=False)
            try:
                recorder(2).save(file, 3)
            except OSError:
                assert len(file.read_bytes()) == len(before)
                with np.load(file) as arrays:
                    assert all(np.array_equal(arrays[name], want[name]) for name in want)
                seen.add(most)
            else:
                break
    assert len(seen) > 5
    record = lifext.spikeDC(20)
    record.load(file, 3)
    assert record.trials.tolist() == [1, 2, 3]


@pytest.mark.parametrize(("suffix", "opener"), [(".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open)])
def test_csv_is_packed_as_its_name_says(tmp_path, suffix, opener):
    recorder().save(tmp_path / f"a.csv{suffix}", 1, "ascii")
    recorder().save(tmp_path / "a.csv", 1, "ascii")
    with opener(tmp_path / f"a.csv{suffix}") as file:
        assert file.read() == (tmp_path / "a.csv").read_bytes()


@pytest.mark.parametrize("encoding", ["ascii", "binary"])
@pytest.mark.parametrize("trial", [np.nan, np.inf, -np.inf, 2**70 + 1, 2**53 + 1])
def test_a_trial_that_no_file_can_hold_is_refused(tmp_path, encoding, trial):
    with pytest.raises(ValueError, match="spikeDC: trial must be a"):
        recorder().save(tmp_path / "a.npz", trial, encoding)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("trial", [1.5, 2.0**63, 1e300, -2.0**70])
def test_a_trial_that_text_cannot_hold_is_refused_there(tmp_path, trial):
    with pytest.raises(ValueError, match="spikeDC: trial must be a whole number of 64 bits"):
        recorder().save(tmp_path / "a.csv", trial, "ascii")
    recorder().save(tmp_path / "a.npz", trial)
    record = lifext.spikeDC(20)
    record.load(tmp_path / "a.npz", trial)
    assert len(record.get_spikes()[0]) == 1000
    with pytest.raises(ValueError, match="trial must be a number, got nan"):
        record.load(tmp_path / "a.npz", np.nan)


@pytest.mark.parametrize("trial", [-1, 0, 2**53, -2**63])
def test_a_whole_trial_of_64_bits_comes_back_from_text(tmp_path, trial):
    recorder().save(tmp_path / "a.csv", trial, "ascii")
    record = lifext.spikeDC(20)
    record.load(tmp_path / "a.csv", trial, "ascii")
    assert record.trials.tolist() == [trial]


@pytest.mark.parametrize("column", ["trial", "time", "raster"])
def test_nan_in_a_file_is_refused(tmp_path, column):
    arrays = {name: np.arange(3.0) for name in ("trial", "time", "raster")}
    arrays[column][1] = np.nan
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=f"a {column} is NaN"):
        lifext.spikeDC(3).load(tmp_path / "a.npz", 1)


def net(name="cells"):
    network = lifext.Network(0.05, seed=1)
    cells = lifext.pyrPop(50, refDur=0.2, vTh=-59.5, leak_vL=-40, noise_rate=0)
    network.add(**{name: cells})
    return network, cells


def record_of(name="cells"):
    network, cells = net(name)
    record = network.record_spikes(cells)
    network.run(20.0)
    return network, record


WRITERS = {
    "state": lambda network, record, path: network.save_state(path),
    "record": lambda network, record, path: record.save(path),
    "sonata": lambda network, record, path: record.to_sonata(path),
    "nwb": lambda network, record, path: record.to_nwb(path),
    "csv": lambda network, record, path: recorder().save(path, 1, "ascii", append=False),
    "npz": lambda network, record, path: recorder().save(f"{path}.npz", 1, append=False),
    "picture": lambda network, record, path: demo_picture(path),
}


def demo_picture(path):
    plt = pytest.importorskip("matplotlib.pyplot")
    figure = plt.figure()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(demo, "picture", lambda trial: figure)
        demo.save_picture(None, f"{path}.png")
    plt.close(figure)


@pytest.mark.parametrize("what", WRITERS)
def test_a_full_disk_is_an_oserror_and_leaves_nothing(tmp_path, what):
    if what in ("sonata", "nwb"):
        pytest.importorskip("h5py")
    if what == "nwb":
        pytest.importorskip("pynwb")
    network, record = record_of()
    with full_disk(100), pytest.raises(OSError):
        WRITERS[what](network, record, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    WRITERS[what](network, record, tmp_path / "file")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize("what", ["state", "record", "csv"])
def test_a_device_is_written_to_and_not_replaced(what):
    network, record = record_of()
    with pytest.raises(OSError, match="No space left"):
        WRITERS[what](network, record, "/dev/full")
    WRITERS[what](network, record, "/dev/null")
    assert not os.path.isfile("/dev/full") and not os.path.isfile("/dev/null")


def test_no_name_of_a_file_beside_can_be_guessed_and_no_link_there_is_followed(tmp_path, monkeypatch):
    seen = []
    for _ in range(2):
        with _files.replacing(tmp_path / "a") as file:
            seen.append(os.path.basename(file.name))
    assert len(set(seen)) == 2
    assert all(str(os.getpid()) not in name.replace("a.", "").replace(".part", "") or len(name) > 16 for name in seen)
    (tmp_path / "victim").write_bytes(b"precious")
    monkeypatch.setattr(_files.secrets, "token_hex", lambda count: "guessed")
    (tmp_path / "a.guessed.part").symlink_to("victim")
    with pytest.raises(FileExistsError), _files.replacing(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "victim").read_bytes() == b"precious"


@pytest.mark.parametrize("length", [1, 200, 255])
def test_names_may_be_as_long_as_names_can_be(tmp_path, length):
    network, record = record_of()
    record.save(tmp_path / ("x" * length))
    assert [path.name for path in tmp_path.iterdir()] == ["x" * length]


def test_an_error_of_the_disk_is_raised_and_not_one_that_was_there_before():
    with pytest.raises(TypeError, match="mine"):
        try:
            raise OSError("of the caller")
        except OSError:
            with _files.disk_errors():
                raise TypeError("mine")  # noqa: B904
    with pytest.raises(OSError, match="full"), _files.disk_errors():
        try:
            raise OSError("full")
        except OSError:
            raise ValueError("of a library that clears up")  # noqa: B904


# --- archives that lie ---

def npy(dtype, shape, content=b"", order=False):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": dtype, "fortran_order": order, "shape": shape})
    return out.getvalue() + content


def member(name, content):
    return lambda archive: archive.writestr(name, content)


def twice(archive):
    with pytest.warns(UserWarning, match="Duplicate name"):
        for _ in range(2):
            archive.writestr("x.npy", npy("<f8", (1,), bytes(8)))


LIES = {
    "S0": (member("x.npy", npy("|S0", (10**8,))), "is of"), "V0": (member("x.npy", npy("|V0", (10**8,))), "is of"),
    "U0": (member("x.npy", npy("<U0", (10**8,))), "is of"), "S0 none": (member("x.npy", npy("|S0", (0,))), "is of"),
    "fields": (member("x.npy", npy([("a", "<f8")], (1,), bytes(8))), "is of"),
    "objects": (member("x.npy", npy("|O", (1,), bytes(8))), "allow_pickle"),
    "parts": (member("x.npy", npy(("<f8", (4,)), (1,), bytes(32))), "is of|must be a str"),
    "more": (member("x.npy", npy("<f8", (10**9,), bytes(8))), "claims 1000000000 elements"),
    "less": (member("x.npy", npy("<f8", (1,), bytes(80))), "claims 1 elements"),
    "huge": (member("x.npy", npy("<f8", (2**62, 4), bytes(8))), "claims"),
    "wraps": (member("x.npy", npy("<f8", (2**61, 8), b"")), "claims"),
    "negative": (member("x.npy", npy("<f8", (-1, -1), bytes(8))), "shape"),
    "bools": (member("x.npy", npy("<f8", (1,), bytes(8)).replace(b"(1,), }    ", b"(True,), } ")), "shape"),
    "version": (member("x.npy", b"\x93NUMPY\x09\x00" + bytes(200)), "version"),
    "twice": (twice, "two of its members have one name"),
    "lzma": (lambda archive: archive.writestr("x.npy", npy("<f8", (1,), bytes(8)), zipfile.ZIP_LZMA), "deflate"),
}


@pytest.mark.parametrize("name", LIES)
def test_an_archive_that_lies_is_refused_at_once(name):
    put, words = LIES[name]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        put(archive)
    with cheap(memory=2**20), zipfile.ZipFile(out) as archive, pytest.raises(ValueError, match=words):
        _archive.check(archive)
        _archive.array(archive, "x.npy")


def overlapping(count):
    """An archive of so many members which all have the same bytes of the file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", npy("<f8", (1000,), bytes(8000)))
        for k in range(count):
            other = zipfile.ZipInfo(f"x{k}.npy")
            entry = archive.getinfo("x.npy")
            other.header_offset, other.CRC = entry.header_offset, entry.CRC
            other.file_size = other.compress_size = entry.file_size
            archive.filelist.append(other)
        archive._didModify = True
    return out


def test_members_that_overlap_are_refused():
    with zipfile.ZipFile(overlapping(1000)) as archive, pytest.raises(ValueError, match="overlap"):
        _archive.check(archive)


def test_a_wrong_sum_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", npy("<f8", (1,), b"abcdefgh"))
    spoilt = out.getvalue().replace(b"abcdefgh", b"abcdefgx")
    with zipfile.ZipFile(io.BytesIO(spoilt)) as archive, pytest.raises(zipfile.BadZipFile, match="CRC"):
        _archive.array(archive, "x.npy")


def test_an_array_by_columns_is_read_by_rows():
    out = io.BytesIO()
    want = np.arange(6.0).reshape(2, 3)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", npy("<f8", (2, 3), want.tobytes("F"), order=True))
    with zipfile.ZipFile(out) as archive:
        found = _archive.array(archive, "x.npy")
    assert found.flags.c_contiguous and found.flags.writeable and np.array_equal(found, want)


def spoilt_state(tmp_path, change):
    """A state file whose JSON and members were changed."""
    network, _ = net()
    network.save_state(tmp_path / "s.npz")
    with zipfile.ZipFile(tmp_path / "s.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(np.load(io.BytesIO(members["state.npy"])).tobytes())
    change(document, members)
    out = io.BytesIO()
    np.save(out, np.frombuffer(json.dumps(document).encode(), np.uint8))
    members["state.npy"] = out.getvalue()
    with zipfile.ZipFile(tmp_path / "s.npz", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return network


def bomb(header, content=b""):
    def change(document, members):
        document["values"]["cells.vTh"] = {"list": "bomb"}
        members["bomb.npy"] = header + content
    return change


def many_lists(document, members):
    members["bomb.npy"] = npy("<f8", (10**5,), bytes(8 * 10**5))
    document["values"].update({f"x{k}": {"list": "bomb"} for k in range(1000)})


def shared(document, members):
    """Two places of one array, which one kernel would change for the other."""
    places = [path for path, value in document["values"].items() if isinstance(value, dict) and "array" in value]
    document["values"][places[0]] = document["values"][places[1]]


@pytest.mark.parametrize("change", [
    bomb(npy("|S0", (10**8,))), bomb(npy("|V0", (10**8,))), bomb(npy("|u1", (10**6,), bytes(10**6))), many_lists,
    shared,
], ids=["S0", "V0", "bytes", "lists", "shared"])
def test_a_state_that_would_grow_is_refused_at_once(tmp_path, change):
    network = spoilt_state(tmp_path, change)
    with cheap(), pytest.raises(ValueError, match="Network: the state must be a lifext state"):
        network.load_state(tmp_path / "s.npz")


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("content", [npy("|S0", (10**8,)), npy("<f8", (10**8,), bytes(8)),
                                     npy("|u1", (3, 10**6), bytes(3 * 10**6))])
def test_trials_of_spikes_that_would_grow_are_refused_at_once(tmp_path, packing, content):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", packing) as archive:
        for name in ("trial", "time", "raster"):
            archive.writestr(f"{name}.npy", content)
    with cheap(memory=2**21), pytest.raises(ValueError, match="spikeDC: file must be an npz file"):
        lifext.spikeDC(3).load(tmp_path / "a.npz", 1)


# --- stores of trials ---

def trial(rng, g):
    return {"x": rng.normal(g)}


@pytest.fixture
def store(tmp_path):
    lifext.sweep(trial, {"g": [0.0, 1.0]}, trials=2, seed=1, store=tmp_path / "st")
    return tmp_path / "st"


def again(store, **options):
    return lifext.sweep(trial, {"g": [0.0, 1.0]}, trials=2, seed=1, store=store, **options)


@pytest.mark.parametrize("name", ["7-9.npz", "0-2.npz", "2-0.npz", "0.npz", "0-0-0.npz", "7-9.failed.npz", "00-1.npz",
                                  "0-01.npz", "\u0660-1.npz", "9" * 200 + "-0.npz"])
def test_a_trial_of_no_place_in_the_grid_hides_no_other(store, name):
    (store / name).write_bytes((store / "1-1.npz").read_bytes())
    (store / "0-1.npz").unlink()
    with pytest.warns(lifext.TrialWarning) as told:
        table = lifext.load_trials(store)
    assert len(table) == 3 and set(table["g"]) == {0.0, 1.0}
    words = [str(warning.message) for warning in told]
    assert [f"of no trial of its grid, the first is {name}" in text for text in words] == [True, False]
    assert "1 of 4 trials are not there" in words[1]
    assert all(warning.filename == __file__ for warning in told)
    with pytest.warns(lifext.TrialWarning, match="are left out") as told:
        assert len(again(store)) == 4
    assert told[0].filename == __file__
    assert (store / "0-1.npz").exists()


def fifo(path, target):
    os.mkfifo(path)


def link(path, target):
    path.symlink_to(target)


def link_to_nothing(path, target):
    path.symlink_to("nowhere")


def link_to_device(path, target):
    path.symlink_to("/dev/zero")


def folder(path, target):
    path.mkdir()


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
@pytest.mark.parametrize("name", ["sweep.json", "0-1.npz", "0-1.failed.npz", "7-9.npz"])
@pytest.mark.parametrize("make", [fifo, link, link_to_nothing, link_to_device, folder])
def test_what_is_no_file_in_a_store_is_refused_and_not_waited_for(store, make, name, tmp_path):
    content = store / name
    outside = tmp_path / "outside"
    outside.write_bytes(content.read_bytes() if content.exists() else b"")
    content.unlink(missing_ok=True)
    make(content, outside)
    before = outside.read_bytes()
    for read in (lifext.load_trials, again):
        with cheap(), pytest.raises(ValueError, match="store: each file must be whole and unchanged, got .*" + name):
            read(store)
    assert outside.read_bytes() == before


def test_a_trial_that_became_a_pipe_after_the_look_is_refused(store):
    from lifext._trials.store import TrialStore

    (store / "0-1.npz").unlink()
    os.mkfifo(store / "0-1.npz")
    with cheap(), pytest.raises(ValueError, match="a pipe"):
        TrialStore(store).read((0, 1))


def test_leftovers_that_are_no_files_are_left_alone(store):
    (store / ".x.tmp").mkdir()
    (store / ".y.tmp").symlink_to("nowhere")
    os.utime(store / ".x.tmp", (0, 0))
    assert len(again(store)) == 4
    assert (store / ".x.tmp").exists()


def test_text_of_no_width_comes_back_from_a_store(tmp_path):
    odd = np.ndarray((3,), "S0")

    def names(rng):
        return {"x": odd}
    table = lifext.run_trials(names, 1, seed=1, store=tmp_path / "st", progress=False)
    assert list(table["error"]) == [None]
    assert table["x"][0].tolist() == [b""] * 3


# --- pipes, names ---

@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
@pytest.mark.parametrize("read", [
    lambda path: lifext.SpikeRecord.load(path), lambda path: lifext.SpikeRecord.from_sonata(path),
    lambda path: lifext.SpikeRecord.from_nwb(path), lambda path: net()[0].load_state(path),
    lambda path: (lambda network, cells: network.record_spikes(cells, to=path))(*net()),
], ids=["record", "sonata", "nwb", "state", "stream"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, read):
    pytest.importorskip("h5py")
    os.mkfifo(tmp_path / "pipe")
    with cheap(), pytest.raises(ValueError, match="must be a file, got .*a pipe"):
        read(tmp_path / "pipe")
    with pytest.raises((IsADirectoryError, ValueError, OSError)):
        read(tmp_path)


@pytest.mark.parametrize("call", [
    lambda: net()[0].save_state("a\0b"), lambda: net()[0].load_state("a\0b"), lambda: record_of()[1].save("a\0b"),
    lambda: record_of()[1].to_sonata("a\0b"), lambda: record_of()[1].to_nwb("a\0b"),
    lambda: lifext.SpikeRecord.load(b"a\0b"), lambda: lifext.SpikeRecord.from_sonata("a\0b"),
    lambda: lifext.SpikeRecord.from_nwb("a\0b"), lambda: recorder().save("a\0b", 1),
    lambda: recorder().save("a\0b", 1, "ascii"), lambda: recorder().load("a\0b", 1),
    lambda: (lambda network, cells: network.record_spikes(cells, to="a\0b"))(*net()),
    lambda: lifext.load_trials("a\0b"), lambda: again("a\0b"),
])
def test_a_path_with_a_nul_is_refused_in_words(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"(spikeDC|SpikeRecord|Network|sweep|load_trials): \w+ must be the name of a "
                                         r"file, without NUL"):
        call()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a\0b", "\0", "a\ud800"])
def test_a_name_that_no_file_can_hold_is_refused(name, tmp_path):
    words = "must be the name of a population, without NUL"
    with pytest.raises(ValueError, match=f"Network: the name {words}"):
        net(name)
    record = record_of()[1]
    readers = [lambda: lifext.SpikeRecord.from_pandas(record.to_pandas(), name=name),
               lambda: lifext.SpikeRecord.from_neo(record.to_neo(), name=name),
               lambda: lifext.SpikeRecord.from_nwb(tmp_path / "a", name),
               lambda: lifext.SpikeRecord.from_sonata(tmp_path / "a", name)]
    record.to_nwb(tmp_path / "a.nwb")
    for read in readers:
        with pytest.raises(ValueError, match=f"SpikeRecord: name {words}"):
            read()
    frame = record.to_pandas()
    frame.attrs["name"] = name
    with pytest.raises(ValueError, match="the name is not as it should be"):
        lifext.SpikeRecord.from_pandas(frame)


# --- files that end the process that reads them ---

@pytest.mark.parametrize("name", ["damaged_text", "damaged_attribute"])
def test_a_file_that_ends_the_process_in_hdf5_is_refused(tmp_path, name):
    pytest.importorskip("pynwb")
    path = tmp_path / "a.nwb"
    path.write_bytes(gzip.decompress((DATA / f"{name}.nwb.gz").read_bytes()))
    with pytest.raises(ValueError, match="spikes must be in an NWB file with a units table, whole and unchanged, got .*"
                                         "the process that read it ended"):
        lifext.SpikeRecord.from_nwb(path)


def ask(monkeypatch, reader, *arguments):
    """Ask another process for a reader that is made up."""
    from lifext._formats import apart
    monkeypatch.setattr(apart, "START", apart.START.replace("apart.answer(", f"{reader}\napart.answer("))
    return apart.ask("made up", *arguments)


READER = """import os, signal, sys, warnings, numpy as np
def read(*arguments):
    {}
apart.READERS["made up"] = read"""


def test_what_a_reader_gives_comes_over(monkeypatch):
    print_too = READER.format("print('prints'); "
                              "return {'a': arguments}, [np.arange(3), np.empty(0), np.array([np.nan])]")
    document, arrays = ask(monkeypatch, print_too, "x", None, "\u00e4\ud800")
    assert document == {"a": ["x", None, "\u00e4\ud800"]}
    assert [array.tolist()[:2] for array in arrays[:2]] == [[0, 1], []] and np.isnan(arrays[2]).all()


@pytest.mark.parametrize(("body", "kind", "words"), [
    ("os._exit(0)", ValueError, "ended with the exit code 0"), ("os._exit(3)", ValueError, "with the exit code 3"),
    ("os.write(1, b'x'); os._exit(0)", ValueError, "exit code 0"), ("raise SystemExit(4)", ValueError, "exit code 4"),
    ("raise KeyError('mine')", ValueError, "mine"), ("raise BlockingIOError('busy')", BlockingIOError, "busy"),
    ("raise ModuleNotFoundError('none')", ImportError, "none"), ("raise MemoryError('much')", MemoryError, "much"),
    ("return None, [np.zeros(2, '<f4')]", ValueError, "gave 2 numbers of <f4"),
    ("apart.only_read(); import pickle; pickle.loads(b'cos\\nsystem\\n.')", ValueError, "pickle.find_class"),
])
def test_how_a_reader_may_end(monkeypatch, body, kind, words):
    with pytest.raises(kind, match=words):
        ask(monkeypatch, READER.format(body))


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_reader_that_a_signal_ends(monkeypatch):
    with pytest.raises(ValueError, match="ended by SIGABRT"):
        ask(monkeypatch, READER.format("os.kill(os.getpid(), signal.SIGABRT)"))


def test_warnings_of_a_reader_are_heard(monkeypatch):
    body = "[warnings.warn('look') for k in range(9)]; warnings.warn('old', DeprecationWarning); return 1, []"
    with pytest.warns(lifext.LifextWarning) as told:
        assert ask(monkeypatch, READER.format(body)) == (1, [])
    assert [str(warning.message) for warning in told] == ["look"]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_ctrl_c_ends_a_reader_that_is_never_done(monkeypatch, tmp_path):
    body = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n    while True: pass"

    def interrupt():
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
    timer = threading.Thread(target=interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ask(monkeypatch, READER.format(body))
    timer.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_missing_pynwb_is_an_import_error(monkeypatch, tmp_path):
    (tmp_path / "a.nwb").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(ImportError, match="needs pynwb, which the extra nwb installs"):
        lifext.SpikeRecord.from_nwb(tmp_path / "a.nwb")


@pytest.mark.parametrize("how", ["executable", "frozen"])
def test_within_another_program_a_file_is_read_by_it(monkeypatch, tmp_path, how):
    record = record_of()[1]
    record.to_nwb(tmp_path / "a.nwb")
    if how == "executable":
        monkeypatch.setattr(sys, "executable", "")
    else:
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert len(lifext.SpikeRecord.from_nwb(tmp_path / "a.nwb")) == len(record) > 0
    # to that program nothing is forbidden
    assert pickle.loads(pickle.dumps(pathlib.PurePosixPath("x"))) == pathlib.PurePosixPath("x")
