"""A directory of trials: a file for each, which is there whole or not at all.

``sweep.json`` says of which sweep the trials are. A trial is ``2-0-17.npz`` (its place on each axis of the grid, then
its number), or ``2-0-17.failed.npz``: a zip archive with ``trial.json`` and an ``.npy`` member for each array in it.
No file is ever pickled, so that a store can be read from anywhere without trust.
"""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import stat
import time
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import IO, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import _archive, _files
from .._types import Path
from . import checks

# place in the grid, then the number there
Key: TypeAlias = tuple[int, ...]
Filler: TypeAlias = Callable[[IO[bytes]], object]
# what differs, as it is wanted, as it is stored, and the word by which it can be accepted
Difference: TypeAlias = tuple[str, Any, Any, str | None]

FORMAT = 1
MANIFEST = "sweep.json"
_NAME = re.compile(r"(\d+(?:-\d+)*)(\.failed)?\.npz")
# s; no file takes that long to write, so that older temporary ones were left by a run that was killed
_ABANDONED = 3600
# what JSON has no form for is a dict with one of these as its only key; users' dicts with a $ are wrapped, too
_ARRAY, _SCALAR, _WRAPPED = "$array", "$scalar", "$dict"
_DEEPEST = 50
# numpy's kinds that a .npy file has without pickling
_STORABLE = "biufcSUmM"


class Job(NamedTuple):
    """A trial that is to be run: its place in the grid (one number an axis), its number there, its parameters."""

    place: tuple[int, ...]
    trial: int
    params: dict[str, Any]

    @property
    def key(self) -> Key:
        """Numbers that tell the trial from all others; they order the table, and seed the trial."""
        return (*self.place, self.trial)


class Outcome(NamedTuple):
    """A trial that was run: what it returned, or the exception that it ended with, as text."""

    key: tuple[int, ...]
    params: dict[str, Any]
    results: dict[str, Any]
    error: str | None = None
    traceback: str | None = None


def encode(owner: str, name: str, value: Any, arrays: list[NDArray[Any]], depth: int = 0) -> Any:
    """Return a value in the form that JSON has, with arrays and odd numbers moved to the end of a list.

    Parameters
    ----------
    owner, name : str
        What an error is to call the function and the value.
    value : object
        None, a bool, number, string or array, or a list, tuple or dict (with strings as keys) of these.
    arrays : list of ndarray
        Grows by what JSON has no form for.
    depth : int, optional
        How many lists and dicts the value is in.

    Raises
    ------
    TypeError, ValueError
        If the value, or one within it, is something else, or lists and dicts are nested more than 50 deep.
    """
    checks.nested(owner, name, depth, _DEEPEST)
    if isinstance(value, np.generic):
        return _encode_scalar(owner, name, value, arrays)
    if value is None or isinstance(value, bool):
        return value
    for kind in (str, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, int):
        return checks.printable_int(owner, name, int(value))
    if isinstance(value, complex):
        return _put_aside(_SCALAR, np.complex128(value), arrays)
    if type(value) in (np.ndarray, np.memmap) and value.dtype.kind in _STORABLE:
        return _put_aside(_ARRAY, value, arrays)
    if isinstance(value, (list, tuple)):
        return [encode(owner, f"{name}[{k}]", item, arrays, depth + 1) for k, item in enumerate(value)]
    if isinstance(value, dict):
        return _encode_dict(owner, name, value, arrays, depth)
    return checks.not_storable(owner, name, value)


def _encode_scalar(owner: str, name: str, value: Any, arrays: list[NDArray[Any]]) -> Any:
    kind, exact = value.dtype.kind, value.dtype.itemsize <= 8
    if kind in "biuU" or kind == "f" and exact:
        return encode(owner, name, value.item(), arrays)
    if kind in "fcmM":
        return _put_aside(_SCALAR, value, arrays)
    return checks.not_storable(owner, name, value)


def _put_aside(kind: str, value: Any, arrays: list[NDArray[Any]]) -> dict[str, int]:
    array = np.asarray(value)
    # text of no width is made one wide, as NumPy does nearly everywhere: a reader believes no array without bytes
    arrays.append(array if array.dtype.itemsize else array.astype(f"{array.dtype.kind}1"))
    return {kind: len(arrays) - 1}


def _encode_dict(owner: str, name: str, value: Any, arrays: list[NDArray[Any]], depth: int) -> dict[str, Any]:
    for key in value:
        checks.string_key(owner, name, key)
    tree = {str(key): encode(owner, f"{name}[{str(key)!r}]", item, arrays, depth + 1) for key, item in value.items()}
    return {_WRAPPED: tree} if any(key.startswith("$") for key in tree) else tree


def decode(tree: Any, arrays: list[NDArray[Any]]) -> Any:
    """Return the value of which `encode` made a tree; tuples have become lists, numpy's numbers Python's."""
    if isinstance(tree, list):
        return [decode(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if _ARRAY in tree:
        return arrays[tree[_ARRAY]]
    if _SCALAR in tree:
        return arrays[tree[_SCALAR]][()]
    return {key: decode(item, arrays) for key, item in tree.get(_WRAPPED, tree).items()}


def plain(owner: str, name: str, value: Any) -> Any:
    """Return a value as a store would give it back, or refuse it."""
    arrays: list[NDArray[Any]] = []
    return decode(encode(owner, name, value, arrays), arrays)


def digested(owner: str, name: str, value: Any) -> Any:
    """Return a value in the form that JSON has, to compare it with another: of arrays in it there is a hash."""
    import hashlib
    arrays: list[NDArray[Any]] = []
    tree = encode(owner, name, value, arrays)
    hashes = [f"{array.dtype.str} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}" for array in arrays]
    return [tree, hashes] if hashes else tree


class TrialStore:
    """A directory of trials, which any number of processes may read and write at once.

    Parameters
    ----------
    path : path_like
        The directory.
    """

    def __init__(self, path: Path) -> None:
        # the trials may run where another directory is the current one
        self.path = pathlib.Path(path).absolute()

    def manifest(self) -> Any:
        """Return what the store says of its sweep, or None if it says nothing."""
        path = self.path / MANIFEST
        with checks.part_of_store(str(path)):
            try:
                file = _files.open_plain(path, links=False)
            except (FileNotFoundError, NotADirectoryError):
                return None
            with file:
                return _sound_manifest(json.loads(file.read()))

    def begin(self, owner: str, manifest: dict[str, Any], accept: Collection[str]) -> None:
        """Make the store if it is not there, or see that it is of this sweep.

        Parameters
        ----------
        owner : str
            What an error is to call the function.
        manifest : dict
            The metadata of the sweep.
        accept : collection of str
            What may differ from what the store has.

        Raises
        ------
        ValueError
            If the directory has other things in it, or trials of another sweep.
        """
        checks.directory(owner, "store", self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        if self.manifest() is None:
            # looked at before the manifest, which another process may be about to write
            others = [entry.name for entry in os.scandir(self.path) if not entry.name.endswith(".tmp")]
            checks.no_strangers(owner, self.path, others if self.manifest() is None else [])
            self._write(MANIFEST, _json_filler(manifest), once=True)
        stored = self.manifest()
        found = differences(stored, manifest)
        checks.same_sweep(owner, str(self.path), found, accept)
        if found:
            earlier = [*stored["earlier_functions"], stored["function"]]
            changed = manifest["function"] != stored["function"]
            manifest = {**manifest, "earlier_functions": earlier if changed else stored["earlier_functions"]}
            self._write(MANIFEST, _json_filler(manifest))
        self._clean()

    def _clean(self) -> None:
        oldest = time.time() - _ABANDONED
        for path in self.path.glob(".*.tmp"):
            # another process may clean, too
            with contextlib.suppress(FileNotFoundError):
                state = path.lstat()
                if state.st_mtime < oldest and stat.S_ISREG(state.st_mode):
                    path.unlink()

    def keys(self) -> tuple[set[Key], set[Key]]:
        """Return two sets of keys, of the trials of the grid that are done and of those that failed.

        Raises
        ------
        ValueError
            If what has the name of a trial is no file but a pipe, a link or a directory.
        """
        done: set[Key] = set()
        failed: set[Key] = set()
        for entry, key, is_failure in self._entries():
            with checks.part_of_store(entry.path):
                _sound(entry.is_file(follow_symlinks=False), "a file that is no link")
            if key is not None:
                (failed if is_failure else done).add(key)
        return done, failed - done

    def strangers(self) -> list[str]:
        """Return the names of files that are named like trials, and of none of the grid."""
        return sorted(entry.name for entry, key, _ in self._entries() if key is None)

    def _entries(self) -> Iterator[tuple[os.DirEntry[str], Key | None, bool]]:
        """Yield what is named like a trial, its key in the grid or None, and whether it is of one that failed."""
        manifest = self.manifest()
        lengths = [*map(len, manifest["values"]), manifest["trials"]]
        # a list, as whoever is told may stop at one
        for entry in list(os.scandir(self.path)):
            name = _NAME.fullmatch(entry.name)
            if name is not None:
                key, is_failure = tuple(map(int, name[1].split("-"))), name[2] is not None
                # a number may be written in more than one way
                known = entry.name == _file_name(key, is_failure) and len(key) == len(lengths)
                is_there = known and all(number < length for number, length in zip(key, lengths))
                yield entry, key if is_there else None, is_failure

    def has(self, key: Sequence[int]) -> bool:
        """Whether the trial with this key is done."""
        return (self.path / _file_name(key)).exists()

    def write(self, owner: str, outcome: Outcome) -> None:
        """Add a trial. One that failed gives way to one that is done."""
        arrays: list[NDArray[Any]] = []
        tree = {"key": list(outcome.key), "error": outcome.error, "traceback": outcome.traceback,
                "params": encode(owner, "params", outcome.params, arrays),
                "results": encode(owner, "results", outcome.results, arrays)}
        self._write(_file_name(outcome.key, outcome.error is not None), lambda file: _fill_archive(file, tree, arrays))
        if outcome.error is None:
            (self.path / _file_name(outcome.key, failed=True)).unlink(missing_ok=True)

    def read(self, key: Sequence[int]) -> Outcome:
        """Return a trial that is done, or else has failed."""
        path = self.path / _file_name(key)
        if not path.exists():
            path = self.path / _file_name(key, failed=True)
        with checks.part_of_store(f"{path}; without it, the trial would be run again"):
            with _files.open_plain(path, links=False) as file, zipfile.ZipFile(file) as archive:
                _archive.check(archive)
                tree = json.loads(_archive.stored(archive, "trial.json"))
                arrays = [_archive.array(archive, f"array{k}.npy") for k in range(len(archive.namelist()) - 1)]
            return _sound_outcome(tree, arrays, tuple(key))

    def _write(self, name: str, fill: Filler, once: bool = False) -> None:
        """Have a file appear with all that is in it, or not at all; with `once`, not if there is one."""
        temporary = self.path / f".{name}.{os.urandom(8).hex()}.tmp"
        try:
            with open(temporary, "xb") as file:
                fill(file)
                file.flush()
                # else a machine that fails could leave the name without what is in the file; should it lose
                # the name, the trial is run again
                os.fsync(file.fileno())
            (_link if once else os.replace)(temporary, self.path / name)
        finally:
            temporary.unlink(missing_ok=True)


def _sound(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(f"{what} is not as it was written")


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _sound_manifest(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a manifest says, or raise an exception if it cannot be one; of another format, only that is known."""
    _sound(type(found["format"]) is int, "the format")
    if found["format"] != FORMAT:
        return found
    _sound(found["function"].keys() == {"name", "body"} and _strings(list(found["function"].values())), "the function")
    _sound(isinstance(found["earlier_functions"], list), "what the function was earlier")
    _sound(type(found["seed"]) in (int, list), "the seed")
    _sound(type(found["trials"]) is int and found["trials"] >= 1, "the number of trials")
    _sound(_strings(found["names"]) and (found["axes"] is None or _strings(found["axes"])), "a name in the grid")
    _sound(isinstance(found["values"], list) and all(isinstance(axis, list) for axis in found["values"])
           and len(found["values"]) == (1 if found["axes"] is None else len(found["axes"])), "the grid")
    return found


def _sound_outcome(tree: dict[str, Any], arrays: list[NDArray[Any]], key: Key) -> Outcome:
    """Return the outcome that a file holds, or raise an exception if it cannot be that of the trial with this key."""
    _sound(tree["key"] == list(key), "the key")
    for name in ("error", "traceback"):
        _sound(tree[name] is None or isinstance(tree[name], str), f"the {name}")
    params, results = decode(tree["params"], arrays), decode(tree["results"], arrays)
    _sound(isinstance(params, dict) and isinstance(results, dict), "a result or parameter")
    return Outcome(tuple(key), params, results, tree["error"], tree["traceback"])


def _file_name(key: Sequence[int], failed: bool = False) -> str:
    return "-".join(map(str, key)) + (".failed.npz" if failed else ".npz")


def _json_filler(tree: Any) -> Filler:
    return lambda file: file.write(json.dumps(tree, indent=1).encode())


def _fill_archive(file: IO[bytes], tree: Any, arrays: list[NDArray[Any]]) -> None:
    # what np.savez does, which has no way to add a member that is no array
    with _files.disk_errors(), zipfile.ZipFile(file, "w") as archive:
        archive.writestr("trial.json", json.dumps(tree))
        for k, array in enumerate(arrays):
            with archive.open(f"array{k}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _link(temporary: pathlib.Path, path: pathlib.Path) -> None:
    """Give a file its name if no other has it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    except OSError:
        # a file system without links; that two sweeps begin there in the same instant has to be risked
        if not path.exists():
            os.replace(temporary, path)


def differences(stored: dict[str, Any], wanted: dict[str, Any]) -> list[Difference]:
    """Compare what two sweeps say of themselves.

    Parameters
    ----------
    stored, wanted : dict
        Manifests: of the store, and of the sweep that is to use it.

    Returns
    -------
    list of (str, object, object, str or None)
        What differs, as it is wanted, as it is stored, and the word by which it can be accepted.
    """
    if stored["format"] != wanted["format"]:
        return [("format", wanted["format"], stored["format"], None)]
    found: list[Difference] = [
        (what, wanted[key], stored[key], None) for what, key in (("seed", "seed"), ("grid's names", "axes"))
        if wanted[key] != stored[key]]
    found += _compare_functions(wanted["function"], stored["function"])
    if wanted["trials"] != stored["trials"]:
        more = wanted["trials"] > stored["trials"]
        found.append(("number of trials", wanted["trials"], stored["trials"], "trials" if more else None))
    if wanted["axes"] == stored["axes"]:
        # a grid that is a list of points has one axis without a name
        names = ["grid"] if wanted["axes"] is None else [f"grid[{name!r}]" for name in wanted["axes"]]
        for name, here, there in zip(names, wanted["values"], stored["values"]):
            found += _compare_values(name, here, there)
    return found


def _compare_functions(here: Any, there: Any) -> list[Difference]:
    if here["name"] != there["name"]:
        return [("function", here["name"], there["name"], "function")]
    if here["body"] != there["body"]:
        return [(f"hash of the code of {here['name']}", here["body"][:8], there["body"][:8], "function")]
    return []


def _compare_values(name: str, here: Any, there: Any) -> list[Difference]:
    """Compare an axis of two grids, strictly: 1, 1.0 and True are three values, NaN is one."""
    # a text of each value, as == would have it otherwise
    for k, (one, other) in enumerate(zip(here, there)):
        if json.dumps(one) != json.dumps(other):
            return [(f"{name}[{k}]", one, other, None)]
    if len(here) == len(there):
        return []
    return [(f"number of values of {name}", len(here), len(there), "grid" if len(here) > len(there) else None)]
