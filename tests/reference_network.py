"""A small network solved event by event, in plain NumPy: what the arithmetics tend to as their step falls.

It shares nothing with the package but the model's equations (docs/model.md), in continuous time::

    cM dV/dt = I - gL (V - vL) - sum of g s (V - vE) [/ (1 + mg/3.57 exp(-0.062 V)) for NMDA]
    first order:   ds/dt = -s/tau_s, a spike adds alpha_s w to s
    second order:  dx/dt = -x/tau_x, ds/dt = alpha_s x (1 - s) - s/tau_s, a spike adds alpha_x w to x

A neuron spikes when V reaches threshold, is held at reset for its refractory period and then goes on; spikes arrive
after their delay, at their exact time. Between two events (an arrival, the end of a refractory period, a crossing of
threshold) all neurons are integrated together by the classical Runge-Kutta method in steps of at most `step` ms;
s of first order and x are what their closed forms say. A crossing is looked for on the cubic through both ends of a
step with their slopes.
"""
import heapq

import numpy as np


class Receptor:
    """Gating of one receptor type, one value a neuron."""

    def __init__(self, size, *, g, reversal, tau_s, tau_x=None, alpha_s=1.0, alpha_x=1.0, mg=None):
        self.g, self.reversal, self.mg = g, reversal, mg
        self.tau_s, self.tau_x, self.alpha_s, self.alpha_x = tau_s, tau_x, alpha_s, alpha_x
        self.s, self.x = np.zeros(size), np.zeros(size)

    def take(self, weights):
        if self.tau_x is None:
            self.s = self.s + self.alpha_s * weights
        else:
            self.x = self.x + self.alpha_x * weights

    def open(self, after, s):
        """The open fraction `after` ms from the state kept, where that of second order is `s`."""
        return self.s * np.exp(-after / self.tau_s) if self.tau_x is None else s

    def slope(self, after, s):
        """How the open fraction changes, where it is integrated."""
        if self.tau_x is None:
            return np.zeros_like(s)
        return self.alpha_s * self.x * np.exp(-after / self.tau_x) * (1 - s) - s / self.tau_s

    def current(self, s, v):
        through = self.g * s * (v - self.reversal)
        return through if self.mg is None else through / (1 + self.mg / 3.57 * np.exp(-0.062 * v))

    def move(self, after, s):
        self.s = self.open(after, s)
        if self.tau_x is not None:
            self.x = self.x * np.exp(-after / self.tau_x)


class ReferenceNetwork:
    """Neurons, all in one population; which of them are connected is said by the weights.

    Parameters
    ----------
    size : int
    cm, g_leak, v_leak, v_threshold, v_reset, refractory, current : float or array_like of shape (size,)
        nF, uS, mV, ms, nA; `current` is steady and depolarises.
    receptors : dict of str to Receptor
    step : float
        ms, at most, from event to event.

    Attributes
    ----------
    spikes : list of (float, int)
        Time, ms, and neuron.
    """

    def __init__(self, size, receptors, *, cm=0.5, g_leak=0.025, v_leak=-70.0, v_threshold=-52.0, v_reset=-60.0,
                 refractory=2.0, current=0.0, step=1e-3):
        def each(value):
            return np.broadcast_to(np.asarray(value, dtype=float), (size,)).copy()
        self.size, self.receptors, self.step = size, receptors, step
        self.cm, self.g_leak, self.v_leak, self.current = map(each, (cm, g_leak, v_leak, current))
        self.v_threshold, self.v_reset, self.refractory = map(each, (v_threshold, v_reset, refractory))
        self.v, self.time = self.v_reset.copy(), 0.0
        # when each neuron is free again; at time 0 all are
        self.held_until = np.zeros(size)
        self.spikes, self.projections, self.arrivals, self._count = [], [], [], 0

    def connect(self, weights, names, delay):
        """Weights (size, size): what a spike of a neuron adds, `delay` ms later, to receptors of these names."""
        self.projections.append((np.asarray(weights, dtype=float), names, delay))

    def receive(self, time, weights, names):
        """Have something arrive at a time: weights (size,), at receptors of these names."""
        heapq.heappush(self.arrivals, (time, self._count, np.asarray(weights, dtype=float), names))
        self._count += 1

    def _slopes(self, after, y):
        v, gates = y[0], y[1:]
        net = self.current - self.g_leak * (v - self.v_leak)
        slopes = np.empty_like(y)
        for k, receptor in enumerate(self.receptors.values()):
            net = net - receptor.current(receptor.open(after, gates[k]), v)
            slopes[1 + k] = receptor.slope(after, gates[k])
        slopes[0] = np.where(self.time < self.held_until, 0.0, net / self.cm)
        return slopes

    def _ahead(self, y, length):
        a = self._slopes(0.0, y)
        b = self._slopes(0.5 * length, y + 0.5 * length * a)
        c = self._slopes(0.5 * length, y + 0.5 * length * b)
        d = self._slopes(length, y + length * c)
        return y + length * (a + 2 * b + 2 * c + d) / 6, a[0]

    def _crossing(self, before, slope, after, length, neurons):
        """The earliest crossing of threshold among `neurons`, which crossed in this step: how much of it, and whose."""
        end_slope = self._slopes(length, after)[0]
        found = []
        for i in neurons:
            low, high, v0, v1 = 0.0, 1.0, before[0, i], after[0, i]
            m0, m1 = slope[i] * length, end_slope[i] * length
            for _ in range(60):
                u = 0.5 * (low + high)
                cubic = ((2*u**3 - 3*u**2 + 1) * v0 + (u**3 - 2*u**2 + u) * m0
                         + (-2*u**3 + 3*u**2) * v1 + (u**3 - u**2) * m1)
                low, high = (low, u) if cubic >= self.v_threshold[i] else (u, high)
            found.append(high)
        first = min(found)
        # neurons that are alike cross together
        return first, [i for i, u in zip(neurons, found) if (u - first) * length < 1e-12]

    def _keep(self, y, length):
        for receptor, s in zip(self.receptors.values(), y[1:]):
            receptor.move(length, s)
        self.v = y[0].copy()

    def _spike(self, neurons):
        for i in neurons:
            self.spikes.append((self.time, int(i)))
            self.v[i], self.held_until[i] = self.v_reset[i], self.time + self.refractory[i]
            for weights, names, delay in self.projections:
                if weights[i].any():
                    self.receive(self.time + delay, weights[i], names)

    def _arrive(self):
        while self.arrivals and self.arrivals[0][0] <= self.time:
            _, _, weights, names = heapq.heappop(self.arrivals)
            for name in names:
                self.receptors[name].take(weights)

    def run_until(self, end):
        """Go on to a time, ms."""
        while True:
            self._arrive()
            if self.time >= end:
                return
            free = self.held_until[self.held_until > self.time]
            until = min([end, *free[:1], *([free.min()] if len(free) else []),
                         *([self.arrivals[0][0]] if self.arrivals else [])])
            length = min(self.step, until - self.time)
            y = np.array([self.v, *(receptor.s for receptor in self.receptors.values())])
            ahead, slope = self._ahead(y, length)
            crossed = np.flatnonzero((ahead[0] >= self.v_threshold) & (self.time >= self.held_until))
            if len(crossed):
                part, neurons = self._crossing(y, slope, ahead, length, crossed)
                length *= part
                ahead, _ = self._ahead(y, length)
            self._keep(ahead, length)
            # an event is met exactly, whatever sums of lengths come to
            self.time = until if length == until - self.time else self.time + length
            if len(crossed):
                self._spike(neurons)
