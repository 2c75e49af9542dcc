"""The learned table equals counting, and controls that must lose do."""

import math
from collections import Counter
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from llmlite.model.bigram import Bigram
from llmlite.runtime import generator
from llmlite.text.batches import pair_batches
from llmlite.training.loop import fit

TEXT = "the cat sat on the mat and the dog sat on the cat\n" * 3
LETTERS = sorted(set(TEXT))
IDS = torch.tensor([LETTERS.index(letter) for letter in TEXT])
PAIRS = Counter(pairwise(TEXT))
FIRSTS = Counter(TEXT[:-1])
LIMIT = -sum(n * math.log(n / FIRSTS[a]) for (a, _), n in PAIRS.items()) / (len(TEXT) - 1)


pytestmark = pytest.mark.usefixtures("one_thread")


def table_loss(model):
    """Return the mean surprise of the text, in nats per letter."""
    return F.cross_entropy(model(IDS[:-1]), IDS[1:]).item()


def trained(targets, steps=400, rate=0.3):
    """Return a table that saw all pairs at each step."""
    model = Bigram(len(LETTERS))
    fit(
        model,
        [(IDS[:-1], targets)] * steps,
        F.cross_entropy,
        torch.optim.Adam(model.parameters(), lr=rate),
    )
    return model


def test_it_is_a_linear_layer_on_one_hot_tokens():
    model = Bigram(5)
    with torch.no_grad():
        model.scores.copy_(torch.randn(5, 5, generator=generator(0)))
    ids = torch.tensor([3, 0, 3])
    logits = model(ids)  # (B, V)
    assert logits.shape == (3, 5)
    assert torch.equal(logits, F.one_hot(ids, 5).float() @ model.scores)
    assert [name for name, _ in model.named_parameters()] == ["scores"]


def test_it_starts_by_knowing_nothing():
    model = Bigram(7)
    assert model.scores.shape == (7, 7)
    assert torch.equal(torch.softmax(model(torch.arange(7)), 1), torch.full((7, 7), 1 / 7))


def test_the_gradient_is_prediction_minus_truth():
    model = Bigram(4)
    F.cross_entropy(model(torch.tensor([2])), torch.tensor([1])).backward()
    expected = torch.zeros(4, 4)
    expected[2] = torch.tensor([0.25, 0.25 - 1, 0.25, 0.25])
    torch.testing.assert_close(model.scores.grad, expected, rtol=0, atol=2**-24)


def test_it_learns_the_counts():
    model = trained(IDS[1:])
    assert LIMIT - 1e-6 < table_loss(model) < LIMIT + 1e-3
    table = torch.softmax(model.scores.detach(), 1)
    for a in LETTERS:
        for b in LETTERS:
            share = PAIRS[a, b] / FIRSTS[a]
            assert table[LETTERS.index(a), LETTERS.index(b)].item() == pytest.approx(share, abs=0.01), (a, b)


def test_it_learns_from_random_batches_too():
    model = Bigram(len(LETTERS))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = fit(model, pair_batches(IDS, 128, 500, generator(1)), F.cross_entropy, optimizer)
    assert losses[0] == pytest.approx(math.log(len(LETTERS)), abs=1e-5)
    assert table_loss(model) < LIMIT + 0.05


def test_a_frozen_table_learns_nothing():
    frozen = trained(IDS[1:], steps=20, rate=0.0)
    assert table_loss(frozen) == pytest.approx(math.log(len(LETTERS)), abs=1e-5)
    assert table_loss(frozen) > LIMIT + 1


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_targets_teach_no_more_than_single_letters(seed):
    shuffled = IDS[1:][torch.randperm(len(IDS) - 1, generator=generator(seed))]
    counts = Counter(IDS[1:].tolist())
    alone = -sum(n * math.log(n / (len(IDS) - 1)) for n in counts.values()) / (len(IDS) - 1)
    # What the table took from chance pairs hurts on the real ones: worse than knowing no context at all.
    assert table_loss(trained(shuffled, steps=100)) > alone > LIMIT + 1
