"""What a network is, in words."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .sources import SpikeSource

if TYPE_CHECKING:
    from ._network.assembly import Assembly


def text(network: Assembly) -> str:
    """Return a network's populations, projections and records, a line each."""
    arithmetic = "compat" if network.compat else f"fast, {network.dtype.name}, seed {network.seed}"
    lines = [f"dt {network.dt} ms, at {network.time} ms, {arithmetic}"]
    for title, rows in (("populations", _populations(network)), ("projections", _projections(network)),
                        ("records", _records(network))):
        lines += ["", title, *(rows or ["  none"])]
    return "\n".join(lines)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text with their columns below each other."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _populations(network: Assembly) -> list[str]:
    rows = []
    for index, (name, population) in enumerate(zip(network._names, network._populations)):
        if isinstance(population, SpikeSource):
            rows.append((name, "SpikeSource", f"{population.size} cells", f"{len(population)} spikes"))
        else:
            rows.append((name, type(population).__name__, f"{population.size} neurons", _stepped(network, index)))
    return _columns(rows)


def _stepped(network: Assembly, index: int) -> str:
    reason = network._why_slower(index)
    if reason is not None:
        return reason
    if network.compat:
        return "compat kernels"
    population = network._fast_population(index)
    population.prepare()
    variant = population.variant()
    return "a loop for each receptor" if variant == "generic" else f'one loop, "{variant}"'


def _projections(network: Assembly) -> list[str]:
    return _columns([
        (f"{network._names[made.source]} -> {network._names[made.target]}", repr(made.kind), repr(made.weights),
         f"delay {made.delay * network.dt:g} ms",
         "" if made.synapses is None else repr(made.synapses.description)) for made in network._projections])


def _records(network: Assembly) -> list[str]:
    rows = [(f"spikes of {name}", "in memory" if record.file is None else f"to {record.file}", f"{len(record)} spikes")
            for name, record in network.records.items()]
    rows += [(f"state of {record.name}", ", ".join(record.variables), f"{len(record)} samples")
             for record in network._state_records]
    return _columns(rows)
