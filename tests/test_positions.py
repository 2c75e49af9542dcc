"""Positions: each scheme by its definition, and the property that it exists for."""

import cmath
import dataclasses
import math

import pytest
import torch
from tiny import DH, SCHEMES, B, H, S, T, normal
from torch.testing import assert_close

from llmlite.model.positions import (
    Positions,
    alibi_bias,
    alibi_slopes,
    ntk_base,
    rope_angles,
    rope_speeds,
    rotate,
    sinusoidal,
    stretched,
    yarn_scale,
    yarn_speeds,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def diagonals_agree(scores, atol):
    """Say whether scores (N, N) depend on the difference of the two places alone."""
    offsets = range(1 - len(scores), len(scores))
    return all((scores.diagonal(m) - scores.diagonal(m)[0]).abs().max() < atol for m in offsets)


def test_sinusoidal_is_the_published_formula():
    length, width, base = 7, 10, 50.0
    table = sinusoidal(length, width, base)
    assert table.shape == (length, width)
    for place in range(length):
        for i in range(width // 2):
            angle = place / base ** (2 * i / width)
            assert math.isclose(table[place, 2 * i], math.sin(angle), abs_tol=1e-6)
            assert math.isclose(table[place, 2 * i + 1], math.cos(angle), abs_tol=1e-6)
    assert torch.equal(sinusoidal(5, 6), sinusoidal(5, 6, 10_000.0))


def test_products_of_sinusoidal_positions_depend_on_their_distance():
    table = sinusoidal(30, 16, 40.0).double()
    scores = table @ table.T
    assert diagonals_agree(scores, 1e-5)
    expected = [sum(math.cos(m * 40.0 ** (-2 * i / 16)) for i in range(8)) for m in range(30)]
    assert_close(scores[0], torch.tensor(expected, dtype=torch.float64), atol=1e-5, rtol=0)


@pytest.mark.parametrize("make", [lambda: sinusoidal(3, 5), lambda: rope_speeds(5)])
def test_an_odd_width_is_refused(make):
    with pytest.raises(ValueError, match="=5 is odd"):
        make()


def test_speeds_fall_from_one_to_nearly_one_over_the_base():
    speeds = rope_speeds(10, 50.0)
    assert_close(speeds, torch.tensor([50.0 ** (-2 * i / 10) for i in range(5)]))
    assert speeds[0] == 1
    assert torch.equal(rope_speeds(6), rope_speeds(6, 10_000.0))
    assert_close(rope_speeds(2, 50.0), torch.ones(1))


def test_angles_are_places_times_speeds():
    places, speeds = torch.tensor([0, 1, 4, 9, 100, 3, 7]), rope_speeds(10, 50.0)
    cos, sin = rope_angles(places, speeds)
    assert cos.shape == sin.shape == (7, 5)
    for t, place in enumerate(places.tolist()):
        for i, speed in enumerate(speeds.tolist()):
            assert math.isclose(cos[t, i], math.cos(place * speed), abs_tol=2e-5)
            assert math.isclose(sin[t, i], math.sin(place * speed), abs_tol=2e-5)


def angles_of(places, size=DH, base=300.0):
    """Return cosine and sine in 64 bits."""
    return rope_angles(places, rope_speeds(size, base).double())


def test_rotation_is_multiplication_of_complex_numbers():
    x, places, speeds = normal(B, H, T, DH), torch.arange(T) + 4, rope_speeds(DH, 300.0).double()
    turned = rotate(x, *rope_angles(places, speeds))
    half = DH // 2
    for t in range(T):
        for i in range(half):
            by = cmath.exp(1j * (t + 4) * speeds[i].item())
            wanted = torch.complex(x[:, :, t, i], x[:, :, t, i + half]) * by
            assert_close(torch.complex(turned[:, :, t, i], turned[:, :, t, i + half]), wanted)


def test_rotation_keeps_length_and_leaves_place_0():
    x = normal(B, H, T, DH)
    turned = rotate(x, *angles_of(torch.arange(T)))
    assert turned.shape == x.shape
    assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[:, :, 0], x[:, :, 0])
    assert (turned[:, :, 1:] - x[:, :, 1:]).abs().amax(dim=-1).min() > 0.01, "every other place turns"


def test_scores_of_rotated_vectors_depend_on_distance_alone():
    q, k = normal(1, DH, seed=3).expand(T, DH), normal(1, DH, seed=4).expand(T, DH)
    near, far = angles_of(torch.arange(T)), angles_of(torch.arange(T) + 57)
    scores = rotate(q, *near) @ rotate(k, *near).T
    assert diagonals_agree(scores, 1e-10)
    assert not diagonals_agree(rotate(q, *near) @ k.T, 1e-3), "both have to turn"
    assert (scores[0] - scores[:, 0]).abs().max() > 0.1, "which of them comes first is seen"
    assert_close(rotate(q, *far) @ rotate(k, *far).T, scores, atol=1e-10, rtol=0)


def test_ntk_slows_the_slowest_pair_by_the_factor_and_leaves_the_fastest():
    for size, base, factor in [(DH, 300.0, 2.5), (64, 10_000.0, 8.0), (4, 50.0, 3.0)]:
        before, after = rope_speeds(size, base), rope_speeds(size, ntk_base(base, factor, size))
        assert after[0] == before[0] == 1
        assert math.isclose(after[-1] * factor, before[-1], rel_tol=1e-5)
        slowed = before / after
        assert (slowed.diff() > 0).all(), "the slower, the more it is slowed"
        assert math.isclose(ntk_base(base, factor, size), base * factor ** (size / (size - 2)), rel_tol=1e-12)
    assert ntk_base(300.0, 1.0, DH) == 300.0
    with pytest.raises(ValueError, match="head_size=2: one pair"):
        ntk_base(300.0, 2.0, 2)


def test_yarn_keeps_fast_pairs_and_slows_slow_ones():
    size, base, factor, length = 64, 10_000.0, 8.0, 2048
    speeds = rope_speeds(size, base)
    after = yarn_speeds(speeds, factor, length)
    turns = speeds * length / (2 * math.pi)
    slowed = speeds / after
    assert_close(after[turns > 40], speeds[turns > 40], rtol=0, atol=0)
    assert_close(after[turns < 0.8], speeds[turns < 0.8] / factor)
    between = slowed[(turns > 1.2) & (turns < 25)]
    assert len(between) > 5
    assert ((between > 1) & (between < factor)).all()
    assert (slowed.diff() > -1e-5).all()


def test_yarn_ramps_linearly_in_the_number_of_the_pair():
    size, base, factor, length = 20, 300.0, 5.0, 900
    speeds = rope_speeds(size, base)
    # pair i turns length * base**(-2i/size) / 2 pi times
    first = math.floor(size * math.log(length / (2 * math.pi * 32)) / (2 * math.log(base)))
    last = math.ceil(size * math.log(length / (2 * math.pi)) / (2 * math.log(base)))
    assert (first, last) == (2, 9)
    for i, (before, after) in enumerate(zip(speeds, yarn_speeds(speeds, factor, length), strict=True)):
        share = min(max((i - first) / (last - first), 0), 1)
        assert math.isclose(after, before * (1 - share) + before / factor * share, rel_tol=1e-5)


def test_yarn_with_other_ends_and_short_contexts():
    speeds = rope_speeds(20, 300.0)
    assert_close(yarn_speeds(speeds, 1.0, 900), speeds)  # a factor of 1 stretches nothing
    wider = yarn_speeds(speeds, 5.0, 900, slow_turns=4, fast_turns=8)
    first = math.floor(20 * math.log(900 / (2 * math.pi * 8)) / (2 * math.log(300)))
    last = math.ceil(20 * math.log(900 / (2 * math.pi * 4)) / (2 * math.log(300)))
    assert_close(wider[: first + 1], speeds[: first + 1])
    assert_close(wider[last:], speeds[last:] / 5)
    short = yarn_speeds(speeds, 5.0, 6)  # no pair but the first turns once in 6 tokens
    assert_close(short[1:], speeds[1:] / 5)
    assert yarn_speeds(torch.ones(1), 5.0, 900).shape == (1,), "one pair has a speed, too"


def test_yarn_lengthens_queries_and_keys():
    assert yarn_scale(1.0) == 1
    assert math.isclose(yarn_scale(math.e), 1.1)
    assert math.isclose(yarn_scale(16.0), 1 + 0.4 * math.log(2))


def test_stretched_is_the_scheme_that_was_asked_for():
    speeds = rope_speeds(DH, 300.0)
    plain, scale = stretched(Positions(base=300.0), DH)
    assert torch.equal(plain, speeds)
    assert scale == 1
    linear, scale = stretched(SCHEMES["linear"], DH)
    assert_close(linear, speeds / 2.5)
    assert scale == 1
    ntk, scale = stretched(SCHEMES["ntk"], DH)
    assert_close(ntk, rope_speeds(DH, ntk_base(300.0, 2.5, DH)))
    assert scale == 1
    yarn, scale = stretched(SCHEMES["yarn"], DH)
    assert_close(yarn, yarn_speeds(speeds, 2.5, 9))
    assert scale == yarn_scale(2.5)
    assert len({tuple(each.tolist()) for each in (plain, linear, ntk, yarn)}) == 4


def test_position_interpolation_sees_a_long_text_as_a_short_one():
    near, far = stretched(Positions(base=300.0), DH)[0], stretched(SCHEMES["linear"], DH)[0]
    assert_close(rope_angles(torch.arange(0, 50, 5), far)[0], rope_angles(torch.arange(0, 20, 2), near)[0])


def test_slopes_of_alibi_are_the_published_ones():
    assert alibi_slopes(8).tolist() == [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]
    sixteen = torch.tensor([2.0 ** (-(i + 1) / 2) for i in range(16)])
    assert_close(alibi_slopes(16), sixteen)
    assert_close(alibi_slopes(12), torch.cat([alibi_slopes(8), sixteen[0:8:2]]))
    assert alibi_slopes(1).tolist() == [1 / 256]
    assert [len(alibi_slopes(n)) for n in range(1, 40)] == list(range(1, 40))
    with pytest.raises(ValueError, match="n_heads=0"):
        alibi_slopes(0)


def test_bias_of_alibi_is_minus_slope_times_distance():
    slopes, queries, keys = alibi_slopes(H), torch.arange(2, 2 + T), torch.arange(S)
    bias = alibi_bias(slopes, queries, keys)
    assert bias.shape == (H, T, S)
    for h in range(H):
        for t in range(T):
            for s in range(S):
                assert math.isclose(bias[h, t, s], -slopes[h] * abs(t + 2 - s), rel_tol=1e-6)
    assert torch.equal(bias[:, 0, 2], torch.zeros(H)), "its own place costs nothing"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "rotary"}, r"kind='rotary' is none of rope, learned, sinusoidal, alibi, none"),
        ({"kind": "Rope"}, r"kind='Rope'"),
        ({"scaling": "half"}, r"scaling='half' is none of none, linear, ntk, yarn"),
        ({"base": 1}, r"base=1:"),
        ({"base": -3.0}, r"base=-3\.0"),
        ({"base": math.nan}, r"base=nan"),
        ({"base": math.inf}, r"base=inf"),
        ({"scaling": "linear", "factor": 0.9}, r"factor=0\.9"),
        ({"scaling": "linear", "factor": math.nan}, r"factor=nan"),
        ({"scaling": "linear", "factor": math.inf}, r"factor=inf"),
        ({"kind": "alibi", "scaling": "ntk", "factor": 2}, r"scaling='ntk' .* kind='alibi'"),
        ({"kind": "none", "scaling": "linear"}, r"scaling='linear' .* kind='none'"),
        ({"factor": 2}, r"factor=2 needs a scaling: .* not 'none'"),
        ({"kind": "learned", "factor": 2}, r"factor=2 needs a scaling"),
        ({"scaling": "yarn", "factor": 2}, r"scaling='yarn' needs trained_length, not None"),
        ({"scaling": "yarn", "trained_length": 0}, r"trained_length=0"),
        ({"scaling": "yarn", "trained_length": 9.0}, r"trained_length=9\.0: .* whole number"),
        ({"scaling": "yarn", "trained_length": True}, r"trained_length=True"),
    ],
)
def test_what_makes_no_scheme_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Positions(**changes)


def test_a_scheme_is_frozen_and_knows_its_fields():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Positions().kind = "alibi"
    with pytest.raises(TypeError, match="theta"):
        Positions(theta=1.0)
    with pytest.raises(TypeError):
        Positions("rope")
    defaults = {"kind": "rope", "base": 10_000.0, "scaling": "none", "factor": 1.0, "trained_length": None}
    assert dataclasses.asdict(Positions()) == defaults
    assert Positions(scaling="yarn", factor=1, trained_length=1).factor == 1, "the ends of the ranges are in"
