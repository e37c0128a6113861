#!/usr/bin/env python
"""Make the tables of docs/trust.md from what the scripts beside this one found.

    python .ci/trust/report.py                                    # writes the page's tables anew
    python .ci/trust/report.py --check                            # fails if the page has others
    python .ci/trust/report.py --add growth.json fuzz.json        # first takes results into bench/results/trust
    python .ci/trust/report.py --tests suites/*.json              # or tests of an environment, which suite.py counted

Only results of real runs are kept in bench/results/trust; `result.py` has their form. A result without commit and
versions gets those of now. Sections whose file is not there are left out.
"""
import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import result  # noqa: E402

RESULTS = result.ROOT / "bench" / "results" / "trust"
PAGE = result.ROOT / "docs" / "trust.md"
BEGIN, END = "<!-- tables by .ci/trust/report.py -->", "<!-- end of the tables -->"


def load(name):
    """Return a result, or None if there is none of this name."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def table(head, rows):
    """Return lines of a table."""
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
    return [line(head), "|" + "---|" * len(head), *map(line, rows), ""]


def where(found):
    """Return what a result was measured with, in words, unless it says so of each of its parts."""
    if "versions" not in found:
        return []
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    told = f"{found['date']}, commit {found['commit']}, {found['machine']}, {versions}."
    # of a run that was not of everything
    return [f"{found['note']} {told}" if "note" in found else told, ""]


def number(value):
    """Return a number as text."""
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"


# One function a section: each takes the figures of its result

def suites(figures):
    """Return the tests that ran, with which versions, and why some were skipped."""
    lines = table(["environment", "tests", "passed", "skipped", "failed", "seconds", "day", "commit"],
                  [[name, *[number(run[what]) for what in ("tests", "passed", "skipped", "failed", "seconds")],
                    run["date"], run["commit"]] for name, run in figures.items()])
    lines += across(figures, "version of", [run["versions"] for run in figures.values()])
    lines += across(figures, "tests skipped", [run["reasons"] for run in figures.values()])
    return [*lines, "The seconds are pytest's, on a machine that did other work, too.", ""]


def across(names, what, columns):
    """Return a table of values by key, with a column for each name, or nothing if there are none."""
    keys = list(dict.fromkeys(key for column in columns for key in column))
    rows = [[key, *[column.get(key, "") for column in columns]] for key in keys]
    return table([what, *names], rows) if rows else []


def sanitizers(figures):
    """Return what the sanitizers reported in each run of tests."""
    rows = [[run["of"] if "of" in run else f"{len(run['files'])} files: {', '.join(run['files'])}"
             + (f"; part of {run['partly']}" if run["partly"] else ""),
             *[number(run[what]) for what in ("tests", "skipped", "failed")], f"**{run['reports']}**",
             number(run["seconds"]), run["date"], run["commit"]] for run in figures["runs"]]
    return [f"Quick tests on a build with the sanitizers {', '.join(figures['runs'][-1]['sanitizers'])}.", "",
            *table(["of", "tests", "skipped", "failed", "reports", "seconds", "day", "commit"], rows)]


def coverage(figures):
    """Return the share of lines that ran, by module where it is not all."""
    rows = [[f"all {name}", number(total["lines"]), f"{total['percent']:.1f}"]
            for name, total in figures["totals"].items()]
    rows += [[f"`{file}`", module["lines"], f"{module['percent']:.1f}"]
             for file, module in figures["modules"].items() if module["missed"]]
    return [*table(["lines of", "lines", "% run"], rows), "All lines of the other modules ran.", ""]


def growth(figures):
    """Return the slope of the memory; of a million only where there were so many."""
    rows = [[name, number(case["count"]), number(case["bytes_a_unit"] + 0.0),
             number(case["bytes_a_million"]) if case["count"] >= 10**6 else "", number(case["spread_bytes"])]
            for name, case in figures.items()]
    return table(["what is done", "how often", "bytes each", "bytes per 10^6", "highest less lowest, bytes"], rows)


def fuzz_calls(figures):
    """Return how many random calls there were."""
    ends = ("sequences", "calls", "refused", "differences")
    return ["Each call is made to the compiled side and to the NumPy twin; then both are compared, bit for bit.",
            "", *table(["on", *ends], [[name, *[number(case[end]) for end in ends]] for name, case in figures.items()])]


def fuzz_files(figures):
    """Return what became of spoilt files."""
    ends = ("refused", "read", "wrong", "crashed", "hung")
    rows = [[name, *[number(kind[end]) for end in ends]] for name, kind in figures["kinds"].items()]
    rows.append(["**all**", *[number(sum(kind[end] for kind in figures["kinds"].values())) for end in ends]])
    return [f"{number(figures['tried'])} files. Refused: with a documented error. Read: what a reader needs was "
            "whole. Wrong: another error, a change in spite of it, or code that ran. Hung: not done after 20 s.", "",
            *table(["file", *ends], rows)]


def audit(figures):
    """Return what pip-audit found, and by which advisories."""
    rows = [[name, one["packages"], one["with_advisories"], f"**{one['vulnerabilities']}**",
             "; ".join(f"{package}: {', '.join(ids[0] for ids in faults)}" for package, faults in one["found"].items())]
            for name, one in figures["audits"].items()]
    of = figures["advisories"]
    when = f"at its commit {of['commit'][:12]} of {of['date']}" if of["commit"] else f"of {of['date']}"
    return [f"By {number(of['count'])} advisories of PyPA's database, {when}. It knows nothing of later ones.", "",
            *table(["of", "packages", "with advisories", "known vulnerabilities of these versions", "which"], rows)]


def anything(figures):
    """Return the figures of a result that has no section of its own."""
    nested = {name: value for name, value in figures.items() if isinstance(value, dict)}
    lines = []
    if nested:
        columns = list(dict.fromkeys(key for value in nested.values() for key in value))
        rows = [[name, *[value.get(key, "") for key in columns]] for name, value in nested.items()]
        lines += table(["", *columns], rows)
    plain = {name: value for name, value in figures.items() if name not in nested}
    return lines + (table(["", ""], plain.items()) if plain else [])


SECTIONS = {"suites": ("Tests run, and versions covered", suites), "sanitizers": ("Sanitizers", sanitizers),
            "fuzz_calls": ("Random calls, sound and hostile", fuzz_calls),
            "fuzz_files": ("Files damaged, and what happened to them", fuzz_files),
            "growth": ("Memory over a long run", growth), "audit": ("Known vulnerabilities", audit),
            "coverage": ("Lines that the tests run", coverage)}


def tables():
    """Return the text between the page's marks."""
    names = [*SECTIONS, *sorted(path.stem for path in RESULTS.glob("*.json") if path.stem not in SECTIONS)]
    lines = []
    for name in names:
        found = load(name)
        if found is not None:
            title, section = SECTIONS.get(name, (found["what"].capitalize(), anything))
            lines += [f"### {title}", "", *section(found["figures"]), *where(found)]
    return "\n".join(lines)


def page():
    """Return the page with the tables as they should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{rest.partition(END)[2]}"


def add(path):
    """Take in a result, of the common form or with one key, its name."""
    if path.name == "sanitizers.json":
        add_sanitizers(path)
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    if "figures" in found:
        keep(path.stem, found)
        return
    (name, figures), = found.items()
    result.write(RESULTS / f"{name}.json", name.replace("_", " "), figures)


def with_facts(found):
    """Return the figures of a result that stands beside others, with what it was measured with."""
    return found["figures"] | {fact: found[fact] for fact in ("versions", "commit", "machine", "date")}


def keep(name, found):
    """Write a result."""
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def add_sanitizers(path):
    """Take in a run of tests with sanitizers, in place of earlier ones of the same files."""
    found = json.loads(path.read_text(encoding="utf-8"))
    run = with_facts(found)
    known = load("sanitizers") or {"figures": {"runs": []}}
    runs = [other for other in known["figures"]["runs"]
            if "files" not in other or not set(other["files"]) <= set(run["files"])]
    keep("sanitizers", {"what": found["what"], "figures": {"runs": [*runs, run]}})


def add_tests(path):
    """Take in the tests of an environment, beside those of others."""
    found = json.loads(path.read_text(encoding="utf-8"))
    known = load("suites") or {"figures": {}}
    known["figures"][found["what"]] = with_facts(found)
    keep("suites", {"what": "tests run", **known})


def main():
    """Take in what is given, then write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--add", nargs="+", type=pathlib.Path, default=[], metavar="FILE", help="results")
    parser.add_argument("--tests", nargs="+", type=pathlib.Path, default=[], metavar="FILE", help="what suite.py wrote")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    for path in options.add:
        add(path)
    for path in options.tests:
        add_tests(path)
    if options.check:
        if PAGE.read_text(encoding="utf-8") != page():
            sys.exit("docs/trust.md is not what .ci/trust/report.py makes of bench/results/trust: run it")
    else:
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
