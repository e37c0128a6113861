"""What is timed: one neuron, a dual ring and a small population, on any implementation of the published classes.

An implementation `ns` is an object with the attributes `LIF_Pop`, `currents`, `kinetics` and
`ivprobs`: the package itself, or `original` of `against_original.py`. All random numbers come
from NumPy's global generator, which a workload seeds when it is made. Every ``advance(steps)``
continues the same simulation, so that it can be run in before it is timed.

Units: ms, mV, uS, kHz.
"""
import numpy as np

KEPT = 5000  # records are emptied after so many steps: no longer lists in a long run than in a short one


class OneNeuron:
    """A pyramidal cell that gets a spike every 50 ms, from 100 ms on together with inhibition.

    Parameters
    ----------
    ns : object
        Implementation.
    record : bool, optional
        Whether the four mean currents and the gating of AMPA are recorded each step.
    dt : float, optional
        Step, ms.
    seed : int, optional
        Of NumPy's global generator.

    Attributes
    ----------
    steps, spikes : int
        Taken and seen since the start.
    potential : float
        Of the membrane after the last step, mV.
    """

    neurons = 1
    run_in = 10_000  # steps until inhibition has set in
    interval = 50.0
    inhibited_from = 100.0

    def __init__(self, ns, record=True, dt=0.01, seed=11):
        np.random.seed(seed)
        self.dt = dt
        self.steps = self.spikes = 0
        self.cell = ns.LIF_Pop.pyrPop(1, vTh=-50, vReset=-60, record_i=record)
        self.potential = -55.0
        self.cell._vM = np.array([self.potential])
        self.cell.AMPA.kinetic = ns.kinetics.secondOrdKin(1, alpha_x=1, alpha_s=1, tau_x=0.05, tau_s=2, track=record)
        for receptor, conductance in (("AMPA", 1.5), ("NMDA", 0.3), ("GABA", 1.0)):
            getattr(self.cell, receptor).g = conductance
        self.arrival, self.weight = np.zeros((1, 1)), np.full((1, 1), 0.05)

    def advance(self, steps):
        """Take `steps` steps and return the number of spikes in them."""
        before = self.spikes
        for start in range(0, steps, KEPT):
            self._take(min(KEPT, steps - start))
            self._forget()
        return self.spikes - before

    def _take(self, steps):
        cell, dt, arrival, weight = self.cell, self.dt, self.arrival, self.weight
        period = round(self.interval / dt)
        for step in range(self.steps, self.steps + steps):
            time = step * dt
            excited = step % period == 0 and step > 0
            inhibited = excited and time >= self.inhibited_from
            cell.predictSpikes(dt, time)
            cell.receivePyrSpikes(dt, int(excited), arrival, weight)
            cell.receiveIntSpikes(dt, int(inhibited), arrival, weight)
            cell.processTimeStep(dt, time)
            self.potential = cell.VMs()[0]
            self.spikes += int(cell.spikes()[0])
        self.steps += steps

    def _forget(self):
        # the published code records whether asked or not, hence all of them
        cell = self.cell
        for current in (cell.AMPA, cell.NMDA, cell.GABA, cell.leak, cell.noise):
            current.curr_record.clear()
        cell.AMPA.kinetic.tracked_s.clear()
        cell.AMPA.kinetic.tracked_x.clear()


def ring_weights(sources, targets, total=1.0):
    """Return weights (sources, targets) of two rings: 30 % alike, 70 % around the same direction.

    What reaches a target sums to `total`.
    """
    source = np.arange(sources) * (2 * np.pi / sources)
    target = np.arange(targets) * (2 * np.pi / targets)
    sharpness = 2 * np.pi / 0.05
    tuned = np.exp(sharpness * (np.cos(np.subtract.outer(source, target)) - 1))
    weights = 0.3 + 0.7 * tuned
    return total * weights / weights.sum(axis=0)


class DualRing:
    """A perception ring under a Poisson cue that drives a memory ring, stepped by hand as in the published scripts.

    Each ring has pyramidal cells and interneurons with all four projections between them; the
    pyramidal cells of the first project to those of the second.

    Parameters
    ----------
    ns : object
        Implementation.
    n_pyr, n_int : int, optional
        Pyramidal cells and interneurons of each ring.
    dt : float, optional
        Step, ms.
    seed : int, optional
        Of NumPy's global generator.

    Attributes
    ----------
    neurons : int
        In all four populations.
    steps, spikes : int
        Taken and seen since the start.
    """

    run_in = 6000  # steps until activity is steady, at the sizes given here

    def __init__(self, ns, n_pyr=1024, n_int=256, dt=0.05, seed=102):
        np.random.seed(seed)
        self.dt = dt
        self.steps = self.spikes = 0
        self.neurons = 2 * (n_pyr + n_int)
        self.populations, self.projections = [], []
        perception = self._add_ring(ns, n_pyr, n_int, NMDA_g=0.30)
        memory = self._add_ring(ns, n_pyr, n_int, NMDA_g=0.35)
        self._connect(perception, memory.receivePyrSpikes, ring_weights(n_pyr, n_pyr, total=0.1))
        self._cue(ns, perception)

    def _add_ring(self, ns, n_pyr, n_int, NMDA_g):
        pyramidal = ns.LIF_Pop.pyrRingPop(n_pyr, AMPA_g=0.0, NMDA_g=0.37, GABA_g=1.25)
        inter = ns.LIF_Pop.interRingPop(n_int, AMPA_g=0.0, NMDA_g=NMDA_g, GABA_g=1.0)
        self.populations += [pyramidal, inter]
        self._connect(pyramidal, pyramidal.receivePyrSpikes, ring_weights(n_pyr, n_pyr))
        self._connect(inter, pyramidal.receiveIntSpikes, np.full((n_int, n_pyr), 1 / n_int))
        self._connect(pyramidal, inter.receivePyrSpikes, np.full((n_pyr, n_int), 1 / n_pyr))
        self._connect(inter, inter.receiveIntSpikes, np.full((n_int, n_int), 1 / n_int))
        return pyramidal

    def _connect(self, source, receive, weights):
        self.projections.append((source, receive, weights))

    @staticmethod
    def _cue(ns, pyramidal):
        cue = ns.currents.affRingPoisson(pyramidal.size, pyramidal.directions)
        cue.g = 0.001
        pyramidal.afferents = cue
        pyramidal.stim(np.pi / 2, max_rate=1.25)

    def advance(self, steps):
        """Take `steps` steps and return the number of spikes in them."""
        dt, populations, before = self.dt, self.populations, self.spikes
        for step in range(self.steps, self.steps + steps):
            time = step * dt
            for population in populations:
                population.predictSpikes(dt, time)
            for source, receive, weights in self.projections:
                receive(dt, source.numSpikes, source.spikeTimes(), weights)
            for population in populations:
                population.processTimeStep(dt, time)
            self.spikes += sum(int(population.numSpikes) for population in populations)
        self.steps += steps
        return self.spikes - before


class SmallPopulation:
    """Pyramidal cells under a cycle of volleys of 0 to 3 spikes, from two excitatory sources and an inhibitory one.

    Spike times of a volley are in no order, so that spikes are merged by time as well.

    Parameters
    ----------
    ns : object
        Implementation.
    size : int, optional
        Number of neurons.
    dt : float, optional
        Step, ms.
    seed : int, optional
        Of NumPy's global generator, and of the volleys.

    Attributes
    ----------
    steps, spikes : int
        Taken and seen since the start.
    """

    cycle = 97  # steps

    def __init__(self, ns, size=20, dt=0.05, seed=5):
        np.random.seed(seed)
        self.dt = dt
        self.steps = self.spikes = 0
        self.neurons = size
        self.cells = ns.LIF_Pop.pyrPop(size)
        draw = np.random.RandomState(seed)
        self.volleys = [[self._volley(draw, size) for _ in range(3)] for _ in range(self.cycle)]

    def _volley(self, draw, size):
        count = draw.randint(4)
        return count, draw.uniform(0.0, self.dt, (count, 1)), draw.uniform(0.0, 2e-3, (count, size))

    def advance(self, steps):
        """Take `steps` steps and return the number of spikes in them."""
        cells, dt, before = self.cells, self.dt, self.spikes
        receivers = cells.receivePyrSpikes, cells.receivePyrSpikes, cells.receiveIntSpikes
        for step in range(self.steps, self.steps + steps):
            time = step * dt
            cells.predictSpikes(dt, time)
            for receive, (count, times, weights) in zip(receivers, self.volleys[step % self.cycle], strict=True):
                receive(dt, count, times, weights)
            cells.processTimeStep(dt, time)
            self.spikes += int(cells.numSpikes)
        self.steps += steps
        return self.spikes - before
