"""Every form of weights reaches its targets as its own matrix does, however few connections it has."""
import numpy as np
import pytest
from fast_tools import run

import lifext
from lifext import Dense, Network, OneToOne, Ring, Sparse, Uniform

N = 50
CHAIN = np.eye(N, k=1)


def one_synapse(n, i, j, weight=0.5):
    indptr = np.zeros(n + 1, int)
    indptr[i + 1:] = 1
    return Sparse.from_csr(indptr, [j], [weight], (n, n))


FORMS = {
    "chain": lambda: Sparse.from_csr(np.minimum(np.arange(N + 1), N - 1), np.arange(1, N), np.ones(N - 1), (N, N)),
    "one synapse": lambda: one_synapse(N, 3, N - 1),
    "no synapse": lambda: Sparse.from_csr(np.zeros(N + 1, int), [], [], (N, N)),
    "a synapse of weight 0": lambda: one_synapse(N, 3, 4, 0.0),
    "empty rows and columns": lambda: Sparse.random(N, N, 0.01, lambda rng, k: rng.uniform(0, 1, k), rng=4),
    "all to all": lambda: Sparse.random(N, N, 1.0, 0.02, rng=1),
    "no bump": lambda: Ring.from_profile(N, prop=0.0),
    "a bump of one": lambda: Ring([0.5, *[0.0] * (N - 1)]),
    "a bump of one, turned": lambda: Ring([*[0.0] * (N - 1), 0.5]),
    "nothing": lambda: Ring(np.zeros(N)),
    "all bump": lambda: Ring(np.linspace(0.01, 0.05, N)),
    "a bump below a floor": lambda: Ring(np.r_[0.0, np.full(N - 1, 0.03)], flat=0.03),
    "uniform": lambda: Uniform(1 / N),
    "uniform 0": lambda: Uniform(0.0),
    "one to one": lambda: OneToOne(0.5),
    "one to one, some 0": lambda: OneToOne(np.linspace(0, 1, N)),
}


def reached(weights, kind="ampa", delay=0.0, threads=1, dtype="float64", order=1, compat=False):
    """Gating of all receptors after 30 ms of cells that fire at 40 Hz."""
    cells, targets = (lifext.pyrPop(N, noise_rate=0.0, rng=k) for k in range(2))
    cells.vTh = np.linspace(-52, -51, N)
    targets.AMPA = lifext.AMPAR(N, order=order, g=1e-5)
    targets.GABA = lifext.GABAR(N, order=order, g=1e-5)
    targets.NMDA.g = 1e-5
    net = Network(0.05, compat=True) if compat else Network(0.05, seed=1, threads=threads, dtype=dtype)
    net.add(cells=cells, targets=targets)
    net.connect(cells, targets, weights, kind, delay=delay)
    cells.stim(cue_sal=1.0)
    spikes = net.record_spikes(cells)
    run(net, 30.0)
    assert len(spikes) > N
    return np.concatenate([getattr(targets, name).kinetic._s for name in ("AMPA", "NMDA", "GABA")])


@pytest.mark.filterwarnings("ignore:.*weight > 0:lifext.ParameterWarning")    # some forms have none
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "delay", "threads", "dtype", "order", "compat"), [
    ("ampa", 0.0, 1, "float64", 1, False), ("nmda", 0.0, 2, "float64", 1, False), ("exc", 0.5, 1, "float64", 2, False),
    ("inh", 5.0, 3, "float32", 1, False), ("inh", 0.05, 1, "float64", 2, False), ("exc", 0.0, 1, "float64", 1, True),
    ("inh", 0.5, 1, "float64", 2, True)])
def test_a_form_reaches_what_its_matrix_does(form, kind, delay, threads, dtype, order, compat):
    weights = FORMS[form]().bound(N, N)
    ours, dense = (reached(each, kind, delay, threads, dtype, order, compat)
                   for each in (weights, Dense(weights.toarray())))
    assert ours == pytest.approx(dense, rel=1e-9 if dtype == "float64" else 1e-4, abs=1e-12)
    assert (ours.max() > 0) == (weights.toarray().max() > 0)


@pytest.mark.parametrize("p", [0.001, 1 / 500, 0.0001])
def test_fewer_connections_than_sources(p):
    """Each spike adds its weights to the gating, which then decays: a sum that can be written down."""
    cells, targets = lifext.pyrPop(2000, noise_g=0.01), lifext.pyrPop(500, noise_rate=0.0, AMPA_g=1e-5)
    weights = Sparse.random(2000, 500, p, 0.5, rng=1)
    assert 0 < len(weights.data) < 2000 or p > 0.001
    net = Network(0.05, seed=1)
    net.add(cells=cells, targets=targets)
    net.connect(cells, targets, weights, "ampa")
    spikes = net.record_spikes(cells)
    net.run(50.0)
    matrix, expected = weights.toarray(), np.zeros(500)
    for neuron, time in zip(spikes.ids, spikes.times):
        expected += matrix[neuron] * np.exp(-(50.0 - time) / 2.0)
    assert expected.max() > 0
    assert targets.AMPA.kinetic._s == pytest.approx(expected, rel=1e-9, abs=1e-30)
