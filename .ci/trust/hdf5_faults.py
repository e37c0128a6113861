#!/usr/bin/env python
"""Show what HDF5 does with small files that are wrong in one place, for SECURITY.md: h5py alone, without lifext.

    python .ci/trust/hdf5_faults.py

Each file is read in a process of its own, which has 10 s.
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PATIENCE = 10
READ = """import resource, sys, h5py, numpy as np
most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = most()
with h5py.File(sys.argv[1]) as file:
    try:
        {act}
    except Exception as error:
        said = f"{{type(error).__name__}}: {{error}}"
print(f"{{said}}; {{(most() - before) / 1024:.0f}} MiB more"[:150])"""
LOOK = 'said = str(file["x"].attrs["units"])'
READ_TEXT = 'said = str(file["x"][0])[:20]'
READ_ALL = 'said = f"{np.count_nonzero(file[\'x\'][:])} of {len(file[\'x\'])} zeros are other numbers"'


def string_of_wrong_length(path):
    """A string of varying length, of which one byte of the length is changed."""
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros(3)
        file["x"].attrs["units"] = "ms"
    data = bytearray(path.read_bytes())
    place = data.index(struct.pack("<Q", 2) + b"ms", data.index(b"GCOL"))
    data[place + 1] = 1
    path.write_bytes(data)


def string_that_claims_much(path):
    """A string of varying length, of 2 bytes, that claims to have 2^29."""
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=["ms"], dtype=h5py.string_dtype())
        place = file["x"].id.get_offset()
    data = bytearray(path.read_bytes())
    data[place:place + 4] = struct.pack("<I", 2**29)
    path.write_bytes(data)


def short_chunk(path):
    """A dataset of 2000 zeros, of whose one chunk the first 10 are stored."""
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", (2000,), "u8", chunks=(2000,))
        dataset.id.write_direct_chunk((0,), bytes(80))


def main():
    """Make the files, read them, and print what came of it."""
    print(f"h5py {h5py.version.version}, HDF5 {h5py.version.hdf5_version}")
    for make, act in ((string_of_wrong_length, LOOK), (string_that_claims_much, READ_TEXT), (short_chunk, READ_ALL)):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "file.h5")
            make(path)
            try:
                done = subprocess.run([sys.executable, "-c", READ.format(act=act), path], timeout=PATIENCE,
                                      capture_output=True, text=True)
                said = done.stdout.strip() if done.returncode == 0 else f"ended with {done.returncode}"
            except subprocess.TimeoutExpired:
                said = f"not done after {PATIENCE} s"
            print(f"{make.__doc__} {path.stat().st_size} bytes. {said}")


if __name__ == "__main__":
    main()
