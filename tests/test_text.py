"""Words and back again, and pairs of neighbours in random order."""

import hashlib
import io
import sys
from collections import Counter

import pytest
import torch
from scipy.stats import chisquare

from llmlite import storage
from llmlite.runtime import generator
from llmlite.text.batches import pair_batches
from llmlite.text.corpus import shakespeare, tinytown, unwords, words
from llmlite.world import Town

AWKWARD = ["Ann-Marie", "Ann", "Mary Ann", "The", "In", "Biscuit", "Everybody", "Zoë"]
TOWNS = {
    "default": lambda: Town(),
    "another seed": lambda: Town(7),
    "small, many strangers": lambda: Town(3, size=3, strangers=0.9),
    "awkward names": lambda: Town(1, cast=AWKWARD, strangers=0.4),
}


def naive_words(text):
    """Split a text letter by letter, without a pattern."""
    found, previous = [], ""
    for i, letter in enumerate(text):
        after = text[i + 2 : i + 3]
        if letter == "'" and text[i + 1 : i + 2] == "s" and not (after.isalnum() or after == "_"):
            found.append("'s")
            previous = "'"
        elif letter == "s" and previous == "'" and found[-1] == "'s":
            previous = ""
        elif letter == "-" and previous.isalpha() and text[i + 1 : i + 2].isalpha():
            found[-1] += letter  # inside a word; what comes before the next letter still is a letter
        elif letter.isalpha():
            if previous.isalpha():
                found[-1] += letter
            else:
                found.append(letter)
            previous = letter
        else:
            if letter == "\n" or not letter.isspace():
                found.append(letter)
            previous = letter
    return found


@pytest.mark.parametrize("name", TOWNS)
def test_stories_come_back_from_their_words(name):
    for story in TOWNS[name]().stories(2000, seed=31):
        tokens = words(story)
        assert unwords(tokens) == story
        assert "".join(tokens) == story.replace(" ", ""), "nothing but spaces is left out"


@pytest.mark.parametrize("name", TOWNS)
def test_beginnings_of_stories_come_back(name):
    for story in TOWNS[name]().stories(100, seed=32):
        tokens, place = words(story + "\n"), 0
        for n, token in enumerate(tokens, start=1):
            place = (story + "\n").index(token, place) + len(token)
            assert unwords(tokens[:n]) == (story + "\n")[:place]


def test_a_corpus_comes_back_from_its_words():
    corpus = "\n".join(Town().stories(20, seed=33)) + "\n"
    assert unwords(words(corpus)) == corpus


def test_words_by_another_road():
    by_hand = {
        'Mina\'s goose said "honk".': ["Mina", "'s", "goose", "said", '"', "honk", '"', "."],
        "one\ntwo": ["one", "\n", "two"],
        "it's 'such a' thing": ["it", "'s", "'", "such", "a", "'", "thing"],
        "": [],
        "in 1851 a_b": ["in", "1", "8", "5", "1", "a", "_", "b"],
        "  Zoë,  Ann-Marie!": ["Zoë", ",", "Ann-Marie", "!"],
    }
    for text, expected in by_hand.items():
        assert words(text) == naive_words(text) == expected
    for story in Town(1, cast=AWKWARD, strangers=0.4).stories(200, seed=34):
        assert words(story) == naive_words(story)


def test_unwords_by_hand():
    assert unwords([]) == ""
    assert unwords(["Mina", "'s", "goose", ",", "a", "big", "one", ";", "ran", ":", "away", "!"]) == (
        "Mina's goose, a big one; ran: away!"
    )
    assert unwords(["He", "said", '"', "honk", '"', "and", '"', "why", "?", '"', "."]) == (
        'He said "honk" and "why?".'
    )
    assert unwords(["end", ".", "\n", "A", "town"]) == "end.\nA town", "a line begins without a space"
    assert unwords(["said", '"']) == 'said "', "an open quote waits for its word"


def test_tinytown_is_the_town_that_was_asked_for():
    assert tinytown(5) == Town().stories(5, seed=0)
    assert tinytown(5, seed=3) == Town().stories(5, seed=3) != tinytown(5)
    other = Town(7)
    assert tinytown(5, 3, other) == other.stories(5, 3) != tinytown(5, 3)


def test_shakespeare_is_the_file_in_the_data_folder(tmp_path, monkeypatch):
    text = "First Citizen:\nSpeak, speak.\n"
    (tmp_path / "plays.txt").write_bytes(text.encode())
    checksum = hashlib.sha256(text.encode()).hexdigest()
    monkeypatch.setattr(storage, "SHAKESPEARE", ("plays.txt", "http://127.0.0.1:9/none", checksum))
    monkeypatch.setenv("LLMLITE_DATA", str(tmp_path))
    monkeypatch.setenv("LLMLITE_HOME", str(tmp_path / "home"))
    assert shakespeare() == text


def test_a_terminal_shows_how_far_shakespeare_is(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def fetch(name, url, checksum, on_progress):
        assert (name, url, checksum) == storage.SHAKESPEARE
        on_progress(250_000, 1_000_000)
        (tmp_path / "plays").write_text("Speak.", encoding="utf-8")
        return tmp_path / "plays"

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(storage, "fetch", fetch)
    assert shakespeare() == "Speak."
    assert sys.stderr.getvalue() == "\rtinyshakespeare.txt:  25% of 1.0 MB"


def test_pairs_are_neighbours():
    ids = torch.randperm(101, generator=generator(0))  # every token once: a pair shows its position
    place = {token: i for i, token in enumerate(ids.tolist())}
    batches = list(pair_batches(ids, 7, 5, generator(1)))
    assert len(batches) == 5
    for inputs, targets in batches:
        assert inputs.shape == targets.shape == (7,)
        assert inputs.dtype == targets.dtype == torch.int64
        for left, right in zip(inputs.tolist(), targets.tolist(), strict=True):
            assert place[right] == place[left] + 1


def test_every_pair_is_drawn_equally_often():
    ids = torch.arange(6)
    ((inputs, _),) = pair_batches(ids, 10_000, 1, generator(2))
    seen = Counter(inputs.tolist())
    assert set(seen) == {0, 1, 2, 3, 4}, "the first and the last pair too"
    assert chisquare(list(seen.values())).pvalue > 1e-4


def test_the_generator_decides_the_pairs():
    ids = torch.arange(1000)

    def drawn(seed):
        return torch.cat([inputs for inputs, _ in pair_batches(ids, 50, 3, generator(seed))])

    torch.manual_seed(0)
    one = drawn(4)
    torch.manual_seed(1)
    assert torch.equal(drawn(4), one)
    assert not torch.equal(drawn(5), one)
    first, second, _ = one.split(50)
    assert not torch.equal(first, second), "each step draws anew"


def test_the_smallest_text_and_no_steps():
    assert list(pair_batches(torch.arange(2), 3, 0, generator(0))) == []
    ((inputs, targets),) = pair_batches(torch.tensor([8, 9]), 3, 1, generator(0))
    assert (inputs.tolist(), targets.tolist()) == ([8, 8, 8], [9, 9, 9])


@pytest.mark.parametrize("n", [0, 1])
def test_a_text_without_a_pair_is_refused(n):
    with pytest.raises(ValueError, match=f"{n} tokens hold no pair"):
        next(pair_batches(torch.zeros(n, dtype=torch.long), 4, 2, generator(0)))


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="batch_size=0"):
        next(pair_batches(torch.zeros(5, dtype=torch.long), 0, 2, generator(0)))
