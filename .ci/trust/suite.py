#!/usr/bin/env python
"""Put together what pytest said of its tests and which versions they ran with: a result for `report.py --tests`.

    python .ci/trust/suite.py "wheel, newest libraries" tests.xml --python PYTHON --json newest.json

tests.xml is what ``pytest --junitxml`` wrote. PYTHON ran the tests, and is asked what is installed beside it.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import result  # noqa: E402

ASK = """import json, sys
sys.path.insert(0, sys.argv[1])
import result
print(json.dumps(result.versions(*sys.argv[2:])))"""


def libraries():
    """Return the names of what the tests need."""
    needed = tomllib.loads((result.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.match(r"[\w-]+", name)[0] for name in needed["optional-dependencies"]["test"]]


def versions(python):
    """Return the versions that an environment has."""
    said = subprocess.run([python, "-I", "-c", ASK, str(pathlib.Path(__file__).parent), *libraries()], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(said)


def counts(path):
    """Return what became of the tests, and why some were skipped."""
    suite = xml.etree.ElementTree.parse(path).getroot().find("testsuite")
    tests, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    reasons = collections.Counter(" ".join(skip.get("message").split()) for skip in suite.iter("skipped"))
    return {"tests": tests, "passed": tests - skipped - failed, "skipped": skipped, "failed": failed,
            "reasons": dict(sorted(reasons.items())), "seconds": round(float(suite.get("time")))}


def main():
    """Write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", help="what the table is to call it")
    parser.add_argument("xml", type=pathlib.Path)
    parser.add_argument("--python", default=sys.executable, help="what ran the tests")
    parser.add_argument("--json", type=pathlib.Path, required=True, metavar="FILE", help="where the result goes")
    options = parser.parse_args()
    result.write(options.json, options.environment, counts(options.xml), versions(options.python))


if __name__ == "__main__":
    main()
