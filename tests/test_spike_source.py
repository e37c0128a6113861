"""Spikes that are given: emitted in their steps, delivered at their times, saved, restored and refused."""
import numpy as np
import pytest
from fast_tools import DT, WAYS, assert_same, everything, network, quiet, run, went
from twin_network import TwinNetwork

import lifext
from lifext import Network, OneToOne, SpikeSource, Uniform
from lifext._core.fast.spike_source import in_steps

NEVER = 1e3
TIMES, IDS = [0.0, 0.03, 1.02, 1.049, 1.02, 5.0, 5.02, 12.5], [2, 0, 1, 1, 0, 2, 2, 0]


def driven(kind="ampa", source=None, **options):
    source = SpikeSource(3, TIMES, IDS) if source is None else source
    cells = quiet(lifext.pyrPop, source.size, vTh=NEVER)
    return source, cells, network({"source": source, "cells": cells}, [("source", "cells", OneToOne(0.5), kind)],
                                  seed=1, **options)


def test_gating_is_that_of_the_spikes():
    """AMPA gating is a sum of exponentials, one for each spike."""
    source, cells, net = driven()
    for steps in (1, 20, 80, 150):
        net.run(steps * DT)
        since = net.time - source.times
        part = np.where(since > 0, 0.5 * np.exp(-np.maximum(since, 0) / cells.AMPA.kinetic.tau_s), 0.0)
        want = np.bincount(source.ids, part, minlength=3)
        np.testing.assert_allclose(cells.AMPA.kinetic._s, want, rtol=1e-11, atol=1e-300)


def test_what_is_recorded_is_what_was_given():
    source, _, net = driven()
    spikes = net.record_spikes(source)
    net.run(5.0)
    assert len(spikes) == 5
    net.run(15.0)
    assert sorted(zip(np.round(spikes.times, 9), spikes.ids)) == sorted(zip(TIMES, IDS))
    np.testing.assert_allclose(np.sort(spikes.times), np.sort(TIMES), rtol=0, atol=1e-14)


def test_any_order_is_the_same():
    order = np.random.default_rng(1).permutation(len(TIMES))
    shuffled = SpikeSource(3, np.array(TIMES)[order], np.array(IDS)[order])
    outcomes = []
    for source in (None, shuffled):
        _, cells, net = driven(source=source)
        net.run(20.0)
        outcomes.append(everything(cells))
    assert_same(*outcomes)


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.025, 1 / 3, 0.7, 1e-3])
def test_steps_of_times(dt):
    """At the edges of steps, too, a time is in one step, and within it."""
    rng = np.random.default_rng(3)
    edges = np.arange(3000) * dt
    times = np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges[1:], 0), rng.uniform(0, 100, 1000)])
    steps, left = in_steps(times, dt)
    assert (steps * dt <= times).all() and (times < (steps + 1) * dt).all()
    assert (left >= 0).all() and (left < dt).all()
    np.testing.assert_allclose(steps * dt + left, times, rtol=1e-15, atol=1e-13)
    assert np.array_equal(steps[:3000], np.arange(3000))


@pytest.mark.parametrize("times", [[], [3.0], [3.0, 3.0, 3.0], [0.0] * 50, np.full(1000, 2.51)],
                         ids=["none", "one", "ties", "at the start", "very many in a step"])
@pytest.mark.parametrize("kind", ["exc", "inh"])
def test_degenerate_trains_are_those_of_the_twin(times, kind):
    outcomes = []
    for network_class in (Network, TwinNetwork):
        source = SpikeSource(4, times, np.arange(len(times)) % 4)
        cells = quiet(lifext.pyrPop, 4, vTh=NEVER)
        net = network({"source": source, "cells": cells}, [("source", "cells", Uniform(0.01), kind, 0.3)], seed=1,
                      kind=network_class)
        record = net.record_spikes(source)
        run(net, 6.0)
        outcomes.append((everything(cells), record.ids, record.times))
    assert_same(outcomes[0][0], outcomes[1][0])
    assert np.array_equal(outcomes[0][1], outcomes[1][1]) and np.array_equal(outcomes[0][2], outcomes[1][2])
    assert len(outcomes[0][1]) == len(times)


def recorded(threads=1):
    net = driven("exc", threads=threads)[2]
    net.record_spikes(net["source"])
    return net


def told(net):
    record = net.records["source"]
    return everything(net["cells"]) | {"ids": record.ids, "times": record.times}


@pytest.mark.parametrize("how", WAYS)
def test_a_run_in_any_way_is_the_same(how, tmp_path):
    whole = told(went(None, recorded, 20.0, tmp_path))
    assert len(whole["ids"]) == len(TIMES)
    assert_same(told(went(how, recorded, 20.0, tmp_path)), whole)
    assert_same(told(went(how, lambda: recorded(threads=2), 20.0, tmp_path)), whole)


def test_beside_a_population_that_is_stepped_through_python_it_is_the_same(tmp_path):
    class Own(lifext.pyrPop):
        def dVmdt(self, dt, vM):
            return super().dVmdt(dt, vM)

    def mixed():
        net = recorded()
        net.add(own=Own(3))
        return net
    assert_same(told(went(None, mixed, 20.0, tmp_path)), told(went(None, recorded, 20.0, tmp_path)))


def test_added_in_mid_run_it_emits_what_is_still_to_come():
    source, cells = SpikeSource(3, TIMES, IDS), quiet(lifext.pyrPop, 3, vTh=NEVER)
    net = network({"cells": cells}, seed=1)
    net.run(1.0)
    net.add(source=source)
    net.connect(source, cells, OneToOne(0.5), "ampa", delay=2.0)
    record = net.record_spikes(source)
    net.run(20.0)
    assert np.sort(record.times).tolist() == pytest.approx([1.02, 1.02, 1.049, 5.0, 5.02, 12.5])
    assert sorted(record.ids) == [0, 0, 1, 1, 2, 2]
    # reset goes back to before the first step, when it was there from the start
    net.reset()
    net.run(20.0)
    assert len(record) == len(TIMES)
    # one that is removed emits nothing any more
    net.remove(source)
    before = cells.AMPA.kinetic._s.copy()
    net.run(1.0)
    assert (cells.AMPA.kinetic._s < before).all()


def test_in_two_networks_and_a_fork_it_is_one_value():
    source, _, net = driven()
    _, _, other = driven(source=source)
    net.run(10.0)
    other.run(10.0)
    assert net["source"] is other["source"] is net.fork(3)["source"] is source
    assert_same(everything(net["cells"]), everything(other["cells"]))
    with pytest.raises(ValueError, match="read-only"):
        source.times[0] = 3.0
    with pytest.raises(AttributeError):
        source.size = 3


def test_states_of_other_trains_are_refused(tmp_path):
    driven()[2].save_state(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="source"):
        driven(source=SpikeSource(3, TIMES, [0, *IDS[1:]]))[2].load_state(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="source"):
        driven(source=SpikeSource(3, [*TIMES[:-1], 12.6], IDS))[2].load_state(tmp_path / "a.npz")


def test_provenance_tells_of_it():
    source, _, net = driven()
    record = net.record_spikes(source)
    net.run(1.0)
    facts = record.provenance["populations"]["source"]
    assert facts["class"] == "lifext.sources.SpikeSource"
    assert facts["times"]["shape"] == [len(TIMES)] and "sha256" in facts["ids"]


@pytest.mark.parametrize(("size", "times", "ids", "message"), [
    (0, [], [], "size must be a whole number >= 1"), (2.5, [], [], "size"), (True, [], [], "size"),
    (2, [1.0], [2], r"ids\[0\] must be >= 0 and <= 1, got 2"), (2, [1.0], [-1], "ids"), (2, [1.0], [0.5], "ids"),
    (2, [1.0], [True], "ids"), (2, [1.0, 2.0], [0], "ids must be an array .* of shape"),
    (2, [-0.1], [0], r"times\[0\]"),
    (2, [np.nan], [0], r"times\[0\] must be finite and >= 0, got nan"), (2, [0.0, np.inf], [0, 1], r"times\[1\]"),
    (2, [[1.0]], [0], "times must be an array"), (2, ["1"], [0], "times"), (2, [1j], [0], "times"),
    (2, np.array([1], "m8[ms]"), [0], "times"), (2, np.ma.masked_array([1.0], [True]), [0], "times"),
    (2**70, [], [], "size")])
def test_what_is_no_train_is_refused(size, times, ids, message):
    with pytest.raises((ValueError, TypeError), match=f"^SpikeSource: {message}"):
        SpikeSource(size, times, ids)


def test_where_it_has_no_place():
    source, cells = SpikeSource(3, TIMES, IDS), quiet(lifext.pyrPop, 3)
    with pytest.raises(ValueError, match="^Network: source must be of the published code with compat=True"):
        Network(DT, compat=True).add(source=source)
    net = network({"source": source, "cells": cells}, seed=1)
    with pytest.raises(ValueError, match="^Network: target must be a population, as a source of spikes has no neurons"):
        net.connect(cells, source, Uniform(0.1), "exc")
    with pytest.raises(ValueError, match="^Network: population must be a population, as a source"):
        net.record_state(source, "v")
    with pytest.raises(ValueError, match="a population not added before"):
        net.add(again=source)

    class Own(lifext.pyrPop):
        def predictSpikes(self, dt, time):
            super().predictSpikes(dt, time)

    net.add(own=Own(3))
    net.connect(source, net["own"], Uniform(0.1), "exc")
    with pytest.raises(ValueError, match="a SpikeSource's projection onto own must be onto a"):
        net.run(1.0)
    assert net.time == 0.0
