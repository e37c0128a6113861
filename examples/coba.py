"""
COBA: a random network that keeps itself going
==============================================

4000 neurons, four fifths of them excitatory, are connected at random: each pair with a probability of 2 %. There is no
noise and no input. What keeps the network active is its own, irregular activity, in which excitation
and inhibition nearly cancel.

It is benchmark 1, "COBA", of Brette et al. (2007), after Vogels and Abbott (2005), with which simulators are compared.

* Brette R, Rudolph M, Carnevale T, et al. (2007). Simulation of networks of spiking neurons: a review of tools
  and strategies. J Comput Neurosci 23:349-398.
* Vogels TP, Abbott LF (2005). Signal propagation and logic gating in networks of integrate-and-fire neurons.
  J Neurosci 25:10786-10795.
"""

# %%
# The cells
# ---------
#
# .. math::
#
#    C \frac{dV}{dt} = -g_L (V - E_L) - g_e\,s_e (V - E_e) - g_i\,s_i (V - E_i)
#
# :math:`s_e` and :math:`s_i` grow by 1 with each spike that arrives, and decay with time constants of 5 and 10 ms. So
# AMPA and GABA receptors with other parameters will do; noise gets a conductance of 0, and so do NMDA receptors, which
# no projection reaches. The resting potential of -49 mV, above threshold, gets the activity started, as in the versions
# of this benchmark that come with simulators.
import numpy as np
from matplotlib import pyplot as plt

import lifext
from lifext import plot

THRESHOLD, RESET = -50.0, -60.0


def cells(n):
    """Return a population of `n` of these cells."""
    population = lifext.pyrPop(n, vTh=THRESHOLD, vReset=RESET, refDur=5.0, cM=0.2, leak_g=0.01, leak_vL=-49.0,
                               NMDA_g=0.0, noise_g=0.0, noise_rate=0.0)
    population.AMPA = lifext.AMPAR(n, order=1, g=0.006, vE=0.0, tau_s=5.0)
    population.GABA = lifext.GABAR(n, order=1, g=0.067, vI=-80.0, tau_s=10.0)
    return population


# %%
# The network
# -----------
#
# Weights are 1, as the conductance of a spike is in the receptor. Only connections that are there take memory.
N_EXCITATORY, N_INHIBITORY, P_CONNECTED, DURATION = 3200, 800, 0.02, 1000.0

rng = np.random.default_rng(2007)
net = lifext.Network(dt=0.1, seed=rng)
populations = {"exc": cells(N_EXCITATORY), "inh": cells(N_INHIBITORY)}
net.add(**populations)
for name, source in populations.items():
    for target in populations.values():
        weights = lifext.Sparse.random(source.size, target.size, P_CONNECTED, 1.0, rng=rng)
        net.connect(source, target, weights, "ampa" if name == "exc" else "inh")

spikes = {name: net.record_spikes(population) for name, population in populations.items()}
trace = net.record_state(populations["exc"], ["v", "s_ampa", "s_gaba"], neurons=range(20))
net.run(DURATION)

# %%
# How it fires
# ------------
#
# The first 100 ms are left out. How irregular the spikes of a cell are is told by the coefficient of variation of the
# intervals between them, their standard deviation over their mean: 0 for a clock, 1 for a Poisson process. It is
# beyond 1 here: synapses are strong, and cells fire in bursts.


def interval_variations(record, least=5):
    """Return the coefficient of variation of the intervals of each cell that has at least `least` of them."""
    found = []
    order = np.lexsort((record.times, record.ids))
    for times in np.split(record.times[order], np.cumsum(np.bincount(record.ids, minlength=record.size))[:-1]):
        intervals = np.diff(times[times >= 100])
        if len(intervals) >= least:
            found.append(intervals.std() / intervals.mean())
    return np.array(found)


for name, record in spikes.items():
    variations = interval_variations(record)
    print(f"{name}: {record.rate(100, DURATION):5.2f} Hz a cell, coefficient of variation of intervals "
          f"{np.median(variations):.2f} (median of {len(variations)} cells)")

figure, (top, bottom) = plt.subplots(2, sharex=True, figsize=(8, 5), layout="constrained", height_ratios=[2, 1])
plot.raster(spikes["exc"], ax=top, color="#b5292e", markersize=2)
top.set(ylim=(0, 500), ylabel="Excitatory cell")
for name, color in (("exc", "#b5292e"), ("inh", "#2b5c8a")):
    plot.population_rate(spikes[name], sigma=3.0, window=(0, DURATION), ax=bottom, color=color, label=name)
bottom.legend(frameon=False, loc="upper right", ncols=2)
bottom.set_xlim(0, DURATION)
top.label_outer()

# %%
# One cell, of those traced the one with the most usual number of spikes. Its synaptic currents are far larger than the
# leak, and nearly cancel. They were not recorded, but are computed from its potential and gating.
counts = spikes["exc"].counts(0, DURATION)
cell = int(np.argmin(np.abs(counts[trace.neurons] - counts.mean())))
figure, (top, bottom) = plt.subplots(2, sharex=True, figsize=(8, 5), layout="constrained")
plot.voltage(trace, neuron=cell, spikes=spikes["exc"], threshold=THRESHOLD, ax=top)
plot.currents(trace, neuron=cell, population=populations["exc"], ax=bottom)
top.set_xlim(300, 700)
top.label_outer()
plt.show()
