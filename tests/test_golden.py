"""What the published code did, replayed bit for bit, by the loops of each instruction set.

Where NumPy's exp equals libm's, as on the machine that made the arrays, every array must be
equal. Elsewhere what follows from an exp is compared to 1e-9 over the first steps, and
the whole comparison is made again in a process in which NumPy leaves out the instruction sets
that it has an exp of its own for.
"""
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from conftest import EXP_IS_LIBM
from golden_runs import RUNS

from lifext import _core
from lifext._core.shared import loops

DATA = pathlib.Path(__file__).parent / "data" / "golden"
FIRST = 50          # steps compared to 1e-9 where exp differs
# the order of spikes at one instant is the sort's own affair
TOLERANT = {"ties": 1e-12}


def compare_exactly(name, want, got):
    for key in want.files:
        a, b = want[key], np.asarray(got[key])
        assert a.shape == b.shape, key
        if name in TOLERANT and a.dtype.kind == "f":
            np.testing.assert_allclose(b, a, rtol=TOLERANT[name], err_msg=key)
        else:
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), key


def first_steps(name, key, array):
    """What the exp's last place cannot have carried far yet."""
    if key == "spikes" and array.ndim == 2 and array.shape[1] == 4:
        return array[array[:, 0] < FIRST]
    if name.startswith(("ring", "dual")) and key != "rng":
        return array[:0]
    return array if key in ("rng", "first_shape", "first_num") else array[:FIRST]


def compare_first_steps(name, want, got):
    for key in want.files:
        a, b = (first_steps(name, key, np.asarray(x[key])) for x in (want, got))
        assert a.shape == b.shape, key
        np.testing.assert_allclose(b.astype(float), a.astype(float), rtol=1e-9, atol=1e-9, err_msg=key)


compare = compare_exactly if EXP_IS_LIBM else compare_first_steps


def test_all_arrays_are_replayed():
    assert {path.stem for path in DATA.glob("*.npz")} == set(RUNS)
    assert len(RUNS) == 33


# the run `respike` is of what is warned of
@pytest.mark.filterwarnings("ignore:interPop. noise and afferents:lifext.ParameterWarning")
@pytest.mark.parametrize("name", RUNS)
def test_golden(name, build):
    compare(name, np.load(DATA / f"{name}.npz"), RUNS[name]())


# as above
@pytest.mark.filterwarnings("ignore:interPop. noise and afferents:lifext.ParameterWarning")
@pytest.mark.parametrize("name", RUNS)
def test_golden_on_the_twins(name):
    with _core.using("reference"):
        compare(name, np.load(DATA / f"{name}.npz"), RUNS[name]())


def features_with_an_exp_of_their_own():
    try:
        from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
    except ImportError:
        from numpy.core._multiarray_umath import __cpu_dispatch__, __cpu_features__
    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name) and ("AVX512" in name or name == "X86_V4")]


@pytest.mark.skipif(EXP_IS_LIBM, reason="NumPy's exp is libm's: the arrays were compared exactly above")
def test_golden_exactly_without_numpys_own_exp(tmp_path):
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features_with_an_exp_of_their_own())}
    probe = "import sys; sys.path.insert(0, sys.argv[1]); import conftest; sys.exit(0 if conftest.EXP_IS_LIBM else 77)"
    here = str(pathlib.Path(__file__).parent)
    if subprocess.run([sys.executable, "-c", probe, here], env=environment, cwd=tmp_path).returncode == 77:
        pytest.skip("this NumPy has no libm exp for arrays on this machine")
    out = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", __file__, "-k",
                          "test_golden and not without and not twins"], env=environment, cwd=tmp_path,
                         capture_output=True, text=True)
    assert out.returncode == 0, out.stdout[-3000:]
    assert f"{len(RUNS) * len(loops.supported()) + 1} passed" in out.stdout
