"""How a contender's program is called and what it says: JSON, one object a line, on standard output.

``python with_brian2.py ring --mode cpp-rk2 --ms 1000 --seed 1`` takes one turn. With ``--serve``
it says when it is ready, then takes a turn for each seed that comes in on standard input, so
that what is compiled once is used in all turns and the runner can let contenders take turns.

A program hands `serve` one function a workload. It gets the options, does what is done once
(compiling), and returns a function of a seed, which runs the simulation and returns a `Turn`.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import sys
import time

import models


@dataclasses.dataclass
class Turn:
    """What one simulation took and did.

    Attributes
    ----------
    build_s, run_s : float
        Making the network; stepping it.
    spikes : dict
        Of each population the times (ms), neurons and size.
    peak_mb : float or None
        Largest resident set of another process that did the work, MB; this one's if None.
    """

    build_s: float
    run_s: float
    spikes: dict
    peak_mb: float | None = None


class Watch:
    """Seconds since it was made or last read."""

    def __init__(self):
        self.since = time.perf_counter()

    def lap(self):
        now = time.perf_counter()
        passed, self.since = now - self.since, now
        return passed


def peak_mb():
    """Return the largest resident set that this process had, MB; None if the system does not say.

    VmHWM: `ru_maxrss` of a process includes what its parent held when it forked.
    """
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmHWM:")), None)


def options(description, workloads, modes):
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    parser.add_argument("workload", choices=workloads)
    parser.add_argument("--mode", choices=modes, default=modes[0], help="default: %(default)s")
    parser.add_argument("--ms", type=float, help="how long to simulate; left out, the workload's own time")
    parser.add_argument("--dt", type=float, help="step, ms; left out, the workload's own")
    parser.add_argument("--n", type=int, help="neurons, of coba (4000 if left out) and neurons (1024)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=pathlib.Path, metavar="DIR", help="where to put what is compiled")
    parser.add_argument("--original", type=pathlib.Path, metavar="DIR", help="checkout of ModelDB 267046")
    parser.add_argument("--serve", action="store_true", help="take a turn for each seed read from standard input")
    given = parser.parse_args()
    given.n = models.neurons_of(given.workload, given.n)
    given.ms = given.ms or models.ms_of(given.workload, given.n)
    given.dt = given.dt or models.DT[given.workload]
    given.steps = round(given.ms / given.dt)
    return given


def say(output, **message):
    print(json.dumps(message), file=output, flush=True)


def serve(description, workloads, modes, versions, notes=None):
    """Run a contender's program.

    Parameters
    ----------
    description : str
        For ``--help``.
    workloads : dict
        Name to ``prepare(given)``, which returns a function of a seed.
    modes : tuple of str
        The first one is the default.
    versions : callable
        Returns a dict of versions.
    notes : callable, optional
        ``notes(given)`` returns the differences in model, a list of str.
    """
    given = options(description, workloads, modes)
    # what libraries print goes to standard error: standard output is the runner's
    with os.fdopen(os.dup(1), "w") as output:
        os.dup2(2, 1)
        watch = Watch()
        turn = workloads[given.workload](given)
        say(output, event="ready", prepare_s=watch.lap(), workload=given.workload, mode=given.mode,
            threads=given.threads, n=given.n, dt=given.dt, ms=given.ms,
            versions={"python": platform.python_version(), **versions()}, notes=notes(given) if notes else [])
        for line in sys.stdin if given.serve else [str(given.seed)]:
            seed = int(line)
            done = turn(seed)
            say(output, event="turn", seed=seed, build_s=done.build_s, run_s=done.run_s, simulated_ms=given.ms,
                rates=models.rates(given.workload, done.spikes, given.ms), peak_mb=done.peak_mb or peak_mb())
