"""What a file has to say about where it comes from."""
from __future__ import annotations

from typing import Any

import numpy as np

from ._core import loops


def provenance(dt: float, seed: int | None) -> dict[str, Any]:
    """Return what can change the numbers of a run, by name: versions, instruction set, step (ms) and seed."""
    from . import __version__

    return {"lifext": __version__, "numpy": np.__version__, "instruction_set": loops.chosen(), "dt": dt, "seed": seed}
