from .._types import Floats
from .buffers import PoissonInput

def poisson_input(source: PoissonInput, dt: float, v: Floats) -> None: ...
