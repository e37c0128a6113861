"""What the classes of the published code and the kinds of weights are to the core."""
from __future__ import annotations

from . import _validate
from ._core.fast import lowered
from ._core.fast.population import too_much_arrives
from ._core.shared.buffers import Cell, Gating, GatingKind, PoissonInput
from ._core.shared.rows import Rows
from .receptors._drives import DRIVES
from .receptors._gating import Gating as Description
from .receptors.exponential import Exponential
from .receptors.saturating import Saturating
from .weights import Weights
from .weights._reading import extremes, for_kernels

CONDUCTANCE, BLOCKED = list(DRIVES).index("conductance"), list(DRIVES).index("blocked")
NAMES = "AMPA", "NMDA", "GABA"


def _trains(cell: Cell) -> list[tuple[str, PoissonInput]]:
    return [(name, record) for name, record in (("noise", cell.noise), ("afferents", cell.afferents))
            if record is not None]


def why_not_fast(cell: Cell, dt: float) -> str | None:
    """Return what a population has that the fast arithmetic has not, or None."""
    if cell.recorders:
        return "a current or gating variable is recorded at each step"
    for name, gating in zip(NAMES, (cell.ampa.gating, cell.nmda.gating, cell.gaba.gating)):
        if gating.kind == GatingKind.LINEAR:
            return f"{name}.kinetic saturates at each spike (firstOrdKin)"
        if not gating.one_tau or not gating.one_tau_x:
            return f"{name}.kinetic has a time constant for each neuron"
    for name, source in _trains(cell):
        if not source.one_tau:
            return f"{name} has a time constant for each neuron"
        most = too_much_arrives(source, dt)
        if most is not None:
            return f"{name} has a rate above {most:.3g} kHz"
    return None


def gatings_of(cell: Cell) -> dict[str, Description]:
    """Return descriptions of the gating of each of a published population's receptors, by name."""
    found: dict[str, Description] = {name: Exponential(record.tau[0]) for name, record in _trains(cell)}
    for name, record in zip(NAMES, (cell.ampa, cell.nmda, cell.gaba)):
        found[name.lower()] = _described(record.gating)
    return found


def _described(gating: Gating) -> Description:
    if gating.kind == GatingKind.SECOND_ORDER:
        return Saturating(gating.tau_s[0], gating.tau_x[0])
    return Exponential(gating.tau_s[0])


def receptors_of(cell: Cell) -> list[lowered.ReceptorArrays]:
    """Return the receptors of a published population, in the order in which their currents are summed."""
    gatings = gatings_of(cell)
    found = [lowered.of_poisson(name, gatings[name], CONDUCTANCE, record) for name, record in _trains(cell)]
    for name, record in (("ampa", cell.ampa), ("nmda", cell.nmda), ("gaba", cell.gaba)):
        found.append(lowered.of_receptor(name, gatings[name], BLOCKED if record.blocked else CONDUCTANCE, cell, record,
                                         cell.inhibited or name != "gaba"))
    return found


def lower_weights(weights: Weights) -> Rows:
    """Return weights as the loops have them: checked, whatever became of them since they were made."""
    weights = for_kernels(weights)
    shape = _validate.known_shape(weights, weights.shape)
    return Rows(n_source=shape[0], n_target=shape[1], largest=max(map(abs, extremes(weights))), **weights._parts())
