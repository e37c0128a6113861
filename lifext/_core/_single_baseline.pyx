"""The kernels of the fast arithmetic in single precision, built for baseline."""
include "fast/kernels.pxi"
