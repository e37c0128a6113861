"""What a scipy sparse matrix of any format holds, as compressed sparse rows.

Whoever has such a matrix can put other arrays into it, and change those that are there while they
are read. scipy's own conversions go by the indices they find, wherever those lead. So the arrays are copied
here, then checked, and converted without scipy; weights are float64 before any are added up.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _validate
from ._types import Floats, Neurons

Shape: TypeAlias = tuple[int, int]
# starts of rows, targets, weights
Rows: TypeAlias = tuple[Neurons, Neurons, Floats]
# source, target and weight of each connection
Connections: TypeAlias = tuple[Neurons, Neurons, Floats]
Compressed: TypeAlias = tuple[Neurons, Neurons, Floats]


def form_of(value: Any) -> str | None:
    """Return the format of a scipy sparse matrix, by its class, or None of anything else."""
    # whoever holds such a matrix has imported scipy.sparse
    sparse = sys.modules.get("scipy.sparse")
    if sparse is None or not sparse.issparse(value):
        return None
    for form in ("csr", *READERS):
        kinds = [getattr(sparse, f"{form}_{kind}", None) for kind in ("array", "matrix")]
        if isinstance(value, tuple(kind for kind in kinds if kind is not None)):
            return form
    return None


def rows_of(owner: object, matrix: Any) -> tuple[Rows, Shape]:
    """Return the rows and the shape of a scipy sparse matrix, whose arrays are new and checked; targets in any order.

    What is not finite is left to be found.
    """
    form = form_of(matrix)
    shape = _validate.sparse_matrix(owner, "matrix", matrix, form)
    assert form is not None
    if form == "csr":
        return _compressed(owner, matrix, *shape, ()), shape
    sources, targets, data = READERS[form](owner, matrix, shape)
    return by_row(sources, targets, data, shape), shape


def by_row(sources: Neurons, targets: Neurons, data: Floats, shape: Shape) -> Rows:
    """Return the rows of some connections, their targets ascending, connections given twice added up."""
    if shape[0] <= 2**62 // shape[1]:
        order = np.argsort(sources * shape[1] + targets, kind="stable")
    else:
        order = np.lexsort((targets, sources))
    sources, targets = sources[order], targets[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (sources[1:] != sources[:-1]) | (targets[1:] != targets[:-1])
    # bincount adds in the order given, as a loop over the connections would
    summed = np.asarray(np.bincount(np.cumsum(new) - 1, weights=data[order]), dtype=np.float64)
    return starts(np.bincount(sources[new], minlength=shape[0])), targets[new], summed


def starts(counts: NDArray[Any]) -> Neurons:
    """Return where rows of so many connections start, and the last one ends."""
    indptr = np.zeros(len(counts) + 1, dtype=np.intp)
    np.cumsum(counts, out=indptr[1:])
    return indptr


def _compressed(owner: object, matrix: Any, n_outer: int, n_inner: int, block: tuple[int, ...]) -> Compressed:
    """Return copies of the three arrays of a compressed format, whose data are numbers or blocks."""
    indices = _validate.whole_array(owner, "indices", matrix.indices, None, n_inner - 1)
    indptr = _validate.rising(owner, _validate.whole_array(owner, "indptr", matrix.indptr, n_outer + 1, len(indices)))
    data = _validate.floats(owner, "data", matrix.data, (len(indices), *block))
    # what is behind the end of the last row is room that scipy left
    return indptr, indices[:indptr[-1]], data[:indptr[-1]]


def _outer(indptr: Neurons) -> Neurons:
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def _csc(owner: object, matrix: Any, shape: Shape) -> Connections:
    indptr, indices, data = _compressed(owner, matrix, shape[1], shape[0], ())
    return indices, _outer(indptr), data


def _bsr(owner: object, matrix: Any, shape: Shape) -> Connections:
    rows, columns = _validate.blocks(owner, matrix.blocksize, shape)
    indptr, indices, data = _compressed(owner, matrix, shape[0] // rows, shape[1] // columns, (rows, columns))
    sources = _outer(indptr)[:, np.newaxis, np.newaxis] * rows + np.arange(rows)[:, np.newaxis]
    targets = indices[:, np.newaxis, np.newaxis] * columns + np.arange(columns)
    return (np.broadcast_to(sources, data.shape).reshape(-1), np.broadcast_to(targets, data.shape).reshape(-1),
            data.reshape(-1))


def _coo(owner: object, matrix: Any, shape: Shape) -> Connections:
    sources = _validate.whole_array(owner, "row", matrix.row, None, shape[0] - 1)
    targets = _validate.whole_array(owner, "col", matrix.col, len(sources), shape[1] - 1)
    return sources, targets, _validate.floats(owner, "data", matrix.data, (len(sources),))


def _dia(owner: object, matrix: Any, shape: Shape) -> Connections:
    offsets = _validate.offsets(owner, matrix.offsets, 2**31)
    data = _validate.floats(owner, "data", matrix.data, (len(offsets), None))
    targets = np.broadcast_to(np.arange(data.shape[1]), data.shape)
    sources = targets - offsets[:, np.newaxis]
    # zeros fill a diagonal up
    there = (sources >= 0) & (sources < shape[0]) & (targets < shape[1]) & (data != 0)
    return sources[there], targets[there], data[there]


def _lil(owner: object, matrix: Any, shape: Shape) -> Connections:
    rows = _validate.rows_of_lists(owner, "rows", matrix.rows, shape[0])
    data = _validate.rows_of_lists(owner, "data", matrix.data, shape[0])
    _validate.same_lengths(owner, "data", data, rows)
    sources = np.repeat(np.arange(shape[0]), [len(row) for row in rows])
    targets = _validate.whole_array(owner, "rows", list(chain.from_iterable(rows)), None, shape[1] - 1)
    return sources, targets, _validate.floats(owner, "data", list(chain.from_iterable(data)), (len(sources),))


def _dok(owner: object, matrix: Any, shape: Shape) -> Connections:
    items = list(matrix.items())
    sources, targets = zip(*(_validate.place(owner, key) for key, _ in items)) if items else ((), ())
    return (_validate.whole_array(owner, "row", sources, None, shape[0] - 1),
            _validate.whole_array(owner, "column", targets, None, shape[1] - 1),
            _validate.floats(owner, "data", [value for _, value in items], (len(items),)))


READERS: dict[str, Callable[[object, Any, Shape], Connections]] = {
    "csc": _csc, "bsr": _bsr, "coo": _coo, "dia": _dia, "lil": _lil, "dok": _dok}
