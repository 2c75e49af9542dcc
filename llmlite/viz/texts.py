"""Texts that answer: words with what could have stood there, and a quiz."""

import html
from collections.abc import Mapping, Sequence

from IPython.display import HTML

from llmlite.viz.page import interactive


def bars(rows: Sequence[tuple[str, float, float]], labels: tuple[str, str], stands: str = "") -> str:
    """Return a static SVG of paired bars.

    Args:
        rows: (word, first probability, second probability), the first in the colour of the text.
        labels: what the two stand for.
        stands: the word to be marked.
    """
    title = "; ".join(f"{word} {percents(probs)}" for word, *probs in rows)
    parts = [f'<svg viewBox="0 0 560 {24 * len(rows) + 26}" role="img"><title>{html.escape(title)}</title>']
    for i, label in enumerate(labels):
        parts.append(f'<rect class="bar-{i}" x="{150 + 170 * i}" y="3" width="12" height="12"/>')
        parts.append(f'<text x="{167 + 170 * i}" y="14">{html.escape(label)}</text>')
    for i, (word, *probs) in enumerate(rows):
        y, mark = 26 + 24 * i, ' class="stands"' if word == stands else ""
        parts.append(f'<text x="140" y="{y + 14}" text-anchor="end"{mark}>{html.escape(word)}</text>')
        for j, prob in enumerate(probs):
            length = max(310 * prob, 0.5)
            parts.append(f'<rect class="bar-{j}" x="150" y="{y + 9 * j}" width="{length:.1f}" height="8"/>')
        value, x = html.escape(percents(probs)), 156 + 310 * max(probs)
        parts.append(f'<text x="{x:.1f}" y="{y + 14}" class="value">{value}</text>')
    return "".join(parts) + "</svg>"


def percents(probs: Sequence[float]) -> str:
    """Return probabilities as text: "40% / 3%"."""
    return " / ".join("0" if p == 0 else "<1%" if p < 0.01 else f"{100 * p:.0f}%" for p in probs)


def word_by_word(
    words: Sequence[str],
    truth: Sequence[Mapping[str, float]],
    guess: Sequence[Mapping[str, float]],
    alt: str,
    labels: tuple[str, str] = ("what is possible", "what the model guesses"),
    first: int = 0,
) -> HTML:
    """Return a text whose words can be chosen: each shows what could have stood there, and a model's guess.

    Args:
        words: the text.
        truth, guess: for each word, the exact and the model's distribution of the word that stands there.
        alt: what the figure shows, for readers who do not see it.
        labels: the names of the two distributions.
        first: the word that is chosen at the start.

    Raises:
        ValueError: `first` is the number of no word.
    """
    if not 0 <= first < len(words):
        raise ValueError(f"first={first}: of {len(words)} words, one from 0 on has to be chosen")
    chosen = []
    for word, exact, model in zip(words, truth, guess, strict=True):
        top = {*top_words(exact), *top_words(model), word}
        rows = [(shown(w), round(exact.get(w, 0.0), 6), round(model.get(w, 0.0), 6)) for w in top]
        chosen.append(sorted(rows, key=lambda row: (-row[1] - row[2], row[0])))
    lost = [
        round(exact.get(w, 0) - model.get(w, 0), 3)
        for w, exact, model in zip(words, truth, guess, strict=True)
    ]
    buttons = "".join(
        f'<button type="button" style="--lost:{max(gap, 0):.2f}" aria-pressed="{str(i == first).lower()}">'
        f"{html.escape(shown(word))}</button> "
        for i, (word, gap) in enumerate(zip(words, lost, strict=True))
    )
    picture = bars(chosen[first], labels, shown(words[first]))
    still = f'<p class="words">{buttons}</p><div class="bars" aria-live="polite">{picture}</div>'
    values = [[percents(row[1:]) for row in rows] for rows in chosen]
    data = {"rows": chosen, "values": values, "labels": labels, "first": first}
    return interactive("words", alt, data, still)


def top_words(probs: Mapping[str, float], n: int = 4) -> list[str]:
    """Return the n most probable words."""
    return sorted(probs, key=lambda word: (-probs[word], word))[:n]


def shown(word: str) -> str:
    """Return a word as a figure shows it: the end of a text gets a sign."""
    return "⏎" if word == "\n" else word


def quiz(question: str, items: Sequence[tuple[str, str, str]], choices: tuple[str, str], alt: str) -> HTML:
    """Return a quiz: texts that are one of two things.

    Args:
        question: asked above the texts.
        items: (text, the right choice, what to notice in it).
        choices: the two answers.
        alt: what the quiz is about.

    Raises:
        ValueError: an answer is none of the choices.
    """
    for _, answer, _ in items:
        if answer not in choices:
            raise ValueError(f"the answer {answer!r} is none of {choices}")
    buttons = "".join(
        f'<button type="button" data-choice="{choice}">{choice}</button> '
        for choice in map(html.escape, choices)
    )
    listed = "".join(
        f'<li><p>{html.escape(text)}</p><p class="answers">{buttons}</p><details><summary>answer</summary>'
        f"<b>{html.escape(answer)}.</b> {html.escape(why)}</details></li>"
        for text, answer, why in items
    )
    asked = f'<p class="question">{html.escape(question)}</p>'
    still = f'{asked}<ol>{listed}</ol><p class="score" aria-live="polite"></p>'
    return interactive("quiz", alt, {"answers": [answer for _, answer, _ in items]}, still)
