"""What is added to a network in the midst has a first step; callbacks come when their interval has passed."""
import threading

import numpy as np
import pytest
from fast_tools import Train, network, run

import lifext
from lifext import Network, SpikeRecord

DT = 0.05


# --- intervals ---

@pytest.mark.parametrize(("duration", "interval", "expected"), [
    (25.0, 10.0, [10, 20]), (1.0, 100.0, []), (20.0, 10.0, [10, 20]), (10.0, 10.0, [10]), (DT, DT, [DT]),
    (0.0, 10.0, []), (9.95, 10.0, [])])
@pytest.mark.parametrize("progress", [False, True])
def test_a_callback_comes_whenever_its_interval_has_passed(duration, interval, expected, progress):
    for compat in (False, True):
        net = Network(DT, compat=compat)
        found: list[float] = []
        net.add(p=lifext.pyrPop(2))
        net.run(duration, every=(interval, lambda net, found=found: found.append(net.time)), progress=progress)
        assert found == pytest.approx(expected)
        assert net.time == pytest.approx(duration)


def test_intervals_count_from_the_beginning_of_each_run():
    net, found = Network(DT, seed=1), []
    net.add(p=lifext.pyrPop(2))
    for _ in range(2):
        net.run(15.0, every=(10.0, lambda net: found.append(net.time)))
    assert found == [10.0, 25.0]


def test_a_callback_ends_the_run_at_its_interval():
    net = Network(DT, seed=1)
    net.add(p=lifext.pyrPop(2))
    net.run(25.0, every=(10.0, lambda net: True))
    assert net.time == 10.0


@pytest.mark.parametrize(("answer", "ends"), [
    (True, True), (np.True_, True), (np.array(True), True), (np.float64(1.0) > 0, True),
    (False, False), (np.False_, False), (np.array(False), False), (None, False), (1, False), (1.0, False),
    ("no", False), (np.array([True]), False), (np.array([], dtype=bool), False), (np.array([True, True]), False),
    (np.array(1), False), ([True], False), (np.nan, False), (np.array(True, dtype=object), False)])
@pytest.mark.parametrize("compat", [False, True])
def test_what_ends_a_run_is_a_boolean(answer, ends, compat):
    net = Network(DT, compat=compat)
    net.add(p=lifext.pyrPop(2))
    net.run(2.0, every=(1.0, lambda net: answer))
    assert net.time == (1.0 if ends else 2.0)


@pytest.mark.parametrize("call", [
    lambda net: net.run(1.0), lambda net: net.reset(), lambda net: net.reset(2), lambda net: net.reseed(2),
    lambda net: net.load_state("nowhere.npz")])
def test_what_a_callback_may_not_call_is_said(call):
    net = Network(DT, seed=1)
    net.add(p=lifext.pyrPop(2))
    with pytest.raises(RuntimeError, match="^Network: is running; run, reset, reseed and load_state wait until it is "
                                           "done, and cannot be called from a callback"):
        net.run(2.0, every=(1.0, call))
    assert net.time == 1.0 and net.seed == 1
    net.run(1.0)


def test_a_callback_may_fork():
    net, forks = Network(DT, seed=1), []
    net.add(p=lifext.pyrPop(2))
    net.run(2.0, every=(1.0, lambda net: forks.append(net.fork(2))))
    forks[0].run(5.0)
    assert [fork.time for fork in forks] == [6.0, 2.0] and net.time == 2.0


@pytest.mark.parametrize("every", [
    (0.5, 3), (0.5, None), (0.5,), (0.5, print, 1), 0.5, "ab", (0.07, print), (0.0, print), (-1.0, print),
    (np.nan, print), (print, 0.5), [], {}])
def test_a_pair_that_is_refused_moves_no_time(every):
    net = Network(DT, seed=1)
    p = lifext.pyrPop(5, noise_g=0.01)
    net.add(p=p)
    before = p.VMs()
    with pytest.raises((TypeError, ValueError), match="Network: every"):
        net.run(1.0, every=every)
    assert net.time == 0.0 and np.array_equal(p.VMs(), before)


# --- projections ---

@pytest.mark.parametrize("unrelated", [False, True])
@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize("delay", [0.0, DT, 8.0])
def test_a_projection_carries_what_is_fired_from_its_first_step_on(unrelated, compat, delay):
    a = Train(2, {step: ([0], [0.02]) for step in (3, 99, 100, 140)})
    b, c = (lifext.pyrPop(2, noise_rate=0.0, AMPA_g=1e-5, NMDA_g=1e-5) for _ in range(2))
    net = network({"a": a, "b": b, "c": c}, [("a", "c", lifext.Uniform(0.1), "exc", 12.0)] if unrelated else [],
                  **({"compat": True} if compat else {"seed": 1}))
    run(net, 5.0)
    net.connect(a, b, lifext.Uniform(0.5), "exc", delay=delay)
    run(net, 20.0)
    # closed form: only the spikes of steps 100 and 140
    expected = sum(0.5 * np.exp(-(25.0 - step * DT - 0.02 - delay) / 2) for step in (100, 140))
    assert b.AMPA.kinetic._s == pytest.approx([expected] * 2, rel=1e-9)


def test_a_projection_in_a_callback():
    a = Train(1, {k: ([0], [0.0]) for k in range(0, 400, 20)})
    b = lifext.pyrPop(1, noise_rate=0.0, AMPA_g=1e-5, NMDA_g=1e-5)
    net = network({"a": a, "b": b}, seed=1)
    run(net, 10.0, every=(5.0, lambda net: net.connect(a, b, lifext.Uniform(0.1), "exc", delay=3.0)
                          if net.time == 5.0 else None))
    expected = sum(0.1 * np.exp(-(10.0 - k * DT - 3.0) / 2) for k in (100, 120))
    assert b.AMPA.kinetic._s[0] == pytest.approx(expected, rel=1e-9)


def test_a_projection_made_in_mid_run_is_saved_with_its_beginning(tmp_path):
    def build(until):
        net = Network(DT, seed=1)
        net.add(a=lifext.pyrPop(20, noise_g=0.02), b=lifext.pyrPop(20, noise_rate=0.0))
        net.run(until)
        net.connect(net["a"], net["b"], lifext.Uniform(0.01), "exc", delay=20.0)
        return net
    net, twin = build(30.0), build(0.0)
    net.run(5.0)
    net.save_state(tmp_path / "s.npz")
    twin.load_state(tmp_path / "s.npz")
    for each in (net, twin):
        each.run(30.0)
    assert np.array_equal(net["b"].VMs(), twin["b"].VMs())
    assert net["b"].AMPA.kinetic._s.max() > 0


# --- records ---

def halves(n=100):
    return lifext.pyrPop(n, noise_rate=0.0, leak_vL=np.repeat([-45.0, -70.0], n // 2))


def test_a_record_begun_in_a_callback_is_one_like_any_other(tmp_path):
    p, made = halves(), []
    net = Network(DT, seed=1)
    net.add(p=p)

    def begin(net):
        if not made:
            made.append(net.record_spikes(p, to=tmp_path / "s.h5"))
            assert made[0].provenance is None
    net.run(200.0, every=(100.0, begin))
    net.run(100.0)
    back = SpikeRecord.from_sonata(tmp_path / "s.h5")
    assert back.size == 100 and (back.start, back.stop) == (100.0, 300.0) == (made[0].start, made[0].stop)
    assert made[0].rate(100, 200) == back.rate(100, 200) > 0
    assert made[0].provenance["seed"] == 1 == back.provenance["seed"]
    assert np.isnan(back.rate(0, 100))


def test_traces_begun_in_a_callback():
    p, made = halves(2), []
    net = Network(DT, seed=1)
    net.add(p=p)
    net.run(3.0, every=(1.05, lambda net: made.append(net.record_state(p, "v", every=1.0))))
    assert made[0].times == pytest.approx([2.0, 3.0]) and made[1].times == pytest.approx([3.0])


def test_a_population_added_in_a_callback():
    a, b = halves(10), halves(10)
    net = Network(DT, seed=1)
    net.add(a=a)
    net.run(100.0, every=(50.0, lambda net: net.add(b=b) if net.time == 50.0 else None))
    spikes = net.record_spikes(b)
    net.run(100.0)
    assert len(spikes) > 10 and spikes.times.min() >= 100.0


# --- another thread ---

@pytest.mark.parametrize("call", [
    lambda net, a, b: net.connect(a, b, lifext.Uniform(0.0), "exc", delay=5.0),
    lambda net, a, b: net.add(c=lifext.pyrPop(2)), lambda net, a, b: net.record_spikes(a),
    lambda net, a, b: net.record_state(a, "v"), lambda net, a, b: net.remove(b), lambda net, a, b: net.fork(2),
    lambda net, a, b: net.reset(), lambda net, a, b: net.reseed(1), lambda net, a, b: net.run(1.0)])
def test_nothing_is_changed_from_another_thread_while_it_runs(call):
    a, b = lifext.pyrPop(2), lifext.pyrPop(2)
    net = Network(DT, seed=1)
    net.add(a=a, b=b)
    said = []

    def from_a_thread(net):
        def change():
            try:
                call(net, a, b)
            except RuntimeError as error:
                said.append(str(error))
        thread = threading.Thread(target=change)
        thread.start()
        thread.join()
    net.run(1.0, every=(0.5, from_a_thread))
    assert len(said) == 2 and all("running" in each for each in said)
    assert repr(net) == "Network(a, b; dt 0.05 ms, at 1.0 ms)"
