"""How good is a language model? Surprise, in several units."""

import math
from collections.abc import Sequence


def cross_entropy(log_probs: Sequence[float], units: int) -> float:
    """Return the mean surprise of a model: nats per unit of text.

    Args:
        log_probs: the model's log-probability (nats) of each text.
        units: how many units the texts hold together: stories, words, characters.

    Raises:
        ValueError: there is no text, or no unit.

    Reference: shannon1948, section 7.
    """
    if not log_probs or units < 1:
        raise ValueError(f"{len(log_probs)} texts of {units} units have no mean: both must be 1 or more")
    return -math.fsum(log_probs) / units


def perplexity(nats_per_token: float) -> float:
    """Return how many equally likely tokens would surprise as much; inf for a surprise beyond all numbers.

    Reference: jelinek1977.
    """
    try:
        return math.exp(nats_per_token)
    except OverflowError:
        return math.inf


def bits(nats: float) -> float:
    """Return nats as bits: one bit is the surprise of a fair coin."""
    return nats / math.log(2)


def excess(loss: float, floor: float) -> float:
    """Return by which share a loss lies above the smallest possible one.

    Args:
        loss: mean surprise of a model, in any unit.
        floor: the entropy of the text, in the same unit.

    Raises:
        ValueError: the floor is not positive.
    """
    if floor <= 0:
        raise ValueError(f"floor={floor}: a share of it needs a floor above 0")
    return (loss - floor) / floor
