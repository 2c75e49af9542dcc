"""Cases of `llmlite.model.positions`."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from llmlite.cases import refuses
from llmlite.model import positions
from llmlite.model.positions import Positions


def _same(found: Any, wanted: Tensor, message: str) -> None:
    assert found is not None, "return a tensor"
    assert found.shape == wanted.shape, f"{message}: the shape is {tuple(wanted.shape)}"
    assert torch.allclose(found.double(), wanted.double(), rtol=1e-4, atol=1e-5), message


def positions_sinusoidal(sinusoidal: Callable[..., Any]) -> None:
    """Check a few angles by hand, then whole tables against the package's."""
    table = sinusoidal(3, 4)
    assert table is not None, "return a tensor"
    _same(table[0], torch.tensor([0.0, 1.0, 0.0, 1.0]), "place 0: all sines are 0, all cosines 1")
    by_hand = [math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)]
    _same(table[2], torch.tensor(by_hand), "place 2 of width 4: angles 2 and 2 / 100")
    for length, width, base in ((7, 10, 50.0), (1, 2, 10_000.0), (20, 64, 1e6)):
        wanted = positions.sinusoidal(length, width, base)
        _same(sinusoidal(length, width, base), wanted, f"{length} places, width {width}, base {base}")
    refuses(sinusoidal, 3, 5)


def positions_rope_speeds(rope_speeds: Callable[..., Any]) -> None:
    """Check two heads by hand, then others against the package's version."""
    _same(rope_speeds(4), torch.tensor([1.0, 0.01]), "4 features: 10,000 ** 0 and 10,000 ** (-1/2)")
    _same(rope_speeds(2, 7.0), torch.tensor([1.0]), "one pair turns 1 radian a place")
    for head_size, base in ((16, 10_000.0), (10, 50.0), (128, 500_000.0)):
        wanted = positions.rope_speeds(head_size, base)
        _same(rope_speeds(head_size, base) / wanted, wanted / wanted, f"{head_size} features, base {base}")
    refuses(rope_speeds, 5)


def positions_rope_angles(rope_angles: Callable[..., Any]) -> None:
    """Check that places and speeds are multiplied, each with each."""
    places, speeds = torch.tensor([0, 3, 1]), torch.tensor([1.0, 0.25])
    found = rope_angles(places, speeds)
    assert found is not None, "return two tensors"
    cos, sin = found
    angles = torch.tensor([[0.0, 0.0], [3.0, 0.75], [1.0, 0.25]])
    _same(cos, angles.cos(), "cosines of place times speed, (T, Dh/2)")
    _same(sin, angles.sin(), "sines of place times speed, (T, Dh/2)")


def positions_rotate(rotate: Callable[..., Any]) -> None:
    """Check a quarter turn by hand, lengths and distances, then random vectors against the package's."""
    quarter = torch.full((1, 2), math.pi / 2)
    found = rotate(torch.tensor([[1.0, 2.0, 0.0, 3.0]]), quarter.cos(), quarter.sin())
    wanted = torch.tensor([[0.0, -3.0, 1.0, 2.0]])
    _same(found, wanted, "a quarter turn takes the pairs (1, 0) and (2, 3) to (0, 1) and (-3, 2)")
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 5, 8, generator=dice)
    angles = torch.randn(5, 4, generator=dice)
    kept = x.clone()
    turned = rotate(x, angles.cos(), angles.sin())
    assert torch.equal(x, kept), "leave the vectors that came in as they were"
    _same(turned.norm(dim=-1), x.norm(dim=-1), "each vector is as long as it was")
    _same(turned, positions.rotate(x, angles.cos(), angles.sin()), "(B, H, T, Dh)")


def positions_ntk_base(ntk_base: Callable[..., Any]) -> None:
    """Check what the base is for: the slowest pair is slowed by the factor."""
    for base, factor, head_size in ((10_000.0, 4.0, 16), (50.0, 8.0, 128), (100.0, 1.0, 4)):
        found = ntk_base(base, factor, head_size)
        assert found is not None, "return a number"
        slowest = 2 / head_size - 1  # the exponent of the last speed
        slowed = base**slowest / float(found) ** slowest
        message = f"base {base}, factor {factor}, {head_size} features: the slowest is slowed by {slowed:.3g}"
        assert math.isclose(slowed, factor, rel_tol=1e-6), message
    refuses(ntk_base, 10_000.0, 4.0, 2)


def positions_yarn_speeds(yarn_speeds: Callable[..., Any]) -> None:
    """Check both ends of the ramp by hand, then whole ranges against the package's version."""
    speeds = positions.rope_speeds(128)
    found = yarn_speeds(speeds, 8.0, 4096)
    assert found is not None, "return a tensor"
    _same(found[:20] / speeds[:20], torch.ones(20), "pairs that turn 32 times or more keep their speed")
    _same(found[-17:] / speeds[-17:], torch.full((17,), 0.125), "pairs that turn less than once are slowed")
    for size, factor, length in ((128, 8.0, 4096), (64, 4.0, 2048), (16, 2.0, 512), (16, 4.0, 16)):
        speeds = positions.rope_speeds(size)
        wanted = positions.yarn_speeds(speeds, factor, length)
        message = f"{size} features, factor {factor}, {length} tokens"
        _same(yarn_speeds(speeds, factor, length) / speeds, wanted / speeds, message)
    speeds, ends = positions.rope_speeds(32, 500.0), {"slow_turns": 2, "fast_turns": 9}
    wanted = positions.yarn_speeds(speeds, 4.0, 300, **ends)
    _same(yarn_speeds(speeds, 4.0, 300, **ends) / speeds, wanted / speeds, "other ends of the ramp")


def positions_yarn_scale(yarn_scale: Callable[..., Any]) -> None:
    """Check the formula at three factors."""
    for factor, wanted in ((1.0, 1.0), (math.e, 1.1), (math.e**3, 1.3)):
        found = yarn_scale(factor)
        assert found is not None, "return a number"
        assert math.isclose(float(found), wanted, rel_tol=1e-6), f"factor {factor:.3g}: {wanted}"


def positions_stretched(stretched: Callable[..., Any]) -> None:
    """Check every scaling against its definition."""
    speeds = positions.rope_speeds(16, 50.0)
    ntk = positions.rope_speeds(16, positions.ntk_base(50.0, 4.0, 16))
    yarn = positions.yarn_speeds(speeds, 4.0, 300)
    for scaling, wanted, factor in (
        ("none", speeds, 1.0),
        ("linear", speeds / 4, 1.0),
        ("ntk", ntk, 1.0),
        ("yarn", yarn, positions.yarn_scale(4.0)),
    ):
        asked = 1.0 if scaling == "none" else 4.0
        found = stretched(Positions(base=50.0, scaling=scaling, factor=asked, trained_length=300), 16)
        assert found is not None, "return the speeds and a factor"
        _same(found[0] / wanted, wanted / wanted, f"scaling {scaling!r}: other speeds")
        assert math.isclose(found[1], factor), f"scaling {scaling!r}: queries and keys times {factor:.3f}"


def positions_alibi_slopes(alibi_slopes: Callable[..., Any]) -> None:
    """Check the published slopes of 8 heads, and others against the package's version."""
    eight = torch.tensor([2.0**-n for n in range(1, 9)])
    _same(alibi_slopes(8), eight, "8 heads: 1/2, 1/4, ... 1/256")
    for n_heads in (1, 2, 4, 12, 16, 25):
        _same(alibi_slopes(n_heads), positions.alibi_slopes(n_heads), f"{n_heads} heads")
    refuses(alibi_slopes, 0)


def positions_alibi_bias(alibi_bias: Callable[..., Any]) -> None:
    """Check two heads by hand, with more keys than queries."""
    found = alibi_bias(torch.tensor([0.5, 0.25]), torch.tensor([3, 4]), torch.tensor([0, 1, 4]))
    rows = [[[-1.5, -1.0, -0.5], [-2.0, -1.5, 0.0]], [[-0.75, -0.5, -0.25], [-1.0, -0.75, 0.0]]]
    _same(found, torch.tensor(rows), "minus slope times distance, (H, T, S), never above 0")
