"""Threads that the system refuses are fewer threads: not the end of the process, and the same bits."""
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import lifext
from lifext import _threads
from lifext._core.fast import loop as fast_loop


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    """As in a process that has run nothing yet."""
    monkeypatch.setattr(_threads, "_pool", _threads._Pool())
    for name in ("_told", "_lost_some"):
        monkeypatch.setattr(_threads, name, False)


@pytest.fixture
def system(monkeypatch):
    """A system that lets so many threads start; None is all. It notes how many were asked for."""
    class System:
        most, asked = None, 0
    plain = threading.Thread.start

    def start(thread):
        System.asked += 1
        if System.most is not None and sum(other.is_alive() for other in alive) >= System.most:
            raise RuntimeError("can't start new thread")
        alive.append(thread)
        plain(thread)
    alive = []
    monkeypatch.setattr(_threads.threading.Thread, "start", start)
    monkeypatch.setattr(_threads, "PATIENCE", 0.0)
    return System


@pytest.mark.parametrize(("most", "wanted", "got"), [
    (None, 8, 8), (7, 8, 8), (6, 8, 5), (2, 8, 2), (1, 8, 1), (0, 8, 1), (0, 2, 1), (1, 2, 2), (0, 1, 1),
    (0, 10**9, 1)])
def test_as_many_as_the_system_lets_start(system, most, wanted, got):
    before, system.most = threading.active_count(), most
    if got == wanted:
        assert _threads.allowed(wanted) == got
    else:
        with pytest.warns(lifext.PerformanceWarning, match="the system lets this process have no .* threads; networks "
                                                           f"run on fewer, now on {got}"):
            assert _threads.allowed(wanted) == got
        # once
        assert _threads.allowed(wanted) >= got
    assert threading.active_count() == before


def test_nobody_is_asked_for_threads_that_are_there(system):
    assert [_threads.allowed(count) for count in (4, 4, 3, 1, 3)] == [4, 4, 3, 1, 3]
    assert system.asked == 3
    # OpenMP has ended one
    assert _threads.allowed(4) == 4
    assert system.asked == 4


def test_another_thread_has_threads_of_its_own(system):
    assert _threads.allowed(4) == 4
    got = []
    other = threading.Thread(target=lambda: got.append(_threads.allowed(4)))
    other.start()
    other.join()
    assert got == [4] and system.asked == 3 + 1 + 3


def test_limits_may_change(system, monkeypatch):
    system.most = 4
    with pytest.warns(lifext.PerformanceWarning):
        assert _threads.allowed(9) == 4
    monkeypatch.setattr(_threads, "PATIENCE", 1000.0)
    asked = system.asked
    assert _threads.allowed(9) > 3
    monkeypatch.setattr(_threads, "PATIENCE", 0.0)
    system.most = None
    monkeypatch.setattr(_threads._pool, "again", 0.0)
    assert _threads.allowed(9) == 9
    assert system.asked > asked


def test_a_system_that_refused_is_not_asked_at_once_again(system, monkeypatch):
    monkeypatch.setattr(_threads, "PATIENCE", 1000.0)
    system.most = 0
    with pytest.warns(lifext.PerformanceWarning):
        _threads.allowed(9)
    asked = system.asked
    assert [_threads.allowed(9) for _ in range(5)] == [1] * 5
    assert system.asked == asked


def test_numbers_that_no_machine_counts_to_are_refused():
    with pytest.raises(ValueError, match="Network: threads must be a whole number >= 1 and <= "):
        lifext.Network(0.05, threads=2**70)
    with pytest.raises(ValueError, match="run_trials: threads must be a whole number >= 1 and <= "):
        lifext.run_trials(lambda rng: 1, 1, seed=1, threads=2**31, progress=False)


@pytest.mark.parametrize("threads", [2**31 - 1, 10**9])
def test_an_absurd_number_is_no_more_than_is_of_use(threads):
    def run(threads):
        net, cells = lifext.Network(0.05, seed=1, threads=threads), lifext.pyrPop(30_000, noise_g=0.01)
        net.add(cells=cells)
        net.run(0.2)
        return cells.VMs()
    began = time.monotonic()
    assert np.array_equal(run(threads), run(1))
    assert time.monotonic() - began < 30
    assert _threads._pool.size <= max(_threads.MOST, _threads.MOST_EACH * os.cpu_count())
    assert lifext.run_trials(lambda rng: 1, 1, seed=1, threads=threads, progress=False)["result"][0] == 1


@pytest.mark.parametrize(("text", "size"), [
    ("", None), ("512", 2**19), ("300K", 300 * 2**10), (" 2 m ", 2**21), ("65536b", 2**16), ("1", None), ("x", None),
    ("-3", None)])
def test_a_trial_thread_takes_the_memory_that_one_of_openmp_would(monkeypatch, text, size):
    seen = []
    monkeypatch.setenv("OMP_STACKSIZE", text)
    before = threading.stack_size()
    with _threads._stack_of_openmp():
        seen.append(threading.stack_size())
    assert seen == [before if size is None else size]
    assert threading.stack_size() == before


REFUSING = """
import os, resource, sys, threading, warnings
import numpy as np
import lifext
from lifext import _threads

def run(threads):
    net, cells = lifext.Network(0.05, seed=1, threads=threads), lifext.pyrPop(64_000, noise_g=0.01)
    net.add(cells=cells)
    net.run(0.2)
    return cells.VMs()

want = run(1)
if os.getuid() == 0:
    # root may start as many as it likes
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (int(sys.argv[1]),) * 2)
warnings.simplefilter("ignore", lifext.PerformanceWarning)
for _ in range(3):
    assert np.array_equal(run(int(sys.argv[2])), want)
others = []
if _threads._pool.size < int(sys.argv[1]) - 3:
    other = threading.Thread(target=lambda: others.append(run(50)))
    other.start()
    other.join()
    assert np.array_equal(others[0], want)
print("finally", _threads._pool.size)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_NPROC counts threads on Linux")
@pytest.mark.parametrize(("limit", "threads"), [(1, 2), (2, 2), (5, 1000), (40, 1000)])
def test_a_real_limit_ends_no_process(limit, threads, tmp_path):
    assert fast_loop.has_openmp()
    done = subprocess.run([sys.executable, "-c", REFUSING, str(limit), str(threads)], capture_output=True, text=True,
                          timeout=100, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("finally ")
    assert int(done.stdout.split()[1]) <= limit
