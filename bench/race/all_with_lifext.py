"""lifext's `Network`: the whole loop compiled, in the fast arithmetic (or ``--mode float32``), or ``--mode compat``."""
import all_by_hand
import all_models as models
import numpy as np
import protocol
import with_lifext

import lifext as lx


def decision(given):
    """Pools that compete; between two populations all weights are one number."""
    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        net = with_lifext.network(given, seed)
        pops = {name: all_by_hand.decision_cell(lx, name) for name in models.DECISION}
        net.add(**pops)
        for source, target, kind, weight in models.decision_projections():
            net.connect(pops[source], pops[target], lx.Uniform(weight), kind, delay=models.DECISION_DELAY)
        records = {name: net.record_spikes(pop) for name, pop in pops.items()}
        build_s = watch.lap()
        for duration, on in models.stimulus_phases(given.ms):
            all_by_hand.stimulate(pops, on)
            net.run(duration)
        return protocol.Turn(build_s, watch.lap(), with_lifext.found(records))
    return turn


def one(given):
    """One cell. A network has no list of arrivals, so it stops every 50 ms and the gating is raised in between."""
    exc, inh = models.one_arrivals(given.ms)

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        net = with_lifext.network(given, seed)
        cell = all_by_hand.one_cell(lx)
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
        return protocol.Turn(build_s, watch.lap(), with_lifext.found(records))
    return turn


def notes(given):
    found = with_lifext.notes(given)
    if given.workload == "one":
        found.append("arriving spikes are added to the gating between two runs")
    return found


if __name__ == "__main__":
    made = {"ring": with_lifext.rings, "first": with_lifext.rings, "dual": with_lifext.rings, "decision": decision,
            "coba": with_lifext.coba, "neurons": with_lifext.neurons, "one": one}
    protocol.serve(__doc__, made, ("fast", "float32", "compat"), with_lifext.versions, notes)
