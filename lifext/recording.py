"""What a network run leaves behind: spikes, and traces of state variables."""
from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from . import _validate
from ._core.shared.logs import SpikeLog, StateLog
from ._exchange import Exchange
from ._formats import checks
from ._formats.about import about
from ._places import Guarded
from ._spike_file import PART, SpikeFile
from ._types import Floats, Neurons, Path

__all__ = ["SpikeRecord", "StateRecord"]


class _Recorded(Guarded):
    """What is shared by records: while a network runs, only the thread that runs it may take something from them."""

    name: str
    _runner: int | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_runner"}

    def _touch(self) -> None:
        _validate.own_thread(self, f"the network of {self.name!r}", self._runner)


class SpikeRecord(_Recorded, Exchange):
    """Spikes of one population, in the order of steps and, within one, of neurons.

    Made by `Network.record_spikes`; grows with each run. The methods that take a window look at
    the spikes around it, not at the whole record, so they can be called often during a run.
    `load` and the methods ``from_...`` make one of spikes in a file, or of another library; it is closed.

    A record that streams to a file keeps in memory only what it has not written yet: it writes
    whenever it has 65536 spikes, and at the end of each run, also of one that was interrupted.
    In between the file is closed. Its methods read the file where they need to.

    Attributes
    ----------
    name : str
        Name of the population.
    size : int
        Its number of neurons.
    times : ndarray of shape (n,)
        ms; exact within the step.
    ids : ndarray of shape (n,)
        Neurons.
    start, stop : float
        ms; from when to when it has been recorded.
    file : str or None
        Where it streams to, or is.
    closed : bool
        Whether it has ended.
    provenance : dict or None
        Where the spikes come from; None before the first run.
    directions : ndarray of shape (size,) or None
        Preferred directions of the neurons of a ring, radians.

    Examples
    --------
    >>> import numpy as np, lifext as lx
    >>> ring = lx.pyrRingPop(512, rng=1)
    >>> net = lx.Network(dt=0.05, compat=True)
    >>> net.add(ring=ring)
    >>> spikes = net.record_spikes(ring)
    >>> ring.stim(np.pi, cue_sal=1.0)
    >>> rates = []
    >>> net.run(100.0, every=(50.0, lambda net: rates.append(spikes.rate(net.time - 50, net.time))))
    >>> len(rates)
    2
    >>> round(np.degrees(np.angle(spikes.population_vector(50, 100))) % 360)
    180
    """

    _elsewhere = {"to": "give to to Network.record_spikes", "file": "give to to Network.record_spikes",
                  "closed": "call close()"}

    def __init__(self, name: str, population: Any, to: Path | None = None, start: Any = 0.0) -> None:
        self.name, self.size = name, population.size
        self._directions = getattr(population, "directions", None)
        self._knows_when = True
        self._log = SpikeLog(sink=None if to is None else SpikeFile(to, name), limit=PART)
        self._begin(start)

    def _begin(self, time: float) -> None:
        self.start = self.stop = time
        self._provenance: dict[str, Any] | None = None

    @classmethod
    def _made(cls, log: SpikeLog, found: Any) -> Self:
        """Return a closed record of what was read."""
        record = cls.__new__(cls)
        record._log = log
        record.name, record.size, record.start, record.stop = (
            found[name] for name in ("name", "size", "start", "stop"))
        record._directions, record._provenance = found["directions"], found["provenance"]
        # of spikes of another program nobody knows when there were none
        record._knows_when = found["provenance"] is not None
        return record

    @classmethod
    def _read(cls, ids: Neurons, times: Floats, found: Any) -> Self:
        log = SpikeLog(ids, times)
        log.close()
        return cls._made(log, found)

    @classmethod
    def _in_file(cls, file: SpikeFile, count: int, found: Any) -> Self:
        log = SpikeLog(sink=file)
        log.__setstate__((count, True, file))
        return cls._made(log, found)

    def __len__(self) -> int:
        return self._log.spilled + self._log.count

    def __getstate__(self) -> dict[str, Any]:
        if self.file is not None and not self.closed:
            _validate.no_stream(self.name, self.file)
        return super().__getstate__()

    @property
    def directions(self) -> Floats | None:
        """Preferred directions of the neurons of a ring, (size,), radians; None of others."""
        return self._directions

    @property
    def file(self) -> str | None:
        """Path of the file that the spikes go to, or None."""
        return None if self._log.sink is None else self._log.sink.path

    @property
    def closed(self) -> bool:
        """Whether spikes of further runs are left out."""
        return self._log.closed

    @property
    def provenance(self) -> Any:
        """Where the spikes come from, by name, in a form that JSON has: a copy; None before the first run.

        Versions, instruction set, dt, seed, and parameters of all populations and projections, as
        they were when the first run of this record began. Of an array, there are shape, mean,
        standard deviation, bounds, and the SHA-256 of its elements as little-endian float64
        (integers: int64).
        """
        return copy.deepcopy(self._provenance)

    def _describe(self, facts: dict[str, Any]) -> None:
        """Take note of where the spikes to come are from."""
        self._provenance = facts
        if self.file is not None:
            self._log.sink.describe(about(self))

    def _reseeded(self, time: float, seed: int | None) -> None:
        """Take note that spikes from a time (ms) on are of another seed."""
        if self._provenance is not None and not self.closed:
            self._describe({**self._provenance, "reseeded": [*self._provenance.get("reseeded", []),
                                                             {"time": time, "seed": seed}]})

    def _reach(self, time: float) -> None:
        """Take note that it has been recorded until a time, ms."""
        if not self.closed:
            self.stop = time

    def __repr__(self) -> str:
        return f"SpikeRecord({self.name!r}: {len(self)} spikes of {self.size} neurons)"

    @property
    def ids(self) -> Neurons:
        """Neurons that spiked, (n,)."""
        return self._arrays()[0]

    @property
    def times(self) -> Floats:
        """When they spiked, (n,), ms."""
        return self._arrays()[1]

    def _arrays(self) -> tuple[Neurons, Floats]:
        with self._still():
            written = [] if self._log.spilled == 0 else [self._log.sink.arrays(self._log.spilled)]
            return _joined([*written, *([self._log.arrays()] if self._log.count > 0 or not written else [])])

    def _pieces(self) -> Any:
        """Yield neurons and times of some spikes after the others, without reading the file as a whole."""
        with self._still():
            spilled, others = self._log.spilled, self._log.arrays()
        for start in range(0, spilled, PART):
            yield self._log.sink.piece(start, min(start + PART, spilled), spilled)
        yield others

    def _still(self) -> Any:
        """Keep spikes from going to the file, in the midst of which they would be read twice, or not at all."""
        return contextlib.nullcontext() if self._log.sink is None else self._log.sink.alone

    def between(self, start: float, stop: float) -> tuple[Neurons, Floats]:
        """Return neurons and times of the spikes with ``start <= time < stop``.

        Parameters
        ----------
        start, stop : float
            ms.

        Returns
        -------
        ids, times : ndarray of shape (n,)
            In the order of the record.

        Raises
        ------
        ValueError, TypeError
            If a time is not a finite number.
        """
        start, stop = _validate.number(self, "start", start), _validate.number(self, "stop", stop)
        with self._still():
            written = [] if self._log.spilled == 0 else self._log.sink.between(start, stop, self._log.spilled)
            return _joined([*written, *self._log.between(start, stop)])

    def covers(self, start: float, stop: float) -> bool:
        """Return whether all of a window was recorded, as far as is known.

        Parameters
        ----------
        start, stop : float
            ms.

        Returns
        -------
        bool
            Spikes of another program say nothing of when there were none: true.
        """
        start, stop = _validate.number(self, "start", start), _validate.number(self, "stop", stop)
        slack = 1e-9 * max(1.0, abs(self.start), abs(self.stop))
        return not self._knows_when or (self.start - slack <= start and stop <= self.stop + slack)

    def counts(self, start: float, stop: float) -> Neurons:
        """Return how many spikes each neuron had in ``[start, stop)`` ms.

        Parameters
        ----------
        start, stop : float
            ms.

        Returns
        -------
        ndarray of int, shape (size,)

        Raises
        ------
        ValueError, TypeError
            If a time is not a finite number, or the window was not recorded as a whole (`covers`).
        """
        _validate.recorded(self, start, stop, self.covers(start, stop))
        return np.bincount(self.between(start, stop)[0], minlength=self.size)

    def rate(self, start: float, stop: float) -> float:
        """Return the mean firing rate per neuron over ``[start, stop)`` ms.

        Parameters
        ----------
        start, stop : float
            ms, `start` before `stop`.

        Returns
        -------
        float
            Hz; nan where the window was not recorded as a whole (`covers`).

        Raises
        ------
        ValueError, TypeError
            If a time is not a finite number, or `stop` is not after `start`.
        """
        start, stop = _validate.number(self, "start", start), _validate.number(self, "stop", stop)
        length = _validate.number(self, "stop - start", stop - start, above=0)
        if not self.covers(start, stop):
            return math.nan
        return float(len(self.between(start, stop)[0]) / self.size / length * 1e3)

    def population_vector(self, start: float, stop: float) -> complex:
        """Return the mean of exp(i*direction) over the spikes in ``[start, stop)`` ms of a ring.

        Parameters
        ----------
        start, stop : float
            ms.

        Returns
        -------
        complex
            Its angle is the bump's direction, its length the bump's strength; nan without a spike, and where the
            window was not recorded as a whole (`covers`).

        Raises
        ------
        ValueError
            If the population has no `directions`.
        """
        directions = _validate.ring(self, self._directions, self.name, self.size)
        ids = self.between(start, stop)[0]
        if len(ids) == 0 or not self.covers(start, stop):
            return complex(np.nan, np.nan)
        return complex(np.exp(1j * directions[ids]).mean())

    def bump_width(self, start: float, stop: float) -> float:
        """Return the circular standard deviation of the directions that spiked in ``[start, stop)`` ms of a ring.

        It is ``sqrt(-2*ln(R))`` with R the length of the population vector [1]_: 0 where all
        spikes have one direction, the standard deviation of a narrow bump, and without bound
        where they are spread evenly.

        Parameters
        ----------
        start, stop : float
            ms.

        Returns
        -------
        float
            Radians; nan without a spike, and where the window was not recorded as a whole.

        Raises
        ------
        ValueError
            If the population has no `directions`.

        References
        ----------
        .. [1] Mardia, K. V. and Jupp, P. E. (2000). Directional Statistics. Wiley, chapter 2.
        """
        # rounding may leave one direction with a vector longer than 1; max keeps a nan in its first place
        strength = abs(self.population_vector(start, stop))
        return math.sqrt(max(-2 * math.log(strength), 0.0)) if strength != 0 else math.inf

    def flush(self) -> None:
        """Write what is left to the file, if the record streams to one.

        Raises
        ------
        OSError
            If the file cannot be written, or is open elsewhere. The spikes are kept for another try.
        ValueError
            If the file has lost spikes that were written to it.
        RuntimeError
            If the network is running in another thread.
        """
        self._touch()
        sink = None if self.closed else self._log.sink
        if sink is not None:
            sink.reach(self.stop)
        self._log.spill()
        if sink is not None:
            sink.tell()

    def close(self) -> None:
        """Write what is left, and end the record: it keeps its spikes, and gets none of further runs.

        Raises
        ------
        OSError, ValueError, RuntimeError
            As `flush`. The record goes on then.
        """
        self.flush()
        self._log.close()

    def clear(self) -> None:
        """Forget all spikes, also those in the file; a record that was closed keeps its own.

        Raises
        ------
        OSError, ValueError, RuntimeError
            As `flush`. Nothing is forgotten then.
        """
        self._touch()
        if not self.closed:
            self._restart(self.stop)

    def _restart(self, time: float) -> None:
        """Be as a record that begins at a time, ms."""
        self._cut(0, time, time, None)

    def _cut(self, count: int, start: float, stop: float, provenance: dict[str, Any] | None) -> None:
        """Be a record, over a time (ms), of the first `count` spikes; in memory, of none."""
        before = self.start, self.stop, self._provenance
        with self._still():
            if self._log.sink is not None:
                self.flush()
            self.start, self.stop, self._provenance = start, stop, provenance
            try:
                if self._log.sink is not None:
                    # at once: a process that ends before the next run leaves a file that is true
                    self._log.sink.cut(count, None if provenance is None else about(self))
            except BaseException:
                self.start, self.stop, self._provenance = before
                raise
            self._log.cut(count)

    def _check_stream(self, count: int, digest: str | None) -> None:
        """Refuse to be a record of the first `count` spikes in the file if they are not those of a digest."""
        try:
            self.flush()
            same = digest is None or len(self) < count or self._log.sink.begins_with(count, digest)
        except ValueError as error:
            raise checks.OtherSpikes(str(error)) from error
        checks.same_spikes(self.file, self.name, count, len(self), same)


def _joined(parts: Sequence[tuple[Neurons, Floats]]) -> tuple[Neurons, Floats]:
    """Put pairs of neurons and times, as they follow each other, into one pair."""
    if len(parts) == 1:
        return parts[0]
    return (np.concatenate([np.empty(0, np.intp), *(ids for ids, _ in parts)]),
            np.concatenate([np.empty(0), *(times for _, times in parts)]))


# where a population keeps what can be sampled
STATES = {
    "v": "_vM",
    "s_ampa": "AMPA.kinetic._s",
    "s_nmda": "NMDA.kinetic._s",
    "x_nmda": "NMDA.kinetic._x",
    "s_gaba": "GABA.kinetic._s",
    "s_noise": "noise._s",
    "i_ampa": "AMPA._curr",
    "i_nmda": "NMDA._curr",
    "i_gaba": "GABA._curr",
    "i_noise": "noise._curr",
    "i_leak": "leak._curr",
}


class StateRecord(_Recorded):
    """State variables of some neurons of one population, sampled at an interval.

    Made by `Network.record_state`; grows with each run.

    Attributes
    ----------
    name : str
        Name of the population.
    neurons : ndarray of shape (m,)
        Which neurons.
    variables : tuple of str
        What is sampled, by the names of `Network.record_state`.
    times : ndarray of shape (n,)
        ms; a sample is taken at the end of a step.

    Examples
    --------
    ``record["v"]`` is an array (n, m), mV. See `Network.record_state` for the other names.
    """

    _elsewhere = {name: f"give {name} to Network.record_state" for name in ("variables", "every")}

    def __init__(self, name: str, population: Any, variables: Sequence[str], interval: int, neurons: Neurons,
                 dt: float) -> None:
        self.name, self.neurons = name, neurons
        self._variables, self._dt = list(variables), dt
        self._log = StateLog(population, [STATES[variable] for variable in variables], interval, neurons)

    def take(self, step: int) -> None:
        """Sample, if the end of this step is one of the sample times."""
        self._log.take(step)

    @property
    def times(self) -> Floats:
        """When samples were taken, (n,), ms."""
        return np.asarray(self._log.step_numbers() * self._dt, dtype=np.float64)

    @property
    def variables(self) -> tuple[str, ...]:
        """What is sampled."""
        return tuple(self._variables)

    def __getitem__(self, variable: str) -> Floats:
        if variable not in self._variables:
            raise KeyError(f"StateRecord: variable must be one of {', '.join(self._variables)}, got {variable!r}")
        return self._log.column(self._variables.index(variable))

    def __len__(self) -> int:
        return self._log.count

    def __repr__(self) -> str:
        what = f"{', '.join(self._variables)}, {len(self)} samples of {len(self.neurons)} neurons"
        return f"StateRecord({self.name!r}: {what})"

    def clear(self) -> None:
        """Forget all samples.

        Raises
        ------
        RuntimeError
            If the network is running in another thread.
        """
        self._touch()
        self._log.clear()
