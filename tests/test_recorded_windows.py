"""What was not recorded is not silence."""
import numpy as np
import pytest

import lifext
from lifext import Network, SpikeRecord

DT = 0.05


@pytest.fixture
def recorded():
    """A ring that fires at 30 Hz or so, recorded from 100 to 200 ms."""
    ring = lifext.pyrRingPop(20, noise_rate=0.0, leak_vL=-45.0)
    net = Network(DT, seed=1)
    net.add(ring=ring)
    net.run(100.0)
    spikes = net.record_spikes(ring)
    net.run(100.0)
    return net, spikes


INSIDE = [(100, 200), (100, 101), (150, 199.95), (100 - 1e-12, 200 + 1e-12)]
OUTSIDE = [(0, 100), (0, 200), (99, 101), (199, 201), (500, 600), (-50, 50), (100, 200.1), (200, 300)]


@pytest.mark.parametrize("window", INSIDE)
def test_windows_that_were_recorded(recorded, window):
    _, spikes = recorded
    count = len(spikes.between(*window)[0])
    assert spikes.covers(*window)
    assert spikes.rate(*window) == pytest.approx(count / 20 / (window[1] - window[0]) * 1e3)
    assert spikes.counts(*window).sum() == count
    assert np.isnan(spikes.population_vector(*window)) == (count == 0)


@pytest.mark.parametrize("window", OUTSIDE)
def test_windows_that_were_not(recorded, window):
    _, spikes = recorded
    assert not spikes.covers(*window)
    assert np.isnan(spikes.rate(*window))
    assert np.isnan(spikes.population_vector(*window)) and np.isnan(spikes.bump_width(*window))
    with pytest.raises(ValueError, match="SpikeRecord: the window must be within the time recorded, 100 to 200 ms"):
        spikes.counts(*window)


def test_the_time_recorded_follows_what_happens_to_a_record(recorded, tmp_path):
    net, spikes = recorded
    net.save_state(tmp_path / "s.npz")
    net.run(50.0)
    assert spikes.covers(100, 250)
    net.load_state(tmp_path / "s.npz")
    assert spikes.covers(100, 200) and not spikes.covers(100, 250)
    spikes.clear()
    assert not spikes.covers(100, 200) and np.isnan(spikes.rate(100, 200))
    net.run(50.0)
    assert spikes.covers(200, 250) and spikes.rate(200, 250) > 0
    spikes.close()
    net.run(50.0)
    assert not spikes.covers(200, 300) and spikes.covers(200, 250)
    net.reset()
    assert spikes.covers(200, 250)


def test_it_is_kept_in_files(recorded, tmp_path):
    _, spikes = recorded
    spikes.save(tmp_path / "s.npz")
    spikes.to_sonata(tmp_path / "s.h5")
    for back in (SpikeRecord.load(tmp_path / "s.npz"), SpikeRecord.from_sonata(tmp_path / "s.h5"),
                 SpikeRecord.from_pandas(spikes.to_pandas())):
        assert back.rate(100, 200) == pytest.approx(spikes.rate(100, 200)) and np.isnan(back.rate(0, 100))


def test_spikes_of_another_program_say_nothing_of_when_there_were_none():
    pandas = pytest.importorskip("pandas")
    back = SpikeRecord.from_pandas(pandas.DataFrame({"time": [5.0, 7.0], "neuron": [0, 1]}), size=2)
    assert back.rate(0, 100) == pytest.approx(10.0) and back.counts(0, 1000).tolist() == [1, 1]


def test_before_the_first_run():
    p = lifext.pyrPop(2)
    net = Network(DT, seed=1)
    net.add(p=p)
    spikes = net.record_spikes(p)
    assert np.isnan(spikes.rate(0, 1))
    net.run(0.0)
    assert np.isnan(spikes.rate(0, 1))
