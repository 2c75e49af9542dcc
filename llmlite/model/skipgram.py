"""Vectors of words, learned from the words beside them.

Shapes: B batch, C candidates, D width of a vector, V vocabulary.

Deviations from mikolov2013b: every distance within the window counts alike, frequent words are not thinned
out, and pairs are drawn at random instead of in the order of the text.
"""

import torch
from torch import Tensor, nn


class SkipGram(nn.Module):
    """Score how well words go together: a vector for each word, and one for each as a neighbour.

    Args:
        vocab_size: V, number of words.
        d_model: D, numbers in a vector.

    Reference: mikolov2013b, section 2.2.
    """

    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.word = nn.Embedding(vocab_size, d_model)
        self.neighbour = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.word.weight, std=d_model**-0.5)  # about as long as 1
        nn.init.zeros_(self.neighbour.weight)  # every pair is as likely as not

    def forward(self, ids: Tensor) -> Tensor:
        """Return the scores (logits) of candidates beside a word.

        Args:
            ids: (B, 1 + C), in each row a word and its candidates.

        Returns:
            (B, C), the dot products of the word's vector with those of the candidates.
        """
        word = self.word(ids[:, 0])  # (B, D)
        candidates = self.neighbour(ids[:, 1:])  # (B, C, D)
        return torch.einsum("bd,bcd->bc", word, candidates)  # (B, C)
