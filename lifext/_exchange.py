"""The methods of a record of spikes that take it to other programs and back; `_formats` has the formats."""
from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from . import _validate
from ._formats import neo_trains, npz, nwb, sonata, table
from ._types import Path

if TYPE_CHECKING:
    import pandas


class Exchange:
    """Spikes in files and in the objects of other libraries.

    Whatever is written carries the metadata of the record (name, size, time recorded,
    directions, `provenance`), and whatever is read gives a record that is closed and has it.
    Of a file of another program only spikes are known: its record has no provenance.

    A record that streams is in its file; `save`, `to_pandas` and `to_neo` read it into memory once,
    16 bytes a spike. `to_nwb`, and `to_sonata` in another order than the record's, need about three
    times that.
    """

    @classmethod
    def _read(cls, ids: Any, times: Any, found: dict[str, Any]) -> Self:
        raise NotImplementedError(f"{cls.__name__}: _read is not defined by Exchange")

    @classmethod
    def _in_file(cls, file: Any, count: int, found: dict[str, Any]) -> Self:
        raise NotImplementedError(f"{cls.__name__}: _in_file is not defined by Exchange")

    def save(self, path: Path) -> None:
        """Write the record to an npz file.

        Parameters
        ----------
        path : str or os.PathLike
            Taken as it is. Written beside and then put in its place: a file that is there is replaced.

        Raises
        ------
        OSError
            If the file cannot be written.

        See Also
        --------
        load : has an example.
        """
        npz.write(self, _validate.file_name(self, "path", path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the record in a file of `save`.

        Parameters
        ----------
        path : str or os.PathLike
            The file.

        Returns
        -------
        SpikeRecord
            In memory, 16 bytes a spike, and twice that while it is read.

        Raises
        ------
        ValueError
            If the file is damaged, or another one. Nothing in it is ever executed.
        OSError
            If it cannot be read.

        Examples
        --------
        >>> import os, tempfile, lifext as lx
        >>> net, cells = lx.Network(dt=0.05, seed=1), lx.pyrPop(100, noise_g=0.01)
        >>> net.add(cells=cells)
        >>> spikes = net.record_spikes(cells)
        >>> net.run(100.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "cells.npz")
        ...     spikes.save(path)
        ...     again = lx.SpikeRecord.load(path)
        >>> again.rate(50, 100) == spikes.rate(50, 100)
        True
        >>> again.provenance["seed"], again.stop
        (1, 100.0)
        """
        return cls._read(*npz.read(_validate.file_name("SpikeRecord", "path", path)))

    def to_pandas(self) -> pandas.DataFrame:
        """Return the spikes as a table.

        Returns
        -------
        pandas.DataFrame
            A row a spike, in the order of the record: ``time`` (ms), ``neuron``. Its ``attrs`` have
            name, size, start, stop, directions and provenance.

        Raises
        ------
        ImportError
            Without pandas (the extra ``pandas``).
        """
        return table.make(self)  # type: ignore[no-any-return]

    @classmethod
    def from_pandas(cls, frame: pandas.DataFrame, *, name: str | None = None, size: int | None = None) -> Self:
        """Return a record of the spikes in a table.

        Parameters
        ----------
        frame : pandas.DataFrame
            With columns ``time`` (ms) and ``neuron`` (whole numbers from 0).
        name : str, optional
            Of the population; left out, what ``attrs`` say.
        size : int, optional
            Its number of neurons, needed if ``attrs`` do not say it and the last ones are silent.

        Returns
        -------
        SpikeRecord

        Raises
        ------
        ValueError
            If the table is not such a one.
        """
        size = None if size is None else _validate.whole("SpikeRecord", "size", size, at_least=1)
        return cls._read(*table.read(frame, _name(name), size))

    def to_neo(self) -> Any:
        """Return the spikes as spike trains of neo, one for each neuron, also for silent ones.

        Returns
        -------
        neo.core.spiketrainlist.SpikeTrainList
            In ms, made by neo's bulk constructor: neo makes the trains when one is asked for,
            with a look at all spikes for each. They are annotated with ``channel_id`` (the
            neuron), ``population``, and ``direction`` of a ring. They start and end with the
            recording. Its ``segment`` is a `neo.Segment`, named like the population, to be put into
            a block; it is annotated with the metadata of the record, as JSON.

        Raises
        ------
        ImportError
            Without neo (the extra ``neo``).
        """
        return neo_trains.make(self)

    @classmethod
    def from_neo(cls, trains: Any, *, name: str | None = None) -> Self:
        """Return a record of spike trains of neo.

        Parameters
        ----------
        trains : neo.core.spiketrainlist.SpikeTrainList or list of neo.SpikeTrain
            One a neuron, in any units of time; ``segment.spiketrains``, for example.
        name : str, optional
            Of the population; left out, that of the record which the trains are from.

        Returns
        -------
        SpikeRecord
            In the order of times.

        Raises
        ------
        ValueError
            If these are no spike trains, or none at all.
        ImportError
            Without neo (the extra ``neo``).
        """
        return cls._read(*neo_trains.read(trains, _name(name)))

    def to_nwb(self, target: Any, *, session_start_time: datetime.datetime | None = None) -> Any:
        """Write the spikes to an NWB file, as units: a row for each neuron, also for silent ones.

        Parameters
        ----------
        target : str, os.PathLike or pynwb.NWBFile
            A file that does not exist; or an NWBFile to add to, which pynwb writes. Several
            populations can be added to one, as long as its units are not in a file yet.
        session_start_time : datetime.datetime, optional
            What NWB asks of each new file; left out, now.

        Raises
        ------
        ValueError
            If the NWBFile has a population of that name, units that are in a file, or units with
            columns that a simulated neuron has no value for. It is as it was then.
        FileExistsError
            If there is a file of that name.
        OSError
            If the file cannot be written.
        ImportError
            Without pynwb (the extra ``nwb``).

        Notes
        -----
        Columns are ``spike_times`` and ``obs_intervals`` (s), ``population``, ``neuron``, and
        ``direction`` (radians) of a ring. The table ``lifext`` in the file's group ``analysis`` has
        the metadata of the record, as JSON.
        """
        nwb.write(self, target, session_start_time)

    @classmethod
    def from_nwb(cls, source: Any, name: str | None = None) -> Self:
        """Return a record of units in an NWB file.

        Parameters
        ----------
        source : str, os.PathLike or pynwb.NWBFile
            The file. A path is read in a process of its own, as HDF5 can end the process that reads a damaged
            file; it takes 1 to 2 s to start.
        name : str, optional
            Which population, if there are several. A file of another program has one, with
            all units, which gets this name.

        Returns
        -------
        SpikeRecord
            In the order of times, which are right to a rounding: NWB's are in seconds.

        Raises
        ------
        ValueError
            If the file is damaged, has no units or no such population.
        OSError
            If it cannot be read.
        ImportError
            Without pynwb (the extra ``nwb``).
        """
        return cls._read(*nwb.read(source, _name(name)))

    def to_sonata(self, path: Path, *, sorting: Literal["by_time", "by_id", "none"] = "by_time") -> None:
        """Write the spikes to a SONATA file.

        A record that streams has written one already: its `file`, whose sorting is "none".

        Parameters
        ----------
        path : str or os.PathLike
            A file that does not exist, or one written here with spikes of other populations.
        sorting : {"by_time", "by_id", "none"}, optional
            The order in the file, for which other programs look. "none" is that of the record; it
            alone is written piece by piece, without all spikes in memory.

        Raises
        ------
        ValueError
            If the file is another one, or has a population of that name.
        OSError
            If it cannot be written.
        ImportError
            Without h5py (the extra ``hdf5``).

        Notes
        -----
        ``/spikes/<population>`` has ``timestamps`` (ms) and ``node_ids``. ``/lifext/<population>`` has
        the metadata of the record, as JSON.
        """
        sonata.write(self, path, sorting)

    @classmethod
    def from_sonata(cls, path: Path, name: str | None = None, *, size: int | None = None) -> Self:
        """Return a record of the spikes in a SONATA file, such as one streamed to.

        Parameters
        ----------
        path : str or os.PathLike
            The file.
        name : str, optional
            Which population, if there are several.
        size : int, optional
            Its number of neurons, which a file of another program does not say; left out, as
            many as there have to be.

        Returns
        -------
        SpikeRecord
            Its spikes stay in the file, all of which is looked at once. Its methods read what
            they need, so that a window of 10^8 spikes costs what a short record does.

        Raises
        ------
        ValueError
            If the file is damaged, has no such population, or times in other units than ms.
        OSError
            If it cannot be read.
        ImportError
            Without h5py (the extra ``hdf5``).
        """
        size = None if size is None else _validate.whole("SpikeRecord", "size", size, at_least=1)
        file, count, about = sonata.read(_validate.file_name("SpikeRecord", "path", path), _name(name), size)
        return cls._in_file(file, count, about)


def _name(value: Any) -> str | None:
    return None if value is None else _validate.population_name("SpikeRecord", "name", value)
