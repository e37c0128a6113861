"""The loops over neurons, built for x86-64-v4."""
include "loops.pxi"
include "fast.pxi"
