"""What a sweep costs beyond its trials, on two cores.

First with trials that only wait, so that a busy machine matters little: the start of the workers, once a
process, and what each trial then costs beyond its own time. Then against two processes that call the function
by hand, with trials that compute for about a second, each time in a fresh process, in turn: the ratio
of wall times, from when the workers are there, and where the difference is. A trial notes when it began and
ended, so that one sees how long a worker is between two trials, how long they wait for the first and what follows
the last, how much longer a trial itself takes, and how long one worker has nothing left to do while another
is at the last trial, which is a matter of their number and no cost of the sweep.
"""
import argparse
import datetime
import json
import multiprocessing
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import summary

import lifext

CORES = 2
WAYS = ("by hand", "sweep", "sweep, stored")


def trial(rng, duration):
    """Run a network for a while; as much to keep as a trial of a study has."""
    began = time.monotonic()
    cells, inhibition = lifext.pyrPop(800, noise_g=0.005), lifext.interPop(200)
    net = lifext.Network(dt=0.05, seed=rng, threads=1)
    net.add(cells=cells, inhibition=inhibition)
    net.connect(cells, inhibition, lifext.Uniform(1e-4), "exc")
    net.connect(inhibition, cells, lifext.Uniform(1e-4), "inh")
    spikes = net.record_spikes(cells)
    net.run(duration)
    return {"spikes": len(spikes), "v": cells.VMs(), "times": spikes.times[:120_000],
            "worker": os.getpid(), "began": began, "ended": time.monotonic()}


def wait(rng, seconds):
    """Take a known time, and return as much as a trial of a study has."""
    time.sleep(seconds)
    return {"spikes": 1, "v": np.zeros(800), "times": np.zeros(120_000)}


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


def by_hand(duration, numbers, ready, told):
    ready.wait()
    for number in numbers:
        result = trial(np.random.default_rng([1, number]), duration)
        told.put([result[name] for name in ("worker", "began", "ended")])


def time_by_hand(duration, count):
    """Return what two processes took that share out the trials."""
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(CORES + 1), context.SimpleQueue()
    processes = [context.Process(target=by_hand, args=(duration, range(k, count, CORES), ready, told))
                 for k in range(CORES)]
    for process in processes:
        process.start()
    ready.wait()
    start = time.monotonic()
    trials = [told.get() for _ in range(count)]
    for process in processes:
        process.join()
    return spent(start, time.monotonic(), *zip(*trials))


def time_sweep(duration, count, stored):
    """Return what a sweep over the trials took."""
    beyond_waiting(CORES, stored)
    with tempfile.TemporaryDirectory() as scratch:
        start = time.monotonic()
        table = lifext.sweep(trial, {"duration": [duration]}, trials=count, seed=1, n_jobs=CORES,
                             store=pathlib.Path(scratch) / "store" if stored else None)
        end = time.monotonic()
    return spent(start, end, *(list(table[name]) for name in ("worker", "began", "ended")))


def spent(start, end, workers, began, ended):
    """Return where the time from start to end went, s a trial and core."""
    between = first = idle = 0.0
    for worker in set(workers):
        own = sorted((a, b) for who, a, b in zip(workers, began, ended) if who == worker)
        first += own[0][0] - start
        between += sum(after[0] - before[1] for before, after in zip(own, own[1:]))
        idle += max(ended) - own[-1][1]
    count = len(began)
    return {"wall": CORES * (end - start) / count, "trial": (sum(ended) - sum(began)) / count,
            "between trials": between / count, "before the first": first / count,
            "after the last": CORES * (end - max(ended)) / count, "idle at the end": idle / count}


def shares(way, duration, count):
    """Return what `spent` says of the trials in a fresh process."""
    command = [sys.executable, __file__, "--way", way, "--duration", str(duration), "--trials", str(count)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(found.stdout)


def compare(arguments):
    duration = calibrated(arguments.seconds)
    taken = {way: [] for way in WAYS}
    for _ in range(arguments.repeats):
        for way, times in taken.items():
            times.append(shares(way, duration, arguments.trials))
    print(f"{arguments.trials} trials of {duration} ms simulated, on {CORES} cores, {arguments.repeats} times each; "
          "medians, s a trial and core")
    print(" " * 16 + "".join(f"{way:>20}" for way in WAYS))
    for part in taken["by hand"][0]:
        print(f"{part:16}" + "".join(f"{statistics.median(each[part] for each in taken[way]):20.4f}" for way in WAYS))
    figures = summarise(taken)
    for way, ratio in figures["wall time to that by hand"].items():
        median, least, greatest = (100 * (ratio[which] - 1) for which in ("median", "least", "greatest"))
        print(f"{way}: {median:+.1f} % ({least:+.1f} to {greatest:+.1f}) in wall time")
    known = {"machine": machine(), "trials": arguments.trials, "duration": duration}
    summary.write(arguments.json, known | figures)
    summary.write_raw(arguments.raw, known | {"spent": taken})


def summarise(taken):
    """Return the figures of all turns."""
    return {"spent": {way: {part: summary.spread(turn[part] for turn in turns) for part in turns[0]}
                      for way, turns in taken.items()},
            "wall time to that by hand": {
                way: summary.spread(ours["wall"] / hand["wall"] for ours, hand in zip(taken[way], taken["by hand"]))
                for way in WAYS[1:]}}


def machine():
    """Return where and with what this ran."""
    return {"date": datetime.date.today().isoformat(), "cores": os.cpu_count(), "system": platform.platform(),
            "python": platform.python_version(), "numpy": np.__version__, "lifext": lifext.__version__}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long a trial takes")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go")
    parser.add_argument("--raw", type=pathlib.Path, help="where every time taken goes besides")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--duration", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way is None:
        tell_of_waiting(arguments.trials, arguments.repeats)
        compare(arguments)
        return
    if arguments.way == "by hand":
        print(json.dumps(time_by_hand(arguments.duration, arguments.trials)))
    else:
        print(json.dumps(time_sweep(arguments.duration, arguments.trials, arguments.way == "sweep, stored")))


if __name__ == "__main__":
    main()
