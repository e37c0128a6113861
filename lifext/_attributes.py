"""Attributes that are checked when they are set, and whose change the compiled path notices.

The descriptors here have no ``__get__``: Python then reads the instance's own dictionary,
so that reading a parameter costs what reading any attribute does. Those for type checkers
say what is read.
"""
from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from . import _validate
from ._core import buffers
from ._core.lines import LINE, address, in_whole_lines
from ._types import Bools, Floats, RandomSource, Values

Class = TypeVar("Class", bound="type[Watched]")


class NotLowered(Exception):
    """What the compiled kernels cannot take, and so is stepped through Python; says why.

    A `passing` reason may be gone after a step, without a change that anyone would notice.
    """

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class Parameter:
    """A number, or with `per_neuron` an array of one a neuron, within a bound."""

    if TYPE_CHECKING:
        def __get__(self, obj: object, owner: type | None = None) -> Values: ...

    def __init__(self, above: float | None = None, at_least: float | None = None, per_neuron: bool = True,
                 optional: bool = False) -> None:
        self.above, self.at_least, self.per_neuron, self.optional = above, at_least, per_neuron, optional

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, obj: Any, value: Any) -> None:
        if not (self.optional and value is None):
            value = _validate.parameter(obj, self.name, value, obj.size if self.per_neuron else None,
                                        self.above, self.at_least)
        obj.__dict__[self.name] = value


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


class WatchedType(ABCMeta):
    """A class whose own changes put every record out of date. An ABCMeta, so that users can mix in ABCs."""

    def __setattr__(cls, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if not name.startswith("_abc"):
            buffers.patch()


# state that steps of a population change, which its owner has to know of when it was set
CHANGED_BY_STEPS = frozenset(("_vM", "_tempvM", "_endRefract", "_spiked", "_curr", "_prev_curr", "_s", "_prev_s",
                              "_x", "_prev_x"))
# what is kept on an object and is no part of its state: records for the kernels, whose it is, what was said of it
NOT_STATE = ("_lowered", "_refusal", "_claim", "_touched", "_told")


class Watched(metaclass=WatchedType):
    """An object whose record for the kernels goes out of date when an attribute of its class is set on it."""

    size: int | Size
    # kept in the instance's dictionary while there is one
    _lowered: Any = None
    _contract: dict[str, Any] | None = None
    _contract_methods: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if hasattr(type(self), name):
            self._expire()
            if name in CHANGED_BY_STEPS:
                self.__dict__.setdefault("_touched", set()).add(name)

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
            if type(value) is np.ndarray:
                declared = getattr(type(self), name, None)
                if isinstance(declared, Parameter) and not isinstance(declared, (State, Spiked)):
                    _validate.parameter(self, name, value, self.size, declared.above, declared.at_least)

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
