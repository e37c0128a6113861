"""Signals that wait until nothing is half done: a Ctrl-C in the midst of a step would leave a state that never was."""
from __future__ import annotations

import importlib.util
import signal
import threading
from collections.abc import Callable
from typing import Any, Self

# CPython has the same functions without their enums, which cost a short run more than its steps
_quick: Any = importlib.import_module("_signal") if importlib.util.find_spec("_signal") else signal

# those that Python code may turn into an exception, as far as the platform has them; Ctrl-C is given back last
NAMES = ("SIGTERM", "SIGHUP", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGUSR1", "SIGUSR2", "SIGBREAK", "SIGINT")
NUMBERS = [int(getattr(signal, name)) for name in NAMES if hasattr(signal, name)]


class Held:
    """A block in which the handlers of signals are not called, but at its end, or where it asks for them (`hear`).

    In another thread than the main one, where Python calls no handlers, it does nothing.

    Parameters
    ----------
    patience : int, optional
        So many signals that nobody has heard are heard at once: a step of the user's own code may never end.
    """

    def __init__(self, patience: int | None = None) -> None:
        self._patience = patience
        self._came: list[tuple[int, Any]] = []
        self._handlers: dict[int, Callable[[int, Any], Any]] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            try:
                for number in NUMBERS:
                    handler = _quick.getsignal(number)
                    if callable(handler):
                        self._handlers[number] = handler
                        _quick.signal(number, self._note)
            except BaseException:
                # one came before its handler was taken away
                self._give_back()
                raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._give_back()
        self.hear()

    def _give_back(self) -> None:
        for number, handler in self._handlers.items():
            # unless the block has set another
            if _quick.getsignal(number) == self._note:
                _quick.signal(number, handler)

    def _note(self, number: int, frame: Any) -> None:
        self._came.append((number, frame))
        if self._patience is not None and len(self._came) >= self._patience:
            self.hear()

    def hear(self) -> None:
        """Call the handlers of the signals that have come, which may raise what they will."""
        while self._came:
            number, frame = self._came.pop(0)
            self._handlers[number](number, frame)
