"""Networks: populations and projections, stepped by one compiled loop."""
import warnings

import numpy as np

from . import _validate
from ._core.loop import Connection, Loop, Member
from ._core.projection import Projection, WeightKind
from ._core.spikes import SpikeHistory
from .LIF_Pop import baseLIFPop
from .recording import STATES, SpikeRecord, StateRecord
from .weights import Dense, OneToOne, Ring, Sparse, Uniform, as_weights

__all__ = ["Network", "PerformanceWarning"]

RECEIVERS = {"exc": ("_excitation", "receivePyrSpikes"), "inh": ("_inhibition", "receiveIntSpikes")}
STEPS = ("predictSpikes", "processTimeStep")


def _has_own(population, method):
    """Whether a population takes a step of its own in place of `baseLIFPop`'s."""
    return method in vars(population) or getattr(type(population), method) is not getattr(baseLIFPop, method)


def _why_python(population):
    """Return why a population is stepped through its own methods, or None."""
    for method in STEPS:
        if _has_own(population, method):
            return f"{type(population).__name__} has its own {method}"
    return population._why_composed()


def _lower_weights(weights):
    """Return weights in the form that the loop takes rows from."""
    if isinstance(weights, Uniform):
        return Projection(WeightKind.UNIFORM, *weights.shape, flat=weights.weight)
    if isinstance(weights, Sparse):
        return Projection(WeightKind.SPARSE, *weights.shape, indptr=weights.indptr, indices=weights.indices,
                          values=weights.data)
    if isinstance(weights, Ring):
        return Projection(WeightKind.RING, *weights.shape, values=weights.bump, flat=weights.flat, first=weights.first)
    if isinstance(weights, OneToOne):
        values = np.atleast_1d(np.asarray(weights.weight, dtype=np.float64))
        return Projection(WeightKind.ONE_TO_ONE, *weights.shape, values=values)
    # Dense, and whatever else has a matrix
    return Projection(WeightKind.DENSE, *weights.shape,
                      dense=weights.array if isinstance(weights, Dense) else weights.toarray())


class PerformanceWarning(UserWarning):
    """A population that the compiled loop steps through Python, and why."""


class Network:
    """Populations and the projections between them, stepped together.

    Step k of `dt` ms is at ``k*dt``, through any number of runs. Between two runs the
    populations are what they would be in a script: they can be stimulated, hidden and changed.

    Parameters
    ----------
    dt : float
        Length of a step, ms, > 0.
    compat : bool
        True gives the numbers of a script that steps the populations by hand, bit for bit: all
        populations predict, in the order of `add`; projections deliver, in the order of `connect`;
        populations advance. Random numbers come from each population's `rng`, NumPy's global
        generator by default. The other arithmetic is not in this version.

    Attributes
    ----------
    time : float
        ms; where the next step starts.

    Raises
    ------
    ValueError, TypeError
        If `dt` is not a finite number > 0.
    NotImplementedError
        Without ``compat=True``.

    Examples
    --------
    >>> import numpy as np, lifext as lx
    >>> cells, inhibition = lx.pyrPop(80, noise_g=0.01, rng=1), lx.interPop(20, rng=2)
    >>> net = lx.Network(dt=0.05, compat=True)
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

    def __init__(self, dt, *, compat=False):
        self._dt = _validate.number(self, "dt", dt, above=0)
        if not compat:
            raise NotImplementedError("Network: the fast arithmetic is not in this version; use compat=True")
        self._names, self._populations, self._histories = [], [], []
        self._projections, self._spike_records, self._state_records = [], {}, []
        self._step = 0
        self._warned = set()

    @property
    def dt(self):
        """Length of a step, ms."""
        return self._dt

    @property
    def time(self):
        """Where the next step starts, ms."""
        return self._step * self._dt

    def __repr__(self):
        return f"Network({', '.join(self._names)}; dt {self._dt} ms, at {self.time} ms)"

    def add(self, **populations):
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

    def _index(self, name, population):
        return _validate.one_of(self, name, population, self._populations,
                                f"one of the populations added ({', '.join(self._names) or 'none yet'})")

    def connect(self, source, target, weights, kind, *, delay=0.0):
        """Have the spikes of one population reach another.

        Parameters
        ----------
        source, target : baseLIFPop
            Populations of this network; they may be the same.
        weights : Weights or array_like of shape (source.size, target.size)
            What a spike of each source neuron adds to each target neuron: `Dense` (an array is
            taken as that), `Sparse`, `Ring`, `Uniform` or `OneToOne`.
        kind : {"exc", "inh"}
            Excitation reaches the AMPA and NMDA receptors, inhibition the GABA receptors.
        delay : float, optional
            ms, a multiple of dt. A spike keeps its time within the step.

        Raises
        ------
        ValueError, TypeError
            If a population is not of this network, the weights do not fit, or the delay is no
            multiple of dt. Nothing is connected then.
        """
        i, j = self._index("source", source), self._index("target", target)
        weights = as_weights(weights, source.size, target.size)
        _validate.choice(self, "kind", kind, tuple(RECEIVERS))
        steps = _validate.whole_steps(self, "delay", delay, self._dt)
        self._deepen(i, steps + 1)
        self._projections.append((i, j, weights, kind, steps))

    def _deepen(self, index, depth):
        history = self._histories[index]
        if depth <= history.depth:
            return
        # spikes of the steps that the shallower history kept stay on their way
        deeper = SpikeHistory(self._populations[index].size, depth)
        slots = [(np.empty(0, np.intp), np.empty(0))] * depth
        for step in range(max(0, self._step - history.depth), self._step):
            slots[step % depth] = tuple(array.copy() for array in history.of_step(step))
        deeper.__setstate__(slots)
        self._histories[index] = deeper

    def record_spikes(self, population):
        """Record the spikes of a population from now on.

        Parameters
        ----------
        population : baseLIFPop
            Of this network.

        Returns
        -------
        SpikeRecord
            The same one when called again.
        """
        index = self._index("population", population)
        if index not in self._spike_records:
            self._spike_records[index] = SpikeRecord(self._names[index], population)
        return self._spike_records[index]

    def record_state(self, population, variables, *, every=None, neurons=None):
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
        return record

    def run(self, duration, *, progress=False, every=None):
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
            If a time is no multiple of dt.
        """
        steps = _validate.whole_steps(self, "duration", duration, self._dt)
        interval, callback = (steps, None) if every is None else (
            _validate.whole_steps(self, "every", every[0], self._dt, at_least=1), every[1])
        with _bar(progress, duration) as advance:
            for taken in self._pieces(steps, min(interval, _PIECE) if progress and callback is None else interval):
                advance(taken * self._dt)
                if callback is not None and callback(self) is True:
                    break

    def _pieces(self, steps, length):
        """Run `steps` in pieces and yield the length of each."""
        done = 0
        while done < steps:
            count = min(length, steps - done)
            self._run_steps(count)
            done += count
            yield count

    def _run_steps(self, count):
        loop = self._lower()
        try:
            loop.run(count)
        finally:
            self._step = loop.step

    def _lower(self):
        members = []
        for index, (population, history) in enumerate(zip(self._populations, self._histories)):
            self._warn_of_python(index)
            record = self._spike_records.get(index)
            members.append(Member(population, history, None if record is None else record._log,
                                  compiled=not any(_has_own(population, method) for method in STEPS)))
        connections = []
        for i, j, weights, kind, delay in self._projections:
            target, (buffer, method) = self._populations[j], RECEIVERS[kind]
            connections.append(Connection(_lower_weights(weights), members[i], getattr(target, buffer), delay,
                                          getattr(target, method) if _has_own(target, method) else None))
        return Loop(members, connections, self._state_records, self._step, self._dt)

    def _warn_of_python(self, index):
        reason = _why_python(self._populations[index])
        if reason is not None and index not in self._warned:
            self._warned.add(index)
            warnings.warn(f"{self._names[index]} is stepped through Python: {reason}", PerformanceWarning, stacklevel=5)

    def reset(self):
        """Go back to time 0: populations are reset in the order of `add`, spikes on their way and records forgotten."""
        self._step = 0
        for population in self._populations:
            population.reset()
        for history in self._histories:
            history.clear()
        for record in [*self._spike_records.values(), *self._state_records]:
            record.clear()


# steps between two moves of the progress bar
_PIECE = 200


class _bar:
    """A progress bar over simulated time, or nothing."""

    def __init__(self, wanted, duration):
        self._bar = None
        if wanted:
            try:
                from tqdm import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=duration, unit="ms", disable=None)

    def __enter__(self):
        return (lambda ms: None) if self._bar is None else self._bar.update

    def __exit__(self, *exception):
        if self._bar is not None:
            self._bar.close()
