"""Attention in tiles, as FlashAttention computes it: exact, and never a whole table of scores.

A row of scores is read in pieces. `merge` holds what is known so far, so no piece is needed twice, and the
backward pass makes the weights of each tile again instead of keeping them.

Shapes: B batch, T query length, S key length, H heads, K heads of keys and values, Dh head size;
in one tile, R rows (queries) and C columns (keys), each at most the size of a block.

Deviations from dao2022 and dao2023: their kernels hold a tile in the small fast memory of a GPU; here a tile
lies where all tensors lie, and the loops are Python's: this shows the memory, not the speed. As in dao2023,
queries are the outer loop of the forward pass, a row is divided by its sum once, at the end, and one number a
row is kept, its logsumexp; unlike there, they are the outer loop of the backward pass too. Tiles are square.
Sums have the type of the inputs, where the kernels add in single precision. There is no dropout.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from llmlite.model.attention import shared_heads

Tiles = Iterator[tuple[slice, list[slice]]]


class Running(NamedTuple):
    """What is known of some rows after a part of their scores.

    Args:
        largest: the largest score, (..., R, 1).
        total: the sum of exp(score - largest), (..., R, 1).
        mixed: the values, each times its exp(score - largest), summed: (..., R, Dh).
    """

    largest: Tensor
    total: Tensor
    mixed: Tensor


def nothing_read(q: Tensor) -> Running:
    """Return what is known of the rows of q (..., R, Dh) before their first score."""
    # Not -inf: a row may see nothing of its first piece, and -inf - -inf is no number.
    lowest = torch.full_like(q[..., :1], torch.finfo(q.dtype).min)  # (..., R, 1)
    return Running(lowest, torch.zeros_like(lowest), torch.zeros_like(q))


def merge(known: Running, scores: Tensor, v: Tensor) -> Running:
    """Read the next scores of each row, with the values that they weigh.

    Args:
        known: of the scores before.
        scores: (..., R, C), -inf where a query may not attend.
        v: values, (..., C, Dh).

    Returns:
        What is known now; `mixed / total` is the softmax of all scores so far, times their values.

    Reference: milakov2018, algorithm 3; dao2022, section 3.1.
    """
    largest = torch.maximum(known.largest, scores.amax(-1, keepdim=True))  # (..., R, 1)
    fade = (known.largest - largest).exp()  # the sums are relative to the old one
    weights = (scores - largest).exp()  # (..., R, C)
    total = known.total * fade + weights.sum(-1, keepdim=True)  # (..., R, 1)
    return Running(largest, total, known.mixed * fade + weights @ v)  # (..., R, Dh)


def pieces(length: int, block: int) -> list[slice]:
    """Cut `length` places into pieces of at most `block`."""
    return [slice(at, min(at + block, length)) for at in range(0, length, block)]


def tiles(queries: int, keys: int, causal: bool, block: int) -> Tiles:
    """Yield the queries of each row of tiles, and the keys of each tile in it.

    Args:
        queries: T, the last T places of the text where `causal`.
        keys: S.
        causal: leave out the keys that come after all queries of the row.
        block: the most queries, and keys, of a tile.
    """
    for rows in pieces(queries, block):
        seen = keys - (queries - rows.stop) if causal else keys  # by the last row
        yield rows, pieces(seen, block)


def tile_scores(
    q: Tensor,
    k: Tensor,
    rows: slice,
    columns: slice,
    causal: bool,
) -> Tensor:
    """Return the scores of one tile, -inf for keys in the future: (B, H, R, C)."""
    k_tile = shared_heads(k[:, :, columns], q.shape[1])  # (B, H, C, Dh)
    scores = q[:, :, rows] @ k_tile.mT / math.sqrt(q.shape[-1])  # (B, H, R, C)
    if causal:
        places = torch.arange(k.shape[2], device=q.device)  # (S,)
        asking = places[k.shape[2] - q.shape[2] :][rows]  # (R,)
        scores.masked_fill_(places[columns] > asking[:, None], -math.inf)
    return scores


def flash_forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    causal: bool = False,
    block: int = 64,
) -> tuple[Tensor, Tensor]:
    """Compute `attention` tile by tile.

    Args:
        q: queries, (B, H, T, Dh).
        k: keys, (B, K, S, Dh), H a multiple of K.
        v: values, (B, K, S, Dh).
        causal: each query sees its own place and those before it; queries are the last T of S places.
        block: the most queries, and keys, of a tile.

    Returns:
        The weighted means y (B, H, T, Dh), and lse (B, H, T), the logarithm of each row's sum of exp(score).

    Raises:
        ValueError: a block without a place, no key, fewer keys than queries where causal, or H no
            multiple of K.

    Reference: dao2023, algorithm 1.
    """
    _check(q, k, causal, block)
    y, lse = torch.empty_like(q), q.new_empty(q.shape[:-1])  # (B, H, T, Dh), (B, H, T)
    for rows, columns_seen in tiles(q.shape[2], k.shape[2], causal, block):
        known = nothing_read(q[:, :, rows])
        for columns in columns_seen:
            scores = tile_scores(q, k, rows, columns, causal)  # (B, H, R, C)
            known = merge(known, scores, shared_heads(v[:, :, columns], q.shape[1]))
        y[:, :, rows] = known.mixed / known.total
        lse[:, :, rows] = (known.largest + known.total.log()).squeeze(-1)
    return y, lse


def flash_backward(
    dy: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    y: Tensor,
    lse: Tensor,
    causal: bool = False,
    block: int = 64,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of q, k and v, making the weights of each tile again.

    Args:
        dy: the gradient of y, (B, H, T, Dh).
        q, k, v, causal, block: as given to `flash_forward`.
        y, lse: what it returned.

    Returns:
        dq (B, H, T, Dh), dk (B, K, S, Dh), dv (B, K, S, Dh).

    Reference: dao2023, algorithm 2.
    """
    dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    heads, scale = q.shape[1], math.sqrt(q.shape[-1])
    delta = (dy * y).sum(-1, keepdim=True)  # (B, H, T, 1), each row's mean of dweights
    for rows, columns_seen in tiles(q.shape[2], k.shape[2], causal, block):
        for columns in columns_seen:
            scores = tile_scores(q, k, rows, columns, causal)  # (B, H, R, C)
            weights = (scores - lse[:, :, rows, None]).exp()  # (B, H, R, C)
            v_tile = shared_heads(v[:, :, columns], heads)  # (B, H, C, Dh)
            dweights = dy[:, :, rows] @ v_tile.mT  # (B, H, R, C)
            dscores = weights * (dweights - delta[:, :, rows]) / scale  # (B, H, R, C)
            dq[:, :, rows] += dscores @ shared_heads(k[:, :, columns], heads)
            dk[:, :, columns] += sum_shared(dscores.mT @ q[:, :, rows], k.shape[1])
            dv[:, :, columns] += sum_shared(weights.mT @ dy[:, :, rows], v.shape[1])
    return dq, dk, dv


def sum_shared(x: Tensor, n_kv_heads: int) -> Tensor:
    """Add up what comes back from heads that share: the way back of `shared_heads`.

    Args:
        x: (B, H, C, Dh).
        n_kv_heads: K.

    Returns:
        (B, K, C, Dh).
    """
    return x.view(len(x), n_kv_heads, -1, *x.shape[2:]).sum(dim=2)  # (B, K, C, Dh)


class Tiled(torch.autograd.Function):
    """Tell autograd how to go back: it keeps y and lse, but no weights."""

    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        causal: bool,
        block: int,
    ) -> Tensor:
        """Compute the means, and keep what the way back needs."""
        y, lse = flash_forward(q, k, v, causal, block)
        ctx.save_for_backward(q, k, v, y, lse)
        ctx.causal, ctx.block = causal, block
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """Return a gradient for each argument of `forward`, None for the last two."""
        q, k, v, y, lse = ctx.saved_tensors
        dq, dk, dv = flash_backward(dy, q, k, v, y, lse, ctx.causal, ctx.block)
        return dq, dk, dv, None, None


def flash_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    causal: bool = False,
    block: int = 64,
) -> Tensor:
    """Compute `attention` tile by tile, forward and backward; see `flash_forward`.

    Returns:
        (B, H, T, Dh); gradients flow, but only once: there are no second derivatives.

    Reference: dao2022; dao2023.
    """
    y: Tensor = Tiled.apply(q, k, v, causal, block)  # type: ignore[no-untyped-call]
    return y


class Memory(NamedTuple):
    """How many numbers exist at once, for one head of one text, beside q, k and v.

    Args:
        peak: at the worst moment of the forward pass.
        kept: after it, for the backward pass, the result included.
    """

    peak: int
    kept: int


def attention_memory(
    queries: int,
    keys: int,
    head_size: int,
    block: int | None = None,
) -> Memory:
    """Count the numbers that attention holds at once, for one head of one text.

    Args:
        queries: T.
        keys: S.
        head_size: Dh.
        block: of `flash_attention`; None for `attention`, without a mask.

    Returns:
        Numbers, of four bytes each in float32. Exact, but for the peak in tiles, which is at most so high.
    """
    y = queries * head_size
    if block is None:
        table, copies = queries * keys, 2 * keys * head_size  # of k and v
        return Memory(peak=2 * table + copies + y, kept=table + copies + y)
    size = min(block, max(queries, keys))
    tile = 3 * size * size + 5 * size * (head_size + 1)
    return Memory(peak=y + queries + tile, kept=y + queries)  # y and lse


def _check(q: Tensor, k: Tensor, causal: bool, block: int) -> None:
    if block < 1:
        raise ValueError(f"block={block}: a tile has 1 row or more")
    if k.shape[2] < (q.shape[2] if causal else 1):
        raise ValueError(
            f"S={k.shape[2]} keys for T={q.shape[2]} queries: a query needs a key to look at, "
            "and with causal=True each sees its own"
        )
