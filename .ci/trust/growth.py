#!/usr/bin/env python
"""Memory that a long run takes: the slope of the resident memory over steps, runs and streamed spikes.

    python .ci/trust/growth.py --json growth.json             # minutes
    python .ci/trust/growth.py --scale 10 --json growth.json  # 10^7 steps, 10^3 networks, 10^8 spikes

Each case runs in a process of its own, so that one's memory is not another's room. It first does a tenth of its work,
which fills caches; then the memory is looked at 20 times, and a line is laid through what was seen. Linux only.
"""
import argparse
import gc
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import lifext

DT = 0.05
LOOKS = 20
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident():
    """Return the resident memory of this process, bytes."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * PAGE


def slope(work, count):
    """Do `count` units of work; return bytes a unit, and the highest less the lowest memory seen, bytes."""
    piece = max(count // LOOKS, 1)
    work(2 * piece)
    seen, done = [], []
    for look in range(1, LOOKS + 1):
        work(piece)
        gc.collect()
        seen.append(resident())
        done.append(look * piece)
    return float(np.polyfit(done, seen, 1)[0]), max(seen) - min(seen)


def population_steps(count):
    """Steps of a script: two populations, each hears of the other's spikes."""
    cells, others = lifext.pyrPop(80, noise_g=0.01, rng=1), lifext.interPop(20, noise_g=0.008, rng=2)
    exc, inh = np.full((80, 20), 0.01), np.full((20, 80), 0.001)
    step = [0]

    def work(n):
        for _ in range(n // 2):
            now = step[0] * DT
            cells.predictSpikes(DT, now)
            others.predictSpikes(DT, now)
            others.receivePyrSpikes(DT, cells.numSpikes, cells.spikeTimes(), exc)
            cells.receiveIntSpikes(DT, others.numSpikes, others.spikeTimes(), inh)
            cells.processTimeStep(DT, now)
            others.processTimeStep(DT, now)
            step[0] += 1
    return slope(work, count)


def network(compat, to=None):
    """Return a small network that fires, whose spikes are recorded if there is a place for them."""
    rng = {"rng": 1} if compat else {}
    cells, others = lifext.pyrPop(80, noise_g=0.01, **rng), lifext.interPop(20, noise_g=0.008, **rng)
    net = lifext.Network(DT, compat=True) if compat else lifext.Network(DT, seed=1)
    net.add(cells=cells, others=others)
    net.connect(cells, others, lifext.Uniform(0.01), "exc", delay=0.5)
    net.connect(others, cells, lifext.Dense(np.full((20, 80), 0.001)), "inh")
    record = None if to is None else net.record_spikes(cells, to=to)
    return net, record


def runs(compat):
    """Return a case: one network, run again and again, for 2 ms each time."""
    def case(count):
        net, _ = network(compat)

        def work(n):
            for _ in range(n):
                net.run(2.0)
        return slope(work, count)
    case.__doc__ = "Runs of 2 ms of one network."
    return case


def networks(compat):
    """Return a case: networks that are made, recorded, run, copied, saved and dropped."""
    def case(count):
        import copy

        folder = tempfile.TemporaryDirectory()
        path = os.path.join(folder.name, "state.npz")

        def work(n):
            for _ in range(n):
                net, _ = network(compat)
                record = net.record_spikes(net._populations[0])
                trace = net.record_state(net._populations[0], ["v", "i_nmda"], every=0.5)
                net.run(5.0, every=(2.5, lambda net: None))
                twin = copy.deepcopy(net)
                twin.run(5.0)
                net.save_state(path)
                net.load_state(path)
                assert len(record.times) <= len(twin._spike_records[0].times)
                assert len(trace["v"]) == 10
        with folder:
            return slope(work, count)
    case.__doc__ = "Networks made, run, copied, saved, loaded to and dropped."
    return case


def streamed(count):
    """Spikes that are streamed to a file, of neurons that fire as fast as they can."""
    with tempfile.TemporaryDirectory() as folder:
        cells = lifext.pyrPop(4000, refDur=0.2, vTh=-59.5, leak_vL=-40, noise_rate=0)
        net = lifext.Network(DT, seed=1, threads=1)
        net.add(cells=cells)
        record = net.record_spikes(cells, to=os.path.join(folder, "spikes.h5"))

        def work(n):
            until = len(record) + n
            while len(record) < until:
                net.run(5.0)
        found = slope(work, count)
        size = os.path.getsize(record.file)
        return *found, {"spikes": len(record), "file_bytes_a_spike": size / len(record),
                        "parts": len(record._log.sink._starts)}


CASES = {
    "population steps": (population_steps, 1_000_000),
    "runs, fast": (runs(False), 10_000),
    "runs, compat": (runs(True), 10_000),
    "networks, fast": (networks(False), 100),
    "networks, compat": (networks(True), 100),
    "streamed spikes": (streamed, 10_000_000),
}


def main():
    """Run all cases, or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="how much more work than in a few minutes")
    parser.add_argument("--json", help="file for the results")
    parser.add_argument("--case", choices=CASES, help="only this one, in this process")
    options = parser.parse_args()
    if options.case is not None:
        print(json.dumps(one(options.case, options.scale)))
        return
    results = {}
    for name in CASES:
        done = subprocess.run([sys.executable, __file__, "--case", name, "--scale", str(options.scale)], check=True,
                              stdout=subprocess.PIPE, text=True)
        results[name] = json.loads(done.stdout)
        print(f"{name:18} {results[name]}", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"growth": results}) + "\n")


def one(name, scale):
    """Return what was measured of a case."""
    case, count = CASES[name]
    count, began = int(count * scale), time.time()
    a_unit, spread, *more = case(count)
    return {"count": count, "bytes_a_unit": round(a_unit, 4), "bytes_a_million": round(a_unit * 1e6),
            "spread_bytes": spread, "seconds": round(time.time() - began, 1), **(more[0] if more else {})}


if __name__ == "__main__":
    main()
