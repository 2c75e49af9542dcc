"""Make the solutions notebook of a chapter, and cut its exercises out for tests."""

import ast
import re
from pathlib import Path

from cells import SETUP, SOLUTION, Cell, chapter_cells, with_links
from pieces import Book, split
from sources import bound_names, needed_names, without_magic


def solution_cells(book: Book, source: Path) -> list[Cell]:
    """Return the cells of the solutions notebook: setup, needed cells, solved exercises with their checks.

    Raises:
        SourceError: as `chapter_cells`.
    """
    chapter = chapter_cells(book, source)
    title = next((m[1] for cell in chapter if (m := re.search(r"^# (.*)$", cell.text, re.M))), source.stem)
    intro = f"# Solutions: {title}\n\nThe exercises stand in [the chapter](../{source.stem}.ipynb)."
    cells = [Cell("markdown", intro)]
    built = {cell.piece.start: cell for cell in chapter if cell.piece}
    for piece in split(source.read_text(encoding="utf-8")):
        cell = built.get(piece.start, Cell(piece.kind, piece.text, piece.tags, piece.metadata, piece))
        if SETUP.match(piece.text.strip()):
            cells.append(cell)
        elif piece.kind == "markdown":
            if re.match(r":::+\{exercise\}", piece.text):
                cells.append(Cell("markdown", with_links(_statement(piece.text), book), piece=piece))
            elif "solution" in piece.tags:
                cells.append(Cell("markdown", with_links(piece.text, book), piece=piece))
        elif {"needed", "exercise", "check", "solution"} & set(piece.tags) and not cell.homes:
            text = SOLUTION.sub(lambda match: match[2].rstrip("\n"), piece.text)
            cells.append(Cell("code", text, piece.tags, piece.metadata, piece))
    imports = _imports([cell for cell in chapter if cell.homes], cells)
    place = next((n for n, cell in enumerate(cells) if cell.generated), 0) + 1
    return [*cells[:place], *imports, *cells[place:]]


def _imports(homes: list[Cell], cells: list[Cell]) -> list[Cell]:
    """Return a cell that imports what the solutions use of the chapter's home cells, if they use any."""
    needed: set[str] = set()
    bound: set[str] = set()
    for cell in cells:
        if cell.kind == "code":
            code = without_magic(cell.text)
            needed |= needed_names(code) - bound
            bound |= bound_names(code)
    lines: dict[str, None] = {}
    for cell in homes:
        for name in sorted(needed & bound_names(cell.text)):
            own = [symbol.import_line for symbol in cell.homes if symbol.path == (name,)]
            lines[own[0] if own else _import_of(name, cell.text)] = None
    return [Cell("code", "\n".join(line for line in lines if line), ("needed",))] if lines else []


def _import_of(name: str, code: str) -> str:
    for node in ast.parse(code).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name.split(".")[0]) == name:
                    node.names = [alias]
                    return ast.unparse(node)
    return ""


def _statement(text: str) -> str:
    # A label may stand only once on the site, so the solutions show the exercise as plain text.
    title = re.sub(r":::+\{exercise\}\s*", "", text.splitlines()[0])
    label = re.search(r"^:label: (\S+)$", text, re.M)
    number = label[1].removeprefix("ex-").replace("-", ".") if label else ""
    body = [line for line in text.splitlines()[1:] if not re.match(r":(label|class|nonumber)|:::+\s*$", line)]
    return f"## {f'{number} {title}'.strip()}\n\n" + "\n".join(body).strip()
