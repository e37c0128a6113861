#!/usr/bin/env python
"""Spoil files of every kind that lifext reads, and count what becomes of them; `tests/hostile.py` says how.

    python .ci/trust/fuzz_files.py --count 1000 --json fuzz.json
    python .ci/trust/fuzz_files.py --only record --first 17 --count 1     # one case again

A case is a kind and a number, from which the file is made: the same number gives the same file, but for NWB, which has
the day and random identifiers in it. A kind's cases run in a process of their own, so that a crash is seen, and the
next case goes on after it. "wrong" are cases that ended in another exception than the documented ones, changed what
they must not, or did what no file may bring about.
"""
import argparse
import collections
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

# s; and bytes of address space: a file of kilobytes has no need of more
PATIENCE = 20
ROOM = 8 << 30


def cases(name, first, count):
    """Try cases of one kind, in this process; print a line for each, as it begins and as it ends."""
    import hostile

    hostile.listen()
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
    data = hostile.sound_file(name)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        assert hostile.use(name, data, folder) == "read"
    before = hostile.peak()
    for number in range(first, first + count):
        spoilt = hostile.spoilt(name, data, number)
        print(f"{number} begins", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            # ends the process, whatever it is in
            signal.alarm(PATIENCE)
            try:
                print(f"{number} {hostile.use(name, spoilt, folder)}", flush=True)
            except Exception as error:
                print(f"{number} wrong {error!r}"[:300].replace("\n", " "), flush=True)
                traceback.print_exception(error, limit=-3, file=sys.stderr)
            signal.alarm(0)
            os.chdir("/")
    print(f"memory {hostile.peak() - before}", flush=True)


def kind(name, first, count, errors):
    """Try cases of one kind in processes, a new one after each crash; return what became of them."""
    found, cases_of = collections.Counter(), collections.defaultdict(list)
    number, memory = first, 0
    while number < first + count:
        left = first + count - number
        done = subprocess.run([sys.executable, "-W", "ignore", __file__, "--only", name, "--first", str(number),
                               "--count", str(left), "--here"], stdout=subprocess.PIPE, text=True, stderr=errors)
        last = None
        for line in done.stdout.splitlines():
            which, what, *more = line.split(" ", 2)
            if which == "memory":
                memory = max(memory, int(what))
            elif what == "begins":
                last = int(which)
            else:
                last = None
                found[what] += 1
                if what == "wrong":
                    cases_of[what].append([int(which), *more])
        if done.returncode == 0:
            break
        if last is None:
            raise SystemExit(f"{name}: the process ended with {done.returncode} outside of a case")
        how = "hung" if done.returncode == -signal.SIGALRM else "crashed"
        found[how] += 1
        cases_of[how].append([last, done.returncode])
        number = last + 1
    return {**{what: found[what] for what in ("refused", "read", "wrong", "crashed", "hung")},
            "memory_bytes": memory, **({"cases": cases_of} if cases_of else {})}


def main():
    """Try all kinds, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="cases of each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", help="one kind")
    parser.add_argument("--here", action="store_true", help="in this process")
    parser.add_argument("--json", help="file for the counts")
    options = parser.parse_args()
    if options.here:
        cases(options.only, options.first, options.count)
        return
    import hostile

    results, began = {}, time.time()
    for name in hostile.TARGETS if options.only is None else [options.only]:
        results[name] = kind(name, options.first, options.count, None if options.only else subprocess.DEVNULL)
        print(f"{name:34} {results[name]}", flush=True)
    bad = sum(result[what] for result in results.values() for what in ("wrong", "crashed", "hung"))
    tried = sum(result[what] for result in results.values() for what in ("refused", "read")) + bad
    print(f"{tried} files in {time.time() - began:.0f} s, {bad} with another end than to be refused or read")
    if options.json:
        summary = {"first": options.first, "count": options.count, "tried": tried, "bad": bad, "kinds": results}
        pathlib.Path(options.json).write_text(json.dumps({"fuzz_files": summary}) + "\n")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
