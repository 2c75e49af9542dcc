"""A map of words: points on a plane, and for each its neighbours in the space that was flattened."""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
from IPython.display import HTML
from numpy.typing import NDArray

from llmlite.viz.page import interactive

WIDTH, HEIGHT, EDGE = 400, 320, 12  # of the map, and the space around its points
MOST_KINDS = 10  # five colours, each as a disc and as a diamond

Rows = NDArray[np.int64]


def word_map(
    words: Sequence[str],
    vectors: Any,
    kinds: Sequence[str],
    places: Any,
    alt: str,
    first: str,
    n: int = 8,
) -> HTML:
    """Return a map of words: choose one, and see its nearest neighbours among them all.

    Neighbours are those with the largest cosine in the space of the vectors, not on the map; a sentence says
    how many of them are near on the map, too.

    Args:
        words: V of them, each once, without spaces.
        vectors: (V, D), numbers; none is zero.
        kinds: of each word, shown by colour and shape; "" for words of no kind.
        places: (V, 2), where the words stand: to the right, up.
        alt: what the figure shows, for readers who do not see it.
        first: the word that is chosen at first.
        n: neighbours that are shown.

    Raises:
        ValueError: words, vectors, kinds and places do not belong together, or `first` is none of the words.
    """
    vectors, places = np.asarray(vectors, dtype=float), np.asarray(places, dtype=float)
    names = sorted({kind for kind in kinds if kind}, key=list(kinds).index)
    _check(words, vectors, kinds, places, first, n, names)
    order = sorted(range(len(words)), key=lambda i: (["", *names].index(kinds[i]), i))  # no kind lies below
    x, y = _drawn(places[order])
    near, cosines = neighbours(vectors[order], n)
    data = {
        "words": " ".join(words[i] for i in order),
        "kinds": names,
        "kind": [["", *names].index(kinds[i]) - 1 for i in order],
        "x": x.tolist(),
        "y": y.tolist(),
        "near": near.tolist(),
        "cosines": np.rint(100 * cosines).astype(int).tolist(),
        "kept": [len({*a} & {*b}) for a, b in zip(near.tolist(), on_the_map(x, y, n).tolist(), strict=True)],
        "first": [words[i] for i in order].index(first),
    }
    return interactive("map", alt, data, _still(data))


def neighbours(vectors: NDArray[np.float64], n: int) -> tuple[Rows, NDArray[np.float64]]:
    """Return for each row the n others with the largest cosine, and these cosines."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :n]
    return near, np.take_along_axis(cosines, near, axis=1)


def on_the_map(x: Rows, y: Rows, n: int) -> Rows:
    """Return for each point the n others that are nearest on the plane."""
    square = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    np.fill_diagonal(square, np.iinfo(np.int64).max)
    return np.argsort(square, axis=1, kind="stable")[:, :n]


def _check(
    words: Sequence[str],
    vectors: NDArray[np.float64],
    kinds: Sequence[str],
    places: NDArray[np.float64],
    first: str,
    n: int,
    names: list[str],
) -> None:
    count = len(words)
    if vectors.ndim != 2 or {len(vectors), len(kinds)} != {count} or places.shape != (count, 2):
        raise ValueError(
            f"{count} words, vectors {vectors.shape}, {len(kinds)} kinds, places {places.shape}: "
            "each word has one row of each, and a place has two numbers"
        )
    if len(set(words)) != count or any(word.split() != [word] for word in words):
        raise ValueError("a word stands on a map once, and holds no space")
    if first not in words:
        raise ValueError(f"first={first!r} is none of the {count} words")
    if not 1 <= n < count:
        raise ValueError(f"n={n}: {count} words have 1 to {count - 1} neighbours")
    if len(names) > MOST_KINDS:
        raise ValueError(f"{len(names)} kinds: colours and shapes tell {MOST_KINDS} apart")


def _drawn(places: NDArray[np.float64]) -> tuple[Rows, Rows]:
    """Return whole coordinates that fill the map, the same scale on both axes."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array([WIDTH, HEIGHT]) - 2 * EDGE
    scale = (room / np.maximum(high - low, 1e-12)).min()
    middle = (places - (low + high) / 2) * scale
    x, y = np.rint(WIDTH / 2 + middle[:, 0]), np.rint(HEIGHT / 2 - middle[:, 1])  # up is less
    return x.astype(np.int64), y.astype(np.int64)


def _mark(kind: int, x: int, y: int) -> str:
    """Return the SVG of one word: a dot without a kind, a disc for the first five, then a diamond."""
    if kind < 5:
        return f'<circle cx="{x}" cy="{y}" r="{3 if kind >= 0 else 1.5}"/>'
    return f'<path d="M{x} {y - 4}l4 4-4 4-4-4z"/>'


def _still(data: dict[str, Any]) -> str:
    """Return the figure as it is before a script runs."""
    first = data["first"]
    word = html.escape(data["words"].split(" ")[first])
    x, y = data["x"][first], data["y"][first]
    ends = "".join(f"M{x} {y}L{data['x'][i]} {data['y'][i]}" for i in data["near"][first])
    anchor, side = ("start", 7) if x < WIDTH / 2 else ("end", -7)
    return (
        f'<p class="find"><label>Find a word: <input type="search" value="{word}" maxlength="40" '
        'autocomplete="off" autocapitalize="off" spellcheck="false" readonly/></label></p>'
        f'<div class="kinds" role="group" aria-label="kinds of words">{_buttons(data["kinds"])}</div>'
        f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="application" tabindex="0" '
        'aria-label="map of words; arrow keys go to the next word in that direction">'
        f'<g class="marks">{_marks(data)}</g><path class="lines" d="{ends}"/>'
        f'<circle class="ring" cx="{x}" cy="{y}" r="6"/><text class="hover"></text>'
        f'<text class="label" x="{x + side}" y="{y + 4}" text-anchor="{anchor}">{word}</text></svg>'
        f'<p class="said" aria-live="polite">{html.escape(said(data, first))}</p>'
        f'<ol class="near">{_items(data)}</ol>'
    )


def _marks(data: dict[str, Any]) -> str:
    drawn = ""
    for kind in range(-1, len(data["kinds"])):
        points = zip(data["kind"], data["x"], data["y"], strict=True)
        marks = "".join(_mark(kind, x, y) for of, x, y in points if of == kind)
        drawn += f'<g class="k{kind}">{marks}</g>' if marks else ""
    return drawn


def _buttons(kinds: Sequence[str]) -> str:
    return "".join(
        f'<button type="button" aria-pressed="false"><svg class="k{i}" viewBox="0 0 12 12" '
        f'aria-hidden="true">{_mark(i, 6, 6)}</svg> {html.escape(kind)}</button> '
        for i, kind in enumerate(kinds)
    )


def _items(data: dict[str, Any]) -> str:
    words, first = data["words"].split(" "), data["first"]
    near = zip(data["near"][first], data["cosines"][first], strict=True)
    return "".join(
        f'<li><button type="button">{html.escape(words[i])}</button> <span>{percent / 100:.2f}</span></li>'
        for i, percent in near
    )


def said(data: dict[str, Any], chosen: int) -> str:
    """Return the sentence below the map."""
    n, kept, kind = len(data["near"][chosen]), data["kept"][chosen], data["kind"][chosen]
    of = f" ({data['kinds'][kind]})" if kind >= 0 else ""
    word = data["words"].split(" ")[chosen]
    return f"{word}{of}: of its {n} nearest words, {kept} are among the {n} nearest on the map."
