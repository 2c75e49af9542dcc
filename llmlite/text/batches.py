"""Pieces of text, cut to the size of one step."""

from collections.abc import Iterator

import torch
from torch import Tensor


def pair_batches(
    ids: Tensor, batch_size: int, steps: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield tokens and the tokens that follow them, from random positions of a text.

    Args:
        ids: (N,) token ids of the whole text.
        batch_size: B, pairs in a batch.
        steps: number of batches.
        generator: draws the positions.

    Yields:
        inputs (B,) and targets (B,), each target one position after its input.

    Raises:
        ValueError: the text has fewer than two tokens, or a batch no pair.
    """
    if len(ids) < 2:
        raise ValueError(f"{len(ids)} tokens hold no pair: the text needs at least 2")
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: a batch holds at least 1 pair")
    for _ in range(steps):
        start = torch.randint(len(ids) - 1, (batch_size,), generator=generator)
        yield ids[start], ids[start + 1]
