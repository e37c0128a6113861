"""
The dual ring's DPX trial, with a response
==========================================

In the dot pattern expectancy task a cue (A or B) is followed, seconds later, by a probe (X or Y). An X
after an A is to be answered with the left hand, all else with the right one. So what to do with an X
depends on what is remembered.

Calvin and Redish (2021) have two rings do it. The *perception* ring sees cue and probe, and keeps what it
saw last. It projects weakly to the *memory* ring, which takes the cue from it, holds it over the delay, and
is not overwritten by the probe. Two accumulators, one a hand, listen to both rings.

* Calvin OL, Redish AD (2021). Global disruption in excitation-inhibition balance can cause localized
  network dysfunction and Schizophrenia-like context-integration deficits. PLoS Comput Biol
  17(5): e1008985. ModelDB 267046.
"""

# %%
# The network
# -----------
#
# Two rings of 1024 pyramidal cells and 256 interneurons with the published conductances (uS). Within a ring pyramidal
# cells excite those of like direction most, all other connections are alike for every pair, and weights onto a target
# sum to 1. From perception to memory they have the same shape, and sum to 0.1. There are no AMPA receptors here: only
# noise, cue and NMDA excite.
import numpy as np
from matplotlib import pyplot as plt

import lifext
from lifext import plot

N_PYRAMIDAL, N_INTER, DT = 1024, 256, 0.05


def add_ring(net, name, inter_NMDA_g):
    """Add a ring to a network and return its pyramidal cells."""
    pyramidal = lifext.pyrRingPop(N_PYRAMIDAL, AMPA_g=0.0, NMDA_g=0.37, GABA_g=1.25)
    inter = lifext.interRingPop(N_INTER, AMPA_g=0.0, NMDA_g=inter_NMDA_g, GABA_g=1.0)
    net.add(**{f"{name}_pyramidal": pyramidal, f"{name}_inter": inter})
    net.connect(pyramidal, pyramidal, lifext.Ring.from_profile(N_PYRAMIDAL, prop=0.7, sigma=0.05), "exc")
    net.connect(pyramidal, inter, lifext.Uniform(1 / N_PYRAMIDAL), "exc")
    net.connect(inter, pyramidal, lifext.Uniform(1 / N_INTER), "inh")
    net.connect(inter, inter, lifext.Uniform(1 / N_INTER), "inh")
    return pyramidal


net = lifext.Network(dt=DT, seed=1)
perception = add_ring(net, "perception", inter_NMDA_g=0.30)
memory = add_ring(net, "memory", inter_NMDA_g=0.35)
net.connect(perception, memory, lifext.Ring.from_profile(N_PYRAMIDAL, prop=0.7, sigma=0.05, scale=0.1), "exc")

# stimuli are Poisson trains of up to 1.25 kHz into the cells of perception that prefer them
perception.afferents = lifext.affRingPoisson(N_PYRAMIDAL, perception.directions, max_rate=1.25, g=0.001)

perceived, remembered = net.record_spikes(perception), net.record_spikes(memory)

# %%
# A trial
# -------
#
# 0.5 s of rest, 1 s of cue, 4 s of delay, 0.5 s of probe, 0.6 s of rest, as published. ``net.reset`` goes
# back to time 0, with the random numbers of another seed.
DIRECTIONS = {"A": 0.3 * np.pi, "B": 0.7 * np.pi, "X": 1.3 * np.pi, "Y": 1.7 * np.pi}
CUE, PROBE, END = (500.0, 1500.0), (5500.0, 6000.0), 6600.0


def run_trial(cue, probe, seed):
    """Run a trial from its start."""
    net.reset(seed)
    for stimulus, (start, stop) in ((cue, CUE), (probe, PROBE)):
        net.run(start - net.time)
        perception.stim(DIRECTIONS[stimulus])
        net.run(stop - net.time)
        perception.removeStim()
    net.run(END - net.time)


# %%
# The response
# ------------
#
# Each accumulator r adds up a weight for each spike of the pyramidal cells within 36 degrees of a stimulus' direction,
# and forgets with a time constant of 80 ms. A hand is chosen by softmax:
# :math:`p(\mathrm{left}) = e^{r_\mathrm{left}/5} / (e^{r_\mathrm{left}/5} + e^{r_\mathrm{right}/5})`. A and X speak
# for left weakly, B and Y for right five times as strongly: a single B or Y decides for right.
WEIGHTS = {"left": {"A": 0.075, "X": 0.05}, "right": {"B": 0.375, "Y": 0.25}}
FORGETTING, TEMPERATURE, REACH = 80.0, 5.0, 0.2 * np.pi


def accumulate(weights):
    """Return an accumulator at the end of each ms of the trial."""
    arriving = np.zeros(int(END))
    for stimulus, weight in weights.items():
        spikes = remembered if stimulus in "AB" else perceived
        near = np.abs(spikes.directions[spikes.ids] - DIRECTIONS[stimulus]) <= REACH
        times = spikes.times[near]
        ms = times.astype(int)
        # what a spike has left of its weight at the end of its ms
        arriving += np.bincount(ms, weight * np.exp((times - ms - 1) / FORGETTING), minlength=len(arriving))
    level = np.empty(len(arriving))
    now = 0.0
    for k, added in enumerate(arriving):
        now = level[k] = now * np.exp(-1 / FORGETTING) + added
    return level


def p_left():
    """Return the probability of a left response at the end of each ms of the trial."""
    left, right = (accumulate(WEIGHTS[hand]) for hand in ("left", "right"))
    return 1 / (1 + np.exp((right - left) / TEMPERATURE))


# %%
# One trial, AX
# -------------
#
# Perception jumps to the probe; memory stays with the cue.
run_trial("A", "X", seed=1)

shown = [(*CUE, "cue A, 54°", "#f2b134"), (*PROBE, "probe X, 234°", "#5fa777")]
unnamed = [(start, stop, "", color) for start, stop, _, color in shown]

figure, (top, middle, bottom) = plt.subplots(3, sharex=True, figsize=(8, 6.5), layout="constrained",
                                             height_ratios=[2, 2, 1.2])
plot.ring_activity(perceived, window=(0, END), ax=top, periods=shown)
plot.ring_activity(remembered, window=(0, END), ax=middle, periods=unnamed)
top.set_ylabel("Perception")
middle.set_ylabel("Memory")
for hand, color in (("left", "#2b5c8a"), ("right", "#b5292e")):
    bottom.plot(np.arange(1, END + 1), accumulate(WEIGHTS[hand]), color=color, label=hand)
bottom.axvline(PROBE[1], color="black", linewidth=0.8, linestyle="dotted")
bottom.set_ylabel("Accumulators")
bottom.legend(frameon=False, loc="upper left")
for ax in (top, middle, bottom):
    plot.seconds(ax).label_outer()

# %%
# All four
# --------
#
# The response is taken when the probe goes off.
figure, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
print("trial  perceived  remembered  p(left)  right answer")
for seed, (trial, style) in enumerate({"AX": "-", "AY": "--", "BX": "-.", "BY": ":"}.items(), start=1):
    run_trial(*trial, seed)
    probability = p_left()
    ax.plot(np.arange(1, END + 1), probability, style, label=trial)
    saw, knew = (np.degrees(np.angle(spikes.population_vector(PROBE[1] - 200, PROBE[1]))) % 360
                 for spikes in (perceived, remembered))
    print(f"{trial}     {saw:7.0f}    {knew:8.0f}    {probability[int(PROBE[1]) - 1]:7.3f}  "
          f"{'left' if trial == 'AX' else 'right'}")
plot.shade(ax, [(*CUE, "cue", "#f2b134"), (*PROBE, "probe", "#5fa777")])
ax.set(xlim=(0, END), ylim=(0, 1.05), ylabel="p(left)")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plot.seconds(ax)
plt.show()
