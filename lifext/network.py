"""Networks: populations and projections, stepped by one compiled loop."""
from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from . import _threads, _validate, state
from ._core.fast import BLOCK_SIZE, FastCell, why_not_fast
from ._core.fast_loop import FastLoop, Route, Unit, max_threads
from ._core.logs import SpikeLog, StateLog
from ._core.loop import Connection, Loop, Member
from ._core.projection import Projection, WeightKind
from ._core.spikes import SpikeHistory
from ._provenance import of_network
from ._types import ArrayLike, Dtype, Floats, Neurons, Path, Seed
from ._warnings import PerformanceWarning
from .currents import currentBase
from .LIF_Pop import baseLIFPop
from .recording import STATES, SpikeRecord, StateRecord
from .weights import Dense, OneToOne, Ring, Sparse, Uniform, Weights, as_weights

# indices of source and target, what a spike adds, what it excites or inhibits, steps it takes
_Projection: TypeAlias = tuple[int, int, Weights, str, int]

__all__ = ["Network"]

# what spikes of a kind reach
RECEPTORS = {"exc": ("ampa", "nmda"), "inh": ("gaba",), "ampa": ("ampa",), "nmda": ("nmda",)}
# how a population receives them, where it is one of the published classes
RECEIVERS = {"exc": ("_excitation", "receivePyrSpikes"), "inh": ("_inhibition", "receiveIntSpikes")}
STEPS = ("predictSpikes", "processTimeStep")


def _has_own(population: baseLIFPop, method: str) -> bool:
    """Whether a population takes a step of its own in place of `baseLIFPop`'s."""
    return method in vars(population) or getattr(type(population), method) is not getattr(baseLIFPop, method)


def _why_python(population: baseLIFPop) -> str | None:
    """Return why a population is stepped through its own methods, or None."""
    for method in STEPS:
        if _has_own(population, method):
            return f"{type(population).__name__} has its own {method}"
    return population._why_composed()


def _lower_weights(weights: Weights) -> Projection:
    """Return weights in the form that the loop takes rows from."""
    shape = _validate.known_shape(weights, weights.shape)
    if isinstance(weights, Uniform):
        return Projection(WeightKind.UNIFORM, *shape, flat=weights.weight)
    if isinstance(weights, Sparse):
        return Projection(WeightKind.SPARSE, *shape, indptr=weights.indptr, indices=weights.indices,
                          values=weights._values)
    if isinstance(weights, Ring):
        return Projection(WeightKind.RING, *shape, values=weights.bump, flat=weights.flat, first=weights.first)
    if isinstance(weights, OneToOne):
        values = np.atleast_1d(np.asarray(weights.weight, dtype=np.float64))
        return Projection(WeightKind.ONE_TO_ONE, *shape, values=values)
    # Dense, and whatever else has a matrix
    return Projection(WeightKind.DENSE, *shape,
                      dense=weights.array if isinstance(weights, Dense) else weights.toarray())


class Network:
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
        (``multiprocessing`` with "fork") after a run in several threads.
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

    def __init__(self, dt: float, *, seed: Seed = None, compat: bool = False, threads: int | None = None,
                 dtype: Dtype = "float64") -> None:
        self._dt = _validate.number(self, "dt", dt, above=0)
        self._fast = not compat
        self._threads = None if threads is None else _validate.whole(self, "threads", threads, at_least=1)
        self._seed = _validate.network_seed(self, seed, self._fast)
        self._dtype = _validate.precision(self, dtype, self._fast)
        self._names: list[str] = []
        self._populations: list[baseLIFPop] = []
        self._histories: list[SpikeHistory] = []
        self._projections: list[_Projection] = []
        self._spike_records: dict[int, SpikeRecord] = {}
        self._state_records: list[StateRecord] = []
        self._step = 0
        self._warned: set[int] = set()
        self._generators: dict[int, np.random.Generator] = {}
        self._loop: FastLoop | None = None
        self._running: int | None = None

    def __getstate__(self) -> dict[str, Any]:
        _validate.own_thread(self, "it", self._running)
        return {**self.__dict__, "_loop": None, "_running": None}

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
    def time(self) -> float:
        """Where the next step starts, ms."""
        return self._step * self._dt

    def __repr__(self) -> str:
        precision = "" if self._dtype == np.float64 else f"{self._dtype.name}, "
        return f"Network({', '.join(self._names)}; {precision}dt {self._dt} ms, at {self.time} ms)"

    def add(self, **populations: baseLIFPop) -> None:
        """Add populations under the names they are to have in records and errors.

        Parameters
        ----------
        **populations : baseLIFPop
            Random numbers are drawn in the order in which populations are added.

        Raises
        ------
        TypeError, ValueError
            If one is not a population, or it or its name was added before. None is added then.
        """
        known = list(self._populations)
        for name, population in populations.items():
            _validate.new_member(self, name, population, baseLIFPop, self._names, known)
            known.append(population)
        for name, population in populations.items():
            self._names.append(name)
            self._populations.append(population)
            self._histories.append(SpikeHistory(population.size, 1))
            if self._fast and population._has_drawn_potentials():
                self._draw_potentials(len(self._populations) - 1)
        self._loop = None

    def _draw_potentials(self, index: int) -> None:
        population = self._populations[index]
        if population.rng is None:
            population._draw_potentials(self._generator(index, _POTENTIALS))

    def _index(self, name: str, population: object) -> int:
        return _validate.one_of(self, name, population, self._populations,
                                f"one of the populations added ({', '.join(self._names) or 'none yet'})")

    def connect(self, source: baseLIFPop, target: baseLIFPop, weights: Weights | ArrayLike,
                kind: Literal["exc", "inh", "ampa", "nmda"], *, delay: float = 0.0) -> None:
        """Have the spikes of one population reach another.

        Parameters
        ----------
        source, target : baseLIFPop
            Populations of this network; they may be the same.
        weights : Weights or array_like of shape (source.size, target.size)
            What a spike of each source neuron adds to each target neuron: `Dense` (an array is
            taken as that), `Sparse`, `Ring`, `Uniform` or `OneToOne`.
        kind : {"exc", "inh", "ampa", "nmda"}
            Excitation reaches the AMPA and NMDA receptors, inhibition the GABA receptors; the other two reach
            receptors of one type alone, which the published classes cannot, nor a network with `compat`.
        delay : float, optional
            ms, a multiple of dt. A spike keeps its time within the step.

        Raises
        ------
        ValueError, TypeError
            If a population is not of this network, the weights do not fit, the delay is no
            multiple of dt, or the kind one that a network with `compat` does not have. Nothing is connected then.
        """
        i, j = self._index("source", source), self._index("target", target)
        weights = as_weights(weights, source.size, target.size)
        _validate.choice(self, "kind", kind, tuple(RECEPTORS))
        if not self._fast:
            _validate.published_kind(self, kind, tuple(RECEIVERS), "with compat=True")
        steps = _validate.whole_steps(self, "delay", delay, self._dt)
        self._deepen(i, steps + 1)
        self._projections.append((i, j, weights, kind, steps))
        self._loop = None

    def _deepen(self, index: int, depth: int) -> None:
        history = self._histories[index]
        if depth <= history.depth:
            return
        # spikes of the steps that the shallower history kept stay on their way
        deeper = SpikeHistory(self._populations[index].size, depth)
        slots: list[tuple[Neurons, Floats]] = [(np.empty(0, np.intp), np.empty(0))] * depth
        for step in range(max(0, self._step - history.depth), self._step):
            slots[step % depth] = history.of_step(step)
        deeper.__setstate__(slots)
        self._histories[index] = deeper

    def record_spikes(self, population: baseLIFPop, *, to: Path | None = None) -> SpikeRecord:
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
        index = self._index("population", population)
        record = self._spike_records.get(index)
        if record is None or record.closed:
            record = self._spike_records[index] = SpikeRecord(self._names[index], population, to, self.time)
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
            currents (nA) ``"i_ampa"``, ``"i_nmda"``, ``"i_gaba"``, ``"i_noise"``, ``"i_leak"``.
        every : float, optional
            Interval, ms, a multiple of dt; each step if left out.
        neurons : array_like of int, optional
            Which neurons; all if left out.

        Returns
        -------
        StateRecord
        """
        index = self._index("population", population)
        variables = [variables] if isinstance(variables, str) else list(variables)
        for variable in variables:
            _validate.choice(self, "variables", variable, tuple(STATES))
        interval = 1 if every is None else _validate.whole_steps(self, "every", every, self._dt, at_least=1)
        neurons = np.arange(population.size) if neurons is None else np.array(
            [_validate.index(self, "neurons", neuron, population.size) for neuron in neurons], dtype=np.intp)
        record = StateRecord(self._names[index], population, variables, interval, neurons, self._dt)
        self._state_records.append(record)
        self._loop = None
        return record

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
            since the run began, and ends the run by returning True.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, between two steps; the network can be run on.
        ValueError
            If a time is no multiple of dt, more Poisson input arrives in a step than can be drawn (9.2e18 on
            average), or a projection reaches receptors of one type of a population that is stepped in the compat
            arithmetic.
        RuntimeError
            If the network is running: in another thread, or from a callback of its own. While it is, its records
            can be read in other threads, and cleared, flushed and closed in this one only.
        """
        steps = _validate.whole_steps(self, "duration", duration, self._dt)
        interval, callback = (steps, None) if every is None else (
            _validate.whole_steps(self, "every", every[0], self._dt, at_least=1), every[1])
        piece = min(interval, self._piece()) if progress and callback is None else interval
        if steps > 0:
            # before a record says of which rates it is
            self._check_arrivals()
        self._describe_records(self._spike_records.values())
        with self._alone(), self._writing_records(), _bar(progress, duration) as advance:
            for taken in self._pieces(steps, piece):
                advance(taken * self._dt)
                if callback is not None and callback(self) is True:
                    break

    def _piece(self) -> int:
        return max(1, _PIECE // (1 + sum(population.size for population in self._populations)))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        # of two threads that come at once, one gets in
        with _threads.door:
            _validate.not_running(self, self._running)
            self._running = threading.get_ident()
        records = [*self._spike_records.values(), *self._state_records]
        try:
            for record in records:
                record._runner = self._running
            yield
        finally:
            for record in records:
                record._runner = None
            self._running = None

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

    def _pieces(self, steps: int, length: int) -> Iterator[int]:
        """Run `steps` in pieces and yield the length of each."""
        done = 0
        while done < steps:
            count = min(length, steps - done)
            if done > 0:
                # a callback may have set other rates
                self._check_arrivals()
            self._run_steps(count)
            done += count
            yield count

    def _check_arrivals(self) -> None:
        for population in self._populations:
            if not _has_own(population, "predictSpikes"):
                population._check_arrivals(self._dt)

    def _run_steps(self, count: int) -> None:
        if self._fast:
            self._run_fast(count)
        else:
            self._run_loop(self._lower(), count)

    def _run_loop(self, loop: Loop | FastLoop, *how: int) -> None:
        try:
            loop.run(*how)
        finally:
            self._step = loop.step
            for record in self._spike_records.values():
                record._reach(self.time)

    def _run_fast(self, count: int) -> None:
        # kept from run to run, which may be short, as long as nothing was changed
        if self._loop is None or not self._loop.current():
            others = [index for index in range(len(self._populations)) if self._why_not_fast(index) is not None]
            self._check_kinds(others)
            with self._lent_generators(others):
                self._loop = self._make_fast_loop(others)
                self._run_loop(self._loop, count, self._thread_count())
        else:
            self._run_loop(self._loop, count, self._thread_count())

    def _lower(self) -> Loop:
        members = [self._member(index) for index in range(len(self._populations))]
        return Loop(members, [self._connection(projection, members[projection[0]]) for projection in self._projections],
                    self._traces(), self._step, self._dt)

    def _traces(self) -> list[StateLog]:
        return [record._log for record in self._state_records]

    def _member(self, index: int) -> Member:
        population = self._populations[index]
        self._warn(index, _why_python(population))
        return Member(population, self._histories[index], self._log(index),
                      compiled=not any(_has_own(population, method) for method in STEPS))

    def _log(self, index: int) -> SpikeLog | None:
        record = self._spike_records.get(index)
        return None if record is None else record._log

    def _connection(self, projection: _Projection, source: Member) -> Connection:
        _, j, weights, kind, delay = projection
        target, (buffer, method) = self._populations[j], RECEIVERS[kind]
        return Connection(_lower_weights(weights), source, getattr(target, buffer), delay,
                          getattr(target, method) if _has_own(target, method) else None)

    def _check_kinds(self, others: Sequence[int]) -> None:
        """Refuse projections onto receptors of one type of populations that the fast arithmetic does not step."""
        for _, j, _, kind, _ in self._projections:
            if j in others:
                _validate.published_kind(self, kind, tuple(RECEIVERS),
                                         f"onto {self._names[j]}, which the fast arithmetic does not step")

    def _make_fast_loop(self, others: Sequence[int]) -> FastLoop:
        units = {index: self._unit(index) for index in range(len(self._populations)) if index not in others}
        members = {index: self._member(index) for index in others}
        routes, connections = [], []
        for projection in self._projections:
            i, j, weights, kind, delay = projection
            if j in units:
                routes.append(Route(_lower_weights(weights), self._histories[i], units[j], RECEPTORS[kind], delay))
            else:
                source = members.get(i) or Member(self._populations[i], self._histories[i], compiled=False)
                connections.append(self._connection(projection, source))
        return FastLoop(list(units.values()), routes, list(members.values()), connections, self._traces(),
                        self._step, self._dt)

    def _unit(self, index: int) -> Unit:
        population = self._populations[index]
        fast = FastCell(population._lowered_now(), self._dt, self._key, 2*index, self._reached(index),
                        self._dtype == np.float32)
        return Unit(fast, population, self._histories[index], self._log(index))

    def _reached(self, index: int) -> set[str]:
        """Return which receptors of a population projections reach."""
        return {receptor for _, j, _, kind, _ in self._projections if j == index for receptor in RECEPTORS[kind]}

    def _why_not_fast(self, index: int) -> str | None:
        """Return why a population of the fast arithmetic is stepped otherwise, or None; warn of it once."""
        population = self._populations[index]
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

    def _thread_count(self) -> int:
        blocks = sum(-(-population.size // BLOCK_SIZE) for population in self._populations)
        if self._threads is not None:
            return _threads.allowed(min(self._threads, max(blocks, 1)))
        return _threads.allowed(max(1, min(max_threads(), blocks // _BLOCKS_A_THREAD)))

    @contextlib.contextmanager
    def _lent_generators(self, others: Sequence[int]) -> Iterator[None]:
        """Have populations that are stepped in another arithmetic, and have no rng, draw from the seed's, too."""
        lent = [source for index in others if self._populations[index].rng is None for source in self._lend(index)]
        try:
            yield
        finally:
            for source in lent:
                source.rng = None

    def _lend(self, index: int) -> list[currentBase]:
        sources = [source for source in vars(self._populations[index]).values()
                   if isinstance(source, currentBase) and source.rng is None]
        if sources and index not in self._generators:
            self._generators[index] = self._generator(index, _NOISE)
        for source in sources:
            source.rng = self._generators[index]
        return sources

    def _warn(self, index: int, reason: str | None, how: str = "through Python") -> None:
        if reason is not None and index not in self._warned:
            self._warned.add(index)
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
        with self._alone():
            state.load_state(self, path)

    def reset(self, seed: Seed = None) -> None:
        """Go back to time 0: populations are reset in the order of `add`, spikes on their way and records forgotten.

        A record that streams is emptied with its file; close it first to keep it.

        Parameters
        ----------
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator, optional
            Of another run; left out, the run to come is the same again (but for populations with an `rng`
            of their own, and with `compat`).
        """
        with self._alone():
            self._reset(seed)

    def _reset(self, seed: Seed) -> None:
        seed = self._seed if seed is None else _validate.network_seed(self, seed, self._fast)
        # a file may refuse, so records come first
        for record in self._spike_records.values():
            if not record.closed:
                record._restart(0.0)
        for samples in self._state_records:
            samples.clear()
        self._seed, self._step, self._generators, self._loop = seed, 0, {}, None
        for index, population in enumerate(self._populations):
            population.reset()
            if self._fast:
                self._draw_potentials(index)
        for history in self._histories:
            history.clear()

    def reseed(self, seed: Seed) -> None:
        """Go on with the random streams of another seed, from the state that the network is in.

        So copies of one warmed-up network run apart from each other. A network with `compat` has no
        seed: give its populations other generators (`rng`).

        Parameters
        ----------
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
            As in `Network`.

        Raises
        ------
        ValueError, TypeError
            If the seed is of no such kind, or the network is one with `compat`.

        Examples
        --------
        >>> import copy, lifext as lx
        >>> net = lx.Network(dt=0.05, seed=1)
        >>> net.add(cells=lx.pyrPop(100, noise_g=0.01))
        >>> net.run(50.0)
        >>> forks = [copy.deepcopy(net) for _ in range(3)]
        >>> for k, fork in enumerate(forks):
        ...     fork.reseed(100 + k)
        ...     fork.run(50.0)
        """
        with self._alone():
            _validate.seeded(self, self._fast)
            self._seed = _validate.network_seed(self, seed, self._fast)
            self._generators, self._loop = {}, None
            for record in self._spike_records.values():
                record._reseeded(self.time, self._seed)


# what the seed's generators are for
_POTENTIALS, _NOISE = 0, 1
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
