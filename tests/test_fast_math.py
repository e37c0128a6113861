"""exp and the random words of the fast arithmetic against what is known of them."""
import numpy as np
import pytest
from scipy import special

from lifext._core.fast import population as fast
from lifext._core.shared import equations


def exp_error(x):
    """Error of the kernels' exp in units of the last place of the true value, by a wider exp."""
    true = np.exp(x.astype(np.longdouble))
    return np.abs((fast.exponential(x) - true) / np.spacing(true.astype(np.float64)))


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="longdouble is no wider than float64 on this machine")
@pytest.mark.parametrize(("lowest", "highest"), [(-1021, 1023), (-14, 14), (-1, 1)])
def test_exp_is_within_a_unit_of_the_last_place(lowest, highest):
    """Over all x/ln(2), and more of where it is worst: well below a whole number."""
    source, n = np.random.default_rng(1), 1_000_000
    whole = source.integers(lowest, highest, n)
    x = np.log(2) * np.concatenate([source.uniform(lowest, highest, n), whole + source.uniform(-0.5, -0.35, n)])
    assert exp_error(x[(x >= -708) & (x <= 709.78)]).max() < 1


def test_exp_is_near_where_no_wider_numbers_are_needed():
    """exp(x) - 1 near 0, by a function that does not cancel: an error of an ulp of 1 is all that is left."""
    x = np.random.default_rng(2).uniform(-1e-3, 1e-3, 100_000)
    assert np.abs((fast.exponential(x) - 1) - special.expm1(x)).max() < 2.0**-52


def test_exp_at_its_limits():
    x = np.array([0.0, -0.0, 5e-324, -5e-324, np.inf, -np.inf, 710.0, 1e300, -709.0, -1e300])
    assert fast.exponential(x).tolist() == [1, 1, 1, 1, np.inf, 0, np.inf, np.inf, 0, 0]
    assert np.isnan(fast.exponential(np.array([np.nan, -np.nan]))).all()
    # the greatest argument with a finite result, the least with one that is not 0
    ends = fast.exponential(np.array([709.78, -708.0]))
    assert np.isfinite(ends).all()
    assert ends[1] > np.finfo(np.float64).tiny
    np.testing.assert_allclose(ends, np.exp([709.78, -708.0]), rtol=4e-16)


def test_exp_of_a_sum_is_the_product():
    a, b = np.random.default_rng(3).uniform(-300, 300, (2, 100_000))
    # rounding a + b shifts the true result by up to half the spacing of 600
    np.testing.assert_allclose(fast.exponential(a) * fast.exponential(b), fast.exponential(a + b), rtol=2e-13)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="longdouble is no wider than float64 on this machine")
@pytest.mark.parametrize(("lowest", "highest"), [(-0.5, 0.5), (-16, 16), (-1000, 1000)])
def test_power_of_two_is_a_quotient_good_to_a_few_roundings(lowest, highest):
    y = np.random.default_rng(5).uniform(lowest, highest, 1_000_000)
    above, below = (part.astype(np.longdouble) for part in fast.powers_of_two(y))
    assert np.abs(above / below / np.exp2(y.astype(np.longdouble)) - 1).max() < 2.5 * 2.0**-53


def test_power_of_two_at_its_limits():
    """It stays where a sum of its parts is finite, and so the block of any potential a number."""
    above, below = fast.powers_of_two(np.array([0.0, 1.0, -1.0, 1000.0, 1e6, 1e15, -1000.0, -1e6, -1e15]))
    np.testing.assert_allclose(above / below, [1, 2, 0.5, *[2.0**1000] * 3, *[2.0**-1000] * 3], rtol=1e-15)
    assert np.isnan(fast.powers_of_two(np.array([np.nan]))).all()


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="longdouble is no wider than float64 on this machine")
def test_magnesium_block_is_that_of_jahr_and_stevens():
    """The part of the driving force that is left, over all potentials; it ends at 0 and 1."""
    v = np.random.default_rng(6).uniform(-120, 60, 1_000_000)
    wide = v.astype(np.longdouble)
    left = equations.blocked_force(v, 0.0, 1.0, *fast.powers_of_two(equations.magnesium_power(v))) / v
    exact = 1 / (1 + np.exp(-62 * wide / 1000) / (np.longdouble(357) / 100))
    assert np.abs(left / exact - 1).max() < 16 * 2.0**-53
    ends = np.array([-1e9, 1e9])
    force = equations.blocked_force(ends, 0.0, 1.0, *fast.powers_of_two(equations.magnesium_power(ends)))
    assert force.tolist() == [pytest.approx(0, abs=1e-200), 1e9]


@pytest.mark.parametrize(("counter", "key", "words"), [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
])
def test_philox_has_the_known_answers_of_random123(counter, key, words):
    arguments = [int(word, 16) for word in f"{counter} {key}".split()]
    assert [f"{word:08x}" for word in fast.random_words(*arguments)] == words.split()


def test_one_bit_of_counter_or_key_changes_half_the_bits():
    """Avalanche: 32 flips of each of 6 words, 128 bits; the mean of all is within 5 standard deviations of a half."""
    base = np.random.default_rng(4).integers(0, 2**32, 6).tolist()
    before = np.array(fast.random_words(*base), dtype=np.uint32)
    changed = []
    for place in range(6):
        for bit in range(32):
            other = list(base)
            other[place] ^= 1 << bit
            after = np.array(fast.random_words(*other), dtype=np.uint32)
            changed.append(np.unpackbits((after ^ before).view(np.uint8)))
    share = np.mean(changed)
    assert abs(share - 0.5) < 5 * 0.5 / np.sqrt(np.size(changed))
    assert np.min(np.mean(changed, axis=1)) > 0.25
