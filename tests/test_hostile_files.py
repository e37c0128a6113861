"""Damaged, cut off and hostile files of every kind: an error in words, and nothing else.

A few of each; `.ci/trust/fuzz_files.py` tries as many as one likes, and says how many.
"""
import pathlib
import pickle
import time

import hostile
import numpy as np
import pytest

hostile.listen()
SLOW = {"NWB": 5, "sweep.json": 5, "trial": 5}


@pytest.mark.parametrize("name", hostile.TARGETS)
# hdf5 files in which links are broken
@pytest.mark.filterwarnings("ignore:Path to .* altered/broken:UserWarning")
def test_spoilt_files_are_refused_in_words_or_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = hostile.sound_file(name)
    assert hostile.use(name, data, tmp_path) == "read"
    found = [hostile.use(name, hostile.spoilt(name, data, seed), tmp_path) for seed in range(SLOW.get(name, 15))]
    assert "refused" in found


def test_what_would_do_harm_is_heard(tmp_path, monkeypatch):
    """Else the test above would say nothing."""
    careless = hostile.TARGETS["record"]._replace(use=lambda path: pickle.loads(path.read_bytes()))
    monkeypatch.setitem(hostile.TARGETS, "record", careless)
    with pytest.raises(hostile.Harm, match="pickle.find_class"):
        hostile.use("record", pickle.dumps(pathlib.PurePosixPath("x")), tmp_path)


def test_a_directory_that_says_that_a_member_goes_on_for_ever_is_no_endless_copy(tmp_path):
    """In an npz file with room, what is added is written where the archive's directory says that a member ends."""
    name = "spikeDC npz with room, saved to"
    data = hostile.sound_file(name)
    first = data.index(b"PK\x01\x02")
    # the size that the first member has in the file
    spoilt = data[:first + 20] + (2**31).to_bytes(4, "little") + data[first + 24:]
    path = tmp_path / "file.npz"
    path.write_bytes(spoilt)
    began = time.monotonic()
    try:
        hostile.TARGETS[name].use(path)
    except ValueError as error:
        # zipfile itself sees it, from Python 3.11.8 on
        assert "possible zip bomb" in str(error) and path.read_bytes() == spoilt
    else:
        with np.load(path) as file:
            assert set(file["trial"]) == {1, 2, 3}
    assert time.monotonic() - began < 30
