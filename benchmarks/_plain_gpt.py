"""The usual GPT in plain PyTorch: what one writes who knows torch.nn and wants a GPT-2 that trains."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmlite.model.config import ModelConfig


class PlainBlock(nn.Module):
    """One linear map for queries, keys and values, torch's attention, and an MLP."""

    def __init__(self, width: int, heads: int, inside: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, inside), nn.GELU(approximate="tanh"), nn.Linear(inside, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return x (B, T, D) with what attention and the MLP add."""
        rows, length, width = x.shape
        split = (rows, length, self.heads, width // self.heads)
        q, k, v = (part.view(split).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(y.transpose(1, 2).reshape(rows, length, width))
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class PlainGPT(nn.Module):
    """Blocks between a table of tokens, which is the head too, and one of places."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.d_model
        self.tokens = nn.Embedding(config.vocab_size, width)
        self.places = nn.Embedding(config.context_length, width)
        self.blocks = nn.ModuleList(
            PlainBlock(width, config.n_heads, config.d_ff) for _ in range(config.n_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, config.vocab_size, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (B, T, V) of what follows each of ids (B, T)."""
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))  # type: ignore[no-any-return]
