#!/usr/bin/env python
"""Run pip-audit where neither PyPI nor OSV can be asked: from a copy of PyPA's advisories, on this machine.

    git clone --bare https://github.com/pypa/advisory-database advisories
    pip install pip-audit PyYAML
    python .ci/trust/audit.py advisories --installed PYTHON --json audit.json

Audits what CI installs, what PYTHON has installed, and, without holding lifext to them, the oldest versions; also a pin
with known faults, which must be found. The advisories may also be a folder of YAML files in the form of OSV. pip-audit
asks for one package and version at a time, as it would ask api.osv.dev. Fails if something is found.
"""
import argparse
import contextlib
import http.server
import importlib.metadata
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import threading

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import result  # noqa: E402

KNOWN = "requests==2.19.0"    # CVE-2018-18074, and later ones
# every value is text: a version 1.10 is not the number 1.1
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Advisories:
    """Advisories by package, and where they are from."""

    def __init__(self, place):
        self.by_name, self.count, self.commit = {}, 0, None
        git = place / ".git" if (place / ".git").exists() else place
        in_git = (git / "HEAD").exists()
        for text in archived(git) if in_git else [path.read_bytes() for path in place.rglob("*.yaml")]:
            self.take(yaml.load(text, Loader=LOADER))
        if not self.count:
            raise SystemExit(f"{place} has no advisories")
        if in_git:
            self.commit, self.date = ask_git(git, "log", "-1", "--format=%H %cs").decode().split()
        else:
            self.date = max(advisory["modified"] for known in self.by_name.values() for advisory in known)[:10]

    def take(self, advisory):
        """Take in an advisory, unless it was withdrawn."""
        if "withdrawn" in advisory:
            return
        self.count += 1
        packages = [affected["package"] for affected in advisory["affected"]]
        for name in {canonicalize_name(package["name"]) for package in packages if package["ecosystem"] == "PyPI"}:
            self.by_name.setdefault(name, []).append(advisory)

    def of(self, name, version):
        """Return the advisories that a version of a package has."""
        name = canonicalize_name(name)
        return [advisory for advisory in self.by_name.get(name, [])
                if any(canonicalize_name(affected["package"]["name"]) == name and affects(affected, version)
                       for affected in advisory["affected"])]


def ask_git(git, *words):
    """Return what git prints."""
    return subprocess.run(["git", "--git-dir", git, *words], check=True, stdout=subprocess.PIPE).stdout


def archived(git):
    """Yield the text of each advisory that is committed."""
    with tarfile.open(fileobj=io.BytesIO(ask_git(git, "archive", "--format=tar", "HEAD", "vulns"))) as archive:
        for member in archive:
            if member.name.endswith(".yaml"):
                yield archive.extractfile(member).read()


def affects(affected, version):
    """Return whether a version is named, or lies within a range; as https://ossf.github.io/osv-schema says."""
    version = Version(version)
    return (any(version == named for named in as_versions(affected.get("versions", [])))
            or any(inside(ranged["events"], version) for ranged in affected.get("ranges", [])
                   if ranged["type"] == "ECOSYSTEM"))


def as_versions(texts):
    """Return those of some texts that are versions; of the first releases of some packages, a few are none."""
    found = []
    for text in texts:
        with contextlib.suppress(InvalidVersion):
            found.append(Version(text))
    return found


def inside(events, version):
    """Return whether a version lies within a range, which begins and ends, perhaps often, at the events."""
    found = False
    marks = [(mark, kind) for event in events for kind, text in event.items() for mark in as_versions([text])]
    # at one version, what ends there ends before the next begins
    for mark, kind in sorted(marks, key=lambda event: (event[0], event[1] == "introduced")):
        if version > mark or version == mark and kind != "last_affected":
            found = kind == "introduced"
    return found


@contextlib.contextmanager
def served(advisories, asked):
    """Answer as api.osv.dev does; the value is the address. What was asked about is added to `asked`."""
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = query["package"]["name"], query["version"]
            asked.append(name)
            found = advisories.of(name, version)
            answer = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def audit(advisories, pins):
    """Return what pip-audit finds in the text of a requirements file, every line of which is a pin."""
    asked = []
    with tempfile.TemporaryDirectory() as folder, served(advisories, asked) as address:
        requirements, found = pathlib.Path(folder, "pins.txt"), pathlib.Path(folder, "found.json")
        requirements.write_text(pins, encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--strict", "--no-deps", "--disable-pip", "-r", requirements,
                   "--vulnerability-service", "osv", "--osv-url", address, "--cache-dir", folder,
                   "--progress-spinner", "off", "--format", "json", "--output", found]
        done = subprocess.run(command, env={**os.environ, "NO_PROXY": "127.0.0.1"}, capture_output=True, text=True)
        # without a word where one cannot be asked about
        if not found.exists():
            raise SystemExit(f"pip-audit did not end well:\n{done.stderr}")
        packages = json.loads(found.read_text(encoding="utf-8"))["dependencies"]
    if len(asked) != len(packages):
        raise SystemExit(f"pip-audit names {len(packages)} packages, and asked about {len(asked)}")
    found = {f"{package['name']} {package['version']}":
             [sorted([fault["id"], *fault["aliases"]]) for fault in package["vulns"]]
             for package in packages if package["vulns"]}
    return {"packages": len(packages), "with_advisories": len(advisories.by_name.keys() & set(asked)),
            "vulnerabilities": sum(map(len, found.values())), "found": found}


def installed(python):
    """Return the pins of what is installed, but for lifext, and for what a Python brings itself: pip, setuptools."""
    return subprocess.run([python, "-m", "pip", "freeze", "--exclude", "lifext", "--exclude", "setuptools"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def main():
    """Audit, print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("advisories", type=pathlib.Path, help="git directory or folder")
    parser.add_argument("--installed", metavar="PYTHON", help="of an environment with lifext and all its extras")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="where the result goes")
    options = parser.parse_args()
    advisories = Advisories(options.advisories)
    folder = result.ROOT / ".ci"
    held = {"what CI installs, `.ci/constraints.txt`": (folder / "constraints.txt").read_text(encoding="utf-8")}
    if options.installed:
        held["`lifext` with all its extras, newest"] = installed(options.installed)
    told = {"the oldest versions, `.ci/oldest.txt`": (folder / "oldest.txt").read_text(encoding="utf-8"),
            f"{KNOWN}, which has known faults": KNOWN}
    found = {name: audit(advisories, pins) for name, pins in (held | told).items()}
    for name, one in found.items():
        print(f"{name}: {one}")
    if not found[f"{KNOWN}, which has known faults"]["vulnerabilities"]:
        raise SystemExit(f"nothing was found in {KNOWN}: this audit finds nothing")
    figures = {"advisories": {"count": advisories.count, "commit": advisories.commit, "date": advisories.date},
               "audits": found}
    if options.json:
        seen = result.versions() | {"pip-audit": importlib.metadata.version("pip-audit")}
        result.write(options.json, "known vulnerabilities", figures, seen)
    sys.exit(any(found[name]["vulnerabilities"] for name in held))


if __name__ == "__main__":
    main()
