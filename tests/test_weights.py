"""Each kind of weights against its dense twin, what is refused, and that weights never change."""
import copy
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lifext.weights import Dense, OneToOne, Ring, Sparse, Uniform, Weights, as_weights

NAN, INF = np.nan, np.inf
NO_SCIPY = "scipy is optional; only Sparse(matrix) and toscipy() need it"
FINITE = st.floats(-1e100, 1e100)


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def arrays_of(w):
    return {name: value for name, value in vars(w).items() if isinstance(value, np.ndarray)}


def published(n, prop=0.7, sigma=0.05, scale=1.0):
    """Return the published ring matrix, in the published order of operations."""
    angle = np.linspace(0, 2*np.pi, n, endpoint=False)
    tuned = np.exp(2*np.pi/sigma*(np.cos(angle[:, np.newaxis] - angle) - 1))
    shape = (1 - prop) + prop*tuned
    return scale*shape/shape.sum(axis=0)


def true_row(n, prop, sigma, scale=1.0):
    """Return row 0 of the ring, computed in numbers longer than doubles where there are any."""
    long = np.longdouble
    pi = long("3.14159265358979323846264338327950288")
    # as in any double-precision argument, the share of the flat part is 1 - prop in doubles
    row = long(1 - prop) + long(prop)*np.exp(2*pi/long(sigma)*(np.cos(2*pi*np.arange(n, dtype=long)/n) - 1))
    return np.asarray(long(scale)*row/row.sum(), dtype=np.float64)


CSR = ([0, 2, 2, 3], [1, 3, 0], [0.5, -1.0, 2.0], (3, 4))
CSR_ARRAY = np.array([[0, 0.5, 0, -1], [0, 0, 0, 0], [2, 0, 0, 0]])
TWINS = [
    (lambda: Dense(CSR_ARRAY), CSR_ARRAY),
    (lambda: Sparse.from_csr(*CSR), CSR_ARRAY),
    (lambda: Ring([1.0, 0.5, 0.0, 0.25]), np.array(
        [[1, 0.5, 0, 0.25], [0.25, 1, 0.5, 0], [0, 0.25, 1, 0.5], [0.5, 0, 0.25, 1]])),
    (lambda: Ring([1.5, 1.25, 1.25, 1.0], flat=1.25), np.array(
        [[1.5, 1.25, 1.25, 1], [1, 1.5, 1.25, 1.25], [1.25, 1, 1.5, 1.25], [1.25, 1.25, 1, 1.5]])),
    (lambda: Ring([0.0, 0.0]), np.zeros((2, 2))),
    (lambda: Ring([3.0]), np.array([[3.0]])),
    (lambda: Uniform(0.1, shape=(2, 3)), np.full((2, 3), 0.1)),
    (lambda: Uniform(0.1).bound(2, 3), np.full((2, 3), 0.1)),
    (lambda: OneToOne([0.5, -0.25]), np.diag([0.5, -0.25])),
    (lambda: OneToOne(0.1).bound(3, 3), 0.1*np.eye(3)),
    (lambda: OneToOne([2.0]), np.array([[2.0]])),
]
KINDS = [make for make, _ in TWINS] + [
    lambda: Ring.from_profile(32), lambda: Sparse.random(20, 30, 0.2, 1.0, rng=1),
    lambda: Sparse.fixed_in_degree(20, 30, 4, 1.0, rng=1), lambda: Uniform(1.0), lambda: OneToOne(1.0)]
SHAPED = KINDS[:-2]


@pytest.mark.parametrize(("make", "expected"), TWINS)
def test_each_kind_is_its_dense_twin(make, expected):
    w = make()
    assert isinstance(w, Weights)
    assert w.shape == expected.shape
    np.testing.assert_array_equal(w.toarray(), expected)


@pytest.mark.parametrize("make", SHAPED)
def test_rows_are_those_of_the_array(make):
    w = make()
    dense = w.toarray()
    assert dense.dtype == np.float64
    assert dense.flags.c_contiguous
    assert dense.shape == w.shape
    for source in range(-w.shape[0], w.shape[0]):
        assert same_bits(w.row(source), dense[source])
    assert same_bits(Dense(dense).toarray(), dense)


@pytest.mark.parametrize("make", SHAPED)
def test_what_is_returned_is_the_callers(make):
    w = make()
    row, dense = w.row(0), w.toarray()
    row += 1
    dense += 1
    assert same_bits(w.row(0), w.toarray()[0])
    assert not np.array_equal(w.row(0), row)
    assert not np.array_equal(w.toarray(), dense)


@pytest.mark.parametrize("make", KINDS)
def test_weights_do_not_change(make):
    w = make()
    for array in arrays_of(w).values():
        assert array.flags.c_contiguous
        assert array.dtype in (np.float64, np.intp, np.int32)
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for name in (*vars(w), "anything"):
        with pytest.raises(AttributeError, match=f"{type(w).__name__}: {name} is fixed"):
            setattr(w, name, 1.0)
    with pytest.raises(AttributeError, match=f"{type(w).__name__}: shape is fixed"):
        del w.shape


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("through", [lambda w: pickle.loads(pickle.dumps(w)), copy.copy, copy.deepcopy])
def test_pickles_and_copies_are_the_same_value(make, through):
    w = make()
    other = through(w)
    assert type(other) is type(w)
    assert vars(other).keys() == vars(w).keys()
    for name, value in vars(w).items():
        if isinstance(value, np.ndarray):
            assert same_bits(getattr(other, name), value)
            assert not getattr(other, name).flags.writeable
        else:
            assert getattr(other, name) == value


def test_the_arrays_given_are_copied():
    array = np.ones((2, 2))
    indptr, indices, data = np.array([0, 1, 1]), np.array([1]), np.array([2.0])
    row = np.ones(2)
    made = [Dense(array), Sparse.from_csr(indptr, indices, data, (2, 2)), Ring(row), OneToOne(row)]
    before = [w.toarray() for w in made]
    for given_ in (array, indptr, indices, data, row):
        assert given_.flags.writeable
        given_[...] = 0
    for w, dense in zip(made, before):
        np.testing.assert_array_equal(w.toarray(), dense)


@pytest.mark.parametrize(("make", "text"), [
    (lambda: Dense(CSR_ARRAY), "Dense(shape=(3, 4))"),
    (lambda: Sparse.from_csr(*CSR), "Sparse(shape=(3, 4), connections=3)"),
    (lambda: Ring([2.0, 1.0, 1.0, 1.0], flat=1.0), "Ring(shape=(4, 4), flat=1, first=0, width=1)"),
    (lambda: Uniform(0.5), "Uniform(0.5, shape=None)"), (lambda: Uniform(0.5, (1, 2)), "Uniform(0.5, shape=(1, 2))"),
    (lambda: OneToOne(0.5), "OneToOne(shape=None)"), (lambda: OneToOne([1, 2]), "OneToOne(shape=(2, 2))"),
])
def test_reprs(make, text):
    assert repr(make()) == text


def test_the_base_class_is_a_contract():
    class Half(Weights):
        def _fill(self, source, row):
            row[:] = 0.5

    assert Half._of(shape=(1, 2)).row(0).tolist() == [0.5, 0.5]
    with pytest.raises(NotImplementedError, match="Weights: _fill is not defined by Weights"):
        Weights._of(shape=(1, 2)).toarray()
    with pytest.raises(NotImplementedError, match="Half: _with_shape is not defined by Weights"):
        Half._of(shape=None).bound(1, 2)


def test_scipy_is_not_imported(tmp_path):
    code = ("import sys; from lifext.weights import *; as_weights([[1.0]], 1, 1); "
            "Sparse.random(9, 9, 0.5, 1.0); print('scipy' in sys.modules)")
    out = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True,
                         text=True, check=True)
    assert out.stdout.strip() == "False"


# Dense

@pytest.mark.parametrize("array", [
    [[1, 2, 3], [4, 5, 6]], ((1, 2, 3), (4, 5, 6)), np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint8),
    np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32), np.array([[1., 2, 3], [4, 5, 6]], order="F"),
    np.array([[1., 4], [2, 5], [3, 6]]).T, np.arange(1., 13).reshape(2, 6)[:, :3] - [[0], [3]],
    np.array([[1, 2, 3], [4, 5, 6]], dtype=np.longdouble), np.array([[1., 2, 3], [4, 5, 6]], dtype=">f8"),
])
def test_arrays_of_any_real_type_and_order(array):
    w = Dense(array)
    assert w.array.dtype == np.float64
    assert w.array.dtype.isnative
    assert w.array.flags.c_contiguous
    np.testing.assert_array_equal(w.array, [[1, 2, 3], [4, 5, 6]])


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5), elements=FINITE))
def test_dense_keeps_every_bit(array):
    assert same_bits(Dense(array).toarray(), array)


# Sparse

@st.composite
def csr(draw):
    """Return connections in any order, some of them given twice, and the dense matrix."""
    n_source, n_target = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    rows = [draw(st.lists(st.integers(0, n_target - 1), max_size=8)) for _ in range(n_source)]
    data = [draw(st.integers(-1000, 1000)) / 8 for row in rows for _ in row]
    dense = np.zeros((n_source, n_target))
    np.add.at(dense, (np.repeat(np.arange(n_source), [len(row) for row in rows]),
                      np.array([j for row in rows for j in row], dtype=int)), data)
    indptr = np.cumsum([0] + [len(row) for row in rows])
    return indptr, [j for row in rows for j in row], data, dense


@given(csr())
def test_connections_in_any_order(case):
    indptr, indices, data, dense = case
    w = Sparse.from_csr(indptr, indices, data, dense.shape)
    np.testing.assert_array_equal(w.toarray(), dense)
    for i in range(w.shape[0]):
        assert (np.diff(w.indices[w.indptr[i]:w.indptr[i + 1]]) > 0).all()
    assert w.indptr[0] == 0
    assert w.indptr[-1] == len(w.indices) == len(w.data)
    assert (w.indptr.dtype, w.indices.dtype) == (np.intp, np.int32)


@given(csr())
def test_scipy_agrees_about_connections_in_any_order(case):
    sparse = pytest.importorskip("scipy.sparse", reason=NO_SCIPY)
    indptr, indices, data, dense = case
    theirs = sparse.csr_array((data, np.array(indices, dtype=int), indptr), shape=dense.shape)
    w = Sparse(theirs)
    np.testing.assert_array_equal(w.toarray(), theirs.toarray())
    theirs.sum_duplicates()
    np.testing.assert_array_equal(w.indices, theirs.indices)
    np.testing.assert_array_equal(w.indptr, theirs.indptr)


def test_connections_of_weight_0_are_kept():
    w = Sparse.from_csr([0, 1], [1], [0.0], (1, 2))
    assert len(w.data) == 1


@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, bool])
def test_every_scipy_format(form, kind, dtype):
    sparse = pytest.importorskip("scipy.sparse", reason=NO_SCIPY)
    dense = CSR_ARRAY.astype(dtype)
    w = Sparse(getattr(sparse, f"{form}_{kind}")(dense))
    assert w.shape == (3, 4)
    np.testing.assert_array_equal(w.toarray(), dense.astype(np.float64))


def test_scipy_and_back():
    sparse = pytest.importorskip("scipy.sparse", reason=NO_SCIPY)
    w = Sparse.random(30, 40, 0.2, lambda rng, count: rng.random(count), rng=1)
    theirs = w.toscipy()
    assert isinstance(theirs, sparse.csr_array)
    assert theirs.dtype == np.float64
    assert theirs.has_canonical_format
    np.testing.assert_array_equal(theirs.toarray(), w.toarray())
    again = Sparse(theirs)
    for name, array in arrays_of(w).items():
        assert same_bits(getattr(again, name), array)
    theirs.data[:] = 0
    assert w.data.all()


def check_structure(w):
    """Assert what holds of all connections that are drawn: in order, and none twice."""
    for i in range(w.shape[0]):
        assert (np.diff(w.indices[w.indptr[i]:w.indptr[i + 1]]) > 0).all()
    assert w.indices.size == 0 or (w.indices.min() >= 0 and w.indices.max() < w.shape[1])
    assert len(w.indices) == len(w.data) == w.indptr[-1]


@pytest.mark.parametrize("self_connections", [True, False])
@pytest.mark.parametrize("p", [0.003, 0.1, 0.5, 0.97])
def test_random_connects_each_pair_with_its_probability(p, self_connections):
    n = 400
    w = Sparse.random(n, n, p, 0.5, rng=7, self_connections=self_connections)
    check_structure(w)
    candidates = n if self_connections else n - 1
    # the number of connections is binomial: 4 standard errors, at a fixed seed
    assert abs(len(w.data) - n*candidates*p) < 4*np.sqrt(n*candidates*p*(1 - p))
    assert (w.data == 0.5).all()
    if not self_connections:
        assert not w.toarray().diagonal().any()
    # so are out- and in-degrees: variances within 5 standard errors of those of n binomials, about sqrt(2/n) each
    for degrees in (np.diff(w.indptr), np.bincount(w.indices, minlength=n)):
        assert abs(degrees.var()/(candidates*p*(1 - p)) - 1) < 5*np.sqrt(2/n)


@pytest.mark.parametrize("self_connections", [True, False])
def test_random_has_no_favourite_pair(self_connections):
    rng, draws, p = np.random.default_rng(3), 4000, 0.3
    count = sum(Sparse.random(5, 5, p, 1.0, rng=rng, self_connections=self_connections).toarray() for _ in range(draws))
    pairs = np.ones((5, 5), dtype=bool) if self_connections else ~np.eye(5, dtype=bool)
    # 25 pairs: 4.5 standard errors each, at a fixed seed
    assert (abs(count[pairs] - draws*p) < 4.5*np.sqrt(draws*p*(1 - p))).all()
    assert not count[~pairs].any()


@pytest.mark.parametrize("self_connections", [True, False])
def test_fixed_in_degree_has_no_favourite_source(self_connections):
    rng, draws, degree = np.random.default_rng(3), 4000, 2
    count = sum(Sparse.fixed_in_degree(5, 5, degree, 1.0, rng=rng, self_connections=self_connections).toarray()
                for _ in range(draws))
    pairs = np.ones((5, 5), dtype=bool) if self_connections else ~np.eye(5, dtype=bool)
    p = degree/pairs[0].sum()
    assert (abs(count[pairs] - draws*p) < 4.5*np.sqrt(draws*p*(1 - p))).all()
    assert not count[~pairs].any()


def test_random_at_its_limits():
    assert len(Sparse.random(7, 5, 0, 1.0).data) == 0
    np.testing.assert_array_equal(Sparse.random(7, 5, 1, 2.0).toarray(), np.full((7, 5), 2.0))
    np.testing.assert_array_equal(Sparse.random(5, 5, 1, 2.0, self_connections=False).toarray(), 2 - 2*np.eye(5))
    assert len(Sparse.random(7, 5, 1e-300, 1.0).data) == 0
    assert Sparse.random(1, 1, 1, 1.0, self_connections=False).toarray().tolist() == [[0.0]]


@pytest.mark.parametrize(("n_source", "n_target", "degree"), [
    (20, 30, 4), (30, 20, 30), (9, 9, 0), (1, 5, 1), (500, 3, 100)])
def test_fixed_in_degree_is_just_that(n_source, n_target, degree):
    w = Sparse.fixed_in_degree(n_source, n_target, degree, 0.5, rng=5)
    check_structure(w)
    assert w.shape == (n_source, n_target)
    np.testing.assert_array_equal(np.bincount(w.indices, minlength=n_target), degree)
    np.testing.assert_array_equal((w.toarray() == 0.5).sum(axis=0), degree)


def test_fixed_in_degree_without_self_connections():
    w = Sparse.fixed_in_degree(12, 12, 5, 1.0, rng=5, self_connections=False)
    check_structure(w)
    assert not w.toarray().diagonal().any()
    np.testing.assert_array_equal(w.toarray().sum(axis=0), 5)
    everyone = Sparse.fixed_in_degree(6, 6, 5, 1.0, rng=5, self_connections=False)
    np.testing.assert_array_equal(everyone.toarray(), 1 - np.eye(6))


DRAWN = [lambda weight, rng: Sparse.random(20, 30, 0.2, weight, rng=rng),
         lambda weight, rng: Sparse.fixed_in_degree(20, 30, 6, weight, rng=rng)]


@pytest.mark.parametrize("make", DRAWN)
def test_weights_are_drawn_in_order_and_once(make):
    seen = []

    def weight(rng, count):
        assert isinstance(rng, np.random.Generator)
        seen.append(count)
        return np.arange(count)

    w = make(weight, 1)
    assert seen == [len(w.data)]
    assert w.data.dtype == np.float64
    np.testing.assert_array_equal(w.data, np.arange(len(w.data)))
    np.testing.assert_array_equal(make(1.0, 1).indices, w.indices)


@pytest.mark.parametrize("make", DRAWN)
@pytest.mark.parametrize("source", [
    lambda: 5, lambda: np.random.default_rng(5), lambda: np.random.SeedSequence(5), lambda: np.random.RandomState(5)])
def test_seeds_repeat(make, source):
    def weight(rng, count):
        return rng.random(count)

    one, other = make(weight, source()), make(weight, source())
    for name, array in arrays_of(one).items():
        assert same_bits(getattr(other, name), array)
    assert not np.array_equal(make(weight, 6).data[:10], one.data[:10])


@pytest.mark.parametrize("make", DRAWN)
def test_a_generator_is_used_and_moves_on_and_the_global_one_is_left_alone(make):
    rng = np.random.default_rng(5)
    before = np.random.get_state()[1].copy()
    one, other = make(1.0, rng), make(1.0, rng)
    assert not np.array_equal(one.toarray(), other.toarray())
    assert not np.array_equal(make(1.0, None).toarray(), make(1.0, None).toarray())
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.slow
def test_memory_follows_the_connections():
    w = Sparse.random(20_000, 20_000, 0.005, 1.0, rng=1)
    # 4 standard errors
    assert abs(len(w.data) - 2e6) < 4*np.sqrt(2e6*0.995)
    check_structure(w)


# Ring

@given(hnp.arrays(np.float64, st.integers(1, 12), elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, -2.5, 1e-200])))
def test_a_ring_is_its_row_rotated(row):
    n = len(row)
    w = Ring(row)
    dense = w.toarray()
    for i in range(n):
        np.testing.assert_array_equal(dense[i], np.roll(row, i))
    assert w.flat == 0.0
    assert w.width == len(w.bump) <= n
    assert -n/2 <= w.first <= n/2
    assert w.width == 0 or (w.bump[0] != 0 and w.bump[-1] != 0) or w.width == n


@given(hnp.arrays(np.float64, st.integers(1, 12), elements=st.floats(-10, 10)), st.floats(-10, 10), st.floats(0, 1))
def test_what_a_ring_cuts_is_within_its_tolerance(row, flat, tolerance):
    w = Ring(row, flat=flat, tolerance=tolerance)
    height = abs(row - flat).max()
    # rounding of row - flat and of flat + bump, and the cut
    bound = tolerance*height + 4*np.finfo(float).eps*max(abs(flat), abs(row).max())
    assert (abs(w.row(0) - row) <= bound).all()


@pytest.mark.parametrize(("row", "first", "bump"), [
    ([5, 1, 0, 0, 0, 2], -1, [2, 5, 1]), ([0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0], 2, [3, 0, 4]),
    ([0, 0, 0, 0, 1], -1, [1]), ([0, 0, 1, 0], 2, [1]), ([1, 2, 3, 4], 0, [1, 2, 3, 4]), ([0, 0, 0], 0, []),
    ([1, 1, 0, 0, 1, 1, 1, 1, 1], 4, [1, 1, 1, 1, 1, 1, 1]), ([7], 0, [7]),
])
def test_the_shortest_stretch_is_kept(row, first, bump):
    w = Ring(row)
    assert (w.first, w.bump.tolist(), w.width) == (first, bump, len(bump))


@pytest.mark.parametrize("n", [1, 2, 3, 64, 257, 1024])
@pytest.mark.parametrize(("prop", "sigma", "scale"), [
    (0.7, 0.05, 1.0), (0.7, 0.5, -3.0), (1.0, 2.0, 0.25), (0.3, 50.0, 7.0)])
def test_the_profile_is_the_published_one(n, prop, sigma, scale):
    w = Ring.from_profile(n, prop, sigma, scale)
    dense, theirs = w.toarray(), published(n, prop, sigma, scale)
    # what rounding makes of the published form: cosines of angles, themselves out by 1e-15, times 2*pi/sigma, over
    # sums of n weights, added one after the other
    steep = 2*np.pi/sigma
    rounding = 1e-15 + 1e-15*np.sqrt(steep) + 2e-16*steep + 2e-16*np.sqrt(n)
    np.testing.assert_allclose(dense, theirs, rtol=0, atol=rounding*abs(theirs).max())
    np.testing.assert_allclose(dense.sum(axis=0), scale, rtol=1e-13)
    np.testing.assert_allclose(dense.sum(axis=1), scale, rtol=1e-13)
    np.testing.assert_array_equal(dense, dense.T)


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="long doubles are no longer than doubles here")
@pytest.mark.parametrize(("prop", "sigma"), [(0.7, 0.05), (0.7, 0.5), (1.0, 2.0), (0.9, 0.001)])
@pytest.mark.parametrize("n", [7, 64, 1024])
def test_the_profile_is_right_to_the_last_places(n, prop, sigma):
    row, true = Ring.from_profile(n, prop, sigma).row(0), true_row(n, prop, sigma)
    np.testing.assert_allclose(row, true, rtol=0, atol=1e-15*true.max())


@pytest.mark.parametrize("n", [64, 1024, 4096])
def test_the_default_cut_is_negligible_and_worth_it(n):
    w, uncut = Ring.from_profile(n), Ring.from_profile(n, tolerance=0)
    assert abs(w.row(0) - uncut.row(0)).max() < 1e-17*uncut.row(0).max()
    assert w.flat == uncut.flat > 0
    assert w.width < 0.27*n
    assert uncut.width == n
    assert w.first == -(w.width//2)
    np.testing.assert_array_equal(w.bump, w.bump[::-1])


def test_the_flat_part_and_the_bump():
    w = Ring.from_profile(1024)
    assert w.width == 265
    row = w.row(0)
    assert (row == w.flat).sum() >= 1024 - w.width
    assert row.argmax() == 0
    # next to its peak the bump is a Gaussian of sqrt(sigma/(2*pi)) radians
    sd = np.sqrt(0.05/(2*np.pi))*1024/(2*np.pi)
    steps = w.first + np.arange(w.width)
    np.testing.assert_allclose(np.sqrt((w.bump*steps**2).sum()/w.bump.sum()), sd, rtol=0.01)


def test_a_wider_tolerance_cuts_more_and_is_what_is_used():
    w = Ring.from_profile(1024, tolerance=1e-6)
    assert w.width < Ring.from_profile(1024).width
    assert (w.bump > 1e-6*w.bump.max()).all()
    dense = w.toarray()
    assert (dense[0] == w.flat).sum() == 1024 - w.width
    assert Ring.from_profile(1024, tolerance=1).width == 0


def test_profiles_at_their_limits():
    np.testing.assert_allclose(Ring.from_profile(8, prop=0).toarray(), 1/8, rtol=1e-15)
    assert Ring.from_profile(8, prop=0).width == 0
    # all of it to itself; 2*pi/sigma would overflow
    np.testing.assert_array_equal(Ring.from_profile(8, prop=1, sigma=1e-320).toarray(), np.eye(8))
    np.testing.assert_array_equal(Ring.from_profile(8, scale=0).toarray(), np.zeros((8, 8)))
    assert np.isfinite(Ring.from_profile(8, prop=1, sigma=1e-3, scale=1.7e308).toarray()).all()
    np.testing.assert_allclose(Ring.from_profile(8, sigma=1e300).toarray(), 1/8, rtol=1e-15)


# shapes

@pytest.mark.parametrize("make", SHAPED)
def test_bound_returns_what_fits_and_refuses_the_rest(make):
    w = make()
    assert w.bound(*w.shape) is w
    wanted = (w.shape[0] + 1, w.shape[1])
    words = f"{type(w).__name__}: shape must be (n_source, n_target) = {wanted}, got {w.shape}"
    with pytest.raises(ValueError, match=re.escape(words)):
        w.bound(*wanted)


@pytest.mark.parametrize("make", [lambda: Uniform(0.5), lambda: OneToOne(0.5)])
def test_a_shape_is_filled_in_once(make):
    w = make()
    filled = w.bound(4, 4.0)
    assert w.shape is None
    assert filled.shape == (4, 4)
    assert filled is not w
    assert filled.weight == 0.5
    assert filled.bound(4, 4) is filled
    words = f"{type(w).__name__}: shape must be given, or filled in by bound.*got None"
    for call in (w.toarray, lambda: w.row(0)):
        with pytest.raises(ValueError, match=words):
            call()


def test_one_to_one_needs_equal_sizes():
    with pytest.raises(ValueError, match="OneToOne: n_target must be n_source = 3 for one-to-one weights, got 4"):
        OneToOne(1.0).bound(3, 4)


@pytest.mark.parametrize("source", [3, -4, 1.0, "0", None, NAN, [0]])
def test_rows_there_are_none_of(source):
    with pytest.raises((ValueError, TypeError), match="Dense: source must be a whole number < size = 3, got"):
        Dense(CSR_ARRAY).row(source)


# as_weights

def test_as_weights_takes_what_says_its_shape():
    w = Dense(CSR_ARRAY)
    assert as_weights(w, 3, 4) is w
    for value in (CSR_ARRAY, CSR_ARRAY.tolist(), tuple(map(tuple, CSR_ARRAY))):
        made = as_weights(value, 3, 4)
        assert type(made) is Dense
        np.testing.assert_array_equal(made.array, CSR_ARRAY)
    assert as_weights(Uniform(1.0), 3, 4).shape == (3, 4)
    assert as_weights(OneToOne(1.0), 3, 3).shape == (3, 3)


def test_as_weights_takes_scipy_matrices():
    sparse = pytest.importorskip("scipy.sparse", reason=NO_SCIPY)
    made = as_weights(sparse.coo_matrix(CSR_ARRAY), 3, 4)
    assert type(made) is Sparse
    np.testing.assert_array_equal(made.toarray(), CSR_ARRAY)
    with pytest.raises(ValueError, match=r"Sparse: shape must be \(n_source, n_target\) = \(4, 3\), got \(3, 4\)"):
        as_weights(sparse.coo_matrix(CSR_ARRAY), 4, 3)


@pytest.mark.parametrize("value", [0.5, 1, True, np.float64(1), np.array(0.5), NAN, 1j])
def test_as_weights_refuses_a_number_and_says_what_to_write(value):
    with pytest.raises(TypeError, match=r"as_weights: weights must be .*one number for all pairs is Uniform\(number\)"):
        as_weights(value, 3, 4)


@pytest.mark.parametrize("value", ["dense", b"x", None, {}, {1, 2}, object(), Dense, iter([[1.0]])])
def test_as_weights_refuses_other_things(value):
    with pytest.raises(TypeError, match="as_weights: weights must be a Weights, an array of shape .* got"):
        as_weights(value, 1, 1)


@pytest.mark.parametrize(("value", "words"), [
    (np.ones((4, 3)), r"Dense: shape must be \(n_source, n_target\) = \(3, 4\), got \(4, 3\)"),
    ([1.0, 2.0], r"Dense: array must be .* of shape \(n_source, n_target\), got 'shape \(2,\)'"),
    (Ring([1.0, 2.0]), r"Ring: shape must be \(n_source, n_target\) = \(3, 4\), got \(2, 2\)"),
    (OneToOne(1.0), "OneToOne: n_target must be n_source = 3 for one-to-one weights, got 4"),
])
def test_as_weights_of_another_shape(value, words):
    with pytest.raises(ValueError, match=words):
        as_weights(value, 3, 4)


# what is refused

ARRAYS = [(Dense, "Dense: array", 2), (Ring, "Ring: row", 1), (OneToOne, "OneToOne: weight", 1)]


@pytest.mark.parametrize(("make", "name", "ndim"), ARRAYS)
@pytest.mark.parametrize("bad", [NAN, INF, -INF, np.longdouble("1e400")])
def test_arrays_of_what_is_not_finite(make, name, ndim, bad):
    array = np.ones((2,)*ndim, dtype=type(bad))
    array[(1,)*ndim] = bad
    place = ", ".join(["1"]*ndim)
    with pytest.raises(ValueError, match=rf"{name}\[{place}\] must be finite, got (nan|-?inf)"):
        make(array)


@pytest.mark.parametrize(("make", "name", "ndim"), ARRAYS)
@pytest.mark.parametrize("dtype", [complex, "U3", "S3", object, "M8[s]", "m8[s]"])
def test_arrays_of_what_is_no_real_number(make, name, ndim, dtype):
    with pytest.raises(TypeError, match=rf"{name} must be an array of finite numbers of shape .*, got array"):
        make(np.ones((2,)*ndim, dtype="i8").astype(dtype))


@pytest.mark.parametrize(("make", "name", "ndim"), ARRAYS)
@pytest.mark.parametrize("shape", [(0,), (0, 0), (0, 3), (3, 0), (2, 2, 2)])
def test_arrays_of_the_wrong_shape(make, name, ndim, shape):
    with pytest.raises(ValueError, match=rf"{name} must be an array of finite numbers of shape .*, got 'shape"):
        make(np.ones(shape))


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Dense(1.0), r"Dense: array must be .* of shape \(n_source, n_target\), got 'shape \(\)'"),
    (lambda: Dense([1.0, 2.0]), r"got 'shape \(2,\)'"), (lambda: Dense([]), r"got 'shape \(0,\)'"),
    (lambda: Dense([[]]), r"got 'shape \(1, 0\)'"), (lambda: Dense([[1.0], [1.0, 2.0]]), "Dense: array must be"),
    (lambda: Dense("abc"), "Dense: array must be .* got 'abc'"),
    (lambda: Dense(None), "Dense: array must be .* got None"),
    (lambda: Dense([[1.0, "2"]]), "Dense: array must be"), (lambda: Dense([[10**400]]), "Dense: array must be"),
    (lambda: Sparse(CSR_ARRAY), "Sparse: matrix must be a scipy.sparse matrix of real numbers .* got array"),
    (lambda: Sparse([[1.0]]), "Sparse: matrix must be"), (lambda: Sparse(None), "Sparse: matrix must be .* got None"),
    (lambda: Ring(1.0), r"Ring: row must be an array of finite numbers of shape \(n,\), got 'shape \(\)'"),
    (lambda: Ring([1.0], flat=NAN), "Ring: flat must be a number, finite, got nan"),
    (lambda: Ring([1.0], flat="1"), "Ring: flat must be a number, finite, got '1'"),
    (lambda: Ring([1.0], tolerance=-1), "Ring: tolerance must be a number, finite and >= 0, got -1"),
    (lambda: Ring([1.0], tolerance=1.5), "Ring: tolerance must be <= 1, got 1.5"),
    (lambda: Ring([1.0], tolerance=NAN), "Ring: tolerance must be a number, finite and >= 0, got nan"),
    (lambda: Ring([0.0, 1.7e308], flat=-1.7e308), r"Ring: \(row - flat\)\[1\] must be finite, got inf"),
    (lambda: Ring.from_profile(0), "Ring: n must be a whole number >= 1, got 0"),
    (lambda: Ring.from_profile(2.5), "Ring: n must be a whole number >= 1, got 2.5"),
    (lambda: Ring.from_profile(8, prop=1.1), "Ring: prop must be <= 1, got 1.1"),
    (lambda: Ring.from_profile(8, prop=-0.1), "Ring: prop must be a number, finite and >= 0, got -0.1"),
    (lambda: Ring.from_profile(8, prop=NAN), "Ring: prop must be .* got nan"),
    (lambda: Ring.from_profile(8, sigma=0), "Ring: sigma must be a number, finite and > 0, got 0"),
    (lambda: Ring.from_profile(8, sigma=NAN), "Ring: sigma must be .* got nan"),
    (lambda: Ring.from_profile(8, scale=INF), "Ring: scale must be a number, finite, got inf"),
    (lambda: Ring.from_profile(8, scale=1j), "Ring: scale must be a number, finite, got 1j"),
    (lambda: Ring.from_profile(8, tolerance=2), "Ring: tolerance must be <= 1, got 2"),
    (lambda: OneToOne("ab"), "OneToOne: weight must be a number, finite, got 'ab'"),
    (lambda: OneToOne(NAN), "OneToOne: weight must be a number, finite, got nan"),
    (lambda: OneToOne(None), "OneToOne: weight must be a number, finite, got None"),
    (lambda: OneToOne([]), r"OneToOne: weight must be .* of shape \(n,\), got 'shape \(0,\)'"),
    (lambda: OneToOne([[1.0], [1.0, 2.0]]), "OneToOne: weight must be an array"),
    (lambda: OneToOne(1.0).bound(0, 0), "OneToOne: n_source must be a whole number >= 1, got 0"),
    (lambda: Uniform(NAN), "Uniform: weight must be a number, finite, got nan"),
    (lambda: Uniform("1"), "Uniform: weight must be a number, finite, got '1'"),
    (lambda: Uniform(1j), "Uniform: weight must be a number, finite, got 1j"),
    (lambda: Uniform([1.0, 2.0]), "Uniform: weight must be a number, finite, got"),
    (lambda: Uniform(10**400), "Uniform: weight must be a number, finite, got"),
    (lambda: Uniform(1.0, 3), r"Uniform: shape must be a pair \(n_source, n_target\), got 3"),
    (lambda: Uniform(1.0, (3,)), r"Uniform: shape must be a pair \(n_source, n_target\), got \(3,\)"),
    (lambda: Uniform(1.0, (3, 4, 5)), "Uniform: shape must be a pair"),
    (lambda: Uniform(1.0, (3, NAN)), "Uniform: n_target must be a whole number >= 1, got nan"),
    (lambda: Uniform(1.0, (0, 3)), "Uniform: n_source must be a whole number >= 1, got 0"),
    (lambda: Uniform(1.0).bound(-1, 3), "Uniform: n_source must be a whole number >= 1, got -1"),
])
def test_constructors(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make()


@pytest.mark.parametrize(("change", "words"), [
    (dict(indptr=[0, 2, 3]),
     r"indptr must be an array of whole numbers >= 0 and <= 3 of shape \(4,\), got 'shape \(3,\)'"),
    (dict(indptr=[1, 2, 2, 3]), r"indptr\[0\] must be 0, got 1"),
    (dict(indptr=[0, 2, 2, 2]), r"indptr\[3\] must be 3, the number of indices, got 2"),
    (dict(indptr=[0, 2, 2, 4]), r"indptr\[3\] must be >= 0 and <= 3, got 4"),
    (dict(indptr=[0, 2, 1, 3]), r"indptr\[2\] must be >= indptr\[1\] = 2, got 1"),
    (dict(indptr=[0, -1, 1, 3]), r"indptr\[1\] must be >= 0 and <= 3, got -1"),
    (dict(indptr=[[0, 2, 2, 3]]), r"indptr must be .* got 'shape \(1, 4\)'"),
    (dict(indptr=[0.0, 2.0, 2.0, 3.0]), "indptr must be an array of whole numbers .* got"),
    (dict(indptr=[0, 2, NAN, 3]), "indptr must be an array of whole numbers .* got"),
    (dict(indptr="0223"), "indptr must be an array of whole numbers .* got '0223'"),
    (dict(indptr=None), "indptr must be an array of whole numbers .* got None"),
    (dict(indices=[1, 4, 0]), r"indices\[1\] must be >= 0 and <= 3, got 4"),
    (dict(indices=[1, -1, 0]), r"indices\[1\] must be >= 0 and <= 3, got -1"),
    (dict(indices=np.array([1, 2**64 - 1, 0], np.uint64)), rf"indices\[1\] must be >= 0 and <= 3, got {2**64 - 1}"),
    (dict(indices=[1, 2**70, 0]), "indices must be an array of whole numbers .* got"),
    (dict(indices=[True, False, True]), "indices must be an array of whole numbers .* got"),
    (dict(indices=[1, 3]), r"indptr\[3\] must be >= 0 and <= 2, got 3"),
    (dict(indices=[[1], [2, 3], [0]]), "indices must be an array of whole numbers"),
    (dict(data=[1.0, 2.0]), r"data must be an array of finite numbers of shape \(3,\), got 'shape \(2,\)'"),
    (dict(data=[1.0, NAN, 2.0]), r"data\[1\] must be finite, got nan"),
    (dict(data=[1.0, 1j, 2.0]), "data must be an array of finite numbers"),
    (dict(data=["1", "2", "3"]), "data must be an array of finite numbers"),
    (dict(indices=[1, 1, 0], data=[1.7e308, 1.7e308, 1.0]), r"data\[0\] must be finite, got inf"),
    (dict(shape=(3,)), r"shape must be a pair \(n_source, n_target\), got \(3,\)"),
    (dict(shape=None), "shape must be a pair"),
    (dict(shape=(3, 0)), "n_target must be a whole number >= 1, got 0"),
    (dict(shape=(3, 3)), r"indices\[1\] must be >= 0 and <= 2, got 3"),
])
def test_broken_rows(change, words):
    sound = dict(zip(("indptr", "indices", "data", "shape"), CSR))
    with pytest.raises((ValueError, TypeError), match=f"Sparse: {words}"):
        Sparse.from_csr(**sound | change)


def test_no_connections_at_all():
    np.testing.assert_array_equal(Sparse.from_csr([0, 0, 0], [], [], (2, 3)).toarray(), np.zeros((2, 3)))


def test_broken_scipy_matrices():
    sparse = pytest.importorskip("scipy.sparse", reason=NO_SCIPY)
    for value in (NAN, INF):
        with pytest.raises(ValueError, match=r"Sparse: data\[1\] must be finite, got (nan|inf)"):
            Sparse(sparse.csr_array([[1.0, value]]))
    with pytest.raises(TypeError, match="Sparse: matrix must be a scipy.sparse matrix of real numbers"):
        Sparse(sparse.csr_array([[1.0, 1j]]))
    with pytest.raises(ValueError, match="Sparse: n_source must be a whole number >= 1, got 0"):
        Sparse(sparse.csr_array((0, 3)))
    with pytest.raises(TypeError, match="Dense: array must be"):
        Dense(sparse.csr_array([[1.0]]))
    tampered = sparse.csr_array([[1.0, 2.0]])
    tampered.indices[1] = 7
    with pytest.raises(ValueError, match=r"Sparse: indices\[1\] must be >= 0 and <= 1, got 7"):
        Sparse(tampered)


def test_a_scipy_vector_is_no_matrix():
    sparse = pytest.importorskip("scipy.sparse", reason=NO_SCIPY)
    try:
        vector = sparse.coo_array(np.ones(3))
    except ValueError:
        pytest.skip("this scipy has no sparse vectors")
    if vector.ndim != 1:
        pytest.skip("this scipy has no sparse vectors")
    with pytest.raises(ValueError, match=r"Sparse: matrix must be .* got 'shape \(3,\)'"):
        Sparse(vector)


@pytest.mark.parametrize("p", [-0.1, 1.1, NAN, INF, "0.5", None, 1j, [0.5]])
def test_probabilities(p):
    with pytest.raises((ValueError, TypeError), match="Sparse: p must be (<= 1|a number, finite and >= 0), got"):
        Sparse.random(4, 4, p, 1.0)


@pytest.mark.parametrize(("degree", "self_connections", "words"), [
    (6, True, "degree must be <= 5, got 6"), (5, False, "degree must be <= 4, got 5"),
    (-1, True, "degree must be a whole number >= 0, got -1"),
    (1.5, True, "degree must be a whole number >= 0, got 1.5"),
    (NAN, True, "degree must be a whole number >= 0, got nan"),
    ("1", True, "degree must be a whole number >= 0, got '1'"),
])
def test_degrees(degree, self_connections, words):
    with pytest.raises((ValueError, TypeError), match=f"Sparse: {words}"):
        Sparse.fixed_in_degree(5, 5, degree, 1.0, self_connections=self_connections)


DRAW = [lambda n=4, m=4, weight=1.0, **kwargs: Sparse.random(n, m, 0.5, weight, **kwargs),
        lambda n=4, m=4, weight=1.0, **kwargs: Sparse.fixed_in_degree(n, m, 2, weight, **kwargs)]


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize(("arguments", "words"), [
    (dict(n=0), "n_source must be a whole number >= 1, got 0"),
    (dict(m=NAN), "n_target must be a whole number >= 1, got nan"),
    (dict(m=5, self_connections=False), "n_target must be n_source = 4 where self_connections is False, got 5"),
    (dict(weight=NAN), "weight must be a number, finite, got nan"),
    (dict(weight="1"), "weight must be a number, finite, got '1'"),
    (dict(weight=None), "weight must be a number, finite, got None"),
    (dict(weight=np.ones(3)), "weight must be a number, finite, got array"),
    (dict(weight=lambda rng, count: 1.0), r"weight\(rng, count\) must be .* got 'shape \(\)'"),
    (dict(weight=lambda rng, count: np.ones(count + 1)), r"weight\(rng, count\) must be .* got 'shape"),
    (dict(weight=lambda rng, count: np.full(count, NAN)), r"weight\(rng, count\)\[0\] must be finite, got nan"),
    (dict(weight=lambda rng, count: np.full(count, 1j)), r"weight\(rng, count\) must be an array of finite numbers"),
    (dict(rng="seed"), "rng must be None, a numpy Generator"), (dict(rng=-1), "rng must be None, a numpy Generator"),
])
def test_draws(draw, arguments, words):
    with pytest.raises((ValueError, TypeError), match=f"Sparse: {words}"):
        draw(**{"rng": 1} | arguments)


@pytest.mark.parametrize("draw", DRAW)
def test_a_refused_draw_draws_nothing(draw):
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match="weight must be"):
        draw(weight=NAN, rng=rng)
    with pytest.raises(ValueError, match="n_target must be"):
        draw(m=5, rng=rng, self_connections=False)
    assert rng.bit_generator.state == before
