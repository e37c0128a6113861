"""The repository's benches: their results are summaries of turns, and the page of the race is made of these."""
import importlib
import json
import pathlib

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[1]/"bench"
RESULTS = sorted((BENCH/"results").glob("*.json"))

pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="the folder bench is not beside the tests")


@pytest.fixture
def bench(monkeypatch):
    """A function that imports one of the benches."""
    monkeypatch.syspath_prepend(BENCH)
    return importlib.import_module


def parts(value):
    """Yield all dictionaries and lists in a result."""
    if isinstance(value, dict | list):
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from parts(part)


def a_turn(**changed):
    return {"run_s": 0.5, "simulated_ms": 1000.0, "build_s": 0.1, "peak_mb": 40.0, "wall_s": 0.6,
            "start_to_result_s": 0.9,
            "rates": {"pyr": {"spikes": 4, "all": 2.0, "vector 0-100": [0.5, 90.0]}}, **changed}


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_results_are_summaries(path):
    assert path.stat().st_size < 250_000
    found = list(parts(json.loads(path.read_text(encoding="utf-8"))))
    assert not any(isinstance(part, dict) and part.get("event") == "turn" for part in found)
    figures = [value for value in found if isinstance(value, dict) and "turns" in value]
    assert figures
    for figure in figures:
        assert isinstance(figure["turns"], int) and figure["least"] <= figure["median"] <= figure["greatest"]
        assert figure["turns"] > 1 or figure["least"] == figure["greatest"]


def test_the_page_of_the_race_has_the_figures_of_the_results(bench):
    report = bench("report")
    first, *earlier = [BENCH/"results"/f"race{rest}.json" for rest in ("", "_dual", "_million")]
    results, *others = [json.loads(path.read_text(encoding="utf-8")) for path in (first, *earlier)]
    sources = report.with_earlier(results, [(report.shown(path, BENCH), other)
                                            for path, other in zip(earlier, others, strict=True)])
    assert report.document(results, report.shown(first, BENCH), sources) == \
        (BENCH/"RESULTS.md").read_text(encoding="utf-8")


def test_turns_of_a_contender_become_figures(bench):
    ready = {"n": 10, "dt": 0.1, "ms": 1000.0, "start_to_ready_s": 0.3}
    turns = [a_turn(), a_turn(run_s=0.7, peak_mb=50.0), a_turn(run_s=0.4, peak_mb=None)]
    turns[1]["rates"] = {"pyr": {"spikes": 8, "all": 4.0, "vector 0-100": [0.7, 92.0]}}
    said = {"lifext": {"turns": turns, "ready": ready}, "NEST": {"turns": [], "failed": "no\nway"}}
    found = bench("run").summarised("first", said)
    assert found["NEST"] == {"failed": "no\nway"}
    assert found["lifext"]["ready"] == ready
    figures = found["lifext"]["figures"]
    assert figures["s_per_simulated_s"] == {"median": 0.5, "least": 0.4, "greatest": 0.7, "turns": 3}
    assert figures["ns_per_neuron_step"]["median"] == pytest.approx(5000.0)
    assert figures["first_result_s"]["turns"] == 3
    assert figures["peak_mb"] == 50.0
    rates = figures["rates"]["pyr"]
    assert rates["vector 0-100"] == pytest.approx([1.7/3, 272/3])
    assert (rates["all"]["mean"], rates["all"]["turns"]) == (pytest.approx(8/3), 3)
    assert rates["all"]["sd"] == pytest.approx((4/3)**0.5)


def test_a_single_turn_has_no_standard_deviation(bench):
    assert bench("summary").with_mean([2.0]) == {"mean": 2.0, "sd": None, "median": 2.0, "least": 2.0, "greatest": 2.0,
                                                 "turns": 1}


def test_what_is_written_has_a_figure_on_a_line_and_is_read_as_it_was(bench, tmp_path):
    summary = bench("summary")
    results = {"date": "2026-11-26", "none": {}, "list": [[1, 2.5], [3, 0.1 + 0.2]],
               "workloads": {"ring": {"lifext": {"wall": summary.spread(x / 10 for x in (3, 1, 2))}}}}
    summary.write(tmp_path/"new"/"some.json", results)
    text = (tmp_path/"new"/"some.json").read_text(encoding="utf-8")
    assert json.loads(text) == results
    assert '    "wall": {"median": 0.2, "least": 0.1, "greatest": 0.3, "turns": 3}\n' in text
    summary.write_raw(None, results)
    summary.write(None, results)
    summary.write_raw(tmp_path/"raw"/"some.json", results)
    assert json.loads((tmp_path/"raw"/"some.json").read_text(encoding="utf-8")) == results
