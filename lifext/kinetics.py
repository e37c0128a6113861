"""Gating of one receptor type: how the fraction of open channels follows the spikes.

The classes of the published code, with its names, arguments and attributes. Each holds one
gating variable ``s`` per postsynaptic neuron; the walk through a step's spikes is compiled.

References
----------
.. [1] Wang, X.-J. (1999). Synaptic basis of cortical persistent activity: the importance of
   NMDA receptors to working memory. J Neurosci 19:9587-9603.
.. [2] Compte, A., Brunel, N., Goldman-Rakic, P. S. and Wang, X.-J. (2000). Synaptic mechanisms
   and network dynamics underlying spatial working memory in a cortical network model.
   Cereb Cortex 10:910-923.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _plausible, _validate
from ._attributes import Flag, Index, NotLowered, Parameter, Size, State, Watched, lowerable
from ._core import kernels
from ._core.compat import reference
from ._core.shared import equations
from ._core.shared.buffers import Gating, GatingKind, Recorder
from ._types import ArrayLike, Floats

__all__ = ["kineticBase", "firstOrdKin", "firstOrdKinExp", "secondOrdKin"]


class kineticBase(Watched):
    """A gating variable for each neuron; subclasses say how it moves.

    Parameters
    ----------
    size : int
        Number of postsynaptic neurons.
    track : bool, optional
        Whether every `update` appends the gating of one neuron to `tracked_s`.
    track_ID : int, optional
        That neuron.

    Attributes
    ----------
    tracked_s : list of float
        Open fraction of neuron `track_ID` after each update.

    Raises
    ------
    ValueError
        If `size` is not a whole number >= 1, or `track_ID` not one of its neurons.
    """

    size = Size()
    track = Flag()
    track_ID = Index()
    _s = State()
    _prev_s = State()

    def __init__(self, size: int, track: bool = False, track_ID: int = 0, **unknown: Any) -> None:
        _validate.no_more(self, unknown)
        self.size = size
        self.track = track
        self.track_ID = track_ID
        self.tracked_s: list[float] = []
        self._s = np.zeros(self.size)
        self._prev_s = np.zeros(self.size)

    def project(self, dt: float) -> Floats:
        """Predict the gating `dt` ahead if no spike arrives (subclasses)."""
        raise NotImplementedError(f"{type(self).__name__}: project is not defined by kineticBase")

    def update(self, dt: float, spk_times: ArrayLike, weights: ArrayLike) -> None:
        """Take the gating through the spikes of a step (subclasses)."""
        raise NotImplementedError(f"{type(self).__name__}: update is not defined by kineticBase")

    def kinetic(self, dt: float) -> Floats:
        """Return the open fractions before (`dt` = 0) or after the last update.

        Parameters
        ----------
        dt : float
            0, or the step, ms.

        Returns
        -------
        ndarray of shape (size,)
            A copy.
        """
        _validate.duration(self, dt)
        return np.copy(self._prev_s if dt == 0 else self._s)

    def reset(self) -> None:
        """Close all channels and forget what was tracked."""
        self._s = np.zeros(self.size)
        self._prev_s = np.zeros(self.size)
        self.tracked_s = []

    def _track_step(self) -> None:
        if self.track:
            self.tracked_s.append(float(self._s[self.track_ID]))

    def _recorders(self) -> list[Recorder]:
        return [Recorder(self.__dict__, "tracked_s", self._s, self._tracked())] if self.track else []

    def _tracked(self) -> int:
        # counted from the front
        return range(self.size)[self.track_ID]


class _CompiledKinetic(kineticBase):
    """What the three kinetics share: their walk is a kernel's, unless a subclass changed a part of it."""

    _project_by_parts: Callable[[float], Floats]
    _walk_by_parts: Callable[[float, Floats, Floats], None]

    _elsewhere = {"alpha": "set alpha_s", "tau": "set tau_s"}

    def project(self, dt: float) -> Floats:
        """Predict the open fractions if no spike arrives; nothing is changed.

        Parameters
        ----------
        dt : float
            How far ahead, ms; 0 gives the fractions as they are.

        Returns
        -------
        ndarray of shape (size,)
        """
        _validate.duration(self, dt)
        if dt == 0:
            return np.copy(self._s)
        try:
            return kernels.project_gating(self._lowered_now(), dt)  # type: ignore[no-any-return]
        except NotLowered:
            return self._project_by_parts(dt)

    def update(self, dt: float, spk_times: ArrayLike, weights: ArrayLike) -> None:
        """Take the gating through a step and its spikes, in the order given.

        Parameters
        ----------
        dt : float
            Length of the step, ms.
        spk_times : array_like of shape (n,)
            When the spikes come, ms after the start of the step.
        weights : array_like of shape (n, size)
            Row k is what spike k adds to each neuron.

        Raises
        ------
        ValueError
            If a time or weight is not finite, or the shapes do not match.
        """
        _validate.duration(self, dt)
        times, rows = _validate.spike_train(self, spk_times, weights, self.size)
        try:
            kernels.walk(self._lowered_now(), dt, times, rows)
        except NotLowered:
            self.__dict__["_prev_s"] = np.copy(self._s)
            self._walk_by_parts(dt, times, rows)
        self._track_step()


@lowerable("project", "update", "kinetic", "_loss_prop", "_track_step")
class firstOrdKin(_CompiledKinetic):
    """A bounded gating variable: spikes open a part of what is closed, by Euler steps in between [1]_.

    Between spikes ``s`` is multiplied by ``1 - d/tau_s``; a spike of weight w adds
    ``alpha_s*w*(1 - s)`` (eq. 6).

    Parameters
    ----------
    size : int
        Number of postsynaptic neurons.
    alpha_s : float or array_like of shape (size,)
        Part of the closed channels that a spike of weight 1 opens.
    tau_s : float or array_like of shape (size,)
        Decay time, ms, > 0.
    **kwargs
        `track` and `track_ID` of `kineticBase`.

    References
    ----------
    .. [1] Wang, X.-J. (1999). J Neurosci 19:9587-9603.

    Examples
    --------
    >>> kinetic = firstOrdKin(1, alpha_s=0.5, tau_s=80)
    >>> kinetic.update(0.05, [0.0], [[1.0]])
    >>> kinetic.kinetic(0.05)
    array([0.4996875])
    """

    alpha_s = Parameter(usual=_plausible.JUMP)
    tau_s = Parameter(above=0, usual=_plausible.DECAY_TIME)

    _kind = GatingKind.LINEAR

    def __init__(self, size: int, alpha_s: ArrayLike, tau_s: ArrayLike, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self.alpha_s = alpha_s
        self.tau_s = tau_s

    def _loss_prop(self, dt: float) -> Any:
        return equations.linear_decay(dt, self.tau_s)

    def _jump(self, s: Floats, w: Floats) -> Any:
        return equations.saturating_jump(s, self.alpha_s, w)

    def _project_by_parts(self, dt: float) -> Floats:
        return reference.project_first_order(self._s, self._loss_prop(dt))

    def _walk_by_parts(self, dt: float, times: Floats, rows: Floats) -> None:
        reference.walk_first_order(self._s, dt, times, rows, self._loss_prop, self._jump)

    def _lower(self) -> Gating:
        nothing = np.empty(0)
        self._line_up("_s")
        return Gating(self._kind, self._s, self._own("_prev_s")[0], nothing, nothing,
                      self.alpha_s, self.tau_s, 0.0, 0.0).seal([self._prev_s], self._recorders())


@lowerable("project", "update", "kinetic", "_loss_prop", "_track_step")
class firstOrdKinExp(firstOrdKin):
    """An unbounded gating variable with exponential decay [1]_.

    Between spikes ``s`` is multiplied by ``exp(-d/tau_s)``; a spike of weight w adds ``alpha_s*w``.

    Parameters
    ----------
    size, alpha_s, tau_s, **kwargs
        As in `firstOrdKin`.

    References
    ----------
    .. [1] Compte, A. et al. (2000). Cereb Cortex 10:910-923.

    Examples
    --------
    >>> kinetic = firstOrdKinExp(1, alpha_s=1, tau_s=2)
    >>> kinetic.update(2.0, [0.0], [[1.0]])
    >>> kinetic.kinetic(2.0)
    array([0.36787944])
    """

    _kind = GatingKind.EXPONENTIAL

    def _loss_prop(self, dt: float) -> Any:
        return equations.exponential_decay(dt, self.tau_s)

    def _jump(self, s: Floats, w: Floats) -> Any:
        return equations.jump(s, self.alpha_s, w)


@lowerable("project", "update", "kinetic", "_dsdt", "_track_step")
class secondOrdKin(_CompiledKinetic):
    """A gating variable with a rise: spikes drive ``x``, and ``x`` opens what is closed [1]_.

    Over a time d without spikes, by one Euler step (eqs. 4 and 5), ``s`` grows by
    ``d*(alpha_s*x*(1 - d/tau_x)*(1 - s) - s/tau_s)`` and ``x`` is multiplied by ``1 - d/tau_x``;
    a spike of weight w adds ``alpha_x*w`` to ``x``.

    Parameters
    ----------
    size : int
        Number of postsynaptic neurons.
    alpha_x, alpha_s : float or array_like of shape (size,)
        Rise of `x` per spike of weight 1, and opening rate, 1/ms.
    tau_x, tau_s : float or array_like of shape (size,)
        Rise and decay time, ms, > 0.
    **kwargs
        `track` and `track_ID` of `kineticBase`; `tracked_x` follows x.

    References
    ----------
    .. [1] Wang, X.-J. (1999). J Neurosci 19:9587-9603.

    Examples
    --------
    >>> kinetic = secondOrdKin(1, alpha_x=1, alpha_s=1, tau_x=2, tau_s=80)
    >>> kinetic.update(0.1, [0.0], [[1.0]])
    >>> kinetic.kinetic(0.1)
    array([0.095])
    """

    alpha_x = Parameter(usual=_plausible.JUMP)
    alpha_s = Parameter(usual=_plausible.JUMP)
    tau_x = Parameter(above=0, usual=_plausible.RISE_TIME)
    tau_s = Parameter(above=0, usual=_plausible.DECAY_TIME)
    _x = State()
    _prev_x = State()

    def __init__(self, size: int, alpha_x: ArrayLike, alpha_s: ArrayLike, tau_x: ArrayLike, tau_s: ArrayLike,
                 **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self.alpha_x = alpha_x
        self.tau_x = tau_x
        self.alpha_s = alpha_s
        self.tau_s = tau_s
        self.tracked_x: list[float] = []
        self._x = np.zeros(self.size)
        self._prev_x = np.zeros(self.size)

    def reset(self) -> None:
        """Close all channels and forget what was tracked."""
        super().reset()
        self._x = np.zeros(self.size)
        self._prev_x = np.zeros(self.size)
        self.tracked_x = []

    def _dsdt(self, dt: float) -> Any:
        return equations.second_order_rise(dt, self._s, self._x, self.alpha_s, self.tau_x, self.tau_s)

    def _project_by_parts(self, dt: float) -> Floats:
        return np.asarray(self._s + self._dsdt(dt))

    def _walk_by_parts(self, dt: float, times: Floats, rows: Floats) -> None:
        self.__dict__["_prev_x"] = np.copy(self._x)
        reference.walk_second_order(self._s, self._x, dt, times, rows, self._dsdt,
                                    lambda d: equations.linear_decay(d, self.tau_x),
                                    lambda x, w: equations.jump(x, self.alpha_x, w))

    def _track_step(self) -> None:
        super()._track_step()
        if self.track:
            self.tracked_x.append(float(self._x[self.track_ID]))

    def _recorders(self) -> list[Recorder]:
        also_x = [Recorder(self.__dict__, "tracked_x", self._x, self._tracked())] if self.track else []
        return super()._recorders() + also_x

    def _lower(self) -> Gating:
        self._own("_prev_s", "_prev_x")
        self._line_up("_s", "_x")
        return Gating(GatingKind.SECOND_ORDER, self._s, self._prev_s, self._x, self._prev_x, self.alpha_s,
                      self.tau_s, self.alpha_x, self.tau_x,
                      ).seal([self._prev_s, self._prev_x], self._recorders())
