"""The one author of errors about arguments.

Each function returns the value in the form that the kernels take, or raises a `TypeError`
or `ValueError` that names the class, the argument, the bound and the value given. Nothing
is changed before everything has been checked. Comparisons are written so that NaN fails.
"""
from __future__ import annotations

import contextlib
import math
import os
import reprlib
import threading
from collections.abc import Callable, Iterator, Sequence
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
# neurons: an array of one number each has to fit into an address
MOST_NEURONS = 2**44


def refuse(kind: type[Exception], owner: object, name: str, bound: str, value: Any) -> NoReturn:
    """Raise the error that an argument is not within its bound: all of them have one form."""
    owner = owner if isinstance(owner, str) else type(owner).__name__
    raise kind(f"{owner}: {name} must be {bound}, got {shown(value)}")


def shown(value: Any) -> str:
    """Return a value as an error shows it."""
    try:
        return reprlib.repr(value)
    except Exception:
        # an int too long to be printed, an array that says of itself what is not so
        return f"a {type(value).__name__}"


def plain_value(owner: object, name: str, bound: str, take: Callable[[Any], Plain], value: Any) -> Plain:
    """Return what the gate makes of a value, or refuse what it does not let through."""
    try:
        return take(value)
    except _gate.NotPlain as wanted:
        refuse(TypeError, owner, name, f"{bound}, {wanted}" if str(wanted) else bound, value)
    except OverflowError:
        refuse(ValueError, owner, name, bound, value)
    except (TypeError, ValueError):
        refuse(TypeError, owner, name, bound, value)


def whole(owner: object, name: str, value: Any, at_least: int, at_most: int | None = MOST_STEPS) -> int:
    """Return a whole number; a float that is one will do, a boolean will not."""
    bound = f"a whole number >= {at_least}"
    if is_boolean(value):
        refuse(TypeError, owner, name, bound, value)
    number = plain_value(owner, name, bound, _gate.number, value)
    if isinstance(number, float) and not math.isfinite(number):
        refuse(ValueError, owner, name, bound, value)
    if number != int(number) or not number >= at_least:
        refuse(ValueError, owner, name, bound, value)
    if at_most is not None and not number <= at_most:
        refuse(ValueError, owner, name, f"{bound} and <= {at_most}", value)
    return int(number)


def is_boolean(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_)) or isinstance(value, np.ndarray) and value.dtype.kind == "b"


def index(owner: object, name: str, value: Any, size: int) -> int:
    """Return the index of one of `size` neurons; negative ones count from the end."""
    bound = f"a whole number < size = {size}"
    if is_boolean(value):
        refuse(TypeError, owner, name, bound, value)
    number = plain_value(owner, name, bound, _gate.whole, value)
    if not -size <= number < size:
        refuse(ValueError, owner, name, bound, value)
    return number


def neurons(owner: object, name: str, value: Any, size: int) -> Neurons:
    """Return indices (m,) of some of `size` neurons, from 0 on, of a list of indices or a mask of booleans (size,)."""
    bound = f"a list of whole numbers >= -{size} and < {size}, or a mask of {size} booleans"
    if isinstance(value, (str, bytes, dict)) or not hasattr(type(value), "__iter__"):
        refuse(TypeError, owner, name, bound, value)
    if not _gate.is_many(value) or isinstance(value, (set, frozenset)):
        value = plain_value(owner, name, bound, list, value)
    given = plain_value(owner, name, bound, _gate.indices_or_mask, value)
    if given.dtype.kind == "b" and given.size > 0:
        if given.shape != (size,):
            refuse(ValueError, owner, name, bound, f"booleans of shape {given.shape}")
        return np.flatnonzero(given)
    if given.ndim != 1:
        refuse(ValueError, owner, name, bound, f"shape {given.shape}")
    sound = (given >= -size) & (given < size)
    if not sound.all():
        first = int(np.argmin(sound))
        refuse(ValueError, owner, name, f"a whole number < size = {size}", int(given[first]))
    given = given.astype(np.intp)
    return np.where(given < 0, given + size, given)


def bound_words(above: float | None, at_least: float | None) -> str:
    if above is not None:
        return f"finite and > {above}"
    return "finite" if at_least is None else f"finite and >= {at_least}"


def within(value: Any, above: float | None, at_least: float | None) -> Any:
    inside = np.isfinite(value)
    if above is not None:
        inside = inside & (value > above)
    if at_least is not None:
        inside = inside & (value >= at_least)
    return inside


def number(owner: object, name: str, value: Any, above: float | None = None, at_least: float | None = None) -> float:
    """Return a real number within its bound, as a float."""
    bound = f"a number, {bound_words(above, at_least)}"
    converted = plain_value(owner, name, bound, _gate.real, value)
    if not within(converted, above, at_least):
        refuse(ValueError, owner, name, bound, value)
    return converted


def parameter(owner: object, name: str, value: Any, size: int | None = None, above: float | None = None,
              at_least: float | None = None) -> Values:
    """Return a number, or for `size` neurons an array (size,) of them; arrays in that form are kept as they are."""
    kind = type(value)
    if kind is float or (kind is int and abs(value) < MOST):
        if not within(value, above, at_least):
            refuse(ValueError, owner, name, f"a number, {bound_words(above, at_least)}", value)
        return value  # type: ignore[no-any-return]
    if size is None or not _gate.is_many(value):
        return number(owner, name, value, above, at_least)
    bound = f"a number or an array of shape ({size},), {bound_words(above, at_least)}"
    array = plain_value(owner, name, bound, _gate.shared, value)
    if array.ndim == 0 or array.shape == (1,) and size != 1:
        return number(owner, name, array.reshape(-1)[0], above, at_least)
    if array.shape != (size,):
        refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    sound = within(array, above, at_least)
    if not sound.all():
        first = int(np.argmin(sound))
        refuse(ValueError, owner, f"{name}[{first}]", bound_words(above, at_least), float(array[first]))
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
    array = plain_value(owner, name, bound, _gate.array, value)
    if array.dtype.kind != "b" or array.shape != (size,):
        refuse(ValueError, owner, name, bound, value)
    return array


def flag(owner: object, name: str, value: Any) -> bool:
    """Return a boolean, of one or of a number or None as Python takes them; a text such as "no" is none."""
    if value is None or type(value) is bool:
        return bool(value)
    bound = "a boolean"
    number = plain_value(owner, name, bound, _gate.number, value)
    if number != number:
        refuse(ValueError, owner, name, bound, value)
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
        return plain_value(owner, "vM", bound, _gate.array, vM)
    return plain_value(owner, "vM", bound, _gate.number, vM)


def arrivals(owner: object, name: str, rate: Values, dt: float, most: float) -> None:
    """Refuse rates of which more than `most` spikes arrive in a step, on average; no generator draws such counts."""
    with np.errstate(over="ignore"):
        mean = np.multiply(rate, dt)
    sound = (mean >= 0) & (mean <= most)
    if np.all(sound):
        return
    bound = f">= 0 and <= {most!r}/dt = {most / dt:.6g} kHz at dt = {dt} ms"
    if np.ndim(rate) == 0:
        refuse(ValueError, owner, name, bound, rate)
    first = int(np.argmin(sound))
    refuse(ValueError, owner, f"{name}[{first}]", bound, float(np.asarray(rate)[first]))


def step(owner: object, dt: Any, time: Any) -> tuple[float, float]:
    """Return dt and time as floats, or refuse a step that is not of positive length or not at a finite time."""
    return number(owner, "dt", dt, above=0), number(owner, "time", time)


def spikes(owner: object, dts: Any, weights: Any, size: int) -> tuple[Floats, NDArray[Any]]:
    """Return times (n,) and weights (n, size) of received spikes as arrays; whether they are finite is left open."""
    times = float_array(owner, "dts", dts, "an array of shape (n, 1) or (n,)")
    if times.ndim > 2 or times.ndim == 2 and times.shape[1] != 1:
        refuse(ValueError, owner, "dts", "an array of shape (n, 1) or (n,)", f"shape {times.shape}")
    times = times.reshape(-1)
    bound = f"an array of shape ({len(times)}, {size}), a row for each of dts"
    # a matrix of all pairs is not copied in every step
    rows = plain_value(owner, "weights", bound, _gate.seen if isinstance(weights, np.ndarray) else _gate.array, weights)
    if rows.shape != (len(times), size):
        refuse(ValueError, owner, "weights", bound, f"shape {rows.shape}")
    if rows.dtype.kind not in "bifu":
        refuse(TypeError, owner, "weights", "real numbers", f"dtype {rows.dtype}")
    return times, rows


def floats(owner: object, name: str, value: Any, shape: Sequence[int | None]) -> Floats:
    """Return a new float64 array of a shape, of which None is any size; whether it is finite is left open."""
    sizes = ", ".join("n" if size is None else str(size) for size in shape) + ("," if len(shape) == 1 else "")
    bound = f"an array of finite numbers of shape ({sizes})"
    array = float_array(owner, name, value, bound)
    if array.ndim != len(shape) or any(want not in (None, have) for have, want in zip(array.shape, shape)):
        refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    return array


def numbers(owner: object, name: str, value: Any) -> NDArray[Any]:
    """Return a new array of real numbers of any type and shape."""
    return plain_value(owner, name, "an array of numbers", _gate.array, value)


def float_array(owner: object, name: str, value: Any, bound: str) -> Floats:
    """Return a new float64 array of any shape; whether its numbers are finite is left open."""
    taken = plain_value(owner, name, bound, _gate.array, value)
    if taken.dtype == np.float64:
        return taken
    with np.errstate(over="ignore"):
        return taken.astype(np.float64)


def sound_spike(owner: object, times: str, k: int, time: float, row: Floats) -> NoReturn:
    """Say what is wrong with spike k, of which a time (from the argument `times`) or a weight is not finite."""
    if not math.isfinite(time):
        refuse(ValueError, owner, f"{times}[{k}]", "finite", float(time))
    target = int(np.argmin(np.isfinite(row)))
    refuse(ValueError, owner, f"weights[{k}, {target}]", "finite", float(row[target]))


def any_spikes(owner: object, num: Any) -> bool:
    """Return whether there are spikes; whole numbers below 1 mean none."""
    try:
        if num > 0:
            return True
        none = num <= 0
    except TypeError:
        refuse(TypeError, owner, "num", "a number of spikes", num)
    if not none:
        refuse(ValueError, owner, "num", "a number of spikes", num)
    return False


def spike_train(owner: object, spk_times: Any, weights: Any, size: int) -> tuple[Floats, Floats]:
    """Return times (n,) and weights (n, size) of one step's spikes, all finite."""
    times = float_array(owner, "spk_times", spk_times, "an array of shape (n,)")
    if times.ndim != 1:
        refuse(ValueError, owner, "spk_times", "an array of shape (n,)", f"shape {times.shape}")
    if len(times) == 0:
        return times, np.empty((0, size))
    bound = f"an array of shape ({len(times)}, {size}), a row a spike"
    weights = float_array(owner, "weights", weights, bound)
    if weights.shape != (len(times), size):
        refuse(ValueError, owner, "weights", bound, f"shape {weights.shape}")
    sound = np.isfinite(times) & np.isfinite(weights).all(axis=1)
    if not sound.all():
        k = int(np.argmin(sound))
        sound_spike(owner, "spk_times", k, times[k], weights[k])
    return times, weights


def choice(owner: object, name: str, value: Any, allowed: Sequence[object]) -> Any:
    """Refuse a value that is not one of a few."""
    if is_boolean(value) or isinstance(value, np.ndarray) or value not in allowed:
        refuse(ValueError, owner, name, " or ".join(map(repr, allowed)), value)
    return value


def part(owner: object, name: str, value: Any, methods: Sequence[str], size: int) -> Any:
    """Refuse an object without the methods of its role, or one of ours that is of another size."""
    missing = [method for method in methods if not callable(getattr(value, method, None))]
    if missing:
        refuse(TypeError, owner, name, f"an object with the methods {', '.join(methods)}", value)
    other = getattr(value, "size", size)
    if other not in (size, 1):
        refuse(ValueError, owner, name, f"of size {size}, its population's", f"one of size {other}")
    return value


def random_source(owner: object, rng: Any) -> RandomSource | None:
    """Return None for NumPy's global generator, or a Generator or RandomState; a seed makes a Generator."""
    if rng is None or isinstance(rng, (np.random.Generator, np.random.RandomState)):
        return rng
    bound = "None, a numpy Generator or RandomState, or a seed: a whole number >= 0, an array of such or a SeedSequence"
    # a subclass of SeedSequence may give fewer words than a bit generator reads
    if isinstance(rng, np.random.BitGenerator) or type(rng) is np.random.SeedSequence:
        return np.random.default_rng(rng)
    if is_boolean(rng):
        refuse(TypeError, owner, "rng", bound, rng)
    if _gate.is_many(rng):
        return np.random.default_rng(seed_words(owner, "rng", bound, rng))
    number = plain_value(owner, "rng", bound, _gate.whole, rng)
    if not number >= 0:
        refuse(ValueError, owner, "rng", bound, rng)
    return np.random.default_rng(seed_number(owner, "rng", number))


def seed_words(owner: object, name: str, bound: str, value: Any) -> list[int]:
    words = plain_value(owner, name, bound, _gate.wholes, value)
    if not 0 < len(words) <= MOST_SEED_WORDS or min(words) < 0:
        refuse(ValueError, owner, name, f"{bound}; an array has 1 to {MOST_SEED_WORDS} of them", value)
    return [seed_number(owner, name, word) for word in words]


def seed_number(owner: object, name: str, value: int) -> int:
    """Refuse a seed of more bits than can be kept."""
    if value.bit_length() > MOST_SEED_BITS:
        refuse(ValueError, owner, name, f"a whole number of at most {MOST_SEED_BITS} bits",
               f"one of {value.bit_length()}")
    return value


def no_more(owner: object, unknown: dict[str, Any]) -> None:
    """Refuse keyword arguments that no class in the hierarchy takes."""
    if unknown:
        name, value = next(iter(unknown.items()))
        raise TypeError(f"{type(owner).__name__}: there is no argument {name!r}, got {name}={reprlib.repr(value)}")


def at_most(owner: object, name: str, value: Number, most: float) -> Number:
    """Refuse a number, already known to be one, above `most`."""
    if not value <= most:
        refuse(ValueError, owner, name, f"<= {most}", value)
    return value


def real_array(owner: object, name: str, value: Any, shape: Sequence[int | str]) -> Floats:
    """Return a new float64 array of finite numbers; `shape` holds sizes, or names of sizes that are not 0."""
    sizes = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    bound = f"an array of finite numbers of shape ({sizes})"
    array = float_array(owner, name, value, bound)
    fits = array.ndim == len(shape) and all(
        have > 0 if isinstance(want, str) else have == want for have, want in zip(array.shape, shape))
    if not fits:
        refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    return all_finite(owner, name, array)


def real_vector(owner: object, name: str, value: Any, at_least: float) -> Floats:
    """Return a new float64 array (n,) of finite numbers within a bound, which may have none."""
    bound = f"an array of finite numbers >= {at_least:g} of shape (n,)"
    array = float_array(owner, name, value, bound)
    if array.ndim != 1:
        refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    sound = np.isfinite(array) & (array >= at_least)
    if not sound.all():
        first = int(np.argmin(sound))
        refuse(ValueError, owner, f"{name}[{first}]", f"finite and >= {at_least:g}", float(array[first]))
    return array


def all_finite(owner: object, name: str, array: Floats) -> Floats:
    """Refuse an array of which an element is not finite."""
    sound = np.isfinite(array)
    if not sound.all():
        first = np.unravel_index(int(np.argmin(sound)), array.shape)
        refuse(ValueError, owner, f"{name}[{', '.join(map(str, first))}]", "finite", float(array[first]))
    return array


def whole_array(owner: object, name: str, value: Any, size: int | None, most: int) -> Neurons:
    """Return a new array (size,) of whole numbers from 0 to `most`; any size will do where it is None."""
    bound = f"an array of whole numbers >= 0 and <= {most} of shape ({'n' if size is None else size},)"
    array = plain_value(owner, name, bound, lambda value: _gate.array(value, bools=False), value)
    if array.dtype.kind not in "iu" and array.size > 0:
        refuse(TypeError, owner, name, bound, value)
    if array.ndim != 1 or size not in (None, array.size):
        refuse(ValueError, owner, name, bound, f"shape {array.shape}")
    # compared before the conversion, which would wrap what is too large
    return all_from_0(owner, name, array, most).astype(np.intp, copy=False)


def all_from_0(owner: object, name: str, array: NDArray[Any], most: int) -> NDArray[Any]:
    """Refuse an array of whole numbers (n,) of which one is not from 0 to `most`."""
    sound = (array >= 0) & (array <= most)
    if not sound.all():
        first = int(np.argmin(sound))
        refuse(ValueError, owner, f"{name}[{first}]", f">= 0 and <= {most}", int(array[first]))
    return array


def row_starts(owner: object, indptr: Any, n_source: int, connections: int) -> Neurons:
    """Return where each row of a sparse matrix starts, and the last one ends, as an array (n_source + 1,)."""
    starts = rising(owner, whole_array(owner, "indptr", indptr, n_source + 1, connections))
    if starts[-1] != connections:
        refuse(ValueError, owner, f"indptr[{n_source}]", f"{connections}, the number of indices", int(starts[-1]))
    return starts


def rising(owner: object, starts: Neurons) -> Neurons:
    """Refuse starts of rows, whole numbers >= 0, of which the first is not 0 or one is below the one before."""
    if starts[0] != 0:
        refuse(ValueError, owner, "indptr[0]", "0", int(starts[0]))
    falls = starts[1:] < starts[:-1]
    if falls.any():
        k = int(np.argmax(falls)) + 1
        refuse(ValueError, owner, f"indptr[{k}]", f">= indptr[{k - 1}] = {starts[k - 1]}", int(starts[k]))
    return starts


def matrix_shape(owner: object, shape: Any) -> tuple[int, int]:
    """Return (n_source, n_target), both >= 1."""
    n_source, n_target = pair(owner, "shape", "a pair (n_source, n_target)", shape)
    return whole(owner, "n_source", n_source, 1), whole(owner, "n_target", n_target, 1)


def pair(owner: object, name: str, bound: str, value: Any) -> tuple[Any, Any]:
    # a set has no order, and of a dict there would be the keys
    if isinstance(value, (str, bytes, dict, set, frozenset)):
        refuse(TypeError, owner, name, bound, value)
    try:
        first, second = value
    except (TypeError, ValueError):
        refuse(TypeError, owner, name, bound, value)
    return first, second


def sparse_matrix(owner: object, name: str, value: Any, form: str | None) -> tuple[int, int]:
    """Return the shape of a scipy.sparse matrix of real numbers; `form` is None where a value is none."""
    bound = "a scipy.sparse matrix of real numbers of shape (n_source, n_target)"
    if form is None or value.dtype.kind not in "bifu":
        refuse(TypeError, owner, name, bound, value)
    shape = tuple(value.shape)
    if len(shape) != 2:
        refuse(ValueError, owner, name, bound, f"shape {shape}")
    return matrix_shape(owner, shape)


def blocks(owner: object, value: Any, shape: tuple[int, int]) -> tuple[int, int]:
    """Return how many rows and columns the blocks of a matrix have, which divide its own."""
    rows, columns = pair(owner, "blocksize", "a pair", value)
    rows, columns = whole(owner, "blocksize[0]", rows, 1), whole(owner, "blocksize[1]", columns, 1)
    if shape[0] % rows or shape[1] % columns:
        refuse(ValueError, owner, "blocksize", f"of rows and columns that divide those of shape {shape}", value)
    return rows, columns


def offsets(owner: object, value: Any, most: int) -> NDArray[np.int64]:
    """Return the offsets of diagonals (k,), whole numbers from -most to most."""
    bound = f"an array of whole numbers >= -{most} and <= {most} of shape (k,)"
    array = plain_value(owner, "offsets", bound, lambda value: _gate.array(value, bools=False), value)
    if array.ndim != 1 or array.dtype.kind not in "iu" and array.size > 0:
        refuse(TypeError, owner, "offsets", bound, value)
    if not ((array >= -most) & (array <= most)).all():
        refuse(ValueError, owner, "offsets", bound, value)
    return array.astype(np.int64)


def place(owner: object, key: Any) -> tuple[Any, Any]:
    """Return the row and the column of an element of a matrix."""
    return pair(owner, "an index", "a pair (row, column)", key)


def rows_of_lists(owner: object, name: str, value: Any, n: int) -> list[list[Any]]:
    """Return copies of the lists in an array (n,), one a row."""
    bound = f"an array of lists of shape ({n},)"
    try:
        lists = [list(row) for row in list(value)]
    except TypeError:
        refuse(TypeError, owner, name, bound, value)
    if len(lists) != n:
        refuse(ValueError, owner, name, bound, f"shape ({len(lists)},)")
    return lists


def same_lengths(owner: object, name: str, lists: Sequence[list[Any]], others: Sequence[list[Any]]) -> None:
    """Refuse lists of which one has not as many elements as the other at its place."""
    for k, (one, other) in enumerate(zip(lists, others)):
        if len(one) != len(other):
            refuse(ValueError, owner, f"{name}[{k}]", f"a list of {len(other)}, as many as targets", one)


def same_shape(owner: object, shape: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Refuse weights that are not between the populations they are to connect."""
    if shape != wanted:
        refuse(ValueError, owner, "shape", f"(n_source, n_target) = {wanted}", shape)


def same_size(owner: object, n_source: int, n_target: int, why: str) -> None:
    """Refuse a source and a target of different sizes."""
    if n_source != n_target:
        refuse(ValueError, owner, "n_target", f"n_source = {n_source} {why}", n_target)


def known_shape(owner: object, shape: tuple[int, int] | None) -> tuple[int, int]:
    """Refuse to write out weights between populations whose sizes are not known."""
    if shape is None:
        refuse(ValueError, owner, "shape", "given, or filled in by bound(n_source, n_target)", None)
    return shape


def no_change(owner: object, name: str) -> NoReturn:
    """Refuse to change a value."""
    raise AttributeError(f"{type(owner).__name__}: {name} is fixed, as of any value; make a new object")


def no_weights(value: Any) -> NoReturn:
    """Refuse what cannot be taken as weights."""
    refuse(TypeError, "as_weights", "weights", "a Weights, an array of shape (n_source, n_target) or a scipy.sparse "
           "matrix; one number for all pairs is Uniform(number)", value)


def own_thread(owner: object, what: str, runner: int | None) -> None:
    """Refuse what would read or change the midst of a run in another thread, whose ident `runner` is, if any."""
    if runner and runner != threading.get_ident():
        raise RuntimeError(f"{type(owner).__name__}: {what} is running in another thread; wait until it is done")


def ring(owner: object, directions: Any, name: str, size: int) -> Floats:
    """Return directions (size,), or refuse a population that is no ring: one without a direction for each neuron."""
    if directions is None:
        refuse(ValueError, owner, "the population", "a ring, with directions", name)
    return real_array(owner, "directions", directions, (size,))


def file_name(owner: object, name: str, value: Any) -> str:
    """Return the name of a file as a string."""
    try:
        path = os.fsdecode(value)
    except TypeError:
        refuse(TypeError, owner, name, "the name of a file", value)
    if "\0" in path:
        refuse(ValueError, owner, name, "the name of a file, without NUL", value)
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
        refuse(TypeError, owner, argument, "the name of a population", value)
    if not is_name(value):
        refuse(ValueError, owner, argument, "the name of a population, without NUL and in characters that UTF-8 has",
               value)
    if value == "":
        refuse(ValueError, owner, argument, "the name of a population, of one character or more", value)
    return value


def is_name(value: str) -> bool:
    """Whether files can hold a name."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def no_stream(name: str, file: str) -> NoReturn:
    """Refuse a second object that would write to the same file."""
    raise TypeError(f"SpikeRecord: a record that is copied or pickled must not be streaming, got that of {name!r}, "
                    f"which streams to {file}; close() it first")


def not_nan(owner: object, name: str, value: Any) -> float:
    """Return a real number, which may be infinite, as a float."""
    converted = plain_value(owner, name, "a number", _gate.real, value)
    if math.isnan(converted):
        refuse(ValueError, owner, name, "a number", value)
    return converted


def trial_number(owner: object, value: Any, in_text: bool) -> float:
    """Return a trial's number as a float that is the same number; in text, a whole one of 64 bits."""
    converted = number(owner, "trial", value)
    if in_text and not (converted == int(converted) and -2**63 <= converted < 2**63):
        refuse(ValueError, owner, "trial", "a whole number of 64 bits to be written as text", value)
    if isinstance(value, (int, np.integer)) and int(value) != converted:
        refuse(ValueError, owner, "trial", "a number that a float64 has exactly", value)
    return converted


def spiked(owner: object, spikes: Any, size: int) -> Bools:
    """Return which of `size` neurons spiked as booleans (size,), of an array_like of booleans or of 0 and 1."""
    bound = f"an array of booleans of shape ({size},)"
    array = plain_value(owner, "spikes", bound, _gate.array, spikes)
    if array.shape not in ((size,), (1, size)):
        refuse(ValueError, owner, "spikes", bound, f"shape {array.shape}")
    if array.dtype.kind != "b" and not np.isin(array, (0, 1)).all():
        refuse(ValueError, owner, "spikes", bound, spikes)
    return array.reshape(size).astype(bool)


@contextlib.contextmanager
def readable(owner: object, name: str, path: str, kind: str) -> Iterator[None]:
    """Refuse a file of which the block says, with a ValueError, that it is not of its kind."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{type(owner).__name__}: {name} must be {kind}, got {path!r}: {error}") from error


# --- networks ---


def taken(owner: object, name: str, population: object, part: object, other: str) -> NoReturn:
    """Refuse a population of which something is stepped by another network."""
    what = "a population" if part is population else f"one whose {type(part).__name__} is that of a population"
    raise ValueError(f"{type(owner).__name__}: {name} must be stepped by no other network, got {what} of {other}; "
                     "take it out there with remove, or add a copy (copy.deepcopy, fork)")


def recorded(owner: Any, start: float, stop: float, covered: bool) -> None:
    """Refuse to count spikes of a window in which nobody knows of some times whether there were any."""
    if not covered:
        raise ValueError(f"{type(owner).__name__}: the window must be within the time recorded, {owner.start:g} to "
                         f"{owner.stop:g} ms, got {start:g} to {stop:g} ms")


def no_such_place(message: str) -> NoReturn:
    """Refuse to set an attribute that nothing would look at."""
    raise AttributeError(message)
