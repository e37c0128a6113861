"""Pictures of network activity; needs matplotlib, the ``plot`` extra.

Each function draws one thing on the axes given, and returns them, so that a figure is put
together, and changed afterwards, with matplotlib's own means. Each takes the records of a
`Network` as they are, or arrays.

Units: ms, mV, nA, Hz.
"""
from ._axes import need_matplotlib, seconds, shade
from ._currents import currents
from ._raster import raster
from ._rate import population_rate
from ._ring import ring_activity
from ._voltage import voltage

__all__ = ["currents", "need_matplotlib", "population_rate", "raster", "ring_activity", "seconds", "shade",
           "voltage"]
