"""Names that do nothing where somebody sets them, and the places that were meant.

A population takes ``AMPA_g`` when it is made, and has it as ``AMPA.g`` from then on. Python would take
``p.AMPA_g = 5`` without a word. Here it is refused; in a class of the user's, who may mean something by the
name, and while published scripts run unchanged (`dropin`), it is a warning.
"""
from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Iterable
from typing import Any

from . import _plausible, _validate

# of each class, names that were warned of
_told: weakref.WeakKeyDictionary[type, set[str]] = weakref.WeakKeyDictionary()
_lenient = False


def be_lenient(lenient: bool) -> None:
    """Have it that published scripts run, whose classes are this package's: warn instead of refusing."""
    global _lenient
    _lenient = lenient
    _told.clear()


def is_own(cls: type) -> bool:
    """Whether a class is this package's."""
    return cls.__module__.partition(".")[0] == _plausible.PACKAGE


def refuse(cls: type, name: str, way: str, about: str = "") -> None:
    """Refuse to set a name of a class, or warn of it once where it may be meant."""
    where = f"{about or f'{cls.__name__}: '}{name}"
    if is_own(cls) and not _lenient:
        _validate.no_such_place(f"{where} cannot be set here; {way}")
    told = _told.setdefault(cls, set())
    if name not in told:
        _plausible.warn(f"{where} does nothing where it is set; {way}")
        # not before: a filter may make an error of it, and then it was not taken
        told.add(name)


def own_class(cls: type) -> type:
    """Return the class of this package that another is, or is made from."""
    return next(base for base in cls.__mro__ if is_own(base))


@functools.cache
def arguments(cls: type) -> tuple[str, ...]:
    """Return what the constructor of a class of this package takes by name."""
    found = dict.fromkeys(name for base in cls.__mro__ if is_own(base) and "__init__" in vars(base)
                          for name, given in inspect.signature(base.__init__).parameters.items()  # type: ignore[misc]
                          if given.kind in (given.POSITIONAL_OR_KEYWORD, given.KEYWORD_ONLY))
    found.pop("self", None)
    return tuple(found)


@functools.cache
def _moved(cls: type) -> dict[str, str]:
    """Return by names in small letters what to set instead of them, as a class and those it is made from say."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found.update((name.casefold(), way) for name, way in vars(base).get("_elsewhere", {}).items())
    return found


def moved(cls: type, name: str) -> str | None:
    """Return what to do instead of setting a name on objects of a class, if the class says it."""
    return _moved(own_class(cls)).get(name.casefold())


def in_other_case(name: str, known: Iterable[str]) -> str | None:
    """Return the one of some names that differs from another by capital letters only."""
    return next((other for other in known if other.casefold() == name.casefold()), None)


def way_on_class(cls: type, name: str, parameters: tuple[str, ...]) -> str | None:
    """Return what to do instead of setting a name on objects of a class, as far as the class alone tells."""
    own, way = own_class(cls), moved(cls, name)
    if way is not None:
        return way
    meant = in_other_case(name, parameters)
    if meant is not None:
        return f"set {meant}"
    meant = in_other_case(name, arguments(own))
    return None if meant is None else f"give {meant} to a new {own.__name__}"


def over_method(cls: type, name: str, present: Any, value: Any) -> str | None:
    """Return what to do instead of putting something that cannot be called in the place of a method of this package."""
    if not callable(present) or callable(value) or isinstance(present, type):
        return None
    definer = next((base for base in cls.__mro__ if name in vars(base)), cls)
    if not is_own(definer):
        return None
    return moved(cls, name) or f"{name}() is a method"


class Guarded:
    """An object that refuses names of its own in other case, and what can only be said when it is made.

    `_elsewhere` has, by name, what to do instead of setting it.
    """

    _elsewhere: dict[str, str] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            way = self._way(name, value)
            if way is not None:
                refuse(type(self), name, way)
        object.__setattr__(self, name, value)

    def _way(self, name: str, value: Any) -> str | None:
        cls = type(self)
        own, present, way = own_class(cls), getattr(cls, name, None), moved(cls, name)
        if isinstance(present, property):
            fixed = present.fset is None and present is getattr(own, name, None)
            return (way or f"{name} can only be read") if fixed else None
        if present is not None:
            return over_method(cls, name, present, value)
        if name in self.__dict__ or way is not None:
            return None if name in self.__dict__ else way
        readable = [known for known, kind in inspect.getmembers_static(own) if isinstance(kind, property)]
        meant = in_other_case(name, readable)
        if meant is not None:
            return f"{meant} can only be read"
        meant = in_other_case(name, self.__dict__)
        return None if meant is None else f"set {meant}"
