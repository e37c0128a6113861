"""Arrays in an npz file to which more can be added, without the old part being written again.

An npz file is a zip archive with a deflated ``.npy`` member for each array. In an archive
of this module, each member is followed by room. A deflated member can be continued: what
is added is compressed by itself and written where the member ended, and the array's length
in its head, which is kept uncompressed for that, is written anew, as are the sums and sizes
in the archive's directory. A member that has come to the end of its room moves, as it is
and with all others, to a new file with more of it. So adding costs what is added, and
``numpy.load`` and every other reader of zip archives see plain arrays.
"""
from __future__ import annotations

import contextlib
import dataclasses
import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _archive, _files
from ._types import Floats, Path

# blocks, their sum, and how many elements there are in them
Piece: TypeAlias = tuple[bytes, int, int]

__all__ = ["append", "read", "write"]

# up to so many elements, an array is written as numpy.savez_compressed does, to the byte
COMPACT = 2**16
# room after a member, as a part of its size: each byte is moved about 1/ROOM times in the life of a file
ROOM = 0.5
MARK = b"lifext: members have room to grow"
# four times as fast as zlib's default on spikes, for files that are 1 to 4 % larger
LEVEL = 4
# an empty last block, which a deflated member must end with
END = b"\x03\x00"
# the archive's head of a member, with sizes of 64 bits, less its name
LOCAL_HEAD = 30 + 20
# the head of a .npy file, and what a block that is not compressed begins with
HEAD = 128
STORED = struct.Struct("<BHH")
BLOCK = 2**20
# an archive's directory of a few members is shorter than this
TAIL = 2**16


def read(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """Return arrays (n,) of an npz file by name; checksums are compared."""
    with _directory(path) as archive:
        arrays = {name: _archive.unpacked(archive, f"{name}.npy", "biuf", ndim=1) for name in names}
    _compare_lengths({name: len(array) for name, array in arrays.items()})
    return arrays


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive to be read; any exception but one of opening the file is the ValueError that it is damaged."""
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                _archive.check(archive)
                yield archive
        except Exception as error:
            raise ValueError(str(error) or repr(error)) from error


def _compare_lengths(lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        raise ValueError("of different lengths: " + ", ".join(f"{name} {length}" for name, length in lengths.items()))


def write(path: Path, arrays: dict[str, Floats]) -> None:
    """Write an npz file as `numpy.savez_compressed` does, in one piece: there is the old file or the new."""
    # in memory first: NumPy before 2 leaves its archive open where the disk is full
    archive = io.BytesIO()
    np.savez_compressed(archive, **arrays)  # type: ignore[arg-type]
    with _files.replacing(path) as file:
        file.write(archive.getbuffer())


def append(path: Path, arrays: dict[str, Floats]) -> None:
    """Add to the ends of the float64 arrays (n,) of an npz file.

    Parameters
    ----------
    path : str
        An npz file with one-dimensional arrays of equal lengths.
    arrays : dict of str to ndarray of shape (m,)
        What is added to each of its arrays.
    """
    columns = _columns(path, arrays)
    if columns is None:
        old = read(path, arrays)
        arrays = {name: np.concatenate([old[name], array]) for name, array in arrays.items()}
        if max(map(len, arrays.values())) <= COMPACT:
            write(path, arrays)
            return
    pieces = [_deflated(array) for array in arrays.values()]
    if columns is not None and all(column.has_room(piece[0]) for column, piece in zip(columns, pieces)):
        with _files.restoring(path, _written_over(columns)), open(path, "r+b") as file:
            _extend(file, columns, pieces)
        return
    with _files.replacing(path) as file:
        _extend(file, _moved(path, columns or list(map(_Column, arrays)), pieces, file), pieces)


def _deflated(array: Floats) -> Piece:
    """Return an array's bytes as deflate blocks that others can follow, their sum, and how many elements there are."""
    content = np.ascontiguousarray(array, dtype="<f8").data.cast("B")
    packer = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH), zlib.crc32(content), len(array)


def _npy_head(count: int) -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (count,)})
    return head.getvalue()


@dataclasses.dataclass
class _Column:
    """One array of an archive: where its member is, up to where it may grow, and what is in it."""

    name: str
    offset: int = 0
    stop: int = 0
    limit: int = 0
    count: int = 0
    crc: int = 0

    def __post_init__(self) -> None:
        if self.count == 0:
            self.stop, self.crc = self.start, zlib.crc32(_npy_head(0))

    @property
    def member(self) -> int:
        """Where the deflated member starts, after the archive's head of it."""
        return self.offset + LOCAL_HEAD + len(f"{self.name}.npy")

    @property
    def start(self) -> int:
        """Where its pieces start, after the array's own head in a block that is not compressed."""
        return self.member + STORED.size + HEAD

    def heads(self) -> bytes:
        """Return what precedes the pieces."""
        return self.entry().FileHeader(zip64=True) + STORED.pack(0, HEAD, HEAD ^ 0xFFFF) + _npy_head(self.count)

    def entry(self) -> zipfile.ZipInfo:
        """Return the member's entry in the archive's directory."""
        entry = zipfile.ZipInfo(f"{self.name}.npy")
        entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
        entry.header_offset, entry.CRC, entry.file_size = self.offset, self.crc, HEAD + 8 * self.count
        entry.compress_size = self.stop + len(END) - self.member
        return entry

    def is_sound(self) -> bool:
        """Whether what the directory says can be: else nothing must be written, or copied, by it."""
        return self.offset >= 0 and self.start <= self.stop <= self.limit - len(END) and self.count >= 0

    def has_room(self, blocks: bytes) -> bool:
        """Whether so much more fits."""
        return self.stop + len(blocks) + len(END) <= self.limit

    def add(self, blocks: bytes, crc: int, count: int) -> None:
        """Take account of a piece that has been added."""
        heads = zlib.crc32(_npy_head(self.count)) ^ zlib.crc32(_npy_head(self.count + count))
        self.crc = _carried(self.crc ^ _carried(heads, 8 * self.count), 8 * count) ^ crc
        self.stop += len(blocks)
        self.count += count


def _columns(path: Path, names: Collection[str]) -> list[_Column] | None:
    """Return the columns of an archive of this module, or None for any other."""
    with _directory(path) as archive:
        entries, end = archive.infolist(), archive.start_dir
        if archive.comment != MARK or [entry.filename for entry in entries] != [f"{name}.npy" for name in names]:
            return None
    limits = [entry.header_offset for entry in entries[1:]] + [end]
    columns = []
    for name, entry, limit in zip(names, entries, limits):
        column = _Column(name, entry.header_offset, limit=limit, count=(entry.file_size - HEAD) // 8, crc=entry.CRC)
        column.stop = column.member + entry.compress_size - len(END)
        columns.append(column)
    if not all(column.is_sound() for column in columns):
        return None
    _compare_lengths({column.name: column.count for column in columns})
    return columns


def _moved(path: Path, columns: Sequence[_Column], pieces: Sequence[Piece], file: IO[bytes]) -> list[_Column]:
    """Copy members to a new file, with room for a piece each and for more; return where they are there."""
    moved, offset = [], 0
    with open(path, "rb") as source:
        for column, (blocks, *_) in zip(columns, pieces):
            size = column.stop - column.start
            new = dataclasses.replace(column, offset=offset)
            new.stop = new.start + size
            source.seek(column.start)
            file.seek(new.start)
            _copy(source, file, size)
            offset = new.limit = new.stop + int((size + len(blocks)) * ROOM) + len(blocks) + len(END)
            moved.append(new)
    return moved


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0:
        size -= target.write(source.read(min(size, BLOCK)))


def _extend(file: IO[bytes], columns: Sequence[_Column], pieces: Sequence[Piece]) -> None:
    """Add a piece to each member: first what no reader looks at yet, then what makes them see it."""
    for column, piece in zip(columns, pieces):
        file.seek(column.stop)
        file.write(piece[0] + END)
        column.add(*piece)
    file.seek(columns[-1].limit)
    # writes a directory there of the entries that it is given
    with zipfile.ZipFile(file, "w") as archive:
        archive.filelist.extend(column.entry() for column in columns)
        archive.comment = MARK
    for column in columns:
        file.seek(column.offset)
        file.write(column.heads())


def _written_over(columns: Sequence[_Column]) -> list[tuple[int, int]]:
    """Return from where to where `_extend` writes over what readers look at."""
    tail = columns[-1].limit
    return [*((column.offset, column.start) for column in columns), (tail, tail + TAIL),
            *((column.stop, column.stop + len(END)) for column in columns)]


# CRC-32 is the remainder of a division of polynomials over GF(2). In the notation of zlib, the bit 31 is that of x**0.
POLYNOMIAL = 0xEDB88320
X8 = 1 << 23


def _carried(crc: int, size: int) -> int:
    """Return what a difference of checksums becomes when `size` equal bytes follow on both sides."""
    factor = X8
    while size:
        if size & 1:
            crc = _product(crc, factor)
        factor = _product(factor, factor)
        size >>= 1
    return crc


def _product(a: int, b: int) -> int:
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (POLYNOMIAL if b & 1 else 0)
    return product
