"""Whether what a page's code leaves makes sense to who reads it: run inside the page's script by `test_docs.py`.

`watch` is called before the page's first line and `look` after each of its blocks; `write` leaves what they found in a
file. Nothing here raises: the page has to run as it does for a reader.
"""
import functools
import json
import traceback

import numpy as np
from ranges import Ranges

import lifext

found = []
# what was asserted about which block, so that a page that is rewritten does not pass for want of a question
asked = []


def watch():
    """Look at the ranges of every network after every run."""
    run = lifext.Network.run

    @functools.wraps(run)
    def checked(net, *args, **options):
        ranges = Ranges(net)
        run(net, *args, **options)
        try:
            ranges.check()
        except AssertionError as error:
            found.append(f"{net!r}: {error}")
    lifext.Network.run = checked


def things(value, kind, depth=2):
    """Objects of a kind among values, and in lists, tuples and dicts of them."""
    if isinstance(value, kind):
        yield value
    elif depth and isinstance(value, (list, tuple)):
        for part in value:
            yield from things(part, kind, depth - 1)
    elif depth and isinstance(value, dict):
        for part in value.values():
            yield from things(part, kind, depth - 1)


def expect(block, condition, words):
    asked.append(f"block {block}: {words}")
    if not condition:
        found.append(f"block {block}: {words}")


def everywhere(block, names):
    """What holds for each population and each record of any page."""
    pops = {id(pop): pop for value in names.values() for pop in things(value, lifext.LIF_Pop.baseLIFPop)}
    for net in (net for value in names.values() for net in things(value, lifext.Network)):
        pops.update({id(pop): pop for _, pop in net._cells()})
    for pop in pops.values():
        name = type(pop).__name__
        expect(block, np.all((pop._vM > -100) & (pop._vM < 0)), f"potentials of a {name} are within -100 and 0 mV")
        for receptor in ("AMPA", "NMDA", "GABA"):
            kinetic = getattr(pop, receptor).kinetic
            most = 1 + 1e-6 if isinstance(kinetic, lifext.kinetics.secondOrdKin) else np.inf
            opened = np.all((kinetic._s >= 0) & (kinetic._s <= most))
            expect(block, opened, f"{name}.{receptor} is open between 0 and 1")
    for record in (record for value in names.values() for record in things(value, lifext.SpikeRecord)):
        # a page may show a record of nothing, or of a moment
        if len(record) and record.stop - record.start >= 100.0:
            rate = record.rate(record.start, record.stop)
            expect(block, 0.1 < rate < 100, f"{record.name} fires at 0.1 to 100 Hz on average, here {rate:.4g}")


def readme(block, names):
    """The ring, stepped by hand and compiled, holds its bump where the cue was, and is quiet elsewhere."""
    cells = names.get("cells")
    if block in (0, 1) and cells is not None:
        # the weights have a flat part, which opens all channels as far as it goes
        s = cells.NMDA.kinetic._s - cells.NMDA.kinetic._s.min()
        vector = s @ np.exp(1j * cells.directions) / max(s.sum(), 1e-12)
        off = abs(np.degrees(np.angle(vector)) % 360 - 180)
        expect(block, abs(vector) > 0.5, f"NMDA gating has a bump on its floor, whose vector is {abs(vector):.3f}")
        expect(block, block > 0 or off < 30, f"the bump is within 30 degrees of the cue, here {off:.0f} off")
    if block == 1:
        spikes, net = names["spikes"], names["net"]
        start = spikes.start + 0.5 * (net.time - spikes.start)
        vector = abs(spikes.population_vector(start, net.time))
        expect(block, vector > 0.5, f"spikes of the second half of the run have a bump, their vector is {vector:.3f}")
        rate = spikes.rate(start, net.time)
        expect(block, 1 < rate < 40, f"the ring fires at 1 to 40 Hz while it remembers, here {rate:.2f}")


def network(block, names):
    """The first network is one of sparse, irregular firing, and stays so until it is stimulated."""
    if block == 0:
        cells, spikes, net = names["cells"], names["spikes"], names["net"]
        rate = spikes.rate(0, net.time)
        expect(block, 0.5 < rate < 50, f"cells fire at 0.5 to 50 Hz, here {rate:.2f}")
        late = spikes.rate(net.time / 2, net.time)
        expect(block, 0.5 < late < 50, f"they still do in the second half, here {late:.2f}")
        active = np.mean(spikes.counts(0, net.time) > 0)
        expect(block, active > 0.2, f"more than a fifth of them fire, here {active:.0%}")
        gates = np.concatenate([cells.NMDA.kinetic._s, names["inter"].NMDA.kinetic._s])
        expect(block, np.all((gates >= 0) & (gates <= 1)), "NMDA channels are open between 0 and 1")
        expect(block, gates.mean() < 0.95, f"they are not all open, here {gates.mean():.3f} on average")
    if "trace" in names and "i_nmda" in getattr(names["trace"], "variables", ()):
        current = names["trace"]["i_nmda"]
        expect(block, np.all((current <= 0) & (current > -5)), "NMDA current is inward and below 5 nA")


OF_A_PAGE = {"README.md": readme, "network.md": network}


def look(page, block, names):
    names = dict(names)
    for question in (everywhere, OF_A_PAGE.get(page, lambda block, names: None)):
        try:
            question(block, names)
        except Exception:
            found.append(f"block {block}: {traceback.format_exc(limit=3)}")


def write(path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"found": found, "asked": asked}, file)
