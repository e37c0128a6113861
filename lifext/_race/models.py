"""What the contenders simulate: parameters, weights and protocols, in lifext's units, as numbers only.

Each program builds its network from these in its own simulator's words. Only NumPy is needed,
so that any interpreter can import this file. Units: ms, mV, nF, uS, nA, kHz.
"""
import itertools

import numpy as np

# ------------------------------------------------------------------ cells of a ring, lifext's defaults
PYRAMIDAL = {"cM": 0.5, "leak_g": 0.025, "leak_vL": -70.0, "vTh": -50.0, "vReset": -60.0, "refDur": 2.0,
             "noise_g": 0.0031, "noise_rate": 1.8, "AMPA_g": 0.0, "NMDA_g": 0.4, "GABA_g": 1.4,
             "tau_GABA": 10.0, "tau_NMDA": 80.0, "alpha": 1.0}  # alpha, 1/ms: how fast x opens s
INTERNEURON = {**PYRAMIDAL, "cM": 0.2, "leak_g": 0.02, "refDur": 1.0, "noise_g": 0.00238, "NMDA_g": 0.3,
               "GABA_g": 1.05}
E_EXC, E_INH = 0.0, -70.0
TAU_AMPA, TAU_X = 2.0, 2.0  # TAU_AMPA is that of noise and cue as well
MG = 1.0 / 3.57  # before exp(-0.062 V)
CUE_G, CUE_RATE, CUE_SHARPNESS = 0.001, 1.25, 2 * np.pi / 0.4

# ------------------------------------------------------------------ protocols
DT = {"ring": 0.05, "first": 0.05, "dual": 0.05, "decision": 0.05, "coba": 0.1, "neurons": 0.05, "one": 0.01}
MS = {"ring": 1000.0, "first": 100.0, "dual": 6600.0, "decision": 2000.0, "coba": 1000.0, "one": 1000.0}
CUES = {"ring": [(0.0, 250.0, 0.5 * np.pi)], "first": [(0.0, 250.0, 0.5 * np.pi)],
        "dual": [(500.0, 1500.0, 0.3 * np.pi), (5500.0, 6000.0, 1.3 * np.pi)]}
EPOCHS = {"ring": [(0, 250), (250, 1000)],
          "dual": [(100, 500), (600, 1500), (2000, 5000), (5000, 5500), (5600, 6000), (6100, 6600)],
          "decision": [(100, 300), (300, 800), (800, 1300), (1600, 2000)]}
VECTORS = {"ring": [(100, 250), (400, 700), (700, 1000)], "dual": EPOCHS["dual"]}
STIMULUS = (300.0, 1300.0)  # of the decision network, ms

# ------------------------------------------------------------------ the two rings
N_PYR, N_INT = 1024, 256
RING = {"pyr": {**PYRAMIDAL, "AMPA_g": 0.45, "NMDA_g": 0.27375, "GABA_g": 1.25},
        "inh": {**INTERNEURON, "AMPA_g": 0.495, "NMDA_g": 0.225, "GABA_g": 1.0}}
DUAL = {"perc_pyr": {**PYRAMIDAL, "NMDA_g": 0.37, "GABA_g": 1.25},
        "perc_inh": {**INTERNEURON, "NMDA_g": 0.30, "GABA_g": 1.0},
        "mem_pyr": {**PYRAMIDAL, "NMDA_g": 0.37, "GABA_g": 1.25},
        "mem_inh": {**INTERNEURON, "NMDA_g": 0.35, "GABA_g": 1.0}}
PROP, SIGMA = 0.7, 0.05
FORWARD = 0.10  # what the forward weights of the dual ring add up to on a target

# source, target, kind, total: "ring" weights around the same direction, "flat" ones all alike
PROJECTIONS = {
    "ring": [("pyr", "pyr", "exc", "ring", 1.0), ("pyr", "inh", "exc", "flat", 1.0),
             ("inh", "pyr", "inh", "flat", 1.0), ("inh", "inh", "inh", "flat", 1.0)]}
PROJECTIONS["dual"] = [(f"{ring}_{source}", f"{ring}_{target}", *rest) for ring in ("perc", "mem")
                       for source, target, *rest in PROJECTIONS["ring"]]
PROJECTIONS["dual"].insert(4, ("perc_pyr", "mem_pyr", "exc", "ring", FORWARD))
PROJECTIONS["first"] = PROJECTIONS["ring"]
CELLS = {"ring": RING, "first": RING, "dual": DUAL}
CUED = {"ring": "pyr", "first": "pyr", "dual": "perc_pyr"}

# ------------------------------------------------------------------ a decision: Wang (2002), Neuron 36:955-968
# Two pools of cells are for one choice each. What all spikes of a source's kind add up to on a target is the paper's
# conductance of one synapse times their number (1600 or 400). There each presynaptic cell's NMDA gating saturates by
# itself, here their sum at the target does, which opens more of it: conductances of 0.8 times the paper's make up for
# that in the resting network.
N_EXC = 1600
NMDA_SCALE = 0.8
CHOOSING = {"cM": 0.5, "leak_g": 0.025, "leak_vL": -70.0, "vTh": -50.0, "vReset": -55.0, "refDur": 2.0,
            "noise_g": 0.0021, "noise_rate": 2.4, "AMPA_g": N_EXC * 0.00005, "NMDA_g": N_EXC * NMDA_SCALE * 0.000165,
            "GABA_g": 400 * 0.0013, "tau_GABA": 5.0, "tau_NMDA": 100.0, "alpha": 0.5}
DECISION = dict.fromkeys(("left", "right", "other"), CHOOSING)
DECISION["inter"] = {**CHOOSING, "cM": 0.2, "leak_g": 0.02, "refDur": 1.0, "noise_g": 0.00162,
                     "AMPA_g": N_EXC * 0.00004, "NMDA_g": N_EXC * NMDA_SCALE * 0.00013, "GABA_g": 400 * 0.001}
DECISION_SIZES = {"left": 240, "right": 240, "other": 1120, "inter": 400}
DECISION_DELAY = 0.5  # of all projections, ms
STRONG = 1.7  # weight within a pool; onto a pool from elsewhere it is so weak that what a cell receives stays the same
WEAK = 1 - 240 * (STRONG - 1) / (N_EXC - 240)
STIMULUS_RATE = 0.04  # kHz, to each cell of a pool, with the conductance of noise: 1 + COHERENCE times it to the left
COHERENCE = 0.512  # one at which nearly all turns go left, so that rates can be compared

# ------------------------------------------------------------------ COBA: Brette et al. 2007, benchmark 1
# There: tau_m 20 ms, leak 10 nS; 6 nS a spike of excitation (5 ms, 0 mV), 67 nS of inhibition (10 ms, -80 mV);
# threshold -50, reset -60, refractory 5 ms. The resting potential of -49 mV drives it, as in the versions that ship
# with simulators. In lifext: leak_g 0.01 uS, cM 0.2 nF, AMPA_g and GABA_g the conductance of a spike, weights 1.
COBA = {"cM": 0.2, "leak_g": 0.01, "leak_vL": -49.0, "vTh": -50.0, "vReset": -60.0, "refDur": 5.0,
        "exc_g": 0.006, "inh_g": 0.067, "tau_exc": 5.0, "tau_inh": 10.0, "E_exc": 0.0, "E_inh": -80.0}
COBA_INPUTS = 80  # a neuron, on average: 2 % of 4000

# ------------------------------------------------------------------ one neuron, after the published LIF_neuron_test.py
ONE = {**PYRAMIDAL, "noise_g": 0.003, "AMPA_g": 1.5, "NMDA_g": 0.3, "GABA_g": 1.0}
ONE_TAU_X_AMPA = 0.05  # AMPA is of second order here
ONE_WEIGHT, ONE_INTERVAL, ONE_INHIBITED_FROM, ONE_V0 = 0.05, 50.0, 100.0, -55.0


def size_of(name):
    """Return the number of neurons of a population of the rings."""
    return N_PYR if name.endswith("pyr") else N_INT


def decision_projections():
    """Return the projections of the decision network: source, target, kind, weight of each pair."""
    found = []
    for source, target in itertools.product(DECISION_SIZES, repeat=2):
        if source == "inter":
            found.append((source, target, "inh", 1.0 / DECISION_SIZES[source]))
        else:
            onto_pool = STRONG if source == target else WEAK
            found.append((source, target, "exc", (onto_pool if target in ("left", "right") else 1.0) / N_EXC))
    return found


def stimulus_rates(coherence=COHERENCE):
    """Return the rate of the stimulus at each pool, kHz."""
    return {"left": STIMULUS_RATE * (1 + coherence), "right": STIMULUS_RATE * (1 - coherence)}


def stimulus_phases(ms):
    """Return the protocol of the decision as (duration, whether the stimulus is on), cut at `ms`."""
    start, stop = (min(time, ms) for time in STIMULUS)
    return [(duration, on) for duration, on in ((start, False), (stop - start, True), (ms - stop, False)) if duration]


def neurons_of(workload, n=None):
    """Return the number of neurons of a workload, of which `n` are asked for."""
    if workload == "decision":
        return sum(DECISION_SIZES.values())
    if workload in CELLS:
        return sum(size_of(name) for name in CELLS[workload])
    return n or {"coba": 4000, "neurons": 1024, "one": 1}[workload]


def ms_of(workload, n):
    """Return for how long a workload is simulated if nothing else was asked, ms."""
    if workload == "neurons":
        return float(np.clip(5e6 / n, 10.0, 1000.0))
    if workload == "coba" and n > 4000:
        return 200.0
    return MS[workload]


def phases(workload, ms):
    """Return the protocol as (duration, direction of the cue or None), cut at `ms`."""
    found, now = [], 0.0
    for start, stop, direction in CUES[workload]:
        found += [(start - now, None), (stop - start, direction)]
        now = stop
    found.append((ms - now, None))
    cut, now = [], 0.0
    for duration, direction in found:
        duration = min(duration, ms - now)
        if duration > 0:
            cut.append((duration, direction))
            now += duration
    return cut


def directions(n):
    """Return the preferred directions (n,) of a ring."""
    return np.arange(n) * (2 * np.pi / n)


def cue_rates(direction, n=N_PYR):
    """Return the rate (n,) of the Poisson cue at each cell, kHz."""
    return CUE_RATE * np.exp(CUE_SHARPNESS * (np.cos(directions(n) - direction) - 1))


def tuning(n):
    """Return the ring weights (n,) of source 0, those onto a target adding up to 1."""
    row = (1 - PROP) + PROP * np.exp(2 * np.pi / SIGMA * (np.cos(directions(n)) - 1))
    return row / row.sum()


def ring_weights(n, total=1.0):
    """Return the ring weights (n, n), those onto a target adding up to `total`."""
    source, target = np.ogrid[:n, :n]
    return total * tuning(n)[(target - source) % n]


def weights_of(shape, n_source, n_target, total):
    """Return a projection's weights (n_source, n_target)."""
    return ring_weights(n_source, total) if shape == "ring" else np.full((n_source, n_target), total / n_source)


def coba_sizes(n):
    """Return the number of excitatory and inhibitory neurons."""
    return n * 4 // 5, n - n * 4 // 5


def one_arrivals(ms):
    """Return when excitation and when inhibition arrives at the one neuron, ms."""
    times = np.arange(ONE_INTERVAL, ms, ONE_INTERVAL)
    return times, times[times >= ONE_INHIBITED_FROM]


def rates(workload, spikes, ms):
    """Return Hz a neuron of each population, over the whole run and in the epochs of the protocol.

    Parameters
    ----------
    workload : str
        Of the command line.
    spikes : dict
        Of each population the times (ms), neurons and size.
    ms : float
        Simulated.
    """
    found = {}
    for name, (times, ids, size) in spikes.items():
        times, ids = np.asarray(times), np.asarray(ids)
        of = found[name] = {"spikes": len(times), "all": len(times) / size / ms * 1e3}
        for start, stop in EPOCHS.get(workload, []):
            if stop <= ms:
                inside = np.count_nonzero((times >= start) & (times < stop))
                of[f"{start}-{stop}"] = inside / size / (stop - start) * 1e3
        for start, stop in VECTORS.get(workload, []) if name.endswith("pyr") else []:
            inside = ids[(times >= start) & (times < stop)]
            if stop <= ms and len(inside):
                mean = np.exp(1j * directions(size)[inside]).mean()
                of[f"vector {start}-{stop}"] = [float(abs(mean)), float(np.degrees(np.angle(mean)))]
    return found
