"""The fast networks of `portable_bits`: one result on all instruction sets, threads and machines."""
import json

import numpy as np
import portable_bits
import pytest


def test_each_build_that_runs_here_gives_the_bits_of_others(build):
    """Where the fast arithmetic was changed on purpose: `portable_bits.py --record`, here and on the others."""
    want = json.loads(portable_bits.RECORDED.read_text())
    digests, counts = portable_bits.measure()
    assert counts == want["spikes"]
    assert digests == want["sha256"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("network", portable_bits.NETWORKS)
def test_threads_give_the_same_bits(network, dtype):
    assert portable_bits.run(network, threads=3, dtype=dtype) == portable_bits.run(network, dtype=dtype)


def test_the_networks_are_busy():
    counts = {network.__name__: portable_bits.run(network)[0] for network in portable_bits.NETWORKS}
    assert min(counts.values()) > 2000, counts


def test_the_last_bit_shows():
    x = np.arange(5) / 4
    others = [np.nextafter(x, 2.0), np.where(x == 0, -0.0, x), x[:4], x.astype(np.int64)]
    assert len({portable_bits.digest([array]) for array in [x, *others]}) == 5
