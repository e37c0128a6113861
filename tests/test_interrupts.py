"""A signal is heard between two steps, whatever code a step runs; what is done as a whole is done or not."""
import os
import random
import signal
import threading
import time

import numpy as np
import pytest
from fast_tools import Train, everything, without_warning

import lifext
from lifext import Network
from lifext._signals import Held

DT = 0.05


class Slow(lifext.pyrPop):
    """Cells whose step is Python code, in which a signal may come."""

    def dVmdt(self, dt, vM):
        total = super().dVmdt(dt, vM)
        for _ in range(20):
            total = total + 0.0
        return total


def compat(cls=lifext.pyrPop):
    a, b = cls(200, noise_g=0.02, rng=1), lifext.interPop(60, noise_g=0.02, rng=2)
    net = Network(DT, compat=True)
    net.add(a=a, b=b)
    net.connect(a, b, lifext.Uniform(1e-3), "exc")
    net.connect(b, a, lifext.Sparse.random(60, 200, 0.05, 0.01, rng=1), "inh")
    return net


def mixed(cls=Slow):
    a, b = cls(200, noise_g=0.02, rng=1), lifext.interPop(60, noise_g=0.02, rng=2)
    net = Network(DT, seed=1)
    net.add(a=a, b=b)
    net.connect(a, b, lifext.Uniform(1e-3), "exc", delay=0.2)
    net.connect(b, a, lifext.Sparse.random(60, 200, 0.05, 0.01, rng=1), "inh")
    return net


@pytest.mark.parametrize("build", [compat, lambda: compat(Slow), mixed, lambda: mixed(lifext.pyrPop)])
def test_interrupted_runs_go_on_with_the_same_numbers(build):
    duration, chance = 20.0, random.Random(1)
    with without_warning():
        expected = build()
        expected.run(duration)
        net, interrupted = build(), 0
        while net.time < duration:
            timer = threading.Timer(chance.uniform(0, 0.01), os.kill, (os.getpid(), signal.SIGINT))
            try:
                timer.start()
                net.run(duration - net.time)
                while True:
                    time.sleep(0.001)
            except KeyboardInterrupt:
                interrupted += 1
    assert interrupted > 0
    for name in ("a", "b"):
        ours, theirs = everything(net[name]), everything(expected[name])
        assert all(np.array_equal(ours[each], theirs[each]) for each in ours), name


class Interrupting(Train):
    """Sends itself a signal in the midst of a step."""

    number = signal.SIGINT

    def predictSpikes(self, dt, time):
        if round(time / dt) == 5:
            signal.raise_signal(self.number)
        super().predictSpikes(dt, time)


@pytest.mark.parametrize("compat", [True, False])
def test_one_in_the_midst_of_a_step_waits_for_its_end(compat):
    p = Interrupting(2, {})
    net = Network(DT, compat=True) if compat else Network(DT, seed=1)
    net.add(p=p, q=lifext.pyrPop(2, noise_g=0.01))
    with without_warning(), pytest.raises(KeyboardInterrupt):
        net.run(10.0)
    assert 6 <= round(net.time / DT) <= 7
    p.number = 0
    with without_warning():
        net.run(1.0)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="there is no SIGALRM on this platform")
def test_other_signals_wait_too_and_their_handlers_are_called():
    heard, p = [], Interrupting(2, {})
    p.number = signal.SIGALRM
    before = signal.signal(signal.SIGALRM, lambda number, frame: heard.append(number))
    try:
        net = Network(DT, seed=1)
        net.add(p=p)
        with without_warning():
            net.run(2.0)
        # a handler that raises nothing does not end the run
        assert heard == [signal.SIGALRM] and net.time == 2.0
        assert signal.getsignal(signal.SIGALRM) is not before
    finally:
        signal.signal(signal.SIGALRM, before)


def test_handlers_are_given_back():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Held():
        assert signal.getsignal(signal.SIGINT) != before
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done and signal.getsignal(signal.SIGINT) == before
    with Held():
        pass
    assert signal.getsignal(signal.SIGINT) == before


def test_blocks_may_be_within_others():
    with pytest.raises(KeyboardInterrupt), Held():
        with Held():
            signal.raise_signal(signal.SIGINT)
        inner = True
    assert inner


def test_a_handler_that_the_block_sets_stays():
    before = signal.getsignal(signal.SIGINT)
    try:
        with Held():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_step_that_does_not_end_can_be_left():
    class Endless(Train):
        def predictSpikes(self, dt, time):
            while True:
                signal.raise_signal(signal.SIGINT)
    net = Network(DT, seed=1)
    net.add(p=Endless(1, {}))
    with without_warning(), pytest.raises(KeyboardInterrupt):
        net.run(1.0)


def test_reset_and_load_state_are_done_as_a_whole(tmp_path, monkeypatch):
    def build():
        net = Network(DT, seed=1)
        net.add(**{f"p{k}": lifext.pyrPop(5, noise_g=0.02) for k in range(4)})
        return net

    def state(net):
        return [everything(net[name]) for name in net._names]

    def same(one, other):
        return all(np.array_equal(a[name], b[name]) for a, b in zip(one, other) for name in a)

    net = build()
    start = state(net)
    net.run(20.0)
    net.save_state(tmp_path / "s.npz")
    saved = state(net)
    net.run(20.0)
    # a signal in the midst of each: on the third population
    third = net["p2"]
    reset = type(third).reset
    monkeypatch.setattr(type(third), "reset", lambda self: (self is third and signal.raise_signal(signal.SIGINT),
                                                             reset(self))[1])
    with pytest.raises(KeyboardInterrupt):
        net.reset()
    assert net.time == 0.0 and same(state(net), start)
    expire = type(third)._expire
    monkeypatch.setattr(type(third), "_expire", lambda self: (self is third and signal.raise_signal(signal.SIGINT),
                                                               expire(self))[1])
    with pytest.raises(KeyboardInterrupt):
        net.load_state(tmp_path / "s.npz")
    monkeypatch.undo()
    assert net.time == 20.0 and same(state(net), saved)
