"""What a network run leaves behind: spikes, and traces of state variables."""
import numpy as np

from . import _validate
from ._core.logs import SpikeLog

__all__ = ["SpikeRecord", "StateRecord"]


class SpikeRecord:
    """Spikes of one population, in the order of steps and, within one, of neurons.

    Made by `Network.record_spikes`; grows with each run.

    Attributes
    ----------
    name : str
        Name of the population.
    size : int
        Its number of neurons.
    times : ndarray of shape (n,)
        ms; exact within the step.
    ids : ndarray of shape (n,)
        Neurons.
    """

    def __init__(self, name, population):
        self.name, self.size = name, population.size
        self._directions = getattr(population, "directions", None)
        self._log = SpikeLog()

    def __len__(self):
        return self._log.count

    def __repr__(self):
        return f"SpikeRecord({self.name!r}: {len(self)} spikes of {self.size} neurons)"

    @property
    def ids(self):
        """Neurons that spiked, (n,)."""
        return self._log.arrays()[0]

    @property
    def times(self):
        """When they spiked, (n,), ms."""
        return self._log.arrays()[1]

    def between(self, start, stop):
        """Return neurons and times of the spikes with ``start <= time < stop``.

        Parameters
        ----------
        start, stop : float
            ms.

        Returns
        -------
        ids, times : ndarray of shape (n,)
        """
        start, stop = _validate.number(self, "start", start), _validate.number(self, "stop", stop)
        ids, times = self._log.arrays()
        inside = (times >= start) & (times < stop)
        return ids[inside], times[inside]

    def rate(self, start, stop):
        """Return the mean firing rate per neuron over ``[start, stop)`` ms.

        Parameters
        ----------
        start, stop : float
            ms, `start` before `stop`.

        Returns
        -------
        float
            Hz.
        """
        length = _validate.number(self, "stop - start", stop - start, above=0)
        return len(self.between(start, stop)[0]) / self.size / length * 1e3

    def population_vector(self, start, stop):
        """Return the mean of exp(i*direction) over the spikes in ``[start, stop)`` ms of a ring.

        Parameters
        ----------
        start, stop : float
            ms.

        Returns
        -------
        complex
            Its angle is the bump's direction, its length the bump's strength; nan without a spike.

        Raises
        ------
        ValueError
            If the population has no `directions`.
        """
        if self._directions is None:
            raise ValueError(f"SpikeRecord: population_vector needs a ring, got {self.name!r} without directions")
        ids = self.between(start, stop)[0]
        return complex(np.exp(1j * self._directions[ids]).mean()) if len(ids) else complex(np.nan, np.nan)

    def clear(self):
        """Forget all spikes."""
        self._log = SpikeLog()


STATES = {
    "v": lambda pop: pop._vM,
    "s_ampa": lambda pop: pop.AMPA.kinetic._s,
    "s_nmda": lambda pop: pop.NMDA.kinetic._s,
    "x_nmda": lambda pop: pop.NMDA.kinetic._x,
    "s_gaba": lambda pop: pop.GABA.kinetic._s,
    "s_noise": lambda pop: pop.noise._s,
    "i_ampa": lambda pop: pop.AMPA._curr,
    "i_nmda": lambda pop: pop.NMDA._curr,
    "i_gaba": lambda pop: pop.GABA._curr,
    "i_noise": lambda pop: pop.noise._curr,
    "i_leak": lambda pop: pop.leak._curr,
}


class StateRecord:
    """State variables of some neurons of one population, sampled at an interval.

    Made by `Network.record_state`; grows with each run.

    Attributes
    ----------
    name : str
        Name of the population.
    neurons : ndarray of shape (m,)
        Which neurons.
    times : ndarray of shape (n,)
        ms; a sample is taken at the end of a step.

    Examples
    --------
    ``record["v"]`` is an array (n, m), mV. See `Network.record_state` for the other names.
    """

    def __init__(self, name, population, variables, interval, neurons, dt):
        self.name, self.neurons = name, neurons
        self._population, self.interval, self._dt = population, interval, dt
        self.has_currents = any(variable.startswith("i_") for variable in variables)
        self._rows = {variable: [] for variable in variables}
        self._times = []

    def take(self, step):
        """Sample, if the end of this step is one of the sample times."""
        if (step + 1) % self.interval:
            return
        self._times.append((step + 1) * self._dt)
        for variable, rows in self._rows.items():
            rows.append(np.array(STATES[variable](self._population)[self.neurons]))

    @property
    def times(self):
        """When samples were taken, (n,), ms."""
        return np.array(self._times)

    def __getitem__(self, variable):
        if variable not in self._rows:
            raise KeyError(f"StateRecord: variable must be one of {', '.join(self._rows)}, got {variable!r}")
        return np.array(self._rows[variable]).reshape(-1, len(self.neurons))

    def __len__(self):
        return len(self._times)

    def __repr__(self):
        what = f"{', '.join(self._rows)}, {len(self)} samples of {len(self.neurons)} neurons"
        return f"StateRecord({self.name!r}: {what})"

    def clear(self):
        """Forget all samples."""
        self._times.clear()
        for rows in self._rows.values():
            rows.clear()
