"""How a model knows what stands where: five schemes, and three ways to stretch the rotary one.

Shapes: B batch, H heads, T query length, S key length, D d_model, Dh head size.

Deviation from su2021rope: the features that turn together are i and i + Dh/2, not 2i and 2i + 1. The two
differ by a fixed order of the features, which the matrices before them learn as well; published weights of
the Llama family use the former.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

KINDS = ("rope", "learned", "sinusoidal", "alibi", "none")
SCALINGS = ("none", "linear", "ntk", "yarn")


@dataclass(frozen=True, kw_only=True)
class Positions:
    """A scheme of positions and what it needs to know.

    Args:
        kind: "rope", "learned", "sinusoidal", "alibi" or "none".
        base: of rotary and sinusoidal positions; the slowest pair turns once in about 2 pi * base tokens.
        scaling: how rotary positions are stretched: "none", "linear", "ntk" or "yarn".
        factor: how many times longer than in training, 1 or more.
        trained_length: tokens of the context in training; "yarn" needs it.

    Raises:
        ValueError: an unknown name, a number out of range, or a scaling of a scheme that has none.
    """

    kind: str = "rope"
    base: float = 10_000.0
    scaling: str = "none"
    factor: float = 1.0
    trained_length: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no scheme."""
        for name, known in (("kind", KINDS), ("scaling", SCALINGS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is none of {', '.join(known)}")
        if not 1 < self.base < math.inf:
            raise ValueError(f"base={self.base}: it must be above 1, so that speeds differ")
        if not 1 <= self.factor < math.inf:
            raise ValueError(f"factor={self.factor}: a context is stretched by 1 or more")
        if self.scaling != "none" and self.kind != "rope":
            raise ValueError(f"scaling={self.scaling!r} stretches kind='rope' only, not kind={self.kind!r}")
        if self.scaling == "none" and self.factor != 1:
            raise ValueError(f"factor={self.factor} needs a scaling: linear, ntk or yarn, not 'none'")
        if self.scaling == "yarn" and self.trained_length is None:
            raise ValueError("scaling='yarn' needs trained_length, not None: the context length in training")
        length = self.trained_length
        if length is not None and (not isinstance(length, int) or isinstance(length, bool) or length < 1):
            raise ValueError(f"trained_length={length!r}: a context is a whole number of 1 token or more")


def sinusoidal(length: int, d_model: int, base: float = 10_000.0) -> Tensor:
    """Return a vector for each position, made of sines and cosines: (T, D).

    Feature 2i is the sine, feature 2i + 1 the cosine of one angle; later pairs turn more slowly.

    Args:
        length: T, number of positions.
        d_model: D, even.
        base: the slowest pair turns about `base` times as slowly as the fastest.

    Raises:
        ValueError: an odd width.

    Reference: vaswani2017, section 3.5.
    """
    if d_model % 2:
        raise ValueError(f"d_model={d_model} is odd: sinusoidal positions come in pairs")
    angles = torch.outer(torch.arange(length), rope_speeds(d_model, base))  # (T, D/2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)  # (T, D)


def rope_speeds(head_size: int, base: float = 10_000.0) -> Tensor:
    """Return by how many radians each pair of features turns from one position to the next: (Dh/2,).

    Args:
        head_size: Dh, even.
        base: the first pair turns by 1, the last by nearly 1 / base.

    Raises:
        ValueError: an odd size.

    Reference: su2021rope, equation 15.
    """
    if head_size % 2:
        raise ValueError(f"head_size={head_size} is odd: rotary positions turn pairs of features")
    return base ** (-torch.arange(0, head_size, 2) / head_size)


def rope_angles(positions: Tensor, speeds: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of each position's angles, both (T, Dh/2).

    Args:
        positions: (T,) places in the text.
        speeds: (Dh/2,) radians a place.
    """
    angles = torch.outer(positions, speeds)  # (T, Dh/2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of features (i, i + Dh/2) by the angle of its position.

    Args:
        x: queries or keys, (..., T, Dh).
        cos, sin: of the angles, (T, Dh/2).

    Returns:
        The turned vectors, (..., T, Dh); each is as long as it was.

    Reference: su2021rope, equation 34.
    """
    left, right = x.chunk(2, dim=-1)  # (..., T, Dh/2)
    return torch.cat([left * cos - right * sin, left * sin + right * cos], dim=-1)  # (..., T, Dh)


def ntk_base(base: float, factor: float, head_size: int) -> float:
    """Return a larger base: the slowest pair turns `factor` times as slowly, the fastest as before.

    Args:
        base: in training.
        factor: how many times longer the context becomes.
        head_size: Dh, even, above 2.

    Raises:
        ValueError: a head with one pair, which is slowest and fastest at once.

    Reference: bloc97ntk; peng2023, definition 1.
    """
    if head_size <= 2:
        raise ValueError(f"head_size={head_size}: one pair cannot be both the slowest and the fastest")
    return float(base * factor ** (head_size / (head_size - 2)))


def yarn_speeds(
    speeds: Tensor, factor: float, trained_length: int, slow_turns: float = 1, fast_turns: float = 32
) -> Tensor:
    """Return stretched speeds: pairs that turn often stay as they are, pairs that turn rarely slow down.

    Args:
        speeds: (Dh/2,) in training.
        factor: how many times longer the context becomes.
        trained_length: tokens of the context in training.
        slow_turns: pairs that turn at most so often within it are slowed by the whole factor.
        fast_turns: pairs that turn at least so often keep their speed; between the two, a ramp.

    Reference: peng2023, equations 17 and 18, as published in the authors' code: the ramp is linear
    in the number of the pair, and its ends are whole numbers.
    """
    pairs = torch.arange(len(speeds))
    turns = [fast_turns, slow_turns]
    # The pair i turns base**(-2i / Dh) * length / 2 pi times: solve for i.
    ratio = float(speeds[0] / speeds[1]) if len(speeds) > 1 else math.e
    ends = [math.log(trained_length / (2 * math.pi * count)) / math.log(ratio) for count in turns]
    first, last = max(math.floor(ends[0]), 0), min(math.ceil(ends[1]), 2 * len(speeds) - 1)
    ramp = ((pairs - first) / max(last - first, 1)).clamp(0, 1)  # 0: keep, 1: slow down
    return speeds * (1 - ramp) + speeds / factor * ramp


def yarn_scale(factor: float) -> float:
    """Return by how much YaRN lengthens queries and keys, so that attention stays as sharp over more tokens.

    Reference: peng2023, equation 22.
    """
    return 0.1 * math.log(factor) + 1


def stretched(scheme: Positions, head_size: int) -> tuple[Tensor, float]:
    """Return the speeds (Dh/2,) of a rotary scheme, and the factor on its queries and keys."""
    speeds = rope_speeds(head_size, scheme.base)
    if scheme.scaling == "linear":
        return speeds / scheme.factor, 1.0  # position interpolation: chen2023
    if scheme.scaling == "ntk":
        return rope_speeds(head_size, ntk_base(scheme.base, scheme.factor, head_size)), 1.0
    if scheme.scaling == "yarn":
        assert scheme.trained_length is not None
        return yarn_speeds(speeds, scheme.factor, scheme.trained_length), yarn_scale(scheme.factor)
    return speeds, 1.0


def alibi_slopes(n_heads: int) -> Tensor:
    """Return how strongly each head prefers what is near: (H,), from steep to gentle.

    For 8 heads 1/2, 1/4, ... 1/256. Where H is no power of two, the slopes of the power below come first,
    then every other one of the power above.

    Raises:
        ValueError: no head.

    Reference: press2021alibi, section 3, and its published code.
    """
    if n_heads < 1:
        raise ValueError(f"n_heads={n_heads}: slopes are for 1 head or more")
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = 2.0 ** (-8.0 / power * torch.arange(1, power + 1))
    between = 2.0 ** (-4.0 / power * torch.arange(1, 2 * power + 1, 2))
    return torch.cat([slopes, between[: n_heads - power]])


def alibi_bias(slopes: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """Return what is added to the scores: minus slope times distance, (H, T, S).

    Args:
        slopes: (H,) of the heads.
        queries: (T,) positions that are predicted from.
        keys: (S,) positions that are looked at.
    """
    distance = (queries[:, None] - keys[None, :]).abs()  # (T, S)
    return -slopes[:, None, None] * distance  # (H, T, S)
