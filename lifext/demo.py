"""A first real run: one trial of a working-memory task in the published dual ring.

A perception ring, which the stimuli drive, feeds a memory ring, which keeps the cue over the
delay and holds on to it when the probe comes (Calvin and Redish 2021, the dot pattern
expectancy task). ``lifext demo`` on the command line runs this module, and the code is meant to be
read: `DualRing` is how a network is put together by hand, `DualRing.step` how it is stepped.
"""
from __future__ import annotations

import importlib.resources
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from . import _files, _validate
from ._types import Floats
from .currents import affRingPoisson
from .LIF_Pop import interRingPop, pyrRingPop
from .plot import need_matplotlib, population_rate, raster, ring_activity, seconds, shade

__all__ = ["DualRing", "Epoch", "Ring", "Row", "Spikes", "Stimulus", "Trial", "firing_rate", "picture",
           "population_vector", "run", "save_picture", "statistics", "table"]

POPULATIONS = ("perception pyramidal", "perception inter", "memory pyramidal", "memory inter")
DT = 0.05
N_PYR, N_INTER = 1024, 256
FORWARD_STRENGTH = 0.1
TUNED_SHARE, TUNING_WIDTH = 0.7, 0.05
CUE_RATE, CUE_CONDUCTANCE = 1.25, 0.001

LEAST_SCALE = 0.001
MOST_SEED = 2**32 - 1


class Stimulus(NamedTuple):
    """Something shown to the perception ring: from `start` to `stop` (ms), at `direction` (radians)."""

    name: str
    start: float
    stop: float
    direction: float


class Epoch(NamedTuple):
    """A span of the trial, ``start <= time < stop`` (ms), over which spikes are averaged."""

    name: str
    start: float
    stop: float
    has_bump: bool = True


DURATION = 6600.0
STIMULI = (Stimulus("cue A", 500.0, 1500.0, 0.3*np.pi), Stimulus("probe X", 5500.0, 6000.0, 1.3*np.pi))
EPOCHS = (Epoch("before cue", 100.0, 500.0, has_bump=False), Epoch("cue", 600.0, 1500.0),
          Epoch("delay", 2000.0, 5000.0), Epoch("end of delay", 5000.0, 5500.0),
          Epoch("probe", 5600.0, 6000.0), Epoch("after probe", 6100.0, 6600.0))


def stretch(spans: Iterable[Any], factor: float) -> tuple[Any, ...]:
    """Return stimuli or epochs with their times multiplied by `factor`."""
    return tuple(span._replace(start=span.start*factor, stop=span.stop*factor) for span in spans)


def directions(size: int) -> Floats:
    """Return the preferred directions of `size` neurons on a ring, radians."""
    return np.linspace(0, 2*np.pi, size, endpoint=False)


def tuned_weights(n_from: int, n_to: int, total: float = 1.0) -> Floats:
    """Return weights that are largest between neurons of like direction.

    Parameters
    ----------
    n_from, n_to : int
        Sizes of the two rings.
    total : float, optional
        What the weights onto each target add up to.

    Returns
    -------
    ndarray of shape (n_from, n_to)
    """
    apart = directions(n_from)[:, np.newaxis] - directions(n_to)
    tuned = np.exp(2*np.pi/TUNING_WIDTH*(np.cos(apart) - 1))
    shape = (1 - TUNED_SHARE) + TUNED_SHARE*tuned
    return np.asarray(total*shape/shape.sum(axis=0))


def even_weights(n_from: int, n_to: int) -> Floats:
    """Return weights of shape (n_from, n_to), all alike, which add up to 1 for each target."""
    return np.full((n_from, n_to), 1/n_from)


class Projection:
    """The synapses from one population to another.

    Parameters
    ----------
    source, target : baseLIFPop
    weights : ndarray of shape (source.size, target.size)
    excitatory : bool
        Whether spikes reach AMPA and NMDA receptors, or GABA receptors.
    """

    def __init__(self, source: Any, target: Any, weights: Floats, excitatory: bool) -> None:
        self.source, self.weights = source, weights
        self.receive = target.receivePyrSpikes if excitatory else target.receiveIntSpikes

    def transmit(self, dt: float) -> None:
        """Hand the source's spikes of this step (`dt`, ms) to the target."""
        if self.source.numSpikes:
            self.receive(dt, self.source.numSpikes, self.source.spikeTimes(), self.weights)


class Ring:
    """Pyramidal cells and interneurons on a ring, with all four projections among them.

    Like cells excite each other most; inhibition reaches all alike. Such a ring holds a bump of
    activity after its stimulus is gone.

    Parameters
    ----------
    n_pyr, n_inter : int
        Numbers of neurons.
    inter_NMDA_g : float
        NMDA conductance of the interneurons, uS.

    Attributes
    ----------
    pyr : pyrRingPop
    inter : interRingPop
    projections : list of Projection
    """

    def __init__(self, n_pyr: int, n_inter: int, inter_NMDA_g: float) -> None:
        self.pyr = pyrRingPop(n_pyr, AMPA_g=0.0, NMDA_g=0.37, GABA_g=1.25)
        self.inter = interRingPop(n_inter, AMPA_g=0.0, NMDA_g=inter_NMDA_g, GABA_g=1.0)
        self.projections = [
            Projection(self.pyr, self.pyr, tuned_weights(n_pyr, n_pyr), excitatory=True),
            Projection(self.inter, self.pyr, even_weights(n_inter, n_pyr), excitatory=False),
            Projection(self.pyr, self.inter, even_weights(n_pyr, n_inter), excitatory=True),
            Projection(self.inter, self.inter, even_weights(n_inter, n_inter), excitatory=False),
        ]


class DualRing:
    """A perception ring, driven by stimuli, which feeds a memory ring.

    Draws the first potentials from NumPy's global generator.

    Parameters
    ----------
    n_pyr, n_inter : int, optional
        Numbers of neurons in each of the two rings.

    Attributes
    ----------
    perception, memory : Ring
    populations : dict of str to baseLIFPop
        By name (`POPULATIONS`), in the order in which they are stepped.
    projections : list of Projection
    """

    def __init__(self, n_pyr: int = N_PYR, n_inter: int = N_INTER) -> None:
        self.perception = Ring(n_pyr, n_inter, inter_NMDA_g=0.30)
        self.memory = Ring(n_pyr, n_inter, inter_NMDA_g=0.35)
        seen = self.perception.pyr
        seen.afferents = affRingPoisson(n_pyr, seen.directions, max_rate=CUE_RATE, g=CUE_CONDUCTANCE)
        forward = Projection(seen, self.memory.pyr, tuned_weights(n_pyr, n_pyr, FORWARD_STRENGTH), excitatory=True)
        self.projections = [*self.perception.projections, forward, *self.memory.projections]
        # each draws its noise in turn, so that this order is part of what a seed means
        self.populations = {"perception pyramidal": seen, "memory pyramidal": self.memory.pyr,
                            "perception inter": self.perception.inter, "memory inter": self.memory.inter}

    def show(self, direction: float) -> None:
        """Show a stimulus at `direction` (radians) to the perception ring."""
        self.perception.pyr.stim(direction)

    def hide(self) -> None:
        """Take the stimulus away."""
        self.perception.pyr.removeStim()

    def step(self, dt: float, time: float) -> None:
        """Take a step of `dt` (ms) from `time` (ms): each phase for all before the next."""
        for population in self.populations.values():
            population.predictSpikes(dt, time)
        for projection in self.projections:
            projection.transmit(dt)
        for population in self.populations.values():
            population.processTimeStep(dt, time)


class Spikes(NamedTuple):
    """Spikes of a population in the order of the steps: `ids` of neurons and `times`, ms, of shape (n,) each."""

    ids: np.ndarray
    times: np.ndarray


class SpikeLog:
    """Collects the spikes of a population, step by step."""

    def __init__(self) -> None:
        self._ids, self._times = [np.empty(0, dtype=np.intp)], [np.empty(0)]

    def note(self, population: Any, time: float) -> None:
        """Note who spikes in the step that starts at `time` (ms)."""
        if population.numSpikes:
            ids = np.flatnonzero(population.spikes())
            self._ids.append(ids)
            self._times.append(time + population.spikeTimes()[ids, 0])

    def spikes(self) -> Spikes:
        """Return all noted `Spikes`."""
        return Spikes(np.concatenate(self._ids), np.concatenate(self._times))


@dataclass(frozen=True)
class Trial:
    """What a run gave.

    Attributes
    ----------
    seed : int
    duration_scale : float
        Length of the trial relative to the published one.
    sizes : dict of str to int
        Number of neurons of each of `POPULATIONS`.
    spikes : dict of str to Spikes
        Of each population.
    wall : float
        What the run took, s.
    """

    seed: int
    duration_scale: float
    sizes: dict[str, int]
    spikes: dict[str, Spikes]
    wall: float

    @property
    def duration(self) -> float:
        """Length of the trial, ms."""
        return DURATION*self.duration_scale

    @property
    def stimuli(self) -> tuple[Any, ...]:
        """The stimuli, at the times of this trial."""
        return stretch(STIMULI, self.duration_scale)

    @property
    def epochs(self) -> tuple[Any, ...]:
        """The epochs, at the times of this trial."""
        return stretch(EPOCHS, self.duration_scale)

    @property
    def is_published(self) -> bool:
        """Whether length and sizes are those that the published code's ranges are for."""
        return self.duration_scale == 1 and list(self.sizes.values()) == 2*[N_PYR, N_INTER]


def with_progress(step_numbers: Iterable[int]) -> Any:
    """Return an iterable that shows how far it has come; nothing is shown without tqdm or outside a terminal."""
    try:
        from tqdm import tqdm
    except ImportError:
        return step_numbers
    return tqdm(step_numbers, disable=None, unit="ms", unit_scale=DT,
                bar_format="{n:.0f} of {total:.0f} ms simulated |{bar}| {rate_fmt}, {remaining} left")


def run(seed: int = 1, duration_scale: float = 1.0, n_pyr: int = N_PYR, n_inter: int = N_INTER,
        progress: bool = True) -> Trial:
    """Run the dual ring over one trial: cue A, a delay, probe X.

    Seeds NumPy's global generator, as the published code does.

    Parameters
    ----------
    seed : int, optional
        For ``np.random.seed``.
    duration_scale : float, optional
        Factor for all durations, >= 0.001; 1 is the published trial of 6600 ms.
    n_pyr, n_inter : int, optional
        Numbers of neurons in each of the two rings.
    progress : bool, optional
        Whether to show a progress bar, if tqdm is there and stderr is a terminal.

    Returns
    -------
    Trial

    Raises
    ------
    ValueError, TypeError
        If an argument is not of its kind or out of bounds.

    Examples
    --------
    >>> trial = run(seed=1, duration_scale=0.001, n_pyr=64, n_inter=16)
    >>> sorted(trial.spikes)
    ['memory inter', 'memory pyramidal', 'perception inter', 'perception pyramidal']
    """
    seed = _validate.whole("run", "seed", seed, at_least=0)
    if seed > MOST_SEED:
        raise ValueError(f"run: seed must be a whole number <= {MOST_SEED}, got {seed}")
    duration_scale = _validate.number("run", "duration_scale", duration_scale, at_least=LEAST_SCALE)
    np.random.seed(seed)
    network = DualRing(n_pyr, n_inter)
    started = time.perf_counter()
    spikes = simulate(network, duration_scale, with_progress if progress else iter)
    sizes = {name: network.populations[name].size for name in POPULATIONS}
    return Trial(seed, duration_scale, sizes, spikes, time.perf_counter() - started)


def simulate(network: DualRing, duration_scale: float,
             counted: Callable[[Iterable[int]], Iterable[int]]) -> dict[str, Spikes]:
    """Step `network` through the trial and return the spikes of each population, a dict of `Spikes`.

    `counted` makes an iterable of the range of steps.
    """
    logs = {name: SpikeLog() for name in network.populations}
    changes = stimulus_changes(network, duration_scale)
    for step in counted(range(steps(DURATION*duration_scale))):
        if step in changes:
            changes[step]()
        now = step*DT
        network.step(DT, now)
        for name, population in network.populations.items():
            logs[name].note(population, now)
    return {name: log.spikes() for name, log in logs.items()}


def steps(duration: float) -> int:
    """Return how many steps `duration` (ms) has."""
    return round(duration/DT)


def stimulus_changes(network: DualRing, duration_scale: float) -> dict[int, Any]:
    """Return what to call at which step to show and hide the stimuli."""
    changes: dict[int, Any] = {}
    for stimulus in stretch(STIMULI, duration_scale):
        changes[steps(stimulus.start)] = lambda direction=stimulus.direction: network.show(direction)
        changes[steps(stimulus.stop)] = network.hide
    return changes


def firing_rate(count: int, size: int, duration: float) -> float:
    """Return the mean firing rate of a neuron.

    Parameters
    ----------
    count : int
        Number of spikes of the population.
    size : int
        Number of neurons.
    duration : float
        Time over which they were counted, ms.

    Returns
    -------
    float
        Hz.

    Examples
    --------
    >>> firing_rate(count=30, size=10, duration=1000.0)
    3.0
    """
    return float(count/size/duration*1000)


def population_vector(angles: Floats) -> tuple[float, float]:
    """Return where a bump of activity is, and how sharp.

    The mean over spikes of ``exp(i*angle)`` is a vector; its angle is the direction of the
    bump, and its length the strength, 1 if all spikes are at one angle and 0 if they are
    spread evenly over the ring.

    Parameters
    ----------
    angles : array_like of shape (n,)
        Preferred direction of the neuron of each spike, radians.

    Returns
    -------
    direction : float
        Degrees, 0 to 360; NaN without spikes.
    strength : float
        NaN without spikes.

    Examples
    --------
    >>> population_vector([np.pi/2, np.pi/2])
    (90.0, 1.0)
    """
    angles = np.asarray(angles, dtype=np.float64)
    if angles.size == 0:
        return float("nan"), float("nan")
    mean = np.exp(1j*angles).mean()
    return float(np.degrees(np.angle(mean)) % 360), float(abs(mean))


class Row(NamedTuple):
    """Statistics of a population over an epoch; `original` holds the published code's ranges of the same names.

    `direction` (degrees) is None where there is no bump, and so is `strength` for interneurons,
    which no direction excites more than another.
    """

    population: str
    epoch: Epoch
    rate: float
    direction: float | None
    strength: float | None
    original: dict[str, Any]


def original_ranges() -> dict[str, Any]:
    """Return what the published code gave over 8 seeds.

    Returns
    -------
    dict
        ``[population][epoch][statistic]`` is [least, greatest]; Hz for "rate", degrees for "direction".
    """
    text = importlib.resources.files(__package__).joinpath("data", "dual_ring_ranges.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["ranges"])


def statistics(trial: Trial) -> list[Row]:
    """Return the firing rates and bumps of a trial.

    Parameters
    ----------
    trial : Trial
        What `run` returned.

    Returns
    -------
    list of Row
        One for each population and epoch.
    """
    ranges = original_ranges()
    return [_row(trial, name, epoch, ranges[name][epoch.name]) for name in POPULATIONS for epoch in trial.epochs]


def _row(trial: Trial, name: str, epoch: Any, original: Any) -> Row:
    spikes, size = trial.spikes[name], trial.sizes[name]
    ids = spikes.ids[(spikes.times >= epoch.start) & (spikes.times < epoch.stop)]
    direction, strength = population_vector(directions(size)[ids]) if "strength" in original else (None, None)
    return Row(name, epoch, firing_rate(len(ids), size, epoch.stop - epoch.start),
               direction if epoch.has_bump else None, strength, original)


def within(value: float, bounds: Sequence[float], period: float | None = None) -> bool:
    """Whether `value` lies in the interval `bounds`, which on a circle is taken from the first upwards."""
    low, high = bounds
    if period is not None:
        value, high = (value - low) % period, (high - low) % period
        low = 0
    return low <= value <= high


COLUMNS = (("rate", "rate (Hz)", ".2f", None), ("direction", "direction (deg)", ".1f", 360),
           ("strength", "strength", ".3f", None))
OUTSIDE = "*"


def table(trial: Trial) -> str:
    """Return the statistics of a trial as text, next to what the published code gave.

    Parameters
    ----------
    trial : Trial
        What `run` returned.

    Returns
    -------
    str
        Some 40 lines of up to 80 characters.
    """
    rows = statistics(trial)
    lines = [_title(trial), "", *_header()]
    for name in POPULATIONS:
        lines += ["", f"{name}, {trial.sizes[name]} neurons"]
        lines += [_line(row, trial.is_published) for row in rows if row.population == name]
    return "\n".join([*lines, "", *_notes(trial, rows)])


def _title(trial: Trial) -> str:
    n_pyr, n_inter = (trial.sizes[name] for name in POPULATIONS[:2])
    return (f"Dual ring, 2 x ({n_pyr} + {n_inter}) neurons, seed {trial.seed}: "
            f"{trial.duration:g} ms simulated in {trial.wall:.1f} s")


def _header() -> list[str]:
    first = " "*24 + "".join(f"{title:<19}" for _, title, _, _ in COLUMNS)
    second = f"{'epoch':<14}{'ms':<10}" + "here   original    "*len(COLUMNS)
    return [first.rstrip(), second.rstrip()]


def _line(row: Any, marked: bool) -> str:
    cells = "".join(_cell(row, statistic, title, digits, period, marked)
                    for statistic, title, digits, period in COLUMNS)
    return f"{row.epoch.name:<14}{f'{row.epoch.start:g}-{row.epoch.stop:g}':<10}{cells}".rstrip()


def _cell(row: Any, statistic: str, title: str, digits: str, period: float | None, marked: bool) -> str:
    value, bounds = getattr(row, statistic), row.original.get(statistic)
    if value is None:
        return f"{'' if row.strength is None else 'no bump':<19}"
    text = "none" if np.isnan(value) else format(value, digits)
    if marked and not within(value, bounds, period):
        text += OUTSIDE
    return f"{text:<7}{f'{bounds[0]:{digits}}-{bounds[1]:{digits}}':<12}"


def _outside(rows: Any) -> tuple[int, int]:
    """Return how many statistics lie outside the published code's ranges, and how many there are."""
    inside = [within(value, row.original[statistic], period)
              for row in rows for statistic, _, _, period in COLUMNS
              if (value := getattr(row, statistic)) is not None]
    return inside.count(False), len(inside)


def _notes(trial: Trial, rows: Any) -> list[str]:
    notes = ["original: range over 8 seeds of the published code, full trial and sizes."]
    if not trial.is_published:
        return [*notes, "This run is not that trial: its length or sizes differ, and its statistics too."]
    outside, total = _outside(rows)
    return [*notes, f"{OUTSIDE} outside that range: {outside} of {total} values. A further seed of the published code",
            f"  itself is expected to be so for 2 values in 9, about {round(total*2/9)} of {total}."]


COLORS = {"perception pyramidal": "#b5292e", "perception inter": "#dc8f92",
          "memory pyramidal": "#2b5c8a", "memory inter": "#7fa8cc"}
STIMULUS_COLORS = ("#f2b134", "#5fa777")
# ms
DECODED_EVERY, RATE_SMOOTHED = 25.0, 20.0


def picture(trial: Trial) -> Any:
    """Draw a trial: the spikes of both rings, the direction that the memory ring stands for, and all rates.

    Parameters
    ----------
    trial : Trial
        What `run` returned.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot, so that no display is needed.

    Raises
    ------
    ImportError
        If matplotlib is not there.
    """
    matplotlib = need_matplotlib()
    with matplotlib.rc_context({"font.size": 11}):
        figure = matplotlib.figure.Figure(figsize=(10, 7), layout="constrained")
        panels = figure.subplots(4, sharex=True, height_ratios=[2, 2, 2, 1.5])
        _draw_spikes(panels[0], trial, "perception pyramidal", named=True)
        _draw_spikes(panels[1], trial, "memory pyramidal", named=False)
        _draw_decoded(panels[2], trial, "memory pyramidal")
        _draw_rates(panels[3], trial)
        for panel in panels:
            seconds(panel).label_outer()
            panel.spines[["top", "right"]].set_visible(False)
        panels[-1].set_xlim(0, trial.duration)
        figure.align_ylabels(panels)
    return figure


def _draw_spikes(panel: Any, trial: Trial, name: str, named: bool) -> Any:
    size = trial.sizes[name]
    raster(trial.spikes[name], size=size, ax=panel, markersize=2, color=COLORS[name],
           periods=_shaded(trial.stimuli, named))
    panel.set_yticks(np.arange(5)*size/4, [f"{90*quarter}°" for quarter in range(5)])
    panel.set(ylim=(0, size), ylabel=f"{name.split()[0].capitalize()} ring\nspikes")


def _draw_decoded(panel: Any, trial: Trial, name: str) -> Any:
    ring_activity(trial.spikes[name], directions=directions(trial.sizes[name]), width=DECODED_EVERY,
                  window=(0, trial.duration), ax=panel)
    panel.set_ylabel("Memory ring\nrate, decoded")
    panel.legend(loc="upper right", frameon=False, fontsize="small")


def _draw_rates(panel: Any, trial: Trial) -> Any:
    for name in POPULATIONS:
        population_rate(trial.spikes[name], size=trial.sizes[name], sigma=RATE_SMOOTHED, window=(0, trial.duration),
                        ax=panel, color=COLORS[name], label=name)
    shade(panel, _shaded(trial.stimuli, named=False))
    panel.set_ylabel("Mean rate\n(Hz)")
    panel.legend(loc="lower center", bbox_to_anchor=(0.5, 0.95), ncols=4, frameon=False, fontsize="small",
                 handlelength=1.2)


def _shaded(stimuli: Iterable[Any], named: bool) -> list[Any]:
    return [(stimulus.start, stimulus.stop, _label(stimulus) if named else "", color)
            for stimulus, color in zip(stimuli, STIMULUS_COLORS, strict=True)]


def _label(stimulus: Any) -> str:
    name = stimulus.name[0].upper() + stimulus.name[1:]
    return f"{name}, {np.degrees(stimulus.direction):.0f}°"


def save_picture(trial: Trial, path: str) -> None:
    """Draw a trial and write the picture to `path`, in the format that its suffix names."""
    # matplotlib adds the suffix to a name that has none
    path, suffix = (path, os.path.splitext(path)[1]) if os.path.splitext(path)[1] else (f"{path}.png", ".png")
    figure = picture(trial)
    with _files.replacing(path) as file:
        figure.savefig(file, dpi=150, format=suffix[1:])
