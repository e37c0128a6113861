"""Whether the audit finds what it is to find, with advisories made up here; it needs pip-audit and PyYAML."""
import json
import pathlib

import audit
import pytest

ADVISORY = {"id": "MADE-UP-1", "modified": "2024-02-03T04:05:06Z", "details": "Spikes escape.", "aliases": ["CVE-1-1"]}
RANGES = [{"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"fixed": "2.3"}, {"introduced": "2.10"},
                                           {"last_affected": "3.1"}]},
          {"type": "GIT", "events": [{"introduced": "0"}]}]


def advisories(folder, **more):
    """Return the advisories of a folder with one of them."""
    affected = {"package": {"name": "Spike_Tools", "ecosystem": "PyPI"}, "ranges": RANGES, "versions": ["1.10", "a3"]}
    # JSON is YAML, too
    pathlib.Path(folder, "made.yaml").write_text(json.dumps(ADVISORY | {"affected": [affected]} | more))
    return audit.Advisories(folder)


@pytest.mark.parametrize("version, has", [
    ("1.9", False), ("1.10", True), ("1.10.0", True), ("1.1", False), ("2.0rc1", False), ("2.0", True), ("2.2.9", True),
    ("2.3", False), ("2.9", False), ("2.10", True), ("3.1", True), ("3.1.0", True), ("3.1.1", False)])
def test_a_version_is_named_or_in_a_range(tmp_path, version, has):
    found = advisories(tmp_path).of("spike-tools", version)
    assert [advisory["id"] for advisory in found] == ["MADE-UP-1"] * has


def test_events_need_no_order():
    events = [{"fixed": "2.3"}, {"introduced": "0"}]
    assert [audit.inside(events, audit.Version(version)) for version in ("0.1", "2.2", "2.3")] == [True, True, False]


def test_other_packages_and_what_was_withdrawn_do_not_count(tmp_path):
    found = advisories(tmp_path)
    assert not found.of("spike", "2.0")
    assert (found.count, found.date, found.commit) == (1, "2024-02-03", None)
    with pytest.raises(SystemExit, match="has no advisories"):
        advisories(tmp_path, withdrawn="2024-03-01T00:00:00Z")


def test_pip_audit_is_told(tmp_path):
    found = audit.audit(advisories(tmp_path), "Spike.Tools==2.2\nother==1.0\n")
    assert found == {"packages": 2, "with_advisories": 1, "vulnerabilities": 1,
                     "found": {"spike-tools 2.2": [["CVE-1-1", "MADE-UP-1"]]}}
    assert audit.audit(advisories(tmp_path), "spike_tools==2.3\n")["found"] == {}


def test_what_cannot_be_asked_about_is_an_error(tmp_path):
    with pytest.raises(SystemExit, match="did not end well"):
        audit.audit(advisories(tmp_path), "spike_tools>=2.2\n")
