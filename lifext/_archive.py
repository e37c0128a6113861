"""Npz files of arrays and one JSON document, without pickles, that are there whole or not at all.

The document is a member like the others: its bytes as an array. So `numpy.load` reads all of a
file, and a text tool its document.

What a member's head and the archive's directory say is believed only where it agrees with the bytes that are there, and
before any room is made for it: a small file must not take much time or memory.
"""
from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from . import _files

# NumPy's kinds of numbers, text and times; not objects, nor what has parts
PLAIN = "biufcSUmM"
# the archive's own head of a member, less its name
LOCAL_HEAD = 30
# deflate packs at most so many bytes into one
MOST_PACKED = 1032
# more than the head of any .npy file of one of these arrays
NPY_HEAD = 2**16
FLAG_ENCRYPTED = 1


def write(path: str, name: str, document: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a document under a name, and arrays under theirs; beside the path first, then in its place."""
    members = {name: np.frombuffer(json.dumps(document).encode(), dtype=np.uint8), **arrays}
    with _files.replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for member, array in members.items():
            with archive.open(f"{member}.npy", "w", force_zip64=True) as content:
                np.lib.format.write_array(content, array, allow_pickle=False)


def read(file: IO[bytes], name: str, format: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the document under a name, which says that it is of a format, and all arrays.

    Whatever else than an archive that `write` made may raise any `Exception`.
    """
    with zipfile.ZipFile(file) as archive:
        check(archive)
        document = json.loads(bytes(array(archive, f"{name}.npy", "u")))
        if document["format"] != format:
            raise ValueError(f"its format is {document['format']!r}")
        arrays = {member.removesuffix(".npy"): array(archive, member) for member in archive.namelist()}
    return document, arrays


def check(archive: zipfile.ZipFile) -> None:
    """Raise ValueError if two members have a name or bytes of the file in common, or one more than there can be."""
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    names = {entry.filename for entry in entries}
    if len(names) < len(entries):
        raise ValueError("two of its members have one name")
    ends = [entry.header_offset for entry in entries[1:]] + [archive.start_dir]
    for entry, end in zip(entries, ends):
        if entry.header_offset + LOCAL_HEAD + len(entry.filename) + entry.compress_size > end:
            raise ValueError(f"{entry.filename} overlaps with what is behind it (possible zip bomb)")
        if entry.flag_bits & FLAG_ENCRYPTED:
            raise ValueError(f"{entry.filename} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{entry.filename} is packed in another way than by deflate")
        packed = MOST_PACKED if entry.compress_type == zipfile.ZIP_DEFLATED else 1
        if entry.file_size > packed * entry.compress_size:
            raise ValueError(f"{entry.filename} claims {entry.file_size} bytes, which are not in it")


def stored(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the bytes of a member, which must not be compressed: so it cannot be larger than its file."""
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    # read whole, since the checksum is compared at the end
    return archive.read(name)


def array(archive: zipfile.ZipFile, name: str, kinds: str = PLAIN) -> NDArray[Any]:
    """Return the array that a member is, which must not be compressed."""
    content = stored(archive, name)
    shape, order, dtype, start = _head(name, io.BytesIO(content), len(content), kinds)
    return np.ndarray(shape, dtype, content, start, order=order).copy(order="C")


def unpacked(archive: zipfile.ZipFile, name: str, kinds: str, ndim: int) -> NDArray[Any]:
    """Return the array of so many dimensions that a member is, which may be compressed."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        head = io.BytesIO(member.read(min(size, NPY_HEAD)))
        shape, order, dtype, start = _head(name, head, size, kinds)
        if len(shape) != ndim:
            raise ValueError(f"{name} is of shape {shape}")
        content = head.getvalue() + member.read()
    return np.ndarray(shape, dtype, content, start, order=order).copy(order="C")


def _head(name: str, file: IO[bytes], size: int, kinds: str) -> tuple[tuple[int, ...], Any, np.dtype[Any], int]:
    """Return shape, order and type of an array, and where it begins, if its file of a size has it and no more."""
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(file)
    if version not in read:
        raise ValueError(f"{name} is of version {version}")
    shape, by_columns, dtype = read[version](file)
    if dtype.hasobject:
        raise ValueError(f"{name} has objects, and allow_pickle is off")
    if dtype.kind not in kinds or dtype.names is not None or dtype.subdtype is not None or dtype.itemsize == 0:
        raise ValueError(f"{name} is of {dtype}")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"{name} is of shape {shape}")
    start = file.tell()
    # exact, as Python's integers have no bound
    if math.prod(shape) * dtype.itemsize != size - start:
        raise ValueError(f"{name} claims {math.prod(shape)} elements, of which there are {size - start} bytes")
    return shape, "F" if by_columns else "C", dtype, start
