"""Where NumPy's random generators are."""
from __future__ import annotations

from typing import Any

import numpy as np


def generator_state(source: Any) -> Any:
    """Return where a NumPy Generator or RandomState is."""
    return source.bit_generator.state if isinstance(source, np.random.Generator) else source.get_state(legacy=False)


def set_generator_state(source: Any, state: Any) -> None:
    """Bring one of them there."""
    if isinstance(source, np.random.Generator):
        source.bit_generator.state = state
    else:
        source.set_state(state)
