"""The reference network against closed forms, and both arithmetics against the reference network.

Of first order in dt, as the published scheme is: a neuron waits for the step in which its refractory period is over,
the second slope of a step lacks 1/cM, and gating of second order takes Euler steps.
"""
import numpy as np
import pytest
from fast_tools import Train, without_warning
from reference_network import Receptor, ReferenceNetwork
from scipy.integrate import quad

import lifext
from lifext import Dense

# the published time constants and conductances of the tests
GATES = {"AMPA": {1: {"tau_s": 2.0}, 2: {"tau_s": 2.0, "tau_x": 0.05}},
         "NMDA": {1: {"tau_s": 80.0}, 2: {"tau_s": 80.0, "tau_x": 2.0}},
         "GABA": {1: {"tau_s": 10.0}, 2: {"tau_s": 10.0, "tau_x": 0.25}}}
REVERSALS = {"AMPA": 0.0, "NMDA": 0.0, "GABA": -70.0}
NAMES = {"exc": ("AMPA", "NMDA"), "inh": ("GABA",)}


def receptor(name, order, size, g):
    return Receptor(size, g=g, reversal=REVERSALS[name], mg=1.0 if name == "NMDA" else None, **GATES[name][order])


# The reference

def test_a_steady_current_gives_the_closed_interval():
    """refDur + tau ln((vInf - vReset)/(vInf - vTh))."""
    current = np.array([0.5, 0.7, 1.5])
    net = ReferenceNetwork(3, {}, current=current, step=0.05)
    net.run_until(200.0)
    for i in range(3):
        times = [time for time, neuron in net.spikes if neuron == i]
        end = -70 + current[i] / 0.025
        rise = 20 * np.log((end + 60) / (end + 52))
        np.testing.assert_allclose(times, rise + (2.0 + rise) * np.arange(len(times)), rtol=0, atol=1e-7)
        assert len(times) >= 5


def test_gating_of_first_order_is_a_sum_of_exponentials():
    net = ReferenceNetwork(2, {"GABA": receptor("GABA", 1, 2, 0.1)})
    arrivals = [(0.31, [0.5, 0.0]), (0.31, [0.25, 1.0]), (4.7, [3.0, 0.2])]
    for time, weights in arrivals:
        net.receive(time, weights, ("GABA",))
    net.run_until(9.0)
    want = sum(np.array(weights) * np.exp(-(9.0 - time) / 10.0) for time, weights in arrivals)
    np.testing.assert_allclose(net.receptors["GABA"].s, want, rtol=1e-12)


@pytest.mark.parametrize("weight", [0.01, 1.0, 40.0])
def test_gating_of_second_order_is_what_its_integral_says(weight):
    """With x = w exp(-t/tau_x), s is linear: an integral of what opens and is still open."""
    net = ReferenceNetwork(1, {"NMDA": receptor("NMDA", 2, 1, 0.1)})
    net.receive(0.0, [weight], ("NMDA",))
    net.run_until(7.0)

    def left(since):
        opened = weight * 2.0 * (np.exp(-since / 2.0) - np.exp(-7.0 / 2.0))
        return np.exp(-opened - (7.0 - since) / 80.0)
    want, _ = quad(lambda t: weight * np.exp(-t / 2.0) * left(t), 0.0, 7.0, epsabs=1e-13, epsrel=1e-13, limit=500)
    assert net.receptors["NMDA"].s[0] == pytest.approx(want, rel=1e-9)
    assert net.receptors["NMDA"].x[0] == pytest.approx(weight * np.exp(-3.5), rel=1e-12)


def test_a_passive_membrane_decays():
    net = ReferenceNetwork(1, {}, v_threshold=1e3, step=0.1)
    net.run_until(30.0)
    assert net.v[0] == pytest.approx(-70 + 10 * np.exp(-30 / 20), rel=1e-10)


def test_a_spike_arrives_at_its_time():
    """One neuron fires at a time in closed form; after the delay, the other's gating decays from the weight."""
    net = ReferenceNetwork(2, {"AMPA": receptor("AMPA", 1, 2, 0.0)}, current=[1.0, 0.0])
    net.connect([[0.0, 0.7], [0.0, 0.0]], ("AMPA",), 1.3)
    net.run_until(9.0)
    first = 20 * np.log((-30 + 60) / (-30 + 52))
    assert net.spikes[0] == (pytest.approx(first, abs=1e-9), 0)
    assert net.receptors["AMPA"].s[1] == pytest.approx(0.7 * np.exp(-(9.0 - first - 1.3) / 2), rel=1e-9)


# What tends to it

SIZE, SOURCES, END = 12, 5, 30.0
LEAST, COARSE = 0.0125, 0.1


class Setting:
    """A network of pyramidal cells with inputs on schedule: weights, times and parameters, of a seed."""

    def __init__(self, orders, *, scale=1.0, seed=1):
        rng = np.random.default_rng(seed)
        self.orders = orders
        self.g = {"AMPA": 0.02, "NMDA": 0.03, "GABA": 0.04}
        self.current = np.linspace(0.35, 0.9, SIZE)
        self.refractory = rng.uniform(1.5, 3.0, SIZE)
        self.exc = rng.uniform(0, 0.3, (SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < 0.4)
        self.inh = rng.uniform(0, 0.3, (SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < 0.4)
        # off the beginnings of steps of any length here
        self.times = [np.sort(rng.choice(np.arange(2, 280), 7, replace=False) / 10 + 0.0371) for _ in range(SOURCES)]
        self.input = rng.uniform(0.2, 1.0, (SOURCES, SIZE)) * scale

    def reference(self, step=0.005, end=END):
        net = ReferenceNetwork(SIZE, {name: receptor(name, self.orders[name], SIZE, g) for name, g in self.g.items()},
                               current=self.current, refractory=self.refractory, step=step)
        net.connect(self.exc, NAMES["exc"], 0.8)
        net.connect(self.inh, NAMES["inh"], 0.4)
        for times, weights in zip(self.times, self.input):
            for time in times:
                net.receive(time, weights, NAMES["exc"])
        net.run_until(end)
        return net

    def package(self, dt, **how):
        cells = lifext.pyrPop(SIZE, noise_rate=0.0, refDur=self.refractory, rng=1)
        for name, cls in (("AMPA", lifext.AMPAR), ("NMDA", lifext.NMDAR), ("GABA", lifext.GABAR)):
            setattr(cells, name, cls(SIZE, order=self.orders[name], g=self.g[name]))
        # a steady current of each neuron's own is a leak that is drawn to another potential
        cells.leak.vL = -70.0 + self.current / 0.025
        schedule = {}
        for i, times in enumerate(self.times):
            for time in times:
                step = int(time / dt)
                ids, instants = schedule.setdefault(step, ([], []))
                ids.append(i)
                instants.append(time - step * dt)
        train = Train(SOURCES, schedule)
        net = lifext.Network(dt, **how)
        with without_warning():
            net.add(train=train, cells=cells)
            net.connect(train, cells, Dense(self.input), "exc")
            net.connect(cells, cells, Dense(self.exc), "exc", delay=0.8)
            net.connect(cells, cells, Dense(self.inh), "inh", delay=0.4)
            spikes = net.record_spikes(cells)
            net.run(END)
        return cells, spikes


def errors(setting, reference, dt, **how):
    """Of spike times, mean and largest, ms, and of the open fractions at the end, on average."""
    cells, spikes = setting.package(dt, **how)
    times = []
    for i in range(SIZE):
        # one just before the end may come just after it
        want = np.array([time for time, neuron in reference.spikes if neuron == i and time < END - 2.0])
        got = spikes.times[spikes.ids == i]
        assert len(want) <= len(got) <= len(want) + 2, f"neuron {i}"
        times.append(np.abs(got[:len(want)] - want))
    times = np.concatenate(times)
    gating = np.mean([np.abs(getattr(cells, name).kinetic._s - reference.receptors[name].s) for name in GATES])
    return np.array([times.mean(), times.max(), gating])


ARITHMETICS = {"compat": {"compat": True}, "fast": {"seed": 1}}
EACH = pytest.mark.parametrize("how", ARITHMETICS.values(), ids=ARITHMETICS)


@pytest.fixture(scope="module", params=[(1, 1, 1), (1, 2, 1), (1, 2, 2)], ids=str)
def solved(request):
    setting = Setting(dict(zip(GATES, request.param)))
    return setting, setting.reference()


@EACH
def test_an_arithmetic_tends_to_the_reference_as_its_step_falls(solved, how):
    """Spike times and gating in proportion to dt; at 0.0125 ms to the bounds here, over some 80 spikes in 30 ms."""
    setting, reference = solved
    assert len(reference.spikes) > 60
    coarse, fine = (errors(setting, reference, dt, **how) for dt in (COARSE, LEAST))
    # a neuron that waits for the next step after each refractory period is half a step late each time
    assert fine[0] < 0.03
    assert fine[1] < 0.1
    assert fine[2] < 0.01
    # an eighth of the step, by first order; single spikes wait for a step more or less
    assert coarse[0] / fine[0] > 3
    assert coarse[2] / fine[2] > 3


@pytest.mark.slow
def test_the_reference_is_the_solution():
    """A step that is 50 times shorter changes no spike by more than 1e-7 ms."""
    setting = Setting({"AMPA": 1, "NMDA": 2, "GABA": 2})
    coarse, fine = setting.reference(0.005, 8.0), setting.reference(1e-4, 8.0)
    assert [neuron for _, neuron in coarse.spikes] == [neuron for _, neuron in fine.spikes]
    assert len(coarse.spikes) > 10
    np.testing.assert_allclose([t for t, _ in coarse.spikes], [t for t, _ in fine.spikes], rtol=0, atol=1e-7)


@EACH
@pytest.mark.parametrize("dt", [0.4, 0.0125])
def test_gating_of_first_order_is_exact_at_any_step(how, dt):
    cells, train = lifext.pyrPop(3, noise_rate=0.0, vTh=1e3, GABA_g=1e-5, rng=1), Train(1, {
        int(time / dt): ([0], [time - int(time / dt) * dt]) for time in (1.03, 2.61, 5.57)})
    net = lifext.Network(dt, **how)
    with without_warning():
        net.add(train=train, cells=cells)
        net.connect(train, cells, Dense([[0.1, 1.0, 200.0]]), "inh")
        net.run(8.0)
    want = np.array([0.1, 1.0, 200.0]) * sum(np.exp(-(8.0 - time) / 10.0) for time in (1.03, 2.61, 5.57))
    np.testing.assert_allclose(cells.GABA.kinetic._s, want, rtol=1e-12)


# Gating that is driven as far as it goes

# each target has the same volleys, of another weight; together, one after the other and in the same step
VOLLEYS = (0.537, 1.237, 1.241, 3.0371, 3.0372, 3.0373, 6.611)
WEIGHTS = np.array([0.001, 0.1, 1.0, 5.0, 10.0, 30.0, 100.0])


@pytest.fixture(scope="module")
def saturated():
    """The open fractions of NMDA channels every 0.2 ms, (40, 7)."""
    net = ReferenceNetwork(len(WEIGHTS), {"NMDA": receptor("NMDA", 2, len(WEIGHTS), 0.01)}, v_threshold=1e3, step=1e-3)
    for time in VOLLEYS:
        net.receive(time, WEIGHTS, ("NMDA",))
    samples = []
    for k in range(1, 41):
        net.run_until(0.2 * k)
        samples.append(net.receptors["NMDA"].s.copy())
    return np.array(samples)


def driven(dt, **how):
    """The same in the package."""
    cells = lifext.pyrPop(len(WEIGHTS), noise_rate=0.0, vTh=1e3, NMDA_g=0.01, AMPA_g=0.0, rng=1)
    schedule = {}
    sources = len(VOLLEYS)
    for i, time in enumerate(VOLLEYS):
        ids, instants = schedule.setdefault(int(time / dt), ([], []))
        ids.append(i)
        instants.append(time - int(time / dt) * dt)
    train = Train(sources, schedule)
    net = lifext.Network(dt, **how)
    with without_warning():
        net.add(train=train, cells=cells)
        net.connect(train, cells, Dense(np.tile(WEIGHTS, (sources, 1))), "exc")
        trace = net.record_state(cells, "s_nmda", every=0.2)
        net.run(8.0)
    return trace["s_nmda"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("dt", [0.2, 0.1, 0.05, 0.0125])
def test_volleys_open_channels_and_no_more_at_any_step(saturated, dt, dtype):
    """With x dt from 1e-5 to 20 and more, far beyond what a step of Euler's can take.

    All but the first moments after a volley, in which a coarse step cannot know how far channels are open.
    """
    found = driven(dt, seed=1, dtype=dtype)
    assert np.all((found >= 0) & (found <= 1 + 1e-6))
    apart = np.abs(found - saturated)
    assert apart.mean() < 0.25 * dt + 1e-5
    # half a ms and more after the last volley
    assert apart[36:].max() < 0.5 * dt + 1e-5


@pytest.mark.filterwarnings("ignore::lifext.NumericalWarning")    # of weights beyond those
def test_the_published_arithmetic_follows_volleys_that_its_steps_can_take(saturated):
    taken = WEIGHTS <= 10
    found = driven(0.0125, compat=True)
    assert np.abs(found - saturated)[:, taken].mean() < 0.25 * 0.0125
    assert np.abs(found - saturated)[36:, taken].max() < 0.5 * 0.0125


def test_gating_under_volleys_tends_to_the_reference(saturated):
    """In proportion to dt, weights for which even steps of 0.1 ms are short included or not."""
    apart = [np.abs(driven(dt, seed=1) - saturated) for dt in (0.05, 0.0125, 0.003125)]
    for few in (WEIGHTS <= 1.0, WEIGHTS > 1.0):
        found = np.array([part[:, few].mean() for part in apart])
        # at 0.05 ms some are walked from spike to spike, which is better than a step
        assert np.all(found[:-1] / found[1:] > 2), found
