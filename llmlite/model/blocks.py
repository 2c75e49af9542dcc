"""Blocks: attention mixes places, an MLP works on each place, and both add to one stream.

Shapes: B batch, T query length, S key length, D d_model, H heads, Dh head size, F d_ff.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmlite.model.attention import Angles, Attention, causal_mask
from llmlite.model.cache import KVCache, LayerCache
from llmlite.model.config import ACTIVATIONS, ModelConfig
from llmlite.model.norms import make_norm
from llmlite.model.positions import alibi_bias, alibi_slopes, rope_angles, stretched


def gelu(x: Tensor) -> Tensor:
    """Return each number times the chance that a standard normal one is smaller.

    Reference: hendrycks2016, section 2.
    """
    return x * (1 + torch.erf(x / 2**0.5)) / 2


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """Return `up`, opened and closed by a smooth gate: gate * sigmoid(gate) * up.

    Reference: shazeer2020, equation 6.
    """
    return gate * gate.sigmoid() * up


class MLP(nn.Module):
    """Work on each place by itself: up to a wider layer, through a bend, and back.

    Args:
        d_model: D, width of the stream.
        d_ff: F, width inside.
        activation: "swiglu", which has a third matrix, "gelu", "gelu_tanh", "relu" or "relu_squared".
        bias: the linear maps have biases.

    Raises:
        ValueError: another activation.
    """

    def __init__(self, *, d_model: int, d_ff: int, activation: str = "swiglu", bias: bool = False) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation={activation!r} is none of {', '.join(ACTIVATIONS)}")
        self.activation = activation
        self.up = nn.Linear(d_model, d_ff, bias=bias)
        self.gate = nn.Linear(d_model, d_ff, bias=bias) if activation == "swiglu" else None
        self.down = nn.Linear(d_ff, d_model, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (B, T, D) to what this part adds, (B, T, D)."""
        up = self.up(x)  # (B, T, F)
        if self.gate is not None:
            up = F.silu(self.gate(x)) * up
        elif self.activation.startswith("gelu"):
            up = F.gelu(up, approximate="tanh" if self.activation == "gelu_tanh" else "none")
        else:
            up = up.relu().square() if self.activation == "relu_squared" else up.relu()
        down: Tensor = self.down(up)  # (B, T, D)
        return down


class Block(nn.Module):
    """Attention, then an MLP; each reads the stream and adds to it.

    Args:
        config: sizes and choices.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.post_norm = config.post_norm
        self.attention_norm = make_norm(config.norm, config.d_model, config.norm_eps, config.bias)
        self.attention = Attention(
            d_model=config.d_model,
            n_heads=config.n_heads,
            n_kv_heads=config.n_kv_heads,
            bias=config.bias,
            qk_norm=config.qk_norm,
            norm_eps=config.norm_eps,
        )
        self.mlp_norm = make_norm(config.norm, config.d_model, config.norm_eps, config.bias)
        self.mlp = MLP(
            d_model=config.d_model, d_ff=config.d_ff, activation=config.activation, bias=config.bias
        )

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        bias: Tensor | None = None,
        angles: Angles | None = None,
        causal: bool = False,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Return the stream x (B, T, D) with what this block adds to it; arguments as in `Attention`."""
        if self.post_norm:
            x = self.attention_norm(x + self.attention(x, mask, bias, angles, causal, cache=cache))
            return self.mlp_norm(x + self.mlp(x))  # type: ignore[no-any-return]
        x = x + self.attention(self.attention_norm(x), mask, bias, angles, causal, cache=cache)
        return x + self.mlp(self.mlp_norm(x))  # type: ignore[no-any-return]


class Stack(nn.Module):
    """Blocks on top of each other, and what their attention knows of positions.

    Args:
        config: sizes and choices.
        causal: no place sees those after it.
    """

    cos: Tensor
    sin: Tensor
    slopes: Tensor

    def __init__(self, config: ModelConfig, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        self.kind = config.positions.kind
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        if self.kind == "rope":
            speeds, scale = stretched(config.positions, config.head_size)
            cos, sin = rope_angles(torch.arange(config.context_length), speeds)  # (T, Dh/2)
            self.register_buffer("cos", cos * scale, persistent=False)
            self.register_buffer("sin", sin * scale, persistent=False)
        if self.kind == "alibi":
            self.register_buffer("slopes", alibi_slopes(config.n_heads), persistent=False)

    def forward(self, x: Tensor, mask: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        """Pass the stream x (B, T, D) through all blocks.

        Args:
            x: (B, T, D).
            mask: True where a query may attend, broadcast to (B, H, T, S); a causal stack adds its own.
            cache: keys and values of the places before x; those of x are added to it.

        Raises:
            ValueError: a mask that is not of booleans, or not of S keys.
        """
        new, start = x.shape[1], 0 if cache is None else cache.length
        if mask is not None and (mask.dtype != torch.bool or mask.shape[-1] != start + new):
            raise ValueError(
                f"mask of {mask.dtype} and shape {tuple(mask.shape)}: it holds booleans, True where a query "
                f"may attend, and its last axis is S={start + new} keys"
            )
        angles, bias, causal = None, None, self.causal
        if self.kind == "rope":
            angles = self.cos[start : start + new], self.sin[start : start + new]  # (T, Dh/2)
        if self.kind == "alibi":
            places = torch.arange(start + new, device=x.device)  # (S,)
            bias = alibi_bias(self.slopes, places[start:], places)  # (H, T, S)
        if causal and (mask is not None or bias is not None or start):
            past = causal_mask(new, start + new).to(x.device)  # (T, S)
            mask, causal = past if mask is None else mask & past, False
        for layer, block in enumerate(self.blocks):
            x = block(x, mask, bias, angles, causal, None if cache is None else cache.layer(layer))
        return x
