"""Cases of `llmlite.model`."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from llmlite.cases import refuses
from llmlite.model import ngrams
from llmlite.model.attention import causal_mask
from llmlite.model.config import ModelConfig

TEXTS = [list("abcab"), list("abba"), list("cab"), []]


def ngrams_NGram(NGram: Any) -> None:  # noqa: N802, N803  (named like the class that it checks)
    """Check one probability by hand, then counts, sums and losses against the package's model."""
    coin = NGram(1, ["a", "b"]).count([["a", "a", "b"]])
    assert coin is not None, "count returns the model"
    # Three tokens of two kinds: (2 + 2 * 1/2) / (3 + 2).
    assert math.isclose(coin.prob("a", []), 3 / 5), "order 1: (count + kinds / words) / (tokens + kinds)"
    for order in (1, 2, 3):
        yours, ours = NGram(order, "abcd").count(TEXTS), ngrams.NGram(order, "abcd").count(TEXTS)
        for before in ([], ["a"], ["c", "a"], ["d"], ["b", "d"]):
            for token in "abcd":
                wanted = ours.prob(token, before)
                message = f"order {order}: the probability of {token!r} after {before} is {wanted:.4f}"
                assert math.isclose(yours.prob(token, before), wanted), message
            shown = yours.distribution(before)
            assert math.isclose(sum(shown.values()), 1), "probabilities sum to 1"
            assert list(shown.values()) == sorted(shown.values(), reverse=True), "most probable first"
        assert math.isclose(yours.log_prob(list("abcd")), ours.log_prob(list("abcd"))), "the whole text"
        _check_draws(yours, ours)
    refuses(NGram, 0, "ab")
    refuses(NGram, 2, [])
    refuses(NGram(2, "ab").count, [["z"]])


def _check_draws(yours: Any, ours: ngrams.NGram) -> None:
    draws = [yours.sample(["a"], torch.Generator().manual_seed(seed)) for seed in range(400)]
    for token, p in ours.distribution(["a"]).items():
        # Four standard deviations: a right model fails in one of 16,000 such counts.
        assert abs(draws.count(token) - 400 * p) <= 4 * math.sqrt(400 * p), (
            f"{token!r} is drawn too often or too rarely"
        )
    for seed in range(10):
        text = yours.generate(["a"], torch.Generator().manual_seed(seed), end="c", limit=9)
        assert text[0] == "a" and "c" not in text and len(text) <= 9, (
            "begin with the prompt, leave the end out"
        )


def _vectors(seed: int, *shape: int) -> Tensor:
    return 2 + 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def norms_layer_norm(layer_norm: Any) -> None:
    """Check a vector by hand, then random ones against torch's."""
    one = layer_norm(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 1.0]), torch.tensor([0.0, 5.0]), 0.0)
    assert one is not None, "return the vectors"
    assert one.tolist() == [-2.0, 6.0], (
        "1 and 3 have mean 2 and variance 1: -1 and 1, times the gain, plus the shift"
    )
    gain, shift = torch.randn(2, 7, generator=torch.Generator().manual_seed(1))
    for seed, shape in enumerate([(7,), (4, 7), (2, 3, 7)]):
        x = _vectors(seed, *shape)
        for eps in (1e-5, 0.5):
            for bias in (shift, None):
                wanted = F.layer_norm(x, (7,), gain, bias, eps)
                found = layer_norm(x, gain, bias, eps)
                message = f"shape {shape}, eps {eps}, shift {bias is not None}: not torch's layer norm"
                assert found.shape == x.shape and torch.allclose(found, wanted, atol=1e-5), message
    assert torch.allclose(layer_norm(x / 1e3, gain), F.layer_norm(x / 1e3, (7,), gain), atol=1e-5), (
        "eps is 1e-5"
    )


def norms_rms_norm(rms_norm: Any) -> None:
    """Check a vector by hand, then random ones against torch's."""
    one = rms_norm(torch.tensor([3.0, 4.0, 0.0, 0.0]), torch.tensor([1.0, 2.0, 1.0, 1.0]), 0.0)
    assert one is not None, "return the vectors"
    assert torch.allclose(one, torch.tensor([1.2, 3.2, 0, 0])), (
        "3 and 4 of four numbers: the root mean square is 2.5"
    )
    gain = torch.randn(7, generator=torch.Generator().manual_seed(2))
    for seed, shape in enumerate([(7,), (4, 7), (2, 3, 7)]):
        x = _vectors(seed, *shape)
        for eps in (1e-5, 0.5):
            found, wanted = rms_norm(x, gain, eps), F.rms_norm(x, (7,), gain, eps)
            assert found.shape == x.shape, "the vectors keep their shape"
            assert torch.allclose(found, wanted, atol=1e-5), f"shape {shape}, eps {eps}: not torch's RMS norm"
    assert torch.allclose(rms_norm(x / 1e3, gain), F.rms_norm(x / 1e3, (7,), gain, 1e-5), atol=1e-5), (
        "eps is 1e-5"
    )


def blocks_gelu(gelu: Any) -> None:
    """Check values against torch's exact form."""
    x = torch.linspace(-5, 5, 41)
    found = gelu(x)
    assert found is not None, "return a number for each"
    assert found[20] == 0 and torch.allclose(found[-1], x[-1], atol=1e-4), "0 stays 0, and 5 nearly 5"
    assert torch.allclose(found, F.gelu(x), atol=1e-6), "not torch's exact GELU"


def blocks_swiglu(swiglu: Any) -> None:
    """Check that the first argument is the gate."""
    gate, up = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(3))
    found = swiglu(gate, up)
    assert found is not None, "return a number for each"
    assert torch.allclose(found, F.silu(gate) * up, atol=1e-6), "gate times sigmoid of the gate, times up"


def blocks_MLP(MLP: Any) -> None:  # noqa: N802, N803  (named like the class that it checks)
    """Check each activation against its formula, with the weights that the module holds."""
    bends: dict[str, Callable[[Tensor], Tensor]] = {
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "relu": F.relu,
        "relu_squared": lambda x: x.relu() ** 2,
    }
    for activation in ("swiglu", *bends):
        for bias in (False, True):
            mlp = MLP(d_model=6, d_ff=9, activation=activation, bias=bias)
            assert mlp.up.weight.shape == (9, 6) and mlp.down.weight.shape == (6, 9), "up to F, and back to D"
            assert (mlp.up.bias is not None) == (mlp.down.bias is not None) == bias, (
                "biases where they are asked for"
            )
            x = _vectors(4, 2, 5, 6)
            up = mlp.up(x)
            inner = F.silu(mlp.gate(x)) * up if activation == "swiglu" else bends[activation](up)
            found = mlp(x)
            assert found is not None, "return what the part adds"
            assert torch.allclose(found, mlp.down(inner), atol=1e-4), f"{activation}: not its formula"
    assert MLP(d_model=6, d_ff=9).gate is not None, "SwiGLU unless told otherwise"
    refuses(lambda: MLP(d_model=6, d_ff=9, activation="sine"))


def blocks_Block(Block: Any) -> None:  # noqa: N802, N803
    """Check where the norms stand and what is added, against the parts that the block holds."""
    for post_norm in (False, True):
        config = ModelConfig(
            vocab_size=5, context_length=8, n_layers=2, n_heads=3, d_model=12, d_ff=10, bias=True,
            qk_norm=True, norm="layer", norm_eps=0.3, activation="gelu", post_norm=post_norm,
        )  # fmt: skip
        torch.manual_seed(0)
        block = Block(config)
        for weight in block.parameters():
            torch.nn.init.normal_(weight, std=0.5)
        x, mask = _vectors(5, 2, 7, 12), causal_mask(7)
        attend, one, two = block.attention, block.attention_norm, block.mlp_norm
        if post_norm:
            first = one(x + attend(x, mask))
            wanted = two(first + block.mlp(first))
        else:
            first = x + attend(one(x), mask)
            wanted = first + block.mlp(two(first))
        found = block(x, mask)
        assert found is not None, "return the stream"
        name = "post-norm" if post_norm else "pre-norm"
        assert torch.allclose(found, wanted, atol=1e-4), (
            f"{name}: x + part(norm(x)), or norm(x + part(x)) with post_norm"
        )
        assert torch.allclose(block(x, causal=True), wanted, atol=1e-4), "causal=True reaches attention"
        assert one.eps == two.eps == block.attention.q_norm.eps == 0.3, "norm_eps reaches every norm"
        assert block.mlp.activation == "gelu" and block.mlp.up.bias is not None, (
            "the MLP follows the configuration"
        )
