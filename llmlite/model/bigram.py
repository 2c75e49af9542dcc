"""The smallest neural language model: one table, learned instead of counted."""

import torch
from torch import Tensor, nn


class Bigram(nn.Module):
    """Score every next token from the token before it.

    Args:
        vocab_size: V, number of tokens.
    """

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(vocab_size, vocab_size))

    def forward(self, ids: Tensor) -> Tensor:
        """Return the row of scores (logits) of each token: ids (B,) -> logits (B, V)."""
        return self.scores[ids]
