"""What is said where the package cannot be imported: a variable of the environment, or nothing is built.

The package is imported before `cli.main` is called, which therefore can't catch the error. Only Python's own modules
are used here.
"""
from __future__ import annotations

import importlib.machinery
import pathlib
import sys

VARIABLES = ("LIFEXT_SIMD", "LIFEXT_BACKEND")
IN_SOURCE, BROKEN = "you are importing lifext from its source folder", "the installation of lifext in"
# as in `cli`, whose module needs the package
FAILED, MISUSED = 1, 2


def explained(error: ImportError) -> ImportError:
    """Return an error that says why the compiled modules are not there, if that is why they are not imported.

    Parameters
    ----------
    error : ImportError
        Why the package is not imported.

    Returns
    -------
    ImportError
        The same one where it is about something else.
    """
    core = pathlib.Path(__file__).resolve().parent / "_core"
    missing = _not_built(core)
    # NumPy, for one, may be what is not there
    if not missing or not (error.name or "").startswith(f"{__package__}._core"):
        return error
    first = missing[0]
    others = sorted(file.name for file in first.parent.glob(f"{first.name}.*") if file.suffix in (".so", ".pyd"))
    lacks = f"its compiled modules for this Python, such as {first.name}" + (
        f" (there is {others[0]}, of another)" if others else "")
    root = core.parent.parent
    if (root / "setup.py").is_file() and (root / "pyproject.toml").is_file():
        reason = (f"{IN_SOURCE} {root}, which lacks {lacks}; leave that folder to "
                  "import an installed lifext, or build it there with: pip install -e .")
    else:
        reason = f"{BROKEN} {core.parent} lacks {lacks}; install it again"
    return ImportError(reason, name=error.name, path=error.path)


def _not_built(core: pathlib.Path) -> list[pathlib.Path]:
    """Return compiled modules that are not there, of those that each machine has; without their suffix."""
    names = sorted(source.with_suffix("") for source in core.rglob("[!_]*.pyx"))
    return [name for name in names
            if not any(name.with_name(name.name + suffix).is_file()
                       for suffix in importlib.machinery.EXTENSION_SUFFIXES)]


def end_the_command(error: ImportError) -> None:
    """End the process in one line if it is the command and the error says what to do; else return.

    Parameters
    ----------
    error : ImportError
        Why the package is not imported. In Python it is what the user sees, and with ``--debug``, too.
    """
    misused = str(error).startswith(VARIABLES)
    explained = misused or str(error).startswith((IN_SOURCE, BROKEN))
    if explained and _is_the_command() and "--debug" not in sys.argv[1:]:
        print(f"lifext: {error} (--debug shows where)", file=sys.stderr)
        sys.exit(MISUSED if misused else FAILED)


def _is_the_command() -> bool:
    """Whether the process is ``lifext`` or ``python -m lifext``; of the latter Python tells no more than ``-m`` yet."""
    program = sys.argv[0] if sys.argv else ""
    if program == "-m":
        return sys.orig_argv[-len(sys.argv)] in ("lifext", "-mlifext")
    return pathlib.Path(program).stem == "lifext"
