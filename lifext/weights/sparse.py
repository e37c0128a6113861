"""Weights of few connections, given or drawn."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .. import _sparse_formats, _validate
from .._core.shared.locked import renewed
from .._core.shared.rows import WeightKind
from .._types import ArrayLike, Floats, Neurons, Rng
from ._base import Weights, numbers_of

# targets are 32-bit integers
MOST_TARGETS = 2**31 - 1


def _generator(owner: object, rng: Any) -> np.random.Generator:
    rng = _validate.random_source(owner, rng)
    if isinstance(rng, np.random.RandomState):
        rng = rng.randint(0, 2**32, 4, dtype=np.uint32)
    return np.random.default_rng(rng)


def _ascending(indptr: Neurons, indices: Neurons) -> bool:
    rises = indices[1:] > indices[:-1]
    starts = indptr[1:-1]
    rises[starts[(starts > 0) & (starts < len(indices))] - 1] = True
    return bool(rises.all())


def _draw(rng: np.random.Generator, candidates: int, count: int, left_out: int | None = None) -> Neurons:
    """Draw `count` different neurons, ascending, of `candidates` besides the one left out."""
    drawn = rng.choice(candidates, count, replace=False, shuffle=False)
    drawn.sort()
    if left_out is not None:
        drawn += drawn >= left_out
    return drawn


class Sparse(Weights):
    """Weights of few connections, kept as compressed sparse rows (CSR).

    Parameters
    ----------
    matrix : scipy.sparse matrix or array of shape (n_source, n_target)
        Of any format and real type; copied. Connections given twice are added up. Without
        scipy, `from_csr`, `random` and `fixed_in_degree` make the same.

    Attributes
    ----------
    indptr : ndarray of shape (n_source + 1,)
        Connections of source i are ``indptr[i]`` up to ``indptr[i + 1]``; intp, read-only.
    indices : ndarray of shape (connections,)
        Targets, ascending within a row, each at most once; int32, read-only.
    data : ndarray of shape (connections,)
        Weights, float64, read-only; one number in memory where all are alike. A connection of
        weight 0 that was given is kept.

    Examples
    --------
    >>> weights = Sparse.from_csr([0, 2, 3], [0, 2, 1], [0.5, 1.0, 0.25], (2, 3))
    >>> weights
    Sparse(shape=(2, 3), connections=3)
    >>> weights.row(0)
    array([0.5, 0. , 1. ])
    """

    indptr: Neurons
    indices: NDArray[np.int32]
    shape: tuple[int, int]
    _values: Floats

    def __init__(self, matrix: Any) -> None:
        (indptr, indices, data), shape = _sparse_formats.rows_of(self, matrix)
        self._in_order(indptr, indices, data, shape)

    def _take(self, indptr: ArrayLike, indices: ArrayLike, data: ArrayLike, shape: tuple[int, int]) -> Self:
        n_source, n_target = _validate.matrix_shape(self, shape)
        indices = _validate.whole_array(self, "indices", indices, None, n_target - 1)
        indptr = _validate.row_starts(self, indptr, n_source, len(indices))
        data = _validate.real_array(self, "data", data, (len(indices),))
        return self._in_order(indptr, indices, data, (n_source, n_target))

    def _in_order(self, indptr: Neurons, indices: Neurons, data: Floats, shape: tuple[int, int]) -> Self:
        # and once more where connections are added up: a sum of finite weights need not be finite
        _validate.all_finite(self, "data", data)
        if not _ascending(indptr, indices):
            rows = np.repeat(np.arange(shape[0]), np.diff(indptr))
            indptr, indices, data = _sparse_formats.by_row(rows, indices, data, shape)
            _validate.all_finite(self, "data", data)
        return self._keep(indptr, indices, data, shape)

    def _keep(self, indptr: Neurons, indices: Neurons, data: Floats, shape: tuple[int, int]) -> Self:
        _validate.at_most(self, "n_target", shape[1], MOST_TARGETS)
        alike = len(data) > 0 and (data == data[0]).all()
        return self._store(indptr=indptr, indices=indices.astype(np.int32), _values=data[:1].copy() if alike else data,
                           shape=shape)

    @property
    def data(self) -> Floats:
        """Weights, (connections,)."""
        return np.broadcast_to(self._values, self.indices.shape)

    @classmethod
    def from_csr(cls, indptr: ArrayLike, indices: ArrayLike, data: ArrayLike, shape: tuple[int, int]) -> Self:
        """Return weights from compressed sparse rows; scipy is not needed.

        Parameters
        ----------
        indptr : array_like of shape (n_source + 1,)
            Where each source's connections start in `indices` and `data`, and the last one's
            end: whole numbers from 0 to the number of connections, none below the one before.
        indices : array_like of shape (connections,)
            Target of each connection, in any order.
        data : array_like of shape (connections,)
            Weight of each connection.
        shape : tuple of int
            (n_source, n_target).

        Returns
        -------
        Sparse
            Has its own copies, in order; connections given twice are added up.
        """
        return cls.__new__(cls)._take(indptr, indices, data, shape)

    @classmethod
    def random(cls, n_source: int, n_target: int, p: float,
               weight: float | Callable[[np.random.Generator, int], ArrayLike], *, rng: Rng = None,
               self_connections: bool = True) -> Self:
        """Return weights that connect each pair of neurons with one probability, whatever the other pairs.

        Time and memory follow the number of connections, not of pairs.

        Parameters
        ----------
        n_source, n_target : int
            Sizes of the two populations.
        p : float
            Probability that a source is connected to a target, from 0 to 1.
        weight : float or callable
            Weight of all connections, or ``weight(rng, count)``, which is called once, after
            the connections have been drawn, and returns an array (count,) of weights in the
            order of `data`: source by source, targets ascending.
        rng : None, numpy.random.Generator, numpy.random.RandomState or seed, optional
            Where random numbers come from: None is a new generator, seeded by the system.
        self_connections : bool, optional
            Whether neuron i may be connected to neuron i; False needs n_source = n_target.

        Returns
        -------
        Sparse

        Examples
        --------
        >>> weights = Sparse.random(1000, 1000, 0.02, 0.5, rng=1)
        >>> abs(len(weights.data) - 20_000) < 600
        True
        >>> spread = Sparse.random(1000, 500, 0.02, lambda rng, count: rng.lognormal(0.0, 0.1, count), rng=1)
        >>> bool(abs(np.log(spread.data).std() - 0.1) < 0.005)
        True
        """
        owner = cls.__name__
        n_source, n_target = _validate.matrix_shape(owner, (n_source, n_target))
        p = _validate.at_most(owner, "p", _validate.number(owner, "p", p, at_least=0), 1)
        candidates = cls._candidates(n_source, n_target, n_target, self_connections)
        unseeded, (weight, rng) = rng is None, cls._weight_and_generator(weight, rng)
        indptr = _sparse_formats.starts(rng.binomial(candidates, p, n_source))
        indices = np.empty(indptr[-1], dtype=np.intp)
        for source in range(n_source):
            start, end = indptr[source], indptr[source + 1]
            indices[start:end] = _draw(rng, candidates, end - start, None if self_connections else source)
        return cls._weighed(indptr, indices, weight, rng, (n_source, n_target), unseeded)

    @classmethod
    def fixed_in_degree(cls, n_source: int, n_target: int, degree: int,
                        weight: float | Callable[[np.random.Generator, int], ArrayLike], *, rng: Rng = None,
                        self_connections: bool = True) -> Self:
        """Return weights that connect each target to the same number of sources, all different and drawn alike.

        Time and memory follow the number of connections, not of pairs.

        Parameters
        ----------
        n_source, n_target : int
            Sizes of the two populations.
        degree : int
            Number of sources of each target, from 0 to all.
        weight : float or callable
            As in `random`.
        rng : None, numpy.random.Generator, numpy.random.RandomState or seed, optional
            As in `random`.
        self_connections : bool, optional
            As in `random`.

        Returns
        -------
        Sparse

        Examples
        --------
        >>> weights = Sparse.fixed_in_degree(50, 20, 3, 1.0, rng=1)
        >>> weights.toarray().sum(axis=0).tolist() == [3.0]*20
        True
        """
        owner = cls.__name__
        n_source, n_target = _validate.matrix_shape(owner, (n_source, n_target))
        # one number a connection is drawn from these two
        _validate.at_most(owner, "n_source", n_source, MOST_TARGETS)
        candidates = cls._candidates(n_source, n_target, n_source, self_connections)
        degree = _validate.at_most(owner, "degree", _validate.whole(owner, "degree", degree, 0), candidates)
        unseeded, (weight, rng) = rng is None, cls._weight_and_generator(weight, rng)
        # one number a connection, which sorts by source, then by target
        places: NDArray[np.int64] = np.empty((n_target, degree), dtype=np.int64)
        for target, place in enumerate(places):
            place[:] = _draw(rng, candidates, degree, None if self_connections else target)*n_target + target
        places = places.reshape(-1)
        places.sort()
        indptr = np.searchsorted(places, np.arange(n_source + 1)*n_target).astype(np.intp)
        indices = np.remainder(places, n_target, out=places).astype(np.intp, copy=False)
        return cls._weighed(indptr, indices, weight, rng, (n_source, n_target), unseeded)

    @classmethod
    def _candidates(cls, n_source: int, n_target: int, size: int, self_connections: bool) -> int:
        _validate.at_most(cls.__name__, "n_target", n_target, MOST_TARGETS)
        if self_connections:
            return size
        _validate.same_size(cls.__name__, n_source, n_target, "where self_connections is False")
        return size - 1

    @classmethod
    def _weight_and_generator(cls, weight: Any, rng: Rng) -> tuple[Any, np.random.Generator]:
        if not callable(weight):
            weight = _validate.number(cls.__name__, "weight", weight)
        return weight, _generator(cls.__name__, rng)

    @classmethod
    def _weighed(cls, indptr: Neurons, indices: Neurons, weight: Any, rng: np.random.Generator,
                 shape: tuple[int, int], unseeded: bool) -> Self:
        count = len(indices)
        if callable(weight):
            data = _validate.real_array(cls.__name__, "weight(rng, count)", weight(rng, count), (count,))
        else:
            data = np.full(count, weight)
        drawn = cls.__new__(cls)._keep(indptr, indices, data, shape)
        # a network that these are in is not made again by its seed
        return drawn._store(_unseeded=True) if unseeded else drawn

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, connections={len(self.indices)})"

    def _fill(self, source: int, row: Floats) -> None:
        connections = slice(self.indptr[source], self.indptr[source + 1])
        row[:] = 0.0
        row[self.indices[connections]] = self.data[connections]

    def _parts(self) -> dict[str, Any]:
        return {"kind": WeightKind.SPARSE, "indptr": self.indptr, "indices": self.indices, "values": self._values}

    def _numbers(self) -> tuple[ArrayLike, bool]:
        return self._values, True

    def toscipy(self) -> Any:
        """Return the weights as a scipy sparse array; needs scipy.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_source, n_target)
            A copy, float64.
        """
        from scipy.sparse import csr_array

        return csr_array((self.data, self.indices, self.indptr), shape=self.shape, copy=True)

    @classmethod
    def _checked(cls, weights: Any, shape: tuple[int, int]) -> Sparse:
        _validate.at_most(weights, "n_target", shape[1], MOST_TARGETS)
        given = weights.indptr, weights.indices, weights._values
        indptr, indices, values = map(renewed, given)
        kinds = (np.intp, np.int32, np.float64)
        if any(array is None or array.dtype != kind or array.ndim != 1
               for array, kind in zip((indptr, indices, values), kinds)):
            return _made_again(*given, shape)
        _validate.all_from_0(weights, "indices", indices, shape[1] - 1)
        _validate.row_starts(weights, indptr, shape[0], len(indices))
        if len(values) != 1 or len(indices) == 0:
            numbers_of(weights, "_values", given[2], (len(indices),))
        _validate.all_finite(weights, "_values", values)
        if not _ascending(indptr, indices):
            return _made_again(indptr, indices, values, shape)
        return Sparse._of(indptr=indptr, indices=indices, _values=values, shape=shape)


def _made_again(indptr: Any, indices: Any, values: Any, shape: tuple[int, int]) -> Sparse:
    # one number in memory may stand for all
    alike = np.size(values) == 1
    return Sparse.from_csr(indptr, indices, np.broadcast_to(values, np.shape(indices)) if alike else values, shape)
