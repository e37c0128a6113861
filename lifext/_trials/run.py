"""What is run, where, and with which seeds."""
from __future__ import annotations

import contextlib
import copy
import functools
import math
import platform
import reprlib
import sys
import traceback
import warnings
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import _validate
from .._core.fast.loop import max_threads, set_max_threads
from .._types import Path
from .._warnings import TrialWarning
from . import checks
from .function import identity
from .store import FORMAT, Job, Key, Outcome, TrialStore, differences, digested, plain
from .table import as_table

if TYPE_CHECKING:
    import pandas


# OpenMP counts threads with a C int
MOST_THREADS = 2**31 - 1


class Plan:
    """What is to be run: a function, at points of a grid, so many times, from a seed."""

    def __init__(self, owner: str, fn: Callable[..., Any], grid: Any, count_name: str, trials: int, seed: Any) -> None:
        self.owner, self.fn = owner, fn
        self.axes, self.values = checks.grid(owner, grid)
        self.names = list(dict.fromkeys(name for point in self.values[0] for name in point)
                          if self.axes is None else self.axes)
        self.trials = _validate.whole(owner, count_name, trials, 1)
        self.seed = checks.trial_seed(owner, seed)
        self.count_name = count_name
        for point in self.values[0] if self.axes is None else [self.axes]:
            checks.trial_function(owner, fn, tuple(point))

    def jobs(self, first: int = 0, step: int = 1) -> list[Job]:
        """Return every `step`-th trial from number `first` on, in the order of the table."""
        numbers = range(first, math.prod(map(len, self.values)) * self.trials, step)
        # not len(), which has no answer beyond 2**63
        checks.few_enough(self.owner, self.count_name, self.trials, -((numbers.start - numbers.stop) // step))
        return [self._job(number) for number in numbers]

    def _job(self, number: int) -> Job:
        point, trial = divmod(number, self.trials)
        place: list[int] = []
        for values in reversed(self.values):
            point, k = divmod(point, len(values))
            place.insert(0, k)
        if self.axes is None:
            return Job(tuple(place), trial, dict(self.values[0][place[0]]))
        return Job(tuple(place), trial, {name: values[k] for name, values, k in zip(self.axes, self.values, place)})

    def manifest(self) -> dict[str, Any]:
        """Return what a store is to say of this; parameters that cannot be stored are refused."""
        from .. import __version__
        names = ["grid"] if self.axes is None else [f"grid[{name!r}]" for name in self.axes]
        return {
            "format": FORMAT, "function": identity(self.fn), "earlier_functions": [],
            "seed": _written_seed(self.seed),
            "trials": self.trials, "names": self.names, "axes": self.axes,
            "values": [[digested(self.owner, f"{name}[{k}]", value) for k, value in enumerate(values)]
                       for name, values in zip(names, self.values)],
            "begun_with": {"lifext": __version__, "numpy": np.__version__, "python": platform.python_version()},
        }


def _written_seed(seed: np.random.SeedSequence) -> Any:
    entropy = seed.entropy if isinstance(seed.entropy, int) else list(map(int, seed.entropy or ()))
    simple = seed.spawn_key == () and seed.pool_size == np.random.SeedSequence(0).pool_size
    return entropy if simple else [entropy, list(seed.spawn_key), seed.pool_size]


def run(plan: Plan, n_jobs: int | None, store: Path | None, shard: tuple[int, int] | None, progress: bool,
        threads: int | None, retry_failed: bool, accept: str | Collection[str]) -> pandas.DataFrame:
    first, count = checks.shard(plan.owner, shard)
    n_jobs = checks.jobs(plan.owner, n_jobs)
    threads = None if threads is None else _validate.whole(plan.owner, "threads", threads, 1, MOST_THREADS)
    differing = checks.accepted(plan.owner, accept)
    jobs = plan.jobs(first, count)
    if store is None:
        outcomes = dict(_finished(plan, jobs, None, n_jobs, progress, threads, 0))
        return as_table(plan.names, [outcomes[job.key] for job in jobs])
    kept = TrialStore(store)
    kept.begin(plan.owner, plan.manifest(), differing)
    done, failed = kept.keys()
    _warn_of_strangers(plan.owner, kept)
    there = done if retry_failed else done | failed
    missing = [job for job in jobs if job.key not in there]
    read = {}
    for key, _ in _finished(plan, missing, kept, n_jobs, progress, threads, len(jobs) - len(missing)):
        # while others still run
        read[key] = kept.read(key)
    return as_table(plan.names, [read.get(job.key) or kept.read(job.key) for job in jobs])


def load(paths: Sequence[Path]) -> pandas.DataFrame:
    """Read stores; see `lifext.load_trials`."""
    stores = [TrialStore(_validate.file_name("load_trials", "path", path)) for path in paths]
    manifests = [checks.manifest("load_trials", store.path, store.manifest(), FORMAT) for store in stores]
    for store, manifest in zip(stores[1:], manifests[1:]):
        checks.same_sweep("load_trials", str(store.path), differences(manifest, manifests[0]), ())
    where = _whereabouts(stores)
    for store in stores:
        _warn_of_strangers("load_trials", store)
    expected = math.prod(map(len, manifests[0]["values"])) * manifests[0]["trials"]
    if len(where) < expected:
        warnings.warn(f"load_trials: {expected - len(where)} of {expected} trials are not there",
                      TrialWarning, stacklevel=3)
    return as_table(manifests[0]["names"], [where[key].read(key) for key in sorted(where)])


def _whereabouts(stores: Sequence[TrialStore]) -> dict[Key, TrialStore]:
    """Return for each key the store to read the trial from: one where it is done, if there is."""
    done: dict[Key, TrialStore] = {}
    failed: dict[Key, TrialStore] = {}
    for store in stores:
        for found, keys in zip((done, failed), store.keys()):
            found.update(dict.fromkeys(keys, store))
    return {**failed, **done}


def _warn_of_strangers(owner: str, store: TrialStore) -> None:
    names = store.strangers()
    if names:
        warnings.warn(f"{owner}: {len(names)} files in {store.path} are of no trial of its grid, the first is "
                      f"{names[0]}; they are left out", TrialWarning, stacklevel=4)


def _finished(plan: Plan, jobs: Sequence[Job], store: TrialStore | None, n_jobs: int | None, progress: bool,
              threads: int | None, already: int) -> Iterator[tuple[Key, Outcome]]:
    """Run trials; yield key and outcome of each when it is over, of the first that fails with a warning."""
    call = functools.partial(_run_trial, plan.owner, plan.fn, plan.seed, store)
    runner = _one_by_one if _stays_here(n_jobs) else _by_joblib
    failures = 0
    # closed, so that an interrupted run ends its workers, too
    with contextlib.closing(runner(call, jobs, n_jobs, threads)) as outcomes, _bar(progress, jobs, already) as bar:
        for outcome in outcomes:
            if outcome.error is not None:
                failures += 1
                bar.set_postfix(failed=failures)
                if failures == 1:
                    _warn_of(plan, outcome)
            bar.update()
            yield outcome.key, outcome


def _warn_of(plan: Plan, outcome: Outcome) -> None:
    where = "".join(f", {name}={reprlib.repr(value)}" for name, value in outcome.params.items())
    warnings.warn(f"{plan.owner}: trial {outcome.key[-1]}{where} failed, {outcome.error}; the others go on",
                  TrialWarning, stacklevel=5)


def _stays_here(n_jobs: int | None) -> bool:
    # without joblib, there is no parallel_config to heed
    return n_jobs == 1 or n_jobs is None and sys.modules.get("joblib") is None


def _one_by_one(call: Callable[[Job, int | None], Outcome], jobs: Sequence[Job], n_jobs: int | None,
                threads: int | None) -> Generator[Outcome, None, None]:
    yield from (call(job, threads) for job in jobs)


def _by_joblib(call: Callable[[Job, int | None], Outcome], jobs: Sequence[Job], n_jobs: int | None,
               threads: int | None) -> Generator[Outcome, None, None]:
    joblib = checks.need_joblib(n_jobs)
    if threads is None and joblib.effective_n_jobs(n_jobs) > 1:
        threads = 1
    # joblib starts as many workers as it is told, whatever there is for them to do
    n_jobs = n_jobs if n_jobs is None else min(n_jobs, max(len(jobs), 2))
    tasks = (joblib.delayed(call)(job, threads) for job in jobs)
    yield from _parallel(joblib, n_jobs)(tasks)


def _parallel(joblib: Any, n_jobs: int | None) -> Any:
    """Return joblib's runner in the best way of giving results that it and its backend have."""
    for return_as in ("generator_unordered", "generator"):
        # joblib < 1.4 lacks the first, ray's backend both
        with contextlib.suppress(ValueError):
            return joblib.Parallel(n_jobs=n_jobs, return_as=return_as)
    return joblib.Parallel(n_jobs=n_jobs)


def _run_trial(owner: str, fn: Callable[..., Any], seed: np.random.SeedSequence, store: TrialStore | None, job: Job,
               threads: int | None) -> Outcome:
    """Run a trial, in whichever process this is, and keep it there if there is a store."""
    if store is None:
        return _outcome(owner, fn, seed, job, threads)
    if store.has(job.key):
        # another process has run it in the meantime
        return Outcome(job.key, job.params, {})
    outcome = _outcome(owner, fn, seed, job, threads)
    store.write(owner, outcome)
    # it can be read from the store
    return outcome._replace(results={}, traceback=None)


def _outcome(owner: str, fn: Callable[..., Any], seed: np.random.SeedSequence, job: Job,
             threads: int | None) -> Outcome:
    sequence = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *job.key), pool_size=seed.pool_size)
    try:
        with _global_generator(sequence), _at_most(threads):
            # a copy, as a trial that changes its parameters would else change those of the trials after it
            results = fn(rng=np.random.default_rng(sequence), **copy.deepcopy(job.params))
        results = results if isinstance(results, dict) else {"result": results}
        checks.result_names(owner, results, job.params)
        return Outcome(job.key, job.params, plain(owner, "results", results))
    except (Exception, SystemExit) as error:
        # from the call of fn on
        trace = error.__traceback__ and error.__traceback__.tb_next
        return Outcome(job.key, job.params, {}, "".join(traceback.format_exception_only(error)).strip(),
                       "".join(traceback.format_exception(type(error), error, trace)))


@contextlib.contextmanager
def _global_generator(sequence: np.random.SeedSequence) -> Iterator[None]:
    """Seed NumPy's global generator, and put it back."""
    before = np.random.get_state()
    np.random.seed(sequence.generate_state(8))
    try:
        yield
    finally:
        np.random.set_state(before)


@contextlib.contextmanager
def _at_most(threads: int | None) -> Iterator[None]:
    """Have networks start no more threads than that, if not as many as they would."""
    before = max_threads()
    # a C int
    set_max_threads(min(threads or before, 2**31 - 1))
    try:
        yield
    finally:
        set_max_threads(before)


class _NoBar:
    """Stands in for a progress bar."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def update(self) -> None:
        """Show nothing."""

    def set_postfix(self, **values: object) -> None:
        """Show nothing."""


def _bar(wanted: bool, jobs: Sequence[Job], already: int) -> Any:
    """Return a progress bar, silent outside a terminal, over trials of which some were done before."""
    if wanted:
        with contextlib.suppress(ImportError):
            from tqdm import tqdm
            return tqdm(total=already + len(jobs), initial=already, unit="trial", disable=None)
    return _NoBar()
