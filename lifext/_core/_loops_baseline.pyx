"""The loops over neurons, built for baseline."""
include "compat/loops.pxi"
include "fast/kernels.pxi"
