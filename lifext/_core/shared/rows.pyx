"""Rows of weights, from whatever form they are kept in."""
import numpy as np


def largest_of(dense, values, flat):
    """Return what no weight is above, in absolute value, of the parts that a projection is made of."""
    return max([abs(flat) + np.abs(part).max(initial=0.0) for part in (np.asarray(dense), np.asarray(values))])


cdef class Rows:
    def __init__(self, int kind, Py_ssize_t n_source, Py_ssize_t n_target, *, dense=None, indptr=None, indices=None,
                 values=None, double flat=0.0, Py_ssize_t first=0, largest=None):
        self.kind, self.n_source, self.n_target = kind, n_source, n_target
        self.flat, self.first = flat, first
        self.dense = np.empty((0, 0)) if dense is None else dense
        self.indptr = np.empty(0, np.intp) if indptr is None else indptr
        self.indices = np.empty(0, np.intc) if indices is None else indices
        self.values = np.empty(0) if values is None else values
        self.largest = largest_of(self.dense, self.values, flat) if largest is None else largest

    def row(self, Py_ssize_t source):
        """Return the weights of one source neuron, (n_target,)."""
        if not 0 <= source < self.n_source:
            raise IndexError(f"Rows: source must be a whole number >= 0 and < {self.n_source}, got {source}")
        row = np.empty(self.n_target)
        self.fill_row(source, row)
        return row

    cdef void fill_row(self, Py_ssize_t source, double[::1] row) noexcept nogil:
        # OUT: row
        cdef Py_ssize_t k, target
        if self.kind == DENSE:
            row[:] = self.dense[source]
        elif self.kind == UNIFORM:
            row[:] = self.flat
        elif self.kind == SPARSE:
            row[:] = 0.0
            for k in range(self.indptr[source], self.indptr[source + 1]):
                row[self.indices[k]] = self.values[k if self.values.shape[0] > 1 else 0]
        elif self.kind == RING:
            row[:] = self.flat
            target = (source + self.first) % self.n_target
            if target < 0:
                target += self.n_target
            for k in range(self.values.shape[0]):
                row[target] = self.flat + self.values[k]
                target += 1
                if target == self.n_target:
                    target = 0
        else:
            row[:] = 0.0
            row[source] = self.values[source if self.values.shape[0] > 1 else 0]
