"""Strings of varying length in damaged HDF5 files: refused where HDF5 would never be done with them."""
import struct
import subprocess
import sys

import numpy as np
import pytest

from lifext import SpikeRecord
from lifext._formats import heaps

h5py = pytest.importorskip("h5py")
TEXTS = ["ms", "a text that is longer than sixteen bytes", "", "seconds"]
READ = """import sys, h5py
for path in sys.argv[1:]:
    try:
        with h5py.File(path) as file:
            [str(file["x"].attrs[name]) for name in file["x"].attrs]
    except Exception:
        pass
"""


@pytest.fixture
def sound(tmp_path):
    """A file of another program with spikes, whose unit of time and other attributes are of varying length."""
    path = tmp_path / "sound.h5"
    with h5py.File(path, "w") as file:
        file["spikes/cells/node_ids"], file["spikes/cells/timestamps"] = np.arange(3), np.arange(3) / 4
        file["spikes/cells/timestamps"].attrs["units"] = "ms"
        file["x"] = np.zeros(3)
        for k, text in enumerate(TEXTS):
            file["x"].attrs[f"text {k}"] = text
    return path


def with_length(data, text, length):
    """Return a file's bytes with another length of a text."""
    place = data.index(struct.pack("<Q", len(text)) + text.encode(), data.index(b"GCOL"))
    return data[:place] + struct.pack("<Q", length) + data[place + 8:]


def refusal(path):
    """Return why a file is refused, or None."""
    try:
        heaps.check(str(path))
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("length", [258, 2 + 2**10, 2**64 - 16, 2**64 - 20])
def test_a_length_from_which_hdf5_never_comes_back_is_refused(sound, length):
    sound.write_bytes(with_length(sound.read_bytes(), TEXTS[0], length))
    assert refusal(sound) == "of a string of varying length in it, the length is wrong"
    with pytest.raises(ValueError, match="SpikeRecord: .* the length is wrong"):
        SpikeRecord.from_sonata(sound)


def test_sound_files_are_read(sound):
    assert refusal(sound) is None
    assert np.array_equal(SpikeRecord.from_sonata(sound).times, np.arange(3) / 4)
    # with 512 bytes of something else before it
    with h5py.File(sound.with_name("block.h5"), "w", userblock_size=512) as file:
        file.attrs["text"] = TEXTS[1]
    assert refusal(sound.with_name("block.h5")) is None


def test_what_is_no_hdf5_file_is_left_to_hdf5_or_refused(tmp_path):
    path = tmp_path / "file.h5"
    for data in (b"x", b"GCOL\x01", heaps.SIGNATURE, heaps.SIGNATURE + b"\x09" * 20, b"\0" * 3000):
        path.write_bytes(data)
        assert refusal(path) == "it is no HDF5 file"
    path.write_bytes(b"")
    assert refusal(path) is None


def test_lengths_of_other_sizes_are_refused(sound):
    data = bytearray(sound.read_bytes())
    data[14 if data[8] < 2 else 10] = 4
    sound.write_bytes(data)
    assert refusal(sound) == "its lengths are not of 8 bytes"


def test_hdf5_is_done_with_whatever_is_not_refused(sound, tmp_path):
    """Heaps damaged in one or several bytes, cut off, or with lengths of all sizes: were one to hang, this would."""
    data, rng = sound.read_bytes(), np.random.default_rng(7)
    start = data.index(b"GCOL")
    stop = start + 16 + sum(16 + (len(text) + 8) // 8 * 8 for text in TEXTS) + 48
    cases = [with_length(data, text, length) for text in (TEXTS[0], TEXTS[1], TEXTS[3])
             for length in (*range(0, 400, 7), 2**16, 2**31, 2**63, 2**64 - 17, 2**64 - 1)]
    for _ in range(600):
        case = bytearray(data)
        for place in rng.integers(start, stop, rng.integers(1, 4)):
            case[place] = rng.integers(256)
        cases.append(bytes(case))
    cases += [data[:place] for place in range(start, stop, 5)]
    paths = []
    for k, case in enumerate(cases):
        path = tmp_path / f"{k}.h5"
        path.write_bytes(case)
        if refusal(path) is None:
            paths.append(str(path))
    assert len(cases) / 10 < len(paths) < len(cases) - 100
    subprocess.run([sys.executable, "-c", READ, *paths], check=True, timeout=120)
