"""Time a step of the two workloads: one neuron, and the dual ring driven by hand.

Run ``python bench/bench_steps.py`` with any option of pyperf's (``--fast``, ``-o FILE``). Each
worker runs a workload in before it times it, so that the figure is that of the active network.
"""
import functools
import time

import numpy as np
import pyperf
import workloads

import lifext
from lifext._core import kernels
from lifext._core.shared import loops

INNER = 100  # steps that pyperf counts as one loop

NEURONS = {"one_neuron": 1, "dual_ring": 2 * (1024 + 256)}
WORKLOADS = {"one_neuron": workloads.OneNeuron, "dual_ring": workloads.DualRing}


@functools.cache
def running(name):
    """Return the workload `name`, run in."""
    workload = WORKLOADS[name](lifext)
    workload.advance(workload.run_in)
    return workload


def time_steps(count, name):
    """Return how long ``INNER*count`` steps take, s."""
    workload = running(name)
    start = time.perf_counter()
    workload.advance(INNER * count)
    return time.perf_counter() - start


def describe(name, benchmark):
    """Print time a step and a neuron-step, and the spikes a step of a run in this process, in the same regime."""
    steps = 10_000
    spikes = running(name).advance(steps)
    microseconds = 1e6 * benchmark.median()
    print(f"{name}: {microseconds:.2f} us a step, {1e3 * microseconds / NEURONS[name]:.1f} ns a neuron-step "
          f"({NEURONS[name]} neurons), {spikes / steps:.4f} spikes a step")


def main():
    runner = pyperf.Runner()
    runner.metadata.update(lifext_version=lifext.__version__, numpy_version=np.__version__,
                           lifext_simd=loops.chosen(), lifext_backend=kernels.backend)
    results = {name: runner.bench_time_func(name, time_steps, name, inner_loops=INNER,
                                            metadata={"neurons": NEURONS[name]})
               for name in WORKLOADS}
    if not runner.args.worker:
        for name, benchmark in results.items():
            if benchmark is not None:
                describe(name, benchmark)


if __name__ == "__main__":
    main()
