"""A loop in Python over the published classes: the published code itself, lifext's, or lifext's NumPy twins.

``--mode original --original DIR`` takes the classes from a checkout of ModelDB 267046, ``compiled``
and ``twin`` from lifext, whose kernels are compiled or written in NumPy.
"""
import collections

import all_models as models
import by_hand
import numpy as np
import protocol


def decision(given):
    """Pools that compete: all weights are matrices; what spiked waits for so many steps as the delay has."""
    ns, dt = by_hand.implementation(given), given.dt
    delay = round(models.DECISION_DELAY / dt)

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        pops = {name: decision_cell(ns, name) for name in models.DECISION}
        projections = []
        for source, target, kind, weight in models.decision_projections():
            receive = pops[target].receivePyrSpikes if kind == "exc" else pops[target].receiveIntSpikes
            projections.append((source, receive, np.full((pops[source].size, pops[target].size), weight)))
        on_their_way = collections.deque([{}] * delay)
        spikes = by_hand.Spikes(pops)
        build_s = watch.lap()

        for now in by_hand.times(dt, models.stimulus_phases(given.ms), lambda on: stimulate(pops, on)):
            for pop in pops.values():
                pop.predictSpikes(dt, now)
            on_their_way.append({name: (pop.numSpikes, pop.spikeTimes()) for name, pop in pops.items()
                                 if pop.numSpikes})
            arrived = on_their_way.popleft()
            for source, receive, weights in projections:
                if source in arrived:
                    receive(dt, *arrived[source], weights)
            for pop in pops.values():
                pop.processTimeStep(dt, now)
            spikes.note(now)
        return protocol.Turn(build_s, watch.lap(), spikes.found())
    return turn


def decision_cell(ns, name):
    """Return a population of the decision network."""
    cell, n = models.DECISION[name], models.DECISION_SIZES[name]
    pop = ns.LIF_Pop.pyrPop(n, **{key: cell[key] for key in ("vTh", "vReset", "refDur", "cM", "leak_g", "leak_vL",
                                                             "noise_g", "noise_rate")})
    pop.AMPA = ns.currents.AMPAR(n, order=1, g=cell["AMPA_g"], tau_s=models.TAU_AMPA)
    pop.NMDA = ns.currents.NMDAR(n, order=2, g=cell["NMDA_g"], alpha_s=cell["alpha"], tau_x=models.TAU_X,
                                 tau_s=cell["tau_NMDA"])
    pop.GABA = ns.currents.GABAR(n, order=1, g=cell["GABA_g"], tau_s=cell["tau_GABA"])
    if name in models.stimulus_rates():
        pop.afferents = ns.currents.affFlatPoisson(n)
        pop.afferents.g = cell["noise_g"]
    return by_hand.spread_out(pop)


def stimulate(pops, on):
    """Switch the stimulus of both pools."""
    for name, rate in models.stimulus_rates().items():
        if on:
            pops[name].stim(rate=rate)
        else:
            pops[name].removeStim()


def one(given):
    """One cell with second-order AMPA, a spike every 50 ms, from 100 ms on with inhibition."""
    ns, dt = by_hand.implementation(given), given.dt
    period, inhibited_from = round(models.ONE_INTERVAL / dt), round(models.ONE_INHIBITED_FROM / dt)

    def turn(seed):
        watch = protocol.Watch()
        np.random.seed(seed)
        cell = one_cell(ns)
        arrival, weight = np.zeros((1, 1)), np.full((1, 1), models.ONE_WEIGHT)
        spikes = by_hand.Spikes({"pyr": cell})
        build_s = watch.lap()
        for step in range(given.steps):
            now = step * dt
            arrives = step % period == 0 and step > 0
            cell.predictSpikes(dt, now)
            cell.receivePyrSpikes(dt, int(arrives), arrival, weight)
            cell.receiveIntSpikes(dt, int(arrives and step >= inhibited_from), arrival, weight)
            cell.processTimeStep(dt, now)
            spikes.note(now)
        return protocol.Turn(build_s, watch.lap(), spikes.found())
    return turn


def one_cell(ns):
    """Return the one neuron."""
    cell = ns.LIF_Pop.pyrPop(1, vTh=models.ONE["vTh"], vReset=models.ONE["vReset"])
    cell.AMPA.kinetic = ns.kinetics.secondOrdKin(1, 1, models.ONE["alpha"], models.ONE_TAU_X_AMPA, models.TAU_AMPA)
    for receptor in ("AMPA", "NMDA", "GABA"):
        getattr(cell, receptor).g = models.ONE[f"{receptor}_g"]
    cell._vM = np.array([models.ONE_V0])
    return cell


if __name__ == "__main__":
    made = {"ring": by_hand.rings, "first": by_hand.rings, "dual": by_hand.rings, "decision": decision,
            "coba": by_hand.coba, "neurons": by_hand.neurons, "one": one}
    protocol.serve(__doc__, made, ("compiled", "twin", "original"), by_hand.versions, by_hand.notes)
