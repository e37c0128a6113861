"""Several threads, and processes that were forked or spawned: each result is what it is alone, and nothing crashes."""
import copy
import hashlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import lifext
from lifext._core.fast import loop as fast_loop

DT = 0.05
# other threads go on with a network before one can look at what its run has left
pytestmark = pytest.mark.any_state
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def together(*tasks):
    """Run functions in a thread each, which begin at the same time; return what each returned or raised."""
    found, start = [None] * len(tasks), threading.Barrier(len(tasks))

    def do(k):
        start.wait()
        try:
            found[k] = tasks[k]()
        except Exception as error:
            found[k] = error

    threads = [threading.Thread(target=do, args=(k,)) for k in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture(autouse=True)
def switching_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def small_network(compat, seed=1, threads=1, size=600):
    rng = {"rng": seed} if compat else {}
    cells, others = lifext.pyrPop(size, noise_g=0.01, **rng), lifext.interPop(200, noise_g=0.008, **rng)
    net = lifext.Network(DT, compat=True) if compat else lifext.Network(DT, seed=seed, threads=threads)
    net.add(cells=cells, others=others)
    net.connect(cells, others, lifext.Uniform(1e-3), "exc", delay=0.5)
    net.connect(others, cells, lifext.Dense(np.full((200, size), 1e-4)), "inh")
    return net, net.record_spikes(cells)


def digest(compat, seed, threads):
    net, record = small_network(compat, seed, threads)
    net.run(10.0)
    return hashlib.sha256(b"".join(
        array.tobytes() for array in (record.ids, record.times, net._populations[0].VMs()))).hexdigest()


@pytest.mark.parametrize("compat", [True, False])
def test_networks_in_threads_have_the_bits_that_they_have_alone(compat):
    alone = [digest(compat, seed, 1) for seed in range(4)]
    assert len(set(alone)) == 4
    for _ in range(3):
        assert together(*(lambda k=k: digest(compat, k, 1 + k % 3) for k in range(4))) == alone


@pytest.mark.parametrize("size", [7, 500])
def test_no_number_of_the_global_generator_is_drawn_twice(size):
    """Where nothing arrives, a step takes one number a neuron: in the end, the generator is where they lead."""
    steps, others = 200, 3000
    pops = [lifext.pyrPop(size, noise_rate=0.0) for _ in range(3)]

    def step(pop):
        for k in range(steps):
            pop.predictSpikes(DT, k * DT)
            pop.processTimeStep(DT, k * DT)

    np.random.seed(5)
    drawn = together(*(lambda pop=pop: step(pop) for pop in pops),
                     lambda: [np.random.random() for _ in range(others)])[-1]
    after = np.random.random(3).tolist()
    np.random.seed(5)
    assert set(drawn) <= set(np.random.random(3 * steps * size + others).tolist())
    assert np.random.random(3).tolist() == after


def run_script(tmp_path, source, *arguments):
    path = tmp_path / "script.py"
    path.write_text(source)
    done = subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", path, *arguments], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


ONE_POPULATION = """
import sys, threading
import numpy as np, lifext
sys.setswitchinterval(1e-6)
pop, weights = lifext.pyrPop(3000, noise_g=0.01), np.full((300, 3000), 0.001)

def step():
    for k in range(60):
        pop.predictSpikes(0.05, k*0.05)
        for count in (1, 5, 50, 300):
            pop.receivePyrSpikes(0.05, count, np.full(count, 0.01), weights[:count])
        pop.processTimeStep(0.05, k*0.05)

threads = [threading.Thread(target=step) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("alive")
"""


def test_one_population_in_several_threads_does_not_crash(tmp_path):
    """What comes out is anything; that its memory is in order is all that can be promised."""
    assert run_script(tmp_path, ONE_POPULATION)[-1] == "alive"


@pytest.mark.parametrize("compat", [True, False])
def test_what_other_threads_may_do_with_a_network_that_runs(compat, tmp_path):
    net, record = small_network(compat)
    trace = net.record_state(net._populations[0], "v")
    net.save_state(tmp_path / "before.npz")
    refused, readable = [], []

    def meanwhile(net):
        for act in (lambda: net.run(1.0), net.reset, lambda: net.load_state(tmp_path / "before.npz"),
                    lambda: net.save_state(tmp_path / "midst.npz"), lambda: copy.deepcopy(net),
                    record.clear, record.flush, record.close, trace.clear,
                    *([] if compat else [lambda: net.reseed(3)])):
            refused.extend(together(act))
        readable.extend(together(lambda: (len(record.ids), len(record.times)), lambda: len(trace["v"])))

    net.run(20.0, every=(10.0, meanwhile))
    assert [type(error) for error in refused] == [RuntimeError] * len(refused)
    assert {str(error) for error in refused} == {
        "Network: is running; run, reset, reseed and load_state wait until it is done, and cannot be called from a "
        "callback of the run",
        "Network: it is running in another thread; wait until it is done",
        "SpikeRecord: the network of 'cells' is running in another thread; wait until it is done",
        "StateRecord: the network of 'cells' is running in another thread; wait until it is done"}
    assert not (tmp_path / "midst.npz").exists()
    assert readable == [readable[0], 200, (len(record), len(record)), 400]
    twin, want = small_network(compat)
    twin.run(20.0)
    assert record.times.tolist() == want.times.tolist() != []
    # when it has run, all is allowed again, in any thread
    assert [together(act) for act in (record.flush, trace.clear, net.reset)] == [[None]] * 3


def test_a_stream_is_written_while_other_threads_read_it(tmp_path):
    """HDF5 opens no file for writing that is open for reading in the same process."""
    cells = lifext.pyrPop(400, refDur=0.2, vTh=-59.5, leak_vL=-40.0, noise_rate=0.0)
    net = lifext.Network(DT, seed=1, threads=1)
    net.add(cells=cells)
    record = net.record_spikes(cells, to=tmp_path / "spikes.h5")
    net.run(1.0)
    ended, wholes, windows = threading.Event(), [], []

    def run():
        try:
            for _ in range(40):
                net.run(1.0)
        finally:
            ended.set()

    def read():
        while not ended.is_set():
            wholes.append(record.times)
            windows.append(record.between(0.5, 1000.0))

    def read_the_file():
        while not ended.is_set():
            wholes.append(lifext.SpikeRecord.from_sonata(tmp_path / "spikes.h5").times)

    assert together(run, read, read_the_file) == [None] * 3
    times, window = record.times.tolist(), record.between(0.5, 1000.0)
    assert 0 < len(windows) < len(wholes) and len(window[0]) > 10_000
    for some in wholes:
        assert some.tolist() == times[:len(some)]
    for ids, some in windows:
        assert (ids.tolist(), some.tolist()) == (window[0][:len(ids)].tolist(), window[1][:len(some)].tolist())


def test_a_network_runs_in_one_of_two_threads_that_come_at_once():
    net, _ = small_network(compat=False)

    def run():
        taken = 0
        for _ in range(300):
            try:
                net.run(DT)
                taken += 1
            except RuntimeError:
                pass
        return taken

    assert round(net.time / DT) == 0
    assert sum(together(run, run, run)) == round(net.time / DT)


FORK = """
import os, signal, sys
import lifext

def times(threads):
    net = lifext.Network(0.05, seed=1, threads=threads)
    cells = lifext.pyrPop(3000, noise_g=0.01)
    net.add(cells=cells)
    net.connect(cells, cells, lifext.Uniform(1e-5), "exc")
    record = net.record_spikes(cells)
    net.run(5.0)
    return record.times.tolist()

if __name__ == "__main__":
    before, threads = map(int, sys.argv[1:])
    want = times(before) if before else None
    child = os.fork()
    if child == 0:
        # a child that waits for threads that are not there waits for ever
        signal.alarm(60)
        os._exit(0 if times(threads) == (want or times(1)) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert times(threads) == (want or times(1)) != []
"""


@FORKS
@pytest.mark.parametrize(("before", "threads"), [("0", "2"), ("2", "2")])
def test_a_process_that_was_forked_runs_networks(tmp_path, before, threads):
    """After the import, and after a run in two threads, which the child has lost."""
    run_script(tmp_path, FORK, before, threads)


@FORKS
def test_a_child_that_lost_its_threads_runs_in_one(monkeypatch):
    from lifext import _threads

    monkeypatch.setattr(_threads, "_ran_some", False)
    monkeypatch.setattr(_threads, "_lost_some", False)
    _threads._after_fork()
    assert _threads.allowed(2) == 2
    _threads._after_fork()
    assert [_threads.allowed(count) for count in (1, 2, 9)] == [1, 1, 1]


POOL = FORK.partition("if __name__")[0] + """
if __name__ == "__main__":
    import multiprocessing
    want = times(2)
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert pool.map_async(times, [1, 2, 2]).get(60) == [want] * 3
    assert want != []
"""


@pytest.mark.parametrize("method", [pytest.param("spawn", marks=pytest.mark.slow), pytest.param("fork", marks=FORKS)])
def test_pools_of_multiprocessing(tmp_path, method):
    run_script(tmp_path, POOL, method)


def test_openmp_is_what_this_build_is_tested_with():
    """Else the tests of forks would say nothing."""
    if sys.platform.startswith("linux"):
        assert fast_loop.has_openmp()
