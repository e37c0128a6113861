"""The recorder: the published figures and files, files that grow, and files that are damaged."""
import importlib
import pathlib
import warnings
import zipfile
import zlib

import numpy as np
import pytest
import recorder_runs
from hypothesis import given
from hypothesis import strategies as st

from lifext import _npz, spikeDC

DATA = pathlib.Path(__file__).parent / "data" / "recorder"
NPZ, CSV = DATA / "published.npz", DATA / "published.csv"
COLUMNS = ("trial", "time", "raster")
FIGURES = dict(np.load(DATA / "figures.npz"))


@pytest.fixture
def small(monkeypatch):
    """Have files grow from 8 spikes on."""
    monkeypatch.setattr(_npz, "COMPACT", 8)


def recorder(neurons, times, size=9):
    record = spikeDC(size)
    for neuron, time in zip(neurons, times):
        record.collect(np.arange(1, size + 1) == neuron, time)
    return record


def arrays(path):
    """What the published code gets to see of a file."""
    with np.load(path) as file:
        assert sorted(file) == sorted(COLUMNS)
        return {name: file[name] for name in COLUMNS}


# what the published class gave

@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_the_published_ones(name, ours):
    found = np.asarray(ours[name])
    assert found.dtype == FIGURES[name].dtype
    if name.endswith("sums"):
        # of NumPy's cos and sin, which may differ in the last place on other machines
        np.testing.assert_allclose(found, FIGURES[name], rtol=1e-12, atol=1e-12)
    else:
        np.testing.assert_array_equal(found, FIGURES[name])


@pytest.fixture(scope="module")
def ours():
    return recorder_runs.figures(spikeDC, NPZ, CSV)


def test_there_are_no_other_figures(ours):
    assert set(ours) == set(FIGURES)
    assert len(ours["collected 1 times"]) > 100


def test_csv_file_is_the_published_one(tmp_path):
    recorder_runs.save(spikeDC, tmp_path / "a.csv", "ascii")
    assert (tmp_path / "a.csv").read_text() == CSV.read_text()


def test_npz_file_holds_the_published_arrays(tmp_path):
    recorder_runs.save(spikeDC, tmp_path / "a.npz")
    for name, array in arrays(NPZ).items():
        assert arrays(tmp_path / "a.npz")[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays(tmp_path / "a.npz")[name], array)


def test_small_npz_file_is_that_of_savez_compressed_to_the_byte(tmp_path):
    recorder_runs.save(spikeDC, tmp_path / "a.npz")
    np.savez_compressed(tmp_path / "b.npz", **arrays(NPZ))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


# collecting

def test_more_spikes_than_there_was_room_for():
    record = spikeDC(5)
    record.reset(bin_size=3)
    for step in range(50):
        record.collect([True, False, True, True, True], step)
    neurons, times = record.get_spikes()
    np.testing.assert_array_equal(neurons, np.tile([1, 3, 4, 5], 50))
    np.testing.assert_array_equal(times, np.repeat(np.arange(50), 4))
    # published: a recording ends at 0
    np.testing.assert_array_equal(record.get_spike_counts(), np.zeros(5))
    np.testing.assert_array_equal(record.get_spike_counts(-1, 50), [50, 0, 50, 50, 50])


@pytest.mark.parametrize("spikes", [[0, 1, 1], [0.0, 1.0, 1.0], [[False, True, True]], np.array([0, 1, 1], np.int8)])
def test_spikes_in_other_forms(spikes):
    record = spikeDC(3)
    record.collect(spikes, 1)
    np.testing.assert_array_equal(record.get_spikes()[0], [2, 3])


def test_what_is_returned_is_a_copy():
    record = recorder([1, 2], [0.5, 1.5])
    for array in record.get_spikes():
        array[:] = 7
    np.testing.assert_array_equal(record.get_spikes(), [[1, 2], [0.5, 1.5]])


def test_reset_forgets_and_collecting_goes_on():
    record = recorder([1, 2], [0.5, 1.5])
    record.reset()
    assert record.get_spikes()[0].size == 0
    record.collect(np.ones(9, bool), 2.0)
    assert record.get_spike_counts(0, 3).sum() == 9


def test_collecting_after_loading(tmp_path):
    recorder([1, 2], [0.5, 1.5]).save(tmp_path / "a.npz", 3)
    record = spikeDC(9)
    record.load(tmp_path / "a.npz", 3)
    record.collect(np.arange(9) == 8, 2.5)
    np.testing.assert_array_equal(record.get_spikes(), [[1, 2, 9], [0.5, 1.5, 2.5]])


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 40)), max_size=40), *[st.integers(-1, 41)] * 2)
def test_counts_are_those_of_a_count_by_hand(events, begin, end):
    events.sort(key=lambda event: event[1])
    counts = recorder(*zip(*events) if events else ((), ())).get_spike_counts(begin, end)
    assert counts.tolist() == [sum(n == k and begin <= t < end for n, t in events) for k in range(1, 10)]


def test_neurons_that_are_not_there_do_not_count(tmp_path):
    np.savez(tmp_path / "a.npz", trial=np.ones(5), time=np.arange(5.0), raster=np.array([0, 2, 2.5, 3, 400]))
    record = spikeDC(3)
    record.load(tmp_path / "a.npz", 1)
    np.testing.assert_array_equal(record.get_spike_counts(0, 9), [0, 1, 1])


def test_sum_of_directions():
    record = recorder([1, 1, 3, 2], [0, 1, 2, 3], size=4)
    vector, magnitude, counts = record.pop_vector([0, np.pi / 2, np.pi / 2, 0], 0, 3, return_counts=True)
    assert vector == pytest.approx(np.arctan2(1, 2))
    assert magnitude == pytest.approx(5**0.5)
    np.testing.assert_array_equal(counts, [2, 0, 1, 0])


# files

@pytest.mark.parametrize("encoding", ["b", "bin", "binary", "a", "asc", "ascii"])
def test_round_trip(encoding, tmp_path):
    file = tmp_path / "a.npz"
    for trial in (3, 1, 2):
        recorder([trial, 9], [0.5, trial + 0.25]).save(file, trial, encoding)
    record = spikeDC(9)
    record.load(file, 2, encoding)
    np.testing.assert_array_equal(record.trials, [1, 2, 3])
    for trial in (1, 2, 3):
        record.load_trial(trial)
        np.testing.assert_array_equal(record.get_spikes(), [[trial, 9], [0.5, trial + 0.25]])
    record.load(file, 4, encoding)
    assert record.get_spikes()[0].size == 0
    assert record.get_max_time() == 3.25


@pytest.mark.parametrize("encoding", ["binary", "ascii"])
def test_a_file_that_was_saved_to_is_read_again(encoding, tmp_path):
    record = recorder([1], [1.0])
    record.save(tmp_path / "a.npz", 1, encoding)
    reader = spikeDC(9)
    reader.load(tmp_path / "a.npz", 1, encoding)
    record.save(tmp_path / "a.npz", 2, encoding)
    reader.load(tmp_path / "a.npz", 2, encoding)
    np.testing.assert_array_equal(reader.get_spikes(), [[1], [1.0]])


@pytest.mark.parametrize("encoding", ["binary", "ascii"])
def test_without_append_the_file_is_replaced(encoding, tmp_path):
    for trial in (1, 2):
        recorder([trial], [1.0]).save(tmp_path / "a.npz", trial, encoding, append=False)
    reader = spikeDC(9)
    reader.load(tmp_path / "a.npz", 2, encoding)
    np.testing.assert_array_equal(reader.trials, [2])


def test_a_name_without_npz_is_replaced_each_time_and_says_so(tmp_path):
    name = str(tmp_path / "pyr.csv")
    recorder([1], [1.0]).save(name, 1)
    with pytest.warns(UserWarning, match=r"replaces the trials in '.*pyr\.csv\.npz'"):
        recorder([1], [1.0]).save(name, 2)
    np.testing.assert_array_equal(arrays(f"{name}.npz")["trial"], [2])


def test_a_file_without_the_suffix_is_continued_in_one_with_it(tmp_path):
    recorder([1], [1.0]).save(tmp_path / "a.npz", 1)
    (tmp_path / "a.npz").rename(tmp_path / "a")
    recorder([2], [2.0]).save(tmp_path / "a", 2)
    np.testing.assert_array_equal(arrays(tmp_path / "a.npz")["raster"], [1, 2])
    assert arrays(tmp_path / "a")["trial"].size == 1


def test_csv_to_npz(tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV.read_bytes())
    record = spikeDC(recorder_runs.SIZE)
    record.convert_csv_to_npz(tmp_path / "a.csv")
    for name, array in arrays(NPZ).items():
        np.testing.assert_allclose(arrays(tmp_path / "a.npz")[name], array, atol=0.005)
        assert arrays(tmp_path / "a.npz")[name].dtype == float
    assert record.get_spikes()[0].size == len(FIGURES["ascii 1 neurons"])


def test_a_trial_without_spikes_leaves_an_empty_file(tmp_path):
    for encoding in ("binary", "ascii"):
        file = tmp_path / encoding
        spikeDC(3).save(f"{file}.npz", 1, encoding)
        spikeDC(3).save(f"{file}.npz", 2, encoding)
        record = spikeDC(3)
        record.load(f"{file}.npz", 1, encoding)
        assert record.trials.size == record.get_spikes()[0].size == record.get_spike_counts().sum() == 0


# files that grow

def grown(file, trials, source, size=9):
    """Save trials of random lengths, some of them empty; return what the file should hold."""
    expected = {name: np.empty(0) for name in COLUMNS}
    for trial in trials:
        n = source.integers(0, 60)
        neurons, times = source.integers(1, size + 1, n), np.sort(source.random(n) * 100)
        recorder(neurons, times, size).save(file, trial)
        for name, more in zip(COLUMNS, (np.full(n, trial), times, neurons)):
            expected[name] = np.concatenate([expected[name], more])
    return expected


def assert_holds(file, expected):
    for name, array in arrays(file).items():
        np.testing.assert_array_equal(array, expected[name])
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        for entry in archive.infolist():
            content = archive.read(entry)
            assert (entry.CRC, entry.file_size) == (zlib.crc32(content), len(content))


@pytest.mark.parametrize("room", [0.0, 0.5, 3.0])
def test_a_growing_file_holds_all_trials_at_any_time(room, small, tmp_path, rng, monkeypatch):
    monkeypatch.setattr(_npz, "ROOM", room)
    expected = {name: np.empty(0) for name in COLUMNS}
    for trial in range(30):
        more = grown(tmp_path / "a.npz", [trial], rng)
        expected = {name: np.concatenate([expected[name], more[name]]) for name in COLUMNS}
        assert_holds(tmp_path / "a.npz", expected)


def test_what_is_there_is_not_written_again(small, tmp_path, rng, monkeypatch):
    file = tmp_path / "a.npz"
    monkeypatch.setattr(_npz, "ROOM", 50)
    grown(file, range(3), rng)
    monkeypatch.setattr(_npz, "read", None)
    monkeypatch.setattr(_npz, "_moved", None)
    before, columns = file.read_bytes(), _npz._columns(file, COLUMNS)
    grown(file, range(3, 9), rng)
    after = file.read_bytes()
    for column in columns:
        assert before[column.start:column.stop] == after[column.start:column.stop]
    assert len(after) == len(before)


def test_a_move_decompresses_nothing(small, tmp_path, rng, monkeypatch):
    monkeypatch.setattr(_npz, "ROOM", 0.0)
    file = tmp_path / "a.npz"
    expected = grown(file, range(3), rng)
    monkeypatch.setattr(_npz, "read", None)
    more = grown(file, range(3, 6), rng)
    assert_holds(file, {name: np.concatenate([expected[name], more[name]]) for name in COLUMNS})


def test_a_growing_file_rewritten_by_numpy_is_continued(small, tmp_path, rng):
    """As the published code's `save` does."""
    file = tmp_path / "a.npz"
    expected = grown(file, range(5), rng)
    np.savez_compressed(file, **arrays(file))
    more = grown(file, range(5, 8), rng)
    assert_holds(file, {name: np.concatenate([expected[name], more[name]]) for name in COLUMNS})


def test_nothing_else_is_left_in_the_folder(small, tmp_path, rng):
    grown(tmp_path / "a.npz", range(12), rng)
    assert [file.name for file in tmp_path.iterdir()] == ["a.npz"]


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "a.npz"
    recorder([1], [1.0]).save(file, 1)
    before = file.read_bytes()

    def full(*arguments, **arrays):
        raise OSError("no space left on device")
    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="no space"):
        recorder([2], [2.0]).save(file, 2)
    assert file.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.npz"]


def test_a_link_and_permissions_stay(small, tmp_path, rng):
    grown(tmp_path / "a.npz", [1], rng)
    (tmp_path / "a.npz").chmod(0o640)
    (tmp_path / "b.npz").symlink_to("a.npz")
    grown(tmp_path / "b.npz", range(2, 6), rng)
    assert (tmp_path / "b.npz").is_symlink()
    assert (tmp_path / "a.npz").stat().st_mode & 0o777 == 0o640
    assert 5 in arrays(tmp_path / "a.npz")["trial"]


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=200))
def test_checksum_of_a_continued_member(first, second):
    assert _npz._carried(zlib.crc32(first), len(second)) ^ zlib.crc32(second) == zlib.crc32(first + second)


# what is refused

SPIKES = {"trial": np.ones(3), "time": np.arange(3.0), "raster": np.arange(1.0, 4)}


def truncated(path):
    np.savez_compressed(path, **{name: np.arange(1000.0) for name in COLUMNS})
    path.write_bytes(path.read_bytes()[:-300])


def flipped(path):
    np.savez(path, **SPIKES)
    content = bytearray(path.read_bytes())
    content[content.index(np.arange(3.0).tobytes()) + 20] ^= 1
    path.write_bytes(content)


DAMAGED = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("1,0.05,3\n"),
    "truncated": truncated,
    "a bit flipped": flipped,
    "an array missing": lambda path: np.savez(path, trial=np.ones(3), time=np.ones(3)),
    "lengths": lambda path: np.savez(path, **{**SPIKES, "time": np.arange(2.0)}),
    "dimensions": lambda path: np.savez(path, **{**SPIKES, "time": np.ones((3, 1))}),
    "strings": lambda path: np.savez(path, **{**SPIKES, "trial": np.array(list("abc"))}),
    "pickles": lambda path: np.savez(path, **{**SPIKES, "trial": np.array([1, None, 2])}),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_npz_is_refused(what, tmp_path):
    file = tmp_path / "a.npz"
    DAMAGED[what](file)
    before = file.read_bytes()
    record = recorder([1, 2], [0.5, 1.5])
    with pytest.raises(ValueError, match=r"^spikeDC: file must be an npz file with arrays .*a\.npz'"):
        record.load(file, 1)
    with pytest.raises(ValueError, match=r"^spikeDC: fname must be an npz file with arrays .*a\.npz'"):
        record.save(file, 1)
    assert file.read_bytes() == before
    np.testing.assert_array_equal(record.get_spikes(), [[1, 2], [0.5, 1.5]])
    assert record.trials is None


@pytest.mark.parametrize("what", ["directory", "middle", "lengths"])
def test_damaged_growing_npz_is_refused(what, small, tmp_path, rng):
    file = tmp_path / "a.npz"
    grown(file, range(5), rng)
    content = bytearray(file.read_bytes())
    if what == "directory":
        del content[-100:]
    elif what == "middle":
        content[_npz._columns(file, COLUMNS)[2].start + 10] ^= 255
    else:
        # a save that was killed between the heads of two members
        content[content.rindex(b"time.npy") - 46 + 24] ^= 8
    file.write_bytes(content)
    with pytest.raises(ValueError, match="^spikeDC: file must be an npz file"):
        spikeDC(9).load(file, 1)


NOT_CSV = r"must be a text file with lines trial,time,id, got '.*a\.csv'"


@pytest.mark.parametrize("content", ["trial,time,id\n1,0.5,1\n", "# trial,time,id\n1,0.5,1", "\x00\xff", "",
                                     "# trial,time,id\n1,0.5,a\n", "# trial,time,id\n1,0.5,1\n1,0.7\n"])
def test_damaged_csv_is_not_saved_to(content, tmp_path):
    (tmp_path / "a.csv").write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match=f"^spikeDC: fname {NOT_CSV}"):
        recorder([1], [1.0]).save(tmp_path / "a.csv", 2, "ascii")
    assert (tmp_path / "a.csv").read_text(encoding="latin-1") == content


@pytest.mark.parametrize("content", ["trial,time,id\n1,0.5,1\n", "# trial,time,id\n1,0.5,a\n", "1,0.5,1\n1,0.7\n",
                                     "\x00\xff"])
def test_damaged_csv_is_not_loaded(content, tmp_path):
    (tmp_path / "a.csv").write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match=f"^spikeDC: file {NOT_CSV}"):
        spikeDC(3).load(tmp_path / "a.csv", 2, "ascii")


def test_a_file_that_is_not_there(tmp_path):
    record = spikeDC(3)
    for encoding in ("binary", "ascii"):
        with pytest.raises(FileNotFoundError, match=r"a\.npz"):
            record.load(tmp_path / "a.npz", 1, encoding)
    for read in (record.get_max_time, lambda: record.load_trial(1)):
        with pytest.raises(FileNotFoundError, match="^spikeDC: no file has been loaded; call load first"):
            read()


@pytest.mark.parametrize(("call", "message"), [
    (lambda r: spikeDC(0), "spikeDC: size must be a whole number >= 1, got 0"),
    (lambda r: r.collect([True], 1.0), "spikeDC: spikes must be an array of booleans of shape (3,), got 'shape (1,)'"),
    (lambda r: r.collect([[True], [True], [False]], 1.0),
     "spikeDC: spikes must be an array of booleans of shape (3,), got 'shape (3, 1)'"),
    (lambda r: r.collect([0, 2, 1], 1.0), "spikeDC: spikes must be an array of booleans of shape (3,), got [0, 2, 1]"),
    (lambda r: r.collect(["a", "b", "c"], 1.0),
     "spikeDC: spikes must be an array of booleans of shape (3,), got ['a', 'b', 'c']"),
    (lambda r: r.collect([True, True, True], np.nan), "spikeDC: time must be a number, got nan"),
    (lambda r: r.collect([True, True, True], "1"), "spikeDC: time must be a number, got '1'"),
    (lambda r: r.get_spike_counts(np.nan, 2), "spikeDC: begin must be a number, got nan"),
    (lambda r: r.get_spike_counts(0, "a"), "spikeDC: end must be a number, got 'a'"),
    (lambda r: r.pop_vector([0, 1], 0, 1),
     "spikeDC: mapping must be an array of finite numbers of shape (3,), got 'shape (2,)'"),
    (lambda r: r.reset(0), "spikeDC: bin_size must be a whole number >= 1, got 0"),
    (lambda r: r.save("a.npz", np.inf), "spikeDC: trial must be a number, finite, got inf"),
    (lambda r: r.save("a.npz", 1, "utf8"), "spikeDC: encoding must be 'b' or 'bin' or 'binary' or 'a' or 'asc' or "
                                           "'ascii', got 'utf8'"),
    (lambda r: r.save(3, 1), "spikeDC: fname must be the name of a file, got 3"),
    (lambda r: r.load(None, 1), "spikeDC: file must be the name of a file, got None"),
])
def test_bad_arguments_change_nothing(call, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = recorder([1, 2], [0.5, 1.5], size=3)
    with pytest.raises((TypeError, ValueError)) as refused:
        call(record)
    assert str(refused.value) == message
    np.testing.assert_array_equal(record.get_spikes(), [[1, 2], [0.5, 1.5]])
    assert list(tmp_path.iterdir()) == []


def test_module_and_class_have_one_name():
    assert importlib.import_module("lifext.spikeDC").spikeDC is spikeDC


def test_no_handle_stays_open(tmp_path):
    recorder([1], [1.0]).save(tmp_path / "a.npz", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        record = spikeDC(9)
        record.load(tmp_path / "a.npz", 1)
    (tmp_path / "a.npz").unlink()
    record.load_trial(1)
    assert record.get_spikes()[0].size == 1
