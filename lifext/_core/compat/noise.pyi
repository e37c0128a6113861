from ..._types import Floats
from ..shared.buffers import PoissonInput

def poisson_input(source: PoissonInput, dt: float, v: Floats) -> None: ...
