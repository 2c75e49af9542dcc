"""Pieces of text, cut to the size of one step.

Shapes: B batch, T length of the longest row.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

IGNORE_INDEX = -100  # a target that does not count
SORTED = 4096  # rows that are sorted by length together; sorting more of them at once would age the stream


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


def padded(rows: Sequence[Sequence[int]], end: int) -> tuple[Tensor, Tensor]:
    """Return inputs and targets of whole texts, one a row, the ends of the rows padded.

    Every text is read from its first token to its end: the input begins with the end of the text before it,
    and the last target is the end of this one.

    Args:
        rows: ids of each text, without its end.
        end: the id that stands between texts.

    Returns:
        inputs (B, T) and targets (B, T), T one more than the longest row; padding is `end` in the inputs and
        `IGNORE_INDEX` in the targets.

    Raises:
        ValueError: there is no row.
    """
    if not rows:
        raise ValueError("0 rows make no batch: it needs 1 or more")
    width = max(map(len, rows)) + 1
    inputs = torch.full((len(rows), width), end)  # (B, T)
    targets = torch.full((len(rows), width), IGNORE_INDEX)  # (B, T)
    for i, row in enumerate(rows):
        inputs[i, 1 : len(row) + 1] = torch.tensor(row, dtype=torch.long)
        targets[i, : len(row) + 1] = torch.tensor([*row, end])
    return inputs, targets


def text_batches(
    rows: Sequence[Sequence[int]], batch_tokens: int, end: int, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """Return all texts once, as batches of about equally many tokens, one text a row.

    Texts of similar length go together, so that little is padding. The generator draws the order of the
    batches.

    Args:
        rows: ids of each text, without its end.
        batch_tokens: about so many tokens in a batch; at least one text.
        end: the id that stands between texts.
        generator: draws the order.

    Returns:
        Pairs as `padded` makes them.

    Raises:
        ValueError: a batch of no token.
    """
    if batch_tokens < 1:
        raise ValueError(f"batch_tokens={batch_tokens}: a batch holds at least 1 token")
    batches = []
    for start in range(0, len(rows), SORTED):
        groups: list[list[Sequence[int]]] = [[]]
        held = 0
        for row in sorted(rows[start : start + SORTED], key=len):
            if groups[-1] and held + (len(row) + 1) / 2 > batch_tokens:
                groups.append([])
                held = 0
            groups[-1].append(row)
            held += len(row) + 1
        order = torch.randperm(len(groups), generator=generator).tolist()
        batches += [padded(groups[i], end) for i in order]
    return batches
