"""The one author of errors about arguments.

Each function returns the value in the form that the kernels take, or raises a `TypeError`
or `ValueError` that names the class, the argument, the bound and the value given. Nothing
is changed before everything has been checked. Comparisons are written so that NaN fails.
"""
from __future__ import annotations

import contextlib
import importlib.util
import inspect
import math
import os
import pathlib
import re
import reprlib
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import IO, Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from . import _files, _gate
from ._types import Bools, Floats, Neurons, RandomSource, Values

Number = TypeVar("Number", int, float)
Plain = TypeVar("Plain")

# ints beyond this go through float(), which says so where they have none
MOST = 2**1000
# numbers of steps are 64-bit integers
MOST_STEPS = 2**62
# bits of a seed: with more, NumPy takes ever longer to make a generator of it, and a file could not be read again
MOST_SEED_BITS = 10_000
# numbers in a seed that is an array
MOST_SEED_WORDS = 1000
# of one run: each is in memory until it has run
MOST_TRIALS = 10**8
# side by side: no machine and no cluster has more
MOST_JOBS = 2**15
# neurons: an array of one number each has to fit into an address
MOST_NEURONS = 2**44


def _refuse(kind: type[Exception], owner: object, name: str, bound: str, value: Any) -> NoReturn:
    owner = owner if isinstance(owner, str) else type(owner).__name__
    raise kind(f"{owner}: {name} must be {bound}, got {_shown(value)}")


def _shown(value: Any) -> str:
    try:
        return reprlib.repr(value)
    except Exception:
        # an int too long to be printed, an array that says of itself what is not so
        return f"a {type(value).__name__}"


def _plain(owner: object, name: str, bound: str, take: Callable[[Any], Plain], value: Any) -> Plain:
    """Return what the gate makes of a value, or refuse what it does not let through."""
    try:
        return take(value)
    except _gate.NotPlain as wanted:
        _refuse(TypeError, owner, name, f"{bound}, {wanted}" if str(wanted) else bound, value)
    except OverflowError:
        _refuse(ValueError, owner, name, bound, value)
    except (TypeError, ValueError):
        _refuse(TypeError, owner, name, bound, value)


def whole(owner: object, name: str, value: Any, at_least: int, at_most: int | None = MOST_STEPS) -> int:
    """Return a whole number; a float that is one will do, a boolean will not."""
    bound = f"a whole number >= {at_least}"
    if _is_boolean(value):
        _refuse(TypeError, owner, name, bound, value)
    number = _plain(owner, name, bound, _gate.number, value)
    if isinstance(number, float) and not math.isfinite(number):
        _refuse(ValueError, owner, name, bound, value)
    if number != int(number) or not number >= at_least:
        _refuse(ValueError, owner, name, bound, value)
    if at_most is not None and not number <= at_most:
        _refuse(ValueError, owner, name, f"{bound} and <= {at_most}", value)
    return int(number)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_)) or isinstance(value, np.ndarray) and value.dtype.kind == "b"


def index(owner: object, name: str, value: Any, size: int) -> int:
    """Return the index of one of `size` neurons; negative ones count from the end."""
    bound = f"a whole number < size = {size}"
    if _is_boolean(value):
        _refuse(TypeError, owner, name, bound, value)
    number = _plain(owner, name, bound, _gate.whole, value)
    if not -size <= number < size:
        _refuse(ValueError, owner, name, bound, value)
    return number


def neurons(owner: object, name: str, value: Any, size: int) -> Neurons:
    """Return indices (m,) of some of `size` neurons, from 0 on, of a list of indices or a mask of booleans (size,)."""
    bound = f"a list of whole numbers >= -{size} and < {size}, or a mask of {size} booleans"
    if isinstance(value, (str, bytes, dict)) or not hasattr(type(value), "__iter__"):
        _refuse(TypeError, owner, name, bound, value)
    if not _gate.is_many(value) or isinstance(value, (set, frozenset)):
        value = _plain(owner, name, bound, list, value)
    given = _plain(owner, name, bound, _gate.indices_or_mask, value)
    if given.dtype.kind == "b" and given.size > 0:
        if given.shape != (size,):
            _refuse(ValueError, owner, name, bound, f"booleans of shape {given.shape}")
        return np.flatnonzero(given)
    if given.ndim != 1:
        _refuse(ValueError, owner, name, bound, f"shape {given.shape}")
    sound = (given >= -size) & (given < size)
    if not sound.all():
        first = int(np.argmin(sound))
        _refuse(ValueError, owner, name, f"a whole number < size = {size}", int(given[first]))
    given = given.astype(np.intp)
    return np.where(given < 0, given + size, given)


def _bound(above: float | None, at_least: float | None) -> str:
    if above is not None:
        return f"finite and > {above}"
    return "finite" if at_least is None else f"finite and >= {at_least}"


def _within(value: Any, above: float | None, at_least: float | None) -> Any:
    inside = np.isfinite(value)
    if above is not None:
        inside = inside & (value > above)
    if at_least is not None:
        inside = inside & (value >= at_least)
    return inside


def number(owner: object, name: str, value: Any, above: float | None = None, at_least: float | None = None) -> float:
    """Return a real number within its bound, as a float."""
    bound = f"a number, {_bound(above, at_least)}"
    converted = _plain(owner, name, bound, _gate.real, value)
    if not _within(converted, above, at_least):
        _refuse(ValueError, owner, name, bound, value)
    return converted


def parameter(owner: object, name: str, value: Any, size: int | None = None, above: float | None = None,
              at_least: float | None = None) -> Values:
    """Return a number, or for `size` neurons an array (size,) of them; arrays in that form are kept as they are."""
    kind = type(value)
    if kind is float or (kind is int and abs(value) < MOST):
        if not _within(value, above, at_least):
            _refuse(ValueError, owner, name, f"a number, {_bound(above, at_least)}", value)
        return value  # type: ignore[no-any-return]
    if size is None or not _gate.is_many(value):
        return number(owner, name, value, above, at_least)
    bound = f"a number or an array of shape ({size},), {_bound(above, at_least)}"
    array = _plain(owner, name, bound, _gate.shared, value)
    if array.ndim == 0 or array.shape == (1,) and size != 1:
        return number(owner, name, array.reshape(-1)[0], above, at_least)
    if array.shape != (size,):
        _refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    sound = _within(array, above, at_least)
    if not sound.all():
        first = int(np.argmin(sound))
        _refuse(ValueError, owner, f"{name}[{first}]", _bound(above, at_least), float(array[first]))
    return array


def state(owner: object, name: str, value: Any, size: int) -> Floats:
    """Return a state variable: an array (size,) that can be written, filled where a single number is given."""
    value = parameter(owner, name, value, size)
    if not isinstance(value, np.ndarray):
        return np.full(size, float(value))
    return value if value.flags.writeable else value.copy()


def flags(owner: object, name: str, value: Any, size: int) -> Bools:
    """Return a new array (size,) of booleans."""
    bound = f"an array of booleans of shape ({size},)"
    array = _plain(owner, name, bound, _gate.array, value)
    if array.dtype.kind != "b" or array.shape != (size,):
        _refuse(ValueError, owner, name, bound, value)
    return array


def flag(owner: object, name: str, value: Any) -> bool:
    """Return a boolean, of one or of a number or None as Python takes them; a text such as "no" is none."""
    if value is None or type(value) is bool:
        return bool(value)
    bound = "a boolean"
    number = _plain(owner, name, bound, _gate.number, value)
    if number != number:
        _refuse(ValueError, owner, name, bound, value)
    return bool(number)


def duration(owner: object, dt: Any) -> None:
    """Refuse a time step that is not finite and >= 0; 0 asks for the start of the step."""
    if type(dt) in (float, np.float64) and 0 <= dt < math.inf:
        return
    number(owner, "dt", dt, at_least=0)


def potentials(owner: object, vM: Any) -> Any:
    """Return potentials of any shape, as numbers or an array of them; whether they are finite is left open."""
    if type(vM) is float or type(vM) is np.ndarray and vM.dtype == np.float64:
        return vM
    bound = "a number or an array of real numbers (mV)"
    if _gate.is_many(vM):
        return _plain(owner, "vM", bound, _gate.array, vM)
    return _plain(owner, "vM", bound, _gate.number, vM)


def arrivals(owner: object, name: str, rate: Values, dt: float, most: float) -> None:
    """Refuse rates of which more than `most` spikes arrive in a step, on average; no generator draws such counts."""
    with np.errstate(over="ignore"):
        mean = np.multiply(rate, dt)
    sound = (mean >= 0) & (mean <= most)
    if np.all(sound):
        return
    bound = f">= 0 and <= {most!r}/dt = {most / dt:.6g} kHz at dt = {dt} ms"
    if np.ndim(rate) == 0:
        _refuse(ValueError, owner, name, bound, rate)
    first = int(np.argmin(sound))
    _refuse(ValueError, owner, f"{name}[{first}]", bound, float(np.asarray(rate)[first]))


def step(owner: object, dt: Any, time: Any) -> tuple[float, float]:
    """Return dt and time as floats, or refuse a step that is not of positive length or not at a finite time."""
    return number(owner, "dt", dt, above=0), number(owner, "time", time)


def spikes(owner: object, dts: Any, weights: Any, size: int) -> tuple[Floats, NDArray[Any]]:
    """Return times (n,) and weights (n, size) of received spikes as arrays; whether they are finite is left open."""
    times = _floats(owner, "dts", dts, "an array of shape (n, 1) or (n,)")
    if times.ndim > 2 or times.ndim == 2 and times.shape[1] != 1:
        _refuse(ValueError, owner, "dts", "an array of shape (n, 1) or (n,)", f"shape {times.shape}")
    times = times.reshape(-1)
    bound = f"an array of shape ({len(times)}, {size}), a row for each of dts"
    # a matrix of all pairs is not copied in every step
    rows = _plain(owner, "weights", bound, _gate.seen if isinstance(weights, np.ndarray) else _gate.array, weights)
    if rows.shape != (len(times), size):
        _refuse(ValueError, owner, "weights", bound, f"shape {rows.shape}")
    if rows.dtype.kind not in "bifu":
        _refuse(TypeError, owner, "weights", "real numbers", f"dtype {rows.dtype}")
    return times, rows


def floats(owner: object, name: str, value: Any, shape: Sequence[int | None]) -> Floats:
    """Return a new float64 array of a shape, of which None is any size; whether it is finite is left open."""
    sizes = ", ".join("n" if size is None else str(size) for size in shape) + ("," if len(shape) == 1 else "")
    bound = f"an array of finite numbers of shape ({sizes})"
    array = _floats(owner, name, value, bound)
    if array.ndim != len(shape) or any(want not in (None, have) for have, want in zip(array.shape, shape)):
        _refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    return array


def numbers(owner: object, name: str, value: Any) -> NDArray[Any]:
    """Return a new array of real numbers of any type and shape."""
    return _plain(owner, name, "an array of numbers", _gate.array, value)


def _floats(owner: object, name: str, value: Any, bound: str) -> Floats:
    """Return a new float64 array of any shape; whether its numbers are finite is left open."""
    taken = _plain(owner, name, bound, _gate.array, value)
    if taken.dtype == np.float64:
        return taken
    with np.errstate(over="ignore"):
        return taken.astype(np.float64)


def sound_spike(owner: object, times: str, k: int, time: float, row: Floats) -> NoReturn:
    """Say what is wrong with spike k, of which a time (from the argument `times`) or a weight is not finite."""
    if not math.isfinite(time):
        _refuse(ValueError, owner, f"{times}[{k}]", "finite", float(time))
    target = int(np.argmin(np.isfinite(row)))
    _refuse(ValueError, owner, f"weights[{k}, {target}]", "finite", float(row[target]))


def any_spikes(owner: object, num: Any) -> bool:
    """Return whether there are spikes; whole numbers below 1 mean none."""
    try:
        if num > 0:
            return True
        none = num <= 0
    except TypeError:
        _refuse(TypeError, owner, "num", "a number of spikes", num)
    if not none:
        _refuse(ValueError, owner, "num", "a number of spikes", num)
    return False


def spike_train(owner: object, spk_times: Any, weights: Any, size: int) -> tuple[Floats, Floats]:
    """Return times (n,) and weights (n, size) of one step's spikes, all finite."""
    times = _floats(owner, "spk_times", spk_times, "an array of shape (n,)")
    if times.ndim != 1:
        _refuse(ValueError, owner, "spk_times", "an array of shape (n,)", f"shape {times.shape}")
    if len(times) == 0:
        return times, np.empty((0, size))
    bound = f"an array of shape ({len(times)}, {size}), a row a spike"
    weights = _floats(owner, "weights", weights, bound)
    if weights.shape != (len(times), size):
        _refuse(ValueError, owner, "weights", bound, f"shape {weights.shape}")
    sound = np.isfinite(times) & np.isfinite(weights).all(axis=1)
    if not sound.all():
        k = int(np.argmin(sound))
        sound_spike(owner, "spk_times", k, times[k], weights[k])
    return times, weights


def choice(owner: object, name: str, value: Any, allowed: Sequence[object]) -> Any:
    """Refuse a value that is not one of a few."""
    if isinstance(value, (bool, np.ndarray)) or value not in allowed:
        _refuse(ValueError, owner, name, " or ".join(map(repr, allowed)), value)
    return value


def part(owner: object, name: str, value: Any, methods: Sequence[str], size: int) -> Any:
    """Refuse an object without the methods of its role, or one of ours that is of another size."""
    missing = [method for method in methods if not callable(getattr(value, method, None))]
    if missing:
        _refuse(TypeError, owner, name, f"an object with the methods {', '.join(methods)}", value)
    other = getattr(value, "size", size)
    if other not in (size, 1):
        _refuse(ValueError, owner, name, f"of size {size}, its population's", f"one of size {other}")
    return value


def random_source(owner: object, rng: Any) -> RandomSource | None:
    """Return None for NumPy's global generator, or a Generator or RandomState; a seed makes a Generator."""
    if rng is None or isinstance(rng, (np.random.Generator, np.random.RandomState)):
        return rng
    bound = "None, a numpy Generator or RandomState, or a seed: a whole number >= 0, an array of such or a SeedSequence"
    # a subclass of SeedSequence may give fewer words than a bit generator reads
    if isinstance(rng, np.random.BitGenerator) or type(rng) is np.random.SeedSequence:
        return np.random.default_rng(rng)
    if _is_boolean(rng):
        _refuse(TypeError, owner, "rng", bound, rng)
    if _gate.is_many(rng):
        return np.random.default_rng(_seed_words(owner, "rng", bound, rng))
    number = _plain(owner, "rng", bound, _gate.whole, rng)
    if not number >= 0:
        _refuse(ValueError, owner, "rng", bound, rng)
    return np.random.default_rng(seed_number(owner, "rng", number))


def _seed_words(owner: object, name: str, bound: str, value: Any) -> list[int]:
    words = _plain(owner, name, bound, _gate.wholes, value)
    if not 0 < len(words) <= MOST_SEED_WORDS or min(words) < 0:
        _refuse(ValueError, owner, name, f"{bound}; an array has 1 to {MOST_SEED_WORDS} of them", value)
    return [seed_number(owner, name, word) for word in words]


def seed_number(owner: object, name: str, value: int) -> int:
    """Refuse a seed of more bits than can be kept."""
    if value.bit_length() > MOST_SEED_BITS:
        _refuse(ValueError, owner, name, f"a whole number of at most {MOST_SEED_BITS} bits",
                f"one of {value.bit_length()}")
    return value


def no_more(owner: object, unknown: dict[str, Any]) -> None:
    """Refuse keyword arguments that no class in the hierarchy takes."""
    if unknown:
        name, value = next(iter(unknown.items()))
        raise TypeError(f"{type(owner).__name__}: there is no argument {name!r}, got {name}={reprlib.repr(value)}")


def whole_steps(owner: object, name: str, value: Any, dt: float, at_least: int = 0) -> int:
    """Return how many steps of `dt` a time is; one that is no multiple of dt, to 1e-9 of it, is refused."""
    value = number(owner, name, value, at_least=0)
    steps: int = round(min(value / dt, MOST_STEPS))
    if steps >= MOST_STEPS:
        _refuse(ValueError, owner, name, f"less than 2**62 steps of dt = {dt} ms", value)
    if abs(steps * dt - value) > 1e-9 * max(value, dt) or steps < at_least:
        _refuse(ValueError, owner, name, f"a multiple of dt = {dt} ms, >= {at_least * dt} ms", value)
    return steps


def one_of(owner: object, name: str, value: Any, known: Sequence[object], what: str) -> int:
    """Return the index of an object in a list of known ones, found by identity."""
    for k, candidate in enumerate(known):
        if candidate is value:
            return k
    raise ValueError(f"{type(owner).__name__}: {name} must be {what}, got {reprlib.repr(value)}")


def at_most(owner: object, name: str, value: Number, most: float) -> Number:
    """Refuse a number, already known to be one, above `most`."""
    if not value <= most:
        _refuse(ValueError, owner, name, f"<= {most}", value)
    return value


def real_array(owner: object, name: str, value: Any, shape: Sequence[int | str]) -> Floats:
    """Return a new float64 array of finite numbers; `shape` holds sizes, or names of sizes that are not 0."""
    sizes = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    bound = f"an array of finite numbers of shape ({sizes})"
    array = _floats(owner, name, value, bound)
    fits = array.ndim == len(shape) and all(
        have > 0 if isinstance(want, str) else have == want for have, want in zip(array.shape, shape))
    if not fits:
        _refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    return all_finite(owner, name, array)


def real_vector(owner: object, name: str, value: Any, at_least: float) -> Floats:
    """Return a new float64 array (n,) of finite numbers within a bound, which may have none."""
    bound = f"an array of finite numbers >= {at_least:g} of shape (n,)"
    array = _floats(owner, name, value, bound)
    if array.ndim != 1:
        _refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    sound = np.isfinite(array) & (array >= at_least)
    if not sound.all():
        first = int(np.argmin(sound))
        _refuse(ValueError, owner, f"{name}[{first}]", f"finite and >= {at_least:g}", float(array[first]))
    return array


def all_finite(owner: object, name: str, array: Floats) -> Floats:
    """Refuse an array of which an element is not finite."""
    sound = np.isfinite(array)
    if not sound.all():
        first = np.unravel_index(int(np.argmin(sound)), array.shape)
        _refuse(ValueError, owner, f"{name}[{', '.join(map(str, first))}]", "finite", float(array[first]))
    return array


def whole_array(owner: object, name: str, value: Any, size: int | None, most: int) -> Neurons:
    """Return a new array (size,) of whole numbers from 0 to `most`; any size will do where it is None."""
    bound = f"an array of whole numbers >= 0 and <= {most} of shape ({'n' if size is None else size},)"
    array = _plain(owner, name, bound, lambda value: _gate.array(value, bools=False), value)
    if array.dtype.kind not in "iu" and array.size > 0:
        _refuse(TypeError, owner, name, bound, value)
    if array.ndim != 1 or size not in (None, array.size):
        _refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    # compared before the conversion, which would wrap what is too large
    return all_from_0(owner, name, array, most).astype(np.intp, copy=False)


def all_from_0(owner: object, name: str, array: NDArray[Any], most: int) -> NDArray[Any]:
    """Refuse an array of whole numbers (n,) of which one is not from 0 to `most`."""
    sound = (array >= 0) & (array <= most)
    if not sound.all():
        first = int(np.argmin(sound))
        _refuse(ValueError, owner, f"{name}[{first}]", f">= 0 and <= {most}", int(array[first]))
    return array


def row_starts(owner: object, indptr: Any, n_source: int, connections: int) -> Neurons:
    """Return where each row of a sparse matrix starts, and the last one ends, as an array (n_source + 1,)."""
    starts = rising(owner, whole_array(owner, "indptr", indptr, n_source + 1, connections))
    if starts[-1] != connections:
        _refuse(ValueError, owner, f"indptr[{n_source}]", f"{connections}, the number of indices", int(starts[-1]))
    return starts


def rising(owner: object, starts: Neurons) -> Neurons:
    """Refuse starts of rows, whole numbers >= 0, of which the first is not 0 or one is below the one before."""
    if starts[0] != 0:
        _refuse(ValueError, owner, "indptr[0]", "0", int(starts[0]))
    falls = starts[1:] < starts[:-1]
    if falls.any():
        k = int(np.argmax(falls)) + 1
        _refuse(ValueError, owner, f"indptr[{k}]", f">= indptr[{k - 1}] = {starts[k - 1]}", int(starts[k]))
    return starts


def matrix_shape(owner: object, shape: Any) -> tuple[int, int]:
    """Return (n_source, n_target), both >= 1."""
    n_source, n_target = _pair(owner, "shape", "a pair (n_source, n_target)", shape)
    return whole(owner, "n_source", n_source, 1), whole(owner, "n_target", n_target, 1)


def _pair(owner: object, name: str, bound: str, value: Any) -> tuple[Any, Any]:
    # a set has no order, and of a dict there would be the keys
    if isinstance(value, (str, bytes, dict, set, frozenset)):
        _refuse(TypeError, owner, name, bound, value)
    try:
        first, second = value
    except (TypeError, ValueError):
        _refuse(TypeError, owner, name, bound, value)
    return first, second


def sparse_matrix(owner: object, name: str, value: Any, form: str | None) -> tuple[int, int]:
    """Return the shape of a scipy.sparse matrix of real numbers; `form` is None where a value is none."""
    bound = "a scipy.sparse matrix of real numbers of shape (n_source, n_target)"
    if form is None or value.dtype.kind not in "bifu":
        _refuse(TypeError, owner, name, bound, value)
    shape = tuple(value.shape)
    if len(shape) != 2:
        _refuse(ValueError, owner, name, bound, f"shape {shape}")
    return matrix_shape(owner, shape)


def blocks(owner: object, value: Any, shape: tuple[int, int]) -> tuple[int, int]:
    """Return how many rows and columns the blocks of a matrix have, which divide its own."""
    rows, columns = _pair(owner, "blocksize", "a pair", value)
    rows, columns = whole(owner, "blocksize[0]", rows, 1), whole(owner, "blocksize[1]", columns, 1)
    if shape[0] % rows or shape[1] % columns:
        _refuse(ValueError, owner, "blocksize", f"of rows and columns that divide those of shape {shape}", value)
    return rows, columns


def offsets(owner: object, value: Any, most: int) -> NDArray[np.int64]:
    """Return the offsets of diagonals (k,), whole numbers from -most to most."""
    bound = f"an array of whole numbers >= -{most} and <= {most} of shape (k,)"
    array = _plain(owner, "offsets", bound, lambda value: _gate.array(value, bools=False), value)
    if array.ndim != 1 or array.dtype.kind not in "iu" and array.size > 0:
        _refuse(TypeError, owner, "offsets", bound, value)
    if not ((array >= -most) & (array <= most)).all():
        _refuse(ValueError, owner, "offsets", bound, value)
    return array.astype(np.int64)


def place(owner: object, key: Any) -> tuple[Any, Any]:
    """Return the row and the column of an element of a matrix."""
    return _pair(owner, "an index", "a pair (row, column)", key)


def rows_of_lists(owner: object, name: str, value: Any, n: int) -> list[list[Any]]:
    """Return copies of the lists in an array (n,), one a row."""
    bound = f"an array of lists of shape ({n},)"
    try:
        lists = [list(row) for row in list(value)]
    except TypeError:
        _refuse(TypeError, owner, name, bound, value)
    if len(lists) != n:
        _refuse(ValueError, owner, name, bound, f"shape ({len(lists)},)")
    return lists


def same_lengths(owner: object, name: str, lists: Sequence[list[Any]], others: Sequence[list[Any]]) -> None:
    """Refuse lists of which one has not as many elements as the other at its place."""
    for k, (one, other) in enumerate(zip(lists, others)):
        if len(one) != len(other):
            _refuse(ValueError, owner, f"{name}[{k}]", f"a list of {len(other)}, as many as targets", one)


def same_shape(owner: object, shape: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Refuse weights that are not between the populations they are to connect."""
    if shape != wanted:
        _refuse(ValueError, owner, "shape", f"(n_source, n_target) = {wanted}", shape)


def same_size(owner: object, n_source: int, n_target: int, why: str) -> None:
    """Refuse a source and a target of different sizes."""
    if n_source != n_target:
        _refuse(ValueError, owner, "n_target", f"n_source = {n_source} {why}", n_target)


def known_shape(owner: object, shape: tuple[int, int] | None) -> tuple[int, int]:
    """Refuse to write out weights between populations whose sizes are not known."""
    if shape is None:
        _refuse(ValueError, owner, "shape", "given, or filled in by bound(n_source, n_target)", None)
    return shape


def no_change(owner: object, name: str) -> NoReturn:
    """Refuse to change a value."""
    raise AttributeError(f"{type(owner).__name__}: {name} is fixed, as of any value; make a new object")


def no_weights(value: Any) -> NoReturn:
    """Refuse what cannot be taken as weights."""
    _refuse(TypeError, "as_weights", "weights", "a Weights, an array of shape (n_source, n_target) or a scipy.sparse "
            "matrix; one number for all pairs is Uniform(number)", value)


def new_member(owner: object, name: str, value: Any, kind: type | tuple[type, ...], names: Collection[str],
               known: Sequence[object]) -> None:
    """Refuse what is not of a kind, or has been added before, itself or its name."""
    if not isinstance(value, kind):
        _refuse(TypeError, owner, name, "a population", value)
    population_name(owner, "the name", name)
    if name in names:
        _refuse(ValueError, owner, name, "a name that is not taken", value)
    if any(other is value for other in known):
        _refuse(ValueError, owner, name, "a population not added before", value)


def network_seed(owner: object, seed: Any, fast: bool) -> int | None:
    """Return a whole number that stands for a seed of any kind; None where there are no random streams to seed."""
    bound = "None, a whole number >= 0, a numpy SeedSequence or a numpy Generator"
    if not fast:
        if seed is not None:
            _refuse(ValueError, owner, "seed", "left out with compat=True, where populations have an rng", seed)
        return None
    if seed is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    if type(seed) is np.random.SeedSequence:
        words = seed.generate_state(4)
    elif isinstance(seed, np.random.Generator):
        words = seed.integers(2**32, size=4, dtype=np.uint32)
    else:
        try:
            return seed_number(owner, "seed", whole(owner, "seed", seed, 0, None))
        except TypeError:
            _refuse(TypeError, owner, "seed", bound, seed)
    return sum(int(word) << 32*k for k, word in enumerate(words))


def precision(owner: object, value: Any, fast: bool) -> np.dtype[Any]:
    """Return in which kind of floating-point numbers a network keeps its state."""
    scalar = isinstance(value, type) and issubclass(value, np.generic)
    name = value.name if isinstance(value, np.dtype) else value.__name__ if scalar else value
    if not isinstance(name, str):
        _refuse(TypeError, owner, "dtype", "'float64' or 'float32'", value)
    if name not in ("float64", "float32"):
        _refuse(ValueError, owner, "dtype", "'float64' or 'float32'", value)
    if name != "float64" and not fast:
        _refuse(ValueError, owner, "dtype", "'float64' with compat=True", value)
    return np.dtype(name)


def has_neurons(owner: object, name: str, value: Any, kind: type) -> None:
    """Refuse what only emits spikes where something is to receive or to have them."""
    if not isinstance(value, kind):
        _refuse(ValueError, owner, name, "a population, as a source of spikes has no neurons", value)


def for_fast(owner: object, name: str, value: Any, fast: bool) -> None:
    """Refuse a model that the published code does not have with ``compat=True``."""
    if not fast:
        _refuse(ValueError, owner, name, "of the published code with compat=True, which has its models only", value)


def own_spikes(population: Any, spiked: NDArray[Any], times: NDArray[Any]) -> None:
    """Refuse what a population's own method has left as its spikes."""
    if spiked.dtype != np.bool_ or spiked.shape != (population.size,):
        raise ValueError(f"{type(population).__name__}: _spiked must be an array of booleans of shape "
                         f"({population.size},), got shape {spiked.shape} of {spiked.dtype}")
    if times.dtype.kind not in "iuf" or times.size != population.size:
        raise ValueError(f"{type(population).__name__}: _spikeTime must be an array of numbers of shape "
                         f"({population.size}, 1), got shape {times.shape} of {times.dtype}")


def synapse(owner: object, value: Any, kind: type) -> None:
    """Refuse what is no description of a synapse."""
    if value is not None and not isinstance(value, kind):
        _refuse(TypeError, owner, "synapse", "None or a ShortTerm", value)


def fast_target(owner: object, what: str, target: str) -> None:
    """Refuse what reaches only populations that the fast arithmetic steps."""
    raise ValueError(f"{type(owner).__name__}: {what} onto {target} must be onto a population that the fast arithmetic "
                     "steps")


def published_kind(owner: object, value: Any, published: Sequence[object], why: str) -> None:
    """Refuse a kind of projection that the published scheme does not have."""
    if value not in published:
        _refuse(ValueError, owner, "kind", f"{' or '.join(map(repr, published))} {why}", value)


def seeded(owner: object, fast: bool) -> None:
    """Refuse a seed where there are no random streams of the network's own."""
    if not fast:
        raise ValueError(f"{type(owner).__name__}: has no seed with compat=True; give its populations another rng")


def not_running(owner: object, running: int | None) -> None:
    """Refuse what would change a network under a run."""
    if running:
        raise RuntimeError(f"{type(owner).__name__}: is running; run, reset, reseed and load_state wait until it is "
                           "done")


def own_thread(owner: object, what: str, runner: int | None) -> None:
    """Refuse what would read or change the midst of a run in another thread, whose ident `runner` is, if any."""
    if runner and runner != threading.get_ident():
        raise RuntimeError(f"{type(owner).__name__}: {what} is running in another thread; wait until it is done")


def ring(owner: object, directions: Any, name: str, size: int) -> Floats:
    """Return directions (size,), or refuse a population that is no ring: one without a direction for each neuron."""
    if directions is None:
        _refuse(ValueError, owner, "the population", "a ring, with directions", name)
    return real_array(owner, "directions", directions, (size,))


def file_name(owner: object, name: str, value: Any) -> str:
    """Return the name of a file as a string."""
    try:
        path = os.fsdecode(value)
    except TypeError:
        _refuse(TypeError, owner, name, "the name of a file", value)
    if "\0" in path:
        _refuse(ValueError, owner, name, "the name of a file, without NUL", value)
    return path


def plain_file(owner: object, name: str, path: str) -> IO[bytes]:
    """Return a file that is open to be read, or refuse what is no file but a pipe, which might never end."""
    try:
        return _files.open_plain(path)
    except ValueError as error:
        raise ValueError(f"{owner if isinstance(owner, str) else type(owner).__name__}: {name} must be a file, "
                         f"got {path!r}: {error}") from error


def population_name(owner: object, argument: str, value: Any) -> str:
    """Return a name that files can hold: HDF5 and archives end one at a NUL, and have UTF-8."""
    if not isinstance(value, str):
        _refuse(TypeError, owner, argument, "the name of a population", value)
    if not is_name(value):
        _refuse(ValueError, owner, argument, "the name of a population, without NUL and in characters that UTF-8 has",
                value)
    if value == "":
        _refuse(ValueError, owner, argument, "the name of a population, of one character or more", value)
    return value


def is_name(value: str) -> bool:
    """Whether files can hold a name."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def h5py_module() -> Any:
    """Return h5py, or say how to get it."""
    return optional("h5py", "hdf5", "an HDF5 file")


def hdf5_name(name: str) -> str:
    """Refuse a population's name that would not be one group of a file."""
    if "/" in name or "\0" in name or name in ("", ".", ".."):
        _refuse(ValueError, "SpikeRecord", "the population",
                "named without a / and other than . and .. to be kept in a file", name)
    return name


def spike_file(h5py: Any, path: str, format: str, name: str) -> None:
    """Refuse a file that is not one of recorded spikes, or has those of a population of this name."""
    wanted = "a file that does not exist yet, or one of recorded spikes"
    with plain_file("SpikeRecord", "to", path) as file:
        if file.read(8) != b"\x89HDF\r\n\x1a\n":
            _refuse(ValueError, "SpikeRecord", "to", wanted, path)
    with sound_spike_file(path), h5py.File(path, "r") as file:
        # a string of any length is not even read: of a damaged one HDF5 goes round in circles for ever
        is_text = "format" in file.attrs and file.attrs.get_id("format").dtype.kind == "S"
        if not (is_text and file.attrs["format"] == format.encode()):
            _refuse(ValueError, "SpikeRecord", "to", wanted, path)
        # what is written to a link goes to another file
        links = file.id.links
        kinds = {links.get_info(group).type for group in (b"spikes", b"lifext") if links.exists(group)}
        if not kinds <= {h5py.h5l.TYPE_HARD}:
            _refuse(ValueError, "SpikeRecord", "to", wanted, path)
        if f"spikes/{name}" in file:
            _refuse(ValueError, "SpikeRecord", "to", f"a file without spikes of a population {name!r}", path)


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


def same_stream(path: str, file: str, name: str, count: int, known: bool) -> None:
    """Refuse to go on with a file of spikes that does not begin with those of a state any more."""
    if not known:
        raise ValueError(f"Network: {file} must begin with the {count} spikes of {name!r} that it held when {path} was "
                         "saved, and does not: it was written to since, after another state, a reset or a clear; "
                         "record to another file, which then goes on from that state")


def same_file(owner: object, name: str, to: Any, file: str | None) -> None:
    """Refuse to record to another place than the one recorded to already."""
    if to is not None and (file is None or os.path.abspath(file_name(owner, "to", to)) != file):
        place = "in memory" if file is None else f"to {file}"
        raise ValueError(f"{type(owner).__name__}: to must be left out, as {name!r} is recorded {place} already, "
                         f"got {reprlib.repr(to)}")


def no_stream(name: str, file: str) -> NoReturn:
    """Refuse a second object that would write to the same file."""
    raise TypeError(f"SpikeRecord: a record that is copied or pickled must not be streaming, got that of {name!r}, "
                    f"which streams to {file}; close() it first")


def own_class(path: str, thing: object, classes: Collection[type]) -> None:
    """Refuse an object of a user's own class, of which nobody knows what its state is."""
    if type(thing) not in classes:
        raise TypeError(f"Network: a state file has objects of this package's classes only, got {path}, "
                        f"a {type(thing).__name__}; such a network can be pickled")


def own_generator(path: str, bit_generator: object) -> None:
    """Refuse a bit generator that is not NumPy's own."""
    if not type(bit_generator).__module__.startswith("numpy.random"):
        raise TypeError(f"Network: a state file has NumPy's bit generators only, got {path}, on a "
                        f"{type(bit_generator).__name__}; such a network can be pickled")


def no_state(path: str, value: Any) -> NoReturn:
    """Refuse an attribute that a state file has no place for."""
    raise TypeError(f"Network: a state file has numbers, arrays and lists of floats only, got {path}, a "
                    f"{type(value).__name__}; such a network can be pickled")


def same_structure(path: str, saved: dict[str, Any], network: dict[str, Any]) -> None:
    """Refuse a state of a network that was built in another way, and say what the first difference is."""
    for what in [*network, *saved]:
        there, here = (side.get(what, "not there") for side in (saved, network))
        if there != here:
            raise ValueError(f"Network: the state must be that of a network built the same way, got one of which "
                             f"{what} is {_short(there)} in {path}, and {_short(here)} here" + (
                                 "; a population that was removed had a stream, too: add and remove one in its place"
                                 if what == "random streams" else ""))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else reprlib.repr(value)


def damaged_file(path: str, format: str, error: BaseException) -> NoReturn:
    """Refuse a file that is not what it should be."""
    raise ValueError(f"Network: the state must be a {format}, whole and unchanged, got {path}: {error}") from error


# columns of a table of trials, and what a trial is called with
TAKEN = ("rng", "trial", "error", "traceback")
STORABLE = "None, a bool, number, string or array of these, or a list or dict (with strings as keys) of such values"
ACCEPTED = ("function", "grid", "trials")


def trial_seed(owner: object, seed: Any) -> np.random.SeedSequence:
    """Return a SeedSequence; there is no None, as a sweep could not go on from it."""
    if type(seed) is np.random.SeedSequence:
        return seed
    try:
        return np.random.SeedSequence(seed_number(owner, "seed", whole(owner, "seed", seed, 0, None)))
    except TypeError:
        _refuse(TypeError, owner, "seed", "a whole number >= 0 or a numpy SeedSequence", seed)


def _parameter_name(owner: object, name: str) -> None:
    if not isinstance(name, str) or name in TAKEN:
        _refuse(ValueError, owner, "a name in grid", f"a string, none of {', '.join(TAKEN)}", name)


def _axis(owner: object, name: str, values: Any) -> list[Any]:
    bound = "a list of at least one value"
    if isinstance(values, (str, bytes, dict, set, frozenset)):
        # a set has no order, which places in the grid need
        _refuse(TypeError, owner, name, bound, values)
    try:
        listed = list(values)
    except TypeError:
        _refuse(TypeError, owner, name, bound, values)
    if not listed:
        _refuse(ValueError, owner, name, bound, values)
    return listed


def grid(owner: object, value: Any) -> tuple[list[str] | None, list[list[Any]]]:
    """Return names and, for each, a list of values; for a list of points, None and that list in a list."""
    if isinstance(value, dict):
        for name in value:
            _parameter_name(owner, name)
        return list(value), [_axis(owner, f"grid[{name!r}]", values) for name, values in value.items()]
    bound = "a dict of lists, or a list of at least one dict"
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        _refuse(TypeError, owner, "grid", bound, value)
    points = _axis(owner, "grid", value)
    for k, point in enumerate(points):
        if not isinstance(point, dict):
            _refuse(TypeError, owner, f"grid[{k}]", "a dict", point)
        for name in point:
            _parameter_name(owner, name)
    return None, [points]


def trial_function(owner: object, fn: Any, names: Sequence[str]) -> None:
    """Refuse what cannot be called with a generator and the parameters of these names."""
    bound = f"a function that can be called with {', '.join(f'{name}=' for name in ('rng', *names))}"
    if not callable(fn):
        _refuse(TypeError, owner, "fn", bound, fn)
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        # compiled code need not have one
        return
    try:
        signature.bind(**dict.fromkeys(("rng", *names)))
    except TypeError as error:
        _refuse(TypeError, owner, "fn", f"{bound} ({error})", fn)


def shard(owner: object, value: Any) -> tuple[int, int]:
    """Return which of how many parts to run."""
    if value is None:
        return 0, 1
    first, count = _pair(owner, "shard", "a pair (i, count)", value)
    count = whole(owner, "shard[1]", count, 1, None)
    first = whole(owner, "shard[0]", first, 0, None)
    return at_most(owner, "shard[0]", first, count - 1), count


def jobs(owner: object, value: Any) -> int | None:
    """Return how many trials are to run side by side, as joblib counts them."""
    if value is None:
        return None
    bound = "None, or a whole number other than 0"
    if _is_boolean(value):
        _refuse(TypeError, owner, "n_jobs", bound, value)
    number = _plain(owner, "n_jobs", bound, _gate.whole, value)
    if number == 0:
        _refuse(ValueError, owner, "n_jobs", bound, value)
    if abs(number) > MOST_JOBS:
        _refuse(ValueError, owner, "n_jobs", f"{bound}, >= -{MOST_JOBS} and <= {MOST_JOBS}", value)
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
        _refuse(TypeError, owner, "accept", bound, value)
    if unknown:
        _refuse(ValueError, owner, "accept", bound, value)
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
        _refuse(TypeError, owner, f"a key of {name}", "a string", key)


def result_names(owner: object, results: dict[str, Any], params: Collection[str]) -> None:
    """Refuse results that would be columns of the same names as others."""
    for name in results:
        string_key(owner, "results", name)
        if name in params or name in TAKEN[1:]:
            _refuse(ValueError, owner, "a key of results",
                    f"none of {', '.join([*params, *TAKEN[1:]])}, which are other columns", name)


def directory(owner: object, name: str, path: pathlib.Path) -> None:
    """Refuse a path at which there is something else than a directory."""
    file_name(owner, name, path)
    if path.exists() and not path.is_dir():
        _refuse(ValueError, owner, name, "a directory, or not there yet", str(path))


def no_strangers(owner: object, path: pathlib.Path, others: Sequence[str]) -> None:
    """Refuse a directory that holds something, and is no store."""
    if others:
        raise ValueError(f"{owner}: store must be a directory of trials, or an empty one, got {str(path)!r}, which "
                         f"has {others[0]!r} in it")


def manifest(owner: object, path: pathlib.Path, found: dict[str, Any] | None, format: int) -> dict[str, Any]:
    """Return what a store says of itself, or refuse a directory that is none, or one of another version."""
    if found is None:
        _refuse(ValueError, owner, "path", "a directory that run_trials or sweep made", str(path))
    if found["format"] != format:
        _refuse(ValueError, owner, "path", f"a store of format {format}", found["format"])
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


def not_nan(owner: object, name: str, value: Any) -> float:
    """Return a real number, which may be infinite, as a float."""
    converted = _plain(owner, name, "a number", _gate.real, value)
    if math.isnan(converted):
        _refuse(ValueError, owner, name, "a number", value)
    return converted


def trial_number(owner: object, value: Any, in_text: bool) -> float:
    """Return a trial's number as a float that is the same number; in text, a whole one of 64 bits."""
    converted = number(owner, "trial", value)
    if in_text and not (converted == int(converted) and -2**63 <= converted < 2**63):
        _refuse(ValueError, owner, "trial", "a whole number of 64 bits to be written as text", value)
    if isinstance(value, (int, np.integer)) and int(value) != converted:
        _refuse(ValueError, owner, "trial", "a number that a float64 has exactly", value)
    return converted


def spiked(owner: object, spikes: Any, size: int) -> Bools:
    """Return which of `size` neurons spiked as booleans (size,), of an array_like of booleans or of 0 and 1."""
    bound = f"an array of booleans of shape ({size},)"
    array = _plain(owner, "spikes", bound, _gate.array, spikes)
    if array.shape not in ((size,), (1, size)):
        _refuse(ValueError, owner, "spikes", bound, f"shape {array.shape}")
    if array.dtype.kind != "b" and not np.isin(array, (0, 1)).all():
        _refuse(ValueError, owner, "spikes", bound, spikes)
    return array.reshape(size).astype(bool)


@contextlib.contextmanager
def readable(owner: object, name: str, path: str, kind: str) -> Iterator[None]:
    """Refuse a file of which the block says, with a ValueError, that it is not of its kind."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{type(owner).__name__}: {name} must be {kind}, got {path!r}: {error}") from error


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
        _refuse(ValueError, "SpikeRecord", "name", f"one of the populations {', '.join(map(repr, names)) or '(none)'} "
                f"in {source}", name)
    return name


def spikes_read(ids: Any, times: Any) -> tuple[Neurons, Floats]:
    """Return neurons (n,) and finite times (n,) of spikes that another program has, as new arrays."""
    neurons = whole_array("SpikeRecord", "neuron", ids, None, MOST_STEPS)
    return neurons, real_array("SpikeRecord", "time", times, neurons.shape)


def number_of_neurons(size: int | None, ids: Neurons) -> int:
    """Return how many neurons there are: as is said, or else as many as there have to be."""
    most = int(max(ids.max(initial=-1), 0))
    if size is None:
        return most + 1
    return whole("SpikeRecord", "size", size, at_least=most + 1)


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
        _refuse(ValueError, "SpikeRecord", "target", f"a file without spikes of a population {name!r}",
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


# --- networks ---

def interval(owner: object, name: str, value: Any, dt: float) -> tuple[int, Any] | None:
    """Return how many steps apart a function is to be called, and the function; None where there is none."""
    if value is None:
        return None
    bound = "a pair (interval in ms, function)"
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        _refuse(TypeError, owner, name, bound, value)
    steps = whole_steps(owner, name, value[0], dt, at_least=1)
    if not callable(value[1]):
        _refuse(TypeError, owner, f"{name}[1]", "a function", value[1])
    return steps, value[1]


def name_of(owner: object, name: Any, known: Sequence[str]) -> int:
    """Return which of some populations has a name."""
    if name not in known:
        raise KeyError(f"{type(owner).__name__}: the name must be one of {', '.join(known) or '(none yet)'}, "
                       f"got {name!r}")
    return known.index(name)


def taken(owner: object, name: str, population: object, part: object, other: str) -> NoReturn:
    """Refuse a population of which something is stepped by another network."""
    what = "a population" if part is population else f"one whose {type(part).__name__} is that of a population"
    raise ValueError(f"{type(owner).__name__}: {name} must be stepped by no other network, got {what} of {other}; "
                     "take it out there with remove, or add a copy (copy.deepcopy, fork)")


def shared_part(owner: object, one: str, other: str, part: object) -> NoReturn:
    """Refuse populations that share a part."""
    raise ValueError(f"{type(owner).__name__}: populations must each have their own currents and kinetics, got {one} "
                     f"and {other}, which share a {type(part).__name__}; give one of them its own (copy.deepcopy)")


def recorded(owner: Any, start: float, stop: float, covered: bool) -> None:
    """Refuse to count spikes of a window in which nobody knows of some times whether there were any."""
    if not covered:
        raise ValueError(f"{type(owner).__name__}: the window must be within the time recorded, {owner.start:g} to "
                         f"{owner.stop:g} ms, got {start:g} to {stop:g} ms")


def no_shallow_copy(owner: object) -> NoReturn:
    """Refuse a copy that would step the same populations."""
    raise TypeError(f"{type(owner).__name__}: a copy must have populations of its own, which copy.copy does not give; "
                    "use fork(seed) or copy.deepcopy")


def no_such_place(message: str) -> NoReturn:
    """Refuse to set an attribute that nothing would look at."""
    raise AttributeError(message)
