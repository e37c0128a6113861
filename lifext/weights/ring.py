"""Weights between two rings, which depend on the distance only."""
from __future__ import annotations

from typing import Any, Self

import numpy as np

from .. import _validate
from .._core.shared.rows import WeightKind
from .._types import ArrayLike, Floats, Neurons
from ._base import Weights, numbers_of

# a bump is cut where it is too small to be seen next to the largest weight
NEGLIGIBLE = 1e-17


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
        numbers = self.flat + self.bump
        return numbers if self.width == self.shape[1] else np.append(numbers, self.flat), False

    @classmethod
    def _checked(cls, weights: Any, shape: tuple[int, int]) -> Ring:
        n = shape[0]
        _validate.same_size(weights, *shape, "of a ring")
        bump = weights.bump
        bump = numbers_of(weights, "bump", bump, ("width",)) if np.size(bump) else np.empty(0)
        _validate.at_most(weights, "width", len(bump), n)
        first = _validate.whole(weights, "first", weights.first, -n, n)
        return Ring._of(flat=_validate.number(weights, "flat", weights.flat), bump=bump, first=first, shape=shape)
