"""Current sources of a population: leak, noise, receptors and afferents.

The classes of the published code, with its names, arguments and attributes. A population
subtracts its currents from cM dV/dt, so a depolarising current is negative.

Each step has three kinds of call, in this order: `project` predicts the current if no spike
arrives, `update` takes in the step's spikes, once, and `current` gives the current after
them. The integrator makes the first and the last twice: with ``dt = 0`` for the start of the
step and with the step itself. Receptors and noises answer ``dt = 0`` with the current of
their last evaluation; leak and steady afferents compute it afresh.

References
----------
.. [1] Wang, X.-J. (1999). Synaptic basis of cortical persistent activity: the importance of
   NMDA receptors to working memory. J Neurosci 19:9587-9603.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _places, _plausible, _validate
from ._attributes import (
    Flag,
    NotLowered,
    Parameter,
    Part,
    Random,
    Size,
    State,
    Watched,
    drawn_mark,
    is_drawn,
    lowerable,
)
from ._core import kernels
from ._core.compat import reference
from ._core.shared import buffers, equations
from ._types import ArrayLike, Floats, Rng, Values
from .kinetics import firstOrdKinExp, kineticBase, secondOrdKin

__all__ = ["currentBase", "leak", "noiseGaussian", "noisePoisson", "AMPAR", "NMDAR", "GABAR",
           "affFlat", "affRing", "affFlatPoisson", "affRingPoisson"]

RING_SPREAD = 2 * np.pi / 0.4


class currentBase(Watched):
    """A current into each neuron; subclasses say how it comes about.

    Parameters
    ----------
    size : int
        Number of neurons.
    record_i : bool, optional
        Whether the mean current over the population is appended to `curr_record` once a step.
    record_rate : float, optional
        Accepted for the sake of old scripts; one value a step is kept, as in the published code.
    rng : None, numpy.random.Generator, numpy.random.RandomState or seed, optional
        Where random numbers come from: None is NumPy's global generator, or that of the
        population the current is given to.

    Attributes
    ----------
    curr_record : list of float
        Mean current of each step, nA, where `record` is true.

    Raises
    ------
    ValueError
        If `size` is not a whole number >= 1.
    TypeError
        If a keyword argument does not exist.
    """

    size = Size()
    record = Flag()
    record_rate = Parameter(above=0, per_neuron=False)
    rng = Random()
    _curr = State()
    _prev_curr = State()

    _elsewhere = {"record_i": "set record"}

    def __init__(self, size: int, record_i: bool = False, record_rate: float = 2000, rng: Rng = None,
                 **unknown: Any) -> None:
        _validate.no_more(self, unknown)
        self.size = size
        self.record = record_i
        self.record_rate = record_rate
        self.rng = rng
        self.curr_record: list[float] = []
        self._curr = np.zeros(self.size)
        self._prev_curr = np.zeros(self.size)

    def project(self, dt: float, vM: Any) -> Floats:
        """Predict the current `dt` ahead if no spike arrives (subclasses)."""
        raise NotImplementedError(f"{type(self).__name__}: project is not defined by currentBase")

    def update(self, dt: float, spk_times: ArrayLike, weights: ArrayLike) -> None:
        """Take in the spikes of a step (subclasses)."""
        raise NotImplementedError(f"{type(self).__name__}: update is not defined by currentBase")

    def current(self, dt: float, vM: Any) -> Floats:
        """Return the current before (`dt` = 0) or after the step's spikes.

        Parameters
        ----------
        dt : float
            0, or the step, ms.
        vM : array_like
            Membrane potential, mV; the base class does not look at it.

        Returns
        -------
        ndarray of shape (size,)
            A copy, nA.
        """
        _validate.duration(self, dt)
        return np.copy(self._prev_curr if dt == 0 else self._curr)

    def record_i(self, dt: float) -> None:
        """Append the mean current to `curr_record`, if `record` is true.

        Parameters
        ----------
        dt : float
            The step, ms.
        """
        if self.record:
            self.curr_record.append(kernels.mean(self._curr.reshape(-1)))

    def reset(self) -> None:
        """Zero the current and empty the record."""
        self._curr = np.zeros(self.size)
        self._prev_curr = np.zeros(self.size)
        self.curr_record = []

    def _store(self, **arrays: Any) -> None:
        # what the class itself computes is not checked again
        self.__dict__.update(arrays)

    def _recorders(self) -> list[buffers.Recorder]:
        return [buffers.Recorder(self.__dict__, "curr_record", self._curr)] if self.record else []

    def _draw_normal(self) -> Floats:
        source = np.random if self.rng is None else self.rng
        return source.standard_normal(self.size)


@lowerable("project", "update", "current", "record_i")
class leak(currentBase):
    """Leak through the membrane: ``g*(vM - vL)``, always computed afresh.

    Parameters
    ----------
    size : int
        Number of neurons.
    g : float or array_like of shape (size,), optional
        Conductance, uS.
    vL : float or array_like of shape (size,), optional
        Reversal potential, mV.
    rand_sd : float, optional
        Standard deviation, uS, of a normal spread of `g` over neurons, drawn here and
        again around the `g` given here at each `reset`.
    **kwargs
        As `currentBase`.

    Examples
    --------
    >>> leak(2, g=0.025, vL=-70).project(0.05, np.array([-70.0, -60.0]))
    array([0.  , 0.25])
    """

    g = Parameter(usual=_plausible.MEMBRANE_CONDUCTANCE)
    vL = Parameter(usual=_plausible.POTENTIAL)
    rand_sd: float

    _elsewhere = {"rand_sd": "give rand_sd to a new leak", "vE": "set vL", "vI": "set vL"}

    def __init__(self, size: int, g: ArrayLike = 0.025, vL: ArrayLike = -70, rand_sd: float | None = None,
                 **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self.g = g
        self.vL = vL
        self._spread = rand_sd is not None
        sd = 0 if rand_sd is None else _validate.number(self, "rand_sd", rand_sd, at_least=0)
        self.__dict__["rand_sd"] = sd
        self._mean_g = self.g
        self._spread_g()

    def _mind(self, name: str, present: Any, value: Any) -> None:
        if name == "rand_sd" and not self._spread:
            # without it, nothing is drawn at a reset
            _places.refuse(type(self), name, *_plausible.from_whole(self, self._elsewhere[name]))
        super()._mind(name, present, value)

    def _spread_g(self) -> None:
        if self._spread:
            self.g = self._mean_g + self._draw_normal() * self.rand_sd
            self.__dict__["_drawn_g"] = drawn_mark(self.g, by_network=False)

    def _has_drawn_g(self, by_network: bool = True) -> bool:
        """Whether `g` is what was drawn last; without `by_network`, from elsewhere than a network's seed."""
        return is_drawn(self.g, self.__dict__.get("_drawn_g"), by_network)

    def _spread_from(self, source: np.random.Generator) -> None:
        """Draw the spread of `g` anew, from the seed of the network that this is in."""
        self.g = self._mean_g + source.standard_normal(self.size) * self.rand_sd
        self.__dict__["_drawn_g"] = drawn_mark(self.g, by_network=True)

    def reset(self) -> None:
        """Zero the current, empty the record and redraw a random `g`."""
        super().reset()
        self._spread_g()

    def project(self, dt: float, vM: Any) -> Floats:
        """Return the current at `vM`.

        Parameters
        ----------
        dt : float
            0, or the step, ms; the current is the same.
        vM : array_like
            Membrane potential, mV.

        Returns
        -------
        ndarray
            nA.
        """
        _validate.duration(self, dt)
        return equations.leak_current(self.g, _validate.potentials(self, vM), self.vL)  # type: ignore[no-any-return]

    def update(self, dt: float, spikes: ArrayLike, weights: ArrayLike) -> None:
        """Note the current as that before the step; the arguments are without effect."""
        self._store(_prev_curr=np.copy(self._curr))

    def current(self, dt: float, vM: Any) -> Floats:
        """Return the current at `vM` and keep it; a call with `dt` other than 0 records it.

        Parameters and return as in `project`.
        """
        _validate.duration(self, dt)
        vM = _validate.potentials(self, vM)
        self._store(_curr=np.array(equations.leak_current(self.g, vM, self.vL), dtype=np.float64))
        if dt != 0:
            self.record_i(dt)
        return np.copy(self._curr)

    def _lower(self) -> buffers.Leak:
        self._own("_curr", "_prev_curr")
        return buffers.Leak(self._curr, self._prev_curr, self.g, self.vL,
                            ).seal([self._curr, self._prev_curr], self._recorders())


class _Noise(currentBase):
    """A current with one random draw a step, at the first `project` that asks for it."""

    _pending: NDArray[np.uint8]

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self.__dict__["_pending"] = np.ones(1, dtype=np.uint8)

    @property
    def _draw(self) -> bool:
        return bool(self._pending[0])

    @_draw.setter
    def _draw(self, value: bool) -> None:
        self._pending[0] = bool(value)

    def _unless_drawn(self, dt: float) -> Floats:
        # what `project` answers when it has nothing to draw
        if dt == 0 and not self._draw:
            return np.copy(self._prev_curr)
        return np.copy(self._curr)

    def update(self, dt: float, spikes: ArrayLike, weights: ArrayLike) -> None:
        """End the step: the next `project` draws anew.

        Parameters
        ----------
        dt : float
            The step, ms.
        spikes, weights
            Without effect.
        """
        _validate.duration(self, dt)
        self._draw = True
        self.record_i(dt)


class noiseGaussian(_Noise):
    """A normally distributed current, drawn anew each step.

    Parameters
    ----------
    size : int
        Number of neurons.
    mean, sd : float or array_like of shape (size,)
        Mean and standard deviation, nA.
    **kwargs
        As `currentBase`.

    Attributes
    ----------
    aff_m, aff_sd : float or ndarray
        `mean` and `sd`.

    Examples
    --------
    >>> noiseGaussian(3, mean=-0.1, sd=0.0).project(0.05, None)
    array([-0.1, -0.1, -0.1])
    """

    aff_m = Parameter()
    aff_sd = Parameter(at_least=0)

    _elsewhere = {"mean": "set aff_m", "sd": "set aff_sd"}

    def __init__(self, size: int, mean: ArrayLike, sd: ArrayLike, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self.aff_m = _validate.parameter(self, "mean", mean, self.size)
        self.aff_sd = _validate.parameter(self, "sd", sd, self.size, at_least=0)

    def project(self, dt: float, vM: Any) -> Floats:
        """Return this step's current, or with `dt` = 0 that of the step before; the first call draws.

        Parameters
        ----------
        dt : float
            0, or the step, ms.
        vM : array_like
            Without effect.

        Returns
        -------
        ndarray of shape (size,)
            nA.
        """
        _validate.duration(self, dt)
        if self._draw:
            self._store(_prev_curr=np.copy(self._curr),
                        _curr=self.aff_m + self._draw_normal() * self.aff_sd)
            self._draw = False
        return self._unless_drawn(dt)


@lowerable("project", "update", "current", "record_i", "_decay")
class noisePoisson(_Noise):
    """AMPA synapses under a Poisson train of its own for each neuron.

    Over a step every neuron has one arrival time u, uniform in the step, at which a Poisson
    number of spikes of mean ``dt*rate`` arrive: ``s`` decays to u, jumps by `alpha` a spike, and
    decays to the end. The current is ``g*s*(vM - vE)``.

    Parameters
    ----------
    size : int
        Number of neurons.
    g : float or array_like of shape (size,), optional
        Conductance, uS.
    vE : float or array_like of shape (size,), optional
        Reversal potential, mV.
    alpha : float or array_like of shape (size,), optional
        Jump of ``s`` a spike.
    tau : float or array_like of shape (size,), optional
        Decay time, ms, > 0.
    rate : float or array_like of shape (size,), optional
        Rate of arrivals, kHz, >= 0. A step of `dt` can have 9.2e18 of them, on average.
    **kwargs
        As `currentBase`.

    Examples
    --------
    >>> noise = noisePoisson(2, rate=0.0)
    >>> noise.project(0.05, np.full(2, -60.0))
    array([-0., -0.])
    """

    g = Parameter(usual=_plausible.MEMBRANE_CONDUCTANCE)
    vE = Parameter(usual=_plausible.POTENTIAL)
    alpha = Parameter(usual=_plausible.JUMP)
    tau = Parameter(above=0, usual=_plausible.DECAY_TIME)
    rate = Parameter(at_least=0, usual=_plausible.RATE)
    _s = State()
    _driven = True

    _elsewhere = {"alpha_s": "set alpha", "tau_s": "set tau", "vI": "set vE"}

    def __init__(self, size: int, g: ArrayLike = 0.003, vE: ArrayLike = 0, alpha: ArrayLike = 1, tau: ArrayLike = 2,
                 rate: ArrayLike = 1.8, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self.g = g
        self.vE = vE
        self.alpha = alpha
        self.tau = tau
        self.rate = rate
        self._s = np.zeros(self.size)

    def reset(self) -> None:
        """Zero gating and current and empty the record; a step that was drawn stays drawn."""
        super().reset()
        self._s = np.zeros(self.size)

    def _check_arrivals(self, dt: float) -> None:
        """Refuse a step in which more arrives than can be drawn."""
        if self._driven:
            _validate.arrivals(self, "rate", self.rate, dt, buffers.MOST_ARRIVALS)

    def _decay(self, dt: Values) -> None:
        self._s *= np.exp(equations.decay_exponent(dt, self.tau))

    def project(self, dt: float, vM: Any) -> Floats:
        """Return the current `dt` ahead; the first call of a step with `dt` other than 0 draws it.

        Parameters
        ----------
        dt : float
            0 for the start of the step, or the step, ms.
        vM : array_like of shape (size,) or float
            Membrane potential at which the current is evaluated when it is drawn, mV.

        Returns
        -------
        ndarray of shape (size,)
            nA.
        """
        _validate.duration(self, dt)
        if self._draw and dt != 0:
            self._check_arrivals(dt)
            vM = np.array(np.broadcast_to(_validate.potentials(self, vM), (self.size,)), dtype=np.float64)
            try:
                kernels.poisson_input(self._lowered_now(), dt, vM)
            except NotLowered:
                self._project_by_parts(dt, vM)
        return self._unless_drawn(dt)

    def _project_by_parts(self, dt: float, vM: Floats) -> None:
        if self._driven:
            arrival, count = reference.draw_arrivals(self.rng, dt, self.rate, self.size)
            self._decay(arrival)
            self._s += self.alpha * count
            self._decay(dt - arrival)
        else:
            self._decay(dt)
        self._store(_prev_curr=np.copy(self._curr),
                    _curr=equations.receptor_current(self.g, self._s, vM, self.vE))
        self._draw = False

    def _lower(self) -> buffers.PoissonInput:
        self._own("_curr", "_prev_curr")
        self._line_up("_s")
        return buffers.PoissonInput(self._driven, self.rng, self._pending, self._s, self._curr, self._prev_curr,
                                    self.g, self.vE, self.alpha, self.tau, self.rate,
                                    ).seal([self._curr, self._prev_curr], self._recorders())


class _Receptor(currentBase):
    """What the three receptor types share: a kinetic, and a current through what it holds open."""

    kinetic = Part("project", "update", "kinetic", "reset")
    g = Parameter(usual=_plausible.CONDUCTANCE)

    _elsewhere = {"alpha": "set kinetic.alpha_s", "tau": "set kinetic.tau_s",
                  **{name: f"set kinetic.{name}" for name in ("alpha_s", "alpha_x", "tau_s", "tau_x")}}

    def __init__(self, size: int, order: int, kinetics: dict[int, Callable[[int], kineticBase]],
                 alpha_s: ArrayLike | None, alpha_x: ArrayLike | None, tau_s: ArrayLike | None, tau_x: ArrayLike | None,
                 **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self._order = _validate.choice(self, "order", order, tuple(kinetics))
        self.kinetic = kinetics[order](self.size)
        for name, value in (("alpha_s", alpha_s), ("alpha_x", alpha_x), ("tau_s", tau_s), ("tau_x", tau_x)):
            if value is not None:
                value = _validate.parameter(self, name, value, self.size, above=0 if name[0] == "t" else None)
                self._override(name, value)

    def _override(self, name: str, value: Values) -> None:
        if hasattr(type(self.kinetic), name):
            setattr(self.kinetic, name, value)
            return
        # it becomes an attribute that nothing looks at, as published
        vars(self.kinetic)[name] = value
        _plausible.warn(f"{type(self).__name__}: {name} has no effect with order={self._order}, "
                        f"whose {type(self.kinetic).__name__} has none")

    def _through(self, s: Floats, vM: Any) -> Any:
        raise NotImplementedError

    def project(self, dt: float, vM: Any) -> Floats:
        """Return the current at `vM` if no spike arrives within `dt`; nothing is changed.

        Parameters
        ----------
        dt : float
            The step, ms; 0 gives the last evaluated current.
        vM : array_like
            Membrane potential, mV.

        Returns
        -------
        ndarray of shape (size,)
            nA.
        """
        _validate.duration(self, dt)
        if dt == 0:
            return np.copy(self._curr)
        return self._through(self.kinetic.project(dt), _validate.potentials(self, vM))  # type: ignore[no-any-return]

    def update(self, dt: float, spikes: ArrayLike, weights: ArrayLike) -> None:
        """Take the gating through the spikes of a step.

        Parameters
        ----------
        dt : float
            The step, ms.
        spikes : array_like of shape (n,)
            Spike times, ms after the start of the step, ascending.
        weights : array_like of shape (n, size)
            Row k is what spike k adds to each neuron.
        """
        self.kinetic.update(dt, spikes, weights)
        self._store(_prev_curr=np.copy(self._curr))

    def current(self, dt: float, vM: Any) -> Floats:
        """Return the current at `vM` after the step's spikes, keep and record it.

        Parameters
        ----------
        dt : float
            The step, ms; 0 gives the current before the spikes.
        vM : array_like
            Membrane potential, mV.

        Returns
        -------
        ndarray of shape (size,)
            nA.
        """
        _validate.duration(self, dt)
        if dt == 0:
            return np.copy(self._prev_curr)
        vM = _validate.potentials(self, vM)
        self._store(_curr=np.asarray(self._through(self.kinetic.kinetic(dt), vM), dtype=np.float64))
        self.record_i(dt)
        return np.copy(self._curr)

    def reset(self) -> None:
        """Zero current and gating and empty the records."""
        super().reset()
        self.kinetic.reset()

    def _lower_with(self, reversal: Values, mg: Values = 0.0) -> buffers.Receptor:
        gating = self.kinetic._lowered_now() if isinstance(self.kinetic, Watched) else None
        if not isinstance(gating, buffers.Gating):
            raise NotLowered(f"{type(self).__name__}.kinetic is a {type(self.kinetic).__name__}")
        if gating.size != self.size:
            raise NotLowered(f"{type(self).__name__}.kinetic is of size {gating.size}")
        self._own("_curr", "_prev_curr")
        return buffers.Receptor(gating, isinstance(self, NMDAR), self._curr, self._prev_curr, self.g, reversal,
                                mg).seal([self._curr, self._prev_curr], self._recorders())


RECEPTOR_METHODS = ("project", "update", "current", "record_i", "_through")


@lowerable(*RECEPTOR_METHODS)
class AMPAR(_Receptor):
    """AMPA receptors: ``g*s*(vM - vE)``.

    Parameters
    ----------
    size : int
        Number of neurons.
    order : {1, 2}, optional
        1: `firstOrdKinExp` with tau 2 ms. 2: `secondOrdKin` with tau_x 0.05 ms, tau_s 2 ms.
    g : float or array_like of shape (size,), optional
        Conductance, uS.
    vE : float or array_like of shape (size,), optional
        Reversal potential, mV.
    alpha_s, alpha_x, tau_s, tau_x : float or array_like of shape (size,), optional
        Override the kinetic's own.
    **kwargs
        As `currentBase`.

    Attributes
    ----------
    kinetic : kineticBase
        Gating; can be replaced.

    Examples
    --------
    >>> ampa = AMPAR(1, g=0.7)
    >>> ampa.update(0.05, [0.0], [[0.1]])
    >>> ampa.current(0.05, np.array([-60.0]))
    array([-4.09630163])
    """

    vE = Parameter(usual=_plausible.POTENTIAL)

    _elsewhere = {"vI": "set vE"}

    def __init__(self, size: int, order: int = 1, g: ArrayLike = 0.7, vE: ArrayLike = 0,
                 alpha_s: ArrayLike | None = None, alpha_x: ArrayLike | None = None, tau_s: ArrayLike | None = None,
                 tau_x: ArrayLike | None = None, **kwargs: Any) -> None:
        super().__init__(size, order, {1: lambda n: firstOrdKinExp(n, 1, 2),
                                       2: lambda n: secondOrdKin(n, 1, 1, 0.05, 2)},
                         alpha_s, alpha_x, tau_s, tau_x, **kwargs)
        self.g = g
        self.vE = vE

    def _through(self, s: Floats, vM: Any) -> Any:
        return equations.receptor_current(self.g, s, vM, self.vE)

    def _lower(self) -> buffers.Receptor:
        return self._lower_with(self.vE)


@lowerable(*RECEPTOR_METHODS)
class NMDAR(_Receptor):
    """NMDA receptors with their magnesium block: ``g*s*(vM - vE)/(1 + mg/3.57*exp(-0.062*vM))`` [1]_.

    Parameters
    ----------
    size : int
        Number of neurons.
    order : {1, 2}, optional
        1: `firstOrdKinExp` with tau 80 ms. 2: `secondOrdKin` with tau_x 2 ms, tau_s 80 ms.
    g : float or array_like of shape (size,), optional
        Conductance, uS.
    vE : float or array_like of shape (size,), optional
        Reversal potential, mV.
    mg : float or array_like of shape (size,), optional
        Extracellular magnesium, mM.
    alpha_s, alpha_x, tau_s, tau_x : float or array_like of shape (size,), optional
        Override the kinetic's own.
    **kwargs
        As `currentBase`.

    Attributes
    ----------
    kinetic : kineticBase
        Gating; can be replaced.

    References
    ----------
    .. [1] Wang, X.-J. (1999). J Neurosci 19:9587-9603, eq. 3, after Jahr and Stevens (1990).

    Examples
    --------
    >>> nmda = NMDAR(1, order=1, g=0.07)
    >>> nmda.update(0.05, [0.0], [[0.1]])
    >>> nmda.current(0.05, np.array([-60.0])).round(6)
    array([-0.033422])
    """

    vE = Parameter(usual=_plausible.POTENTIAL)
    mg = Parameter(usual=_plausible.MAGNESIUM)

    _elsewhere = {"vI": "set vE"}

    def __init__(self, size: int, order: int = 2, g: ArrayLike = 0.07, vE: ArrayLike = 0, mg: ArrayLike = 1,
                 alpha_s: ArrayLike | None = None, alpha_x: ArrayLike | None = None, tau_s: ArrayLike | None = None,
                 tau_x: ArrayLike | None = None, **kwargs: Any) -> None:
        super().__init__(size, order, {1: lambda n: firstOrdKinExp(n, 1, 80),
                                       2: lambda n: secondOrdKin(n, 1, 1, 2, 80)},
                         alpha_s, alpha_x, tau_s, tau_x, **kwargs)
        self.g = g
        self.vE = vE
        self.mg = mg

    def _through(self, s: Floats, vM: Any) -> Any:
        return (equations.receptor_current(self.g, s, vM, self.vE)
                / equations.magnesium_block(self.mg, np.exp(equations.magnesium_exponent(vM))))

    def _lower(self) -> buffers.Receptor:
        return self._lower_with(self.vE, self.mg)


class _OfGaba(Parameter):
    """A parameter that has no effect in a population without a GABA current."""

    def _look(self, obj: Any, value: Values) -> None:
        super()._look(obj, value)
        population, role = _plausible.whole_of(obj)
        if role == "GABA" and not getattr(population, "_inhibited", True):
            population._say_without_inhibition(f"GABA.{self.name}")


@lowerable(*RECEPTOR_METHODS)
class GABAR(_Receptor):
    """GABA(A) receptors: ``g*s*(vM - vI)``.

    Parameters
    ----------
    size : int
        Number of neurons.
    order : {1, 2}, optional
        1: `firstOrdKinExp` with tau 10 ms. 2: `secondOrdKin` with tau_x 0.25 ms, tau_s 10 ms.
    g : float or array_like of shape (size,), optional
        Conductance, uS.
    vI : float or array_like of shape (size,), optional
        Reversal potential, mV.
    alpha_s, alpha_x, tau_s, tau_x : float or array_like of shape (size,), optional
        Override the kinetic's own.
    **kwargs
        As `currentBase`.

    Attributes
    ----------
    kinetic : kineticBase
        Gating; can be replaced.

    Examples
    --------
    >>> gaba = GABAR(1, g=0.1)
    >>> gaba.update(10.0, [0.0], [[1.0]])
    >>> gaba.current(10.0, np.array([-60.0]))
    array([0.36787944])
    """

    g = _OfGaba(usual=_plausible.CONDUCTANCE)
    vI = _OfGaba(usual=_plausible.POTENTIAL)

    _elsewhere = {"vE": "set vI"}

    def __init__(self, size: int, order: int = 1, g: ArrayLike = 0.1, vI: ArrayLike = -70,
                 alpha_s: ArrayLike | None = None, alpha_x: ArrayLike | None = None, tau_s: ArrayLike | None = None,
                 tau_x: ArrayLike | None = None, **kwargs: Any) -> None:
        super().__init__(size, order, {1: lambda n: firstOrdKinExp(n, 1, 10),
                                       2: lambda n: secondOrdKin(n, 1, 1, 0.25, 10)},
                         alpha_s, alpha_x, tau_s, tau_x, **kwargs)
        self.g = g
        self.vI = vI

    def _through(self, s: Floats, vM: Any) -> Any:
        return equations.receptor_current(self.g, s, vM, self.vI)

    def _lower(self) -> buffers.Receptor:
        return self._lower_with(self.vI)


class _Strength(Parameter):
    """What `stim` was given last: the current is computed there, and setting this alone would not change it."""

    def __set__(self, obj: Any, value: Any) -> None:
        if "_offCurrent" in obj.__dict__ and _places.is_own(type(obj)):
            _places.refuse(type(obj), self.name, *_plausible.from_whole(obj, "call stim(cue_sal=...)"))
        super().__set__(obj, value)


@lowerable("project", "update", "current")
class affFlat(currentBase):
    """A steady current into all neurons while it is on.

    Parameters
    ----------
    size : int
        Number of neurons.
    cue_sal : float, optional
        Without effect, as published: the current is 0.15 nA, hyperpolarising, until
        ``stim(cue_sal=...)`` sets one, which then depolarises.
    **kwargs
        As `currentBase`.

    Attributes
    ----------
    cue_sal : float
        Strength of the current, nA.

    Examples
    --------
    >>> afferents = affFlat(2)
    >>> afferents.stim(cue_sal=0.3)
    >>> afferents.current(0.05, None)
    array([-0.3, -0.3])
    """

    cue_sal: Any = _Strength(per_neuron=False, usual=_plausible.CURRENT)
    _on = Flag()
    _onCurrent = State(optional=True)
    _offCurrent = State()

    _elsewhere = {"cue_sal": "call stim(cue_sal=...)"}

    def __init__(self, size: int, cue_sal: float = 0.15, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        if _validate.number(self, "cue_sal", cue_sal) != 0.15:
            _plausible.warn(f"{type(self).__name__}: the argument cue_sal has no effect, as published, got {cue_sal}; "
                            "call stim(cue_sal=...)")
        self.cue_sal = 0.15
        self._on = False
        self._onCurrent = np.full(self.size, self.cue_sal)
        self._offCurrent = np.zeros(self.size)

    def reset(self) -> None:
        """Switch off."""
        super().reset()
        self._on = False

    def project(self, dt: float, vM: object) -> Floats:
        """Return the current, the same at any `dt` and `vM`.

        Returns
        -------
        ndarray of shape (size,)
            nA.
        """
        _validate.duration(self, dt)
        return np.copy(self._onCurrent if self._on else self._offCurrent)

    def update(self, dt: float, spikes: ArrayLike, weights: ArrayLike) -> None:
        """Do nothing; steady afferents do not take in spikes."""

    def current(self, dt: float, vM: Any) -> Floats:
        """Return the current, as `project` does."""
        _validate.duration(self, dt)
        return np.copy(self._onCurrent if self._on else self._offCurrent)

    def stim(self, cue_sal: float | None = None) -> None:
        """Switch on.

        Parameters
        ----------
        cue_sal : float, optional
            Strength, nA, positive depolarises; left out, the last one is kept.
        """
        if cue_sal is not None:
            cue_sal = _validate.number(self, "cue_sal", cue_sal)
            _plausible.look(self, "cue_sal", cue_sal, _plausible.CURRENT)
            self.__dict__["cue_sal"] = cue_sal
            self._onCurrent = -np.ones(self.size) * self.cue_sal
        self._on = True

    def hide(self) -> None:
        """Switch off."""
        self._on = False

    def _lower(self) -> buffers.SteadyInput:
        source = self._onCurrent if self._on else self._offCurrent
        if source is None:
            raise NotLowered(f"{type(self).__name__} is on without a direction")
        return buffers.SteadyInput(source).seal([])


@lowerable("project", "update", "current")
class affRing(affFlat):
    """A steady current that is strongest for the neurons at one direction of a ring.

    While on, neuron i receives ``-cue_sal*exp(cue_spec*(cos(positions[i] - direction) - 1))``,
    computed when `stim` is called.

    Parameters
    ----------
    size : int
        Number of neurons.
    positions : array_like of shape (size,)
        Direction of each neuron, radians.
    cue_spec : float, optional
        How sharply the current falls off.
    **kwargs
        As `currentBase`; `cue_sal` is taken and ignored, as in `affFlat`.

    Examples
    --------
    >>> afferents = affRing(4, np.linspace(0, 2*np.pi, 4, endpoint=False))
    >>> afferents.stim(0.0, cue_sal=0.3)
    >>> afferents.current(0.05, None).round(3)
    array([-0.3, -0. , -0. , -0. ])
    """

    cue_sal: Any = Parameter(per_neuron=False, usual=_plausible.CURRENT)
    cue_spec: Any = Parameter(per_neuron=False)
    positions = State()

    _elsewhere = {"cue_sal": "set cue_sal"}

    def __init__(self, size: int, positions: ArrayLike, cue_spec: float = RING_SPREAD, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self.cue_spec = cue_spec
        self.positions = np.array(_validate.state(self, "positions", positions, self.size))
        self._onCurrent = None

    def stim(  # type: ignore[override]
            self, direction: float, cue_sal: float | None = None, cue_spec: float | None = None) -> None:
        """Switch on towards a direction.

        Parameters
        ----------
        direction : float
            Where the current is strongest, radians.
        cue_sal : float, optional
            Strength there, nA; left out, the last one is kept.
        cue_spec : float, optional
            How sharply it falls off; left out, the last one is kept.
        """
        direction = _validate.number(self, "direction", direction)
        cue_sal = self.cue_sal if cue_sal is None else _validate.number(self, "cue_sal", cue_sal)
        cue_spec = self.cue_spec if cue_spec is None else _validate.number(self, "cue_spec", cue_spec)
        self.cue_sal, self.cue_spec = cue_sal, cue_spec
        self._onCurrent = -(self.cue_sal * equations.von_mises(self.cue_spec, self.positions, direction))
        self._on = True


@lowerable("project", "update", "current", "record_i", "_decay")
class affFlatPoisson(noisePoisson):
    """Poisson input to all neurons while it is on; while off its gating only decays.

    Parameters
    ----------
    size : int
        Number of neurons.
    **kwargs
        As `noisePoisson`, with `g` 0.001 uS unless given.

    Examples
    --------
    >>> afferents = affFlatPoisson(100, rng=1)
    >>> afferents.stim(rate=2.5)
    >>> bool((afferents.project(0.05, -60.0) < 0).any())
    True
    """

    _on = Flag()

    def __init__(self, size: int, **kwargs: Any) -> None:
        kwargs.setdefault("g", 0.001)
        super().__init__(size, **kwargs)
        self._on = False

    @property
    def _driven(self) -> bool:  # type: ignore[override]
        return self._on

    def reset(self) -> None:
        """Zero gating and current, empty the record and switch off."""
        super().reset()
        self._on = False

    def stim(self, rate: ArrayLike | None = None, g: ArrayLike | None = None) -> None:
        """Switch on.

        Parameters
        ----------
        rate : float, optional
            Rate of arrivals, kHz; left out, the last one is kept.
        g : float, optional
            Conductance, uS; left out, the last one is kept.
        """
        rate = self.rate if rate is None else _validate.parameter(self, "rate", rate, self.size, at_least=0)
        g = self.g if g is None else _validate.parameter(self, "g", g, self.size)
        self.rate, self.g = rate, g
        self._on = True

    def hide(self) -> None:
        """Switch off."""
        self._on = False


@lowerable("project", "update", "current", "record_i", "_decay")
class affRingPoisson(affFlatPoisson):
    """Poisson input whose rate is highest for the neurons at one direction of a ring.

    `stim` sets the rate of neuron i to
    ``max_rate*exp(cue_spec*(cos(positions[i] - direction) - 1))``.

    Parameters
    ----------
    size : int
        Number of neurons.
    positions : array_like of shape (size,)
        Direction of each neuron, radians.
    max_rate : float, optional
        Rate at the cued direction, kHz, >= 0.
    cue_spec : float, optional
        How sharply the rate falls off.
    **kwargs
        As `affFlatPoisson`.

    Examples
    --------
    >>> afferents = affRingPoisson(4, np.linspace(0, 2*np.pi, 4, endpoint=False))
    >>> afferents.stim(np.pi, max_rate=1.25)
    >>> afferents.rate.round(3)
    array([0.  , 0.  , 1.25, 0.  ])
    """

    _max_rate: Any = Parameter(at_least=0, per_neuron=False)
    _cue_spec: Any = Parameter(per_neuron=False)
    _positions = State()

    _elsewhere = {"max_rate": "call stim(direction, max_rate=...)", "cue_spec": "call stim(direction, cue_spec=...)",
                  "positions": "give positions to a new affRingPoisson"}

    def __init__(self, size: int, positions: ArrayLike, max_rate: float = 0, cue_spec: float = RING_SPREAD,
                 **kwargs: Any) -> None:
        super().__init__(size, **kwargs)
        self._max_rate = _validate.number(self, "max_rate", max_rate, at_least=0)
        self._cue_spec = _validate.number(self, "cue_spec", cue_spec)
        self._positions = np.array(_validate.state(self, "positions", positions, self.size))

    def stim(  # type: ignore[override]
            self, direction: float, max_rate: float | None = None, cue_spec: float | None = None) -> None:
        """Switch on towards a direction.

        Parameters
        ----------
        direction : float
            Where the rate is highest, radians.
        max_rate : float, optional
            Rate there, kHz; left out, the last one is kept.
        cue_spec : float, optional
            How sharply it falls off; left out, the last one is kept.
        """
        direction = _validate.number(self, "direction", direction)
        max_rate = self._max_rate if max_rate is None else _validate.number(self, "max_rate", max_rate, at_least=0)
        cue_spec = self._cue_spec if cue_spec is None else _validate.number(self, "cue_spec", cue_spec)
        self._max_rate, self._cue_spec = max_rate, cue_spec
        self.rate = self._max_rate * equations.von_mises(self._cue_spec, self._positions, direction)
        self._on = True
