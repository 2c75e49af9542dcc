"""Attention: every place gathers from the places it may look at, by how well its query fits their keys.

Shapes: B batch, T query length, S key length, D d_model, H heads, K heads of keys and values, Dh head size.
A mask is made outside and is True where a query may attend.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmlite.model.cache import LayerCache
from llmlite.model.norms import RMSNorm
from llmlite.model.positions import rotate

Angles = tuple[Tensor, Tensor]


def causal_mask(queries: int, keys: int | None = None) -> Tensor:
    """Return a mask in which each query sees itself and what comes before it: (T, S).

    Args:
        queries: T, the last T places of the text.
        keys: S, all places of the text; T unless told otherwise.

    Raises:
        ValueError: fewer keys than queries.
    """
    keys = queries if keys is None else keys
    if keys < queries:
        raise ValueError(f"keys={keys} are fewer than queries={queries}: each query sees its own key")
    return torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)


def window_mask(queries: int, window: int, keys: int | None = None) -> Tensor:
    """Return a causal mask in which each query sees the last `window` places, its own included: (T, S).

    Raises:
        ValueError: a window without a place, or fewer keys than queries.
    """
    if window < 1:
        raise ValueError(f"window={window}: a query sees at least its own place")
    mask = causal_mask(queries, keys)  # (T, S)
    return mask & ~mask.tril(mask.shape[1] - mask.shape[0] - window)


def padding_mask(lengths: Tensor, keys: int) -> Tensor:
    """Return a mask in which no query sees the padding after the end of its row: (B, 1, 1, S).

    Args:
        lengths: (B,) tokens of each row.
        keys: S, places of the padded rows.

    Raises:
        ValueError: a row is longer than its places.
    """
    if len(lengths) and int(lengths.max()) > keys:
        raise ValueError(f"lengths.max()={int(lengths.max())} is above keys={keys}: no place for the end")
    return (torch.arange(keys, device=lengths.device) < lengths[:, None])[:, None, None, :]


def shared_heads(x: Tensor, n_heads: int) -> Tensor:
    """Repeat each head of keys or values for the heads of queries that share it.

    Args:
        x: (B, K, S, Dh).
        n_heads: H, a multiple of K.

    Returns:
        (B, H, S, Dh); head h of the queries meets head h // (H / K).

    Raises:
        ValueError: H is no multiple of K.

    Reference: ainslie2023.
    """
    if n_heads % x.shape[1]:
        raise ValueError(f"n_heads={n_heads} is not a multiple of n_kv_heads={x.shape[1]}")
    return x.repeat_interleave(n_heads // x.shape[1], dim=1)


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, bias: Tensor | None = None
) -> Tensor:
    """Return for each query the mean of the values, weighted by how well its key fits the query.

    Args:
        q: queries, (B, H, T, Dh).
        k: keys, (B, K, S, Dh), H a multiple of K.
        v: values, (B, K, S, Dh).
        mask: True where a query may attend, broadcast to (B, H, T, S); a query that may attend
            nowhere gets zeros.
        bias: added to the scores, broadcast to (B, H, T, S).

    Returns:
        (B, H, T, Dh).

    Reference: vaswani2017, equation 1.
    """
    k, v = shared_heads(k, q.shape[1]), shared_heads(v, q.shape[1])  # (B, H, S, Dh)
    scores = q @ k.mT / math.sqrt(q.shape[-1])  # (B, H, T, S)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    y = scores.softmax(dim=-1) @ v  # (B, H, T, Dh)
    if mask is not None:
        y = y.masked_fill(~mask.any(dim=-1, keepdim=True), 0.0)  # nowhere to attend: zeros
    return y


def fused_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    causal: bool = False,
) -> Tensor:
    """Compute `attention` in torch's own kernel, which keeps no table of weights.

    Args:
        q, k, v, mask, bias: as in `attention`.
        causal: the mask is `causal_mask(T)`, and nobody has to build or read it.

    Raises:
        ValueError: causal beside a mask or bias, or with unequal numbers of queries and keys.
    """
    if causal and (mask is not None or bias is not None or q.shape[2] != k.shape[2]):
        raise ValueError(
            f"causal=True stands for the mask of T = S: it takes no other mask or bias, and not "
            f"T={q.shape[2]} queries beside S={k.shape[2]} keys"
        )
    if bias is not None:
        mask = bias if mask is None else bias.masked_fill(~mask, -math.inf)
    return F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=q.shape[1] != k.shape[1]
    )


class Attention(nn.Module):
    """Heads of attention between two linear maps.

    Args:
        d_model: D, width of the stream.
        n_heads: H, heads of queries.
        n_kv_heads: K, heads of keys and values; H unless told otherwise.
        bias: the linear maps have biases.
        qk_norm: queries and keys are normalised in each head.
        norm_eps: of those norms.

    Raises:
        ValueError: sizes that do not fit together.
    """

    def __init__(
        self,
        *,
        d_model: int,
        n_heads: int,
        n_kv_heads: int | None = None,
        bias: bool = False,
        qk_norm: bool = False,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        if min(d_model, n_heads, kv_heads) < 1 or d_model % n_heads or n_heads % kv_heads:
            raise ValueError(
                f"d_model={d_model} must be a multiple of n_heads={n_heads}, "
                f"and that of n_kv_heads={kv_heads}"
            )
        self.head_size = d_model // n_heads
        self.query = nn.Linear(d_model, n_heads * self.head_size, bias=bias)
        self.key = nn.Linear(d_model, kv_heads * self.head_size, bias=bias)
        self.value = nn.Linear(d_model, kv_heads * self.head_size, bias=bias)
        self.out = nn.Linear(n_heads * self.head_size, d_model, bias=bias)
        self.q_norm = RMSNorm(self.head_size, norm_eps) if qk_norm else nn.Identity()
        self.k_norm = RMSNorm(self.head_size, norm_eps) if qk_norm else nn.Identity()

    def heads(self, x: Tensor) -> Tensor:
        """Split the last axis into heads: (B, T, H Dh) -> (B, H, T, Dh)."""
        return x.view(*x.shape[:2], -1, self.head_size).transpose(1, 2)  # (B, H, T, Dh)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        bias: Tensor | None = None,
        angles: Angles | None = None,
        causal: bool = False,
        memory: Tensor | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Let each place of x gather from the places it may see.

        Args:
            x: (B, T, D), what asks.
            mask, bias, causal: as in `fused_attention`.
            angles: cosine and sine of rotary positions, (T, Dh/2) each.
            memory: (B, S, D), what is looked at; x itself unless told otherwise (cross-attention).
            cache: keys and values of the places before x; those of x are added to it.

        Returns:
            (B, T, D).

        Raises:
            ValueError: memory beside angles or a cache, which are of the places of x.
        """
        if memory is not None and (angles is not None or cache is not None):
            raise ValueError("memory is another text than x: it takes no angles and no cache, which are of x")
        source = x if memory is None else memory  # (B, S, D)
        q = self.q_norm(self.heads(self.query(x)))  # (B, H, T, Dh)
        k = self.k_norm(self.heads(self.key(source)))  # (B, K, S, Dh)
        v = self.heads(self.value(source))  # (B, K, S, Dh)
        if angles is not None:
            q, k = rotate(q, *angles), rotate(k, *angles)  # (B, H, T, Dh), (B, K, S, Dh)
        if cache is not None:
            k, v = cache.extend(k, v)  # (B, K, S, Dh)
        y = fused_attention(q, k, v, mask, bias, causal)  # (B, H, T, Dh)
        out: Tensor = self.out(y.transpose(1, 2).flatten(2))  # (B, T, D)
        return out
