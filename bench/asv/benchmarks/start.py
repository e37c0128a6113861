"""What a fresh process takes until lifext can be used, and until it has a first result."""
from . import BENCH


def timeraw_import():
    """Import, without NumPy's own."""
    return "import lifext", "import numpy"


def timeraw_first_result():
    """Import, build, and 100 ms of the ring, as the race has it."""
    return f"""
import sys
sys.path.append({str(BENCH / "asv")!r})
from benchmarks.networks import turn_of
turn_of("ring", ms=100.0)()
"""
