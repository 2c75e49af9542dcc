"""Figures for pages: one style, a text for whoever cannot see them, and SVG that answers to a touch.

An interactive figure is a piece of HTML with its data inside: it works on a static page, in a notebook and
without a network, and shows its first state where scripts do not run. Its script and style lie in
`data/figures/`, one pair of files for each kind of figure.
"""

import html
import io
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import count
from typing import Any, Protocol

import matplotlib.pyplot as plt
from IPython.display import HTML, display
from matplotlib.figure import Figure

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MOST_TOKENS = 500  # of a strip that are drawn; all are counted
MARKS = {" ": "·", "\n": "⏎", "\t": "⇥"}
# What leaves no mark on paper: in a text, and in one with parts of characters. JavaScript reads these, too.
UNSEEN = (
    r"[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u1680\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u3000\u3164\ufe00-\ufe0f\ufeff\ufff0-\ufffb]+",
    r"[\x00-\x08\x0b-\x1f\x7f-\xff]+",
)
_DATA = resources.files("llmlite") / "data"
_numbers = count(1)  # ids of interactive figures: the same in every run of a notebook


def use_style() -> None:
    """Give all figures of this notebook the style of the book."""
    with resources.as_file(_DATA / "styles" / "book.mplstyle") as path:
        plt.style.use(path)


def required(alt: str) -> None:
    """Refuse a figure without a text that says what it shows."""
    if not alt.strip():
        raise ValueError("a figure needs alt=...: say in a sentence what it shows")


def show(figure: Figure, alt: str) -> None:
    """Show a figure with a text that says what it shows, and close it.

    Args:
        figure: a matplotlib figure.
        alt: one or two sentences for readers who do not see it.

    Raises:
        ValueError: the text is missing.
    """
    required(alt)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    plt.close(figure)
    data = {"image/png": file.getvalue(), "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt}})  # type: ignore[no-untyped-call]


def picture(svg: str, alt: str, width: int = 720) -> HTML:
    """Return a drawing with a text that says what it shows.

    Args:
        svg: the drawing.
        alt: one or two sentences for readers who do not see it.
        width: pixels that it takes at most.

    Raises:
        ValueError: the text is missing.
    """
    required(alt)
    return HTML(  # type: ignore[no-untyped-call]
        f'<div role="img" aria-label="{html.escape(alt)}" style="max-width: {width}px">{svg}</div>'
    )


def interactive(kind: str, alt: str, data: Any, still: str) -> HTML:
    """Return an interactive figure.

    Args:
        kind: which one: `data/figures/{kind}.js` and `{kind}.css` exist.
        alt: what it shows and how it is used, for readers who do not see it.
        data: what its script gets, as JSON.
        still: HTML of its first state, shown where scripts do not run.

    Raises:
        ValueError: the text is missing.
    """
    required(alt)
    name = f"llmlite-figure-{next(_numbers)}"
    style, script = (
        (_DATA / "figures" / f"{kind}.{end}").read_text(encoding="utf-8") for end in ("css", "js")
    )
    content = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    run = f"((root, data) => {{\n{script}}})(document.getElementById('{name}'), {content});"
    label = html.escape(alt)
    return HTML(  # type: ignore[no-untyped-call]
        f'<div id="{name}" class="llmlite-{kind}" role="group" aria-label="{label}">\n'
        f"<style>{style}</style>\n{still}\n<script>{run}</script>\n</div>"
    )


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


class BytePairs(Protocol):
    """What a strip of tokens needs of a tokenizer: `text.bpe.BPETokenizer` has it."""

    pattern: str
    ranks: dict[bytes, int]
    tokens: list[bytes]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""


def token_strip(
    tokenizers: Mapping[str, BytePairs], text: str, alt: str, examples: Sequence[str] = ()
) -> HTML:
    """Return a text field, and below it the tokens that tokenizers make of what is typed there.

    Args:
        tokenizers: by the names that are shown. Of regular expressions, their patterns use what GPT-2's
            does: JavaScript reads them too.
        text: what stands in the field at first.
        alt: what the figure shows, for readers who do not see it.
        examples: more texts, a button for each.

    Raises:
        ValueError: a text holds a carriage return or a zero byte, which fields of a page do not keep.
    """
    for each in (text, *examples):
        if set("\r\0") & set(each):
            raise ValueError(f"{each!r} holds a carriage return or a zero byte: no text field keeps them")
    rows = [_token_row(name, tokenizer, text) for name, tokenizer in tokenizers.items()]
    still = (
        '<label>Type a text:<textarea rows="3" maxlength="10000" spellcheck="false" autocapitalize="off" '
        f'autocomplete="off" readonly>\n{html.escape(text)}</textarea></label>'
        f'<div class="examples"></div>{"".join(rows)}'
    )
    listed = [
        {"name": name, "pattern": each.pattern, "tokens": " ".join(map(_printable, each.ranks))}
        for name, each in tokenizers.items()
    ]
    data = {
        "tokenizers": listed,
        "examples": list(examples),
        "most": MOST_TOKENS,
        "marks": MARKS,
        "unseen": UNSEEN,
    }
    return interactive("tokens", alt, data, still)


def _token_row(name: str, tokenizer: BytePairs, text: str) -> str:
    """Return the strip of one tokenizer, as it is before a script runs."""
    tokens = [tokenizer.tokens[i] for i in tokenizer.encode(text)]
    chips = "".join(f"<span>{html.escape(spelled(token))}</span>" for token in tokens[:MOST_TOKENS])
    rest = len(tokens) - MOST_TOKENS
    more = f"<i>and {rest} more</i>" if rest > 0 else ""
    label = html.escape(name)
    return (
        f'<p class="name"><b>{label}</b> <span class="count">{len(tokens)} token{"s" * (len(tokens) != 1)}'
        '</span></p><div class="strip tex2jax_ignore mathjax_ignore" translate="no" role="group" '
        f'aria-label="{label}">{chips}{more}</div><p class="token" aria-live="polite"></p>'
    )


def spelled(token: bytes) -> str:
    """Return a token as a strip shows it: blanks as marks, what cannot be seen as bytes."""
    try:
        text, unseen, coding = token.decode(), UNSEEN[0], "utf-8"
    except UnicodeDecodeError:  # a part of a character
        text, unseen, coding = token.decode("latin-1"), UNSEEN[1], "latin-1"

    def sign(found: re.Match[str]) -> str:
        return MARKS.get(found[0]) or f"⟨{found[0].encode(coding).hex(' ').upper()}⟩"

    text = re.sub(f"[ \n\t]|{unseen}", sign, text)
    combining = unicodedata.category(text[0]).startswith("M")  # it needs a letter to stand on
    return f"◌{text}" if combining else text


def _printable(token: bytes) -> str:
    """Return one character for each byte, 256 higher where the byte's own cannot be seen."""
    return "".join(chr(b if 32 < b < 127 or 160 < b != 173 else b + 256) for b in token)
