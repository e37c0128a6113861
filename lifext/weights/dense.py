"""Weights in full."""
from __future__ import annotations

from typing import Any

from .. import _validate
from .._core.shared.rows import WeightKind
from .._types import ArrayLike, Floats
from ._base import Weights, numbers_of


class Dense(Weights):
    """Weights in full, used exactly as given: what to take where a run has to repeat another bit for bit.

    Parameters
    ----------
    array : array_like of shape (n_source, n_target)
        Finite numbers of any real type, in any order; copied.

    Attributes
    ----------
    array : ndarray of shape (n_source, n_target)
        Float64, read-only.

    Examples
    --------
    >>> weights = Dense([[0.0, 0.5, 1.0], [0.25, 0.0, 0.0]])
    >>> weights.shape
    (2, 3)
    >>> weights.row(0)
    array([0. , 0.5, 1. ])
    """

    array: Floats
    shape: tuple[int, int]

    def __init__(self, array: ArrayLike) -> None:
        array = _validate.real_array(self, "array", array, ("n_source", "n_target"))
        self._store(array=array, shape=array.shape)

    def _fill(self, source: int, row: Floats) -> None:
        row[:] = self.array[source]

    def _parts(self) -> dict[str, Any]:
        return {"kind": WeightKind.DENSE, "dense": self.array}

    def _numbers(self) -> tuple[ArrayLike, bool]:
        return self.array, True

    @classmethod
    def _checked(cls, weights: Any, shape: tuple[int, int]) -> Dense:
        return Dense._of(array=numbers_of(weights, "array", weights.array, shape), shape=shape)
