"""What state variables can be, and what is said where they are not.

In the fast arithmetic gating that saturates is in [0, 1], all other gating is >= 0, and all is finite, whatever
arrives. What leaves that range is a network that means nothing, so a run ends with an error. The published scheme has
no such promise: its numbers are kept, and a warning says where they left their range.
"""
from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _plausible, kinetics
from ._core.shared.ranges import first_outside
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


class Check(NamedTuple):
    """A state variable, where it is kept, and its bounds."""

    population: str
    variable: str
    owner: dict[str, Any]
    attribute: str
    least: float
    most: float


def checks_of(name: str, population: baseLIFPop, *, fast: bool, signed: Collection[str] = ()) -> list[Check]:
    """Return what the state of a population is to be held to, as long as none of its parts is replaced.

    Parameters
    ----------
    name : str
        What the population is called.
    population : baseLIFPop
        Whose state is looked at.
    fast : bool
        Whether it is stepped in the fast arithmetic; of any other only numbers that are not finite are refused.
    signed : collection of {"ampa", "nmda", "gaba"}
        Receptors that negative weights reach, whose gating has no lower bound.
    """
    finite = float(np.finfo(np.float64).max)
    potential = MOST_POTENTIAL if fast else finite
    found = [Check(name, "the potential v", vars(population), "_vM", -potential, potential)]
    for receptor, attribute in RECEPTORS.items():
        kinetic = getattr(getattr(population, attribute), "kinetic", None)
        if isinstance(kinetic, kinetics.kineticBase):
            bounded = fast and receptor not in signed and _opens(kinetic)
            found += _gating(name, receptor, kinetic, bounded, finite)
    return found


def _gating(name: str, receptor: str, kinetic: Any, bounded: bool, finite: float) -> list[Check]:
    saturates = type(kinetic) in (kinetics.firstOrdKin, kinetics.secondOrdKin)
    least, most = (0.0, 1.0 + SLACK if saturates else finite) if bounded else (-finite, finite)
    found = [Check(name, f"the gating s_{receptor}", vars(kinetic), "_s", least, most)]
    if isinstance(kinetic, kinetics.secondOrdKin):
        found.append(Check(name, f"the gating x_{receptor}", vars(kinetic), "_x", least, finite))
    return found


def check_state(checks: Iterable[Check], time: float) -> None:
    """Refuse a state that has left its range.

    Parameters
    ----------
    checks : iterable of Check
        Of all populations.
    time : float
        ms, for the error.

    Raises
    ------
    NumericalError
        Names the population, the neuron and the time.
    """
    for check in checks:
        values = check.owner[check.attribute]
        if values.dtype != np.float64 or values.ndim != 1 or not values.flags.c_contiguous:
            values = np.ascontiguousarray(values, dtype=np.float64).reshape(-1)
        neuron = first_outside(values, check.least, check.most)
        if neuron >= 0:
            bound = (f"from {check.least:g} to {check.most:g}" if math.isfinite(check.most)
                     else f"finite and >= {check.least:g}")
            raise NumericalError(f"{check.population}: {check.variable} of neuron {neuron} must be {bound}, got "
                                 f"{values[neuron]} at {time:g} ms; {HELP}")


def _opens(kinetic: Any) -> bool:
    """Whether a spike of positive weight opens these receptors; one of a user's own may do as it likes."""
    own = type(kinetic) in (kinetics.firstOrdKin, kinetics.firstOrdKinExp, kinetics.secondOrdKin)
    return own and all(np.min(getattr(kinetic, name, 0.0)) >= 0 for name in ("alpha_s", "alpha_x"))


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
    if cell is None or cell.is_told():
        return
    for what, time in cell.strays():
        if signed and (what == "potential" or what.lower() in signed):
            continue
        if what == "spike time":
            _warn_once(population, what, f"{name}: a spike in the step at {time:g} ms is timed far outside of that "
                       "step, as published, since the potential was above threshold and hardly moved; its refractory "
                       "period ends as far off. Keep potentials below threshold, or use Network without compat=True")
        elif what == "potential" and np.isnan(population._vM).any():
            # by hand: after a run of a network it is an error
            _warn_once(population, what, f"{name}: a potential is not a number in the step at {time:g} ms: "
                       "look at what was set before it")
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
