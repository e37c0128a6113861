"""One source, several instruction sets, one result."""
import os
import subprocess
import sys

import numpy as np
import pytest

import lifext
from lifext._core.shared import loops
from lifext._core.shared.lines import LINE, in_whole_lines


def busy(seed=3, steps=200):
    pop = lifext.pyrRingPop(77, rng=seed, noise_g=0.008)
    pop.AMPA.g = 0.3
    script = np.random.default_rng(seed)
    for k in range(steps):
        pop.predictSpikes(0.05, k * 0.05)
        n = script.integers(0, 3)
        pop.receivePyrSpikes(0.05, n, script.random((n, 1)) * 0.05, script.random((n, 77)) * 0.005)
        pop.processTimeStep(0.05, k * 0.05)
    return np.concatenate([pop.VMs(), pop.NMDA.kinetic._s, pop.noise._s, pop.AMPA._curr])


@pytest.fixture
def restore():
    before = loops.chosen()
    yield
    loops.choose(before)


def test_all_builds_that_run_here_give_the_same_bits(restore):
    results = {}
    for name in loops.supported():
        loops.choose(name)
        results[name] = busy()
    for name, result in results.items():
        assert np.array_equal(result, results["baseline"]), name


def test_the_best_build_is_chosen_by_default(restore):
    loops.choose(None)
    assert loops.chosen() == loops.supported()[-1]
    assert set(loops.supported()) <= set(loops.built())


def test_an_unknown_instruction_set_is_refused(restore):
    with pytest.raises(ImportError, match="LIFEXT_SIMD must be one of baseline.* on this machine, got 'mmx'"):
        loops.choose("mmx")


def test_the_environment_chooses(tmp_path):
    code = "from lifext._core.shared import loops; print(loops.chosen())"
    out = subprocess.run([sys.executable, "-c", code], env={**os.environ, "LIFEXT_SIMD": "baseline"}, cwd=tmp_path,
                         capture_output=True, text=True)
    assert out.stdout.strip() == "baseline", out.stderr


def test_an_unknown_backend_is_refused(tmp_path):
    out = subprocess.run([sys.executable, "-c", "import lifext"], env={**os.environ, "LIFEXT_BACKEND": "slow"},
                         cwd=tmp_path, capture_output=True, text=True)
    assert "ImportError: LIFEXT_BACKEND: backend must be one of compiled, reference, got 'slow'" in out.stderr


@pytest.mark.parametrize("size", [0, 1, 8, 300])
def test_copies_begin_with_a_line_of_the_cache(size):
    array = np.arange(size, dtype=np.float64)
    copy = in_whole_lines(array)
    assert np.array_equal(copy, array)
    assert copy.dtype == array.dtype
    assert not np.shares_memory(copy, array)
    assert size == 0 or copy.ctypes.data % LINE == 0
