"""Cases of `llmlite.evaluation`."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from llmlite.cases import refuses
from llmlite.evaluation import metrics


def metrics_cross_entropy(cross_entropy: Callable[..., Any]) -> None:
    """Check a mean by hand, its unit, and that nothing is hidden."""
    value = cross_entropy([math.log(1 / 8), math.log(1 / 2)], 4)
    assert value is not None, "return the mean"
    assert math.isclose(value, math.log(2)), "1/8 and 1/2 make 4 ln 2 nats; over 4 units that is ln 2"
    assert cross_entropy([0.0], 1) == 0, "a sure prediction does not surprise"
    assert cross_entropy([-math.inf, -1.0], 2) == math.inf, "what was held impossible surprises without end"
    draws = [-((7 * n) % 13) / 3 for n in range(40)]
    wanted = metrics.cross_entropy(draws, 17)
    assert math.isclose(cross_entropy(draws, 17), wanted), "it differs from the package's on 40 texts"
    refuses(cross_entropy, [], 3)
    refuses(cross_entropy, [-1.0], 0)


def metrics_perplexity(perplexity: Callable[..., Any]) -> None:
    """Check fair dice."""
    for sides in (1, 2, 6, 1000):
        value = perplexity(math.log(sides))
        assert value is not None, "return a number"
        assert math.isclose(value, sides), "a fair die of n sides has perplexity n; the input is in nats"


def metrics_bits(bits: Callable[..., Any]) -> None:
    """Check coins and a die."""
    for nats, wanted in ((math.log(2), 1), (math.log(8), 3), (0.0, 0), (1.0, 1.4426950408889634)):
        value = bits(nats)
        assert value is not None, "return a number"
        assert math.isclose(value, wanted, abs_tol=1e-12), "ln 2 nats, a fair coin, are one bit"


def metrics_excess(excess: Callable[..., Any]) -> None:
    """Check shares by hand."""
    for loss, floor, wanted in ((1.5, 1.0, 0.5), (40.0, 32.0, 0.25), (2.0, 2.0, 0.0), (1.0, 2.0, -0.5)):
        value = excess(loss, floor)
        assert value is not None, "return a number"
        assert math.isclose(value, wanted, abs_tol=1e-12), "the share is of the floor, not of the loss"
    refuses(excess, 1.0, 0.0)


class _Pairs(nn.Module):
    """A bigram model whose dropout would spoil every loss."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.randn(6, 6, generator=torch.Generator().manual_seed(7)))
        self.widest = 0

    def forward(self, ids: Tensor) -> Tensor:
        self.widest = max(self.widest, len(ids))
        return nn.functional.dropout(self.scores[ids], 0.5, self.training)


def nats_text_nats(text_nats: Callable[..., Any]) -> None:
    """Check texts of different lengths, one by one, in the order in which they came."""
    model, end = _Pairs(), 5
    rows = [[0, 1, 2, 3], [], [4], [2, 2, 2, 2, 2, 2], [1, 0], [3]]
    found = text_nats(model.train(), rows, end, 2)
    assert found is not None, "return the surprise of each text"
    log_probs = model.scores.detach().double().log_softmax(dim=-1)
    for row, nats in zip(rows, found, strict=True):
        wanted = -sum(log_probs[a, b].item() for a, b in zip([end, *row], [*row, end], strict=True))
        message = f"{row} surprises by {wanted:.3f}: from the end before it to its own end, padding left out"
        assert math.isclose(nats, wanted, rel_tol=1e-4), message
    assert not model.training, "put the model into evaluation mode"
    assert model.widest == 2, "batch_size texts at once, or memory runs out"
    assert text_nats(model, [], end) == [], "no texts, no numbers"
