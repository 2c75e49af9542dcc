"""Strict judges of what a model writes."""

from collections.abc import Iterable

from llmlite.world import Town

KINDS = ("right", "against the facts", "ungrammatical")


def verdicts(town: Town, texts: Iterable[str]) -> dict[str, float]:
    """Return the share of texts of each kind: right, against the town's facts, ungrammatical.

    Raises:
        ValueError: there are no texts.
    """
    kinds = [town.judge(text).kind for text in texts]
    if not kinds:
        raise ValueError("no texts to judge: pass at least one")
    return {kind: kinds.count(kind) / len(kinds) for kind in KINDS}
