"""The metadata of a record beside its spikes, in a form that JSON has.

    name, size      of the population
    start, stop     from when to when it was recorded, ms
    directions      of the neurons of a ring, radians, or None
    provenance      where it comes from, as in `_provenance`, or None

Each format has a place for it. A file may come from anywhere, so none is believed before it is
`checked`; one that has none, of another program, gets what its spikes can tell.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _validate
from . import checks

FIELDS = ("name", "size", "start", "stop", "directions", "provenance")
# neurons that a population may have
MOST = 2**62


def about(record: Any) -> dict[str, Any]:
    """Return the metadata of a record."""
    directions = None if record._directions is None else np.asarray(record._directions, dtype=np.float64).tolist()
    return {"name": record.name, "size": record.size, "start": record.start, "stop": record.stop,
            "directions": directions, "provenance": record.provenance}


def reach(record: Any, times: Any) -> tuple[float, float]:
    """Return from when to when there may be spikes in a record of these times, ms.

    A crossing that was extrapolated from above threshold may lie outside of what was recorded.
    """
    return float(times.min(initial=record.start)), float(times.max(initial=record.stop))


def fitting(found: dict[str, Any] | None, ids: Any, times: Any, name: str | None = None, size: int | None = None,
            start: float = 0.0, stop: float = 0.0) -> dict[str, Any]:
    """Return the about of spikes that were read, when both are checked.

    Parameters
    ----------
    found : dict or None
        What was with them.
    ids : ndarray of shape (n,)
        Neurons.
    times : ndarray of shape (n,)
        ms.
    name : str, optional
        That goes before the one found.
    size : int, optional
        Likewise. Without either, there are as many neurons as there have to be.
    start, stop : float, optional
        Where nothing was found, the time recorded is from here to there, and reaches to all spikes.
    """
    check_spikes(ids, times, MOST)
    if found is None:
        _sound(np.isfinite(times).all(), "a time")
        found = {"name": "spikes", "size": checks.number_of_neurons(size, ids), "directions": None,
                 "start": float(times.min(initial=start)), "stop": float(times.max(initial=stop)), "provenance": None}
    found = checked({**found, **({} if name is None else {"name": name})})
    if size is not None:
        _sound(size == found["size"], f"size = {found['size']}")
    check_spikes(ids, times, found["size"])
    return found


def checked(value: dict[str, Any]) -> dict[str, Any]:
    """Return an about with all its fields, directions as an array, or raise ValueError, TypeError or KeyError."""
    value = {field: value[field] for field in FIELDS}
    _sound(isinstance(value["name"], str) and _validate.is_name(value["name"]), "the name")
    _sound(type(value["size"]) is int and 1 <= value["size"] <= MOST, "the size")
    for field in ("start", "stop"):
        _sound(type(value[field]) in (int, float) and math.isfinite(value[field]), field)
        value[field] = float(value[field])
    _sound(value["start"] <= value["stop"], "the stop")
    _sound(value["provenance"] is None or isinstance(value["provenance"], dict), "the provenance")
    if value["directions"] is not None:
        value["directions"] = _validate.real_array("SpikeRecord", "directions", value["directions"], (value["size"],))
    return value


def check_spikes(ids: Any, times: Any, size: int) -> None:
    """Raise ValueError if these are not neurons of a population of a size, and times."""
    _sound(ids.ndim == 1 and ids.shape == times.shape, "the shape of neurons and times")
    _sound(ids.dtype.kind in "iu" and times.dtype.kind == "f", "the type of neurons and times")
    _sound(len(ids) == 0 or 0 <= ids.min() <= ids.max() < size, "a neuron")


def _sound(condition: object, what: str) -> None:
    if not condition:
        raise ValueError(f"{what} is not as it should be")
