"""Random sequences of every public call, sound and hostile, on populations and networks and on their NumPy twins.

After each call both have the same state, to the last bit; a call that one refuses the other refuses, in the same words,
and is as it was. The default suite takes a few short sequences, always the same. ``LIFEXT_FUZZ=10 pytest
tests/test_stateful.py`` takes new ones for about ten minutes, and prints the calls of one that fails.
"""
import copy
import os
import pathlib
import pickle
import re
import tempfile
import time
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from twin_network import TwinNetwork

import lifext
from lifext import _core
from lifext._attributes import NOT_STATE, Watched

DT = 0.05
MINUTES = float(os.environ.get("LIFEXT_FUZZ", 0))
CLASSES = [lifext.pyrPop, lifext.interPop, lifext.pyrRingPop, lifext.interRingPop]
REFUSALS = (ValueError, TypeError, AttributeError, RuntimeError)

HOSTILE = st.sampled_from([
    None, "x", b"", "", 1j, object, [], {}, [[]], [1, [2, 3]], float("nan"), float("inf"), -float("inf"), -1, -1.0, 0,
    True, 2**70, 10**400, 1e308, 5e-324, np.nan, np.float32(1), np.array(1.0), np.array([]), np.zeros((0, 3)),
    np.array(["a"]), np.array([None, 1]), np.array([1, np.nan]), np.full(3, 1e308), np.zeros((2, 2, 2)),
    np.zeros(3, complex), np.zeros(2, "M8[s]"), np.ma.masked, np.arange(6)[::2], np.zeros(1, [("a", "f8")])])
SMALL = st.sampled_from([0.0, 1e-3, 0.01, 0.05, 0.2])


# --- what both sides are, and that it is the same ---

def flat(thing, path="", known=()):
    """Yield names and values of all that an object holds, but for what the compiled path keeps there."""
    for name, value in sorted(vars(thing).items()):
        place = f"{path}.{name}"
        if name in NOT_STATE:
            continue
        if isinstance(value, Watched) and value not in known:
            yield from flat(value, place, (*known, thing))
        elif isinstance(value, np.random.Generator):
            yield place, repr(value.bit_generator.state)
        elif isinstance(value, np.random.RandomState):
            yield place, as_bytes(value.get_state())
        elif type(value).__name__ == "SpikeBuffer":
            for part, array in zip(("size", "times", "weights"), value.__reduce__()[1]):
                yield f"{place}.{part}", array
        elif not isinstance(value, Watched):
            yield place, value


def as_bytes(state):
    return [part.tobytes() if isinstance(part, np.ndarray) else part for part in state]


def facts(thing):
    if isinstance(thing, Watched):
        return {name: np.copy(value) if isinstance(value, np.ndarray) else copy.copy(value)
                for name, value in flat(thing)}
    found = {"time": thing.time, "seed": thing.seed}
    for name, population, history in zip(thing._names, thing._populations, thing._histories):
        found.update((f"{name}{place}", value) for place, value in facts(population).items())
        for slot, (ids, times) in enumerate(history.slots()):
            found[f"{name} slot {slot} ids"], found[f"{name} slot {slot} times"] = ids, times
    for k, record in thing._spike_records.items():
        found |= {f"record {k} ids": record.ids, f"record {k} times": record.times,
                  f"record {k} span": (record.start, record.stop, record.closed)}
    for k, record in enumerate(thing._state_records):
        found |= {f"trace {k} {name}": record[name] for name in record._variables}
        found[f"trace {k} times"] = record.times
    return found


def is_same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other or repr(one) == repr(other)


def assert_same_facts(one, other, what):
    assert one.keys() == other.keys(), (what, one.keys() ^ other.keys())
    for name in one:
        assert is_same(one[name], other[name]), (what, name, one[name], other[name])


def words(error):
    """Return what an error says, without what differs between any two runs."""
    return re.sub("<.*?>|/.*?/state.npz", "...", str(error).replace("TwinNetwork", "Network"))


class Side:
    """A thing under test or its twin, with a global generator and a backend of its own."""

    def __init__(self, backend, seed):
        self.backend, self.thing, self.kept = backend, None, []
        self.generator = np.random.RandomState(seed).get_state()

    def do(self, act):
        before = np.random.get_state()
        np.random.set_state(self.generator)
        try:
            with _core.using(self.backend), np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return act(self)
        finally:
            self.generator = np.random.get_state()
            np.random.set_state(before)

    def facts(self):
        return {**facts(self.thing), "global": as_bytes(self.generator)}


class Both(RuleBasedStateMachine):
    """Does each call to both sides."""

    def begin(self, seed):
        self.sides = Side("compiled", seed), Side("reference", seed)

    def both(self, act, changes_though_refused=False):
        """Call `act(side)` on each side; return what it gave, or the exception."""
        before = None if self.sides[0].thing is None else self.sides[0].facts()
        results = []
        for side in self.sides:
            try:
                results.append(side.do(act))
            except REFUSALS as error:
                results.append(error)
        ours, twin = results
        assert isinstance(ours, Exception) == isinstance(twin, Exception), (ours, twin)
        if isinstance(ours, Exception):
            assert type(ours) is type(twin), (ours, twin)
            assert words(ours) == words(twin), (ours, twin)
            assert len(str(ours)) > 10
            if before is not None and not changes_though_refused:
                assert_same_facts(before, self.sides[0].facts(), f"after {ours!r}")
        if self.sides[0].thing is not None:
            assert_same_facts(self.sides[0].facts(), self.sides[1].facts(), "twins")
        return ours


# --- what is drawn ---

def spikes_received(size, rng):
    """A sound call of receivePyrSpikes."""
    count = int(rng.integers(0, 6))
    times = np.where(rng.random(count) < 0.3, DT, rng.choice([0.0, 0.01, 0.01, 0.033], count))
    weights = rng.uniform(-0.01, 0.1, (count, size)).astype(rng.choice(["f8", "f4"]))
    return DT, count, times.reshape(-1, 1), weights


PARTS = {
    "AMPA": lambda n, k: lifext.AMPAR(n, order=1 + k % 2, g=0.01 * k, record_i=k == 3),
    "NMDA": lambda n, k: lifext.NMDAR(n, order=1 + k % 2, g=np.linspace(0, 0.1 * k, n)),
    "GABA": lambda n, k: lifext.GABAR(n, order=2 - k % 2, record_i=k == 2),
    "noise": lambda n, k: [lifext.noisePoisson(n, g=0.01), lifext.noiseGaussian(n, -0.1, 0.2),
                           lifext.noisePoisson(n, g=0.01, rate=np.linspace(0, 3, n)),
                           lifext.noisePoisson(n, rate=80.0, tau=np.linspace(1, 2, n))][k],
    "leak": lambda n, k: [lifext.leak(n), lifext.leak(n, rand_sd=1e-3, rng=7), lifext.leak(n, g=0.02, record_i=True),
                          lifext.leak(n, vL=np.linspace(-70, -60, n))][k],
    "afferents": lambda n, k: [lifext.affFlat(n), lifext.affFlatPoisson(n), lifext.affRing(n, np.linspace(0, 6, n)),
                               lifext.affRingPoisson(n, np.linspace(0, 6, n))][k],
    "AMPA.kinetic": lambda n, k: KINETICS[k](n),
    "NMDA.kinetic": lambda n, k: KINETICS[k](n),
    "GABA.kinetic": lambda n, k: KINETICS[k](n),
}
KINETICS = [lambda n: lifext.firstOrdKin(n, 0.5, 80), lambda n: lifext.firstOrdKinExp(n, 1, 2.0, track=True),
            lambda n: lifext.secondOrdKin(n, 1, 0.7, 2, 80),
            lambda n: lifext.firstOrdKinExp(n, 1, np.linspace(2, 3, n))]
NUMBERS = ["vTh", "vReset", "refDur", "cM", "AMPA.g", "NMDA.g", "GABA.g", "NMDA.mg", "leak.g", "leak.vL", "noise.g",
           "noise.rate", "noise.tau", "AMPA.kinetic.tau_s", "AMPA.kinetic.alpha_s", "NMDA.kinetic.tau_s"]
STATES = ["_vM", "_endRefract", "AMPA._curr", "AMPA.kinetic._s", "NMDA.kinetic._s", "noise._s", "_spiked"]


def owner_of(thing, path):
    *parts, name = path.split(".")
    for part in parts:
        thing = getattr(thing, part)
    return thing, name


def put(thing, path, value):
    owner, name = owner_of(thing, path)
    setattr(owner, name, value)


def scaled(thing, path, factor, each):
    """Multiply a parameter, or make it one a neuron."""
    owner, name = owner_of(thing, path)
    value = np.asarray(getattr(owner, name), dtype=float) * factor
    value = value * np.linspace(0.9, 1.1, thing.size) if each and value.ndim == 0 else value
    setattr(owner, name, value if value.ndim else float(value))


def write_element(thing, path, value):
    owner, name = owner_of(thing, path)
    array = getattr(owner, name)
    if isinstance(array, np.ndarray) and array.flags.writeable:
        array[len(array) // 2] = value


class PopulationCalls:
    """Rules on a population, which `population` finds in what a side has."""

    def population(self, side):
        raise NotImplementedError

    def on_population(self, act, **how):
        return self.both(lambda side: act(self.population(side)), **how)

    @rule(stimulus=st.sampled_from([{}, {"cue_sal": 0.5}, {"I_e": 0.3}, {"max_rate": 2.0}, {"cue_sal": np.nan},
                                    {"x": 1}]),
          direction=st.one_of(st.none(), st.floats(0, 7), HOSTILE))
    def stim(self, stimulus, direction):
        self.on_population(lambda pop: pop.stim(*([] if direction is None else [direction]), **stimulus))

    @rule()
    def hide(self):
        self.on_population(lambda pop: pop.removeStim())

    @rule(path=st.sampled_from(NUMBERS), factor=st.sampled_from([0.9, 1.1, 1.0]), each=st.booleans())
    def change_number(self, path, factor, each):
        self.on_population(lambda pop: scaled(pop, path, factor, each))

    @rule(path=st.sampled_from([*NUMBERS, *STATES, "AMPA", "leak", "noise", "afferents", "NMDA.kinetic"]),
          value=HOSTILE)
    def set_something_hostile(self, path, value):
        # each side an array of its own, as it is taken as it is
        self.on_population(lambda pop: put(pop, path, np.copy(value) if isinstance(value, np.ndarray) else value))

    @rule(path=st.sampled_from(STATES[:-1]), value=st.sampled_from([0.0, -58.0, -51.0, 0.3, 1e-201]))
    def write_in_place(self, path, value):
        self.on_population(lambda pop: write_element(pop, path, value))

    @rule(name=st.sampled_from(list(PARTS)), which=st.integers(0, 3), wrong=st.integers(0, 9))
    def swap_part(self, name, which, wrong):
        """Sometimes of a wrong size."""
        self.on_population(lambda pop: put(pop, name, PARTS[name](pop.size + (wrong == 0), which)))

    @rule(path=st.sampled_from(["AMPA.record", "leak.record", "NMDA.kinetic.track"]), value=st.booleans())
    def record(self, path, value):
        self.on_population(lambda pop: put(pop, path, value))

    @rule()
    def hold_arrays(self):
        """As a script that keeps what it read."""
        self.both(lambda side: side.kept.append([self.population(side)._vM, self.population(side)._spiked]))
        ours, twin = (side.kept[-5:] for side in self.sides)
        for one, other in zip(ours, twin):
            assert all(map(is_same, one, other))

    @rule()
    def look(self):
        ours, twin = (side.do(lambda side: (self.population(side).VMs(), self.population(side).spikes(),
                                            self.population(side).spikeTimes())) for side in self.sides)
        assert all(map(is_same, ours, twin))

    @rule(excites=st.booleans(), seed=st.integers(0, 2**20))
    def receive(self, excites, seed):
        self.on_population(lambda pop: getattr(pop, "receivePyrSpikes" if excites else "receiveIntSpikes")(
            *spikes_received(pop.size, np.random.default_rng(seed))))

    @rule(excites=st.booleans(), seed=st.integers(0, 2**20), place=st.integers(0, 3), value=HOSTILE,
          within=st.booleans())
    def receive_something_hostile(self, excites, seed, place, value, within):
        def act(pop):
            arguments = list(spikes_received(pop.size, np.random.default_rng(seed)))
            if within and place > 1 and np.size(arguments[place]):
                arguments[place] = arguments[place].astype(float)
                arguments[place].flat[-1] = value if isinstance(value, float) else np.nan
            else:
                arguments[place] = value
            getattr(pop, "receivePyrSpikes" if excites else "receiveIntSpikes")(*arguments)
        self.on_population(act)


# --- a population, stepped by hand ---

class Population(PopulationCalls, Both):
    """A population of the drop-in modules."""

    def population(self, side):
        return side.thing

    @initialize(cls=st.sampled_from(CLASSES), size=st.sampled_from([1, 2, 3, 7, 65]), seed=st.integers(0, 2**31),
                rng=st.sampled_from(["global", "seed", "state"]), g=SMALL)
    def construct(self, cls, size, seed, rng, g):
        self.begin(seed)
        self.step = 0

        def make(side):
            source = {"global": None, "seed": seed, "state": np.random.RandomState(seed)}[rng]
            side.thing = cls(size, noise_g=g, NMDA_g=0.1, rng=source)
        self.both(make)

    @rule(cls=st.sampled_from(CLASSES), name=st.sampled_from(["size", "vTh", "cM", "noise_rate", "rng", "AMPA_g", "x"]),
          value=HOSTILE)
    def construct_something_hostile(self, cls, name, value):
        if name == "rng" or name == "size" and isinstance(value, (int, float)) and value > 1000:
            return
        self.both(lambda side: cls(**{"size": 3, name: value}) and None)

    def pair(self, times):
        now = self.step * DT
        for _ in range(times):
            self.on_population(lambda pop: pop.predictSpikes(DT, now))

    @rule(steps=st.integers(1, 5), twice=st.sampled_from([1, 1, 1, 2, 0]))
    def steps(self, steps, twice):
        """Whole ones, ones that predict twice, and ones that were not predicted."""
        for _ in range(steps):
            self.pair(twice)
            self.process(DT)

    @rule(dt=st.sampled_from([DT, DT, 0.01, 1.0]))
    def process(self, dt):
        now = self.step * DT
        self.on_population(lambda pop: pop.processTimeStep(dt, now), changes_though_refused=True)
        self.step += 1

    @rule(method=st.sampled_from(["predictSpikes", "processTimeStep"]), place=st.integers(0, 1), value=HOSTILE)
    def step_in_something_hostile(self, method, place, value):
        # of times, those that are refused: steps at others would go on from there
        if isinstance(value, (int, float)) and place == 1 and abs(value) < np.inf:
            return
        arguments = [DT, self.step * DT]
        arguments[place] = value
        self.on_population(lambda pop: getattr(pop, method)(*arguments), changes_though_refused=True)

    @rule()
    def reset(self):
        self.on_population(lambda pop: pop.reset())

    @rule(how=st.sampled_from([copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing)), copy.copy]))
    def copy(self, how):
        if how is copy.copy:
            self.both(lambda side: how(side.thing) and None)
            return

        def replace(side):
            side.thing = how(side.thing)
        self.both(replace)


# --- a network ---

WEIGHTS = {
    "dense": lambda n, m: lifext.Dense(np.random.default_rng(n).uniform(0, 0.05, (n, m))),
    "array": lambda n, m: np.random.default_rng(m).uniform(0, 0.05, (n, m)),
    "sparse": lambda n, m: lifext.Sparse.random(n, m, 0.3, 0.02, rng=1),
    "ring": lambda n, m: lifext.Ring.from_profile(n, scale=0.5),
    "uniform": lambda n, m: lifext.Uniform(0.003),
    "one": lambda n, m: lifext.OneToOne(0.2),
    "too large": lambda n, m: np.zeros((n + 1, m)),
    "none": lambda n, m: None,
    "nan": lambda n, m: np.full((n, m), np.nan),
}


class Networks(PopulationCalls, Both):
    """A network in either arithmetic; its twin takes its steps in Python."""

    def population(self, side):
        return side.thing._populations[self.chosen % len(side.thing._populations)]

    @initialize(compat=st.booleans(), seed=st.integers(0, 2**31), threads=st.integers(1, 4),
                sizes=st.lists(st.sampled_from([1, 2, 5, 30]), min_size=1, max_size=2), large=st.integers(0, 9),
                dtype=st.sampled_from(["float64", "float32"]))
    def construct(self, compat, seed, threads, sizes, large, dtype):
        self.begin(seed)
        self.compat, self.chosen, self.count = compat, 0, 0
        self.folder = tempfile.TemporaryDirectory()

        def make(side):
            cls = lifext.Network if side.backend == "compiled" else TwinNetwork
            side.thing = cls(DT, compat=True) if compat else cls(DT, seed=seed, threads=threads, dtype=dtype)
        self.both(make)
        # sometimes of more than a block of neurons
        for k, size in enumerate(sizes):
            self.add(CLASSES[(seed + k) % 4], 300 if large == 0 and not compat else size, k)

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @precondition(lambda self: len(self.sides[0].thing._populations) < 3)
    @rule(cls=st.sampled_from(CLASSES), size=st.sampled_from([1, 3]), rng=st.integers(0, 3))
    def add(self, cls, size, rng):
        self.count += 1
        self.both(lambda side: side.thing.add(**{f"p{self.count}": cls(
            size, noise_g=0.01, **({"rng": rng} if self.compat or rng == 2 else {}))}))

    @rule(value=HOSTILE)
    def add_something_hostile(self, value):
        self.both(lambda side: side.thing.add(p1=value))
        self.both(lambda side: side.thing.add(again=side.thing._populations[0]))

    @rule(which=st.integers(0, 2))
    def choose(self, which):
        self.chosen = which

    @precondition(lambda self: len(self.sides[0].thing._projections) < 5)
    @rule(source=st.integers(0, 2), onto=st.integers(0, 2), weights=st.sampled_from(list(WEIGHTS)),
          kind=st.sampled_from(["exc", "inh", "exc", "inh", "ampa", "nmda", "x", None]),
          delay=st.sampled_from([0.0, 0.0, 0.05, 0.3, 1.0, 0.07, -1, np.nan, "x"]))
    def connect(self, source, onto, weights, kind, delay):
        def act(side):
            pops = side.thing._populations
            one, other = pops[source % len(pops)], pops[onto % len(pops)]
            side.thing.connect(one, other, WEIGHTS[weights](one.size, other.size), kind, delay=delay)
        self.both(act)

    @rule(value=HOSTILE)
    def connect_something_hostile(self, value):
        def act(side, weights=False):
            first = side.thing._populations[0]
            side.thing.connect(first, *([first, value] if weights else [value, lifext.Uniform(1)]), "exc")
        self.both(act)
        if not isinstance(value, np.ndarray):
            self.both(lambda side: act(side, weights=True))

    @rule(steps=st.sampled_from([0, 1, 2, 5, 12]), every=st.sampled_from([0, 1, 3]))
    def run(self, steps, every):
        def act(side):
            called = []
            how = {"every": (every * DT, lambda net: called.append(net.time))} if every else {}
            side.thing.run(steps * DT, **how)
            return called
        self.both(act)

    @rule(duration=HOSTILE, every=HOSTILE)
    def run_something_hostile(self, duration, every):
        if isinstance(duration, (int, float)) and 1 < duration < float("inf"):
            return
        self.both(lambda side: side.thing.run(duration))
        self.both(lambda side: side.thing.run(DT, every=(every, lambda net: None)))

    @rule(method=st.sampled_from(["predictSpikes", "processTimeStep"]))
    def step_by_hand(self, method):
        """As a script may, between two runs."""
        self.both(lambda side: getattr(self.population(side), method)(DT, side.thing.time))

    @rule()
    def reset_population(self):
        self.both(lambda side: self.population(side).reset())

    @rule()
    def record_spikes(self):
        self.both(lambda side: side.thing.record_spikes(self.population(side)) and None)

    @precondition(lambda self: len(self.sides[0].thing._state_records) < 2)
    @rule(variables=st.sampled_from(["v", ["v", "i_nmda"], ["s_ampa", "i_leak"], "nothing"]),
          every=st.sampled_from([None, 0.05, 0.15, 0.07, "x"]),
          neurons=st.sampled_from([None, [0], [-1, 0], [99], [0.5]]))
    def record_state(self, variables, every, neurons):
        self.both(lambda side: side.thing.record_state(self.population(side), variables, every=every, neurons=neurons
                                                       ) and None)

    @rule(close=st.booleans())
    def clear_or_close_records(self, close):
        def act(side):
            for record in side.thing._spike_records.values():
                record.close() if close else record.clear()
            for record in side.thing._state_records:
                record.clear()
        self.both(act)

    @rule(seed=st.one_of(st.none(), st.integers(0, 2**70), HOSTILE), go_on=st.booleans())
    def reset_or_reseed(self, seed, go_on):
        # None takes a seed from the system
        if seed is None and go_on:
            return
        self.both(lambda side: side.thing.reseed(seed) if go_on else side.thing.reset(seed))

    @rule(how=st.sampled_from([copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]))
    def copy(self, how):
        def replace(side):
            side.thing = how(side.thing)
        self.both(replace)

    @rule()
    def save(self):
        self.both(lambda side: side.thing.save_state(self.file(side)))

    @rule(exchanged=st.booleans())
    def load(self, exchanged):
        """Its own state, or that of its twin."""
        if all(self.file(side).exists() for side in self.sides):
            backends = {"compiled": "reference", "reference": "compiled"} if exchanged else {}
            self.both(lambda side: side.thing.load_state(
                self.file(side).rename(self.file(side)) and self.file(side, backends.get(side.backend))))

    def file(self, side, backend=None):
        # the names in errors are to be the same
        folder = pathlib.Path(self.folder.name, backend or side.backend)
        folder.mkdir(exist_ok=True)
        return folder / "state.npz"


# --- how many ---

def search(machine, examples, steps):
    """Run a state machine, on the same sequences each time, or for so many minutes on new ones."""
    how = dict(stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    if not MINUTES:
        run_state_machine_as_test(machine, settings=settings(max_examples=examples, derandomize=True, **how))
        return
    until = time.monotonic() + 60 * MINUTES / 2
    while time.monotonic() < until:
        run_state_machine_as_test(machine, settings=settings(max_examples=200, **{**how, "stateful_step_count": 40}))


def test_populations_and_their_twins():
    search(Population, 15, 15)


def test_networks_and_their_twins():
    search(Networks, 15, 15)


@pytest.mark.parametrize("machine", [Population, Networks])
def test_a_difference_would_be_found(machine, monkeypatch):
    """Else the tests above would say nothing."""
    look = machine.look

    def changed(self):
        self.population(self.sides[1])._vM = self.population(self.sides[1])._vM + 1e-13
        look(self)

    monkeypatch.setattr(PopulationCalls, "look", changed)
    with pytest.raises(AssertionError):
        one = machine()
        one.begin(1)
        for side in one.sides:
            side.thing = lifext.pyrPop(2, rng=1)
        monkeypatch.setattr(machine, "population", lambda self, side: side.thing)
        one.look()
