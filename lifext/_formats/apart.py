"""Files of other programs, read in a process of their own: HDF5 can end the process that reads a damaged one.

That process is another Python, which is told where modules are, what to read, and how; it says on its standard output
what came of it: the length of a text, the text, which is JSON, and the arrays that it announces. Nothing is pickled,
and whoever asked checks the answer as if it stood in the file. It costs the start of a Python, and of the libraries
that read.
"""
from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .._warnings import LifextWarning

START = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from lifext._formats import apart
apart.answer(*json.loads(sys.argv[2]))"""
LENGTH = struct.Struct("<Q")
# more than an answer without its arrays has
MOST_TEXT = 2**31
TYPES = {"<i8", "<f8"}
# exceptions that are no fault of what is in a file
KNOWN: dict[str, type[Exception]] = {kind.__name__: kind for kind in (BlockingIOError, ImportError, MemoryError)}
# s that it may take to end after it has answered
PATIENCE = 10
MOST_WARNINGS = 5
# what no file may bring about, and no library does that it has read one with; the interpreter tells of each (PEP 578)
FORBIDDEN = ("pickle.find_class", "os.system", "os.exec")

Answer = tuple[Any, list[NDArray[Any]]]
_is_apart = False


def ask(reader: str, *arguments: str | None) -> Answer:
    """Return what a reader makes of its arguments in a process of its own.

    Parameters
    ----------
    reader : str
        One of `READERS`.
    *arguments : str or None
        What it is called with.

    Returns
    -------
    document : object
        As JSON has it.
    arrays : list of ndarray of shape (n,)
        int64 or float64.

    Raises
    ------
    ValueError
        What the reader raised, as text, or how the process ended.
    BlockingIOError, ImportError, MemoryError
        If the reader raised it.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        # within another program there is no Python to start
        return READERS[reader](*arguments)
    command = [sys.executable, "-P", "-c", START, json.dumps([path for path in sys.path if isinstance(path, str)]),
               json.dumps([reader, *arguments])]
    # a console of its own would be seen
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          creationflags=hidden) as process:
        try:
            assert process.stdout is not None
            answer = _received(process.stdout)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
        finally:
            # also on Ctrl-C, of which the process itself does not hear
            process.kill()
    if answer is None:
        raise ValueError(f"the process that read it ended {_end(process.returncode)}")
    return _told(*answer)


def _received(pipe: IO[bytes]) -> tuple[dict[str, Any], list[NDArray[Any]]] | None:
    """Return a text and its arrays, or None if the process ended before all had come."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    length, = LENGTH.unpack(head)
    if length > MOST_TEXT:
        raise ValueError(f"the process that read it gave a text of {length} bytes")
    text = pipe.read(length)
    if len(text) < length:
        return None
    facts, arrays = json.loads(text), []
    for dtype, count in facts["arrays"]:
        if dtype not in TYPES or type(count) is not int or count < 0:
            raise ValueError(f"the process that read it gave {count} numbers of {dtype}")
        arrays.append(np.empty(count, dtype))
        # of no numbers there is no byte, which is no end
        if count and pipe.readinto(arrays[-1].data) < arrays[-1].nbytes:  # type: ignore[attr-defined]
            return None
    return facts, arrays


def _told(facts: dict[str, Any], arrays: list[NDArray[Any]]) -> Answer:
    """Return what a reader returned, raise what it raised, and warn of what it warned of."""
    for text in facts["warnings"]:
        warnings.warn(text, LifextWarning, stacklevel=6)
    if facts["error"] is not None:
        raise KNOWN.get(facts["error"], ValueError)(facts["said"])
    return facts["document"], arrays


def _end(code: int) -> str:
    if code >= 0:
        return f"with the exit code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:  # pragma: no cover (a signal without a name)
        return f"by signal {-code}"


def answer(reader: str, *arguments: str | None) -> None:
    """Say on the standard output what a reader makes of its arguments; this runs in the process that `ask` starts."""
    global _is_apart
    _is_apart = True
    # Ctrl-C in a terminal goes to both; who asked ends this
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # what libraries print goes elsewhere
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        facts, arrays = _outcome(READERS[reader], arguments)
        text = json.dumps(facts).encode()
        out.write(LENGTH.pack(len(text)) + text)
        for array in arrays:
            out.write(array.data)


def _outcome(reader: Callable[..., Answer], arguments: tuple[str | None, ...]) -> tuple[dict[str, Any], list[Any]]:
    facts: dict[str, Any] = {"error": None, "said": "", "document": None}
    arrays: list[NDArray[Any]] = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            facts["document"], arrays = reader(*arguments)
        except Exception as error:
            kind = next((name for name, kind in KNOWN.items() if isinstance(error, kind)), type(error).__name__)
            facts.update(error=kind, said=str(error))
    texts = dict.fromkeys(str(warning.message) for warning in told if issubclass(warning.category, UserWarning))
    return {**facts, "warnings": list(texts)[:MOST_WARNINGS],
            "arrays": [(array.dtype.str, len(array)) for array in arrays]}, arrays


def only_read() -> None:
    """Make what a file must not bring about an error, from now on, in the process that `ask` started.

    Readers call it when they have imported what they need.
    """
    if _is_apart:
        sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in FORBIDDEN:
        raise RuntimeError(f"it would bring about {event}")


def _nwb(path: str, name: str | None) -> Answer:
    from . import nwb
    return nwb.read_here(path, name)


def _sonata_units(path: str, name: str) -> Answer:
    from . import sonata
    return sonata.units_here(path, name), []


READERS: dict[str, Callable[..., Answer]] = {"nwb": _nwb, "SONATA units": _sonata_units}
