"""Networks: populations and projections, stepped by one compiled loop."""
from __future__ import annotations

import contextlib
import copy
import dataclasses
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from . import _origin, _owners, _plausible, _range, _summary, _threads, _validate, state
from ._attributes import Watched, checksum
from ._core.compat.loop import Loop, Member
from ._core.compat.loop import Projection as CompatProjection
from ._core.fast.emitter import Emitter, PopulationEmitter
from ._core.fast.loop import FastLoop, SynapseState, max_threads
from ._core.fast.loop import Projection as FastProjection
from ._core.fast.population import BLOCK_SIZE, FastPopulation
from ._core.fast.spike_source import SpikeSourceEmitter
from ._core.shared.logs import SpikeLog, StateLog
from ._core.shared.spikes import SpikeHistory
from ._lowering import extremes, lower_weights, receptors_of, why_not_fast
from ._places import Guarded
from ._provenance import of_network
from ._signals import Held
from ._stepper import Stepper
from ._types import ArrayLike, Dtype, Floats, Neurons, Path, Seed
from ._warnings import PerformanceWarning, ReproducibilityWarning
from .currents import currentBase, leak
from .LIF_Pop import baseLIFPop
from .recording import STATES, SpikeRecord, StateRecord
from .sources import SpikeSource
from .synapses._synapse import Synapse
from .weights import Weights, as_weights

__all__ = ["Network"]

# what spikes of a kind reach
RECEPTORS = {"exc": ("ampa", "nmda"), "inh": ("gaba",), "ampa": ("ampa",), "nmda": ("nmda",)}
# how a population receives them, where it is one of the published classes
RECEIVERS = {"exc": ("_excitation", "receivePyrSpikes"), "inh": ("_inhibition", "receiveIntSpikes")}
STEPS = ("predictSpikes", "processTimeStep")
# each has two of the 2**16 random streams that Poisson input has
MOST_POPULATIONS = 2**15
# the spikes of so many steps are kept at most
MOST_DELAY = 10**6


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


def _has_own(population: baseLIFPop, method: str) -> bool:
    """Whether a population takes a step of its own in place of `baseLIFPop`'s."""
    return method in vars(population) or getattr(type(population), method) is not getattr(baseLIFPop, method)


def _why_python(population: baseLIFPop) -> str | None:
    """Return why a population is stepped through its own methods, or None."""
    for method in STEPS:
        if _has_own(population, method):
            return f"{type(population).__name__} has its own {method}"
    return population._why_composed()


class Network(Guarded):
    """Populations and the projections between them, stepped together.

    Step k of `dt` ms is at ``k*dt``, through any number of runs. Between two runs the
    populations are what they would be in a script: they can be stimulated, hidden and changed.

    Parameters
    ----------
    dt : float
        Length of a step, ms, > 0.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator, optional
        Of the network's random streams; None takes one from the system. One seed gives one
        result, whatever the number of threads, the instruction set and the cuts into runs.
        Populations without an `rng` of their own that still have the potentials
        they were made with get new ones from the seed when they are added.
    compat : bool, optional
        True gives the numbers of a script that steps the populations by hand, bit for bit: all
        populations predict, in the order of `add`; projections deliver, in the order of `connect`;
        populations advance. Random numbers come from each population's `rng`, NumPy's global
        generator by default, so there is no seed. False is the fast arithmetic: the same scheme
        and the same distributions, its own random streams and its own rounding.
    threads : int, optional
        At most so many threads; left out, OpenMP's number (``OMP_NUM_THREADS``, threadpoolctl), and one
        for a network too small to gain by more. The compat arithmetic has one, and so has a process that was forked
        (``multiprocessing`` with "fork") after a run in several threads. There are never more than four a
        processor, or 64, nor more than the system lets the process start, of which a `PerformanceWarning` tells.
    dtype : {"float64", "float32"} or numpy.dtype, optional
        Of potentials, gating and currents while the network runs, and of neurons' parameters. Times and weights, and
        all that populations and records show, are float64 in any case. ``"float32"`` is faster by a third or more, and
        rounds to 24 bits: spikes of neurons with the same input shift by some 1e-5 to 1e-4 ms, potentials at rest are
        up to 2e-3 mV off (``docs/arithmetic.md``). `compat` has float64 only.

    Attributes
    ----------
    time : float
        ms; where the next step starts.
    seed : int or None
        That makes the same network again; None with `compat`.
    dtype : numpy.dtype
        Of the state.
    compat : bool
    threads : int or None
        As given.

    Raises
    ------
    ValueError, TypeError
        If `dt` is not a finite number > 0, the seed not one of these kinds or given with `compat`, `threads` not
        a whole number >= 1, or `dtype` not one of these, or float32 with `compat`.

    Examples
    --------
    >>> import numpy as np, lifext as lx
    >>> cells, inhibition = lx.pyrPop(80, noise_g=0.01), lx.interPop(20)
    >>> net = lx.Network(dt=0.05, seed=1)
    >>> net.add(cells=cells, inhibition=inhibition)
    >>> net.connect(cells, inhibition, lx.Uniform(0.001), "exc")
    >>> net.connect(inhibition, cells, lx.Uniform(0.001), "inh", delay=0.5)
    >>> spikes = net.record_spikes(cells)
    >>> net.run(50.0)
    >>> net.time
    50.0
    >>> len(spikes) > 0
    True
    """

    _elsewhere = {
        **{name: f"give {name} to a new Network" for name in ("dt", "compat", "threads", "dtype")},
        "seed": "call reset(seed) or reseed(seed)", "time": "call run(duration) or reset()"}

    def __init__(self, dt: float, *, seed: Seed = None, compat: bool = False, threads: int | None = None,
                 dtype: Dtype = "float64") -> None:
        self._dt = _validate.number(self, "dt", dt, above=0)
        self._fast = not compat
        self._threads = None if threads is None else _validate.whole(self, "threads", threads, at_least=1)
        self._seed = _validate.network_seed(self, seed, self._fast)
        self._dtype = _validate.precision(self, dtype, self._fast)
        self._names: list[str] = []
        # which random streams each population has; those of one that was removed are not used again
        self._numbers: list[int] = []
        self._next_number = 0
        # by those numbers
        self._claims: dict[int, _owners.Claim] = {}
        # by those numbers and what was drawn: a checksum, and the seed that has drawn it
        self._drawn: dict[tuple[int, int], tuple[int, int | None]] = {}
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

    def __copy__(self) -> Network:
        _validate.no_shallow_copy(self)

    def _cells(self) -> list[tuple[int, baseLIFPop]]:
        """Return what has neurons, with its index."""
        return [(index, population) for index, population in enumerate(self._populations)
                if isinstance(population, baseLIFPop)]

    def __getitem__(self, name: str) -> Any:
        """Return the population, or the source of spikes, that was added under a name."""
        return self._populations[_validate.name_of(self, name, self._names)]

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

    def __repr__(self) -> str:
        precision = "" if self._dtype == np.float64 else f"{self._dtype.name}, "
        return f"Network({', '.join(self._names)}; {precision}dt {self._dt} ms, at {self.time} ms)"

    def add(self, **populations: baseLIFPop | SpikeSource) -> None:
        """Add populations, and sources of spikes, under the names they are to have in records and errors.

        Parameters
        ----------
        **populations : baseLIFPop or SpikeSource
            Random numbers are drawn in the order in which populations are added.

        Raises
        ------
        TypeError, ValueError
            If one is not a population, or it or its name was added before, or it is another network's, or a source
            of spikes with `compat`. None is added then.
        RuntimeError
            If the network is running in another thread.

        Notes
        -----
        A population is stepped by one network at a time. One that was removed from another network (`remove`), or
        whose network is gone, is taken as one that was just made with the same parameters and stimuli: potentials,
        gating, currents and refractory periods are those of a new one, but for what was set on it since. One
        that was stepped by hand keeps its state; refractory periods of the loop's own clock end.
        """
        _validate.own_thread(self, "it", self._running)
        known = list(self._populations)
        for name, population in populations.items():
            _validate.new_member(self, name, population, (baseLIFPop, SpikeSource), self._names, known)
            if isinstance(population, SpikeSource):
                _validate.for_fast(self, name, population, self._fast)
            else:
                _owners.check_free(self, name, population)
            known.append(population)
        _validate.at_most(self, "the number of populations, with those that were removed,",
                          self._next_number + len(populations), MOST_POPULATIONS)
        with Held():
            for name, population in populations.items():
                self._take(name, population)
            self._loop = None

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
            self._draw_from_seed(len(self._populations) - 1)

    def _draw_from_seed(self, index: int, anew: bool = False) -> None:
        """Draw what was drawn from elsewhere and is as it was drawn; with `anew`, what another seed has drawn, too."""
        population, number = self._cell(index), self._numbers[index]
        if population.rng is None and population._has_drawn_potentials() and self._is_to_be_drawn(
                number, _POTENTIALS, vars(population)["_drawn"], anew):
            population._draw_potentials(self._generator(number, _POTENTIALS))
            self._drawn[number, _POTENTIALS] = vars(population)["_drawn"], self._seed
        conductances = population.leak
        if isinstance(conductances, leak) and conductances.rng is None and conductances._spread and (
                conductances._has_drawn_g() or anew and self._is_to_be_drawn(
                    number, _SPREAD, checksum(conductances.g), True)):
            conductances._spread_from(self._generator(number, _SPREAD))
            self._drawn[number, _SPREAD] = checksum(conductances.g), self._seed

    def _is_to_be_drawn(self, number: int, what: int, drawn: int, anew: bool) -> bool:
        """Whether numbers, of which there is a checksum, are not those that the seed has drawn."""
        known, seed = self._drawn.get((number, what), (None, None))
        if what == _SPREAD and known != drawn:
            # set since
            return False
        return known != drawn or anew and seed != self._seed

    def _cell(self, index: int) -> baseLIFPop:
        population = self._populations[index]
        assert isinstance(population, baseLIFPop)
        return population

    def remove(self, population: baseLIFPop | SpikeSource) -> None:
        """Take a population out, with all projections from and to it.

        Its records end, and keep what they have. It is left as it is; another network takes it as new (`add`).

        Parameters
        ----------
        population : baseLIFPop or SpikeSource
            Of this network.

        Raises
        ------
        ValueError
            If the population is not of this network.
        OSError
            If a record of its spikes streams to a file that cannot be written. Nothing is changed then.
        RuntimeError
            If the network is running in another thread.
        """
        _validate.own_thread(self, "it", self._running)
        index = self._index("population", population)
        record = self._spike_records.get(index)
        if record is not None:
            record.close()
        with Held():
            self._leave_out(index)

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
        self._drawn = {key: drawn for key, drawn in self._drawn.items() if key[0] != number}
        self._warned.discard(number)
        for parts in (self._names, self._populations, self._numbers, self._histories):
            del parts[index]
        self._loop = None

    def fork(self, seed: Seed = None) -> Network:
        """Return a copy with its own populations and records, which goes on from here with other random numbers.

        Parameters
        ----------
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator, optional
            Of the copy's random streams; None takes one from the system. A network with `compat` has none:
            generators of its populations (`rng`) are copied as they are.

        Returns
        -------
        Network
            Its populations are found by name, ``fork["cells"]``, and their records by
            ``fork.record_spikes(fork["cells"])`` or in `records`.

        Raises
        ------
        TypeError, ValueError
            If a record streams to a file, the seed is of no such kind, or given with `compat`.

        Examples
        --------
        >>> import lifext as lx
        >>> net = lx.Network(dt=0.05, seed=1)
        >>> net.add(cells=lx.pyrPop(100, noise_g=0.01))
        >>> net.run(50.0)
        >>> forks = [net.fork(100 + k) for k in range(3)]
        >>> for fork in forks:
        ...     fork.run(50.0)
        >>> bool((forks[0]["cells"].VMs() == forks[1]["cells"].VMs()).all())
        False
        """
        if not self._fast:
            _validate.network_seed(self, seed, False)
            return copy.deepcopy(self)
        seed = _validate.network_seed(self, seed, True)
        fork = copy.deepcopy(self)
        fork.reseed(seed)
        return fork

    @property
    def records(self) -> dict[str, SpikeRecord]:
        """Records of spikes, by the names of their populations; a new dict."""
        return {self._names[index]: record for index, record in self._spike_records.items()}

    def _index(self, name: str, population: object) -> int:
        return _validate.one_of(self, name, population, self._populations,
                                f"one of the populations added ({', '.join(self._names) or 'none yet'})")

    def connect(self, source: baseLIFPop | SpikeSource, target: baseLIFPop, weights: Weights | ArrayLike,
                kind: Literal["exc", "inh", "ampa", "nmda"], *, delay: float = 0.0,
                synapse: Synapse | None = None) -> None:
        """Have the spikes of one population reach another.

        Parameters
        ----------
        source : baseLIFPop or SpikeSource
            Of this network.
        target : baseLIFPop
            Of this network; it may be the source.
        weights : Weights or array_like of shape (source.size, target.size)
            What a spike of each source neuron adds to each target neuron: `Dense` (an array is
            taken as that), `Sparse`, `Ring`, `Uniform` or `OneToOne`.
        kind : {"exc", "inh", "ampa", "nmda"}
            Excitation reaches the AMPA and NMDA receptors, inhibition the GABA receptors; the other two reach
            receptors of one type alone, which the published classes cannot, nor a network with `compat`.
        delay : float, optional
            ms, a multiple of dt. A spike keeps its time within the step.
        synapse : ShortTerm, optional
            What the projection does to spikes before it delivers them; left out, nothing. Each projection has a state
            of its own. Not with `compat`.

        Raises
        ------
        ValueError, TypeError
            If a population is not of this network, the weights do not fit, the delay is no
            multiple of dt or more than a million steps, or the kind one that a network with `compat` does not have.
            Nothing is connected then.
        RuntimeError
            If the network is running in another thread.

        Notes
        -----
        A projection carries the spikes that are fired from now on; what was fired before does not reach it,
        however long its delay.
        """
        _validate.own_thread(self, "it", self._running)
        i, j = self._index("source", source), self._index("target", target)
        _validate.has_neurons(self, "target", target, baseLIFPop)
        _validate.synapse(self, synapse, Synapse)
        if synapse is not None:
            _validate.for_fast(self, "synapse", synapse, self._fast)
        weights = as_weights(weights, source.size, target.size)
        _validate.choice(self, "kind", kind, tuple(RECEPTORS))
        if not self._fast:
            _validate.published_kind(self, kind, tuple(RECEIVERS), "with compat=True")
        steps = _validate.whole_steps(self, "delay", delay, self._dt)
        _validate.at_most(self, "delay", delay, MOST_DELAY*self._dt)
        _plausible.projection(self._names[i], self._names[j], target, weights, kind, RECEPTORS[kind])
        if self._fast:
            self._warn_of_unseeded(i, j, weights)
        with Held():
            self._deepen(i, steps + 1)
            state = None if synapse is None else SynapseState(synapse, source.size)
            self._projections.append(Projection(i, j, weights, kind, steps, self._step, state))
            self._loop = None

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

    def record_spikes(self, population: baseLIFPop | SpikeSource, *, to: Path | None = None) -> SpikeRecord:
        """Record the spikes of a population from now on.

        Parameters
        ----------
        population : baseLIFPop
            Of this network.
        to : str or os.PathLike, optional
            An HDF5 file to stream to, so that memory stays bounded; needs h5py (the extra
            ``hdf5``). It is made, or is one with spikes of other populations. It is a SONATA file:
            ``node_ids`` and ``timestamps`` (ms) are in its group ``/spikes/<name of the population>``.
            ``/lifext/<name>`` tells the record's provenance, as JSON. `SpikeRecord.from_sonata` reads it.

        Returns
        -------
        SpikeRecord
            The same one when called again, until it is closed.

        Raises
        ------
        ValueError, TypeError
            If the population is not of this network or is recorded to another place already, or
            `to` is a file of another kind or has spikes of a population of that name.
        ImportError
            Without h5py.
        OSError
            If the file cannot be made or opened.
        """
        _validate.own_thread(self, "it", self._running)
        index = self._index("population", population)
        record = self._spike_records.get(index)
        if record is None or record.closed:
            record = self._spike_records[index] = SpikeRecord(self._names[index], population, to, self.time)
            record._runner = self._running
            self._loop = None
        _validate.same_file(self, record.name, to, record.file)
        return record

    def record_state(self, population: baseLIFPop, variables: str | Sequence[str], *, every: float | None = None,
                     neurons: Iterable[int] | None = None) -> StateRecord:
        """Sample state variables of a population from now on.

        Parameters
        ----------
        population : baseLIFPop
            Of this network.
        variables : str or list of str
            ``"v"`` (mV); gating ``"s_ampa"``, ``"s_nmda"``, ``"x_nmda"``, ``"s_gaba"``, ``"s_noise"``;
            currents (nA) ``"i_ampa"``, ``"i_nmda"``, ``"i_gaba"``, ``"i_noise"``, ``"i_leak"``. Currents are those at
            the second slope of the scheme, at ``v + dt*slope`` of the step, not at the `v` beside them.
        every : float, optional
            Interval, ms, a multiple of dt; each step if left out.
        neurons : array_like of int or of bool, optional
            Which neurons, or a mask of shape (size,); all if left out.

        Returns
        -------
        StateRecord
        """
        _validate.own_thread(self, "it", self._running)
        index = self._index("population", population)
        _validate.has_neurons(self, "population", population, baseLIFPop)
        variables = [variables] if isinstance(variables, str) else list(variables)
        for variable in variables:
            _validate.choice(self, "variables", variable, tuple(STATES))
        interval = 1 if every is None else _validate.whole_steps(self, "every", every, self._dt, at_least=1)
        neurons = np.arange(population.size) if neurons is None else _validate.neurons(
            self, "neurons", neurons, population.size)
        record = StateRecord(self._names[index], population, variables, interval, neurons, self._dt)
        record._runner = self._running
        self._state_records.append(record)
        self._loop = None
        return record

    def summary(self) -> str:
        """Return what the network is, in words: populations, projections and records, a line each.

        Returns
        -------
        str
            Of each population it says how it is stepped. The fast arithmetic has one loop over the neurons for the
            sets of receptors that are most in use, which has a name; any other population has a loop for each
            receptor, and the same numbers.

        Examples
        --------
        >>> import lifext as lx
        >>> cells, inter = lx.pyrPop(80, noise_g=0.01), lx.interPop(20)
        >>> net = lx.Network(dt=0.05, seed=1)
        >>> net.add(cells=cells, inter=inter)
        >>> net.connect(inter, cells, lx.Uniform(0.001), "inh", delay=0.5)
        >>> print(net.summary())
        dt 0.05 ms, at 0.0 ms, fast, float64, seed 1
        <BLANKLINE>
        populations
          cells  pyrPop    80 neurons  a loop for each receptor
          inter  interPop  20 neurons  one loop, "noise"
        <BLANKLINE>
        projections
          inter -> cells  'inh'  Uniform(0.001, shape=(20, 80))  delay 0.5 ms
        <BLANKLINE>
        records
          none
        """
        _validate.own_thread(self, "it", self._running)
        return _summary.text(self)

    def run(self, duration: float, *, progress: bool = False,
            every: tuple[float, Callable[[Network], object]] | None = None) -> None:
        """Run for a time.

        Parameters
        ----------
        duration : float
            ms, a multiple of dt to 1e-9.
        progress : bool, optional
            Whether to show a bar (needs tqdm; silent where stderr is not a terminal).
        every : tuple of (float, callable), optional
            ``(interval, callback)``: `callback(net)` is called whenever that many ms have passed
            since the run began, and ends the run by returning True, Python's or NumPy's; with any other answer it goes
            on. An interval that the run does not complete has no call.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, between two steps; the network can be run on.
        ValueError
            If a time is no multiple of dt, `every` no such pair, more Poisson input arrives in a step than can be
            drawn (9.2e18 on average), two populations share a current, or a projection reaches receptors of one type of
            a population that is stepped in the compat arithmetic.
        NumericalError
            If a state variable is not finite after the run, or before a record writes to its file, or out of its range
            in the fast arithmetic.
        RuntimeError
            If the network is running: in another thread, or from a callback of its own, which cannot call `run`,
            `reset`, `reseed` or `load_state`. While it is, its records
            can be read in other threads, and cleared, flushed and closed in this one only.
        """
        steps = _validate.whole_steps(self, "duration", duration, self._dt)
        interval, callback = _validate.interval(self, "every", every, self._dt) or (steps, None)
        piece = min(interval, self._piece()) if progress and callback is None else interval
        with self._alone(), self._writing_records(), _bar(progress, duration) as advance:
            if steps > 0:
                # before a record says of which rates it is
                self._check_parameters()
            self._describe_records(self._spike_records.values())
            for done, taken in self._pieces(steps, piece):
                advance(taken * self._dt)
                if callback is not None and done % interval == 0 and _is_true(callback(self)):
                    break

    def _piece(self) -> int:
        return max(1, _PIECE // (1 + sum(population.size for population in self._populations)))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        # of two threads that come at once, one gets in
        with _threads.door:
            _validate.not_running(self, self._running)
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
            if not _has_own(population, "predictSpikes"):
                population._check_arrivals(self._dt)

    def _run_steps(self, count: int) -> None:
        with Held(_PATIENCE) as held:
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
            number, claim = self._numbers[index], self._claims[self._numbers[index]]
            if self._fast:
                self._draw_from_seed(index)
            if self._fast and number not in self._origins:
                self._origins[number] = _origin.Origin(population)
            if not claim.stepped:
                drawn = population._has_drawn_potentials()
                claim.stepped, claim.potentials = True, None if drawn else population.VMs()
            _owners.mark(population, claim)

    def _run_loop(self, loop: Loop | FastLoop, *how: Any) -> None:
        try:
            loop.run(*how)
        finally:
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
        for name, population, signed in self._watched:
            _range.warn_of_strays(name, population, signed)
        _range.check_state(self._checks, step * self._dt)

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

    def _lower(self) -> Loop:
        members = [self._member(index) for index in range(len(self._populations))]
        return Loop(members, [self._compat_projection(made, members[made.source]) for made in self._projections],
                    self._traces(), self._step, self._dt)

    def _traces(self) -> list[StateLog]:
        return [record._log for record in self._state_records]

    def _member(self, index: int) -> Member:
        population = self._cell(index)
        self._warn(index, _why_python(population))
        if not self._fast:
            _range.warn_of_long_steps(self._names[index], population, self._dt, self._reached(index))
        return Member(Stepper(population), self._histories[index], self._log(index),
                      compiled=not any(_has_own(population, method) for method in STEPS), inside=self._fast)

    def _log(self, index: int) -> SpikeLog | None:
        record = self._spike_records.get(index)
        return None if record is None else record._log

    def _compat_projection(self, made: Projection, source: Member) -> CompatProjection:
        target, (buffer, method) = self._cell(made.target), RECEIVERS[made.kind]
        return CompatProjection(lower_weights(made.weights), source, getattr(target, buffer), made.delay,
                          getattr(target, method) if _has_own(target, method) else None, made.begin)

    def _check_kinds(self, others: Sequence[int]) -> None:
        """Refuse projections onto receptors of one type of populations that the fast arithmetic does not step."""
        for made in self._projections:
            if made.target in others:
                _validate.published_kind(self, made.kind, tuple(RECEIVERS),
                                         f"onto {self._names[made.target]}, which the fast arithmetic does not step")
                if isinstance(self._populations[made.source], SpikeSource):
                    _validate.fast_target(self, "a SpikeSource's projection", self._names[made.target])
                if made.synapses is not None:
                    _validate.fast_target(self, "a projection with a synapse", self._names[made.target])

    def _make_fast_loop(self, others: Sequence[int]) -> FastLoop:
        emitters = {index: self._emitter(index) for index in range(len(self._populations)) if index not in others}
        members = {index: self._member(index) for index in others}
        projections, compat = [], []
        for made in self._projections:
            history = self._histories[made.source]
            target = emitters.get(made.target)
            if isinstance(target, PopulationEmitter):
                projections.append(FastProjection(lower_weights(made.weights), history, target.population,
                                                  RECEPTORS[made.kind], made.delay, made.begin, made.synapses))
            else:
                source = members.get(made.source) or Member(Stepper(self._cell(made.source)), history, compiled=False)
                compat.append(self._compat_projection(made, source))
        return FastLoop(list(emitters.values()), projections, list(members.values()), compat, self._traces(),
                        self._step, self._dt)

    def _emitter(self, index: int) -> Emitter:
        population = self._populations[index]
        if isinstance(population, SpikeSource):
            return SpikeSourceEmitter(population.ids, population.times, self._dt, self._histories[index],
                                      self._log(index), self._begins[self._numbers[index]])
        return PopulationEmitter(self._fast_population(index), self._histories[index], self._log(index),
                                 Stepper(population).tell_count)

    def _fast_population(self, index: int) -> FastPopulation:
        cell = self._cell(index)._lowered_now()
        fast = FastPopulation(cell, receptors_of(cell), self._dt, self._key, 2*self._numbers[index],
                              self._reached(index), self._dtype == np.float32)
        fast.prepare()
        return fast

    def _reached(self, index: int) -> set[str]:
        """Return which receptors of a population projections reach."""
        return {receptor for made in self._projections if made.target == index for receptor in RECEPTORS[made.kind]}

    def _why_not_fast(self, index: int) -> str | None:
        """Return why a population of the fast arithmetic is stepped otherwise, or None; warn of it once."""
        population = self._cell(index)
        own = [method for _, method in RECEIVERS.values() if _has_own(population, method)]
        if own:
            reason: str | None = f"{type(population).__name__} has its own {own[0]}"
        elif _why_python(population) is not None:
            return _why_python(population)
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
            reason = _why_python(self._cell(index))
            how = "through Python" if reason is not None else "compat kernels"
            reason = reason if reason is not None or not self._fast else self._why_not_fast(index)
            self._warned = warned
        return None if reason is None else f"{how}: {reason}"

    def _thread_count(self) -> int:
        blocks = sum(-(-population.size // BLOCK_SIZE) for _, population in self._cells())
        if self._threads is not None:
            return _threads.allowed(min(self._threads, max(blocks, 1)))
        return _threads.allowed(max(1, min(max_threads(), blocks // _BLOCKS_A_THREAD)))

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
            self._generators[number] = self._generator(number, _NOISE)
        for source in sources:
            source.rng = self._generators[number]
        return sources

    def _warn(self, index: int, reason: str | None, how: str = "through Python") -> None:
        if reason is not None and self._numbers[index] not in self._warned:
            self._warned.add(self._numbers[index])
            warnings.warn(f"{self._names[index]} is stepped {how}: {reason}", PerformanceWarning, stacklevel=2)

    def save_state(self, path: Path) -> None:
        """Write the state to a file, from which `load_state` continues bit for bit.

        Parameters
        ----------
        path : str or os.PathLike
            An ``.npz`` file, in which nothing is pickled. One that exists is replaced.

        Raises
        ------
        TypeError
            If a part is of a user's own class; then `pickle` can do it.
        OSError
            If the file cannot be written.
        RuntimeError
            If the network is running in another thread.

        See Also
        --------
        lifext.state.save_state : says what is in the file.
        """
        _validate.own_thread(self, "it", self._running)
        state.save_state(self, path)

    def load_state(self, path: Path) -> None:
        """Go to the state in a file of `save_state`, on a network that was built the same way.

        Parameters
        ----------
        path : str or os.PathLike
            The file.

        Raises
        ------
        ValueError
            If the network was built in another way, or the file is damaged; the network is as it was.
        OSError
            If the file cannot be read.
        RuntimeError
            If the network is running.

        See Also
        --------
        lifext.state.load_state : says what has to be the same.
        """
        with self._alone(), Held():
            state.load_state(self, path)

    def reset(self, seed: Seed = None) -> None:
        """Go back to time 0 and the state before the first step; spikes on their way and records are forgotten.

        Potentials and gating are what they were then, drawn or set, and so are stimuli, on or off, and generators
        that populations have as their `rng`. Parameters stay as they are by now. With `compat` each population's
        published `reset` is called instead, in the order of `add`: potentials are drawn anew and stimuli are off.

        A record that streams is emptied with its file; close it first to keep it.

        Parameters
        ----------
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator, optional
            Of another run; left out, the run to come is the same again. After `reseed` it is that of a network made
            with the new seed, potentials that were drawn included.

        Raises
        ------
        ValueError, TypeError
            If the seed is of no such kind, or a population cannot be reset. Nothing is reset then.
        OSError
            If the file of a record that streams cannot be written. Nothing is reset then.
        RuntimeError
            If the network is running.
        """
        with self._alone(), Held():
            self._reset(seed)

    def _reset(self, seed: Seed) -> None:
        seed = self._seed if seed is None else _validate.network_seed(self, seed, self._fast)
        before = self._seed
        with _origin.all_or_nothing([population for _, population in self._cells()]):
            try:
                self._seed = seed
                for index, population in self._cells():
                    self._reset_population(index, population)
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

    def _reset_population(self, index: int, population: baseLIFPop) -> None:
        if not self._fast:
            population.reset()
            return
        origin = self._origins.get(self._numbers[index])
        if origin is None:
            # it has taken no step: only what the seed draws may be another's
            self._draw_from_seed(index, anew=True)
            return
        with _origin.away_from_the_global_generator(population):
            population.reset()
        origin.restore(population)
        self._draw_from_seed(index, anew=True)

    def _restart_records(self) -> None:
        records = [record for record in self._spike_records.values() if not record.closed]
        for record in records:
            # before anything is forgotten
            record.flush()
        for record in records:
            record._restart(0.0)
        for samples in self._state_records:
            samples.clear()

    def reseed(self, seed: Seed) -> None:
        """Go on with the random streams of another seed, from the state that the network is in.

        Potentials stay as they are. `reset` goes back to where a network made with the new seed begins.
        `fork` makes a copy that does. A network with `compat` has no
        seed: give its populations other generators (`rng`).

        Parameters
        ----------
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
            As in `Network`.

        Raises
        ------
        ValueError, TypeError
            If the seed is of no such kind, or the network is one with `compat`.
        RuntimeError
            If the network is running.

        Examples
        --------
        >>> import lifext as lx
        >>> net = lx.Network(dt=0.05, seed=1)
        >>> net.add(cells=lx.pyrPop(100, noise_g=0.01))
        >>> net.run(50.0)
        >>> net.reseed(2)
        >>> net.run(50.0)
        """
        with self._alone(), Held():
            _validate.seeded(self, self._fast)
            self._seed = _validate.network_seed(self, seed, self._fast)
            self._generators, self._loop = {}, None
            for record in self._spike_records.values():
                record._reseeded(self.time, self._seed)


def _is_true(answer: object) -> bool:
    """Whether a callback's answer is True, NumPy's too."""
    return isinstance(answer, (bool, np.bool_, np.ndarray)) and np.ndim(answer) == 0 and (
        np.asarray(answer).dtype == np.bool_ and bool(answer))


# what the seed's generators are for
_POTENTIALS, _NOISE, _SPREAD = 0, 1, 2
# signals in the midst of one step after which it is left: one of the user's own code may not end
_PATIENCE = 3
# fewer blocks of neurons than this a thread are stepped sooner than threads are started
_BLOCKS_A_THREAD = 32
# neuron-steps between two moves of the progress bar: some hundredths of a second
_PIECE = 2_000_000


class _bar:
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
