"""What the command says where a variable of the environment keeps the package from being imported.

The package is imported before `cli.main` is called, which therefore can't catch the error.
"""
from __future__ import annotations

import pathlib
import sys

VARIABLES = ("LIFEXT_SIMD", "LIFEXT_BACKEND")
# as `cli.MISUSED`, whose module needs the package
MISUSED = 2


def end_the_command(error: ImportError) -> None:
    """End the process in one line if it is the command and the error is about a variable; else return.

    Parameters
    ----------
    error : ImportError
        Why the package is not imported. In Python it is what the user sees, and with ``--debug``, too.
    """
    if _is_the_command() and str(error).startswith(VARIABLES) and "--debug" not in sys.argv[1:]:
        print(f"lifext: {error} (--debug shows where)", file=sys.stderr)
        sys.exit(MISUSED)


def _is_the_command() -> bool:
    """Whether the process is ``lifext`` or ``python -m lifext``; of the latter Python tells no more than ``-m`` yet."""
    program = sys.argv[0] if sys.argv else ""
    if program == "-m":
        return sys.orig_argv[-len(sys.argv)] in ("lifext", "-mlifext")
    return pathlib.Path(program).stem == "lifext"
