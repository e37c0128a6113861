"""What all forms of weights have in common."""
from __future__ import annotations

from typing import Any, Self

import numpy as np

from .. import _validate
from .._core.shared.locked import locked, renewed
from .._types import ArrayLike, Floats


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

    @classmethod
    def _checked(cls, weights: Any, shape: tuple[int, int]) -> Weights:
        """Return what an object of this class or a subclass holds as a new one of this class, checked again."""
        raise NotImplementedError(f"{cls.__name__}: _checked is not defined by Weights")

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


def numbers_of(weights: Weights, name: str, value: Any, sizes: tuple[int | str, ...]) -> Floats:
    """Return an array of finite numbers as it is for kernels: read only where it is locked already, else copied."""
    known = renewed(value)
    if known is None or known.dtype != np.float64 or not _fits(known.shape, sizes):
        return _validate.real_array(weights, name, value, sizes)
    return _validate.all_finite(weights, name, known)


def _fits(shape: tuple[int, ...], sizes: tuple[int | str, ...]) -> bool:
    return len(shape) == len(sizes) and all(isinstance(want, str) or have == want for have, want in zip(shape, sizes))
