"""What a population was before the first step of its network, so that `Network.reset` can go back there."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ._attributes import CHANGED_BY_STEPS, NOT_STATE, Watched
from ._generators import generator_state, set_generator_state
from ._owners import parts

if TYPE_CHECKING:
    from .LIF_Pop import baseLIFPop

# of stimuli all is kept, of other currents and of the population what steps change, and what a reset draws anew
KEPT = CHANGED_BY_STEPS | {"_pending", "_spikeTime", "numSpikes", "_drawn"}
DRAWN_ANEW = ("g", "_drawn_g")


class Origin:
    """State, stimuli and generators of a population at one time, and the seed of the run that begins there."""

    def __init__(self, population: baseLIFPop, seed: int | None) -> None:
        self.seed = seed
        self._afferents = population.afferents
        self._saved = [(part, _saved(part, part is population.afferents)) for part in parts(population)]
        self._generators = [(source, generator_state(source)) for source in _generators(population)]

    def restore(self, population: baseLIFPop) -> None:
        """Bring a population back; parameters that are no stimulus stay as they are by now."""
        # a reset draws these anew, whoever has set them
        spread: list[Any] = [part for part in parts(population) if vars(part).get("_spread")]
        set_since = [(part, {name: vars(part)[name] for name in DRAWN_ANEW if name in vars(part)})
                     for part in spread if not part._has_drawn_g()]
        with _away_from_the_global_generator(population):
            population.reset()
        self._restore(population)
        for part, values in set_since:
            part.__dict__.update(values)
            part._expire()

    def _restore(self, population: baseLIFPop) -> None:
        population.afferents = self._afferents
        known = [part for part, _ in self._saved]
        for part, values in self._saved:
            part.__dict__.update({name: _copied(value) for name, value in values.items()})
        for part in parts(population):
            if not any(part is other for other in known):
                part.__dict__.update({name: np.zeros_like(vars(part)[name]) for name in KEPT & vars(part).keys()})
            part.__dict__.pop("_touched", None)
            part._expire()
        population._excitation.clear()
        population._inhibition.clear()
        for source, known_state in self._generators:
            set_generator_state(source, known_state)


def _saved(part: Watched, whole: bool) -> dict[str, Any]:
    names = vars(part).keys() - set(NOT_STATE) if whole else (
        KEPT & vars(part).keys())
    if vars(part).get("_spread"):
        names = names | {name for name in DRAWN_ANEW if name in vars(part)}
    return {name: _copied(vars(part)[name]) for name in names if not isinstance(vars(part)[name], Watched)}


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, (np.ndarray, list)) else value


def _generators(population: baseLIFPop) -> list[Any]:
    found: list[Any] = []
    for part in parts(population):
        source = vars(part).get("rng")
        if source is not None and not any(source is known for known in found):
            found.append(source)
    return found


@contextlib.contextmanager
def all_or_nothing(populations: list[baseLIFPop]) -> Iterator[None]:
    """Have populations be as they were if the block fails."""
    things = [(part, dict(vars(part))) for population in populations for part in parts(population)]
    generators = [(source, generator_state(source)) for population in populations
                  for source in _generators(population)]
    try:
        yield
    except BaseException:
        for part, attributes in things:
            part.__dict__.clear()
            part.__dict__.update(attributes)
            part._expire()
        for source, known_state in generators:
            set_generator_state(source, known_state)
        raise


@contextlib.contextmanager
def _away_from_the_global_generator(population: baseLIFPop) -> Iterator[None]:
    """Have what a population draws in the block, and nobody keeps, be drawn from elsewhere than NumPy's generator."""
    others = [part for part in parts(population) if vars(part).get("rng", 0) is None]
    for part in others:
        part.__dict__["rng"] = np.random.default_rng(0)
    try:
        yield
    finally:
        for part in others:
            part.__dict__["rng"] = None
