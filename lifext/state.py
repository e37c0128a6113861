"""The state of a network in a file, from which a network built the same way continues bit for bit.

The file is an ``.npz`` without pickles: arrays are members under the name of what they are, as
``cells.AMPA._curr``; the member ``state`` is JSON, and has everything else.

A network is seen as its *structure*, facts that have to be the same, and its *slots*, each of
which has a value, and can say what is to be done to have another. A file is loaded in two passes:
each slot checks its new value, and only when all have is any of them changed.
"""
from __future__ import annotations

import dataclasses
import functools
import json
import math
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import LIF_Pop, _archive, _owners, _validate, currents, kinetics
from ._attributes import NOT_STATE, Parameter, Spiked, State, Watched
from ._core.fast.loop import SynapseState
from ._core.shared.spikes import SpikeBuffer, SpikeHistory
from ._formats.checks import OtherSpikes
from ._generators import generator_state, set_generator_state
from ._network import checks
from ._provenance import provenance
from ._types import Path
from .sources import SpikeSource

if TYPE_CHECKING:
    from ._network.running import Running

Action: TypeAlias = Callable[[], object]

__all__ = ["save_state", "load_state"]

FORMAT = "lifext state 1"
OWN_CLASSES = {getattr(module, name) for module in (LIF_Pop, currents, kinetics) for name in module.__all__}


def save_state(network: Running, path: Path) -> None:
    """Write the state of a network to a file.

    Parameters
    ----------
    network : Network
        All parts of its populations must be of this package's own classes.
    path : str or os.PathLike
        Written beside and then put in its place, so that there is always one whole file.

    Raises
    ------
    TypeError
        If a population or a part of it is of a user's own class, or has an attribute that is
        no number, array or list of numbers. Such a network can be pickled.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile, lifext as lx
    >>> def build():
    ...     cells = lx.pyrPop(50, noise_g=0.01, rng=1)
    ...     net = lx.Network(dt=0.05, compat=True)
    ...     net.add(cells=cells)
    ...     return net, cells
    >>> net, cells = build()
    >>> net.run(20.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_state(net, os.path.join(folder, "warm.npz"))
    ...     twin, others = build()
    ...     load_state(twin, os.path.join(folder, "warm.npz"))
    >>> net.run(20.0); twin.run(20.0)
    >>> bool((cells.VMs() == others.VMs()).all())
    True
    """
    path = _validate.file_name("Network", "path", path)
    for record in network._spike_records.values():
        record.flush()
        if record.file is not None and not record.closed:
            record._log.sink.digest(len(record))
    structure, slots = _seen(network)
    arrays: dict[str, NDArray[Any]] = {}
    document = {"format": FORMAT, "provenance": provenance(network.dt, network._seed), "structure": structure,
                "values": {slot.path: _encoded(slot.value, slot.path, arrays) for slot in slots}}
    _archive.write(path, "state", document, arrays)


def load_state(network: Running, path: Path) -> None:
    """Bring a network to the state in a file.

    Parameters
    ----------
    network : Network
        Built the same way as the one that was saved: the same `dt` and `dtype`, populations of the same names,
        classes and sizes, projections between the same ones with the same delays, the same records.
        Parameters, currents that are on and the seed come from the file; weights do not.
    path : str or os.PathLike
        A file of `save_state`.

    Raises
    ------
    ValueError
        If the network was built in another way, the file is damaged or no such file, or a record streams to the file
        that it streamed to then, which no longer has its spikes. The network is as it was then.
    OSError
        If the file cannot be read, or that of a record that streams not be written.

    See Also
    --------
    save_state : has an example.

    Notes
    -----
    A record in memory gets the spikes or samples that it had. One that streams to the file that
    it streamed to then is cut to the length that it had, if the file still begins with the spikes that it had then;
    after another run into the same file it does not, and is refused. One that streams to another file is emptied, to
    go on from where the first file, which is not touched, was at the time. Records keep the provenance that they had.
    """
    path = _validate.file_name("Network", "path", path)
    saved, values = _read(path)
    structure, slots = _seen(network)
    checks.same_structure(path, saved, structure)
    try:
        if values.keys() != {slot.path for slot in slots}:
            raise ValueError("values are missing")
        actions = [slot.plan(values[slot.path]) for slot in slots]
    except OtherSpikes:
        # that file is not this one
        raise
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        checks.damaged_file(path, FORMAT, error)
    origins = network._origins_of_all()
    # those of records that stream come first, since a file may refuse
    for action in actions:
        action()
    # `reset` goes to before the first step: what the network was built as, or a state that is before it
    _owners.forget_steps_by_hand([population for _, population in network._cells()])
    network._origins, network._loop = origins if network._step > 0 else {}, None
    _go_on(network)


def _go_on(network: Running) -> None:
    """Have records go on from the time of the state; what they hold by now is of this network."""
    records = [record for record in network._spike_records.values() if not record.closed]
    for record in records:
        # what streams to another file begins here
        record.start = network.time if record.start is None else record.start
        record._reach(network.time)
    network._describe_records(record for record in records if record.start < record.stop)


@dataclasses.dataclass
class Slot:
    """A piece of state: where it is, what it is, and how it is made another."""

    path: str
    value: Any
    plan: Callable[[Any], Action]  # takes another value, checks it, and returns what is to be called to have it


def _sound(condition: object, what: str) -> None:
    if not condition:
        raise ValueError(f"{what} is not as it was written")


def _seen(network: Running) -> tuple[dict[str, Any], list[Slot]]:
    """Return the structure of a network and its slots."""
    structure = {"dt": network.dt, "arithmetic": _arithmetic(network),
                 "populations": list(network._names)}
    slots = _see_spike_records(network, structure)
    sources: list[Any] = []
    places: dict[int, str] = {}
    for name, population in zip(network._names, network._populations):
        if isinstance(population, SpikeSource):
            structure[name] = (f"{population!r} (checksum {_checksum(population.ids, population.times):08x})")
        else:
            _see_object(name, population, structure, slots, sources, places)
    _see_generators(network, structure, slots, sources)
    _see_network(network, structure, slots)
    _see_state_records(network, structure, slots)
    return structure, slots


def _arithmetic(network: Running) -> str:
    if not network._fast:
        return "compat"
    return "fast" if network.dtype == np.float64 else f"fast with dtype {network.dtype.name}"


# --- the network ---

def _see_network(network: Running, structure: dict[str, Any], slots: list[Slot]) -> None:
    for k, made in enumerate(network._projections):
        structure[f"projection {k}"] = (
            f"{network._names[made.source]} to {network._names[made.target]}, {made.kind}, delay {made.delay} steps, "
            f"shape {tuple(made.weights.shape or ())}")
        if made.synapses is not None:
            structure[f"projection {k}"] += f", {made.synapses.description!r}"
            state, steps, times = made.synapses.arrays()
            names = made.synapses.description.core["state"]
            value = {**dict(zip(names, state)), "steps": steps, "times": times}
            slots.append(Slot(f"synapses of projection {k}", value, functools.partial(_plan_synapses, made.synapses)))
    if network._numbers != list(range(len(network._numbers))):
        # a population was removed: those after it keep their random streams
        structure["random streams"] = list(network._numbers)
    slots.append(Slot("network", {"step": network._step, "seed": network._seed,
                                  "begins": np.array([made.begin for made in network._projections], dtype=np.intp),
                                  "added": np.array([network._begins[number] for number in network._numbers], np.intp)},
                      functools.partial(_plan_network, network)))
    for name, population, history in zip(network._names, network._populations, network._histories):
        spikes = history.slots()
        slots.append(Slot(f"{name} on their way", {
            "counts": np.array([len(ids) for ids, _ in spikes]), "ids": np.concatenate([ids for ids, _ in spikes]),
            "times": np.concatenate([times for _, times in spikes])},
            functools.partial(_plan_history, history, population.size)))


def _plan_network(network: Running, value: Any) -> Action:
    step, seed = value["step"], value["seed"]
    _sound(type(step) is int and 0 <= step < 2**62, "the step")
    _sound(type(seed) is int and seed >= 0 if network._fast else seed is None, "the seed")
    # a file of an earlier version has no projections that were made in mid-run
    begins = value.get("begins", np.zeros(len(network._projections), dtype=np.intp))
    _sound(begins.shape == (len(network._projections),) and begins.dtype.kind == "i"
           and ((begins >= 0) & (begins <= step)).all(), "where a projection begins")
    projections = [dataclasses.replace(made, begin=int(begin)) for made, begin in zip(network._projections, begins)]
    added = value.get("added", np.zeros(len(network._numbers), dtype=np.intp))
    _sound(added.shape == (len(network._numbers),) and added.dtype.kind == "i"
           and ((added >= 0) & (added <= step)).all(), "when a population was added")
    first = dict(zip(network._numbers, map(int, added)))
    return lambda: vars(network).update(_step=step, _seed=seed, _projections=projections, _begins=first)


def _plan_synapses(synapses: SynapseState, value: Any) -> Action:
    state = [value[name] for name in synapses.description.core["state"]]
    steps, times = value["steps"], value["times"]
    for part in (*state, times):
        _sound(part.dtype == np.float64 and part.shape == synapses.last_step.shape and np.isfinite(part).all(),
               "the state of synapses")
    _sound(steps.dtype == np.intp and steps.shape == times.shape and (steps >= -1).all(), "the last spikes of synapses")
    return functools.partial(synapses.restore, state, steps, times)


def _plan_history(history: SpikeHistory, size: int, value: Any) -> Action:
    counts, ids, times = value["counts"], value["ids"], value["times"]
    _sound(counts.shape == (history.depth,) and counts.dtype.kind == "i"
           and (counts >= 0).all() and (counts <= history.size).all(), "the number of spikes of each step")
    _check_spikes(ids, times, size)
    _sound(counts.sum() == len(ids), "the number of spikes")
    ends = np.cumsum(counts)[:-1]
    return functools.partial(history.__setstate__, list(zip(np.split(ids, ends), np.split(times, ends))))


def _check_spikes(ids: Any, times: Any, size: int) -> None:
    _sound(ids.shape == times.shape == (len(ids),), "the shape of spikes")
    _sound(ids.dtype == np.intp and times.dtype == np.float64, "the type of spikes")
    _sound(len(ids) == 0 or 0 <= ids.min() <= ids.max() < size, "a neuron")


# --- populations, currents, kinetics ---

def _see_object(path: str, thing: Any, structure: dict[str, Any], slots: list[Slot], sources: list[Any],
                places: dict[int, str]) -> None:
    """See an object with all its parts; what was seen before, at its other place, only by name."""
    if id(thing) in places:
        structure[path] = f"the same as {places[id(thing)]}"
        return
    places[id(thing)] = path
    checks.own_class(path, thing, OWN_CLASSES)
    attributes = {name: value for name, value in sorted(vars(thing).items()) if name not in NOT_STATE}
    structure[path] = f"{type(thing).__name__} of size {thing.size}"
    structure[f"attributes of {path}"] = list(attributes)
    for name, value in attributes.items():
        place = f"{path}.{name}"
        if isinstance(value, Watched):
            _see_object(place, value, structure, slots, sources, places)
        elif name == "rng":
            structure[place] = _source_name(value, sources)
        elif isinstance(value, SpikeBuffer):
            _, times, weights = value.__reduce__()[1]
            slots.append(Slot(place, {"times": times, "weights": weights}, functools.partial(_plan_buffer, value)))
        else:
            slots.append(Slot(place, value, functools.partial(_plan_attribute, thing, name)))


def _plan_buffer(buffer: SpikeBuffer, value: Any) -> Action:
    times, weights = value["times"], value["weights"]
    _sound(times.ndim == 1 and weights.shape == (len(times), buffer.size), "the shape of received spikes")
    _sound(times.dtype == weights.dtype == np.float64, "the type of received spikes")

    def fill() -> None:
        buffer.clear()
        # nan, so that no time counts as that of no spike
        buffer.receive(np.nan, times, weights)
    return fill


def _plan_attribute(thing: Any, name: str, value: Any) -> Action:
    value = _checked(thing, name, value)

    def change() -> None:
        vars(thing)[name] = value
        thing._expire()
    return change


def _checked(thing: Any, name: str, value: Any) -> Any:
    """Return the value for an attribute, or raise what setting it would; for states nan will do, as in a run."""
    declared = getattr(type(thing), name, None)
    if isinstance(declared, State):
        if not (declared.optional and value is None):
            _sound(value.dtype == np.float64 and value.shape == (thing.size,), name)
        return value
    if isinstance(declared, Parameter):
        if isinstance(declared, Spiked):
            _sound(isinstance(value, np.ndarray), name)
        probe = object.__new__(type(thing))
        vars(probe)["size"] = thing.size
        declared.__set__(probe, value)
        return vars(probe)[name]
    return _checked_like(thing, name, value)


def _checked_like(thing: Any, name: str, value: Any) -> Any:
    """Return the value for an attribute that no descriptor checks, if it is of the kind that it was."""
    present = vars(thing)[name]
    if isinstance(present, np.ndarray):
        _sound(value.dtype == present.dtype and value.size == present.size, name)
    elif isinstance(value, np.ndarray):
        _sound(isinstance(present, (int, float)) and value.shape == (thing.size,), name)
    else:
        _sound(isinstance(value, list) == isinstance(present, list), name)
    return value


# --- random numbers ---

def _source_name(source: Any, sources: list[Any]) -> str:
    """Return what a random source is, and which of those seen; a new one is added to them."""
    if source is None:
        return "NumPy's global generator"
    if not any(source is known for known in sources):
        sources.append(source)
    which = next(k for k, known in enumerate(sources) if known is source)
    shared = next(k for k, known in enumerate(sources) if _bit_generator(known) is _bit_generator(source))
    return f"generator {which}, a {type(source).__name__} on the {type(_bit_generator(source)).__name__} of {shared}"


def _bit_generator(source: Any) -> Any:
    if source is np.random:
        return np.random.get_bit_generator()
    return source._bit_generator if isinstance(source, np.random.RandomState) else source.bit_generator


def _see_generators(network: Running, structure: dict[str, Any], slots: list[Slot], sources: list[Any]) -> None:
    for k, source in enumerate(sources):
        slots.append(_generator_slot(f"generator {k}", source))
    if not network._fast and "NumPy's global generator" in structure.values():
        structure["numpy.random"] = type(_bit_generator(np.random)).__name__
        slots.append(_generator_slot("numpy.random", np.random))
    lent = {str(index): generator_state(source) for index, source in network._generators.items()}
    slots.append(Slot("generators of the seed", lent, functools.partial(_plan_lent, network)))


def _generator_slot(path: str, source: Any) -> Slot:
    checks.own_generator(path, _bit_generator(source))
    return Slot(path, generator_state(source), functools.partial(_plan_generator, source))


def _plan_generator(source: Any, state: Any) -> Action:
    # tried on another of its kind; NumPy takes any position in a batch, and would read there
    trial = type(_bit_generator(source))()
    trial = np.random.Generator(trial) if isinstance(source, np.random.Generator) else np.random.RandomState(trial)
    _sound(0 <= state["state"].get("pos", 0) <= 624 and 0 <= state.get("buffer_pos", 0) <= 4, "a generator's position")
    set_generator_state(trial, state)
    _sound(_alike(generator_state(trial), state), "a generator's state")
    return functools.partial(set_generator_state, source, state)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    return np.array_equal(one, other)


def _plan_lent(network: Running, states: dict[str, Any]) -> Action:
    generators = {}
    for index, state in states.items():
        generators[int(index)] = np.random.default_rng()
        _plan_generator(generators[int(index)], state)()
    _sound(generators.keys() <= set(network._numbers), "a population")
    return lambda: vars(network).update(_generators=generators)


# --- records ---

def _see_spike_records(network: Running, structure: dict[str, Any]) -> list[Slot]:
    slots = []
    for index, record in sorted(network._spike_records.items()):
        if record.closed:
            continue
        path = f"spikes of {network._names[index]}"
        if record.file is None:
            structure[path] = "recorded in memory"
            ids, times = record._log.arrays()
            slots.append(Slot(path, {"ids": ids, "times": times, **_window(record)},
                              functools.partial(_plan_spikes, record)))
        else:
            structure[path] = "streamed to a file"
            slots.append(Slot(path, {"file": record.file, "count": len(record),
                                     "digest": record._log.sink.known_digest(), **_window(record)},
                              functools.partial(_plan_stream, record)))
    # a file may refuse what memory does not
    return sorted(slots, key=lambda slot: "file" not in slot.value)


def _window(record: Any) -> dict[str, Any]:
    facts = record._provenance
    return {"start": record.start, "stop": record.stop, "provenance": None if facts is None else json.dumps(facts)}


def _checked_window(value: Any) -> tuple[float, float, Any]:
    """Return from when to when a record was made, ms, and its provenance, which a file of an earlier version lacks."""
    start, stop, text = value["start"], value.get("stop", value["start"]), value.get("provenance")
    for time in (start, stop):
        _sound(type(time) is float and math.isfinite(time), "the time of a record")
    try:
        facts = None if text is None else json.loads(text)
    except RecursionError:
        facts = text
    _sound(facts is None or isinstance(facts, dict) and isinstance(facts.get("reseeded", []), list), "a provenance")
    return start, stop, facts


def _plan_spikes(record: Any, value: Any) -> Action:
    ids, times = value["ids"], value["times"]
    _check_spikes(ids, times, record.size)
    start, _, facts = _checked_window(value)

    def restore() -> None:
        record._log.restore(ids, times)
        record._begin(start)
        record._provenance = facts
    return restore


def _plan_stream(record: Any, value: Any) -> Action:
    goes_on = value["file"] == record.file
    count, digest, window = value["count"], value.get("digest"), _checked_window(value)
    _sound(type(count) is int and count >= 0 and (digest is None or type(digest) is str), "the spikes of a stream")
    if not goes_on:
        return functools.partial(record._cut, 0, None, None, None)
    record._check_stream(count, digest)
    return functools.partial(record._cut, count, *window)


def _checksum(*arrays: Any) -> int:
    return functools.reduce(lambda sum_, array: zlib.crc32(np.ascontiguousarray(array).data, sum_), arrays, 0)


def _see_state_records(network: Running, structure: dict[str, Any], slots: list[Slot]) -> None:
    for k, record in enumerate(network._state_records):
        neurons = f"{len(record.neurons)} neurons (checksum {zlib.crc32(record.neurons.astype(np.int64).data):08x})"
        structure[f"state record {k}"] = (f"{', '.join(record._variables)} of {neurons} of {record.name}, "
                                          f"every {record._log.interval} steps")
        steps, rows = record._log.samples()
        slots.append(Slot(f"state record {k}", {"steps": steps, **dict(zip(record._variables, rows))},
                          functools.partial(_plan_samples, record)))


def _plan_samples(record: Any, value: Any) -> Action:
    steps, rows = value["steps"], [value[variable] for variable in record._variables]
    _sound(steps.dtype.kind == "i" and steps.ndim == 1, "the steps of samples")
    for row in rows:
        _sound(row.dtype == np.float64 and row.shape == (len(steps), len(record.neurons)), "a sampled variable")
    return functools.partial(record._log.restore, steps, rows)


# --- the file ---

def _encoded(value: Any, path: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """Return a value as JSON has it; arrays are put with the others, and referred to by name, each once."""
    if isinstance(value, np.bool_):
        return bool(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if type(value) is np.ndarray and value.dtype.kind in "biuf":
        name = path if path not in arrays and path != "state" else f"{path} {len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if type(value) is list and all(type(item) is float for item in value):
        return {"list": _encoded(np.array(value, dtype=np.float64), path, arrays)["array"]}
    if type(value) is dict:
        return {"dict": {key: _encoded(item, f"{path}.{key}", arrays) for key, item in value.items()}}
    return checks.no_state(path, value)


def _decoded(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    (kind, content), = value.items()
    if kind == "dict":
        return {key: _decoded(item, arrays) for key, item in content.items()}
    # taken out, so that no two places get one array, and a small file makes no many lists of one
    array = arrays.pop(content)
    if kind == "array":
        return array
    _sound(kind == "list" and array.dtype == np.float64 and array.ndim == 1, "a list of numbers")
    return array.tolist()


def _read(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the structure and the values in a file."""
    with _validate.plain_file("Network", "path", path) as file:
        # whatever its bytes are, they are no more than a wrong file
        try:
            document, arrays = _archive.read(file, "state", FORMAT)
            return dict(document["structure"]), {
                path: _decoded(value, arrays) for path, value in document["values"].items()}
        except Exception as error:
            checks.damaged_file(path, FORMAT, error)
