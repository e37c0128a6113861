"""Synapses: what a projection does to a spike before it is delivered; one file a kind."""

# each is a file here; the order is that of the numbers that the compiled step knows them by
SYNAPSES = ["short_term"]
