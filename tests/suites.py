"""Which tests each further environment runs: ``pytest --suite NAME``, which `.ci/run` and `.ci/wheel` call.

All quick tests run on what README.md has the reader install. An environment named here is there for what it alone can
find; tests that can find nothing of the kind are left out, by file or function, with the reason, where they take more
than some seconds. A file that is not named runs everywhere, so a new one does.
"""
from __future__ import annotations

from typing import NamedTuple


class Suite(NamedTuple):
    """Tests of an environment: what it is there to find, whether slow ones run, and what is left out, by the reason."""

    finds: str
    slow: bool
    left_out: dict[str, tuple[str, ...]]


# few tests, each long, that share nothing: side by side, they need not stay together
SPREAD = ("test_same_network.py", "test_golden.py", "test_statistics.py", "test_examples.py")

# they compare runs of networks with others of the same process: neither libraries nor the way of installing come in
OF_NETWORKS = ("test_same_network.py", "test_delivery.py", "test_reference_network.py", "test_fast_bits.py",
               "test_fast_physics.py", "test_single.py", "test_statistics.py")

SUITES = {
    # the wheel with the versions of README's install: slow tests, and whatever what was installed may be short of
    "newest": Suite(
        "what the wheel lacks: a file, a library beside it, the compiler and git that a source tree has around it, "
        "a number that stripping or repairing changed", True, {
            "networks against others of the same process; the wheel's numbers are held to those of other machines by "
            "test_portable_bits, to the published ones by test_golden": OF_NETWORKS,
            "classes in Python against themselves, which are the same files": (
                "test_changes.py", "test_own_classes.py", "test_reset.py", "test_populations.py",
                "test_gating_range.py"),
            "formats in Python with the libraries that README's install has, too; test_files writes to each": (
                "test_hostile_files.py", "test_heaps.py"),
            "NumPy's arithmetic, with the NumPy that README's install has": (
                "test_golden.py::test_golden_on_the_twins", "test_twins.py", "test_fast_twins.py", "test_stateful.py"),
        }),
    "oldest": Suite(
        "what the oldest versions of NumPy, scipy, pandas, h5py, pynwb, neo, libsonata, joblib, dask, tqdm, "
        "matplotlib, pytest and Hypothesis lack, or do otherwise", False, {
            "compiled loops against others of the same process, with arrays that test_network, test_fast_network, "
            "test_weights and test_gate hand over, too": OF_NETWORKS,
            "classes against themselves, with the same NumPy on both sides": (
                "test_changes.py", "test_gating_range.py"),
            "threads, processes and signals of the compiled loops": (
                "test_threads.py", "test_concurrency.py", "test_interrupts.py", "test_instruction_sets.py",
                "test_loops.py"),
            "programs that use NumPy alone": ("test_race.py", "test_bench.py"),
        }),
    "checked": Suite(
        "an index out of bounds, an array not yet made, a None or a division by zero in the kernels", False, {
            "no kernel is entered that others do not enter with more: the command, pages, pictures, the package": (
                "test_cli.py", "test_demo.py", "test_docs.py", "test_plot.py", "test_package.py", "test_race.py",
                "test_bench.py", "test_numbers.py"),
            "scripts are run by Python code, and step populations as test_golden does": ("test_dropin.py",),
            "files of other programs and trials are read and written by Python code; records and states, which kernels "
            "fill, are in test_recording, test_files and test_state": (
                "test_formats.py", "test_heaps.py", "test_hostile_files.py", "test_full_disk.py", "test_trials.py",
                "test_spikeDC.py"),
            "NumPy's arithmetic": ("test_golden.py::test_golden_on_the_twins",),
            "how near the scheme is to an equation, by long runs of what test_fast_network runs": (
                "test_fast_physics.py", "test_statistics.py"),
        }),
    "twins": Suite(
        "where populations that are stepped on the NumPy twins differ from compiled ones, or from what is asked of "
        "both", False, {
            "networks, which have loops of their own and never call the kernels that are chosen": (
                *OF_NETWORKS, "test_portable_bits.py", "test_threads.py", "test_weights.py", "test_recording.py"),
            "the twins are called by name, whichever kernels are chosen; test_golden is test_golden_on_the_twins then, "
            "which runs with README's install and with the oldest NumPy": (
                "test_golden.py", "test_twins.py", "test_fast_twins.py"),
            "files, trials, scripts and what is installed: no population is stepped, or as in other files": (
                "test_dropin.py", "test_files.py", "test_formats.py", "test_heaps.py", "test_hostile_files.py",
                "test_full_disk.py", "test_trials.py", "test_package.py", "test_race.py", "test_bench.py"),
        }),
}


def runs(name: str, file: str, function: str, slow: bool) -> bool:
    """Return whether a suite has a test, of whose file and function the names are given."""
    suite = SUITES[name]
    if slow:
        return suite.slow
    return not any(left in (file, f"{file}::{function}") for some in suite.left_out.values() for left in some)
