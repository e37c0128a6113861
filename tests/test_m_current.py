"""A receptor that follows the potential: with the twin's numbers, and open as far as the potential says."""
import numpy as np
import pytest
from test_fast_twins import DT, KEY, assert_equal

import lifext
from lifext._core.fast import twins
from lifext._core.fast.lowered import of_arrays
from lifext._core.fast.population import FastPopulation
from lifext._lowering import CONDUCTANCE, gatings_of, receptors_of
from lifext.receptors.m_current import MCurrent


class Record:
    def __init__(self, curr):
        self.curr = curr


def stepped(size, steps, dtype, each, noise_g=0.01):
    pops = [lifext.pyrPop(size, rng=1, noise_g=noise_g) for _ in range(2)]
    for pop in pops:
        pop._vM = np.linspace(-65, -53, size)
    parameters = [np.full(size if each else 1, -50.0), np.full(size if each else 1, 5.0)]
    g, reversal = np.full(1, 0.01), np.full(1, -90.0)
    ours, other = (np.full(size, 0.1) for _ in range(2))
    currents = [np.zeros(size), np.zeros(size)]
    cell, record = pops[0]._cell(), pops[1]._cell()
    extra = of_arrays("m", MCurrent(50.0), CONDUCTANCE, [ours], parameters, g, reversal, currents[0])
    fast = FastPopulation(cell, [*receptors_of(cell), extra], DT, KEY, 6, set(), dtype == np.float32)
    twin = twins.Population(record, [*twins.receptors_of(record, gatings_of(record), DT, KEY, 6, dtype), twins.Receptor(
        "m", MCurrent(50.0), [other], parameters, g, reversal, None, Record(currents[1]))], DT, dtype)
    fast.prepare()
    twin.refresh()
    before = np.inf
    for step in range(1, steps + 1):
        fast.step(step, before)
        twin.step(step, before)
        before = step * DT
    fast.settle(before)
    twin.settle(before)
    fast.show()
    twin.show()
    assert_equal([ours, pops[0]._vM, currents[0]], [other, pops[1]._vM, currents[1]])
    return ours, pops[0]._vM, currents[0]


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_numbers_are_those_of_the_twin(dtype, each):
    s, v, current = stepped(300, 40, dtype, each)
    assert (s > 0).all() and (s < 1).all() and current.any()


def test_it_opens_as_far_as_the_potential_says():
    s, v, current = stepped(5, 20000, np.float64, False, noise_g=0.0)
    np.testing.assert_allclose(s, 1 / (1 + np.exp(-(v + 50) / 5)), rtol=1e-6)
    np.testing.assert_allclose(current, 0.01 * s * (v + 90), rtol=1e-6)
