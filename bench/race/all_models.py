"""What all contenders of the race simulate: the networks of `lifext bench`, and those that only the race has.

Numbers in ms, mV, nF, uS, nA, kHz, as in `lifext/_race/models.py`. This adds to its tables, so that `protocol.py` knows
these workloads, too.
"""
import itertools

import models
import numpy as np
from models import *  # noqa: F403

# ------------------------------------------------------------------ the first result of a fresh process: the ring, cut
models.DT["first"], models.MS["first"], models.CUES["first"] = models.DT["ring"], 100.0, models.CUES["ring"]
for table in (models.PROJECTIONS, models.CELLS, models.CUED):
    table["first"] = table["ring"]

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
STIMULUS = (300.0, 1300.0)  # ms
models.DT["decision"], models.MS["decision"] = 0.05, 2000.0
models.EPOCHS["decision"] = [(100, 300), (300, 800), (800, 1300), (1600, 2000)]
models.NEURONS["decision"] = sum(DECISION_SIZES.values())

# ------------------------------------------------------------------ one neuron, after the published LIF_neuron_test.py
ONE = {**models.PYRAMIDAL, "noise_g": 0.003, "AMPA_g": 1.5, "NMDA_g": 0.3, "GABA_g": 1.0}
ONE_TAU_X_AMPA = 0.05  # AMPA is of second order here
ONE_WEIGHT, ONE_INTERVAL, ONE_INHIBITED_FROM, ONE_V0 = 0.05, 50.0, 100.0, -55.0
models.DT["one"], models.MS["one"], models.NEURONS["one"] = 0.01, 1000.0, 1


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


def one_arrivals(ms):
    """Return when excitation and when inhibition arrives at the one neuron, ms."""
    times = np.arange(ONE_INTERVAL, ms, ONE_INTERVAL)
    return times, times[times >= ONE_INHIBITED_FROM]
