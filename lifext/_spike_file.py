"""The part of a spike record that is in an HDF5 file.

A file is open only while something is read or written. So it can be read by others at any time
in between, and is whole whatever becomes of the run.
"""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from . import _validate
from ._core.logs import inside
from ._types import Floats, Neurons, Path

FORMAT = "lifext spikes 1"
# spikes that are written at a time, and that share an earliest and a latest time
PART = 2**16
# spikes in a chunk of the file, which holds whole chunks: a short record must not take a megabyte
CHUNK = 2**12


class SpikeFile:
    """Spikes of one population in the group ``/spikes/<name>`` of a file.

    Its datasets are ``ids`` (neurons) and ``times`` (ms), its attributes say where they come from.

    Parameters
    ----------
    path : str or os.PathLike
        A file that does not exist, or one of these that has no such group.
    name : str
        Name of the population.
    facts : dict
        Attributes of the group; those that are None are left out.
    """

    def __init__(self, path: Path, name: str, facts: dict[str, Any]) -> None:
        self._h5py = _validate.h5py_module()
        self.path = os.path.abspath(_validate.file_name("SpikeRecord", "to", path))
        self.name = _validate.hdf5_name(name)
        self._starts: list[int] = []
        self._earliest: list[float] = []
        self._latest: list[float] = []
        self._create(facts)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_h5py"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _h5py=_validate.h5py_module())

    def _create(self, facts: dict[str, Any]) -> None:
        is_new = not os.path.exists(self.path)
        if not is_new:
            _validate.spike_file(self._h5py, self.path, FORMAT, self.name)
        with self._h5py.File(self.path, "x" if is_new else "r+") as file:
            file.attrs["format"] = FORMAT
            group = file.create_group(f"spikes/{self.name}")
            for name, dtype in (("ids", np.int64), ("times", np.float64)):
                group.create_dataset(name, (0,), dtype, maxshape=(None,), chunks=(CHUNK,))
            group["times"].attrs["units"] = "ms"
            for name, value in facts.items():
                if value is not None:
                    # a seed may be too long for any number in the file
                    group.attrs[name] = str(value) if isinstance(value, int) and value >= 2**63 else value

    def _open(self, mode: str) -> Any:
        return self._h5py.File(self.path, mode)

    def write(self, start: int, ids: Neurons, times: Floats) -> None:
        """Write spikes as those from number `start` on; what was there is replaced."""
        with self._open("r+") as file:
            group = self._group(file, start)
            for dataset in (group["ids"], group["times"]):
                dataset.resize((start + len(ids),))
            group["ids"][start:], group["times"][start:] = ids, times
        self._index(start, times)

    def truncate(self, count: int) -> None:
        """Forget the spikes from number `count` on."""
        self.write(count, np.empty(0, np.int64), np.empty(0))

    def _index(self, start: int, times: Floats) -> None:
        # written again after an interruption, a part may have its old bounds too: they only get wider
        while self._starts and self._starts[-1] >= start:
            for column in (self._starts, self._earliest, self._latest):
                column.pop()
        if not self._starts or start + len(times) - self._starts[-1] > PART:
            self._starts.append(start)
            self._earliest.append(np.inf)
            self._latest.append(-np.inf)
        self._earliest[-1] = min(self._earliest[-1], float(np.fmin.reduce(times, initial=np.inf)))
        self._latest[-1] = max(self._latest[-1], float(np.fmax.reduce(times, initial=-np.inf)))

    def arrays(self, count: int) -> tuple[Neurons, Floats]:
        """Return neurons and times of the first `count` spikes."""
        with self._open("r") as file:
            return self._slice(self._group(file, count), 0, count)

    def _group(self, file: Any, count: int) -> Any:
        group = file[f"spikes/{self.name}"]
        _validate.enough_spikes(self.path, self.name, count, min(len(group["ids"]), len(group["times"])))
        return group

    @staticmethod
    def _slice(group: Any, start: int, stop: int) -> tuple[Neurons, Floats]:
        return group["ids"][start:stop].astype(np.intp, copy=False), group["times"][start:stop]

    def between(self, start: float, stop: float, count: int) -> list[tuple[Neurons, Floats]]:
        """Return neurons and times of those of the first `count` spikes in a window, as a list of pairs."""
        parts = [k for k, (earliest, latest) in enumerate(zip(self._earliest, self._latest))
                 if latest >= start and earliest < stop]
        if not parts:
            return []
        ends = [*self._starts[1:], count]
        with self._open("r") as file:
            group = self._group(file, count)
            return [inside(*self._slice(group, self._starts[k], min(ends[k], count)), start, stop) for k in parts]
