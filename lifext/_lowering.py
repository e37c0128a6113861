"""Weights in the form in which the loops take rows from them."""
from __future__ import annotations

import weakref

import numpy as np

from . import _validate
from ._core.projection import Projection, WeightKind
from .weights import Dense, OneToOne, Ring, Sparse, Uniform, Weights, for_kernels

# weights are values, so what they were lowered to once, they always are
_extremes: weakref.WeakKeyDictionary[Weights, tuple[float, float]] = weakref.WeakKeyDictionary()


def lower_weights(weights: Weights) -> Projection:
    """Return weights as the loops have them: checked, whatever became of them since they were made."""
    weights = for_kernels(weights)
    shape = _validate.known_shape(weights, weights.shape)
    largest = max(map(abs, extremes(weights)))
    if isinstance(weights, Uniform):
        return Projection(WeightKind.UNIFORM, *shape, flat=weights.weight, largest=largest)
    if isinstance(weights, Sparse):
        return Projection(WeightKind.SPARSE, *shape, indptr=weights.indptr, indices=weights.indices,
                          values=weights._values, largest=largest)
    if isinstance(weights, Ring):
        return Projection(WeightKind.RING, *shape, values=weights.bump, flat=weights.flat, first=weights.first,
                          largest=largest)
    if isinstance(weights, OneToOne):
        values = np.atleast_1d(np.asarray(weights.weight, dtype=np.float64))
        return Projection(WeightKind.ONE_TO_ONE, *shape, values=values, largest=largest)
    assert isinstance(weights, Dense)
    return Projection(WeightKind.DENSE, *shape, dense=weights.array, largest=largest)


def extremes(weights: Weights) -> tuple[float, float]:
    """Return two numbers between which all weights are."""
    weights = for_kernels(weights)
    if weights not in _extremes:
        _extremes[weights] = _find_extremes(weights)
    return _extremes[weights]


def _find_extremes(weights: Weights) -> tuple[float, float]:
    if isinstance(weights, Uniform):
        return weights.weight, weights.weight
    if isinstance(weights, Ring):
        parts = weights.flat + weights.bump
        return float(parts.min(initial=weights.flat)), float(parts.max(initial=weights.flat))
    values = (weights._values if isinstance(weights, Sparse) else weights.weight if isinstance(weights, OneToOne)
              else weights.array)  # type: ignore[attr-defined]
    return float(np.min(values, initial=0.0)), float(np.max(values, initial=0.0))
