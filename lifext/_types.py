"""Types that several modules speak of; shapes are in the docstrings."""
import os
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ArrayLike", "Bools", "Dtype", "Floats", "Neurons", "Part", "Path", "RandomSource", "Rng", "Seed", "Singles",
           "Values", "View"]

Floats: TypeAlias = NDArray[np.float64]
Singles: TypeAlias = NDArray[np.float32]
Bools: TypeAlias = NDArray[np.bool_]
# indices of neurons, and numbers of steps
Neurons: TypeAlias = NDArray[np.intp]
# a parameter: one number for all neurons, or one a neuron
Values: TypeAlias = float | Floats
# a memoryview of Cython's, which NumPy takes as an array
View: TypeAlias = Any

RandomSource: TypeAlias = np.random.Generator | np.random.RandomState
# what a user says for a source: None is NumPy's global generator
Rng: TypeAlias = RandomSource | np.random.SeedSequence | int | None
Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None
Path: TypeAlias = str | os.PathLike[str]
# of a network's state
Dtype: TypeAlias = str | np.dtype[Any] | type[np.floating[Any]]


class Part(Protocol):
    """What a current or gating of a user's own has to have: the methods of the class whose place it takes."""

    def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: Any) -> None: ...
