"""What the templates of the compiled step are filled with: the equations of receptors, cells and synapses.

Read when the package is built, before it can be imported: from the files that state the equations, by their syntax.
"""
from __future__ import annotations

import ast
import dataclasses
import pathlib
import re
from collections.abc import Iterable
from typing import Any

PACKAGE = pathlib.Path(__file__).resolve().parent.parent


def constants_of(path: pathlib.Path) -> dict[str, Any]:
    """Return what a file assigns to names in capitals: literals, and sums of such names."""
    found: dict[str, Any] = {}
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign):
            name = ast.unparse(statement.targets[0])
            found |= {name: _value(statement.value, found)} if name.isupper() else {}
    return found


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _value(node.left, known) + _value(node.right, known)
    if isinstance(node, ast.Dict):
        return {_value(key, known): _value(value, known) for key, value in zip(node.keys, node.values) if key}
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def renamed(line: str, names: Iterable[str], suffix: str) -> str:
    """Return a line with a suffix after each of some names."""
    names = list(names)
    return re.sub(rf"\b({'|'.join(names)})\b", rf"\g<1>{suffix}", line) if names else line


@dataclasses.dataclass(frozen=True)
class Described:
    """What a file says of a model, and the number by which the compiled step knows it."""

    name: str
    number: int
    core: dict[str, Any]

    def __getattr__(self, part: str) -> Any:
        return self.core.get(part, [])


class Gating(Described):
    """Equations of a kind of gating."""

    @property
    def names(self) -> list[str]:
        """Names of all that its equations are about."""
        return [*self.state, *self.parameters, *self.constants, *self.sums]


class Drive(Described):
    """The current that open receptors let through."""


@dataclasses.dataclass(frozen=True)
class Receptor:
    """A gating and a drive, in their place in a population's list."""

    place: int
    gating: Gating
    drive: Drive
    poisson: bool

    @property
    def code(self) -> int:
        """The number of this kind of receptors (`code_of` in `kernels.pxi`)."""
        return (self.gating.number * 8 + self.drive.number) * 2 + self.poisson

    def own(self, line: str) -> str:
        """Return an equation with this receptor's names."""
        names = [*self.gating.names, *self.drive.parameters, "force"]
        return renamed(line, names, f"_{self.place}")

    def lines(self, equations: Iterable[str]) -> list[str]:
        """Return equations with this receptor's names."""
        return [self.own(line) for line in equations]

    @property
    def current(self) -> str | None:
        """The current, or None if it is closed."""
        if not self.drive.current:
            return None
        return self.own(renamed_state(self.drive.current, self.gating.state[0]))

    @property
    def states(self) -> list[str]:
        """Names of its state variables."""
        return self.lines(self.gating.state)

    @property
    def sums(self) -> list[str]:
        """Names of what the spikes of a step add up to, if projections reach it."""
        return [] if self.poisson else self.lines(self.gating.sums)

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """Names of what is one number for all neurons, and where the compiled step has it."""
        r = f"c.active[{self.place}]"
        found = [(self.own(name), f"{r}.parameter[{k}][0]") for k, name in enumerate(self.gating.parameters)]
        found += [(self.own(name), f"{r}.constant[{k}]") for k, name in enumerate(self.gating.constants)]
        return found + [(self.own(name), f"{r}.{name}[0]") for name in self.drive.parameters]


def renamed_state(line: str, state: str) -> str:
    """Return a drive's line, in which `s` is the open part, with its name in the gating."""
    return re.sub(r"\bs\b", state, line)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A list of receptors for which the step is one loop, or two around the loops that find the blocked forces."""

    name: str
    receptors: list[Receptor]

    @property
    def reached(self) -> list[Receptor]:
        """Those that projections reach."""
        return [receptor for receptor in self.receptors if not receptor.poisson]

    @property
    def blocked(self) -> list[Receptor]:
        """Those whose current has a part that is found in a loop of its own."""
        return [receptor for receptor in self.receptors if receptor.drive.force]

    @property
    def total(self) -> str:
        """The sum of the currents, in the order of the list."""
        return " + ".join(receptor.current for receptor in self.receptors if receptor.current) or "<real> 0.0"

    @property
    def codes(self) -> list[int]:
        """Numbers of its kinds of receptors."""
        return [receptor.code for receptor in self.receptors]

    @property
    def poisson(self) -> list[Receptor]:
        """Those that trains of their own open."""
        return [receptor for receptor in self.receptors if receptor.poisson]

    @property
    def poisson_states(self) -> list[str]:
        """Names of the open parts of those."""
        return [receptor.states[0] for receptor in self.poisson if receptor.current]

    def parts(self, cell: dict[str, Any]) -> list[Part]:
        """Return the loops that it has."""
        whole = ["begin", "end"] if self.blocked else ["step"]
        found = [Part(self, cell, what, takes, ext) for what in whole for takes in (True, False)
                 for ext in (True, False) if not takes or self.reached and what != "end"]
        return found + ([Part(self, cell, "take", True, False)] if self.reached else [])

    def condition(self, takes: bool, ext: bool) -> str:
        """Return when a part is the one."""
        taking = f"c.has_input == {takes} and " if self.reached else ""
        return f"{taking}(c.i_ext != NULL) == {ext}"


@dataclasses.dataclass(frozen=True)
class Part:
    """A loop over neurons: which of taking in spikes, beginning and ending a step is in it."""

    variant: Variant
    cell: dict[str, Any]
    what: str          # take, begin, end or step
    takes: bool
    ext: bool          # whether there is an injected current

    @property
    def name(self) -> str:
        """Name of its function."""
        words = [self.variant.name, self.what] + ["taking"]*(self.takes and self.what != "take") + ["ext"]*self.ext
        return "_".join(words)

    @property
    def begins(self) -> bool:
        """Whether it begins a step."""
        return self.what in ("begin", "step")

    @property
    def ends(self) -> bool:
        """Whether it ends a step."""
        return self.what in ("end", "step")

    @property
    def arrays(self) -> list[tuple[str, str, str]]:
        """Arrays that it is given: type, name, and where they are."""
        found = []
        if self.takes or self.ends:
            for receptor in self.variant.receptors:
                found += self._of(receptor)
        if self.begins:
            found.append(("Doubles", "end_refractory", "c.end_refractory + lo"))
        if self.what != "take":
            found.append(("Target", "start", "start"))
            found.append(("Target", "v_stage_of", "v_stage"))
        else:
            found.append(("Target", "v_stage_of", "c.v_stage + lo"))
        if self.what == "begin" or self.what == "end":
            found.append(("Target", "slope_of", "slope"))
        if self.ext:
            found.append(("Source", "i_ext_of", "c.i_ext + lo"))
        return [*found, ("Target", "v_of", "c.v + lo"), ("Target", "i_synaptic_of", "c.i_synaptic + lo")]

    def _of(self, receptor: Receptor) -> list[tuple[str, str, str]]:
        r = f"c.active[{receptor.place}]"
        kind = "Source" if receptor.poisson else "Target"
        found = [(kind, f"{name}_of", f"{r}.state[{k}] + lo") for k, name in enumerate(receptor.states)]
        if receptor.poisson and self.takes and self.ends:
            place = self.variant.poisson.index(receptor)
            found.append(("Source", f"{receptor.states[0]}_before", f"space + {place}*BLOCK"))
        if self.takes:
            found += [("Target", f"{name}_of", f"{r}.sums[{k}] + lo") for k, name in enumerate(receptor.sums)]
        if receptor.drive.force:
            found.append(("Source", f"{receptor.own('force')}_of", f"{r}.force + lo"))
        return found

    @property
    def declarations(self) -> list[str]:
        """Its arguments."""
        return [f"{kind} {name}" for kind, name, _ in self.arrays]

    @property
    def call(self) -> str:
        """A call of it."""
        before = "before" if self.begins else "0.0"
        return f"{self.name}(c, {', '.join(where for *_, where in self.arrays)}, {before}, n)"

    @property
    def equations(self) -> list[str]:
        """All equations in it."""
        found: list[str] = []
        for receptor in self.variant.reached:
            found += receptor.lines(receptor.gating.take) if self.takes else []
            found += receptor.lines(receptor.gating.relax) if self.ends else []
        found += [self.variant.total] if self.takes or self.ends else []
        found += self.cell["correct"] if self.takes else []
        found += [self.cell["held"], *self.cell["begin"]] if self.begins else []
        found += [*self.cell["move"], self.cell["crossed"]] if self.ends else []
        return found

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """What is one number for all neurons, and where it is."""
        found = [(name, f"c.{name}[0]") for name in self.cell["parameters"]] + [("dt", "c.dt")]
        found += [] if self.ext else [("i_ext", "0.0")]
        for receptor in self.variant.receptors:
            found += receptor.numbers
        return [(name, value) for name, value in found if self._has(name)]

    @property
    def variables(self) -> list[str]:
        """What is computed for each neuron."""
        found = ["v", "v_start", "v_stage", "slope", "i_synaptic", "i_known"] + (["i_ext"] if self.ext else [])
        for receptor in self.variant.receptors:
            found += receptor.states + receptor.sums + ([receptor.own("force")] if receptor.drive.force else [])
        return [name for name in found if self._has(name) or name in ("v", "i_synaptic")]

    def _has(self, name: str) -> bool:
        return any(re.search(rf"\b{name}\b", line) for line in self.equations) or name == "v_start" and self.begins


def read() -> dict[str, Any]:
    """Return what the templates see: gatings, drives, the cell and the variants."""
    gatings = {name: Gating(name, number, constants_of(PACKAGE / f"receptors/{name}.py")["CORE"])
               for number, name in enumerate(constants_of(PACKAGE / "receptors/__init__.py")["GATINGS"])}
    drives = {name: Drive(name, number, core) for number, (name, core)
              in enumerate(constants_of(PACKAGE / "receptors/_drives.py")["DRIVES"].items())}
    variants = [Variant(name, [_receptor(place, kinds, gatings, drives) for place, kinds in enumerate(receptors)])
                for name, receptors in constants_of(PACKAGE / "_core/fast/variants.py")["VARIANTS"].items()]
    return {"gatings": list(gatings.values()), "drives": list(drives.values()), "variants": variants,
            "cell": constants_of(PACKAGE / "cells/lif.py")["CORE"], "Part": Part,
            "synapses": {name: constants_of(PACKAGE / f"synapses/{name}.py")["CORE"]
                         for name in constants_of(PACKAGE / "synapses/__init__.py")["SYNAPSES"]}}


def _receptor(place: int, kinds: str, gatings: dict[str, Gating], drives: dict[str, Drive]) -> Receptor:
    gating, drive = kinds.split()
    return Receptor(place, gatings["exponential" if gating == "poisson" else gating], drives[drive],
                    gating == "poisson")
