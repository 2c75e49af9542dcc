"""Ways to make our training step quicker: each is tried, so that the page can say what it brings."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
import torch.nn.functional as F
from _measuring import Action
from torch import Tensor

from llmlite.model import attention

MORE = "medium"  # torch's word: products may use whatever oneDNN has, also bfloat16 where it is quicker


class Way(NamedTuple):
    """One change to our step.

    Attributes:
        what: what is changed.
        around: entered before the step, left after it.
        fused: AdamW in one kernel, as all models of the benchmark have it.
    """

    what: str
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    fused: bool = True


def joined(
    self: attention.Attention,
    x: Tensor,
    mask: Tensor | None,
    bias: Tensor | None,
    angles: Any,
    causal: bool,
    **_: Any,
) -> Tensor:
    """Attend with one matrix product for queries, keys and values, of weights laid side by side."""
    maps = self.query, self.key, self.value
    weight, shift = torch.cat([each.weight for each in maps]), torch.cat([each.bias for each in maps])
    q, k, v = self.heads(F.linear(x, weight, shift)).chunk(3, dim=1)  # (B, H, T, Dh) each
    y = attention.fused_attention(q, k, v, mask, bias, causal)
    return self.out(y.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


def taught(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, bias: Tensor | None, causal: bool) -> Tensor:
    """Attend as chapter 5 teaches it, with a table of weights."""
    return attention.attention(q, k, v, attention.causal_mask(q.shape[2]) if causal else mask, bias)


def with_taught_attention() -> AbstractContextManager[Any]:
    """Use the taught attention in place of torch's kernel."""
    return patch.object(attention, "fused_attention", taught)


@contextmanager
def with_onednn() -> Iterator[None]:
    """Let oneDNN multiply matrices in place of MKL."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(MORE)
    yield
    torch.set_float32_matmul_precision(before)


@contextmanager
def with_onednn_and_taught_attention() -> Iterator[None]:
    """Do both: torch's kernel of attention is slow with many small products of oneDNN."""
    with ExitStack() as stack:
        stack.enter_context(with_onednn())
        stack.enter_context(with_taught_attention())
        yield


WAYS = [
    Way(
        "one product for queries, keys and values",
        lambda: patch.object(attention.Attention, "forward", joined),
    ),
    Way("the taught attention, with its table of weights", with_taught_attention),
    Way("AdamW as it comes, many small operations", fused=False),
    Way("matrix products by oneDNN", with_onednn),
    Way("matrix products by oneDNN, and the taught attention", with_onednn_and_taught_attention),
]


def inside(around: Callable[[], AbstractContextManager[Any]], action: Action) -> Action:
    """Return an action that is done inside a context."""

    def act() -> None:
        with around():
            action()

    return act


def error_of_onednn() -> float:
    """Return the largest error of a product by oneDNN, in times of that by default."""
    a, b = torch.randn(2, 512, 512, generator=torch.Generator().manual_seed(0))
    exact, by_default = a.double() @ b.double(), a @ b
    with with_onednn():
        by_onednn = a @ b
    return float((by_onednn - exact).abs().max() / (by_default - exact).abs().max())
