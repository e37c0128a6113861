"""What a network says of itself."""
import warnings

import numpy as np
import pytest

import lifext
from lifext import Network, Ring, ShortTerm, SpikeSource, Uniform


class Own(lifext.pyrPop):
    def dVmdt(self, dt, vM):
        return super().dVmdt(dt, vM)


def ring():
    cells, inter = lifext.pyrRingPop(32, noise_g=0.01), lifext.interRingPop(8)
    net = Network(0.05, seed=3)
    net.add(cells=cells, inter=inter)
    net.connect(cells, cells, Ring.from_profile(32), "exc", delay=0.5)
    net.connect(inter, cells, Uniform(0.01), "inh")
    return net, cells


def line(net, start):
    found = [text for text in net.summary().splitlines() if text.strip().startswith(start)]
    assert len(found) == 1
    return found[0]


def test_a_ring():
    net, cells = ring()
    assert line(net, "dt") == "dt 0.05 ms, at 0.0 ms, fast, float64, seed 3"
    assert line(net, "cells  ").endswith('pyrRingPop    32 neurons  one loop, "ring"')
    assert line(net, "inter  ").endswith('one loop, "noise"')
    assert "'exc'" in line(net, "cells -> cells") and "delay 0.5 ms" in line(net, "cells -> cells")
    spikes, trace = net.record_spikes(cells), net.record_state(cells, ["v", "i_leak"])
    net.run(20.0)
    assert line(net, "spikes of cells").endswith(f"in memory  {len(spikes)} spikes")
    assert f"v, i_leak  {len(trace)} samples" in line(net, "state of cells")
    assert "at 20.0 ms" in net.summary()


def test_it_tells_what_the_run_does_and_changes_nothing():
    """The variant that it names is that of the run; and the run has the same bits."""
    (net, cells), (other, others) = ring(), ring()
    for _ in range(3):
        net.summary()
        net.run(5.0)
        other.run(5.0)
        cells.stim(1.0)
        others.stim(1.0)
    assert line(net, "cells  ").endswith('one loop, "ring"')
    assert np.array_equal(cells.VMs(), others.VMs())
    cells.vTh = np.full(32, -52.0)
    assert line(net, "cells  ").endswith("a loop for each receptor")


def test_why_a_population_is_not_at_full_speed():
    net = Network(0.05, seed=1)
    slow = lifext.pyrPop(4)
    slow.AMPA.kinetic = lifext.firstOrdKin(4, 1.0, 2.0)
    net.add(own=Own(3), slow=slow, source=SpikeSource(5, [1.0, 2.0], [0, 4]))
    net.connect(net["source"], net["slow"], Uniform(0.1), "exc", synapse=ShortTerm(0.5, 100.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert line(net, "own ").endswith("through Python: Own has its own dVmdt")
        assert "compat kernels: AMPA.kinetic saturates" in line(net, "slow ")
        assert line(net, "source  ").endswith("5 cells    2 spikes")
        assert line(net, "source -> slow").endswith("ShortTerm(U=0.5, tau_rec=100.0, tau_facil=0.0)")
    # the warning is still to come
    net = Network(0.05, seed=1)
    net.add(own=Own(3))
    net.summary()
    with pytest.warns(lifext.PerformanceWarning, match="own is stepped"):
        net.run(1.0)


def test_without_anything_and_with_compat():
    assert Network(0.1, compat=True).summary() == (
        "dt 0.1 ms, at 0.0 ms, compat\n\npopulations\n  none\n\nprojections\n  none\n\nrecords\n  none")
    net = Network(0.1, compat=True)
    net.add(cells=lifext.pyrPop(3))
    assert line(net, "cells  ").endswith("3 neurons  compat kernels")
