"""Collecting and merging the spikes of a step."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifext import firstOrdKinExp, pyrPop
from lifext._core.shared.spikes import SpikeBuffer

DT = 0.05


def filled(*sources, size=3):
    buffer = SpikeBuffer(size)
    for times, weights in sources:
        buffer.receive(DT, np.asarray(times, dtype=float), np.asarray(weights, dtype=float).reshape(-1, size))
    return buffer


@given(st.lists(st.lists(st.sampled_from([-0.01, 0.0, 0.01, 0.02, 0.0499, DT, 0.07]), max_size=6), max_size=4))
def test_merging_is_a_stable_sort_of_everything_but_dt(sources):
    rows = iter(range(100))
    sources = [(times, [[next(rows)] * 3 for _ in times]) for times in sources]
    times, weights = filled(*sources).merged()
    want = sorted(((t, w[0]) for source in sources for t, w in zip(*source) if t != DT), key=lambda spike: spike[0])
    assert list(zip(times, weights[:, 0])) == want


def test_a_spike_exactly_at_dt_is_lost():
    assert filled(([DT, np.nextafter(DT, 0)], np.ones((2, 3)))).count == 1


def test_clearing_forgets_and_keeps_the_memory():
    buffer = filled(([0.01] * 50, np.ones((50, 3))))
    buffer.clear()
    assert buffer.count == 0
    assert len(buffer.merged()[0]) == 0


def test_weights_are_copied_when_they_are_received():
    weights = np.ones((1, 3))
    buffer = filled(([0.01], weights))
    weights[:] = 5
    assert np.array_equal(buffer.merged()[1], np.ones((1, 3)))


@pytest.mark.parametrize("order", ["C", "F"])
def test_any_layout_of_weights_will_do(order):
    weights = np.arange(12.0).reshape(4, 3)
    buffer = SpikeBuffer(3)
    buffer.receive(DT, np.array([DT, 0.02, 0.01, DT]), np.array(weights, order=order))
    assert np.array_equal(buffer.merged()[1], weights[[2, 1]])


def test_an_unsound_spike_is_named_and_nothing_is_taken():
    buffer = filled(([0.02], np.ones((1, 3))))
    weights = np.ones((3, 3))
    weights[2, 1] = np.inf
    assert buffer.receive(DT, np.array([0.0, DT, 0.01]), weights) == 2
    assert buffer.receive(DT, np.array([0.0, np.nan, 0.01]), np.ones((3, 3))) == 1
    assert buffer.count == 1
    assert np.array_equal(buffer.merged()[0], [0.02])


def test_what_arrives_is_conserved():
    """All weight of all spikes at time 0 is found again in the gating, after the decay of the step."""
    pop = pyrPop(5)
    pop.AMPA.kinetic = firstOrdKinExp(5, 1, 2)
    rng = np.random.default_rng(4)
    blocks = [rng.random((k, 5)) for k in (3, 1, 4)]
    pop.predictSpikes(DT, 0.0)
    for block in blocks:
        pop.receivePyrSpikes(DT, len(block), np.zeros((len(block), 1)), block)
    pop.processTimeStep(DT, 0.0)
    want = sum(block.sum(axis=0) for block in blocks) * np.exp(-DT / 2)
    np.testing.assert_allclose(pop.AMPA.kinetic.kinetic(DT), want, rtol=1e-12)
