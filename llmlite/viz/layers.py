"""A text read at several depths of a model: what it would say after each block."""

import html
from collections.abc import Mapping, Sequence

from IPython.display import HTML

from llmlite.viz.page import interactive
from llmlite.viz.texts import percents, shown, top_words

GUESSES = 3  # that each depth shows
COLUMNS = ("this word", "first choices")

Probs = Mapping[str, float]


def layers(
    words: Sequence[str],
    truth: Sequence[Probs],
    guesses: Mapping[str, Sequence[Probs]],
    alt: str,
    labels: tuple[str, str] = ("read out after", "the town"),
    first: int = 0,
) -> HTML:
    """Return a text whose words and depths can be chosen.

    A word shows what the model says in its place at each depth, and what is possible. A depth shades the text
    by the probability that the model withholds there.

    Args:
        words: the text.
        truth: for each word, the exact distribution of what stands there.
        guesses: by the name of the depth, from the first to the last, the model's distribution for each word.
        alt: what the figure shows, for readers who do not see it.
        labels: heads of the column of depths and of the row of the truth.
        first: the word that is chosen at the start; the depth is the last one.

    Raises:
        ValueError: there is no depth, a depth has not one distribution for each word, or `first` is the
            number of no word.
    """
    if not guesses:
        raise ValueError("guesses={} has no depth: give it one or more")
    for name, row in (("truth", truth), *guesses.items()):
        if len(row) != len(words):
            raise ValueError(f"{name!r} has {len(row)} distributions for {len(words)} words")
    if not 0 <= first < len(words):
        raise ValueError(f"first={first}: of {len(words)} words, one from 0 on has to be chosen")
    read = [[exact, *said] for exact, *said in zip(truth, *guesses.values(), strict=True)]
    cells = [[_cell(word, probs) for probs in row] for word, row in zip(words, read, strict=True)]
    lost = [
        [round(max(exact.get(word, 0.0) - probs.get(word, 0.0), 0.0), 3) for probs in said]
        for word, (exact, *said) in zip(words, read, strict=True)
    ]
    buttons = " ".join(
        _button(shown(word), i == first, f' style="--lost:{gaps[-1]:.3f}"')
        for i, (word, gaps) in enumerate(zip(words, lost, strict=True))
    )
    table = _table(list(guesses), labels, cells[first])
    still = f'<p class="words">{buttons}</p><div class="depths" aria-live="polite">{table}</div>'
    return interactive("layers", alt, {"cells": cells, "lost": lost, "first": first}, still)


def _cell(word: str, probs: Probs) -> tuple[float, str, str]:
    """Return a distribution as the table shows it: the word's share, the same as text, the first choices."""
    share = round(probs.get(word, 0.0), 4)
    choices = [
        f"{shown(each)} {percents([probs[each]])}" for each in top_words(probs, GUESSES) if probs[each]
    ]
    return share, percents([share]), ", ".join(choices)


def _button(text: str, pressed: bool, attributes: str = "") -> str:
    state = str(pressed).lower()
    return f'<button type="button"{attributes} aria-pressed="{state}">{html.escape(text)}</button>'


def _table(depths: list[str], labels: tuple[str, str], cells: Sequence[tuple[float, str, str]]) -> str:
    """Return the table of one word: a row for each depth, then the truth, which comes first in `cells`."""
    heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in (labels[0], *COLUMNS))
    names = [_button(name, name == depths[-1]) for name in depths] + [html.escape(labels[1])]
    rows = ""
    for name, (share, text, choices) in zip(names, [*cells[1:], cells[0]], strict=True):
        rows += (
            f'<tr><th scope="row">{name}</th><td class="share"><span class="bar" style="--share:{share:.3f}">'
            f"</span><span>{html.escape(text)}</span></td>"
            f'<td class="choices">{html.escape(choices)}</td></tr>'
        )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
