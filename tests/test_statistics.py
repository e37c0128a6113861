"""Working memory in the fast arithmetic against the published code: rates, strength and direction of bumps.

The published code's figures (`data/statistics`: 12 seeds of a single ring, 8 of a whole trial of the dual
ring) and those of the fast arithmetic, over at least as many seeds, pass if

- no mean differs by Welch's t test, at 1 % over all comparisons of a network (Holm-Bonferroni), and
- each mean of the fast runs is within `MOST` of the published mean, in standard deviations of the published
  code between its own seeds. By chance the means of 12 and of 24 seeds are 0.35 of these apart, of 8 and 16 0.43.

The second gives the test its power: a deviation of 2 and more is found nearly always, which in the single ring's delay
is 6 % of the pyramidal rate and 3 % of the inhibitory one. Models with one conductance 10 % off are shown to fail.
"""
import json
import pathlib

import numpy as np
import pytest
from fast_tools import network
from golden_runs import ONE_RING
from scipy import stats

import lifext
from lifext import Ring, Uniform

SIGNIFICANCE = 0.01
MOST = 1.5
N_PYR, N_INT = 1024, 256


def published(name):
    path = pathlib.Path(__file__).parent / "data" / "statistics" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["seeds"]


def ring(n_pyr, n_int, pyr, inter):
    """A pyramidal and an inhibitory population, of these parameters, and the projections among them."""
    p, i = lifext.pyrRingPop(n_pyr, **pyr), lifext.interRingPop(n_int, **inter)
    p.afferents = lifext.affRingPoisson(n_pyr, p.directions, max_rate=1.25)
    return p, i


def ring_projections(p, i):
    return [(p, p, Ring.from_profile(N_PYR), "exc"), (i, p, Uniform(1 / N_INT), "inh"),
            (p, i, Uniform(1 / N_PYR), "exc"), (i, i, Uniform(1 / N_INT), "inh")]


def single_ring(seed, pyr=ONE_RING[0], inter=ONE_RING[1], dtype="float64"):
    """Cue at 90 degrees for 250 ms, 750 ms of delay; the statistics of one seed, named as the published ones are."""
    p, i = ring(N_PYR, N_INT, pyr, inter)
    net = network({"pyr": p, "int": i}, ring_projections("pyr", "int"), seed=seed, dtype=dtype)
    spikes = {name: net.record_spikes(pop) for name, pop in (("pyr", p), ("int", i))}
    p.stim(np.pi / 2)
    net.run(250.0)
    p.removeStim()
    net.run(750.0)
    return {name: {"rate_cue": record.rate(0, 250), "rate_delay": record.rate(250, 1000),
                   **(bumps(record, [(100, 250), (400, 700), (700, 1000)]) if name == "pyr" else {})}
            for name, record in spikes.items()}


EPOCHS = [(100, 500), (600, 1500), (2000, 5000), (5000, 5500), (5600, 6000), (6100, 6600)]
NMDA_RING = {"AMPA_g": 0.0, "NMDA_g": 0.37, "GABA_g": 1.25}


def dual_ring(seed):
    """A trial: cue at 54 degrees from 500 to 1500 ms, delay, probe at 234 degrees from 5500 to 6000 ms."""
    pops = {}
    for name, inter_g in (("perc", 0.30), ("mem", 0.35)):
        pops[f"{name}_pyr"], pops[f"{name}_int"] = ring(
            N_PYR, N_INT, NMDA_RING, {"AMPA_g": 0.0, "NMDA_g": inter_g, "GABA_g": 1.0})
    net = network(pops, [*ring_projections("perc_pyr", "perc_int"),
                         ("perc_pyr", "mem_pyr", Ring.from_profile(N_PYR, scale=0.1), "exc"),
                         *ring_projections("mem_pyr", "mem_int")], seed=seed)
    spikes = {name: net.record_spikes(pop) for name, pop in pops.items()}
    seen = pops["perc_pyr"]
    for act, duration in [(seen.removeStim, 500.0), (lambda: seen.stim(0.3 * np.pi), 1000.0),
                          (seen.removeStim, 4000.0), (lambda: seen.stim(1.3 * np.pi), 500.0), (seen.removeStim, 600.0)]:
        act()
        net.run(duration)
    return {name: {**{f"rate_{a}_{b}": record.rate(a, b) for a, b in EPOCHS},
                   **(bumps(record, EPOCHS) if name.endswith("pyr") else {}), "spikes": len(record)}
            for name, record in spikes.items()}


def bumps(record, epochs):
    vectors = {f"vector_{a}_{b}": record.population_vector(a, b) for a, b in epochs}
    return {name: (abs(vector), np.degrees(np.angle(vector))) for name, vector in vectors.items()}


def samples(seeds, like=None):
    """Each statistic over the seeds, a dict of arrays; directions where there is a bump, or where `like` has them."""
    found = {}
    for population, figures in seeds[0].items():
        for name in figures if population != "seed" else ():
            values = np.array([seed[population][name] for seed in seeds], dtype=float)
            if not name.startswith("vector"):
                found[f"{population} {name}"] = values
                continue
            found[f"{population} strength {name[7:]}"] = values[:, 0]
            if like is None and values[:, 0].min() > 0.5 or like and f"{population} direction {name[7:]}" in like:
                # counted from -60 degrees, which no bump is near
                found[f"{population} direction {name[7:]}"] = (values[:, 1] + 60) % 360
    return found


def holm(p_values, level):
    """Whether each of several hypotheses is rejected, at a level for all together."""
    order = np.argsort(p_values)
    limits = level / np.arange(len(p_values), 0, -1)
    rejected = np.zeros(len(p_values), bool)
    rejected[order] = np.cumprod(p_values[order] <= limits).astype(bool)
    return rejected


def differences(ours, theirs):
    """What differs between two sets of seeds: name, deviation in published standard deviations, p value."""
    theirs = samples(theirs)
    ours = samples(ours, like=theirs)
    assert ours.keys() == theirs.keys()
    names = list(theirs)
    p_values = np.array([stats.ttest_ind(ours[name], theirs[name], equal_var=False).pvalue for name in names])
    deviations = np.array([(ours[name].mean() - theirs[name].mean()) / theirs[name].std(ddof=1) for name in names])
    # what is not a number is no agreement
    found = holm(np.nan_to_num(p_values), SIGNIFICANCE) | ~(abs(deviations) <= MOST)
    return [(name, float(d), float(p)) for name, d, p, differs in zip(names, deviations, p_values, found) if differs]


def test_a_single_ring_is_the_published_one():
    assert differences([single_ring(seed) for seed in range(1, 25)], published("ring")) == []


@pytest.mark.slow
def test_a_single_ring_in_single_precision_is_that_in_double():
    """And the published one."""
    single = [single_ring(seed, dtype="float32") for seed in range(1, 25)]
    assert differences(single, published("ring")) == []
    assert differences(single, [single_ring(seed) for seed in range(101, 125)]) == []


@pytest.mark.parametrize(("population", "name"), [(k, name) for k in (0, 1) for name in ONE_RING[0]])
def test_a_conductance_that_is_10_percent_off_is_found(population, name):
    """Less of what excites, more of what inhibits; four seeds are enough."""
    parameters = [dict(part) for part in ONE_RING]
    parameters[population][name] *= 1.1 if name == "GABA_g" else 0.9
    assert differences([single_ring(seed, *parameters) for seed in range(1, 5)], published("ring"))


def keeps_memory(trial):
    """Whether the memory ring still has the cue's direction after the probe."""
    strength, direction = trial["mem_pyr"]["vector_6100_6600"]
    return strength > 0.5 and abs((direction - 54 + 180) % 360 - 180) < 60


@pytest.mark.slow
def test_a_trial_of_the_dual_ring_is_the_published_one():
    """Now and then the probe takes the memory with it, or dissolves it: that is compared apart from the other trials.

    It happened in 2 of 25 trials of the published arithmetic (`compat=True`), among them the 8 published ones.
    """
    ours, theirs = [dual_ring(seed) for seed in range(1, 17)], published("dual")
    kept = [[trial for trial in trials if keeps_memory(trial)] for trials in (ours, theirs)]
    assert len(kept[0]) > len(theirs)
    table = [[len(some), len(trials) - len(some)] for some, trials in zip(kept, (ours, theirs))]
    assert stats.fisher_exact(table).pvalue > SIGNIFICANCE
    assert differences(*kept) == []
