"""A change of the numbers needs a line in CHANGELOG.md, which names the digest of what they are held to."""
import hashlib
import json
import pathlib
import re

import numpy as np
import portable_bits
import pytest
from portable_bits import digest

TESTS = pathlib.Path(__file__).parent
CHANGELOG = TESTS.parent / "CHANGELOG.md"


def of_fast():
    """Return the digest of the hashes that fixed networks are held to."""
    recorded = json.loads(portable_bits.RECORDED.read_text())["sha256"]
    return hashlib.sha256(json.dumps(recorded, sort_keys=True).encode()).hexdigest()


def of_compat():
    """Return the digest of the golden arrays, not of their files, which a new zip would change."""
    names, arrays = [], []
    for path in sorted((TESTS / "data" / "golden").glob("*.npz")):
        with np.load(path) as kept:
            names += [f"{path.stem} {key} {kept[key].shape}" for key in sorted(kept)]
            arrays += [kept[key] for key in sorted(kept)]
    return hashlib.sha256("\n".join([*names, digest(arrays)]).encode()).hexdigest()


@pytest.mark.parametrize("arithmetic, found", [("compat", of_compat), ("fast", of_fast)])
def test_the_changelog_names_the_numbers(arithmetic, found):
    """The newest line comes first; older ones stay."""
    named = re.findall(rf"\*\*Numbers\*\*[^\n]* {arithmetic} `(\w{{12}})`", CHANGELOG.read_text(encoding="utf-8"))
    want = found()[:12]
    assert named[:1] == [want], (
        f"what {arithmetic} runs are held to has changed, or no line of CHANGELOG.md says so: put one above the others "
        f"that says what changed and why, with '**Numbers**' and '{arithmetic} `{want}`' on its first line")
