"""Cut the exercises out of a chapter's source, for the tests that solve them rightly and wrongly."""

from dataclasses import dataclass
from pathlib import Path

from cells import NUMBER, SOLUTION, chapter_cells
from pieces import Book
from sources import SourceError


@dataclass(frozen=True)
class Exercise:
    """An exercise with its check."""

    number: str
    stub: str  # the cell as the reader finds it
    solution: str  # the cell as the solutions notebook shows it
    check: str


def exercises_of(book: Book, source: Path) -> list[Exercise]:
    """Return the exercises of a chapter in order.

    Raises:
        SourceError: if a check stands without an exercise cell above it.
    """
    found: list[Exercise] = []
    stubs: list[str] = []
    solutions: list[str] = []
    for cell in chapter_cells(book, source):
        if cell.piece and "exercise" in cell.tags:
            stubs.append(cell.text)
            solutions.append(SOLUTION.sub(lambda match: match[2].rstrip("\n"), cell.piece.text))
        number = NUMBER.search(cell.text) if cell.kind == "code" else None
        if number:
            if not stubs:
                raise SourceError(
                    f"{source.name}: check {number['number']} has no cell tagged `exercise` above it"
                )
            found.append(Exercise(number["number"], "\n".join(stubs), "\n".join(solutions), cell.text))
            stubs, solutions = [], []
    return found
