"""What state variables can be, and what is said where they are not.

In the fast arithmetic gating that saturates is in [0, 1], all other gating is >= 0, and all is finite, whatever
arrives. What leaves that range is a network that means nothing, so a run ends with an error. The published scheme has
no such promise: its numbers are kept, and a warning says where they left their range.
"""
from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _plausible, kinetics
from ._core.ranges import first_outside
from ._types import Floats
from ._warnings import NumericalWarning

if TYPE_CHECKING:
    from .LIF_Pop import baseLIFPop

__all__ = ["NumericalError"]

# mV; an integration that has become unstable is beyond it within a few steps, and no cell's potential ever is
MOST_POTENTIAL = 1e4
# rounding
SLACK = 1e-9
RECEPTORS = {"ampa": "AMPA", "nmda": "NMDA", "gaba": "GABA"}
HELP = "a smaller dt, smaller weights or conductances help"


class NumericalError(ArithmeticError):
    """The state of a population is not finite, or outside of what its equations allow, after a run."""


def check_state(name: str, population: baseLIFPop, time: float, *, fast: bool, signed: Collection[str] = ()) -> None:
    """Refuse a state that has left its range.

    Parameters
    ----------
    name : str
        What the population is called.
    population : baseLIFPop
        Whose state is looked at.
    time : float
        ms, for the error.
    fast : bool
        Whether it is stepped in the fast arithmetic; of any other only numbers that are not finite are refused.
    signed : collection of {"ampa", "nmda", "gaba"}
        Receptors that negative weights reach, whose gating has no lower bound.

    Raises
    ------
    NumericalError
        Names the population, the neuron and the time.
    """
    for variable, values, least, most in _variables(population, fast, signed):
        neuron = first_outside(values, least, most)
        if neuron >= 0:
            bound = f"from {least:g} to {most:g}" if math.isfinite(most) else f"finite and >= {least:g}"
            raise NumericalError(f"{name}: {variable} of neuron {neuron} must be {bound}, got {values[neuron]} at "
                                 f"{time:g} ms; {HELP}")


def _variables(population: baseLIFPop, fast: bool,
               signed: Collection[str]) -> Iterator[tuple[str, Floats, float, float]]:
    finite = float(np.finfo(np.float64).max)
    potential = MOST_POTENTIAL if fast else finite
    yield "the potential v", _flat(population._vM), -potential, potential
    for receptor, attribute in RECEPTORS.items():
        kinetic = getattr(getattr(population, attribute), "kinetic", None)
        if isinstance(kinetic, kinetics.kineticBase):
            bounded = fast and receptor not in signed and _opens(kinetic)
            yield from _gating(receptor, kinetic, bounded, finite)


def _gating(receptor: str, kinetic: Any, bounded: bool, finite: float) -> Iterator[tuple[str, Floats, float, float]]:
    saturates = type(kinetic) in (kinetics.firstOrdKin, kinetics.secondOrdKin)
    least, most = (0.0, 1.0 + SLACK if saturates else finite) if bounded else (-finite, finite)
    yield f"the gating s_{receptor}", _flat(kinetic._s), least, most
    if isinstance(kinetic, kinetics.secondOrdKin):
        yield f"the gating x_{receptor}", _flat(kinetic._x), least, finite


def _opens(kinetic: Any) -> bool:
    """Whether a spike of positive weight opens these receptors; one of a user's own may do as it likes."""
    own = type(kinetic) in (kinetics.firstOrdKin, kinetics.firstOrdKinExp, kinetics.secondOrdKin)
    return own and all(np.min(getattr(kinetic, name, 0.0)) >= 0 for name in ("alpha_s", "alpha_x"))


def _flat(values: Any) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float64).reshape(-1)


def warn_of_strays(name: str, population: baseLIFPop, signed: Collection[str] = ()) -> None:
    """Warn, once a population and variable, of what left its range, as the scheme lets it.

    Parameters
    ----------
    name : str
        What the population is called.
    population : baseLIFPop
        Whose record tells what has strayed.
    signed : collection of {"ampa", "nmda", "gaba"}
        Receptors that negative weights reach, which may close what is closed, and pull where they should push.
    """
    cell = population.__dict__.get("_lowered")
    if cell is None:
        return
    for what, time in cell.strays():
        if signed and (what == "potential" or what.lower() in signed):
            continue
        if what == "spike time":
            _warn_once(population, what, f"{name}: a spike in the step at {time:g} ms is timed far outside of that "
                       "step, as published, since the potential was above threshold and hardly moved; its refractory "
                       "period ends as far off. Keep potentials below threshold, or use Network without compat=True")
        elif what == "potential":
            _warn_once(population, what, f"{name}: a potential is below all that its currents pull to in the step at "
                       f"{time:g} ms: the integration step is too long for the conductances; {HELP}")
        else:
            _warn_once(population, what, f"{name}: gating of {what} left its range of 0 to 1 in the step at "
                       f"{time:g} ms: the published Euler step is too long for it; {HELP}, or Network without "
                       "compat=True")


def warn_of_long_steps(name: str, population: baseLIFPop, dt: float, reached: Collection[str]) -> None:
    """Warn of receptors that spikes reach and whose rise time is shorter than a step, over which x changes its sign."""
    for receptor, attribute in RECEPTORS.items():
        if receptor not in reached:
            continue
        kinetic = getattr(getattr(population, attribute), "kinetic", None)
        tau = np.min(getattr(kinetic, "tau_x", math.inf))
        if tau < dt:
            _warn_once(population, f"{attribute}.kinetic.tau_x", f"{name}: dt = {dt:g} ms is longer than "
                       f"{attribute}.kinetic.tau_x = {tau:g} ms, so that the published scheme lets its gating change "
                       "sign; a smaller dt helps, or Network without compat=True")


def _warn_once(population: baseLIFPop, what: str, message: str) -> None:
    told = population.__dict__.setdefault("_told", set())
    if what not in told:
        told.add(what)
        _plausible.warn(message, NumericalWarning)
