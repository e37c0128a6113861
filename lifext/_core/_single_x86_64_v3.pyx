"""The kernels of the fast arithmetic in single precision, built for x86-64-v3."""
include "fast/kernels.pxi"
