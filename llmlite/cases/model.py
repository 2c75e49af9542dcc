"""Cases of `llmlite.model`."""

import math
from typing import Any

import torch

from llmlite.cases import refuses
from llmlite.model import ngrams

TEXTS = [list("abcab"), list("abba"), list("cab"), []]


def ngrams_NGram(NGram: Any) -> None:  # noqa: N802, N803  (named like the class that it checks)
    """Check one probability by hand, then counts, sums and losses against the package's model."""
    coin = NGram(1, ["a", "b"]).count([["a", "a", "b"]])
    assert coin is not None, "count returns the model"
    # Three tokens of two kinds: (2 + 2 * 1/2) / (3 + 2).
    assert math.isclose(coin.prob("a", []), 3 / 5), "order 1: (count + kinds / words) / (tokens + kinds)"
    for order in (1, 2, 3):
        yours, ours = NGram(order, "abcd").count(TEXTS), ngrams.NGram(order, "abcd").count(TEXTS)
        for before in ([], ["a"], ["c", "a"], ["d"], ["b", "d"]):
            for token in "abcd":
                wanted = ours.prob(token, before)
                message = f"order {order}: the probability of {token!r} after {before} is {wanted:.4f}"
                assert math.isclose(yours.prob(token, before), wanted), message
            shown = yours.distribution(before)
            assert math.isclose(sum(shown.values()), 1), "probabilities sum to 1"
            assert list(shown.values()) == sorted(shown.values(), reverse=True), "most probable first"
        assert math.isclose(yours.log_prob(list("abcd")), ours.log_prob(list("abcd"))), "the whole text"
        _check_draws(yours, ours)
    refuses(NGram, 0, "ab")
    refuses(NGram, 2, [])
    refuses(NGram(2, "ab").count, [["z"]])


def _check_draws(yours: Any, ours: ngrams.NGram) -> None:
    draws = [yours.sample(["a"], torch.Generator().manual_seed(seed)) for seed in range(400)]
    for token, p in ours.distribution(["a"]).items():
        # Four standard deviations: a right model fails in one of 16,000 such counts.
        assert abs(draws.count(token) - 400 * p) <= 4 * math.sqrt(400 * p), (
            f"{token!r} is drawn too often or too rarely"
        )
    for seed in range(10):
        text = yours.generate(["a"], torch.Generator().manual_seed(seed), end="c", limit=9)
        assert text[0] == "a" and "c" not in text and len(text) <= 9, (
            "begin with the prompt, leave the end out"
        )
