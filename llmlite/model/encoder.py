"""Encoder: the same blocks without the causal mask; every place sees the whole text.

Shapes: B batch, T length, D d_model, V vocabulary.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmlite.model.blocks import Stack
from llmlite.model.config import ModelConfig
from llmlite.model.embeddings import Embeddings
from llmlite.model.gpt import check_ids, draw_weights, quiet_outputs
from llmlite.model.norms import make_norm


class Encoder(nn.Module):
    """An encoder-only transformer, which returns a vector for each token.

    Args:
        config: sizes and choices; BERT's are norm="layer", post_norm=True, activation="gelu", bias=True and
            learned positions.
        n_types: kinds of text in a row, told apart by a vector of their own; 0 for none. BERT has 2.

    Reference: devlin2019, section 3.
    """

    def __init__(self, config: ModelConfig, n_types: int = 0) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.types = nn.Embedding(n_types, config.d_model) if n_types else None
        first, last = (config.norm, "none") if config.post_norm else ("none", config.norm)
        self.embedding_norm = make_norm(first, config.d_model, config.norm_eps, config.bias)
        self.stack = Stack(config, causal=False)
        self.norm = make_norm(last, config.d_model, config.norm_eps, config.bias)
        self.apply(draw_weights)
        quiet_outputs(self.stack)

    def forward(self, ids: Tensor, mask: Tensor | None = None, types: Tensor | None = None) -> Tensor:
        """Return a vector for each of `ids`.

        Args:
            ids: token ids, (B, T).
            mask: True where a query may attend, broadcast to (B, H, T, T); `padding_mask` makes one.
            types: kind of text of each token, (B, T); all 0 unless told otherwise.

        Returns:
            (B, T, D).

        Raises:
            ValueError: the tokens do not fit into the context, are no rows of ids, or have types that the
                model does not know.
        """
        check_ids(ids, 0, self.config)
        x = self.embeddings(ids)  # (B, T, D)
        if self.types is not None:
            x = x + self.types(torch.zeros_like(ids) if types is None else types)  # (B, T, D)
        elif types is not None:
            raise ValueError("types are given to an encoder with n_types=0: make it with n_types=2")
        encoded: Tensor = self.norm(self.stack(self.embedding_norm(x), mask))  # (B, T, D)
        return encoded


class MaskedLM(nn.Module):
    """An encoder that scores what stands at each place, for places that are hidden from it.

    Args:
        encoder: makes the vectors; its table of embeddings scores the tokens, too.

    Reference: devlin2019, section 3.1.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        config = encoder.config
        self.encoder = encoder
        self.dense = nn.Linear(config.d_model, config.d_model)
        self.norm = make_norm(config.norm, config.d_model, config.norm_eps, config.bias)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.dense.apply(draw_weights)

    def forward(self, ids: Tensor, mask: Tensor | None = None, types: Tensor | None = None) -> Tensor:
        """Return the logits of the token at each of `ids`: (B, T, V); arguments as in `Encoder`."""
        x = self.norm(F.gelu(self.dense(self.encoder(ids, mask, types))))  # (B, T, D)
        return F.linear(x, self.encoder.embeddings.token.weight, self.bias)  # (B, T, V)
