"""Benchmarks of asv.

What they run stands in this checkout, in `bench/`, `bench/race/` and `lifext/_race/`, and runs on the lifext that asv
installs: the same for all commits.
"""
import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parents[2]
RACE = BENCH.parent / "lifext" / "_race"
sys.path += [str(BENCH), str(BENCH / "race"), str(RACE)]
