"""Chronicles: what they say and ask, how far back it stood, and who can know it."""

from collections import Counter
from itertools import islice

import pytest
import torch
from scipy.stats import binomtest, chisquare
from torch import Tensor, nn
from torch.nn.functional import one_hot

from llmlite.runtime import generator
from llmlite.text.batches import IGNORE_INDEX
from llmlite.text.chronicles import (
    PEOPLE,
    SENTENCE,
    TRADES,
    WORDS,
    Asked,
    Chronicle,
    check_length,
    chronicle,
    chronicle_batches,
    encode,
    known_words,
    recalled,
)

LENGTHS = (8, 64, 128, 256, 320)


def drawn(n: int, n_words: int = 64, seed: int = 0) -> list[Chronicle]:
    """Return several chronicles."""
    draw = generator(seed)
    return [chronicle(n_words, draw) for _ in range(n)]


def sentences(told: Chronicle) -> list[list[str]]:
    """Return the words of each sentence, cut at full stops."""
    return [sentence.split() for sentence in " ".join(told.words).split(".") if sentence]


def asked_again(told: Chronicle) -> list[Asked]:
    """Read a chronicle from its start, and note each name of somebody whose trade has been told."""
    found, known = [], dict[str, int]()
    for place, word in enumerate(told.words):
        if word in PEOPLE:
            if word in known:
                found.append(Asked(place, place - known[word]))
            known[word] = place
    return found


# --- the text ----------------------------------------------------------------------------------------------


def test_words_are_different_and_people_live_in_the_town() -> None:
    assert len(set(WORDS)) == len(WORDS) == 1 + 3 * 40
    assert PEOPLE[0] == "Mina" and len(set(PEOPLE)) == len(TRADES) == 40
    assert len(set(TRADES.values())) == 40
    assert TRADES["baker"] == "baked" and TRADES["shepherd"] == "dreamed"


@pytest.mark.parametrize("n_words", LENGTHS)
def test_a_sentence_is_a_trade_its_person_and_what_it_does(n_words: int) -> None:
    for told in drawn(20, n_words):
        assert len(told.words) == n_words
        assert told.words[SENTENCE - 1 :: SENTENCE] == ["."] * (n_words // 4)
        told_of = dict[str, str]()
        for trade, name, deed in sentences(told):
            assert TRADES[trade] == deed and name in PEOPLE
            assert told_of.setdefault(trade, name) == name, "a trade keeps its person"
        assert len(set(told_of.values())) == len(told_of) == n_words // 8, "and a person the trade"


@pytest.mark.parametrize("n_words", LENGTHS)
def test_the_first_half_tells_and_the_second_asks(n_words: int) -> None:
    for told in drawn(20, n_words):
        names = [name for _, name, _ in sentences(told)]
        half = len(names) // 2
        assert len(set(names[:half])) == half and set(names[half:]) <= set(names[:half])
        assert told.asked == asked_again(told) and len(told.asked) == half
        assert [asked.place for asked in told.asked] == list(range(n_words // 2 + 1, n_words, 4))


def test_the_answer_stands_at_its_distance_and_nowhere_between() -> None:
    for told in drawn(50, 128):
        for asked in told.asked:
            answer, before = told.words[asked.place], asked.place - asked.distance
            assert told.words[before] == answer and told.words[before - 1] == told.words[asked.place - 1]
            assert answer not in told.words[before + 1 : asked.place]


def test_every_distance_occurs() -> None:
    distances = {asked.distance for told in drawn(3000) for asked in told.asked}
    assert distances == set(range(4, 61, 4))


def test_trades_people_and_who_is_asked_for_are_drawn_evenly() -> None:
    told = drawn(4000, seed=5)
    first = Counter(each.words[0] for each in told)
    assert chisquare([first[trade] for trade in TRADES]).pvalue > 0.01
    name = Counter(each.words[5] for each in told)
    assert chisquare([name[person] for person in PEOPLE]).pvalue > 0.01
    pairs = Counter(list(TRADES).index(each.words[0]) - PEOPLE.index(each.words[1]) for each in told)
    same = sum(n for shift, n in pairs.items() if shift % 40 == 0)
    assert binomtest(same, len(told), 1 / 40).pvalue > 0.01, "no trade leans to a person"
    asked = Counter(each.words[1::4].index(each.words[-3]) for each in told)
    assert chisquare([asked[i] for i in range(8)]).pvalue > 0.01, "the last name is any of the eight"
    twice = sum(each.words[-3] == each.words[-7] for each in told)
    assert binomtest(twice, len(told), 1 / 8).pvalue > 0.01, "whoever was asked for just before"


def test_a_guess_among_the_people_is_right_once_in_as_many_times() -> None:
    told = drawn(1000, 64, seed=8)
    guesses = {
        "the first": lambda names: names[0],
        "the latest": lambda names: names[-1],
        "the one that came up least": lambda names: min(names, key=lambda name: names.count(name)),
        "the one that came up most": lambda names: max(names, key=lambda name: names.count(name)),
    }
    for name, guess in guesses.items():
        hits = sum(
            guess(each.words[1 : asked.place - 1 : 4]) == each.words[asked.place]
            for each in told
            for asked in each.asked
        )
        assert binomtest(hits, 8 * len(told), 1 / 8).pvalue > 0.01, name


def test_the_generator_decides_the_chronicle() -> None:
    assert drawn(3, seed=4) == drawn(3, seed=4) != drawn(3, seed=5)
    one, two = drawn(2)
    assert one != two


@pytest.mark.parametrize("n_words", [0, -8, 4, 60, 65, 328])
def test_lengths_of_no_chronicle_are_refused(n_words: int) -> None:
    with pytest.raises(ValueError, match=f"n_words={n_words}: .* multiple of 8 .* at most 320"):
        check_length(n_words)
    with pytest.raises(ValueError, match=f"n_words={n_words}"):
        chronicle(n_words, generator(0))
    with pytest.raises(ValueError, match=f"n_words={n_words}"):
        next(chronicle_batches(n_words, 2, 1, generator(0)))


# --- ids and batches ---------------------------------------------------------------------------------------


def test_ids_are_places_in_the_list_of_words() -> None:
    assert encode(["baker", "Mina", "baked", "."]) == [1, 41, 81, 0]
    assert [WORDS[i] for i in encode(WORDS)] == list(WORDS)
    with pytest.raises(ValueError, match="'cat' is none of the 121 words"):
        encode(["baker", "cat", "dog"])


def test_known_words_are_deeds_and_names_that_come_again() -> None:
    told = chronicle(24, generator(3))
    assert known_words(told) == [2, 6, 10, 13, 14, 17, 18, 21, 22]
    assert [told.words[place] in TRADES.values() for place in (2, 6, 10, 14, 18, 22)] == [True] * 6


def test_targets_are_the_next_words_where_those_can_be_known() -> None:
    lengths = set()
    for inputs, targets in chronicle_batches(40, 3, 60, generator(2)):
        lengths.add(inputs.shape[1] + 1)
        assert inputs.shape == targets.shape and len(inputs) == 3
        for ids, wanted in zip(inputs.tolist(), targets.tolist(), strict=True):
            words = [WORDS[i] for i in ids] + ["."]  # all chronicles end so
            told = Chronicle(words, asked_again(Chronicle(words, [])))
            known = {asked.place for asked in told.asked} | set(range(2, len(words), 4))
            expected = [encode(words)[i + 1] if i + 1 in known else IGNORE_INDEX for i in range(len(ids))]
            assert wanted == expected
    assert lengths == {8, 16, 24, 32, 40}


def test_lengths_of_batches_are_drawn_evenly() -> None:
    lengths = Counter(inputs.shape[1] + 1 for inputs, _ in chronicle_batches(24, 1, 3000, generator(1)))
    assert chisquare([lengths[n] for n in (8, 16, 24)]).pvalue > 0.01


def test_chronicles_of_a_batch_and_of_batches_differ() -> None:
    rows = [tuple(row) for ids, _ in chronicle_batches(64, 5, 20, generator(9)) for row in ids.tolist()]
    assert len(set(rows)) == len(rows) == 100
    again = [tuple(row) for ids, _ in chronicle_batches(64, 5, 20, generator(9)) for row in ids.tolist()]
    assert rows == again


def test_batches_are_as_many_as_asked_for() -> None:
    assert len(list(chronicle_batches(16, 2, 7, generator(0)))) == 7
    assert not list(islice(chronicle_batches(16, 2, 0, generator(0)), 1))


# --- what a model recalls ----------------------------------------------------------------------------------


class Reader(nn.Module):
    """Say what followed the word at hand when it stood before, at most `reach` words back."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self.reach = nn.Parameter(torch.tensor(float(reach)))

    def forward(self, ids: Tensor) -> Tensor:
        """Return logits (B, T, V)."""
        assert not self.training and not torch.is_grad_enabled()
        answers = torch.zeros_like(ids)
        for row, words in enumerate(ids.tolist()):
            for i, word in enumerate(words):
                before = [j for j in range(max(0, i - int(self.reach)), i) if words[j] == word]
                answers[row, i] = words[before[-1] + 1] if before else 0
        return one_hot(answers, len(WORDS)).float()


def test_a_reader_recalls_what_it_can_reach() -> None:
    batch = drawn(6, 64, seed=3)
    everything = recalled(Reader(64).train(), batch)
    assert [asked for asked, _ in everything] == [asked for told in batch for asked in told.asked]
    assert all(right for _, right in everything)
    for reach in (4, 20, 31):
        answers = recalled(Reader(reach), batch)
        assert [right for _, right in answers] == [asked.distance <= reach for asked, _ in answers]


def test_rows_are_not_mixed_up() -> None:
    one, two = drawn(2, 24, seed=6)
    alone = [recalled(Reader(8), [told]) for told in (one, two)]
    assert recalled(Reader(8), [one, two]) == [*alone[0], *alone[1]]
    assert [right for _, right in alone[0]] != [right for _, right in alone[1]]
