"""What a trial function is called, and whether it is still the one that it was."""
from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import json
import pathlib
import sys
import textwrap
import types
from typing import Any

from .store import digested


def identity(fn: Any) -> dict[str, str]:
    """Tell functions apart by name and code.

    Comments, docstrings and layout do not count, nor does what the function calls; default values, a closure's
    variables and the arguments of a `functools.partial` do, as far as they can be written down.

    Parameters
    ----------
    fn : callable
        A function, method, `functools.partial` or object that can be called.

    Returns
    -------
    dict
        ``name``, that of the module (the script's, for ``__main__``) and the function's own; ``body``, a hash.

    Examples
    --------
    >>> def trial(rng):
    ...     return rng.random()
    >>> identity(trial)["name"].endswith(".trial")
    True
    """
    return {"name": _name(fn), "body": hashlib.sha256(_text(fn).encode("utf-8", "backslashreplace")).hexdigest()}


def _name(fn: Any) -> str:
    while isinstance(fn, functools.partial):
        fn = fn.func
    named = fn if hasattr(fn, "__qualname__") else type(fn)
    module = named.__module__
    if module == "__main__":
        # the same function has this name when the script is imported
        module = pathlib.Path(getattr(sys.modules["__main__"], "__file__", module)).stem
    return f"{module}.{named.__qualname__}"


def _text(fn: Any) -> str:
    """Return a text that is another for another function."""
    if isinstance(fn, functools.partial):
        return f"partial({_text(fn.func)}, {_values(fn.args)}, {_values(fn.keywords)})"
    if inspect.ismethod(fn):
        return f"{_text(fn.__func__)} of {_values(getattr(fn.__self__, '__dict__', None))}"
    if inspect.isfunction(fn):
        cells = [cell.cell_contents for cell in fn.__closure__ or () if _is_filled(cell)]
        return "\n".join([_body(fn), _values(fn.__defaults__), _values(fn.__kwdefaults__), _values(cells)])
    call = type(fn).__call__
    # compiled code has a name only
    return f"{_text(call)} of {_values(vars(fn))}" if inspect.isfunction(call) else _name(fn)


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _values(values: Any) -> str:
    """Return a text of values; of an object that cannot be written down there is its type."""
    if isinstance(values, dict):
        return "{" + ", ".join(f"{key}: {_values(value)}" for key, value in values.items()) + "}"
    if isinstance(values, (list, tuple)):
        return "[" + ", ".join(map(_values, values)) + "]"
    if inspect.isroutine(values) or isinstance(values, functools.partial):
        return _name(values)
    try:
        return json.dumps(digested("identity", "value", values))
    except (TypeError, ValueError):
        return _name(type(values))


def _body(fn: Any) -> str:
    # the statement that a lambda stands in has more than the lambda in it
    if fn.__name__ != "<lambda>":
        try:
            return _without_docstrings(textwrap.dedent(inspect.getsource(fn)))
        except (OSError, TypeError, SyntaxError):
            pass
    return f"Python {sys.version_info[0]}.{sys.version_info[1]} {_code_text(fn.__code__)}"


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                and ast.get_docstring(node) is not None):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _code_text(code: types.CodeType) -> str:
    constants = [_code_text(value) if inspect.iscode(value) else repr(value) for value in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"
