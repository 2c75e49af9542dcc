"""How fast are counting and scoring n-grams, beside NLTK, and telling and reading stories?

    python benchmarks/ngrams.py [--stories N] [--repeats N] [--json FILE]

Both libraries run in one process, in turn, on the same words, so the ratio means more than the seconds.
These are seconds of processor time: what else runs on the machine counts little.
"""

import argparse
import json
from collections.abc import Callable
from statistics import median
from typing import Any

from _measuring import hardware, paired, seconds, spread
from nltk.lm.models import (  # type: ignore[import-untyped]
    InterpolatedLanguageModel,
    WittenBellInterpolated,
)
from nltk.util import everygrams  # type: ignore[import-untyped]

from llmlite.model.ngrams import START, NGram
from llmlite.storage import atomic_write
from llmlite.text.corpus import words
from llmlite.world import Town

ORDER = 3
END = "\n"


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


def row(repeats: int, ours: Callable[[], Any], theirs: Callable[[], Any]) -> dict[str, float]:
    """Measure two actions in turn; return the median of each and of their ratio."""
    pairs = paired(repeats, ours, theirs)
    return {
        "seconds": median(a.cpu for a, _ in pairs),
        "seconds_nltk": median(b.cpu for _, b in pairs),
        **spread([b.cpu / a.cpu for a, b in pairs]),
    }


def compare(stories: int, repeats: int) -> dict[str, dict[str, float]]:
    """Count and score with both libraries."""
    town = Town()
    vocabulary = town.vocabulary()
    train = [[*words(text), END] for text in town.stories(stories, seed=1)]
    scored = [[*words(text), END] for text in town.stories(stories, seed=2)]
    ours, theirs = NGram(ORDER, vocabulary).count(train), count_theirs(train, vocabulary)
    return {
        f"count {stories:,} stories": row(
            repeats,
            lambda: NGram(ORDER, vocabulary).count(train),
            lambda: count_theirs(train, vocabulary),
        ),
        f"score {len(scored):,} stories": row(
            repeats,
            lambda: sum(map(ours.log_prob, scored)),
            lambda: score_theirs(theirs, scored),
        ),
    }


def rates(stories: int, repeats: int) -> dict[str, float]:
    """Return how many stories a second the town tells, reads, and how many next words it gives."""
    town = Town()
    samples = town.sample(stories, seed=3)
    few = [sample.text for sample in samples[: max(1, stories // 10)]]
    prefixes = [text[: text.index(" ", len(text) // 2)] for text in few]
    actions: dict[str, tuple[int, Callable[[], Any]]] = {
        "stories told": (stories, lambda: town.sample(stories, seed=4)),
        "log-probabilities": (len(few), lambda: [town.log_prob(text) for text in few]),
        "verdicts": (len(few), lambda: [town.judge(text) for text in few]),
        "next words": (len(few), lambda: [town.next_word(prefix) for prefix in prefixes]),
    }
    return {
        name: n / median(seconds(action).cpu for _ in range(repeats)) for name, (n, action) in actions.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table; write the figures as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stories", type=int, default=2000, help="stories that are counted (default 2000)")
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement (default 5)")
    parser.add_argument("--json", metavar="FILE", help="write the figures")
    args = parser.parse_args(arguments)
    compared, told = compare(args.stories, args.repeats), rates(args.stories, args.repeats)
    print(f"order {ORDER}, median of {args.repeats} paired repeats; {hardware('nltk')}\n")
    print(f"{'':24}{'llmlite':>10}{'NLTK':>10}{'NLTK / llmlite':>18}")
    for name, row in compared.items():
        span = f"{row['ratio']:.1f} ({row['ratio_low']:.1f} to {row['ratio_high']:.1f})"
        print(f"{name:24}{row['seconds']:>8.2f} s{row['seconds_nltk']:>8.2f} s{span:>18}")
    print()
    for name, rate in told.items():
        print(f"{name:24}{rate:>8,.0f} a second")
    if args.json:
        figures = {"hardware": hardware("nltk"), "order": ORDER, "repeats": args.repeats}
        result = {**figures, "compared": compared, "per_second": told}
        atomic_write(args.json, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
