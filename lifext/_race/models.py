"""What `lifext bench` simulates: parameters, weights and protocols, in lifext's units, as numbers only.

Each program builds its network from these in its own simulator's words. Only NumPy is needed,
so that any interpreter can import this file. Units: ms, mV, nF, uS, nA, kHz.
"""
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
DT = {"ring": 0.05, "dual": 0.05, "coba": 0.1, "neurons": 0.05}
MS = {"ring": 1000.0, "dual": 6600.0, "coba": 1000.0}
CUES = {"ring": [(0.0, 250.0, 0.5 * np.pi)],
        "dual": [(500.0, 1500.0, 0.3 * np.pi), (5500.0, 6000.0, 1.3 * np.pi)]}
EPOCHS = {"ring": [(0, 250), (250, 1000)],
          "dual": [(100, 500), (600, 1500), (2000, 5000), (5000, 5500), (5600, 6000), (6100, 6600)]}
VECTORS = {"ring": [(100, 250), (400, 700), (700, 1000)], "dual": EPOCHS["dual"]}

# neurons of the others, if nothing else was asked
NEURONS = {"coba": 4000, "neurons": 1024}

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
CELLS = {"ring": RING, "dual": DUAL}
CUED = {"ring": "pyr", "dual": "perc_pyr"}

# ------------------------------------------------------------------ COBA: Brette et al. 2007, benchmark 1
# There: tau_m 20 ms, leak 10 nS; 6 nS a spike of excitation (5 ms, 0 mV), 67 nS of inhibition (10 ms, -80 mV);
# threshold -50, reset -60, refractory 5 ms. The resting potential of -49 mV drives it, as in the versions that ship
# with simulators. In lifext: leak_g 0.01 uS, cM 0.2 nF, AMPA_g and GABA_g the conductance of a spike, weights 1.
COBA = {"cM": 0.2, "leak_g": 0.01, "leak_vL": -49.0, "vTh": -50.0, "vReset": -60.0, "refDur": 5.0,
        "exc_g": 0.006, "inh_g": 0.067, "tau_exc": 5.0, "tau_inh": 10.0, "E_exc": 0.0, "E_inh": -80.0}
COBA_INPUTS = 80  # a neuron, on average: 2 % of 4000


def size_of(name):
    """Return the number of neurons of a population of the rings."""
    return N_PYR if name.endswith("pyr") else N_INT


def neurons_of(workload, n=None):
    """Return the number of neurons of a workload, of which `n` are asked for."""
    if workload in CELLS:
        return sum(size_of(name) for name in CELLS[workload])
    return n or NEURONS[workload]


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
