"""Templates of kernels, rendered when the package is built: text with lines of Python in it.

A line that begins with ``%%`` is Python; a block of it ends with ``%% end``. In all other lines ``{{...}}`` is the
value of an expression. Where an expression stands alone in a line and is a list, each of its elements is a line.
Needs nothing but the standard library, so that `setup.py` can use it before there is a package.
"""
from __future__ import annotations

import pathlib
import re
import traceback
from typing import Any

MARK = "%%"
EXPRESSION = re.compile(r"\{\{(.+?)\}\}")
GO_ON = ("else:", "elif ")


class RenderingError(Exception):
    """A template that cannot be rendered; the text names its file and line."""


def render(path: pathlib.Path, names: dict[str, Any]) -> str:
    """Return what a template comes to.

    Parameters
    ----------
    path : pathlib.Path
        The template.
    names : dict
        What its Python sees.

    Returns
    -------
    str

    Raises
    ------
    RenderingError
        If its Python is wrong, or fails.
    """
    lines: list[str] = []
    seen = {**names, "write_line": lines.append, "write_filled": lambda *parts: lines.extend(_filled(*parts))}
    try:
        exec(compile(_python(path.read_text(encoding="utf-8")), str(path), "exec"), seen)
    except Exception as error:
        raise RenderingError(f"{path}:{_line_of(error, path)}: {type(error).__name__}: {error}") from error
    return "\n".join(lines) + "\n"


def _python(text: str) -> str:
    """Return a program that writes the text, line for line of the template."""
    program, depth = [], 0
    for line in text.splitlines():
        statement = line.strip().removeprefix(MARK).strip() if line.lstrip().startswith(MARK) else None
        if statement == "end":
            depth -= 1
            program.append("")
        elif statement is not None:
            program.append(" " * (depth - statement.startswith(GO_ON)) + statement)
            depth += statement.endswith(":") and not statement.startswith(GO_ON)
        elif EXPRESSION.search(line):
            program.append(" " * depth + f"write_filled({', '.join(_parts(line))})")
        else:
            program.append(" " * depth + f"write_line({line!r})")
    if depth != 0:
        program.append(f"raise SyntaxError('{abs(depth)} blocks too {'many' if depth < 0 else 'few'} are ended')")
    return "\n".join(program)


def _parts(line: str) -> list[str]:
    """Return the pieces of a line as Python: texts and expressions in turn."""
    pieces = EXPRESSION.split(line)
    return [f"({piece})" if k % 2 else repr(piece) for k, piece in enumerate(pieces)]


def _filled(*parts: Any) -> list[str]:
    if len(parts) == 3 and isinstance(parts[1], (list, tuple)):
        return [f"{parts[0]}{part}{parts[2]}" for part in parts[1]]
    return ["".join(map(str, parts))]


def _line_of(error: Exception, path: pathlib.Path) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    places = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return places[-1] if places else None
