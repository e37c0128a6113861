"""The gate through which numbers and arrays come in: read once, copied, and told from what only looks like numbers.

What is let through is a plain number, or an array of NumPy's own class that nobody else has, so
that what is checked afterwards is what is used. Masked elements, units, times and texts are
refused: NumPy would take what is under the mask, drop the unit, and count the time in its own.
`_validate` says so in words.
"""
from __future__ import annotations

import array as buffers
import datetime
import inspect
import operator
from collections import UserList, deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._types import Floats

# by what a number with a unit is known, whichever library made it: none of them is imported
UNITS = ("units", "unit", "dimensionality", "dim", "magnitude")
NO_UNIT = "without a unit of its own (numbers are in ms, mV, nA, uS, nF, kHz)"
NO_MASK = "none of them masked"
NO_BOOLS = "none of them a boolean"
REAL = "biuf"
# numbers as they are, for which nothing need be asked
PYTHONS = frozenset({float, int, bool})
NUMPYS = frozenset(kind for kind in set(np.sctypeDict.values()) if np.dtype(kind).kind in REAL)
EXACT = NUMPYS - {np.longdouble}
BOOLS = frozenset({bool, np.bool_})
# NumPy's arrays have no more dimensions, so lists that are nested deeper are in themselves
DEEPEST = 64
TEXTS = (str, bytes, bytearray)
TIMES = (datetime.timedelta, datetime.date, datetime.time)


class NotPlain(TypeError):
    """A value that is no plain number, or no array of them; the text says what it has to be instead."""


def number(value: Any) -> float | int:
    """Return a number as Python's own, or raise NotPlain, TypeError, ValueError or OverflowError."""
    kind = type(value)
    if kind in PYTHONS:
        return value  # type: ignore[no-any-return]
    if kind in EXACT:
        return value.item()  # type: ignore[no-any-return]
    if isinstance(value, np.ndarray) or hasattr(kind, "__array__"):
        return _only(array(value))
    if isinstance(value, (*TEXTS, *TIMES, memoryview, complex)):
        raise NotPlain("")
    _look(value)
    try:
        return operator.index(value)
    except TypeError:
        return float(value)


def real(value: Any) -> float:
    """Return a number as a float."""
    return float(number(value))


def whole(value: Any) -> int:
    """Return a whole number that is given as one: no float will do."""
    taken: Any = number(value)
    return operator.index(taken)


def wholes(value: Any) -> list[int]:
    """Return whole numbers of any length, of a list or an array (n,) of them; no booleans."""
    if not _is_list(value):
        taken = array(value, bools=False)
        if taken.ndim != 1 or taken.dtype.kind == "f":
            raise NotPlain("")
        return taken.tolist()  # type: ignore[no-any-return]
    items = list(value)
    if set(map(type, items)) & BOOLS:
        raise NotPlain(NO_BOOLS)
    return [whole(item) for item in items]


def _only(taken: NDArray[Any]) -> float | int:
    if taken.ndim != 0:
        raise NotPlain("")
    return float(taken) if taken.dtype.kind == "f" else int(taken)


def is_many(value: Any) -> bool:
    """Whether a value is to be taken as an array rather than as a number."""
    if isinstance(value, np.ndarray):
        # asked of NumPy: a class may say something else
        return np.ndarray.ndim.__get__(value) > 0  # type: ignore[no-any-return]
    kind = type(value)
    if kind in PYTHONS or isinstance(value, (np.generic, *TEXTS)):
        return False
    return any(hasattr(kind, name) for name in ("__len__", "__array__", "__array_interface__"))


def array(value: Any, bools: bool = True) -> NDArray[Any]:
    """Return what a value holds at this moment: a new array of real numbers that nobody else has.

    Parameters
    ----------
    value : array_like
        Read once.
    bools : bool, optional
        Whether there may be booleans.

    Returns
    -------
    ndarray
        Of NumPy's own class, C-contiguous, in this machine's order of bytes.

    Raises
    ------
    NotPlain, TypeError, ValueError
        If it is something else.
    """
    masked = isinstance(value, np.ma.MaskedArray)
    opened = value if type(value) is np.ndarray else _opened(value, bools, 0)
    copy = np.array(opened, order="C", copy=True, subok=False)
    if masked:
        # after the copy: what is under a mask that comes later is sound
        _look(value)
    if copy.dtype.kind not in REAL or copy.dtype.kind == "b" and not bools:
        raise NotPlain("")
    return copy if copy.dtype.isnative else copy.astype(copy.dtype.newbyteorder("="))


def shared(value: Any) -> Floats:
    """Return an array as float64; one that is float64 already shares its memory, so that later changes count."""
    if isinstance(value, np.ndarray):
        _look(value)
        # an array of NumPy's own class, whose shape and type are those of the memory
        own = value if type(value) is np.ndarray else np.ndarray.view(value, np.ndarray)
        if own.dtype == np.float64:
            return np.ascontiguousarray(own) if own.ndim > 0 else own
        value = own
    with np.errstate(over="ignore"):
        return array(value).astype(np.float64, copy=False)


def seen(value: NDArray[Any]) -> NDArray[Any]:
    """Return an array of NumPy's own class and of any type, in the same memory: what its class says does not count."""
    _look(value)
    return np.ndarray.view(value, np.ndarray)


def indices_or_mask(value: Any) -> NDArray[Any]:
    """Return whole numbers, or booleans, as a new array of any shape; what has both is neither."""
    if _is_list(value):
        value = list(value)
        kinds = set(map(type, value))
        if kinds & BOOLS and not kinds <= BOOLS:
            raise NotPlain("")
    taken = array(value)
    if taken.dtype.kind == "f" and taken.size > 0:
        raise NotPlain("")
    return taken if taken.size > 0 else taken.astype(np.intp)


def _opened(value: Any, bools: bool, depth: int) -> Any:
    """Return an array, perhaps someone else's, or nested lists of this function's own that NumPy can make one of."""
    if depth > DEEPEST or isinstance(value, TEXTS):
        raise NotPlain("")
    if _is_list(value):
        return _listed(value, bools, depth)
    _look(value)
    if isinstance(value, np.ndarray):
        return value
    # asked once: it may say something else the second time. Of what it gives, a mask or a unit is still to be seen
    given = np.asanyarray(value)
    if type(given) is not np.ndarray:
        _look(given)
    if given.dtype.kind == "O" and given.ndim > 0 and getattr(getattr(value, "dtype", None), "kind", "O") in REAL:
        # as pandas before 2.2 gives a column of numbers that may be missing: each of them on its own
        return _listed(given.tolist(), bools, depth)
    return given


def _is_list(value: Any) -> bool:
    if isinstance(value, (list, tuple, deque, UserList)):
        return True
    kind = type(value)
    return isinstance(value, Sequence) and not isinstance(value, (memoryview, buffers.array)) and not any(
        hasattr(kind, name) for name in ("__array__", "__array_interface__"))


def _listed(value: Any, bools: bool, depth: int) -> list[Any]:
    items = list(value)
    kinds = set(map(type, items))
    if not bools and kinds & BOOLS:
        raise NotPlain(NO_BOOLS)
    plain = PYTHONS | NUMPYS
    if kinds <= plain:
        return items
    return [item if type(item) in plain else _item(item, bools, depth + 1) for item in items]


def _item(item: Any, bools: bool, depth: int) -> Any:
    if _is_list(item):
        return _opened(item, bools, depth)
    # of an element, the kind counts: among others NumPy would convert it
    return array(item, bools) if depth <= DEEPEST else _opened(item, bools, depth)


def _look(value: Any) -> None:
    """Raise NotPlain if a value has a mask or a unit."""
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            raise NotPlain(NO_MASK)
    elif type(value) is not np.ndarray and (has_unit(value) or has_unit(getattr(value, "dtype", None))):
        raise NotPlain(NO_UNIT)


def has_unit(value: Any) -> bool:
    """Whether a value is a quantity: a number, an array or a type of elements with a unit."""
    for name in UNITS:
        # what the class or the object has, without a column or a label of that name
        found = inspect.getattr_static(value, name, None)
        if found is None or inspect.isroutine(found):
            continue
        unit = getattr(value, name, None)
        if unit is not None and not inspect.isroutine(unit):
            return True
    return False
