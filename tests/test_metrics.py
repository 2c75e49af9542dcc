"""Surprise in its units: closed forms, exact sums, and torch's cross-entropy."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from properties import settings

from llmlite.evaluation.metrics import bits, cross_entropy, excess, perplexity

surprises = st.lists(st.floats(-1e6, 0), min_size=1, max_size=50)
positive = st.floats(1e-3, 1e3)


@settings(max_examples=200)
@given(surprises, st.integers(1, 10**6))
def test_cross_entropy_is_the_exact_mean(log_probs, units):
    exact = -sum(map(Fraction, log_probs)) / units
    assert cross_entropy(log_probs, units) == pytest.approx(float(exact), rel=4 * 2.0**-53)


def test_cross_entropy_equals_torch():
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 5, generator=draw, dtype=torch.float64)
    targets = torch.randint(5, (7,), generator=draw)
    log_probs = torch.log_softmax(logits, 1)[torch.arange(7), targets].tolist()
    theirs = torch.nn.functional.cross_entropy(logits, targets).item()
    assert cross_entropy(log_probs, 7) == pytest.approx(theirs, rel=1e-14)


def test_cross_entropy_does_not_lose_small_surprises():
    # Added one by one from the left, a million times 1e-10 vanishes beside 1e7.
    assert cross_entropy([-1e7, *[-1e-10] * 10**6], 1) == 1e7 + 1e-4


def test_units_of_cross_entropy():
    assert cross_entropy([math.log(1 / 8), math.log(1 / 2)], 4) == pytest.approx(math.log(2), rel=1e-15)
    assert cross_entropy([-3.0, -5.0], 2) == 4
    assert cross_entropy([0.0], 3) == 0
    assert cross_entropy([-math.inf, -1.0], 2) == math.inf, "what was held impossible is not forgotten"


@pytest.mark.parametrize(
    ("log_probs", "units", "says"),
    [([], 3, "0 texts of 3 units"), ([-1.0], 0, "1 texts of 0 units"), ([-1.0, -2.0], -4, "2 texts of -4")],
)
def test_cross_entropy_of_nothing_is_refused(log_probs, units, says):
    with pytest.raises(ValueError, match=says):
        cross_entropy(log_probs, units)


@pytest.mark.parametrize("sides", [1, 2, 6, 1701])
def test_a_fair_die(sides):
    nats = cross_entropy([math.log(1 / sides)] * 10, 10)
    assert perplexity(nats) == pytest.approx(sides, rel=1e-14)
    assert bits(nats) == pytest.approx(math.log2(sides), rel=1e-14)


def test_perplexity_is_the_inverse_geometric_mean_probability():
    probabilities = [0.5, 0.1, 0.9, 0.25]
    expected = math.prod(probabilities) ** (-1 / 4)
    assert perplexity(cross_entropy(list(map(math.log, probabilities)), 4)) == pytest.approx(
        expected, rel=1e-14
    )
    assert perplexity(math.inf) == perplexity(800.0) == math.inf


@settings(max_examples=200)
@given(st.floats(0, 700))
def test_bits_and_perplexity_are_inverse_to_logarithms(nats):
    assert bits(nats) == pytest.approx(nats * math.log2(math.e), rel=4 * 2.0**-53)
    assert math.log(perplexity(nats)) == pytest.approx(nats, rel=1e-15, abs=1e-15)


@settings(max_examples=200)
@given(positive, positive)
def test_excess_is_a_share_of_the_floor(loss, floor):
    assert excess(loss, floor) == pytest.approx(
        loss / floor - 1, rel=1e-12, abs=1e-15 + 2.0**-51 * loss / floor
    )
    # A share does not depend on the unit: nats or bits.
    assert excess(bits(loss), bits(floor)) == pytest.approx(
        excess(loss, floor), rel=1e-12, abs=2.0**-50 * (1 + loss / floor)
    )


def test_excess_by_hand():
    assert excess(1.5, 1.0) == 0.5
    assert excess(67.0, 33.5) == 1.0, "twice the floor lies 100% above it"
    assert excess(1.0, 2.0) == -0.5
    assert excess(2.0, 2.0) == 0


@pytest.mark.parametrize("floor", [0.0, -1.5])
def test_excess_needs_a_floor_above_zero(floor):
    with pytest.raises(ValueError, match=f"floor={floor}"):
        excess(1.0, floor)
