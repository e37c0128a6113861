"""`Network(compat=True)` against loops written by hand, and what it offers besides."""
import pathlib
import pickle
import signal
import threading

import numpy as np
import pytest
from conftest import EXP_IS_LIBM, composed
from golden_runs import BUSY_RING, ONE_RING, digest, ring_profile

import lifext
from lifext import Dense, Network, OneToOne, PerformanceWarning, Ring, Sparse, Uniform

DT = 0.05


def pair(cls=lifext.pyrPop, n=40, m=10, rng=None):
    cells, inhibition = cls(n, NMDA_g=0.1, noise_g=0.008, rng=rng), lifext.interPop(m, noise_g=0.006, rng=rng)
    return cells, inhibition


def weights_between(cells, inhibition, seed=3):
    source, sizes = np.random.default_rng(seed), {"c": cells.size, "i": inhibition.size}
    return {key: source.random((sizes[key[0]], sizes[key[1]])) * 0.004 for key in ("cc", "ci", "ic", "ii")}


KINDS = {"cc": "exc", "ci": "exc", "ic": "inh", "ii": "inh"}
METHODS = {"exc": "receivePyrSpikes", "inh": "receiveIntSpikes"}


def by_hand(cells, inhibition, weights, steps, delays=None, dt=DT, first=0):
    """A user's loop, with spikes of earlier steps delivered with their in-step times."""
    pops, delays, past, spikes = {"c": cells, "i": inhibition}, delays or {}, {}, []
    for k in range(first, first + steps):
        for pop in pops.values():
            pop.predictSpikes(dt, k * dt)
        for name, pop in pops.items():
            past[name, k] = pop.numSpikes, pop.spikeTimes()
            if name == "c":
                spikes += [(n, k * dt + pop.spikeTimes()[n, 0]) for n in np.flatnonzero(pop.spikes())]
        for key, matrix in weights.items():
            at = k - delays.get(key, 0)
            if at >= first:
                getattr(pops[key[1]], METHODS[KINDS[key]])(dt, *past[key[0], at], matrix)
        for pop in pops.values():
            pop.processTimeStep(dt, k * dt)
    return spikes


def network(cells, inhibition, weights, delays=None, dt=DT):
    net, pops, delays = Network(dt, compat=True), {"c": cells, "i": inhibition}, delays or {}
    net.add(cells=cells, inhibition=inhibition)
    for key, w in weights.items():
        net.connect(pops[key[0]], pops[key[1]], w, KINDS[key], delay=delays.get(key, 0) * dt)
    return net


def state(pop):
    return np.concatenate([pop.VMs(), pop._endRefract, pop.AMPA.kinetic._s, pop.NMDA.kinetic._s, pop.NMDA.kinetic._x,
                           pop.GABA.kinetic._s, pop.AMPA._curr, pop.NMDA._prev_curr, pop.noise._s, pop.leak._curr,
                           pop.spikes(), pop.spikeTimes().ravel()])


@pytest.mark.parametrize("delays", [{}, {"cc": 4, "ci": 1, "ic": 20}])
def test_the_loop_has_the_bits_of_a_script(delays):
    np.random.seed(5)
    pops = pair()
    weights = weights_between(*pops)
    spikes = by_hand(*pops, weights, 800, delays)
    want, drawn = [state(pop) for pop in pops], digest()
    assert len(spikes) > 20
    np.random.seed(5)
    again = pair()
    net = network(*again, weights, delays)
    record = net.record_spikes(again[0])
    net.run(800 * DT)
    assert all(np.array_equal(a, state(pop)) for a, pop in zip(want, again))
    assert np.array_equal(drawn, digest())
    assert [(n, t) for n, t in zip(record.ids, record.times)] == spikes
    assert again[0].numSpikes == pops[0].numSpikes


@pytest.mark.parametrize("make", [
    lambda n, m: (Dense(np.full((n, n), 0.002)), Uniform(0.002)),
    lambda n, m: (ring := Ring.from_profile(n, scale=0.1), ring.toarray()),
    lambda n, m: (sparse := Sparse.random(n, n, 0.2, 0.01, rng=2), sparse.toarray()),
    lambda n, m: (one := OneToOne(np.linspace(0.1, 0.5, n)), one.toarray()),
    lambda n, m: (one := OneToOne(0.3).bound(n, n), one.toarray()),
])
def test_every_kind_of_weights_is_its_dense_twin(make):
    def run(weights):
        np.random.seed(9)
        cells, inhibition = pair()
        net = network(cells, inhibition, {"cc": weights})
        net.run(30.0)
        return state(cells)
    one, other = (run(weights) for weights in make(40, 10))
    assert np.array_equal(one, other)


def test_the_golden_ring_is_replayed():
    """The published code's run of `ring_busy`, through the loop; exact where NumPy's exp is libm's."""
    want = np.load(pathlib.Path(__file__).parent / "data" / "golden" / "ring_busy.npz")
    np.random.seed(103)
    p, i = lifext.pyrRingPop(64, **BUSY_RING[0]), lifext.interRingPop(16, **BUSY_RING[1])
    p.afferents = lifext.affRingPoisson(64, p.directions)
    p.afferents.stim(0, max_rate=1.25)
    p.afferents.g = 0.001
    p.afferents.hide()
    net = Network(DT, compat=True)
    net.add(p=p, i=i)
    net.connect(p, p, ring_profile(64), "exc")
    net.connect(i, p, Uniform(1 / 16), "inh")
    net.connect(p, i, Uniform(1 / 64), "exc")
    net.connect(i, i, Uniform(1 / 16), "inh")
    records = [net.record_spikes(pop) for pop in (p, i)]
    net.run(10.0)
    p.stim(0.5 * np.pi)
    net.run(100.0)
    p.removeStim()
    net.run(190.0)
    assert np.array_equal(digest(), want["rng"])
    if EXP_IS_LIBM:
        assert np.array_equal(p.VMs(), want["vm_pyr"])
        assert np.array_equal(i.VMs(), want["vm_int"])
    for k, record in enumerate(records):
        spikes = want["spikes"][want["spikes"][:, 1] == k]
        upto = None if EXP_IS_LIBM else 2
        np.testing.assert_allclose(record.times[:upto], (spikes[:, 0] * DT + spikes[:, 3])[:upto], rtol=1e-12)
        assert np.array_equal(record.ids[:upto], spikes[:upto, 2])


def test_cutting_a_run_changes_nothing():
    def run(pieces):
        np.random.seed(2)
        cells, inhibition = pair()
        net = network(cells, inhibition, weights_between(cells, inhibition), {"cc": 7})
        spikes = net.record_spikes(cells)
        for piece in pieces:
            net.run(piece)
        return state(cells), spikes.times, net.time
    whole, cut = run([30.0]), run([0.05, 9.95, 0.0, 12.35, 7.65])
    assert np.array_equal(whole[0], cut[0])
    assert np.array_equal(whole[1], cut[1])
    assert whole[2] == cut[2] == 30.0


def test_time_is_a_product():
    net = Network(0.1, compat=True)
    net.add(cells=lifext.pyrPop(1))
    for _ in range(30):
        net.run(0.1)
    assert net.time == 30 * 0.1


def test_recording_changes_nothing():
    def run(record):
        np.random.seed(2)
        cells, inhibition = pair()
        net = network(cells, inhibition, weights_between(cells, inhibition))
        if record:
            net.record_spikes(cells)
            net.record_state(cells, ["v", "s_nmda", "i_leak"], every=0.5)
        net.run(10.0)
        return state(cells)
    assert np.array_equal(run(False), run(True))


def test_states_are_sampled_at_the_end_of_steps():
    np.random.seed(1)
    cells, inhibition = pair()
    net = network(cells, inhibition, {})
    trace = net.record_state(cells, ["v", "s_nmda", "i_noise"], every=1.0, neurons=[0, -1])
    net.run(3.5)
    before = cells.VMs()
    net.run(0.5)
    assert trace.times.tolist() == pytest.approx([1, 2, 3, 4])
    assert trace["v"].shape == (4, 2)
    assert trace["v"][-1].tolist() == cells.VMs()[[0, -1]].tolist()
    assert not np.array_equal(before, cells.VMs())
    assert len(trace) == 4
    with pytest.raises(KeyError, match="variable must be one of v, s_nmda, i_noise, got 'x'"):
        trace["x"]


def test_a_population_of_a_users_own_is_stepped_through_python():
    def run(cls):
        np.random.seed(4)
        cells, inhibition = pair(cls)
        net = network(cells, inhibition, weights_between(cells, inhibition), {"cc": 3})
        spikes = net.record_spikes(cells)
        net.run(20.0)
        net.run(20.0)
        return state(cells), spikes.times
    want = run(lifext.pyrPop)
    words = "cells is stepped through Python: ComposedpyrPop has its own dVmdt"
    with pytest.warns(PerformanceWarning, match=words) as seen:
        got = run(composed(lifext.pyrPop))
    assert sum(warning.category is PerformanceWarning for warning in seen) == 1
    assert len(want[1]) > 5
    assert all(np.array_equal(a, b) for a, b in zip(want, got))


class Counting(lifext.pyrPop):
    """Steps and receptions of a user's own, around the published ones."""

    calls = 0

    def predictSpikes(self, dt, time):
        self.calls += 1
        self._vM = self._vM + 0.01
        super().predictSpikes(dt, time)

    def receivePyrSpikes(self, dt, num, dts, weights):
        super().receivePyrSpikes(dt, num, dts, 2 * np.asarray(weights))


def test_a_users_own_steps_and_receptions_are_called():
    np.random.seed(4)
    pops = pair(Counting)
    weights = weights_between(*pops)
    assert by_hand(*pops, weights, 300)
    want = state(pops[0])
    np.random.seed(4)
    again = pair(Counting)
    with pytest.warns(PerformanceWarning, match="Counting has its own predictSpikes"):
        network(*again, weights).run(300 * DT)
    assert again[0].calls == 300
    assert np.array_equal(state(again[0]), want)


def test_changes_between_runs_count():
    def change(pop):
        pop.AMPA.g, pop.noise.rate, pop._vM = 0.3, 2.5, np.full(pop.size, -55.0)

    np.random.seed(6)
    pops = pair()
    weights = weights_between(*pops)
    by_hand(*pops, weights, 100)
    change(pops[0])
    by_hand(*pops, weights, 100, first=100)
    want = state(pops[0])
    np.random.seed(6)
    again = pair()
    net = network(*again, weights)
    net.run(5.0)
    change(again[0])
    net.run(5.0)
    assert np.array_equal(state(again[0]), want)


def test_callbacks_come_at_their_interval_and_can_end_the_run():
    net = network(*pair(), {})
    seen = []
    net.run(10.0, every=(2.5, lambda net: seen.append(net.time)))
    assert seen == pytest.approx([2.5, 5.0, 7.5, 10.0])
    net.run(10.0, every=(0.5, lambda net: net.time >= 12.0))
    assert net.time == pytest.approx(12.0)


@pytest.mark.parametrize("again", [lambda net: net.run(1.0), lambda net: net.reset()])
def test_a_running_network_is_not_run_again(again):
    net = network(*pair(), {})
    with pytest.raises(RuntimeError, match="Network: is running"):
        net.run(2.0, every=(1.0, again))
    assert net.time == 1.0
    net.run(1.0)
    assert net.time == 2.0


def test_what_a_callback_changes_counts():
    def run(with_callback):
        np.random.seed(8)
        cells, inhibition = pair()
        net = network(cells, inhibition, {})
        if with_callback:
            net.run(10.0, every=(5.0, lambda net: setattr(cells.AMPA, "g", 2.0) if net.time < 6 else None))
        else:
            net.run(5.0)
            cells.AMPA.g = 2.0
            net.run(5.0)
        return state(cells)
    assert np.array_equal(run(True), run(False))


def test_reset_starts_again():
    np.random.seed(3)
    cells, inhibition = pair()
    net = network(cells, inhibition, weights_between(cells, inhibition), {"cc": 4})
    spikes, trace = net.record_spikes(cells), net.record_state(cells, "v", every=1.0)
    net.run(20.0)
    np.random.seed(3)
    cells.reset(), inhibition.reset()
    by_hand(cells, inhibition, weights_between(cells, inhibition), 200, {"cc": 4})
    want = state(cells)[:40]
    np.random.seed(3)
    net.reset()
    assert (net.time, len(spikes), len(trace)) == (0.0, 0, 0)
    net.run(10.0)
    assert np.array_equal(state(cells)[:40], want)


def test_a_delay_added_in_mid_run_keeps_the_spikes_on_their_way():
    np.random.seed(3)
    cells, inhibition = pair()
    net = network(cells, inhibition, {"cc": np.full((40, 40), 0.002)}, {"cc": 5})
    net.run(20.0)
    before = {step: net._histories[0].of_step(step)[0].tolist() for step in range(395, 400)}
    net.connect(cells, inhibition, Uniform(0.01), "exc", delay=30 * DT)
    assert {step: net._histories[0].of_step(step)[0].tolist() for step in before} == before
    net.run(5.0)


def test_rates_and_vectors_of_a_record():
    pop = lifext.pyrRingPop(4)
    net = Network(DT, compat=True)
    net.add(ring=pop)
    record = net.record_spikes(pop)
    record._log = type(record._log)(np.array([1, 1, 3, 0]), np.array([1.0, 2.0, 2.5, 9.0]))
    record.stop = 10.0
    assert record.rate(0.0, 5.0) == 3 / 4 / 5e-3
    assert record.population_vector(0, 2.2) == pytest.approx(1j)
    assert abs(record.population_vector(0, 3)) == pytest.approx(1 / 3)
    assert np.isnan(record.population_vector(3, 4).real)
    assert record.between(2.0, 2.5)[0].tolist() == [1]


def test_networks_pickle():
    np.random.seed(3)
    cells, inhibition = pair(rng=7)
    net = network(cells, inhibition, weights_between(cells, inhibition), {"cc": 6})
    spikes = net.record_spikes(cells)
    net.run(10.0)
    twin = pickle.loads(pickle.dumps((net, cells, spikes)))
    net.run(10.0)
    twin[0].run(10.0)
    assert np.array_equal(state(twin[1]), state(cells))
    assert np.array_equal(twin[2].times, spikes.times)


def test_ctrl_c_stops_between_steps():
    net = network(*pair(n=200, m=50), {})
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        net.run(1e6)
    timer.join()
    stopped = net.time
    assert 0 < stopped < 1e6
    net.run(1.0)
    assert net.time == pytest.approx(stopped + 1)


@pytest.mark.parametrize(("call", "words"), [
    (lambda net, c, i: Network(0, compat=True), "Network: dt must be a number, finite and > 0, got 0"),
    (lambda net, c, i: net.add(cells=lifext.pyrPop(2)), "Network: cells must be a name that is not taken"),
    (lambda net, c, i: net.add(again=c), "Network: again must be a population not added before"),
    (lambda net, c, i: net.add(p=lifext.AMPAR(2)), "Network: p must be a population"),
    (lambda net, c, i: net.connect(c, lifext.pyrPop(2), Uniform(1), "exc"), "Network: target must be one of the pop"),
    (lambda net, c, i: net.connect(c, i, np.ones((3, 3)), "exc"), r"shape must be .*\(40, 10\), got \(3, 3\)"),
    (lambda net, c, i: net.connect(c, i, Uniform(1), "pyr"),
     "Network: kind must be 'exc' or 'inh' or 'ampa' or 'nmda', got 'pyr'"),
    (lambda net, c, i: net.connect(c, i, Uniform(1), "exc", delay=0.07), "delay must be a multiple of dt = 0.05 ms"),
    (lambda net, c, i: net.connect(c, i, Uniform(1), "exc", delay=-1), "delay must be a number, finite and >= 0"),
    (lambda net, c, i: net.run(1e308), r"Network: duration must be less than 2\*\*62 steps of dt = 0.05 ms, got 1e"),
    (lambda net, c, i: net.connect(c, i, Uniform(1), "exc", delay=1e18), "delay must be less than 2"),
    (lambda net, c, i: net.run(0.07), "Network: duration must be a multiple of dt = 0.05 ms"),
    (lambda net, c, i: net.run(np.nan), "Network: duration must be a number, finite and >= 0, got nan"),
    (lambda net, c, i: net.run(1.0, every=(0.0, print)), "Network: every must be a multiple of dt"),
    (lambda net, c, i: net.record_state(c, "u"), "Network: variables must be 'v' or"),
    (lambda net, c, i: net.record_state(c, "v", neurons=[40]), "neurons must be a whole number < size = 40, got 40"),
    (lambda net, c, i: net.record_state(c, "v", neurons=3),
     "neurons must be a list of whole numbers >= -40 and < 40, or a mask of 40 booleans, got 3"),
    (lambda net, c, i: net.add(ok=lifext.pyrPop(2), **{"": lifext.pyrPop(2)}),
     "the name must be the name of a population, of one character or more, got ''"),
    (lambda net, c, i: net.record_state(c, "v", every=0.0), "Network: every must be a multiple of dt"),
    (lambda net, c, i: net.record_spikes("cells"), "Network: population must be one of the populations added"),
])
def test_bad_input(call, words):
    cells, inhibition = pair()
    net = network(cells, inhibition, {})
    with pytest.raises((ValueError, TypeError), match=words):
        call(net, cells, inhibition)
    assert net._names == ["cells", "inhibition"]
    assert net._projections == []
    assert net.time == 0


def test_an_empty_network_passes_the_time():
    net = Network(DT, compat=True)
    net.run(5.0)
    assert net.time == 5.0


def test_the_ring_of_one_line_weights():
    """Ring weights kept as one row remember a cue, as the dense matrix does."""
    np.random.seed(1)
    cells, inhibition = lifext.pyrRingPop(1024, **ONE_RING[0]), lifext.interRingPop(256, **ONE_RING[1])
    cells.afferents = lifext.affRingPoisson(1024, cells.directions)
    net = Network(DT, compat=True)
    net.add(cells=cells, inhibition=inhibition)
    net.connect(cells, cells, Ring.from_profile(1024), "exc")
    net.connect(cells, inhibition, Uniform(1 / 1024), "exc")
    net.connect(inhibition, cells, Uniform(1 / 256), "inh")
    net.connect(inhibition, inhibition, Uniform(1 / 256), "inh")
    spikes = net.record_spikes(cells)
    cells.stim(np.pi, max_rate=1.25)
    net.run(250.0)
    cells.removeStim()
    net.run(250.0)
    vector = spikes.population_vector(400, 500)
    assert abs(np.degrees(np.angle(vector)) % 360 - 180) < 15
    assert abs(vector) > 0.9


class Meddler(composed(lifext.pyrPop)):
    """Changes another population in the midst of a step, before that takes its turn."""

    def predictSpikes(self, dt, time):
        super().predictSpikes(dt, time)
        if round(time / dt) == 150:
            self.other.vTh, self.other.leak.g = -52.5, 0.03

    def processTimeStep(self, dt, time):
        super().processTimeStep(dt, time)
        if round(time / dt) == 200:
            self.other.NMDA.g = 0.03


def test_a_population_changed_by_another_within_a_step():
    """Its record is made anew at once, as in a script."""
    def make():
        cells, inhibition = pair(Meddler, rng=np.random.RandomState(4))
        cells.other = inhibition
        return cells, inhibition
    hand, net_pops = make(), make()
    weights = weights_between(*hand)
    by_hand(*hand, weights, 400)
    with pytest.warns(PerformanceWarning):
        network(*net_pops, weights).run(400 * DT)
    for one, other in zip(hand, net_pops):
        assert np.array_equal(state(one), state(other))
