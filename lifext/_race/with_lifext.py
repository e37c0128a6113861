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


def versions():
    from lifext._core.shared import loops
    return {"numpy": np.__version__, "lifext": lx.__version__, "simd": loops.chosen()}


def notes(given):
    found = by_hand.notes(given) if given.mode == "compat" else []
    if given.workload in ("neurons", "coba") and given.mode != "compat":
        found.append("receptors that no spike can reach, with all gates closed, are passed over")
    if given.mode == "float32":
        found.append("state and arithmetic of neurons in single precision")
    return found


if __name__ == "__main__":
    made = {"ring": rings, "dual": rings, "coba": coba, "neurons": neurons}
    protocol.serve(__doc__, made, ("fast", "float32", "compat"), versions, notes)
