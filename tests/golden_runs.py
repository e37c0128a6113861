"""The runs behind the arrays of `tests/data/golden`: what is done to the public classes, and what is read.

The arrays are what the published code did on the same calls, on NumPy 2.4 and a machine
whose array exp equals libm's. Each run starts from a seed of NumPy's global generator and
returns a dict of arrays; ``rng`` is a digest of the generator's state at the end, so it is
equal only if the same numbers were drawn.
"""
import hashlib

import numpy as np

import lifext

DT = 0.05
HEADINGS = np.linspace(0, 2 * np.pi, 7, endpoint=False)
DELIVER = {"exc": "receivePyrSpikes", "inh": "receiveIntSpikes"}


def digest():
    name, key, *rest = np.random.get_state()
    text = repr((name, *rest)).encode()
    return np.frombuffer(hashlib.sha256(key.tobytes() + text).digest(), dtype=np.uint8)


class Log(dict):
    """Lists of what was seen, by name."""

    def note(self, **seen):
        for name, value in seen.items():
            self.setdefault(name, []).append(value)


def bursts(seed, steps, size, most, scale=0.05):
    """Yield, for each step, up to `most` unsorted spike times within it and their weight rows."""
    source = np.random.RandomState(seed)
    for _ in range(steps):
        n = source.randint(0, most + 1)
        yield source.rand(n) * DT, source.rand(n, size) * scale


# One kinetic, one current

def kinetic_run(kinetic, seed):
    log = Log()
    for times, rows in bursts(seed, 300, 5, 4):
        log.note(ahead=kinetic.project(DT))
        kinetic.update(DT, np.sort(times), rows)
        log.note(before=kinetic.kinetic(0), after=kinetic.kinetic(DT))
    kinetic.reset()
    return {**log, "reset": kinetic.kinetic(DT)}


def current_run(make, seed, takes_spikes=True, switch=()):
    np.random.seed(seed)
    source, switch, log = make(), dict(switch), Log()
    potentials = np.random.RandomState(seed + 1).uniform(-70, -50, (300, 7))
    for step, (v, (times, rows)) in enumerate(zip(potentials, bursts(seed + 2, 300, 7, 3))):
        if step in switch:
            switch[step](source)
        log.note(project0=source.project(0, v), project=source.project(DT, v + 0.1))
        source.update(DT, *((np.sort(times), rows) if takes_spikes else (0, 0)))
        log.note(current0=source.current(0, v), current=source.current(DT, v + 0.1))
    source.reset()
    return {**log, "after_reset": source.current(0, potentials[0]), "rng": digest()}


def noise_asked_again():
    np.random.seed(18)
    log, orders = Log(), ((0, DT, DT, 0), (DT, 0, DT), (0, 0, DT))
    v = np.linspace(-65, -55, 5)
    for noise in (lifext.noisePoisson(5), lifext.noiseGaussian(5, 0.1, 0.2)):
        for step in range(30):
            for dt in orders[step % 3]:
                log.note(rows=noise.project(dt, v + dt))
            noise.update(DT, 0, 0)
            log.note(rows=noise.current(0, v))
            log.note(rows=noise.current(DT, v))
            if step == 15:
                noise.reset()
    return {**log, "rng": digest()}


# One population

def population_run(cls, size, seed, scales, stimuli=(), **parameters):
    """Three unsorted sources, two of them excitatory, that report one silent neuron each; a reset half-way."""
    np.random.seed(seed)
    pop, log, stimuli, steps = cls(size, **parameters), Log(), dict(stimuli), 600
    sources = [(DELIVER[kind], bursts(seed + k, steps, size, 3, scale))
               for k, (kind, scale) in enumerate(zip(("exc", "exc", "inh"), scales), start=1)]
    silent = np.full((1, size), 9.0)
    for step in range(steps):
        if step in stimuli:
            stimuli[step](pop)
        pop.predictSpikes(DT, step * DT)
        for method, source in sources:
            times, rows = next(source)
            getattr(pop, method)(DT, len(times), np.append(times, DT)[:, None], np.vstack([rows, silent]))
        pop.processTimeStep(DT, step * DT)
        log.note(vm=pop.VMs(), spikes=pop.spikes(), spike_times=pop.spikeTimes(), num=pop.numSpikes)
        if step == steps // 2:
            pop.reset()
    return {**log, "rng": digest()}


def ties():
    np.random.seed(12)
    pop, log, source = lifext.pyrPop(9, NMDA_g=0.1), Log(), np.random.RandomState(13)
    for step in range(200):
        pop.predictSpikes(DT, step * DT)
        for kind in ("exc", "exc", "inh"):
            n = source.randint(0, 7)
            instants = source.choice([0.0, 0.01, 0.02], size=(n, 1))
            getattr(pop, DELIVER[kind])(DT, n, instants, source.rand(n, 9) * 2e-3)
        pop.processTimeStep(DT, step * DT)
        log.note(vm=pop.VMs())
    return {**log, "s": pop.NMDA.kinetic.kinetic(DT), "rng": digest()}


def respike():
    np.random.seed(14)
    pop, log = lifext.interPop(6), Log()
    first = {"first": pop.spikes(), "first_shape": np.shape(pop.spikeTimes()), "first_num": pop.numSpikes}
    pop.stim(cue_sal=60.0)
    for step in range(120):
        if step == 60:
            pop.reset()
            pop.stim()
        pop.predictSpikes(DT, step * DT)
        pop.processTimeStep(DT, step * DT)
        log.note(vm=pop.VMs(), spikes=pop.spikes(), times=pop.spikeTimes(), end=pop._endRefract.copy())
    return {**log, **first, "rng": digest()}


def changed_by_hand():
    np.random.seed(15)
    n, log = 17, Log()
    pop = lifext.pyrRingPop(n, NMDA_g=0.3, GABA_g=0.9)
    pop.AMPA.g, pop.noise.rate = np.linspace(0.1, 0.9, n), np.linspace(1.0, 3.0, n)
    pop.leak.g = np.linspace(0.02, 0.03, n)
    pop.GABA.kinetic = lifext.firstOrdKin(n, 1.0, 10.0, track=True, track_ID=2)
    pop.AMPA = lifext.AMPAR(n, order=2, g=0.4, tau_x=0.5)
    excitation, inhibition = bursts(16, 400, n, 3, 2e-2), bursts(17, 400, n, 3, 2e-3)
    for step in range(400):
        if step == 100:
            pop._vM = np.linspace(-60.0, -51.0, n)
        elif step == 150:
            pop.NMDA.mg, pop.NMDA.kinetic.tau_x, pop.cM = 1.4, 90.0, 0.6
        elif step == 200:
            pop.vTh, pop.refDur, pop.noise.g = -51.0, 1.0, 0.005
        elif step == 250:
            pop.noise = lifext.noiseGaussian(n, -0.3, 0.2)
        pop.predictSpikes(DT, step * DT)
        for method, source in ((pop.receivePyrSpikes, excitation), (pop.receiveIntSpikes, inhibition)):
            times, rows = next(source)
            method(DT, len(times), times[:, None], rows)
        pop.processTimeStep(DT, step * DT)
        log.note(vm=pop.VMs(), num=pop.numSpikes)
    return {**log, "tracked": pop.GABA.kinetic.tracked_s, "rng": digest()}


class Sine(lifext.currentBase):
    """A current of a user's own."""

    def __init__(self, size):
        super().__init__(size)
        self.phase, self.seen = 0.0, []

    def project(self, dt, vM):
        return 0.2 * np.sin(self.phase + dt) * np.ones(self.size)

    def update(self, dt, spk_times, weights):
        self.phase += dt
        self.seen.append(float(dt))

    def current(self, dt, vM):
        return 0.2 * np.sin(self.phase - 0.05 + dt) * np.ones(self.size)


class Sparse(lifext.baseLIFPop):
    """A population of a user's own: three currents, and a tenth of the AMPA current afterwards."""

    def project_dVmdt(self, dt, vM):
        return -self.leak.project(dt, vM) - self.noise.project(dt, vM) - self.afferents.project(dt, vM)

    def dVmdt(self, dt, vM):
        return (-self.leak.current(dt, vM) - self.noise.current(dt, vM)
                - self.afferents.current(dt, vM) - 0.1 * self.AMPA.current(dt, vM))


def subclassed():
    np.random.seed(17)
    a, b, log = Sparse(8, vTh=-53), lifext.pyrPop(8), Log()
    b.afferents = Sine(8)
    weights = np.full((8, 8), 5e-3)
    for step in range(500):
        for pop in (a, b):
            pop.predictSpikes(DT, step * DT)
        for target, source in ((a, b), (b, a)):
            target.receivePyrSpikes(DT, source.numSpikes, source.spikeTimes(), weights)
        for pop in (a, b):
            pop.processTimeStep(DT, step * DT)
        log.note(a=a.VMs(), b=b.VMs(), num=(a.numSpikes, b.numSpikes))
    return {**log, "seen": b.afferents.seen, "rng": digest()}


def single_neuron():
    """One pyramidal cell: 20 Hz of excitation, with inhibition from 100 ms on."""
    np.random.seed(11)
    dt, interval, log = 0.01, 5000, Log()
    cell = lifext.pyrPop(1, record_i=True, vTh=-50, vReset=-60)
    cell.AMPA.g, cell.NMDA.g, cell.GABA.g = 1.5, 0.3, 1.0
    cell.AMPA.kinetic = lifext.secondOrdKin(1, 1, 1, 0.05, 2, track=True)
    cell._vM = np.array([-55.0])
    at_once, weight = np.zeros((1, 1)), np.array([[0.05]])
    for step in range(20000):
        time = step * dt
        cell.predictSpikes(dt, time)
        excited = step > 0 and step % interval == 0
        cell.receivePyrSpikes(dt, int(excited), at_once, weight)
        cell.receiveIntSpikes(dt, int(excited and time >= 100), at_once, weight)
        cell.processTimeStep(dt, time)
        log.note(vm=cell.VMs()[0], spiked=cell.spikes()[0])
    return {**log, "tracked_s": cell.AMPA.kinetic.tracked_s, "ampa": cell.AMPA.curr_record,
            "nmda": cell.NMDA.curr_record, "gaba": cell.GABA.curr_record, "leak": cell.leak.curr_record,
            "rng": digest()}


# Networks

def ring_profile(n, total=1.0, prop=0.7, sigma=0.05):
    """Weights of a ring onto a ring of the same size: a flat part and a bump; each neuron receives `total`."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    w = (1 - prop) + prop * np.exp(2 * np.pi / sigma * (np.cos(angle[:, None] - angle[None, :]) - 1))
    return total * w / w.sum(axis=0)


class Rings:
    """Rings of pyramidal cells and interneurons, stepped together, with a log of their spikes."""

    def __init__(self):
        self.pops, self.projections, self.log = [], [], []

    def add(self, n_pyr, n_int, pyr, inh, poisson):
        """Add one ring of each kind with its four projections, and return the pyramidal one."""
        p, i = lifext.pyrRingPop(n_pyr, **pyr), lifext.interRingPop(n_int, **inh)
        if poisson:
            p.afferents = lifext.affRingPoisson(n_pyr, p.directions)
            p.afferents.stim(0, max_rate=1.25)
            p.afferents.g = 0.001
            p.afferents.hide()
        from_p, from_i = 1.0 / n_pyr, 1.0 / n_int
        self.projections += [
            (p, p, "exc", ring_profile(n_pyr)), (i, p, "inh", np.full((n_int, n_pyr), from_i)),
            (p, i, "exc", np.full((n_pyr, n_int), from_p)), (i, i, "inh", np.full((n_int, n_int), from_i))]
        self.pops += [p, i]
        return p

    def step(self, k, dt):
        for pop in self.pops:
            pop.predictSpikes(dt, k * dt)
        for source, target, kind, weights in self.projections:
            getattr(target, DELIVER[kind])(dt, source.numSpikes, source.spikeTimes(), weights)
        for pop in self.pops:
            pop.processTimeStep(dt, k * dt)
        for index, pop in enumerate(self.pops):
            times = pop.spikeTimes()
            self.log += [(k, index, n, times[n, 0]) for n in np.flatnonzero(pop.spikes())]

    def spikes(self):
        return np.array(self.log, dtype=float).reshape(-1, 4)


def ring_run(n_pyr, n_int, seed, steps, pyr, inh, cue=0.5, cue_length=100.0, poisson=True, dt=DT):
    np.random.seed(seed)
    net = Rings()
    p = net.add(n_pyr, n_int, pyr, inh, poisson)
    on, off = int(10 / dt), int((10 + cue_length) / dt)
    for k in range(steps):
        if k == on:
            p.stim(cue * np.pi)
        elif k == off:
            p.removeStim()
        net.step(k, dt)
    return {"spikes": net.spikes(), "vm_pyr": net.pops[0].VMs(), "vm_int": net.pops[1].VMs(), "rng": digest()}


def dual_ring():
    """A perception ring that feeds a memory ring, at full size."""
    np.random.seed(102)
    n, steps, net = 1024, 3000, Rings()
    pyr = {"AMPA_g": 0.0, "NMDA_g": 0.37, "GABA_g": 1.25}
    perception = net.add(n, 256, pyr, {"AMPA_g": 0.0, "NMDA_g": 0.30, "GABA_g": 1.0}, poisson=True)
    memory = net.add(n, 256, pyr, {"AMPA_g": 0.0, "NMDA_g": 0.35, "GABA_g": 1.0}, poisson=False)
    net.projections.insert(4, (perception, memory, "exc", ring_profile(n, total=0.10)))
    perception.stim(np.pi / 2)
    for k in range(steps):
        net.step(k, DT)
    return {"spikes": net.spikes(), "vm_perc": perception.VMs(), "vm_mem": memory.VMs(), "rng": digest()}


def integrators():
    def slope(t, y):
        return np.cos(t) - 0.3 * y
    y = np.linspace(-1, 1, 5)
    return {"rk2": [lifext.RK2(slope, t, y, 0.1) for t in (0, 0.7)],
            "rk4": [lifext.RK4(slope, t, y, 0.1) for t in (0, 0.7)]}


ONE_RING = ({"AMPA_g": 0.45, "NMDA_g": 0.27375, "GABA_g": 1.25}, {"AMPA_g": 0.495, "NMDA_g": 0.225, "GABA_g": 1.0})
BUSY_RING = ({"AMPA_g": 0.45, "NMDA_g": 0.6, "GABA_g": 1.25, "noise_g": 0.0042},
             {"AMPA_g": 0.495, "NMDA_g": 0.3, "GABA_g": 1.0, "noise_g": 0.0034})

RUNS = {
    "kinetic_first": lambda: kinetic_run(lifext.firstOrdKin(5, 0.9, 80), 1),
    "kinetic_first_exp": lambda: kinetic_run(lifext.firstOrdKinExp(5, 1.1, 10), 2),
    "kinetic_second": lambda: kinetic_run(lifext.secondOrdKin(5, 1, 0.8, 2, 80), 3),
    "current_leak": lambda: current_run(lambda: lifext.leak(7, g=0.02, vL=-65), 4),
    "current_noise_poisson": lambda: current_run(lambda: lifext.noisePoisson(7, g=0.0031, rate=1.8), 5, False),
    "current_noise_gaussian": lambda: current_run(lambda: lifext.noiseGaussian(7, 0.1, 0.05), 6, False),
    "current_aff_flat": lambda: current_run(
        lambda: lifext.affFlat(7), 7, False,
        {50: lambda a: a.stim(), 100: lambda a: a.hide(), 150: lambda a: a.stim(cue_sal=0.3)}),
    "current_aff_ring": lambda: current_run(
        lambda: lifext.affRing(7, HEADINGS), 8, False,
        {50: lambda a: a.stim(1.0), 100: lambda a: a.hide(), 150: lambda a: a.stim(2.0, cue_sal=0.3, cue_spec=4.0)}),
    "current_aff_flat_poisson": lambda: current_run(
        lambda: lifext.affFlatPoisson(7), 9, False,
        {50: lambda a: a.stim(), 100: lambda a: a.hide(), 150: lambda a: a.stim(rate=2.5, g=0.002)}),
    "current_aff_ring_poisson": lambda: current_run(
        lambda: lifext.affRingPoisson(7, HEADINGS), 10, False,
        {50: lambda a: a.stim(1.0, max_rate=1.25), 100: lambda a: a.hide(), 150: lambda a: a.stim(2.0, cue_spec=4.0)}),
    **{f"current_{name}_{order}":
       lambda name=name, order=order, seed=20 + 2 * k + order: current_run(
           lambda: getattr(lifext, name)(7, order=order), seed)
       for k, name in enumerate(("AMPAR", "NMDAR", "GABAR")) for order in (1, 2)},
    "current_NMDAR_tuned": lambda: current_run(
        lambda: lifext.NMDAR(7, g=0.3, mg=0.5, vE=-5, alpha_s=0.5, alpha_x=0.9, tau_s=3.0, tau_x=60.0), 30),
    "noise_called_again": noise_asked_again,
    "integrators": integrators,
    "population_pyrPop": lambda: population_run(lifext.pyrPop, 33, 40, (2e-3, 2e-3, 4e-3)),
    "population_interPop": lambda: population_run(lifext.interPop, 33, 50, (2e-3, 2e-3, 4e-3)),
    "population_pyrRingPop": lambda: population_run(lifext.pyrRingPop, 33, 60, (2e-2, 2e-2, 1e-3)),
    "population_interRingPop": lambda: population_run(lifext.interRingPop, 33, 70, (2e-2, 2e-2, 1e-3)),
    "population_stimulated": lambda: population_run(
        lifext.pyrPop, 21, 90, (2e-3, 2e-3, 1e-3), {100: lambda p: p.stim(cue_sal=0.6),
                                                    200: lambda p: p.removeStim(), 400: lambda p: p.stim()},
        NMDA_g=0.2, noise_rate=2.2),
    "ties": ties,
    "respike": respike,
    "changed_by_hand": changed_by_hand,
    "subclassed": subclassed,
    "single_neuron": single_neuron,
    "ring_small": lambda: ring_run(64, 16, 100, 6000, *ONE_RING),
    "ring_busy": lambda: ring_run(64, 16, 103, 6000, *BUSY_RING),
    "ring_steady_cue": lambda: ring_run(96, 24, 101, 2000, *BUSY_RING, cue=1.3, cue_length=80.0, poisson=False, dt=0.1),
    "dual_ring_full": dual_ring,
}
