"""`Network(dtype="float32")`: how near it is to float64, what cannot change its bits, and what Python sees of it."""
import copy
import pickle

import numpy as np
import pytest
from fast_tools import DT, Train, assert_same, everything, network, quiet, run, volleys
from test_fast_bits import busy, outcome
from test_fast_bits import run as run_busy
from twin_network import TwinNetwork

import lifext
from lifext import Network, PerformanceWarning, Uniform
from lifext._core.fast import population as fast
from lifext._core.shared import equations

DURATION = 15.0


# --- what it is made of ---

def ulps(found, true):
    """Errors in units of the last place that the true value has in single precision."""
    return np.abs(found - true) / np.spacing(true.astype(np.float32))


@pytest.mark.parametrize(("lowest", "highest"), [(-87, 88.72), (-10, 10), (-0.7, 0.7), (-0.05, 0)])
def test_exp_is_within_a_unit_of_the_last_place(lowest, highest):
    x = np.random.default_rng(1).uniform(lowest, highest, 1_000_000).astype(np.float32)
    x = x[(x >= -87) & (x <= 88.72)]
    assert ulps(fast.exponential(x), np.exp(x.astype(np.float64))).max() < 1


def test_exp_at_its_limits():
    x = np.array([0.0, -0.0, 1e-45, -1e-45, np.inf, -np.inf, 89.0, 3e38, -87.1, -3e38], dtype=np.float32)
    assert fast.exponential(x).tolist() == [1, 1, 1, 1, np.inf, 0, np.inf, np.inf, 0, 0]
    assert np.isnan(fast.exponential(np.array([np.nan], dtype=np.float32))).all()
    ends = fast.exponential(np.array([88.72, -87.0], dtype=np.float32))
    assert np.isfinite(ends).all()
    assert ends[1] > np.finfo(np.float32).tiny


@pytest.mark.parametrize(("lowest", "highest"), [(-0.5, 0.5), (-16, 16), (-99, 99)])
def test_power_of_two_is_a_quotient_good_to_a_few_roundings(lowest, highest):
    y = np.random.default_rng(5).uniform(lowest, highest, 1_000_000).astype(np.float32)
    above, below = (part.astype(np.float64) for part in fast.powers_of_two(y))
    assert np.abs(above / below / np.exp2(y.astype(np.float64)) - 1).max() < 3.5 * 2.0**-24


def test_power_of_two_at_its_limits():
    y = np.array([0.0, 1.0, -1.0, 100.0, 1e6, 3e38, -100.0, -1e6, -3e38], dtype=np.float32)
    above, below = (part.astype(np.float64) for part in fast.powers_of_two(y))
    np.testing.assert_allclose(above / below, [1, 2, 0.5, *[2.0**100] * 3, *[2.0**-100] * 3], rtol=3e-7)
    assert np.isnan(fast.powers_of_two(np.array([np.nan], dtype=np.float32))).all()


def test_magnesium_block_is_that_of_jahr_and_stevens():
    """As a part of the driving force, the error of the power's rounding included."""
    v = np.random.default_rng(6).uniform(-120, 60, 1_000_000).astype(np.float32)
    power = equations.magnesium_power(v)
    left = equations.blocked_force(v, np.float32(0), np.ones(1, np.float32), *fast.powers_of_two(power)) / v
    assert left.dtype == np.float32
    exact = 1 / (1 + np.exp(-0.062 * v.astype(np.float64)) / 3.57)
    assert np.abs(left / exact - 1).max() < 16 * 2.0**-24


# --- how near it is to float64 ---

def driven(dtype):
    """Cells that a steady current has spike, others that hear of them, some at rest: nothing is random."""
    cells, idle = quiet(lifext.pyrPop, 300, NMDA_g=0.05, AMPA_g=0.1), quiet(lifext.pyrPop, 20)
    silent = quiet(lifext.pyrPop, 50, NMDA_g=0.02, AMPA_g=0.02)
    cells.stim(cue_sal=0.6)
    net = network({"cells": cells, "silent": silent, "idle": idle},
                  [("cells", "silent", Uniform(2e-4), "exc", 0.5)], dtype=dtype)
    spikes, trace = net.record_spikes(cells), net.record_state(silent, ["v", "s_ampa", "s_nmda", "i_nmda"], every=1.0)
    rest = net.record_state(idle, "v", every=1.0)
    net.run(1000.0)
    order = np.lexsort((spikes.times, spikes.ids))
    return spikes.ids[order], spikes.times[order], trace, rest


def test_a_second_of_a_driven_network():
    """Each spike is there, at its time; potentials, gating and currents of those who hear of them follow."""
    (ids, times, trace, rest), (single_ids, single_times, single, single_rest) = driven("float64"), driven("float32")
    assert len(ids) > 10_000
    assert np.array_equal(ids, single_ids)
    assert np.abs(times - single_times).max() < 5e-4
    for name, most in (("v", 5e-4), ("s_ampa", 1e-5), ("s_nmda", 2e-5), ("i_nmda", 1e-5)):
        assert np.ptp(trace[name]) > 1000 * most, name
        assert np.abs(single[name] - trace[name]).max() < most, name
    # where it moves by less than half of a last place in a step
    assert 1e-5 < np.abs(single_rest["v"] - rest["v"]).max() < 2e-3


def noisy(dtype):
    """Neurons that hear of nothing but noise, each of the same arrivals in both precisions."""
    cells = lifext.pyrRingPop(1024)
    net = network({"cells": cells}, seed=1, dtype=dtype)
    spikes, trace = net.record_spikes(cells), net.record_state(cells, "s_noise", every=5.0)
    net.run(1000.0)
    return spikes, trace["s_noise"]


def test_a_second_of_noise():
    (spikes, gating), (single, single_gating) = noisy("float64"), noisy("float32")
    assert np.abs(single_gating / np.maximum(gating, 1e-3) - 1)[gating > 1e-3].max() < 1e-5
    assert len(spikes) > 30_000
    assert abs(len(spikes) - len(single)) < 30
    # spikes are told apart by their neuron, of which each has 3 s
    one, other = (np.sort(record.ids * 3000.0 + record.times) for record in (spikes, single))
    after = np.searchsorted(other, one).clip(1, len(other) - 1)
    shift = np.minimum(np.abs(other[after] - one), np.abs(other[after - 1] - one))
    assert np.median(shift) < 1e-4
    assert (shift < 1e-3).mean() > 0.99


# --- what cannot change a bit ---

def left(pieces=(DURATION,), **options):
    return run_busy(pieces, dtype="float32", **options)


@pytest.fixture(scope="module")
def want():
    """What every run here has to give."""
    return left()


def test_it_is_another_run_than_in_float64(want):
    net, records = busy()
    net.run(DURATION)
    double = outcome(net, records)
    assert not np.array_equal(double["0._vM"], want["0._vM"])
    for k in range(4):
        assert len(want[f"{k}.ids"]) > 10
        assert len(want[f"{k}.ids"]) == pytest.approx(len(double[f"{k}.ids"]), rel=0.2)


def test_potentials_are_floats_in_arrays_of_doubles(want):
    for name in ("0._vM", "0._tempvM", "1.NMDA._s", "1.noise._curr", "2.leak._curr"):
        assert want[name].dtype == np.float64
        assert np.array_equal(want[name], want[name].astype(np.float32)), name
    # which no time is
    assert not np.array_equal(want["0.times"], want["0.times"].astype(np.float32))
    assert not np.array_equal(want["0._endRefract"], want["0._endRefract"].astype(np.float32))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads(want, threads):
    assert_same(want, left(threads=threads))


def test_instruction_sets(want, build):
    assert_same(want, left())


@pytest.mark.parametrize("pieces", [[DT] * round(DURATION / DT), [2.0, 0.05, 7.95, 5.0]])
def test_cuts(want, pieces):
    assert_same(want, left(pieces))


@pytest.mark.parametrize("variables", [["v", "s_nmda", "x_nmda"], ["i_ampa", "i_noise", "i_leak"]])
def test_records_of_states(want, variables):
    net, records = busy(dtype="float32")
    trace = net.record_state(net._populations[1], variables, every=0.35)
    net.run(DURATION)
    assert trace[variables[0]].dtype == np.float64
    assert_same(want, outcome(net, records))


def test_traces_are_the_state_at_that_time():
    net, _ = busy(dtype="float32")
    trace = net.record_state(net._populations[1], ["v", "s_nmda", "i_nmda", "i_leak"], every=0.35)
    net.run(7.0)
    other, _ = busy(dtype="float32")
    ring, seen = other._populations[1], []
    other.run(7.0, every=(0.35, lambda net: seen.append(
        [ring._vM.copy(), ring.NMDA.kinetic._s.copy(), ring.NMDA._curr.copy(), ring.leak._curr.copy()])))
    for k, name in enumerate(["v", "s_nmda", "i_nmda", "i_leak"]):
        assert np.array_equal(trace[name], [row[k] for row in seen]), name


@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_copies_go_on_alike(want, copied):
    net, records = busy(dtype="float32")
    net.run(7.0)
    twin, its_records = copied((net, records))
    assert twin.dtype == np.float32
    twin.run(DURATION - 7.0)
    assert_same(want, outcome(twin, its_records))


def test_a_saved_state_goes_on_alike(want, tmp_path):
    net, _ = busy(dtype="float32")
    net.run(7.0)
    net.save_state(tmp_path / "state.npz")
    other, records = busy(dtype="float32", seed=99)
    other.run(1.0)
    other.load_state(tmp_path / "state.npz")
    other.run(DURATION - 7.0)
    assert_same(want, outcome(other, records))


def test_a_reset_gives_the_same_run_again(want):
    net, records = busy(dtype="float32")
    net.run(3.0)
    net.reset()
    net._populations[1].stim(1.0)
    net._populations[2].stim(cue_sal=0.8)
    net.run(DURATION)
    assert net.dtype == np.float32
    assert_same(want, outcome(net, records))


@pytest.mark.parametrize("blocked", [True, False])
@pytest.mark.parametrize("afferents", ["steady", "trains"])
def test_the_usual_cells_have_loops_of_their_own_with_the_same_bits(blocked, afferents):
    """A parameter with one value a neuron, all alike, sends the same cells through the general loops."""
    def state(g):
        cells = lifext.pyrPop(300, NMDA_g=0.05 if blocked else 0.0, noise_g=0.008, noise_rate=2.0, leak_vL=-20)
        cells._vM, cells.AMPA.g = np.linspace(-60.0, -52.01, 300), g
        if afferents == "trains":
            cells.afferents = lifext.affFlatPoisson(300, g=0.003)
        cells.stim(**({"rate": 2.5} if afferents == "trains" else {"cue_sal": 0.3}))
        net = network({"cells": cells}, [("cells", "cells", Uniform(0.001), "exc", 0.5),
                                         ("cells", "cells", Uniform(0.0005), "inh")], seed=3, dtype="float32")
        spikes = net.record_spikes(cells)
        run(net, 20.0)
        assert len(spikes) > 0
        return {**everything(cells), "ids": spikes.ids, "times": spikes.times}
    assert_same(state(0.2), state(np.full(300, 0.2)))


# --- what a user sees ---

@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32"), np.dtype(np.float32)])
def test_ways_to_say_it(dtype):
    net = Network(DT, seed=1, dtype=dtype)
    assert net.dtype == np.float32
    assert isinstance(net.dtype, np.dtype)
    assert repr(net) == "Network(; float32, dt 0.05 ms, at 0.0 ms)"
    assert Network(DT).dtype == np.float64
    assert Network(DT, compat=True, dtype=np.float64).dtype == np.float64


@pytest.mark.parametrize(("dtype", "error"), [
    ("float16", ValueError), ("f4", ValueError), ("", ValueError), (np.int32, ValueError),
    (np.dtype("complex64"), ValueError),
    (None, TypeError), (32, TypeError), (float, TypeError), (["float32"], TypeError), (np.float32(1), TypeError)])
def test_other_kinds_are_refused(dtype, error):
    with pytest.raises(error, match="^Network: dtype must be 'float64' or 'float32', got "):
        Network(DT, dtype=dtype)


def test_it_does_not_go_with_compat():
    with pytest.raises(ValueError, match="^Network: dtype must be 'float64' with compat=True, got 'float32'"):
        Network(DT, compat=True, dtype="float32")


@pytest.mark.parametrize(("one", "other"), [("float64", "float32"), ("float32", "float64")])
def test_a_state_of_the_other_kind_is_refused(one, other, tmp_path):
    nets = {dtype: network({"cells": lifext.pyrPop(5)}, seed=1, dtype=dtype) for dtype in (one, other)}
    nets[one].save_state(tmp_path / "state.npz")
    potentials = nets[other]._populations[0].VMs()
    with pytest.raises(ValueError, match=r"arithmetic is .*state\.npz, and .* here") as refused:
        nets[other].load_state(tmp_path / "state.npz")
    assert "fast with dtype float32" in str(refused.value)
    assert np.array_equal(nets[other]._populations[0].VMs(), potentials)


def test_records_know_of_it():
    for dtype in ("float64", "float32"):
        net = network({"cells": lifext.pyrPop(5)}, seed=1, dtype=dtype)
        record = net.record_spikes(net._populations[0])
        net.run(DT)
        assert record.provenance["dtype"] == dtype


def test_what_goes_through_python_stays_in_double():
    """A population of a user's own drives one in single precision, and hears of it."""
    train = Train(20, volleys(20, 400))
    cells = lifext.pyrPop(300, noise_g=0.01, AMPA_g=0.5)
    other = lifext.pyrPop(30, noise_g=0.004, AMPA_g=0.01, rng=4)
    other.AMPA.kinetic = lifext.firstOrdKin(30, 0.5, 80)
    net = network({"train": train, "cells": cells, "other": other}, [
        ("train", "cells", Uniform(0.02), "exc"), ("cells", "other", Uniform(0.001), "exc", 0.5)],
        seed=1, dtype="float32")
    spikes = net.record_spikes(cells)
    with pytest.warns(PerformanceWarning) as caught:
        net.run(20.0)
    assert sorted(str(warning.message).partition(": ")[0] for warning in caught) == [
        "other is stepped in the slower compat arithmetic and in float64", "train is stepped through Python"]
    assert len(spikes) > 100
    assert np.array_equal(cells._vM, cells._vM.astype(np.float32))
    assert not np.array_equal(other._vM, other._vM.astype(np.float32))
    assert other.AMPA.kinetic._s.any()


def test_elements_written_in_place_are_noticed():
    """Of parameters and of state, between two runs of one loop."""
    def after(change):
        cells = quiet(lifext.pyrPop, 300, leak_vL=np.full(300, -60.0))
        net = network({"cells": cells}, dtype="float32")
        run(net, 5.0)
        change(cells)
        run(net, 5.0)
        return cells._vM.copy()
    same = after(lambda cells: None)
    raised = after(lambda cells: cells.leak.vL.__setitem__(7, -53.0))
    moved = after(lambda cells: cells._vM.__setitem__(9, -54.5))
    assert np.flatnonzero(raised != same).tolist() == [7]
    assert np.flatnonzero(moved != same).tolist() == [9]


def test_gating_that_has_closed_becomes_nothing():
    """Before it is too small for full speed."""
    cells = quiet(lifext.pyrPop, 10)
    cells.AMPA.kinetic._s = np.full(10, 1.0)
    net = network({"cells": cells}, dtype="float32")
    smallest = []
    for _ in range(40):
        run(net, 5.0)
        smallest.append(cells.AMPA.kinetic._s[0])
    assert smallest[-1] == 0
    assert min(s for s in smallest if s > 0) > np.finfo(np.float32).tiny


@pytest.mark.any_state    # a capacitance of 5e-324 nF
@pytest.mark.filterwarnings("ignore:.*below all that its currents:lifext.NumericalWarning")
# numbers of no neuron
@pytest.mark.filterwarnings("ignore:.*(should be|noise and afferents):lifext.ParameterWarning")
@pytest.mark.parametrize(("name", "value", "dtype"), [("AMPA.g", 1e308, "float32"), ("cM", 5e-324, "float64"),
                                                      ("cM", 5e-324, "float32")])
def test_receptors_that_nothing_reaches_have_no_current_even_of_numbers_out_of_range(name, value, dtype):
    """Of a potential or conductance that is infinite by then, 0 times it would be NaN."""
    found = []
    for cls in (Network, TwinNetwork):
        cells = lifext.pyrPop(3, noise_g=0.01)
        net = cls(DT, seed=0, dtype=dtype)
        net.add(cells=cells)
        part, _, parameter = name.rpartition(".")
        setattr(getattr(cells, part) if part else cells, parameter, value)
        with np.errstate(all="ignore"):
            if name == "cM":
                with pytest.raises(lifext.NumericalError, match="cells: the potential v of neuron 0 must be from"):
                    net.run(4 * DT)
            else:
                net.run(4 * DT)
        found.append([cells.VMs(), cells.AMPA._curr, cells.NMDA._curr, cells.GABA._curr])
    ours, twin = found
    for one, other in zip(ours, twin):
        assert np.array_equal(one, other, equal_nan=True)
    assert not np.any(ours[1:])
