"""Runge-Kutta increments for initial value problems, with the published code's names."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["RK2", "RK4"]


def RK2(fun: Callable[[float, Any], Any], t0: float, y0: Any, dt: float) -> Any:
    """Return the increment of one step of the second-order Runge-Kutta (Heun) method.

    Parameters
    ----------
    fun : callable
        ``fun(t, y)`` is the slope of y.
    t0 : float
        Start of the step.
    y0 : float or ndarray
        Value at `t0`.
    dt : float
        Length of the step.

    Returns
    -------
    float or ndarray
        ``dt*(k1 + k2)/2``, to be added to `y0`.

    Examples
    --------
    >>> RK2(lambda t, y: -y, 0.0, 1.0, 0.1)
    -0.095
    """
    k1 = fun(t0, y0)
    k2 = fun(t0 + dt, y0 + k1 * dt)
    return dt * (k1 + k2) / 2


def RK4(fun: Callable[[float, Any], Any], t0: float, y0: Any, dt: float) -> Any:
    """Return the increment of one step of the classical fourth-order Runge-Kutta method.

    Parameters
    ----------
    fun, t0, y0, dt
        As in `RK2`.

    Returns
    -------
    float or ndarray
        ``dt*(k1 + 2*k2 + 2*k3 + k4)/6``, to be added to `y0`.

    Examples
    --------
    >>> round(RK4(lambda t, y: -y, 0.0, 1.0, 0.1), 7)
    -0.0951625
    """
    half = 0.5 * dt
    k1 = fun(t0, y0)
    k2 = fun(t0 + half, y0 + 0.5 * k1 * dt)
    k3 = fun(t0 + half, y0 + 0.5 * k2 * dt)
    k4 = fun(t0 + dt, y0 + k3 * dt)
    return dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6
