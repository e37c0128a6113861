"""Count what a run of `.ci/sanitize` reported, print it, and write the result. Fails if there was a report."""
import pathlib
import re
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import result  # noqa: E402

# not from the line's beginning on: tests.xml is one line, in which that would be looked for from each place anew
REPORT = re.compile(r"(?:ERROR: AddressSanitizer|: runtime error:).*")


def main():
    """Look at the folder and the names of the sanitizers that are the arguments."""
    work, checks = pathlib.Path(sys.argv[1]), sys.argv[2]
    # what they said in a test's subprocess is in what pytest says of the test
    reports = [match[0] for path in sorted((work / "reports").iterdir())
               for match in REPORT.finditer(path.read_text(errors="replace"))]
    print(*reports, sep="\n")
    said = work / "reports" / "tests.xml"
    if not said.exists():
        sys.exit(f"the tests did not end; {work / 'reports'} has what was said before")
    suite = xml.etree.ElementTree.parse(said).getroot().find("testsuite")
    places = [case.get("classname") for case in suite.iter("testcase")]
    files = list(dict.fromkeys(re.search(r"test_(\w+)", place)[1] for place in places if place))
    # a test that was broken off has no place; the file before it may have been its own
    partly = files.pop() if None in places else None
    suite = suite.attrib
    result.write(work / "sanitizers.json", "tests on a build with sanitizers",
                 {"sanitizers": checks.split(","), "files": files, "partly": partly, "tests": int(suite["tests"]),
                  "skipped": int(suite["skipped"]), "failed": int(suite["failures"]) + int(suite["errors"]),
                  "reports": len(reports), "said": reports, "seconds": round(float(suite["time"]))})
    print(f"{suite['tests']} tests, {len(reports)} reports of the sanitizers")
    sys.exit(bool(reports))


if __name__ == "__main__":
    main()
