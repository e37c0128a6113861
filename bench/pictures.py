"""How long `lifext.plot` takes for many spikes: drawing, and writing a file.

``python bench/pictures.py`` draws 10^6 spikes of 10,000 neurons over 10 s, each picture five times;
the median is told. matplotlib is needed.
"""
import argparse
import pathlib
import statistics
import tempfile
import time

import numpy as np
from matplotlib.figure import Figure

from lifext import plot

SIZE, DURATION, TURNS = 10_000, 10_000.0, 5


def spikes(count):
    """Return neurons and times of `count` spikes, half of them in a bump at 90 degrees."""
    draws = np.random.default_rng(1)
    ids = np.where(draws.random(count) < 0.5, draws.integers(0, SIZE, count),
                   draws.normal(SIZE/4, SIZE/40, count).astype(int) % SIZE)
    return ids, np.sort(draws.uniform(0, DURATION, count))


def pictures():
    """Return functions of ids, times and ax by name."""
    directions = 2*np.pi*np.arange(SIZE)/SIZE
    return {"raster": lambda *given, ax: plot.raster(*given, size=SIZE, ax=ax),
            "population_rate": lambda *given, ax: plot.population_rate(*given, size=SIZE, ax=ax),
            "population_rate, sigma": lambda *given, ax: plot.population_rate(*given, size=SIZE, sigma=5.0, ax=ax),
            "ring_activity": lambda *given, ax: plot.ring_activity(*given, directions=directions, ax=ax)}


def seconds(draw, given, path):
    """Return what drawing and writing took, s."""
    started = time.perf_counter()
    ax = Figure(figsize=(8, 4), dpi=150, layout="constrained").subplots()
    draw(*given, ax=ax)
    ax.figure.savefig(path)
    return time.perf_counter() - started


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spikes", type=int, default=10**6)
    given = spikes(parser.parse_args().spikes)
    with tempfile.TemporaryDirectory() as folder:
        for name, draw in pictures().items():
            for suffix in ("png", "pdf"):
                path = pathlib.Path(folder, f"picture.{suffix}")
                took = statistics.median(seconds(draw, given, path) for _ in range(TURNS))
                print(f"{name:<24}{suffix:<5}{took:6.2f} s {path.stat().st_size/1e3:8.0f} kB")


if __name__ == "__main__":
    main()
