"""Saving trial after trial to one file, and collecting steps, with lifext and with the published code if it is given.

    python bench/save_trials.py [--trials 100] [--spikes 120000] [--original DIR] [--original-trials 30]

Trials are saved by both in turn, each to a file of its own.
"""
import argparse
import importlib
import pathlib
import sys
import tempfile
import time
import tracemalloc

import numpy as np

import lifext

SIZE = 1024
DT = 0.05
DURATION = 6600


def trial_of(spikes, rng):
    """Return neurons and times of a trial: most spikes in a bump, the others anywhere."""
    bump = rng.normal(300, 40, spikes) % SIZE
    neurons = np.where(rng.random(spikes) < 0.7, bump, rng.uniform(0, SIZE, spikes)).astype(int) + 1
    return neurons, np.sort(rng.integers(0, int(DURATION / DT), spikes)) * DT


def filled(cls, neurons, times):
    record = cls(SIZE)
    record._raster, record._times, record._index = neurons, times, len(times)
    return record


def timed(call, *arguments):
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def save_all(classes, trials, spikes, folder):
    """Return seconds of each save, by name of the implementation."""
    rng = np.random.default_rng(1)
    took = {name: [] for name in classes}
    for trial in range(1, max(trials.values()) + 1):
        events = trial_of(spikes, rng)
        for name, cls in classes.items():
            if trial <= trials[name]:
                took[name].append(timed(filled(cls, *events).save, f"{folder}/{name}.npz", trial))
    return took


def peak_memory(cls, spikes, file):
    """Return the most memory that Python and NumPy hold while one more trial is saved, MiB."""
    record = filled(cls, *trial_of(spikes, np.random.default_rng(2)))
    tracemalloc.start()
    record.save(file, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def step_cost(cls, share, steps=20000):
    """Return the time to collect a step in which this share of the neurons spike, us."""
    record, spikes = cls(SIZE), np.zeros(SIZE, dtype=bool)
    spikes[:int(share * SIZE)] = True
    return timed(lambda: [record.collect(spikes, step * DT) for step in range(steps)]) / steps * 1e6


def report(name, cls, took, spikes, folder):
    tens = [np.median(took[start:start + 10]) for start in range(0, len(took), 10)]
    print(f"{name}: {len(took)} trials of {spikes} spikes in {sum(took):.1f} s; "
          f"median over each ten, ms: {', '.join(f'{1e3 * t:.0f}' for t in tens)}; longest {1e3 * max(took):.0f}")
    file = pathlib.Path(folder, f"{name}.npz")
    stat = file.stat()
    print(f"  file {stat.st_size / 2**20:.1f} MiB, {stat.st_blocks / 2**11:.1f} on disk; "
          f"one more save takes {peak_memory(cls, spikes, file):.0f} MiB of memory at most")
    print(f"  collecting a step: {step_cost(cls, 0):.2f} us without spikes, {step_cost(cls, 2 / SIZE):.2f} us with two")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--spikes", type=int, default=120000)
    parser.add_argument("--original", metavar="DIR", help="a checkout of ModelDB 267046")
    parser.add_argument("--original-trials", type=int, default=30, help="its time grows with the square")
    arguments = parser.parse_args()
    classes, trials = {"lifext": lifext.spikeDC}, {"lifext": arguments.trials}
    if arguments.original:
        sys.path.insert(0, arguments.original)
        classes["original"] = importlib.import_module("collect.spikeDC").spikeDC
        trials["original"] = arguments.original_trials
    with tempfile.TemporaryDirectory() as folder:
        took = save_all(classes, trials, arguments.spikes, folder)
        for name, cls in classes.items():
            report(name, cls, took[name], arguments.spikes, folder)


if __name__ == "__main__":
    main()
