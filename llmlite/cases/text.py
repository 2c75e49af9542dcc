"""Cases of `llmlite.text`."""

import math
import random
from collections.abc import Callable
from typing import Any

from llmlite.text import bpe, corpus, unigram, wordpiece
from llmlite.world import Town

TEXTS = ('"I have no idea," said Gerald. The end.', "Mina's goose, a big one, ran!\nIt was gone.", "", "one")


def corpus_words(words: Callable[..., Any]) -> None:
    """Check marks, possessives and ends of lines by hand, then whole stories."""
    found = words("Mina's goose ran.\n")
    assert found is not None, "return a list"
    assert list(found) == ["Mina", "'s", "goose", "ran", ".", "\n"], "letters, 's, marks and ends of lines"
    for text in (*TEXTS, *Town().stories(20, seed=3)):
        assert list(words(text)) == corpus.words(text), f"it splits in another way: {text[:60]!r}"


def corpus_unwords(unwords: Callable[..., Any]) -> None:
    """Check that stories and their beginnings come back letter for letter."""
    text = unwords(["Mina", "'s", "goose", "ran", "."])
    assert text is not None, "return a text"
    assert text == "Mina's goose ran.", "no space before a mark or an 's"
    for story in (*TEXTS, *Town().stories(20, seed=3)):
        tokens = corpus.words(story)
        assert unwords(tokens) == story, f"the story does not come back: {story[:60]!r}"
        for cut in range(0, len(tokens), 7):
            wanted = corpus.unwords(tokens[:cut])
            assert unwords(tokens[:cut]) == wanted, f"a beginning does not come back: {wanted[-40:]!r}"


def bpe_merge(merge: Callable[..., Any]) -> None:
    """Check runs and ends by hand, then random ids."""
    ids = [7, 7, 7, 5, 7, 7]
    merged = merge(ids, (7, 7), 300)
    assert merged is not None, "return a list"
    assert list(merged) == [300, 7, 5, 300], (
        "from left to right: of three 7 in a row the first two are a pair"
    )
    assert ids == [7, 7, 7, 5, 7, 7], "leave the ids that came in as they were"
    for short in ([], [7]):
        assert list(merge(short, (7, 7), 300)) == short, "fewer than two ids hold no pair"
    draw = random.Random(4)
    for _ in range(200):
        ids, pair = draw.choices(range(3), k=draw.randrange(9)), (draw.randrange(3), draw.randrange(3))
        wanted = bpe.merge(ids, pair, 9)
        assert list(merge(ids, pair, 9)) == wanted, f"{ids} with {pair} as 9 are {wanted}"


def bpe_train_bpe(train_bpe: Callable[..., Any]) -> None:
    """Check counts, ties and the end by hand, then random words against the package's trainer."""
    merges = train_bpe({"aab": 2, "ab": 1}, 9)
    assert merges is not None, "return a list"
    assert list(merges) == [(b"a", b"b"), (b"a", b"ab")], "a b occurs 3 times, a a twice; then a ab"
    assert list(train_bpe({"cd": 1, "ab": 1}, 1)) == [(b"a", b"b")], "ties: the pair with the smallest ids"
    late = list(train_bpe({"\n\n": 1, "zz": 1}, 1))
    assert late == [(b"z", b"z")], (
        "ids of bytes are their places in BYTES, where the end of a line comes late"
    )
    assert len(train_bpe({"abcde": 2, "xyz": 1}, 3)) == 3, "n_merges is the most there are"
    assert list(train_bpe({"a": 4}, 9)) == [], "stop where no pair is left"
    draw = random.Random(5)
    for _ in range(60):
        words = {"".join(draw.choices("ab \né", k=draw.randrange(8))): draw.randint(1, 3) for _ in range(6)}
        wanted = bpe.train_bpe(words, 12)
        assert list(train_bpe(words, 12)) == wanted, f"the merges of {words} are {wanted}"


def bpe_encode_word(encode_word: Callable[..., Any]) -> None:
    """Check the order of merges by hand, then random words against the package's encoder."""
    ranks = {token: i for i, token in enumerate([*bpe.BYTES, b"bc", b"ab", b"abc", b"aa"])}
    for parts in ([], [b"z"], [b"ab", b"d"], [b"a", b"ab"], [b"aa", b"aa", b"a"], [b"abc", b"c"], [b"\xff"]):
        word, wanted = b"".join(parts), [ranks[part] for part in parts]
        found = encode_word(word, ranks)
        assert found is not None, "return a list"
        assert list(found) == wanted, f"{word!r} is {parts}: the pair with the lowest rank is merged first"
    draw = random.Random(6)
    words = {"".join(draw.choices("abc", k=9)): 1 for _ in range(20)}
    ranks = {token: i for i, token in enumerate([*bpe.BYTES, *map(b"".join, bpe.train_bpe(words, 40))])}
    for _ in range(200):
        word = bytes(draw.choices(b"abcd", k=draw.randrange(12)))
        wanted = bpe.encode_word(word, ranks)
        assert list(encode_word(word, ranks)) == wanted, f"it differs from the package's on {word!r}"


def wordpiece_longest_match(longest_match: Callable[..., Any]) -> None:
    """Check greed, beginnings and unknown words by hand, then random words against the package's."""
    pieces = {"un", "una", "##able", "##ffable", "##b", "a", "##a"}
    found = longest_match("unaffable", pieces)
    assert found is not None, "return a list"
    assert list(found) == ["una", "##ffable"], "take the longest piece, and mark what continues a word"
    assert list(longest_match("unable", pieces)) == ["[UNK]"], "una|##b is a dead end: it is not undone"
    assert list(longest_match("b", pieces)) == ["[UNK]"], "##b begins no word"
    assert list(longest_match("ax", pieces, "?")) == ["?"], "the whole word is unknown"
    assert list(longest_match("", pieces)) == [], "no letters, no pieces"
    assert list(longest_match("aaa", pieces, "?", 3)) == ["a", "##a", "##a"], "max_length is allowed"
    assert list(longest_match("aaaa", pieces, "?", 3)) == ["?"], "a word longer than max_length is unknown"
    assert list(longest_match("a" * 101, pieces)) == ["[UNK]"], "max_length is 100 unless told otherwise"
    draw = random.Random(7)
    for _ in range(300):
        some = {"".join(draw.choices("ab", k=draw.randint(1, 3))) for _ in range(6)}
        vocabulary = some | {f"##{piece}" for piece in sorted(some)[::2]} | {"##b"}
        word = "".join(draw.choices("ab", k=draw.randrange(9)))
        wanted = wordpiece.longest_match(word, vocabulary)
        assert list(longest_match(word, vocabulary)) == wanted, f"{word!r} of {sorted(vocabulary)}"


def _random_pieces(draw: random.Random) -> dict[str, float]:
    pieces = {"".join(draw.choices("abc", k=draw.randint(1, 4))) for _ in range(12)}
    return {piece: -draw.randint(1, 40) / 8 for piece in sorted(pieces)}


def unigram_viterbi(viterbi: Callable[..., Any]) -> None:
    """Check a word that greed cuts wrongly, ties and unknown letters by hand, then random words."""
    log_probs = {"a": -1.0, "b": -2.0, "ab": -2.5, "aba": -6.0}
    found = viterbi("aba", log_probs)
    assert found is not None, "return the pieces and their log-probability"
    pieces, log_prob = found
    assert list(pieces) == ["ab", "a"] and log_prob == -3.5, "-2.5 - 1.0 is the most probable way to cut aba"
    assert list(viterbi("", log_probs)[0]) == [] and viterbi("", log_probs)[1] == 0, "no pieces, log 1"
    ties = {"a": -1.0, "aa": -2.0, "aaa": -3.0}
    assert list(viterbi("aaaa", ties)[0]) == ["a", "aaa"], "of equal ways, that with the longest last piece"
    assert viterbi("ax", log_probs)[1] == -math.inf, "there is no way to write x"
    assert viterbi("axa", log_probs, -9.0) == (["a", "x", "a"], -11.0), "unknown is for single characters"
    assert viterbi("aaaa", ties, longest=1)[0] == ["a"] * 4, "pieces are at most `longest` characters"
    assert len(viterbi("ab" * 500, log_probs)[0]) == 500, "a long word has more ways than can be listed"
    draw = random.Random(8)
    for _ in range(300):
        log_probs, word = _random_pieces(draw), "".join(draw.choices("abc", k=draw.randrange(10)))
        wanted = unigram.viterbi(word, log_probs, -6.0)
        assert viterbi(word, log_probs, -6.0) == wanted, (
            f"the best cut of {word!r} by {log_probs} is {wanted}"
        )


def unigram_expected_counts(expected_counts: Callable[..., Any]) -> None:
    """Check two ways to cut a word by hand, then random words, and one with a tiny probability."""
    found = expected_counts("aa", {"a": math.log(0.5), "aa": math.log(0.25)})
    assert found is not None, "return counts and a log-probability"
    counts, log_prob = found
    assert math.isclose(log_prob, math.log(0.5)), "a|a and aa have 0.25 each: the word has their sum"
    assert math.isclose(counts["a"], 1.0), "half of the probability uses a twice"
    assert math.isclose(counts["aa"], 0.5), "half of the probability uses aa once"
    assert expected_counts("ab", {"a": -1.0})[1] == -math.inf, "there is no way to write b"
    draw = random.Random(9)
    for _ in range(200):
        log_probs, word = _random_pieces(draw), "".join(draw.choices("abc", k=draw.randrange(10)))
        longest = draw.choice([None, 1, 2, 4])
        yours, log_prob = expected_counts(word, log_probs, longest)
        wanted, total = unigram.expected_counts(word, log_probs, longest)
        message = f"{word!r} with {log_probs}, longest={longest}"
        assert log_prob == total or math.isclose(log_prob, total, abs_tol=1e-9), f"{message}: {total}"
        for piece in {*yours, *wanted}:
            n = wanted.get(piece, 0.0)
            assert math.isclose(yours.get(piece, 0.0), n, abs_tol=1e-9), f"{message}: {piece!r} has {n}"
    counts, log_prob = expected_counts("a" * 900, {"a": math.log(0.1), "aa": math.log(0.02)})
    exact = 900 * math.log(0.2) + math.log(2 / 3)
    assert math.isclose(log_prob, exact), "stay with logarithms: e**-1400 is no floating-point number"
