#!/usr/bin/env python
"""A libFuzzer target for the files that lifext reads: coverage leads it to new ones. Needs atheris.

    pip install atheris
    python .ci/trust/atheris_files.py record -max_total_time=300 -rss_limit_mb=4096 corpus/

The first argument is a kind of file of `tests/hostile.py`, the others are libFuzzer's. It begins with a sound file
and 50 spoilt ones. Half of the changes are libFuzzer's, of bytes; the others heed what is in such a file.
"""
import pathlib
import random
import sys
import tempfile

import atheris

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

with atheris.instrument_imports(include=["lifext", "zipfile", "json", "numpy.lib"]):
    import hostile


def main():
    """Fuzz one kind of file."""
    name = sys.argv.pop(1)
    target, sound = hostile.TARGETS[name], hostile.sound_file(name)
    hostile.listen()
    folder = tempfile.TemporaryDirectory()
    seeds = pathlib.Path(folder.name, "seeds")
    seeds.mkdir()
    for number in range(50):
        (seeds / str(number)).write_bytes(sound if number == 0 else hostile.spoilt(name, sound, number))
    work = pathlib.Path(folder.name, "work")
    work.mkdir()

    def one(data):
        hostile.use(name, data, work)

    def change(data, most, seed):
        rng = random.Random(seed)
        if rng.random() < 0.5:
            return atheris.Mutate(data, most)
        try:
            return target.spoil(rng, bytes(data))[:most]
        except Exception:
            # it is too spoilt to be taken apart
            return hostile.spoil_bytes(rng, bytes(data))[:most]

    atheris.Setup([*sys.argv, f"-max_len={4 * len(sound)}", str(seeds)], one, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
