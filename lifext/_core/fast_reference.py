"""The NumPy twin of the fast arithmetic: `fast.pxi`, what it is made of, and `philox.pxd` on whole arrays, to be read.

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

from .._types import ArrayLike, Floats, Neurons, Singles
from . import equations, poisson_tables
from .buffers import Cell, GatingKind
from .fast import BLOCK_SIZE, RECEPTORS

# draws that are made at once, of four words each
CALLS = 8
WORDS = 4 * CALLS
FLUSH_EVERY = 256
CLOSED = {np.dtype(np.float64): 1e-40, np.dtype(np.float32): 1e-30}
# exp(r) is 1 + r + r^2 q(r); lowest power first
EXP_COEFFICIENTS = (5.0000000000000111e-01, 1.6666666666666410e-01, 4.1666666666530147e-02, 8.3333333334947797e-03,
                    1.3888888943638942e-03, 1.9841269506371443e-04, 2.4801493085711925e-05, 2.7557586237143528e-06,
                    2.7630254037633321e-07, 2.5000182434477149e-08)
ROUNDER = 1.5 * 2.0**52
SINGLE_ROUNDER = np.float32(1.5 * 2.0**23)
SINGLE_EXP_COEFFICIENTS = tuple(map(np.float32, (
    4.9999994e-01, 1.66665211e-01, 4.16683890e-02, 8.36871006e-03, 1.38146116e-03)))
# the part of the closed receptors that may open in a step before it is taken from spike to spike
A_LITTLE = 1 / 16
WORD = np.uint64(0xffffffff)
HALF_WORD = np.uint64(32)


def fast_exp(x: ArrayLike) -> Floats:
    """Return exp(x) as the kernels have it.

    Parameters
    ----------
    x : array_like
        Of any shape.

    Returns
    -------
    ndarray
        0 below -708, infinite above 709.78.
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        rounded = x * 1.4426950408889634 + ROUNDER
        n = rounded - ROUNDER
        main, rest = x - n * 6.93147180369123816490e-01, n * 1.90821492927058770002e-10
        r = main - rest
        square = r * r
        fourth = square * square
        pairs = [a + b * r for a, b in zip(EXP_COEFFICIENTS[::2], EXP_COEFFICIENTS[1::2])]
        low, high = pairs[0] + pairs[1] * square, pairs[2] + pairs[3] * square
        q = low + (high + pairs[4] * fourth) * fourth
        mantissa = np.asarray(1.0 + (main - (rest - square * q)))
    y = _scaled(mantissa, rounded)
    return np.where(x > 709.78, np.inf, np.where(x < -708.0, 0.0, y))


def _scaled(value: NDArray[Any], rounded: NDArray[Any]) -> Floats:
    # the last bits of `rounded` are n, which is added to the exponent
    return (value.view(np.uint64) + (np.asarray(rounded).view(np.uint64) << np.uint64(52))).view(np.float64)


def power_of_two(y: ArrayLike) -> tuple[Floats, Floats]:
    """Return 2^y as a quotient, as the kernels have it.

    Parameters
    ----------
    y : array_like
        Of any shape; the power of two in it stays within 1000 on both sides.

    Returns
    -------
    above, below : ndarray
        Of the same shape.
    """
    y = np.asarray(y, dtype=np.float64)
    with np.errstate(all="ignore"):
        rounded = y + ROUNDER
        f = y - (rounded - ROUNDER)
        square = f * f
        even = (square + 233.18424021822383) * square + 4368.212254935927
        odd = f * ((0.023093343064777217 * square + 20.202067411898412) * square + 1513.9070042981193)
        return _scaled(np.asarray(even + odd), np.clip(rounded, ROUNDER - 1000, ROUNDER + 1000)), even - odd


def single_exp(x: ArrayLike) -> Singles:
    """Return exp(x) as the kernels in single precision have it.

    Parameters
    ----------
    x : array_like of float32
        Of any shape but that of a number.

    Returns
    -------
    ndarray of float32
        0 below -87, infinite above 88.72.
    """
    x = np.asarray(x, dtype=np.float32)
    with np.errstate(all="ignore"):
        rounded = x * np.float32(1.44269504) + SINGLE_ROUNDER
        n = rounded - SINGLE_ROUNDER
        main, rest = x - n * np.float32(0.693359375), n * np.float32(-2.12194440e-4)
        r = main - rest
        square = r * r
        a, b, c, d, e = SINGLE_EXP_COEFFICIENTS
        q = (a + b * r) + ((c + d * r) + e * square) * square
        y = _scaled_single(np.float32(1) + (main - (rest - square * q)), rounded)
    return np.where(x > np.float32(88.72), np.float32(np.inf), np.where(x < -87, np.float32(0), y))


def _scaled_single(value: Singles, rounded: Singles) -> Singles:
    return (value.view(np.uint32) + (rounded.view(np.uint32) << np.uint32(23))).view(np.float32)


def single_power_of_two(y: ArrayLike) -> tuple[Singles, Singles]:
    """Return 2^y as a quotient, as the kernels in single precision have it.

    Parameters
    ----------
    y : array_like of float32
        Of any shape but that of a number; taken as within 100 on both sides.

    Returns
    -------
    above, below : ndarray of float32
        Of the same shape.
    """
    y = np.clip(np.asarray(y, dtype=np.float32), np.float32(-100), np.float32(100))
    rounded = y + SINGLE_ROUNDER
    f = y - (rounded - SINGLE_ROUNDER)
    square = f * f
    even, odd = square + np.float32(20.818924), f * (np.float32(0.0576900728) * square + np.float32(7.21528912))
    return _scaled_single(even + odd, rounded), even - odd


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
    """Poisson trains onto a population, as `fast.Poisson`."""

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


class Gate:
    """Gating of one receptor type, as `fast.Gate`."""

    def __init__(self, record: Any, dt: float, dtype: Any = np.float64) -> None:
        self.second, self.dt, self.dtype = record.kind == GatingKind.SECOND_ORDER, dt, np.dtype(dtype)
        self.s, self.x, self._alpha_s, self._alpha_x = (
            np.asarray(x) for x in (record.s, record.x, record.alpha_s, record.alpha_x))
        self.tau_s, self.tau_x = record.tau_s[0], record.tau_x[0]
        if self.second:
            # an Euler step that is longer than a time constant means nothing
            self.coarse = dt > self.tau_x or dt > self.tau_s
            self.left_x = (float(fast_exp(-dt / self.tau_x)) if self.coarse
                           else equations.linear_decay(dt, self.tau_x))
            self.open_x = self.tau_x * (1.0 - self.left_x) if self.coarse else dt * self.left_x
            self.loss = dt / self.tau_s

    def relax(self, step: int) -> None:
        """Take the gating over a step without spikes."""
        number = self.dtype.type
        s, x, alpha_s = (part.astype(self.dtype) for part in (self.s, self.x, self._alpha_s))
        if self.second:
            self.before = s, x
            rise, loss = np.broadcast_to(number(self.open_x) * alpha_s, s.shape), number(self.loss)
            opened = rise * x
            long = (opened + loss > 1) | self.coarse
            s = equations.second_order_relaxed(s, x, rise, loss)
            s[long] = [equations.second_order_bounded(float(one), float(rises), float(loss))
                       for one, rises in zip(self.before[0][long], opened[long])]
            x = equations.relaxed(x, number(self.left_x))
            _flush(step, x)
        else:
            s = equations.relaxed(s, number(fast_exp(-self.dt / self.tau_s)))
        _flush(step, s)
        self.s[:], self.x[:] = s, x

    def parts_left(self, left: float) -> Floats:
        """What a spike of weight 1 adds by the end of the step, `left` ms on: to its variable, and to its integral."""
        if self.second and self.coarse:
            decay = float(fast_exp(-left / self.tau_x))
            return np.array([decay, self.tau_x * (1.0 - decay)])
        if self.second:
            decay = equations.linear_decay(left, self.tau_x)
            return np.array([decay, left * decay])
        return np.array([fast_exp(-left / self.tau_s), 0.0])

    def take(self, sums: NDArray[Any], integrals: NDArray[Any], spikes: Sequence[tuple[float, Floats]]) -> None:
        """Take in what the spikes of a step have added up to; where that is much, spike by spike (time, weights)."""
        s, x, alpha_s, alpha_x = (
            part.astype(self.dtype) for part in (self.s, self.x, self._alpha_s, self._alpha_x))
        if not self.second:
            self.s[:] = equations.jump(s, alpha_s, sums)
            return
        opened = np.broadcast_to(alpha_s * alpha_x * integrals, s.shape)
        crowded = self.dt * alpha_s.astype(np.float64) * x + opened > A_LITTLE
        if self.coarse:
            self.s[:] = self._reals([equations.second_order_bounded(float(one), float(rises), 0.0)
                                     for one, rises in zip(s, opened)])
        else:
            self.s[:] = equations.jump(s, opened, 1 - s)
        self.x[:] = equations.jump(x, alpha_x, sums)
        if len(spikes) > 0 and not self.coarse:
            for i in np.flatnonzero(crowded):
                self._walk(int(i), float(s[i]), float(x[i]), spikes)

    def _reals(self, values: Any) -> NDArray[Any]:
        return np.array(values, dtype=self.dtype)

    def _walk(self, i: int, s: float, x: float, spikes: Sequence[tuple[float, Floats]]) -> None:
        """Take the gating of a neuron, which is `s` and `x` after a step without spikes, through the step again."""
        alpha_s, alpha_x = (float(np.broadcast_to(part.astype(self.dtype), self.s.shape)[i])
                            for part in (self._alpha_s, self._alpha_x))
        opened, now = self.dt * alpha_s * x, 0.0
        if self.left_x < 0.5 or opened + self.loss > 0.5:
            s, x = (float(part[i]) for part in self.before)
        else:
            s, x = max((s - opened) / (1.0 - opened - self.loss), 0.0), x / self.left_x
        for time, weights in sorted(spikes, key=lambda spike: spike[0]):
            s = self._walked(time - now, s, x, alpha_s)
            x = x * equations.linear_decay(time - now, self.tau_x)
            x = equations.jump(x, alpha_x, float(weights[i]))
            now = time
        self.s[i] = self.dtype.type(self._walked(self.dt - now, s, x, alpha_s))
        self.x[i] = self.dtype.type(x * equations.linear_decay(self.dt - now, self.tau_x))

    def _walked(self, d: float, s: float, x: float, alpha_s: float) -> float:
        opened = d * alpha_s * x * equations.linear_decay(d, self.tau_x)
        if opened + d / self.tau_s > 1.0:
            return equations.second_order_bounded(s, opened, d / self.tau_s)
        return float(s + equations.second_order_rise(d, s, x, alpha_s, self.tau_x, self.tau_s))


class FastCell:
    """Twin of `fast.FastCell`: one population, and the steps it takes."""

    def __init__(self, cell: Cell, dt: float, key: Sequence[int], stream: int, dtype: Any = np.float64,
                 reached: Collection[str] = RECEPTORS) -> None:
        self.cell, self.dt, self.dtype = cell, dt, np.dtype(dtype)
        self.reached = [name in reached for name in RECEPTORS]
        self.power_of_two = single_power_of_two if self.dtype == np.float32 else power_of_two
        self.v, self.end_refractory = np.asarray(cell.v), np.asarray(cell.end_refractory)
        self.inputs = [Input(record, cell.size, dt, key, stream + k, dtype)
                       for k, record in enumerate((cell.noise, cell.afferents)) if record is not None]
        self.gates = [Gate(receptor.gating, dt, dtype) for receptor in (cell.ampa, cell.nmda, cell.gaba)]
        self._forget_spikes()

    def _reals(self, values: Any) -> NDArray[Any]:
        """Numbers of neurons as the kernels have them."""
        return np.asarray(values, dtype=self.dtype)

    def refresh(self) -> None:
        """Take notice of what may have changed since the last run."""
        receptors = [self.cell.ampa, self.cell.nmda, *([self.cell.gaba] if self.cell.inhibited else [])]
        self.steady = self._reals(np.zeros(self.cell.size) if self.cell.steady is None else self.cell.steady.curr)
        self.half = self._reals(self.dt / 2.0 / np.asarray(self.cell.cm))
        self.synaptic = np.zeros(self.cell.size, self.dtype)
        for source in self.inputs:
            self.synaptic += self._reals(source.record.curr if source.record.pending[0] else source.record.prev_curr)
        for receptor in receptors:
            self.synaptic += self._reals(receptor.curr)
        self._find_closed()

    def _find_closed(self) -> None:
        """Note which receptors are closed and stay so, and which currents are 0 however far off the potential is."""
        c = self.cell
        receptors = [(receptor, receptor.gating) for receptor in (c.ampa, c.nmda, c.gaba)]
        self.at_rest = [not (reached or _any(gating.s, gating.x, receptor.curr))
                        for (receptor, gating), reached in zip(receptors, self.reached)]
        self.flows = [_any(source.record.g) and (source.driven or _any(
            source.record.s, source.record.curr, source.record.prev_curr)) for source in self.inputs]
        self.flows += [_any(g) and not at_rest for g, at_rest in zip((c.ampa_g, c.nmda_g, c.gaba_g), self.at_rest)]

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
        slope = self._net_current(v, self.synaptic)
        self.stage = equations.heun_stage(v, slope, self.dtype.type(self.dt))
        parts: list[Input | Gate] = [*self.inputs, *(gate for gate, at_rest in zip(self.gates, self.at_rest)
                                                     if not at_rest)]
        for part in parts:
            part.relax(step)
        self.force = equations.blocked_force(self.stage, self._reals(self.cell.nmda_v), self._reals(self.cell.mg),
                                             *self.power_of_two(equations.magnesium_power(self.stage)))
        self.synaptic = sum(self._currents(), np.zeros(self.cell.size, self.dtype))
        self.v[:] = equations.heun_step_by(v, slope, self._net_current(self.stage, self.synaptic), self.half)
        self._note_spikes(step * self.dt, v)
        self._forget_spikes()

    def _net_current(self, v: NDArray[Any], synaptic: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(equations.net_current(self.steady, self._leak_current(v), synaptic))

    def _leak_current(self, v: NDArray[Any]) -> Any:
        return equations.leak_current(self._reals(self.cell.leak_g), v, self._reals(self.cell.v_leak))

    def _currents(self) -> list[NDArray[Any]]:
        """The currents through noise, afferents and receptors, in the order in which they are summed."""
        c = self.cell
        free = [(source.record.g, source.s, source.record.reversal) for source in self.inputs]
        free += [(c.ampa_g, self.gates[0].s, c.ampa_v), (c.gaba_g, self.gates[2].s, c.gaba_v)]
        found = [self._current(g, s, equations.driving_force(self.stage, self._reals(reversal)))
                 for g, s, reversal in free]
        found.insert(-1, self._current(c.nmda_g, self.gates[1].s, self.force))
        found = [current if flows else np.zeros_like(current) for current, flows in zip(found, self.flows)]
        return found if c.inhibited else found[:-1]

    def _current(self, g: Any, s: Any, force: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(equations.driven_current(self._reals(g), self._reals(s), force))

    def _note_spikes(self, time: float, v: NDArray[Any]) -> None:
        # the line through threshold is one of doubles in any precision
        threshold = self._reals(self.cell.v_threshold).astype(np.float64)
        spiked = self.v >= threshold
        times = equations.crossing_in_step(threshold, v.astype(np.float64), self.v, self.dt)
        self.end_refractory[spiked] = (time + times + np.asarray(self.cell.refractory))[spiked]
        self.ids, self.times = np.flatnonzero(spiked), times[spiked]

    def _forget_spikes(self) -> None:
        # for each gate: what spikes add to each neuron, and to all alike
        self.apart, self.alike = np.zeros((3, 2, self.cell.size), self.dtype), np.zeros((3, 2, 1))
        self.received = False
        self.spikes: list[list[tuple[float, Floats]]] = [[], [], []]

    def receive(self, times: Floats, rows: Floats, flat: float, receptors: Collection[str]) -> None:
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
            Which of `fast.RECEPTORS` they reach.
        """
        for time, row in zip(times, rows):
            for k in map(RECEPTORS.index, receptors):
                parts = self.gates[k].parts_left(self.dt - time)[:, np.newaxis]
                self.apart[k] += self._reals(parts) * self._reals(row)
                self.alike[k] += parts * flat
                self.spikes[k].append((float(time), flat + np.asarray(row)))
            self.received = True

    def _take_spikes(self) -> None:
        if not self.received:
            return
        for gate, sums, spikes in zip(self.gates, self._reals(self.alike) + self.apart, self.spikes):
            gate.take(sums[0], sums[1], spikes)
        net = sum(self._currents(), np.zeros(self.cell.size, self.dtype))
        self.v[:] = equations.heun_step_by(self._reals(self.v), self.synaptic, -net, self.half)
        self.synaptic = net

    def settle(self, before: float) -> None:
        """Leave the state at the end of the step whose time was `before`."""
        self._take_spikes()
        self._forget_spikes()
        held = ~(self.end_refractory < before)
        self.v[held] = np.broadcast_to(self._reals(self.cell.v_reset), held.shape)[held]

    def show(self) -> None:
        """Write out each current at the end of a step."""
        receptors = [self.cell.ampa, self.cell.nmda, *([self.cell.gaba] if self.cell.inhibited else [])]
        for record, current in zip([*(source.record for source in self.inputs), *receptors], self._currents()):
            np.asarray(record.curr)[:] = current
        np.asarray(self.cell.leak.curr)[:] = self._leak_current(self.stage)
