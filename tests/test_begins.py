"""What a run begins from is what `VMs` shows, whatever is set between `add` and the first step; and a stream of spikes
is gone on with only where it holds what it held."""
import copy
import pickle

import numpy as np
import pytest

import lifext
from lifext import Network, Uniform

DT = 0.05


def begins(net, population):
    """The potentials that the first step begins from: those that a population's own method is given."""
    seen = []

    def projected(dt, vM):
        seen.append(np.array(vM))
        return type(population).project_dVmdt(population, dt, vM)
    vars(population)["project_dVmdt"] = projected
    with pytest.warns(lifext.PerformanceWarning):
        net.run(DT)
    del vars(population)["project_dVmdt"]
    return seen[0]


def made(**parameters):
    net, cells = Network(DT, seed=1), lifext.pyrPop(20, **parameters)
    net.add(cells=cells)
    return net, cells


CHANGES = {
    "nothing": lambda net, cells: None,
    "threshold": lambda net, cells: setattr(cells, "vTh", -40.0),
    "reset potential": lambda net, cells: setattr(cells, "vReset", -75.0),
    "reseed": lambda net, cells: net.reseed(7),
    "a run of no steps": lambda net, cells: net.run(0.0),
    "other populations": lambda net, cells: net.add(other=lifext.pyrPop(5)),
    "potentials set": lambda net, cells: setattr(cells, "_vM", np.linspace(-70, -55, 20)),
    "one potential written": lambda net, cells: cells._vM.__setitem__(3, -56.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_begins_from_what_is_shown(change):
    net, cells = made()
    CHANGES[change](net, cells)
    shown = cells.VMs()
    assert np.array_equal(begins(net, cells), shown)


@pytest.mark.parametrize("how", [lambda net: net.fork(7), copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_so_does_that_of_a_copy(how):
    net, cells = made()
    cells.vTh = -40.0
    other = how(net)
    assert np.array_equal(other["cells"].VMs(), cells.VMs())
    shown = cells.VMs()
    assert np.array_equal(begins(other, other["cells"]), shown)


def test_in_mid_run_too():
    net, _ = made(noise_g=0.01)
    net.run(5.0)
    late = lifext.pyrPop(20, noise_rate=0.0)
    net.add(late=late)
    late.vTh = 1000.0
    trace, shown = net.record_state(late, "v"), late.VMs()
    net.run(DT)
    assert np.abs(trace["v"][0] - shown).max() < 0.1


def test_neurons_above_a_threshold_that_was_lowered_spike_in_the_first_step():
    net, cells = made(noise_g=0.0)
    spikes = net.record_spikes(cells)
    cells.vTh, cells._endRefract = -56.0, np.full(20, -1.0)
    above = int((cells.VMs() >= -56.0).sum())
    net.run(DT)
    assert len(spikes) == above > 3


@pytest.mark.parametrize("change", CHANGES)
def test_reset_returns_to_the_potentials_before_the_first_step(change):
    net, cells = made(noise_g=0.01)
    CHANGES[change](net, cells)
    before = cells.VMs()
    net.run(10.0)
    cells.vTh, cells.vReset = -45.0, -65.0
    net.reset()
    if change != "reseed":
        assert np.array_equal(cells.VMs(), before)
    # of another seed they are those that it draws, between what reset and threshold are by now
    drawn = change not in ("potentials set", "one potential written")
    net.reset(5)
    assert np.array_equal(cells.VMs(), before) != drawn
    if drawn:
        fresh = Network(DT, seed=5)
        fresh.add(cells=lifext.pyrPop(20, vTh=-45.0, vReset=-65.0))
        assert np.array_equal(cells.VMs(), fresh["cells"].VMs())
    net.run(1.0)
    again = cells.VMs()
    net.reset()
    net.run(1.0)
    assert np.array_equal(cells.VMs(), again)


def test_conductances_that_are_spread_are_drawn_once_for_a_seed():
    def spread(seed):
        net = Network(DT, seed=seed)
        cells = lifext.pyrPop(20)
        cells.leak = lifext.leak(20, rand_sd=0.002)
        net.add(cells=cells)
        return net, cells
    net, cells = spread(1)
    drawn = np.array(cells.leak.g)
    net.reseed(9)
    net.run(1.0)
    assert np.array_equal(cells.leak.g, drawn)
    net.reset(2)
    assert np.array_equal(cells.leak.g, spread(2)[1].leak.g)
    net.reset(1)
    assert np.array_equal(cells.leak.g, drawn)
    cells.leak.g = 0.03
    net.reset(2)
    assert cells.leak.g == 0.03


def test_a_state_is_gone_on_from_as_it_was_saved(tmp_path):
    """Before any step, and with a threshold that was set since the potentials were drawn."""
    net, cells = made(noise_g=0.01)
    cells.vTh = -45.0
    net.save_state(tmp_path / "a.npz")
    shown = cells.VMs()
    other = Network(DT, seed=2)
    other.add(cells=lifext.pyrPop(20, noise_g=0.01))
    other.load_state(tmp_path / "a.npz")
    assert np.array_equal(other["cells"].VMs(), shown)
    net.run(5.0)
    other.run(5.0)
    assert np.array_equal(other["cells"].VMs(), cells.VMs())


def test_random_streams_are_not_given_twice(monkeypatch):
    net, cells = made()
    net._next_number = 2**15 - 1
    net.add(last=lifext.pyrPop(3))
    for count in (1, 2):
        with pytest.raises(ValueError, match="^Network: the number of populations, with those that were removed, must "
                                             "be <= 32768, got"):
            net.add(**{f"more{k}": lifext.pyrPop(3) for k in range(count)})
    net.remove(net["last"])
    with pytest.raises(ValueError, match="those that were removed"):
        net.add(more=lifext.pyrPop(3))
    assert repr(net).startswith("Network(cells;")


@pytest.mark.parametrize(("answer", "ends"), [
    (True, True), (np.True_, True), (np.array(True), True), (np.array([1.0]).mean() > 0, True), (False, False),
    (np.False_, False), (None, False), (1, False), ("x", False), (np.array([True]), False), (np.int64(1), False),
    ([True], False), (object(), False)])
def test_which_answers_end_a_run(answer, ends):
    net, _ = made()
    net.run(10.0, every=(2.0, lambda net: answer))
    assert net.time == (2.0 if ends else 10.0)


# Streams

def streamed(path):
    net, cells = made(noise_g=0.01)
    return net, cells, net.record_spikes(cells, to=path)


BRANCHES = {
    "stimulated": lambda net, cells, spikes, folder: (net.load_state(folder / "A.npz"), cells.stim(), net.run(100.0)),
    "another seed": lambda net, cells, spikes, folder: (net.reset(5), net.run(150.0)),
    "cleared": lambda net, cells, spikes, folder: (spikes.clear(), net.run(150.0)),
    "fewer": lambda net, cells, spikes, folder: spikes.clear(),
}


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_stream_that_holds_other_spikes_is_refused(tmp_path, branch):
    pytest.importorskip("h5py")
    net, cells, spikes = streamed(tmp_path / "m.h5")
    net.run(50.0)
    net.save_state(tmp_path / "A.npz")
    net.run(50.0)
    net.save_state(tmp_path / "B.npz")
    true = spikes.times.copy()
    BRANCHES[branch](net, cells, spikes, tmp_path)
    before, time, seen = spikes.times.copy(), net.time, cells.VMs()
    with pytest.raises(ValueError, match=r"^SpikeRecord: .*m\.h5 must hold the \d+ spikes of 'cells' written to it, "
                                         r"got (0|others in their place): it was emptied"):
        net.load_state(tmp_path / "B.npz")
    assert np.array_equal(spikes.times, before) and net.time == time and np.array_equal(cells.VMs(), seen)
    # to another file it goes on from there
    other, _, more = streamed(tmp_path / "n.h5")
    other.load_state(tmp_path / "B.npz")
    other.run(10.0)
    assert len(true) > 100 and (len(more) == 0 or more.times.min() >= 100.0)


@pytest.mark.parametrize("flushes", [1, 7])
def test_a_stream_that_holds_what_it_held_is_cut_and_gone_on_with(tmp_path, flushes):
    pytest.importorskip("h5py")
    net, cells, spikes = streamed(tmp_path / "m.h5")
    for _ in range(flushes):
        net.run(70.0 / flushes)
        spikes.flush()
    net.save_state(tmp_path / "A.npz")
    for _ in range(2):
        net.run(50.0)
        true = spikes.times.copy()
        net.load_state(tmp_path / "A.npz")
        assert spikes.stop == 70.0 and spikes.times.max() < 70.0
        net.run(50.0)
        assert np.array_equal(spikes.times, true)
        net.load_state(tmp_path / "A.npz")
    # in another process, whose record has written nothing
    copied = tmp_path / "other.h5"
    copied.write_bytes((tmp_path / "m.h5").read_bytes())
    found = lifext.SpikeRecord.from_sonata(copied)
    assert np.array_equal(found.times, spikes.times)


def test_projections_begin_where_they_did():
    """What is not drawn is as before: a run that is cut by a reset has the same spikes."""
    net, cells = made(noise_g=0.01)
    net.connect(cells, cells, Uniform(0.001), "exc", delay=1.0)
    spikes = net.record_spikes(cells)
    net.run(100.0)
    times = spikes.times.copy()
    net.reset()
    net.run(100.0)
    assert len(times) > 50 and np.array_equal(spikes.times, times)
