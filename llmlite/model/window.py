"""A language model that sees the vectors of a few tokens.

Shapes: B batch, S tokens of context, D width of a vector, F width of the hidden layer, V vocabulary.

Deviations from bengio2003: the hidden layer uses GELU instead of tanh, its result is brought to the width of
a vector before it is compared with the tokens, and no direct connections skip it.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class WindowModel(nn.Module):
    """Score the next token from the last few, their vectors laid side by side.

    Args:
        vocab_size: V, number of tokens.
        width: S, tokens of context.
        d_model: D, numbers in a vector.
        d_hidden: F, numbers in the hidden layer.
        tied: the table that is looked up also scores the next token.

    Reference: bengio2003, section 2; tied tables: press2017.
    """

    def __init__(self, vocab_size: int, width: int, d_model: int, d_hidden: int, tied: bool = False) -> None:
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.hidden = nn.Linear(width * d_model, d_hidden)
        self.back = nn.Linear(d_hidden, d_model)
        self.score = nn.Linear(d_model, vocab_size, bias=False)
        nn.init.normal_(self.token.weight, std=d_model**-0.5)  # about as long as 1
        if tied:
            self.score.weight = self.token.weight

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits of the next token: ids (B, S) -> logits (B, V)."""
        x = self.token(ids).flatten(1)  # (B, S * D)
        x = F.gelu(self.hidden(x))  # (B, F)
        logits: Tensor = self.score(self.back(x))  # (B, V)
        return logits
