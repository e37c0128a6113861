"""A record in a SONATA file: ``/spikes/<population>`` with ``timestamps`` and ``node_ids``.

A record that streams writes such a file already; its layout is that of `SpikeFile`.
"""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import _threads, _validate
from .._spike_file import SORTINGS, SpikeFile, held
from .._types import Floats, Neurons, Path
from . import apart, checks, heaps
from .about import about

KIND = "a SONATA file of spikes, with times in ms"
MILLISECONDS = ("ms", "millisecond", "milliseconds")


def write(record: Any, path: Path, sorting: str) -> None:
    """Write a record in an order; one that streams is read in pieces where the order is its own."""
    _validate.choice("SpikeRecord", "sorting", sorting, tuple(SORTINGS))
    file = SpikeFile(path, record.name, sorting)
    try:
        file.describe(about(record))
        start = 0
        for ids, times in record._pieces() if sorting == "none" else [_in_order(record._arrays(), sorting)]:
            file.write(start, ids, times)
            start += len(ids)
    except BaseException:
        file.discard()
        raise


def _in_order(spikes: tuple[Neurons, Floats], sorting: str) -> tuple[Neurons, Floats]:
    ids, times = spikes
    order = np.argsort(times, kind="stable") if sorting == "by_time" else np.lexsort((times, ids))
    return ids[order], times[order]


def read(path: str, name: str | None, size: int | None) -> tuple[SpikeFile, int, dict[str, Any]]:
    """Return the file of a population, how many spikes it has, and its about."""
    path, h5py = os.path.abspath(path), checks.h5py_module()
    with _validate.plain_file("SpikeRecord", "path", path):
        # what cannot be opened at all is no fault of what is in it
        pass
    with _threads.spike_files, checks.spikes_from(path, KIND), h5py.File(path, "r") as file:
        # a dataset would yield its numbers, however many it claims
        names = sorted(held(file, "spikes").keys())
    name = checks.which_population(path, name, names)
    with checks.spikes_from(path, KIND):
        with _threads.spike_files, h5py.File(path, "r") as file:
            units = _units(held(file, f"spikes/{name}/timestamps"), path, name)
        if units not in MILLISECONDS:
            raise ValueError(f"its times are in {units!r}")
        return SpikeFile.of(path, name, size)


def _units(times: Any, path: str, name: str) -> Any:
    if "units" in times.attrs and times.attrs.get_id("units").dtype.kind == "O":
        # text of varying length, which other programs write
        return apart.ask("SONATA units", path, name)[0]
    units = times.attrs.get("units", "ms")
    return units.decode() if isinstance(units, bytes) else units


def units_here(path: str, name: str) -> str:
    """Return the text that says a file's unit of time; in a process of its own."""
    h5py = checks.h5py_module()
    apart.only_read()
    heaps.check(path)
    with h5py.File(path, "r") as file:
        units = held(file, f"spikes/{name}/timestamps").attrs["units"]
    return units.decode() if isinstance(units, bytes) else str(units)
