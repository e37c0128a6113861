"""The heaps of an HDF5 file, which hold its strings of varying length: whether HDF5 gets to their end.

A heap is a row of objects, each with a head that says its length ("Global Heap" in the HDF5 File Format Specification
3.0, III.E). HDF5 goes from one to the next, and endlessly on the spot where a length is damaged so that the next is the
same; h5py and what is built on it cannot be interrupted in that.
"""
from __future__ import annotations

import mmap
import os
import struct

SIGNATURE = b"\x89HDF\r\n\x1a\n"
HEAP = b"GCOL\x01"
HEAD = 16
MODULUS = 2**64


def check(path: str) -> None:
    """Raise ValueError if HDF5 would never be done with a string of varying length in a file; it is read once.

    What else may be wrong with the file HDF5 finds.
    """
    if os.path.getsize(path) == 0:
        return
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if _length_size(data) != 8:
            raise ValueError("its lengths are not of 8 bytes")
        start = data.find(HEAP)
        while start >= 0:
            if not _ends(data, start):
                raise ValueError("of a string of varying length in it, the length is wrong")
            start = data.find(HEAP, start + 1)


def _length_size(data: mmap.mmap) -> int:
    """Return of how many bytes the file's lengths are."""
    start = 0
    while data[start:start + len(SIGNATURE)] != SIGNATURE and start < len(data):
        # what is before the file proper takes 512 bytes, or twice as many, and so on
        start = 2*start or 512
    if start + HEAD > len(data) or data[start + 8] > 3:
        raise ValueError("it is no HDF5 file")
    return data[start + (14 if data[start + 8] < 2 else 10)]


def _ends(data: mmap.mmap, start: int) -> bool:
    """Whether HDF5 comes to the end of a heap, or to an error."""
    size, = struct.unpack_from("<Q", data[start + 8:start + HEAD].ljust(8, b"\0"))
    end, place = start + size, start + HEAD
    while end - place >= HEAD and place + HEAD <= len(data):
        number, length = struct.unpack_from("<H6xQ", data, place)
        # free space has the number 0, and counts its head; as C adds them up
        step = (HEAD + (length + 7) // 8*8) % MODULUS if number else length
        if step == 0:
            return False
        if step > end - place:
            return True
        place += step
    return True
