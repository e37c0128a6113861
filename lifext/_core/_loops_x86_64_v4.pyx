"""The loops over neurons, built for x86-64-v4."""
include "compat/loops.pxi"
include "fast/kernels.pxi"
