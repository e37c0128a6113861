"""What the benches keep of their turns: of each figure median, least, greatest and how many turns there were.

Every turn is kept only where an option `--raw FILE` asks for it, and outside of the repository.
"""
import json
import statistics


def spread(values):
    """Return median, least and greatest of a figure over its turns, and their number."""
    values = list(values)
    return {"median": statistics.median(values), "least": min(values), "greatest": max(values), "turns": len(values)}


def with_mean(values):
    """Return the same and, of a figure that differs by chance and not by the machine, mean and standard deviation."""
    values = list(values)
    return {"mean": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else None,
            **spread(values)}


def text(value, indent=0):
    """Return JSON in which what holds no further dictionary, as a figure does, is a line."""
    if not isinstance(value, dict) or not any(isinstance(part, dict) for part in value.values()):
        return json.dumps(value)
    space = " " * (indent + 1)
    parts = [f"{space}{json.dumps(key)}: {text(part, indent + 1)}" for key, part in value.items()]
    return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"


def write(path, results):
    """Write results to a file, if there is one."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(results) + "\n", encoding="utf-8")


def write_raw(path, results):
    """Write every turn to a file, if there is one."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results) + "\n", encoding="utf-8")
