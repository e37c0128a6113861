"""Which arrays that are given for parameters are kept, so that what is written into them counts."""
import numpy as np
import pytest

import lifext
from lifext import Network

DT = 0.05
PLACES = ["vTh", "vReset", "refDur", "cM", "leak.g", "leak.vL", "AMPA.g", "noise.rate", "noise.g"]


def population(place, values=lambda array: array, **parameters):
    p = lifext.pyrPop(6, **parameters)
    owner, name = place_of(p, place)
    given = values(np.full(6, float(getattr(owner, name))))
    setattr(owner, name, given)
    return p, given


def place_of(p, place):
    part, _, name = place.rpartition(".")
    return (getattr(p, part) if part else p), name


@pytest.mark.parametrize("how", [{"seed": 1}, {"seed": 1, "dtype": "float32"}, {"compat": True}])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_written_into_an_array_counts_from_the_next_run_on(place, how):
    def ran(change):
        p, given = population(place, rng=3)
        net = Network(DT, **how)
        net.add(p=p)
        net.run(20.0)
        change(p, given)
        net.run(20.0)
        return p.VMs(), p._endRefract
    in_place = ran(lambda p, given: given.__setitem__(slice(None), given * 0.98))
    anew = ran(lambda p, given: setattr(*place_of(p, place), given * 0.98))
    assert all(map(np.array_equal, in_place, anew))


@pytest.mark.parametrize("values", [
    lambda array: array.astype(np.float32), lambda array: array.astype(">f8"), lambda array: array.astype(int),
    lambda array: np.repeat(array, 2)[::2], lambda array: list(array)])
@pytest.mark.parametrize("place", ["vTh", "leak.vL"])
def test_any_other_array_is_copied(place, values):
    p, given = population(place, values)
    owner, name = place_of(p, place)
    before = getattr(owner, name).copy()
    given[0] = -1
    kept = getattr(owner, name)
    assert np.array_equal(kept, before) and not np.shares_memory(kept, np.asarray(given))


def test_the_constructor_keeps_an_array_too():
    thresholds, leaks = np.full(4, -50.0), np.full(4, 0.025)
    p = lifext.pyrPop(4, vTh=thresholds, leak_g=leaks)
    assert p.vTh is thresholds and p.leak.g is leaks
