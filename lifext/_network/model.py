"""The data of a network: populations, projections, records, and what it draws from its seed."""
from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from .. import _origin, _owners, _plausible, _range, _validate
from .._attributes import Watched
from .._core.fast.loop import FastLoop, SynapseState
from .._core.shared.logs import SpikeLog
from .._core.shared.spikes import SpikeHistory
from .._places import Guarded
from .._types import Dtype, Floats, Neurons, Seed
from .._warnings import ReproducibilityWarning
from ..currents import leak
from ..LIF_Pop import baseLIFPop
from ..recording import SpikeRecord, StateRecord
from ..sources import SpikeSource
from ..weights import Weights
from . import checks

# what spikes of a kind reach
RECEPTORS = {"exc": ("ampa", "nmda"), "inh": ("gaba",), "ampa": ("ampa",), "nmda": ("nmda",)}
# what the seed's generators are for
POTENTIALS, NOISE, SPREAD = 0, 1, 2


@dataclasses.dataclass(frozen=True)
class Projection:
    """Spikes on their way from one population to another."""

    source: int        # indices
    target: int
    weights: Weights
    kind: str          # what they excite or inhibit
    delay: int         # steps
    begin: int         # the first step whose spikes it carries
    synapses: SynapseState | None = None


class Model(Guarded):
    """What a network is made of.

    Parameters
    ----------
    dt, seed, compat, threads, dtype
        As `Network` has them.
    """

    def __init__(self, dt: float, seed: Seed, compat: bool, threads: int | None, dtype: Dtype) -> None:
        self._dt = _validate.number(self, "dt", dt, above=0)
        self._fast = not compat
        self._threads = None if threads is None else _validate.whole(self, "threads", threads, at_least=1)
        self._seed = checks.network_seed(self, seed, self._fast)
        self._dtype = checks.precision(self, dtype, self._fast)
        self._names: list[str] = []
        # which random streams each population has; those of one that was removed are not used again
        self._numbers: list[int] = []
        self._next_number = 0
        # by those numbers
        self._claims: dict[int, _owners.Claim] = {}
        # the step at which each was added
        self._begins: dict[int, int] = {}
        self._origins: dict[int, _origin.Origin] = {}
        self._populations: list[baseLIFPop | SpikeSource] = []
        self._histories: list[SpikeHistory] = []
        self._projections: list[Projection] = []
        self._spike_records: dict[int, SpikeRecord] = {}
        self._state_records: list[StateRecord] = []
        self._step = 0
        self._warned: set[int] = set()
        self._warned_of_unseeded = False
        # what was found out when the populations were lowered last: what their state is held to, those with arrays for
        # parameters
        self._checks: list[_range.Check] = []
        self._watched: list[tuple[str, baseLIFPop, set[str]]] = []
        self._arrays: list[Watched] = []
        # numbers of those that the fast arithmetic does not step
        self._others: set[int] = set()
        self._generators: dict[int, np.random.Generator] = {}
        self._loop: FastLoop | None = None
        self._running: int | None = None

    def __getstate__(self) -> dict[str, Any]:
        _validate.own_thread(self, "it", self._running)
        return {**self.__dict__, "_loop": None, "_running": None, "_checks": [], "_watched": [], "_arrays": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for index, population in self._cells():
            self._claims[self._numbers[index]].renew(self)
            _owners.mark(population, self._claims[self._numbers[index]])

    def _cells(self) -> list[tuple[int, baseLIFPop]]:
        """Return what has neurons, with its index."""
        return [(index, population) for index, population in enumerate(self._populations)
                if isinstance(population, baseLIFPop)]

    @property
    def seed(self) -> int | None:
        """What makes the same random numbers again, or None with `compat`."""
        return self._seed

    @property
    def _key(self) -> tuple[int, int]:
        first, second = np.random.SeedSequence(self._seed).generate_state(2)
        return int(first), int(second)

    def _generator(self, *place: int) -> np.random.Generator:
        """Return a generator that the seed has for one purpose."""
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=place))

    @property
    def dt(self) -> float:
        """Length of a step, ms."""
        return self._dt

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the state is kept and computed in: float64 or float32."""
        return self._dtype

    @property
    def compat(self) -> bool:
        """Whether it has the numbers of a script that steps the populations by hand."""
        return not self._fast

    @property
    def threads(self) -> int | None:
        """At most so many threads, or None for OpenMP's number."""
        return self._threads

    @property
    def time(self) -> float:
        """Where the next step starts, ms."""
        return self._step * self._dt

    @property
    def records(self) -> dict[str, SpikeRecord]:
        """Records of spikes, by the names of their populations; a new dict."""
        return {self._names[index]: record for index, record in self._spike_records.items()}

    def _cell(self, index: int) -> baseLIFPop:
        population = self._populations[index]
        assert isinstance(population, baseLIFPop)
        return population

    def _take(self, name: str, population: baseLIFPop | SpikeSource) -> None:
        room = population.size
        if isinstance(population, SpikeSource):
            room = max(room, population._most_in_step(self._dt))
        else:
            self._claims[self._next_number] = _owners.take(self, population)
        self._begins[self._next_number] = self._step
        self._names.append(name)
        self._populations.append(population)
        self._numbers.append(self._next_number)
        self._next_number += 1
        self._histories.append(SpikeHistory(room, 1))
        if self._fast and isinstance(population, baseLIFPop):
            self._draw_from_seed(len(self._populations) - 1, anew=True)

    def _draw_from_seed(self, index: int, *, anew: bool = False) -> None:
        """Draw what was drawn from elsewhere and is as it was drawn; with `anew`, what a seed has drawn, too."""
        population, number = self._cell(index), self._numbers[index]
        if population.rng is None and population._has_drawn_potentials(by_network=anew):
            population._draw_potentials(self._generator(number, POTENTIALS), by_network=True)
        conductances = population.leak
        if isinstance(conductances, leak) and conductances.rng is None and conductances._has_drawn_g(anew):
            conductances._spread_from(self._generator(number, SPREAD))

    def _leave_out(self, index: int) -> None:
        name, number = self._names[index], self._numbers[index]
        claim = self._claims.pop(number, None)
        if claim is not None:
            claim.released = True

        def moved(other: int) -> int:
            return other - (other > index)
        self._projections = [dataclasses.replace(made, source=moved(made.source), target=moved(made.target))
                             for made in self._projections if index not in (made.source, made.target)]
        self._spike_records = {moved(other): record for other, record in self._spike_records.items() if other != index}
        self._state_records = [record for record in self._state_records if record.name != name]
        self._generators.pop(number, None)
        self._origins.pop(number, None)
        self._begins.pop(number, None)
        self._warned.discard(number)
        for parts in (self._names, self._populations, self._numbers, self._histories):
            del parts[index]
        self._loop = None

    def _index(self, name: str, population: object) -> int:
        return checks.one_of(self, name, population, self._populations,
                                f"one of the populations added ({', '.join(self._names) or 'none yet'})")

    def _warn_of_unseeded(self, source: int, target: int, weights: Weights) -> None:
        if getattr(weights, "_unseeded", False) and not self._warned_of_unseeded:
            self._warned_of_unseeded = True
            _plausible.warn(f"Network: the weights from {self._names[source]} to {self._names[target]} were drawn "
                            "without an rng, so the seed does not make this network again; give Sparse an rng",
                            ReproducibilityWarning)

    def _deepen(self, index: int, depth: int) -> None:
        history = self._histories[index]
        if depth <= history.depth:
            return
        # spikes of the steps that the shallower history kept stay on their way
        deeper = SpikeHistory(history.size, depth)
        slots: list[tuple[Neurons, Floats]] = [(np.empty(0, np.intp), np.empty(0))] * depth
        for step in range(max(0, self._step - history.depth), self._step):
            slots[step % depth] = history.of_step(step)
        deeper.__setstate__(slots)
        self._histories[index] = deeper

    def _reached(self, index: int) -> set[str]:
        """Return which receptors of a population projections reach."""
        return {receptor for made in self._projections if made.target == index for receptor in RECEPTORS[made.kind]}

    def _log(self, index: int) -> SpikeLog | None:
        record = self._spike_records.get(index)
        return None if record is None else record._log
