"""What one spike adds to its targets.

Weights are a matrix of shape (n_source, n_target): a spike of source i adds row i to its
targets. They have no unit; they multiply the `alpha` of the receptor that the spike reaches.
A kind keeps no more of the matrix than it needs:

=========== ============================================== =======================
kind        keeps                                          a spike costs
=========== ============================================== =======================
`Dense`     the matrix                                     n_target
`Sparse`    the connections there are                      connections of its source
`Ring`      one row, if a rotation makes all others of it  width of the row's bump
`Uniform`   one number                                     1
`OneToOne`  one number, or one a pair                      1
=========== ============================================== =======================

Weights are values: they are checked once, when made, and never change. Other weights are a
new object.
"""
from ._base import Weights
from ._reading import KINDS, as_weights
from .dense import Dense
from .one_to_one import OneToOne
from .ring import Ring
from .sparse import Sparse
from .uniform import Uniform

__all__ = ["Weights", "Dense", "Sparse", "Ring", "Uniform", "OneToOne", "as_weights"]

# what files and provenance call them does not depend on how this folder is divided
for _kind in (Weights, *KINDS):
    _kind.__module__ = __name__
