"""Networks of conductance-based leaky integrate-and-fire neurons at the speed of C.

The classes of a published NumPy code (Calvin and Redish 2021), compiled: same names, same
numbers. Units everywhere: ms, mV, nF, uS, nA, kHz.
"""
from typing import TYPE_CHECKING

try:
    from . import _core as _core
except ImportError as _error:
    from . import _startup
    _reason = _startup.explained(_error)
    _startup.end_the_command(_reason)
    if _reason is not _error:
        # what Python found is a circular import, which leads nowhere
        raise _reason from None
    raise

from . import (
    LIF_Pop,
    _range,
    _warnings,
    currents,
    ivprobs,
    kinetics,
    network,
    recording,
    sources,
    trials,
    weights,
)
from ._range import *
from ._warnings import *
from .currents import *
from .ivprobs import *
from .kinetics import *
from .LIF_Pop import *
from .network import *
from .recording import *
from .sources import *
from .spikeDC import spikeDC
from .synapses.short_term import ShortTerm
from .trials import *
from .weights import *

__version__ = "0.1.0"

# one by one, as type checkers read it
__all__ = ["LIF_Pop", "currents", "ivprobs", "kinetics", "spikeDC", "ShortTerm", "__version__"]
__all__ += LIF_Pop.__all__
__all__ += currents.__all__
__all__ += kinetics.__all__
__all__ += ivprobs.__all__
__all__ += network.__all__
__all__ += recording.__all__
__all__ += sources.__all__
__all__ += trials.__all__
__all__ += weights.__all__
__all__ += _warnings.__all__
__all__ += _range.__all__

if TYPE_CHECKING:
    from . import plot as plot
    from .dropin import install as install
    from .dropin import is_installed as is_installed
    from .dropin import uninstall as uninstall
else:
    def __getattr__(name):
        # what few sessions need is not imported with the package
        if name == "plot":
            import importlib
            return importlib.import_module(".plot", __name__)
        if name in ("install", "is_installed", "uninstall"):
            from . import dropin
            return getattr(dropin, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
