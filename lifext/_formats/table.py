"""A record as a pandas table with a row a spike, and back. Its `attrs` have the metadata of the record."""
from __future__ import annotations

from typing import Any

from . import checks
from .about import FIELDS, about, fitting


def make(record: Any) -> Any:
    """Return a DataFrame."""
    pandas = checks.optional("pandas", "pandas", "a table")
    ids, times = record._arrays()
    # copies already
    frame = pandas.DataFrame({"time": times, "neuron": ids}, copy=False)
    frame.attrs.update(about(record))
    return frame


def read(frame: Any, name: str | None, size: int | None) -> tuple[Any, Any, dict[str, Any]]:
    """Return neurons, times and about of a DataFrame."""
    with checks.spikes_from(frame, "a table with columns time (ms) and neuron (whole numbers)"):
        # columns of durations, texts or gaps would be converted, too
        ids, times = checks.spikes_read(frame["neuron"], frame["time"])
        found = frame.attrs if all(field in frame.attrs for field in FIELDS) else None
        return ids, times, fitting(found, ids, times, name, size)
