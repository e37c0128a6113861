"""Run two workloads for long and see whether memory grows; leave with status 1 if it does.

``python bench/memory.py [STEPS]``, 10^6 unless given. Nothing is recorded in either workload,
so that the resident set should be constant once buffers have grown to the busiest step.
"""
import argparse
import gc
import pathlib
import sys

import numpy as np
import workloads

import lifext

TENTHS = 10
ALLOWED = 2**20  # bytes per 10^6 steps


def resident():
    """Return the resident set of this process, bytes; Linux only."""
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) * 1024


def readings(workload, steps):
    """Return steps taken and bytes resident, at the start and after every tenth of `steps`."""
    table = [(0, resident())]
    for tenth in range(1, TENTHS + 1):
        workload.advance(steps * tenth // TENTHS - workload.steps)
        gc.collect()
        table.append((workload.steps, resident()))
    return table


def slope(table):
    """Return the growth in bytes per 10^6 steps, by least squares, without what the first tenth allocates."""
    steps, size = np.array(table[1:], dtype=float).T
    return 1e6 * np.polyfit(steps, size, 1)[0]


def report(name, table, workload):
    """Print the readings and return the slope."""
    growth = slope(table)
    print(f"{name}: {workload.neurons} neurons, {workload.spikes} spikes in {workload.steps} steps")
    print(f"  {'steps':>10}{'VmRSS, MiB':>13}{'more than at the start, KiB':>30}")
    for steps, size in table:
        print(f"  {steps:>10}{size / 2**20:>13.2f}{(size - table[0][1]) / 2**10:>30.0f}")
    print(f"  slope from the first tenth on: {round(growth)} bytes per 10^6 steps")
    return growth


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("steps", type=int, nargs="?", default=1_000_000, help="of each workload (default: %(default)s)")
    steps = parser.parse_args().steps
    if steps < TENTHS:
        parser.error(f"steps must be >= {TENTHS}")
    growths = []
    for name, make in (("one neuron", lambda: workloads.OneNeuron(lifext, record=False)),
                       ("small population", lambda: workloads.SmallPopulation(lifext))):
        workload = make()
        growths.append(report(name, readings(workload, steps), workload))
    sys.exit(1 if max(growths) > ALLOWED else 0)


if __name__ == "__main__":
    main()
