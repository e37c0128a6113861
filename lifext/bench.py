"""How fast networks run on this machine: the table of ``lifext bench``.

Contenders are the programs of `_race`, each in a process of its own. They take turns, each its first
before any has its second, so that a machine that drifts hits all of them.
"""
from __future__ import annotations

import contextlib
import importlib.util
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from ._core.fast import loop as fast_loop
from ._installation import facts, processors
from ._race import FOLDER
from ._race.contender import Contender, Failed

# program, its mode, threads
Program: TypeAlias = tuple[str, str, int]

__all__ = ["CONTENDERS", "WORKLOADS", "Workload", "contenders", "measure", "table", "threads_lose"]

TURNS = 3
# a contender that has used this much on a workload has no further turn, s
BUDGET = 2.0
TIMEOUT = 600.0
# of a line of 80, for the names of populations
_ROOM = 24
TWIN, BRIAN2 = "NumPy twin", "Brian2 C++"


class Workload(NamedTuple):
    """A network.

    `kind` and `n` are what the programs call it and its number of neurons (None: as the kind has it), `ms` is how
    long it is simulated, `twin_ms` how long by the NumPy twin, which would need minutes.
    """

    title: str
    kind: str
    n: int | None
    ms: float
    twin_ms: float


WORKLOADS = {
    "ring": Workload("Single ring, 1024 and 256 neurons, a cue and a delay, dt 0.05 ms",
                     "ring", None, 1000.0, 100.0),
    "dual": Workload("Dual ring, the first second of a DPX trial, 2560 neurons, dt 0.05 ms",
                     "dual", None, 1000.0, 50.0),
    "coba": Workload("COBA, 4000 neurons, 80 inputs each, dt 0.1 ms", "coba", 4000, 500.0, 50.0),
    "neurons-1000": Workload("1000 unconnected pyramidal cells with noise, dt 0.05 ms", "neurons", 1000, 1000.0, 100.0),
    "neurons-10000": Workload("10,000 of these", "neurons", 10_000, 100.0, 20.0),
    "neurons-100000": Workload("100,000 of these", "neurons", 100_000, 20.0, 5.0),
}
# what ``--quick`` runs, for so long, ms: to see that everything works
QUICK, QUICK_MS = ("ring", "coba", "neurons-1000"), 5.0

# name: program, its mode, threads
CONTENDERS = {
    "lifext": ("with_lifext.py", "fast", 1),
    "lifext float32": ("with_lifext.py", "float32", 1),
    "lifext compat": ("with_lifext.py", "compat", 1),
    TWIN: ("by_hand.py", "twin", 1),
    BRIAN2: ("with_brian2.py", "cpp-rk2", 1),
}


def contenders(quick: bool = False, brian2: bool = True) -> dict[str, Program]:
    """Return what runs on this machine: name to (program, mode, threads).

    Parameters
    ----------
    quick : bool, optional
        Without Brian2, which has to compile.
    brian2 : bool, optional
        Whether Brian2 takes part where it is installed.

    Returns
    -------
    dict

    Examples
    --------
    >>> list(contenders(brian2=False))[0]
    'lifext'
    """
    found = {"lifext": CONTENDERS["lifext"]}
    for threads in _thread_counts():
        found[f"lifext, {threads} threads"] = ("with_lifext.py", "fast", threads)
    found.update({name: CONTENDERS[name] for name in ("lifext float32", "lifext compat", TWIN)})
    if brian2 and not quick and importlib.util.find_spec("brian2"):
        found[BRIAN2] = CONTENDERS[BRIAN2]
    return found


def _thread_counts() -> list[int]:
    most = processors() if fast_loop.has_openmp() else 1
    return sorted({count for count in (2, 4, most) if 1 < count <= most})


def measure(quick: bool = False, brian2: bool = True,
            told: Callable[[str], object] = lambda text: None) -> dict[str, Any]:
    """Run all contenders on all workloads.

    Parameters
    ----------
    quick : bool, optional
        One short turn on three workloads, without Brian2: to see that everything works. The figures mean little.
    brian2 : bool, optional
        Whether Brian2 takes part where it is installed. It compiles a program for each workload.
    told : callable, optional
        Called with a workload's table, a str, as soon as there is one.

    Returns
    -------
    dict
        ``"facts"`` of this installation; ``"workloads"``, by name, by contender, what it measured: ``"wall"``
        (s of wall per s simulated: median, least and greatest), ``"simulated_ms"``, ``"turns"``, ``"rates"`` (Hz a
        neuron, by population), ``"prepared_s"`` (for Brian2, to compile), or ``"failed"``, why it did not.
    """
    names = contenders(quick, brian2)
    results: dict[str, Any] = {"facts": facts(), "workloads": {}}
    with tempfile.TemporaryDirectory(prefix="lifext-bench-") as scratch:
        for name in QUICK if quick else WORKLOADS:
            found = results["workloads"][name] = _run(name, names, quick, pathlib.Path(scratch))
            told(table(name, found))
    return results


def _run(workload: str, names: dict[str, Program], quick: bool, scratch: pathlib.Path) -> dict[str, Any]:
    """Return what each contender measured on a workload."""
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    failed, prepared = {}, {}
    with contextlib.ExitStack() as stack:
        running = {}
        for turn in range(1 if quick else TURNS):
            for name, program in names.items():
                if name in failed or sum(answer["run_s"] for answer in said[name]) > BUDGET:
                    continue
                try:
                    if name not in running:
                        running[name] = _start(program, WORKLOADS[workload], quick, scratch / f"{workload}-{name}")
                        stack.callback(running[name].close)
                        prepared[name] = running[name].ready()["prepare_s"]
                    said[name].append(running[name].turn(turn + 1))
                except Failed as failure:
                    failed[name] = str(failure)
    return {name: {"failed": failed[name]} if name in failed else _summary(said[name], prepared[name])
            for name in names}


def _start(contender: Program, workload: Any, quick: bool, scratch: pathlib.Path) -> Contender:
    program, mode, threads = contender
    ms = QUICK_MS if quick else workload.twin_ms if mode == "twin" else workload.ms
    scratch.mkdir()
    command = [sys.executable, str(FOLDER / program), workload.kind, "--mode", mode, "--threads", str(threads),
               "--ms", str(ms), *(["--n", str(workload.n)] if workload.n else [])]
    # this lifext, wherever it was imported from, with its compiled kernels
    return Contender(command, threads, scratch, TIMEOUT,
                     {"PYTHONPATH": str(FOLDER.parent.parent), "LIFEXT_BACKEND": None})


def _summary(turns: list[dict[str, Any]], prepared_s: float | None) -> dict[str, Any]:
    wall = [1e3 * turn["run_s"] / turn["simulated_ms"] for turn in turns]
    rates = {population: statistics.fmean(turn["rates"][population]["all"] for turn in turns)
             for population in turns[0]["rates"]}
    return {"wall": {"median": statistics.median(wall), "least": min(wall), "greatest": max(wall)},
            "simulated_ms": turns[0]["simulated_ms"], "turns": len(turns), "rates": rates, "prepared_s": prepared_s}


def table(workload: str, found: dict[str, Any]) -> str:
    """Return a workload's table.

    Parameters
    ----------
    workload : str
        One of `WORKLOADS`.
    found : dict
        What each contender measured, as `measure` has it.

    Returns
    -------
    str
        Lines of at most 80 characters, unless a failure has more to say.
    """
    measured = {name: result for name, result in found.items() if "wall" in result}
    populations = ", ".join(next(iter(measured.values()))["rates"]) if measured else ""
    lines = [WORKLOADS[workload].title,
             f"  {'':<19}{'wall s/s':>9}{'ratio':>8}{'ms':>6}{'turns':>6}  Hz: {populations}"]
    if len(populations) > _ROOM:
        lines[1:] = [f"  Hz: {populations}", lines[1].partition(":")[0]]
    ours = measured.get("lifext", {}).get("wall", {}).get("median")
    longest = max((result["simulated_ms"] for result in measured.values()), default=None)
    lines += [_row(name, result, ours, longest) for name, result in found.items()]
    if BRIAN2 in measured:
        lines.append(f"  {BRIAN2}: {measured[BRIAN2]['prepared_s']:.1f} s to compile, which are not in its time")
    return "\n".join(lines)


def _row(name: str, result: dict[str, Any], ours: float | None, longest: float | None) -> str:
    if "failed" in result:
        return f"  {name:<19}failed: {result['failed'].splitlines()[0]}"
    wall, ms = result["wall"]["median"], result["simulated_ms"]
    ratio = f"{_digits(wall / ours)} x" if ours else ""
    rates = ", ".join(f"{rate:.2f}" for rate in result["rates"].values())
    cut = "" if ms == longest else " *"
    return f"  {name:<19}{_digits(wall):>9}{ratio:>8}{ms:>6g}{result['turns']:>6}  {rates}{cut}"


def _digits(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def threads_lose(results: dict[str, Any]) -> bool:
    """Return whether a network ran markedly slower on several threads than on one.

    Parameters
    ----------
    results : dict
        Of `measure`.

    Returns
    -------
    bool
    """
    return any(name.endswith("threads") and "wall" in result and "wall" in found["lifext"]
               and result["wall"]["median"] > 1.5*found["lifext"]["wall"]["median"]
               for found in results["workloads"].values() for name, result in found.items())
