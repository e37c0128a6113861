"""The kernels of the fast arithmetic in single precision, built for x86-64-v4."""
include "fast/kernels.pxi"
