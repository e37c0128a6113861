"""The loops over neurons, built for baseline."""
include "loops.pxi"
include "fast.pxi"
