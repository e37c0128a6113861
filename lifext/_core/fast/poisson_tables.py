"""Tables from which the fast arithmetic draws how many spikes a Poisson train brings in a step."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..._types import Neurons

# whole numbers without a sign, of 32 or 64 bits
Words: TypeAlias = NDArray[Any]

# Arrivals in a step of a block, on average, for which a table is still of a reasonable size.
MOST = 1e6
GUIDE = 64
_ALL = np.uint64(2**64 - 1)


def count_table(mean: float) -> tuple[int, Words, Words]:
    """Return the table of one Poisson distribution, for drawing from it by inversion.

    Made of products and quotients alone, which round alike on every machine. Beyond ten standard
    deviations, where less than 1e-20 is left, the distribution is cut.

    Parameters
    ----------
    mean : float
        >= 0.

    Returns
    -------
    least : int
        The count that the first row stands for; each row stands for one more than the one before.
    below : ndarray of uint64
        2^64 times the probability of at most that count, less 1.
    guide : ndarray of uint32, shape (64,)
        For each value of the first six bits of a random number, the first row that it can mean.
    """
    if mean == 0:
        return 0, np.array([_ALL]), np.zeros(GUIDE, dtype=np.uint32)
    peak, spread = int(mean), 10*np.sqrt(mean)
    lowest, highest = max(0, int(mean - spread - 10)), int(mean + spread + 40)
    # probabilities relative to that of the peak
    up = np.cumprod(mean/np.arange(peak + 1, highest + 1))
    down = np.cumprod(np.arange(peak, lowest, -1)/mean)
    reached = np.cumsum(np.concatenate([down[::-1], [1.0], up]))
    reached /= reached[-1]
    certain = reached > 1 - 2.0**-53
    reached[certain] = 0.5
    scaled = np.ldexp(reached, 64).astype(np.uint64)
    kept = scaled > 0
    below = scaled[kept] - np.uint64(1)
    below[certain[kept]] = _ALL
    starts = np.arange(GUIDE, dtype=np.uint64) << np.uint64(58)
    return lowest + int(np.argmax(kept)), below, np.searchsorted(below, starts).astype(np.uint32)


def count_tables(means: Iterable[float]) -> tuple[Neurons, Neurons, Words, Words]:
    """Return the tables of several distributions, one behind the other.

    Parameters
    ----------
    means : array_like of shape (m,)
        >= 0.

    Returns
    -------
    first : ndarray of intp, shape (m,)
        Where each table begins in `below`.
    least : ndarray of intp, shape (m,)
    below : ndarray of uint64
    guide : ndarray of uint32, shape (64*m,)
    """
    tables = [count_table(float(mean)) for mean in means]
    first = np.zeros(len(tables), dtype=np.intp)
    np.cumsum([len(below) for _, below, _ in tables[:-1]], out=first[1:])
    return (first, np.array([least for least, _, _ in tables], dtype=np.intp),
            np.concatenate([below for _, below, _ in tables]), np.concatenate([guide for _, _, guide in tables]))
