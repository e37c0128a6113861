"""Time lifext beside the published code on the same two loops, in turn, within one run.

``python bench/against_original.py --original DIR``, where DIR is a checkout of ModelDB 267046.
Each implementation runs its own simulation from the same seed, and the two take turns of the
same number of steps. So both always are in the same regime, and what else the machine does
falls on both; ratios hold better than seconds. Whether they spiked alike is printed too.
"""
import argparse
import datetime
import importlib
import os
import pathlib
import platform
import sys
import time
import types

sys.dont_write_bytecode = True  # DIR is not ours to write to
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # read when NumPy is imported, hence before it

import numpy as np  # noqa: E402
import summary  # noqa: E402
import workloads  # noqa: E402

import lifext  # noqa: E402
from lifext._core import kernels  # noqa: E402
from lifext._core.shared import loops  # noqa: E402

NAMES = ("original", "lifext")

LEAST_TURN = 100  # steps, however little time there is

WORKLOADS = {"one_neuron": workloads.OneNeuron, "dual_ring": workloads.DualRing}
SHARES = {"one_neuron": 0.3, "dual_ring": 0.7}  # of the time


def load_original(directory):
    """Return the published modules in `directory` as an implementation."""
    sys.path.insert(0, str(directory))
    modules = {name: importlib.import_module(f"agent.{name}") for name in ("LIF_Pop", "currents", "kinetics")}
    for module in modules.values():
        if directory.resolve() not in pathlib.Path(module.__file__).resolve().parents:
            raise ImportError(f"{module.__name__} came from {module.__file__}, not from {directory}")
    return types.SimpleNamespace(**modules, ivprobs=importlib.import_module("utils.ivprobs"))


class Simulation:
    """A workload with its own stream of NumPy's global generator, whoever else draws in between."""

    def __init__(self, make, ns):
        self.workload = make(ns)
        self.stream = np.random.get_state()

    def turn(self, steps):
        """Advance, and return wall and processor time in s and the number of spikes."""
        np.random.set_state(self.stream)
        wall, processor = time.perf_counter(), time.process_time()
        spikes = self.workload.advance(steps)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        self.stream = np.random.get_state()
        return {"wall": wall, "processor": processor, "spikes": spikes}


def run(name, implementations, seconds, repeats):
    """Return what the turns of a workload took, for about `seconds` in all, the run-in included."""
    simulations = {key: Simulation(WORKLOADS[name], ns) for key, ns in implementations.items()}
    workload = simulations["lifext"].workload
    run_in = {key: simulation.turn(workload.run_in) for key, simulation in simulations.items()}
    spent = sum(turn["wall"] for turn in run_in.values())
    steps = max(LEAST_TURN, round((seconds - spent) / repeats / spent * workload.run_in))
    turns = {key: [] for key in simulations}
    for _ in range(repeats):
        for key, simulation in simulations.items():
            turns[key].append(simulation.turn(steps))
    return {"neurons": workload.neurons, "dt": workload.dt, "run_in_steps": workload.run_in,
            "steps_a_turn": steps, "run_in": run_in, "turns": turns}


def summarise(result):
    """Return the figures of a workload: us a step, spikes a step and in all, the ratio of neighbouring turns."""
    steps, turns = result["steps_a_turn"], result["turns"]
    figures = {key: {"us_a_step": summary.spread(1e6 * turn["wall"] / steps for turn in turns[key]),
                     "spikes_a_step": sum(turn["spikes"] for turn in turns[key]) / (steps * len(turns[key])),
                     "processor_share": sum(turn["processor"] for turn in turns[key])
                     / sum(turn["wall"] for turn in turns[key]),
                     "spikes": sum(spike_counts(result, key))}
               for key in NAMES}
    figures["ratio"] = summary.spread(slow["wall"] / fast["wall"]
                                      for slow, fast in zip(turns["original"], turns["lifext"], strict=True))
    figures["same_spikes"] = spike_counts(result, "original") == spike_counts(result, "lifext")
    return {key: result[key] for key in ("neurons", "dt", "run_in_steps", "steps_a_turn")} | {"figures": figures}


def spike_counts(result, key):
    """Return the spikes of an implementation's turns, the run-in first."""
    return [result["run_in"][key]["spikes"], *(turn["spikes"] for turn in result["turns"][key])]


def report(name, result):
    """Print the figures of a workload."""
    figures = result["figures"]
    first = result["run_in_steps"]
    count = figures["ratio"]["turns"]
    last = first + result["steps_a_turn"] * count
    print(f"\n{name}: {result['neurons']} neurons, steps {first} to {last} of {result['dt']} ms, "
          f"{count} turns of {result['steps_a_turn']} steps each")
    print(f"  {'':<10}{'us a step, median (least to greatest)':>44}{'spikes a step':>16}{'processor':>12}")
    for key in NAMES:
        print(f"  {key:<10}{spread(figures[key]['us_a_step'], 2):>44}{figures[key]['spikes_a_step']:>16.5f}"
              f"{figures[key]['processor_share']:>12.0%}")
    print(f"  original/lifext, turn by turn: {spread(figures['ratio'], 1)}")
    print(f"  spikes from step 0 on, turn by turn: {'the same' if figures['same_spikes'] else 'NOT the same'}, "
          f"{figures['original']['spikes']} and {figures['lifext']['spikes']}")


def spread(figure, digits):
    """Return a summary in words."""
    return "{median:.{0}f} ({least:.{0}f} to {greatest:.{0}f})".format(digits, **figure)


def processor():
    """Return the name of the processor."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def machine():
    """Return where and with what this ran."""
    return {"date": datetime.date.today().isoformat(), "processor": processor(), "cores": os.cpu_count(),
            "system": platform.platform(), "python": platform.python_version(), "numpy": np.__version__,
            "lifext": lifext.__version__, "simd": loops.chosen(), "backend": kernels.backend,
            "load_average": getattr(os, "getloadavg", lambda: None)()}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--original", type=pathlib.Path, required=True, metavar="DIR",
                        help="checkout of ModelDB 267046")
    parser.add_argument("--seconds", type=float, default=150.0, metavar="S",
                        help="about how long to run in all (default: %(default)g)")
    parser.add_argument("--repeats", type=int, default=15, metavar="R",
                        help="turns of each implementation (default: %(default)s)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--raw", type=pathlib.Path, metavar="FILE", help="where every turn goes besides")
    given = parser.parse_args()
    if given.repeats < 1:
        parser.error("--repeats must be >= 1")
    return given


def main():
    given = arguments()
    implementations = {"original": load_original(given.original), "lifext": lifext}
    results, raw = {"machine": machine(), "workloads": {}}, {}
    print(", ".join(f"{name} {value}" for name, value in results["machine"].items()) + ", one thread")
    for name in WORKLOADS:
        raw[name] = run(name, implementations, SHARES[name] * given.seconds, given.repeats)
        results["workloads"][name] = summarise(raw[name])
        report(name, results["workloads"][name])
    summary.write(given.json, results)
    summary.write_raw(given.raw, raw)


if __name__ == "__main__":
    main()
