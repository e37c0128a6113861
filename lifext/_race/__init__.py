"""Programs that simulate the same networks in different ways, for ``lifext bench`` and the repository's ``bench/``.

Each runs in a process of its own, as a file: Python puts this folder first on `sys.path`, where they find each
other. So an interpreter without lifext can run those that need none (`with_brian2.py`).
"""
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent
