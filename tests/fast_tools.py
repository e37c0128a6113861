"""What the tests of the fast arithmetic share: populations that spike on schedule, networks, and their whole state."""
import contextlib
import pickle
import warnings

import numpy as np

import lifext
from lifext import Network, PerformanceWarning

DT = 0.05


class Train(lifext.pyrPop):
    """Neurons that spike when they are told to.

    `schedule` maps a step to the neurons that spike in it, ascending, and their times in the step (ms). A
    population of a user's own, so that networks of both arithmetics take the same spikes.
    """

    def __init__(self, size, schedule):
        super().__init__(size, rng=1)
        self.schedule = schedule

    def predictSpikes(self, dt, time):
        ids, times = self.schedule.get(round(time / dt), ([], []))
        self._spiked, self._spikeTime = np.zeros(self.size, bool), np.full((self.size, 1), dt)
        self._spiked[ids], self._spikeTime[ids, 0] = True, times
        self.numSpikes = len(ids)

    def processTimeStep(self, dt, time):
        pass


def volleys(size, steps, seed=1, share=0.3, dt=DT):
    """A schedule: in some steps, some of the neurons spike."""
    rng = np.random.default_rng(seed)
    schedule = {}
    for step in range(1, steps):
        if rng.random() < 0.2:
            ids = np.flatnonzero(rng.random(size) < share)
            schedule[step] = ids, rng.uniform(0, dt, len(ids))
    return schedule


@contextlib.contextmanager
def without_warning():
    """Let a `Train`, or what else goes through Python, do so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerformanceWarning)
        yield


def run(net, *durations, **options):
    with without_warning():
        for duration in durations:
            net.run(duration, **options)


WAYS = "cut", "state", "reset", "pickle", "fork", "watched"


def went(how, build, duration, folder):
    """Return a network that `build` makes when it has run for a time, ms: in one of WAYS, or None for at once."""
    net = build()
    if how == "cut":
        for _ in range(20):
            run(net, duration / 20)
    elif how == "state":
        run(net, duration / 4)
        net.save_state(folder / "state.npz")
        run(net, duration / 10)
        net = build()
        net.load_state(folder / "state.npz")
        run(net, 3 * duration / 4)
    elif how == "reset":
        run(net, duration / 4)
        net.reset()
        run(net, duration)
    elif how in ("pickle", "fork"):
        run(net, duration / 4)
        net = pickle.loads(pickle.dumps(net)) if how == "pickle" else net.fork(net.seed)
        run(net, 3 * duration / 4)
    elif how == "watched":
        run(net, duration, every=(duration / 10, lambda net: net.summary()))
    else:
        run(net, duration)
    return net


def network(populations, projections=(), dt=DT, kind=Network, **options):
    """A network of `populations` (a dict), and of projections (source, target, weights, kind[, delay])."""
    net = kind(dt, **{"threads": 1, **options})
    net.add(**populations)
    for source, target, weights, kind, *delay in projections:
        net.connect(populations[source], populations[target], weights, kind, delay=delay[0] if delay else 0.0)
    return net


def quiet(cls, size, **parameters):
    """A population without noise that starts from one potential, so that nothing in it is random."""
    pop = cls(size, rng=1, **{"noise_rate": 0.0, **parameters})
    pop._vM = np.linspace(-62, -54, size)
    return pop


def everything(pop):
    """All arrays that a population has after a run, by name, those of the step before included."""
    found = {name: pop.__dict__[name] for name in ("_vM", "_tempvM", "_endRefract", "_spiked", "_spikeTime")}
    for name in ("AMPA", "NMDA", "GABA", "noise", "leak", "afferents"):
        part = getattr(pop, name)
        for owner in (part, getattr(part, "kinetic", None)):
            for field in ("_curr", "_prev_curr", "_s", "_prev_s", "_x", "_prev_x"):
                if field in getattr(owner, "__dict__", {}):
                    found[f"{name}.{field}"] = owner.__dict__[field]
    return {**{name: np.array(value).reshape(-1) for name, value in found.items()},
            "numSpikes": np.array([pop.numSpikes])}


def assert_same(one, other):
    """Equal to the last bit."""
    assert one.keys() == other.keys()
    for name in one:
        assert np.array_equal(one[name], other[name], equal_nan=True), name


def assert_close(one, other, rtol=1e-11, atol=1e-12):
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=rtol, atol=atol, err_msg=name)
