"""Trials as a table: pandas' where it is installed, else a small one."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .store import Outcome

if TYPE_CHECKING:
    import pandas

# whole numbers up to this one are floats, too, without loss
_EXACT = 2**53


class TrialTable:
    """Trials as a table, for where pandas is not installed. Made by `run_trials`, `sweep` and `load_trials`.

    ``len(table)`` is the number of trials, ``table[3]`` a trial as a dict, iteration goes over trials, and
    ``table["x"]`` is a column as a list, with None where a trial has no such result.

    Attributes
    ----------
    columns : list of str
        Names of the columns.
    """

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self._columns = columns

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    def __len__(self) -> int:
        return len(self._columns["trial"])

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, str):
            if which not in self._columns:
                raise KeyError(f"TrialTable: column must be one of {', '.join(self._columns)}, got {which!r}")
            return list(self._columns[which])
        return {name: column[which] for name, column in self._columns.items()}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        return f"TrialTable({len(self)} trials: {', '.join(self._columns)})"


def as_table(names: Iterable[str], outcomes: Sequence[Outcome]) -> pandas.DataFrame:
    """Return a table of trials.

    Parameters
    ----------
    names : list of str
        Of the parameters.
    outcomes : list of Outcome
        A row each.

    Returns
    -------
    pandas.DataFrame or TrialTable
        Parameters, ``trial``, results, ``error`` and ``traceback``.
    """
    results = list(dict.fromkeys(name for outcome in outcomes for name in outcome.results))
    columns = {name: [outcome.params.get(name) for outcome in outcomes] for name in names}
    columns["trial"] = [outcome.key[-1] for outcome in outcomes]
    columns.update({name: [outcome.results.get(name) for outcome in outcomes] for name in results})
    columns["error"] = [outcome.error for outcome in outcomes]
    columns["traceback"] = [outcome.traceback for outcome in outcomes]
    try:
        import pandas
    except ImportError:
        return TrialTable(columns)  # type: ignore[return-value]
    return pandas.DataFrame({name: _series(pandas, column) for name, column in columns.items()})


def _series(pandas: Any, values: list[Any]) -> Any:
    """Return a column of a DataFrame; one of arrays, lists, dicts or other things is one of objects."""
    # filled one by one, as NumPy would make one array of arrays of the same shape
    column = np.empty(len(values), dtype=object)
    for k, value in enumerate(values):
        column[k] = value
    series = pandas.Series(column, dtype=object)
    if any(not isinstance(value, (bool, int, float, complex, str, np.generic)) and value is not None
           for value in values):
        return series
    inferred = series.infer_objects()
    lossy = inferred.dtype.kind == "f" and any(isinstance(value, int) and abs(value) > _EXACT for value in values)
    return series if lossy else inferred
