"""What each further environment of CI runs: the names are those of tests, and what found faults there is there."""
import pathlib
import re

import pytest
from suites import SUITES, runs

TESTS = pathlib.Path(__file__).resolve().parent
# what has found faults in an environment that README's install did not show: it stays in there
FOUND = {"oldest": ["test_gate.py", "test_files.py", "test_formats.py", "test_docs.py", "test_hostile_files.py",
                    "test_plot.py", "test_full_disk.py", "test_weights.py", "test_package.py", "test_spikeDC.py"],
         "newest": ["test_package.py", "test_cli.py", "test_docs.py", "test_files.py"],
         "checked": ["test_recording.py", "test_fast_network.py", "test_twins.py"],
         "twins": ["test_populations.py", "test_bad_input.py", "test_changes.py", "test_gating_range.py"]}


@pytest.mark.parametrize("name", SUITES)
def test_what_is_left_out_is_there_and_named_once(name):
    left = [left for some in SUITES[name].left_out.values() for left in some]
    assert len(set(left)) == len(left)
    for file, _, function in (each.partition("::") for each in left):
        text = (TESTS/file).read_text(encoding="utf-8")
        assert not function or re.search(rf"^def {function}\(", text, re.MULTILINE), function


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, files in FOUND.items() for file in files])
def test_what_has_found_faults_runs(name, file):
    assert (TESTS/file).exists()
    assert runs(name, file, "test_of_any_name", False)


def test_a_new_file_runs_everywhere_and_slow_tests_on_the_wheel():
    assert all(runs(name, "test_made_tomorrow.py", "test_it", False) for name in SUITES)
    assert [name for name in SUITES if runs(name, "test_trials.py", "test_it", True)] == ["newest"]
    assert not runs("checked", "test_golden.py", "test_golden_on_the_twins", False)
    assert runs("checked", "test_golden.py", "test_golden", False)
