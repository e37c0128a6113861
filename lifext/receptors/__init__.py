"""Receptors: how their gating follows the spikes, and what current they let through; one file a kind of gating."""

# each is a file here; the order is that of the numbers that the compiled step knows them by
GATINGS = ["exponential", "saturating"]
