"""Populations: closed forms of the membrane, thresholds and refractoriness, a travelling spike."""
import copy
import pickle

import numpy as np
import pytest

from lifext import baseLIFPop, interPop, interRingPop, pyrPop, pyrRingPop

pytestmark = pytest.mark.usefixtures("backend")

DT = 0.05
FOUR = [pyrPop, interPop, pyrRingPop, interRingPop]


def quiet(cls, size, **kwargs):
    """A population without noise: nothing moves it but what a test does."""
    return cls(size, **{"noise_g": 0, "noise_rate": 0, **kwargs})


def step(pop, time, dt=DT):
    pop.predictSpikes(dt, time)
    pop.processTimeStep(dt, time)


def run(pop, duration, dt=DT, start=1.0):
    """Step a population on its own and return its spikes as rows (time, neuron)."""
    spikes = []
    for k in range(round(duration / dt)):
        step(pop, start + k * dt, dt)
        if pop.numSpikes:
            spikes += [(start + k * dt + pop.spikeTimes()[n, 0], n) for n in np.flatnonzero(pop.spikes())]
    return np.array(spikes).reshape(-1, 2)


@pytest.mark.parametrize("cls", FOUR)
def test_a_passive_membrane_relaxes_as_the_scheme_says(cls):
    """With a leak alone, a step multiplies v - vL by 1 - g dt (1 - g dt/2)/cM: the second slope is taken at
    v + k1 dt with k1 a current, as published."""
    pop = quiet(cls, 3)
    pop._vM = [-60.0, -65.0, -62.5]
    start, leak = pop.VMs(), pop.leak
    for k in range(200):
        step(pop, 1 + k * DT)
    factor = 1 - leak.g * DT * (1 - leak.g * DT / 2) / pop.cM
    np.testing.assert_allclose(pop.VMs() - leak.vL, (start - leak.vL) * factor**200, rtol=1e-11)


@pytest.mark.parametrize("cls", FOUR)
def test_the_leak_potential_is_a_fixed_point(cls):
    pop = quiet(cls, 2)
    pop._vM = np.full(2, float(pop.leak.vL))
    run(pop, 5)
    assert (pop.VMs() == pop.leak.vL).all()


@pytest.mark.parametrize("dt", [0.2, 0.1, 0.05, 0.025])
def test_a_steady_current_gives_the_period_of_a_leaky_integrator(dt):
    """To within a step, since a neuron is released from reset at a step's start."""
    pop = quiet(pyrPop, 1)
    pop.stim(cue_sal=0.7)
    times = run(pop, 100, dt)[:, 0]
    v_infinity, tau = -70 + 0.7 / 0.025, 0.5 / 0.025
    period = pop.refDur + tau * np.log((v_infinity - pop.vReset) / (v_infinity - pop.vTh))
    assert len(times) >= 5
    assert np.diff(times).mean() == pytest.approx(period, abs=dt)


def test_the_spike_time_lies_on_the_line_to_threshold():
    pop = quiet(pyrPop, 2)
    pop._vM = [-52.001, -60.0]
    pop.stim(cue_sal=1.0)
    before = pop.VMs()
    pop.predictSpikes(DT, 3.0)
    assert pop.spikes().tolist() == [True, False]
    assert pop.numSpikes == 1
    fraction = (pop.vTh - before[0]) / (pop._tempvM[0] - before[0])
    assert pop.spikeTimes()[0, 0] == pytest.approx(DT * fraction)
    assert pop.spikeTimes()[1, 0] == DT
    assert pop.spikeTimes().shape == (2, 1)
    assert pop._endRefract[0] == 3.0 + pop.spikeTimes()[0, 0] + pop.refDur


def test_a_neuron_is_held_at_reset_until_its_refractory_period_has_ended():
    pop = quiet(pyrPop, 1)
    pop._vM = [-52.0001]
    pop.stim(cue_sal=1.0)
    held = []
    for k in range(60):
        step(pop, 1 + k * DT)
        if k == 0:
            end = pop._endRefract[0]
            pop.afferents.hide()
        held.append((1 + k * DT, pop.VMs()[0] == pop.vReset))
    assert [was for time, was in held if time <= end] == [True] * sum(time <= end for time, _ in held)
    assert not any(was for time, was in held if time > end)
    assert end == pytest.approx(3.0, abs=DT)


def test_every_neuron_is_held_in_a_step_at_time_zero():
    pop = pyrPop(4)
    step(pop, 0.0)
    assert (pop.VMs() == pop.vReset).all()


# which is warned of
@pytest.mark.filterwarnings("ignore:interPop. noise and afferents:lifext.ParameterWarning")
def test_a_refractory_neuron_can_be_predicted_to_spike_again():
    pop = quiet(interPop, 1)
    pop.stim(cue_sal=60.0)
    step(pop, 1.0)
    first = pop._endRefract[0]
    for k in range(1, 6):
        step(pop, 1 + k * DT)
    assert pop._endRefract[0] > first


def test_a_potential_above_threshold_spikes_before_the_step():
    pop = quiet(pyrPop, 1)
    pop._vM = [-50.0]
    pop.stim(cue_sal=5.0)
    pop.predictSpikes(DT, 1.0)
    assert pop.spikes()[0]
    assert pop.spikeTimes()[0, 0] < 0


def test_excitation_depolarises_and_inhibition_does_the_opposite():
    pops = {name: quiet(pyrPop, 1) for name in ("none", "excited", "inhibited")}
    for pop in pops.values():
        pop._vM = [-60.0]
        pop.predictSpikes(DT, 1.0)
    pops["excited"].receivePyrSpikes(DT, 1, [[0.0]], [[0.1]])
    pops["inhibited"].receiveIntSpikes(DT, 1, [[0.0]], [[0.1]])
    for pop in pops.values():
        pop.processTimeStep(DT, 1.0)
    v = {name: pop.VMs()[0] for name, pop in pops.items()}
    assert v["inhibited"] < v["none"] < v["excited"]


def test_interneurons_of_the_flat_kind_ignore_inhibition():
    with_it, without = quiet(interPop, 1), quiet(interPop, 1)
    for pop in (with_it, without):
        pop._vM = [-60.0]
        pop.predictSpikes(DT, 1.0)
    with_it.receiveIntSpikes(DT, 1, [[0.0]], [[0.9]])
    for pop in (with_it, without):
        pop.processTimeStep(DT, 1.0)
    assert with_it.VMs()[0] == without.VMs()[0]
    assert with_it.GABA.kinetic.kinetic(DT)[0] > 0


def test_a_spike_travels_down_a_chain():
    """Neuron k excites neuron k + 1 only: they fire once each, in order, at equal distances."""
    n, weight = 12, 0.1
    pop = quiet(pyrPop, n, NMDA_g=0)
    pop.leak.vL = -60.0
    pop._vM = -60.0
    chain = np.diag(np.full(n - 1, weight), k=1)
    fired = []
    for k in range(500):
        time = 1 + k * DT
        pop.predictSpikes(DT, time)
        pop.receivePyrSpikes(DT, pop.numSpikes, pop.spikeTimes(), chain)
        if k == 0:
            pop.receivePyrSpikes(DT, 1, [[0.0]], weight * np.eye(n)[:1])
        pop.processTimeStep(DT, time)
        fired += [(time + pop.spikeTimes()[i, 0], i) for i in np.flatnonzero(pop.spikes())]
    assert [i for _, i in fired] == list(range(n))
    delays = np.diff([time for time, _ in fired])
    np.testing.assert_allclose(delays, 1.51, atol=2 * DT)


def test_the_published_defaults():
    def values(pop):
        return (pop.vTh, pop.vReset, pop.refDur, pop.cM, pop.AMPA.g, pop.NMDA.g, pop.GABA.g, pop.noise.rate,
                pop.noise.g, pop.leak.g, pop.leak.vL)
    assert values(baseLIFPop(1)) == (-50, -60, 2, 0.5, 0.7, 0.07, 0.1, 1.8, 0.003, 0.025, -70)
    assert values(pyrPop(1)) == (-52, -60, 2, 0.5, 0.7, 0.07, 0.1, 1.8, 0.003, 0.025, -70)
    assert values(interPop(1)) == (-52, -60, 1, 0.2, 0.2, 0.02, 0.1, 1.8, 0.003, 0.02, -65)
    assert values(pyrRingPop(1)) == (-50, -60, 2, 0.5, 0, 0.4, 1.4, 1.8, 0.0031, 0.025, -70)
    assert values(interRingPop(1)) == (-50, -60, 1, 0.2, 0, 0.3, 1.05, 1.8, 0.00238, 0.02, -70)
    assert np.array_equal(pyrRingPop(4).directions, [0, np.pi / 2, np.pi, 3 * np.pi / 2])


def test_the_first_potentials_lie_between_reset_and_threshold():
    np.random.seed(3)
    pop = pyrPop(50)
    np.random.seed(3)
    assert np.array_equal(pop.VMs(), np.random.rand(50) * 8 - 60)


def test_reset_starts_afresh():
    pop = pyrRingPop(6, record_i=True)
    pop.stim(1.0)
    run(pop, 5)
    pop.receivePyrSpikes(DT, 1, [[0.01]], np.ones((1, 6)))
    np.random.seed(9)
    pop.reset()
    np.random.seed(9)
    assert np.array_equal(pop.VMs(), np.random.rand(6) * 10 - 60)
    for array in (pop._tempvM, pop._spiked, pop._spikeTime, pop._endRefract, pop.AMPA.kinetic._s, pop.noise._s,
                  pop.leak._curr, pop.NMDA._prev_curr):
        assert not array.any()
    assert pop.spikeTimes().shape == (6,)
    assert pop.AMPA.curr_record == []
    assert not pop.afferents._on


@pytest.mark.parametrize("cls", FOUR)
def test_pickles_and_copies_run_on_as_the_original_does(cls):
    pop = cls(5, noise_g=0.01, rng=4)
    run(pop, 2)
    pop.predictSpikes(DT, 10.0)
    pop.receivePyrSpikes(DT, 2, [[0.02], [0.01]], np.full((2, 5), 0.01))
    twins = [copy.deepcopy(pop), pickle.loads(pickle.dumps(pop))]
    for each in (pop, *twins):
        each.processTimeStep(DT, 10.0)
        run(each, 5, start=20.0)
    for twin in twins:
        assert np.array_equal(twin.VMs(), pop.VMs())
        assert np.array_equal(twin.AMPA.kinetic._s, pop.AMPA.kinetic._s)


def test_the_base_class_has_no_law():
    pop = baseLIFPop(2)
    with pytest.raises(NotImplementedError):
        pop.predictSpikes(DT, 0.0)
    with pytest.raises(NotImplementedError):
        pop.processTimeStep(DT, 0.0)
