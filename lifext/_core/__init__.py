"""The numerics: kernels on buffers, which know nothing of the classes that own them.

`kernels` is what the rest of the package calls. It holds the compiled kernels, or, after
``use("reference")`` or with ``LIFEXT_BACKEND=reference`` in the environment, their NumPy
twins of the same signatures.
"""
from __future__ import annotations

import contextlib
import os
import types
from collections.abc import Iterator

from .compat import kinetics as _kinetics
from .compat import membrane as _membrane
from .compat import noise as _noise
from .compat import reference as _reference
from .shared import numpy_loops as _numpy_loops

NAMES = ("walk", "project_gating", "poisson_input", "predict", "predict_if_ready", "advance", "advance_if_ready",
         "mean")

_BACKENDS = {
    "compiled": {name: next(getattr(module, name)
                            for module in (_kinetics, _noise, _membrane, _numpy_loops)
                            if hasattr(module, name))
                 for name in NAMES},
    "reference": {name: getattr(_reference, name) for name in NAMES},
}

kernels = types.SimpleNamespace()


def use(backend: str) -> None:
    """Have `kernels` hold the ``"compiled"`` or the ``"reference"`` ones."""
    if backend not in _BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(_BACKENDS)}, got {backend!r}")
    vars(kernels).update(_BACKENDS[backend], backend=backend)


@contextlib.contextmanager
def using(backend: str) -> Iterator[types.SimpleNamespace]:
    """Use a backend for the length of a ``with`` block."""
    before = kernels.backend
    use(backend)
    try:
        yield kernels
    finally:
        use(before)


try:
    use(os.environ.get("LIFEXT_BACKEND", "compiled"))
except ValueError as error:
    raise ImportError(f"LIFEXT_BACKEND: {error}") from None
