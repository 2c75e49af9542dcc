"""Shares of verdicts, against texts whose kind is known beforehand."""

import math
from collections import Counter

import pytest

from llmlite.evaluation.graders import KINDS, verdicts
from llmlite.world import Town


@pytest.fixture(scope="module")
def town():
    return Town()


def test_each_kind_is_recognised(town):
    told = town.stories(6, seed=21)
    elsewhere = [text for text in Town(5).stories(60, seed=21) if town.log_prob(text) == -math.inf][:3]
    assert len(elsewhere) == 3, "the other town has other facts"
    broken = [told[0].replace(" The end.", ""), ""]
    assert verdicts(town, told) == {"right": 1, "against the facts": 0, "ungrammatical": 0}
    assert verdicts(town, elsewhere) == {"right": 0, "against the facts": 1, "ungrammatical": 0}
    assert verdicts(town, broken) == {"right": 0, "against the facts": 0, "ungrammatical": 1}
    mixed = verdicts(town, iter([*told[:5], *elsewhere, *broken]))
    assert mixed == {"right": 5 / 10, "against the facts": 3 / 10, "ungrammatical": 2 / 10}


def test_shares_agree_with_the_probability(town):
    # By another road: a text is right if the town gives it a probability; one of another seed never is
    # ungrammatical, because only facts differ.
    texts = [*Town(9).stories(40, seed=22), *town.stories(20, seed=22)]
    right = sum(town.log_prob(text) > -math.inf for text in texts)
    assert 20 <= right < 60
    shares = verdicts(town, texts)
    assert shares["right"] == right / 60
    assert shares["ungrammatical"] == 0
    assert math.fsum(shares.values()) == pytest.approx(1, rel=1e-15)


def test_every_kind_is_listed_in_order(town):
    assert list(verdicts(town, ["nonsense"])) == list(KINDS)
    assert len(set(KINDS)) == 3
    kinds = Counter(town.judge(text).kind for text in [*town.stories(3), *Town(4).stories(30), "Mina was."])
    assert set(kinds) == set(KINDS)


def test_no_texts_are_refused(town):
    with pytest.raises(ValueError, match="no texts to judge"):
        verdicts(town, iter([]))
