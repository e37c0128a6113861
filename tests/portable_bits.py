"""Fixed fast networks and the SHA-256 of what they leave, to compare machines, compilers and instruction sets.

``python tests/portable_bits.py`` prints a line for each case. ``--record`` writes them into
``tests/data/portable_bits.json`` and adds this machine to those that gave them; where they are
other ones than the file has, it begins a new list of machines.

Inputs are sums, products and quotients of whole numbers and literals, which IEEE arithmetic
rounds alike everywhere. NumPy's exp, sin, cos, its reductions, and its random numbers other than
uniform ones are kept out: they may differ from machine to machine. What the package computes with
them is listed by ``--inputs``, to be compared apart; nothing is expected of it.
"""
import argparse
import hashlib
import json
import pathlib
import platform
import warnings

import numpy as np

import lifext
from lifext import Dense, Network, OneToOne, Ring, Sparse, Uniform
from lifext._core.fast import poisson_tables
from lifext._core.fast import population as fast
from lifext._core.shared import loops

RECORDED = pathlib.Path(__file__).parent / "data" / "portable_bits.json"
DT = 0.05
# ms; the inputs are changed in between
PIECES = (50.0, 100.0, 50.0)
# a block of 256 neurons and a short one; a short one alone
LARGE, SMALL = 300, 77


def digest(arrays):
    """Return the SHA-256 of the bits of arrays, whole numbers as 64-bit ones."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array, dtype="<f8" if array.dtype.kind == "f" else "<i8").tobytes())
    return total.hexdigest()


def spread(n, low, high, stride=31):
    """Return n different numbers from low up to high, in mixed order; `stride` has no factor of n."""
    return low + (high - low) * (stride * np.arange(n) % n / n)


def matrix(n, m, most, stride=97):
    return spread(n * m, 0.0, most, stride).reshape(n, m)


def bump(n, height, width, flat=0.0):
    steps = np.arange(n)
    apart = np.minimum(steps, n - steps)
    return flat + height * np.where(apart < width, 1.0 / (1.0 + apart * apart / 16.0), 0.0)


def few(n, m, each, weights):
    """Return sparse weights of up to `each` connections a source; those that come twice are added up."""
    source, k = np.divmod(np.arange(n * each), each)
    return Sparse.from_csr(np.arange(n + 1) * each, (37 * source + 11 * k * k + 5) % m,
                           np.broadcast_to(weights, n * each), (n, m))


def single(n, m, each, weight):
    """Return sparse weights that are all alike."""
    source, k = np.divmod(np.arange(n * each), each)
    return Sparse.from_csr(np.arange(n + 1) * each, (29 * source + 3 * k) % m, np.full(n * each, weight), (n, m))


# Networks: each returns populations, projections, and what happens after the first two pieces of the run

def plain():
    """First order throughout, numbers as parameters, a matrix, one weight for all."""
    cells = lifext.pyrPop(LARGE, noise_g=0.008)
    cells.NMDA = lifext.NMDAR(LARGE, order=1, g=0.02)
    inhibition = lifext.interPop(SMALL, noise_g=0.004)
    return ({"cells": cells, "inhibition": inhibition},
            [(cells, cells, Dense(matrix(LARGE, LARGE, 0.0004)), "exc", 0.0),
             (cells, inhibition, Uniform(0.0004), "exc", 0.0),
             (inhibition, cells, Dense(matrix(SMALL, LARGE, 0.003)), "inh", 0.0)],
            [lambda: cells.stim(cue_sal=0.2), cells.removeStim])


def ring():
    """Second-order NMDA, weights on rings that wrap round, a steady bump of afferents, delays."""
    cells, inhibition = lifext.pyrRingPop(LARGE, noise_g=0.009), lifext.interRingPop(SMALL, noise_g=0.004)
    flat = 0.0001

    def cue():
        cells.stim(1.0)
        cells.afferents._onCurrent = -np.roll(bump(LARGE, 0.4, 60), 100)

    return ({"cells": cells, "inhibition": inhibition},
            [(cells, cells, Ring(bump(LARGE, 0.004, 40, flat), flat=flat), "exc", 0.25),
             (cells, inhibition, Uniform(0.002), "exc", 0.5),
             (inhibition, inhibition, Ring(bump(SMALL, 0.01, 10)), "inh", 0.05),
             (inhibition, cells, Uniform(0.0004), "inh", 0.0)],
            [cue, cells.removeStim])


def each_its_own():
    """Every parameter and rate a value a neuron, sparse weights of both kinds, long delays."""
    n, m = LARGE, SMALL
    cells = lifext.pyrPop(
        n, vTh=spread(n, -53, -50), vReset=spread(n, -62, -58, 77), refDur=spread(n, 1, 3, 119), cM=spread(n, 0.4, 0.6),
        AMPA_g=spread(n, 0.1, 0.4), NMDA_g=spread(n, 0.01, 0.1, 49), GABA_g=spread(n, 0.05, 0.5, 133),
        leak_g=spread(n, 0.02, 0.03), leak_vL=spread(n, -72, -66, 161), noise_rate=spread(n, 0.0, 4.0, 143),
        noise_g=spread(n, 0.004, 0.012, 61))
    cells.NMDA.mg, cells.NMDA.kinetic.alpha_s = spread(n, 0.5, 1.5, 41), spread(n, 0.5, 1.5, 43)
    cells.NMDA.kinetic.alpha_x, cells.AMPA.kinetic.alpha_s = spread(n, 0.5, 1.5, 47), spread(n, 0.5, 1.5, 53)
    cells.NMDA.vE, cells.AMPA.vE, cells.GABA.vI = spread(n, -3, 3, 59), spread(n, -3, 3, 67), spread(n, -75, -65, 71)
    cells.noise.alpha, cells.noise.vE = spread(n, 0.5, 1.5, 73), spread(n, -3, 3, 79)
    inhibition = lifext.interPop(m, vTh=spread(m, -53, -51), noise_g=spread(m, 0.002, 0.006, 13))
    return ({"cells": cells, "inhibition": inhibition},
            [(cells, cells, few(n, n, 20, spread(20 * n, 0.0, 0.05, 49)), "exc", 1.2),
             (cells, inhibition, single(n, m, 9, 0.02), "exc", 0.05),
             (inhibition, cells, few(m, n, 30, spread(30 * m, 0.0, 0.2, 43)), "inh", 3.0),
             (inhibition, inhibition, single(m, m, 7, 0.05), "inh", 5.0)],
            [lambda: cells.stim(cue_sal=0.1), cells.removeStim])


def second_order():
    """AMPA and GABA of second order, pairs with one weight and with weights of their own, Poisson afferents."""
    cells, copies = lifext.pyrPop(SMALL, noise_g=0.009), lifext.pyrPop(SMALL, noise_g=0.004)
    for pop in (cells, copies):
        pop.AMPA, pop.GABA = lifext.AMPAR(SMALL, order=2, g=0.3), lifext.GABAR(SMALL, order=2, g=0.2)
        pop.afferents = lifext.affFlatPoisson(SMALL, g=0.003, vE=2.0, tau=1.5)
    return ({"cells": cells, "copies": copies},
            [(cells, copies, OneToOne(0.8), "exc", 0.1), (copies, cells, OneToOne(spread(SMALL, 0.1, 0.9)), "inh", 0.0),
             (cells, cells, matrix(SMALL, SMALL, 0.005), "exc", 0.0), (copies, copies, Uniform(0.01), "inh", 0.35)],
            [lambda: [pop.stim(rate=2.5) for pop in (cells, copies)], copies.removeStim])


def cued_trains():
    """Rates that vary along the ring, gating that closes to nothing within the run, traces."""
    cells, inhibition = lifext.pyrRingPop(LARGE, AMPA_g=0.2, noise_g=0.006), lifext.interRingPop(SMALL, AMPA_g=0.1)
    cells.afferents = lifext.affRingPoisson(LARGE, cells.directions, g=0.02, tau=0.5)
    cells.AMPA.kinetic.tau_s = inhibition.noise.tau = 0.08

    def cue():
        cells.stim(1.0)
        cells.afferents.rate = np.roll(bump(LARGE, 3.0, 40), 290)

    def quiet():
        cells.removeStim()
        cells.noise.rate = inhibition.noise.rate = 0.0

    return ({"cells": cells, "inhibition": inhibition},
            [(cells, cells, Ring(bump(LARGE, 0.02, 25), tolerance=0.01), "exc", 0.0),
             (cells, inhibition, few(LARGE, SMALL, 5, 0.03), "exc", 0.0),
             (inhibition, cells, matrix(SMALL, LARGE, 0.002), "inh", 0.7)],
            [cue, quiet])


def volleys():
    """Hundreds of spikes in one step, whose delivery threads share."""
    cells, others = lifext.pyrPop(LARGE, noise_rate=0.0), lifext.pyrPop(LARGE, noise_g=0.004)
    cells._vM = spread(LARGE, -52.02, -52.01)
    cells.stim(cue_sal=0.8)
    return ({"cells": cells, "others": others},
            [(cells, others, Dense(matrix(LARGE, LARGE, 0.001)), "exc", 0.05),
             (cells, others, few(LARGE, LARGE, 90, spread(90 * LARGE, 0.0, 0.001, 49)), "exc", 0.0),
             (cells, others, single(LARGE, LARGE, 80, 0.0005), "inh", 0.0),
             (cells, others, Ring(bump(LARGE, 0.002, 120)), "inh", 0.1)],
            [lambda: others.stim(cue_sal=0.1), others.removeStim])


def balanced():
    """Spikes in nearly every step, onto receptors of one type alone; nothing behind the magnesium block."""
    cells, inhibition = (lifext.pyrPop(n, NMDA_g=0.0, AMPA_g=0.2, GABA_g=0.1, noise_g=0.008) for n in (LARGE, SMALL))
    others = lifext.pyrPop(SMALL, NMDA_g=0.02, noise_rate=0.0)
    return ({"cells": cells, "inhibition": inhibition, "others": others},
            [(cells, cells, single(LARGE, LARGE, 20, 0.01), "ampa", 0.3),
             (cells, inhibition, few(LARGE, SMALL, 10, spread(10 * LARGE, 0.0, 0.02, 49)), "exc", 0.0),
             (inhibition, cells, single(SMALL, LARGE, 40, 0.02), "inh", 0.1),
             (inhibition, inhibition, Uniform(0.001), "inh", 0.0),
             (cells, others, few(LARGE, SMALL, 3, 0.05), "nmda", 0.0),
             (inhibition, others, Dense(matrix(SMALL, SMALL, 0.001)), "ampa", 0.05)],
            [lambda: cells.stim(cue_sal=0.3), cells.removeStim])


NETWORKS = (plain, ring, each_its_own, second_order, cued_trains, volleys, balanced)
STATE = ("_vM", "_tempvM", "_endRefract", "_spiked", "_spikeTime")


def left_by(pop):
    """Return all state of a population."""
    arrays = [getattr(pop, name) for name in STATE]
    for part in (pop.AMPA, pop.NMDA, pop.GABA, pop.noise, pop.leak, pop.afferents):
        for owner in (part, getattr(part, "kinetic", None)):
            arrays += [vars(owner)[name] for name in ("_curr", "_prev_curr", "_s", "_prev_s", "_x", "_prev_x")
                       if owner is not None and name in vars(owner)]
    return arrays


def run(network, threads=1, dtype="float64"):
    """Run one of `NETWORKS`; return how many spikes there were, and the SHA-256 of spikes, traces and state."""
    populations, projections, changes = network()
    net = Network(DT, seed=20260101, threads=threads, dtype=dtype)
    net.add(**populations)
    for source, target, weights, kind, delay in projections:
        net.connect(source, target, weights, kind, delay=delay)
    spikes = [net.record_spikes(pop) for pop in populations.values()]
    traces = [net.record_state(pop, ["v", "s_nmda", "i_noise"], every=7.0, neurons=[0, 5, -1])
              for pop in populations.values()]
    with warnings.catch_warnings():
        # a PerformanceWarning would mean that another arithmetic is measured
        warnings.simplefilter("error")
        for duration, change in zip(PIECES, [*changes, lambda: None]):
            net.run(duration)
            change()
    arrays = [array for record in spikes for array in (record.ids, record.times)]
    arrays += [trace[variable] for trace in traces for variable in ("v", "s_nmda", "i_noise")]
    arrays += [array for pop in populations.values() for array in left_by(pop)]
    return sum(map(len, spikes)), digest(arrays)


# What the networks are made of

def exponentials():
    return [fast.exponential(np.concatenate([np.arange(-11340, 11360) / 16.0, spread(20011, -1.0, 1.0)]))]


def single_exponentials():
    x = np.concatenate([np.arange(-1395, 1420) / 16.0, spread(20011, -1.0, 1.0)])
    return [fast.exponential(x.astype(np.float32)).astype(np.float64)]


def random_words():
    return [np.array([fast.random_words(k, 7 * k, k * k, 2**32 - 1 - k, 3 * k, 11) for k in range(500)])]


def tables():
    return poisson_tables.count_tables(np.concatenate([[0.0, 1e-12], np.arange(1, 200) / 7.0, [1e3, 12345.6, 1e6]]))


def potentials():
    net, pop = Network(DT, seed=20260101), lifext.pyrPop(LARGE)
    net.add(pop=pop)
    return [pop.VMs()]


PARTS = (exponentials, single_exponentials, random_words, tables, potentials)


def measure(threads=1):
    """Return the SHA-256 of each part and network, and how many spikes each network had."""
    digests, counts = {part.__name__: digest(part()) for part in PARTS}, {}
    for dtype, suffix in (("float64", ""), ("float32", " float32")):
        for network in NETWORKS:
            name = network.__name__ + suffix
            counts[name], digests[name] = run(network, threads, dtype)
    return digests, counts


def inputs():
    """Return the SHA-256 of what the package makes with NumPy's exp, sin and cos."""
    pop, trains = lifext.pyrRingPop(360), lifext.affRingPoisson(360, np.arange(360) / 57.0)
    pop.stim(1.0)
    trains.stim(1.0, max_rate=1.25)
    profile = Ring.from_profile(360)
    return {"directions": digest([pop.directions]), "affRing": digest([pop.afferents._onCurrent]),
            "affRingPoisson": digest([trains.rate]),
            "Ring.from_profile": digest([profile.bump, np.array(profile.flat)])}


def record(path, digests, counts, where):
    """Write digests into a file, with the machines that gave them."""
    known = json.loads(path.read_text()) if path.exists() else {}
    ran = known["ran"] if known.get("sha256") == digests else []
    path.write_text(json.dumps(
        {"how": "tests/portable_bits.py --record, on each of the machines in `ran`: all gave these bits",
         "ran": sorted({*ran, where}), "spikes": counts, "sha256": digests}, indent=2) + "\n")


def main():
    """Print the digests, and record them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--record", nargs="?", type=pathlib.Path, const=RECORDED, metavar="FILE",
                        help="write them down, by default into tests/data")
    parser.add_argument("--note", default="", help="what else to write of this machine, as that it is emulated")
    parser.add_argument("--inputs", action="store_true", help="print, too, what may differ between machines")
    options = parser.parse_args()
    print(f"# {platform.machine()}, loops {loops.chosen()}, NumPy {np.__version__}")
    digests, counts = measure()
    for name, value in digests.items():
        print(f"{value}  {name}" + (f"  {counts[name]} spikes" if name in counts else ""))
    if options.inputs:
        for name, value in inputs().items():
            print(f"{value}  input: {name}")
    if options.record:
        where = " ".join(filter(None, [platform.machine(), loops.chosen(), options.note]))
        record(options.record, digests, counts, where)


if __name__ == "__main__":
    main()
