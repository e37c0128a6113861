"""Many trials of a function: seeds of their own, side by side, and kept where a killed run can go on.

What does the work is in `_trials`, and is imported when there is some.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._types import Path
from ._warnings import TrialWarning

if TYPE_CHECKING:
    import pandas

__all__ = ["run_trials", "sweep", "load_trials", "TrialWarning"]


def run_trials(fn: Callable[..., Any], n: int, *, seed: int | np.random.SeedSequence, n_jobs: int | None = None,
               store: Path | None = None, shard: tuple[int, int] | None = None, progress: bool = True,
               threads: int | None = None, retry_failed: bool = True,
               accept: str | Collection[str] = ()) -> pandas.DataFrame:
    """Run a function many times, each with random numbers of its own.

    Trial k gets ``numpy.random.default_rng(SeedSequence(seed, spawn_key=(k,)))``, wherever and whenever it is
    run: on any number of cores, in any order, at once or in several runs, its result is the same. NumPy's global
    generator, which populations without an `rng` draw from, is seeded for each trial, too, and put back.

    Parameters
    ----------
    fn : callable
        Called as ``fn(rng=generator)``. Returns a dict, whose keys are columns of the table, or one value, which is
        the column ``result``: numbers, strings, bools, None, arrays, and lists and dicts of these. Tuples
        become lists.
    n : int
        Number of trials, >= 1.
    seed : int or numpy.random.SeedSequence
        >= 0.
    n_jobs : int, optional
        How many trials run side by side, by joblib: -1 for all cores, 1 in this process without joblib. Left out,
        what the `joblib.parallel_config` says within which this is called, and otherwise 1.
    store : path_like, optional
        A directory, in which each trial is kept as soon as it is over. Run again with the same store,
        only what is missing is run.
    shard : tuple of (int, int), optional
        ``(i, count)`` runs every count-th trial from the i-th on, i from 0.
    progress : bool, optional
        Whether to show a bar (needs tqdm; silent where stderr is not a terminal).
    threads : int, optional
        At most so many threads for each trial's networks. Left out, one where trials run side by side.
    retry_failed : bool, optional
        Whether trials that the store has as failed are run again.
    accept : str or collection of str, optional
        In what this may differ from the sweep that the store was begun with: ``"trials"``, there are more of them;
        ``"grid"``, values were added to the ends of its lists; ``"function"``, the function was changed
        or has moved, and the results that are there are to stay.

    Returns
    -------
    pandas.DataFrame
        A row a trial, in order: its number ``trial``, its results, and, if it failed, ``error`` and ``traceback``.
        Without pandas, a table of which ``table["x"]`` is a column, a list, and ``table[k]`` a row, a dict.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or the store is that of another function, grid or seed. Nothing is run then.
    ImportError
        If joblib is asked for and not installed.
    KeyboardInterrupt
        On Ctrl-C, at once; what the store has by then stays.

    Warns
    -----
    TrialWarning
        As soon as a trial fails, of the first that does. The others go on.

    Examples
    --------
    >>> import lifext
    >>> def trial(rng):
    ...     cells = lifext.pyrPop(80)
    ...     net = lifext.Network(dt=0.05, seed=rng)
    ...     net.add(cells=cells)
    ...     spikes = net.record_spikes(cells)
    ...     net.run(20.0)
    ...     return {"spikes": len(spikes), "v": cells.VMs()}
    >>> table = lifext.run_trials(trial, 3, seed=1)
    >>> list(table["trial"])
    [0, 1, 2]
    >>> list(table.columns)
    ['trial', 'spikes', 'v', 'error', 'traceback']
    >>> table["v"][2].shape
    (80,)
    """
    from ._trials.run import Plan, run
    plan = Plan("run_trials", fn, {}, "n", n, seed)
    return run(plan, n_jobs, store, shard, progress, threads, retry_failed, accept)


def sweep(fn: Callable[..., Any], grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]], *, trials: int = 1,
          seed: int | np.random.SeedSequence, n_jobs: int | None = None, store: Path | None = None,
          shard: tuple[int, int] | None = None, progress: bool = True, threads: int | None = None,
          retry_failed: bool = True, accept: str | Collection[str] = ()) -> pandas.DataFrame:
    """Run a function many times at each point of a grid of parameters.

    A trial's random numbers follow from its place: trial k at the i-th value of the first name and the j-th of the
    second has ``SeedSequence(seed, spawn_key=(i, j, k))``; with a list of points, it is ``(i, k)`` at the
    i-th of them. So values added at the end of a list, and more trials, leave all other results as they were; to
    insert values, or name the parameters in another order, does not.

    Parameters
    ----------
    fn : callable
        Called as ``fn(rng=generator, **parameters)``. See `run_trials`.
    grid : dict of lists, or list of dicts
        For each parameter its values, and every combination of them is run; or the points themselves. With a `store`,
        values are of the kinds that results are.
    trials : int, optional
        How many at each point, >= 1.
    seed : int or numpy.random.SeedSequence
        >= 0.
    n_jobs, store, shard, progress, threads, retry_failed, accept
        See `run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial, point by point, the last name's value changing first: parameters, ``trial``, results, ``error``
        and ``traceback``.

    Raises
    ------
    ValueError, TypeError, ImportError, KeyboardInterrupt
        As `run_trials` does.

    Examples
    --------
    >>> import lifext
    >>> def trial(rng, mean, sd):
    ...     return {"x": rng.normal(mean, sd)}
    >>> table = lifext.sweep(trial, {"mean": [0, 10], "sd": [0.0, 1.0]}, trials=2, seed=1)
    >>> list(table["mean"])
    [0, 0, 0, 0, 10, 10, 10, 10]
    >>> list(table["x"][:2])
    [0.0, 0.0]
    """
    from ._trials.run import Plan, run
    plan = Plan("sweep", fn, grid, "trials", trials, seed)
    return run(plan, n_jobs, store, shard, progress, threads, retry_failed, accept)


def load_trials(path: Path, *more: Path) -> pandas.DataFrame:
    """Read the trials that a store has, at any time, or those of several stores of one sweep.

    Parameters
    ----------
    path, *more : path_like
        Directories that `run_trials` or `sweep` made, such as those of shards that ran on machines
        without a common disk.

    Returns
    -------
    pandas.DataFrame
        As `run_trials` and `sweep` return it, without the trials that are not there.

    Raises
    ------
    ValueError
        If a directory is no store, or one of another sweep than the first, or a file in it is damaged or no file but a
        pipe, a link or a directory. Nothing in a file is ever executed.

    Warns
    -----
    TrialWarning
        If trials are missing, or there are files that are named like trials and are of none of the grid.

    Examples
    --------
    >>> import lifext, tempfile
    >>> def trial(rng):
    ...     return rng.random()
    >>> with tempfile.TemporaryDirectory() as store:
    ...     table = lifext.run_trials(trial, 3, seed=1, store=store)
    ...     again = lifext.load_trials(store)
    >>> list(again["result"]) == list(table["result"])
    True
    """
    from ._trials.run import load
    return load([path, *more])
