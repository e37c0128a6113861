from collections.abc import Callable
from typing import Any

from ..._signals import Held
from ..shared.logs import SpikeLog, StateLog
from ..shared.rows import Rows
from ..shared.spikes import SpikeBuffer, SpikeHistory

class CompatEmitter:
    def __init__(self, stepper: Any, history: SpikeHistory, log: SpikeLog | None = None, *,
                 compiled: bool = True, inside: bool = False) -> None: ...
    def finish(self, last: int) -> None: ...

class CompatProjection:
    def __init__(self, rows: Rows, source: CompatEmitter, target: SpikeBuffer, delay: int,
                 receive: Callable[..., object] | None = None, begin: int = 0) -> None: ...

class CompatLoop:
    def __init__(self, emitters: list[CompatEmitter], projections: list[CompatProjection], traces: list[StateLog],
                 step: int, dt: float) -> None: ...
    @property
    def step(self) -> int: ...
    def run(self, count: int, held: Held, check: Callable[[int], object]) -> None: ...
