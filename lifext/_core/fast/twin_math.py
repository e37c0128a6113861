"""NumPy twins of exp and of powers of two as the kernels have them (`double_math.pxd`, `single_math.pxd`)."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._types import ArrayLike, Floats, Singles

# exp(r) is 1 + r + r^2 q(r); lowest power first
EXP_COEFFICIENTS = (5.0000000000000111e-01, 1.6666666666666410e-01, 4.1666666666530147e-02, 8.3333333334947797e-03,
                    1.3888888943638942e-03, 1.9841269506371443e-04, 2.4801493085711925e-05, 2.7557586237143528e-06,
                    2.7630254037633321e-07, 2.5000182434477149e-08)
ROUNDER = 1.5 * 2.0**52
SINGLE_ROUNDER = np.float32(1.5 * 2.0**23)
SINGLE_EXP_COEFFICIENTS = tuple(map(np.float32, (
    4.9999994e-01, 1.66665211e-01, 4.16683890e-02, 8.36871006e-03, 1.38146116e-03)))


def fast_exp(x: ArrayLike) -> Floats:
    """Return exp(x) as the kernels have it.

    Parameters
    ----------
    x : array_like
        Of any shape.

    Returns
    -------
    ndarray
        0 below -708, infinite above 709.78.
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        rounded = x * 1.4426950408889634 + ROUNDER
        n = rounded - ROUNDER
        main, rest = x - n * 6.93147180369123816490e-01, n * 1.90821492927058770002e-10
        r = main - rest
        square = r * r
        fourth = square * square
        pairs = [a + b * r for a, b in zip(EXP_COEFFICIENTS[::2], EXP_COEFFICIENTS[1::2])]
        low, high = pairs[0] + pairs[1] * square, pairs[2] + pairs[3] * square
        q = low + (high + pairs[4] * fourth) * fourth
        mantissa = np.asarray(1.0 + (main - (rest - square * q)))
    y = _scaled(mantissa, rounded)
    return np.where(x > 709.78, np.inf, np.where(x < -708.0, 0.0, y))


def _scaled(value: NDArray[Any], rounded: NDArray[Any]) -> Floats:
    # the last bits of `rounded` are n, which is added to the exponent
    return (value.view(np.uint64) + (np.asarray(rounded).view(np.uint64) << np.uint64(52))).view(np.float64)


def power_of_two(y: ArrayLike) -> tuple[Floats, Floats]:
    """Return 2^y as a quotient, as the kernels have it.

    Parameters
    ----------
    y : array_like
        Of any shape; the power of two in it stays within 1000 on both sides.

    Returns
    -------
    above, below : ndarray
        Of the same shape.
    """
    y = np.asarray(y, dtype=np.float64)
    with np.errstate(all="ignore"):
        rounded = y + ROUNDER
        f = y - (rounded - ROUNDER)
        square = f * f
        even = (square + 233.18424021822383) * square + 4368.212254935927
        odd = f * ((0.023093343064777217 * square + 20.202067411898412) * square + 1513.9070042981193)
        return _scaled(np.asarray(even + odd), np.clip(rounded, ROUNDER - 1000, ROUNDER + 1000)), even - odd


def single_exp(x: ArrayLike) -> Singles:
    """Return exp(x) as the kernels in single precision have it.

    Parameters
    ----------
    x : array_like of float32
        Of any shape but that of a number.

    Returns
    -------
    ndarray of float32
        0 below -87, infinite above 88.72.
    """
    x = np.asarray(x, dtype=np.float32)
    with np.errstate(all="ignore"):
        rounded = x * np.float32(1.44269504) + SINGLE_ROUNDER
        n = rounded - SINGLE_ROUNDER
        main, rest = x - n * np.float32(0.693359375), n * np.float32(-2.12194440e-4)
        r = main - rest
        square = r * r
        a, b, c, d, e = SINGLE_EXP_COEFFICIENTS
        q = (a + b * r) + ((c + d * r) + e * square) * square
        y = _scaled_single(np.float32(1) + (main - (rest - square * q)), rounded)
    return np.where(x > np.float32(88.72), np.float32(np.inf), np.where(x < -87, np.float32(0), y))


def _scaled_single(value: Singles, rounded: Singles) -> Singles:
    return (value.view(np.uint32) + (rounded.view(np.uint32) << np.uint32(23))).view(np.float32)


def single_power_of_two(y: ArrayLike) -> tuple[Singles, Singles]:
    """Return 2^y as a quotient, as the kernels in single precision have it.

    Parameters
    ----------
    y : array_like of float32
        Of any shape but that of a number; taken as within 100 on both sides.

    Returns
    -------
    above, below : ndarray of float32
        Of the same shape.
    """
    y = np.clip(np.asarray(y, dtype=np.float32), np.float32(-100), np.float32(100))
    rounded = y + SINGLE_ROUNDER
    f = y - (rounded - SINGLE_ROUNDER)
    square = f * f
    even, odd = square + np.float32(20.818924), f * (np.float32(0.0576900728) * square + np.float32(7.21528912))
    return _scaled_single(even + odd, rounded), even - odd
