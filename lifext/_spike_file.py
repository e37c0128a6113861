"""The part of a spike record that is in an HDF5 file, in the layout of SONATA.

A file is open only while something is read or written. So it can be read by others at any time
in between, and is whole whatever becomes of the run.
"""
from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import signal
import tempfile
import threading
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np

from . import _threads, _validate
from ._core.shared.logs import inside
from ._formats import about, checks
from ._types import Floats, Neurons, Path

FORMAT = "lifext spikes 2"
# what SONATA's developers guide asks of the root of each file
SONATA_MAGIC, SONATA_VERSION = 0x0A7A, (0, 1)
SORTINGS = {"none": 0, "by_id": 1, "by_time": 2}
# spikes that are written at a time, and that share an earliest and a latest time
PART = 2**16
# spikes in a chunk of the file, which holds whole chunks: a short record must not take a megabyte
CHUNK = 2**12
# bytes that a write may take beside those of its spikes: parts of chunks, HDF5's own
EXTRA = 2**18
# signals that end a process which does not heed them
ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
# what is packed so tight that a file of a megabyte claims to hold more gigabytes than there are
MOST_PACKED = 2000
# how chunks may be packed, as HDF5 numbers its filters, in their order: 1 is gzip, 2 shuffles bytes, 3 is a checksum
PACKINGS = [(), (1,), (2, 1), (1, 3), (2, 1, 3)]
# bytes that are unpacked at a time
UNPACK = 2**20


class Digest(NamedTuple):
    """What tells a number of spikes from any others, whatever parts they were written in."""

    spikes: int = 0
    ids: Any = hashlib.blake2b(digest_size=16)
    times: Any = hashlib.blake2b(digest_size=16)

    def after(self, ids: Neurons, times: Floats) -> Digest:
        """Return the digest of these spikes with others behind them."""
        hashes = self.ids.copy(), self.times.copy()
        for running, values, dtype in zip(hashes, (ids, times), ("<i8", "<f8")):
            running.update(np.ascontiguousarray(values, dtype=dtype).data)
        return Digest(self.spikes + len(ids), *hashes)

    def hexdigest(self) -> str:
        """Return it as text."""
        return str(self.ids.hexdigest() + self.times.hexdigest())


class SpikeFile:
    """Spikes of one population in the group ``/spikes/<name>`` of a file.

    Its datasets are ``node_ids`` and ``timestamps`` (ms). The dataset ``/lifext/<name>``, which is
    this package's own, has the record's about as JSON, and as an attribute the time up to which
    it was recorded, which each run moves.

    Parameters
    ----------
    path : str or os.PathLike
        A file that does not exist, or one of these that has no such group.
    name : str
        Name of the population.
    sorting : {"none", "by_id", "by_time"}, optional
        Order of what will be written.
    """

    def __init__(self, path: Path, name: str, sorting: str = "none") -> None:
        self._prepare(os.path.abspath(_validate.file_name("SpikeRecord", "to", path)), checks.hdf5_name(name))
        self._create(sorting)

    def _prepare(self, path: str, name: str) -> None:
        self._h5py = checks.h5py_module()
        self.path, self.name = path, name
        self._starts: list[int] = []
        self._earliest: list[float] = []
        self._latest: list[float] = []
        # what the file is to say of the record, as soon as it is written to
        self._about: str | None = None
        self._stop: float | None = None
        self._written_stop: float | None = None
        # of what has been written; None where the file has to be read for it
        self._digest: Digest | None = None

    @classmethod
    def of(cls, path: str, name: str, size: int | None = None) -> tuple[Self, int, Any]:
        """Return the file of a population in any SONATA file, its number of spikes and its about, all checked.

        Parameters
        ----------
        path : str
            The file.
        name : str
            Of the population.
        size : int, optional
            Number of neurons, which the file need not say. Left out, there are as many as there have to be.
        """
        self = cls.__new__(cls)
        self._prepare(path, name)
        with self._open("r") as file:
            group = held(file, f"spikes/{name}")
            for dataset in (held(group, "node_ids"), held(group, "timestamps")):
                _check_dataset(dataset, os.path.getsize(path))
            told = self._read_about(file)
            most, extremes = self._look(group, own=told is not None)
            found = about.fitting(told, most, extremes, name, size)
            return self, len(group["timestamps"]), found

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_h5py", "_digest")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # a hash under way cannot be pickled
        vars(self).update(state, _h5py=checks.h5py_module(), _digest=None)

    @property
    def alone(self) -> Any:
        """What a thread holds that has the files of spikes to itself."""
        return _threads.spike_files

    def _create(self, sorting: str) -> None:
        is_new = not os.path.exists(self.path)
        if not is_new:
            with self.alone:
                checks.spike_file(self._h5py, self.path, FORMAT, self.name)
        with self._open("x" if is_new else "r+") as file:
            # text is of one length: of a damaged file with strings of any length HDF5 reads endlessly
            file.attrs["format"] = np.bytes_(FORMAT)
            file.attrs["magic"], file.attrs["version"] = np.uint32(SONATA_MAGIC), np.array(SONATA_VERSION, np.uint32)
            group = file.create_group(f"spikes/{self.name}")
            group.attrs.create("sorting", SORTINGS[sorting], dtype=self._h5py.enum_dtype(SORTINGS, basetype="u1"))
            for name, dtype in (("node_ids", np.uint64), ("timestamps", np.float64)):
                group.create_dataset(name, (0,), dtype, maxshape=(None,), chunks=(CHUNK,))
            group["timestamps"].attrs["units"] = np.bytes_("ms")
        self._digest = Digest()

    @contextlib.contextmanager
    def _open(self, mode: str, spikes: int = 0) -> Iterator[Any]:
        """Open the file; if it is to be written, only when there is room for so many more spikes."""
        room = EXTRA + 16 * spikes + len(self._about or "")
        if mode == "x":
            with checks.room_in(self.path, self.name, spikes), \
                    tempfile.TemporaryFile(dir=os.path.dirname(self.path)) as trial:
                _look_for_room(trial.fileno(), room)
        undisturbed = contextlib.nullcontext() if mode == "r" else _undisturbed()
        with undisturbed, checks.sound_spike_file(self.path), self.alone, self._h5py.File(self.path, mode) as file:
            # HDF5 has the file to itself by now
            if mode == "r+":
                with checks.room_in(self.path, self.name, spikes), open(self.path, "r+b") as same:
                    _look_for_room(same.fileno(), room)
            yield file

    def describe(self, facts: dict[str, Any]) -> None:
        """Have the file say of the record what these facts say, an about, as soon as it is written to."""
        self._about = json.dumps(facts)
        self._stop = facts["stop"]

    def reach(self, stop: float | None) -> None:
        """Have the file say, as soon as it is written to, that it was recorded until a time (ms)."""
        self._stop = stop

    def tell(self) -> None:
        """Write what the file is to say and does not say yet."""
        if self._about is not None or self._stop != self._written_stop:
            with self._open("r+") as file:
                self._tell(file)

    def _tell(self, file: Any) -> None:
        place, stop = f"lifext/{self.name}", self._stop
        if self._about is not None:
            if place in file:
                del file[place]
            file[place] = np.bytes_(self._about)
            file[place].attrs["stop"] = np.float64(stop)
        elif stop is not None and place in file:
            # written over what is there, as a file grows with each new value
            file[place].attrs.modify("stop", np.float64(stop))
        self._about, self._written_stop = None, stop

    def _read_about(self, file: Any) -> dict[str, Any] | None:
        if not (has(file, "lifext") and has(held(file, "lifext"), self.name)):
            return None
        place = f"lifext/{self.name}"
        told = held(file, place)
        if told.dtype.kind != "S" or told.shape != () or told.nbytes > min(told.id.get_storage_size(),
                                                                           os.path.getsize(self.path)):
            raise ValueError(f"/{place} is no string of one length that is in the file")
        if told.attrs.get_id("stop").dtype.kind != "f":
            raise ValueError(f"the stop of /{place} is no number")
        found = json.loads(told[()])
        return {**found, "stop": max(float(told.attrs["stop"]), found["start"])}

    def write(self, start: int, ids: Neurons, times: Floats) -> None:
        """Write spikes as those from number `start` on; what was there is replaced."""
        with self._open("r+", len(ids)) as file:
            group = self._group(file, start)
            for dataset in (group["node_ids"], group["timestamps"]):
                dataset.resize((start + len(ids),))
            group["node_ids"][start:], group["timestamps"][start:] = ids, times
            self._tell(file)
        self._index(start, times)
        # written again after an interruption, or behind what was cut: that is read when somebody asks
        known = self._digest if self._digest is not None and self._digest.spikes == start else None
        self._digest = None if known is None else known.after(ids, times)

    def digest(self, count: int) -> None:
        """Find out, and go on with, what tells the `count` spikes that have been written from any others."""
        if self._digest is None or self._digest.spikes != count:
            self._digest = self._digest_in_file(count)

    def known_digest(self) -> str | None:
        """Return what tells the spikes that have been written from any others, where that is known."""
        return None if self._digest is None else self._digest.hexdigest()

    def begins_with(self, count: int, digest: str) -> bool:
        """Whether the first `count` spikes that are in the file by now are those of a digest."""
        return self._digest_in_file(count).hexdigest() == digest

    def _digest_in_file(self, count: int) -> Digest:
        found = Digest()
        with self._open("r") as file:
            group = self._group(file, count)
            for start in range(0, count, PART):
                found = found.after(*self._slice(group, start, min(start + PART, count)))
        return found

    def cut(self, count: int, facts: dict[str, Any] | None) -> None:
        """Forget the spikes from number `count` on; of the others these facts, an about, are to be said, or nothing."""
        before = self._about, self._stop, self._written_stop
        try:
            self._about, self._stop, self._written_stop = None, None, None
            if facts is not None:
                self.describe(facts)
            with self._open("r+") as file:
                group, place = self._group(file, count), f"lifext/{self.name}"
                for dataset in (group["node_ids"], group["timestamps"]):
                    dataset.resize((count,))
                if facts is None and place in file:
                    del file[place]
                self._tell(file)
        except BaseException:
            self._about, self._stop, self._written_stop = before
            raise
        self._index(count, np.empty(0))
        self._digest = Digest() if count == 0 else None

    def discard(self) -> None:
        """Take the population out of the file, and the file away if there is no other in it."""
        with self._open("r+") as file:
            for place in (f"spikes/{self.name}", f"lifext/{self.name}"):
                if place in file:
                    del file[place]
            is_empty = len(file["spikes"]) == 0
        if is_empty:
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path)

    def _index(self, start: int, times: Floats) -> None:
        # written again after an interruption, a part may have its old bounds too: they only get wider
        while self._starts and self._starts[-1] >= start:
            for column in (self._starts, self._earliest, self._latest):
                column.pop()
        if not self._starts or start + len(times) - self._starts[-1] > PART:
            self._starts.append(start)
            self._earliest.append(np.inf)
            self._latest.append(-np.inf)
        self._earliest[-1] = min(self._earliest[-1], float(np.fmin.reduce(times, initial=np.inf)))
        self._latest[-1] = max(self._latest[-1], float(np.fmax.reduce(times, initial=-np.inf)))

    def _look(self, group: Any, own: bool) -> tuple[Neurons, Floats]:
        """Look at all spikes, note what is where, and return the outermost neurons and times of the parts.

        A time that is no number is taken only where the file is this package's `own`, of a network that had some.
        """
        most = []
        for start in range(0, max(len(group["node_ids"]), len(group["timestamps"])), PART):
            ids, times = (group[name][start:start + PART] for name in ("node_ids", "timestamps"))
            about.check_spikes(ids, times, about.MOST)
            if not own:
                _validate.all_finite("SpikeRecord", f"timestamps[{start}:]", times)
            most.append(int(ids.max()))
            self._index(start, times)
        return np.repeat(np.array(most, dtype=np.int64), 2), np.array([*zip(self._earliest, self._latest)]).reshape(-1)

    def arrays(self, count: int) -> tuple[Neurons, Floats]:
        """Return neurons and times of the first `count` spikes."""
        return self.piece(0, count, count)

    def piece(self, start: int, stop: int, count: int) -> tuple[Neurons, Floats]:
        """Return neurons and times of some of the first `count` spikes."""
        with self._open("r") as file:
            return self._slice(self._group(file, count), start, stop)

    def _group(self, file: Any, count: int) -> Any:
        group = file[f"spikes/{self.name}"]
        checks.enough_spikes(self.path, self.name, count, min(len(group["node_ids"]), len(group["timestamps"])))
        return group

    @staticmethod
    def _slice(group: Any, start: int, stop: int) -> tuple[Neurons, Floats]:
        # HDF5 converts while it reads, so that there is no second array
        return group["node_ids"].astype(np.intp)[start:stop], group["timestamps"].astype(np.float64)[start:stop]

    def between(self, start: float, stop: float, count: int) -> list[tuple[Neurons, Floats]]:
        """Return neurons and times of those of the first `count` spikes in a window, as a list of pairs."""
        parts = [k for k, (earliest, latest) in enumerate(zip(self._earliest, self._latest))
                 if latest >= start and earliest < stop]
        if not parts:
            return []
        ends = [*self._starts[1:], count]
        with self._open("r") as file:
            group = self._group(file, count)
            return [inside(*self._slice(group, self._starts[k], min(ends[k], count)), start, stop) for k in parts]


def _look_for_room(handle: int, room: int) -> None:
    """Make a file longer by so many bytes, which its disk has, or raise OSError; it is as it was after that.

    HDF5 that finds the disk full in the midst of a write leaves a file that cannot be read, and crashes later on.
    """
    end = os.fstat(handle).st_size
    try:
        os.posix_fallocate(handle, end, room)
    except (AttributeError, OSError) as error:
        if getattr(error, "errno", None) not in (None, errno.EINVAL, errno.EOPNOTSUPP):
            raise
        # not on this system, or not on this disk
        _fill(handle, end, room)
    finally:
        os.ftruncate(handle, end)


def _fill(handle: int, end: int, room: int) -> None:
    os.lseek(handle, end, os.SEEK_SET)
    while room > 0:
        room -= os.write(handle, bytes(min(room, 2**20)))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Have what would end the process at once wait until the file is whole."""
    ends = [number for number in ENDS if _ends(number)]
    came = []
    for number in ends:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number in ends:
            signal.signal(number, signal.SIG_DFL)
        if came:
            signal.raise_signal(came[0])


def _ends(number: signal.Signals) -> bool:
    """Whether a signal ends the process, and one may say here that it does not: Python has the main thread say so."""
    return threading.current_thread() is threading.main_thread() and signal.getsignal(number) is signal.SIG_DFL


def has(group: Any, name: str) -> bool:
    """Whether a group has something of this name, which need not be in its file."""
    return bool(group.id.links.exists(_encoded(name)))


def held(group: Any, path: str) -> Any:
    """Return what a group of a file has; raise ValueError if a link leads there.

    HDF5 follows one to any other file: it would write to that, or wait endlessly where it is no file but a pipe.
    """
    for part in path.split("/"):
        if group.id.links.get_info(_encoded(part)).type != checks.h5py_module().h5l.TYPE_HARD:
            raise ValueError(f"{part} is a link, not in {group.name} itself")
        group = group[part]
    return group


def _encoded(name: str) -> bytes:
    """Return a name as HDF5 has it; h5py decodes what is no UTF-8 so."""
    return name.encode(errors="surrogateescape")


def _check_dataset(dataset: Any, size: int) -> None:
    """Raise ValueError if what is in a dataset is not all in its file of `size` bytes, or is less than it claims."""
    if dataset.ndim != 1 or dataset.external or dataset.is_virtual:
        raise ValueError(f"{dataset.name} is not an array of one dimension in the file itself")
    if dataset.dtype.kind not in "iuf":
        raise ValueError(f"{dataset.name} has no numbers")
    # what it says of its storage is a claim, too
    stored = min(dataset.id.get_storage_size(), size)
    if dataset.nbytes > (stored if dataset.chunks is None else MOST_PACKED * stored):
        raise ValueError(f"{dataset.name} claims to hold {len(dataset)} numbers")
    if dataset.chunks is not None:
        _check_chunks(dataset, size)


def _check_chunks(dataset: Any, size: int) -> None:
    """Raise ValueError if a chunk has not as much in it as a chunk has: HDF5 takes what is behind it in memory."""
    properties = dataset.id.get_create_plist()
    packing = tuple(properties.get_filter(k)[0] for k in range(properties.get_nfilters()))
    if packing not in PACKINGS:
        raise ValueError(f"{dataset.name} is packed in another way than by gzip")
    whole, found = dataset.chunks[0] * dataset.dtype.itemsize, _chunks(dataset)
    for start in range(0, len(dataset), dataset.chunks[0]):
        stored, unpacked = found.get(start, (0, 0))
        if not 0 < stored <= size or unpacked:
            raise ValueError(f"{dataset.name} lacks numbers from {start} on")
        # a packed one as it stands in the file
        has = stored if packing == () else _unpacked(dataset.id.read_direct_chunk((start,))[1], whole)
        if has != whole:
            raise ValueError(f"{dataset.name} has {has} bytes in place of {whole} from number {start} on")


def _chunks(dataset: Any) -> dict[int, tuple[int, int]]:
    """Return for each chunk that is stored, by its first number, its size in bytes and which filters it went past."""
    found = {}

    def note(chunk: Any) -> None:
        found[chunk.chunk_offset[0]] = chunk.size, chunk.filter_mask
    if hasattr(dataset.id, "chunk_iter"):
        dataset.id.chunk_iter(note)
    else:  # pragma: no cover (HDF5 before 1.12.3, which looks through all of them each time)
        for k in range(dataset.id.get_num_chunks()):
            note(dataset.id.get_chunk_info(k))
    return found


def _unpacked(packed: bytes, most: int) -> int:
    """Return how many bytes there are when unpacked, `most` if there are more."""
    unpacking, has = zlib.decompressobj(), 0
    while has < most:
        piece = len(unpacking.decompress(packed, min(most - has, UNPACK)))
        packed, has = unpacking.unconsumed_tail, has + piece
        if piece == 0:
            break
    return has
