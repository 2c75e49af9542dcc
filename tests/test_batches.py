"""Whole texts as rows: what is read, what is predicted, what is padding, and each text once."""

import pytest
import torch

from llmlite.runtime import generator
from llmlite.text.batches import IGNORE_INDEX, SORTED, padded, text_batches

END = 7


def test_padded_by_hand():
    inputs, targets = padded([[1, 2, 3], [], [4]], END)
    assert inputs.tolist() == [[7, 1, 2, 3], [7, 7, 7, 7], [7, 4, 7, 7]]
    assert targets.tolist() == [[1, 2, 3, 7], [7, -100, -100, -100], [4, 7, -100, -100]]
    assert inputs.dtype == targets.dtype == torch.int64
    assert IGNORE_INDEX == -100
    assert padded([[]], END)[1].tolist() == [[END]]


def test_each_target_follows_its_input():
    rows = [[10 * i + j for j in range(i)] for i in range(1, 6)]
    inputs, targets = padded(rows, END)
    assert inputs.shape == targets.shape == (5, 6)
    for row, x, y in zip(rows, inputs.tolist(), targets.tolist(), strict=True):
        counted = [(a, b) for a, b in zip(x, y, strict=True) if b != IGNORE_INDEX]
        assert counted == list(zip([END, *row], [*row, END], strict=True))
        assert x[len(row) + 1 :] == [END] * (5 - len(row)), "padding lies at the end"


def test_rows_may_be_tuples_and_other_sequences():
    assert padded([(1, 2), range(3, 4)], END)[0].tolist() == [[7, 1, 2], [7, 3, 7]]


def test_bad_batches_are_refused():
    with pytest.raises(ValueError, match="0 rows make no batch"):
        padded([], END)
    with pytest.raises(ValueError, match="batch_tokens=0"):
        text_batches([[1]], 0, END, generator(0))


def some_rows(n, seed=1, longest=30):
    """Return texts of which each is known by its first id."""
    lengths = torch.randint(1, longest, (n,), generator=generator(seed)).tolist()
    return [[1000 + i] + [8] * (length - 1) for i, length in enumerate(lengths)]


def texts_of(batches):
    """Return the texts of batches, without their ends, in order."""
    found = []
    for inputs, targets in batches:
        assert inputs.shape == targets.shape
        for x, y in zip(inputs.tolist(), targets.tolist(), strict=True):
            length = y.index(END) + 1
            assert y[length:] == [IGNORE_INDEX] * (len(y) - length)
            assert x[: length + 1][1:length] == y[: length - 1]
            found.append(y[: length - 1])
    return found


@pytest.mark.parametrize("n", [1, 2, 50, SORTED, SORTED + 1, 2 * SORTED + 10])
def test_every_text_comes_once(n):
    rows = some_rows(n)
    batches = text_batches(rows, 400, END, generator(2))
    assert sorted(texts_of(batches)) == sorted(rows)


def test_batches_hold_about_as_many_tokens_as_asked():
    rows = some_rows(3000)
    batches = text_batches(rows, 400, END, generator(2))
    held = [int((targets != IGNORE_INDEX).sum()) for _, targets in batches]
    assert len(batches) == pytest.approx(sum(map(len, rows)) / 400, rel=0.1)
    assert sum(held) == sum(map(len, rows)) + len(rows), "its end is a token of each text"
    # A text is taken in if more than half of it fits, so a batch is off by half a text at most.
    assert sum(not 385 <= count <= 415 for count in held) <= 1, "but for the last of them"
    assert sum(held) / len(held) == pytest.approx(400, rel=0.02)
    assert sum(inputs.numel() for inputs, _ in batches) < 1.05 * sum(held), "little is padding"


def test_a_text_is_taken_in_if_half_of_it_fits():
    rows = [[1] * 9] * 4  # 10 tokens each
    for tokens, wanted in [(10, [1] * 4), (14, [1] * 4), (15, [2, 2]), (24, [2, 2]), (25, [3, 1]), (35, [4])]:
        batches = text_batches(rows, tokens, END, generator(0))
        assert sorted((len(inputs) for inputs, _ in batches), reverse=True) == wanted


def test_a_long_text_is_a_batch_of_its_own():
    batches = text_batches([[1] * 50, [2] * 3, [3] * 60], 10, END, generator(2))
    assert sorted(tuple(inputs.shape) for inputs, _ in batches) == [(1, 4), (1, 51), (1, 61)]
    assert len(text_batches([[1] * 50], 10, END, generator(2))) == 1


def test_texts_of_similar_length_go_together():
    rows = some_rows(2000)
    for _, targets in text_batches(rows, 400, END, generator(2)):
        lengths = (targets != IGNORE_INDEX).sum(dim=1)
        assert lengths.max() - lengths.min() <= 2


def test_texts_are_sorted_among_their_neighbours_in_the_stream():
    rows = some_rows(2 * SORTED + 10)
    order = [row[0] - 1000 for row in texts_of(text_batches(rows, 400, END, generator(2)))]
    assert {i // SORTED for i in order[:SORTED]} == {0}
    assert {i // SORTED for i in order[SORTED : 2 * SORTED]} == {1}


def test_the_generator_decides_the_order():
    rows = some_rows(500)

    def drawn(seed):
        return texts_of(text_batches(rows, 100, END, generator(seed)))

    assert drawn(3) == drawn(3) != drawn(4)
    lengths = [len(row) for row in drawn(3)]
    assert lengths not in (sorted(lengths), sorted(lengths, reverse=True)), "long and short are mixed"
    before = [row.copy() for row in rows]
    drawn(5)
    assert rows == before


def test_no_text_makes_no_batch():
    assert text_batches([], 10, END, generator(0)) == []
