"""Populations for which the build makes loops of their own: each is taken by one, and has the numbers of the twin."""
import numpy as np
import pytest
from test_fast_twins import DT, KEY, Arrival, assert_equal, population, state

import lifext
from lifext._core.fast import twins
from lifext._core.fast.population import FastPopulation
from lifext._core.fast.variants import VARIANTS
from lifext._lowering import gatings_of, receptors_of
from lifext._network.model import RECEPTORS

# drawn without regard to what a neuron has
pytestmark = pytest.mark.filterwarnings("ignore::lifext.ParameterWarning")


def nothing_open(pop, *names):
    for name in names:
        part = getattr(pop, name)
        for owner in (part, getattr(part, "kinetic", part)):
            for attribute in ("_s", "_x", "_curr", "_prev_curr"):
                if hasattr(owner, attribute):
                    setattr(owner, attribute, np.zeros(pop.size))
    return pop


def made(cls=lifext.pyrPop, rate=1.8, afferents="off", nmda_g=0.1, closed=()):
    return lambda size: nothing_open(population(7, size, cls, 0, (1, 2, 1), afferents, rate, nmda_g), *closed)


ALL = ("AMPA", "NMDA", "GABA")
# how to make one of each, and what reaches it
MAKERS = {
    "silent": (made(rate=0.0, closed=(*ALL, "noise")), ()),
    "noise": (made(closed=ALL), ()),
    "noise_and_stimulus": (made(afferents="even", closed=ALL), ()),
    "ring": (made(), ("exc", "inh")),
    "ring_and_stimulus": (made(afferents="even"), ("exc", "inh")),
    "ring_without_noise": (made(rate=0.0, closed=("noise",)), ("exc", "inh")),
    "ring_without_inhibition": (made(closed=("GABA",)), ("exc",)),
    "ring_with_ampa": (made(nmda_g=0.0), ("exc", "inh")),
    "ring_with_ampa_without_noise": (made(nmda_g=0.0, rate=0.0, closed=("noise",)), ("exc", "inh")),
    "coba": (made(nmda_g=0.0, rate=0.0, closed=("noise", "NMDA")), ("ampa", "inh")),
    "coba_and_noise": (made(nmda_g=0.0, closed=("NMDA",)), ("ampa", "inh")),
}


def test_there_is_one_of_each():
    assert set(MAKERS) == set(VARIANTS)


@pytest.mark.parametrize("steady", [False, True], ids=["no current", "current"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", MAKERS)
def test_a_variant_has_the_numbers_of_the_twin(name, dtype, steady):
    make, kinds = MAKERS[name]
    size, reached = 300, {receptor for kind in kinds for receptor in RECEPTORS[kind]}
    ours, other = make(size), make(size)
    if steady and "stimulus" not in name:
        for pop in (ours, other):
            pop.afferents = lifext.affFlat(size)
            pop.afferents.stim()
    record, others = ours._cell(), other._cell()
    cell = FastPopulation(record, receptors_of(record), DT, KEY, 6, reached, dtype == np.float32)
    twin = twins.Population(others, twins.receptors_of(others, gatings_of(others), DT, KEY, 6, dtype), DT, dtype,
                            reached)
    cell.prepare()
    twin.refresh()
    assert cell.variant() == name
    before, projections, spikes = np.inf, [], 0
    for step in range(1, 13):
        cell.step(step, before)
        twin.step(step, before)
        assert_equal(cell.spikes(), (twin.ids, twin.times))
        spikes += len(twin.ids)
        before = step * DT
        # in some steps nothing comes, or by one kind alone, to all alike or to each
        for kind in kinds[:step % 4]:
            arrival = Arrival("uniform" if step % 3 == 0 else "sparse", RECEPTORS[kind], [0.01, 0.02], 1.0, size)
            projections.append(arrival.reach(cell, 1 + step % 2))
            arrival.reach_twin(twin)
        if step % 5 == 0:
            cell.settle(before)
            twin.settle(before)
            before = np.inf
            assert_equal(state(ours)[:2], state(other)[:2])
    cell.settle(before)
    twin.settle(before)
    cell.show()
    twin.show()
    assert spikes > 0
    assert_equal(state(ours), state(other))
    assert cell.variant() == name


@pytest.mark.parametrize(("change", "name"), [
    (lambda pop: setattr(pop, "vTh", np.full(300, -52.0)), "generic"),
    (lambda pop: setattr(pop, "AMPA", lifext.AMPAR(300, order=2, g=0.3)), "generic"),
    (lambda pop: setattr(pop.AMPA.kinetic, "alpha_s", np.ones(300)), "generic"),
    (lambda pop: setattr(pop.noise, "g", np.full(300, 0.01)), "generic"),
    (lambda pop: setattr(pop.NMDA, "g", 0.0), "ring_with_ampa"),
    (lambda pop: pop.afferents.stim(), "ring_and_stimulus")])
def test_what_is_set_between_two_runs_chooses_anew(change, name):
    pop = made()(300)
    pop.afferents = lifext.affFlatPoisson(300)
    for wanted in ("ring", name):
        cell = FastPopulation(pop._cell(), receptors_of(pop._cell()), DT, KEY, 6, {"ampa", "nmda", "gaba"})
        cell.prepare()
        assert cell.variant() == wanted
        change(pop)
