"""Unmodified scripts of the published code, on this package.

While installed, an import of a published module (Calvin and Redish 2021, ModelDB 267046),
whatever package it is in, gives the module of the same name of this package::

    import lifext
    with lifext.install():
        import agent        # agent.LIF_Pop is lifext.LIF_Pop

`run_script`, the command ``lifext run``, does so for a whole script. A module is replaced only
if its source, and that of the modules it uses, is the published one to the last character; line ends
do not matter.
"""
from __future__ import annotations

import dataclasses
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import os
import pathlib
import sys
import sysconfig
import threading
import types
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from . import LIF_Pop, _places, _validate
from ._network.assembly import why_python
from ._types import Path
from .LIF_Pop import baseLIFPop

__all__ = ["Installation", "Published", "install", "is_installed", "run_script", "uninstall"]

SUCCESS, FAILED, INTERRUPTED = 0, 1, 130
MOST_SEED = 2**32 - 1


@dataclasses.dataclass(frozen=True)
class Published:
    """A published module.

    Parameters
    ----------
    stand_in : str
        Name of the module that takes its place.
    sources : dict of str to str
        SHA-256 of its files and of those beside it that it uses, with CRLF turned into LF, by name.
    uses : tuple of str
        Modules elsewhere that it uses, by full name.
    """

    stand_in: str
    sources: dict[str, str]
    uses: tuple[str, ...] = ()


KINETICS = {"kinetics.py": "94323aaaf85da304f30f15a18ebca346985b14f1a83741b2343f8ac06eb9a661"}
CURRENTS = {"currents.py": "2d1c978e18b458ce877b9c37f51ea767934936871517faf4451eaf4fa465331e", **KINETICS}
POPULATIONS = {"LIF_Pop.py": "779a861f61c030e174725ba149c2aa1ce93e57b4bd972b5b9babeda172186e7e", **CURRENTS}
# by the last part of their names: packages may be called otherwise
PUBLISHED = {
    "LIF_Pop": Published("lifext.LIF_Pop", POPULATIONS, uses=("utils.ivprobs",)),
    "currents": Published("lifext.currents", CURRENTS),
    "kinetics": Published("lifext.kinetics", KINETICS),
    "ivprobs": Published("lifext.ivprobs", {
        "rungeKutta.py": "7c8632680fbb6f359f729791e325daeabb5fce2c2d87c885912c637444ddcd09",
        "__init__.py": "0daa872407d354813646946638be45858c3c57bdfbb06f712c8cc8d93ade6beb"}),
    "spikeDC": Published("lifext.spikeDC", {
        "spikeDC.py": "38f8fe9362580a7bf318133f0d267012617782b3053668190fd3e678008a8bf1"}),
}

_current: Installation | None = None


def install(force: bool = False, *, published: Mapping[str, Published] | None = None) -> Installation:
    """Have imports of published modules give this package's from now on.

    Modules that were imported before stay what they are. Once installed, a further call
    changes nothing.

    Parameters
    ----------
    force : bool, optional
        Whether to replace modules of these names in any package even if their source is another. Those in
        Python's own folders for installed packages never are.
    published : dict of str to Published, optional
        Which modules to replace, by the last part of their names; left out, those of ModelDB 267046.

    Returns
    -------
    Installation
        A context manager that uninstalls at its end, if this call installed.

    Examples
    --------
    >>> with install() as installation:
    ...     is_installed(), installation.replaced
    (True, {})
    >>> is_installed()
    False
    """
    global _current
    if _current is not None:
        return Installation(_current.finder)
    _current = Installation(Finder(PUBLISHED if published is None else published, force))
    _current._begin()
    return _current


def uninstall() -> None:
    """End what `install` began; without it, do nothing.

    Packages in which modules were replaced are forgotten where they were imported since `install`, so that
    the next import of them gives the published modules. Who holds the replacements keeps them.
    This package's modules get back what they held before, if a script has set names in them.
    """
    global _current
    if _current is not None:
        _current._end()
        _current = None


def is_installed() -> bool:
    """Return whether imports of published modules give this package's."""
    return _current is not None


class Installation:
    """What `install` returns: what was replaced, and how it went. A context manager.

    Made by `install`.

    Attributes
    ----------
    replaced : dict of str to str
        File of the published module, by the name under which it was imported.
    left : dict of str to str
        Why a module of such a name was not replaced, or that it was by force.
    """

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.replaced, self.left = finder.replaced, finder.left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self is _current:
            uninstall()

    def _begin(self) -> None:
        self._modules = dict(sys.modules)
        stand_ins = {importlib.import_module(known.stand_in) for known in self.finder.published.values()} | {LIF_Pop}
        self._namespaces = [(module, dict(vars(module))) for module in stand_ins]
        LIF_Pop._census = self.finder.census
        _places.be_lenient(True)
        sys.meta_path.insert(0, self.finder)
        for name in self._modules:
            self.finder.say_if_late(name)

    def _end(self) -> None:
        _places.be_lenient(False)
        sys.meta_path.remove(self.finder)
        packages = {name.partition(".")[0] for name in self.replaced}
        forgotten = {name: module for name, module in sys.modules.items() if name in self.finder.aliases or (
            name.partition(".")[0] in packages and self._modules.get(name) is not module)}
        for name in forgotten:
            del sys.modules[name]
        for name, module in forgotten.items():
            self._forget_in_parent(name, module)
        for module, namespace in self._namespaces:
            for name in set(vars(module)) - set(namespace):
                delattr(module, name)
            vars(module).update(namespace)

    @staticmethod
    def _forget_in_parent(name: str, module: types.ModuleType) -> None:
        # a package that was imported before; one that is forgotten itself keeps what it has, for those who hold it
        package, _, child = name.rpartition(".")
        parent = sys.modules.get(package)
        if parent is not None and getattr(parent, child, None) is module:
            delattr(parent, child)

    def report(self) -> str:
        """Return, in lines, what was replaced, what was not, and which populations left the compiled path and why."""
        lines = [f"replaced {name} ({file})" for name, file in self.replaced.items()] or ["replaced nothing"]
        lines += [*self.left.values(), *self.finder.census.lines()]
        return "\n".join(f"lifext: {line}" for line in lines)


class Census:
    """Which populations were made, and which are stepped through Python."""

    def __init__(self) -> None:
        self._count = 0
        self._alive: weakref.WeakValueDictionary[int, baseLIFPop] = weakref.WeakValueDictionary()
        self._reasons: dict[str, None] = {}

    def made(self, population: baseLIFPop) -> None:
        """Count a population, without keeping it alive."""
        self._count += 1
        self._alive[id(population)] = population

    def left(self, population: baseLIFPop, reason: str) -> None:
        """Note why a population leaves the compiled path."""
        self._reasons[f"{type(population).__name__} of {population.size}: {reason}"] = None

    def lines(self) -> list[str]:
        """Return what is known, in lines."""
        for population in list(self._alive.values()):
            reason = why_python(population)
            if reason is not None:
                self.left(population, reason)
        count = f"populations of lifext made: {self._count}"
        if self._reasons:
            return [f"{count}; not stepped in compiled code:", *(f"  {line}" for line in self._reasons)]
        return [f"{count}, all stepped in compiled code" if self._count else count]


class Finder(importlib.abc.MetaPathFinder):
    """Finds this package's modules where the published ones would be found.

    Parameters
    ----------
    published : dict of str to Published
        By the last part of their names.
    force : bool
        Whether a module of such a name is replaced even if its source is another.
    """

    def __init__(self, published: Mapping[str, Published], force: bool = False) -> None:
        self.published, self.force = published, force
        self.replaced: dict[str, str | None] = {}
        self.left: dict[str, str] = {}
        self.aliases: set[str] = set()
        self.census = Census()

    def find_spec(self, fullname: str, path: Sequence[str] | None = None,
                  target: types.ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        """Return a spec of a stand-in, or None to have the next finder asked."""
        known = self._known(fullname)
        found = None if known is None else self._found(fullname, path, target)
        if known is None or found is None:
            return None
        differs = self._difference(known, found)
        if differs is not None and not self._may_replace(fullname, found, differs):
            return None
        return importlib.machinery.ModuleSpec(fullname, _Loader(self, known, found.origin), origin=found.origin)

    def _known(self, fullname: str) -> Published | None:
        package, _, name = fullname.rpartition(".")
        return None if package.partition(".")[0] == __package__ else self.published.get(name)

    def _found(self, fullname: str, path: Sequence[str] | None,
               target: types.ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    return spec
        return None

    def _difference(self, known: Published, found: importlib.machinery.ModuleSpec) -> str | None:
        """Return what is not as published in a module or one that it uses, or None."""
        for name, expected in known.sources.items():
            file = os.path.join(os.path.dirname(found.origin or ""), name)
            digest = _digest(found.loader, file)
            if digest != expected:
                what = "cannot be read" if digest is None else f"has SHA-256 {digest}"
                return f"{file} {what}, the published one has {expected}"
        for name in known.uses:
            used = self._found_by_name(name)
            difference = None if used is None else self._difference(self.published[name.rpartition(".")[2]], used)
            if difference is not None:
                return difference
        return None

    def _found_by_name(self, name: str) -> importlib.machinery.ModuleSpec | None:
        spec, path = None, None
        for end in [k for k, letter in enumerate(name) if letter == "."] + [len(name)]:
            spec = self._found(name[:end], path)
            if spec is None or (end < len(name) and spec.submodule_search_locations is None):
                return None
            path = spec.submodule_search_locations
        return spec

    def _may_replace(self, fullname: str, found: importlib.machinery.ModuleSpec, difference: str) -> bool:
        # other packages have modules of these names
        if "." not in fullname or _is_installed_package(found.origin):
            return False
        if fullname not in self.left:
            what = "replaced all the same" if self.force else "left as it is"
            self._say(fullname, f"{fullname} is {what}: {difference}")
        return self.force

    def _say(self, fullname: str, line: str) -> None:
        self.left[fullname] = line
        print(f"lifext: {line}", file=sys.stderr)

    def say_if_late(self, fullname: str) -> None:
        """Say so if a published module was imported before."""
        known, spec = self._known(fullname), getattr(sys.modules[fullname], "__spec__", None)
        if known is not None and spec is not None and self._difference(known, spec) is None:
            self._say(fullname, f"{fullname} was imported before and stays as it is: {spec.origin}")

    def replace(self, fullname: str, known: Published, file: str | None) -> None:
        """Put the stand-in in the place of a module."""
        stand_in = importlib.import_module(known.stand_in)
        # the module itself, not a copy of what is in it: what a script sets there counts for all who use it
        sys.modules[fullname] = stand_in
        self.aliases.add(fullname)
        self.replaced[fullname] = file
        for part in known.sources if os.path.basename(file or "") == "__init__.py" else ():
            part = os.path.splitext(part)[0]
            if part != "__init__":
                sys.modules[f"{fullname}.{part}"] = stand_in
                self.aliases.add(f"{fullname}.{part}")
                setattr(stand_in, part, stand_in)


class _Loader(importlib.abc.Loader):
    """Loads the stand-in."""

    def __init__(self, finder: Finder, known: Published, file: str | None) -> None:
        self._finder, self._known, self._file = finder, known, file

    def exec_module(self, module: types.ModuleType) -> None:
        """Replace a module that is being imported; Python takes what is in `sys.modules` afterwards."""
        self._finder.replace(module.__name__, self._known, self._file)


def _digest(loader: Any, file: str) -> str | None:
    try:
        content = loader.get_data(file)
    except (OSError, AttributeError):
        return None
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def _is_installed_package(file: str | None) -> bool:
    if file is None:
        return False
    path = pathlib.Path(os.path.abspath(file))
    in_python = path.is_relative_to(sysconfig.get_path("stdlib"))
    return in_python or not {"site-packages", "dist-packages"}.isdisjoint(path.parts)


def run_script(script: Path, arguments: Sequence[str] = (), *, seed: int | None = None, force: bool = False,
               report: bool = False) -> int:
    """Run a script of the published code on this package, as ``python SCRIPT ARGUMENTS...`` runs it.

    Its folder is first on `sys.path`, it is ``__main__``, and `sys.argv` holds its name and arguments. An
    exception that it does not catch is shown as Python shows it.

    Parameters
    ----------
    script : str or path
        A Python file.
    arguments : sequence of str, optional
        What follows it on the command line.
    seed : int, optional
        For ``np.random.seed``, before the script starts.
    force, report : bool, optional
        As in `install`; whether to print `Installation.report` to stderr when the script has ended.

    Returns
    -------
    int
        What Python's exit status would be: 0, that of `SystemExit`, or 1 after an exception.
    """
    script = _validate.file_name("run_script", "script", script)
    if seed is not None:
        seed = _validate.whole("run_script", "seed", seed, at_least=0)
        np.random.seed(_validate.at_most("run_script", "seed", seed, MOST_SEED))
    main = types.ModuleType("__main__")
    with install(force) as installation:
        status = _run(main, script, list(arguments))
        if report:
            print(installation.report(), file=sys.stderr)
    return status


def _run(main: types.ModuleType, script: str, arguments: Sequence[str]) -> int:
    argv, path, module, threads = sys.argv, list(sys.path), sys.modules["__main__"], set(threading.enumerate())
    try:
        _set_the_stage(main, script, arguments)
        return _execute(main)
    finally:
        # Python waits for them too
        for thread in set(threading.enumerate()) - threads:
            if not thread.daemon:
                thread.join()
        sys.argv, sys.path[:], sys.modules["__main__"] = argv, path, module


def _set_the_stage(main: types.ModuleType, script: str, arguments: Sequence[str]) -> None:
    # runpy.run_path would give sys.argv[0] and __file__ one value; Python gives the name as it is and its absolute path
    main.__file__ = os.path.abspath(script) if os.name == "nt" else os.path.join(os.getcwd(), script.removeprefix("./"))
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", main.__file__)
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    sys.argv = [script, *arguments]
    # the first entry is the folder of the command that is running, which is no longer that
    sys.path[:0 if sys.flags.safe_path else 1] = [os.path.dirname(os.path.realpath(script))]


def _execute(main: types.ModuleType) -> int:
    loader: Any = main.__loader__
    try:
        exec(loader.source_to_code(loader.get_data(main.__file__), main.__file__), vars(main))
    except SystemExit as finished:
        return _status(finished.code)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != main.__file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
    return SUCCESS


def _status(code: Any) -> int:
    if code is None:
        return SUCCESS
    if isinstance(code, int):
        return code
    print(code, file=sys.stderr)
    return FAILED
