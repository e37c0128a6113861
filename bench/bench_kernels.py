"""Time each compiled kernel against its NumPy twin, on the records of public objects.

Run ``python bench/bench_kernels.py`` with any option of pyperf's (``--fast``, ``-o FILE``); a
table closes the run. ``--table FILE`` prints that table from a file that ``-o`` wrote, without
timing anything.

A kernel that can run once a step only is clocked call by call, with what has to come between
the calls left out; the reading of the clock, 50 to 100 ns, is then part of the call.
"""
import functools
import itertools
import sys
from time import perf_counter

import numpy as np
import pyperf

import lifext
from lifext import _core
from lifext._core.compat import reference
from lifext._core.shared import loops, spikes

DT = 0.05
SIZES = (1, 1024, 10_000)
BACKENDS = ("compiled", "reference")
SETTLING = 200  # steps before any is timed: neurons leave reset, gating becomes steady


def time_calls(kernel, *arguments):
    """Return a function that says how long so many calls take, s."""
    def seconds(count):
        start = perf_counter()
        for _ in range(count):
            kernel(*arguments)
        return perf_counter() - start
    return seconds


def time_spike_buffer(n, kernels):
    """Two sources of 16 neurons, four spikes from each in no order, collected and merged."""
    buffer = {"compiled": spikes, "reference": reference}[kernels.backend].SpikeBuffer(n)
    draw = np.random.default_rng(1)
    times = np.full(16, DT)
    times[::4] = draw.uniform(0, DT, 4)
    weights = draw.uniform(0, 1e-3, (16, n))

    def step():
        buffer.receive(DT, times, weights)
        buffer.receive(DT, times, weights)
        buffer.merged()
        buffer.clear()
    return time_calls(step)


def time_walk(n, kernels):
    """Second-order gating through a step with one spike."""
    gating = lifext.kinetics.secondOrdKin(n, alpha_x=1, alpha_s=1, tau_x=2, tau_s=80)._lowered_now()
    return time_calls(kernels.walk, gating, DT, np.array([0.3 * DT]), np.full((1, n), 1e-3))


def time_project_gating(n, kernels):
    """Second-order gating a step ahead."""
    kinetic = lifext.kinetics.secondOrdKin(n, alpha_x=1, alpha_s=1, tau_x=2, tau_s=80)
    kinetic.update(DT, [0.0], np.full((1, n), 0.5))
    return time_calls(kernels.project_gating, kinetic._lowered_now(), DT)


def time_poisson_input(n, kernels):
    """A step's noise of 1.8 kHz; the step is ended between calls, or nothing would be drawn."""
    np.random.seed(1)
    poisson_input = kernels.poisson_input
    noise = lifext.currents.noisePoisson(n)
    source, v = noise._lowered_now(), np.full(n, -60.0)

    def seconds(count):
        total = 0.0
        for _ in range(count):
            source.pending[0] = 1
            start = perf_counter()
            poisson_input(source, DT, v)
            total += perf_counter() - start
        return total
    return seconds


def time_step(n, kernels):
    """Return a function that takes so many steps, and says how long predictions and advances took, s.

    The population gets one excitatory and one inhibitory spike each step.
    """
    np.random.seed(1)
    predict, advance = kernels.predict, kernels.advance
    population = lifext.LIF_Pop.pyrPop(n)
    population.predictSpikes(DT, 0.0)
    cell, steps = population._cell(), itertools.count(1)
    early, late = np.array([0.3 * DT]), np.array([0.6 * DT])
    excitation, inhibition = np.full((1, n), 1e-4), np.full((1, n), 1e-3)

    def seconds(count):
        predicting = advancing = 0.0
        for step in itertools.islice(steps, count):
            time = step * DT
            start = perf_counter()
            predict(cell, DT, time)
            predicting += perf_counter() - start
            population.receivePyrSpikes(DT, 1, early, excitation)
            population.receiveIntSpikes(DT, 1, late, inhibition)
            start = perf_counter()
            advance(cell, DT, time)
            advancing += perf_counter() - start
        return predicting, advancing
    return seconds


def time_predict(n, kernels):
    """Prediction of a step, its noise drawn."""
    seconds = time_step(n, kernels)
    return lambda count: seconds(count)[0]


def time_advance(n, kernels):
    """A step for good, after its prediction."""
    seconds = time_step(n, kernels)
    return lambda count: seconds(count)[1]


def time_mean(n, kernels):
    """Mean of an array."""
    return time_calls(kernels.mean, np.random.default_rng(1).random(n))


TIMERS = {"spike_buffer": time_spike_buffer, "walk": time_walk, "project_gating": time_project_gating,
          "poisson_input": time_poisson_input, "predict": time_predict, "advance": time_advance, "mean": time_mean}


@functools.cache
def timer(name, backend, n):
    """Return a function that says how long so many calls of a kernel take, s; its state has settled."""
    with _core.using(backend) as kernels:
        seconds = TIMERS[name](n, kernels)
    seconds(SETTLING)
    return seconds


def time_kernel(count, name, backend, n):
    """Return how long `count` calls of a kernel take, s."""
    return timer(name, backend, n)(count)


def label(name, backend, n):
    """Return what the benchmark of a kernel is called."""
    return f"{name}-{n}-{backend}"


def print_table(medians):
    """Print the pairs that are complete; `medians` has seconds by label."""
    print(f"{'kernel':<16}{'neurons':>8}{'compiled, us':>14}{'NumPy twin, us':>16}{'ratio':>8}{'ns a neuron':>13}")
    for name, n in itertools.product(TIMERS, SIZES):
        compiled, twin = (medians.get(label(name, backend, n)) for backend in BACKENDS)
        if compiled and twin:
            print(f"{name:<16}{n:>8}{1e6 * compiled:>14.3f}{1e6 * twin:>16.3f}{twin / compiled:>8.1f}"
                  f"{1e9 * compiled / n:>13.2f}")


def run():
    """Time every kernel in both forms at every size; return the benchmarks, none in a worker."""
    runner = pyperf.Runner()
    runner.metadata.update(lifext_version=lifext.__version__, numpy_version=np.__version__,
                           lifext_simd=loops.chosen())
    benchmarks = [runner.bench_time_func(label(name, backend, n), time_kernel, name, backend, n,
                                         metadata={"neurons": n})
                  for name, n, backend in itertools.product(TIMERS, SIZES, BACKENDS)]
    return [] if runner.args.worker else [benchmark for benchmark in benchmarks if benchmark is not None]


def main():
    if "--table" in sys.argv[1:-1]:
        benchmarks = pyperf.BenchmarkSuite.load(sys.argv[sys.argv.index("--table") + 1])
    else:
        benchmarks = run()
    if benchmarks:
        print_table({benchmark.get_name(): benchmark.median() for benchmark in benchmarks})


if __name__ == "__main__":
    main()
