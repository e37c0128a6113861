"""A disk that is full, and a run that is killed: what was written is readable, and the error says what was not."""
import signal
import subprocess
import sys

import numpy as np
import pytest

import lifext

pytest.importorskip("resource")

FAST = """
import sys
import lifext
cells = lifext.pyrPop(400, refDur=0.2, vTh=-59.5, leak_vL=-40, noise_rate=0)
net = lifext.Network(dt=0.05, seed=1, threads=1)
net.add(cells=cells)
"""

FULL = FAST + """
import contextlib, os, resource, warnings
import numpy as np

def trial(rng):
    return rng.random(10**6)

@contextlib.contextmanager
def full(bytes):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, before[1]))
    try:
        yield
    except OSError as error:
        print(error)
    else:
        print("no error")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

record = net.record_spikes(cells, to="stream.h5")
net.run(50.0)
written = len(record)
with full(os.path.getsize("stream.h5") + 2**17):
    net.run(50.0)
assert len(lifext.SpikeRecord.from_sonata("stream.h5")) == written
assert len(record) == len(record.times) > written
net.run(5.0)
assert lifext.SpikeRecord.from_sonata("stream.h5").times.tolist() == record.times.tolist()
record.close()
net.save_state("state.npz")
record.save("record.npz")
old = lifext.spikeDC(3)
old.collect([True, False, True], 1.0)
old.save("trials.npz", trial=1)
with full(100):
    net.save_state("state.npz")
with full(100):
    record.save("record.npz")
with full(100):
    old.save("trials.npz", trial=2)
with full(10_000):
    lifext.run_trials(trial, 2, seed=1, store="store", progress=False)
net.load_state("state.npz")
assert lifext.SpikeRecord.load("record.npz").times.tolist() == record.times.tolist()
old.load("trials.npz", 1)
assert len(old.get_spikes()[0]) == 2
assert len(lifext.run_trials(trial, 2, seed=1, store="store", progress=False)) == 2
with full(100):
    net.record_spikes(cells, to="new.h5")
assert not os.path.exists("new.h5")
print(sorted(os.listdir()))
"""


def test_a_full_disk(tmp_path):
    """`resource.RLIMIT_FSIZE` stands for it: files cannot grow beyond a size."""
    done = subprocess.run([sys.executable, "-c", FULL], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    # HDF5 says on stderr what it fails in when it is closed, too late for an exception
    # NumPy 1.26 leaves an archive open that it could not write, of which Python says so there
    assert "HDF5" not in done.stderr
    stream, *others, new, names = done.stdout.splitlines()
    assert "stream.h5 must have room for the " in stream
    assert "spikes of 'cells', which are kept in memory; flush() tries again, got File too large" in stream
    assert len(others) == 4
    assert all("File too large" in error for error in others)
    assert "new.h5 must have room, got File too large" in new
    assert names == str(["record.npz", "state.npz", "store", "stream.h5", "trials.npz"])


KILLED = FAST + """
import lifext.recording
lifext.recording.PART = 2000
record = net.record_spikes(cells, to="stream.h5")
net.run(20.0)
print("running", flush=True)
net.run(1e6)
"""


def test_what_was_written_before_sigterm_is_readable(tmp_path):
    with subprocess.Popen([sys.executable, "-c", KILLED], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    found = lifext.SpikeRecord.from_sonata(tmp_path / "stream.h5")
    cells = lifext.pyrPop(400, refDur=0.2, vTh=-59.5, leak_vL=-40, noise_rate=0)
    net = lifext.Network(0.05, seed=1)
    net.add(cells=cells)
    want = net.record_spikes(cells)
    net.run(20.0)
    assert len(found) >= len(want) > 1000
    assert np.array_equal(found.times[:len(want)], want.times)
