"""A receptor of a population's list that is made of plain arrays is the one that the published class comes down to."""
import numpy as np
import pytest
from test_fast_twins import DT, KEY, Arrival, assert_equal, population, state

import lifext
from lifext._core.fast.lowered import of_arrays
from lifext._core.fast.population import FastPopulation
from lifext._lowering import CONDUCTANCE, gatings_of, receptors_of

# drawn without regard to what a neuron has
pytestmark = pytest.mark.filterwarnings("ignore::lifext.ParameterWarning")


def stepped(size, dtype, spread, by_arrays):
    """The state of a population after some steps, its AMPA receptors as they are or handed over by arrays."""
    pop = population(7, size, lifext.pyrPop, 0, (1, 2, 1), "off", 1.8, 0.1)
    record = pop._cell()
    receptors = receptors_of(record)
    kept = None
    if by_arrays:
        ampa = pop.AMPA
        # one number, or one a neuron for some of them: the same numbers
        g = np.full(size if "g" in spread else 1, float(ampa.g))
        alpha = np.full(size if "alpha" in spread else 1, float(ampa.kinetic.alpha_s))
        kept = ampa.kinetic._s.copy(), ampa._curr.copy()
        place = [arrays.name for arrays in receptors].index("ampa")
        receptors[place] = of_arrays("ampa", gatings_of(record)["ampa"], CONDUCTANCE, [kept[0]], [alpha], g,
                                     np.full(1, float(ampa.vE)), kept[1])
    cell = FastPopulation(record, receptors, DT, KEY, 6, {"ampa", "nmda", "gaba"}, dtype == np.float32)
    cell.prepare()
    before, projections = np.inf, []
    for step in range(1, 9):
        cell.step(step, before)
        before = step * DT
        arrival = Arrival("sparse", ("ampa", "nmda"), [0.01, 0.02][:size], 1.0, size)
        projections.append(arrival.reach(cell, 1 + step % 2))
    cell.settle(before)
    cell.show()
    if by_arrays:
        pop.AMPA.kinetic._s, pop.AMPA._curr = kept
    return state(pop)


@pytest.mark.parametrize("spread", [(), ("g",), ("alpha",), ("g", "alpha")])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", [1, 2, 300])
def test_a_receptor_of_arrays_is_the_published_one(size, dtype, spread):
    assert_equal(stepped(size, dtype, spread, True), stepped(size, dtype, spread, False))
