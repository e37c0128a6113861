"""The populations that matter most, for each of which the build makes one loop over its neurons.

What is not here is stepped by loops of one receptor after the other, with the same bits. A population belongs to one
of these if all its parameters are numbers and what it has in use are these receptors in this order: pairs of a gating
(`receptors`) and a drive (`receptors/_drives.py`). "poisson" is exponential gating opened by Poisson trains.
"""

NOISE = ["poisson conductance"]
AMPA = ["exponential conductance"]
NMDA = ["saturating blocked"]
# reached by excitation, and of no conductance
NMDA_CLOSED = ["saturating closed"]
GABA = ["exponential conductance"]

VARIANTS = {
    "silent": [],
    "noise": NOISE,
    "noise_and_stimulus": NOISE + NOISE,
    "ring": NOISE + AMPA + NMDA + GABA,
    "ring_and_stimulus": NOISE + NOISE + AMPA + NMDA + GABA,
    "ring_without_noise": AMPA + NMDA + GABA,
    "ring_without_inhibition": NOISE + AMPA + NMDA,
    "ring_with_ampa": NOISE + AMPA + NMDA_CLOSED + GABA,
    "ring_with_ampa_without_noise": AMPA + NMDA_CLOSED + GABA,
    "coba": AMPA + GABA,
    "coba_and_noise": NOISE + AMPA + GABA,
}
