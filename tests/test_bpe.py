"""Byte pairs: the trainer equals a naive one and that of tokenizers, the encoder that of tiktoken."""

import json
import random
import time
import unicodedata
from collections import Counter
from itertools import pairwise
from typing import ClassVar

import pytest
import regex
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from properties import settings
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from llmlite.text.bpe import (
    BYTES,
    BPETokenizer,
    byte_alphabet,
    encode_word,
    merge,
    parse_merges,
    split,
    train_bpe,
)
from llmlite.text.pairs import PairCounts
from llmlite.text.tokenizer import TokenizerError
from llmlite.world import Town

TOWN = Town().stories(150, seed=5)
FOREIGN = [
    "今日は良い天気です。明日も良い天気でしょう。",
    "👩\u200d👩\u200d👧\u200d👦 👍🏽👍🏽 🏳\ufe0f\u200d🌈 👍🏽",
    "Привет, привет! عليكم السلام عليكم",
    "e\u0301e\u0301 नमस्ते, नमस्ते",
]
words_with_ties = st.dictionaries(
    st.text(st.sampled_from("ab \nc"), max_size=7), st.integers(1, 3), max_size=8
)


def naive_bpe(words, n_merges):
    """Count everything anew before each merge; ties go to the smallest ids."""
    tokens = list(BYTES)
    split_words = {word: [BYTES.index(bytes([byte])) for byte in word.encode()] for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = Counter()
        for word, ids in split_words.items():
            for pair in pairwise(ids):
                counts[pair] += words[word]
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        for ids in split_words.values():
            i = 0
            while i + 1 < len(ids):
                if (ids[i], ids[i + 1]) == best:
                    ids[i : i + 2] = [len(tokens)]
                i += 1
        merges.append((tokens[best[0]], tokens[best[1]]))
        tokens.append(b"".join(merges[-1]))
    return merges


def theirs(texts, vocab_size):
    """Return a tokenizer of `tokenizers`, trained on bytes, and its merges in our form."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return tokenizer, parse_merges(map(" ".join, merges))


def taught(tokenizer, text):
    """Encode with the encoder that the book teaches."""
    pieces = split(text, tokenizer.pattern)
    return [i for piece in pieces for i in encode_word(piece.encode(), tokenizer.ranks)]


class TestBytes:
    def test_the_alphabet_is_that_of_tokenizers(self):
        spelled = byte_alphabet()
        assert sorted(spelled) == list(range(256))
        assert sorted(spelled.values()) == sorted(pre_tokenizers.ByteLevel.alphabet())
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        seen = set()
        for character in map(chr, [*range(0x1000), *range(0x1000, 0xD800, 64), *range(0xE000, 0x110000, 64)]):
            ((written, _),) = level.pre_tokenize_str(character)
            assert [spelled[byte] for byte in character.encode()] == list(written)
            seen |= set(character.encode())
        assert seen == set(range(256)) - {0xC0, 0xC1, *range(0xF5, 0x100)}, "the others are never in UTF-8"

    def test_a_few_by_hand(self):
        spelled = byte_alphabet()
        assert [spelled[byte] for byte in b" \n\tA~!"] == ["Ġ", "Ċ", "ĉ", "A", "~", "!"]
        assert [spelled[byte] for byte in (0x7F, 0xA0, 0xA1, 0xAC, 0xAD, 0xAE, 0xFF)] == list("ġł¡¬Ń®ÿ")

    def test_ids_of_bytes_are_those_of_tokenizers(self):
        vocabulary = theirs([], 256)[0].get_vocab()
        spelled = byte_alphabet()
        assert [vocabulary[spelled[byte]] for (byte,) in BYTES] == list(range(256))
        assert BYTES[0] == b"!" and BYTES[220] == b" " and BYTES[198] == b"\n"


class TestSplit:
    @pytest.mark.parametrize(
        ("text", "pieces"),
        [
            ("", []),
            ("Hello, world!", ["Hello", ",", " world", "!"]),
            ("I'll, I'LL we've 're", ["I", "'ll", ",", " I", "'", "LL", " we", "'ve", " '", "re"]),
            ("a  b   c ", ["a", " ", " b", "  ", " c", " "]),
            ("\n\nA\n\n\nB\n", ["\n", "\n", "A", "\n\n", "\n", "B", "\n"]),
            (
                "if x==10:\n\treturn 3.14",
                ["if", " x", "==", "10", ":", "\n", "\t", "return", " 3", ".", "14"],
            ),
            ("x\u00a0y\u3000 z", ["x", "\u00a0", "y", "\u3000", " z"]),
            ("naïve cafe\u0301 2²", ["naïve", " cafe", "\u0301", " 2²"]),
            ("a\x1cb\u200bc\ufeffd", ["a", "\x1c", "b", "\u200b", "c", "\ufeff", "d"]),
            ("'s't're've'm'll'd", ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]),
        ],
    )
    def test_by_hand(self, text, pieces):
        assert split(text) == pieces

    @settings(max_examples=300)
    @given(st.text())
    def test_nothing_is_lost(self, text):
        pieces = split(text)
        assert "".join(pieces) == text and all(pieces)

    def test_another_pattern(self):
        assert split("ab cd", r"\w|\s") == ["a", "b", " ", "c", "d"]

    @pytest.mark.parametrize("pattern", [r"\w+", r"[^e]", r"(\w)+|\s+|.", ""])
    def test_a_pattern_that_leaves_text_out(self, pattern):
        with pytest.raises(TokenizerError, match=r"^pattern .* leaves some text out: extend it"):
            split("Hello, you", pattern)

    @pytest.mark.parametrize("kind", [r"\p{L}", r"\p{N}", r"\s"])
    def test_letters_digits_and_spaces_are_those_of_tiktoken(self, kind):
        # An encoding whose pattern is one kind of character drops all others.
        every = "".join(chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000)
        ranks = {bytes([i]): i for i in range(256)}
        encoding = tiktoken.Encoding("kind", pat_str=kind, mergeable_ranks=ranks, special_tokens={})
        found = set(bytes(encoding.encode_ordinary(every)).decode())
        # The module says what remains: characters that are newer than the tables of the older library. Python
        # 3.11 to 3.14 have tables no newer than Unicode 16 and do not know these either.
        known = {character for character in every if unicodedata.category(character) != "Cn"}
        assert len(found) >= 25
        assert found & known == set(regex.findall(kind, every)) & known


class TestMerge:
    @settings(max_examples=300)
    @given(st.lists(st.integers(0, 2), max_size=12), st.tuples(st.integers(0, 2), st.integers(0, 2)))
    def test_it_is_the_replace_of_strings(self, ids, pair):
        text = "".join(map(str, ids)).replace(f"{pair[0]}{pair[1]}", "9")
        assert merge(ids, pair, 9) == [int(digit) for digit in text]
        assert merge(tuple(ids), pair, 9) == merge(ids, pair, 9)

    def test_from_left_to_right_and_not_in_place(self):
        ids = [7, 7, 7, 5, 7, 7]
        assert merge(ids, (7, 7), 300) == [300, 7, 5, 300]
        assert ids == [7, 7, 7, 5, 7, 7]
        assert merge([7], (7, 7), 300) == [7] and merge([], (7, 7), 300) == []


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.lists(st.integers(0, 2), max_size=9), st.integers(1, 4)), max_size=6), st.randoms()
)
def test_counts_of_pairs_stay_right(words, draw):
    pairs = PairCounts(words)
    words = [(list(ids), count) for ids, count in words]
    for new in range(3, 9):
        recount = Counter()
        for ids, count in words:
            for pair in pairwise(ids):
                recount[pair] += count
        assert {pair: count for pair, count in pairs.counts.items() if count} == recount
        if not recount:
            break
        pair = draw.choice(sorted(recount))
        made = pairs.merge(pair, new)
        words = [(merge(ids, pair, new), count) for ids, count in words]
        assert {pair for ids, _ in words for pair in pairwise(ids) if new in pair} <= made
        assert all(new in pair for pair in made)
        row = [i for ids, _ in words for i in ids]
        assert [i for i in pairs.ids if i != -1] == row


class TestTraining:
    def test_by_hand(self):
        # aab aab ab: "a b" occurs 3 times, "a a" twice; then "a ab" twice.
        assert train_bpe({"aab": 2, "ab": 1}, 9) == [(b"a", b"b"), (b"a", b"ab")]
        assert train_bpe({"aaaa": 1}, 9) == [(b"a", b"a"), (b"aa", b"aa")]

    @pytest.mark.parametrize(
        ("words", "first"),
        [
            ({"cd": 1, "ab": 1}, (b"a", b"b")),
            ({"ba": 1, "ab": 1}, (b"a", b"b")),
            ({"\n\n": 1, "  ": 1, "zz": 1}, (b"z", b"z")),  # ids follow the alphabet, where Ċ and Ġ come late
            ({"\n\n": 1, "  ": 1}, (b"\n", b"\n")),
            ({"\u00a1": 1, "zz": 1}, (b"z", b"z")),
            ({"ab": 1, "cd": 2}, (b"c", b"d")),
            # After ab, the pairs "ab x" and "y z" are equally frequent; tokens made later have larger ids.
            ({"ab": 3, "abx": 2, "yz": 2}, (b"a", b"b")),
        ],
    )
    def test_ties_go_to_the_smallest_ids(self, words, first):
        merges = train_bpe(words, 2)
        assert merges[0] == first
        assert merges == naive_bpe(words, 2)
        if "yz" in words:
            assert merges[1] == (b"y", b"z")

    @settings(max_examples=300)
    @given(words_with_ties, st.integers(0, 25))
    def test_it_equals_the_naive_trainer(self, words, n_merges):
        assert train_bpe(words, n_merges) == naive_bpe(words, n_merges)

    @settings(max_examples=100)
    @given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.integers(1, 9), max_size=5))
    def test_it_equals_the_naive_trainer_on_any_text(self, words):
        assert train_bpe(words, 12) == naive_bpe(words, 12)

    @settings(max_examples=100)
    @given(st.lists(st.text(st.sampled_from("ab \n'"), max_size=40), max_size=5), st.integers(256, 300))
    def test_it_equals_tokenizers_where_ties_are_many(self, texts, vocab_size):
        assert BPETokenizer.train(texts, vocab_size).merges == theirs(texts, vocab_size)[1]

    @pytest.mark.parametrize(
        "texts", [TOWN, FOREIGN, TOWN[:9] + FOREIGN * 3], ids=["town", "foreign", "both"]
    )
    def test_it_equals_tokenizers_until_no_pair_is_left(self, texts):
        ours, (_, merges) = BPETokenizer.train(texts, 100_000), theirs(texts, 100_000)
        assert ours.merges == merges
        assert 10 < len(merges) < 90_000, "both stop where every piece is one token"
        pieces = {piece.encode() for text in texts for piece in split(text)}
        assert all(len(encode_word(piece, ours.ranks)) == 1 for piece in pieces)

    def test_random_texts_of_few_letters_equal_tokenizers(self):
        draw = random.Random(1)
        for letters in ("01", "abc", "aé漢", "x y", "a\n\n "):
            texts = ["".join(draw.choices(letters, k=400)) for _ in range(5)]
            assert BPETokenizer.train(texts, 500).merges == theirs(texts, 500)[1]

    @settings(max_examples=100)
    @given(words_with_ties)
    def test_no_token_is_made_twice(self, words):
        # Where two pairs could make "aab", a+ab and aa+b, the merges before leave the same one everywhere.
        made = [left + right for left, right in train_bpe(words, 40)]
        assert len(set(made)) == len(made)

    def test_words_that_occur_never(self):
        assert train_bpe({"ab": 0, "cd": 1}, 9) == [(b"c", b"d")]
        assert train_bpe({}, 9) == train_bpe({"a": 5, "": 5}, 9) == []
        assert train_bpe({"ab": 1}, 0) == []

    def test_one_long_word_is_quick(self):
        # Seen: 0.5 s. A trainer that walks through a word at each merge takes minutes here.
        word = "".join(random.Random(2).choices("etaoinshr", k=100_000))
        start = time.process_time()
        merges = train_bpe({word: 1}, 2000)
        assert time.process_time() - start < 10
        assert len(merges) == 2000


class TestEncodeWord:
    RANKS: ClassVar = {token: i for i, token in enumerate([*BYTES, b"bc", b"ab", b"abc", b"aa"])}

    @pytest.mark.parametrize(
        ("word", "parts"),
        [
            (b"", []),
            (b"z", [b"z"]),
            (b"abd", [b"ab", b"d"]),
            (b"abc", [b"abc"]),  # bc comes first; then a+bc makes the token abc, though by another pair
            (b"dabab", [b"d", b"ab", b"ab"]),
            (b"aaaaa", [b"aa", b"aa", b"a"]),
            (b"aab", [b"a", b"ab"]),  # ab comes before aa
            (b"\xff\x00", [b"\xff", b"\x00"]),
        ],
    )
    def test_by_hand(self, word, parts):
        ids = encode_word(word, self.RANKS)
        assert ids == [self.RANKS[part] for part in parts]

    @settings(max_examples=200)
    @given(st.text(st.sampled_from("abc d\n")), st.integers(256, 300))
    def test_it_is_tiktokens(self, text, size):
        tokenizer = BPETokenizer.train(["abcab aabbcc abca\nddad", "ccbad bacd"], size)
        assert taught(tokenizer, text) == tokenizer.encode(text)

    def test_it_is_that_of_tokenizers_with_the_same_merges(self):
        for texts, size in ((TOWN, 600), (FOREIGN, 320)):
            tokenizer, (their, _) = BPETokenizer.train(texts, size), theirs(texts, size)
            for text in [*Town().stories(30, seed=6), *FOREIGN]:
                assert taught(tokenizer, text) == tokenizer.encode(text) == their.encode(text).ids
