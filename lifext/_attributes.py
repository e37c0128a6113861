"""Attributes that are checked when they are set, and whose change the compiled path notices.

The descriptors here have no ``__get__``: Python then reads the instance's own dictionary,
so that reading a parameter costs what reading any attribute does. Those for type checkers
say what is read.
"""
from __future__ import annotations

import functools
import sys
import zlib
from abc import ABCMeta
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from . import _places, _plausible, _validate
from ._core.shared import buffers
from ._core.shared.lines import LINE, address, in_whole_lines
from ._types import Bools, Floats, RandomSource, Values

NOTHING = object()

Class = TypeVar("Class", bound="type[Watched]")


class NotLowered(Exception):
    """What the compiled kernels cannot take, and so is stepped through Python; says why.

    A `passing` reason may be gone after a step, without a change that anyone would notice.
    """

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class Parameter:
    """A number, or with `per_neuron` an array of one a neuron, within a bound; outside of what is `usual` it warns."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> Values: ...

    def __init__(self, above: float | None = None, at_least: float | None = None, per_neuron: bool = True,
                 optional: bool = False, usual: _plausible.Usual | None = None) -> None:
        self.above, self.at_least, self.per_neuron, self.optional = above, at_least, per_neuron, optional
        self.usual = usual

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, obj: Any, value: Any) -> None:
        if not (self.optional and value is None):
            value = _validate.parameter(obj, self.name, value, obj.size if self.per_neuron else None,
                                        self.above, self.at_least)
            self._look(obj, value)
        obj.__dict__[self.name] = value

    def __delete__(self, obj: Any) -> None:
        _validate.no_such_place(f"{type(obj).__name__}: {self.name} is always there; set it to another value")

    def _look(self, obj: Any, value: Values) -> None:
        """Warn of a value that is taken, and is probably not meant."""
        if self.usual is not None:
            _plausible.look(obj, self.name, value, self.usual)


class Size(Parameter):
    """How many neurons; fixed once it is set."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> int: ...

    def __set__(self, obj: Any, value: Any) -> None:
        if self.name in obj.__dict__ and obj.__dict__[self.name] != value:
            raise ValueError(f"{type(obj).__name__}: {self.name} is fixed at {obj.__dict__[self.name]}, got {value!r}")
        obj.__dict__[self.name] = _validate.whole(obj, self.name, value, at_least=1)


class Index(Parameter):
    """One of the neurons."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> int: ...

    def __set__(self, obj: Any, value: Any) -> None:
        obj.__dict__[self.name] = _validate.index(obj, self.name, value, obj.size)


class Flag(Parameter):
    """True or false."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> bool: ...

    def __set__(self, obj: Any, value: Any) -> None:
        obj.__dict__[self.name] = _validate.flag(obj, self.name, value)


class State(Parameter):
    """An array (size,) of finite numbers."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> Floats: ...

    def __set__(self, obj: Any, value: Any) -> None:
        if not (self.optional and value is None):
            value = _validate.state(obj, self.name, value, obj.size)
        obj.__dict__[self.name] = value


class Spiked(Parameter):
    """An array (size,) of booleans."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> Bools: ...  # type: ignore[override]

    def __set__(self, obj: Any, value: Any) -> None:
        obj.__dict__[self.name] = _validate.flags(obj, self.name, value, obj.size)


class Part(Parameter):
    """An object that plays a role, told by its methods."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> Any: ...

    def __init__(self, *methods: str) -> None:
        super().__init__()
        self.methods = methods

    def __set__(self, obj: Any, value: Any) -> None:
        obj.__dict__[self.name] = _validate.part(obj, self.name, value, self.methods, obj.size)
        if isinstance(value, Watched):
            _plausible.is_part(value, obj, self.name)


class Random(Parameter):
    """Where random numbers come from; None is NumPy's global generator."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> RandomSource | None: ...  # type: ignore[override]

    def __set__(self, obj: Any, value: Any) -> None:
        obj.__dict__[self.name] = _validate.random_source(obj, value)


def lowerable(*methods: str) -> Callable[[Class], Class]:
    """Mark a class as one the kernels stand in for, as long as it keeps its `methods` and attributes.

    A subclass or an instance with its own version of one of them is stepped through Python.
    """
    def mark(cls: Class) -> Class:
        names = {name for base in cls.__mro__ for name, value in vars(base).items() if isinstance(value, Parameter)}
        cls._contract = {name: getattr(cls, name) for name in (*methods, *sorted(names))}
        cls._contract_methods = methods
        return cls
    return mark


def _parameters(cls: type) -> tuple[str, ...]:
    """Return the names that a class has parameters under, for everyone to set."""
    return tuple(dict.fromkeys(name for base in cls.__mro__ for name, kind in vars(base).items()
                               if isinstance(kind, Parameter) and not name.startswith("_")))


@functools.cache
def _vocabulary() -> frozenset[str]:
    """Return all that is an argument or a parameter of one of this package's classes, in small letters."""
    classes: list[type] = [Watched]
    for cls in classes:
        classes += filter(_places.is_own, type.__subclasses__(cls))
    return frozenset(name.casefold() for cls in classes for name in (*_parameters(cls), *_places.arguments(cls)))


class WatchedType(ABCMeta):
    """A class whose own changes put every record out of date. An ABCMeta, so that users can mix in ABCs."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> None:
        super().__init__(name, bases, namespace, **keywords)
        if not _places.is_own(cls):
            for attribute, value in namespace.items():
                cls._look_at_default(attribute, value, bases)

    def __setattr__(cls, name: str, value: Any) -> None:
        if not name.startswith("_"):
            cls._mind_on_class(name, value)
        super().__setattr__(name, value)
        if not name.startswith("_abc"):
            buffers.patch()

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        buffers.patch()

    def _mind_on_class(cls, name: str, value: Any) -> None:
        """Refuse, or warn of, an attribute of a class that nothing would look at, or that takes a method's place."""
        present = getattr(cls, name, NOTHING)
        if present is NOTHING:
            way = _places.way_on_class(cls, name, _parameters(cls))
        elif isinstance(present, Parameter):
            cls._look_at_default(name, value, cls.__mro__)
            return
        else:
            way = _places.over_method(cls, name, present, value)
        if way is not None:
            _places.refuse(cls, name, way)

    def _look_at_default(cls, name: str, value: Any, bases: tuple[type, ...]) -> None:
        """Refuse, or warn of, a value in a class for what each object has for itself."""
        declared = any(isinstance(getattr(base, name, None), Parameter) for base in bases)
        if declared and not name.startswith("_") and not hasattr(value, "__get__") and not hasattr(value, "__set__"):
            _places.refuse(cls, name, f"each object has its own: give {name} to a new {cls.__name__}, or set it there")


# state that steps of a population change, which its owner has to know of when it was set
CHANGED_BY_STEPS = frozenset(("_vM", "_tempvM", "_endRefract", "_spiked", "_curr", "_prev_curr", "_s", "_prev_s",
                              "_x", "_prev_x"))
# what is kept on an object and is no part of its state: records for the kernels, whose it is, what was said of it
NOT_STATE = ("_lowered", "_refusal", "_claim", "_touched", "_told", "_by_hand")


def drawn_mark(numbers: Any, by_network: bool) -> int:
    """Return what tells numbers that were drawn from any others; < 0 of those that the seed of a network has drawn."""
    checksum = zlib.crc32(np.ascontiguousarray(numbers).data)
    return ~checksum if by_network else checksum


def is_drawn(numbers: Any, mark: int | None, by_network: bool) -> bool:
    """Whether numbers are those of a mark; without `by_network`, and were not drawn by the seed of a network."""
    return mark is not None and mark in {drawn_mark(numbers, False), drawn_mark(numbers, by_network)}


class Watched(metaclass=WatchedType):
    """An object whose record for the kernels goes out of date when an attribute of its class is set on it."""

    size: int | Size
    # kept in the instance's dictionary while there is one
    _lowered: Any = None
    _contract: dict[str, Any] | None = None
    _contract_methods: tuple[str, ...] = ()
    # what to do instead of setting names that do nothing here
    _elsewhere: dict[str, str] = {}
    # whether names of other classes' parameters are refused, too
    _closed = True

    def __setattr__(self, name: str, value: Any) -> None:
        present = getattr(type(self), name, NOTHING)
        if not isinstance(present, Parameter) and not name.startswith("_"):
            self._mind(name, present, value)
        object.__setattr__(self, name, value)
        if present is not NOTHING:
            self._expire()
            if name in CHANGED_BY_STEPS:
                self.__dict__.setdefault("_touched", set()).add(name)

    def _mind(self, name: str, present: Any, value: Any) -> None:
        """Refuse, or warn of, an attribute that nothing would look at, or that would be in a method's place."""
        cls = type(self)
        if present is not NOTHING:
            way = _places.over_method(cls, name, present, value)
        elif name in self.__dict__ or "size" not in self.__dict__ or name.casefold() not in _vocabulary():
            # what a user's class sets before it is made by this package's is its own
            return
        else:
            way = self._way(name)
        if way is not None:
            _places.refuse(cls, name, *_plausible.from_whole(self, way))

    def _way(self, name: str) -> str | None:
        """Return what to do instead of setting an attribute, or None for one that anybody may set."""
        cls = type(self)
        own = _places.is_own(cls)
        known = _places.moved(cls, name) or _places.in_other_case(name, _parameters(cls))
        # a class of the user's may well have a rate of its own
        parts = self._ways_of_parts(name) if own and known is None else []
        if parts:
            return f"set {' or '.join(parts)}"
        way = _places.way_on_class(cls, name, _parameters(cls))
        if way is None and self._closed and own:
            return f"here there are {', '.join(_parameters(cls))}"
        return way

    def _ways_of_parts(self, name: str) -> list[str]:
        """Return how a parameter of this name is called from here, in the parts of this object that have it."""
        found = []
        for role in _parameters(type(self)):
            part = self.__dict__.get(role)
            if isinstance(getattr(type(self), role), Part) and isinstance(part, Watched):
                meant = _places.in_other_case(name, _parameters(type(part)))
                found += [f"{role}.{meant}"] if meant is not None else [f"{role}.{way}" for way in
                                                                       part._ways_of_parts(name)]
        return found

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self._expire()

    def _expire(self) -> None:
        if self._lowered is not None:
            self._lowered.expire()
        buffers.changed()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in NOT_STATE}

    def _require_contract(self) -> None:
        cls = type(self)
        if cls._contract is None:
            raise NotLowered(f"{cls.__name__} is not one of the classes that are compiled")
        for name, value in cls._contract.items():
            if getattr(cls, name, None) is not value:
                raise NotLowered(f"{cls.__name__} has its own {name}")
        for name in cls._contract_methods:
            if name in self.__dict__:
                raise NotLowered(f"a {cls.__name__} was given its own {name}")

    def _check_elements(self) -> None:
        """Refuse parameters of which an element was written in place, where no check sees it."""
        for name, value in vars(self).items():
            if type(value) is np.ndarray and self._is_parameter(name):
                declared = getattr(type(self), name)
                _validate.parameter(self, name, value, self.size, declared.above, declared.at_least)

    def _is_parameter(self, name: str) -> bool:
        """Whether an attribute is a parameter, and no state."""
        declared = getattr(type(self), name, None)
        return isinstance(declared, Parameter) and not isinstance(declared, (State, Spiked))

    def _lowered_now(self) -> Any:
        """Return the record of this object for the kernels, or raise `NotLowered`."""
        if self._lowered is None or not self._lowered.current():
            self._require_contract()
            self.__dict__["_lowered"] = self._lower()
        return self._lowered

    def _lower(self) -> Any:
        raise NotLowered(f"{type(self).__name__} is not one of the classes that are compiled")

    def _own(self, *names: str) -> list[Floats]:
        """Replace arrays that kernels will write by copies (size,) that nobody else holds."""
        for name in names:
            self.__dict__[name] = self._of_size(name, self.__dict__[name])
        return [self.__dict__[name] for name in names]

    def _line_up(self, *names: str) -> None:
        """Move arrays that nobody else holds to where a line of the cache begins."""
        for name in names:
            # one reference is the dictionary's, one the call's
            if sys.getrefcount(self.__dict__[name]) <= 2 and address(self.__dict__[name]) % LINE:
                self.__dict__[name] = in_whole_lines(self.__dict__[name])

    def _of_size(self, name: str, array: Floats) -> Floats:
        # a current asked for at other potentials than the population's has their shape until the next step
        try:
            return in_whole_lines(np.broadcast_to(array, (self.size,)))
        except ValueError:
            raise NotLowered(f"{type(self).__name__}.{name} is of shape {np.shape(array)}", passing=True) from None
