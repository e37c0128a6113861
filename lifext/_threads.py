"""How many threads a network may start in this process, and which of several threads has a network.

Where OpenMP is GNU's, a thread that has run others keeps them for the next time. A fork takes it along without them,
and a run in the child would wait for them endlessly. So the child of a process that has run threads has one.

It also ends the process, without an exception, where the system refuses a thread (a limit of the user's processes, of a
container, of memory). So as many as a run would start are started and ended before it, which is the one question to
which the answer is sure; as a pool of threads is kept, and belongs to the thread that runs, later runs are not asked
about again, unless they want more.
"""
import contextlib
import os
import re
import threading
import time
import warnings
from collections.abc import Iterator

from ._warnings import PerformanceWarning

# more, or more than so many for each processor, would only wait for each other
MOST, MOST_EACH = 64, 4
# of those that the system allows, the share that is left to whatever else starts threads
LEFT = 0.25
# s that go by before a system that has refused is asked again
PATIENCE = 1.0
# s that it may take until threads that have ended no longer count
LINGER = 0.2
TASKS = "/proc/self/task"
UNITS = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30}

# held for the moment in which a thread takes a network for itself
door = threading.Lock()
# held while a file of spikes is open, or spikes go there from memory: HDF5 opens nothing for writing that another
# thread of this process reads, and who reads a record is to find each spike once
spike_files = threading.RLock()
_ran_some = _lost_some = _told = False


class _Pool(threading.local):
    """The threads that OpenMP keeps for this thread, with itself, and when to ask for more than that."""

    size = 1
    again = 0.0


_pool = _Pool()


def allowed(count: int) -> int:
    """Return how many of `count` threads may be started in a run that begins now.

    Warns
    -----
    PerformanceWarning
        Where the system refuses some of them, once.
    """
    global _ran_some
    if _lost_some or count <= 1:
        return 1
    wanted = count = min(count, max(MOST, MOST_EACH * (os.cpu_count() or 1)))
    if wanted > _pool.size:
        count = _pool.size
        if time.monotonic() >= _pool.again:
            more = _startable(wanted - _pool.size)
            count = wanted if more == wanted - _pool.size else count + int(more * (1 - LEFT))
            _pool.again = time.monotonic() + PATIENCE if count < wanted else 0.0
    if count > 1:
        # OpenMP ends those of its pool that a run does not need
        _pool.size, _ran_some = count, True
    if count < wanted:
        _tell(wanted, count)
    return count


def _tell(wanted: int, count: int) -> None:
    global _told
    if not _told:
        _told = True
        warnings.warn(f"Network: the system lets this process have no {wanted} threads; networks run on fewer, now on "
                      f"{count}", PerformanceWarning, stacklevel=3)


def _startable(count: int) -> int:
    """Start so many threads, end them, and return how many there were."""
    gate, started, before = threading.Event(), [], _tasks()
    try:
        with _stack_of_openmp():
            for _ in range(count):
                thread = threading.Thread(target=gate.wait, daemon=True)
                thread.start()
                started.append(thread)
    except (RuntimeError, MemoryError):
        # this is how Python says that the system refuses one
        pass
    finally:
        gate.set()
        for thread in started:
            thread.join()
    # one that Python has joined still counts for a moment
    end = time.monotonic() + LINGER
    while _tasks() > before and time.monotonic() < end:
        time.sleep(1e-4)
    return len(started)


def _tasks() -> int:
    """Return how many threads this process has for the system, or 0 where it does not say."""
    try:
        return len(os.listdir(TASKS))
    except OSError:
        return 0


@contextlib.contextmanager
def _stack_of_openmp() -> Iterator[None]:
    """Have threads get as much memory for their stack as OpenMP would give them, if a variable says how much."""
    text = os.environ.get("OMP_STACKSIZE") or os.environ.get("GOMP_STACKSIZE", "")
    size = re.fullmatch(r"\s*(\d{1,9})\s*([BKMG]?)\s*", text.upper())
    before = None
    if size is not None:
        with contextlib.suppress(ValueError, RuntimeError, OverflowError):
            before = threading.stack_size(int(size[1]) * UNITS[size[2] or "K"])
    try:
        yield
    finally:
        if before is not None:
            threading.stack_size(before)


def _after_fork() -> None:
    global door, spike_files, _lost_some
    # another thread, which is not in this process, may have held them
    door, spike_files = threading.Lock(), threading.RLock()
    _lost_some = _ran_some


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
