"""Where arrays that kernels walk begin in memory."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LINE = 64


def in_whole_lines(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy that begins where a line of the cache does.

    A vector of eight numbers then lies in one line; in the midst of two it takes twice as long to load and to store.

    Parameters
    ----------
    array : ndarray of shape (n,)
        Of any type.

    Returns
    -------
    ndarray of shape (n,)
    """
    if array.size == 0:
        return array.copy()
    space = bytearray(array.nbytes + LINE)
    # of a buffer, not of an array: a view of the copy then holds the copy, and is counted as one who holds it
    start = -address(np.frombuffer(space, dtype=np.uint8)) % LINE
    copy = np.frombuffer(space, dtype=array.dtype, count=array.size, offset=start)
    copy[:] = array
    return copy


def address(array: NDArray[Any]) -> int:
    """Return where the memory of an array begins."""
    return int(array.__array_interface__["data"][0])
