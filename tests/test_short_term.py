"""Short-term plasticity: closed forms of the published sequences, the twin, cuts, states and refusals."""
import json
import pathlib

import numpy as np
import pytest
from fast_tools import DT, WAYS, assert_same, everything, network, quiet, run, went
from twin_network import TwinNetwork

import lifext
from lifext import Dense, Network, OneToOne, ShortTerm, Sparse, SpikeSource, Uniform

NEVER = 1e3
EXACT = json.loads((pathlib.Path(__file__).parent / "data/short_term.json").read_text())


def jumps(synapse, times, delay=0.0):
    """What each spike of a train opens of AMPA receptors whose spikes have weight 1, found from their gating."""
    source, cells = SpikeSource(1, times, [0] * len(times)), quiet(lifext.pyrPop, 1, vTh=NEVER)
    net = Network(DT, seed=1)
    net.add(source=source, cells=cells)
    net.connect(source, cells, Uniform(1.0), "ampa", delay=delay, synapse=synapse)
    tau, found, before, since = cells.AMPA.kinetic.tau_s, [], 0.0, 0.0
    for time in times:
        # to the end of the step that the spike arrives in
        stop = DT * (np.floor((time + delay) / DT + 1e-9) + 1)
        net.run(stop - net.time)
        s = cells.AMPA.kinetic._s[0] * np.exp((stop - time - delay) / tau)
        found.append(s - before * np.exp(-(time + delay - since) / tau))
        before, since = s, time + delay
    return np.array(found)


@pytest.mark.parametrize("delay", [0.0, 3.0])
@pytest.mark.parametrize("name", EXACT["sets"])
def test_the_published_sequences(name, delay):
    given = EXACT["sets"][name]
    synapse = ShortTerm(given["U"], given["tau_rec_ms"], given["tau_fac_ms"])
    found = jumps(synapse, EXACT["spike_times_ms"], delay)
    np.testing.assert_allclose(found, given["release_u_x"], rtol=1e-9)


def test_within_a_step_and_between_steps():
    """u and R by hand, at spikes that share a step, one instant even, and long after."""
    U, tau_rec, tau_facil, times = 0.2, 100.0, 600.0, [1.01, 1.02, 1.02, 1.049, 1.051, 900.0]
    u, R, want = U, 1.0, [U]
    for d in np.diff(times):
        R = 1 + (R - R * u - 1) * np.exp(-d / tau_rec)
        u = U + u * (1 - U) * np.exp(-d / tau_facil)
        want.append(u * R)
    source, cells = SpikeSource(1, times, [0] * 6), quiet(lifext.pyrPop, 1, vTh=NEVER)
    net = Network(DT, seed=1)
    net.add(source=source, cells=cells)
    net.connect(source, cells, Uniform(1.0), "ampa", synapse=ShortTerm(U, tau_rec, tau_facil))
    net.run(1.1)
    left = np.exp(-(1.1 - np.array(times[:5])) / cells.AMPA.kinetic.tau_s)
    np.testing.assert_allclose(cells.AMPA.kinetic._s, np.sum(want[:5] * left), rtol=1e-12)
    net.run(898.95)
    np.testing.assert_allclose(cells.AMPA.kinetic._s, want[5] * np.exp(-0.05 / cells.AMPA.kinetic.tau_s), rtol=1e-9)


def test_resources_that_recover_at_once_leave_weights_as_they_are():
    """Recovery in no time, and U = 1: the static synapse, to the last bit of exp(-d/tau_rec)."""
    outcomes = []
    for synapse in (None, ShortTerm(1.0, 1e-3)):
        cells = quiet(lifext.pyrPop, 5, vTh=NEVER)
        net = network({"source": SpikeSource(5, np.arange(50) * 1.3, np.arange(50) % 5), "cells": cells}, seed=1)
        net.connect(net["source"], cells, OneToOne(0.3), "exc", synapse=synapse)
        net.run(70.0)
        outcomes.append(everything(cells))
    assert_same(*outcomes)


WEIGHTS = {"uniform": Uniform(0.02), "sparse": Sparse.random(30, 300, 0.1, 0.1, rng=1),
           "dense": Dense(np.random.default_rng(2).uniform(0, 0.05, (30, 300))),
           "volley": Dense(np.random.default_rng(2).uniform(0, 3.0, (30, 300)))}


def busy(weights, kind=Network, synapse=None, dtype="float64", threads=1, delay=0.0):
    rng = np.random.default_rng(4)
    source = SpikeSource(30, rng.uniform(0, 30, 600), rng.integers(0, 30, 600))
    cells = quiet(lifext.pyrPop, 300, NMDA_g=0.05, AMPA_g=0.1)
    net = network({"source": source, "cells": cells}, seed=1, kind=kind, dtype=dtype, threads=threads)
    for k, receptors in enumerate(("exc", "inh")):
        net.connect(source, cells, WEIGHTS[weights], receptors, delay=delay,
                    synapse=ShortTerm(0.4, 50.0, 20.0 * k) if synapse is None else synapse)
    return net, cells


@pytest.mark.filterwarnings("ignore::lifext.ParameterWarning")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("delay", [0.0, 2.5])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_numbers_are_those_of_the_twin(weights, delay, dtype):
    outcomes = []
    for kind in (Network, TwinNetwork):
        net, cells = busy(weights, kind, dtype=dtype, delay=delay)
        run(net, 6.0)
        outcomes.append(everything(cells))
    assert_same(*outcomes)


@pytest.mark.filterwarnings("ignore::lifext.ParameterWarning")
@pytest.mark.parametrize("how", WAYS)
def test_a_run_in_any_way_is_the_same(how, tmp_path):
    def told(how, threads=1):
        net = went(how, lambda: busy("sparse", threads=threads, delay=1.0)[0], 30.0, tmp_path)
        return everything(net["cells"])
    assert_same(told(how), told(None))
    assert_same(told(how, threads=2), told(None))


def test_each_projection_has_a_state_of_its_own():
    """Spikes fired before a projection was made have used up nothing of it."""
    source, cells = SpikeSource(1, [1.0, 20.0], [0, 0]), quiet(lifext.pyrPop, 1, vTh=NEVER)
    net, synapse = network({"source": source, "cells": cells}, seed=1), ShortTerm(0.5, 800.0)
    net.run(10.0)
    net.connect(source, cells, Uniform(1.0), "ampa", synapse=synapse)
    net.run(10.05)
    np.testing.assert_allclose(cells.AMPA.kinetic._s, 0.5 * np.exp(-0.05 / cells.AMPA.kinetic.tau_s), rtol=1e-12)


def test_populations_have_it_as_sources():
    """Whoever spikes: a cell of a population depresses as its list of spikes does."""
    def outcome(given):
        pops = {"cells": quiet(lifext.pyrPop, 4, vTh=NEVER)}
        if given is None:
            pops["source"] = lifext.pyrPop(7, noise_g=0.02)
        else:
            pops["source"] = SpikeSource(7, given.times, given.ids)
        net = network(pops, seed=5)
        net.connect(pops["source"], pops["cells"], Uniform(0.1), "ampa", synapse=ShortTerm(0.4, 200.0, 50.0), delay=0.5)
        spikes = net.record_spikes(pops["source"])
        net.run(100.0)
        return spikes, pops["cells"].AMPA.kinetic._s
    spikes, gating = outcome(None)
    assert len(spikes) > 20
    np.testing.assert_allclose(outcome(spikes)[1], gating, rtol=1e-9)


def test_description():
    assert ShortTerm(0.5, 800) == ShortTerm(0.5, 800.0, 0.0) == ShortTerm(U=np.float64(0.5), tau_rec=np.int8(100) * 8.0)
    assert len({ShortTerm(0.5, 800), ShortTerm(0.5, 800), ShortTerm(0.4, 800)}) == 2
    with pytest.raises(AttributeError):
        ShortTerm(0.5, 800).U = 0.3
    assert repr(ShortTerm(0.5, 800)) == "ShortTerm(U=0.5, tau_rec=800.0, tau_facil=0.0)"


@pytest.mark.parametrize(("given", "message"), [
    ((0, 800), "U must be"), ((-0.1, 800), "U"), ((1.01, 800), "U must be <= 1"), ((np.nan, 800), "U"),
    ((0.5, 0), "tau_rec"), ((0.5, np.inf), "tau_rec"), ((0.5, 800, -1), "tau_facil"), ((0.5, 800, np.nan), "tau_facil"),
    (("0.5", 800), "U"), (([0.5, 0.4], 800), "U")])
def test_what_is_no_parameter_is_refused(given, message):
    with pytest.raises((ValueError, TypeError), match=f"^ShortTerm: {message}"):
        ShortTerm(*given)


def test_where_it_has_no_place():
    cells = quiet(lifext.pyrPop, 3)
    net = network({"cells": cells}, compat=True)
    with pytest.raises(ValueError, match="^Network: synapse must be of the published code with compat=True"):
        net.connect(cells, cells, Uniform(0.1), "exc", synapse=ShortTerm(0.5, 800))
    net = network({"cells": quiet(lifext.pyrPop, 3)}, seed=1)
    for wrong in (0.5, "short", ShortTerm):
        with pytest.raises(TypeError, match="^Network: synapse must be None or a ShortTerm"):
            net.connect(net["cells"], net["cells"], Uniform(0.1), "exc", synapse=wrong)


def test_provenance_tells_of_it():
    net, _ = busy("uniform")
    spikes = net.record_spikes(net["source"])
    net.run(1.0)
    assert spikes.provenance["projections"][0]["synapse"] == {
        "class": "lifext.synapses.short_term.ShortTerm", "U": 0.4, "tau_rec": 50.0, "tau_facil": 0.0}
