"""Networks: populations and projections, stepped by one compiled loop."""
from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import numpy as np

from . import _owners, _plausible, _summary, _validate, state
from ._core.fast.loop import SynapseState
from ._network import checks
from ._network.assembly import RECEIVERS
from ._network.model import RECEPTORS, Projection
from ._network.running import Bar, Running, is_true
from ._signals import Held
from ._types import ArrayLike, Dtype, Path, Seed
from .LIF_Pop import baseLIFPop
from .recording import STATES, SpikeRecord, StateRecord
from .sources import SpikeSource
from .synapses._synapse import Synapse
from .weights import Weights, as_weights

__all__ = ["Network"]

# each has two of the 2**16 random streams that Poisson input has
MOST_POPULATIONS = 2**15
# the spikes of so many steps are kept at most
MOST_DELAY = 10**6


class Network(Running):
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
        super().__init__(dt, seed, compat, threads, dtype)

    def __copy__(self) -> Network:
        checks.no_shallow_copy(self)

    def __getitem__(self, name: str) -> Any:
        """Return the population, or the source of spikes, that was added under a name."""
        return self._populations[checks.name_of(self, name, self._names)]

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
            checks.new_member(self, name, population, (baseLIFPop, SpikeSource), self._names, known)
            if isinstance(population, SpikeSource):
                checks.for_fast(self, name, population, self._fast)
            else:
                _owners.check_free(self, name, population)
            known.append(population)
        _validate.at_most(self, "the number of populations, with those that were removed,",
                          self._next_number + len(populations), MOST_POPULATIONS)
        with Held():
            for name, population in populations.items():
                self._take(name, population)
            self._loop = None

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
            checks.network_seed(self, seed, False)
            return copy.deepcopy(self)
        seed = checks.network_seed(self, seed, True)
        fork = copy.deepcopy(self)
        fork.reseed(seed)
        return fork

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
        checks.has_neurons(self, "target", target, baseLIFPop)
        checks.synapse(self, synapse, Synapse)
        if synapse is not None:
            checks.for_fast(self, "synapse", synapse, self._fast)
        weights = as_weights(weights, source.size, target.size)
        _validate.choice(self, "kind", kind, tuple(RECEPTORS))
        if not self._fast:
            checks.published_kind(self, kind, tuple(RECEIVERS), "with compat=True")
        steps = checks.whole_steps(self, "delay", delay, self._dt)
        _validate.at_most(self, "delay", delay, MOST_DELAY*self._dt)
        _plausible.projection(self._names[i], self._names[j], target, weights, kind, RECEPTORS[kind])
        if self._fast:
            self._warn_of_unseeded(i, j, weights)
        with Held():
            self._deepen(i, steps + 1)
            state = None if synapse is None else SynapseState(synapse, source.size)
            self._projections.append(Projection(i, j, weights, kind, steps, self._step, state))
            self._loop = None

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
        checks.same_file(self, record.name, to, record.file)
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

        Raises
        ------
        ValueError, TypeError
            If the population is not of this network, or one of the others is not of its kind.
        RuntimeError
            If the network is running in another thread.
        """
        _validate.own_thread(self, "it", self._running)
        index = self._index("population", population)
        checks.has_neurons(self, "population", population, baseLIFPop)
        variables = [variables] if isinstance(variables, str) else list(variables)
        for variable in variables:
            _validate.choice(self, "variables", variable, tuple(STATES))
        interval = 1 if every is None else checks.whole_steps(self, "every", every, self._dt, at_least=1)
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
        steps = checks.whole_steps(self, "duration", duration, self._dt)
        interval, callback = checks.interval(self, "every", every, self._dt) or (steps, None)
        piece = min(interval, self._piece()) if progress and callback is None else interval
        with self._alone(), self._writing_records(), Bar(progress, duration) as advance:
            if steps > 0:
                # before a record says of which rates it is
                self._check_parameters()
            self._describe_records(self._spike_records.values())
            for done, taken in self._pieces(steps, piece):
                advance(taken * self._dt)
                if callback is not None and done % interval == 0 and is_true(callback(self)):
                    break

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
        that populations have as their `rng`. Parameters stay as they are by now. With a seed given, what was drawn
        from the network's seed, potentials and conductances of a `leak` with `rand_sd`, is drawn anew for that one,
        with the parameters as they are by now. A network that was brought to a state by `load_state` goes back to what
        it was built as.

        With `compat` each population's published `reset` is called instead, in the order of `add`: potentials are drawn
        anew and stimuli are off.

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
            checks.seeded(self, self._fast)
            self._seed = checks.network_seed(self, seed, self._fast)
            self._generators, self._loop = {}, None
            for record in self._spike_records.values():
                record._reseeded(self.time, self._seed)
