"""How many threads a network may start in this process, and which of several threads has a network.

Where OpenMP is GNU's, a thread that has run others keeps them for the next time. A fork takes it along without them,
and a run in the child would wait for them for ever. So the child of a process that has run threads has one.
"""
import os
import threading

# held for the moment in which a thread takes a network for itself
door = threading.Lock()
# held while a file of spikes is open, or spikes go there from memory: HDF5 opens nothing for writing that another
# thread of this process reads, and who reads a record is to find each spike once
spike_files = threading.RLock()
_ran_some = _lost_some = False


def allowed(count: int) -> int:
    """Return how many of `count` threads may be started."""
    global _ran_some
    if _lost_some:
        return 1
    _ran_some = _ran_some or count > 1
    return count


def _after_fork() -> None:
    global door, spike_files, _lost_some
    # another thread, which is not in this process, may have held them
    door, spike_files = threading.Lock(), threading.RLock()
    _lost_some = _ran_some


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
