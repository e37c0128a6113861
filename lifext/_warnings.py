"""The warnings of this package, which have one base class, so that one filter makes errors of them all."""
from __future__ import annotations

__all__ = ["LifextWarning", "NumericalWarning", "ParameterWarning", "PerformanceWarning", "ReproducibilityWarning",
           "TrialWarning"]


class LifextWarning(UserWarning):
    """Base class of all warnings of this package.

    Examples
    --------
    >>> import warnings, lifext as lx
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", lx.LifextWarning)
    """


class NumericalWarning(LifextWarning):
    """The published scheme left the range in which its numbers mean something: says where, when and what helps."""


class ParameterWarning(LifextWarning):
    """A parameter or a weight is outside of what a neuron can have, or has no effect where it is."""


class PerformanceWarning(LifextWarning):
    """A population that the compiled loop steps through Python or in the slower arithmetic, and why."""


class ReproducibilityWarning(LifextWarning):
    """Something that the seed does not decide."""


class TrialWarning(LifextWarning):
    """A trial that failed, or trials that a store does not have."""
