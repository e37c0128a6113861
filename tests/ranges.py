"""What the state of a network keeps to, whatever was run: the bounds that physics and the scheme give it."""
import numpy as np

import lifext
from lifext import currents, kinetics

RECEPTORS = ("AMPA", "NMDA", "GABA")
SOURCES = (*RECEPTORS, "noise", "leak", "afferents")
ROUNDING = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-4}


def is_ours(thing):
    """Whether a part is of one of this package's classes, and not of a subclass in a test."""
    return type(thing).__module__.startswith("lifext.")


def is_known(pop):
    """Whether all that drives a population is known here, so that bounds can be given for its potential."""
    parts = [getattr(pop, name) for name in SOURCES]
    gates = [part.kinetic for part in parts[:3]] if all(is_ours(part) for part in parts) else [None]
    return (is_ours(pop) and all(is_ours(part) for part in (*parts, *gates))
            and not isinstance(pop.noise, currents.noiseGaussian))


def own_names(pop):
    """Methods of a step that a user has put on the object itself, which may leave anything."""
    return {"predictSpikes", "processTimeStep", "dVmdt", "project_dVmdt"} & vars(pop).keys()


def reversals(pop):
    """The potentials that the conductances of a population pull it to."""
    found = [pop.leak.vL, pop.AMPA.vE, pop.NMDA.vE, pop.noise.vE]
    found += [pop.GABA.vI] if pop._inhibited else []
    found += [pop.afferents.vE] if isinstance(pop.afferents, currents.noisePoisson) else []
    return found


def steady_shift(pop):
    """How far a steady current moves the potential at rest, at most, mV."""
    if isinstance(pop.afferents, currents.noisePoisson):
        return 0.0
    most = max(np.max(np.abs(current)) for current in (pop.afferents._onCurrent, pop.afferents._curr)
               if current is not None)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(most / np.min(pop.leak.g), nan=0.0, posinf=np.inf) if most else 0.0


def bounds(pop):
    """The lowest and the highest potential that a population can come to, mV."""
    shift = steady_shift(pop)
    ends = [*reversals(pop), pop.vReset, pop._vM]
    return min(map(np.min, ends)) - shift, max(map(np.max, ends)) + shift


def open_conductance(pop):
    """The sum of all conductances, as far as they are open, of each neuron, uS."""
    receptors = [getattr(pop, name) for name in RECEPTORS if name != "GABA" or pop._inhibited]
    found = [pop.leak.g, *(part.g * part.kinetic._s for part in receptors), pop.noise.g * pop.noise._s]
    if isinstance(pop.afferents, currents.noisePoisson):
        found.append(pop.afferents.g * pop.afferents._s)
    return np.broadcast_to(sum(found), (pop.size,))


class Ranges:
    """What is known of a network before a run, and `check`, which looks at it afterwards.

    Bounds hold for what was there when the run began and for what is there when it ends; a run in which a callback sets
    parameters back and forth is not for this.
    """

    def __init__(self, net):
        self.net, self.start = net, net.time
        with np.errstate(all="ignore"):
            self.bounds = {id(pop): bounds(pop) for _, pop in net._cells() if is_known(pop)}
        self.refractory = {id(pop): np.max(pop.refDur) for _, pop in net._cells()}
        self.ends = {id(pop): np.max(pop._endRefract) for _, pop in net._cells()}
        self.counts = {id(record): len(record) for record in self._records()}

    def _records(self):
        # those that stream would be read from their files
        return [record for record in self.net._spike_records.values() if not record.closed and record.file is None]

    def check(self):
        """Raise AssertionError where something is out of its range, with all that is."""
        found = []
        for name, pop in ((self.net._names[index], pop) for index, pop in self.net._cells()):
            found += [f"{name}.{words}, at {self.net.time} ms" for words in self._of_population(pop)]
        for record in self._records():
            found += self._of_record(record)
        assert not found, "out of range: " + "; ".join(found)

    def _of_population(self, pop):
        # a population that a test steps itself has what the test gives it
        if own_names(pop):
            return
        yield from self._of_gates(pop)
        for name in SOURCES:
            for field in ("_curr", "_prev_curr"):
                values = getattr(getattr(pop, name), "__dict__", {}).get(field)
                yield from beyond(f"{name}.{field}", values)
        yield from beyond("_vM", pop._vM)
        if is_ours(pop):
            yield from self._of_times(pop)
        if is_known(pop):
            with np.errstate(all="ignore"):
                yield from self._of_potential(pop)

    def _of_gates(self, pop):
        slack = ROUNDING[self.net.dtype]
        for name in RECEPTORS:
            kinetic = getattr(getattr(pop, name), "kinetic", None)
            if type(kinetic) is kinetics.secondOrdKin:
                yield from beyond(f"{name}.kinetic._s", kinetic._s, -slack, 1 + slack)
                yield from beyond(f"{name}.kinetic._x", kinetic._x, 0)
            elif type(kinetic) is kinetics.firstOrdKinExp:
                yield from beyond(f"{name}.kinetic._s", kinetic._s, 0)
            elif isinstance(kinetic, kinetics.kineticBase):
                yield from beyond(f"{name}.kinetic._s", kinetic._s)
        for name in ("noise", "afferents"):
            if isinstance(source := getattr(pop, name), currents.noisePoisson):
                yield from beyond(f"{name}._s", source._s, 0)

    def _of_times(self, pop):
        dt, refractory = self.net.dt, max(self.refractory.get(id(pop), 0), np.max(pop.refDur))
        yield from beyond("_endRefract", pop._endRefract, -np.inf, max(
            self.ends.get(id(pop), 0) if self.net.time == self.start else 0, self.net.time + refractory + 1e-6 * dt))
        yield from beyond("_spikeTime", pop._spikeTime, 0 if self.net._fast else -np.inf, dt)
        if pop.numSpikes != np.count_nonzero(pop._spiked):
            yield f"numSpikes is {pop.numSpikes}, with {np.count_nonzero(pop._spiked)} in _spiked"

    def _of_potential(self, pop):
        low, high = bounds(pop)
        before = self.bounds.get(id(pop), (low, high))
        slack = 1e-6 * (1 + abs(low) + abs(high)) + ROUNDING[self.net.dtype] * 100
        # where a step is long beside the membrane's time constant it may overshoot, and does not say how far
        lively = open_conductance(pop) * self.net.dt / np.min(pop.cM) > 0.5
        far = np.where(lively, 10 * (high - low) + 100, slack)
        yield from beyond("_vM", pop._vM, min(low, before[0]) - far, max(high, before[1]) + far)

    def _of_record(self, record):
        times = record.times[self.counts.get(id(record), 0):]
        if len(times) == 0 or not self.net._fast:
            return
        # a network's time is a product, and so is that of each step
        slack = 1e-9 * self.net.dt
        yield from beyond(f"{record.name}: times of spikes", times, max(self.start, record.start) - slack,
                          self.net.time + slack)
        steps = np.floor(times / self.net.dt + 1e-6)
        if np.any(np.diff(steps) < -1):
            yield f"{record.name}: a spike is before those of the step before, {times[np.argmin(np.diff(steps))]} ms"


def beyond(name, values, low=-np.inf, high=np.inf):
    """Say which values of an array are not finite or beyond their bounds, if any."""
    if values is None:
        return
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    # most of the time all is well, and this costs two comparisons
    wrong = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if np.any(wrong):
        first = int(np.argmax(wrong))
        low, high = (np.broadcast_to(end, values.shape)[first] for end in (low, high))
        yield f"{name}[{first}] is {values[first]!r}, not in [{low:.6g}, {high:.6g}] ({wrong.sum()} of {values.size})"


def check_ranges(net):
    """Raise AssertionError where a state variable of a network is out of its range."""
    Ranges(net).check()


def checked_run(net, duration, **options):
    """Run a network and look at its ranges."""
    ranges = Ranges(net)
    lifext.Network.run(net, duration, **options)
    ranges.check()
