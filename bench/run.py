"""The race: lifext beside the published code and other simulators on the same networks.

``python bench/run.py --original DIR --brian2-python PYTHON --json bench/results/race.json``

Contenders run in processes of their own, each with its own interpreter, and take turns: each has
its first turn before any has its second, so that a machine that drifts hits all of them. What is
done once (compiling) is timed apart. bench/README.md says how to make the environments.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import summary

from lifext._race import FOLDER
from lifext._race.contender import Contender, Failed

HERE = pathlib.Path(__file__).resolve().parent

NEURONS = (1000, 10_000, 100_000, 1_000_000)
WORKLOADS = {"ring": ("ring", None), "dual": ("dual", None), "decision": ("decision", None),
             "coba-4000": ("coba", 4000), "coba-40000": ("coba", 40_000),
             **{f"neurons-{n}": ("neurons", n) for n in NEURONS},
             "one": ("one", None), "first": ("first", None)}
GROUPS = {"coba": [name for name in WORKLOADS if name.startswith("coba")],
          "neurons": [name for name in WORKLOADS if name.startswith("neurons")]}

# name: program, its mode, threads, whose interpreter
CONTENDERS = {
    "lifext": ("all_with_lifext.py", "fast", 1, "lifext"),
    "lifext, 2 threads": ("all_with_lifext.py", "fast", 2, "lifext"),
    "lifext float32": ("all_with_lifext.py", "float32", 1, "lifext"),
    "lifext compat": ("all_with_lifext.py", "compat", 1, "lifext"),
    "lifext by hand": ("all_by_hand.py", "compiled", 1, "lifext"),
    "lifext NumPy twins": ("all_by_hand.py", "twin", 1, "lifext"),
    "original": ("all_by_hand.py", "original", 1, "lifext"),
    "Brian2 C++ rk2": ("all_with_brian2.py", "cpp-rk2", 1, "brian2"),
    "Brian2 C++ euler": ("all_with_brian2.py", "cpp-euler", 1, "brian2"),
    "Brian2 C++ rk2, 2 threads": ("all_with_brian2.py", "cpp-rk2", 2, "brian2"),
    "Brian2 runtime": ("all_with_brian2.py", "cython-rk2", 1, "brian2"),
    "NEST": ("with_nest.py", "nest", 1, "nest"),
    "BrainPy": ("with_brainpy.py", "jax", 1, "brainpy"),
}
# simulated ms where a contender would need many minutes; cost a simulated second is what is compared
SHORTER = {("original", "decision"): 500.0, ("lifext NumPy twins", "decision"): 100.0,
           ("original", "coba-40000"): 50.0, ("lifext NumPy twins", "coba-40000"): 50.0,
           ("original", "coba-4000"): 100.0, ("lifext NumPy twins", "coba-4000"): 100.0,
           ("NEST", "coba-40000"): 50.0}


def short(name):
    """Return a contender's name as it is given on the command line."""
    return name.lower().replace(",", "").replace(" ", "-").replace("+", "p")


def contender(name, workload, given, scratch):
    """Start the process of a contender.

    Parameters
    ----------
    name, workload : str
        Keys of `CONTENDERS` and `WORKLOADS`.
    given : argparse.Namespace
        Options.
    scratch : pathlib.Path
        Where it may put what it compiles.
    """
    program, mode, threads, owner = CONTENDERS[name]
    kind, n = WORKLOADS[workload]
    ms = given.ms or SHORTER.get((name, workload))
    command = [str(given.pythons[owner]), str(HERE / "race" / program), kind, "--mode", mode, "--threads", str(threads)]
    command += ["--n", str(n)] if n else []
    command += ["--ms", str(ms)] if ms else []
    command += ["--dt", str(given.dt)] if given.dt else []
    command += ["--original", str(given.original)] if mode == "original" else []
    return Contender(command, threads, scratch, given.timeout, {"PYTHONPATH": str(FOLDER)})


def race(workload, names, given, scratch):
    """Return what each contender said, after up to `given.repeats` turns of each."""
    fresh = workload == "first"
    running, results = {}, {name: {"turns": []} for name in names}

    def start(name, round_):
        directory = scratch / f"{workload}_{short(name)}_{round_ if fresh else 0}"
        directory.mkdir(parents=True, exist_ok=True)
        running[name] = contender(name, workload, given, directory)
        results[name]["ready"] = running[name].ready()

    def drop(name):
        if name in running:
            running.pop(name).close()

    try:
        for round_ in range(given.repeats):
            for name in names:
                result = results[name]
                spent = sum(turn["start_to_result_s" if fresh else "wall_s"] for turn in result["turns"])
                if "failed" in result or spent > given.budget:
                    continue
                try:
                    if name not in running:
                        start(name, round_)
                    result["turns"].append(running[name].turn(round_ + 1))
                except Failed as failure:
                    result["failed"] = str(failure)
                    drop(name)
                    print(f"  {name:<28}{str(failure).splitlines()[0]}", flush=True)
                else:
                    tell(name, result)
                if fresh:
                    drop(name)
    finally:
        for name in list(running):
            drop(name)
    return results


def tell(name, result):
    """Print the latest turn."""
    turn = result["turns"][-1]
    print(f"  {name:<28}{turn['run_s']:10.3f} s for {turn['simulated_ms']:g} ms, built in {turn['build_s']:.3f} s, "
          f"ready {result['ready']['start_to_ready_s']:.1f} s after its start", flush=True)


def summarised(workload, results):
    """Return each contender's result without its turns, but with their figures."""
    found = {}
    for name, result in results.items():
        found[name] = {key: value for key, value in result.items() if key != "turns"}
        if result["turns"]:
            found[name]["figures"] = figures(workload, result["ready"], result["turns"])
    return found


def figures(workload, ready, turns):
    """Return the figures of a contender's turns."""
    n, dt, ms = (ready[key] for key in ("n", "dt", "ms"))
    found = {"s_per_simulated_s": summary.spread(turn["run_s"] / turn["simulated_ms"] * 1e3 for turn in turns),
             "ns_per_neuron_step": summary.spread(1e9 * turn["run_s"] / n / (ms / dt) for turn in turns),
             "build_s": summary.spread(turn["build_s"] for turn in turns),
             "start_to_ready_s": ready["start_to_ready_s"],
             "peak_mb": max((turn["peak_mb"] or 0.0) for turn in turns)}
    if workload == "first":
        found["first_result_s"] = summary.spread(turn["start_to_result_s"] for turn in turns)
    found["rates"] = {name: rates([turn["rates"][name] for turn in turns]) for name in turns[0]["rates"]}
    return found


def rates(turns):
    """Return what a population did, over turns: a summary of each rate, the mean of each bump."""
    found = {}
    for key, value in turns[0].items():
        values = [turn[key] for turn in turns if key in turn]
        found[key] = [statistics.fmean(part) for part in zip(*values)] if isinstance(value, list) else \
            summary.with_mean(values)
    return found


def report(workload, results):
    """Print a workload's figures."""
    kind = "first_result_s" if workload == "first" else "s_per_simulated_s"
    print(f"\n{workload}: {'start to result, s' if workload == 'first' else 'wall s a simulated s'}")
    ours = results.get("lifext", {}).get("figures", {}).get(kind, {}).get("median")
    for name, result in results.items():
        if "figures" not in result:
            print(f"  {name:<28}failed: {result['failed'].splitlines()[0] if 'failed' in result else 'no turn'}")
            continue
        figures = result["figures"]
        taken = figures[kind]
        ratio = f"{taken['median'] / ours:9.2f} x" if ours else " " * 11
        rates = ", ".join(f"{pop} {rate['all']['mean']:.2f}" for pop, rate in figures["rates"].items())
        print(f"  {name:<28}{taken['median']:10.4f} ({taken['least']:.4f} to {taken['greatest']:.4f}){ratio}  "
              f"build {figures['build_s']['median']:.2f} s, start to ready {figures['start_to_ready_s']:.1f} s, "
              f"{figures['peak_mb']:.0f} MB, Hz: {rates}")


def limits(scratch, before=None):
    """Return memory traffic and arithmetic that one and two threads reach here, or `before` where that was better.

    None without a C compiler.
    """
    compiler = shutil.which("cc")
    if not compiler:
        return None
    program = scratch / "limits"
    source = HERE / "race" / "limits.c"
    subprocess.run([compiler, "-O3", "-march=native", "-fopenmp", "-o", program, source], check=True)
    found = [json.loads(subprocess.run([program, str(threads)], check=True, capture_output=True, text=True).stdout)
             for threads in range(1, min(2, os.cpu_count()) + 1)]
    for now, then in zip(found, before or []):
        now.update({key: max(now[key], then[key]) for key in ("flops", "triad")})
        now["update"] = [max(pair) for pair in zip(now["update"], then["update"])]
    return found


def processor():
    """Return the name of the processor and its caches."""
    try:
        lines = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return {"processor": platform.processor()}
    table = dict(line.split(":", 1) for line in lines if ":" in line)
    kept = {"Model name": "processor", "L1d cache": "L1d", "L2 cache": "L2", "L3 cache": "L3"}
    flags = table.get("Flags", "").split()
    return {**{ours: table[theirs].strip() for theirs, ours in kept.items() if theirs in table},
            "vectors": next((name for name in ("avx512f", "avx2", "sse2") if name in flags), "")}


def cache_sizes():
    """Return bytes of a core's L1d and L2 and of L3, as Linux tells them."""
    found = {}
    for index in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found[f"L{level}"] = int(size.rstrip("K")) * 1024
    return found


def machine():
    """Return where this runs."""
    return {**processor(), "cache_bytes": cache_sizes(), "cores": os.cpu_count(), "system": platform.platform(),
            "load_average": os.getloadavg()}


def commit():
    """Return the commit of the checkout, with a + if something in it was changed."""
    def git(*words):
        return subprocess.run(["git", "-C", str(HERE), *words], capture_output=True, text=True).stdout.strip()
    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def chosen(text, known, groups, parser):
    """Return the names in a comma-separated list, checked."""
    names = []
    for name in text.split(","):
        names += groups.get(name, [name])
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known are {', '.join([*known, *groups])}")
    return [known[name] for name in dict.fromkeys(names)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workloads", metavar="A,B", default=",".join(WORKLOADS),
                        help=f"of {', '.join([*WORKLOADS, *GROUPS])} (default: all)")
    parser.add_argument("--contenders", metavar="A,B", default=",".join(map(short, CONTENDERS)),
                        help=f"of {', '.join(map(short, CONTENDERS))} (default: all that have their interpreter)")
    parser.add_argument("--without", metavar="A,B", help="contenders left out")
    parser.add_argument("--repeats", type=int, default=7, help="turns of each contender (default: %(default)s)")
    parser.add_argument("--budget", type=float, default=60.0, metavar="S",
                        help="a contender that has used this much has no further turn (default: %(default)g)")
    parser.add_argument("--timeout", type=float, default=1800.0, metavar="S",
                        help="longest wait for one answer (default: %(default)g)")
    parser.add_argument("--ms", type=float, help="time simulated, in place of each workload's own")
    parser.add_argument("--dt", type=float, help="step, ms, in place of each workload's own")
    parser.add_argument("--original", type=pathlib.Path, metavar="DIR", help="checkout of ModelDB 267046")
    parser.add_argument("--lifext-python", default=sys.executable, metavar="PYTHON", help="default: this one")
    for name in ("brian2", "nest", "brainpy"):
        parser.add_argument(f"--{name}-python", metavar="PYTHON", help=f"interpreter that has {name}")
    parser.add_argument("--no-limits", action="store_true", help="leave out memory traffic and arithmetic")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--raw", type=pathlib.Path, metavar="FILE", help="where every turn goes besides")
    given = parser.parse_args()
    given.pythons = {name: getattr(given, f"{name}_python") for name in ("lifext", "brian2", "nest", "brainpy")}
    given.original = given.original and given.original.resolve()
    given.workloads = chosen(given.workloads, {name: name for name in WORKLOADS}, GROUPS, parser)
    known = {short(name): name for name in CONTENDERS}
    without = chosen(given.without, known, {}, parser) if given.without else []
    given.contenders = [name for name in chosen(given.contenders, known, {}, parser)
                        if name not in without and given.pythons[CONTENDERS[name][3]]
                        and (name != "original" or given.original)]
    if given.repeats < 1 or not given.contenders:
        parser.error("nothing to run")
    return given


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what ends the contenders
    raw = {}
    results = {"date": datetime.date.today().isoformat(), "commit": commit(), "machine": machine(),
               "options": {"repeats": given.repeats, "budget": given.budget, "ms": given.ms, "dt": given.dt},
               "workloads": {}}
    print(f"{results['date']}, commit {results['commit']}, {results['machine']}")
    with tempfile.TemporaryDirectory(prefix="race-") as scratch:
        scratch = pathlib.Path(scratch)
        if not given.no_limits:
            results["limits"] = limits(scratch)
        for workload in given.workloads:
            print(f"\n{workload}", flush=True)
            raw[workload] = race(workload, given.contenders, given, scratch)
            results["workloads"][workload] = summarised(workload, raw[workload])
            report(workload, results["workloads"][workload])
            # after each workload, so that nothing measured is lost
            summary.write(given.json, results)
            summary.write_raw(given.raw, raw)
        if not given.no_limits:
            results["limits"] = limits(scratch, results["limits"])
            summary.write(given.json, results)


if __name__ == "__main__":
    main()
