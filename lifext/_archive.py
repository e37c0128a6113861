"""Npz files of arrays and one JSON document, without pickles, that are there whole or not at all.

The document is a member like the others: its bytes as an array. So `numpy.load` reads all of a
file, and a text tool its document.
"""
from __future__ import annotations

import io
import json
import os
import secrets
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


def write(path: str, name: str, document: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a document under a name, and arrays under theirs; beside the path first, then in its place."""
    members = {name: np.frombuffer(json.dumps(document).encode(), dtype=np.uint8), **arrays}
    beside = f"{path}.{secrets.token_hex(4)}.part"
    try:
        with open(beside, "xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for member, array in members.items():
                    with archive.open(f"{member}.npy", "w", force_zip64=True) as content:
                        np.lib.format.write_array(content, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise


def read(file: IO[bytes], name: str, format: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the document under a name, which says that it is of a format, and all arrays.

    Whatever else than an archive that `write` made may raise any `Exception`.
    """
    with zipfile.ZipFile(file) as archive:
        document = json.loads(bytes(array(archive, f"{name}.npy")))
        if document["format"] != format:
            raise ValueError(f"its format is {document['format']!r}")
        arrays = {member.removesuffix(".npy"): array(archive, member) for member in archive.namelist()}
    return document, arrays


def stored(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the bytes of a member, which must not be compressed: so it cannot be larger than its file."""
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    # read whole, since the checksum is compared at the end
    return archive.read(name)


def array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Return the array that a member is."""
    return np.lib.format.read_array(io.BytesIO(stored(archive, name)), allow_pickle=False)
