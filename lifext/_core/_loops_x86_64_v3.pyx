"""The loops over neurons, built for x86-64-v3."""
include "loops.pxi"
include "fast.pxi"
