"""Pieces of text, cut to the size of one step.

Shapes: B batch, T length of the longest row, S tokens of context, N examples, V vocabulary.
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


def skip_grams(rows: Sequence[Sequence[int]], window: int) -> Tensor:
    """Return every word of the texts paired with each word near it.

    Args:
        rows: ids of each text; no pair reaches from one into another.
        window: words that are near, on each side.

    Returns:
        (N, 2): a word, and one of its neighbours.

    Raises:
        ValueError: there is no text, or the window holds no word.

    Reference: mikolov2013b, section 2.
    """
    if not rows or window < 1:
        raise ValueError(f"{len(rows)} texts, window={window}: both must be 1 or more")
    ids = torch.tensor([i for row in rows for i in row], dtype=torch.long)
    text = torch.repeat_interleave(torch.tensor([len(row) for row in rows]))  # which text it stands in
    pairs = []
    for distance in range(1, window + 1):
        near = text[:-distance] == text[distance:]
        left, right = ids[:-distance][near], ids[distance:][near]
        pairs += [torch.stack([left, right], dim=1), torch.stack([right, left], dim=1)]
    return torch.cat(pairs)  # (N, 2)


def skip_gram_batches(
    pairs: Tensor,
    counts: Tensor,
    negatives: int,
    batch_size: int,
    steps: int,
    generator: torch.Generator,
    power: float = 0.75,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield real pairs, each with words drawn at random for the same place, and which is which.

    Args:
        pairs: (N, 2) words and their neighbours.
        counts: (V,) how often each word occurs.
        negatives: words that are drawn for each pair.
        batch_size: B, pairs in a batch.
        steps: number of batches.
        generator: draws pairs and words.
        power: a word is drawn in proportion to its count to this power.

    Yields:
        ids (B, 2 + negatives), a word, its neighbour, and the drawn ones; labels (B, 1 + negatives), 1
        for the neighbour and 0 for the drawn.

    Raises:
        ValueError: there is no pair, or a batch of none.

    Reference: mikolov2013b, section 2.2.
    """
    if len(pairs) < 1 or batch_size < 1 or negatives < 1:
        raise ValueError(
            f"{len(pairs)} pairs, batch_size={batch_size}, negatives={negatives}: each must be 1 or more"
        )
    noise = counts.double() ** power
    labels = torch.zeros(batch_size, 1 + negatives)
    labels[:, 0] = 1
    for _ in range(steps):
        real = pairs[torch.randint(len(pairs), (batch_size,), generator=generator)]  # (B, 2)
        drawn = torch.multinomial(noise, batch_size * negatives, replacement=True, generator=generator)
        yield torch.cat([real, drawn.view(batch_size, negatives)], dim=1), labels


def windows(rows: Sequence[Sequence[int]], width: int, end: int) -> tuple[Tensor, Tensor]:
    """Return every token of the texts, their ends included, and the tokens before it.

    Args:
        rows: ids of each text, without its end.
        width: S, tokens of context; before a text stands `end`, as often as needed.
        end: the id that stands between texts.

    Returns:
        contexts (N, S) and targets (N,), N counting the tokens and one end of each text.

    Raises:
        ValueError: there is no text, or the window holds no token.
    """
    if not rows or width < 1:
        raise ValueError(f"{len(rows)} texts, width={width}: both must be 1 or more")
    contexts, targets = [], []
    for row in rows:
        padded_row = torch.tensor([end] * width + [*row, end])  # (S + T,)
        contexts.append(padded_row[:-1].unfold(0, width, 1))  # (T, S)
        targets.append(padded_row[width:])  # (T,)
    return torch.cat(contexts), torch.cat(targets)


def window_batches(
    contexts: Tensor, targets: Tensor, batch_size: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield all windows once, in random order.

    Args:
        contexts: (N, S).
        targets: (N,).
        batch_size: B, windows in a batch; the last batch may have fewer.
        generator: draws the order.

    Yields:
        contexts (B, S) and targets (B,).

    Raises:
        ValueError: contexts and targets are not equally many, or a batch holds none.
    """
    if len(contexts) != len(targets) or batch_size < 1:
        raise ValueError(
            f"{len(contexts)} contexts, {len(targets)} targets, batch_size={batch_size}: "
            "each context needs one target, and a batch holds at least 1"
        )
    order = torch.randperm(len(contexts), generator=generator)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        yield contexts[chosen], targets[chosen]


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
