"""Nats of whole texts: each text by itself, token by token."""

import math

import pytest
import torch
from tiny import C, V, scrambled, tiny
from torch import nn

from llmlite.evaluation.nats import text_nats
from llmlite.model.gpt import GPT
from llmlite.runtime import generator

pytestmark = pytest.mark.usefixtures("one_thread")
END = 9


class Known(nn.Module):
    """Give each next token a chance that depends on the one before, with dropout."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(V, V, generator=generator(1)))
        self.dropout = nn.Dropout(0.5)
        self.batches = []

    def forward(self, ids):
        self.batches.append(tuple(ids.shape))
        self.learns = torch.is_grad_enabled()
        return self.dropout(self.table)[ids]


def some_rows(n=20):
    """Return texts of many lengths, in no order."""
    draw = generator(2)
    lengths = torch.randint(0, C - 1, (n,), generator=draw).tolist()
    return [torch.randint(10, V, (length,), generator=draw).tolist() for length in lengths]


def by_hand(model, row):
    """Add up the surprises of one text, read alone."""
    with torch.no_grad():
        log_probs = model(torch.tensor([[END, *row]])).double().log_softmax(dim=-1)[0]
    return -sum(log_probs[t, token].item() for t, token in enumerate([*row, END]))


@pytest.mark.parametrize("batch_size", [1, 3, 20, 64])
def test_nats_of_each_text(batch_size):
    model, rows = Known().eval(), some_rows()
    assert [] in rows
    expected = [by_hand(model, row) for row in rows]
    assert text_nats(model, rows, END, batch_size) == pytest.approx(expected, rel=1e-5)
    assert text_nats(model, rows, END) == pytest.approx(expected, rel=1e-5)


def test_nats_of_a_gpt():
    model, rows = scrambled(GPT(tiny())), some_rows()
    assert text_nats(model, rows, END, 6) == pytest.approx([by_hand(model, row) for row in rows], rel=1e-4)


def test_a_guess_costs_the_logarithm_of_the_vocabulary_for_each_token_and_the_end():
    model = Known()
    nn.init.zeros_(model.table)
    assert text_nats(model, [[3, 4, 5], []], END) == pytest.approx([4 * math.log(V), math.log(V)])


def test_a_model_is_evaluated_without_gradients_or_dropout():
    model = Known().train()
    nats = text_nats(model, some_rows(), END)
    assert not model.training
    assert not model.learns
    assert all(type(value) is float for value in nats)
    assert nats == text_nats(model, some_rows(), END)


def test_texts_of_similar_length_are_read_together():
    model, rows = Known(), [[1] * length for length in (9, 2, 8, 1, 3, 10)]
    text_nats(model, rows, END, 2)
    assert sorted(model.batches) == [(2, 3), (2, 9), (2, 11)]


def test_no_text_has_no_nats():
    assert text_nats(Known(), [], END) == []
