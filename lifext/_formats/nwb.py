"""A record in the units table of an NWB file, a unit a neuron, and back.

NWB counts in seconds. Several populations share the table; the column ``population`` says whose
a unit is, ``neuron`` which. The table ``lifext`` of the file's group ``analysis`` has a row for
each population, with its about as JSON.
"""
from __future__ import annotations

import datetime
import json
import os
import sys
import uuid
from typing import Any

import numpy as np

from .. import _files, _validate
from . import apart, checks, heaps
from .about import about, fitting, reach

KIND = "an NWB file with a units table"
TABLE = "lifext"
DESCRIPTIONS = {"population": "name of the population", "neuron": "number of the neuron in its population",
                "direction": "preferred direction of the neuron, radians"}
# for units that others have put into the table
BLANKS = {"population": "", "neuron": -1, "direction": np.nan}
# a dataset of more elements than the first is looked at: deflate packs at most so many bytes into one
MOST_UNSEEN, MOST_PACKED = 100_000, 1032


def write(record: Any, target: Any, session_start_time: Any) -> Any:
    """Write a record to a new file, or add it to a file in memory."""
    pynwb = checks.optional("pynwb", "nwb", "an NWB file")
    if isinstance(target, pynwb.NWBFile):
        _add(record, target)
        return
    path = _validate.file_name("SpikeRecord", "target", target)
    checks.new_file(path, "to add to it, give the NWBFile")
    session = _session(pynwb, record, session_start_time)
    _add(record, session)
    image = _image(pynwb, session)
    with _files.replacing(path) as file:
        file.write(image)


def _image(pynwb: Any, session: Any) -> bytes:
    """Return the bytes of a file. HDF5 that finds the disk full in the midst of a write may crash later on."""
    h5py = checks.h5py_module()
    # a name that is never opened; pynwb warns of one that ends otherwise
    name = f"{uuid.uuid4()}.nwb"
    file = h5py.File(name, "w", driver="core", backing_store=False)
    with pynwb.NWBHDF5IO(name, file=file, mode="w") as writer:
        writer.write(session)
        file.flush()
        return file.id.get_file_image()  # type: ignore[no-any-return]


def _session(pynwb: Any, record: Any, start_time: Any) -> Any:
    from .. import __version__

    return pynwb.NWBFile(
        session_description=f"simulation of the population {record.name} with lifext", identifier=str(uuid.uuid4()),
        session_start_time=datetime.datetime.now(datetime.UTC) if start_time is None else start_time,
        was_generated_by=[["lifext", __version__]])


def _add(record: Any, session: Any) -> Any:
    checks.new_population(record.name, list(_abouts(session)))
    ids, times = record._arrays()
    start, stop = reach(record, times)
    order = np.lexsort((times, ids))
    trains = np.split(times[order] / 1e3, np.cumsum(np.bincount(ids, minlength=record.size))[:-1])
    columns = _columns(record, session.units)
    _prepare(session, columns)
    interval = {} if "obs_intervals" not in columns else {"obs_intervals": [[start / 1e3, stop / 1e3]]}
    for neuron, train in enumerate(trains):
        values = {"population": record.name, "neuron": neuron}
        if record._directions is not None:
            values["direction"] = float(record._directions[neuron])
        session.add_unit(spike_times=train, **interval, **{name: values.get(name, BLANKS[name])
                                                           for name in columns if name in BLANKS})
    _table(session).add_row(population=record.name, about=json.dumps(about(record)))


def _columns(record: Any, units: Any) -> Any:
    """Return which columns the units will have, or refuse a table with columns that nobody can fill here."""
    own = ["population", "neuron"] if record._directions is None else list(BLANKS)
    if units is None:
        return [*own, "spike_times", "obs_intervals"]
    checks.units_in_memory(units)
    checks.known_columns([name for name in units.colnames if name not in (*BLANKS, "spike_times", "obs_intervals")])
    return [*units.colnames, *(name for name in own if name not in units.colnames)]


def _prepare(session: Any, columns: Any) -> Any:
    present = () if session.units is None else session.units.colnames
    count = 0 if session.units is None else len(session.units)
    for name in columns:
        if name in BLANKS and name not in present:
            session.add_unit_column(name, DESCRIPTIONS[name], data=[BLANKS[name]] * count)


def _table(session: Any) -> Any:
    from hdmf.common import DynamicTable

    if TABLE not in session.analysis:
        table = DynamicTable(name=TABLE, description="what lifext says of each population in the units table, as JSON")
        table.add_column("population", DESCRIPTIONS["population"])
        table.add_column("about", "name, size, time recorded (ms), directions (radians) and provenance")
        session.add_analysis(table)
    return session.analysis[TABLE]


def _abouts(session: Any) -> Any:
    """Return what is said of the populations, as JSON by name."""
    if TABLE not in session.analysis:
        return {}
    table = session.analysis[TABLE]
    return dict(zip(table["population"][:], table["about"][:]))


def read(source: Any, name: str | None) -> Any:
    """Return neurons, times and about of a population."""
    pynwb = sys.modules.get("pynwb")
    if pynwb is not None and isinstance(source, pynwb.NWBFile):
        with checks.spikes_from("an NWBFile", KIND):
            facts, arrays = _read(source, name)
        return _checked("an NWBFile", name, facts, arrays)
    path = _validate.file_name("SpikeRecord", "source", source)
    checks.installed("pynwb", "nwb", "an NWB file")
    with _validate.plain_file("SpikeRecord", "source", path):
        # what cannot be opened at all is no fault of what is in it
        pass
    with checks.spikes_from(path, KIND):
        facts, arrays = apart.ask("nwb", os.path.abspath(path), name)
    return _checked(path, name, facts, arrays)


def _checked(place: str, name: str | None, facts: dict[str, Any], arrays: list[Any]) -> Any:
    """Return neurons, times and about of what was read, which is not believed."""
    if facts["names"]:
        name = checks.which_population(place, name, facts["names"]) and None
    with checks.spikes_from(place, KIND):
        ids, times = arrays
        return ids, times, fitting(facts["about"], ids, times, name, facts["size"])


def read_here(path: str, name: str | None) -> apart.Answer:
    """Return names of the populations in a file, and about, size, neurons and times of one; in a process of its own."""
    pynwb = checks.optional("pynwb", "nwb", "an NWB file")
    apart.only_read()
    heaps.check(path)
    _check_claims(path)
    with pynwb.NWBHDF5IO(path, "r") as file:
        return _read(file.read(), name)


def _check_claims(path: str) -> None:
    """Raise ValueError if a dataset has more elements than there can be in it; pynwb goes through some one by one."""
    h5py = checks.h5py_module()

    def look(name: str, thing: Any) -> None:
        size = (thing.size or 0) if isinstance(thing, h5py.Dataset) else 0
        if size > MOST_UNSEEN and size * thing.dtype.itemsize > MOST_PACKED * thing.id.get_storage_size():
            raise ValueError(f"/{name} claims {size} elements, which are not in it")

    with h5py.File(path, "r") as file:
        file.visititems(look)


def _read(session: Any, name: str | None) -> apart.Answer:
    """Return names of the populations, if it is said, and about, size, neurons and times of the one that is meant."""
    if session.units is None or "spike_times" not in session.units.colnames:
        raise ValueError("no unit has spike times")
    abouts = _abouts(session)
    names = sorted(abouts)
    chosen = names[0] if name is None and len(names) == 1 else name
    rows, neurons, found = np.arange(len(session.units)), None, None
    if names:
        # of one that is not there, none
        rows = np.flatnonzero(np.asarray(session.units["population"][:]) == chosen)
        neurons = np.asarray(session.units["neuron"][:])[rows]
        found = json.loads(abouts[chosen]) if chosen in abouts else None
    return {"names": names, "about": found, "size": len(rows)}, _spikes(session.units, rows, neurons)


def _spikes(units: Any, rows: Any, neurons: Any) -> list[Any]:
    """Return neurons and times of some units in the order of times; without numbers of their own they are counted."""
    neurons = np.arange(len(rows)) if neurons is None else neurons
    trains = [_validate.floats("SpikeRecord", f"spike_times[{row}]", units["spike_times"][int(row)], (None,))
              for row in rows]
    ids = np.repeat(neurons, [len(train) for train in trains])
    ids, times = checks.spikes_read(ids, np.concatenate([np.empty(0), *trains]) * 1e3)
    order = np.argsort(times, kind="stable")
    return [ids.astype(np.int64)[order], times[order]]
