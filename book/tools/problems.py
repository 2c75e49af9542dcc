"""What a rule reports, and what all rules read."""

# nbformat has no types.
# mypy: disable-error-code="no-untyped-call,no-any-return"

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from cells import Cell
from nbformat import NotebookNode
from pieces import Book


@dataclass(frozen=True)
class Problem:
    """Something that breaks a rule."""

    place: str  # "chapters/01.ipynb, cell 7"
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return it as one paragraph."""
        return f"{self.place}: {self.what}\n    {self.remedy}"


def notebooks(book: Book, sources: list[Path]) -> Iterator[tuple[Path, bool, Path, NotebookNode]]:
    """Yield (source, solutions?, path, notebook) for each notebook that exists."""
    for source in sources:
        for solutions in (False, True):
            path = book.notebook(source, solutions)
            if path.exists():
                yield source, solutions, path, nbformat.read(path, as_version=4)


def place(book: Book, path: Path, number: int | None = None) -> str:
    """Return how a problem names a file and a cell, counted from 1."""
    name = path.relative_to(book.root).as_posix()
    return name if number is None else f"{name}, cell {number}"


def line_of(book: Book, source: Path, cell: Cell) -> str:
    """Return how a problem names a cell in a source."""
    return f"{place(book, source)}, line {cell.piece.start + 1 if cell.piece else 1}"
