"""Unigram: cuts and counts are those of all cuts listed; encodings are those of tokenizers."""

import copy
import io
import json
import math
import pickle
import random
import time
from collections import Counter
from itertools import pairwise
from typing import ClassVar

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st
from properties import settings
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from llmlite.text.bpe import BPETokenizer
from llmlite.text.tokenizer import TokenizerError, load
from llmlite.text.unigram import (
    UnigramTokenizer,
    em_step,
    expected_counts,
    log_add,
    prune,
    seed_pieces,
    space_words,
    train_unigram,
    viterbi,
)
from llmlite.world import Town

TOWN = Town().stories(300, seed=4)
WORDS = Counter(word for story in TOWN for word in space_words(story))
END = "<|endoftext|>"
TOKENIZER = UnigramTokenizer.train(TOWN, 600, [END, "<b>"])
SPICY = "aehnortu aehnortu .,\n\tAT▁é漢ß🎉\u0301\x00<0x41>"

letters = st.text(st.sampled_from("abc"), max_size=8)
some_pieces = st.dictionaries(
    st.text(st.sampled_from("abc"), min_size=1, max_size=4), st.floats(-8, 0), min_size=1, max_size=14
)


def cuts(word):
    """List all ways to cut a word into pieces."""
    if not word:
        return [()]
    return [(word[:n], *rest) for n in range(1, len(word) + 1) for rest in cuts(word[n:])]


def log_prob_of(cut, log_probs, unknown=-math.inf):
    """Add from left to right, as everybody does: so equal sums are equal to the last bit."""
    total = 0.0
    for piece in cut:
        total += log_probs.get(piece, unknown if len(piece) == 1 else -math.inf)
    return total


def best_cut(word, log_probs, unknown=-math.inf):
    """Return the best of all cuts; of ties the one with the longest last piece, last but one, ..."""
    return max(
        cuts(word), key=lambda cut: (log_prob_of(cut, log_probs, unknown), [len(p) for p in cut[::-1]])
    )


def random_pieces(seed, alphabet="abc", n=12, longest=4):
    draw = random.Random(seed)
    pieces = {*alphabet}
    while len(pieces) < n:
        pieces.add("".join(draw.choices(alphabet, k=draw.randint(2, longest))))
    weights = [draw.random() + 0.01 for _ in pieces]
    return {piece: math.log(w / sum(weights)) for piece, w in zip(sorted(pieces), weights, strict=True)}


def theirs(log_probs, bytes_at=None):
    """Return the tokenizer that `tokenizers` makes of a vocabulary, with ids as ours has them.

    The bytes, and the token that it wants for unknown characters, get the lowest log-probability of the
    others, so that unknown characters are as improbable as in ours.
    """
    low = min(log_probs.values()) if bytes_at is None else bytes_at
    vocabulary = [(f"<0x{byte:02X}>", low) for byte in range(256)]
    vocabulary += [*log_probs.items(), ("<unk>", low)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=len(vocabulary) - 1, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never", split=True)
    return tokenizer


def fitted(words, pieces, steps=30):
    """Return the log-likelihood of words with the best probabilities that pieces can have."""
    log_probs = {piece: -math.log(len(pieces)) for piece in pieces}
    for _ in range(steps):
        log_probs, log_likelihood = em_step(words, log_probs)
    return log_likelihood


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", []),
            ("a", ["a"]),
            (" a", ["▁a"]),
            ("The  end.\n\nOne ", ["The", "▁", "▁end.\n\nOne", "▁"]),
            ("   ", ["▁", "▁", "▁"]),
            ("a\tb\u00a0c", ["a\tb\u00a0c"]),
            ("x▁y ▁", ["x y", "▁ "]),
        ],
    )
    def test_by_hand(self, text, words):
        assert space_words(text) == words

    @settings(max_examples=300)
    @given(st.text(st.sampled_from("ab \n▁"), max_size=12))
    def test_nothing_is_lost(self, text):
        words = space_words(text)
        assert all(words) and "".join(words).translate(str.maketrans("▁ ", " ▁")) == text
        assert not any("▁" in word[1:] for word in words) and all(w[0] == "▁" for w in words[1:])

    @settings(max_examples=300)
    @given(st.text(st.sampled_from("abé \n\t\u3000."), max_size=12))
    def test_they_are_those_of_tokenizers(self, text):
        split = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never", split=True)
        assert space_words(text) == [word for word, _ in split.pre_tokenize_str(text)]


class TestViterbi:
    LOG_PROBS: ClassVar = {"a": -1.0, "b": -2.0, "ab": -2.5, "ba": -4.0, "aba": -6.0}

    @pytest.mark.parametrize(
        ("word", "pieces", "log_prob"),
        [
            ("", [], 0.0),
            ("a", ["a"], -1.0),
            ("ab", ["ab"], -2.5),
            ("ba", ["b", "a"], -3.0),
            ("aba", ["ab", "a"], -3.5),
            ("abab", ["ab", "ab"], -5.0),
        ],
    )
    def test_by_hand(self, word, pieces, log_prob):
        assert viterbi(word, self.LOG_PROBS) == (pieces, log_prob)

    @settings(max_examples=500)
    @given(letters, some_pieces, st.sampled_from([-math.inf, -3.0, -20.0]))
    def test_it_is_the_best_of_all_cuts(self, word, log_probs, unknown):
        pieces, log_prob = viterbi(word, log_probs, unknown)
        best = best_cut(word, log_probs, unknown)
        assert "".join(pieces) == word
        assert math.isclose(log_prob, log_prob_of(best, log_probs, unknown), rel_tol=1e-12)
        if log_prob > -math.inf:
            assert math.isclose(log_prob, log_prob_of(pieces, log_probs, unknown), rel_tol=1e-12)

    @settings(max_examples=500)
    @given(
        letters,
        st.dictionaries(
            st.text(st.sampled_from("abc"), min_size=1, max_size=4),
            st.integers(-4, -1).map(float),
            min_size=1,
            max_size=14,
        ),
    )
    def test_ties_go_to_the_longest_last_piece(self, word, log_probs):
        # Small whole numbers: equal sums are exactly equal, and there are many.
        pieces, log_prob = viterbi(word, log_probs)
        if log_prob > -math.inf:
            assert tuple(pieces) == best_cut(word, log_probs)

    def test_ties_by_hand(self):
        equal = {"a": -1.0, "aa": -2.0, "aaa": -3.0}
        assert viterbi("aaaa", equal) == (["a", "aaa"], -4.0)
        assert viterbi("aa", equal) == (["aa"], -2.0)
        assert viterbi("ab", {"a": -1.0, "b": -1.0, "ab": -2.0}) == (["ab"], -2.0)

    def test_unknown_characters(self):
        assert viterbi("axa", {"a": -1.0}, unknown=-5.0) == (["a", "x", "a"], -7.0)
        assert viterbi("xy", {"a": -1.0}, unknown=-5.0) == (["x", "y"], -10.0)
        assert viterbi("qu", {"qu": -3.0, "u": -1.0}, unknown=-2.5) == (["qu"], -3.0)
        assert viterbi("qu", {"qu": -3.0, "u": -1.0}, unknown=-1.5) == (["q", "u"], -2.5)
        assert viterbi("a", {"a": -9.0}, unknown=-1.0) == (["a"], -9.0), "a piece is known"
        assert viterbi("axa", {"a": -1.0})[1] == -math.inf
        assert viterbi("x", {})[1] == -math.inf and viterbi("x", {}, -1.0) == (["x"], -1.0)

    def test_longest(self):
        log_probs = {"a": -1.0, "aa": -1.5, "aaa": -1.6}
        assert viterbi("aaaa", log_probs) == (["a", "aaa"], -2.6)
        assert viterbi("aaaa", log_probs, longest=2) == (["aa", "aa"], -3.0)
        assert viterbi("aaaa", log_probs, longest=1) == (["a"] * 4, -4.0)
        assert viterbi("aaaa", log_probs, longest=9) == viterbi("aaaa", log_probs)
        assert viterbi("b" * 40, {"b": -1.0, "b" * 40: -2.0}) == (["b" * 40], -2.0), "by default, any length"

    def test_a_long_word(self):
        start = time.process_time()
        pieces, log_prob = viterbi("ab" * 20_000, self.LOG_PROBS)
        assert pieces == ["ab"] * 20_000 and log_prob == -50_000.0
        assert time.process_time() - start < 5, "the time grows with the length, not with its square"


class TestExpectedCounts:
    def test_by_hand(self):
        # "aa": a|a has 0.5 * 0.5, aa has 0.25: equally probable. One use of "aa" in two, two of "a" in two.
        counts, log_prob = expected_counts("aa", {"a": math.log(0.5), "aa": math.log(0.25), "b": -1.0})
        assert counts == pytest.approx({"a": 1.0, "aa": 0.5}) and log_prob == pytest.approx(math.log(0.5))
        assert expected_counts("", {"a": -1.0}) == ({}, 0.0)
        assert expected_counts("ab", {"a": -1.0}) == ({}, -math.inf)
        assert expected_counts("ab", {"b": -1.0}) == ({}, -math.inf)
        assert expected_counts("a", {}) == ({}, -math.inf)
        assert expected_counts("b" * 40, {"b" * 40: -2.0}) == ({"b" * 40: 1.0}, -2.0)

    @settings(max_examples=500)
    @given(letters, some_pieces, st.sampled_from([None, 1, 2, 3]))
    def test_it_is_the_average_over_all_cuts(self, word, log_probs, longest):
        usable = {piece: p for piece, p in log_probs.items() if len(piece) <= (longest or 9)}
        ways = {cut: math.exp(log_prob_of(cut, usable)) for cut in cuts(word)}
        total = math.fsum(ways.values())
        counts, log_prob = expected_counts(word, log_probs, longest)
        if total == 0:
            assert (counts, log_prob) == ({}, -math.inf)
            return
        assert log_prob == pytest.approx(math.log(total), abs=1e-11)
        wanted = Counter()
        for cut, p in ways.items():
            for piece in cut:
                wanted[piece] += p / total
        for piece in {*wanted, *counts}:
            assert counts.get(piece, 0) == pytest.approx(wanted[piece], abs=1e-11)
        assert sum(len(piece) * n for piece, n in counts.items()) == pytest.approx(len(word))

    def test_a_word_whose_probability_is_no_floating_point_number(self):
        # n letters from "a" and "aa": the sum is s(n) = p s(n - 1) + q s(n - 2), a geometric series.
        p, q, n = 0.1, 0.02, 3000
        counts, log_prob = expected_counts("a" * n, {"a": math.log(p), "aa": math.log(q)})
        assert log_prob == pytest.approx(n * math.log(0.2) + math.log(2 / 3), rel=1e-12)
        assert counts["a"] + 2 * counts["aa"] == pytest.approx(n, rel=1e-9)
        # "aa" is counted by the derivative by log q: r = 0.2 solves r^2 = p r + q, and r' is q / (2 r - p).
        assert counts["aa"] / n == pytest.approx(q / (0.2 * (2 * 0.2 - p)), rel=1e-3)

    def test_sums_of_logarithms(self):
        assert log_add(math.log(3), math.log(4)) == pytest.approx(math.log(7), rel=1e-15)
        assert log_add(math.log(4), math.log(3)) == pytest.approx(math.log(7), rel=1e-15)
        assert log_add(-1e5, -1e5) == pytest.approx(-1e5 + math.log(2), rel=1e-15)
        assert log_add(-5.0, -2000.0) == -5.0 == log_add(-2000.0, -5.0)
        assert log_add(-math.inf, -3.0) == -3.0 == log_add(-3.0, -math.inf)
        assert log_add(-math.inf, -math.inf) == -math.inf


class TestSeeds:
    def test_by_hand(self):
        # a 5, b 3, c 1, ab 3 (6 characters), ba 1, aab 1, bc 1, ...: substrings once seen are left out.
        seeds = seed_pieces({"aab": 1, "ab": 2, "ac": 1}, 99, 16)
        written = {"a": 5, "b": 3, "c": 1, "ab": 6}
        assert seeds == pytest.approx({piece: math.log(n / 15) for piece, n in written.items()})

    def test_sizes(self):
        words = {"abcab": 2, "bca": 1}
        seeds = seed_pieces(words, 99, 99)
        assert "abcab" in seeds and "bca" in seeds
        assert max(map(len, seed_pieces(words, 99, 3))) == 3
        assert set(seed_pieces(words, 3, 99)) == set(seed_pieces(words, 0, 99)) == set("abc"), (
            "characters stay"
        )
        # 10: abcab; 9: bca (3 times); 8: abca, bcab; 6: abc, cab, bc, ca; ab is there 4 times: 8.
        assert set(seed_pieces(words, 5, 99)) == {*"abc", "abcab", "bca"}
        assert set(seed_pieces(words, 6, 99)) == {*"abc", "abcab", "bca", "ab"}, "ties go by the alphabet"
        assert sum(map(math.exp, seeds.values())) == pytest.approx(1)

    def test_none(self):
        assert seed_pieces({}, 9, 9) == {} and seed_pieces({"": 4}, 9, 9) == {}
        assert seed_pieces({"a": 1}, 9, 9) == {"a": 0.0}


class TestEM:
    def test_one_step_by_listing_all_cuts(self):
        words = {"abab": 3, "aab": 2, "b": 1}
        log_probs = random_pieces(1, "ab", 8)
        wanted, log_likelihood = Counter(), 0.0
        for word, n in words.items():
            ways = {cut: math.exp(log_prob_of(cut, log_probs)) for cut in cuts(word)}
            total = sum(ways.values())
            log_likelihood += n * math.log(total)
            for cut, p in ways.items():
                for piece in cut:
                    wanted[piece] += n * p / total
        found, before = em_step(words, log_probs)
        assert before == pytest.approx(log_likelihood) and list(found) == list(log_probs)
        for piece, log_prob in found.items():
            assert math.exp(log_prob) == pytest.approx(wanted[piece] / wanted.total(), abs=1e-9)

    @pytest.mark.parametrize("seed", range(6))
    def test_no_step_makes_the_words_less_probable(self, seed):
        draw = random.Random(seed)
        words = Counter("".join(draw.choices("abc", k=draw.randint(1, 9))) for _ in range(60))
        log_probs, history = random_pieces(seed, "abc", 20), []
        for _ in range(30):
            log_probs, log_likelihood = em_step(words, log_probs)
            assert sum(map(math.exp, log_probs.values())) == pytest.approx(1)
            history.append(log_likelihood)
        steps = [after - before for before, after in pairwise(history)]
        assert min(steps) > -1e-6 and steps[0] > 1 and sum(steps) > 10
        assert steps[-1] < steps[0] / 20, "it settles"

    def test_a_piece_that_is_never_used_stays_possible(self):
        log_probs, log_likelihood = em_step({"a": 1000}, {"a": -1.0, "b": -1.0, "aaa": -1.0})
        assert log_likelihood == -1000.0 and log_probs["a"] == pytest.approx(0, abs=1e-11)
        assert log_probs["b"] == log_probs["aaa"] == pytest.approx(math.log(1e-12))

    def test_no_words(self):
        assert em_step({}, {}) == ({}, 0.0)


class TestPrune:
    def test_the_least_useful_piece_goes_first(self):
        # "the" is frequent, but t|he is as good; "xy" is used once; "ing" would be i|n|g.
        words = {"the": 100, "he": 300, "t": 300, "ing": 100, "in": 5, "g": 5, "xy": 1}
        pieces = [*"thinegxy", "the", "he", "ing", "xy"]
        log_probs = {piece: -math.log(len(pieces)) for piece in pieces}
        for _ in range(20):
            log_probs, _ = em_step(words, log_probs)
        kept = [set(prune(log_probs, size)) - set("thinegxy") for size in range(12, 7, -1)]
        assert kept == [{"the", "he", "ing", "xy"}, {"he", "ing", "xy"}, {"he", "ing"}, {"he"}, set()]

    def test_it_drops_what_costs_least_if_its_best_cut_replaces_it(self):
        for seed in range(20):
            log_probs = random_pieces(seed, "abc", 16)
            costs = {}
            for piece in (piece for piece in log_probs if len(piece) > 1):
                others = {other: p for other, p in log_probs.items() if other != piece}
                cost = log_probs[piece] - log_prob_of(best_cut(piece, others), others)
                costs[piece] = math.exp(log_probs[piece]) * cost
            ranked = sorted(costs, key=costs.__getitem__)
            for n in range(len(ranked) + 1):
                assert set(log_probs) - set(prune(log_probs, 16 - n)) == set(ranked[:n])

    def test_kept_pieces_keep_their_probabilities(self):
        log_probs = random_pieces(3)
        kept = prune(log_probs, 7)
        assert len(kept) == 7 and kept.items() <= log_probs.items() and set("abc") <= set(kept)
        assert prune(log_probs, 99) == log_probs


class TestTraining:
    @pytest.mark.parametrize("seed", range(4))
    def test_it_finds_the_pieces_that_words_were_made_of(self, seed):
        draw = random.Random(seed)
        planted = ["".join(draw.sample("abcdefghijklmnop", k=draw.randint(3, 5))) for _ in range(12)]
        words = Counter("".join(draw.choices(planted, k=draw.randint(1, 3))) for _ in range(3000))
        characters = set("".join(planted))
        found = train_unigram(words, len(characters) + len(set(planted)))
        assert set(found) == characters | set(planted)
        # 12 pieces, 1 to 3 in a word, 2 on average: each has about 1/12 of all.
        assert all(0.06 < math.exp(found[piece]) < 0.11 for piece in planted)

    def test_result(self):
        log_probs = train_unigram(WORDS, 300)
        assert len(log_probs) == 300 and set("".join(WORDS)) <= set(log_probs)
        assert list(log_probs.values()) == sorted(log_probs.values(), reverse=True)
        assert sum(map(math.exp, log_probs.values())) == pytest.approx(1)
        assert train_unigram(WORDS, 300) == log_probs and list(train_unigram(WORDS, 300)) == list(log_probs)
        assert max(map(len, log_probs)) > 3 >= max(map(len, train_unigram(WORDS, 300, max_length=3)))
        assert max(map(len, train_unigram({"abcdefghijklmnopqrst": 5}, 400))) == 16
        characters = len(set("".join(WORDS)))
        assert len(train_unigram(WORDS, characters)) == characters

    def test_there_are_fewer_where_no_more_substrings_come_twice(self):
        assert set(train_unigram({"abc": 1, "ab": 1}, 50)) == {"a", "b", "c", "ab"}
        assert train_unigram({}, 9) == {}
        assert len(train_unigram(WORDS, 300, seed_size=200)) == 200

    def test_the_seed_and_the_rounds(self):
        # No cut from 60 pieces, one from 61 to 80, two from more: by hand.
        for seed_size, rounds in ((60, []), (61, [60]), (75, [60]), (100, [75, 60]), (101, [75, 60])):
            log_probs = seed_pieces(WORDS, seed_size, 16)
            for size in [*rounds, None]:
                for _ in range(2):
                    log_probs, _ = em_step(WORDS, log_probs)
                log_probs = prune(log_probs, size) if size else log_probs
            assert train_unigram(WORDS, 60, seed_size=seed_size) == log_probs
        assert train_unigram(WORDS, 60) == train_unigram(WORDS, 60, seed_size=600)
        assert train_unigram(WORDS, 60, shrink=0.75) == train_unigram(WORDS, 60)
        assert train_unigram(WORDS, 60, shrink=0.1) != train_unigram(WORDS, 60)

    def test_the_words_are_more_probable_than_with_the_pieces_of_other_libraries(self):
        # Log-likelihood of the same words with as many pieces, all with their best probabilities.
        ours = train_unigram(WORDS, 400)
        found = {"ours": fitted(WORDS, ours)}
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
        trainer = trainers.UnigramTrainer(
            vocab_size=401, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
        )
        tokenizer.train_from_iterator(TOWN, trainer)
        pieces = [piece for piece, _ in json.loads(tokenizer.to_str())["model"]["vocab"] if piece != "<unk>"]
        found["tokenizers"] = fitted(WORDS, pieces)
        assert len(pieces) == len(ours) == 400
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TOWN), model_writer=model, vocab_size=401, model_type="unigram",
            normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False,
            character_coverage=1.0, bos_id=-1, eos_id=-1, minloglevel=2, num_threads=1,
        )  # fmt: skip
        model = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        pieces = [model.id_to_piece(i) for i in range(401) if not model.is_unknown(i)]
        found["sentencepiece"] = fitted(WORDS, pieces)
        assert found["ours"] == max(found.values()), found

    def test_it_is_fast(self):
        # 10,000 stories take 1 s here, beside a second in which their words are counted.
        words = Counter(word for story in Town().stories(2000, seed=1) for word in space_words(story))
        start = time.process_time()
        assert len(train_unigram(words, 768)) == 768
        assert time.process_time() - start < 10

    def test_errors(self):
        with pytest.raises(TokenizerError, match=r"^2 pieces .* 3 characters: make the vocabulary 1 larger"):
            train_unigram({"ab": 1, "c": 1}, 2)
        for shrink in (0, 1, 1.5, -0.5, math.nan):
            with pytest.raises(TokenizerError, match=f"shrink={shrink}"):
                train_unigram({"ab": 1}, 5, shrink=shrink)
        with pytest.raises(TokenizerError, match="max_length=0"):
            train_unigram({"ab": 1}, 5, max_length=0)


class TestTokenizer:
    def test_ids_are_bytes_then_pieces_then_special_tokens(self):
        log_probs = {"b": -1.0, "▁a": -2.0}
        tokenizer = UnigramTokenizer(log_probs, [END])
        assert tokenizer.vocab_size == 259 and tokenizer.special == {END: 258}
        assert tokenizer.tokens[:2] == ["<0x00>", "<0x01>"] and tokenizer.tokens[254:] == [
            "<0xFE>", "<0xFF>", "b", "▁a", END,
        ]  # fmt: skip
        assert tokenizer.encode("b a\u00e9 ▁") == [256, 257, 0xC3, 0xA9, 0x20, 0xE2, 0x96, 0x81]
        assert [tokenizer.decode([i]) for i in (65, 256, 257, 258)] == ["A", "b", " a", END]
        assert tokenizer.log_probs == log_probs and tokenizer.log_probs is not log_probs

    def test_training(self):
        assert TOKENIZER.vocab_size == 600 and TOKENIZER.special == {END: 598, "<b>": 599}
        assert TOKENIZER.log_probs == train_unigram(WORDS, 600 - 256 - 2)
        tokenizer = UnigramTokenizer.train(iter(["ab ab", "ab"]), 999)
        assert set(tokenizer.tokens[256:]) == {"a", "b", "▁", "ab"}, "▁a and ▁ab are there once"
        assert UnigramTokenizer.train([], 256).vocab_size == 256

    def test_without_pieces_there_are_bytes(self):
        assert UnigramTokenizer({}).encode("aé ▁") == list("aé ▁".encode())
        assert UnigramTokenizer({}).decode("aé ▁".encode()) == "aé ▁"

    @settings(max_examples=1000)
    @given(st.one_of(st.text(), st.text(st.sampled_from(SPICY))))
    def test_every_text_comes_back(self, text):
        assert TOKENIZER.decode(TOKENIZER.encode(text)) == text

    @settings(max_examples=300)
    @given(st.text(st.sampled_from("ab ▁<0x4>é"), max_size=12), st.lists(st.text(min_size=1), unique=True))
    def test_every_text_comes_back_with_any_vocabulary(self, text, pieces):
        log_probs = {piece: -1.0 - i for i, piece in enumerate([*pieces, "a▁", " ", "▁a", "<0x41>", "▁"])}
        tokenizer = UnigramTokenizer(log_probs)
        assert tokenizer.decode(tokenizer.encode(text)) == text

    def test_a_mark_for_a_space_and_the_name_of_a_byte_are_text(self):
        for text in ("▁", "a▁b", " ▁ ", "<0x41>", "<unk>", "x <0xE2><0x96><0x81>"):
            assert TOKENIZER.decode(TOKENIZER.encode(text)) == text
        trained = UnigramTokenizer.train(["a▁b a▁b <0x41> <0x41>"] * 9, 300)
        assert trained.decode(trained.encode("a▁b <0x41>")) == "a▁b <0x41>"
        assert len(trained.encode("a▁b")) == 1 and 0x41 not in trained.encode("<0x41>")

    def test_bytes_that_are_no_text(self):
        assert UnigramTokenizer({"a": -1.0}).decode([0xC3, 256, 0xC3, 0xA9]) == "\ufffdaé"

    def test_stories_are_encoded_as_tokenizers_does(self):
        other = theirs(TOKENIZER.log_probs)
        for story in Town().stories(300, seed=55):
            assert TOKENIZER.encode(story) == other.encode(story).ids

    @settings(max_examples=1500)
    @given(st.text(st.one_of(st.sampled_from(SPICY), st.characters(codec="utf-8"))))
    def test_fuzzed_texts_are_encoded_as_tokenizers_does(self, text):
        text = text.replace("▁", "").replace("<0x", "")
        assert TOKENIZER.encode(text) == theirs(TOKENIZER.log_probs).encode(text).ids

    def test_3000_mixed_texts_are_encoded_as_tokenizers_does(self):
        # With rounded log-probabilities there are ties, and characters that are in longer pieces only.
        draw = random.Random(8)
        multi = [piece for piece in TOKENIZER.log_probs if len(piece) > 1]
        singles = [piece for piece in TOKENIZER.log_probs if len(piece) == 1]
        log_probs = {piece: float(draw.randint(-9, -1)) for piece in [*multi, *singles[::2]]}
        ours, other = UnigramTokenizer(log_probs), theirs(log_probs)
        lengths = 0
        for _ in range(3000):
            parts = draw.choices(multi, k=draw.randrange(9)) + draw.choices(
                "xyzéß漢🎉 \n", k=draw.randrange(5)
            )
            draw.shuffle(parts)
            text = "".join(parts).replace("▁", " ")
            ids = ours.encode(text)
            assert ids == other.encode(text).ids and ours.decode(ids) == text
            lengths += len(ids)
        assert lengths > 20_000

    def test_unknown_characters_are_ten_nats_less_probable_than_any_piece(self):
        # q|ab has -12 - 10 - 1, qa|b -12 and what b has.
        for b, pieces in ((-6.0, ["qa", "b"]), (-10.9, ["qa", "b"]), (-11.1, ["q", "ab"])):
            log_probs = {"qa": -12.0, "b": b, "ab": -1.0}
            ours = UnigramTokenizer(log_probs)
            assert [ours.decode([i]) for i in ours.encode("qab")] == pieces
            assert ours.encode("qab") == theirs(log_probs).encode("qab").ids

    def test_pieces_do_not_cross_words(self):
        log_probs = {"a": -1.0, "▁b": -2.0, "a▁b": -0.5}
        ours = UnigramTokenizer(log_probs)
        assert ours.encode("a b") == [256, 257] == theirs(log_probs).encode("a b").ids

    def test_what_the_docstring_says_of_the_differences(self):
        log_probs = {"a": -1.0, "▁": -2.0, "<": -9.0}
        assert theirs(log_probs).encode("a▁a").ids == theirs(log_probs).encode("a a").ids
        ours = UnigramTokenizer(log_probs)
        assert ours.decode(ours.encode("a▁a")) == "a▁a" != ours.decode(ours.encode("a a"))
        # Its search takes the name of a byte for the byte, where the letters are less probable.
        assert theirs(log_probs, bytes_at=0.0).encode("<0x41>").ids == [0x41]
        assert ours.encode("<0x41>") == [258, *b"0x41>"]

    @pytest.mark.parametrize("i", [-1, 600, 10**9, 1.0, "1", None, True])
    def test_unknown_ids(self, i):
        with pytest.raises(TokenizerError, match="no id of this tokenizer: its ids are 0 to 599"):
            TOKENIZER.decode([1, i])

    def test_one_word_of_a_million_characters(self):
        text = "ab" * 50_000
        start = time.process_time()
        assert TOKENIZER.decode(TOKENIZER.encode(text)) == text
        assert time.process_time() - start < 10

    def test_words_that_were_seen_are_encoded_as_before(self):
        fresh = UnigramTokenizer(TOKENIZER.log_probs, list(TOKENIZER.special))
        for _ in range(2):
            for story in TOWN[:5]:
                ids = fresh.encode(story)
                ids.append(0)  # the list is the caller's
                assert fresh.encode(story) == ids[:-1] == TOKENIZER.encode(story)


class TestSpecialTokens:
    def test_text_never_turns_into_them_unless_allowed(self):
        text = f"The end.{END}The<b>"
        assert max(TOKENIZER.encode(text)) < 598 and TOKENIZER.decode(TOKENIZER.encode(text)) == text
        the, end, b = (TOKENIZER.encode(part) for part in ("The", "The end.", "The<b>"))
        assert TOKENIZER.encode(text, allowed_special={END}) == [*end, 598, *b]
        assert TOKENIZER.encode(text, allowed_special="all") == [*end, 598, *the, 599]
        assert TOKENIZER.encode(text, allowed_special=END) == [*end, 598, *b]
        assert TOKENIZER.decode(TOKENIZER.encode(text, allowed_special="all")) == text

    def test_a_special_token_is_written_as_it_is(self):
        tokenizer = UnigramTokenizer({"a": -1.0}, ["▁", " "])
        assert tokenizer.encode("a▁ a", allowed_special="all") == [256, 257, 258, 256]
        assert tokenizer.decode([256, 257, 258, 256]) == "a▁ a"

    def test_others_are_refused(self):
        with pytest.raises(TokenizerError, match=r"'<c>' is no special token here: '<\|endoftext\|>', '<b>'"):
            TOKENIZER.encode("", allowed_special=["<c>"])
        with pytest.raises(TokenizerError, match="'a' is no special token here: it has none"):
            UnigramTokenizer({"a": -1.0}).encode("a", allowed_special=["a"])


class TestBadInput:
    @pytest.mark.parametrize(
        ("log_probs", "special", "message"),
        [
            ({"a": -1.0, "": -1.0}, [], "piece '' with log-probability -1.0"),
            ({"a": 0.1}, [], "piece 'a' with log-probability 0.1"),
            ({"a": math.nan}, [], "piece 'a' with log-probability nan"),
            ({"a": -math.inf}, [], "piece 'a' with log-probability -inf"),
            ({"a": math.inf}, [], "piece 'a' with log-probability inf"),
            ({"a\udc00": -1.0}, [], r"'\\udc00' \(position 1\)"),
            ({"a": -1.0}, ["x", ""], "special token '' is empty, or given twice"),
            ({"a": -1.0}, ["x", "y", "x"], "special token 'x' is empty, or given twice"),
            ({"a": -1.0}, ["\ud800"], r"'\\ud800' \(position 0\)"),
        ],
    )
    def test_vocabularies(self, log_probs, special, message):
        with pytest.raises(TokenizerError, match=message):
            UnigramTokenizer(log_probs, special)

    def test_a_sure_piece_is_possible(self):
        assert UnigramTokenizer({"a": 0.0}).encode("ab") == [256, 98]

    def test_texts(self):
        for text, position in (("\udfff", 0), ("ab\ud800", 2)):
            with pytest.raises(TokenizerError, match=rf"\(position {position}\) is half of a surrogate pair"):
                TOKENIZER.encode(text)
            with pytest.raises(TokenizerError, match=rf"\(position {position}\)"):
                UnigramTokenizer.train(["fine", text], 300)

    def test_training(self):
        with pytest.raises(TokenizerError, match=r"'The whole text as on'\.\.\. is one text"):
            UnigramTokenizer.train("The whole text as one", 300)
        with pytest.raises(TokenizerError, match=r"^1 pieces .* 3 characters: make the vocabulary 2 larger"):
            UnigramTokenizer.train(["abc"], 258, [END])
        assert UnigramTokenizer.train(["abc"], 260, [END]).vocab_size == 260
        with pytest.raises(TokenizerError, match="special token 'x' is empty, or given twice"):
            UnigramTokenizer.train(["abc"], 300, ["x", "x"])


class TestFiles:
    def test_they_come_back(self, tmp_path):
        odd = UnigramTokenizer({"漢": -0.1, "▁": -1 / 3, " ": -5e-324, "b": -1e300}, ["<é>"])
        for tokenizer in (TOKENIZER, odd, UnigramTokenizer({})):
            path = tokenizer.save(tmp_path / "deep" / "tokenizer.json")
            for again in (UnigramTokenizer.load(path), load(path), copy.copy(tokenizer)):
                assert isinstance(again, UnigramTokenizer)
                assert list(again.log_probs.items()) == list(tokenizer.log_probs.items())
                assert again.tokens == tokenizer.tokens and again.special == tokenizer.special
            text = "The bärbl▁ <é>漢 end."
            assert load(path).encode(text) == tokenizer.encode(text)
            assert "漢" in path.read_text("utf-8") or tokenizer is not odd, "readable"

    def test_others_are_refused(self, tmp_path):
        path = BPETokenizer([]).save(tmp_path / "bpe.json")
        with pytest.raises(TokenizerError, match="kind 'bpe', not 'unigram'"):
            UnigramTokenizer.load(path)
        path = TOKENIZER.save(tmp_path / "unigram.json")
        file = json.loads(path.read_text("utf-8"))
        file["content"]["log_probs"][7][1] = -3.0
        path.write_text(json.dumps(file), "utf-8")
        with pytest.raises(TokenizerError, match="damaged"):
            UnigramTokenizer.load(path)

    def test_it_can_be_sent_to_other_processes(self):
        again = pickle.loads(pickle.dumps(TOKENIZER))
        assert again.encode(TOWN[0]) == TOKENIZER.encode(TOWN[0])
