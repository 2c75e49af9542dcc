"""The window model and its examples: by hand, and on a task that needs the whole window."""

import math
import random

import pytest
import torch
import torch.nn.functional as F

from llmlite.model.window import WindowModel
from llmlite.runtime import generator, set_seed
from llmlite.text.batches import window_batches, windows
from llmlite.training.loop import fit

pytestmark = pytest.mark.usefixtures("one_thread")

B, S, D, HIDDEN, V = 2, 3, 5, 4, 11


def gelu(x):
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


class TestModel:
    def test_logits_by_hand(self):
        set_seed(0)
        model = WindowModel(V, S, D, HIDDEN).double()
        assert all(p.abs().min() > 0 for p in model.parameters())
        ids = torch.tensor([[3, 0, 10], [7, 7, 1]])
        logits = model(ids)
        assert logits.shape == (B, V)
        weights = {name: p.tolist() for name, p in model.named_parameters()}
        for row, found in zip(ids.tolist(), logits.tolist(), strict=True):
            x = [number for token in row for number in weights["token.weight"][token]]
            hidden = times(weights["hidden.weight"], x)
            hidden = [gelu(a + b) for a, b in zip(hidden, weights["hidden.bias"], strict=True)]
            back = times(weights["back.weight"], hidden)
            back = [a + b for a, b in zip(back, weights["back.bias"], strict=True)]
            assert found == pytest.approx(times(weights["score.weight"], back), rel=1e-10)

    def test_its_parameters(self):
        shapes = {name: tuple(p.shape) for name, p in WindowModel(V, S, D, HIDDEN).named_parameters()}
        assert shapes == {
            "token.weight": (V, D),
            "hidden.weight": (HIDDEN, S * D),
            "hidden.bias": (HIDDEN,),
            "back.weight": (D, HIDDEN),
            "back.bias": (D,),
            "score.weight": (V, D),
        }

    def test_tied_tables_are_one(self):
        model = WindowModel(V, S, D, HIDDEN, tied=True)
        assert model.score.weight is model.token.weight
        untied = WindowModel(V, S, D, HIDDEN)
        sizes = [sum(p.numel() for p in each.parameters()) for each in (untied, model)]
        assert sizes[0] - sizes[1] == V * D
        F.cross_entropy(model(torch.tensor([[1, 2, 3]])), torch.tensor([9])).backward()
        gradient = model.token.weight.grad
        assert gradient[[1, 2, 3]].abs().sum() > 0 and gradient[9].abs().sum() > 0, "from both ends"

    def test_vectors_begin_about_as_long_as_one(self):
        for tied in (False, True):
            set_seed(2)
            table = WindowModel(300, S, 64, HIDDEN, tied=tied).token.weight
            assert table.norm(dim=1).mean().item() == pytest.approx(1, abs=0.03)

    def test_places_matter(self):
        set_seed(1)
        model = WindowModel(V, S, D, HIDDEN)
        one, two = model(torch.tensor([[1, 2, 3]])), model(torch.tensor([[2, 1, 3]]))
        assert (one - two).abs().max() > 1e-3


class TestWindows:
    def test_by_hand(self):
        contexts, targets = windows([[5, 6, 7], [8]], 2, end=0)
        assert contexts.tolist() == [[0, 0], [0, 5], [5, 6], [6, 7], [0, 0], [0, 8]]
        assert targets.tolist() == [5, 6, 7, 0, 8, 0]
        assert contexts.dtype == targets.dtype == torch.long

    @pytest.mark.parametrize("width", [1, 3, 8])
    def test_every_token_is_a_target_behind_those_before_it(self, width):
        draw = random.Random(width)
        rows = [[draw.randrange(1, 20) for _ in range(draw.randrange(6))] for _ in range(30)]
        contexts, targets = windows(rows, width, end=99)
        wanted = []
        for row in rows:
            for i, token in enumerate([*row, 99]):
                before = row[max(0, i - width) : i]
                wanted.append(([99] * (width - len(before)) + before, token))
        assert list(zip(contexts.tolist(), targets.tolist(), strict=True)) == wanted

    @pytest.mark.parametrize(("rows", "width"), [([], 2), ([[1]], 0)])
    def test_nothing_to_see_is_refused(self, rows, width):
        with pytest.raises(ValueError, match=f"{len(rows)} texts, width={width}"):
            windows(rows, width, 0)


class TestBatches:
    CONTEXTS = torch.arange(46).view(23, 2)
    TARGETS = torch.arange(100, 123)

    def test_every_window_comes_once_with_its_target(self):
        batches = list(window_batches(self.CONTEXTS, self.TARGETS, 5, generator(0)))
        assert [len(targets) for _, targets in batches] == [5, 5, 5, 5, 3]
        contexts, targets = (torch.cat(part) for part in zip(*batches, strict=True))
        assert sorted(targets.tolist()) == self.TARGETS.tolist()
        assert torch.equal(contexts, self.CONTEXTS[targets - 100])
        assert targets.tolist() != self.TARGETS.tolist(), "in another order"

    def test_a_generator_decides_the_order_and_goes_on(self):
        draw = generator(3)
        orders = [
            [int(t) for _, targets in window_batches(self.CONTEXTS, self.TARGETS, 4, each) for t in targets]
            for each in (generator(3), draw, draw)
        ]
        assert orders[0] == orders[1] != orders[2]

    def test_what_does_not_belong_together_is_refused(self):
        with pytest.raises(ValueError, match="23 contexts, 22 targets"):
            next(window_batches(self.CONTEXTS, self.TARGETS[1:], 4, generator(0)))
        with pytest.raises(ValueError, match="batch_size=0"):
            next(window_batches(self.CONTEXTS, self.TARGETS, 0, generator(0)))


def learned(width, shuffle=False):
    """Train on texts in which each token is the one that stood three places before; return the loss."""
    draw = random.Random(4)
    rows = [draw.choices(range(1, 7), k=3) * 5 for _ in range(200)]
    contexts, targets = windows(rows, width, end=0)
    keep = (contexts != 0).all(dim=1) & (targets != 0)
    contexts, targets = contexts[keep], targets[keep]
    set_seed(5)
    model, order = WindowModel(7, width, 8, 32), generator(5)
    shown = targets[torch.randperm(len(targets), generator=order)] if shuffle else targets
    for rate in (0.01, 0.01, 0.001):
        batches = window_batches(contexts, shown, 32, order)
        fit(model, batches, F.cross_entropy, torch.optim.Adam(model.parameters(), lr=rate))
    with torch.no_grad():
        return F.cross_entropy(model(contexts), targets).item()


def test_it_learns_what_its_window_shows_and_nothing_else():
    assert learned(3) < 0.05
    assert learned(2) > 1.0, "the control: what matters stands outside"
    assert learned(3, shuffle=True) > 1.5, "the control: shuffled targets"
