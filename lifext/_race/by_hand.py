"""A loop in Python over the published classes: lifext's, or lifext's NumPy twins.

``--mode compiled`` and ``twin`` take the classes from lifext, whose kernels are compiled or written in NumPy. The
repository's race has ``original`` besides, from a checkout of ModelDB 267046.
"""
import importlib
import os
import sys
import types

import models
import numpy as np
import protocol


def implementation(given):
    """Return the four modules of the published classes."""
    if given.mode == "original":
        sys.dont_write_bytecode = True  # DIR is not ours to write to
        sys.path.insert(0, str(given.original))
        modules = {name: importlib.import_module(f"agent.{name}") for name in ("LIF_Pop", "currents", "kinetics")}
        return types.SimpleNamespace(**modules)
    os.environ["LIFEXT_BACKEND"] = {"compiled": "compiled", "twin": "reference"}[given.mode]
    return importlib.import_module("lifext")


class Spikes:
    """The spikes of the populations of a network, written down after each step."""

    def __init__(self, populations):
        self.populations = populations
        self.times, self.ids = ({name: [] for name in populations} for _ in range(2))

    def note(self, now):
        for name, population in self.populations.items():
            if population.numSpikes:
                ids = np.flatnonzero(population.spikes())
                self.ids[name].append(ids)
                self.times[name].append(now + population.spikeTimes().ravel()[ids])

    def found(self):
        return {name: (np.concatenate(self.times[name] or [[]]), np.concatenate(self.ids[name] or [[]]).astype(int),
                       population.size) for name, population in self.populations.items()}


def rings(given):
    """Rings as in the published scripts: all weights are matrices, and whole matrices are handed over."""
    ns, workload, dt = implementation(given), given.workload, given.dt

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        pops = {name: make_cell(ns, name, cell) for name, cell in models.CELLS[workload].items()}
        projections = []
        for source, target, kind, shape, total in models.PROJECTIONS[workload]:
            source, target = pops[source], pops[target]
            receive = target.receivePyrSpikes if kind == "exc" else target.receiveIntSpikes
            projections.append((source, receive, models.weights_of(shape, source.size, target.size, total)))
        cued = pops[models.CUED[workload]]
        cued.afferents = ns.currents.affRingPoisson(cued.size, cued.directions, max_rate=models.CUE_RATE)
        cued.afferents.g = models.CUE_G
        spikes = Spikes(pops)
        build_s = watch.lap()

        def cue(direction):
            if direction is None:
                cued.removeStim()
            else:
                cued.stim(direction)

        for now in times(dt, models.phases(workload, given.ms), cue):
            for pop in pops.values():
                pop.predictSpikes(dt, now)
            for source, receive, weights in projections:
                receive(dt, source.numSpikes, source.spikeTimes(), weights)
            for pop in pops.values():
                pop.processTimeStep(dt, now)
            spikes.note(now)
        return protocol.Turn(build_s, watch.lap(), spikes.found())
    return turn


def times(dt, phases, begin):
    """Yield the time of each step; a phase is what it is for so long, and `begin` is told that when it begins."""
    first = 0
    for duration, what in phases:
        begin(what)
        last = first + round(duration / dt)
        for step in range(first, last):
            yield step * dt
        first = last


def make_cell(ns, name, cell):
    """Return a population of a ring; what `models` does not name is the default."""
    make = ns.LIF_Pop.pyrRingPop if name.endswith("pyr") else ns.LIF_Pop.interRingPop
    return make(models.size_of(name), AMPA_g=cell["AMPA_g"], NMDA_g=cell["NMDA_g"], GABA_g=cell["GABA_g"])


def coba_cell(ns, n):
    """Return a population of the COBA network."""
    cell = models.COBA
    pop = ns.LIF_Pop.pyrPop(n, vTh=cell["vTh"], vReset=cell["vReset"], refDur=cell["refDur"], cM=cell["cM"],
                            leak_g=cell["leak_g"], leak_vL=cell["leak_vL"], NMDA_g=0.0, noise_g=0.0, noise_rate=0.0)
    pop.AMPA = ns.currents.AMPAR(n, order=1, g=cell["exc_g"], vE=cell["E_exc"], tau_s=cell["tau_exc"])
    pop.GABA = ns.currents.GABAR(n, order=1, g=cell["inh_g"], vI=cell["E_inh"], tau_s=cell["tau_inh"])
    return spread_out(pop)


def spread_out(pop):
    """Have potentials start where they were drawn: the published scheme holds all cells at reset in the first step."""
    pop._endRefract = np.full(pop.size, -1.0)
    return pop


def coba(given):
    """COBA: weights as scipy's sparse rows, of which those of the neurons that spiked are handed over."""
    from scipy import sparse

    ns, dt = implementation(given), given.dt
    sizes = dict(zip(("exc", "inh"), models.coba_sizes(given.n)))

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        pops = {name: coba_cell(ns, size) for name, size in sizes.items()}
        draw = np.random.default_rng(seed)
        rows = {}
        for name, size in sizes.items():
            for target, targets in sizes.items():
                matrix = sparse.random(size, targets, models.COBA_INPUTS / given.n, format="csr",
                                       random_state=draw)  # rng only from SciPy 1.15 on
                matrix.data[:] = 1.0
                rows[name, target] = matrix
        spikes = Spikes(pops)
        build_s = watch.lap()

        for step in range(given.steps):
            now = step * dt
            for pop in pops.values():
                pop.predictSpikes(dt, now)
            for name, source in pops.items():
                if source.numSpikes:
                    ids = np.flatnonzero(source.spikes())
                    times = source.spikeTimes()[ids]
                    for target, pop in pops.items():
                        receive = pop.receivePyrSpikes if name == "exc" else pop.receiveIntSpikes
                        receive(dt, len(ids), times, rows[name, target][ids].toarray())
            for pop in pops.values():
                pop.processTimeStep(dt, now)
            spikes.note(now)
        return protocol.Turn(build_s, watch.lap(), spikes.found())
    return turn


def neurons(given):
    """Unconnected pyramidal cells of a ring with noise."""
    ns, dt = implementation(given), given.dt

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        cells = spread_out(ns.LIF_Pop.pyrRingPop(given.n))
        spikes = Spikes({"pyr": cells})
        build_s = watch.lap()
        for step in range(given.steps):
            now = step * dt
            cells.predictSpikes(dt, now)
            cells.processTimeStep(dt, now)
            spikes.note(now)
        return protocol.Turn(build_s, watch.lap(), spikes.found())
    return turn


def versions():
    found = {"numpy": np.__version__}
    if "lifext" in sys.modules:
        found["lifext"] = sys.modules["lifext"].__version__
    return found


def notes(given):
    if given.workload == "coba":
        return ["NMDA gating and a noise of rate 0 are computed though their conductance is 0: these classes have them"]
    return []


if __name__ == "__main__":
    made = {"ring": rings, "dual": rings, "coba": coba, "neurons": neurons}
    protocol.serve(__doc__, made, ("compiled", "twin"), versions, notes)
