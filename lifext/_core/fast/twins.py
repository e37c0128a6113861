"""The NumPy twin of the fast arithmetic on whole arrays, to be read: the step, Poisson trains and `philox.pxd`.

In single precision numbers of neurons are taken from the arrays that Python sees as float32, and what is computed of
them is written back; scalars, times and weights are computed in double and rounded where they meet such numbers.

It is the specification that the tests hold the compiled kernels to, bit for bit. Nothing is left out here
because it is closed or silent: that the kernels may do so is part of what is tested.
"""
from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._types import ArrayLike, Floats, Neurons
from ..shared import equations
from ..shared.buffers import Cell
from . import poisson_tables
from .population import BLOCK_SIZE
from .twin_math import fast_exp, power_of_two, single_exp, single_power_of_two

# draws that are made at once, of four words each
CALLS = 8
WORDS = 4 * CALLS
FLUSH_EVERY = 256
CLOSED = {np.dtype(np.float64): 1e-40, np.dtype(np.float32): 1e-30}
WORD = np.uint64(0xffffffff)
HALF_WORD = np.uint64(32)


def philox(counters: ArrayLike, key: Sequence[int]) -> NDArray[np.uint32]:
    """Return the words that Philox4x32-10 has for some counters (Salmon et al. 2011).

    Parameters
    ----------
    counters : array_like of int, shape (n, 4)
        Each of four 32-bit words.
    key : array_like of int, shape (2,)
        Two 32-bit words.

    Returns
    -------
    ndarray of uint32, shape (n, 4)
    """
    a, b, c, d = np.array(counters, dtype=np.uint64).reshape(-1, 4).T
    k0, k1 = (np.uint64(word) for word in key)
    for _ in range(10):
        first, second = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = ((second >> HALF_WORD) ^ b ^ k0, second & WORD, (first >> HALF_WORD) ^ d ^ k1, first & WORD)
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & WORD, (k1 + np.uint64(0xBB67AE85)) & WORD
    return np.stack([a, b, c, d], axis=1).astype(np.uint32)


def draws(key: Sequence[int], stream: int, block: int, step: int, numbers: ArrayLike) -> NDArray[np.uint32]:
    """Return the words (n, 4) of some draws of one block, step and stream."""
    numbers = np.asarray(numbers)
    place = np.broadcast_to([block, step & 0xffffffff, stream << 16 | step >> 32], (len(numbers), 3))
    return philox(np.column_stack([numbers, place]), key)


def find_aliases(rates: Floats) -> tuple[NDArray[np.uint32], Neurons, float]:
    """Return the tables of Walker's alias method for one block.

    An arrival is given to one of the neurons, all alike, and stays there with probability ``keep/2^32``.

    Parameters
    ----------
    rates : array_like of shape (n,)
        kHz.

    Returns
    -------
    keep : ndarray of uint32, shape (n,)
    other : ndarray of int, shape (n,)
        Who gets it if it does not stay.
    total : float
        Sum of the rates.
    """
    n, total = len(rates), np.cumsum(rates)[-1]
    keep, other = np.full(n, WORD, dtype=np.uint32), np.arange(n)
    share = [rate / total * n if total > 0 else 1.0 for rate in rates]
    poor = [i for i in range(n) if share[i] < 1]
    rich = [i for i in range(n) if share[i] >= 1]
    while poor and rich:
        taker, giver = poor.pop(), rich[-1]
        keep[taker], other[taker] = int(share[taker] * 4294967295.0), giver
        share[giver] -= 1.0 - share[taker]
        if share[giver] < 1:
            poor.append(rich.pop())
    return keep, other, total


class Input:
    """Poisson trains onto a population, as `population.Poisson`."""

    def __init__(self, record: Any, size: int, dt: float, key: Sequence[int], stream: int,
                 dtype: Any = np.float64) -> None:
        self.record, self.size, self.dt, self.key, self.stream = record, size, dt, key, stream
        self.dtype, self.exp = np.dtype(dtype), single_exp if dtype == np.float32 else fast_exp
        self.s = np.asarray(record.s)

    @property
    def driven(self) -> bool:
        return bool(self.record.driven and np.any(np.asarray(self.record.rate) != 0))

    def relax(self, step: int) -> None:
        """Take the gating over a step: what was there decays, each arrival adds what is left of it at the end."""
        s = self.s.astype(self.dtype) * self.dtype.type(fast_exp(-self.dt / self.record.tau[0]))
        _flush(step, s)
        if self.driven:
            alpha = np.broadcast_to(np.asarray(self.record.alpha, self.dtype), (self.size,))
            taus = self.dtype.type(self.dt / self.record.tau[0])
            for block in range(-(-self.size // BLOCK_SIZE)):
                neurons, parts = self._arrivals(block, step)
                np.add.at(s, neurons, alpha[neurons] * self.exp(-parts * taus))
        self.s[:] = s

    def arrivals(self, block: int, step: int) -> tuple[Neurons, NDArray[Any]]:
        """Return who gets the arrivals of a block and step, and how much of the step is left after each.

        Returns
        -------
        neurons : ndarray of int, shape (n,)
        remaining : ndarray of shape (n,)
            ms.
        """
        neurons, parts = self._arrivals(block, step)
        return neurons, parts.astype(np.float64) * self.dt

    def _arrivals(self, block: int, step: int) -> tuple[Neurons, NDArray[Any]]:
        first = block * BLOCK_SIZE
        n = min(BLOCK_SIZE, self.size - first)
        rates = np.asarray(self.record.rate)
        alike = not np.any(np.diff(rates))
        if alike:
            mean = n * (rates[0] * self.dt)
            keep: NDArray[Any] = np.full(n, WORD)
            other: NDArray[Any] = np.arange(n)
        else:
            keep, other, total = find_aliases(rates[first:first + n])
            mean = total * self.dt
        which, times = self._words(mean, n, alike, block, step)
        chosen = (which >> HALF_WORD).astype(np.intp)
        neurons = np.where((which & WORD) < keep[chosen], chosen, other[chosen])
        middle = self.dtype.type(0.25 * n if alike else 0.5)
        return first + neurons, ((times >> np.uint64(1)).astype(self.dtype) + middle) * self.dtype.type(2.0**-31)

    def _words(self, mean: float, n: int, alike: bool, block: int,
               step: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Words that choose a neuron of n, times n, and words for times, of each arrival."""
        which: list[np.uint64] = []
        times: list[np.uint64] = []
        count: int | None = None
        number = 0
        while count is None or len(which) < count:
            words = draws(self.key, self.stream, block, step, number + np.arange(CALLS)).T.ravel().astype(np.uint64)
            scaled = words * np.uint64(n)
            new, new_times = (scaled, scaled & WORD) if alike else (scaled[:WORDS // 2], words[WORDS // 2:])
            if number == 0:
                # the last two words say how many arrivals there are
                count, new, new_times = _count(mean, *words[WORDS - 2:]), new[:-2], new_times[:-2]
            which, times, number = [*which, *new], [*times, *new_times], number + CALLS
        return np.array(which[:count], dtype=np.uint64), np.array(times[:count], dtype=np.uint64)


def _count(mean: float, low: Any, high: Any) -> int:
    least, below, _ = poisson_tables.count_table(mean)
    return least + int(np.searchsorted(below, high << HALF_WORD | low))


def _any(*arrays: Any) -> bool:
    return any(np.any(np.asarray(array)) for array in arrays)


def _flush(step: int, s: NDArray[Any]) -> None:
    if step % FLUSH_EVERY == 0:
        s[np.abs(s) < s.dtype.type(CLOSED[s.dtype])] = 0.0


class Receptor:
    """One receptor of a population, as `population.Receptor`.

    Parameters
    ----------
    name : str
    gating : lifext.receptors._gating.Gating
        Its description, which has the equations.
    state, parameters : list of array_like
        (n,) each; parameters may be of length 1.
    g, reversal, mg : array_like
        uS, mV and mM; `mg` is None without magnesium block.
    record : object
        What has its current, `curr`.
    trains : Input, optional
        Poisson trains of its own.
    conducts : bool, optional
        Whether its current reaches the membrane.
    """

    def __init__(self, name: str, gating: Any, state: Sequence[Any], parameters: Sequence[Any], g: Any, reversal: Any,
                 mg: Any, record: Any, trains: Input | None = None, conducts: bool = True) -> None:
        self.name, self.gating, self.g, self.reversal, self.mg = name, gating, g, reversal, mg
        self.state, self.parameters = [np.asarray(part) for part in state], [np.asarray(part) for part in parameters]
        self.record, self.trains, self.conducts = record, trains, conducts
        self.forget()

    def forget(self) -> None:
        """No spike has come yet in the step."""
        self.spikes: list[tuple[float, Floats]] = []
        self.apart: list[Any] = [0.0 for _ in self.gating.core["sums"]]
        self.alike = list(self.apart)

    def receive(self, time: float, factor: float, row: Any, flat: float, dt: float, dtype: Any) -> None:
        """Take note of a spike: of its weights, less `flat`, and of what it adds to all neurons alike."""
        for k, part in enumerate(self.gating.arrival(dt - time, dt)):
            self.apart[k] = self.apart[k] + dtype.type(part * factor) * np.asarray(row, dtype)
            self.alike[k] += part * factor * flat
        self.spikes.append((time, factor * (flat + np.asarray(row))))

    def relax(self, step: int, v_stage: Any, dt: float, dtype: Any) -> None:
        """Take the gating over a step without spikes; `v_stage` is the potential of the second slope."""
        if self.trains is not None:
            self.trains.relax(step)
            return
        self.before = [part.astype(dtype) for part in self.state]
        after = self.gating.relax(self.before, [part.astype(dtype) for part in self.parameters], v_stage, dt)
        for part, new in zip(self.state, after):
            _flush(step, new)
            part[:] = new

    def take(self, dt: float, dtype: Any) -> None:
        """Take in the spikes of the step."""
        if not self.spikes:
            return
        sums = [dtype.type(alike) + np.asarray(apart, dtype) for alike, apart in zip(self.alike, self.apart)]
        after = self.gating.take([part.astype(dtype) for part in self.state],
                                 [part.astype(dtype) for part in self.parameters], sums, self.before, self.spikes, dt)
        for part, new in zip(self.state, after):
            part[:] = new

    @property
    def known_current(self) -> Any:
        """The current at the end of the last step."""
        return self.record.prev_curr if self.trains is not None and not self.record.pending[0] else self.record.curr

    def is_at_rest(self, reached: bool) -> bool:
        """Whether it is closed and stays so."""
        if self.trains is not None:
            return not (self.trains.driven or _any(*self.state, self.record.curr, self.record.prev_curr))
        return not (reached or _any(*self.state, self.record.curr))


def receptors_of(cell: Cell, gatings: dict[str, Any], dt: float, key: Sequence[int], stream: int,
                 dtype: Any) -> list[Receptor]:
    """Return the receptors of a published population, in the order in which their currents are summed."""
    found: list[Receptor] = []
    for name, record in (("noise", cell.noise), ("afferents", cell.afferents)):
        if record is not None:
            found.append(Receptor(name, gatings[name], [record.s], [record.alpha], record.g, record.reversal, None,
                                  record, Input(record, cell.size, dt, key, stream + len(found), dtype)))
    for name, part, g, reversal, mg in (("ampa", cell.ampa, cell.ampa_g, cell.ampa_v, None),
                                        ("nmda", cell.nmda, cell.nmda_g, cell.nmda_v, cell.mg),
                                        ("gaba", cell.gaba, cell.gaba_g, cell.gaba_v, None)):
        gating, count = part.gating, len(gatings[name].core["state"])
        found.append(Receptor(name, gatings[name], [gating.s, gating.x][:count],
                              [gating.alpha_s, gating.alpha_x][:count], g, reversal, mg, part,
                              conducts=cell.inhibited or name != "gaba"))
    return found


class Population:
    """Twin of `population.FastPopulation`: a cell and its receptors, and the steps it takes."""

    def __init__(self, cell: Cell, receptors: Sequence[Receptor], dt: float, dtype: Any = np.float64,
                 reached: Collection[str] = ()) -> None:
        self.cell, self.receptors, self.dt, self.dtype = cell, list(receptors), dt, np.dtype(dtype)
        self.reached = reached
        self.power_of_two = single_power_of_two if self.dtype == np.float32 else power_of_two
        self.v, self.end_refractory = np.asarray(cell.v), np.asarray(cell.end_refractory)
        self._forget_spikes()

    def _reals(self, values: Any) -> NDArray[Any]:
        """Numbers of neurons as the kernels have them."""
        return np.asarray(values, dtype=self.dtype)

    def refresh(self) -> None:
        """Take notice of what may have changed since the last run."""
        self.i_ext = self._reals(np.zeros(self.cell.size) if self.cell.steady is None else self.cell.steady.curr)
        self.dt_over_2c = self._reals(self.dt / 2.0 / np.asarray(self.cell.cm))
        self.i_synaptic = np.zeros(self.cell.size, self.dtype)
        for receptor in self.receptors:
            if receptor.conducts:
                self.i_synaptic += self._reals(receptor.known_current)
        # currents that are 0 however far off the potential is
        self.at_rest = [receptor.is_at_rest(receptor.name in self.reached) for receptor in self.receptors]
        self.flows = [_any(receptor.g) and not at_rest for receptor, at_rest in zip(self.receptors, self.at_rest)]

    def step(self, step: int, before: float) -> None:
        """Take in the spikes of the last step, and go a step ahead as if no spike came.

        Parameters
        ----------
        step : int
            Its number; it begins at ``step*dt``.
        before : float
            ms; neurons whose refractory period has not ended before it are at reset.
        """
        self._take_spikes()
        v = np.where(self.end_refractory < before, self._reals(self.v), self._reals(self.cell.v_reset))
        slope = self._net_current(v, self.i_synaptic)
        self.v_stage = equations.heun_stage(v, slope, self.dtype.type(self.dt))
        for receptor, at_rest in zip(self.receptors, self.at_rest):
            # trains are drawn whether anything is open or not
            if receptor.trains is not None or not at_rest:
                receptor.relax(step, self.v_stage, self.dt, self.dtype)
        self.i_synaptic = sum(self._currents(), np.zeros(self.cell.size, self.dtype))
        self.v[:] = equations.heun_step_by(v, slope, self._net_current(self.v_stage, self.i_synaptic), self.dt_over_2c)
        self._note_spikes(step * self.dt, v)
        self._forget_spikes()

    def _net_current(self, v: NDArray[Any], synaptic: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(equations.net_current(self.i_ext, self._leak_current(v), synaptic))

    def _leak_current(self, v: NDArray[Any]) -> Any:
        return equations.leak_current(self._reals(self.cell.leak_g), v, self._reals(self.cell.v_leak))

    def _currents(self) -> list[NDArray[Any]]:
        """The currents through the receptors, in their order."""
        return [self._current(receptor) if flows else np.zeros(self.cell.size, self.dtype)
                for receptor, flows in zip(self.receptors, self.flows) if receptor.conducts]

    def _current(self, receptor: Receptor) -> NDArray[Any]:
        reversal = self._reals(receptor.reversal)
        force = (equations.driving_force(self.v_stage, reversal) if receptor.mg is None
                 else equations.blocked_force(self.v_stage, reversal, self._reals(receptor.mg),
                                              *self.power_of_two(equations.magnesium_power(self.v_stage))))
        return np.asarray(equations.driven_current(self._reals(receptor.g), self._reals(receptor.state[0]), force))

    def _note_spikes(self, time: float, v: NDArray[Any]) -> None:
        # the line through threshold is one of doubles in any precision
        threshold = self._reals(self.cell.v_threshold).astype(np.float64)
        spiked = self.v >= threshold
        times = equations.crossing_in_step(threshold, v.astype(np.float64), self.v, self.dt)
        self.end_refractory[spiked] = (time + times + np.asarray(self.cell.refractory))[spiked]
        self.ids, self.times = np.flatnonzero(spiked), times[spiked]

    def _forget_spikes(self) -> None:
        for receptor in self.receptors:
            receptor.forget()

    def receive(self, times: Floats, rows: Floats, flat: float, receptors: Collection[str],
                factors: Sequence[float] | None = None) -> None:
        """Take note of spikes that arrive in the step.

        Parameters
        ----------
        times : array_like of shape (n,)
            ms after the start of the step.
        rows : array_like of shape (n, size)
            Weights, less `flat`.
        flat : float
            What a spike adds to all neurons alike.
        receptors : collection of str
            Names of those that they reach.
        factors : sequence of float, optional
            By which the weights of each spike are multiplied.
        """
        for time, row, factor in zip(times, rows, [1.0] * len(times) if factors is None else factors):
            for receptor in self.receptors:
                if receptor.name in receptors:
                    receptor.receive(float(time), factor, row, flat, self.dt, self.dtype)

    def _take_spikes(self) -> None:
        if not any(receptor.spikes for receptor in self.receptors):
            return
        for receptor in self.receptors:
            receptor.take(self.dt, self.dtype)
        net = sum(self._currents(), np.zeros(self.cell.size, self.dtype))
        self.v[:] = equations.heun_step_by(self._reals(self.v), self.i_synaptic, -net, self.dt_over_2c)
        self.i_synaptic = net

    def settle(self, before: float) -> None:
        """Leave the state at the end of the step whose time was `before`."""
        self._take_spikes()
        self._forget_spikes()
        held = ~(self.end_refractory < before)
        self.v[held] = np.broadcast_to(self._reals(self.cell.v_reset), held.shape)[held]

    def show(self) -> None:
        """Write out each current at the end of a step."""
        conducting = [receptor for receptor in self.receptors if receptor.conducts]
        for receptor, current in zip(conducting, self._currents()):
            np.asarray(receptor.record.curr)[:] = current
        np.asarray(self.cell.leak.curr)[:] = self._leak_current(self.v_stage)
