"""The loops over neurons: one C, which `setup.py` builds once for each instruction set."""
include "compat/loops.pxi"
include "fast/kernels.pxi"
