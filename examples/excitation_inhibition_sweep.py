"""
Excitation and inhibition: a sweep over trials
==============================================

How well a ring remembers depends on how strongly its cells excite and inhibit each other. Here NMDA
and GABA conductances of the pyramidal cells are varied, with a few trials at each point: a cue of 250 ms,
a delay of 1 s, and then: is there still a bump of activity, and is it where the cue was?

Calvin and Redish (2021) ask this to learn what a disturbed balance does to working memory, as in
schizophrenia; the ring is that of Compte et al. (2000), half the size. Needs
``pip install 'lifext[trials,plot]' pandas``.

* Calvin OL, Redish AD (2021). Global disruption in excitation-inhibition balance can cause localized
  network dysfunction and Schizophrenia-like context-integration deficits. PLoS Comput Biol
  17(5): e1008985.
* Compte A, Brunel N, Goldman-Rakic PS, Wang XJ (2000). Synaptic mechanisms and network dynamics
  underlying spatial working memory in a cortical network model. Cereb Cortex 10:910-923.
"""

# %%
# A trial
# -------
#
# A function of the parameters that are varied. It gets random numbers of its own (``rng``) and returns what is to be
# a column of the table. 1 is the conductance of the published single ring.
import numpy as np
from matplotlib import pyplot as plt

import lifext

N_PYRAMIDAL, N_INTER, CUE = 512, 128, np.pi


def trial(rng, excitation, inhibition):
    """Return what is left of a cue after a delay."""
    pyramidal = lifext.pyrRingPop(N_PYRAMIDAL, AMPA_g=0.45, NMDA_g=0.27375 * excitation, GABA_g=1.25 * inhibition)
    inter = lifext.interRingPop(N_INTER, AMPA_g=0.495, NMDA_g=0.225, GABA_g=1.0)
    net = lifext.Network(dt=0.05, seed=rng)
    net.add(pyramidal=pyramidal, inter=inter)
    net.connect(pyramidal, pyramidal, lifext.Ring.from_profile(N_PYRAMIDAL, prop=0.7, sigma=0.05), "exc")
    net.connect(pyramidal, inter, lifext.Uniform(1 / N_PYRAMIDAL), "exc")
    net.connect(inter, pyramidal, lifext.Uniform(1 / N_INTER), "inh")
    net.connect(inter, inter, lifext.Uniform(1 / N_INTER), "inh")
    spikes = net.record_spikes(pyramidal)
    pyramidal.stim(CUE, cue_sal=0.15)
    net.run(250.0)
    pyramidal.removeStim()
    net.run(1000.0)
    vector = spikes.population_vector(1000, 1250)
    return {"strength": abs(vector), "rate": spikes.rate(1000, 1250),
            "deviation": np.degrees(np.angle(vector * np.exp(-1j * CUE)))}


# %%
# The sweep
# ---------
#
# 35 points, 3 trials at each. ``n_jobs=-1`` would use all cores, and ``store="runs"`` keep each trial in a
# directory, so that a sweep that was killed goes on where it was; neither changes a number. With ``n_jobs``
# a script needs ``if __name__ == "__main__":`` around the call, as worker processes may import it.
EXCITATION, INHIBITION, TRIALS = [0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15], [0.8, 0.9, 1.0, 1.1, 1.2], 3

table = lifext.sweep(trial, {"excitation": EXCITATION, "inhibition": INHIBITION}, trials=TRIALS, seed=1)
print(table[["excitation", "inhibition", "trial", "rate", "strength", "deviation"]].head(4).to_string(index=False))

# %%
# What became of the cue
# ----------------------
#
# A cue is remembered if there is activity at the end (at least 1 Hz a cell on average), in one place (a population
# vector of at least 0.5), and this place is within 30 degrees of the cue.
table["remembered"] = (table["rate"] >= 1) & (table["strength"] >= 0.5) & (table["deviation"].abs() < 30)
points = table.pivot_table(index="inhibition", columns="excitation", values=["remembered", "rate"], aggfunc="mean")
print("\nshare of trials that remember the cue")
print(points["remembered"].sort_index(ascending=False).round(2).to_string())
print("\nrate at the end, Hz")
print(points["rate"].sort_index(ascending=False).round(1).to_string())

# %%
# There are three regimes. With little excitation and much inhibition, activity dies out, and the cue is forgotten. With
# much excitation and little inhibition, activity spreads over the ring, and the cue is lost in it. In between
# lies a narrow band, along which a loss of one is made good by a loss of the other. The cross marks the published
# parameters.


def draw(ax, name, title, **kwargs):
    """Draw a column as a heat map over the two parameters."""
    image = ax.pcolormesh(EXCITATION, INHIBITION, points[name], **kwargs)
    ax.figure.colorbar(image, ax=ax)
    ax.plot(1.0, 1.0, "X", color="white", markeredgecolor="black", markersize=10)
    ax.set(title=title, xlabel="NMDA conductance, relative", xticks=EXCITATION[::2], yticks=INHIBITION)


figure, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(9, 3.6), layout="constrained")
draw(left, "remembered", "Share of trials that remember", cmap="Blues", vmin=0, vmax=1)
draw(right, "rate", "Rate at the end (Hz)", cmap="Oranges", vmin=0)
left.set_ylabel("GABA conductance, relative")
left.text(0.87, 1.2, "forgotten", va="center")
left.text(1.15, 0.8, "spread out", va="center", ha="right")
plt.show()
