"""lifext's `Network`: the whole loop compiled, in the fast arithmetic (or ``--mode float32``), or ``--mode compat``."""
import by_hand
import models
import numpy as np
import protocol

import lifext as lx


def network(given, seed):
    """Return an empty network."""
    if given.mode == "compat":
        return lx.Network(dt=given.dt, compat=True)
    dtype = "float32" if given.mode == "float32" else "float64"
    return lx.Network(dt=given.dt, seed=seed, threads=given.threads, dtype=dtype)


def found(records):
    return {name: (record.times, record.ids, record.size) for name, record in records.items()}


def rings(given):
    """Rings of pyramidal cells and interneurons; the fast arithmetic keeps their weights as one row."""
    workload = given.workload

    def weights(shape, n_source, total):
        if shape == "flat":
            return lx.Uniform(total / n_source)
        return lx.Ring.from_profile(n_source, models.PROP, models.SIGMA, total)

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)  # the initial potentials, and all noise if compat
        net = network(given, seed)
        pops = {name: by_hand.make_cell(lx, name, cell) for name, cell in models.CELLS[workload].items()}
        net.add(**pops)
        for source, target, kind, shape, total in models.PROJECTIONS[workload]:
            net.connect(pops[source], pops[target], weights(shape, pops[source].size, total), kind)
        cued = pops[models.CUED[workload]]
        cued.afferents = lx.affRingPoisson(cued.size, cued.directions, max_rate=models.CUE_RATE, g=models.CUE_G)
        records = {name: net.record_spikes(pop) for name, pop in pops.items()}
        build_s = watch.lap()
        for duration, direction in models.phases(workload, given.ms):
            if direction is None:
                cued.removeStim()
            else:
                cued.stim(direction)
            net.run(duration)
        return protocol.Turn(build_s, watch.lap(), found(records))
    return turn


def decision(given):
    """Pools that compete; between two populations all weights are one number."""
    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        net = network(given, seed)
        pops = {name: by_hand.decision_cell(lx, name) for name in models.DECISION}
        net.add(**pops)
        for source, target, kind, weight in models.decision_projections():
            net.connect(pops[source], pops[target], lx.Uniform(weight), kind, delay=models.DECISION_DELAY)
        records = {name: net.record_spikes(pop) for name, pop in pops.items()}
        build_s = watch.lap()
        for duration, on in models.stimulus_phases(given.ms):
            by_hand.stimulate(pops, on)
            net.run(duration)
        return protocol.Turn(build_s, watch.lap(), found(records))
    return turn


def coba(given):
    """COBA: random sparse projections between excitatory and inhibitory cells."""
    sizes = dict(zip(("exc", "inh"), models.coba_sizes(given.n)))

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        draw = np.random.default_rng(seed)
        net = network(given, seed)
        pops = {name: by_hand.coba_cell(lx, size) for name, size in sizes.items()}
        net.add(**pops)
        for kind, source in pops.items():
            for target in pops.values():
                weights = lx.Sparse.random(source.size, target.size, models.COBA_INPUTS / given.n, 1.0, rng=draw)
                # there are no NMDA receptors in this network; the published scheme cannot pass them over
                net.connect(source, target, weights, "ampa" if kind == "exc" and given.mode != "compat" else kind)
        records = {name: net.record_spikes(pop) for name, pop in pops.items()}
        build_s = watch.lap()
        net.run(given.ms)
        return protocol.Turn(build_s, watch.lap(), found(records))
    return turn


def neurons(given):
    """Unconnected pyramidal cells of a ring with noise."""
    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        net = network(given, seed)
        cells = by_hand.spread_out(lx.pyrRingPop(given.n))
        net.add(pyr=cells)
        records = {"pyr": net.record_spikes(cells)}
        build_s = watch.lap()
        net.run(given.ms)
        return protocol.Turn(build_s, watch.lap(), found(records))
    return turn


def one(given):
    """One cell. A network has no list of arrivals, so it stops every 50 ms and the gating is raised in between."""
    exc, inh = models.one_arrivals(given.ms)

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        net = network(given, seed)
        cell = by_hand.one_cell(lx)
        net.add(pyr=cell)
        records = {"pyr": net.record_spikes(cell)}
        ends = np.append(exc, given.ms)
        build_s = watch.lap()
        for now, end in zip(ends - np.diff(ends, prepend=0), ends):
            if now in exc:
                cell.AMPA.kinetic._x = cell.AMPA.kinetic._x + models.ONE_WEIGHT
                cell.NMDA.kinetic._x = cell.NMDA.kinetic._x + models.ONE_WEIGHT
            if now in inh:
                cell.GABA.kinetic._s = cell.GABA.kinetic._s + models.ONE_WEIGHT
            net.run(end - now)
        return protocol.Turn(build_s, watch.lap(), found(records))
    return turn


def versions():
    from lifext._core.shared import loops
    return {"numpy": np.__version__, "lifext": lx.__version__, "simd": loops.chosen()}


def notes(given):
    found = by_hand.notes(given) if given.mode == "compat" else []
    if given.workload in ("neurons", "coba") and given.mode != "compat":
        found.append("receptors that no spike can reach, with all gates closed, are passed over")
    if given.workload == "one":
        found.append("arriving spikes are added to the gating between two runs")
    if given.mode == "float32":
        found.append("state and arithmetic of neurons in single precision")
    return found


if __name__ == "__main__":
    made = {"ring": rings, "first": rings, "dual": rings, "decision": decision, "coba": coba, "neurons": neurons,
            "one": one}
    protocol.serve(__doc__, made, ("fast", "float32", "compat"), versions, notes)
