"""Sphinx extension: an exercise carries the number that its check prints, and no id that others have too.

sphinx-exercise counts through the whole book. Here the label decides: `ex-1-3` is 1.3, `ex-a-2` is A.2.
The asterisks at the end of a title become stars that a screen reader can read.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

LABEL = re.compile(r"ex-(\w+)-(\d+)$")
TITLE = re.compile(r'<span class="caption-number">(Exercise [\w.]+) ?</span> \((.*?)\)</p>')
STARS = re.compile(r"\s*\((\*{1,3})\)$")
EFFORT = {1: "minutes", 2: "half an hour", 3: "an evening"}


def number_by_label(app: Sphinx, env: BuildEnvironment) -> None:
    """Replace the numbers counted through the book by those in the labels."""
    for kinds in env.toc_fignumbers.values():
        numbers: dict[str, Any] = kinds.get("exercise", {})  # the parts are joined with dots, numbers or not
        for label in numbers:
            found = LABEL.match(label)
            if found:
                numbers[label] = (found[1].upper(), int(found[2]))


def titled(match: re.Match[str]) -> str:
    """Return the title of an exercise in the book's form.

    Args:
        match: of `TITLE`, in the form that sphinx-exercise writes.

    Returns:
        The number, the title without brackets around it, and its stars.
    """
    title = match[2]
    stars = STARS.search(title)
    if stars:
        count = len(stars[1])
        said = f'title="{EFFORT[count]}" role="img" aria-label="{count} of 3 stars"'
        title = f'{title[: stars.start()]} <span class="stars" {said}>{"★" * count}</span>'
    return f'<span class="caption-number">{match[1]}</span> {title}</p>'


def retitle(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Rewrite the titles of exercises in one page, and drop the id that all of them are given."""
    if "body" in context:
        context["body"] = TITLE.sub(titled, context["body"]).replace(' id="exercise-content"', "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("env-check-consistency", number_by_label)
    app.connect("html-page-context", retitle)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
