"""The published code's four scripts, by Python and by ``lifext run`` from one seed: what differs, and how fast.

    python bench/published_scripts.py --original DIR [--seed 7] [--repeats 3] [--only NAME]

The checkout is copied. The scripts run as they are; two of them run a second time with two words
changed, so that they write files of spikes over several trials. Needs numpy < 2.4, pandas, scikit-learn
and matplotlib, as the published code does.
"""
import argparse
import filecmp
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import lifext

HERE = pathlib.Path(__file__).parent
SMALL = "--pp_size 64 --mp_size 64 --pi_size 16 --mi_size 16 --dPre 20 --dCue 200 --dISI 50 --dProbe 100 --dITI 20"
LARGE = "--dPre 50 --dCue 200 --dISI 50 --dProbe 100 --dITI 50"
WORDS = (("shwTrials = True", "shwTrials = False"), ("collectData = False", "collectData = True"))
# name, script, arguments, whether it is to write files
RUNS = (
    ("DPX", "DPX_lab.py", SMALL, False),
    ("DPX, 1024", "DPX_lab.py", LARGE, False),
    ("distractor", "DPX_distractor_lab.py", f"{SMALL} --dDist 30", False),
    ("single ring", "singleRing_lab.py", "--dPre 20 --dCue 200 --dISI 100 --dProbe 100 --dITI 20", False),
    ("one neuron", "LIF_neuron_test.py", "", False),
    ("DPX, files", "DPX_lab.py", f"{SMALL} --trials 3", True),
    ("distractor, files", "DPX_distractor_lab.py", f"{SMALL} --dDist 30 --trials 3", True),
)
# as `lifext run --seed` does, and nothing more
PLAIN = ("import os, runpy, sys, numpy; numpy.random.seed(int(sys.argv.pop(1))); sys.argv.pop(0); "
         "sys.path[0] = os.path.dirname(sys.argv[0]); runpy.run_path(sys.argv[0], run_name='__main__')")


def writing(script):
    """Write a script beside one, with the two words changed."""
    source = script.read_text(encoding="utf-8")
    for old, new in WORDS:
        assert source.count(old) == 1
        source = source.replace(old, new)
    changed = script.with_name(f"writing_{script.name}")
    changed.write_text(source, encoding="utf-8")
    return changed


def run(program, script, arguments, folder):
    """Run a script; return seconds, those of its loop if it says so, and what it printed otherwise."""
    folder.mkdir()
    environment = {**os.environ, "MPLBACKEND": "module://figures_and_spikes", "LIFEXT_BENCH_FOLDER": str(folder),
                   "PYTHONPATH": os.pathsep.join([str(HERE), str(pathlib.Path(lifext.__file__).parent.parent)]),
                   "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    start = time.perf_counter()
    ran = subprocess.run([sys.executable, *program, str(script), *arguments], env=environment, capture_output=True,
                         text=True)
    seconds = time.perf_counter() - start
    if ran.returncode:
        sys.exit(f"{script.name}: {ran.stderr}")
    loop = re.search(r"^Duration: ([\d.]+)$", ran.stdout, flags=re.MULTILINE)
    printed = [line for line in ran.stdout.splitlines() if "uration: " not in line]
    return seconds, float(loop[1]) if loop else None, printed


def compared(ours, theirs):
    """Return how many files are the same to the byte, in their arrays only, and not at all."""
    same, arrays, different = [], [], []
    for file in sorted(theirs.iterdir()):
        other = ours / file.name
        if filecmp.cmp(file, other, shallow=False):
            same.append(file.name)
        elif file.suffix == ".npz" and equal_arrays(file, other):
            arrays.append(file.name)
        else:
            different.append(file.name)
    different += [file.name for file in ours.iterdir() if not (theirs / file.name).exists()]
    return same, arrays, different


def equal_arrays(first, second):
    with np.load(first) as a, np.load(second) as b:
        return a.files == b.files and all(np.array_equal(a[name], b[name]) for name in a.files)


def spikes_in(folder):
    """Return how many spikes the files of a run hold."""
    total = 0
    for file in folder.glob("*.npz"):
        if not file.name.startswith("show") or file.name == "show1.npz":
            with np.load(file) as arrays:
                total += sum(arrays[name].size for name in arrays.files
                             if name in ("time", "spikes") or name.startswith("times"))
    return total


def measure(name, script, arguments, writes, options, folder):
    script = writing(options.copy / script) if writes else options.copy / script
    took = {"original": [], "lifext": []}
    for turn in range(options.repeats):
        outputs, printed = {}, {}
        for program, command in (("original", ["-c", PLAIN, str(options.seed)]),
                                 ("lifext", ["-m", "lifext", "run", "--seed", str(options.seed)])):
            outputs[program] = folder / f"{program} {turn}"
            where = [f"{outputs[program]}/"] if writes else []
            *seconds, printed[program] = run(command, script, where + arguments.split(), outputs[program])
            took[program].append(seconds)
        same, arrays, different = compared(outputs["lifext"], outputs["original"])
    print(f"{name}: {spikes_in(outputs['original'])} spikes; files the same to the byte: {', '.join(same)}; in their "
          f"arrays: {', '.join(arrays) or 'none'}; different: {', '.join(different) or 'none'}; "
          f"printed: {'the same' if printed['lifext'] == printed['original'] else 'different'}")
    for k, what in enumerate(("process", "loop")):
        if took["lifext"][0][k] is not None:
            times = {program: [seconds[k] for seconds in all_seconds] for program, all_seconds in took.items()}
            ratios = [a / b for a, b in zip(times["original"], times["lifext"])]
            print(f"  {what}: original {statistics.median(times['original']):.2f} s, "
                  f"lifext {statistics.median(times['lifext']):.2f} s, ratio {statistics.median(ratios):.1f} "
                  f"({min(ratios):.1f} to {max(ratios):.1f}), {options.repeats} turns", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--original", metavar="DIR", required=True, help="a checkout of ModelDB 267046")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", metavar="NAME", help=", ".join(name for name, *_ in RUNS))
    options = parser.parse_args()
    print(f"lifext {lifext.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}, seed {options.seed}")
    with tempfile.TemporaryDirectory() as folder:
        options.copy = pathlib.Path(folder, "original")
        shutil.copytree(options.original, options.copy, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        for k, (name, *rest) in enumerate(RUNS):
            if options.only in (None, name):
                pathlib.Path(folder, str(k)).mkdir()
                measure(name, *rest, options, pathlib.Path(folder, str(k)))


if __name__ == "__main__":
    main()
