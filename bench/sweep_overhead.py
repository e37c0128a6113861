"""What a sweep costs beyond its trials, on two cores.

First with trials that only wait, so that a busy machine matters little: the start of the workers, once a
process, and what each trial then costs beyond its own time. Then against two processes that call the function
by hand, with trials that compute for about a second, each time in a fresh process, in turn: the ratio
of wall times, from when the workers are there.
"""
import argparse
import json
import multiprocessing
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import lifext

CORES = 2
WAYS = ("by hand", "sweep", "sweep, stored")


def trial(rng, duration):
    """Run a network for a while; as much to keep as a trial of a study has."""
    cells, inhibition = lifext.pyrPop(800, noise_g=0.005), lifext.interPop(200)
    net = lifext.Network(dt=0.05, seed=rng, threads=1)
    net.add(cells=cells, inhibition=inhibition)
    net.connect(cells, inhibition, lifext.Uniform(1e-4), "exc")
    net.connect(inhibition, cells, lifext.Uniform(1e-4), "inh")
    spikes = net.record_spikes(cells)
    net.run(duration)
    return {"spikes": len(spikes), "v": cells.VMs(), "times": spikes.times}


def wait(rng, seconds):
    """Take a known time, and return as much as a trial of a study has."""
    time.sleep(seconds)
    return {"spikes": 1, "v": np.zeros(1000), "times": np.zeros(10_000)}


def beyond_waiting(count, stored, pause=0.2):
    """Return the wall time of a sweep beyond that of trials that wait, s."""
    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        lifext.sweep(wait, {"seconds": [pause]}, trials=count, seed=1, n_jobs=CORES,
                     store=pathlib.Path(scratch) / "store" if stored else None)
        return time.perf_counter() - start - pause * count / CORES


def tell_of_waiting(count, repeats):
    print(f"workers, joblib and pandas start in {beyond_waiting(CORES, False):.2f} s, once a process")
    for stored in (False, True):
        costs = [1e3 * CORES * beyond_waiting(count, stored) / count for _ in range(repeats)]
        print(f"{'stored:' if stored else 'not stored:':11} {statistics.median(costs):.1f} ms a trial and core beyond "
              f"its own time ({min(costs):.1f} to {max(costs):.1f})")


def calibrated(seconds):
    """Return a duration, ms, that takes about so long to simulate."""
    trial(np.random.default_rng(1), 20.0)
    start = time.perf_counter()
    trial(np.random.default_rng(1), 200.0)
    return max(1.0, round(200.0 * seconds / (time.perf_counter() - start)))


def by_hand(duration, numbers, ready):
    ready.wait()
    for number in numbers:
        trial(np.random.default_rng([1, number]), duration)


def time_by_hand(duration, count):
    """Return how long two processes take that share out the trials, s."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(CORES + 1)
    processes = [context.Process(target=by_hand, args=(duration, range(k, count, CORES), ready)) for k in range(CORES)]
    for process in processes:
        process.start()
    ready.wait()
    start = time.perf_counter()
    for process in processes:
        process.join()
    return time.perf_counter() - start


def time_sweep(duration, count, stored):
    """Return how long a sweep over the trials takes, s."""
    beyond_waiting(CORES, stored)
    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        lifext.sweep(trial, {"duration": [duration]}, trials=count, seed=1, n_jobs=CORES,
                     store=pathlib.Path(scratch) / "store" if stored else None)
        return time.perf_counter() - start


def seconds(way, duration, count):
    """Return how long the trials take in a fresh process, s."""
    command = [sys.executable, __file__, "--way", way, "--duration", str(duration), "--trials", str(count)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(found.stdout)


def compare(arguments):
    duration = calibrated(arguments.seconds)
    taken = {way: [] for way in WAYS}
    for _ in range(arguments.repeats):
        for way, times in taken.items():
            times.append(seconds(way, duration, arguments.trials))
    print(f"{arguments.trials} trials of {duration} ms simulated, on {CORES} cores, {arguments.repeats} times each")
    for way, times in taken.items():
        ratios = [time / hand for time, hand in zip(times, taken["by hand"])]
        each = CORES * statistics.median(times) / arguments.trials
        print(f"{way:20} {each:6.3f} s a trial and core, {100 * (statistics.median(ratios) - 1):+6.1f} % "
              f"({100 * (min(ratios) - 1):+.1f} to {100 * (max(ratios) - 1):+.1f})")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"trials": arguments.trials, "duration": duration, "seconds": taken}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long a trial takes")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path, help="where every time taken goes")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--duration", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way is None:
        tell_of_waiting(arguments.trials, arguments.repeats)
        compare(arguments)
        return
    if arguments.way == "by hand":
        print(time_by_hand(arguments.duration, arguments.trials))
    else:
        print(time_sweep(arguments.duration, arguments.trials, arguments.way == "sweep, stored"))


if __name__ == "__main__":
    main()
