"""The loops of a network, made of its data: which arithmetic steps a population, and what it is to the core."""
from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from .. import _range, _threads
from .._core.compat.loop import CompatEmitter, CompatLoop, CompatProjection
from .._core.fast.emitter import Emitter, PopulationEmitter
from .._core.fast.loop import FastLoop, FastProjection, max_threads
from .._core.fast.population import BLOCK_SIZE, FastPopulation
from .._core.fast.spike_source import SpikeSourceEmitter
from .._core.shared.logs import StateLog
from .._lowering import lower_weights, receptors_of, why_not_fast
from .._stepper import Stepper
from .._warnings import PerformanceWarning
from ..currents import currentBase
from ..LIF_Pop import baseLIFPop
from ..sources import SpikeSource
from . import checks
from .model import NOISE, RECEPTORS, Model, Projection

# how a population receives spikes of a kind, where it is one of the published classes
RECEIVERS = {"exc": ("_excitation", "receivePyrSpikes"), "inh": ("_inhibition", "receiveIntSpikes")}
STEPS = ("predictSpikes", "processTimeStep")
# fewer blocks of neurons than this a thread are stepped sooner than threads are started
BLOCKS_A_THREAD = 32


def has_own(population: baseLIFPop, method: str) -> bool:
    """Whether a population takes a step of its own in place of `baseLIFPop`'s."""
    return method in vars(population) or getattr(type(population), method) is not getattr(baseLIFPop, method)


def why_python(population: baseLIFPop) -> str | None:
    """Return why a population is stepped through its own methods, or None."""
    for method in STEPS:
        if has_own(population, method):
            return f"{type(population).__name__} has its own {method}"
    return population._why_composed()


class Assembly(Model):
    """A network's data, and the loops that are made of it."""

    def _lower(self) -> CompatLoop:
        emitters = [self._compat_emitter(index) for index in range(len(self._populations))]
        projections = [self._compat_projection(made, emitters[made.source]) for made in self._projections]
        return CompatLoop(emitters, projections, self._traces(), self._step, self._dt)

    def _traces(self) -> list[StateLog]:
        return [record._log for record in self._state_records]

    def _compat_emitter(self, index: int) -> CompatEmitter:
        population = self._cell(index)
        self._warn(index, why_python(population))
        if not self._fast:
            _range.warn_of_long_steps(self._names[index], population, self._dt, self._reached(index))
        return CompatEmitter(Stepper(population), self._histories[index], self._log(index),
                             compiled=not any(has_own(population, method) for method in STEPS), inside=self._fast)

    def _compat_projection(self, made: Projection, source: CompatEmitter) -> CompatProjection:
        target, (buffer, method) = self._cell(made.target), RECEIVERS[made.kind]
        return CompatProjection(lower_weights(made.weights), source, getattr(target, buffer), made.delay,
                                getattr(target, method) if has_own(target, method) else None, made.begin)

    def _check_kinds(self, others: Sequence[int]) -> None:
        """Refuse projections onto receptors of one type of populations that the fast arithmetic does not step."""
        for made in self._projections:
            if made.target in others:
                checks.published_kind(self, made.kind, tuple(RECEIVERS),
                                         f"onto {self._names[made.target]}, which the fast arithmetic does not step")
                if isinstance(self._populations[made.source], SpikeSource):
                    checks.fast_target(self, "a SpikeSource's projection", self._names[made.target])
                if made.synapses is not None:
                    checks.fast_target(self, "a projection with a synapse", self._names[made.target])

    def _make_fast_loop(self, others: Sequence[int]) -> FastLoop:
        emitters = {index: self._emitter(index) for index in range(len(self._populations)) if index not in others}
        compat_emitters = {index: self._compat_emitter(index) for index in others}
        projections, compat_projections = [], []
        for made in self._projections:
            history = self._histories[made.source]
            target = emitters.get(made.target)
            if isinstance(target, PopulationEmitter):
                projections.append(FastProjection(lower_weights(made.weights), history, target.population,
                                                  RECEPTORS[made.kind], made.delay, made.begin, made.synapses))
            else:
                source = compat_emitters.get(made.source) or CompatEmitter(
                    Stepper(self._cell(made.source)), history, compiled=False)
                compat_projections.append(self._compat_projection(made, source))
        return FastLoop(list(emitters.values()), projections, list(compat_emitters.values()), compat_projections,
                        self._traces(), self._step, self._dt)

    def _emitter(self, index: int) -> Emitter:
        population = self._populations[index]
        if isinstance(population, SpikeSource):
            return SpikeSourceEmitter(population.ids, population.times, self._dt, self._histories[index],
                                      self._log(index), self._begins[self._numbers[index]])
        return PopulationEmitter(self._fast_population(index), self._histories[index], self._log(index),
                                 Stepper(population).tell_count)

    def _fast_population(self, index: int) -> FastPopulation:
        cell = self._cell(index)._lowered_now()
        return FastPopulation(cell, receptors_of(cell), self._dt, self._key, 2*self._numbers[index],
                              self._reached(index), self._dtype == np.float32)

    def _why_not_fast(self, index: int) -> str | None:
        """Return why a population of the fast arithmetic is stepped otherwise, or None; warn of it once."""
        population = self._cell(index)
        own = [method for _, method in RECEIVERS.values() if has_own(population, method)]
        if own:
            reason: str | None = f"{type(population).__name__} has its own {own[0]}"
        elif why_python(population) is not None:
            return why_python(population)
        else:
            reason = why_not_fast(population._lowered_now(), self._dt)
        self._warn(index, reason, "in the slower compat arithmetic" + (
            "" if self._dtype == np.float64 else " and in float64"))
        return reason

    def _why_slower(self, index: int) -> str | None:
        """Return how a population is stepped that is not at full speed, and why; else None. Nobody is warned."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PerformanceWarning)
            warned = set(self._warned)
            reason = why_python(self._cell(index))
            how = "through Python" if reason is not None else "compat kernels"
            reason = reason if reason is not None or not self._fast else self._why_not_fast(index)
            self._warned = warned
        return None if reason is None else f"{how}: {reason}"

    def _thread_count(self) -> int:
        blocks = sum(-(-population.size // BLOCK_SIZE) for _, population in self._cells())
        if self._threads is not None:
            return _threads.allowed(min(self._threads, max(blocks, 1)))
        return _threads.allowed(max(1, min(max_threads(), blocks // BLOCKS_A_THREAD)))

    @contextlib.contextmanager
    def _lent_generators(self, others: Sequence[int]) -> Iterator[None]:
        """Have populations that are stepped in another arithmetic, and have no rng, draw from the seed's, too."""
        lent = [source for index in others if self._cell(index).rng is None for source in self._lend(index)]
        try:
            yield
        finally:
            for source in lent:
                source.rng = None

    def _lend(self, index: int) -> list[currentBase]:
        sources = [source for source in vars(self._populations[index]).values()
                   if isinstance(source, currentBase) and source.rng is None]
        number = self._numbers[index]
        if sources and number not in self._generators:
            self._generators[number] = self._generator(number, NOISE)
        for source in sources:
            source.rng = self._generators[number]
        return sources

    def _warn(self, index: int, reason: str | None, how: str = "through Python") -> None:
        if reason is not None and self._numbers[index] not in self._warned:
            self._warned.add(self._numbers[index])
            warnings.warn(f"{self._names[index]} is stepped {how}: {reason}", PerformanceWarning, stacklevel=2)
