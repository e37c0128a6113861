"""The kernels of the fast arithmetic in single precision: one C, which `setup.py` builds as `_loops`."""
include "fast/kernels.pxi"
