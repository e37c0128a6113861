from ..._types import Floats, Neurons
from ..shared.logs import SpikeLog
from ..shared.spikes import SpikeHistory
from .emitter import Emitter

def in_steps(times: Floats, dt: float) -> tuple[Neurons, Floats]: ...

class SpikeSourceEmitter(Emitter):
    def __init__(self, ids: Neurons, times: Floats, dt: float, history: SpikeHistory, log: SpikeLog | None = None,
                 first: int = 0) -> None: ...
