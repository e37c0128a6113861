"""
Moving a script over, before and after
======================================

A script in the shape of those of the published code (Calvin and Redish 2021, ModelDB 267046): it makes populations,
steps them by hand, and collects spikes. Below it stands the same as a ``Network``, first with the same numbers to the
last bit, then fast.

A script can also be run as it is, with ``lifext run script.py``.

* Calvin OL, Redish AD (2021). Global disruption in excitation-inhibition balance can cause localized
  network dysfunction and Schizophrenia-like context-integration deficits. PLoS Comput Biol
  17(5): e1008985.
"""

# %%
# Before
# ------
#
# Only the first two imports were changed, from ``from agent import LIF_Pop`` and ``from collect import spikeDC``. From
# the same ``np.random.seed`` it has the same spikes, potentials and random numbers as with the published
# modules. ``spikeDC`` notes the time at which a step starts, and counts neurons from 1; the exact times within the
# steps are kept, too, to be compared below.
import time

import numpy as np
from matplotlib import pyplot as plt

from lifext import LIF_Pop, spikeDC

dt, cue_end, end = 0.05, 200.0, 600.0
n_pyr, n_int = 512, 128

np.random.seed(7)
pyr = LIF_Pop.pyrRingPop(n_pyr, AMPA_g=0.45, NMDA_g=0.27375, GABA_g=1.25)
inter = LIF_Pop.interRingPop(n_int, AMPA_g=0.495, NMDA_g=0.225, GABA_g=1.0)

# the weights between two directions, and then so that those onto each target sum to 1
distance = np.subtract.outer(pyr.directions, pyr.directions)
pyr_to_pyr = 0.3 + 0.7 * np.exp(2 * np.pi / 0.05 * (np.cos(distance) - 1))
pyr_to_pyr /= pyr_to_pyr.sum(axis=0)
pyr_to_int = np.full((n_pyr, n_int), 1 / n_pyr)
int_to_pyr = np.full((n_int, n_pyr), 1 / n_int)
int_to_int = np.full((n_int, n_int), 1 / n_int)

collected, exact = spikeDC(n_pyr, "pyramidal"), []
pyr.stim(np.pi, cue_sal=0.15)
started = time.perf_counter()
for step in range(round(end / dt)):
    now = step * dt
    if step == round(cue_end / dt):
        pyr.removeStim()
    pyr.predictSpikes(dt, now)
    inter.predictSpikes(dt, now)
    pyr.receivePyrSpikes(dt, pyr.numSpikes, pyr.spikeTimes(), pyr_to_pyr)
    inter.receivePyrSpikes(dt, pyr.numSpikes, pyr.spikeTimes(), pyr_to_int)
    pyr.receiveIntSpikes(dt, inter.numSpikes, inter.spikeTimes(), int_to_pyr)
    inter.receiveIntSpikes(dt, inter.numSpikes, inter.spikeTimes(), int_to_int)
    pyr.processTimeStep(dt, now)
    inter.processTimeStep(dt, now)
    collected.collect(pyr.spikes(), now)
    exact.append(now + pyr.spikeTimes()[pyr.spikes(), 0])
took = {"loop": time.perf_counter() - started}

neurons, starts = collected.get_spikes()
potentials = pyr.VMs()

# %%
# After, the same bits
# --------------------
#
# A ``Network`` with ``compat=True`` takes the steps of that loop, in the order in which populations are added and
# connected, from the same random numbers. Weights can stay the matrices that they were; those that are all
# alike, or depend on the distance alone, need not be written out (``Uniform``, ``Ring``). The loop, and what collects
# spikes in it, is gone.
import lifext
from lifext import plot


def populations():
    """Return the two populations, as above."""
    return (lifext.pyrRingPop(n_pyr, AMPA_g=0.45, NMDA_g=0.27375, GABA_g=1.25),
            lifext.interRingPop(n_int, AMPA_g=0.495, NMDA_g=0.225, GABA_g=1.0))


def run(net, pyr, inter, pyr_to_pyr):
    """Connect a network, run the trial and return the pyramidal cells' spikes and the time that it took."""
    net.add(pyr=pyr, inter=inter)
    net.connect(pyr, pyr, pyr_to_pyr, "exc")
    net.connect(pyr, inter, lifext.Uniform(1 / n_pyr), "exc")
    net.connect(inter, pyr, lifext.Uniform(1 / n_int), "inh")
    net.connect(inter, inter, lifext.Uniform(1 / n_int), "inh")
    spikes = net.record_spikes(pyr)
    started = time.perf_counter()
    pyr.stim(np.pi, cue_sal=0.15)
    net.run(cue_end)
    pyr.removeStim()
    net.run(end - cue_end)
    return spikes, time.perf_counter() - started


np.random.seed(7)
pyr, inter = populations()
same, took["Network, compat"] = run(lifext.Network(dt=dt, compat=True), pyr, inter, pyr_to_pyr)

print(f"loop: {len(neurons)} spikes; Network with compat: {len(same)}")
print("neurons are the same:", np.array_equal(same.ids + 1, neurons))
print("times are the same bits:", np.array_equal(same.times, np.concatenate(exact)))
print("potentials are the same bits:", np.array_equal(pyr.VMs(), potentials))

# %%
# After, fast
# -----------
#
# Without ``compat`` it has its own random streams and rounding, in the same scheme: other spikes, with the same
# statistics. From one seed they are the same on any machine and any number of threads.
pyr, inter = populations()
fast, took["Network"] = run(lifext.Network(dt=dt, seed=7), pyr, inter,
                            lifext.Ring.from_profile(n_pyr, prop=0.7, sigma=0.05))

for name, spikes in (("compat", same), ("fast", fast)):
    vector = spikes.population_vector(300, end)
    print(f"{name:<7} {spikes.rate(0, cue_end):5.2f} Hz in the cue, {spikes.rate(300, end):5.2f} Hz after it, "
          f"remembered direction {np.degrees(np.angle(vector)) % 360:.1f} degrees")
for name, seconds in took.items():
    print(f"{name:<16} {seconds:6.3f} s")

figure, axes = plt.subplots(3, sharex=True, figsize=(8, 6), layout="constrained")
# the loop's neurons are counted from 1
plot.raster(neurons - 1, starts, size=n_pyr, ax=axes[0], markersize=3)
plot.raster(same, ax=axes[1], markersize=3)
plot.raster(fast, ax=axes[2], markersize=3)
for ax, name in zip(axes, took):
    plot.shade(ax, [(0.0, cue_end, "cue" if ax is axes[0] else "", "#f2b134")])
    ax.set_ylabel(name)
    ax.label_outer()
axes[0].set_xlim(0, end)
plt.show()
