"""What a network refuses: members, seeds, times, and states of networks that were built in another way."""
from __future__ import annotations

import os
import reprlib
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from .. import _validate
from .._validate import refuse


def whole_steps(owner: object, name: str, value: Any, dt: float, at_least: int = 0) -> int:
    """Return how many steps of `dt` a time is; one that is no multiple of dt, to 1e-9 of it, is refused."""
    value = _validate.number(owner, name, value, at_least=0)
    steps: int = round(min(value / dt, _validate.MOST_STEPS))
    if steps >= _validate.MOST_STEPS:
        refuse(ValueError, owner, name, f"less than 2**62 steps of dt = {dt} ms", value)
    if abs(steps * dt - value) > 1e-9 * max(value, dt) or steps < at_least:
        refuse(ValueError, owner, name, f"a multiple of dt = {dt} ms, >= {at_least * dt} ms", value)
    return steps


def one_of(owner: object, name: str, value: Any, known: Sequence[object], what: str) -> int:
    """Return the index of an object in a list of known ones, found by identity."""
    for k, candidate in enumerate(known):
        if candidate is value:
            return k
    raise ValueError(f"{type(owner).__name__}: {name} must be {what}, got {reprlib.repr(value)}")


def new_member(owner: object, name: str, value: Any, kind: type | tuple[type, ...], names: Collection[str],
               known: Sequence[object]) -> None:
    """Refuse what is not of a kind, or has been added before, itself or its name."""
    if not isinstance(value, kind):
        refuse(TypeError, owner, name, "a population", value)
    _validate.population_name(owner, "the name", name)
    if name in names:
        refuse(ValueError, owner, name, "a name that is not taken", value)
    if any(other is value for other in known):
        refuse(ValueError, owner, name, "a population not added before", value)


def network_seed(owner: object, seed: Any, fast: bool) -> int | None:
    """Return a whole number that stands for a seed of any kind; None where there are no random streams to seed."""
    bound = "None, a whole number >= 0, a numpy SeedSequence or a numpy Generator"
    if not fast:
        if seed is not None:
            refuse(ValueError, owner, "seed", "left out with compat=True, where populations have an rng", seed)
        return None
    if seed is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    if type(seed) is np.random.SeedSequence:
        words = seed.generate_state(4)
    elif isinstance(seed, np.random.Generator):
        words = seed.integers(2**32, size=4, dtype=np.uint32)
    else:
        try:
            return _validate.seed_number(owner, "seed", _validate.whole(owner, "seed", seed, 0, None))
        except TypeError:
            refuse(TypeError, owner, "seed", bound, seed)
    return sum(int(word) << 32*k for k, word in enumerate(words))


def precision(owner: object, value: Any, fast: bool) -> np.dtype[Any]:
    """Return in which kind of floating-point numbers a network keeps its state."""
    scalar = isinstance(value, type) and issubclass(value, np.generic)
    name = value.name if isinstance(value, np.dtype) else value.__name__ if scalar else value
    if not isinstance(name, str):
        refuse(TypeError, owner, "dtype", "'float64' or 'float32'", value)
    if name not in ("float64", "float32"):
        refuse(ValueError, owner, "dtype", "'float64' or 'float32'", value)
    if name != "float64" and not fast:
        refuse(ValueError, owner, "dtype", "'float64' with compat=True", value)
    return np.dtype(name)


def has_neurons(owner: object, name: str, value: Any, kind: type) -> None:
    """Refuse what only emits spikes where something is to receive or to have them."""
    if not isinstance(value, kind):
        refuse(ValueError, owner, name, "a population, as a source of spikes has no neurons", value)


def for_fast(owner: object, name: str, value: Any, fast: bool) -> None:
    """Refuse a model that the published code does not have with ``compat=True``."""
    if not fast:
        refuse(ValueError, owner, name, "of the published code with compat=True, which has its models only", value)


def own_spikes(population: Any, spiked: NDArray[Any], times: NDArray[Any]) -> None:
    """Refuse what a population's own method has left as its spikes."""
    if spiked.dtype != np.bool_ or spiked.shape != (population.size,):
        raise ValueError(f"{type(population).__name__}: _spiked must be an array of booleans of shape "
                         f"({population.size},), got shape {spiked.shape} of {spiked.dtype}")
    if times.dtype.kind not in "iuf" or times.size != population.size:
        raise ValueError(f"{type(population).__name__}: _spikeTime must be an array of numbers of shape "
                         f"({population.size}, 1), got shape {times.shape} of {times.dtype}")


def synapse(owner: object, value: Any, kind: type) -> None:
    """Refuse what is no description of a synapse."""
    if value is not None and not isinstance(value, kind):
        refuse(TypeError, owner, "synapse", "None or a ShortTerm", value)


def fast_target(owner: object, what: str, target: str) -> None:
    """Refuse what reaches only populations that the fast arithmetic steps."""
    raise ValueError(f"{type(owner).__name__}: {what} onto {target} must be onto a population that the fast arithmetic "
                     "steps")


def published_kind(owner: object, value: Any, published: Sequence[object], why: str) -> None:
    """Refuse a kind of projection that the published scheme does not have."""
    if value not in published:
        refuse(ValueError, owner, "kind", f"{' or '.join(map(repr, published))} {why}", value)


def seeded(owner: object, fast: bool) -> None:
    """Refuse a seed where there are no random streams of the network's own."""
    if not fast:
        raise ValueError(f"{type(owner).__name__}: has no seed with compat=True; give its populations another rng")


def not_running(owner: object, running: int | None) -> None:
    """Refuse what would change a network under a run."""
    if running:
        raise RuntimeError(f"{type(owner).__name__}: is running; run, reset, reseed and load_state wait until it is "
                           "done, and cannot be called from a callback of the run")


def same_file(owner: object, name: str, to: Any, file: str | None) -> None:
    """Refuse to record to another place than the one recorded to already."""
    if to is not None and (file is None or os.path.abspath(_validate.file_name(owner, "to", to)) != file):
        place = "in memory" if file is None else f"to {file}"
        raise ValueError(f"{type(owner).__name__}: to must be left out, as {name!r} is recorded {place} already, "
                         f"got {reprlib.repr(to)}")


def own_class(path: str, thing: object, classes: Collection[type]) -> None:
    """Refuse an object of a user's own class, of which nobody knows what its state is."""
    if type(thing) not in classes:
        raise TypeError(f"Network: a state file has objects of this package's classes only, got {path}, "
                        f"a {type(thing).__name__}; such a network can be pickled")


def own_generator(path: str, bit_generator: object) -> None:
    """Refuse a bit generator that is not NumPy's own."""
    if not type(bit_generator).__module__.startswith("numpy.random"):
        raise TypeError(f"Network: a state file has NumPy's bit generators only, got {path}, on a "
                        f"{type(bit_generator).__name__}; such a network can be pickled")


def no_state(path: str, value: Any) -> NoReturn:
    """Refuse an attribute that a state file has no place for."""
    raise TypeError(f"Network: a state file has numbers, arrays and lists of floats only, got {path}, a "
                    f"{type(value).__name__}; such a network can be pickled")


def same_structure(path: str, saved: dict[str, Any], network: dict[str, Any]) -> None:
    """Refuse a state of a network that was built in another way, and say what the first difference is."""
    for what in [*network, *saved]:
        there, here = (side.get(what, "not there") for side in (saved, network))
        if there != here and what == "random streams":
            streams = [range(len(network["populations"])) if side == "not there" else side for side in (there, here)]
            places = [_short([place + 1 for place in side]) for side in streams]
            raise ValueError("Network: the state must be that of a network built the same way, got one whose "
                             f"populations have other random streams: they were number {places[0]} of all ever added "
                             f"in {path}, and are number {places[1]} here; before load_state, add and remove the same "
                             "ones in the same order")
        if there != here:
            raise ValueError(f"Network: the state must be that of a network built the same way, got one of which "
                             f"{what} is {_short(there)} in {path}, and {_short(here)} here")


def _short(value: Any) -> str:
    return value if isinstance(value, str) else reprlib.repr(value)


def damaged_file(path: str, format: str, error: BaseException) -> NoReturn:
    """Refuse a file that is not what it should be."""
    raise ValueError(f"Network: the state must be a {format}, whole and unchanged, got {path}: {error}") from error


def interval(owner: object, name: str, value: Any, dt: float) -> tuple[int, Any] | None:
    """Return how many steps apart a function is to be called, and the function; None where there is none."""
    if value is None:
        return None
    bound = "a pair (interval in ms, function)"
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        refuse(TypeError, owner, name, bound, value)
    steps = whole_steps(owner, name, value[0], dt, at_least=1)
    if not callable(value[1]):
        refuse(TypeError, owner, f"{name}[1]", "a function", value[1])
    return steps, value[1]


def name_of(owner: object, name: Any, known: Sequence[str]) -> int:
    """Return which of some populations has a name."""
    if name not in known:
        raise KeyError(f"{type(owner).__name__}: the name must be one of {', '.join(known) or '(none yet)'}, "
                       f"got {name!r}")
    return known.index(name)


def shared_part(owner: object, one: str, other: str, part: object) -> NoReturn:
    """Refuse populations that share a part."""
    raise ValueError(f"{type(owner).__name__}: populations must each have their own currents and kinetics, got {one} "
                     f"and {other}, which share a {type(part).__name__}; give one of them its own (copy.deepcopy)")


def no_shallow_copy(owner: object) -> NoReturn:
    """Refuse a copy that would step the same populations."""
    raise TypeError(f"{type(owner).__name__}: a copy must have populations of its own, which copy.copy does not give; "
                    "use fork(seed) or copy.deepcopy")
