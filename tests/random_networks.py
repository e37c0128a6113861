"""Random networks, degenerate on purpose, as plain facts that can be changed and built again.

`draw(number)` gives the same `Case` each time. What has to stay in a range can do so: conductances are small enough for
the membrane's explicit step, and where the published arithmetic takes a part of the network (`mild`) so are volleys for
its gating. In all else there are volleys of up to 100 times what opens all channels.
"""
import contextlib
import dataclasses
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from fast_tools import everything

import lifext
from lifext import Dense, OneToOne, Ring, Sparse, Uniform

CLASSES = (lifext.pyrPop, lifext.interPop, lifext.pyrRingPop, lifext.interRingPop)
SIZES = (1, 1, 2, 3, 20, 100, 255, 256, 257, 300)
STEPS = (0.01, 0.025, 0.05, 0.05, 0.1, 0.2, 0.5)
RECEPTORS = {"AMPA": lifext.AMPAR, "NMDA": lifext.NMDAR, "GABA": lifext.GABAR}
REACHED = {"exc": ("AMPA", "NMDA"), "inh": ("GABA",), "ampa": ("AMPA",), "nmda": ("NMDA",)}


@dataclass
class Cells:
    """A population: `values` are its parameters by where they are, numbers or one a neuron."""

    cls: type
    size: int
    orders: dict[str, int]
    values: dict[str, Any]
    positions: np.ndarray
    potentials: np.ndarray
    trains: bool
    held: bool


@dataclass
class Given:
    """A source of spikes that are given: `times` in ms, and whose they are."""

    size: int
    times: np.ndarray
    ids: np.ndarray


@dataclass
class Projection:
    """From a population, or from a source of given spikes (`given`)."""

    source: int
    target: int
    weights: Any
    kind: str
    delay: int
    synapse: Any = None
    given: bool = False


@dataclass
class Case:
    """A network, what happens to it (`events`: step, population, method, value), and for how many steps it runs."""

    number: int
    arithmetic: str
    dt: float
    threads: int
    seed: int
    steps: int
    noisy: bool
    calm: bool
    cells: list[Cells]
    projections: list[Projection]
    events: list[tuple[int, int, str, Any]] = field(default_factory=list)
    sources: list[Given] = field(default_factory=list)

    def __str__(self):
        cells = ", ".join(f"{c.cls.__name__}({c.size})" for c in self.cells)
        links = ", ".join(f"{'s' if p.given else ''}{p.source}-{p.target} {p.kind} {p.weights} +{p.delay}"
                          f"{f' {p.synapse}' if p.synapse else ''}" for p in self.projections)
        return (f"case {self.number} ({self.arithmetic}, dt {self.dt}, {self.steps} steps, threads {self.threads}"
                f"{', noise' if self.noisy else ''}): {cells}; {len(self.sources)} sources; {links}; "
                f"events {[event[:3] for event in self.events]}")


# weights

def _dense(rng, n, m, w):
    array = rng.uniform(0, w, (n, m))
    if rng.random() < 0.4:
        array[rng.random(n) < 0.5] = 0.0
    if rng.random() < 0.4:
        array[:, rng.random(m) < 0.5] = 0.0
    return Dense(array)


def _one_synapse(rng, n, m, w):
    array = np.zeros((n, m))
    array[rng.integers(n), rng.integers(m)] = w
    return array


def sparse(array):
    """Sparse weights of what is not 0 in an array; scipy is not needed."""
    rows, columns = np.nonzero(array)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(array)))])
    return Sparse.from_csr(starts, columns, array[rows, columns], array.shape)


def _ring(rng, n, w, bump, flat):
    row = np.full(n, flat * w)
    if bump == "one":
        row[0] += w
    elif bump == "full":
        row += rng.uniform(0.1 * w, w, n)
    elif bump == "some":
        row[rng.random(n) < 0.2] += w
    return Ring(row, flat=flat * w)


ANY = {
    "dense": _dense,
    "dense, one": lambda rng, n, m, w: Dense(_one_synapse(rng, n, m, w)),
    "dense, none": lambda rng, n, m, w: Dense(np.zeros((n, m))),
    "sparse, none": lambda rng, n, m, w: sparse(np.zeros((n, m))),
    "sparse, one": lambda rng, n, m, w: sparse(_one_synapse(rng, n, m, w)),
    "sparse, few": lambda rng, n, m, w: Sparse.random(n, m, min(1.0, 0.5 / m), w, rng=rng),
    "sparse, alike": lambda rng, n, m, w: Sparse.random(n, m, rng.choice([0.01, 0.1, 0.5]), w, rng=rng),
    "sparse, spread": lambda rng, n, m, w: Sparse.random(n, m, rng.choice([0.01, 0.1, 1.0]), lambda rng, count:
                                                         rng.uniform(0, w, count), rng=rng),
    "sparse, rows": lambda rng, n, m, w: sparse(np.where(rng.random((n, 1)) < 0.3, rng.uniform(0, w, (n, m)), 0.0)),
    "sparse, columns": lambda rng, n, m, w: sparse(np.where(rng.random(m) < 0.3, rng.uniform(0, w, (n, m)), 0.0)),
    "sparse, in-degree": lambda rng, n, m, w: Sparse.fixed_in_degree(n, m, 1, w, rng=rng),
    "uniform": lambda rng, n, m, w: Uniform(w),
    "uniform, none": lambda rng, n, m, w: Uniform(0.0),
}
SQUARE = {
    "chain": lambda rng, n, m, w: sparse(w * np.eye(n, k=1)),
    **{f"ring, {bump}, flat {flat}": lambda rng, n, m, w, bump=bump, flat=flat: _ring(rng, n, w, bump, flat)
       for bump in ("none", "one", "some", "full") for flat in (0.0, 0.3)},
    "ring, profile": lambda rng, n, m, w: Ring.from_profile(n, scale=w),
    "ring, profile without bump": lambda rng, n, m, w: Ring.from_profile(n, scale=w, prop=0.0),
    "one to one": lambda rng, n, m, w: OneToOne(w),
    "one to one, spread": lambda rng, n, m, w: OneToOne(rng.uniform(0, w, n)),
    "one to one, none": lambda rng, n, m, w: OneToOne(0.0),
}


def draw_weights(rng, n, m):
    forms = {**ANY, **SQUARE} if n == m and rng.random() < 0.7 else ANY
    return forms[rng.choice(list(forms))](rng, n, m, 10.0 ** rng.uniform(-4, 2)).bound(n, m)


# populations

def _spread(rng, size, low, high):
    """One number, or one a neuron."""
    return rng.uniform(low, high, size) if rng.random() < 0.4 else float(rng.uniform(low, high))


def _draw_cells(rng, size, noisy, tame, dt):
    """`tame`: nothing that brings a neuron to threshold other than by its currents."""
    cls, alike = CLASSES[rng.integers(4)], rng.random() < 0.2
    n = size
    values = {
        "vTh": _spread(rng, n, -53, -50), "vReset": _spread(rng, n, -62, -58),
        "refDur": _spread(rng, n, 1, 3) if rng.random() < 0.8 else 0.0,
        "cM": _spread(rng, n, 0.2, 0.6), "leak.g": _spread(rng, n, 0.02, 0.03),
        # some are above threshold at rest, so that there are spikes without noise
        "leak.vL": rng.uniform(-70, -35, n) if rng.random() < 0.7 else float(rng.uniform(-50, -30)),
        "AMPA.g": _spread(rng, n, 0.0, 0.8), "NMDA.g": _spread(rng, n, 0.0, 0.4), "GABA.g": _spread(rng, n, 0.0, 1.4),
        "noise.rate": _spread(rng, n, 0.0, 4.0) if noisy else 0.0, "noise.g": _spread(rng, n, 0.0, 0.01),
    }
    if alike:
        values = {name: float(np.mean(value)) for name, value in values.items()}
        values["leak.vL"] = -40.0
    threshold, reset = values["vTh"], values["vReset"]
    orders = {name: int(rng.choice([1, 2])) for name in RECEPTORS}
    for name, order in orders.items():
        if order == 2:
            kinetic = RECEPTORS[name](1, order=2).kinetic
            values[f"{name}.kinetic.tau_x"] = float(max(kinetic.tau_x, dt * rng.choice([1.0, 1.5, 4.0])))
            if rng.random() < 0.2:
                values[f"{name}.kinetic.alpha_s"] = _spread(rng, n, 0.2, 1.5)
    start = np.broadcast_to(rng.uniform(reset, threshold), n).copy()
    if not tame and rng.random() < 0.3:
        # at threshold, and above
        start = np.where(rng.random(n) < 0.5, threshold, threshold + rng.choice([0.0, 1e-9, 1.0, 30.0], n))
    return Cells(cls, n, orders, values, np.linspace(0, 2 * np.pi, n, endpoint=False), start,
                 bool(noisy and rng.random() < 0.4), bool(rng.random() < 0.5))


# given spikes, and synapses

def _draw_given(rng, case):
    """Add sources of given spikes to a case: none, one, many, ties, several of a cell in a step, after the end."""
    duration = case.steps * case.dt
    for k in range(rng.integers(1, 3)):
        size, count = int(rng.choice(SIZES)), int(rng.choice([0, 1, 5, 300]))
        times, ids = rng.uniform(0, 1.2 * duration, count), rng.integers(0, size, count)
        how = rng.choice(["any", "ties", "grid", "volleys"])
        if how == "ties":
            times[count // 2:] = times[:count - count // 2]
        elif how == "grid":
            times = case.dt * rng.integers(0, case.steps, count)
        elif how == "volleys":
            times = rng.choice(times[:3], count) if count else times
        case.sources.append(Given(size, times, ids))
        for target in rng.integers(0, len(case.cells), rng.integers(1, 3)):
            n = case.cells[target].size
            case.projections.append(Projection(
                k, int(target), draw_weights(rng, size, n), str(rng.choice(["exc", "inh", "ampa", "nmda"])),
                int(rng.choice([0, 0, 1, 17])), given=True))


def _draw_synapses(rng, case):
    for projection in case.projections:
        if rng.random() < 0.5:
            use, recovery, facilitation = map(rng.choice, ([1.0, 0.5, 1e-3], [1e-9, 5.0, 800.0], [0.0, 10.0, 1500.0]))
            projection.synapse = lifext.ShortTerm(float(use), float(recovery), float(facilitation))


def _draw_events(rng, case, tame):
    for k, cells in enumerate(case.cells):
        if rng.random() < 0.6:
            on = int(rng.integers(0, case.steps))
            most = np.min(cells.values["cM"]) / case.dt if case.calm else np.inf    # a mV a step
            case.events.append((on if rng.random() < 0.7 else 0, k, "stim",
                                min(most, float(rng.choice([0.05, 0.5, 2.0])))))
            if rng.random() < 0.5:
                case.events.append((int(rng.integers(on, case.steps)), k, "hide", None))
        if not tame and rng.random() < 0.2:
            low = np.min(cells.values["vReset"])
            case.events.append((int(rng.integers(1, case.steps)), k, "vTh", float(low + rng.uniform(0.5, 4))))
        if not tame and rng.random() < 0.2:
            places = np.broadcast_to(cells.values["vTh"], cells.size) + rng.choice([-3.0, 0.0, 5.0], cells.size)
            case.events.append((int(rng.integers(1, case.steps)), k, "_vM", places))
    case.events.sort(key=lambda event: event[:2])


def draw(number, *, noisy=None, arithmetic=None, calm=None, tame=None):
    """Return case `number`; what is not left out is not drawn."""
    rng = np.random.default_rng([20260725, number])
    drawn = str(rng.choice(["float64", "float64", "float64", "float32", "compat"]))
    arithmetic = arithmetic or drawn
    drawn = bool(rng.random() < 0.5)
    noisy = drawn if noisy is None else noisy
    drawn = bool(rng.random() < 0.5)
    calm = drawn if calm is None else calm
    slower = bool(rng.random() < 0.1)
    mild = arithmetic == "compat" or slower
    dt = float(rng.choice(STEPS))
    steps = int(rng.choice([40, 150, 300]))
    alike = int(rng.choice(SIZES))
    sizes = [alike if rng.random() < 0.5 else int(rng.choice(SIZES)) for _ in range(rng.integers(1, 4))]
    tame = mild if tame is None else tame
    cells = [_draw_cells(rng, n, noisy, tame, dt) for n in sizes]
    if slower:
        _slow_down(rng, cells[0])
    projections = []
    for _ in range(rng.integers(1, 6)):
        i, j = rng.integers(len(sizes), size=2)
        kinds = ["exc", "inh"] if mild else ["exc", "exc", "inh", "ampa", "nmda"]
        delay = int(rng.choice([0, 0, 1, 2, 17, min(steps, round(4.0 / dt))]))
        projections.append(Projection(int(i), int(j), draw_weights(rng, sizes[i], sizes[j]), str(rng.choice(kinds)),
                                      delay))
    # few in threads, which wait for each other by spinning: long, where others want the processor
    threads = 1 + 2 * int(rng.random() < 0.05)
    case = Case(number, arithmetic, dt, threads, int(rng.integers(2**31)), steps, noisy, calm, cells, projections)
    _draw_events(rng, case, tame)
    if not mild:
        # drawn apart from all else
        rng = np.random.default_rng([20261201, number])
        if rng.random() < 0.5:
            _draw_given(rng, case)
        if rng.random() < 0.5:
            _draw_synapses(rng, case)
    bound_conductances(case, mild)
    return case


def _slow_down(rng, cells):
    """Give a population what the fast arithmetic has not, so that it is stepped in the published one."""
    name = str(rng.choice(list(RECEPTORS)))
    cells.values[f"{name}.kinetic.tau_s"] = rng.uniform(2.0, 20.0, cells.size)


def bound_conductances(case, mild):
    """Lower conductances, and if `mild` the rise of gating, to what explicit steps can take.

    The most that can come is a volley of all sources whenever they can spike: at the end of their refractory period in
    calm networks, in every step in others.
    """
    jump = 0.03 if case.calm else 0.4
    for k, cells in enumerate(case.cells):
        for name, cls in RECEPTORS.items():
            volley = np.zeros(cells.size)
            often = case.dt
            for projection in case.projections:
                if projection.target == k and name in REACHED[projection.kind]:
                    volley += projection.weights.toarray().sum(axis=0)
            if case.calm:
                often = max(case.dt, min(np.min(c.values["refDur"]) for c in case.cells))
            kinetic = cls(1, order=cells.orders[name]).kinetic
            most = 1.0
            if cells.orders[name] == 1:
                tau = cells.values.get(f"{name}.kinetic.tau_s", kinetic.tau_s)
                most = volley / -np.expm1(-often / np.max(tau))
            elif mild:
                x = volley.max() / -np.expm1(-often / cells.values[f"{name}.kinetic.tau_x"])
                rise = x * case.dt * np.max(cells.values.get(f"{name}.kinetic.alpha_s", 1.0))
                cells.values[f"{name}.kinetic.alpha_x"] = min(1.0, 0.3 / max(rise, 1e-9))
            limit = jump / 3 * np.min(cells.values["cM"]) / case.dt / np.maximum(np.max(most), 1e-9)
            cells.values[f"{name}.g"] = np.minimum(cells.values[f"{name}.g"], limit)
            if np.ndim(cells.values[f"{name}.g"]) == 0:
                cells.values[f"{name}.g"] = float(cells.values[f"{name}.g"])


# networks of them

def make_population(cells, rng=None):
    pop = cells.cls(cells.size, rng=rng)
    for name, order in cells.orders.items():
        setattr(pop, name, RECEPTORS[name](cells.size, order=order))
    ring = isinstance(pop, lifext.pyrRingPop)
    if cells.trains and ring:
        pop.afferents = lifext.affRingPoisson(cells.size, cells.positions, g=0.002)
    elif cells.trains:
        pop.afferents = lifext.affFlatPoisson(cells.size, g=0.002)
    elif ring:
        pop.afferents = lifext.affRing(cells.size, cells.positions)
    for path, value in cells.values.items():
        *parts, name = path.split(".")
        owner = pop
        for part in parts:
            owner = getattr(owner, part)
        setattr(owner, name, value.copy() if isinstance(value, np.ndarray) else value)
    pop._vM = cells.potentials.copy()
    return pop


@contextlib.contextmanager
def no_warnings():
    """Of the package: what is run here is out of what a neuron can have, and in part slow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lifext.LifextWarning)
        yield


class Built:
    """A network made of a case, with a record of each population's spikes unless `recorded` is False."""

    def __init__(self, case, *, threads=None, recorded=True, extra=False):
        self.case = case
        compat = case.arithmetic == "compat"
        how = {"compat": True} if compat else {"seed": case.seed, "dtype": case.arithmetic,
                                               "threads": threads or case.threads}
        self.net = lifext.Network(case.dt, **how)
        with no_warnings():
            self.pops = [make_population(cells, case.seed + k if compat else None)
                         for k, cells in enumerate(case.cells)]
            self.net.add(**{f"p{k}": pop for k, pop in enumerate(self.pops)})
            if extra:
                self.net.add(extra=lifext.pyrPop(7, noise_g=0.02))
            for pop, cells in zip(self.pops, case.cells):
                if not cells.held:
                    # else all are at reset in the first step
                    pop._endRefract = np.full(cells.size, -1.0)
            self.sources = [lifext.SpikeSource(given.size, given.times, given.ids) for given in case.sources]
            for k, source in enumerate(self.sources):
                self.net.add(**{f"s{k}": source})
            for link in case.projections:
                source = self.sources[link.source] if link.given else self.pops[link.source]
                self.net.connect(source, self.pops[link.target], link.weights, link.kind, delay=link.delay * case.dt,
                                 synapse=link.synapse)
            self.records = [self.net.record_spikes(pop) for pop in self.pops] if recorded else []

    def happen(self, step):
        """Let the events of a step happen."""
        for when, k, what, value in self.case.events:
            if when == step:
                self.do(k, what, value)

    def do(self, k, what, value):
        pop = self.pops[k]
        if what == "hide":
            pop.removeStim()
        elif what == "stim":
            where = [1.0] if isinstance(pop, lifext.pyrRingPop) else []
            if self.case.cells[k].trains:
                pop.stim(*where, **{"max_rate" if where else "rate": 4 * value})
            else:
                pop.stim(*where, cue_sal=value)
        else:
            setattr(pop, what, np.copy(value) if isinstance(value, np.ndarray) else value)

    def run(self, steps, **options):
        with no_warnings():
            self.net.run(steps * self.case.dt, **options)

    def play(self, cuts=(), between=lambda built: None, start=0):
        """Run the case from a step to its end, in pieces that end at events and at `cuts`."""
        ends = sorted({start, *cuts, *(event[0] for event in self.case.events), self.case.steps})
        ends = [end for end in ends if start <= end <= self.case.steps]
        for begin, end in zip(ends, ends[1:]):
            self.happen(begin)
            self.run(end - begin)
            between(self)
        return self

    def outcome(self):
        """All that is left, by population: arrays with one value a neuron, and its spikes by neuron."""
        found = {}
        for k, pop in enumerate(self.pops):
            state = everything(pop)
            found.update({f"p{k}.{name}": value for name, value in state.items() if name != "numSpikes"})
        for k, record in enumerate(self.records):
            order = np.lexsort((record.times, record.ids))
            found[f"p{k}.ids"], found[f"p{k}.times"] = record.ids[order], record.times[order]
        return found


# transformations of a case

def with_forms(case, change):
    """The same case with other weights."""
    return dataclasses.replace(case, projections=[dataclasses.replace(link, weights=change(link.weights))
                                                  for link in case.projections])


def part_of(value, size, which):
    """What some of the neurons have of a parameter."""
    return value[which] if isinstance(value, np.ndarray) and value.shape == (size,) else value


def chosen_cells(cells, which):
    """A population of some of the neurons of another, in a given order."""
    return dataclasses.replace(
        cells, size=len(which), positions=cells.positions[which], potentials=cells.potentials[which],
        values={name: part_of(value, cells.size, which) for name, value in cells.values.items()})


def permuted(case, k, order):
    """The case with the neurons of population `k` in another order."""
    changed = list(case.cells)
    changed[k] = chosen_cells(case.cells[k], order)
    links = []
    for link in case.projections:
        array = link.weights.toarray()
        array = array[order] if link.source == k and not link.given else array
        array = array[:, order] if link.target == k else array
        links.append(dataclasses.replace(link, weights=Dense(array)))
    events = [(step, i, what, part_of(value, case.cells[k].size, order) if i == k else value)
              for step, i, what, value in case.events]
    return dataclasses.replace(case, cells=changed, projections=links, events=events)


def split(case, k, at):
    """The case with population `k` in two parts; the second one is added last."""
    n, last = case.cells[k].size, len(case.cells)
    parts = {k: np.arange(at), last: np.arange(at, n)}
    changed = [*case.cells, chosen_cells(case.cells[k], parts[last])]
    changed[k] = chosen_cells(case.cells[k], parts[k])
    links = []
    for link in case.projections:
        array = link.weights.toarray()
        own = link.source == k and not link.given
        for i in parts if own else [link.source]:
            for j in parts if link.target == k else [link.target]:
                block = array[parts[i]] if own else array
                block = block[:, parts[j]] if link.target == k else block
                links.append(dataclasses.replace(link, source=i, target=j, weights=Dense(block)))
    events = []
    for step, i, what, value in case.events:
        events += [(step, j, what, part_of(value, n, parts[j])) for j in parts] if i == k else [(step, i, what, value)]
    return dataclasses.replace(case, cells=changed, projections=links, events=events)
