"""What trials refuse: arguments of a sweep, results that cannot be stored, stores of another sweep."""
from __future__ import annotations

import contextlib
import inspect
import pathlib
import reprlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from .. import _gate, _validate
from .._validate import refuse

# of one run: each is in memory until it has run
MOST_TRIALS = 10**8
# side by side: no machine and no cluster has more
MOST_JOBS = 2**15
# columns of a table of trials, and what a trial is called with
TAKEN = ("rng", "trial", "error", "traceback")
STORABLE = "None, a bool, number, string or array of these, or a list or dict (with strings as keys) of such values"
ACCEPTED = ("function", "grid", "trials")


def trial_seed(owner: object, seed: Any) -> np.random.SeedSequence:
    """Return a SeedSequence; there is no None, as a sweep could not go on from it."""
    if type(seed) is np.random.SeedSequence:
        return seed
    try:
        number = _validate.whole(owner, "seed", seed, 0, None)
        return np.random.SeedSequence(_validate.seed_number(owner, "seed", number))
    except TypeError:
        refuse(TypeError, owner, "seed", "a whole number >= 0 or a numpy SeedSequence", seed)


def _parameter_name(owner: object, name: str) -> None:
    if not isinstance(name, str) or name in TAKEN:
        refuse(ValueError, owner, "a name in grid", f"a string, none of {', '.join(TAKEN)}", name)


def _axis(owner: object, name: str, values: Any) -> list[Any]:
    bound = "a list of at least one value"
    if isinstance(values, (str, bytes, dict, set, frozenset)):
        # a set has no order, which places in the grid need
        refuse(TypeError, owner, name, bound, values)
    try:
        listed = list(values)
    except TypeError:
        refuse(TypeError, owner, name, bound, values)
    if not listed:
        refuse(ValueError, owner, name, bound, values)
    return listed


def grid(owner: object, value: Any) -> tuple[list[str] | None, list[list[Any]]]:
    """Return names and, for each, a list of values; for a list of points, None and that list in a list."""
    if isinstance(value, dict):
        for name in value:
            _parameter_name(owner, name)
        return list(value), [_axis(owner, f"grid[{name!r}]", values) for name, values in value.items()]
    bound = "a dict of lists, or a list of at least one dict"
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        refuse(TypeError, owner, "grid", bound, value)
    points = _axis(owner, "grid", value)
    for k, point in enumerate(points):
        if not isinstance(point, dict):
            refuse(TypeError, owner, f"grid[{k}]", "a dict", point)
        for name in point:
            _parameter_name(owner, name)
    return None, [points]


def trial_function(owner: object, fn: Any, names: Sequence[str]) -> None:
    """Refuse what cannot be called with a generator and the parameters of these names."""
    bound = f"a function that can be called with {', '.join(f'{name}=' for name in ('rng', *names))}"
    if not callable(fn):
        refuse(TypeError, owner, "fn", bound, fn)
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        # compiled code need not have one
        return
    try:
        signature.bind(**dict.fromkeys(("rng", *names)))
    except TypeError as error:
        refuse(TypeError, owner, "fn", f"{bound} ({error})", fn)


def shard(owner: object, value: Any) -> tuple[int, int]:
    """Return which of how many parts to run."""
    if value is None:
        return 0, 1
    first, count = _validate.pair(owner, "shard", "a pair (i, count)", value)
    count = _validate.whole(owner, "shard[1]", count, 1, None)
    first = _validate.whole(owner, "shard[0]", first, 0, None)
    return _validate.at_most(owner, "shard[0]", first, count - 1), count


def jobs(owner: object, value: Any) -> int | None:
    """Return how many trials are to run side by side, as joblib counts them."""
    if value is None:
        return None
    bound = "None, or a whole number other than 0"
    if _validate.is_boolean(value):
        refuse(TypeError, owner, "n_jobs", bound, value)
    number = _validate.plain_value(owner, "n_jobs", bound, _gate.whole, value)
    if number == 0:
        refuse(ValueError, owner, "n_jobs", bound, value)
    if abs(number) > MOST_JOBS:
        refuse(ValueError, owner, "n_jobs", f"{bound}, >= -{MOST_JOBS} and <= {MOST_JOBS}", value)
    return number


def few_enough(owner: object, name: str, trials: int, count: int) -> None:
    """Refuse more trials than one run can have."""
    if count > MOST_TRIALS:
        raise ValueError(f"{owner}: {name} must be so few that a run has <= {MOST_TRIALS} trials (shard divides them "
                         f"into several), got {trials}, which are {count}")


def need_joblib(n_jobs: int | None) -> Any:
    """Return joblib, or raise an `ImportError` that says which extra brings it."""
    try:
        import joblib
    except ImportError as error:
        raise ImportError(f"n_jobs={n_jobs} needs joblib: pip install 'lifext[trials]'") from error
    return joblib


def accepted(owner: object, value: Any) -> set[str]:
    """Return in what a store may differ, as a set of words."""
    words = (value,) if isinstance(value, str) else value
    bound = f"of {', '.join(map(repr, ACCEPTED))}"
    try:
        unknown = set(words) - set(ACCEPTED)
    except TypeError:
        refuse(TypeError, owner, "accept", bound, value)
    if unknown:
        refuse(ValueError, owner, "accept", bound, value)
    return set(words)


def nested(owner: str, name: str, depth: int, most: int) -> None:
    """Refuse a value that is nested too deep, as one that holds itself is."""
    if depth > most:
        raise ValueError(f"{owner}: lists and dicts must be nested at most {most} deep, got {name[:200]}")


def printable_int(owner: object, name: str, value: int) -> int:
    """Refuse an int that Python would not read from a text again."""
    if value.bit_length() > 10_000:
        raise ValueError(f"{owner}: {name} must be an int of at most 10000 bits, got one of {value.bit_length()}")
    return value


def not_storable(owner: object, name: str, value: Any) -> NoReturn:
    """Refuse a value that a store has no form for."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, np.ndarray):
        kind = f"{kind} of dtype {value.dtype}"
    raise TypeError(f"{owner}: {name} must be {STORABLE}, got a {kind}: {reprlib.repr(value)}")


def string_key(owner: object, name: str, key: object) -> None:
    """Refuse a key that is no string."""
    if not isinstance(key, str):
        refuse(TypeError, owner, f"a key of {name}", "a string", key)


def result_names(owner: object, results: dict[str, Any], params: Collection[str]) -> None:
    """Refuse results that would be columns of the same names as others."""
    for name in results:
        string_key(owner, "results", name)
        if name in params or name in TAKEN[1:]:
            refuse(ValueError, owner, "a key of results",
                   f"none of {', '.join([*params, *TAKEN[1:]])}, which are other columns", name)


def directory(owner: object, name: str, path: pathlib.Path) -> None:
    """Refuse a path at which there is something else than a directory."""
    _validate.file_name(owner, name, path)
    if path.exists() and not path.is_dir():
        refuse(ValueError, owner, name, "a directory, or not there yet", str(path))


def no_strangers(owner: object, path: pathlib.Path, others: Sequence[str]) -> None:
    """Refuse a directory that holds something, and is no store."""
    if others:
        raise ValueError(f"{owner}: store must be a directory of trials, or an empty one, got {str(path)!r}, which "
                         f"has {others[0]!r} in it")


def manifest(owner: object, path: pathlib.Path, found: dict[str, Any] | None, format: int) -> dict[str, Any]:
    """Return the metadata of a store, or refuse a directory that is none, or one of another version."""
    if found is None:
        refuse(ValueError, owner, "path", "a directory that run_trials or sweep made", str(path))
    if found["format"] != format:
        refuse(ValueError, owner, "path", f"a store of format {format}", found["format"])
    return found


@contextlib.contextmanager
def part_of_store(which: str) -> Iterator[None]:
    """Refuse a file of a store of which the block says, with any exception, that it is not as it was written."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"store: each file must be whole and unchanged, got {which}: {error!r}") from error


def same_sweep(owner: object, path: str, differences: Iterable[tuple[str, Any, Any, str | None]],
               accept: Collection[str]) -> None:
    """Refuse a store of another sweep; `differences` are (what, wanted, stored, word that accepts it or None)."""
    for what, here, there, word in differences:
        if word is None or word not in accept:
            way = "" if word is None else f"; accept={word!r} goes on with what is there"
            raise ValueError(f"{owner}: store must be of this sweep, whose {what} is {reprlib.repr(here)}, "
                             f"got {path!r}, whose {what} is {reprlib.repr(there)}{way}")
