"""Gating that saturates stays in [0, 1] under any volley in the fast arithmetic, and agrees with the published one."""
import numpy as np
import pytest
from fast_tools import Train, run

import lifext
from lifext import Network, NumericalError, NumericalWarning

DT = 0.05
RECEPTORS = {"ampa": "AMPA", "nmda": "NMDA", "inh": "GABA"}


def target(n=4, rise=2.0, decay=80.0, order=2):
    """Cells whose receptors are of second order, and let no current through."""
    cells = lifext.pyrPop(n, noise_rate=0.0, AMPA_g=1e-5, NMDA_g=1e-5, GABA_g=1e-5, rng=1)
    for name, kind in (("AMPA", lifext.AMPAR), ("NMDA", lifext.NMDAR), ("GABA", lifext.GABAR)):
        times = {"tau_x": rise, "tau_s": decay} if order == 2 else {}
        setattr(cells, name, kind(n, order=order, g=1e-5, **times))
    return cells


def traces(schedule, weights, kind, dt=DT, duration=5.0, compat=False, dtype="float64", **times):
    cells, source = target(**times), Train(len(weights), schedule)
    net = Network(dt, compat=True) if compat else Network(dt, seed=1, dtype=dtype)
    net.add(source=source, cells=cells)
    # in the published arithmetic excitation reaches AMPA and NMDA receptors together
    net.connect(source, cells, weights, "exc" if compat and kind in ("ampa", "nmda") else kind)
    kinetic = getattr(cells, RECEPTORS[kind]).kinetic
    found = []
    run(net, duration, every=(dt, lambda net: found.append((kinetic._s.copy(), kinetic._x.copy()))))
    s, x = np.transpose(found, (1, 0, 2))
    return s, x


def volley(rng, n, steps, dt=DT):
    return {step: (np.arange(n), np.sort(rng.uniform(0, dt, n))) for step in steps}


@pytest.mark.parametrize("kind", RECEPTORS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("weight", [0.01, 1.0, 40.0, 1e4, 1e30])
def test_any_volley_leaves_gating_in_its_range(kind, dtype, weight):
    rng = np.random.default_rng(1)
    weights = rng.uniform(0, weight, (20, 4))
    s, x = traces(volley(rng, 20, [1, 2, 3, 10, 40]), weights, kind, dtype=dtype)
    assert s.min() >= 0 and s.max() <= 1
    assert x.min() >= 0 and np.isfinite(x).all()
    assert s.max() > 0


@pytest.mark.filterwarnings("ignore:.*looks like seconds:lifext.ParameterWarning")
@pytest.mark.parametrize(("rise", "decay", "dt"), [
    (0.05, 2.0, 0.1), (0.05, 2.0, 1.0), (2.0, 80.0, 5.0), (0.02, 0.03, 0.05), (2.0, 0.5, 1.0), (0.25, 10.0, 0.25)])
def test_steps_longer_than_a_time_constant(rise, decay, dt):
    """Gating opens, and closes with its own time constants; x by its closed form."""
    s, x = traces({1: ([0], [0.25 * dt])}, np.full((1, 4), 0.3), "nmda", dt=dt, duration=40 * dt, rise=rise,
                  decay=decay)
    assert s.min() >= 0 and s.max() <= 1 and x.min() >= 0
    after = (np.arange(2, 41) - 1.25) * dt
    if dt > rise or dt > decay:
        assert x[1:, 0] == pytest.approx(0.3 * np.exp(-after / rise), rel=1e-9, abs=1e-30)
    # what has opened, less what closed meanwhile
    opened = 1 - np.exp(-0.3 * rise)
    if dt == rise:
        # the published Euler step, which stays in range, closes x in one
        assert 0 < s.max() < opened
        return
    assert 0.5 * opened * np.exp(-5 * max(dt, rise) / decay) < s.max() < 1.05 * opened
    # from where nothing opens any more, it decays
    late = slice(20, 40)
    if x[20].max() < 1e-12:
        expected = s[20, 0] * np.exp(-np.arange(20) * dt / decay)
        assert s[late, 0] == pytest.approx(expected, rel=0.02 if dt < decay else 1e-2, abs=1e-9)


@pytest.mark.parametrize("kind", RECEPTORS)
@pytest.mark.parametrize("weight", [0.001, 0.01, 0.03, 0.1, 0.5])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_it_agrees_with_the_published_scheme_where_that_stays_in_range(kind, weight, count):
    rng = np.random.default_rng(count)
    # up to x dt = 0.7 in all
    weights = rng.uniform(0.5, 1.0, (count, 4)) * weight * 10 / count
    schedule = volley(rng, count, [1, 5, 6, 30])
    (ours, x), (published, published_x) = (
        traces(schedule, weights, kind, compat=compat) for compat in (False, True))
    assert published.min() >= 0 and published.max() <= 1 and published_x.min() >= 0
    assert abs(ours - published).max() < 0.012
    assert x == pytest.approx(published_x, rel=2e-3, abs=1e-12)


def test_a_strong_volley_agrees_to_rounding():
    """Where it is walked from spike to spike, it is what the published arithmetic has."""
    rng = np.random.default_rng(5)
    weights = rng.uniform(0, 1, (30, 4)) * 0.6
    schedule = volley(rng, 30, [3])
    (ours, _), (published, _) = (traces(schedule, weights, "nmda", compat=compat) for compat in (False, True))
    assert published.max() <= 1
    assert abs(ours - published).max() < 1e-9
    assert published[3:].max() > 0.5


def test_the_exact_solution_of_a_volley_far_beyond_the_range():
    """ds/dt = x (1 - s) - s/tau_s: once x is large, s follows x/(x + 1/tau_s)."""
    s, x = traces({1: ([0], [0.01])}, np.full((1, 4), 1000.0), "nmda")
    assert s[1:, 0] == pytest.approx(1.0, abs=2e-3)
    quasi = x[10:, 0] / (x[10:, 0] + 1 / 80)
    assert s[10:, 0] == pytest.approx(quasi, abs=1e-4)


@pytest.mark.any_state
def test_the_published_scheme_says_once_where_it_leaves_its_range():
    rng = np.random.default_rng(1)
    with pytest.warns(NumericalWarning) as said:
        traces(volley(rng, 20, [1]), np.full((20, 4), 1.2), "nmda", compat=True)
    # excitation reaches both in this arithmetic
    assert sorted(str(each.message)[:79] for each in said) == [
        f"cells: gating of {name} left its range of 0 to 1 in the step at 0.1 ms: the published "[:79]
        for name in ("AMPA", "NMDA")]


def test_a_loop_by_hand_says_so_too():
    cells = target()
    cells.receivePyrSpikes(DT, 1, [[0.01]], np.full((1, 4), 500.0))
    with pytest.warns(NumericalWarning) as said:
        for step in range(3):
            cells.processTimeStep(DT, step * DT)
    assert [str(each.message)[:36] for each in said] == [f"pyrPop: gating of {name} left its range" [:36]
                                                        for name in ("AMPA", "NMDA")]


def test_a_step_longer_than_a_rise_time_is_warned_of():
    cells = lifext.pyrPop(2, noise_rate=0.0)
    cells.AMPA = lifext.AMPAR(2, order=2)
    net = Network(0.1, compat=True)
    net.add(cells=cells)
    # nothing reaches the receptors yet
    net.run(1.0)
    net.connect(cells, cells, lifext.Uniform(0.01), "exc")
    with pytest.warns(NumericalWarning, match=r"cells: dt = 0.1 ms is longer than AMPA.kinetic.tau_x = 0.05 ms"):
        net.run(1.0)
    net.run(1.0)


@pytest.mark.filterwarnings("ignore:.*below all that its currents:lifext.NumericalWarning")
@pytest.mark.any_state
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_state_that_means_nothing_ends_the_run(dtype):
    cells, source = lifext.pyrPop(3, noise_rate=0.0), Train(1, {4: ([0], [0.0])})
    net = Network(DT, seed=1, dtype=dtype)
    net.add(source=source, cells=cells)
    # a conductance at which the integration of the potential is unstable
    net.connect(source, cells, [[0.0, 0.0, 1e6]], "inh")
    with pytest.raises(NumericalError, match=r"cells: the potential v of neuron 2 must be from -10000 to 10000, got "):
        run(net, 10.0)
    assert net.time == 10.0


@pytest.mark.filterwarnings("ignore:.*below all that its currents:lifext.NumericalWarning")
@pytest.mark.any_state
def test_it_ends_before_a_record_writes_what_means_nothing(tmp_path, monkeypatch):
    from lifext import recording
    monkeypatch.setattr(recording, "PART", 50)
    cells, source = lifext.pyrPop(300, noise_g=0.02), Train(1, {600: ([0], [0.0])})
    net = Network(DT, seed=1)
    net.add(source=source, cells=cells)
    net.connect(source, cells, np.eye(1, 300) * 1e9, "inh")
    net.record_spikes(cells, to=tmp_path / "spikes.h5")
    with pytest.raises(NumericalError, match="cells: "):
        run(net, 20000.0)
    assert 600 * DT < net.time < 20000.0


@pytest.mark.parametrize("how", [{"seed": 1}, {"seed": 1, "dtype": "float32"}, {"compat": True}])
@pytest.mark.parametrize("which", [[0], [2], [0, 1, 2, 3, 4]])
def test_a_potential_that_is_no_number_is_an_error_and_no_stray(how, which):
    """Warnings are errors here: the first that is raised is that of the state."""
    p = lifext.pyrPop(5)
    net = Network(DT, **how)
    net.add(p=p)
    net.run(1.0)
    p._vM[which] = np.nan
    with pytest.raises(NumericalError, match=f"p: the potential v of neuron {which[0]} must be from .*, got nan at 2"):
        net.run(1.0)


def test_a_potential_that_is_no_number_by_hand():
    p = lifext.pyrPop(2)
    p._vM[1] = np.nan
    with pytest.warns(lifext.NumericalWarning, match="pyrPop: a potential is not a number in the step at 1 ms") as said:
        for k in range(20, 23):
            p.predictSpikes(DT, k*DT)
            p.processTimeStep(DT, k*DT)
    assert len(said) == 1


@pytest.mark.any_state
def test_negative_weights_may_close_what_is_closed():
    cells, source = lifext.pyrPop(2, noise_rate=0.0), Train(1, {4: ([0], [0.0])})
    net = Network(DT, seed=1)
    net.add(source=source, cells=cells)
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lifext.LifextWarning)
        net.connect(source, cells, [[-0.1, 0.1]], "exc")
    run(net, 2.0)
    assert cells.AMPA.kinetic._s[0] < 0 < cells.AMPA.kinetic._s[1]


@pytest.mark.any_state
def test_a_gating_that_was_set_beyond_its_range_is_found():
    cells = lifext.pyrPop(3, noise_rate=0.0)
    cells.NMDA.kinetic._s = np.array([0.0, 1.5, 0.0])
    net = Network(DT, seed=1)
    net.add(cells=cells)
    with pytest.raises(NumericalError, match="cells: the gating s_nmda of neuron 1 must be from 0 to 1, got 1.4"):
        net.run(1.0)
