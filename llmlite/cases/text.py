"""Cases of `llmlite.text`."""

import random
from collections.abc import Callable
from typing import Any

from llmlite.text import bpe, corpus
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
