"""Recorded spikes of a population, with the names and the files of the published code.

Times are in ms, neurons are counted from 1. A file holds any number of trials as three
arrays of equal lengths: the trial of each spike, its time and its neuron. Files that
the published code wrote are read here, and those written here are read by it.

`spikeDC` is what scripts written for the published code use; a `Network` has `SpikeRecord`.
"""
from __future__ import annotations

import contextlib
import importlib
import io
import os
import warnings
from bisect import bisect_left
from collections.abc import Iterator
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _files, _validate
from ._types import ArrayLike, Path
from ._warnings import LifextWarning

Arrays: TypeAlias = dict[str, NDArray[Any]]

__all__ = ["spikeDC"]

COLUMNS = ("trial", "time", "raster")
BINARY, ASCII = ("b", "bin", "binary"), ("a", "asc", "ascii")
CSV_HEADER = "trial,time,id"
CSV_FORMAT = ["%u", "%.2f", "%u"]
CSV_TYPES: Any = {"names": COLUMNS, "formats": ("i8", "f8", "i8")}
# as numpy.savetxt packs files
PACKED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}
# longer than any line that is written
CSV_LINE = 1000


class spikeDC:
    """Collects the spikes of a population step by step, saves them by trial, and counts them.

    Parameters
    ----------
    size : int
        Number of neurons.
    ID : str, optional
        What the population is called.

    Attributes
    ----------
    raster_IDs : ndarray of int, shape (size,)
        The neurons' numbers, 1 to `size`.
    trials : ndarray or None
        Numbers of the trials in the file that was loaded last.

    Raises
    ------
    ValueError, TypeError
        If an argument of a method is not of its kind or out of bounds, or a file is damaged.
        Nothing is changed then.

    Examples
    --------
    >>> record = spikeDC(3, "pyramidal")
    >>> record.collect(np.array([False, True, True]), 0.05)
    >>> record.collect(np.array([False, False, True]), 0.10)
    >>> record.get_spikes()
    (array([2, 3, 3]), array([0.05, 0.05, 0.1 ]))
    >>> record.get_spike_counts(0, 1)
    array([0, 1, 2])
    """

    _default_bins = 100000

    def __init__(self, size: int, ID: Any = "") -> None:
        self.size = _validate.whole(self, "size", size, at_least=1)
        self.ID = ID
        self.raster_IDs = np.arange(1, self.size + 1)
        self.trials: NDArray[Any] | None = None
        self._spike_data: Arrays | None = None
        self._src_file: tuple[Any, ...] | None = None
        self.reset()

    def reset(self, bin_size: int | None = None) -> None:
        """Forget the spikes.

        Parameters
        ----------
        bin_size : int, optional
            For how many spikes there is room to begin with, from now on. There always is for more.
        """
        if bin_size is not None:
            self._default_bins = _validate.whole(self, "bin_size", bin_size, at_least=1)
        self._raster = np.zeros(self._default_bins, dtype=int)
        self._times = np.zeros(self._default_bins)
        self._index: Any = 0

    def collect(self, spikes: ArrayLike, time: float) -> None:
        """Add the spikes of a step.

        Parameters
        ----------
        spikes : array_like of bool, shape (size,)
            Which neurons spiked.
        time : float
            When, ms.
        """
        if type(spikes) is not np.ndarray or spikes.dtype.char != "?" or spikes.shape != (self.size,):
            spikes = _validate.spiked(self, spikes, self.size)
        if np.count_nonzero(spikes) == 0:
            return
        time = _validate.not_nan(self, "time", time)
        # a copy: NumPy counts a mask before it goes by it, and writes past the end if it has more by then
        neurons = self.raster_IDs[spikes.copy()]
        end = self._index + len(neurons)
        if end >= len(self._times):
            self._grow(end)
        self._raster[self._index:end] = neurons
        self._times[self._index:end] = time
        self._index = end

    def _grow(self, end: Any) -> None:
        # the last element is never filled: `get_spike_counts` takes it for the end of a recording
        more = max(end + 1, 2 * len(self._times)) - self._index
        self._raster = np.concatenate([self._raster[:self._index], np.zeros(more, dtype=self._raster.dtype)])
        self._times = np.concatenate([self._times[:self._index], np.zeros(more)])

    def get_spikes(self) -> Any:
        """Return the spikes of the trial.

        Returns
        -------
        neurons : ndarray of shape (n,)
            Counted from 1; floats if they were loaded from an npz file, as published.
        times : ndarray of shape (n,)
            ms.
        """
        return self._raster[:self._index].copy(), self._times[:self._index].copy()

    def get_spike_counts(self, begin: float = 0, end: float | None = None) -> NDArray[Any]:
        """Count each neuron's spikes with ``begin <= time < end``.

        Parameters
        ----------
        begin, end : float, optional
            ms. Left out, `end` is the time of the last spike of a loaded trial, whose spikes then
            do not count, and 0 while recording, as published: better give it.

        Returns
        -------
        ndarray of int, shape (size,)
        """
        begin = _validate.not_nan(self, "begin", begin)
        end = self._end() if end is None else _validate.not_nan(self, "end", end)
        times = self._times[:self._index]
        neurons = self._raster[bisect_left(times, begin):bisect_left(times, end)]
        if neurons.dtype.kind == "f":
            neurons = neurons[neurons == np.floor(neurons)]
        # those of a larger population, which a file may hold
        neurons = neurons[(neurons >= 1) & (neurons <= self.size)].astype(np.intp)
        return np.bincount(neurons - 1, minlength=self.size)

    def _end(self) -> Any:
        return self._times[-1] if len(self._times) else 0.0

    def pop_vector(self, mapping: ArrayLike, begin: float, end: float, return_counts: bool = False) -> Any:
        """Sum the neurons' directions, each taken as often as the neuron spiked.

        Parameters
        ----------
        mapping : array_like of shape (size,)
            Direction of each neuron, radians.
        begin, end : float
            Spikes with ``begin <= time < end`` count, ms.
        return_counts : bool, optional
            Whether to return the counts too.

        Returns
        -------
        vector : float
            Direction of the sum, radians, from -pi to pi.
        magnitude : float
            Its length; the number of spikes if all have one direction.
        counts : ndarray of int, shape (size,)
            Only with `return_counts`.

        Examples
        --------
        >>> record = spikeDC(2)
        >>> record.collect([True, True], 1.0)
        >>> direction, length = record.pop_vector([0, np.pi / 2], 0, 2)
        >>> print(f"{direction:.3f} {length:.3f}")
        0.785 1.414
        """
        mapping = _validate.real_array(self, "mapping", mapping, (self.size,))
        counts = self.get_spike_counts(begin, end)
        x, y = np.sum(np.cos(mapping) * counts), np.sum(np.sin(mapping) * counts)
        vector, magnitude = float(np.arctan2(y, x)), float((x**2 + y**2)**0.5)
        return (vector, magnitude, counts) if return_counts else (vector, magnitude)

    def get_max_time(self) -> Any:
        """Return the time of the last spike in the loaded file, over all trials, ms."""
        return np.max(self._loaded()["time"])

    def save(self, fname: Path, trial: float = 0, encoding: str = "binary", append: bool = True) -> None:
        """Write the spikes to a file, after those of other trials in it.

        What is in the file is not written again, so saving takes a time in proportion to the
        spikes of this trial.

        Parameters
        ----------
        fname : str or path
            A binary file's name gets ``.npz`` if it has not got it; such a file is replaced each
            time, as published.
        trial : float, optional
            The trial's number; a whole one in text.
        encoding : {'binary', 'ascii'}, optional
            An npz file, or text with a line a spike and times rounded to 0.01 ms.
        append : bool, optional
            Whether what is in the file stays there.

        Raises
        ------
        OSError
            If the disk is full, or the file cannot be written. What was in it is as it was then, as it is after
            any other interruption.
        ValueError, TypeError
            If the trial's number is none that the file can hold, or the file is damaged.

        Examples
        --------
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> record = spikeDC(3)
        >>> record.collect([False, True, True], 0.05)
        >>> record.save(f"{folder.name}/spikes.npz", trial=1)
        >>> record.save(f"{folder.name}/spikes.npz", trial=2)
        >>> with np.load(f"{folder.name}/spikes.npz") as file:
        ...     print(file["trial"], file["raster"])
        [1. 1. 2. 2.] [2. 3. 2. 3.]
        >>> folder.cleanup()
        """
        fname = _validate.file_name(self, "fname", fname)
        _validate.choice(self, "encoding", encoding, BINARY + ASCII)
        trial = _validate.trial_number(self, trial, in_text=encoding in ASCII)
        neurons, times = self._raster[:self._index], self._times[:self._index]
        spikes = dict(zip(COLUMNS, (np.full(len(times), trial), times, neurons.astype(float))))
        if encoding in ASCII:
            self._save_csv(fname, spikes, append)
        else:
            self._save_npz(fname, spikes, append)

    def _save_npz(self, fname: str, spikes: Arrays, append: bool) -> None:
        target = fname if fname.endswith(".npz") else f"{fname}.npz"
        npz = _npz()
        if target == fname and append and os.path.isfile(fname):
            with _validate.readable(self, "fname", fname, NPZ):
                npz.append(target, spikes)
            return
        if append and os.path.isfile(fname):
            old = self._read(fname, BINARY[0])
            spikes = {name: np.concatenate([old[name], spikes[name]]) for name in COLUMNS}
        elif append and os.path.isfile(target):
            warnings.warn(f"spikeDC: save({fname!r}) replaces the trials in {target!r}; to keep them, give the name "
                          "with .npz", LifextWarning, stacklevel=3)
        npz.write(target, spikes)

    def _save_csv(self, fname: str, spikes: Arrays, append: bool) -> None:
        rows = np.column_stack([spikes[name] for name in COLUMNS])
        options: dict[str, Any] = {"delimiter": ",", "fmt": CSV_FORMAT}
        if append and os.path.isfile(fname):
            with _validate.readable(self, "fname", fname, CSV):
                _check_csv(fname)
            with _files.restoring(fname, []), open(fname, "a", encoding="ascii") as file:
                np.savetxt(file, rows, **options)
            return
        with _files.replacing(fname) as target, _text(target, fname) as file:
            np.savetxt(file, rows, header=CSV_HEADER, **options)

    def load(self, file: Path, trial: float, encoding: str = "binary") -> None:
        """Read a file, and take one of its trials.

        The file is kept in memory, and read again only if it has changed.

        Parameters
        ----------
        file : str or path
            File to read.
        trial : float
            Number of the trial; one that is not there has no spikes.
        encoding : {'binary', 'ascii'}, optional
            Whether it is an npz file, or text.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged or is another kind of file.
        """
        file = _validate.file_name(self, "file", file)
        trial = _validate.not_nan(self, "trial", trial)
        _validate.choice(self, "encoding", encoding, BINARY + ASCII)
        state = os.stat(file)
        source = (file, encoding in ASCII, state.st_ino, state.st_size, state.st_mtime_ns)
        if source != self._src_file:
            self._spike_data, self._src_file = self._read(file, encoding), source
        self.trials = np.unique(self._loaded()["trial"])
        self.load_trial(trial)

    def load_trial(self, trial: float) -> None:
        """Take another trial of the file that was loaded last.

        Parameters
        ----------
        trial : float
            Its number.

        Raises
        ------
        FileNotFoundError
            If no file was loaded.
        """
        data = self._loaded()
        trial = _validate.not_nan(self, "trial", trial)
        rows = slice(*(np.searchsorted(data["trial"], trial, side=side) for side in ("left", "right")))
        self._times, self._raster = data["time"][rows].copy(), data["raster"][rows].copy()
        self._index = len(self._times)

    def _loaded(self) -> Arrays:
        if self._spike_data is None:
            raise FileNotFoundError(f"{type(self).__name__}: no file has been loaded; call load first")
        return self._spike_data

    def _read(self, file: str, encoding: str) -> Arrays:
        """Return the arrays of a file, sorted by trial."""
        with _validate.readable(self, "file", file, CSV if encoding in ASCII else NPZ):
            data = _read_csv(file) if encoding in ASCII else _npz().read(file, COLUMNS)
            for name, column in data.items():
                if np.isnan(column).any():
                    raise ValueError(f"a {name} is NaN")
        trial = data["trial"]
        if np.any(trial[1:] < trial[:-1]):
            order = np.argsort(trial, kind="stable")
            data = {name: column[order] for name, column in data.items()}
        return data

    def convert_csv_to_npz(self, fname: Path) -> None:
        """Load a text file, and write it as an npz file beside it.

        Parameters
        ----------
        fname : str or path
            A name that ends in ``.csv``; the new file's ends in ``.npz``.
        """
        fname = _validate.file_name(self, "fname", fname)
        self.load(fname, 1, encoding="ascii")
        _npz().write(f"{fname[:-4]}.npz", {name: column.astype(float) for name, column in self._loaded().items()})


NPZ = f"an npz file with arrays {', '.join(COLUMNS)} of shape (n,)"
CSV = f"a text file with lines {CSV_HEADER}"


def _npz() -> Any:
    # not before it is needed, so that it does not slow down the import of the package
    from . import _npz
    return _npz


@contextlib.contextmanager
def _text(file: IO[bytes], name: str) -> Iterator[IO[str]]:
    """Yield a text file that goes to a file of bytes, packed as its name says: `numpy.loadtxt` reads it so."""
    suffix = os.path.splitext(name)[1]
    if suffix in PACKED:
        with importlib.import_module(PACKED[suffix]).open(file, "wt", encoding="ascii") as packed:
            yield packed
        return
    text = io.TextIOWrapper(file, encoding="ascii")
    try:
        yield text
    finally:
        # what opened the file closes it
        text.detach()


def _read_csv(file: str | list[str]) -> Arrays:
    with warnings.catch_warnings():
        # a trial without spikes
        warnings.filterwarnings("ignore", "loadtxt: input contained no data", UserWarning)
        table = np.loadtxt(file, encoding="ascii", delimiter=",", dtype=CSV_TYPES, ndmin=1)
    return {name: table[name].copy() for name in COLUMNS}


def _check_csv(file: str) -> None:
    """Raise ValueError if the first or the last line of a file is not what is written here."""
    with open(file, "rb") as text:
        first = text.readline(CSV_LINE)
        text.seek(max(0, text.seek(0, os.SEEK_END) - CSV_LINE))
        *_, last = text.read().splitlines(keepends=True) or [b""]
    if first.rstrip() != f"# {CSV_HEADER}".encode():
        raise ValueError(f"its first line is {first!r}")
    if not last.endswith(b"\n"):
        raise ValueError(f"its last line {last!r} is not complete")
    _read_csv([last.decode("ascii")])
