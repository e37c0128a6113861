#!/usr/bin/env python
"""Which lines of Python and Cython the tests ran: a table by module, and its JSON.

    python .ci/trust/lines.py TREE PYTHON.json [--json FILE] [--least 95]

TREE is a source tree whose extensions gcc built with ``--coverage`` and the tests have used; PYTHON.json is what
``coverage json`` wrote of the same tests. `.ci/coverage` makes both.

gcov counts lines of C. Above the C of each statement Cython writes where the statement stands, so a count goes to that
place; a place that is compiled several times (a template, a build of the loops) has the largest of its counts. So code
without the GIL and in threads is counted too, which Cython's line tracing can't do without taking the GIL at each
line.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
from collections import defaultdict

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import result  # noqa: E402

# where a statement stands, as Cython writes it above its C
PLACE = re.compile(r'\s*/\* "(lifext/[^"]+)":(\d+)$')
# what C comes after the last statement of a function belongs to none
LEFT = re.compile(r"\s*/\* (function exit code|\"\(tree fragment\)\":\d+|\"[^\"]+\":\d+)")
EXCLUDED = "# pragma: no cover"
# What declares has C of its own, such as getters, but is no statement; the body says whether a function was called.
DECLARES = re.compile(r"\s*(cdef [^=(]*($|\()|cpdef |def |cimport |from .* cimport |@|ctypedef )")


def places(c_file):
    """Return for each line of C the (file, line) of the statement that it comes from, or None."""
    found, place = [None], None
    for line in c_file.read_text(encoding="utf-8").splitlines():
        match = PLACE.match(line)
        if match:
            place = match[1], int(match[2])
        elif LEFT.match(line):
            place = None
        found.append(place)
    return found


def counted_in_c(tree):
    """Yield (file of C, {line: count}) of each extension that was used."""
    for data in sorted(tree.glob("build/temp*/**/*.gcda")):
        said = subprocess.run(["gcov", "--json-format", "--stdout", data.name], cwd=data.parent, check=True,
                              capture_output=True, text=True).stdout
        for file in json.loads(said)["files"]:
            if file["file"].endswith(".c"):
                counts = defaultdict(int)
                for line in file["lines"]:
                    counts[line["line_number"]] = max(counts[line["line_number"]], line["count"])
                yield tree / file["file"], counts


def excluded(source):
    """Return the numbers of lines that a comment excludes: the line, and a block that it opens."""
    lines = source.splitlines()
    found = set()
    for number, line in enumerate(lines, start=1):
        if EXCLUDED not in line:
            continue
        found.add(number)
        depth = len(line) - len(line.lstrip())
        if line.split("#")[0].rstrip().endswith(":"):
            for below, text in enumerate(lines[number:], start=number + 1):
                if text.strip() and len(text) - len(text.lstrip()) <= depth:
                    break
                found.add(below)
    return found


def cython_lines(tree):
    """Return {file: ({lines that ran}, {lines that did not})} of the Cython sources."""
    most = defaultdict(lambda: defaultdict(int))
    for c_file, counts in counted_in_c(tree):
        where = places(c_file)
        for number, count in counts.items():
            if number < len(where) and where[number] is not None:
                file, line = where[number]
                most[file][line] = max(most[file][line], count)
    found = {}
    for file, counts in most.items():
        source = (tree / file).read_text(encoding="utf-8")
        lines = source.splitlines()
        out = excluded(source) | {number for number in counts if DECLARES.match(lines[number - 1].partition("#")[0])}
        found[file] = ({n for n, count in counts.items() if count > 0 and n not in out},
                       {n for n, count in counts.items() if count <= 0 and n not in out})
    return found


def python_lines(report):
    """Return the same of the Python sources, from what coverage.py wrote."""
    return {file[file.index("lifext/"):]: (set(lines["executed_lines"]), set(lines["missing_lines"]))
            for file, lines in json.loads(report.read_text())["files"].items()}


def spans(numbers):
    """Return whole numbers as text, those that follow one another as a span."""
    found = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in found)


def percent(ran, missed):
    """Return the share of lines that ran."""
    return 100.0 if not ran + missed else 100.0 * ran / (ran + missed)


def main():
    """Print the table; fail if a module has less than what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("python", type=pathlib.Path)
    parser.add_argument("--json", help="file for the results")
    parser.add_argument("--least", type=float, default=95.0, help="percent of each module's lines")
    options = parser.parse_args()
    cython = cython_lines(options.tree)
    found = {**python_lines(options.python), **cython}
    modules = {}
    for file, (ran, missed) in sorted(found.items()):
        if ran or missed:
            modules[file] = {"lines": len(ran) + len(missed), "percent": round(percent(len(ran), len(missed)), 1),
                             "missed": spans(missed)}
            print("{:44} {lines:5} lines {percent:6.1f} %  {missed}".format(file, **modules[file]))
    totals = {}
    for name, files in (("Cython", cython), ("Python", found.keys() - cython.keys())):
        ran, missed = (sum(len(found[file][k]) for file in files) for k in (0, 1))
        totals[name] = {"lines": ran + missed, "percent": round(percent(ran, missed), 1)}
        print("{:44} {lines:5} lines {percent:6.1f} %".format(f"all {name}", **totals[name]))
    if options.json:
        result.write(options.json, "lines of code that the tests run", {"modules": modules, "totals": totals},
                     result.versions("coverage", "cython"))
    low = [file for file, figures in modules.items() if figures["percent"] < options.least]
    if low:
        sys.exit(f"less than {options.least:g} %: {', '.join(low)}")


if __name__ == "__main__":
    main()
