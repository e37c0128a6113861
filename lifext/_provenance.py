"""What a file has to say about where it comes from, in a form that JSON has."""
from __future__ import annotations

import hashlib
import platform
import sysconfig
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._attributes import Parameter, Part, Random, Size, Spiked, State, Watched
from ._core.shared import loops
from .sources import SpikeSource
from .weights import Weights

if TYPE_CHECKING:
    from ._network.model import Model

# of an array with more elements there is the shape only: a matrix of gigabytes should not hold up a run
LARGE = 2**20
# not parameters: what is recorded of a current, and what is computed
LEFT_OUT = ("record", "record_rate", "track", "track_ID", "numSpikes")


def provenance(dt: float, seed: int | None) -> dict[str, Any]:
    """Return what can change the numbers of a run, by name: versions, instruction set, step (ms) and seed."""
    from . import __version__

    return {"lifext": __version__, "numpy": np.__version__, "python": platform.python_version(),
            "platform": sysconfig.get_platform(), "instruction_set": loops.chosen(), "dt": dt, "seed": seed}


def of_network(network: Model) -> dict[str, Any]:
    """Return the provenance of a network's run, with the parameters of all that is in it."""
    names = network._names
    return {**provenance(network.dt, network.seed), "arithmetic": "fast" if network._fast else "compat",
            "dtype": network.dtype.name,
            "populations": dict(zip(names, map(_facts, network._populations))),
            "projections": [_projection(names[made.source], names[made.target], made.weights, made.kind,
                                        made.delay * network.dt, made.begin * network.dt, made.synapses)
                            for made in network._projections]}


def _facts(emitter: Any) -> dict[str, Any]:
    if isinstance(emitter, SpikeSource):
        return {"class": _class_name(emitter), "size": emitter.size, "times": _summary(emitter.times),
                "ids": _summary(emitter.ids)}
    return parameters(emitter)


def parameters(thing: Any, wholes: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Return the class of a population, current or kinetic, and its parameters, with those of its parts.

    Of a part, `wholes` are the objects that it is in. Its size and, if it has no other, its
    random source are theirs, and left out.
    """
    facts: dict[str, Any] = {"class": _class_name(thing)}
    for name, value in vars(thing).items():
        declared = getattr(type(thing), name, None)
        if isinstance(value, Watched):
            # a user's class may refer back to what it is in
            around = (*wholes, thing)
            if not any(value is whole for whole in around):
                facts[name] = parameters(value, around)
        elif isinstance(declared, Part):
            facts[name] = {"class": _class_name(value)}
        elif isinstance(declared, Random):
            if not any(getattr(whole, name, None) is value for whole in wholes):
                facts[name] = _random_source(value)
        elif _is_parameter(declared, name, value) and not (wholes and isinstance(declared, Size)):
            facts[name.lstrip("_")] = _value(value)
    return facts


def _is_parameter(declared: object, name: str, value: Any) -> bool:
    if name in LEFT_OUT or isinstance(declared, (State, Spiked)):
        return False
    # a user's class may keep its own without declaring them
    return isinstance(declared, Parameter) or (
        not name.startswith("_") and isinstance(value, (bool, np.bool_, int, float, str)))


def _projection(source: str, target: str, weights: Weights, kind: str, delay: float, begin: float,
                synapses: Any) -> dict[str, Any]:
    values = {name.lstrip("_"): _value(value) for name, value in vars(weights).items()
              if isinstance(value, (bool, int, float, np.ndarray))}
    facts: dict[str, Any] = {"source": source, "target": target, "kind": kind, "delay": delay, "begin": begin}
    if synapses is not None:
        description = synapses.description
        facts["synapse"] = {"class": _class_name(description),
                            **dict(zip(description.core["parameters"], description.parameters()))}
    return {**facts, "weights": {"class": _class_name(weights), "shape": list(weights.shape or ()), **values}}


def _class_name(thing: Any) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def _value(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _summary(value)
    return value.item() if isinstance(value, np.generic) else value


def _summary(array: NDArray[Any]) -> dict[str, Any]:
    """Return shape, mean, standard deviation and bounds of an array, and a hash that tells it from others."""
    facts: dict[str, Any] = {"shape": list(array.shape)}
    if not 0 < array.size <= LARGE:
        return facts
    as_hashed = np.ascontiguousarray(array, dtype="<f8" if array.dtype.kind == "f" else "<i8")
    return {**facts, "mean": float(array.mean()), "sd": float(array.std()), "min": array.min().item(),
            "max": array.max().item(), "sha256": hashlib.sha256(as_hashed.data).hexdigest()}


def _random_source(source: Any) -> dict[str, Any] | None:
    """Return what a source of random numbers is, and what it was seeded with, where that can be known."""
    if source is None:
        return None
    facts: dict[str, Any] = {"class": _class_name(source)}
    if isinstance(source, np.random.Generator):
        facts["bit_generator"] = type(source.bit_generator).__name__
        seed = getattr(source.bit_generator, "seed_seq", None)
        if isinstance(seed, np.random.SeedSequence):
            facts |= {"entropy": _listed(seed.entropy), "spawn_key": _listed(seed.spawn_key)}
    return facts


def _listed(entropy: Any) -> Any:
    return entropy if entropy is None or isinstance(entropy, int) else [int(word) for word in entropy]
