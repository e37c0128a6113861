"""What comes in is read once, copied, checked and owned; what only looks like numbers is refused in words."""
import collections
import copy
import datetime
import decimal
import fractions
import gc
import io
import pickle
import re
import threading
import warnings

import numpy as np
import pytest

import lifext
from lifext._core.shared.locked import Locked, locked, renewed
from lifext.weights import Dense, OneToOne, Ring, Sparse, Uniform, Weights, _reading, as_weights
from lifext.weights._reading import for_kernels


def named(value):
    """Return what tells a value from others in the name of a test: the same in each process."""
    return re.sub(" at 0x[0-9a-f]+", "", repr(value))


DT = 0.05
REFUSED = (TypeError, ValueError)


def matrix(x):
    # made so, NumPy does not warn of the class
    return np.array(x).view(np.matrix)


def population(**parameters):
    return lifext.pyrPop(3, noise_rate=0.0, rng=1, **parameters)


def received(dts, rows):
    pop = population()
    pop.receivePyrSpikes(DT, 1, dts, rows)
    return pop._excitation.merged()


def assigned(name, value):
    pop = population()
    setattr(pop, name, value)
    return getattr(pop, name)


def collected(spikes):
    record = lifext.spikeDC(3)
    record.collect(spikes, 1.0)
    return record.get_spikes()[0] - 1


def recorded(neurons):
    pop, net = population(), lifext.Network(DT, seed=1)
    net.add(pop=pop)
    return net.record_state(pop, "v", neurons=neurons).neurons.tolist()


# each takes three numbers, and returns them, or what they became, as an array
ARRAYS = {
    "Dense": lambda x: Dense([x]).toarray()[0] if isinstance(x, list) else Dense(x).toarray(),
    "Ring": lambda x: Ring(x).row(0),
    "OneToOne": lambda x: OneToOne(x).toarray().diagonal(),
    "from_csr": lambda x: Sparse.from_csr([0, 3], [0, 1, 2], x, (1, 3)).data,
    "random": lambda x: Sparse.random(1, 3, 1.0, lambda rng, count: x).data,
    "vTh": lambda x: population(vTh=x).vTh,
    "AMPA_g": lambda x: population(AMPA_g=x).AMPA.g,
    "noise_rate": lambda x: lifext.pyrPop(3, noise_rate=x).noise.rate,
    "set cM": lambda x: assigned("cM", x),
    "state": lambda x: assigned("_vM", x),
    "kinetic": lambda x: lifext.firstOrdKin(3, 1.0, x).tau_s,
    "positions": lambda x: lifext.affRing(3, x).positions,
    "positions of Poisson input": lambda x: lifext.affRingPoisson(3, x)._positions,
    "mean": lambda x: lifext.noiseGaussian(3, x, 1.0).aff_m,
    "dts": lambda x: received(x, np.ones((3, 3)))[0],
    "rows": lambda x: received([0.0], np.reshape(x, (1, 3)) if type(x) is np.ndarray else [x])[1][0],
    "spk_times": lambda x: lifext.AMPAR(3).update(DT, x, np.ones((3, 3))),
    "potentials": lambda x: lifext.leak(3, g=1.0, vL=0.0).project(DT, x),
    "potentials of a receptor": lambda x: lifext.AMPAR(3).current(DT, x),
    "potentials of Poisson input": lambda x: lifext.noisePoisson(3, rate=0.0).project(DT, x),
    "mapping": lambda x: lifext.spikeDC(3).pop_vector(x, 0, 1),
}
# those that take one number; the bounds leave 1.5 in
NUMBERS = {
    "dt": lambda x: lifext.Network(x, seed=1).dt,
    "Uniform": lambda x: Uniform(x).weight,
    "OneToOne": lambda x: OneToOne(x).weight,
    "flat": lambda x: Ring([1.0, 2.0], flat=x).flat,
    "weight": lambda x: Sparse.random(2, 2, 1.0, x).data[0],
    "vTh": lambda x: population(vTh=x).vTh,
    "step": lambda x: population().predictSpikes(x, 0.0),
    "time": lambda x: population().predictSpikes(DT, x),
    "duration": lambda x: lifext.AMPAR(3).kinetic.project(x),
    "cue_sal": lambda x: population().stim(cue_sal=x),
    "rand_sd": lambda x: lifext.leak(3, rand_sd=x, rng=1).rand_sd,
    "collect": lambda x: lifext.spikeDC(3).collect([True, False, False], x),
    "begin": lambda x: lifext.spikeDC(3).get_spike_counts(x, 2.0),
    "window": lambda x: lifext.SpikeRecord._read(np.array([0]), np.array([1.0]), dict(
        name="a", size=1, start=0.0, stop=2.0, directions=None, provenance=None)).between(0.0, x),
}


MAY_BE_ARRAYS = NUMBERS["OneToOne"], NUMBERS["vTh"]
MAY_BE_LEFT_OUT = NUMBERS["cue_sal"], NUMBERS["rand_sd"]


class Quantity:
    """A number with a unit, as pint has it: NumPy gets the magnitude."""

    def __init__(self, magnitude):
        self.magnitude, self.units = magnitude, "volt"

    def __array__(self, dtype=None, copy=None):
        return np.array(self.magnitude)

    def __float__(self):
        return float(self.magnitude)

    def __len__(self):
        return len(self.magnitude)


class Carrying(np.ndarray):
    """An array with a unit, as astropy, unyt and brian2 have it: a subclass with an attribute."""

    unit = "V"


class Dimension(np.ndarray):
    __slots__ = ("dim",)


def with_dimension(x):
    array = np.asarray(x).view(Dimension)
    array.dim = (1, 0, 0)
    return array


UNITS = {"pint": Quantity, "astropy": lambda x: np.asarray(x).view(Carrying), "brian2": with_dimension}


@pytest.mark.parametrize("make", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("call", ARRAYS.values(), ids=ARRAYS)
def test_arrays_with_a_unit(call, make):
    with pytest.raises(TypeError, match="without a unit of its own"):
        call(make([0.01, 0.02, 0.03]))


@pytest.mark.parametrize("make", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("call", NUMBERS.values(), ids=NUMBERS)
def test_numbers_with_a_unit(call, make):
    with pytest.raises(TypeError, match="without a unit of its own"):
        call(make(1.5))


@pytest.mark.parametrize("make", UNITS.values(), ids=UNITS)
def test_lists_of_numbers_with_a_unit(make):
    with pytest.raises(TypeError, match="without a unit of its own"):
        population(vTh=[make(-50.0), make(-51.0), make(-52.0)])
    with pytest.raises(TypeError, match="without a unit of its own"):
        Dense([[0.0, 1.0], (make(1.0), 2.0)])


def test_the_units_of_a_real_library():
    pq = pytest.importorskip("quantities")
    for call in (lambda: population(vTh=-0.05*pq.V), lambda: population(vTh=[-50.0]*3*pq.mV),
                 lambda: Uniform(0.1*pq.dimensionless), lambda: lifext.Network(0.05*pq.ms),
                 lambda: Dense(np.ones((2, 2))*pq.nS), lambda: assigned("refDur", 2*pq.ms)):
        with pytest.raises(TypeError, match="without a unit of its own"):
            call()


@pytest.mark.parametrize("value", [
    datetime.timedelta(milliseconds=2), np.timedelta64(2, "ms"), np.datetime64("2020-01-01"), datetime.date(2020, 1, 1),
    "1.5", b"1.5", bytearray(b"1.5"), memoryview(b"1.5"), np.array("1.5"), np.array(b"1.5"), np.str_("1.5"), 1.5 + 0j,
    np.complex64(1.5), np.array(1.5 + 1j), np.array([1.5]), matrix([[1.5]]), [1.5], None, np.ma.masked,
    np.array(None), np.array(1.5, dtype=object), np.void(b"12345678"), {1.5}, object(),
], ids=named)
@pytest.mark.parametrize("call", NUMBERS.values(), ids=NUMBERS)
def test_no_numbers(call, value):
    if isinstance(value, (list, memoryview, np.ndarray)) and np.ndim(value) == 1 and call in MAY_BE_ARRAYS:
        pytest.skip("may be an array")
    if value is None and call in MAY_BE_LEFT_OUT:
        pytest.skip("may be left out")
    with pytest.raises(REFUSED, match="must be"):
        call(value)


@pytest.mark.parametrize("value", [
    np.float64(1.5), np.float32(1.5), np.float16(1.5), np.longdouble(1.5), np.array(1.5), np.array(1.5, ">f8"),
    decimal.Decimal("1.5"), fractions.Fraction(3, 2), np.ma.array(1.5)], ids=named)
@pytest.mark.parametrize("call", [NUMBERS[name] for name in ("dt", "Uniform", "vTh", "flat", "weight")])
def test_numbers_of_any_type(call, value):
    got = call(value)
    assert type(got) in (float, np.float64)
    assert got == 1.5


@pytest.mark.parametrize("value", [
    np.ma.array([0.1, 0.2, 9.0], mask=[False, False, True]), [0.1, 0.2, np.ma.masked],
    np.array([0.1, 0.2, 0.3], complex), np.array([1, 2, 3], "m8[ms]"), np.array([1, 2, 3], "M8[ms]"),
    np.array(["1", "2", "3"]), np.array([b"1", b"2", b"3"]), np.array([1.0, 2.0, 3.0], object), ["1", "2", "3"],
    [1.0, 2.0, "3"], [1.0, 2.0, None], [1.0, 2.0, np.timedelta64(3, "ms")], [1.0, 2.0, 3j], [1.0, 2.0, [3.0]],
    np.array([(1.0,), (2.0,), (3.0,)], [("a", float)]), {"a": 1.0}, {1.0, 2.0, 3.0}, [1.0, 2.0, datetime.timedelta(1)],
    [1.0, 2.0, 10**400], collections.deque([1.0, 2.0, np.ma.masked]),
], ids=named)
@pytest.mark.parametrize("call", ARRAYS.values(), ids=ARRAYS)
def test_no_arrays_of_numbers(call, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(REFUSED):
            call(value)


def test_rows_under_a_mask():
    rows = [np.ma.masked_greater([0.1, 9.0], 1.0), [0.1, 0.2]]
    for call in (lambda: Dense(rows), lambda: Dense(np.ma.array(np.ones((2, 2)), mask=np.eye(2))),
                 lambda: as_weights(np.ma.array(np.ones((2, 2)), mask=np.eye(2)), 2, 2),
                 lambda: received([0.0], np.ma.array(np.ones((1, 3)), mask=[[0, 1, 0]])),
                 lambda: assigned("_spiked", np.ma.array([True]*3, mask=[0, 1, 0])),
                 lambda: collected(np.ma.array([True]*3, mask=[0, 1, 0]))):
        with pytest.raises(TypeError, match="none of them masked"):
            call()


def test_an_array_with_a_mask_of_nothing_is_plain_data():
    values = np.ma.array([1.0, 2.0, 3.0])
    for call in (ARRAYS["Ring"], ARRAYS["vTh"], ARRAYS["state"], ARRAYS["from_csr"], ARRAYS["OneToOne"]):
        got = call(values)
        assert type(got) is np.ndarray
        assert got.tolist() == [1, 2, 3]


class Wrong(np.ndarray):
    """An array that says of itself what is not so."""

    shape, dtype, ndim, size, strides = (10**6,), np.dtype(np.float64), 1, 10**6, (8,)

    def __len__(self):
        return 10**6


@pytest.mark.parametrize("call", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.parametrize("there", [np.zeros(1), np.zeros((1, 1), np.int8), np.zeros(())])
def test_arrays_whose_class_says_something_else(call, there):
    if call is ARRAYS["Dense"] and there.shape == (1, 1):
        pytest.skip("a matrix")
    lying = there.view(Wrong)
    try:
        got = call(lying)
    except REFUSED:
        return
    assert np.size(got) <= 3


def test_a_row_of_weights_is_as_long_as_its_memory():
    class Long(np.ndarray):
        shape = (1, 200_000)
    pop = lifext.pyrPop(200_000, noise_rate=0.0)
    with pytest.raises(ValueError, match=r"weights must be an array of shape \(1, 200000\)"):
        pop.receivePyrSpikes(DT, 1, [[0.0]], np.zeros((1, 1)).view(Long))


class Changing:
    """Gives another array each time it is asked."""

    def __init__(self, *given):
        self.given = list(given)

    def __array__(self, dtype=None, copy=None):
        return self.given.pop(0)


@pytest.mark.parametrize("call", [ARRAYS[name] for name in ("Ring", "OneToOne", "from_csr", "vTh", "state", "rows")])
def test_what_gives_its_array_is_asked_once(call):
    source = Changing(np.array([1.0, 2.0, 3.0]))
    call(source)
    assert source.given == []


def test_what_gives_its_array_keeps_none_of_it():
    theirs = np.ones((2, 2))
    w = Dense(Changing(theirs))
    theirs[...] = np.nan
    assert w.toarray().tolist() == [[1, 1], [1, 1]]


def test_what_gives_a_masked_array():
    with pytest.raises(TypeError, match="none of them masked"):
        Ring(Changing(np.ma.array([1.0, 2.0], mask=[0, 1])))


@pytest.mark.parametrize("convert", [
    lambda x: x.tolist(), tuple, collections.deque, lambda x: x.astype(">f8"), lambda x: x.astype(np.float16),
    lambda x: x.astype(np.longdouble), lambda x: x.astype(np.uint64), lambda x: x.astype(np.int8), memoryview,
    lambda x: np.repeat(x, 2)[::2], lambda x: x[::-1].copy()[::-1], lambda x: [np.float32(v) for v in x],
    lambda x: [np.array(v) for v in x], lambda x: x.view(np.recarray), lambda x: collections.UserList(x),
])
@pytest.mark.parametrize("call", [ARRAYS[name] for name in ("Ring", "OneToOne", "from_csr", "vTh", "state", "dts")])
def test_arrays_of_any_kind(call, convert):
    got = call(convert(np.array([1.0, 2.0, 3.0])))
    assert type(got) is np.ndarray
    assert got.dtype == np.float64
    assert got.dtype.isnative
    assert got.tolist() == [1, 2, 3]


@pytest.mark.parametrize("call", [ARRAYS[name] for name in ("Ring", "OneToOne", "vTh", "state")])
def test_one_number_in_memory_for_all(call):
    got = call(np.broadcast_to(np.float64(2.0), (3,)))
    assert got.tolist() == [2, 2, 2]
    strange = np.lib.stride_tricks.as_strided(np.array([2.0]), (3,), (0,))
    got = call(strange)
    assert got.tolist() == [2, 2, 2]
    assert not np.shares_memory(got, strange)


def test_matrices_where_a_vector_is_wanted():
    for call in (ARRAYS["Ring"], ARRAYS["OneToOne"], ARRAYS["vTh"], ARRAYS["state"], ARRAYS["from_csr"]):
        with pytest.raises(ValueError, match="shape"):
            call(matrix([1.0, 2.0, 3.0]))
    assert type(Dense(matrix([[1.0, 2.0]])).array) is np.ndarray


@pytest.mark.parametrize("make", [lifext.pyrPop, Uniform, lambda x: population(vTh=x), lambda x: recorded([x]),
                                  lambda x: recorded([0] + [x]*2), lambda x: lifext.Network(DT, threads=x), Dense])
def test_numbers_too_long_to_be_printed(make):
    with pytest.raises(REFUSED, match="must be .* got"):
        make(10**5000)


def test_lists_within_themselves():
    nested = [1.0]
    nested.append(nested)
    for call in (Dense, Ring, lambda x: population(vTh=x), recorded):
        with pytest.raises(REFUSED):
            call(nested)


def test_pandas_columns():
    pandas = pytest.importorskip("pandas")
    assert population(vTh=pandas.Series([1.0, 2.0, 3.0], index=["units", "unit", "dim"])).vTh.tolist() == [1, 2, 3]
    assert Dense(pandas.DataFrame({"units": [1.0], "b": [2]})).toarray().tolist() == [[1, 2]]
    assert Ring(pandas.Series([1, 2], dtype="Int64")).row(0).tolist() == [1, 2]
    for column in (pandas.array([1.0, None], dtype="Float64"), pandas.Series([1, None], dtype="Int64"),
                   pandas.Series(pandas.to_timedelta([1, 2], unit="ms")), pandas.Series(["1", "2"]),
                   pandas.Series([1.0, 2.0], dtype=object), pandas.Series(pandas.to_datetime(["2020-01-01"]*2)),
                   pandas.Series([1.0, pandas.NA], dtype=object), pandas.Series([1j, 2])):
        with pytest.raises(REFUSED, match="Ring: row"):
            Ring(column)
    for value in (pandas.Timedelta(1, "ms"), pandas.NA, pandas.NaT, pandas.Timestamp(0)):
        with pytest.raises(REFUSED, match="must be"):
            lifext.Network(value)


# indices

@pytest.mark.parametrize(("given", "want"), [
    ([2, 0], [2, 0]), ([-1], [2]), ((0, 0), [0, 0]), (range(3), [0, 1, 2]), (iter([1]), [1]), ([], []),
    (np.array([1], np.uint64), [1]), (np.array([-3], np.int8), [0]), ({2}, [2]), ([np.int32(1)], [1]),
    ([True, False, True], [0, 2]), (np.array([False, True, False]), [1]), ([False]*3, []), ((np.True_,)*3, [0, 1, 2]),
    (np.ma.array([0, 1]), [0, 1]), (np.array([], bool), []),
])
def test_neurons(given, want):
    assert recorded(given) == want


@pytest.mark.parametrize("given", [
    [True, False], [True]*4, [[True, False, True]], [True, 0, 1], [0, True], True, np.True_, 1, np.array(1),
    np.int64(1),
    "012", b"01", [0.0], [1.5], [3], [-4], [[0]], [2**70], [None], ["0"], {0: 1}, None.__class__, [np.nan],
    np.ma.array([0, 1], mask=[0, 1]), np.array([1], "m8[ms]"), np.array([1], object), matrix([[0, 1]]),
    np.array([2**64 - 1], np.uint64), slice(2), Quantity([1]),
], ids=named)
def test_no_neurons(given):
    with pytest.raises(REFUSED, match="Network: neurons must be"):
        recorded(given)


@pytest.mark.parametrize("value", [True, np.True_, np.array(True), np.array([1]), 1.0, "1", 1j, Quantity(1), 2**70,
                                   np.timedelta64(1), [1], None])
def test_no_index(value):
    with pytest.raises(REFUSED, match="track_ID must be a whole number < size = 3"):
        lifext.firstOrdKin(3, 1.0, 2.0, track_ID=value)
    with pytest.raises(REFUSED, match="source must be a whole number < size = 3"):
        Dense(np.eye(3)).row(value)


@pytest.mark.parametrize("value", ["no", "", b"0", [], [True], np.array([False]), np.ma.masked, np.nan, 1j, {},
                                   np.timedelta64(1), Quantity(0)])
def test_no_flags(value):
    for call in (lambda: lifext.firstOrdKin(3, 1.0, 2.0, track=value), lambda: population(record_i=value)):
        with pytest.raises(REFUSED, match="(track|record) must be a boolean"):
            call()


@pytest.mark.parametrize("value", [True, 1, np.True_, np.array(True), 2.0, False, 0, None, np.False_])
def test_flags(value):
    assert lifext.firstOrdKin(3, 1.0, 2.0, track=value).track is bool(value)


@pytest.mark.parametrize("value", [True, np.True_, np.array(True), np.array([3]), "3", 2**70, 1e300, Quantity(3),
                                   np.timedelta64(3), datetime.timedelta(3), decimal.Decimal("NaN"), b"3", [3], 3.5,
                                   fractions.Fraction(7, 2), np.longdouble("inf"), bytearray(b"3")])
@pytest.mark.parametrize("make", [lifext.pyrPop, lifext.spikeDC, lambda n: Uniform(1.0, (n, 2)), Ring.from_profile,
                                  lambda n: Sparse.random(2, n, 0.0, 1.0), lambda n: lifext.Network(DT, threads=n)])
def test_no_sizes(make, value):
    with pytest.raises(REFUSED, match="must be"):
        make(value)


@pytest.mark.parametrize("change", [
    dict(indices=[1, True, 0]), dict(indices=[np.True_, 3, 0]), dict(indices=np.ma.array([1, 3, 0], mask=[0, 1, 0])),
    dict(indices=np.array([1, 3, 0], "m8[s]")), dict(indices=Quantity([1, 3, 0])), dict(indices=[1.0, 3.0, 0.0]),
    dict(indptr=[0, 2, 2, np.ma.masked]), dict(indptr=[False, 2, 2, 3]), dict(shape={3, 4}), dict(shape="34"),
    dict(shape={3: 1, 4: 1}), dict(shape=(True, 4)), dict(shape=(3, 2**70)), dict(shape=(3, 2**31)),
    dict(indices=np.array([1, 2**63, 0], np.uint64)), dict(indices=np.array([1, -2**40, 0])),
    dict(data=np.ma.array([1.0, 2, 3], mask=[0, 0, 1])), dict(data=np.array([1, 2, 3], "m8[s]")),
])
def test_no_rows(change):
    sound = dict(indptr=[0, 2, 2, 3], indices=[1, 3, 0], data=[0.5, -1.0, 2.0], shape=(3, 4))
    with pytest.raises(REFUSED, match="Sparse: "):
        Sparse.from_csr(**sound | change)


# what is checked is what is used

@pytest.mark.parametrize("make", [
    lambda a: Sparse.from_csr(np.array([0, len(a)]), a, np.ones(len(a)), (1, 100)).indices,
    lambda a: Sparse.from_csr(a[:101], np.zeros(0, int), np.zeros(0), (100, 1)).indptr,
    lambda a: Dense(a.reshape(1, -1)).array - 1,
    lambda a: Ring(a).bump - 1,
], ids=["indices", "indptr", "Dense", "Ring"])
def test_an_array_that_changes_while_it_is_taken(make):
    array, stop = np.zeros(100_000, np.int64), threading.Event()

    def change():
        while not stop.is_set():
            array[:] = 2**31 - 1
            array[:] = 0
    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(25):
            try:
                got = make(array)
            except ValueError:
                continue
            assert got.max(initial=0) < 2**31
            if got.dtype.kind == "i":
                assert got.max(initial=0) < 100
    finally:
        stop.set()
        changing.join()


# sparse matrices

FORMS = ("csr", "csc", "bsr", "coo", "dia", "lil", "dok")
CLASSES = ("array", "matrix")


@pytest.fixture
def sparse():
    return pytest.importorskip("scipy.sparse", reason="scipy is optional; only Sparse(matrix) and toscipy() need it")


def matrix_of(sparse, form, kind="array", dense=None, **options):
    dense = np.random.default_rng(1).random((6, 4)).round(1) if dense is None else dense
    return getattr(sparse, f"{form}_{kind}")(dense, **options)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", CLASSES)
def test_each_format_is_its_dense_twin(sparse, form, kind):
    rng = np.random.default_rng(1)
    for shape in ((1, 1), (1, 7), (7, 1), (6, 9), (30, 20)):
        for density in (0.0, 0.05, 0.5, 1.0):
            dense = rng.normal(size=shape)*(rng.random(shape) < density)
            theirs = matrix_of(sparse, form, kind, dense)
            w = Sparse(theirs)
            assert np.array_equal(w.toarray(), dense)
            assert np.array_equal(as_weights(theirs, *shape).toarray(), dense)
            again = w.toscipy()
            assert again.has_canonical_format


@pytest.mark.parametrize("blocksize", [(1, 1), (2, 2), (3, 1), (6, 4)])
def test_blocks(sparse, blocksize):
    dense = np.arange(24.0).reshape(6, 4)
    assert np.array_equal(Sparse(sparse.bsr_array(dense, blocksize=blocksize)).toarray(), dense)


@pytest.mark.parametrize("form", ["coo", "csr", "csc", "bsr"])
@pytest.mark.parametrize(("dtype", "number", "total"), [
    (np.int8, 100, 200.0), (np.uint8, 200, 400.0), (np.int16, 2**14, 2.0**15), (bool, True, 2.0),
    (np.float32, 1 + 2.0**-23, 2 + 2.0**-22), (np.int64, 2**62, 2.0**63), (np.float32, 3e38, 2*float(np.float32(3e38))),
])
def test_numbers_given_twice_are_added_as_float64(sparse, form, dtype, number, total):
    twice = np.array([number, number], dtype)
    theirs = {
        "coo": lambda: sparse.coo_array((twice, ([0, 0], [1, 1])), shape=(1, 2)),
        "csr": lambda: sparse.csr_array((twice, [1, 1], [0, 2]), shape=(1, 2)),
        "csc": lambda: sparse.csc_array((twice, [0, 0], [0, 0, 2]), shape=(1, 2)),
        "bsr": lambda: sparse.bsr_array((twice.reshape(2, 1, 1), [1, 1], [0, 2]), shape=(1, 2)),
    }[form]()
    assert Sparse(theirs).toarray().tolist() == [[0, total]]


def test_digits_of_float32_numbers_given_twice(sparse):
    numbers = np.array([2.0**24, 1, 1, 1], np.float32)
    theirs = sparse.coo_array((numbers, ([0]*4, [0]*4)), shape=(1, 1))
    assert Sparse(theirs).toarray()[0, 0] == 2.0**24 + 3


FAULTS = {
    "a target too high": ("indices", lambda a: np.where(np.arange(len(a)) == 3, 2**30, a)),
    "a target below 0": ("indices", lambda a: np.where(np.arange(len(a)) == 3, -1, a)),
    "a target beyond 32 bits": ("indices", lambda a: np.where(np.arange(len(a)) == 3, 2**40, a.astype(np.int64))),
    "few targets": ("indices", lambda a: a[:2]),
    "no targets": ("indices", lambda a: a[:0]),
    "targets with fractions": ("indices", lambda a: a + 0.5),
    "targets as floats": ("indices", lambda a: a.astype(float)),
    "targets that are booleans": ("indices", lambda a: a.astype(bool)),
    "targets in a matrix": ("indices", lambda a: a.reshape(1, -1)),
    "starts that fall": ("indptr", lambda a: np.where(np.arange(len(a)) == 1, a[-1], np.where(a == a[-1], a, 0))),
    "a start below 0": ("indptr", lambda a: np.where(np.arange(len(a)) == 1, -5, a)),
    "starts from 1": ("indptr", lambda a: np.maximum(a, 1)),
    "starts beyond the end": ("indptr", lambda a: a*1000),
    "few starts": ("indptr", lambda a: a[:-1]),
    "many starts": ("indptr", lambda a: np.append(a, a[-1])),
    "no starts": ("indptr", lambda a: a[:0]),
    "few numbers": ("data", lambda a: a[:3]),
    "no numbers": ("data", lambda a: a[:0]),
    "numbers with NaN": ("data", lambda a: a*np.nan),
    "complex numbers": ("data", lambda a: a*1j),
    "texts": ("data", lambda a: a.astype(str)),
    "durations": ("data", lambda a: a.astype("m8[s]")),
    "objects": ("data", lambda a: a.astype(object)),
    "masked numbers": ("data", lambda a: np.ma.masked_equal(a, 1.0)),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("form", ["csr", "csc", "bsr"])
@pytest.mark.parametrize("kind", CLASSES)
def test_compressed_matrices_with_other_arrays(sparse, form, kind, fault):
    name, change = fault
    theirs = matrix_of(sparse, form, kind, np.ones((6, 4)))
    setattr(theirs, name, change(getattr(theirs, name)))
    with pytest.raises(REFUSED, match="Sparse: "):
        Sparse(theirs)


@pytest.mark.parametrize("form", FORMS)
def test_matrices_that_say_another_shape(sparse, form):
    theirs = matrix_of(sparse, form, dense=np.ones((6, 4)))
    for shape in ((6, 2), (2, 2), (-1, 4), (0, 0), (6, 2.5), (True, 4), (6, 2**31)):
        other = copy.copy(theirs)
        other._shape = shape
        try:
            w = Sparse(other)
        except REFUSED:
            continue
        # what scipy itself would leave out: a diagonal beyond the matrix
        assert form == "dia"
        assert w.shape == shape
        assert w.indices.max(initial=0) < shape[1]


@pytest.mark.parametrize(("name", "values"), [
    ("row", [0, 2**30]), ("row", [0, -1]), ("col", [0, 2**40]), ("col", [0, -2]), ("row", [0]), ("col", [0, 1, 2]),
    ("data", [1.0]), ("data", [1.0, np.inf]), ("data", [1.0, 1j]), ("col", [[0, 1]]),
])
def test_coordinates_with_other_arrays(sparse, name, values):
    theirs = sparse.coo_array(([1.0, 2.0], ([0, 1], [1, 0])), shape=(2, 2))
    try:
        setattr(theirs, name, np.array(values))
    except ValueError:
        # this scipy converts what it is given
        coordinates = list(theirs.coords)
        coordinates[name == "col"] = np.array(values)
        theirs.coords = tuple(coordinates)
    with pytest.raises(REFUSED, match="Sparse: "):
        Sparse(theirs)


@pytest.mark.parametrize(("offsets", "data"), [
    ([2**40], np.ones((1, 3))), ([-2**40], np.ones((1, 3))), ([0.5], np.ones((1, 3))), ([0, 1], np.ones((1, 3))),
    ([0], np.ones(3)), ([0], np.full((1, 3), np.nan)), ([True], np.ones((1, 3))), ([[0]], np.ones((1, 3))),
])
def test_diagonals_with_other_arrays(sparse, offsets, data):
    theirs = sparse.dia_array((np.ones((1, 3)), [0]), shape=(3, 3))
    theirs.offsets, theirs.data = np.array(offsets), data
    with pytest.raises(REFUSED, match="Sparse: "):
        Sparse(theirs)


def test_diagonals_beyond_the_matrix_have_nothing(sparse):
    theirs = sparse.dia_array((np.array([[1.0, 2.0, 3.0, np.nan], [9.0]*4]), [1, 7]), shape=(2, 3))
    assert Sparse(theirs).toarray().tolist() == [[0, 2, 0], [0, 0, 3]]
    assert np.array_equal(Sparse(sparse.dia_array((np.ones((2, 9)), [-4, 2]), shape=(5, 4))).toarray(),
                          sparse.dia_array((np.ones((2, 9)), [-4, 2]), shape=(5, 4)).toarray())


@pytest.mark.parametrize(("name", "row"), [
    ("rows", [7]), ("rows", [-1]), ("rows", [2**40]), ("rows", [0.5]), ("rows", []), ("rows", [0, 1]), ("rows", None),
    ("rows", ["0"]), ("rows", [True]), ("data", []), ("data", [np.nan]), ("data", [1j]), ("data", 1.0), ("data", ["1"]),
])
def test_lists_of_rows_with_other_lists(sparse, name, row):
    theirs = sparse.lil_array(np.eye(3))
    getattr(theirs, name)[1] = row
    with pytest.raises(REFUSED, match="Sparse: "):
        Sparse(theirs)


@pytest.mark.parametrize(("key", "value"), [
    ((7, 0), 1.0), ((0, -1), 1.0), ((0, 2**40), 1.0), ((0, 0.5), 1.0), ((0,), 1.0), ((0, 1, 2), 1.0), ("01", 1.0),
    ((0, 1), np.nan), ((0, 1), 1j), ((0, 1), "1"), ((0, 1), None), ((True, False), 1.0),
])
def test_dictionaries_of_keys_with_others(sparse, key, value):
    theirs = sparse.dok_array(np.eye(3))
    if not hasattr(theirs, "_dict"):
        pytest.skip("this scipy has a dictionary elsewhere")
    theirs._dict[key] = value
    with pytest.raises(REFUSED, match="Sparse: "):
        Sparse(theirs)


def test_a_matrix_of_no_known_format(sparse):
    class Other(sparse.sparray):
        shape, dtype, format, ndim = (2, 2), np.dtype(float), "csr", 2
    with pytest.raises(TypeError, match="Sparse: matrix must be a scipy.sparse matrix"):
        Sparse(Other())


def test_room_that_scipy_left_at_the_end(sparse):
    theirs = sparse.csr_array(([1.0, 2.0, np.nan], [0, 1, 99], [0, 1, 3]), shape=(2, 100))
    theirs.indptr = np.array([0, 1, 2])
    assert Sparse(theirs).toarray()[:, :2].tolist() == [[1, 0], [0, 2]]


# memory that stays as it is

MADE = {
    "Dense": lambda: Dense(np.arange(6.0).reshape(2, 3)), "Sparse": lambda: Sparse.from_csr(
        [0, 2, 3], [0, 2, 1], [0.5, 1.0, 0.25], (2, 3)),
    "Sparse of one number": lambda: Sparse.random(20, 30, 0.3, 0.5, rng=1), "Ring": lambda: Ring([1.0, 2.0, 0.0, 0.5]),
    "a flat Ring": lambda: Ring([0.0, 0.0, 0.0]), "OneToOne": lambda: OneToOne([1.0, 2.0]),
    "no connections": lambda: Sparse.from_csr([0, 0], [], [], (1, 5)),
    "bound": lambda: OneToOne(0.5).bound(3, 3), "Uniform": lambda: Uniform(0.5, (2, 3)),
}


def arrays_of(w):
    return [value for value in [*vars(w).values(), getattr(w, "data", None)] if isinstance(value, np.ndarray)]


@pytest.mark.parametrize("through", [lambda w: w, lambda w: pickle.loads(pickle.dumps(w)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_no_array_can_be_made_writeable(make, through):
    w = through(make())
    before = w.toarray()
    for array in arrays_of(w):
        held = array
        while isinstance(held, np.ndarray):
            assert not held.flags.writeable
            with pytest.raises(ValueError, match="WRITEABLE"):
                held.setflags(write=True)
            with pytest.raises(ValueError, match="WRITEABLE"):
                held.flags.writeable = True
            held = held.base
        assert held.readonly
        with pytest.raises(ValueError, match="read-only"):
            np.copyto(array, 0)
    assert np.array_equal(w.toarray(), before)


def test_locked_memory():
    array = locked(np.arange(3.0))
    lender = array.base.obj
    assert type(lender) is Locked
    # asks for memory to write to
    with pytest.raises((BufferError, TypeError)):
        io.BytesIO(b"12345678").readinto(lender)
    with pytest.raises(TypeError, match="can be pickled"):
        pickle.dumps(lender)
    assert renewed(array) is not array
    assert renewed(array).tolist() == [0, 1, 2]
    for other in (np.arange(3.0), array[:2], array.copy(), None, 1.0, [1.0], np.asarray(memoryview(b"12345678"))):
        assert renewed(other) is None
    array.shape = (1, 3)
    assert renewed(array).shape == (3,)
    del array, lender
    gc.collect()


def test_a_pickle_with_memory_of_its_own_is_copied():
    w, buffers = Dense(np.arange(6.0).reshape(2, 3)), []
    data = pickle.dumps(w, 5, buffer_callback=buffers.append)
    theirs = [bytearray(buffer.raw()) for buffer in buffers]
    again = pickle.loads(data, buffers=theirs)
    for buffer in theirs:
        buffer[:] = bytes(len(buffer))
    assert np.array_equal(again.toarray(), w.toarray())


# what reaches the kernels

def kept(w):
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(w).items()}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_weights_of_this_package_reach_the_kernels_as_they_are(make):
    w = make()
    checked = for_kernels(w)
    assert type(checked) is type(w)
    assert kept(checked) == kept(w)
    assert checked is not w
    for mine, theirs in zip(arrays_of(checked), arrays_of(w)):
        # the same memory, under a shape and type that nobody else has
        assert mine is not theirs
        assert mine.size == 0 or np.shares_memory(mine, theirs)
    assert for_kernels(w) is checked


def test_what_is_known_of_weights_is_forgotten_with_them():
    w = Dense(np.ones((2, 2)))
    for_kernels(w)
    key = id(w)
    assert key in _reading._KNOWN
    del w
    gc.collect()
    assert key not in _reading._KNOWN


def test_another_shape_given_to_an_array_does_not_count():
    w = Dense(np.arange(16.0).reshape(4, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        w.array.shape = (2, 8)
    assert for_kernels(w).array.shape == (4, 4)
    w = Sparse.from_csr([0, 1, 2], [1, 0], [1.0, 2.0], (2, 2))
    for_kernels(w)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        w.indices.shape = (2, 1)
    assert for_kernels(w).indices.shape == (2,)


CHANGES = {
    "indices": ("Sparse", "indices", np.array([0, 2**30, 1], np.int32)),
    "locked indices": ("Sparse", "indices", locked(np.array([0, 2**30, 1], np.int32))),
    "short indices": ("Sparse", "indices", locked(np.array([0], np.int32))),
    "no indices": ("Sparse", "indices", None),
    "indptr": ("Sparse", "indptr", locked(np.array([0, 2, 2**40], np.intp))),
    "falling indptr": ("Sparse", "indptr", locked(np.array([0, 5, 3], np.intp))),
    "short indptr": ("Sparse", "indptr", locked(np.array([0, 3], np.intp))),
    "no indptr": ("Sparse", "indptr", np.zeros(0, np.intp)),
    "values": ("Sparse", "_values", locked(np.array([1.0, 2.0]))),
    "no values": ("Sparse", "_values", locked(np.array([]))),
    "values with NaN": ("Sparse", "_values", locked(np.array([1.0, 2.0, np.nan]))),
    "shape": ("Sparse", "shape", (2, 1)),
    "many rows": ("Sparse", "shape", (1000, 3)),
    "shape that is none": ("Sparse", "shape", None),
    "array": ("Dense", "array", np.zeros((1, 1))),
    "locked array": ("Dense", "array", locked(np.zeros((1, 1)))),
    "array with NaN": ("Dense", "array", locked(np.full((2, 3), np.nan))),
    "shape of an array": ("Dense", "shape", (400, 400)),
    "shape of three": ("Dense", "shape", (2, 3, 4)),
    "a long bump": ("Ring", "bump", locked(np.ones(50))),
    "first": ("Ring", "first", 2**62),
    "first as a float": ("Ring", "first", 0.5),
    "flat": ("Ring", "flat", np.nan),
    "ring that is none": ("Ring", "shape", (4, 5)),
    "weight": ("OneToOne", "weight", locked(np.ones(1))),
    "one number": ("Uniform", "weight", np.inf),
    "an array for one number": ("Uniform", "weight", np.ones(3)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_attributes_put_into_the_dictionary(change):
    make, name, value = change
    w = MADE[make]()
    for_kernels(w)
    vars(w)[name] = value
    with pytest.raises(REFUSED, match=f"{make}: "):
        for_kernels(w)


def test_sound_attributes_put_into_the_dictionary_are_copied():
    w = MADE["Sparse"]()
    mine = np.array([2, 0, 1], np.int32)
    vars(w)["indices"] = mine
    checked = for_kernels(w)
    mine[:] = 2**30
    # in order again
    assert checked.indices.tolist() == [0, 2, 1]
    assert checked.toarray().tolist() == [[1.0, 0, 0.5], [0, 0.25, 0]]
    w, array = MADE["Dense"](), np.ones((2, 3))
    vars(w)["array"] = array
    checked = for_kernels(w)
    array[:] = np.nan
    assert checked.toarray().tolist() == [[1, 1, 1], [1, 1, 1]]


class Given(Weights):
    """Weights whose matrix is whatever they were given."""

    def __init__(self, shape, *given):
        vars(self).update(shape=shape, given=list(given))

    def toarray(self):
        return self.given.pop(0)


@pytest.mark.parametrize("matrix", [
    np.zeros((1, 1)), np.zeros((3, 2)), np.zeros(6), np.full((2, 3), np.nan), np.full((2, 3), np.inf), "matrix", None,
    np.zeros((2, 3), complex), np.ma.array(np.zeros((2, 3)), mask=True), np.zeros((1, 1)).view(Wrong),
    np.array([["0"]*3]*2), Quantity([[1.0]*3]*2), np.zeros((2, 3), object), np.zeros((0, 0)), 1.0,
])
def test_matrices_of_another_kind(matrix):
    with pytest.raises(REFUSED, match=r"Given: toarray\(\) must be|Given: toarray\(\)\[0, 0\] must be finite"):
        for_kernels(Given((2, 3), matrix))
    with pytest.raises(REFUSED, match="Given: toarray"):
        as_weights(Given((2, 3), matrix), 2, 3)


@pytest.mark.parametrize("shape", [None, (2,), (0, 3), (2.5, 3), (True, 3), (2**70, 1), "23", {2, 3}])
def test_shapes_of_another_kind(shape):
    with pytest.raises(REFUSED, match="Given: "):
        for_kernels(Given(shape, np.zeros((2, 3))))


@pytest.mark.parametrize("matrix", [np.ones((2, 3), np.int8), np.ones((3, 2)).T, [[1]*3]*2, np.ones((2, 3), ">f4"),
                                    np.broadcast_to(1.0, (2, 3)), matrix(np.ones((2, 3)))])
def test_matrices_of_any_type_are_copied_once(matrix):
    w = Given((2, 3), matrix, np.zeros((1, 1)))
    checked = for_kernels(w)
    assert type(checked) is Dense
    assert checked.array.dtype == np.float64
    assert checked.array.flags.c_contiguous
    assert checked.toarray().tolist() == [[1]*3]*2
    assert not np.shares_memory(checked.array, matrix)
    assert for_kernels(w) is checked


def subclass(kind, **own):
    return type(f"Own{kind.__name__}", (kind,), own)


def _nothing(self, source, row):
    row[:] = 0.0


@pytest.mark.parametrize(("w", "want"), [
    (subclass(Dense)(np.ones((2, 2))), np.ones((2, 2))),
    (subclass(Dense, toarray=lambda self: np.zeros((2, 2)))(np.ones((2, 2))), np.zeros((2, 2))),
    (subclass(Sparse, _fill=_nothing).from_csr([0, 1], [1], [1.0], (1, 2)), np.zeros((1, 2))),
    (subclass(Sparse, data=property(lambda self: np.full(1, 7.0))).from_csr([0, 1], [1], [1.0], (1, 2)), [[0, 7]]),
    (subclass(Ring, row=lambda self, source: np.full(2, source))([1.0, 2.0]), [[0, 0], [1, 1]]),
    (subclass(Uniform, weight=0.25)(0.5, (1, 2)), [[0.5, 0.5]]),
    (subclass(Uniform, weight=property(lambda self: 0.25))(0.5, (1, 2)), [[0.25, 0.25]]),
    (subclass(OneToOne, toarray=lambda self: np.ones((2, 2)))([1.0, 2.0]), np.ones((2, 2))),
    (subclass(Weights, shape=(1, 2), row=lambda self, source: [3.0, 4.0])(), [[3, 4]]),
    (subclass(Weights, shape=(1, 2), _fill=lambda self, source, row: row.fill(5.0))(), [[5, 5]]),
])
def test_subclasses_are_what_their_rows_are(w, want):
    assert for_kernels(w).toarray().tolist() == np.asarray(want).tolist()
    assert type(for_kernels(w)) in (Dense, Sparse, Ring, Uniform, OneToOne)


@pytest.mark.parametrize("w", [
    subclass(Dense, shape=(400, 400))(np.ones((2, 2))),
    subclass(Dense, toarray=lambda self: np.zeros((1, 1)))(np.ones((2, 2))),
    subclass(Dense, array=property(lambda self: np.zeros((1, 1))))(np.ones((2, 2))),
    subclass(Sparse, indices=property(lambda self: np.array([2**30], np.int32))).from_csr([0, 1], [1], [1.0], (1, 2)),
    subclass(Ring, row=lambda self, source: np.zeros(1))([1.0, 2.0]),
    subclass(Uniform, weight=property(lambda self: np.nan))(0.5, (1, 2)),
    subclass(OneToOne, weight=property(lambda self: np.ones(1)))([1.0, 2.0]),
    subclass(Ring, first=property(lambda self: 2**63))([1.0, 2.0]),
], ids=lambda w: type(w).__name__)
def test_subclasses_that_are_not_what_they_say(w):
    if vars(type(w)).get("shape") == (400, 400):
        # the class's own is behind the object's
        assert for_kernels(w).shape == (2, 2)
        return
    with pytest.raises(REFUSED):
        for_kernels(w)


def test_a_network_refuses_weights_that_are_not_what_they_say():
    pop, net = population(), lifext.Network(DT, seed=1)
    net.add(pop=pop)
    for w in (Given((3, 3), np.zeros((1, 1))), subclass(Dense, toarray=lambda self: np.zeros((1, 1)))(np.eye(3)),
              subclass(Weights, shape=(3, 3), bound=lambda self, n, m: np.eye(3))(),
              subclass(Weights, shape=(3, 3), bound=lambda self, n, m: Dense([[1.0]]))()):
        with pytest.raises(REFUSED):
            net.connect(pop, pop, w, "exc")
    assert net._projections == []


# seeds

@pytest.mark.parametrize("rng", [
    matrix([[1, 2]]), matrix([[1]]), True, False, np.True_, [True, 1], 1.0, 2.5, np.nan, np.float64(3), [1.0],
    np.array([1.5]), -1, [-1], [1, -2], np.array([-1]), "1", "0x1", b"1", ["1"], 1j, [[1, 2]], np.array([[1, 2]]), [],
    np.array([]), 2**20_000, [2**20_000], list(range(2000)), np.zeros(10**6, int), {1, 2}, {1: 2}, object(), np.random,
    np.random.default_rng, datetime.timedelta(1), np.timedelta64(1), Quantity(1), Quantity([1]),
    np.ma.array([1, 2], mask=True), np.random.bit_generator.SeedlessSeedSequence(), [None], np.array([1], object),
], ids=lambda rng: type(rng).__name__)
def test_no_random_sources(rng):
    for call in (lambda: population(vTh=1.0) and lifext.pyrPop(2, rng=rng), lambda: lifext.noisePoisson(2, rng=rng),
                 lambda: Sparse.random(2, 2, 0.5, 1.0, rng=rng), lambda: Sparse.fixed_in_degree(2, 2, 1, 1.0, rng=rng)):
        with pytest.raises(REFUSED, match="rng must be"):
            call()


class Short(np.random.SeedSequence):
    """Gives fewer words than it is asked for."""

    def generate_state(self, n_words, dtype=np.uint32):
        return np.zeros(0, dtype)


def test_a_seed_sequence_of_ones_own_is_refused():
    for call in (lambda: lifext.pyrPop(2, rng=Short(1)), lambda: lifext.Network(DT, seed=Short(1)),
                 lambda: lifext.run_trials(lambda rng: 1, 1, seed=Short(1), progress=False)):
        with pytest.raises(TypeError, match="must be"):
            call()


@pytest.mark.parametrize(("rng", "same"), [
    (1, 1), (np.int64(1), 1), (np.uint8(1), 1), (np.array(1), 1), (0, 0), (2**128 - 1, 2**128 - 1), (2**5000, 2**5000),
    ([1, 2], [1, 2]), ((1, 2), [1, 2]), (np.array([1, 2]), [1, 2]), (np.array([1, 2], np.uint32), [1, 2]), ([0], [0]),
    ([2**100, 3], [2**100, 3]), (range(3), [0, 1, 2]), (np.random.SeedSequence(5), 5),
    (np.array([2**64 - 1, 1], np.uint64), [2**64 - 1, 1]), (np.array([1, 2], ">i8"), [1, 2]),
], ids=lambda value: type(value).__name__)
def test_random_sources(rng, same):
    got = lifext.noisePoisson(2, rng=rng).rng
    assert got.bit_generator.state == np.random.default_rng(same).bit_generator.state


def test_a_bit_generator_and_a_random_state_are_sources():
    bits = np.random.MT19937(3)
    assert lifext.noisePoisson(2, rng=bits).rng.bit_generator is bits
    legacy = np.random.RandomState(3)
    assert lifext.noisePoisson(2, rng=legacy).rng is legacy


@pytest.mark.parametrize("seed", [
    True, np.True_, np.array(True), -1, 1.5, np.nan, np.inf, "1", b"1", [1, 2], np.array([1, 2]), matrix([[1]]), 1j,
    np.random.RandomState(1), np.random.PCG64(1), 2**20_000, object(), Quantity(1), np.timedelta64(1), {1}, np.random,
], ids=lambda seed: type(seed).__name__)
def test_no_seeds(seed):
    with pytest.raises(REFUSED, match="Network: seed must be"):
        lifext.Network(DT, seed=seed)
    net = lifext.Network(DT, seed=1)
    for call in (net.reseed, net.reset):
        with pytest.raises(REFUSED, match="Network: seed must be"):
            call(seed)
    assert net.seed == 1
    with pytest.raises(REFUSED, match="run_trials: seed must be"):
        lifext.run_trials(lambda rng: 1, 1, seed=seed, progress=False)


@pytest.mark.parametrize("seed", [0, 1, 2**64, 2**128 + 1, 10**300, np.uint64(2**63), np.array(7)])
def test_no_digit_of_a_seed_is_lost(seed):
    assert lifext.Network(DT, seed=seed).seed == int(seed)


# trials

def number(rng):
    return 1


@pytest.mark.parametrize("count", [2**70, 2**62, 10**9, -1, 0, True, np.True_, 1.5, np.nan, np.inf, "3", [3], 1e300,
                                   Quantity(3), np.timedelta64(3), None])
def test_no_numbers_of_trials(count):
    with pytest.raises(REFUSED, match="run_trials: n must be"):
        lifext.run_trials(number, count, seed=1, progress=False)
    with pytest.raises(REFUSED, match="sweep: trials must be"):
        lifext.sweep(lambda rng, g: 1, {"g": [1]}, trials=count, seed=1, progress=False)


def test_a_grid_with_too_many_places():
    with pytest.raises(ValueError, match=r"sweep: trials must be so few .* got 1, which are 100000000000000000000"):
        lifext.sweep(lambda rng, **grid: 1, {f"g{k}": range(10) for k in range(20)}, seed=1, progress=False)


def test_a_part_of_very_many_trials():
    table = lifext.run_trials(lambda rng: float(rng.random()), 2**62, seed=1, progress=False, shard=(2**60 + 3, 2**61))
    assert list(table["trial"]) == [2**60 + 3, 2**60 + 3 + 2**61]
    assert list(lifext.run_trials(number, 5, seed=1, progress=False, shard=(4, 2**70))["trial"]) == [4]
    assert len(lifext.run_trials(number, 5, seed=1, progress=False, shard=(5, 2**61))) == 0


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
def test_parts_are_every_so_many_trials_of_all(count):
    def place(rng, a, b):
        return float(rng.random())
    grid = {"a": [1, 2, 3], "b": ["x", "y"]}
    whole = lifext.sweep(place, grid, trials=3, seed=1, progress=False)
    for first in range(count):
        part = lifext.sweep(place, grid, trials=3, seed=1, progress=False, shard=(first, count))
        for column in ("a", "b", "trial") + (("result",) if len(part) else ()):
            assert list(part[column]) == list(whole[column])[first::count]


@pytest.mark.parametrize("shard", [True, 1, "12", (True, 2), (0, True), (0, 0), (2, 2), (-1, 2), (0.5, 2), (0, np.nan),
                                   {0, 1}, {0: 1, 2: 3}, (0,), (0, 1, 2), b"12", (Quantity(0), 2), (np.array([0]), 2)])
def test_no_shards(shard):
    with pytest.raises(REFUSED, match="run_trials: shard"):
        lifext.run_trials(number, 3, seed=1, progress=False, shard=shard)


@pytest.mark.parametrize("n_jobs", [True, False, np.True_, np.array(True), 0, 1.5, 2.0, np.nan, "2", [2], 2**70,
                                    -2**70, 10**6, Quantity(2), np.timedelta64(2)])
def test_no_numbers_of_jobs(n_jobs):
    with pytest.raises(REFUSED, match="run_trials: n_jobs must be"):
        lifext.run_trials(number, 3, seed=1, progress=False, n_jobs=n_jobs)


@pytest.mark.parametrize("threads", [True, 0, -1, 2**31, 2**70, 1.5, np.nan, "1"])
def test_no_numbers_of_threads(threads):
    with pytest.raises(REFUSED, match="run_trials: threads must be"):
        lifext.run_trials(number, 3, seed=1, progress=False, threads=threads)


# spikes of others

def of_pandas(ids, times):
    pandas = pytest.importorskip("pandas")
    return lifext.SpikeRecord.from_pandas(pandas.DataFrame({"time": times, "neuron": ids}))


BAD_TIMES = {
    "NaN": [1.0, np.nan], "inf": [1.0, np.inf], "durations": np.array([1, 2], "m8[ms]"), "complex": np.array([1j, 2]),
    "dates": np.array([1, 2], "M8[ms]"), "texts": ["1", "2"], "objects": np.array([1.0, 2.0], object),
    "gaps": [1.0, None], "bytes": [b"1", b"2"],
}
BAD_IDS = {
    "fractions": [0.5, 1.0], "floats": [0.0, 1.0], "booleans": [True, False], "below 0": [0, -1], "texts": ["0", "1"],
    "objects": np.array([0, 1], object), "durations": np.array([0, 1], "m8[ms]"), "NaN": [0, np.nan],
    "complex": [0, 1j], "too high": np.array([0, 2**63], np.uint64),
}


@pytest.mark.parametrize("times", BAD_TIMES.values(), ids=BAD_TIMES)
def test_tables_without_times(times):
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in a table"):
        of_pandas([0, 1], times)


@pytest.mark.parametrize("ids", BAD_IDS.values(), ids=BAD_IDS)
def test_tables_without_neurons(ids):
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in a table"):
        of_pandas(ids, [1.0, 2.0])


def test_tables_in_any_order_and_type():
    pandas = pytest.importorskip("pandas")
    record = of_pandas(np.array([2, 0, 1], np.uint8), np.array([5, -3, 1], np.int16))
    assert (record.size, record.start, record.stop) == (3, -3.0, 5.0)
    assert [array.tolist() for array in record.between(-3.0, 5.0)] == [[0, 1], [-3, 1]]
    record = of_pandas(pandas.array([1, 0], dtype="Int64"), pandas.array([1.5, 0.5], dtype="Float64"))
    assert record.ids.tolist() == [1, 0]
    for column in ("neuron", "time"):
        frame = pandas.DataFrame({"time": [1.0, 2.0], "neuron": [0, 1]}).astype({"time": "Float64", "neuron": "Int64"})
        frame.loc[1, column] = pandas.NA
        with pytest.raises(ValueError, match="SpikeRecord: spikes must be in a table"):
            lifext.SpikeRecord.from_pandas(frame)


def test_a_table_with_two_columns_of_one_name():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1.0, 2.0, 0]], columns=["time", "time", "neuron"])
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in a table"):
        lifext.SpikeRecord.from_pandas(frame)


def test_trains_with_times_that_are_none():
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    trains = [neo.SpikeTrain([0.002, 0.001]*pq.s, t_stop=1.0), neo.SpikeTrain([-5.0]*pq.ms, t_start=-10.0, t_stop=1.0)]
    record = lifext.SpikeRecord.from_neo(trains)
    assert (record.ids.tolist(), record.times.tolist()) == ([1, 0, 0], [-5.0, 1.0, 2.0])
    trains[0][0] = np.nan*pq.s
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in spike trains of neo"):
        lifext.SpikeRecord.from_neo(trains)


@pytest.mark.parametrize("times", [[0.1, np.nan], [0.1, np.inf], ["a", "b"], [0.1, 1j]])
def test_units_with_times_that_are_none(times):
    pynwb = pytest.importorskip("pynwb")
    session = pynwb.NWBFile("a session", "an identifier", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    session.add_unit(spike_times=[0.2])
    session.units["spike_times"].target.data[:] = []
    session.units["spike_times"].target.data.extend(times)
    session.units["spike_times"].data[0] = len(times)
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in an NWB file"):
        lifext.SpikeRecord.from_nwb(session)


@pytest.mark.parametrize(("ids", "times"), [
    ([0, 1], [1.0, np.nan]), ([0, 1], [np.inf, 1.0]), ([0.0, 1.0], [1.0, 2.0]), ([True, False], [1.0, 2.0]),
    ([0, -1], [1.0, 2.0]), ([0, 1], [1, 2]), ([0, 1], [1j, 2]),
])
def test_sonata_files_of_others(tmp_path, ids, times):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "spikes.h5", "w") as file:
        file["spikes/cells/node_ids"], file["spikes/cells/timestamps"] = np.array(ids), np.array(times)
    with pytest.raises(ValueError, match="SpikeRecord: spikes must be in a SONATA file"):
        lifext.SpikeRecord.from_sonata(tmp_path / "spikes.h5")


def test_directions_of_a_population_of_ones_own():
    class Own(lifext.pyrPop):
        directions = np.ma.array([0.0, 1.0, 2.0], mask=[0, 0, 1])
    pop, net = Own(3, noise_rate=0.0), lifext.Network(DT, seed=1)
    net.add(pop=pop)
    record = net.record_spikes(pop)
    with pytest.raises(TypeError, match="directions must be .*none of them masked"):
        record.population_vector(0.0, 1.0)
    Own.directions = [0.0]
    record = lifext.recording.SpikeRecord("pop", pop)
    with pytest.raises(ValueError, match=r"directions must be an array of finite numbers of shape \(3,\)"):
        record.population_vector(0.0, 1.0)


def test_spikes_that_change_while_they_are_collected():
    record, spikes, stop = lifext.spikeDC(1000), np.ones(1000, bool), threading.Event()

    def change():
        while not stop.is_set():
            spikes[:500] ^= True
    changing = threading.Thread(target=change)
    changing.start()
    try:
        for k in range(500):
            record.collect(spikes, float(k))
    finally:
        stop.set()
        changing.join()
    neurons, times = record.get_spikes()
    assert len(neurons) == len(times)
    assert neurons.min() >= 1


def test_received_weights_are_seen_once_and_not_copied():
    """A matrix of all pairs is not copied in each step: rows of those that do not spike are not looked at."""
    pop, rows = population(), np.ones((2, 3))
    rows[1] = np.nan
    pop.receivePyrSpikes(DT, 1, [[0.01], [DT]], np.ma.array(rows))
    assert pop._excitation.count == 1
