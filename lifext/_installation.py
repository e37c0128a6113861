"""What a report about lifext should say of the installation and the machine."""
import math
import os
import platform

import numpy as np

from ._core import kernels
from ._core.fast import loop as fast_loop
from ._core.shared import loops

# what can change speed or results, where it is set
VARIABLES = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "LIFEXT_SIMD", "LIFEXT_BACKEND", "NPY_DISABLE_CPU_FEATURES")


def facts() -> dict[str, str]:
    """Return what there is, by name."""
    from . import __version__
    compiler, flags, fast_math = loops.compiler()
    return {
        "lifext": __version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "NumPy": np.__version__,
        "system": platform.platform(),
        "processors": f"{os.cpu_count()}, of which this process may use {processors()}",
        "compiler": compiler,
        "flags": flags + (" and fast-math: results may differ from those that are promised" if fast_math else ""),
        "kernels": kernels.backend,
        "loops built for": ", ".join(loops.built()),
        "loops that run here": ", ".join(loops.supported()),
        "loops in use": loops.chosen(),
        "OpenMP": f"{fast_loop.max_threads()} threads" if fast_loop.has_openmp() else "no: networks run on one thread",
        "environment": ", ".join(f"{name}={os.environ[name]}" for name in VARIABLES if name in os.environ)
                       or "nothing set that matters",
        "numpy.exp": _exp_agreement(),
    }


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _exp_agreement() -> str:
    # the range of the exponents in a simulation
    probe = np.linspace(-20, 5, 10001)
    differing = int((np.exp(probe) != [math.exp(x) for x in probe]).sum())
    if differing == 0:
        return f"equals libm's on {len(probe)} numbers"
    return (f"differs from libm's in {differing} of {len(probe)} numbers, in the last place: after some tens "
            "of ms, spike trains part from those of other machines; their statistics do not")
