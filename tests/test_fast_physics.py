"""The fast arithmetic against closed forms, limits and conservation laws."""
import numpy as np
import pytest
from fast_tools import DT, Train, network, quiet, run
from scipy.integrate import solve_ivp

import lifext
from lifext import Dense, OneToOne, Ring, Sparse, Uniform

NEVER = 1e3


def order(error, coarsest, times=2, ratio=4):
    """By which power of dt `error(dt)` falls, each time that dt is divided by `ratio`."""
    errors = [error(coarsest / ratio**k) for k in range(times + 1)]
    return np.log(np.array(errors[:-1]) / errors[1:]) / np.log(ratio)


# The membrane

def passive(dt, duration, cm):
    pop = lifext.pyrPop(3, vTh=NEVER, cM=cm, noise_rate=0.0)
    net = network({"cells": pop}, dt=dt, seed=1)
    net.run(duration)
    return pop.VMs()


@pytest.mark.parametrize("cm", [0.2, 0.5, 1.0])
def test_a_passive_membrane_decays_as_the_scheme_says(cm):
    """In the step at time 0 all are held at reset; then each step leaves 1 - a + a^2 cM/2 of v - vL.

    With a = g dt/cM the textbook's RK2 leaves 1 - a + a^2/2; the published scheme takes its second slope at
    v + k1*dt with k1 a current, which has the factor cM.
    """
    a = 0.025 * DT / cm
    left = 1 - a + a**2 * cm / 2
    np.testing.assert_allclose(passive(DT, 20.0, cm), -70 + 10 * left**399, rtol=1e-13)


@pytest.mark.parametrize(("cm", "power"), [(0.5, 1), (1.0, 2)])
def test_a_passive_membrane_tends_to_the_exponential(cm, power):
    """Of first order, as the second slope is off by the factor cM; of second where that is 1."""
    def error(dt):
        return abs(passive(dt, 16.0, cm)[0] + 70 - 10 * np.exp(-0.025 * (16.0 - dt) / cm))
    assert order(error, 0.8) == pytest.approx([power] * 2, abs=0.05)


@pytest.mark.parametrize("refractory", [0.0, 2.0])
@pytest.mark.parametrize("current", [0.5, 0.7, 1.5])
def test_the_firing_rate_is_the_analytic_one(current, refractory):
    """1/rate = refDur + tau ln((vInf - vReset)/(vInf - vTh)), with vInf = vL + I/g and tau = cM/g.

    Steps add up to dt to each interval, as a neuron waits for the step in which its refractory period is over.
    """
    dt = 0.01
    pop = lifext.pyrPop(1, noise_rate=0.0, refDur=refractory)
    net = network({"cells": pop}, dt=dt, seed=1)
    spikes = net.record_spikes(pop)
    pop.stim(cue_sal=current)
    net.run(300.0)
    end = -70 + current / 0.025
    want = refractory + 20 * np.log((end + 60) / (end + 52))
    intervals = np.diff(spikes.times)
    assert len(intervals) > 4
    # how far the published second slope moves the time constant: g dt/cM*(1 - cM)/2 of it
    slack = want * 0.025 * dt / 0.5 * 0.5
    assert intervals.min() > want - slack
    assert intervals.max() < want + dt + slack


def test_a_neuron_stays_at_reset_while_it_is_refractory():
    pop = lifext.pyrPop(1, noise_rate=0.0, refDur=3.0)
    net = network({"cells": pop}, seed=1)
    spikes, trace = net.record_spikes(pop), net.record_state(pop, "v")
    pop.stim(cue_sal=5.0)
    net.run(60.0)
    assert len(spikes) > 10
    ends = spikes.times + 3.0
    starts = trace.times - DT
    refractory = np.any((starts[:, None] >= np.floor(spikes.times / DT + 1e-9) * DT - 1e-9)
                        & (starts[:, None] <= ends + 1e-9), axis=1) | (starts < 1e-9)
    assert np.array_equal(trace["v"][:, 0] == -60.0, refractory)


# Poisson input

def gating(rate, size=20_000, alpha=1.3, tau=2.0, times=4):
    """Gating of so many neurons at moments that are 10 time constants and more apart, and a little after each."""
    pop = lifext.pyrPop(size, rng=1, vTh=NEVER, noise_rate=rate)
    pop.noise.alpha, pop.noise.tau = alpha, tau
    net = network({"cells": pop}, seed=11)
    samples = []
    for _ in range(times):
        net.run(20.0)
        samples.append(pop.noise._s.copy())
        net.run(1.0)
        samples[-1] = np.stack([samples[-1], pop.noise._s])
    return np.concatenate(samples, axis=1)


@pytest.mark.parametrize("each", [False, True])
def test_gating_by_noise_is_shot_noise(each):
    """Campbell: mean alpha*rate*tau, variance alpha^2*rate*tau/2, correlation exp(-d/tau) (at 4.5 standard errors)."""
    rates, alpha, tau = (np.array([0.0, 0.3, 1.8, 9.0]) if each else np.array([1.8])), 1.3, 2.0
    size = 20_000
    before, after = gating(np.tile(rates, size // len(rates)) if each else 1.8, size).reshape(2, -1, len(rates))
    n = len(before)
    variance, fourth = alpha**2 * rates * tau / 2, alpha**4 * rates * tau / 4
    np.testing.assert_array_less(abs(before.mean(axis=0) - alpha * rates * tau), 4.5 * np.sqrt(variance / n) + 1e-12)
    np.testing.assert_array_less(abs(before.var(axis=0) - variance),
                                 4.5 * np.sqrt((fourth + 2 * variance**2) / n) + 1e-12)
    covariance = np.mean((before - alpha * rates * tau) * (after - alpha * rates * tau), axis=0)
    left = np.exp(-1 / tau)
    # Var(XY) <= E[X^4]^(1/2) E[Y^4]^(1/2)
    np.testing.assert_array_less(abs(covariance - left * variance),
                                 4.5 * np.sqrt((fourth + 3 * variance**2) / n) + 1e-12)
    if each:
        assert not before[:, 0].any()


# Spikes on their way

# so strong that the first cell spikes in each step
@pytest.mark.filterwarnings("ignore:.*(cue_sal|noise and afferents):lifext.ParameterWarning")
def test_a_spike_travels_down_a_chain():
    """One neuron a delay and a step; each gating rises by what is left, at the end of the step, of the exact time."""
    n, delay, rest = 8, 20, 200.0
    # a reset far below keeps the spiked ones from being predicted to spike again
    cells = {f"p{k}": quiet(lifext.pyrPop, 1, AMPA_g=1.67, NMDA_g=0.0, leak_vL=-60.0, vReset=-90.0, refDur=100.0)
             for k in range(n)}
    net = network(cells, [(f"p{k}", f"p{k + 1}", OneToOne(1.0), "exc", delay * DT) for k in range(n - 1)], seed=1)
    net.run(rest)
    spikes = [net.record_spikes(pop) for pop in cells.values()]
    gates = [net.record_state(pop, "s_ampa") for pop in cells.values()]
    cells["p0"].stim(cue_sal=120.0)
    net.run(DT)
    cells["p0"].removeStim()
    net.run(12.0)
    assert [len(record) for record in spikes] == [1] * n
    times = np.array([record.times[0] for record in spikes]) - rest
    steps = np.floor(times / DT).astype(int)
    # the neuron crosses threshold in the step after that in which the spike arrives
    assert steps.tolist() == [k * (delay + 1) for k in range(n)]
    for k in range(1, n):
        trace = gates[k]["s_ampa"][:, 0]
        arrival = steps[k - 1] + delay
        assert not trace[:arrival].any()
        left = DT - (times[k - 1] - steps[k - 1] * DT)
        assert 0 < left < DT
        assert trace[arrival] == pytest.approx(np.exp(-left / 2), rel=1e-10)


# gating that does not decay counts what has arrived, however much that is
@pytest.mark.filterwarnings("ignore:.*below all that its currents:lifext.NumericalWarning")
@pytest.mark.filterwarnings("ignore:.*AMPA.kinetic.tau_s:lifext.ParameterWarning")
@pytest.mark.parametrize("weights", [
    lambda n: Dense(np.random.default_rng(1).random((n, n))), lambda n: Sparse.random(n, n, 0.1, 0.3, rng=2),
    lambda n: Ring.from_profile(n, scale=2.0), lambda n: Uniform(0.07).bound(n, n), lambda n: OneToOne(0.4).bound(n, n),
])
def test_spikes_are_conserved(weights):
    """Where nothing decays, the gating of all targets grows by the weights of the spikes that came."""
    n = 300
    weights = weights(n)
    cells = quiet(lifext.pyrPop, n, vTh=NEVER)
    cells.AMPA.kinetic.tau_s = 1e15
    train = Train(n, {4: ([0, 7, n - 1], [0.0, 0.01, 0.049]), 9: ([7], [0.03]), 11: (range(n), np.full(n, 0.02))})
    net = network({"train": train, "cells": cells}, [("train", "cells", weights, "exc", 0.25)], seed=1)
    run(net, 2.0)
    want = weights.toarray()[[0, 7, n - 1, 7, *range(n)]].sum(axis=0)
    np.testing.assert_allclose(cells.AMPA.kinetic._s, want, rtol=1e-12)
    assert cells.AMPA.kinetic._s.sum() == pytest.approx(want.sum(), rel=1e-12)


# Convergence

RECEPTORS = {"AMPA": (lifext.AMPAR, "exc", {"g": 0.05}), "NMDA": (lifext.NMDAR, "exc", {"g": 0.4}),
             "GABA": (lifext.GABAR, "inh", {"g": 0.02, "vI": -75.0})}
# a third of the way, or two thirds, through a step of 0.8 ms, and of any that is a half, a quarter, ... of it
INSTANTS = (np.array([1, 3, 4, 6, 9, 10, 12, 15]) + 1 / 3) * 0.8
WEIGHT = 0.3
END = 16.0


def receptor_of(name, kinetic_order):
    cls, _, parameters = RECEPTORS[name]
    return cls(1, order=kinetic_order, **parameters)


def driven(dt, name, kinetic_order, **options):
    """One neuron that receives a spike train through one receptor: its potential and gating at the end."""
    pop = quiet(lifext.pyrPop, 1, vTh=NEVER, AMPA_g=0.0, NMDA_g=0.0, GABA_g=0.0)
    setattr(pop, name, receptor_of(name, kinetic_order))
    steps = np.floor(INSTANTS / dt).astype(int)
    train = Train(1, {step: ([0], [instant - step * dt]) for step, instant in zip(steps, INSTANTS)})
    assert len(train.schedule) == len(INSTANTS)
    net = network({"train": train, "cell": pop}, [("train", "cell", Uniform(WEIGHT), RECEPTORS[name][1])], dt=dt,
                  **options)
    run(net, END)
    return np.array([pop._vM[0], getattr(pop, name).kinetic._s[0]])


def solved(name, kinetic_order, start):
    """The same by scipy's solver, from spike to spike; reset holds the neuron up to `start`."""
    part = receptor_of(name, kinetic_order)
    k, reversal = part.kinetic, part.vI if name == "GABA" else part.vE

    def slopes(_, y):
        v, s, x = y
        through = part.g * s * (v - reversal)
        if name == "NMDA":
            through /= 1 + part.mg / 3.57 * np.exp(-0.062 * v)
        opening, closing = (k.alpha_s * x * (1 - s), x / k.tau_x) if kinetic_order == 2 else (0.0, 0.0)
        return [-(0.025 * (v + 70) + through) / 0.5, opening - s / k.tau_s, -closing]

    now, y = start, np.array([-60.0, 0.0, 0.0])
    for instant in [*INSTANTS, END]:
        y = solve_ivp(slopes, (now, instant), y, rtol=1e-10, atol=1e-12, method="LSODA").y[:, -1]
        now = instant
        if instant < END:
            y[kinetic_order] += WEIGHT
    return y[:2]


@pytest.mark.parametrize("name", list(RECEPTORS))
@pytest.mark.parametrize("dt", [0.2, 0.05])
def test_first_order_gating_is_the_published_one_at_any_step(name, dt):
    """Summing what is left of each jump is what walking from spike to spike comes to, but for rounding."""
    fast, compat = driven(dt, name, 1, seed=1), driven(dt, name, 1, compat=True)
    assert fast[1] > 1e-3
    np.testing.assert_allclose(fast, compat, rtol=1e-13)


# well below tau_x, by which x rises
COARSEST = {"AMPA": 0.00625, "NMDA": 0.05, "GABA": 0.025}


@pytest.mark.parametrize("name", list(RECEPTORS))
def test_second_order_gating_approaches_the_published_one(name):
    """By dt^2: an Euler step is cut in two at each spike there, and is not here."""
    def error(dt):
        return abs(driven(dt, name, 2, seed=1) - driven(dt, name, 2, compat=True))
    assert order(error, COARSEST[name]) == pytest.approx(np.full((2, 2), 2.0), abs=0.2)


@pytest.mark.parametrize("name", list(RECEPTORS))
@pytest.mark.parametrize("kinetic_order", [1, 2])
def test_a_driven_neuron_tends_to_the_solution_of_its_equations(name, kinetic_order):
    """Of first order in dt, as the published scheme is."""
    def error(dt):
        # the step at time 0 is spent at reset
        return abs(driven(dt, name, kinetic_order, seed=1) - solved(name, kinetic_order, dt))
    orders = order(error, COARSEST[name] if kinetic_order == 2 else 0.05)
    assert orders[:, 0] == pytest.approx([1.0] * 2, abs=0.2)
    if kinetic_order == 2:
        assert orders[:, 1] == pytest.approx([1.0] * 2, abs=0.2)
