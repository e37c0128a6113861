"""Populations of conductance-based leaky integrate-and-fire neurons.

The classes of the published code (Calvin and Redish 2021), with its names, arguments and
attributes. A step of a network is, for every population,

1. ``predictSpikes(dt, time)``,
2. ``receivePyrSpikes(...)`` and ``receiveIntSpikes(...)``, from any number of sources,
3. ``processTimeStep(dt, time)``,

each for all populations before the next. From the same ``np.random.seed`` the results are
those of the published code bit for bit. A population whose parts are this package's own
takes each step in two compiled kernels; one with a part of the user's is stepped through
Python, with the same arithmetic.

References
----------
.. [1] Calvin, O. L. and Redish, A. D. (2021). Global disruption in excitation-inhibition balance
   can cause localized network dysfunction and Schizophrenia-like context-integration deficits.
   PLoS Comput Biol 17(5): e1008985. ModelDB accession 267046.
.. [2] Wang, X.-J. (1999). J Neurosci 19:9587-9603.
.. [3] Compte, A. et al. (2000). Cereb Cortex 10:910-923.
"""
from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from . import _plausible, _range, _validate, currents, ivprobs
from ._attributes import (
    NotLowered,
    Parameter,
    Part,
    Random,
    Size,
    Spiked,
    State,
    Watched,
    drawn_mark,
    is_drawn,
    lowerable,
)
from ._core import kernels
from ._core.shared import buffers, equations
from ._core.shared.spikes import SpikeBuffer
from ._types import ArrayLike, Bools, Floats, Rng, Values

__all__ = ["baseLIFPop", "pyrPop", "interPop", "pyrRingPop", "interRingPop"]

NOTHING = np.empty(0)
# told of each population that is made, and why one is stepped through Python, where somebody wants to know
_census: Any = None


class _Source(Part):
    """A current of the population; one without a random source of its own draws from the population's."""

    def __init__(self) -> None:
        super().__init__("project", "update", "current", "reset")

    def __set__(self, obj: Any, value: Any) -> None:
        replaced = self.name in obj.__dict__
        super().__set__(obj, value)
        if self.name == "GABA" and replaced and not obj._inhibited:
            obj._say_without_inhibition("GABA")
        if isinstance(value, currents.currentBase) and value.rng is None and obj.rng is not None:
            value.rng = obj.rng


class _Level(Parameter):
    """Threshold or reset potential; a reset that does not take the potential below threshold is warned of."""

    def _look(self, obj: Any, value: Values) -> None:
        super()._look(obj, value)
        levels = {**obj.__dict__, self.name: value}
        if "vTh" not in levels or "vReset" not in levels:
            return
        above = np.asarray(levels["vReset"]) >= levels["vTh"]
        if above.any():
            _plausible.warn_once(obj, "reset", (
                f"{type(obj).__name__}: vReset{_plausible.first(above)} should be < vTh = "
                f"{_plausible.of_first(above, levels['vTh']):g} mV, got "
                f"{_plausible.of_first(above, levels['vReset']):g} mV: such a neuron spikes whenever it can"))


class baseLIFPop(Watched):
    """A population of leaky integrate-and-fire neurons; subclasses say which currents drive it.

    ``cM dV/dt`` is what `dVmdt` returns. It is integrated with RK2; a neuron whose predicted
    potential reaches `vTh` spikes, and is held at `vReset` for `refDur`.

    Parameters
    ----------
    size : int
        Number of neurons.
    vTh, vReset : float or array_like of shape (size,), optional
        Threshold and reset potential, mV.
    refDur : float or array_like of shape (size,), optional
        Refractory period, ms.
    cM : float or array_like of shape (size,), optional
        Membrane capacitance, nF, > 0.
    AMPA_g, NMDA_g, GABA_g : float or array_like of shape (size,), optional
        Receptor conductances, uS.
    noise_rate : float or array_like of shape (size,), optional
        Rate of the Poisson noise, kHz.
    noise_g : float or array_like of shape (size,), optional
        Conductance of the noise, uS.
    leak_g : float or array_like of shape (size,), optional
        Leak conductance, uS.
    leak_vL : float or array_like of shape (size,), optional
        Leak reversal potential, mV.
    record_i : bool, optional
        Whether AMPA, NMDA, GABA and leak record their mean current at each step.
    rng : None, numpy.random.Generator, numpy.random.RandomState or seed, optional
        Where the population draws from; None is NumPy's global generator (``np.random.seed``).

    Attributes
    ----------
    AMPA, NMDA, GABA : currents.AMPAR, currents.NMDAR, currents.GABAR
        Receptors. These and the next three can be changed or replaced at any time.
    noise : currents.noisePoisson
    leak : currents.leak
    afferents : currents.affFlat
    numSpikes : int
        How many neurons spike in the predicted step.

    Raises
    ------
    ValueError, TypeError
        If an argument is not of its kind or out of bounds. NaN and infinity always are.

    Notes
    -----
    A contiguous float64 array given for a parameter, here or later, is kept as it is: values that are written into it
    count, in a network from its next run on, which checks them. Any other array is copied.
    """

    size = Size()
    rng = Random()
    vTh = _Level(usual=_plausible.THRESHOLD)
    vReset = _Level(usual=_plausible.POTENTIAL)
    refDur = Parameter(usual=_plausible.REFRACTORY_PERIOD)
    cM = Parameter(above=0, usual=_plausible.CAPACITANCE)
    AMPA = _Source()
    NMDA = _Source()
    GABA = _Source()
    noise = _Source()
    leak = _Source()
    afferents = _Source()
    _vM = State()
    _tempvM = State()
    _endRefract = State()
    _spiked = Spiked()

    _inhibited = True
    _closed = False
    _elsewhere = {
        "AMPA_g": "set AMPA.g", "NMDA_g": "set NMDA.g", "GABA_g": "set GABA.g", "noise_rate": "set noise.rate",
        "cue_sal": "call stim(cue_sal=...)", "noise_g": "set noise.g", "leak_g": "set leak.g", "leak_vL": "set leak.vL",
        "record_i": "set AMPA.record, NMDA.record, GABA.record or leak.record"}
    _spikeTime: Floats
    _lowered: buffers.Cell | None

    def __init__(self, size: int, vTh: ArrayLike = -50, vReset: ArrayLike = -60, refDur: ArrayLike = 2,
                 cM: ArrayLike = 0.5, AMPA_g: ArrayLike = 0.7, NMDA_g: ArrayLike = 0.07, GABA_g: ArrayLike = 0.1,
                 noise_rate: ArrayLike = 1.8, noise_g: ArrayLike = 0.003, leak_g: ArrayLike = 0.025,
                 leak_vL: ArrayLike = -70, record_i: bool = False, rng: Rng = None, **unknown: Any) -> None:
        _validate.no_more(self, unknown)
        self.size = size
        self.rng = rng
        for name, value in (("vTh", vTh), ("vReset", vReset), ("refDur", refDur), ("cM", cM)):
            setattr(self, name, float(value) if isinstance(value, int) and abs(value) < _validate.MOST else value)
        n = self.size
        # refused here, so that the error has the name that the argument has here
        AMPA_g, NMDA_g, GABA_g, noise_g, leak_g, leak_vL = (
            _validate.parameter(self, name, value, n) for name, value in (
                ("AMPA_g", AMPA_g), ("NMDA_g", NMDA_g), ("GABA_g", GABA_g), ("noise_g", noise_g),
                ("leak_g", leak_g), ("leak_vL", leak_vL)))
        noise_rate = _validate.parameter(self, "noise_rate", noise_rate, n, at_least=0)
        for name, value, usual in (
                ("AMPA_g", AMPA_g, _plausible.CONDUCTANCE), ("NMDA_g", NMDA_g, _plausible.CONDUCTANCE),
                ("GABA_g", GABA_g, _plausible.CONDUCTANCE), ("noise_rate", noise_rate, _plausible.RATE),
                ("noise_g", noise_g, _plausible.MEMBRANE_CONDUCTANCE),
                ("leak_g", leak_g, _plausible.MEMBRANE_CONDUCTANCE), ("leak_vL", leak_vL, _plausible.POTENTIAL)):
            _plausible.look(self, name, value, usual)
        with _plausible.silence():
            self.AMPA = currents.AMPAR(n, record_i=record_i, g=AMPA_g)
            self.NMDA = currents.NMDAR(n, record_i=record_i, g=NMDA_g)
            self.GABA = currents.GABAR(n, record_i=record_i, g=GABA_g)
            self.noise = currents.noisePoisson(n, g=noise_g, rate=noise_rate)
            self.leak = currents.leak(n, record_i=record_i, g=leak_g, vL=leak_vL)
        self.afferents = currents.affFlat(n)
        self._rest()
        self.numSpikes = 0
        self._excitation, self._inhibition = SpikeBuffer(n), SpikeBuffer(n)
        if _census is not None:
            _census.made(self)

    def _rest(self) -> None:
        self._draw_potentials(np.random if self.rng is None else self.rng)
        self._tempvM = np.zeros(self.size)
        self._spiked = np.zeros(self.size, dtype=bool)
        self.__dict__["_spikeTime"] = np.zeros(self.size)
        self._endRefract = np.zeros(self.size)
        self.__dict__.pop("_touched", None)
        self._expire()

    def _draw_potentials(self, source: Any, by_network: bool = False) -> None:
        self._vM = source.random(self.size) * (self.vTh - self.vReset) + self.vReset
        self.__dict__["_drawn"] = drawn_mark(self._vM, by_network)

    def _has_drawn_potentials(self, by_network: bool = True) -> bool:
        """Whether the potentials are those drawn last: no step has been taken, and none was set.

        Without `by_network` those that the seed of a network has drawn do not count.
        """
        return is_drawn(self._vM, self.__dict__.get("_drawn"), by_network)

    def reset(self) -> None:
        """Draw potentials between reset and threshold, forget spikes and refractoriness, reset all currents."""
        self._rest()
        for source in (self.AMPA, self.NMDA, self.GABA, self.noise, self.leak, self.afferents):
            source.reset()

    def stim(self, **kwargs: Any) -> None:
        """Switch the afferents on.

        Parameters
        ----------
        **kwargs
            Those of ``afferents.stim``.
        """
        self.afferents.stim(**kwargs)

    def removeStim(self) -> None:
        """Switch the afferents off."""
        self.afferents.hide()

    def receivePyrSpikes(self, dt: float, num: int, dts: ArrayLike, weights: ArrayLike) -> None:
        """Receive excitatory spikes, which reach the AMPA and NMDA receptors.

        Parameters
        ----------
        dt : float
            The step, ms.
        num : int
            How many neurons of the source spiked; with none the rest is not looked at.
        dts : array_like of shape (n, 1) or (n,)
            Time of each source neuron's spike, ms after the start of the step; `dt` means none.
        weights : array_like of shape (n, size)
            Row k is what a spike of source neuron k adds to each neuron here.

        Raises
        ------
        ValueError, TypeError
            If the shapes do not match, or the time or a weight of a spike is not finite. No
            spike of the call is received then.
        """
        if num != 0:
            self._receive(self._excitation, dt, num, dts, weights)

    def receiveIntSpikes(self, dt: float, num: int, dts: ArrayLike, weights: ArrayLike) -> None:
        """Receive inhibitory spikes, which reach the GABA receptors.

        Parameters as in `receivePyrSpikes`.
        """
        if num != 0:
            if not self._inhibited:
                self._say_without_inhibition("inhibition")
            self._receive(self._inhibition, dt, num, dts, weights)

    def _receive(self, buffer: SpikeBuffer, dt: float, num: int, dts: ArrayLike, weights: ArrayLike) -> None:
        if not _validate.any_spikes(self, num):
            return
        dt, _ = _validate.step(self, dt, 0.0)
        times, weights = _validate.spikes(self, dts, weights, self.size)
        if weights.dtype != np.float64:
            kept = np.flatnonzero(times != dt)
            with np.errstate(over="ignore"):
                times, weights = times[kept], weights[kept].astype(np.float64)
        unsound = buffer.receive(dt, times, weights)
        if unsound >= 0:
            _validate.sound_spike(self, "dts", unsound, times[unsound], weights[unsound])

    def predictSpikes(self, dt: float, time: float) -> None:
        """Integrate the step as if no spike came, and note which neurons reach threshold, and when.

        Parameters
        ----------
        dt : float
            Length of the step, ms, > 0.
        time : float
            Its start, ms.

        Raises
        ------
        ValueError, TypeError
            If one of them is not of its kind, or more Poisson input arrives in the step than can be drawn (9.2e18 on
            average). Nothing is drawn or changed then.
        """
        count = kernels.predict_if_ready(self._lowered, dt, time)
        if count < 0:
            dt, time = _validate.step(self, dt, time)
            self._check_arrivals(dt)
            count = kernels.predict_if_ready(self._cell(), dt, time)
        if count >= 0:
            self.__dict__["numSpikes"] = count
            return
        self._excitation.clear()
        self._inhibition.clear()
        v_ahead = self._vM + ivprobs.RK2(self.project_dVmdt, 0, self._vM, dt) / self.cM
        spiked = v_ahead >= self.vTh
        spike_time = np.where(spiked, equations.crossing_time(self.vTh, self._vM, v_ahead, dt), dt)
        self.__dict__.update(
            _tempvM=v_ahead, _spiked=spiked, _spikeTime=spike_time.reshape(-1, 1),
            _endRefract=np.where(spiked, time + spike_time + self.refDur, self._endRefract),
            numSpikes=int(spiked.sum()))

    def _check_arrivals(self, dt: float) -> None:
        """Refuse a step in which more arrives than can be drawn; warn of one that is too long for the membrane."""
        for source in (self.noise, self.afferents):
            if isinstance(source, currents.noisePoisson):
                source._check_arrivals(dt)
        about, record = _plausible.notes(self), self._lowered
        # a record that is still true has the parameters that were looked at
        if record is None or about.seen is not record or about.dt != dt or not record.current():
            with np.errstate(all="ignore"):
                self._look_at_step(dt)
            about.seen, about.dt = record, dt

    def _look_at_step(self, dt: float) -> None:
        """Warn of a membrane that is faster than a step, and of a drive that has neurons spike in each."""
        told = _plausible.notes(self).told
        if not isinstance(self.leak, currents.leak):
            return
        if "membrane" not in told:
            fast = np.asarray(self.leak.g) * dt > self.cM
            if fast.any():
                _plausible.warn_once(self, "membrane", (
                    f"{type(self).__name__}: the membrane's time constant cM/leak.g{_plausible.first(fast)} should be "
                    f">= dt = {dt:g} ms, got {_plausible.of_first(fast, np.divide(self.cM, self.leak.g)):.3g} ms"))
        if "drive" not in told:
            # nA into a neuron that is held at reset
            drive = (self._mean_drive(self.noise) + self._mean_drive(self.afferents)
                     - self.leak.g * (self.vReset - self.leak.vL))
            strong = (drive * dt >= self.cM * (self.vTh - self.vReset)) & (np.asarray(self.vTh) > self.vReset)
            if strong.any():
                _plausible.warn_once(self, "drive", (
                    f"{type(self).__name__}: noise and afferents should take more than one step of dt = {dt:g} ms to "
                    f"bring neurons from reset to threshold, got a drive{_plausible.first(strong)} of "
                    f"{_plausible.of_first(strong, drive):.3g} nA: they spike again while they are refractory, and the "
                    "end of their refractory period moves on each time, as published"))

    def _mean_drive(self, source: Any) -> Any:
        """Return the mean current, nA, depolarising, that noise or afferents bring to neurons at reset."""
        if isinstance(source, currents.noisePoisson) and source._driven:
            return source.g * source.alpha * source.rate * source.tau * (source.vE - self.vReset)
        if isinstance(source, currents.affFlat) and source._on and source._onCurrent is not None:
            return -source._onCurrent
        return 0.0

    def _feels_inhibition(self) -> bool:
        """Whether the GABA receptors have a current; a class of the user's is believed to have a use for them."""
        own = ("dVmdt", "project_dVmdt", "receiveIntSpikes")
        return self._inhibited or any(name in vars(self) for name in own) or any(
            getattr(type(self), name) is not method for name, method in zip(own, (
                interPop.dVmdt, interPop.project_dVmdt, baseLIFPop.receiveIntSpikes)))

    def _say_without_inhibition(self, what: str) -> None:
        if not self._feels_inhibition():
            _plausible.warn_once(self, what, (
                f"{type(self).__name__}: {what} has no effect, as published: it has no GABA current"))

    def processTimeStep(self, dt: float, time: float) -> None:
        """Take the step for good: gating through the received spikes, currents, potential.

        Parameters
        ----------
        dt : float
            Length of the step, ms, > 0.
        time : float
            Its start, ms. A neuron stays at reset while its refractory period has not ended
            before `time`; so does every neuron in a step at time 0.
        """
        # a network that steps this population, too, will know
        self.__dict__["_by_hand"] = True
        done = kernels.advance_if_ready(self._lowered, dt, time)
        if not done:
            dt, time = _validate.step(self, dt, time)
            done = kernels.advance_if_ready(self._cell(), dt, time)
        if done:
            if done is not True:
                _range.warn_of_strays(type(self).__name__, self)
            return
        excitation, inhibition = self._received(self._excitation), self._received(self._inhibition)
        self.AMPA.update(dt, *excitation)
        self.NMDA.update(dt, *excitation)
        self.GABA.update(dt, *inhibition)
        self.noise.update(dt, 0, 0)
        self.leak.update(0, 0, 0)
        self.afferents.update(dt, 0, 0)
        v = self._vM + ivprobs.RK2(self.dVmdt, 0, self._vM, dt) / self.cM
        self.__dict__["_vM"] = np.where(self._endRefract < time, v, self.vReset)

    @staticmethod
    def _received(buffer: SpikeBuffer) -> tuple[Floats, Floats]:
        if buffer.count == 0:
            return NOTHING, NOTHING
        times, weights = buffer.merged()
        return times.copy(), weights.copy()

    def dVmdt(self, dt: float, vM: Floats) -> Any:
        """Return cM dV/dt after the step's spikes (subclasses).

        Parameters
        ----------
        dt : float
            0 for the start of the step, or the step, ms.
        vM : ndarray of shape (size,)
            Membrane potential, mV.
        """
        raise NotImplementedError(f"{type(self).__name__}: dVmdt is not defined by baseLIFPop")

    def project_dVmdt(self, dt: float, vM: Floats) -> Any:
        """Return cM dV/dt if no spike arrives (subclasses); arguments as in `dVmdt`."""
        raise NotImplementedError(f"{type(self).__name__}: project_dVmdt is not defined by baseLIFPop")

    def VMs(self) -> Floats:
        """Return a copy of the membrane potentials.

        Returns
        -------
        ndarray of shape (size,)
            mV.
        """
        return self._vM.copy()

    def spikes(self) -> Bools:
        """Return which neurons spike in the predicted step.

        Returns
        -------
        ndarray of bool, shape (size,)
        """
        return self._spiked.copy()

    def spikeTimes(self) -> Floats:
        """Return when they spike.

        Returns
        -------
        ndarray of shape (size, 1)
            ms after the start of the step; neurons that do not spike carry the step's length.
        """
        return self._spikeTime.copy()

    def _cell(self) -> buffers.Cell | None:
        """Return the record for the kernels, or None for a population that goes through Python."""
        if self._lowered is not None and self._lowered.current():
            return self._lowered
        if self.__dict__.get("_refusal", (None, None))[0] == buffers.change_count():
            return None
        try:
            return self._lowered_now()  # type: ignore[no-any-return]
        except NotLowered as reason:
            self.__dict__["_refusal"] = None if reason.passing else buffers.change_count(), str(reason)
            if _census is not None:
                _census.left(self, str(reason))
            return None

    def _why_composed(self) -> str | None:
        """Return why the population is stepped through Python, or None."""
        return None if self._cell() is not None else self.__dict__["_refusal"][1]

    def _lower(self) -> buffers.Cell:
        parts = {name: self._lower_part(name, kind) for name, kind in (
            ("AMPA", buffers.Receptor), ("NMDA", buffers.Receptor), ("GABA", buffers.Receptor),
            ("noise", buffers.PoissonInput), ("leak", buffers.Leak),
            ("afferents", (buffers.SteadyInput, buffers.PoissonInput)))}
        receptors = ampa, nmda, gaba = parts["AMPA"], parts["NMDA"], parts["GABA"]
        if [r.blocked for r in receptors] != [False, True, False]:
            raise NotLowered("a receptor has the place of another kind")
        if len({id(part) for part in [*parts.values(), *(r.gating for r in receptors)]}) < len(parts) + len(receptors):
            raise NotLowered(f"two currents of this {type(self).__name__} share a current or kinetic")
        recording = [parts[name] for name in parts if name != "GABA" or self._inhibited]
        recording += [r.gating for r in receptors]
        self._own("_vM", "_tempvM", "_spiked", "_endRefract")
        if np.size(self._spikeTime) != self.size:
            raise NotLowered(f"_spikeTime is of shape {np.shape(self._spikeTime)}", passing=True)
        self.__dict__["_spikeTime"] = np.array(self._spikeTime, dtype=np.float64).reshape(-1, 1)
        return buffers.Cell(
            ampa, nmda, gaba, self._inhibited, parts["noise"], parts["leak"], parts["afferents"],
            self._vM, self._tempvM, self._spiked.view(np.uint8), self._spikeTime.reshape(-1), self._endRefract,
            self.vTh, self.vReset, self.refDur, self.cM, self._excitation, self._inhibition,
        ).seal([self._vM, self._tempvM, self._spiked, self._spikeTime, self._endRefract],
               [recorder for part in recording for recorder in part.recorders])

    def _lower_part(self, name: str, kind: Any) -> Any:
        source = getattr(self, name)
        if isinstance(source, currents.currentBase) and source.size != self.size:
            raise NotLowered(f"{name} is of size {source.size}")
        record = source._lowered_now() if isinstance(source, Watched) else None
        if not isinstance(record, kind):
            raise NotLowered(f"{name} is a {type(source).__name__}")
        return record


def _without_inhibition(pop: baseLIFPop, phase: str, dt: float, vM: Floats) -> Any:
    """Sum the currents that every population has, in the published order, taken with `project` or `current`."""
    return equations.total_current(*(getattr(getattr(pop, name), phase)(dt, vM)
                                     for name in ("afferents", "noise", "leak", "AMPA", "NMDA")))


class _SixCurrents(baseLIFPop):
    """A population driven by all six currents."""

    def project_dVmdt(self, dt: float, vM: Floats) -> Any:
        """Return cM dV/dt if no spike arrives.

        Parameters
        ----------
        dt : float
            0 for the start of the step, or the step, ms.
        vM : ndarray of shape (size,)
            Membrane potential, mV.

        Returns
        -------
        ndarray of shape (size,)
            nA.
        """
        return _without_inhibition(self, "project", dt, vM) - self.GABA.project(dt, vM)

    def dVmdt(self, dt: float, vM: Floats) -> Any:
        """Return cM dV/dt after the step's spikes; arguments and return as in `project_dVmdt`."""
        return _without_inhibition(self, "current", dt, vM) - self.GABA.current(dt, vM)


COMPILED = ("project_dVmdt", "dVmdt")


@lowerable(*COMPILED)
class pyrPop(_SixCurrents):
    """Pyramidal cells: threshold -52 mV, reset -60 mV.

    Parameters
    ----------
    size : int
        Number of neurons.
    **kwargs
        As `baseLIFPop`.

    Examples
    --------
    >>> pop = pyrPop(3, rng=1)
    >>> pop.predictSpikes(0.05, 0.0)
    >>> pop.receivePyrSpikes(0.05, 1, [[0.01]], [[0.1, 0.0, 0.0]])
    >>> pop.processTimeStep(0.05, 0.0)
    >>> pop.VMs()
    array([-60., -60., -60.])
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(size, **{"vTh": -52, "vReset": -60, **kwargs})


@lowerable(*COMPILED)
class interPop(baseLIFPop):
    """Interneurons; inhibition is received and has no effect, as published.

    Parameters
    ----------
    size : int
        Number of neurons.
    **kwargs
        As `baseLIFPop`, with the defaults cM 0.2 nF, vTh -52 mV, vReset -60 mV, refDur 1 ms,
        leak_g 0.02 uS, leak_vL -65 mV, AMPA_g 0.2 uS, NMDA_g 0.02 uS.

    Examples
    --------
    >>> interPop(10).cM
    0.2
    """

    _inhibited = False

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(size, **{"cM": 0.2, "vTh": -52, "vReset": -60, "refDur": 1, "leak_g": 0.02,
                                  "leak_vL": -65, "AMPA_g": 0.2, "NMDA_g": 0.02, **kwargs})
        if np.any(kwargs.get("GABA_g", 0)):
            self._say_without_inhibition(f"GABA_g = {reprlib.repr(kwargs['GABA_g'])}")

    def project_dVmdt(self, dt: float, vM: Floats) -> Any:
        """Return cM dV/dt if no spike arrives; arguments and return as in `pyrPop.project_dVmdt`."""
        return _without_inhibition(self, "project", dt, vM)

    def dVmdt(self, dt: float, vM: Floats) -> Any:
        """Return cM dV/dt after the step's spikes; arguments and return as in `pyrPop.project_dVmdt`."""
        return _without_inhibition(self, "current", dt, vM)


@lowerable(*COMPILED)
class pyrRingPop(_SixCurrents):
    """Pyramidal cells on a ring, each with a preferred direction and directed afferents.

    Parameters
    ----------
    size : int
        Number of neurons.
    **kwargs
        As `baseLIFPop`, with the defaults AMPA_g 0, NMDA_g 0.4, GABA_g 1.4, noise_g 0.0031 uS.

    Attributes
    ----------
    directions : ndarray of shape (size,)
        Evenly from 0 to 2 pi, radians.
    afferents : currents.affRing

    Examples
    --------
    >>> pop = pyrRingPop(4)
    >>> pop.stim(np.pi, cue_sal=0.3)
    >>> pop.afferents.current(0.05, pop.VMs()).round(3)
    array([-0. , -0. , -0.3, -0. ])
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(size, **{"leak_g": 0.025, "AMPA_g": 0, "NMDA_g": 0.4, "GABA_g": 1.40,
                                  "noise_g": 0.0031, **kwargs})
        self.directions = np.linspace(0, np.pi * 2, num=self.size, endpoint=False)
        self.afferents = currents.affRing(self.size, self.directions)

    def stim(self, direction: float, **kwargs: Any) -> None:  # type: ignore[override]
        """Switch the afferents on towards a direction.

        Parameters
        ----------
        direction : float
            Radians.
        **kwargs
            Those of ``afferents.stim``.
        """
        self.afferents.stim(direction, **kwargs)


@lowerable(*COMPILED)
class interRingPop(pyrRingPop):
    """Interneurons on a ring.

    Parameters
    ----------
    size : int
        Number of neurons.
    **kwargs
        As `pyrRingPop`, with the defaults cM 0.2 nF, leak_g 0.02, AMPA_g 0, NMDA_g 0.3,
        GABA_g 1.05, noise_g 0.00238 uS, refDur 1 ms.

    Examples
    --------
    >>> interRingPop(10).refDur
    1.0
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(size, **{"cM": 0.2, "leak_g": 0.02, "AMPA_g": 0, "NMDA_g": 0.3, "GABA_g": 1.05,
                                  "noise_g": 0.00238, "refDur": 1, **kwargs})
