"""Which network a population, or a current of one, is stepped by: one at a time, as it has one clock.

A claim holds its network by a weak reference: a population whose network is gone can be taken by another. What the old
network did to it is undone then, so that it is taken as one that was just made with the same parameters.
"""
from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from . import _plausible, _validate
from ._attributes import CHANGED_BY_STEPS, Watched
from ._network import checks

if TYPE_CHECKING:
    from .LIF_Pop import baseLIFPop

# state that steps change, by name, and what it is in something that was just made
FRESH: dict[str, Any] = {**dict.fromkeys(CHANGED_BY_STEPS - {"_vM"}, 0.0), "_spiked": False}


class Clock(Protocol):
    """What steps populations: a network."""

    @property
    def time(self) -> float:
        """Where the next step starts, ms."""


class Claim:
    """A network's claim on a population and its parts."""

    def __init__(self, network: Clock) -> None:
        self._network = weakref.ref(network)
        self.released = False
        # whether the network has taken a step of it
        self.stepped = False
        # potentials that were set before the first step; None where they were drawn
        self.potentials: Any = None

    def __getstate__(self) -> dict[str, Any]:
        # the copy of a network claims the copies of its populations (`renew`)
        return {**self.__dict__, "_network": None}

    def renew(self, network: Clock) -> None:
        """Be a claim of another network: the copy of the one that it was of."""
        self._network = weakref.ref(network)

    def owner(self) -> Clock | None:
        """Return the network, unless it is gone or has released the population."""
        return None if self.released else self._network()


def parts(thing: Watched) -> Iterator[Watched]:
    """Yield an object with all that it is made of, each once."""
    found: list[Watched] = []
    waiting = [thing]
    while waiting:
        part = waiting.pop()
        if not any(part is known for known in found):
            found.append(part)
            yield part
            waiting += [value for value in vars(part).values() if isinstance(value, Watched)]


def owner_of(part: Watched) -> Clock | None:
    """Return the network that steps a population, or a part of one, if there is one."""
    claim = vars(part).get("_claim")
    return None if claim is None else claim.owner()


def check_free(network: Clock, name: str, population: baseLIFPop) -> None:
    """Refuse a population of which something is another network's."""
    for part in parts(population):
        owner = owner_of(part)
        if owner is not None and owner is not network:
            _validate.taken(network, name, population, part, repr(owner))


def check_apart(network: Clock, names: Sequence[str], populations: Sequence[baseLIFPop]) -> None:
    """Refuse populations that share a current or a kinetic, which would be stepped once for each of them."""
    seen: dict[int, str] = {}
    for name, population in zip(names, populations):
        check_free(network, name, population)
        for part in parts(population):
            if id(part) in seen:
                checks.shared_part(network, seen[id(part)], name, part)
        seen.update({id(part): name for part in parts(population)})


def take(network: Clock, population: baseLIFPop) -> Claim:
    """Make a population a network's; one that another network has stepped is as new then."""
    old = vars(population).get("_claim")
    if old is not None and old.stepped:
        renew(population, old)
    end_foreign_refractoriness(population, network.time)
    # it keeps the state that such steps have left
    forget_steps_by_hand([population])
    claim = Claim(network)
    mark(population, claim)
    return claim


def mark(population: baseLIFPop, claim: Claim) -> None:
    """Note a claim on all that a population is made of by now."""
    for part in parts(population):
        part.__dict__["_claim"] = claim


def renew(population: baseLIFPop, claim: Claim) -> None:
    """Undo what a network's steps left: all state but what was set since, by assignment to the attribute."""
    for part in parts(population):
        touched = part.__dict__.get("_touched", ())
        for name in FRESH.keys() & vars(part).keys() - set(touched):
            part.__dict__[name] = np.full_like(vars(part)[name], FRESH[name])
        if "_pending" in vars(part):
            part.__dict__["_pending"] = np.ones_like(vars(part)["_pending"])
    population.__dict__.update(numSpikes=0, _spikeTime=np.zeros(population.size))
    population._excitation.clear()
    population._inhibition.clear()
    if "_vM" not in population.__dict__.get("_touched", ()):
        if claim.potentials is None:
            population._draw_potentials(np.random if population.rng is None else population.rng)
        else:
            population._vM = claim.potentials.copy()
    population._expire()
    for part in parts(population):
        part._expire()


def warn_of_steps_by_hand(populations: Sequence[tuple[str, baseLIFPop]]) -> None:
    """Warn, once a population, of one that was stepped by hand since its network stepped it."""
    for name, population in populations:
        if "_by_hand" in vars(population):
            _plausible.warn_once(population, "by hand", (
                f"Network: {name} should be stepped by its network only, got steps by hand (processTimeStep) since it "
                "was added or run last: it is ahead of the others, and its spikes then reached nobody; "
                "take it out with remove, or step a copy (copy.deepcopy)"))


def forget_steps_by_hand(populations: Sequence[baseLIFPop]) -> None:
    """Take populations as stepped by their network alone from here on."""
    for population in populations:
        vars(population).pop("_by_hand", None)


def end_foreign_refractoriness(population: baseLIFPop, time: float) -> None:
    """End refractory periods that another clock has left, such as that of a loop by hand.

    None can last longer than from now on, unless its end was set on purpose.
    """
    if "_endRefract" in population.__dict__.get("_touched", ()):
        return
    ends = np.asarray(population._endRefract)
    if (ends > time + np.asarray(population.refDur) + 1e-9).any():
        population.__dict__["_endRefract"] = np.zeros(population.size)
        population._expire()
