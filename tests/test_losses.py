"""The loss: the mean of what the right tokens' probabilities say, where they count."""

import math

import pytest
import torch
from tiny import B, T, V, normal, some_ids
from torch.testing import assert_close

from llmlite.text.batches import IGNORE_INDEX
from llmlite.training.losses import next_token_loss


def test_the_loss_by_hand():
    logits, targets = 2 * normal(B, T, V), some_ids()
    targets[1, 3:], targets[4, :2] = IGNORE_INDEX, IGNORE_INDEX
    surprises = [
        -math.log(logits[b, t].exp()[targets[b, t]] / logits[b, t].exp().sum())
        for b in range(B)
        for t in range(T)
        if targets[b, t] != IGNORE_INDEX
    ]
    assert len(surprises) == B * T - 10
    assert_close(next_token_loss(logits, targets).item(), sum(surprises) / len(surprises))


def test_a_guess_costs_the_logarithm_of_the_vocabulary():
    assert_close(
        next_token_loss(torch.full((B, T, V), 3.0, dtype=torch.float64), some_ids()).item(), math.log(V)
    )


def test_where_nothing_counts_there_is_no_mean():
    assert next_token_loss(normal(B, T, V), torch.full((B, T), IGNORE_INDEX)).isnan()


def test_rows_without_a_batch_have_a_loss_too():
    logits, targets = normal(B, V), some_ids()[:, 0]
    assert_close(next_token_loss(logits, targets), next_token_loss(logits[:, None], targets[:, None]))


def test_gradients_are_probabilities_minus_what_came():
    logits, targets = normal(B, T, V).requires_grad_(), some_ids()
    targets[0] = IGNORE_INDEX
    next_token_loss(logits, targets).backward()
    wanted = logits.detach().softmax(dim=-1) - torch.nn.functional.one_hot(targets.clamp(min=0), V)
    wanted[0] = 0
    assert_close(logits.grad, wanted / ((B - 1) * T))


@pytest.mark.parametrize("shape", [(B, T + 1), (T, B), (B,), (B, T, V)])
def test_shapes_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match=r"logits of shape \(5, 11, 61\) score no targets of shape"):
        next_token_loss(normal(B, T, V), torch.zeros(shape, dtype=torch.long))
