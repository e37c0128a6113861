"""A network whose steps are taken by the NumPy twins, in Python: what the loops of `_core` do, to be read."""
import numpy as np

from lifext import Network, SpikeSource, _core
from lifext._core.fast import twins
from lifext._core.shared.rows import Rows
from lifext._lowering import gatings_of, lower_weights
from lifext._network.assembly import RECEIVERS, has_own
from lifext._network.model import RECEPTORS


class TwinNetwork(Network):
    """A `Network` that has everything of one but the compiled loop.

    The state is settled after each step, and all currents are shown: that the compiled loop does so at a
    few steps only must not be seen in what it leaves.
    """

    def _run_steps(self, count):
        self._begin_steps()
        by_python = [k for k, _ in self._cells() if not self._fast or self._why_not_fast(k) is not None]
        self._others = {self._numbers[k] for k in by_python}
        self._find_checks()
        self._check_kinds(by_python)
        lent = self._lent_generators(by_python if self._fast else [])
        with np.errstate(all="ignore"), _core.using("reference"), lent:
            for _ in range(count):
                self._take_step(by_python)
                self._step += 1
        self._forget_what_was_set()
        for record in self._spike_records.values():
            record._reach(self.time)
        self._check_state(self._step)

    def _take_step(self, by_python):
        step, time = self._step, self._step * self._dt
        cells = {k: _Stepped(self, k) for k, _ in self._cells() if k not in by_python}
        spikes = {k: cell.step(step) for k, cell in cells.items()}
        for k, source in enumerate(self._populations):
            if isinstance(source, SpikeSource):
                spikes[k] = _emitted(source, step, self._dt, self._begins[self._numbers[k]])
        for k in by_python:
            population = self._populations[k]
            population.predictSpikes(self._dt, time)
            times = population._spikeTime.reshape(-1)[population._spiked]
            if self._fast:
                times = np.where(times > 0, np.minimum(times, 0.9999999999999999 * self._dt), 0.0)
            spikes[k] = np.flatnonzero(population._spiked), times
        for k, (ids, times) in spikes.items():
            self._keep(k, step, ids, times)
        for made in self._projections:
            arrived = (np.empty(0, np.intp), np.empty(0))
            if step - made.delay >= made.begin:
                arrived = self._histories[made.source].of_step(step - made.delay)
            if made.target in cells:
                cells[made.target].receive(*arrived, lower_weights(made.weights), RECEPTORS[made.kind],
                                           self._factors(made, *arrived))
            else:
                self._hand_over(made, *arrived)
        for k in by_python:
            self._populations[k].processTimeStep(self._dt, time)
        for cell in cells.values():
            cell.finish(time)
        for record in self._state_records:
            record.take(step)

    def _keep(self, k, step, ids, times):
        history = self._histories[k]
        slots = history.slots()
        slots[step % history.depth] = ids, times
        history.__setstate__(slots)
        record = self._spike_records.get(k)
        if record is not None and not record.closed:
            known = record._log.arrays()
            record._log.restore(*map(np.concatenate, zip(known, (ids, step * self._dt + times))))

    def _factors(self, made, ids, times):
        """By what the synapses multiply the weights of each spike, which changes their state."""
        synapses, step, factors = made.synapses, self._step - made.delay, []
        for i, time in zip(ids, times) if synapses is not None else ():
            last = synapses.last_step[i]
            since = np.inf if last < 0 else (step - last) * self._dt + (time - synapses.last_time[i])
            state = [part[i] for part in synapses.state]
            factors.append(synapses.description.factor(state, since))
            synapses.last_step[i], synapses.last_time[i] = step, time
            for part, value in zip(synapses.state, state):
                part[i] = value
        return factors if synapses is not None else None

    def _hand_over(self, made, ids, times):
        target, method = self._populations[made.target], RECEIVERS[made.kind][1]
        projection = lower_weights(made.weights)
        if has_own(target, method):
            dts = np.full((projection.n_source, 1), self._dt)
            dts[ids, 0] = times
            getattr(target, method)(self._dt, len(ids), dts, made.weights.toarray())
            return
        for source, time in zip(ids, times):
            if time != self._dt:
                getattr(target, method)(self._dt, 1, [[time]], projection.row(source)[None])


def _emitted(source, step, dt, first):
    """Return who of a source spikes in a step, in the order of the cells, and when in it."""
    now = (source.times >= step * dt) & (source.times < (step + 1) * dt) & (step >= first)
    ids, times = source.ids[now], np.minimum(source.times[now] - step * dt, 0.9999999999999999 * dt)
    order = np.lexsort((times, ids))
    return ids[order], times[order]


class _Stepped:
    """A step of one population in the fast arithmetic."""

    def __init__(self, network, k):
        self.population, self.dt = network._populations[k], network._dt
        self.cell = self.population._cell()
        receptors = twins.receptors_of(self.cell, gatings_of(self.cell), self.dt, network._key, 2 * network._numbers[k],
                                       network._dtype)
        self.twin = twins.Population(self.cell, receptors, self.dt, network._dtype, network._reached(k))
        self.inputs = [source for source in (self.cell.noise, self.cell.afferents) if source is not None]

    def step(self, step):
        self.twin.refresh()
        receptors = [self.cell.ampa, self.cell.nmda, self.cell.gaba]
        for part in [*receptors, *self.inputs, self.cell.leak]:
            np.asarray(part.prev_curr)[:] = part.curr
        for receptor in receptors:
            np.asarray(receptor.gating.prev_s)[:] = receptor.gating.s
            np.asarray(receptor.gating.prev_x)[:] = receptor.gating.x
        self.twin.step(step, np.inf)
        return self.twin.ids, self.twin.times

    def receive(self, ids, times, projection, receptors, factors=None):
        p = projection
        apart = Rows(p.kind, p.n_source, p.n_target, dense=p.dense, indptr=p.indptr, indices=p.indices,
                           values=p.values, flat=0.0, first=p.first)
        self.twin.receive(times, [apart.row(source) for source in ids], p.flat, receptors, factors)

    def finish(self, time):
        cell, ids, times = self.cell, self.twin.ids, self.twin.times
        # what was predicted has had no spikes of the step yet
        np.asarray(cell.v_ahead)[:] = cell.v
        self.twin.settle(time)
        self.twin.show()
        np.asarray(cell.spiked)[:] = 0
        np.asarray(cell.spiked)[ids] = 1
        np.asarray(cell.spike_time)[:] = self.dt
        np.asarray(cell.spike_time)[ids] = times
        self.population.__dict__["numSpikes"] = len(ids)
        for source in self.inputs:
            source.pending[0] = 1
        cell.excitation.clear()
        cell.inhibition.clear()
