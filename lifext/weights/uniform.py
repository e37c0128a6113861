"""The same weight for every pair."""
from __future__ import annotations

from typing import Any

from .. import _validate
from .._core.shared.rows import WeightKind
from .._types import ArrayLike, Floats
from ._base import Weights


class Uniform(Weights):
    """The same weight for every pair.

    Parameters
    ----------
    weight : float
        What a spike adds to every target.
    shape : tuple of int, optional
        (n_source, n_target); left out, it is that of the populations the weights will
        connect.

    Attributes
    ----------
    weight : float

    Examples
    --------
    >>> Uniform(0.25).bound(3, 4)
    Uniform(0.25, shape=(3, 4))
    >>> Uniform(0.25, shape=(1, 2)).toarray()
    array([[0.25, 0.25]])
    """

    weight: float

    def __init__(self, weight: float, shape: tuple[int, int] | None = None) -> None:
        weight = _validate.number(self, "weight", weight)
        shape = None if shape is None else _validate.matrix_shape(self, shape)
        self._store(weight=weight, shape=shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight!r}, shape={self.shape})"

    def _with_shape(self, n_source: int, n_target: int) -> Weights:
        return self._of(weight=self.weight, shape=(n_source, n_target))

    def _fill(self, source: int, row: Floats) -> None:
        row[:] = self.weight

    def _parts(self) -> dict[str, Any]:
        return {"kind": WeightKind.UNIFORM, "flat": self.weight}

    def _numbers(self) -> tuple[ArrayLike, bool]:
        return self.weight, False

    @classmethod
    def _checked(cls, weights: Any, shape: tuple[int, int]) -> Uniform:
        return Uniform._of(weight=_validate.number(weights, "weight", weights.weight), shape=shape)
