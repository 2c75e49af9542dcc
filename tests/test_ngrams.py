"""The n-gram model equals the equation of Witten and Bell, in fractions, and the model of NLTK."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from nltk.lm.models import InterpolatedLanguageModel
from nltk.lm.smoothing import WittenBell
from nltk.util import everygrams
from properties import settings
from scipy.stats import chisquare

from llmlite.model.ngrams import START, NGram
from llmlite.runtime import generator
from llmlite.text.corpus import words
from llmlite.world import Town

LETTERS = "abcd"
TEXTS = [list("abcab"), list("abba"), list("cab"), [], list("bbbb")]
EPSILON = 2.0**-53  # of one rounding in double precision

corpora = st.lists(st.lists(st.sampled_from("abc"), max_size=7), max_size=6)
contexts = st.lists(st.sampled_from(LETTERS), max_size=6)


def followers(texts, context):
    """Return every token that stands after a context, found by walking along all texts."""
    reach = len(context)
    padded = [[START] * reach + list(text) for text in texts]
    return [text[i] for text in padded for i in range(reach, len(text)) if text[i - reach : i] == context]


def equation(texts, token, context, size):
    """Return the exact probability: (count + T * below) / (N + T), below that 1 / V."""
    below = equation(texts, token, context[1:], size) if context else Fraction(1, size)
    after = followers(texts, context)
    kinds = len(set(after))
    return (after.count(token) + kinds * below) / (len(after) + kinds) if after else below


def told(before, order):
    """Return what an n-gram model sees of the tokens before."""
    padded = [START] * order + list(before)
    return padded[len(padded) - (order - 1) :]


@settings(max_examples=150)
@given(corpora, st.integers(1, 5), contexts, st.sampled_from(LETTERS))
def test_it_is_the_equation(texts, order, before, token):
    exact = equation(texts, token, told(before, order), len(LETTERS))
    # Each order adds a product, a sum and a quotient, of numbers that are not negative: no more than three
    # roundings; one more for 1 / V, and one for the fraction as a float.
    assert math.isclose(
        NGram(order, LETTERS).count(texts).prob(token, before), exact, rel_tol=(3 * order + 2) * EPSILON
    )


@settings(max_examples=100)
@given(corpora, st.integers(1, 5), contexts)
def test_probabilities_sum_to_one(texts, order, before):
    shown = NGram(order, LETTERS).count(texts).distribution(before)
    assert set(shown) == set(LETTERS)
    assert all(p > 0 for p in shown.values()), "no word of the vocabulary is impossible"
    assert math.isclose(sum(shown.values()), 1, rel_tol=4 * (3 * order + 2) * EPSILON)
    assert list(shown.values()) == sorted(shown.values(), reverse=True)


@settings(max_examples=100)
@given(corpora, st.integers(1, 4), st.lists(st.sampled_from(LETTERS), max_size=8))
def test_a_text_has_the_product_of_its_probabilities(texts, order, text):
    exact = math.prod(
        equation(texts, token, told(text[:i], order), len(LETTERS)) for i, token in enumerate(text)
    )
    found = NGram(order, LETTERS).count(texts).log_prob(text)
    assert math.isclose(found, math.log(exact), rel_tol=1e-13, abs_tol=1e-13)


def test_stories_of_the_town_equal_the_equation_and_nltk():
    town = Town()
    train = [[*words(text), "\n"] for text in town.stories(120, seed=1)]
    test = [[*words(text), "\n"] for text in town.stories(3, seed=2)]
    vocabulary = town.vocabulary()

    class DownToUniform(WittenBell):
        """NLTK's, whose unigrams go on to 1 / V as ours do."""

        def unigram_score(self, word):
            seen = self.counts.unigrams
            return (seen[word] + len(seen) / len(vocabulary)) / (seen.N() + len(seen))

    for order in (2, 4):
        padding = [START] * (order - 1)
        theirs = InterpolatedLanguageModel(DownToUniform, order)
        grams = [
            [gram for gram in everygrams([*padding, *text], max_len=order) if gram[-1] != START]
            for text in train
        ]
        theirs.fit(grams, vocabulary_text=[START, *vocabulary])
        ours = NGram(order, vocabulary).count(train)
        for text in test:
            for i, word in enumerate(text):
                before = told(text[:i], order)
                assert math.isclose(ours.prob(word, text[:i]), theirs.score(word, before), rel_tol=1e-13)
        for i in (0, 5, 30):  # by brute force: one walk over the corpus for each context
            exact = equation(train, test[0][i], told(test[0][:i], order), len(vocabulary))
            assert math.isclose(ours.prob(test[0][i], test[0][:i]), exact, rel_tol=1e-13)


def test_probabilities_by_hand():
    coin = NGram(1, "ab").count(["aab"])
    assert coin.prob("a", []) == pytest.approx(3 / 5, rel=1e-15)  # (2 + 2 * 1/2) / (3 + 2)
    pair = NGram(2, "ab").count(["aab"])
    assert pair.prob("b", ["a"]) == pytest.approx((1 + 2 * 2 / 5) / (2 + 2), rel=1e-15)
    assert pair.prob("a", []) == pytest.approx((1 + 1 * 3 / 5) / (1 + 1), rel=1e-15)  # after the start


def test_a_model_that_saw_nothing_is_uniform():
    for order in (1, 3):
        model = NGram(order, LETTERS)
        assert model.distribution("ab") == dict.fromkeys(LETTERS, 1 / 4)
        draw = generator(0)
        draws = [model.sample("ab", draw) for _ in range(2000)]
        assert chisquare([draws.count(letter) for letter in LETTERS]).pvalue > 1e-4


def test_an_unseen_context_is_answered_by_a_shorter_one():
    model = NGram(3, LETTERS).count(TEXTS)
    assert followers(TEXTS, ["d", "b"]) == []
    assert model.distribution("db") == NGram(2, LETTERS).count(TEXTS).distribution("b")
    assert followers(TEXTS, ["d"]) == []
    assert model.distribution("dd") == NGram(1, LETTERS).count(TEXTS).distribution("")


def test_only_the_last_tokens_matter():
    model = NGram(3, LETTERS).count(TEXTS)
    assert model.distribution("ab") == model.distribution("cbbaab")
    assert model.distribution("ab") != model.distribution("cb"), "the third token back does matter"
    assert model.distribution("a") != model.distribution("ba"), "the start of a text is a context"


def test_counts_never_cross_texts():
    model = NGram(3, LETTERS).count([["a", "b"], ["c"]])
    expected = {
        (): {"a": 1, "b": 1, "c": 1},
        (START,): {"a": 1, "c": 1},
        ("a",): {"b": 1},
        (START, START): {"a": 1, "c": 1},
        (START, "a"): {"b": 1},
    }
    assert {context: dict(seen) for context, seen in model.counts.items()} == expected


def test_counting_twice_adds_and_returns_the_model():
    model = NGram(3, LETTERS)
    assert model.count(iter(TEXTS[:2])) is model
    model.count(TEXTS[2:])
    assert model.counts == NGram(3, LETTERS).count(TEXTS).counts


def test_a_model_holds_the_counts_of_all_shorter_ones():
    large = NGram(4, LETTERS).count(TEXTS)
    for order in (1, 2, 3):
        small = NGram(order, LETTERS).count(TEXTS)
        assert small.counts == {context: n for context, n in large.counts.items() if len(context) < order}
        borrowed = NGram(order, LETTERS)
        borrowed.counts = large.counts
        assert borrowed.distribution("ca") == small.distribution("ca")


def test_asking_does_not_change_the_counts():
    model = NGram(3, LETTERS).count(TEXTS)
    before = {context: dict(seen) for context, seen in model.counts.items()}
    model.prob("d", "dd")
    model.distribution("dc")
    model.sample("dd", generator(0))
    model.log_prob("dcba")
    assert {context: dict(seen) for context, seen in model.counts.items()} == before


@pytest.mark.parametrize(("order", "before"), [(1, ""), (2, "b"), (3, "ab"), (3, "db"), (3, "dd"), (3, "")])
def test_samples_come_as_often_as_their_probability(order, before):
    model = NGram(order, LETTERS).count(TEXTS)
    draw = generator(7)
    draws = [model.sample(before, draw) for _ in range(4000)]
    seen = [draws.count(letter) for letter in LETTERS]
    expected = [4000 * model.prob(letter, before) for letter in LETTERS]
    assert min(expected) > 5, "the test needs some of each"
    assert chisquare(seen, expected).pvalue > 1e-4
    wrong = NGram(order, LETTERS).count(TEXTS[:-1])  # a model of other texts is told apart
    if wrong.distribution(before) != model.distribution(before):
        assert chisquare(seen, [4000 * wrong.prob(letter, before) for letter in LETTERS]).pvalue < 1e-4


def test_whole_texts_come_as_often_as_their_probability():
    model = NGram(2, "ab\n").count(["ab\n", "a\n", "ba\n"])
    draw = generator(3)
    draws = ["".join(model.generate([], draw, end="\n")) for _ in range(3000)]
    for text in ("", "a", "ab", "ba", "aa"):
        p = math.exp(model.log_prob(text + "\n"))
        assert abs(draws.count(text) - 3000 * p) < 4 * math.sqrt(3000 * p * (1 - p)), text


def test_generation_stops_at_the_end_or_at_the_limit():
    model = NGram(2, "ab\n").count(["ab\n", "a\n", "ba\n"])
    prompt = ["b", "a"]
    for seed in range(30):
        text = model.generate(prompt, generator(seed), end="\n", limit=6)
        assert text[:2] == ["b", "a"] and "\n" not in text and len(text) <= 6
        assert text == model.generate(prompt, generator(seed), end="\n", limit=6), "the seed decides"
    assert prompt == ["b", "a"], "the prompt is the caller's"
    endless = NGram(2, "ab\n").count(["ab" * 200])
    assert len(endless.generate("a", generator(0), end="never", limit=50)) == 50
    assert len(endless.generate("a", generator(0), end="never")) == 300
    assert endless.generate("abab", generator(0), end="\n", limit=4) == list("abab"), "no room is left"


def test_the_generator_is_the_only_source_of_chance():
    model = NGram(3, LETTERS).count(TEXTS)
    torch.manual_seed(1)
    one = model.generate("", generator(5), end="d", limit=40)
    torch.manual_seed(2)
    assert model.generate("", generator(5), end="d", limit=40) == one
    assert any(model.generate("", generator(seed), end="d", limit=40) != one for seed in range(5))


def test_errors_name_the_values():
    with pytest.raises(ValueError, match="order=0"):
        NGram(0, LETTERS)
    with pytest.raises(ValueError, match="order=-2"):
        NGram(-2, LETTERS)
    with pytest.raises(ValueError, match="0 tokens"):
        NGram(2, [])
    with pytest.raises(ValueError, match="'' is no token"):
        NGram(2, ["a", ""])
    with pytest.raises(ValueError, match="'x' is not in the vocabulary"):
        NGram(2, LETTERS).prob("x", [])
    model = NGram(2, [*LETTERS, *LETTERS])
    assert model.vocabulary == sorted(set(LETTERS)), "a token counts once"
    with pytest.raises(ValueError, match="not in the vocabulary"):
        model.count([["a", "b"], ["x"]])
    assert not model.counts, "nothing is half counted"
    with pytest.raises(ValueError, match=r"\['x', 'z'\] are not in the vocabulary"):
        NGram(2, LETTERS).count([["a", "z", "x", "z"]])
    with pytest.raises(ValueError, match=r"\['1', '2', '3', '4', '5'\] are not"):
        NGram(1, LETTERS).count(["7654321"])
