"""The form of a result: what a script of the trust page found, with which versions, at which commit."""
import datetime
import json
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def versions(*names):
    """Return the versions of Python, NumPy, lifext and what else is named, where they are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in ("numpy", "lifext", *names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit():
    """Return the commit that the repository is at, with a + if something was changed since; None without git."""
    try:
        said = [subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
                for words in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "--", "lifext", "tests"])]
    except (OSError, subprocess.CalledProcessError):
        return None
    return said[0] + ("+" if said[1] else "")


def write(path, what, figures, seen=None):
    """Write a result for `report.py`: `what` was done, and the figures it gave."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"what": what, "figures": figures, "versions": seen or versions(), "commit": commit(),
                "machine": platform.machine(), "date": datetime.date.today().isoformat()}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
