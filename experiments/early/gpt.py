"""A small GPT, plain form: RMSNorm, rotary positions, QK-norm, squared-ReLU MLP, tied embeddings.

Shapes: B batch, T query length, S key length, D d_model, H heads, Dh head size, F d_ff, V vocabulary.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Config:
    """The sizes of a model."""

    vocab_size: int = 1536
    context_length: int = 256
    n_layers: int = 4
    n_heads: int = 4
    d_model: int = 80
    d_ff: int = 320

    def __post_init__(self) -> None:
        """Check that the heads divide the width evenly.

        Raises:
            ValueError: if d_model is no even multiple of n_heads.
        """
        if self.d_model % (2 * self.n_heads):
            raise ValueError(f"d_model={self.d_model} must be an even multiple of n_heads={self.n_heads}")


class Cache:
    """The keys and values of the tokens that the model has already read, one pair for each layer."""

    def __init__(self) -> None:
        self.layers: dict[int, tuple[Tensor, Tensor]] = {}
        self.length = 0

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append k and v (B, H, T, Dh) to those of a layer and return all of them (B, H, S, Dh)."""
        if layer in self.layers:
            k = torch.cat([self.layers[layer][0], k], dim=2)  # (B, H, S, Dh)
            v = torch.cat([self.layers[layer][1], v], dim=2)  # (B, H, S, Dh)
        self.layers[layer] = (k, v)
        return k, v

    def keep(self, rows: Tensor) -> None:
        """Forget the rows of the batch that are not in `rows`."""
        self.layers = {layer: (k[rows], v[rows]) for layer, (k, v) in self.layers.items()}


def rope_tables(context_length: int, head_size: int, base: float = 10_000.0) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of the angle of each position and each pair of features, both (T, Dh/2)."""
    speeds = base ** (-torch.arange(0, head_size, 2) / head_size)  # (Dh/2,)
    angles = torch.outer(torch.arange(context_length), speeds)  # (T, Dh/2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of features (i, i + Dh/2) of x (..., T, Dh) by the angle of its position."""
    left, right = x.chunk(2, dim=-1)  # (..., T, Dh/2)
    return torch.cat([left * cos - right * sin, left * sin + right * cos], dim=-1)  # (..., T, Dh)


class Attention(nn.Module):
    """Causal self-attention with rotary positions and normalised queries and keys."""

    def __init__(self, *, d_model: int, n_heads: int, layer: int) -> None:
        super().__init__()
        self.n_heads, self.layer = n_heads, layer
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, d_model, bias=False)
        self.value = nn.Linear(d_model, d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)
        self.q_norm = nn.RMSNorm(d_model // n_heads)
        self.k_norm = nn.RMSNorm(d_model // n_heads)

    def heads(self, x: Tensor) -> Tensor:
        """Split the width of x (B, T, D) into heads (B, H, T, Dh)."""
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (B, H, T, Dh)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: Cache | None = None) -> Tensor:
        """Let each position of x (B, T, D) gather from itself and the positions before it."""
        q = rotate(self.q_norm(self.heads(self.query(x))), cos, sin)  # (B, H, T, Dh)
        k = rotate(self.k_norm(self.heads(self.key(x))), cos, sin)  # (B, H, T, Dh)
        v = self.heads(self.value(x))  # (B, H, T, Dh)
        if cache is not None:
            k, v = cache.extend(self.layer, k, v)  # (B, H, S, Dh)
        new, old = q.shape[2], k.shape[2] - q.shape[2]
        mask = torch.ones(new, old + new, dtype=torch.bool).tril(old) if old else None  # (T, S)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=not old)  # (B, H, T, Dh)
        return self.out(y.transpose(1, 2).flatten(2))  # (B, T, D)


class Block(nn.Module):
    """Attention, then an MLP, each added to the stream."""

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.d_model)
        self.attention = Attention(d_model=config.d_model, n_heads=config.n_heads, layer=layer)
        self.mlp_norm = nn.RMSNorm(config.d_model)
        self.up = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: Cache | None = None) -> Tensor:
        """Return the stream x (B, T, D) with what this block adds to it."""
        x = x + self.attention(self.attention_norm(x), cos, sin, cache)  # (B, T, D)
        return x + self.down(self.up(self.mlp_norm(x)).relu().square())  # (B, T, D)


class GPT(nn.Module):
    """A decoder-only transformer that returns logits."""

    cos: Tensor
    sin: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layers))
        self.norm = nn.RMSNorm(config.d_model)
        self.log_scale = nn.Parameter(torch.zeros(()))  # how sure the model may be, learned
        cos, sin = rope_tables(config.context_length, config.d_model // config.n_heads)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.reset()

    def reset(self) -> None:
        """Draw the weights: by the width of their input, and zero where a block writes to the stream."""
        for weight in (p for p in self.parameters() if p.ndim == 2):
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
        for block in self.blocks:
            nn.init.zeros_(block.attention.out.weight)
            nn.init.zeros_(block.down.weight)

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """Return the logits of the token after each of `ids`.

        Args:
            ids: token ids, (B, T).
            cache: the tokens already read; `ids` follow them and are added to it.

        Returns:
            Logits, (B, T, V).

        Raises:
            ValueError: if the tokens do not fit into the context.
        """
        start = 0 if cache is None else cache.length
        stop = start + ids.shape[1]
        if stop > self.config.context_length:
            raise ValueError(f"{stop} tokens do not fit into a context of {self.config.context_length}")
        x = self.embedding(ids)  # (B, T, D)
        for block in self.blocks:
            x = block(x, self.cos[start:stop], self.sin[start:stop], cache)  # (B, T, D)
        if cache is not None:
            cache.length = stop
        x = self.norm(x) * (10 * self.log_scale).exp()  # ten times as fast as the other parameters
        return F.linear(x, self.embedding.weight)  # (B, T, V)
