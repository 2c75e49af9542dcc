"""How fast are counting and scoring n-grams, beside NLTK, and telling and reading stories?

    python benchmarks/ngrams.py [--stories N] [--repeats N] [--json FILE]

Both libraries run in one process, in turn, on the same words, so the ratio means more than the seconds.
"""

import argparse
from functools import cache
from statistics import median
from typing import Any

from _measuring import Action, Case, parser, report, seconds
from nltk.lm.models import (  # type: ignore[import-untyped]
    InterpolatedLanguageModel,
    WittenBellInterpolated,
)
from nltk.util import everygrams  # type: ignore[import-untyped]

from llmlite.model.ngrams import START, NGram
from llmlite.text.corpus import words
from llmlite.world import Town

ORDER = 3
END = "\n"
SAME = "tests/test_ngrams.py::test_stories_of_the_town_equal_the_equation_and_nltk"


def count_theirs(texts: list[list[str]], vocabulary: list[str]) -> InterpolatedLanguageModel:
    """Count with NLTK: Witten and Bell, interpolated, padded as ours is."""
    model = WittenBellInterpolated(ORDER)
    padding = [START] * (ORDER - 1)
    grams = (everygrams([*padding, *text], max_len=ORDER) for text in texts)
    model.fit(grams, vocabulary_text=[START, *vocabulary])
    return model


def score_theirs(model: InterpolatedLanguageModel, texts: list[list[str]]) -> float:
    """Return the sum of log-probabilities, in bits, as NLTK gives them."""
    padding = [START] * (ORDER - 1)
    total = 0.0
    for text in texts:
        padded = [*padding, *text]
        for i, word in enumerate(text):
            total += model.logscore(word, padded[i : i + ORDER - 1])
    return total


@cache
def both(stories: int) -> dict[str, tuple[Action, Action]]:
    """Return counting and scoring with both libraries."""
    town = Town()
    vocabulary = town.vocabulary()
    train = [[*words(text), END] for text in town.stories(stories, seed=1)]
    scored = [[*words(text), END] for text in town.stories(stories, seed=2)]
    ours, theirs = NGram(ORDER, vocabulary).count(train), count_theirs(train, vocabulary)
    return {
        "count": (
            lambda: NGram(ORDER, vocabulary).count(train),
            lambda: count_theirs(train, vocabulary),
        ),
        "score": (lambda: sum(map(ours.log_prob, scored)), lambda: score_theirs(theirs, scored)),
    }


def cases(args: argparse.Namespace) -> list[Case]:
    """Return the rows."""
    n = args.stories
    return [
        Case(f"count {n:,} stories", "nltk", lambda: both(n)["count"], (SAME,)),
        Case(f"score {n:,} stories", "nltk", lambda: both(n)["score"], (SAME,)),
    ]


def rates(stories: int, repeats: int) -> list[dict[str, Any]]:
    """Return how many stories a second the town tells, reads, and how many next words it gives."""
    town = Town()
    samples = town.sample(stories, seed=3)
    few = [sample.text for sample in samples[: max(1, stories // 10)]]
    prefixes = [text[: text.index(" ", len(text) // 2)] for text in few]
    actions: dict[str, tuple[int, Action]] = {
        "stories told": (stories, lambda: town.sample(stories, seed=4)),
        "log-probabilities of stories": (len(few), lambda: [town.log_prob(text) for text in few]),
        "verdicts on stories": (len(few), lambda: [town.judge(text) for text in few]),
        "distributions of the next word": (len(few), lambda: [town.next_word(prefix) for prefix in prefixes]),
    }
    return [
        {"what": name, "per_second": n / median(seconds(action).wall for _ in range(repeats))}
        for name, (n, action) in actions.items()
    ]


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    shared = parser(__doc__)
    shared.add_argument("--stories", type=int, default=2000, help="stories that are counted (default 2000)")
    return shared


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table; write the figures as JSON if asked to."""
    args = options().parse_args(arguments)
    told = rates(args.stories, args.repeats)
    report(__file__, args, cases(args), rates=told)
    print()
    for each in told:
        print(f"{each['what']:32}{each['per_second']:>8,.0f} a second")


if __name__ == "__main__":
    main()
