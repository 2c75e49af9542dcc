"""Skip-gram: scores, loss and pairs by hand; its optimum in closed form; controls that must lose."""

import itertools
import math
import random
from collections import Counter

import pytest
import torch
import torch.nn.functional as F

from llmlite.model.skipgram import SkipGram
from llmlite.runtime import generator, set_seed
from llmlite.text.batches import skip_gram_batches, skip_grams
from llmlite.training.loop import fit
from llmlite.training.losses import negative_sampling_loss

pytestmark = pytest.mark.usefixtures("one_thread")

B, C, D, V = 3, 4, 5, 7


def filled(seed=0):
    """Return a model none of whose numbers is zero."""
    model, draw = SkipGram(V, D), generator(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    return model


class TestModel:
    def test_a_score_is_the_dot_product_of_a_word_and_a_neighbour(self):
        model = filled()
        ids = torch.randint(V, (B, 1 + C), generator=generator(1))
        scores = model(ids)
        assert scores.shape == (B, C)
        words, neighbours = model.word.weight.tolist(), model.neighbour.weight.tolist()
        for b, (word, *candidates) in enumerate(ids.tolist()):
            for c, candidate in enumerate(candidates):
                wanted = sum(x * y for x, y in zip(words[word], neighbours[candidate], strict=True))
                assert scores[b, c].item() == pytest.approx(wanted, abs=1e-5)

    def test_it_begins_undecided_with_words_about_as_long_as_one(self):
        set_seed(3)
        model = SkipGram(200, 64)
        ids = torch.randint(200, (11, 1 + C), generator=generator(1))
        assert torch.equal(model(ids), torch.zeros(11, C))
        assert model.word.weight.norm(dim=1).mean().item() == pytest.approx(1, abs=0.03)
        labels = torch.eye(1, C).expand(11, C)
        loss = negative_sampling_loss(model(ids), labels).item()
        assert loss == pytest.approx(C * math.log(2)), "a fair coin for each candidate"

    def test_its_parameters_are_two_tables(self):
        shapes = {name: tuple(p.shape) for name, p in SkipGram(V, D).named_parameters()}
        assert shapes == {"word.weight": (V, D), "neighbour.weight": (V, D)}


class TestLoss:
    def test_it_is_the_surprise_of_a_pair(self):
        scores = torch.randn(B, C, generator=generator(2), dtype=torch.float64)
        labels = torch.tensor([[1.0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=torch.float64)
        total = 0.0
        for s, real in zip(scores.flatten().tolist(), labels.flatten().tolist(), strict=True):
            p = 1 / (1 + math.exp(-s))
            total -= math.log(p if real else 1 - p)
        assert negative_sampling_loss(scores, labels).item() == pytest.approx(total / B, rel=1e-12)

    def test_it_equals_torch(self):
        scores = torch.randn(B, C, generator=generator(3)) * 4
        labels = (torch.rand(B, C, generator=generator(4)) < 0.5).float()
        theirs = F.binary_cross_entropy_with_logits(scores, labels, reduction="sum") / B
        torch.testing.assert_close(negative_sampling_loss(scores, labels), theirs)

    def test_its_gradient_is_the_error(self):
        scores = torch.randn(B, C, generator=generator(5), requires_grad=True)
        labels = torch.eye(1, C).expand(B, C)
        negative_sampling_loss(scores, labels).backward()
        torch.testing.assert_close(scores.grad, (torch.sigmoid(scores.detach()) - labels) / B)

    def test_scores_far_out_stay_finite(self):
        loss = negative_sampling_loss(torch.tensor([[-500.0, 500.0]]), torch.tensor([[1.0, 0.0]]))
        assert loss.item() == pytest.approx(1000)

    def test_shapes_that_differ_are_refused(self):
        with pytest.raises(ValueError, match=r"\(3, 4\) and labels \(3, 1\)"):
            negative_sampling_loss(torch.zeros(3, 4), torch.zeros(3, 1))


class TestPairs:
    @pytest.mark.parametrize("window", [1, 2, 3, 9])
    def test_they_are_all_words_with_those_near_them(self, window):
        draw = random.Random(window)
        rows = [[draw.randrange(30) for _ in range(draw.randrange(7))] for _ in range(40)]
        wanted = Counter(
            (row[i], row[j])
            for row in rows
            for i in range(len(row))
            for j in range(len(row))
            if i != j and abs(i - j) <= window
        )
        pairs = skip_grams(rows, window)
        assert pairs.shape == (wanted.total(), 2) and pairs.dtype == torch.long
        assert Counter(map(tuple, pairs.tolist())) == wanted

    def test_none_reaches_into_another_text(self):
        assert sorted(skip_grams([[1, 2], [3], [], [4, 5]], 5).tolist()) == [[1, 2], [2, 1], [4, 5], [5, 4]]

    def test_a_text_of_one_word_has_none(self):
        assert skip_grams([[1]], 2).shape == (0, 2)

    @pytest.mark.parametrize(("rows", "window"), [([], 1), ([[1, 2]], 0)])
    def test_nothing_to_pair_is_refused(self, rows, window):
        with pytest.raises(ValueError, match=f"{len(rows)} texts, window={window}"):
            skip_grams(rows, window)


class TestBatches:
    PAIRS = torch.tensor([[0, 1], [1, 0], [2, 4]])
    COUNTS = torch.tensor([1.0, 16.0, 0.0, 81.0, 256.0])

    def draw(self, seed=0, **changed):
        given = {"negatives": 3, "batch_size": 50, "steps": 200, "generator": generator(seed)} | changed
        return list(skip_gram_batches(self.PAIRS, self.COUNTS, **given))

    def test_each_real_pair_stands_first_and_is_labelled(self):
        batches = self.draw(negatives=4, batch_size=6, steps=7)
        assert len(batches) == 7
        for ids, labels in batches:
            assert ids.shape == (6, 6) and labels.shape == (6, 5)
            assert {tuple(pair) for pair in ids[:, :2].tolist()} <= {(0, 1), (1, 0), (2, 4)}
            assert torch.equal(labels, torch.tensor([[1.0, 0, 0, 0, 0]]).expand(6, 5))

    def test_pairs_are_drawn_alike_and_words_by_their_power(self):
        batches = self.draw()
        real = Counter(tuple(pair) for ids, _ in batches for pair in ids[:, :2].tolist())
        for pair in ((0, 1), (1, 0), (2, 4)):  # 10,000 draws: five standard deviations
            assert abs(real[pair] - 10_000 / 3) < 5 * math.sqrt(10_000 * 2 / 9)
        drawn = Counter(word for ids, _ in batches for word in ids[:, 2:].flatten().tolist())
        weights = {0: 1, 1: 8, 3: 27, 4: 64}  # to the power 3/4
        assert set(drawn) == set(weights), "a word that never occurs is never drawn"
        for word, weight in weights.items():
            p = weight / 100
            assert abs(drawn[word] - 30_000 * p) < 5 * math.sqrt(30_000 * p * (1 - p)), word

    def test_words_are_drawn_anew_for_each_pair(self):
        ids = self.draw(steps=1)[0][0]
        assert len({tuple(row) for row in ids[:, 2:].tolist()}) > 10

    def test_the_power_can_be_changed(self):
        drawn = Counter(w for ids, _ in self.draw(power=0.0) for w in ids[:, 2:].flatten().tolist())
        assert drawn[2] > 5000, "to the power 0 all words are alike"

    def test_a_seed_decides_them(self):
        one, two, three = self.draw(), self.draw(), self.draw(seed=1)
        assert all(torch.equal(a, b) for (a, _), (b, _) in zip(one, two, strict=True))
        assert not all(torch.equal(a, b) for (a, _), (b, _) in zip(one, three, strict=True))

    @pytest.mark.parametrize("changed", [{"negatives": 0}, {"batch_size": 0}])
    def test_empty_batches_are_refused(self, changed):
        (name,) = changed
        with pytest.raises(ValueError, match=f"{name}=0"):
            self.draw(**changed)

    def test_no_pairs_are_refused(self):
        with pytest.raises(ValueError, match="0 pairs"):
            next(skip_gram_batches(self.PAIRS[:0], self.COUNTS, 1, 1, 1, generator(0)))


def shifted_pmi(company, noise, negatives):
    """Return the dot products at which the gradient is zero: levy2014, equation 7."""
    return (company / company.sum(1, keepdim=True) / noise).log() - math.log(negatives)


class TestOptimum:
    COUNTS = torch.tensor([1.0, 16.0, 81.0])  # to the power 3/4: 1, 8, 27
    COMPANY = torch.tensor([[2.0, 1.0, 4.0], [3.0, 5.0, 1.0], [1.0, 7.0, 2.0]])

    def batch(self):
        """Return a batch in which every pair meets every drawn word exactly as often as on average."""
        drawn = [0] * 1 + [1] * 8 + [2] * 27
        ids = [
            [word, neighbour, other]
            for word, neighbour in itertools.product(range(3), repeat=2)
            for _ in range(int(self.COMPANY[word, neighbour]))
            for other in drawn
        ]
        return torch.tensor(ids), torch.tensor([[1.0, 0.0]]).expand(len(ids), 2)

    def gradient_at(self, scores):
        model = SkipGram(3, 3)
        with torch.no_grad():
            model.word.weight.copy_(scores)
            model.neighbour.weight.copy_(torch.eye(3))
        ids, labels = self.batch()
        negative_sampling_loss(model(ids), labels).backward()
        return model.word.weight.grad.abs().max().item()

    def test_the_gradient_vanishes_at_shifted_pmi(self):
        noise = self.COUNTS**0.75 / (self.COUNTS**0.75).sum()
        best = shifted_pmi(self.COMPANY, noise, negatives=1)
        assert self.gradient_at(best) < 1e-6
        assert self.gradient_at(best + 0.1) > 1e-3, "the control: a little off"
        assert self.gradient_at(shifted_pmi(self.COMPANY, noise, negatives=2)) > 1e-3

    def test_training_comes_near_it(self):
        set_seed(1)
        pairs = torch.tensor([
            [w, c] for w in range(3) for c in range(3) for _ in range(int(self.COMPANY[w, c]))
        ])
        model, draw = SkipGram(3, 4), generator(1)
        for rate, steps in ((0.1, 150), (0.01, 150)):
            batches = skip_gram_batches(pairs, self.COUNTS, 2, 2000, steps, draw)
            fit(model, batches, negative_sampling_loss, torch.optim.Adam(model.parameters(), lr=rate))
        learned = (model.word.weight @ model.neighbour.weight.T).detach()
        noise = self.COUNTS**0.75 / (self.COUNTS**0.75).sum()
        assert (learned - shifted_pmi(self.COMPANY, noise, negatives=2)).abs().max() < 0.2
