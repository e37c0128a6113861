"""What files of spikes refuse: libraries that are missing, names, columns, and files of another kind."""
from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import _validate
from .._types import Floats, Neurons
from .._validate import refuse


def h5py_module() -> Any:
    """Return h5py, or say how to get it."""
    return optional("h5py", "hdf5", "an HDF5 file")


def hdf5_name(name: str) -> str:
    """Refuse a population's name that would not be one group of a file."""
    if "/" in name or "\0" in name:
        refuse(ValueError, "SpikeRecord", "the population", "named without a / to be kept in a file", name)
    if name in ("", ".", ".."):
        # HDF5 takes them for the group itself
        refuse(ValueError, "SpikeRecord", "the population",
               "named otherwise than '', '.' or '..' to be kept in a file, in which these are no names", name)
    return name


def spike_file(h5py: Any, path: str, format: str, name: str) -> None:
    """Refuse a file that is not one of recorded spikes, or has those of a population of this name."""
    wanted = "a file that does not exist yet, or one of recorded spikes"
    with _validate.plain_file("SpikeRecord", "to", path) as file:
        if file.read(8) != b"\x89HDF\r\n\x1a\n":
            refuse(ValueError, "SpikeRecord", "to", wanted, path)
    with sound_spike_file(path), h5py.File(path, "r") as file:
        # a string of any length is not even read: of a damaged one HDF5 reads endlessly
        is_text = "format" in file.attrs and file.attrs.get_id("format").dtype.kind == "S"
        if not (is_text and file.attrs["format"] == format.encode()):
            refuse(ValueError, "SpikeRecord", "to", wanted, path)
        # what is written to a link goes to another file
        links = file.id.links
        kinds = {links.get_info(group).type for group in (b"spikes", b"lifext") if links.exists(group)}
        if not kinds <= {h5py.h5l.TYPE_HARD}:
            refuse(ValueError, "SpikeRecord", "to", wanted, path)
        if f"spikes/{name}" in file:
            refuse(ValueError, "SpikeRecord", "to", f"a file without spikes of a population {name!r}", path)


@contextlib.contextmanager
def sound_spike_file(path: str) -> Iterator[None]:
    """Refuse a file of which h5py says, with another exception than that of one it cannot open, that it is damaged."""
    try:
        yield
    except (LookupError, RuntimeError, TypeError, AttributeError) as error:
        # what HDF5 says of a disk, in the midst of a text
        number = re.search(r"errno = (\d+)", str(error))
        if number:
            raise OSError(int(number[1]), f"SpikeRecord: {path} must be read and written, got {error}") from error
        raise ValueError(f"SpikeRecord: {path} must be a file of recorded spikes, whole and unchanged, "
                         f"got one of which h5py says {error}") from error


@contextlib.contextmanager
def room_in(path: str, name: str, count: int) -> Iterator[None]:
    """Refuse to write to a disk that the block says, with an OSError, has no room."""
    try:
        yield
    except OSError as error:
        kept = f" for the {count} spikes of {name!r}, which are kept in memory; flush() tries again" if count else ""
        raise OSError(error.errno, f"SpikeRecord: {path} must have room{kept}, got {error.strerror}") from error


def enough_spikes(path: str, name: str, wanted: int, found: int) -> None:
    """Refuse a file that has lost spikes that were written to it."""
    if found < wanted:
        raise ValueError(f"SpikeRecord: {path} must hold the {wanted} spikes of {name!r} written to it, got {found}")


class OtherSpikes(ValueError):
    """A file of spikes that is to be gone on with has not those that it had."""


def same_spikes(path: str | None, name: str, wanted: int, found: int, same: bool) -> None:
    """Refuse to cut a file to a number of spikes that it has not, or that are not those of the state."""
    if found < wanted or not same:
        got = str(found) if found < wanted else "others in their place"
        raise OtherSpikes(f"SpikeRecord: {path} must hold the {wanted} spikes of {name!r} written to it, got {got}: it "
                          "was emptied, or cut and written to, after the state was saved; to go to that state, close() "
                          "this record and stream to another file (record_spikes with to=...)")


@contextlib.contextmanager
def spikes_from(source: object, kind: str) -> Iterator[None]:
    """Refuse a file or an object of which the block says, with any exception, that it is not of its kind."""
    try:
        yield
    except (BlockingIOError, ImportError):
        # someone is writing the file, or a library is missing, which says nothing of what is in it
        raise
    except Exception as error:
        got = source if isinstance(source, str) else f"a {type(source).__name__}"
        raise ValueError(f"SpikeRecord: spikes must be in {kind}, whole and unchanged, got {got}: {error}") from error


def which_population(source: object, name: str | None, names: Sequence[str]) -> str:
    """Return the population of this name, or without one the only one there is."""
    if name is None and len(names) == 1:
        return names[0]
    if name is None or name not in names:
        refuse(ValueError, "SpikeRecord", "name", f"one of the populations {', '.join(map(repr, names)) or '(none)'} "
               f"in {source}", name)
    return name


def spikes_read(ids: Any, times: Any) -> tuple[Neurons, Floats]:
    """Return neurons (n,) and finite times (n,) of spikes that another program has, as new arrays."""
    neurons = _validate.whole_array("SpikeRecord", "neuron", ids, None, _validate.MOST_STEPS)
    return neurons, _validate.real_array("SpikeRecord", "time", times, neurons.shape)


def number_of_neurons(size: int | None, ids: Neurons) -> int:
    """Return how many neurons there are: as is said, or else as many as there have to be."""
    most = int(max(ids.max(initial=-1), 0))
    if size is None:
        return most + 1
    return _validate.whole("SpikeRecord", "size", size, at_least=most + 1)


def optional(module: str, extra: str, what: str) -> Any:
    """Return a library that comes with an extra, or raise an `ImportError` that says which."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(_needs(module, extra, what)) from error


def installed(module: str, extra: str, what: str) -> None:
    """Raise the `ImportError` of `optional`, without importing the library, if there is none of that name."""
    if sys.modules.get(module, module) is None or importlib.util.find_spec(module) is None:
        raise ImportError(_needs(module, extra, what))


def _needs(module: str, extra: str, what: str) -> str:
    return (f"SpikeRecord: {what} needs {module}, which the extra {extra} installs: pip install 'lifext[{extra}]'")


def new_file(path: str, instead: str) -> None:
    """Refuse a file that is there already."""
    if os.path.exists(path):
        raise FileExistsError(f"SpikeRecord: target must be a file that does not exist yet, got {path}; {instead}")


def new_population(name: str, names: Sequence[str]) -> None:
    """Refuse a population that a file has already."""
    if name in names:
        refuse(ValueError, "SpikeRecord", "target", f"a file without spikes of a population {name!r}",
               ", ".join(names))


def units_in_memory(units: Any) -> None:
    """Refuse a units table that was read from a file: hdmf cannot let it grow."""
    if not isinstance(units.id.data, (list, np.ndarray)):
        raise ValueError(f"SpikeRecord: the units of target must be in memory, as pynwb cannot add to those of a file, "
                         f"got one whose units are in {units.container_source}")


def known_columns(others: Sequence[str]) -> None:
    """Refuse a units table that has columns for which a simulated neuron has no value."""
    if others:
        raise ValueError(f"SpikeRecord: the units table of target must have no columns that a simulated neuron has no "
                         f"value for, got {', '.join(others)}")
