"""Weights from each neuron to the one of the same index."""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import _validate
from .._core.shared.rows import WeightKind
from .._gate import is_many
from .._types import ArrayLike, Floats, Values
from ._base import Weights, numbers_of


class OneToOne(Weights):
    """Weights from each neuron to the one of the same index, and to no other.

    Parameters
    ----------
    weight : float or array_like of shape (n,)
        What a spike of neuron i adds to target i. With a number, n is that of the two
        populations the weights will connect, which have to be of one size.

    Attributes
    ----------
    weight : float or ndarray of shape (n,)
        Arrays are float64 and read-only.

    Examples
    --------
    >>> OneToOne([0.5, 0.25]).toarray()
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    >>> OneToOne(0.5).bound(3, 3).row(2)
    array([0. , 0. , 0.5])
    """

    weight: Values

    def __init__(self, weight: ArrayLike) -> None:
        if is_many(weight):
            weight = _validate.real_array(self, "weight", weight, ("n",))
            self._store(weight=weight, shape=(len(weight), len(weight)))
        else:
            self._store(weight=_validate.number(self, "weight", weight), shape=None)

    def _with_shape(self, n_source: int, n_target: int) -> Weights:
        _validate.same_size(self, n_source, n_target, "for one-to-one weights")
        return self._of(weight=self.weight, shape=(n_source, n_target))

    def _fill(self, source: int, row: Floats) -> None:
        row[:] = 0.0
        row[source] = self.weight[source] if isinstance(self.weight, np.ndarray) else self.weight

    def _parts(self) -> dict[str, Any]:
        return {"kind": WeightKind.ONE_TO_ONE, "values": np.atleast_1d(np.asarray(self.weight, dtype=np.float64))}

    def _numbers(self) -> tuple[ArrayLike, bool]:
        return self.weight, True

    @classmethod
    def _checked(cls, weights: Any, shape: tuple[int, int]) -> OneToOne:
        _validate.same_size(weights, *shape, "for one-to-one weights")
        weight = weights.weight
        if is_many(weight):
            return OneToOne._of(weight=numbers_of(weights, "weight", weight, (shape[0],)), shape=shape)
        return OneToOne._of(weight=_validate.number(weights, "weight", weight), shape=shape)
