"""BrainPy on the CPU: the networks as `DynSysGroup`s, whole phases compiled by JAX as one loop.

The connections of the rings are circular convolutions (FFT) and population sums, those of COBA
sparse rows of which only the neurons that spiked are used.
"""
import os

# JAX has no setting for the number of threads of the CPU: it takes as many as there are processors
PROCESSORS = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, PROCESSORS[-1:])
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import all_models as models  # noqa: E402
import brainevent  # noqa: E402
import brainpy as bp  # noqa: E402
import brainpy.math as bm  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import protocol  # noqa: E402

bm.set(mode=bm.nonbatching_mode)
bm.enable_x64()


def arrivals(mean, size):
    """Return Poisson counts of a small mean from one uniform number each: bm.random.poisson loops."""
    uniform = bm.random.rand(size)
    term = bm.exp(-mean)
    total, count = term, 0
    for k in range(1, 6):  # more than five have a probability below 1e-6 where the mean is 0.16
        count = count + (uniform > total)
        term = term * mean / k
        total = total + term
    return count


class Cells(bp.dyn.NeuGroup):
    """Cells that hold the potential at reset while refractory; `members` names the state besides it.

    Parameters
    ----------
    size : int
    cell : dict
        Of `models`.
    anywhere : bool
        Whether potentials start anywhere between reset and threshold instead of at reset.
    """

    members = ()
    scheme = "rk2"  # BrainPy has its own use for `method`

    def __init__(self, size, cell, anywhere=False):
        super().__init__(size)
        self.cell, self.anywhere = cell, anywhere
        self.v, self.last = bm.Variable(bm.zeros(size)), bm.Variable(bm.zeros(size))
        self.spike = bm.Variable(bm.zeros(size, dtype=bool))
        for name in self.members:
            setattr(self, name, bm.Variable(bm.zeros(size)))
        equations = [getattr(self, f"d{name}") for name in ("v", *self.members)]
        self.integral = bp.odeint(method=self.scheme, f=bp.JointEq(equations))

    def start(self):
        """Go back to the start."""
        low, high = self.cell["vReset"], self.cell["vTh"]
        spread = bm.random.rand(self.num) if self.anywhere else 0.0
        self.v.value = bm.zeros(self.num) + low + (high - low) * spread
        self.last.value = bm.full(self.num, -1e7)
        self.spike.value = bm.zeros(self.num, dtype=bool)
        for name in self.members:
            getattr(self, name).value = bm.zeros(self.num)

    def update(self):
        """Take a step, up to the spikes."""
        t, cell = bp.share["t"], self.cell
        v, *rest = self.integral(self.v, *(getattr(self, name) for name in self.members), t, bp.share["dt"])
        for name, value in zip(self.members, rest):
            getattr(self, name).value = value
        v = bm.where(t - self.last < cell["refDur"] - 1e-6, self.v, v)
        self.spike.value = v >= cell["vTh"]
        self.last.value = bm.where(self.spike, t, self.last)
        self.v.value = bm.where(self.spike, cell["vReset"], v)


class RingCells(Cells):
    """Noise, cue and AMPA share one conductance, as they share time constant and reversal potential."""

    members = ("g_ampa", "g_gaba", "s", "x")

    def dv(self, v, t, g_ampa, g_gaba, s):
        cell = self.cell
        g_exc = g_ampa + cell["NMDA_g"] * s / (1 + models.MG * bm.exp(-0.062 * v))
        return (cell["leak_g"] * (cell["leak_vL"] - v) + g_exc * (models.E_EXC - v)
                + g_gaba * (models.E_INH - v)) / cell["cM"]

    def dg_ampa(self, g_ampa, t):
        return -g_ampa / models.TAU_AMPA

    def dg_gaba(self, g_gaba, t):
        return -g_gaba / self.cell["tau_GABA"]

    def ds(self, s, t, x):
        return self.cell["alpha"] * x * (1 - s) - s / self.cell["tau_NMDA"]

    def dx(self, x, t):
        return -x / models.TAU_X

    def update(self):
        super().update()
        mean = bp.share["dt"] * self.cell["noise_rate"]
        self.g_ampa += self.cell["noise_g"] * arrivals(mean, self.num)


class CobaCells(Cells):
    """Two exponential conductances."""

    members = ("g_exc", "g_inh")

    def dv(self, v, t, g_exc, g_inh):
        cell = self.cell
        return (cell["leak_g"] * (cell["leak_vL"] - v) + g_exc * (cell["E_exc"] - v)
                + g_inh * (cell["E_inh"] - v)) / cell["cM"]

    def dg_exc(self, g_exc, t):
        return -g_exc / self.cell["tau_exc"]

    def dg_inh(self, g_inh, t):
        return -g_inh / self.cell["tau_inh"]


class OneCell(RingCells):
    """A ring's cell with second-order AMPA; `g_ampa` is the noise's."""

    members = ("g_ampa", "g_gaba", "s", "x", "s_ampa", "x_ampa")

    def dv(self, v, t, g_ampa, g_gaba, s, s_ampa):
        return super().dv(v, t, g_ampa + self.cell["AMPA_g"] * s_ampa, g_gaba, s)

    def ds_ampa(self, s_ampa, t, x_ampa):
        return self.cell["alpha"] * x_ampa * (1 - s_ampa) - s_ampa / models.TAU_AMPA

    def dx_ampa(self, x_ampa, t):
        return -x_ampa / models.ONE_TAU_X_AMPA


def nothing():
    """Return zeros, one a pyramidal cell."""
    return jnp.zeros(models.N_PYR)


class Net(bp.DynSysGroup):
    """A network of the cells in `populations`."""

    def start(self):
        """Go back to the start."""
        for cells in self.populations.values():
            cells.start()


class Rings(Net):
    """Rings and their projections: circular convolutions and sums."""

    def __init__(self, workload):
        super().__init__()
        self.populations = bm.node_dict({name: RingCells(models.size_of(name), cell)
                                         for name, cell in models.CELLS[workload].items()})
        self.projections = [(source, target, kind, shape, total if shape == "ring" else total / models.size_of(source))
                            for source, target, kind, shape, total in models.PROJECTIONS[workload]]
        self.spectrum = bm.asarray(np.fft.rfft(models.tuning(models.N_PYR)))
        self.cued = self.populations[models.CUED[workload]]
        self.cue = bm.Variable(bm.zeros(models.N_PYR))  # mean count a step
        self.cue_on = bm.Variable(bm.zeros(1, dtype=bool))

    def update(self):
        for cells in self.populations.values():
            cells.update()
        self.cued.g_ampa += models.CUE_G * bm.cond(self.cue_on[0], self.cue_spikes, nothing, ())
        for source, target, kind, shape, weight in self.projections:
            spike, target = self.populations[source].spike, self.populations[target]
            drive = weight * (bm.sum(spike) if shape == "flat" else self.around(bm.as_jax(spike)))
            if kind == "inh":
                target.g_gaba += target.cell["GABA_g"] * drive
            else:
                target.x += drive
                if target.cell["AMPA_g"]:
                    target.g_ampa += target.cell["AMPA_g"] * drive


    def cue_spikes(self):
        """Return how many spikes of the cue reach each cell."""
        return bm.as_jax(arrivals(self.cue, models.N_PYR)).astype(float)

    def around(self, spike):
        """Return the weights that spikes have on each cell; most steps have none."""
        def convolved():
            return jnp.fft.irfft(jnp.fft.rfft(spike.astype(float)) * bm.as_jax(self.spectrum), n=models.N_PYR)
        return jax.lax.cond(jnp.any(spike), convolved, nothing)


class Decision(Net):
    """Pools that compete: all weights are alike between two of them, so that sums of spikes are on their way."""

    def __init__(self, dt):
        super().__init__()
        self.populations = bm.node_dict({name: RingCells(models.DECISION_SIZES[name], cell, anywhere=True)
                                         for name, cell in models.DECISION.items()})
        self.projections = models.decision_projections()
        self.steps = round(models.DECISION_DELAY / dt)
        self.on_their_way = bm.Variable(bm.zeros((self.steps, len(self.populations))))
        self.stimulated = [self.populations[name] for name in models.stimulus_rates()]
        self.stimulus = bm.Variable(bm.zeros(sum(cells.num for cells in self.stimulated)))  # mean count a step
        self.stimulus_on = bm.Variable(bm.zeros(1, dtype=bool))

    def start(self):
        super().start()
        self.on_their_way.value = bm.zeros((self.steps, len(self.populations)))

    def update(self):
        for cells in self.populations.values():
            cells.update()
        counts = bm.cond(self.stimulus_on[0], self.stimulus_spikes, self.no_spikes, ())
        for cells, count in zip(self.stimulated, jnp.split(bm.as_jax(counts), len(self.stimulated))):
            cells.g_ampa += cells.cell["noise_g"] * count
        slot = bp.share["i"] % self.steps
        arrived = dict(zip(self.populations, self.on_their_way[slot]))
        self.on_their_way[slot] = bm.stack([bm.sum(cells.spike) for cells in self.populations.values()]).astype(float)
        for source, target, kind, weight in self.projections:
            drive, target = weight * arrived[source], self.populations[target]
            if kind == "inh":
                target.g_gaba += target.cell["GABA_g"] * drive
            else:
                target.x += drive
                target.g_ampa += target.cell["AMPA_g"] * drive

    def stimulus_spikes(self):
        """Return how many spikes of the stimulus reach each cell of the pools."""
        return bm.as_jax(arrivals(self.stimulus, len(self.stimulus))).astype(float)

    def no_spikes(self):
        return jnp.zeros(len(self.stimulus))


class Coba(Net):
    """One group of cells, the first 80 % of which excite; their connections are sparse rows."""

    def __init__(self, n, seed):
        super().__init__()
        self.cells = CobaCells(n, models.COBA, anywhere=True)
        self.populations = {"all": self.cells}
        self.n, self.n_exc = n, models.coba_sizes(n)[0]
        draw = np.random.default_rng(seed)
        self.rows = {}
        for name, size in zip(("exc", "inh"), models.coba_sizes(n)):
            counts = draw.binomial(n, models.COBA_INPUTS / n, size)
            targets = np.concatenate([draw.choice(n, count, replace=False, shuffle=False) for count in counts])
            starts = np.append(0, np.cumsum(counts)).astype(np.int32)
            weights = np.full(1, models.COBA[f"{name}_g"])
            self.rows[name] = brainevent.CSR((weights, targets.astype(np.int32), starts), shape=(size, n))

    def update(self):
        self.cells.update()
        spikes = {"exc": self.cells.spike[:self.n_exc], "inh": self.cells.spike[self.n_exc:]}
        for name, rows in self.rows.items():
            drive = brainevent.BinaryArray(bm.as_jax(spikes[name])) @ rows
            conductance = getattr(self.cells, f"g_{name}")
            conductance += drive


class Alone(Net):
    """Unconnected cells."""

    def __init__(self, cells):
        super().__init__()
        self.cells = cells
        self.populations = {"pyr": cells}

    def update(self):
        self.cells.update()


class Driven(Alone):
    """The one neuron and what arrives at it: a step has its own weights of excitation and inhibition."""

    def __init__(self, ms, dt):
        super().__init__(OneCell(1, models.ONE))
        self.weights = np.zeros((round(ms / dt), 2))
        for k, times in enumerate(models.one_arrivals(ms)):
            self.weights[np.round(times / dt).astype(int), k] = models.ONE_WEIGHT
        self.weights = bm.asarray(self.weights)

    def update(self):
        super().update()
        exc, inh = self.weights[bp.share["i"]]
        self.cells.x += exc
        self.cells.x_ampa += exc
        self.cells.g_gaba += models.ONE["GABA_g"] * inh


def simulate(given, make, phases, begin, split):
    """Return a function of a seed that runs a network in pieces of one length, which is compiled once.

    Parameters
    ----------
    given : argparse.Namespace
        Options.
    make, begin, split : callable
        Return the network; set its cue; return its populations' spikes from those found.
    phases : list of (float, float or None)
        Durations, ms, and the direction of the cue in each.
    """
    bm.set_dt(given.dt)
    piece = int(np.gcd.reduce([round(duration / given.dt) for duration, _ in phases]))
    net = make()

    def step(i):
        bp.share.save(i=i, t=i * given.dt)
        net.update()
        return tuple(cells.spike.value for cells in net.populations.values())

    @bm.jit
    def advance(start):
        return bm.for_loop(step, start + bm.arange(piece))

    def restart(seed):
        bm.random.seed(seed)
        net.start()

    restart(0)
    jax.block_until_ready(advance(0))  # compiles

    def turn(seed):
        watch = protocol.Watch()
        restart(seed)
        build_s, now, found = watch.lap(), 0, []
        for duration, direction in phases:
            begin(net, direction)
            for _ in range(round(duration / given.dt) // piece):
                # kept as times and neurons: a matrix of all steps would fill the memory
                found.append([np.nonzero(np.asarray(spikes)) for spikes in advance(now)])
                found[-1] = [(steps + now, ids) for steps, ids in found[-1]]
                now += piece
        run_s = watch.lap()
        spikes = {name: tuple(np.concatenate(part) for part in zip(*(pieces[k] for pieces in found)))
                  for k, name in enumerate(net.populations)}
        spikes = {name: (steps * given.dt, ids, net.populations[name].num) for name, (steps, ids) in spikes.items()}
        return protocol.Turn(build_s, run_s, split(spikes))
    return turn


def whole(spikes):
    return spikes


def uncued(net, direction):
    """There is no cue."""


def rings(given):
    def begin(net, direction):
        net.cue_on.value = bm.asarray([direction is not None])
        if direction is not None:
            net.cue.value = bm.asarray(given.dt * models.cue_rates(direction))
    return simulate(given, lambda: Rings(given.workload), models.phases(given.workload, given.ms), begin, whole)


def decision(given):
    def begin(net, on):
        net.stimulus_on.value = bm.asarray([on])
        net.stimulus.value = bm.asarray(given.dt * np.repeat(list(models.stimulus_rates().values()),
                                                             [cells.num for cells in net.stimulated]))
    return simulate(given, lambda: Decision(given.dt), models.stimulus_phases(given.ms), begin, whole)


def coba(given):
    n_exc, n_inh = models.coba_sizes(given.n)

    def split(spikes):
        times, ids, _ = spikes["all"]
        exc = ids < n_exc
        return {"exc": (times[exc], ids[exc], n_exc), "inh": (times[~exc], ids[~exc] - n_exc, n_inh)}
    return simulate(given, lambda: Coba(given.n, given.seed), [(given.ms, None)], uncued, split)


def neurons(given):
    return simulate(given, lambda: Alone(RingCells(given.n, models.PYRAMIDAL, anywhere=True)), [(given.ms, None)],
                    uncued, whole)


def one(given):
    return simulate(given, lambda: Driven(given.ms, given.dt), [(given.ms, None)], uncued, whole)


def versions():
    return {"numpy": np.__version__, "brainpy": bp.__version__, "jax": jax.__version__}


def notes(given):
    found = ["spikes arrive at the end of a step", "bound to one processor"]
    if given.workload in (*models.CELLS, "decision", "neurons"):
        found.append("noise, cue and AMPA share one variable")
    if given.workload == "coba":
        found.append("the same connections in all turns")
    return found


if __name__ == "__main__":
    made = {"ring": rings, "first": rings, "dual": rings, "decision": decision, "coba": coba, "neurons": neurons,
            "one": one}
    protocol.serve(__doc__, made, ("jax",), versions, notes)
