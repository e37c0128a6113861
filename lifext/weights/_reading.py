"""Weights as kernels may take them, and from whatever says them."""
from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from .. import _sparse_formats, _validate
from .._gate import is_many
from ._base import Weights
from .dense import Dense
from .one_to_one import OneToOne
from .ring import Ring
from .sparse import Sparse
from .uniform import Uniform

# the forms that kernels know; each is a file here
KINDS: tuple[type[Weights], ...] = (Dense, Sparse, Ring, Uniform, OneToOne)


def as_weights(value: Any, n_source: int, n_target: int) -> Weights:
    """Return weights between populations of given sizes, from whatever says them.

    Parameters
    ----------
    value : Weights, array_like of shape (n_source, n_target) or scipy.sparse matrix
        Arrays and nested lists become `Dense`, sparse matrices `Sparse`.
    n_source, n_target : int
        Sizes of the two populations.

    Returns
    -------
    Weights
        Of shape (n_source, n_target).

    Raises
    ------
    TypeError
        If the value is something else. A number is refused, too: it could mean `Uniform` or
        `OneToOne`.
    ValueError
        If the shape is another, or a number is not finite.

    Examples
    --------
    >>> as_weights([[0.0, 0.5]], 1, 2)
    Dense(shape=(1, 2))
    >>> as_weights(Uniform(0.5), 1, 2)
    Uniform(0.5, shape=(1, 2))
    """
    if isinstance(value, Weights):
        weights = value
    elif _sparse_formats.form_of(value) is not None:
        weights = Sparse(value)
    elif isinstance(value, (list, tuple)) or isinstance(value, np.ndarray) and is_many(value):
        weights = Dense(value)
    else:
        _validate.no_weights(value)
    weights = weights.bound(n_source, n_target)
    if not isinstance(weights, Weights):
        _validate.no_weights(weights)
    _validate.same_shape(weights, for_kernels(weights).shape, (n_source, n_target))
    return weights


# what a subclass may have its own of, so that the arrays it keeps are not what its rows are
_OWN = ("toarray", "row", "_fill", "data")
# by the identity of weights: what it was made of, and what it is for the kernels
_KNOWN: dict[int, tuple[weakref.ref[Weights], dict[str, Any], Any]] = {}


def for_kernels(weights: Weights) -> Any:
    """Return weights as kernels may take them, which go by them without looking whether they lead anywhere.

    Weights are checked when they are made, but what reaches a kernel must have been checked whatever has
    happened since: a subclass may have rows or a shape of its own, or give others each time, attributes can be
    put into the object's dictionary, and a read-only array can be given another shape.

    Parameters
    ----------
    weights : Weights
        With a shape.

    Returns
    -------
    Dense, Sparse, Ring, Uniform or OneToOne
        An object of that class itself, whose arrays nobody else has. Where a subclass of one of these has its own
        `toarray`, `row` or `_fill`, and for any other class, it is `Dense`. The same one the next time, as long as
        `weights` has the same attributes: it is read once.

    Raises
    ------
    ValueError, TypeError
        If what the weights hold or return is not as it should be.
    """
    known = _KNOWN.get(id(weights))
    if known is not None and known[0]() is weights and _same(known[1], vars(weights)):
        return known[2]
    attributes = dict(vars(weights))
    checked, key = _checked(weights), id(weights)

    # bound here: at the end of the process the module's names may be gone before the weights are
    def forget(gone: object, known: dict[int, Any] = _KNOWN) -> None:
        known.pop(key, None)

    _KNOWN[key] = weakref.ref(weights, forget), attributes, checked
    return checked


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(other.get(name) is value for name, value in one.items())


def _checked(weights: Weights) -> Weights:
    shape = _validate.matrix_shape(weights, _validate.known_shape(weights, weights.shape))
    kind = next((kind for kind in KINDS if isinstance(weights, kind)), Weights)
    own = {name for name in _OWN if name in vars(weights)
           or getattr(type(weights), name, None) is not getattr(kind, name, None)}
    if kind in KINDS and not own:
        return kind._checked(weights, shape)
    matrix: Any
    if own & {"toarray", "_fill"} or "row" not in own:
        name, matrix = "toarray()", weights.toarray()
    else:
        # what only `row` knows is not in `toarray`
        name, matrix = "row(source) of each source", [weights.row(source) for source in range(shape[0])]
    return Dense._of(array=_validate.real_array(weights, name, matrix, shape), shape=shape)


# weights are values, so what they were once, they always are
_extremes: weakref.WeakKeyDictionary[Weights, tuple[float, float]] = weakref.WeakKeyDictionary()


def extremes(weights: Weights) -> tuple[float, float]:
    """Return two numbers between which all weights are; both are weights, or 0."""
    weights = for_kernels(weights)
    if weights not in _extremes:
        numbers, zeros = weights._numbers()
        # where there are none, too
        others = {"initial": 0.0} if zeros or np.size(numbers) == 0 else {}
        _extremes[weights] = float(np.min(numbers, **others)), float(np.max(numbers, **others))  # type: ignore[call-overload]
    return _extremes[weights]
