"""What every figure has: a style, a text for those who cannot see it, and a place for a script."""

import html
import io
import json
from importlib import resources
from itertools import count
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import HTML, display
from matplotlib.figure import Figure

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
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
