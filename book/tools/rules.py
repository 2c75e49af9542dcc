"""All rules of the book, by name: `RULES["homes"](book, sources)` returns what breaks that rule."""

from collections.abc import Callable
from pathlib import Path

from pieces import Book
from problems import Problem
from rules_cells import exercises, hosts, pictures, sizes
from rules_homes import definitions, homes, imports, shadows
from rules_notebooks import built, executed, fresh, undefined
from rules_package import address, layers, lengths, phrases

Rule = Callable[[Book, list[Path]], list[Problem]]

_CHAPTERS: tuple[Rule, ...] = (
    built, executed, fresh, homes, imports, definitions, shadows, undefined, sizes, exercises, pictures,
    hosts,
)  # fmt: skip
_PROJECT = (layers, lengths, phrases, address)


def _whole(rule: Callable[[Book], list[Problem]]) -> Rule:
    return lambda book, sources: rule(book)


RULES: dict[str, Rule] = {rule.__name__: rule for rule in _CHAPTERS} | {
    rule.__name__: _whole(rule) for rule in _PROJECT
}
