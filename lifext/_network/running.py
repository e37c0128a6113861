"""The runs of a network: in pieces, with what is looked at before and after, and back to the start."""
from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .. import _origin, _owners, _range, _threads, _validate
from .._core.compat.loop import CompatLoop
from .._core.fast.loop import FastLoop
from .._provenance import of_network
from .._signals import Held
from .._types import Seed
from ..LIF_Pop import baseLIFPop
from ..recording import SpikeRecord
from ..weights._reading import extremes
from . import checks
from .assembly import Assembly, has_own
from .model import RECEPTORS

# signals in the midst of one step after which it is left: one of the user's own code may not end
PATIENCE = 3
# neuron-steps between two moves of the progress bar: some hundredths of a second
PIECE = 2_000_000


def is_true(answer: Any) -> bool:
    """Whether a callback's answer is True, NumPy's too."""
    return _validate.is_boolean(answer) and np.ndim(answer) == 0 and bool(answer)


class Bar:
    """A progress bar over simulated time, or nothing."""

    def __init__(self, wanted: bool, duration: float) -> None:
        self._bar = None
        if wanted:
            try:
                from tqdm import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=duration, unit="ms", disable=None)

    def __enter__(self) -> Callable[[float], object]:
        return (lambda ms: None) if self._bar is None else self._bar.update

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()


class Running(Assembly):
    """A network that runs."""

    def _piece(self) -> int:
        return max(1, PIECE // (1 + sum(population.size for population in self._populations)))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        # of two threads that come at once, one gets in
        with _threads.door:
            checks.not_running(self, self._running)
            self._running = threading.get_ident()
        try:
            self._tell_records(self._running)
            yield
        finally:
            self._tell_records(None)
            self._running = None

    def _tell_records(self, runner: int | None) -> None:
        """Tell all records, those that a callback has begun too, which thread may take something from them."""
        for record in (*self._spike_records.values(), *self._state_records):
            record._runner = runner

    def _describe_records(self, records: Iterable[SpikeRecord]) -> None:
        """Tell those of some records that do not know it yet where their spikes come from."""
        new = [record for record in records if record._provenance is None and not record.closed]
        if new:
            facts = of_network(self)
            for record in new:
                record._describe(facts)

    @contextlib.contextmanager
    def _writing_records(self) -> Iterator[None]:
        """Have records that stream write what is left at the end of a run, however it ends."""
        try:
            yield
        finally:
            # each of them, whatever becomes of another's file
            with contextlib.ExitStack() as stack:
                for record in self._spike_records.values():
                    stack.callback(record.flush)

    def _pieces(self, steps: int, length: int) -> Iterator[tuple[int, int]]:
        """Run `steps` in pieces and yield, after each, how many have been taken and how many of them in it."""
        done = 0
        while done < steps:
            count = min(length, steps - done)
            if done > 0:
                # a callback may have set other rates, and begun records
                self._check_parameters()
                self._describe_records(self._spike_records.values())
            self._run_steps(count)
            done += count
            yield done, count

    def _check_parameters(self) -> None:
        """Refuse what may have been written in place: elements of arrays, rates of which too much arrives."""
        unchanged = self._fast and self._loop is not None and self._loop.current()
        for part in self._arrays if unchanged else (
                part for _, population in self._cells() for part in _owners.parts(population)):
            part._check_elements()
        for _, population in self._cells():
            if not has_own(population, "predictSpikes"):
                population._check_arrivals(self._dt)

    def _run_steps(self, count: int) -> None:
        _owners.warn_of_steps_by_hand([(self._names[index], population) for index, population in self._cells()])
        with Held(PATIENCE) as held:
            if self._fast:
                self._run_fast(count, held)
            else:
                self._begin_steps()
                self._find_checks()
                self._run_loop(self._lower(), count, held, self._check_state)
                self._forget_what_was_set()
        self._check_state(self._step)

    def _begin_steps(self) -> None:
        """Note what populations are before their first step, and whose they are."""
        if self._fast:
            cells = self._cells()
            _owners.check_apart(self, [self._names[index] for index, _ in cells],
                                [population for _, population in cells])
        for index, population in self._cells():
            claim = self._claims[self._numbers[index]]
            if self._fast:
                # what the population's own reset has drawn, or a part that was made since it was added
                self._draw_from_seed(index)
            if not claim.stepped:
                drawn = population._has_drawn_potentials()
                claim.stepped, claim.potentials = True, None if drawn else population.VMs()
            _owners.mark(population, claim)
        self._origins = self._origins_of_all()

    def _origins_of_all(self) -> dict[int, _origin.Origin]:
        """Return what each population was before its first step; of one that has taken none, what it is."""
        if not self._fast:
            return {}
        return {self._numbers[index]: self._origins.get(self._numbers[index]) or _origin.Origin(population, self._seed)
                for index, population in self._cells()}

    def _run_loop(self, loop: CompatLoop | FastLoop, *how: Any) -> None:
        try:
            loop.run(*how)
        finally:
            # those of the loop's own
            _owners.forget_steps_by_hand([population for _, population in self._cells()])
            self._step = loop.step
            for record in self._spike_records.values():
                record._reach(self.time)

    def _forget_what_was_set(self) -> None:
        """Note that what was set on populations before a step is not what they have by now."""
        for _, population in self._cells():
            for part in _owners.parts(population):
                part.__dict__.pop("_touched", None)

    def _check_state(self, step: int) -> None:
        """Refuse a state that has left its range after so many steps; warn of what the published scheme lets do so."""
        # first: a potential that is no number has not strayed
        _range.check_state(self._checks, step * self._dt)
        for name, population, signed in self._watched:
            _range.warn_of_strays(name, population, signed)

    def _find_checks(self) -> None:
        """Find out what the state of each population is to be held to, once for as long as nothing is changed."""
        signed: dict[int, set[str]] = {}
        for made in self._projections:
            if extremes(made.weights)[0] < 0:
                signed.setdefault(made.target, set()).update(RECEPTORS[made.kind])
        self._watched, self._checks = [], []
        for index, population in self._cells():
            name = self._names[index]
            reached = signed.get(index, set())
            self._watched.append((name, population, reached))
            self._checks += _range.checks_of(name, population, signed=reached,
                                             fast=self._fast and self._numbers[index] not in self._others)
        self._arrays = [part for _, population in self._cells() for part in _owners.parts(population)
                        if any(type(value) is np.ndarray and part._is_parameter(attribute)
                               for attribute, value in vars(part).items())]

    def _run_fast(self, count: int, held: Held) -> None:
        # kept from run to run, which may be short, as long as nothing was changed
        if self._loop is None or not self._loop.current():
            self._begin_steps()
            others = [index for index, _ in self._cells() if self._why_not_fast(index) is not None]
            self._others = {self._numbers[index] for index in others}
            self._check_kinds(others)
            for index in others:
                _range.warn_of_long_steps(self._names[index], self._cell(index), self._dt, self._reached(index))
            self._find_checks()
            with self._lent_generators(others):
                self._loop = self._make_fast_loop(others)
                self._run_loop(self._loop, count, held, self._check_state, self._thread_count())
            self._forget_what_was_set()
        else:
            self._run_loop(self._loop, count, held, self._check_state, self._thread_count())

    def _reset(self, seed: Seed) -> None:
        given = seed is not None
        seed = checks.network_seed(self, seed, self._fast) if given else self._seed
        before = self._seed
        with _origin.all_or_nothing([population for _, population in self._cells()]):
            try:
                self._seed = seed
                for index, population in self._cells():
                    self._reset_population(index, population, given)
                # a file may refuse
                self._restart_records()
            except BaseException:
                self._seed = before
                raise
        self._step, self._generators, self._origins, self._loop = 0, {}, {}, None
        self._projections = [dataclasses.replace(made, begin=0) for made in self._projections]
        self._begins = dict.fromkeys(self._begins, 0)
        for made in self._projections:
            if made.synapses is not None:
                made.synapses.reset()
        for history in self._histories:
            history.clear()

    def _reset_population(self, index: int, population: baseLIFPop, seed_given: bool) -> None:
        if not self._fast:
            population.reset()
            _owners.forget_steps_by_hand([population])
            return
        # without one it has taken no step of the network, and keeps what steps by hand have left
        origin = self._origins.get(self._numbers[index])
        if origin is not None:
            origin.restore(population)
            _owners.forget_steps_by_hand([population])
        self._draw_from_seed(index, anew=seed_given or origin is not None and origin.seed != self._seed)

    def _restart_records(self) -> None:
        records = [record for record in self._spike_records.values() if not record.closed]
        for record in records:
            # before anything is forgotten
            record.flush()
        for record in records:
            record._restart(0.0)
        for samples in self._state_records:
            samples.clear()
