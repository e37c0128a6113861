"""Warnings of what is taken, and is probably not meant: values that no neuron has, and settings without effect.

Errors are in `_validate`. What is here is looked at when a parameter is set, when populations are connected and before
a run; the numbers that a run gives are the same with the warnings and without.
"""
from __future__ import annotations

import contextlib
import dataclasses
import math
import sys
import threading
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from ._types import Values
from ._warnings import LifextWarning, ParameterWarning
from .weights import Weights
from .weights._reading import extremes, for_kernels

PACKAGE = __name__.partition(".")[0]


@dataclasses.dataclass(frozen=True)
class Usual:
    """What a parameter of a neuron can be.

    Parameters
    ----------
    low, high : float
        Its bounds.
    unit : str
        The unit it is in.
    tiny : float
        Where the largest of all values is below this and not 0, they are in a larger unit.
    larger, smaller : str
        The units in which numbers that are too small or too large are usually given.
    """

    low: float
    high: float
    unit: str
    tiny: float = 0.0
    larger: str = ""
    smaller: str = ""

    def __str__(self) -> str:
        unit = self.unit and f" {self.unit}"
        return f">= {self.low:g}{unit}" if self.high == math.inf else f"from {self.low:g} to {self.high:g}{unit}"

    def objection(self, low: float, high: float) -> tuple[str, bool] | None:
        """Return what values from `low` to `high` look like, and whether it is the lowest that does; or None."""
        if 0 < max(-low, high) < self.tiny:
            return self._looks_like(self.larger), -low > high
        if low < self.low:
            return (self._looks_like(self.larger) if low > 0 else ""), True
        if high > self.high:
            return self._looks_like(self.smaller), False
        return None

    @staticmethod
    def _looks_like(unit: str) -> str:
        return unit and f", which looks like {unit}"


# wide on purpose: a warning of what somebody has measured would be switched off with all others
POTENTIAL = Usual(-200, 200, "mV", tiny=0.2, larger="volts", smaller="microvolts")
# a neuron that shall not spike has a threshold that is out of reach
THRESHOLD = dataclasses.replace(POTENTIAL, high=math.inf)
CAPACITANCE = Usual(0.001, 10, "nF", larger="farads or microfarads", smaller="picofarads")
CONDUCTANCE = Usual(0, math.inf, "uS", tiny=1e-6, larger="siemens")
MEMBRANE_CONDUCTANCE = Usual(0, 10, "uS", tiny=1e-6, larger="siemens", smaller="nanosiemens")
REFRACTORY_PERIOD = Usual(0, 1000, "ms", tiny=0.02, larger="seconds", smaller="microseconds")
DECAY_TIME = Usual(0.05, 10_000, "ms", larger="seconds", smaller="microseconds")
RISE_TIME = Usual(0.01, 10_000, "ms", larger="seconds", smaller="microseconds")
RATE = Usual(0, 1000, "kHz", smaller="hertz")
CURRENT = Usual(-100, 100, "nA", smaller="picoamperes")
MAGNESIUM = Usual(0, 100, "mM", smaller="micromoles")
JUMP = Usual(0, math.inf, "")


class Notes:
    """What is known of an object beside its state: of which it is a part, and what was said of it."""

    __slots__ = ("told", "whole", "role", "seen", "dt")

    def __init__(self) -> None:
        self.told: set[str] = set()
        # with which parameters, and at which step, it was looked at last
        self.seen: Any = None
        self.dt = 0.0
        self.whole: Any = None
        self.role = ""


# by id, as a user's class may have an equality of its own; not in the object, whose attributes are its state
_known: dict[int, tuple[weakref.ref[Any], Notes]] = {}


def notes(obj: Any) -> Notes:
    """Return an object's notes, which are neither copied nor saved with it."""
    found = _known.get(id(obj))
    if found is None:
        def forget(ref: object, key: int = id(obj), pop: Any = _known.pop) -> None:
            pop(key, None)
        found = _known[id(obj)] = weakref.ref(obj, forget), Notes()
    return found[1]


def is_part(part: Any, whole: Any, role: str) -> None:
    """Note of which object another has become a part, so that warnings name it."""
    about = notes(part)
    about.whole, about.role = weakref.ref(whole), role


def whole_of(part: Any) -> tuple[Any, str]:
    """Return the object that another is a part of, and the name it has there; itself and none if it is no part."""
    names: list[str] = []
    while (found := _known.get(id(part))) is not None and found[1].whole is not None:
        about = found[1]
        whole = about.whole()
        # it may have been replaced since
        if whole is None or whole.__dict__.get(about.role) is not part:
            break
        names.insert(0, about.role)
        part = whole
    return part, ".".join(names)


def full_name(obj: Any, name: str) -> str:
    """Return how an attribute is called by who has the population: its class, and the way from it."""
    whole, way = whole_of(obj)
    return f"{type(whole).__name__}: {f'{way}.{name}' if way else name}"


def from_whole(part: Any, way: str) -> tuple[str, str]:
    """Return what to do, as told to who has the population, and how the part begins an error about it."""
    whole, role = whole_of(part)
    verb, _, rest = way.partition(" ")
    if role and verb in ("set", "call"):
        way = f"{verb} {role}.{rest}"
    return way, f"{type(whole).__name__}: {role}." if role else ""


class _Saying(threading.local):
    silent = False


_saying = _Saying()


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Warn of nothing: what comes has been looked at under the names that the user knows."""
    before, _saying.silent = _saying.silent, True
    try:
        yield
    finally:
        _saying.silent = before


def warn(message: str, category: type[LifextWarning] = ParameterWarning) -> None:
    """Warn at the line, outside of this package, that led here."""
    level, frame = 1, sys._getframe()
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == PACKAGE:
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level)


def warn_once(obj: Any, about: str, message: str) -> None:
    """Warn of something of an object, unless it was warned of before."""
    told = notes(obj).told
    if not _saying.silent and about not in told:
        warn(message)
        # not before: a filter may make an error of it, and then it was not taken
        told.add(about)


def look(obj: Any, name: str, value: Values, usual: Usual) -> None:
    """Warn, once for an object and a name, of a parameter outside of what a neuron can have."""
    low, high = (float(value.min()), float(value.max())) if isinstance(value, np.ndarray) else (value, value)
    objection = usual.objection(low, high)
    if objection is None:
        return
    looks, lowest = objection
    which = ""
    if isinstance(value, np.ndarray):
        which = f"[{int(np.argmin(value) if lowest else np.argmax(value))}]"
    warn_once(obj, name, f"{full_name(obj, name)}{which} should be {usual}, got {low if lowest else high:g}{looks}")


def first(mask: Any) -> str:
    """Return the index of the first neuron that a mask has, in brackets; nothing where it is one answer for all."""
    return f"[{int(np.argmax(mask))}]" if np.ndim(mask) else ""


def of_first(mask: Any, value: Values) -> float:
    """Return the value of the first neuron that a mask has."""
    return float(value[np.argmax(mask)] if isinstance(value, np.ndarray) else value)


def _first_negative(weights: Weights) -> tuple[int, int]:
    for source in range((weights.shape or (0, 0))[0]):
        row = weights.row(source)
        if (row < 0).any():
            return source, int(np.argmax(row < 0))
    return 0, 0


def projection(source: str, target: str, population: Any, weights: Weights, kind: str, receptors: Any) -> None:
    """Warn of a projection that does nothing, or the opposite of what its kind says.

    Parameters
    ----------
    source, target : str
        Names of the populations.
    population : baseLIFPop
        The target.
    weights : Weights
        What a spike adds.
    kind : str
        Of the projection.
    receptors : sequence of str
        What spikes of this kind reach, in small letters.
    """
    where = f"Network: the projection {source} -> {target} ({kind!r})"
    low, high = extremes(weights)
    if low < 0:
        i, j = _first_negative(weights)
        turned = "excitation" if kind == "inh" else "inhibition"
        warn(f"{where} should have weights >= 0, got {float(weights.row(i)[j]):g} from neuron {i} to neuron {j}: a "
             f"negative one takes from the gating, as if there were {turned}")
    elif high == 0:
        none = np.size(for_kernels(weights)._numbers()[0]) == 0
        warn(f"{where} should have a weight > 0, got {'no connections' if none else 'weights of 0 only'}: its spikes "
             "do nothing")
    if kind == "inh" and not population._feels_inhibition():
        warn(f"{where} does nothing: {type(population).__name__} has no GABA current")
        return
    names = [name.upper() for name in receptors]
    conductances = [getattr(getattr(population, name), "g", None) for name in names]
    if all(g is not None and not np.any(g) for g in conductances):
        warn(f"{where} does nothing: {type(population).__name__}: {' and '.join(f'{name}.g' for name in names)} should "
             "be > 0 uS, got 0")
