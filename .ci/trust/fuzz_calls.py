#!/usr/bin/env python
"""Make random calls, sound and hostile, on populations and networks and on their NumPy twins, and count them.

    python .ci/trust/fuzz_calls.py --minutes 10 --json fuzz_calls.json

The calls are those of `tests/test_stateful.py`; a pair of a call is one on the compiled side and the same on the twin.
Ends with an error, and the calls that led there, where the two differ or a refused call changed something.
"""
import argparse
import collections
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))


def main():
    """Call, count, and write the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="half of them for populations, half for networks")
    parser.add_argument("--json", help="file for the counts")
    options = parser.parse_args()
    # read when the module is imported
    os.environ["LIFEXT_FUZZ"] = str(options.minutes)
    import test_stateful

    found = {}
    for name, machine in (("populations", test_stateful.Population), ("networks", test_stateful.Networks)):
        found[name] = counted(test_stateful, machine)
        print(f"{name:12} {found[name]}", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"fuzz_calls": found}) + "\n")


def counted(module, machine):
    """Run one of the state machines; return how many sequences and pairs of calls there were, and how they ended."""
    counts = collections.Counter(sequences=0, calls=0, refused=0)

    class Counted(machine):
        def begin(self, seed):
            counts["sequences"] += 1
            super().begin(seed)

        def both(self, *arguments, **keywords):
            counts["calls"] += 1
            result = super().both(*arguments, **keywords)
            counts["refused"] += isinstance(result, Exception)
            return result

    module.search(Counted, None, None)
    # a difference is an AssertionError, which has not come
    return {**counts, "differences": 0}


if __name__ == "__main__":
    main()
