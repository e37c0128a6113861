"""A population has one owner and one clock."""
import copy
import gc
import pickle

import numpy as np
import pytest
from fast_tools import everything

import lifext
from lifext import Network

DT = 0.05


def cells(n=20, **parameters):
    return lifext.pyrPop(n, **{"noise_rate": 0.0, **parameters})


def spikes_of(population, compat=False, duration=200.0):
    net = Network(DT, compat=True) if compat else Network(DT, seed=1)
    net.add(cells=population)
    population.stim(cue_sal=0.6)
    spikes = net.record_spikes(population)
    net.run(duration)
    return net, spikes


def test_a_population_whose_network_is_gone_is_taken_as_new():
    p, found = cells(), []
    for _ in range(3):
        net, spikes = spikes_of(p)
        found.append((spikes.ids, spikes.times, p.VMs()))
        del net
        gc.collect()
    assert len(found[0][0]) == 200
    for others in found[1:]:
        assert all(np.array_equal(one, other) for one, other in zip(found[0], others))


@pytest.mark.parametrize("compat", [False, True])
def test_a_population_that_was_removed_is_taken_as_new(compat):
    p = cells()
    first, spikes = spikes_of(p, compat)
    left = p.VMs()
    first.remove(p)
    # its state can still be read, until it is taken
    assert np.array_equal(p.VMs(), left) and spikes.closed and len(spikes) == 200
    _, others = spikes_of(p, compat)
    assert len(others) == 200
    first.run(1.0)


def test_what_is_set_on_it_afterwards_holds():
    p = cells()
    first, _ = spikes_of(p)
    first.remove(p)
    p._vM = np.full(20, -58.0)
    p.NMDA.kinetic._s = np.full(20, 0.25)
    net = Network(DT, seed=1)
    net.add(cells=p)
    assert (p.VMs() == -58.0).all() and (p.NMDA.kinetic._s == 0.25).all()
    assert (p._endRefract == 0).all() and p.numSpikes == 0 and not p.spikes().any()


def test_potentials_set_before_the_first_step_are_there_again():
    p = cells()
    p._vM = np.linspace(-60, -53, 20)
    first, spikes = spikes_of(p)
    first.remove(p)
    second, others = spikes_of(p)
    assert np.array_equal(spikes.times, others.times)


@pytest.mark.parametrize("compat", [False, True])
def test_one_population_in_two_networks_is_refused(compat):
    p = cells()
    net, _ = spikes_of(p)
    other = Network(DT, compat=True) if compat else Network(DT, seed=1)
    before = everything(p)
    with pytest.raises(ValueError, match=r"Network: cells must be stepped by no other network, .*with remove"):
        other.add(free=cells(), cells=p)
    assert repr(other).startswith("Network(;")
    assert all(np.array_equal(before[name], everything(p)[name]) for name in before)
    assert repr(net).startswith("Network(cells")


def test_a_part_of_a_population_of_another_network_is_refused():
    p, q = cells(), cells()
    net, _ = spikes_of(p)
    for part in ("noise", "AMPA", "leak"):
        fresh = cells()
        setattr(fresh, part, getattr(p, part))
        with pytest.raises(ValueError, match="one whose .* is that of a population of Network"):
            Network(DT, seed=1).add(cells=fresh)
    # replaced after it was added
    other = Network(DT, seed=1)
    other.add(cells=q)
    q.NMDA.kinetic = p.NMDA.kinetic
    with pytest.raises(ValueError, match="one whose secondOrdKin is that of a population"):
        other.run(DT)
    assert other.time == 0.0 and net.time == 200.0


@pytest.mark.parametrize("part", ["noise", "AMPA", "leak", "afferents", "NMDA.kinetic"])
def test_a_part_that_two_populations_share_is_refused(part):
    a, b = cells(), cells()
    net = Network(DT, seed=1)
    net.add(a=a, b=b)
    net.run(1.0)
    owner, _, name = part.rpartition(".")
    setattr(getattr(b, owner) if owner else b, name, getattr(getattr(a, owner) if owner else a, name))
    with pytest.raises(ValueError, match="must each have their own currents and kinetics, got a and b, which"):
        net.run(1.0)
    assert net.time == 1.0


def test_common_noise_in_the_published_arithmetic_is_that_of_a_loop_by_hand():
    def build():
        np.random.seed(3)
        a, b = lifext.pyrPop(30, noise_g=0.01), lifext.pyrPop(30, noise_g=0.01)
        b.noise = a.noise
        return a, b
    a, b = build()
    net = Network(DT, compat=True)
    net.add(a=a, b=b)
    net.run(20.0)
    c, d = build()
    for step in range(400):
        for population in (c, d):
            population.predictSpikes(DT, step * DT)
        for population in (c, d):
            population.processTimeStep(DT, step * DT)
    assert np.array_equal(a.VMs(), c.VMs()) and np.array_equal(b.VMs(), d.VMs())


def test_refractory_periods_of_a_loop_by_hand_end():
    p = cells()
    p.stim(cue_sal=0.6)
    for step in range(4000):
        p.predictSpikes(DT, step * DT)
        p.processTimeStep(DT, step * DT)
    assert p._endRefract.max() > 100
    potentials = p.VMs()
    net = Network(DT, seed=1)
    net.add(cells=p)
    assert np.array_equal(p.VMs(), potentials)
    spikes = net.record_spikes(p)
    net.run(200.0)
    assert abs(len(spikes) - 200) <= 20


@pytest.mark.any_state
def test_cells_that_were_silenced_on_purpose_stay_so():
    p = cells()
    p._endRefract = np.where(np.arange(20) < 5, 1e9, 0.0)
    _, spikes = spikes_of(p)
    assert len(spikes) == 150 and spikes.ids.min() == 5


def test_a_shallow_copy_is_refused():
    net, _ = spikes_of(cells())
    with pytest.raises(TypeError, match=r"use fork\(seed\) or copy.deepcopy"):
        copy.copy(net)


def noisy():
    net = Network(DT, seed=1)
    net.add(cells=lifext.pyrPop(50, noise_g=0.01), others=lifext.interPop(10))
    net.connect(net["cells"], net["others"], lifext.Uniform(0.01), "exc", delay=1.0)
    net.record_spikes(net["cells"])
    net.run(50.0)
    return net


def test_a_fork_has_populations_and_records_of_its_own():
    net = noisy()
    fork, again, same = net.fork(2), net.fork(2), copy.deepcopy(net)
    assert fork["cells"] is not net["cells"] and fork.records["cells"] is not net.records["cells"]
    assert fork.record_spikes(fork["cells"]) is fork.records["cells"]
    for each in (net, fork, again, same):
        each.run(100.0)
        assert each.records["cells"].stop == 150.0
    at = [each["cells"].VMs() for each in (net, fork, again, same)]
    assert np.array_equal(at[1], at[2]) and np.array_equal(at[0], at[3]) and not np.array_equal(at[0], at[1])
    assert fork.seed == 2 and net.seed == 1
    first = [each.records["cells"].between(0.0, 50.0)[1] for each in (net, fork)]
    assert np.array_equal(*first)


def test_a_fork_can_be_reset_and_its_populations_be_released():
    net = noisy()
    fork = net.fork(1)
    fork.reset()
    fork.run(50.0)
    assert np.array_equal(fork.records["cells"].times, net.records["cells"].times)
    population = fork["cells"]
    del fork
    gc.collect()
    other = Network(DT, seed=1)
    other.add(cells=population)
    assert (population._endRefract == 0).all()


def test_a_fork_in_the_published_arithmetic():
    p = lifext.pyrPop(20, noise_g=0.01, rng=1)
    net = Network(DT, compat=True)
    net.add(cells=p)
    net.run(10.0)
    fork = net.fork()
    net.run(10.0)
    fork.run(10.0)
    assert np.array_equal(fork["cells"].VMs(), p.VMs())
    with pytest.raises(ValueError, match="seed must be left out with compat=True"):
        net.fork(3)


def test_names():
    net = noisy()
    with pytest.raises(KeyError, match="Network: the name must be one of cells, others, got 'cell'"):
        net["cell"]


def test_copies_have_owners_too():
    net = noisy()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        with pytest.raises(ValueError, match="stepped by no other network"):
            Network(DT, seed=1).add(cells=other["cells"])
    Network(DT, seed=1).add(cells=copy.deepcopy(net["cells"]))


def test_removing_keeps_the_random_numbers_of_the_others():
    def build():
        net = Network(DT, seed=1)
        net.add(a=lifext.pyrPop(300, noise_g=0.01), b=lifext.pyrPop(300, noise_g=0.01))
        net.connect(net["a"], net["a"], lifext.Uniform(1e-4), "exc")
        net.connect(net["b"], net["b"], lifext.Uniform(1e-4), "exc")
        net.connect(net["a"], net["a"], lifext.Uniform(1e-4), "inh")
        return net
    net, other = build(), build()
    a, b = net["a"], net["b"]
    net.remove(a)
    with pytest.raises(KeyError):
        net["a"]
    for each in (net, other):
        each.run(50.0)
    assert np.array_equal(b.VMs(), other["b"].VMs())
    with pytest.raises(ValueError, match="population must be one of the populations added"):
        net.remove(a)
    net.add(a=a)
    net.run(10.0)


def test_a_state_file_knows_of_removed_populations(tmp_path):
    def build(remove):
        net = Network(DT, seed=1)
        net.add(a=lifext.pyrPop(10), b=lifext.pyrPop(10, noise_g=0.01))
        if remove:
            net.remove(net["a"])
        return net
    net = build(True)
    net.run(20.0)
    net.save_state(tmp_path / "state.npz")
    other = Network(DT, seed=1)
    other.add(b=lifext.pyrPop(10, noise_g=0.01))
    with pytest.raises(ValueError, match=r"other random streams: they were number \[2\] of all ever added in .*npz, "
                                         r"and are number \[1\] here; before load_state, add and remove the same ones"):
        other.load_state(tmp_path / "state.npz")
    twin = build(True)
    twin.load_state(tmp_path / "state.npz")
    other.save_state(tmp_path / "other.npz")
    with pytest.raises(ValueError, match=r"number \[1\] of all ever added in .*npz, and are number \[2\] here"):
        twin.load_state(tmp_path / "other.npz")
    for each in (net, twin):
        each.run(20.0)
    assert np.array_equal(net["b"].VMs(), twin["b"].VMs())


def test_more_populations_than_there_are_random_streams(monkeypatch):
    from lifext import network
    monkeypatch.setattr(network, "MOST_POPULATIONS", 3)
    net = Network(DT, seed=1)
    net.add(a=cells(1), b=cells(1))
    with pytest.raises(ValueError, match="number of populations, with those that were removed, must be <= 3, got 4"):
        net.add(c=cells(1), d=cells(1))
    assert repr(net).startswith("Network(a, b;")


def test_random_streams_are_given_once():
    """Also those of populations that are no longer there: the number of a stream has 16 bits."""
    net = Network(DT, seed=1)
    net._next_number = 32767
    with pytest.raises(ValueError, match="Network: the number of populations, with those that were removed, must be "
                                         "<= 32768, got 32769"):
        net.add(a=cells(1), b=cells(1))
    assert net._next_number == 32767 and repr(net).startswith("Network(;")
    # the last one has streams of its own
    last, first = lifext.pyrPop(300, noise_g=0.01), lifext.pyrPop(300, noise_g=0.01)
    net.add(last=last)
    other = Network(DT, seed=1)
    other.add(first=first)
    for each in (net, other):
        each.run(5.0)
    assert not np.array_equal(last.VMs(), first.VMs())
    net.remove(last)
    net.add()
    for each in (net, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        with pytest.raises(ValueError, match="got 32769"):
            each.add(c=cells(1))
        each.run(DT)


# --- steps by hand ---

def by_hand(population, time, steps=1):
    for step in range(steps):
        population.predictSpikes(DT, time + step*DT)
        population.processTimeStep(DT, time + step*DT)


@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize("ran", [0.0, 1.0])
def test_steps_by_hand_between_two_runs_are_warned_of_once(compat, ran):
    net = Network(DT, compat=True) if compat else Network(DT, seed=1)
    net.add(a=cells(), b=cells())
    net.run(ran)
    by_hand(net["b"], ran)
    with pytest.warns(lifext.ParameterWarning, match=r"Network: b should be stepped by its network only, got steps by "
                                                     r"hand \(processTimeStep\) .* with remove") as said:
        net.run(1.0)
    assert len(said) == 1
    by_hand(net["b"], 1.0)
    net.run(1.0)


def test_steps_by_hand_in_a_callback_are_warned_of():
    net = Network(DT, seed=1)
    net.add(a=cells())
    with pytest.warns(lifext.ParameterWarning, match="a should be stepped by its network only"):
        net.run(1.0, every=(0.5, lambda net: by_hand(net["a"], net.time)))


@pytest.mark.parametrize("undo", ["add", "remove", "reset", "load_state", "deepcopy of a population"])
def test_steps_by_hand_that_leave_nobody_ahead_are_not(undo, tmp_path):
    p = cells()
    by_hand(p, 0.0, 3)
    net = Network(DT, seed=1)
    net.add(p=p)
    net.run(1.0)
    net.save_state(tmp_path / "s.npz")
    by_hand(copy.deepcopy(p) if undo == "deepcopy of a population" else p, 1.0, 0 if undo == "add" else 1)
    if undo == "remove":
        net.remove(p)
        by_hand(p, 1.0)
        net.add(p=p)
    elif undo == "reset":
        net.reset()
    elif undo == "load_state":
        net.load_state(tmp_path / "s.npz")
    net.run(1.0)
    net.run(1.0)


def test_a_reset_before_the_first_step_does_not_undo_steps_by_hand_and_does_not_hide_them():
    net = Network(DT, seed=1)
    net.add(a=cells())
    by_hand(net["a"], 0.0)
    net.reset()
    with pytest.warns(lifext.ParameterWarning, match="a should be stepped by its network only"):
        net.run(1.0)


class Own(lifext.pyrPop):
    def dVmdt(self, dt, vM):
        return super().dVmdt(dt, vM)


@pytest.mark.filterwarnings("ignore::lifext.PerformanceWarning")
@pytest.mark.parametrize("compat", [False, True])
def test_steps_that_the_network_takes_through_python_are_its_own(compat):
    net = Network(DT, compat=True) if compat else Network(DT, seed=1)
    net.add(own=Own(3), other=cells(3))
    for _ in range(3):
        net.run(1.0, every=(0.25, lambda net: None))
