"""Make the solutions notebook of a chapter, and cut its exercises out for tests."""

import re
from pathlib import Path

from cells import SETUP, SOLUTION, Cell, chapter_cells
from pieces import Book, split


def solution_cells(book: Book, source: Path) -> list[Cell]:
    """Return the cells of the solutions notebook: setup, needed cells, solved exercises with their checks.

    Raises:
        SourceError: as `chapter_cells`.
    """
    chapter = chapter_cells(book, source)
    title = next((m[1] for cell in chapter if (m := re.search(r"^# (.*)$", cell.text, re.M))), source.stem)
    intro = f"# Solutions: {title}\n\nThe exercises stand in [the chapter](../{source.stem}.ipynb)."
    cells = [Cell("markdown", intro)]
    pieces = split(source.read_text(encoding="utf-8"))
    built = {cell.piece.start: cell for cell in chapter if cell.piece}
    for piece in pieces:
        cell = built.get(piece.start, Cell(piece.kind, piece.text, piece.tags, piece.metadata, piece))
        if SETUP.match(piece.text.strip()):
            cells.append(cell)
        elif piece.kind == "markdown":
            if re.match(r":::+\{exercise\}", piece.text):
                cells.append(Cell("markdown", _statement(source, piece.text), piece=piece))
            elif "solution" in piece.tags:
                cells.append(Cell("markdown", piece.text, piece=piece))
        elif cell.homes and "needed" in piece.tags:
            imports = sorted({symbol.import_line for symbol in cell.homes})
            cells.append(Cell("code", "\n".join(imports), piece=piece))
        elif {"needed", "exercise", "check", "solution"} & set(piece.tags):
            text = SOLUTION.sub(lambda match: match[2].rstrip("\n"), piece.text)
            cells.append(Cell("code", text, piece.tags, piece.metadata, piece))
    return cells


def _statement(source: Path, text: str) -> str:
    # A label may stand only once on the site, so the solutions show the exercise as plain text.
    title = re.sub(r":::+\{exercise\}\s*", "", text.splitlines()[0])
    label = re.search(r"^:label: (\S+)$", text, re.M)
    number = label[1].removeprefix("ex-").replace("-", ".") if label else ""
    body = [line for line in text.splitlines()[1:] if not re.match(r":(label|class|nonumber)|:::+\s*$", line)]
    return f"## {f'{number} {title}'.strip()}\n\n" + "\n".join(body).strip()
