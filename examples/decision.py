"""
A decision between two choices
==============================

Two pools of cells each stand for one choice. Both see a stimulus, and what tells which of the two is right is that it
excites one pool a little more. The pools excite themselves and, by way of interneurons, inhibit each other. So one of
them wins: its activity grows, the other's falls. The slow NMDA receptors add up what the stimulus says over hundreds
of ms, and keep the winner active when the stimulus is gone.

The network is that of Wang (2002), but for one thing, said below.

* Wang XJ (2002). Probabilistic decision making by slow reverberation in cortical circuits.
  Neuron 36:955-968.
"""

# %%
# The cells
# ---------
#
# Parameters are those of the paper, where conductances are of one synapse. Here the weights onto a cell add up to 1,
# and a receptor has the conductance of all its synapses, from 1600 pyramidal cells or 400 interneurons.
#
# The difference: in the paper the NMDA gating of each presynaptic cell saturates by itself. In lifext a target cell has
# one gating variable, driven by all its sources, and that saturates. It is higher at the low rates of rest, so the
# conductance is 0.8 times that of the paper. Then cells at rest fire as with the paper's gating, at about 2 Hz, and the
# winner of a decision at some 40 Hz.
import numpy as np
from matplotlib import pyplot as plt

import lifext
from lifext import plot

SIZES = {"left": 240, "right": 240, "other": 1120, "inter": 400}
N_PYRAMIDAL, N_INTER, NMDA_SCALE = 1600, 400, 0.8


def cells(n, AMPA_g, NMDA_g, GABA_g, **parameters):
    """Return `n` cells; conductances are of one synapse, uS."""
    population = lifext.pyrPop(n, vTh=-50.0, vReset=-55.0, noise_rate=2.4, **parameters)
    population.AMPA = lifext.AMPAR(n, g=N_PYRAMIDAL * AMPA_g)
    population.NMDA = lifext.NMDAR(n, g=N_PYRAMIDAL * NMDA_SCALE * NMDA_g, alpha_s=0.5, tau_s=100.0)
    population.GABA = lifext.GABAR(n, g=N_INTER * GABA_g, tau_s=5.0)
    population.afferents = lifext.affFlatPoisson(n, g=population.noise.g)
    return population


def pyramidal(n):
    """Return pyramidal cells."""
    return cells(n, AMPA_g=5e-5, NMDA_g=1.65e-4, GABA_g=1.3e-3, noise_g=2.1e-3)


def inter(n):
    """Return interneurons."""
    return cells(n, AMPA_g=4e-5, NMDA_g=1.3e-4, GABA_g=1e-3, noise_g=1.62e-3, cM=0.2, leak_g=0.02, refDur=1.0)


# %%
# The network
# -----------
#
# Cells of a pool excite each other 1.7 times as much as an average pair. What they get from elsewhere is weaker in
# turn, so that the sum stays the same. All spikes take 0.5 ms.
STRONG = 1.7
WEAK = 1 - SIZES["left"] * (STRONG - 1) / (N_PYRAMIDAL - SIZES["left"])


def weight(source, target):
    """Return the weight between a cell of one population and a cell of another."""
    if source == "inter":
        return 1 / N_INTER
    if target in ("other", "inter"):
        return 1 / N_PYRAMIDAL
    return (STRONG if source == target else WEAK) / N_PYRAMIDAL


def decision_network(seed):
    """Return a network, its populations and the records of their spikes."""
    net = lifext.Network(dt=0.1, seed=seed)
    populations = {name: inter(n) if name == "inter" else pyramidal(n) for name, n in SIZES.items()}
    net.add(**populations)
    for source in SIZES:
        for target in SIZES:
            net.connect(populations[source], populations[target], lifext.Uniform(weight(source, target)),
                        "inh" if source == "inter" else "exc", delay=0.5)
    return net, populations, {name: net.record_spikes(population) for name, population in populations.items()}


def show(populations, coherence):
    """Switch the stimulus on: 40 spikes a second to each cell of the pools, by `coherence` more to the left ones."""
    populations["left"].stim(rate=0.04 * (1 + coherence))
    populations["right"].stim(rate=0.04 * (1 - coherence))


# %%
# A decision without evidence
# ---------------------------
#
# At a coherence of 0 both pools see the same, and noise decides. Nevertheless one wins, and goes on firing without a
# stimulus.
ON, OFF, END = 300.0, 1300.0, 2000.0

net, populations, spikes = decision_network(seed=9)
net.run(ON)
show(populations, coherence=0.0)
net.run(OFF - ON)
for pool in ("left", "right"):
    populations[pool].removeStim()
net.run(END - OFF)

print("rates at a coherence of 0, Hz a cell")
print("            " + "".join(f"{name:>8}" for name in SIZES))
for epoch, start, stop in (("rest", 100, ON), ("stimulus", ON, 800), ("decided", 800, OFF), ("delay", 1600, END)):
    print(f"{epoch:<12}" + "".join(f"{spikes[name].rate(start, stop):8.1f}" for name in SIZES))

COLORS = {"left": "#b5292e", "right": "#2b5c8a", "other": "#999999", "inter": "#3f8f5b"}
shown, unnamed = ([(ON, OFF, label, "#f2b134")] for label in ("stimulus", ""))
figure, axes = plt.subplots(3, sharex=True, figsize=(8, 6), layout="constrained", height_ratios=[1, 1, 1.6])
for ax, pool in zip(axes, ("left", "right")):
    plot.raster(spikes[pool], ax=ax, color=COLORS[pool], markersize=2.5,
                periods=shown if pool == "left" else unnamed)
    ax.set_ylabel(f"Cell, {pool} pool")
for name, color in COLORS.items():
    plot.population_rate(spikes[name], sigma=20.0, window=(0, END), ax=axes[-1], color=color, label=name,
                         periods=unnamed if name == "left" else ())
axes[-1].legend(frameon=False, loc="upper left")
axes[-1].set_xlim(0, END)
for ax in axes:
    plot.seconds(ax).label_outer()

# %%
# How often it is right, and how long it takes
# --------------------------------------------
#
# The more evidence there is for the left, the more often it is chosen, and the sooner. A decision is made when a pool
# has fired at 20 Hz or more over 50 ms; a callback looks every 10 ms, and ends the run.
COHERENCES, TRIALS, LONGEST, DECIDED, WINDOW = (0.0, 0.128, 0.256, 0.512), 12, 2000.0, 20.0, 50.0


def decide(coherence, seed):
    """Return which pool won, or None, and how long after the beginning of the stimulus."""
    net, populations, spikes = decision_network(seed)
    winners = []

    def look(net):
        winners.extend(pool for pool in ("left", "right") if spikes[pool].rate(net.time - WINDOW, net.time) >= DECIDED)
        return len(winners) > 0

    net.run(ON)
    show(populations, coherence)
    net.run(LONGEST, every=(10.0, look))
    return (winners[0] if winners else None), net.time - ON


print("\ncoherence   left  right  none   time, ms (median)")
share, median = [], []
for coherence in COHERENCES:
    choices, times = zip(*(decide(coherence, seed) for seed in range(100, 100 + TRIALS)))
    left, right = (choices.count(pool) for pool in ("left", "right"))
    share.append(left / max(left + right, 1))
    median.append(np.median(times))
    print(f"{coherence:9.1%}{left:7}{right:7}{TRIALS - left - right:6}{median[-1]:11.0f}")

figure, (top, bottom) = plt.subplots(2, sharex=True, figsize=(6, 5), layout="constrained")
top.plot(np.multiply(COHERENCES, 100), share, "o-", color=COLORS["left"])
top.axhline(0.5, color="black", linestyle=":", linewidth=1)
top.set(ylim=(0, 1.05), ylabel="Share of left choices")
bottom.plot(np.multiply(COHERENCES, 100), median, "o-", color="black")
bottom.set(xlabel="Coherence (%)", ylabel="Decision time (ms)", ylim=(0, None))
plt.show()
