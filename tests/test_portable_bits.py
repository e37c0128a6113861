"""The fast networks of `portable_bits`: one result on all instruction sets, threads and machines."""
import json

import numpy as np
import portable_bits
import pytest

from lifext._core import loops


@pytest.fixture
def restore():
    before = loops.chosen()
    yield
    loops.choose(before)


@pytest.mark.skipif(len(loops.supported()) == 1, reason="this machine runs one build only")
def test_all_builds_that_run_here_give_the_same_bits(restore):
    results = {}
    for name in loops.supported():
        loops.choose(name)
        results[name] = portable_bits.measure()
    for name, result in results.items():
        assert result == results["baseline"], name


def test_this_machine_gives_the_bits_of_others():
    """Where the fast arithmetic was changed on purpose: `portable_bits.py --record`, here and on the others."""
    want = json.loads(portable_bits.RECORDED.read_text())
    digests, counts = portable_bits.measure()
    assert counts == want["spikes"]
    assert digests == want["sha256"]


@pytest.mark.parametrize("network", portable_bits.NETWORKS)
def test_threads_give_the_same_bits(network):
    assert portable_bits.run(network, threads=3) == portable_bits.run(network)


def test_the_networks_are_busy():
    counts = {network.__name__: portable_bits.run(network)[0] for network in portable_bits.NETWORKS}
    assert min(counts.values()) > 2000, counts


def test_the_last_bit_shows():
    x = np.arange(5) / 4
    others = [np.nextafter(x, 2.0), np.where(x == 0, -0.0, x), x[:4], x.astype(np.int64)]
    assert len({portable_bits.digest([array]) for array in [x, *others]}) == 5
