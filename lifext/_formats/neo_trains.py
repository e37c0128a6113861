"""A record as neo's spike trains, one a neuron, and back.

The metadata of the record is among the annotations of the segment that the trains are in.
"""
from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from . import checks
from .about import about, fitting, reach

KIND = "spike trains of neo"


def make(record: Any) -> Any:
    """Return a SpikeTrainList of all neurons, in a segment of its own."""
    neo, lists, pq = _neo()
    facts = about(record)
    ids, times = record._arrays()
    start, stop = (bound * pq.ms for bound in reach(record, times))
    directions = {} if facts["directions"] is None else {"direction": facts["directions"]}
    trains = lists.SpikeTrainList.from_spike_time_array(
        times, ids, all_channel_ids=list(range(record.size)), units="ms", t_start=start, t_stop=stop,
        population=record.name, **directions)
    trains.segment = neo.Segment(name=record.name, lifext=json.dumps(facts))
    trains.segment.spiketrains = trains
    return trains


def read(trains: Any, name: str | None) -> Any:
    """Return neurons, times and about of spike trains, one a neuron."""
    _, lists, pq = _neo()
    with checks.spikes_from(trains, KIND):
        if not isinstance(trains, lists.SpikeTrainList):
            trains = lists.SpikeTrainList(items=trains)
        ids, times = _joined(trains)
        with warnings.catch_warnings():
            # trains may start and end at times of their own; the earliest and the latest are those wanted
            warnings.filterwarnings("ignore", "Found multiple values of t_st", UserWarning)
            start, stop = (float(pq.Quantity(bound, times.units).rescale("ms")) for bound in
                           (trains.t_start, trains.t_stop))
        ids, times = checks.spikes_read(ids, times.rescale("ms").magnitude)
        order = np.argsort(times, kind="stable")
        ids, times = ids[order], times[order]
        return ids, times, fitting(_own(trains), ids, times, name, len(trains), start, stop)


def _neo() -> Any:
    neo = checks.optional("neo", "neo", "neo's spike trains")
    import neo.core.spiketrainlist as lists
    import quantities
    return neo, lists, quantities


def _joined(trains: Any) -> Any:
    """Return the place in the list and the time of each spike."""
    known = np.array(trains.all_channel_ids)
    order = np.argsort(known, kind="stable")
    if len(np.unique(known)) == len(known):
        # the list may not have made its trains yet, which takes a look at all spikes for each
        channels, times = trains.multiplexed
        return order[np.searchsorted(known, channels, sorter=order)], times
    return (np.repeat(np.arange(len(trains)), [len(train) for train in trains]),
            np.concatenate([train.rescale("ms").magnitude for train in trains]) * trains[0].units.rescale("ms").units)


def _own(trains: Any) -> Any:
    """Return the about that `make` put beside the trains, if these are still all of them."""
    text = None if trains.segment is None else trains.segment.annotations.get("lifext")
    facts = None if text is None else json.loads(text)
    return facts if facts is not None and facts["size"] == len(trains) else None
