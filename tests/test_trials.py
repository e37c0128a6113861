"""Many trials: the same table however they are run, and nothing lost that was done."""
import functools
import json
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import lifext
from lifext._core.fast import loop as fast_loop
from lifext._trials.function import identity
from lifext._trials.store import Outcome, TrialStore

joblib = pytest.importorskip("joblib")
pandas = pytest.importorskip("pandas")

ROOT = pathlib.Path(__file__).parent.parent
GRID = {"g": [0.5, 1.0, 2.0, 4.0], "name": ["exc", "inh"]}


def draw(rng, g, name):
    """A result of each kind, from the trial's own generator and from NumPy's global one."""
    return {"x": g * rng.normal(), "counts": rng.integers(9, size=3), "global": np.random.rand(),
            "of": {"name": name, "times": [rng.random(2)]}}


def fail_at_two(rng, g):
    """Fails at one point of the grid."""
    if g == 2:
        raise RuntimeError(f"too much: {g}")
    return rng.random()


def number(rng):
    return rng.random()


def assert_equal(value, other):
    """Equal in value and kind; NaN equals NaN."""
    assert type(value) is type(other)
    if isinstance(value, dict):
        assert list(value) == list(other)
        for key in value:
            assert_equal(value[key], other[key])
    elif isinstance(value, list):
        assert len(value) == len(other)
        for one, another in zip(value, other):
            assert_equal(one, another)
    elif isinstance(value, (np.ndarray, np.generic)):
        assert (value.dtype, value.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(value, other)
    elif isinstance(value, float):
        assert value == other and math.copysign(1, value) == math.copysign(1, other) or value != value != other != other
    else:
        assert value == other


def assert_same(table, other):
    """Equal in every cell, exactly; pandas' own comparison does not take lists of arrays."""
    assert table.dtypes.to_dict() == other.dtypes.to_dict()
    assert_equal(table.to_dict("list"), other.to_dict("list"))


def test_tables_that_differ_in_an_array_are_not_the_same():
    one = lifext.sweep(draw, GRID, trials=2, seed=1)
    other = lifext.sweep(draw, GRID, trials=2, seed=1)
    other["counts"][3][1] += 1
    with pytest.raises(AssertionError):
        assert_same(one, other)


# seeds

def test_a_trial_has_the_generator_of_its_number():
    table = lifext.run_trials(number, 5, seed=3)
    expected = [np.random.default_rng(sequence).random() for sequence in np.random.SeedSequence(3).spawn(5)]
    assert table["result"].tolist() == expected


def test_a_point_has_the_generators_of_its_place():
    table = lifext.sweep(draw, GRID, trials=3, seed=3)
    row = table[(table["g"] == 2.0) & (table["name"] == "inh") & (table["trial"] == 1)].iloc[0]
    rng = np.random.default_rng(np.random.SeedSequence(3, spawn_key=(2, 1, 1)))
    assert row["x"] == 2.0 * rng.normal()


def test_a_seed_sequence_is_spawned_below_itself():
    parent = np.random.SeedSequence([1, 2], spawn_key=(7,))
    table = lifext.run_trials(number, 2, seed=parent)
    assert table["result"].tolist() == [np.random.default_rng(child).random() for child in parent.spawn(2)]


def test_added_values_and_trials_leave_results_as_they_were():
    few = lifext.sweep(draw, {"g": [0.5, 1.0], "name": ["exc"]}, trials=2, seed=1)
    many = lifext.sweep(draw, GRID, trials=3, seed=1)
    common = many[many["g"].isin([0.5, 1.0]) & (many["name"] == "exc") & (many["trial"] < 2)]
    assert_same(few, common.reset_index(drop=True))


def test_trials_differ_from_each_other():
    table = lifext.sweep(draw, GRID, trials=4, seed=1)
    assert len(set(table["x"] / table["g"])) == len(set(table["global"])) == len(table) == 32


def test_the_global_generator_is_seeded_and_put_back():
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    tables = [lifext.sweep(draw, GRID, trials=1, seed=1), lifext.sweep(draw, GRID, trials=1, seed=1)]
    assert np.random.rand() == expected
    assert_same(*tables)


def test_a_trial_that_changes_its_parameters_changes_no_other():
    def grow(rng, sizes):
        sizes.append(1)
        return len(sizes)
    assert lifext.sweep(grow, {"sizes": [[]]}, trials=3, seed=1)["result"].tolist() == [1, 1, 1]


def ring(rng):
    """A network whose populations have no rng of their own, as in a script of the published code."""
    cells = lifext.pyrPop(40, noise_g=0.02)
    net = lifext.Network(dt=0.05, seed=rng)
    net.add(cells=cells)
    spikes = net.record_spikes(cells)
    net.run(20.0)
    script = lifext.pyrPop(10, noise_g=0.02)
    for step in range(20):
        script.predictSpikes(0.05, step * 0.05)
        script.processTimeStep(0.05, step * 0.05)
    return {"times": spikes.times, "v": script.VMs()}


def test_networks_give_the_same_on_two_cores():
    one = lifext.run_trials(ring, 3, seed=1, n_jobs=1)
    assert all(len(times) > 0 for times in one["times"])
    assert_same(one, lifext.run_trials(ring, 3, seed=1, n_jobs=2))


# the order and place of running

def test_cores_stores_and_shards_in_any_order_give_one_table(tmp_path):
    run = functools.partial(lifext.sweep, draw, GRID, trials=5, seed=1)
    table = run(n_jobs=1)
    assert_same(table, run(n_jobs=2))
    assert_same(table, run(n_jobs=2, store=tmp_path / "two"))
    for i in (2, 0, 1):
        part = run(shard=(i, 3), store=tmp_path / "shards")
        assert_same(part, table.iloc[i::3].reset_index(drop=True))
    assert_same(table, run(store=tmp_path / "shards"))


def test_shards_in_stores_of_their_own_are_merged(tmp_path):
    for i in (0, 1):
        lifext.sweep(draw, GRID, trials=5, seed=1, shard=(i, 2), store=tmp_path / str(i))
    assert_same(lifext.load_trials(tmp_path / "0", tmp_path / "1"), lifext.sweep(draw, GRID, trials=5, seed=1))
    with pytest.warns(lifext.TrialWarning, match="20 of 40 trials are not there"):
        assert len(lifext.load_trials(tmp_path / "0")) == 20


def test_a_trial_done_in_one_store_counts_though_it_failed_in_another(tmp_path):
    outcomes = [Outcome((0,), {}, {}, "ValueError: no", "..."), Outcome((0,), {}, {"result": 1})]
    for order in (outcomes, outcomes[::-1]):
        paths = [tmp_path / f"{order[0].error}{k}" for k in (0, 1)]
        for path, outcome in zip(paths, order):
            with pytest.warns(lifext.TrialWarning):
                lifext.run_trials(always_fails, 1, seed=1, store=path)
            (path / "0.failed.npz").unlink()
            TrialStore(path).write("test", outcome)
        assert lifext.load_trials(*paths)["result"].tolist() == [1]


def always_fails(rng):
    raise ValueError("no")


def test_a_shard_may_be_empty():
    table = lifext.run_trials(number, 2, seed=1, shard=(2, 3))
    assert len(table) == 0
    assert list(table.columns) == ["trial", "error", "traceback"]


@pytest.mark.parametrize("n_jobs", [1, 2, -1, None])
def test_joblib_is_used_where_it_is_asked_for(n_jobs):
    table = lifext.run_trials(pid, 4, seed=1, n_jobs=n_jobs)
    assert (os.getpid() in set(table["result"])) is (n_jobs is None or joblib.effective_n_jobs(n_jobs) == 1)


def pid(rng):
    return os.getpid()


def test_a_parallel_config_is_heeded():
    with joblib.parallel_config("loky", n_jobs=2):
        assert os.getpid() not in set(lifext.run_trials(pid, 4, seed=1)["result"])
        assert set(lifext.run_trials(pid, 4, seed=1, n_jobs=1)["result"]) == {os.getpid()}


def test_a_backend_that_has_no_generators_will_do():
    # ray's is such a one, too
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        assert_same(lifext.sweep(draw, GRID, trials=2, seed=1), lifext.sweep(draw, GRID, trials=2, seed=1, n_jobs=1))


@pytest.mark.slow
def test_a_dask_cluster(tmp_path):
    distributed = pytest.importorskip("dask.distributed")
    with (distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                                   local_directory=tmp_path) as cluster,
          distributed.Client(cluster), joblib.parallel_config("dask")):
        table = lifext.sweep(draw, GRID, trials=2, seed=1)
        stored = lifext.sweep(draw, GRID, trials=2, seed=1, store=tmp_path / "store")
        pids = set(lifext.run_trials(pid, 8, seed=1)["result"])
    assert os.getpid() not in pids
    for each in (table, stored):
        assert_same(each, lifext.sweep(draw, GRID, trials=2, seed=1, n_jobs=1))


def threads_of(rng):
    return fast_loop.max_threads()


@pytest.mark.skipif(not fast_loop.has_openmp(), reason="built without OpenMP")
def test_trials_side_by_side_have_a_thread_each_unless_told():
    def most(**how):
        return set(lifext.run_trials(threads_of, 4, seed=1, **how)["result"])

    before = fast_loop.max_threads()
    fast_loop.set_max_threads(3)
    try:
        assert most(n_jobs=1) == {3}
        assert most(n_jobs=1, threads=2) == {2}
        assert fast_loop.max_threads() == 3
    finally:
        fast_loop.set_max_threads(before)
    assert most(n_jobs=2) == {1}
    assert most(n_jobs=2, threads=3) == {3}
    with joblib.parallel_config("threading", n_jobs=2):
        assert most() == {1}


# killed, interrupted, at once

SCRIPT = textwrap.dedent("""
    import functools, os, sys, time
    import lifext

    def trial(rng, g):
        time.sleep(0.01)
        return {"x": g * rng.normal(), "rates": rng.random(5)}

    def stuck(store, rng):
        time.sleep(0.01 if len(os.listdir(store)) < 6 else 600)
        return 1

    if __name__ == "__main__":
        which, store, n_jobs = sys.argv[1], sys.argv[2], int(sys.argv[3])
        if which == "trial":
            lifext.sweep(trial, {"g": [1, 2, 3, 4]}, trials=50, seed=1, store=store, n_jobs=n_jobs)
        else:
            lifext.run_trials(functools.partial(stuck, store), 100, seed=1, store=store, n_jobs=n_jobs)
""")


@pytest.fixture
def start(tmp_path):
    """Return a function that starts the script in a session of its own."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    started = []

    def begin(*arguments):
        process = subprocess.Popen([sys.executable, str(script), *map(str, arguments)], start_new_session=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def finish(process):
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    # no bar outside a terminal, nor anything else
    assert err == ""


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def done(store):
    return {path.name: path.stat() for path in pathlib.Path(store).glob("*.npz")}


def identity_of_files(files):
    return {name: (status.st_ino, status.st_mtime_ns) for name, status in files.items()}


posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@posix
@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_killed_sweep_goes_on_where_it_was(start, tmp_path, n_jobs):
    process = start("trial", tmp_path / "killed", n_jobs)
    wait_until(lambda: len(done(tmp_path / "killed")) >= 60)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = done(tmp_path / "killed")
    assert 60 <= len(before) < 200
    finish(start("trial", tmp_path / "killed", n_jobs))
    after = identity_of_files(done(tmp_path / "killed"))
    assert len(after) == 200
    # what was there was not run again
    assert identity_of_files(before).items() <= after.items()
    finish(start("trial", tmp_path / "whole", 1))
    table = lifext.load_trials(tmp_path / "killed")
    assert len(table) == 200
    assert_same(table, lifext.load_trials(tmp_path / "whole"))


@pytest.mark.slow
def test_two_processes_on_one_store(start, tmp_path):
    processes = [start("trial", tmp_path / "both", 1) for _ in range(2)]
    for process in processes:
        finish(process)
    finish(start("trial", tmp_path / "alone", 2))
    assert_same(lifext.load_trials(tmp_path / "both"), lifext.load_trials(tmp_path / "alone"))
    assert list((tmp_path / "both").glob(".*")) == []


def test_a_trial_that_another_process_finishes_meanwhile_is_not_run(tmp_path):
    def trial(rng):
        if not (tmp_path / "1.npz").exists():
            # stands in for the other process
            TrialStore(tmp_path).write("test", Outcome((1,), {}, {"result": "of the other"}))
        return "own"
    assert lifext.run_trials(trial, 3, seed=1, store=tmp_path)["result"].tolist() == ["own", "of the other", "own"]


def is_gone(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@posix
@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interrupt_ends_it_at_once_and_keeps_what_is_done(start, tmp_path, n_jobs):
    process = start("stuck", tmp_path / "store", n_jobs)
    wait_until(lambda: len(done(tmp_path / "store")) >= 5)
    # to all processes, as Ctrl-C in a terminal does
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in err
    assert process.returncode == -signal.SIGINT
    wait_until(lambda: is_gone(process.pid))
    kept, failed = TrialStore(tmp_path / "store").keys()
    assert failed == set()
    with pytest.warns(lifext.TrialWarning, match=f"{100 - len(kept)} of 100 trials are not there"):
        assert set(lifext.load_trials(tmp_path / "store")["result"]) == {1}


def test_an_interrupted_trial_is_neither_done_nor_failed(tmp_path):
    def interrupted(rng):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        lifext.run_trials(interrupted, 3, seed=1, store=tmp_path)
    assert TrialStore(tmp_path).keys() == (set(), set())


def test_a_file_that_could_not_be_written_whole_is_not_there(tmp_path, monkeypatch):
    store = TrialStore(tmp_path)
    with monkeypatch.context() as patched, pytest.raises(OSError, match="disk full"):
        patched.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError("disk full")))
        store.write("test", Outcome((0,), {}, {"x": 1}))
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_killed_runs_do_no_harm_and_are_cleaned_when_old(tmp_path):
    table = lifext.run_trials(number, 2, seed=1, store=tmp_path)
    old, young = tmp_path / ".0.npz.0123.tmp", tmp_path / ".1.npz.4567.tmp"
    for path in (old, young):
        path.write_bytes(b"half a tri")
    os.utime(old, (time.time() - 7200,) * 2)
    assert_same(lifext.load_trials(tmp_path), table)
    assert_same(lifext.run_trials(number, 2, seed=1, store=tmp_path), table)
    # another process may still be writing the other
    assert not old.exists()
    assert young.exists()


@pytest.mark.parametrize("links", [True, False])
def test_of_two_that_begin_a_store_in_the_same_instant_one_does(tmp_path, monkeypatch, links):
    if not links:
        def refuse(*paths):
            raise PermissionError("no links here")
        monkeypatch.setattr(os, "link", refuse)
    store = TrialStore(tmp_path)
    for text in (b"first", b"second"):
        store._write("sweep.json", lambda file, text=text: file.write(text), once=True)
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.json"]
    assert (tmp_path / "sweep.json").read_bytes() == b"first"


def test_a_store_may_be_begun_where_a_first_run_was_killed_at_once(tmp_path):
    (tmp_path / ".sweep.json.0123.tmp").write_bytes(b"{")
    assert len(lifext.run_trials(number, 2, seed=1, store=tmp_path)) == 2


def test_a_file_that_is_damaged_is_named(tmp_path):
    lifext.run_trials(number, 2, seed=1, store=tmp_path)
    (tmp_path / "1.npz").write_bytes(b"PK damaged")
    with pytest.raises(ValueError, match="store: each file must be whole and unchanged, got .*1.npz; without it, the"):
        lifext.load_trials(tmp_path)


# failures

@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_failed_trial_is_kept_and_the_others_go_on(tmp_path, n_jobs):
    with pytest.warns(lifext.TrialWarning, match="sweep: trial [01], g=2 failed, RuntimeError: too much: 2") as caught:
        table = lifext.sweep(fail_at_two, {"g": [1, 2, 3]}, trials=2, seed=1, n_jobs=n_jobs, store=tmp_path)
    assert [warning.category for warning in caught] == [lifext.TrialWarning]
    assert caught[0].filename == __file__
    assert table["g"].tolist() == [1, 1, 2, 2, 3, 3]
    assert table["error"].isna().tolist() == [True, True, False, False, True, True]
    assert table["result"].isna().tolist() == [False, False, True, True, False, False]
    assert table["error"][2] == "RuntimeError: too much: 2"
    # from the user's function on
    assert table["traceback"][2].splitlines()[1].endswith("in fail_at_two")
    assert_same(table, lifext.load_trials(tmp_path))


FAILS = {"now": True}


def fails_at_first(rng):
    if FAILS["now"]:
        raise ValueError("not yet")
    return rng.random()


def test_failed_trials_are_run_again_unless_told(tmp_path, monkeypatch):
    monkeypatch.setitem(FAILS, "now", True)
    with pytest.warns(lifext.TrialWarning):
        lifext.run_trials(fails_at_first, 3, seed=1, store=tmp_path)
    monkeypatch.setitem(FAILS, "now", False)
    kept = lifext.run_trials(fails_at_first, 3, seed=1, store=tmp_path, retry_failed=False)
    assert kept["error"].tolist() == ["ValueError: not yet"] * 3
    table = lifext.run_trials(fails_at_first, 3, seed=1, store=tmp_path)
    assert table["error"].isna().all()
    assert table["result"].tolist() == lifext.run_trials(number, 3, seed=1)["result"].tolist()
    assert len(done(tmp_path)) == 3


def test_a_script_that_leaves_is_a_failed_trial():
    def leave(rng):
        sys.exit("enough")
    with pytest.warns(lifext.TrialWarning, match="SystemExit: enough"):
        assert len(lifext.run_trials(leave, 2, seed=1)) == 2


def test_with_warnings_as_errors_the_first_failure_ends_it():
    with pytest.raises(lifext.TrialWarning):
        lifext.run_trials(always_fails, 3, seed=1)


def die(rng):
    if rng.random() < 0.2:
        os._exit(1)
    return 1


def test_a_worker_that_dies_ends_it_and_leaves_the_store_sound(tmp_path):
    # the rule by which a trial dies is in its random numbers
    fates = [np.random.default_rng(child).random() < 0.2 for child in np.random.SeedSequence(1).spawn(20)]
    assert True in fates[5:]
    with pytest.raises(Exception, match="(?i)terminated|abruptly"):
        lifext.run_trials(die, 20, seed=1, store=tmp_path, n_jobs=2)
    found, failed = TrialStore(tmp_path).keys()
    assert failed == set()
    assert not any(fates[trial] for trial, in found)


# results

class Odd:
    """Nothing that a store has a form for."""


@pytest.mark.parametrize(("result", "named"), [
    ({"x": Odd()}, r"results\['x'\].*Odd"),
    ({"x": {"y": [1, {2, 3}]}}, r"results\['x'\]\['y'\]\[1\].*set"),
    ({"x": np.array([Odd()])}, r"results\['x'\].*dtype object"),
    ({"x": np.ma.masked_array([1.0], [True])}, r"results\['x'\].*MaskedArray"),
    ({"x": b"bytes"}, r"results\['x'\].*bytes"),
    ({"x": {1: 2}}, r"a key of results\['x'\] must be a string, got 1"),
    ({"x": lambda: 1}, r"results\['x'\].*function"),
    ({3: 2}, "a key of results must be a string, got 3"),
    ({"g": 1}, "a key of results must be none of g, trial, error, traceback, which are other columns, got 'g'"),
    ({"error": 1}, "a key of results must be none of .*'error'"),
    ({"x": 10**5000}, r"results\['x'\].* at most 10000 bits, got one of 16610"),
    ({"x": functools.reduce(lambda inner, _: [inner], range(60), 1)}, "nested at most 50 deep"),
])
def test_a_result_that_cannot_be_kept_is_a_failure_that_names_it(tmp_path, result, named):
    def trial(rng, g):
        return result
    for store in (None, tmp_path):
        with pytest.warns(lifext.TrialWarning, match=named):
            table = lifext.sweep(trial, {"g": [1]}, trials=1, seed=1, store=store)
        assert table["error"][0].split(": ")[:2] in (["TypeError", "sweep"], ["ValueError", "sweep"])


def test_a_function_that_cannot_be_sent_to_a_worker_is_refused():
    import threading
    lock = threading.Lock()

    def locked(rng):
        with lock:
            return 1
    with pytest.raises(Exception, match="(?i)pickle"):
        lifext.run_trials(locked, 2, seed=1, n_jobs=2)


scalars = (st.none() | st.booleans() | st.integers(-2**70, 2**70) | st.floats(width=64) | st.text()
           | st.complex_numbers())
arrays = hnp.arrays(
    dtype=st.one_of(hnp.boolean_dtypes(), hnp.integer_dtypes(endianness="?"), hnp.floating_dtypes(endianness="?"),
                    hnp.complex_number_dtypes(), hnp.unicode_string_dtypes(), hnp.byte_string_dtypes(),
                    hnp.datetime64_dtypes()),
    shape=hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
results = st.recursive(scalars | arrays, lambda inner: st.lists(inner, max_size=3)
                       | st.dictionaries(st.text() | st.just("$array") | st.just("$dict"), inner, max_size=3))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), results, max_size=4))
def test_results_come_back_from_a_store_as_they_were(tmp_path, values):
    def keep(value):
        if isinstance(value, complex):
            return np.complex128(value)
        if isinstance(value, dict):
            return {key: keep(item) for key, item in value.items()}
        return [keep(item) for item in value] if isinstance(value, list) else value
    store = TrialStore(tmp_path)
    store.write("test", Outcome((1, 2), {"g": values}, values))
    outcome = store.read((1, 2))
    assert outcome.key == (1, 2)
    for found in (outcome.params["g"], outcome.results):
        assert_equal(found, keep(values))


@pytest.mark.parametrize(("given_as", "kept_as"), [
    ((1, (2, 3)), [1, [2, 3]]), (np.float64(0.1), 0.1), (np.float32(0.1), float(np.float32(0.1))), (np.int8(3), 3),
    (np.bool_(True), True), (np.str_("a"), "a"), (np.longdouble("0.1"), np.longdouble("0.1")),
    (np.datetime64("2026-01-01"), np.datetime64("2026-01-01")), (np.timedelta64(3, "s"), np.timedelta64(3, "s")),
    (signal.SIGINT, 2),
])
def test_other_kinds_become_the_nearest_and_alike_with_and_without_a_store(tmp_path, given_as, kept_as):
    for store in (None, tmp_path):
        table = lifext.run_trials(lambda rng: {"x": [given_as]}, 1, seed=1, store=store)
        assert_equal(table["x"][0], [kept_as])


def test_nothing_is_pickled(tmp_path):
    lifext.sweep(draw, GRID, trials=1, seed=1, store=tmp_path)
    with np.load(tmp_path / "0-0-0.npz", allow_pickle=False) as archive:
        names = sorted(archive.files)
        assert names == ["array0", "array1", "trial.json"]
        assert json.loads(archive["trial.json"])["params"] == {"g": 0.5, "name": "exc"}
        assert [archive[name].shape for name in names[:2]] == [(3,), (2,)]


# tables

def test_columns_of_a_frame_have_their_kinds():
    def trial(rng, g):
        if g == 1:
            return {"i": 1, "s": "a", "f": 0.5, "b": True, "big": 2**60, "l": [1], "m": np.eye(2), "some": 1}
        return {"i": 2, "s": "b", "f": 1.5, "b": False, "big": 2**60 + 1, "l": [2], "m": np.eye(2)}
    table = lifext.sweep(trial, {"g": [1, 2]}, seed=1)
    assert [table[name].dtype.kind for name in "gifb"] == ["i", "i", "f", "b"]
    assert table["s"].tolist() == ["a", "b"]
    assert table["big"].tolist() == [2**60, 2**60 + 1]
    assert table["l"].tolist() == [[1], [2]]
    assert table["m"][1].shape == (2, 2)
    assert table["some"].isna().tolist() == [False, True]
    only_one = lifext.sweep(lambda rng, g: {"n": 2**60 + 1} if g == 1 else {}, {"g": [1, 2]}, seed=1)
    # as floats, they would not be these numbers any more
    assert int(only_one["n"][0]) == 2**60 + 1


def test_without_pandas_there_is_a_table_of_its_own(monkeypatch):
    frame = lifext.sweep(draw, GRID, trials=2, seed=1)
    monkeypatch.setitem(sys.modules, "pandas", None)
    table = lifext.sweep(draw, GRID, trials=2, seed=1)
    assert table.columns == list(frame.columns)
    assert len(table) == len(frame) == len(list(table))
    assert table["x"] == frame["x"].tolist()
    assert table[-1]["of"]["name"] == "inh"
    assert [row["trial"] for row in table] == frame["trial"].tolist()
    assert repr(table).startswith("TrialTable(16 trials: g, name, trial, x")
    with pytest.raises(KeyError, match="column must be one of g, name, .*, got 'y'"):
        table["y"]


# arguments, and stores of another sweep

@pytest.mark.parametrize(("wrong", "kind", "words"), [
    ({"fn": 3}, TypeError, "sweep: fn must be a function that can be called with rng=, g=, got 3"),
    ({"fn": lambda rng: 1}, TypeError, "sweep: fn must be .*called with rng=, g= .*'g'"),
    ({"fn": lambda rng, g, h: 1}, TypeError, "sweep: fn must be .*'h'"),
    ({"grid": 3}, TypeError, "sweep: grid must be a dict of lists, or a list of at least one dict, got 3"),
    ({"grid": []}, ValueError, r"sweep: grid must be a list of at least one value, got \[\]"),
    ({"grid": [{"g": 1}, 2]}, TypeError, r"sweep: grid\[1\] must be a dict, got 2"),
    ({"grid": {"g": 3}}, TypeError, r"sweep: grid\['g'\] must be a list of at least one value, got 3"),
    ({"grid": {"g": "abc"}}, TypeError, r"sweep: grid\['g'\] must be .*, got 'abc'"),
    ({"grid": {"g": {1, 2}}}, TypeError, r"sweep: grid\['g'\] must be a list"),
    ({"grid": {"g": []}}, ValueError, r"sweep: grid\['g'\] must be a list of at least one value, got \[\]"),
    ({"grid": {"rng": [1]}}, ValueError, "sweep: a name in grid must be a string, none of rng, .*, got 'rng'"),
    ({"grid": {3: [1]}}, ValueError, "sweep: a name in grid must be a string, .*, got 3"),
    ({"trials": 0}, ValueError, "sweep: trials must be a whole number >= 1, got 0"),
    ({"seed": None}, TypeError, "sweep: seed must be a whole number >= 0 or a numpy SeedSequence, got None"),
    ({"seed": -1}, ValueError, "sweep: seed must be a whole number >= 0, got -1"),
    ({"n_jobs": 0}, ValueError, "sweep: n_jobs must be None, or a whole number other than 0, got 0"),
    ({"n_jobs": 1.5}, TypeError, "sweep: n_jobs must be None, or a whole number other than 0, got 1.5"),
    ({"shard": 3}, TypeError, r"sweep: shard must be a pair \(i, count\), got 3"),
    ({"shard": (2, 2)}, ValueError, r"sweep: shard\[0\] must be <= 1, got 2"),
    ({"shard": (0, 0)}, ValueError, r"sweep: shard\[1\] must be a whole number >= 1, got 0"),
    ({"threads": 0}, ValueError, "sweep: threads must be a whole number >= 1, got 0"),
    ({"accept": "seed"}, ValueError, "sweep: accept must be of 'function', 'grid', 'trials', got 'seed'"),
    ({"accept": 3}, TypeError, "sweep: accept must be of 'function', 'grid', 'trials', got 3"),
    ({"grid": {"g": [Odd()]}, "store": "store"}, TypeError, r"sweep: grid\['g'\]\[0\] must be None, a bool, .*Odd"),
])
def test_bad_arguments_are_refused_before_anything_is_run(tmp_path, monkeypatch, wrong, kind, words):
    monkeypatch.chdir(tmp_path)
    arguments = {"fn": fail_at_two, "grid": {"g": [2]}, "trials": 1, "seed": 1, **wrong}
    with pytest.raises(kind, match=words):
        lifext.sweep(arguments.pop("fn"), arguments.pop("grid"), **arguments)
    assert list(tmp_path.iterdir()) == []


def test_run_trials_names_itself():
    with pytest.raises(ValueError, match="run_trials: n must be a whole number >= 1, got 0"):
        lifext.run_trials(number, 0, seed=1)


def test_joblib_is_asked_for_where_it_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert len(lifext.run_trials(number, 2, seed=1)) == 2
    with pytest.raises(ImportError, match=r"n_jobs=2 needs joblib: pip install 'lifext\[trials\]'"):
        lifext.run_trials(number, 2, seed=1, n_jobs=2)


def points(rng, g, h=0):
    return g + h


def test_a_grid_may_be_a_list_of_points(tmp_path):
    grid = [{"g": 1}, {"g": 2, "h": 5}]
    table = lifext.sweep(points, grid, trials=2, seed=1, store=tmp_path)
    assert table["result"].tolist() == [1, 1, 7, 7]
    assert table["h"].isna().tolist() == [True, True, False, False]
    assert_same(table, lifext.load_trials(tmp_path))
    assert_same(table, lifext.sweep(points, iter(grid), trials=2, seed=1))
    with pytest.raises(ValueError, match=r"grid\[1\] is .*'h': 6.* whose grid\[1\] is .*'h': 5"):
        lifext.sweep(points, [{"g": 1}, {"g": 2, "h": 6}], trials=2, seed=1, store=tmp_path)


def other(rng, g):
    return g


@pytest.mark.parametrize(("changed", "words"), [
    ({"seed": 2}, "whose seed is 2, .*, whose seed is 1$"),
    ({"seed": np.random.SeedSequence(1, spawn_key=(1,))}, r"seed is \[1, \[1\], 4\], .*, whose seed is 1$"),
    ({"fn": other}, "function is 'test_trials.other', .*, whose function is 'test_trials.fail_at_two'; "
                    "accept='function'"),
    ({"grid": {"g": [1, 4]}}, r"grid\['g'\]\[1\] is 4, .*, whose grid\['g'\]\[1\] is 3$"),
    ({"grid": {"g": [1, 3.0]}}, r"grid\['g'\]\[1\] is 3.0, .*, whose grid\['g'\]\[1\] is 3$"),
    ({"grid": {"g": [1]}}, r"number of values of grid\['g'\] is 1, .* is 2$"),
    ({"grid": {"g": [1, 3, 4]}}, r"number of values of grid\['g'\] is 3, .* is 2; accept='grid'"),
    ({"fn": lambda rng, h: 1, "grid": {"h": [1, 3]}}, r"grid's names is \['h'\], .*, whose grid's names is \['g'\]$"),
    ({"grid": [{"g": 1}, {"g": 3}]}, r"grid's names is None"),
    ({"trials": 3}, "number of trials is 3, .*, whose number of trials is 2; accept='trials'"),
    ({"trials": 1}, "number of trials is 1, .*, whose number of trials is 2$"),
])
def test_a_store_of_another_sweep_is_refused(tmp_path, changed, words):
    arguments = {"grid": {"g": [1, 3]}, "trials": 2, "seed": 1}
    lifext.sweep(fail_at_two, arguments["grid"], trials=2, seed=1, store=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    arguments = {"fn": fail_at_two, **arguments, **changed}
    with pytest.raises(ValueError, match=words) as caught:
        lifext.sweep(arguments.pop("fn"), arguments.pop("grid"), **arguments, store=tmp_path)
    assert str(caught.value).startswith("sweep: store must be of this sweep, whose ")
    assert str(tmp_path) in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_arrays_in_a_grid_are_told_apart(tmp_path):
    def total(rng, w):
        return float(w.sum())
    table = lifext.sweep(total, {"w": [np.arange(3), np.arange(4)]}, seed=1, store=tmp_path)
    assert table["result"].tolist() == [3, 6]
    assert_same(table, lifext.sweep(total, {"w": [np.arange(3), np.arange(4)]}, seed=1, store=tmp_path))
    with pytest.raises(ValueError, match=r"grid\['w'\]\[1\] is "):
        lifext.sweep(total, {"w": [np.arange(3), np.arange(4)[::-1]]}, seed=1, store=tmp_path)


def test_a_sweep_may_grow_if_told(tmp_path):
    small = functools.partial(lifext.sweep, draw, {"g": [0.5], "name": ["exc"]}, trials=2, seed=1, store=tmp_path)
    grown = functools.partial(lifext.sweep, draw, GRID, trials=3, seed=1)
    small()
    before = identity_of_files(done(tmp_path))
    with pytest.raises(ValueError, match="accept='grid'"):
        grown(store=tmp_path, accept="trials")
    table = grown(store=tmp_path, accept=["grid", "trials"])
    assert before.items() <= identity_of_files(done(tmp_path)).items()
    assert_same(table, grown())
    # it is the larger sweep's store from now on
    assert_same(grown(store=tmp_path), table)
    assert_same(lifext.load_trials(tmp_path), table)
    with pytest.raises(ValueError, match="number of trials is 2"):
        small(accept=["grid", "trials", "function"])


def make(body):
    """Return a function with this body, of the same name each time."""
    namespace = {"__name__": __name__}
    exec(f"def trial(rng):\n    {body}\n", namespace)
    return namespace["trial"]


def test_results_of_a_changed_function_stay_if_told(tmp_path):
    lifext.run_trials(make("return 1"), 2, seed=1, store=tmp_path)
    with pytest.raises(ValueError, match="hash of the code of test_trials.trial is .*; accept='function' goes on"):
        lifext.run_trials(make("return 2"), 3, seed=1, store=tmp_path, accept="trials")
    table = lifext.run_trials(make("return 2"), 3, seed=1, store=tmp_path, accept=("function", "trials"))
    assert table["result"].tolist() == [1, 1, 2]
    # which functions they are from can be seen
    manifest = json.loads((tmp_path / "sweep.json").read_text())
    assert manifest["earlier_functions"] == [identity(make("return 1"))]
    assert manifest["function"] == identity(make("return 2"))


def test_a_directory_that_is_no_store_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(ValueError, match="run_trials: store must be a directory of trials, or an empty one, .*thesis"):
        lifext.run_trials(number, 2, seed=1, store=tmp_path)
    with pytest.raises(ValueError, match="store must be a directory, or not there yet, got .*thesis.txt"):
        lifext.run_trials(number, 2, seed=1, store=tmp_path / "thesis.txt")
    for path in (tmp_path, tmp_path / "thesis.txt", tmp_path / "none"):
        with pytest.raises(ValueError, match="load_trials: path must be a directory that run_trials or sweep made"):
            lifext.load_trials(path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_stores_of_different_sweeps_are_not_merged(tmp_path):
    for seed in (1, 2):
        lifext.run_trials(number, 2, seed=seed, store=tmp_path / str(seed))
    with pytest.raises(ValueError, match="load_trials: store must be of this sweep, whose seed is 1, .* seed is 2"):
        lifext.load_trials(tmp_path / "1", tmp_path / "2")


# which function it is

def from_source(tmp_path, source, name="trial"):
    """Return a function of a module that is there as a file."""
    path = tmp_path / f"module{len(list(tmp_path.iterdir()))}.py"
    path.write_text(source)
    namespace = {"__name__": "module"}
    exec(compile(source, str(path), "exec"), namespace)
    return namespace[name]


BASE = "def trial(rng, g=1):\n    x = rng.random()\n    return x\n"


@pytest.mark.parametrize(("source", "same"), [
    ("# why\n\ndef trial(rng, g = 1):\n    '''Says so.'''\n    x = rng.random()  # a number\n\n    return (x)\n", True),
    (BASE.replace("return x", "return -x"), False),
    (BASE.replace("g=1", "g=2"), False),
    (BASE.replace("random()", "normal()"), False),
])
def test_what_changes_a_function(tmp_path, source, same):
    assert (identity(from_source(tmp_path, BASE)) == identity(from_source(tmp_path, source))) is same


def test_closures_partials_methods_and_lambdas_are_told_apart():
    def closed(value):
        return lambda rng: value

    class Trial:
        def __init__(self, g):
            self.g = g

        def __call__(self, rng):
            return self.g

        def method(self, rng):
            return -self.g

    def of(fn):
        return identity(fn)["body"]

    makers = [closed, lambda g: functools.partial(points, g=g), Trial, lambda g: Trial(g).method,
              lambda g: closed(np.full(3, g)), lambda g: functools.partial(closed(g), 1)]
    for make_trial in makers:
        assert of(make_trial(1)) == of(make_trial(1)) != of(make_trial(2))
    assert len({of(make_trial(1)) for make_trial in makers}) == len(makers)
    # in one statement, so that their source is the same
    one, two = (lambda rng: 1), (lambda rng: 2)
    assert of(one) != of(two)
    assert identity(math.sin)["name"] == "math.sin"


def test_a_closure_over_an_object_or_nothing_has_an_identity():
    def outer(thing):
        def inner(rng):
            return thing, later
        if thing is None:
            later = 1
        return inner
    assert identity(outer(Odd())) == identity(outer(Odd()))
    assert identity(outer(Odd())) != identity(outer(None))


# progress

@pytest.mark.parametrize("shown", [True, False])
def test_the_bar_is_for_a_terminal_and_counts_failures(tmp_path, monkeypatch, shown):
    import io
    pytest.importorskip("tqdm")
    err = io.StringIO()
    err.isatty = lambda: shown
    with pytest.warns(lifext.TrialWarning):
        lifext.sweep(fail_at_two, {"g": [1, 2]}, trials=4, seed=1, store=tmp_path)
    monkeypatch.setattr("sys.stderr", err)
    with pytest.warns(lifext.TrialWarning):
        lifext.sweep(fail_at_two, {"g": [1, 2]}, trials=4, seed=1, store=tmp_path)
    assert ("4/8" in err.getvalue()) is shown
    assert ("8/8" in err.getvalue()) is shown
    assert ("failed=4" in err.getvalue()) is shown
    assert shown or err.getvalue() == ""


def test_without_a_bar_or_tqdm_nothing_is_shown(monkeypatch, capsys):
    lifext.run_trials(number, 2, seed=1, progress=False)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.warns(lifext.TrialWarning):
        lifext.run_trials(always_fails, 2, seed=1)
    assert capsys.readouterr().err == ""


# the guide

def guide_blocks():
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "trials.md").read_text(), flags=re.DOTALL)


def run_script(directory, name, code, **environment):
    (directory / name).write_text(code)
    return subprocess.run([sys.executable, "-W", "error", name], cwd=directory, check=True, capture_output=True,
                          text=True, env={**os.environ, **environment}).stdout


@pytest.mark.slow
def test_the_guide_runs_on_one_machine_and_as_an_array(tmp_path):
    on_one_machine, array, _ = guide_blocks()
    shown = run_script(tmp_path, "study.py", on_one_machine)
    assert len(shown.splitlines()) == 2 + 3
    assert run_script(tmp_path, "study.py", on_one_machine) == shown
    (tmp_path / "study.py").write_text(on_one_machine + "\nGRID = {'inhibition': [0.001, 0.002, 0.004]}\n")
    for large, small in (("/scratch/me/runs", "array"), ("trials=1000", "trials=10"), ("n_jobs=4", "n_jobs=1")):
        array = array.replace(large, small)
    for part in ("1", "0"):
        run_script(tmp_path, "part.py", array, SLURM_ARRAY_TASK_ID=part, SLURM_ARRAY_TASK_COUNT="2")
    assert_same(lifext.load_trials(tmp_path / "array"), lifext.load_trials(tmp_path / "runs"))
