"""A class of the user's own is told in a network what a loop by hand tells it, and is not believed what cannot be."""
import numpy as np
import pytest
from fast_tools import Train, network, run

import lifext
from lifext import Network

DT = 0.05
WEIGHTS = np.random.default_rng(3).uniform(0, 0.02, (30, 20))


class Listening(lifext.pyrPop):
    """Keeps what it is told of spikes, and what it sees of their source."""

    def __init__(self, size, source):
        super().__init__(size, noise_rate=0.0, rng=2)
        self.heard, self.seen, self._source = [], [], [source]

    def receivePyrSpikes(self, dt, num, dts, weights):
        source = self._source[0]
        self.heard.append((dt, num, np.array(dts), np.array(weights)))
        self.seen.append((source.spikes(), source.spikeTimes(), source.numSpikes))
        super().receivePyrSpikes(dt, num, dts, weights)

    def predictSpikes(self, dt, time):
        self.before = self._source[0].VMs()
        super().predictSpikes(dt, time)


def source():
    return lifext.pyrPop(30, noise_g=0.012, rng=5)


def by_hand(steps):
    cells = source()
    listening = Listening(20, cells)
    for step in range(steps):
        for population in (listening, cells):
            population.predictSpikes(DT, step * DT)
        listening.receivePyrSpikes(DT, cells.numSpikes, cells.spikeTimes(), WEIGHTS)
        for population in (listening, cells):
            population.processTimeStep(DT, step * DT)
    return cells, listening


def in_network(steps, compat, delay=0.0):
    cells = source()
    listening = Listening(20, cells)
    net = network({"listening": listening, "cells": cells}, [("cells", "listening", WEIGHTS, "exc", delay)],
                  **({"compat": True} if compat else {"seed": 1}))
    run(net, steps * DT)
    return cells, listening


def test_it_is_told_what_a_loop_by_hand_tells_it():
    cells, expected = by_hand(600)
    others, listening = in_network(600, compat=True)
    assert np.array_equal(cells.VMs(), others.VMs()) and np.array_equal(expected.VMs(), listening.VMs())
    assert len(listening.heard) == len(expected.heard) == 600
    for ours, theirs in zip(listening.heard, expected.heard):
        assert ours[:2] == theirs[:2]
        assert np.array_equal(ours[2], theirs[2]) and np.array_equal(ours[3], theirs[3])
    for ours, theirs in zip(listening.seen, expected.seen):
        assert all(np.array_equal(one, other) for one, other in zip(ours, theirs))


@pytest.mark.parametrize("compat", [True, False])
@pytest.mark.parametrize("delay", [0, 1, 30])
def test_what_it_is_told_is_what_was_fired(compat, delay):
    _, listening = in_network(600, compat, delay * DT)
    assert len(listening.heard) == 600 and sum(num for _, num, _, _ in listening.heard) > 10
    for step, (dt, num, dts, weights) in enumerate(listening.heard):
        assert dt == DT and dts.shape == (30, 1) and np.array_equal(weights, WEIGHTS)
        if step < delay:
            assert num == 0 and (dts == DT).all()
            continue
        spikes, times, count = listening.seen[step - delay]
        assert num == count == spikes.sum()
        assert np.array_equal(dts, times)
        assert ((dts != DT).reshape(-1) <= spikes).all()


def test_it_sees_others_between_two_steps():
    """Not predicted potentials that spikes of the step may still change, nor ones of a neuron that is to be reset."""
    cells, listening = source(), None
    listening = Listening(20, cells)
    recurrent = WEIGHTS[:, :1] @ np.ones((1, 30))
    net = network({"listening": listening, "cells": cells}, [("cells", "cells", recurrent, "exc")], seed=1)
    trace, seen = net.record_state(cells, "v"), []
    run(net, 20.0, every=(DT, lambda net: seen.append(listening.before)))
    assert np.array_equal(seen[1:], trace["v"][:-1])


class Odd(lifext.pyrPop):
    """Leaves something odd where its spikes should be."""

    def __init__(self, size, **left):
        super().__init__(size, rng=1)
        self._left = left

    def predictSpikes(self, dt, time):
        super().predictSpikes(dt, time)
        self.__dict__.update(self._left)

    def processTimeStep(self, dt, time):
        pass


@pytest.mark.parametrize("compat", [True, False])
@pytest.mark.parametrize("left", [
    {"_spikeTime": np.zeros(1)}, {"_spikeTime": np.zeros((2, 1))}, {"_spikeTime": np.zeros(401)}, {"_spikeTime": []},
    {"_spikeTime": 0.01}, {"_spikeTime": np.array(["a"] * 400)}, {"_spikeTime": np.zeros(400, complex)},
    {"_spikeTime": None}, {"_spiked": np.ones(399, bool)}, {"_spiked": np.ones(401, bool)}, {"_spiked": np.ones(400)},
    {"_spiked": np.ones((400, 2), bool)}, {"_spiked": None}, {"_spiked": True}])
def test_spikes_that_cannot_be_are_refused(compat, left):
    odd = Odd(400, **{"_spiked": np.ones(400, bool), **left})
    net = network({"odd": odd}, [], **({"compat": True} if compat else {"seed": 1}))
    net.record_spikes(odd)
    with pytest.raises(ValueError, match=f"Odd: {next(iter(left))} must be an array of (booleans|numbers) of shape"):
        run(net, 1.0)


@pytest.mark.parametrize("times", [np.zeros(400), np.zeros((400, 1)), np.zeros((1, 400)), [0.0] * 400,
                                   np.zeros(400, np.float32), np.zeros(400, int)])
def test_spikes_in_any_form_that_has_them_all_are_taken(times):
    odd = Odd(400, _spiked=np.ones(400, bool), _spikeTime=times)
    net = network({"odd": odd}, [], seed=1)
    spikes = net.record_spikes(odd)
    run(net, 0.1)
    assert len(spikes) == 800 and set(spikes.times.tolist()) == {0.0, 0.05}


def test_delays_of_any_length_are_right_or_refused():
    a, b = Train(1, {0: ([0], [0.0])}), lifext.pyrPop(1, noise_rate=0.0)
    net = network({"a": a, "b": b}, [], seed=1)
    for delay in (4e7 * DT, 1e6 * DT + DT):
        with pytest.raises(ValueError, match="Network: delay must be <= 50000"):
            net.connect(a, b, lifext.Uniform(0.1), "exc", delay=delay)
    net.connect(a, b, lifext.Uniform(0.1), "exc", delay=20000 * DT)
    run(net, 20000 * DT)
    assert b.AMPA.kinetic._s[0] == 0
    run(net, DT)
    assert b.AMPA.kinetic._s[0] > 0


# --- written in place, where no attribute is set ---

def written(name, value):
    p = lifext.pyrPop(4, vTh=np.full(4, -52.0), noise_rate=np.full(4, 1.8), cM=np.full(4, 0.5),
                      noise_g=np.full(4, 0.003))
    net = Network(DT, seed=1)
    net.add(p=p)
    net.run(1.0)
    owner, _, attribute = name.rpartition(".")
    array = getattr(getattr(p, owner) if owner else p, attribute)
    return net, p, array, value


@pytest.mark.parametrize(("name", "value"), [
    ("vTh", np.nan), ("cM", 0.0), ("cM", np.inf), ("noise.rate", -1.0), ("noise.rate", np.nan), ("noise.rate", 1e300),
    ("noise.g", np.nan)])
@pytest.mark.parametrize("in_a_callback", [False, True])
def test_elements_that_no_parameter_may_have_are_refused(name, value, in_a_callback):
    net, p, array, value = written(name, value)

    def write(net):
        array[2] = value
    if in_a_callback:
        with pytest.raises(ValueError, match=r"\[2\] must be"):
            net.run(2.0, every=(1.0, write))
        assert net.time == 2.0
    else:
        write(net)
        with pytest.raises(ValueError, match=r"\[2\] must be"):
            net.run(1.0)
        assert net.time == 1.0


def test_rates_that_are_raised_past_what_the_fast_arithmetic_draws():
    net, p, rates, _ = written("noise.rate", None)
    rates[:] = 1e9
    p.noise.g[:] = 1e-12
    with pytest.warns(lifext.PerformanceWarning, match="rate above"):
        net.run(1.0)
    # what so many arrivals come to: rate*tau
    assert p.noise._s == pytest.approx(1e9 * 2.0 * (1 - np.exp(-1.0 / 2)), rel=0.2)
