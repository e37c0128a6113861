"""
Ring working memory: cue, delay, decode
=======================================

A ring of pyramidal cells, each with a preferred direction, sees a cue for 250 ms. The cue is
taken away, and the cells that it excited go on firing: they excite each other through NMDA
receptors, whose slow decay (80 ms) carries the activity over, while inhibition keeps all other
cells silent. Where this *bump* of activity is tells what the network remembers.

The model is that of Compte et al. (2000), with the parameters that Calvin and Redish (2021) published
for their single ring.

* Compte A, Brunel N, Goldman-Rakic PS, Wang XJ (2000). Synaptic mechanisms and network dynamics
  underlying spatial working memory in a cortical network model. Cereb Cortex 10:910-923.
* Calvin OL, Redish AD (2021). Global disruption in excitation-inhibition balance can cause localized
  network dysfunction and Schizophrenia-like context-integration deficits. PLoS Comput Biol
  17(5): e1008985.
"""

# %%
# The cells
# ---------
#
# Each cell is a leaky integrate-and-fire neuron with capacitance :math:`C_m`:
#
# .. math::
#
#    C_m \frac{dV}{dt} = - I_\mathrm{leak} - I_\mathrm{noise} - I_\mathrm{cue}
#                        - I_\mathrm{AMPA} - I_\mathrm{NMDA} - I_\mathrm{GABA}
#
# A receptor's current is :math:`g\,s\,(V - E)`, where :math:`s` is the fraction of open channels. That of NMDA is
# divided by :math:`1 + [\mathrm{Mg}]/3.57 \cdot e^{-0.062 V}`. The defaults of the two classes are those of the ring
# model; only conductances (uS) are given here. Each cell gets Poisson noise of 1800 spikes a second. All equations and
# defaults are in ``docs/model.md``.
import numpy as np
from matplotlib import pyplot as plt

import lifext
from lifext import plot

N_PYRAMIDAL, N_INTER = 1024, 256

pyramidal = lifext.pyrRingPop(N_PYRAMIDAL, AMPA_g=0.45, NMDA_g=0.27375, GABA_g=1.25)
inter = lifext.interRingPop(N_INTER, AMPA_g=0.495, NMDA_g=0.225, GABA_g=1.0)

# %%
# The connections
# ---------------
#
# Pyramidal cells of like direction excite each other most: the weight between directions :math:`a` and
# :math:`b` is proportional to :math:`0.3 + 0.7 \exp(\frac{2\pi}{0.05}(\cos(a - b) - 1))`. All other connections are
# the same for every pair. What one spike of every source would add to the gating of a target sums to 1.
net = lifext.Network(dt=0.05, seed=1)
net.add(pyramidal=pyramidal, inter=inter)
net.connect(pyramidal, pyramidal, lifext.Ring.from_profile(N_PYRAMIDAL, prop=0.7, sigma=0.05), "exc")
net.connect(pyramidal, inter, lifext.Uniform(1 / N_PYRAMIDAL), "exc")
net.connect(inter, pyramidal, lifext.Uniform(1 / N_INTER), "inh")
net.connect(inter, inter, lifext.Uniform(1 / N_INTER), "inh")

# %%
# The trial
# ---------
#
# 250 ms of rest, 250 ms of a cue at 120 degrees (a current of up to 0.15 nA into the cells that prefer it), and a delay
# of 2.5 s. Spikes are recorded of all cells; potential and currents of the one that prefers the cue.
CUE, CUE_ON, CUE_OFF, END = 120.0, 250.0, 500.0, 3000.0

spikes = net.record_spikes(pyramidal)
inter_spikes = net.record_spikes(inter)
cell = round(CUE / 360 * N_PYRAMIDAL)
trace = net.record_state(pyramidal, ["v", "i_ampa", "i_nmda", "i_gaba", "i_leak"], every=0.1, neurons=[cell])

net.run(CUE_ON)
pyramidal.stim(np.radians(CUE), cue_sal=0.15)
net.run(CUE_OFF - CUE_ON)
pyramidal.removeStim()
net.run(END - CUE_OFF)

# %%
# What is remembered
# ------------------
#
# The population vector is the mean of :math:`e^{i\,\mathrm{direction}}` over the spikes of a window of time. Its
# angle is the remembered direction; its length is near 1 for a narrow bump, and near 0 without one.
print(f"cue at {CUE:.0f} degrees")
print("              direction  strength  pyramidal (Hz)  inter (Hz)")
for name, start, stop in (("rest", 0, 250), ("cue", 300, 500), ("delay", 500, 1500), ("late delay", 2000, 3000)):
    vector = spikes.population_vector(start, stop)
    print(f"{name:<12} {np.degrees(np.angle(vector)) % 360:10.1f} {abs(vector):9.2f} {spikes.rate(start, stop):15.2f}"
          f" {inter_spikes.rate(start, stop):11.2f}")

# %%
# The bump in time. It wanders a little, since noise pushes it and nothing pulls it back: each direction is as good as
# another.
cue_shown = [(CUE_ON, CUE_OFF, f"cue, {CUE:.0f}°", "#f2b134")]
cue_unnamed = [(CUE_ON, CUE_OFF, "", "#f2b134")]

figure, (top, middle, bottom) = plt.subplots(3, sharex=True, figsize=(8, 7), layout="constrained",
                                             height_ratios=[2, 2, 1])
plot.raster(spikes, ax=top, markersize=2, periods=cue_shown)
plot.ring_activity(spikes, ax=middle, window=(0, END), periods=cue_unnamed)
plot.population_rate(spikes, sigma=20.0, window=(0, END), ax=bottom, periods=cue_unnamed, label="pyramidal")
plot.population_rate(inter_spikes, sigma=20.0, window=(0, END), ax=bottom, label="inter")
middle.legend(frameon=False)
bottom.legend(frameon=False, loc="upper right", ncols=2)
for ax in (top, middle, bottom):
    plot.seconds(ax).label_outer()

# %%
# One cell of the bump, around the end of the cue: NMDA carries what is left, inhibition and leak hold against it.
figure, (top, bottom) = plt.subplots(2, sharex=True, figsize=(8, 5), layout="constrained")
plot.voltage(trace, spikes=spikes, threshold=-50.0, ax=top, periods=cue_shown)
plot.currents(trace, neuron=cell, ax=bottom, periods=cue_unnamed)
top.set_xlim(200, 800)
top.label_outer()
plt.show()
