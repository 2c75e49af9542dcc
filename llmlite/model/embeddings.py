"""Tokens as vectors: the table at the entrance of a model."""

import torch
from torch import Tensor, nn

from llmlite.model.config import ModelConfig
from llmlite.model.positions import sinusoidal


class Embeddings(nn.Module):
    """Look up the vector of each token, and add that of its place where the scheme has one.

    Args:
        config: sizes and the scheme of positions.
    """

    places: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.kind = config.positions.kind
        self.token = nn.Embedding(config.vocab_size, config.d_model)
        if self.kind == "learned":
            self.position = nn.Embedding(config.context_length, config.d_model)
        if self.kind == "sinusoidal":
            table = sinusoidal(config.context_length, config.d_model, config.positions.base)
            self.register_buffer("places", table, persistent=False)

    def forward(self, ids: Tensor, start: int = 0) -> Tensor:
        """Return the stream that the first block reads.

        Args:
            ids: (B, T).
            start: the place of the first of them.

        Returns:
            (B, T, D).
        """
        x: Tensor = self.token(ids)  # (B, T, D)
        if self.kind == "learned":
            x = x + self.position(torch.arange(start, start + ids.shape[1], device=ids.device))
        if self.kind == "sinusoidal":
            x = x + self.places[start : start + ids.shape[1]]
        return x
