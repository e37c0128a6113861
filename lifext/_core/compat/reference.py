"""The NumPy twins of the kernels: same names, same arguments, written to be read.

They are the specification that the tests hold the compiled kernels to, bit for bit.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..._types import Floats, Neurons, RandomSource, Values
from ..shared import equations
from ..shared.buffers import Cell, Gating, GatingKind, Leak, PoissonInput, Receptor

# steps by which a spike is far outside of its own
FAR = 20

# what is left after a time, and what a spike of some weights makes of a gating variable
Law: TypeAlias = Callable[[float], Any]
Jump: TypeAlias = Callable[[Floats, Floats], Any]


class SpikeBuffer:
    """Twin of `spikes.SpikeBuffer`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.clear()

    @property
    def count(self) -> int:
        return len(self.times)

    def clear(self) -> None:
        self.times, self.weights = np.empty(0), np.empty((0, self.size))

    def receive(self, dt: float, times: Floats, weights: Floats) -> int:
        came = times != dt
        sound = np.isfinite(times) & np.isfinite(weights).all(axis=1)
        if (came & ~sound).any():
            return int(np.argmax(came & ~sound))
        self.times = np.append(self.times, times[came])
        self.weights = np.vstack([self.weights, weights[came]])
        return -1

    def merged(self) -> tuple[Floats, Floats]:
        order = np.argsort(self.times, kind="stable")
        return self.times[order], self.weights[order]


def project_first_order(s: Floats, decay: Values) -> Floats:
    """Return the open fraction once `decay` is left of it."""
    return s * decay


def walk_first_order(s: Floats, dt: float, times: Floats, weights: Floats, decay: Law, jump: Jump) -> None:
    """Take `s` (n,) in place through a step: `decay(d)` between spikes, `jump(s, w)` at one."""
    now = 0
    for time, row in zip(times, weights):
        s *= decay(time - now)
        s[:] = jump(s, row)
        now = time
    s *= decay(dt - now)


def walk_second_order(s: Floats, x: Floats, dt: float, times: Floats, weights: Floats, rise: Law, decay_x: Law,
                      jump_x: Jump) -> None:
    """Take `s` and `x` in place through a step: ``rise(d)`` is added to s, ``decay_x(d)`` left of x."""
    now = 0
    for time, row in zip(times, weights):
        s += rise(time - now)
        x *= decay_x(time - now)
        x[:] = jump_x(x, row)
        now = time
    s += rise(dt - now)
    x *= decay_x(dt - now)


def _parameters(record: Any, *names: str) -> list[Floats]:
    return [np.asarray(getattr(record, name)) for name in names]


def _time_constant(k: Gating) -> Values:
    # one for all neurons is a number, whose exp is libm's
    return k.tau_s[0] if k.one_tau else np.asarray(k.tau_s)


def _decay_of(k: Gating) -> Law:
    law = equations.linear_decay if k.kind == GatingKind.LINEAR else equations.exponential_decay
    return lambda d: law(d, _time_constant(k))


def _rise_of(k: Gating) -> Law:
    s, x, alpha_s, tau_x, tau_s = _parameters(k, "s", "x", "alpha_s", "tau_x", "tau_s")
    return lambda d: equations.second_order_rise(d, s, x, alpha_s, tau_x, tau_s)


def project_gating(k: Gating, dt: float) -> Floats:
    """Twin of `kinetics.project_gating`."""
    s: Floats = np.asarray(k.s)
    if k.kind == GatingKind.SECOND_ORDER:
        return np.asarray(s + _rise_of(k)(dt))
    return np.asarray(s * _decay_of(k)(dt))


def walk(k: Gating, dt: float, times: Floats, weights: Floats) -> None:
    """Twin of `kinetics.walk`."""
    s, prev_s, x, prev_x, alpha_s, alpha_x, tau_x = _parameters(
        k, "s", "prev_s", "x", "prev_x", "alpha_s", "alpha_x", "tau_x")
    prev_s[:], prev_x[:] = s, x
    if k.kind == GatingKind.SECOND_ORDER:
        walk_second_order(s, x, dt, times, weights, _rise_of(k),
                          lambda d: equations.linear_decay(d, tau_x),
                          lambda x, w: equations.jump(x, alpha_x, w))
    else:
        law = equations.saturating_jump if k.kind == GatingKind.LINEAR else equations.jump
        walk_first_order(s, dt, times, weights, _decay_of(k), lambda s, w: law(s, alpha_s, w))


def draw_arrivals(rng: RandomSource | None, dt: float, rate: Values, size: int) -> tuple[Floats, Neurons]:
    """Return when in the step arrivals come, and how many, one of each a neuron."""
    if rng is None:
        return np.random.rand(size) * dt, np.random.poisson(dt * rate, size)
    uniform = rng.random if isinstance(rng, np.random.Generator) else rng.random_sample
    return uniform(size) * dt, rng.poisson(dt * rate, size)


def poisson_input(p: PoissonInput, dt: float, v: Floats) -> None:
    """Twin of `noise.poisson_input`."""
    if not p.pending[0]:
        return
    s, curr, prev_curr, g, reversal, alpha, tau, rate = _parameters(
        p, "s", "curr", "prev_curr", "g", "reversal", "alpha", "tau", "rate")
    if p.one_tau:
        tau = tau[0]
    if p.driven:
        arrival, count = draw_arrivals(p.rng, dt, rate, s.size)
        s *= np.exp(equations.decay_exponent(arrival, tau))
        s += alpha * count
        s *= np.exp(equations.decay_exponent(dt - arrival, tau))
    else:
        s *= np.exp(equations.decay_exponent(dt, tau))
    prev_curr[:] = curr
    curr[:] = equations.receptor_current(g, s, v, reversal)
    p.pending[0] = 0


def _receptor_currents(c: Cell, s: Sequence[Floats], v: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the AMPA, NMDA and GABA currents at `v` through open fractions `s`."""
    ampa_g, ampa_v, nmda_g, nmda_v, mg, gaba_g, gaba_v = _parameters(
        c, "ampa_g", "ampa_v", "nmda_g", "nmda_v", "mg", "gaba_g", "gaba_v")
    block = equations.magnesium_block(mg, np.exp(equations.magnesium_exponent(v)))
    return (equations.receptor_current(ampa_g, s[0], v, ampa_v),
            equations.receptor_current(nmda_g, s[1], v, nmda_v) / block,
            equations.receptor_current(gaba_g, s[2], v, gaba_v))


def _steady(c: Cell) -> Floats:
    assert c.steady is not None
    return np.asarray(c.steady.curr)


def _net_current(c: Cell, v: Floats, *currents: Values) -> Floats:
    leak = equations.leak_current(np.asarray(c.leak_g), v, np.asarray(c.v_leak))
    afferent, noise, ampa, nmda, gaba = currents
    net = equations.total_current(afferent, noise, leak, ampa, nmda)
    return np.asarray(net - gaba if c.inhibited else net)


def predict(c: Cell, dt: float, time: float) -> int:
    """Twin of `membrane.predict`."""
    c.excitation.clear()
    c.inhibition.clear()
    v, v_ahead, spiked, spike_time, end_refractory, v_threshold, refractory, cm = _parameters(
        c, "v", "v_ahead", "spiked", "spike_time", "end_refractory", "v_threshold", "refractory", "cm")
    ampa, nmda, gaba = [np.asarray(r.curr) for r in (c.ampa, c.nmda, c.gaba)]
    start = [np.array(p.curr if p.pending[0] else p.prev_curr) if p is not None else _steady(c)
             for p in (c.afferents, c.noise)]
    slope1 = _net_current(c, v, *start, ampa, nmda, gaba)
    stage = equations.heun_stage(v, slope1, dt)
    if c.afferents is not None:
        poisson_input(c.afferents, dt, stage)
    poisson_input(c.noise, dt, stage)
    afferent = _steady(c) if c.afferents is None else np.asarray(c.afferents.curr)
    gates = [project_gating(r.gating, dt) for r in (c.ampa, c.nmda, c.gaba)]
    slope2 = _net_current(c, stage, afferent, np.asarray(c.noise.curr), *_receptor_currents(c, gates, stage))
    v_ahead[:] = equations.heun_step(v, slope1, slope2, dt, cm)
    spikes = v_ahead >= v_threshold
    spiked[:] = spikes
    spike_time[:] = np.where(spikes, equations.crossing_time(v_threshold, v, v_ahead, dt), dt)
    end_refractory[:] = np.where(spikes, time + spike_time + refractory, end_refractory)
    far = np.maximum(refractory, FAR * dt)
    if np.any(spikes & ~((-far <= spike_time) & (spike_time <= dt + far))):
        c.stray(3, time)
    return int(spikes.sum())


def predict_if_ready(c: Cell | None, dt: Any, time: Any) -> int:
    """Twin of `membrane.predict_if_ready`."""
    return predict(c, dt, time) if c is not None and c.ready(dt, time) and c.drawable(dt) else -1


def advance(c: Cell, dt: float, time: float) -> None:
    """Twin of `membrane.advance`."""
    v, end_refractory, v_reset, cm = _parameters(c, "v", "end_refractory", "v_reset", "cm")
    walk(c.ampa.gating, dt, *c.excitation.merged())
    walk(c.nmda.gating, dt, *c.excitation.merged())
    walk(c.gaba.gating, dt, *c.inhibition.merged())
    inputs = [p for p in (c.afferents, c.noise) if p is not None]
    steady = [] if c.steady is None else [_steady(c)]
    receptors = [c.ampa, c.nmda, c.gaba]
    records: list[Receptor | Leak] = [*receptors, c.leak]
    for record in records:
        np.asarray(record.prev_curr)[:] = record.curr
    slope1 = _net_current(c, v, *steady, *(np.asarray(p.prev_curr) for p in inputs),
                          *(np.asarray(r.prev_curr) for r in receptors))
    stage = equations.heun_stage(v, slope1, dt)
    currents = _receptor_currents(c, [np.asarray(r.gating.s) for r in receptors], stage)
    for r, current in zip(receptors if c.inhibited else receptors[:2], currents):
        np.asarray(r.curr)[:] = current
    np.asarray(c.leak.curr)[:] = equations.leak_current(np.asarray(c.leak_g), stage, np.asarray(c.v_leak))
    slope2 = _net_current(c, stage, *steady, *(np.asarray(p.curr) for p in inputs),
                          *(np.asarray(r.curr) for r in receptors))
    v[:] = np.where(end_refractory < time, equations.heun_step(v, slope1, slope2, dt, cm), v_reset)
    for p in inputs:
        p.pending[0] = 1
    _look_for_strays(c, time)
    for recorder in c.recorders:
        owner, name, values, index = recorder.parts()
        owner[name].append(float(values[index]) if index >= 0 else mean(values))


def _look_for_strays(c: Cell, time: float) -> None:
    for place, receptor in enumerate((c.ampa, c.nmda, c.gaba)):
        gating = receptor.gating
        s, x = np.asarray(gating.s), np.asarray(gating.x)
        inside = np.all((s >= 0) & (s <= 1)) and np.all(x >= 0)
        if gating.kind != GatingKind.EXPONENTIAL and not inside:
            c.stray(place, time)
    if not np.all(np.asarray(c.v) >= c.floor):
        c.stray(4, time)


def advance_if_ready(c: Cell | None, dt: Any, time: Any) -> int:
    """Twin of `membrane.advance_if_ready`."""
    if c is None or not c.ready(dt, time):
        return False
    advance(c, dt, time)
    return True if c.is_told() else 2


def mean(x: Floats) -> float:
    """Twin of `numpy_loops.mean`."""
    return float(np.mean(x)) if len(x) else float("nan")
