"""What one spike adds to its targets.

Weights are a matrix of shape (n_source, n_target): a spike of source i adds row i to its
targets. They have no unit; they multiply the `alpha` of the receptor that the spike reaches.
A kind keeps no more of the matrix than it needs:

=========== ============================================== =======================
kind        keeps                                          a spike costs
=========== ============================================== =======================
`Dense`     the matrix                                     n_target
`Sparse`    the connections there are                      connections of its source
`Ring`      one row, if a rotation makes all others of it  width of the row's bump
`Uniform`   one number                                     1
`OneToOne`  one number, or one a pair                      1
=========== ============================================== =======================

Weights are values: they are checked once, when made, and never change. Other weights are a
new object.
"""
from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from . import _sparse_formats, _validate
from ._core.shared.locked import locked, renewed
from ._core.shared.rows import WeightKind
from ._gate import is_many
from ._types import ArrayLike, Floats, Neurons, Rng, Values

__all__ = ["Weights", "Dense", "Sparse", "Ring", "Uniform", "OneToOne", "as_weights"]

# a bump is cut where it is too small to be seen next to the largest weight
NEGLIGIBLE = 1e-17
# targets are 32-bit integers
MOST_TARGETS = 2**31 - 1


def _generator(owner: object, rng: Any) -> np.random.Generator:
    rng = _validate.random_source(owner, rng)
    if isinstance(rng, np.random.RandomState):
        rng = rng.randint(0, 2**32, 4, dtype=np.uint32)
    return np.random.default_rng(rng)


class Weights:
    """What one spike of each source neuron adds to each target neuron; subclasses say how it is kept.

    A subclass defines `_fill`, which writes one source's weights; `row` and `toarray` both
    come from it and so agree bit for bit. Arrays that weights hold are C-contiguous, and
    nothing they hold can be assigned to.

    Attributes
    ----------
    shape : tuple of int or None
        (n_source, n_target). `Uniform` and `OneToOne` may leave it to `bound`.
    """

    shape: tuple[int, int] | None

    def _store(self, **values: Any) -> Self:
        for name, value in values.items():
            # not to be made writeable again: kernels go by what was checked
            self.__dict__[name] = locked(value) if isinstance(value, np.ndarray) and renewed(value) is None else value
        return self

    @classmethod
    def _of(cls, **values: Any) -> Self:
        # what the class itself computes is not checked again
        return cls.__new__(cls)._store(**values)

    def __setattr__(self, name: str, value: Any) -> None:
        _validate.no_change(self, name)

    def __delattr__(self, name: str) -> None:
        _validate.no_change(self, name)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # arrays come out of a pickle writeable, and need not be this object's alone
        self._store(**{name: np.array(value) if isinstance(value, np.ndarray) else value
                       for name, value in state.items()})

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape})"

    def _fill(self, source: int, row: Floats) -> None:
        raise NotImplementedError(f"{type(self).__name__}: _fill is not defined by Weights")

    def _parts(self) -> dict[str, Any]:
        """Return what the loops have of the weights, by the names of `Rows`: the kind of weights, and its arrays."""
        raise NotImplementedError(f"{type(self).__name__}: _parts is not defined by Weights")

    def _numbers(self) -> tuple[ArrayLike, bool]:
        """Return the weights, each at least once, and whether there may be others, which are 0."""
        raise NotImplementedError(f"{type(self).__name__}: _numbers is not defined by Weights")

    def _with_shape(self, n_source: int, n_target: int) -> Weights:
        raise NotImplementedError(f"{type(self).__name__}: _with_shape is not defined by Weights")

    def row(self, source: int) -> Floats:
        """Return what a spike of one source neuron adds.

        Parameters
        ----------
        source : int
            The source neuron; negative ones count from the end.

        Returns
        -------
        ndarray of shape (n_target,)
            A new array, float64, equal bit for bit to ``toarray()[source]``.
        """
        n_source, n_target = _validate.known_shape(self, self.shape)
        row = np.empty(n_target)
        self._fill(_validate.index(self, "source", source, n_source) % n_source, row)
        return row

    def toarray(self) -> Floats:
        """Return the whole matrix.

        Returns
        -------
        ndarray of shape (n_source, n_target)
            A new array, float64.

        Raises
        ------
        ValueError
            If the shape is not known yet.
        """
        matrix = np.empty(_validate.known_shape(self, self.shape))
        for source, row in enumerate(matrix):
            self._fill(source, row)
        return matrix

    def bound(self, n_source: int, n_target: int) -> Weights:
        """Return these weights as they are between populations of given sizes.

        Parameters
        ----------
        n_source, n_target : int
            Sizes of the two populations.

        Returns
        -------
        Weights
            The same object, or a new one with the shape if it had none.

        Raises
        ------
        ValueError
            If the shape is another.
        """
        wanted = _validate.matrix_shape(self, (n_source, n_target))
        if self.shape is None:
            return self._with_shape(*wanted)
        _validate.same_shape(self, self.shape, wanted)
        return self


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
        unseeded, (weight, rng) = rng is None, cls._checked(weight, rng)
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
        unseeded, (weight, rng) = rng is None, cls._checked(weight, rng)
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
    def _checked(cls, weight: Any, rng: Rng) -> tuple[Any, np.random.Generator]:
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


def _arc(kept: Neurons, n: int) -> tuple[int, int]:
    """Return first place and width of the shortest stretch of a ring that has all of `kept` (ascending) on it."""
    if len(kept) == 0:
        return 0, 0
    gaps = kept - np.roll(kept, 1)
    gaps[0] += n
    widest = int(np.argmax(gaps))
    first, width = int(kept[widest]), n - int(gaps[widest]) + 1
    # a bump around its source begins before it
    return (first - n if 2*first > n else first), width


class Ring(Weights):
    """Weights from a ring of n neurons to a ring of n neurons that depend only on how far apart two neurons are.

    ``weights[i, j] = row[(j - i) % n]``. The row is kept in two parts: a number `flat` that
    every target gets, and on top of it a `bump` that few of them get.

    Parameters
    ----------
    row : array_like of shape (n,)
        Weights of source 0.
    flat : float, optional
        The part of them that is kept as one number. With 0 the weights are `row` exactly;
        with another number they are ``flat + (row - flat)``, rounded.
    tolerance : float, optional
        The bump is the shortest stretch of the ring outside of which
        ``abs(row - flat) <= tolerance*max(abs(row - flat))``; there, the weights become `flat`.
        From 0 to 1; 0 cuts nothing but what is equal to `flat`.

    Attributes
    ----------
    flat : float
        What every target gets.
    bump : ndarray of shape (width,)
        What neighbours get in addition: target ``(source + first + k) % n`` gets
        ``flat + bump[k]``. Float64, read-only.
    first : int
        Where the bump begins, from the source on; from -n/2 to n/2.

    Examples
    --------
    >>> weights = Ring([0.5, 0.25, 0.0, 0.0, 0.25])
    >>> weights.row(1)
    array([0.25, 0.5 , 0.25, 0.  , 0.  ])
    >>> weights.first, weights.width
    (-1, 3)
    """

    flat: float
    bump: Floats
    first: int
    shape: tuple[int, int]

    def __init__(self, row: ArrayLike, *, flat: float = 0.0, tolerance: float = 0.0) -> None:
        row = _validate.real_array(self, "row", row, ("n",))
        flat = _validate.number(self, "flat", flat)
        tolerance = self._tolerance(tolerance)
        with np.errstate(over="ignore"):
            bump = _validate.all_finite(self, "(row - flat)", row - flat)
        self._cut(flat, bump, tolerance)

    @classmethod
    def _tolerance(cls, tolerance: float) -> float:
        owner = cls.__name__
        return _validate.at_most(owner, "tolerance", _validate.number(owner, "tolerance", tolerance, at_least=0), 1)

    def _cut(self, flat: float, bump: Floats, tolerance: float) -> Self:
        n, height = len(bump), np.abs(bump)
        first, width = _arc(np.flatnonzero(height > tolerance*height.max()), n)
        kept = bump[(first + np.arange(width)) % n]
        return self._store(flat=float(flat), bump=kept, first=first, shape=(n, n))

    @classmethod
    def from_profile(cls, n: int, prop: float = 0.7, sigma: float = 0.05, scale: float = 1.0,
                     tolerance: float = NEGLIGIBLE) -> Self:
        """Return the tuned weights of the published ring model.

        Between neurons at angles a and b they are proportional to
        ``(1 - prop) + prop*exp(2*pi/sigma*(cos(a - b) - 1))``, and those onto each target add
        up to `scale`.

        Parameters
        ----------
        n : int
            Number of neurons, at angles ``2*pi*k/n``.
        prop : float, optional
            Share of the tuned part at its peak, from 0 (all weights alike) to 1.
        sigma : float, optional
            Width of the tuning, > 0: near its peak the tuned part is a Gaussian whose
            standard deviation is ``sqrt(sigma/(2*pi))`` radians.
        scale : float, optional
            What the weights onto each target add up to.
        tolerance : float, optional
            As of `Ring`. The default, 1e-17, changes no weight by more than 1e-17 of the
            largest one; 0 keeps all that does not underflow.

        Returns
        -------
        Ring

        Notes
        -----
        All rows are rotations of one, right to 1e-15 of the largest weight. The published
        matrix is not quite a ring: its exponent, ``2*pi/sigma`` times the cosine of a difference
        of angles less 1, magnifies the rounding of each pair. At n = 1024 and sigma = 0.05 it
        differs by 3e-14 of the largest weight from these (the smaller sigma, the more), and by
        as much from row to row. A run that has to repeat one of the published code bit for bit
        takes `Dense` of the published matrix.

        Examples
        --------
        >>> weights = Ring.from_profile(1024)
        >>> weights.first, weights.width
        (-132, 265)
        >>> float(weights.row(7).sum().round(12))
        1.0
        """
        owner = cls.__name__
        n = _validate.whole(owner, "n", n, 1)
        prop = _validate.at_most(owner, "prop", _validate.number(owner, "prop", prop, at_least=0), 1)
        sigma = _validate.number(owner, "sigma", sigma, above=0)
        scale = _validate.number(owner, "scale", scale)
        tolerance = cls._tolerance(tolerance)
        steps = np.arange(n)
        apart = np.pi*np.minimum(steps, n - steps)/n
        with np.errstate(over="ignore", under="ignore"):
            # cos(2x) - 1 without its cancellation at the peak
            tuned = prop*np.exp(-4*np.pi*np.sin(apart)**2/sigma)
            total = n*(1 - prop) + tuned.sum()
            return cls.__new__(cls)._cut(scale*((1 - prop)/total), scale*(tuned/total), tolerance)

    @property
    def width(self) -> int:
        """Number of targets on the bump."""
        return len(self.bump)

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(shape={self.shape}, flat={self.flat:.6g}, first={self.first}, "
                f"width={self.width})")

    def _fill(self, source: int, row: Floats) -> None:
        row[:] = self.flat
        row[(source + self.first + np.arange(self.width)) % len(row)] = self.flat + self.bump

    def _parts(self) -> dict[str, Any]:
        return {"kind": WeightKind.RING, "values": self.bump, "flat": self.flat, "first": self.first}

    def _numbers(self) -> tuple[ArrayLike, bool]:
        return np.append(self.flat + self.bump, self.flat), False


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
    kind = next((kind for kind in _CHECKS if isinstance(weights, kind)), Weights)
    own = {name for name in _OWN if name in vars(weights)
           or getattr(type(weights), name, None) is not getattr(kind, name, None)}
    if kind in _CHECKS and not own:
        return _CHECKS[kind](weights, shape)
    matrix: Any
    if own & {"toarray", "_fill"} or "row" not in own:
        name, matrix = "toarray()", weights.toarray()
    else:
        # what only `row` knows is not in `toarray`
        name, matrix = "row(source) of each source", [weights.row(source) for source in range(shape[0])]
    return Dense._of(array=_validate.real_array(weights, name, matrix, shape), shape=shape)


def _numbers(weights: Weights, name: str, value: Any, sizes: tuple[int | str, ...]) -> Floats:
    """Return an array of finite numbers as it is for kernels: read only where it is locked already, else copied."""
    known = renewed(value)
    if known is None or known.dtype != np.float64 or not _fits(known.shape, sizes):
        return _validate.real_array(weights, name, value, sizes)
    return _validate.all_finite(weights, name, known)


def _fits(shape: tuple[int, ...], sizes: tuple[int | str, ...]) -> bool:
    return len(shape) == len(sizes) and all(isinstance(want, str) or have == want for have, want in zip(shape, sizes))


def _check_dense(weights: Any, shape: tuple[int, int]) -> Weights:
    return Dense._of(array=_numbers(weights, "array", weights.array, shape), shape=shape)


def _check_sparse(weights: Any, shape: tuple[int, int]) -> Weights:
    _validate.at_most(weights, "n_target", shape[1], MOST_TARGETS)
    given = weights.indptr, weights.indices, weights._values
    indptr, indices, values = map(renewed, given)
    kinds = (np.intp, np.int32, np.float64)
    if any(array is None or array.dtype != kind or array.ndim != 1
           for array, kind in zip((indptr, indices, values), kinds)):
        return _new_sparse(*given, shape)
    _validate.all_from_0(weights, "indices", indices, shape[1] - 1)
    _validate.row_starts(weights, indptr, shape[0], len(indices))
    if len(values) != 1 or len(indices) == 0:
        _numbers(weights, "_values", given[2], (len(indices),))
    _validate.all_finite(weights, "_values", values)
    if not _ascending(indptr, indices):
        return _new_sparse(indptr, indices, values, shape)
    return Sparse._of(indptr=indptr, indices=indices, _values=values, shape=shape)


def _new_sparse(indptr: Any, indices: Any, values: Any, shape: tuple[int, int]) -> Weights:
    # one number in memory may stand for all
    alike = np.size(values) == 1
    return Sparse.from_csr(indptr, indices, np.broadcast_to(values, np.shape(indices)) if alike else values, shape)


def _check_ring(weights: Any, shape: tuple[int, int]) -> Weights:
    n = shape[0]
    _validate.same_size(weights, *shape, "of a ring")
    bump = weights.bump
    bump = _numbers(weights, "bump", bump, ("width",)) if np.size(bump) else np.empty(0)
    _validate.at_most(weights, "width", len(bump), n)
    first = _validate.whole(weights, "first", weights.first, -n, n)
    return Ring._of(flat=_validate.number(weights, "flat", weights.flat), bump=bump, first=first, shape=shape)


def _check_uniform(weights: Any, shape: tuple[int, int]) -> Weights:
    return Uniform._of(weight=_validate.number(weights, "weight", weights.weight), shape=shape)


def _check_one_to_one(weights: Any, shape: tuple[int, int]) -> Weights:
    _validate.same_size(weights, *shape, "for one-to-one weights")
    weight = weights.weight
    if is_many(weight):
        return OneToOne._of(weight=_numbers(weights, "weight", weight, (shape[0],)), shape=shape)
    return OneToOne._of(weight=_validate.number(weights, "weight", weight), shape=shape)


_CHECKS: dict[type[Weights], Callable[[Any, tuple[int, int]], Weights]] = {
    Dense: _check_dense, Sparse: _check_sparse, Ring: _check_ring, Uniform: _check_uniform,
    OneToOne: _check_one_to_one}
