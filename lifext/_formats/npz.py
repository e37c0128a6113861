"""A record in an npz file of this package's own: ``ids``, ``times``, and an about as JSON."""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import _archive, _validate
from . import checks
from .about import about, check_spikes, checked

FORMAT = "lifext record 1"


def write(record: Any, path: str) -> None:
    """Write a record."""
    ids, times = record._arrays()
    arrays = {"ids": ids.astype(np.int64, copy=False), "times": times}
    _archive.write(path, "about", {"format": FORMAT, **about(record)}, arrays)


def read(path: str) -> tuple[Any, Any, dict[str, Any]]:
    """Return neurons, times and about of a file."""
    with _validate.plain_file("SpikeRecord", "path", path) as file, checks.spikes_from(path, f"a {FORMAT}"):
        document, arrays = _archive.read(file, "about", FORMAT)
        found, ids, times = checked(document), arrays["ids"], arrays["times"]
        check_spikes(ids, times, found["size"])
    return ids, times, found
