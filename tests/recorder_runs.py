"""The calls behind `tests/data/recorder`, on a class that is either `lifext.spikeDC` or the published one.

``published.npz`` and ``published.csv`` are the files that the published class wrote, and
``figures.npz`` is what it returned.
"""
import numpy as np

SIZE = 16
DT = 0.05
STEPS = 600
DIRECTIONS = np.linspace(0, 2 * np.pi, SIZE, endpoint=False)
TRIALS = {1: 0.02, 2: 0.0, 5: 0.01}
INTERVALS = [(0, 30), (0.0, 0.05), (3.25, 21.5), (10, 10), (-np.inf, np.inf), (25, 20)]


def collected(cls, trial):
    """Return a recorder that has seen one of the trials."""
    record = cls(SIZE, "pyramidal")
    source = np.random.RandomState(trial)
    for step in range(STEPS):
        record.collect(source.rand(SIZE) < TRIALS[trial], step * DT)
    return record


def save(cls, name, encoding="binary"):
    """Write all trials to one file."""
    for trial in TRIALS:
        collected(cls, trial).save(name, trial, encoding)


def seen(record):
    """Return all that a recorder says of its spikes."""
    neurons, times = record.get_spikes()
    sums = [record.pop_vector(DIRECTIONS, *interval) for interval in INTERVALS]
    return {"neurons": neurons, "times": times, "sums": np.array(sums),
            "counts": np.array([record.get_spike_counts(*interval) for interval in INTERVALS])}


def figures(cls, npz, csv):
    """Return what there is to be read from recorders and from the files of `save`."""
    result = {}
    for trial in TRIALS:
        result |= {f"collected {trial} {name}": array for name, array in seen(collected(cls, trial)).items()}
    result["counts of a recording"] = collected(cls, 1).get_spike_counts()
    for file, encoding in ((npz, "binary"), (csv, "ascii")):
        record = cls(SIZE)
        record.load(file, 1, encoding)
        result |= {f"{encoding} trials": record.trials, f"{encoding} latest": record.get_max_time(),
                   f"{encoding} counts": record.get_spike_counts(), f"{encoding} from 3": record.get_spike_counts(3)}
        for trial in (5, 2, 1, 9):
            record.load_trial(trial)
            result |= {f"{encoding} {trial} {name}": array for name, array in seen(record).items()}
    return result
