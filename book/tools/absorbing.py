"""Take a notebook that was edited in Jupyter or Colab back into its MyST source.

Only the pieces of the source whose cells changed are rewritten; all other lines stay as they are. What the
machine makes (package code, setup) cannot be taken back: it is edited where it comes from.
"""

# nbformat has no types.
# mypy: disable-error-code="no-untyped-call,no-any-return"

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from cells import SOLUTION, Cell, badge, cell_ids, chapter_cells, files_at
from nbformat import NotebookNode
from pieces import STARTS_CELL, Book, Piece
from runs import build, digest
from sources import SourceError


def absorb(book: Book, source: Path, notebook: Path | None = None) -> bool:
    """Write the edits of a notebook into its source, then build the chapter again.

    Args:
        book: where the chapter stands.
        source: the chapter's source.
        notebook: the edited file; the chapter's own notebook if left out.

    Returns:
        Whether the source changed.

    Raises:
        SourceError: if generated code was edited (with the difference), if a cell with a solution was moved,
            removed or solved in place, or if the source changed after the notebook was built.
    """
    edited = nbformat.read(notebook or book.notebook(source), as_version=4)
    text = source.read_text(encoding="utf-8")
    if edited.metadata.get("llmlite", {}).get("source") != digest(text):
        raise SourceError(
            f"{source.name} has changed since this notebook was built from it: the edits of one would undo "
            "those of the other. Build the notebook anew and repeat the edits, or make them in the source."
        )
    for cell in edited.cells:
        if cell.cell_type == "markdown":  # what the build put in goes out again
            cell.source = cell.source.replace(f"\n\n{badge(book, source)}", "")
            cell.source = cell.source.replace(f"]({files_at(book)}", "](repository:")
    new = _merged(text.splitlines(), chapter_cells(book, source), edited.cells)
    if new != text:
        source.write_text(new, encoding="utf-8")
    build(book, source)
    build(book, source, solutions=True)
    return new != text


def _merged(lines: list[str], made: list[Cell], found: list[NotebookNode]) -> str:
    out: list[str] = []
    position, last = 0, ""
    for cell, new in _aligned(made, found):
        gap = [""]
        if cell is not None and cell.piece is not None:
            gap, position = lines[position : cell.piece.start], cell.piece.end
        if new is None:
            # Cells that only assigned copies and solutions have stand between others: they stay.
            out += gap if any(line.strip() and not line.startswith("+++") for line in gap) else []
            continue
        block = _block(cell, new, lines)
        broken = any(line.startswith("+++") for line in gap)
        if last == new.cell_type == "markdown" and not broken and not STARTS_CELL.match(block[0]):
            gap = [*gap, "+++", ""]
        out += [*gap, *block]
        last = new.cell_type
    return "\n".join([*out, *lines[position:]]).strip("\n") + "\n"


def _aligned(
    made: list[Cell], found: list[NotebookNode]
) -> Iterator[tuple[Cell | None, NotebookNode | None]]:
    """Yield pairs (old, new) in order; (None, new) for an added cell, (old, None) for a removed one."""
    names = cell_ids(made)
    keys = _keys(made, names, found)
    matcher = difflib.SequenceMatcher(None, names, keys, autojunk=False)
    for verb, i, i_end, j, j_end in matcher.get_opcodes():
        kinds = [cell.kind for cell in made[i:i_end]]
        if verb == "equal" or kinds == [cell.cell_type for cell in found[j:j_end]]:
            yield from zip(made[i:i_end], found[j:j_end], strict=True)
            continue
        for cell in made[i:i_end]:
            if cell.generated or (cell.piece and SOLUTION.search(cell.piece.text)):
                raise SourceError(
                    f"this cell was moved or removed; do that in the source:\n{_head(cell.text)}"
                )
            yield cell, None
        for new in found[j:j_end]:
            yield None, new


def _keys(made: list[Cell], names: list[str], found: list[NotebookNode]) -> list[str]:
    # Jupyter and Colab keep a cell's id when its text changes; other tools make new ids, but keep the text.
    by_text: dict[tuple[str, str], list[str]] = {}
    for cell, name in zip(made, names, strict=True):
        by_text.setdefault(
            (cell.kind, cell.piece.text if cell.kind == "markdown" and cell.piece else cell.text), []
        ).append(name)
    keys = [str(new.get("id") or new.metadata.get("id") or "") for new in found]
    for number, new in enumerate(found):
        if keys[number] not in names:
            same = [name for name in by_text.get((new.cell_type, new.source), []) if name not in keys]
            keys[number] = same[0] if same else f"new {number}"
    return keys


def _block(cell: Cell | None, new: NotebookNode, lines: list[str]) -> list[str]:
    """Return the source lines of a cell of the edited notebook."""
    text = str(new.source)
    tags = tuple(new.metadata.get("tags", ()))
    if cell is None or cell.piece is None:
        return _fenced(text, tags) if new.cell_type == "code" else text.split("\n")
    piece = cell.piece
    original = lines[piece.start : piece.end]
    if cell.generated:
        if text.strip() != cell.text.strip():
            raise SourceError(_refusal(cell, text))
        return original
    if new.cell_type == "markdown":
        return original if text == piece.text else text.split("\n")
    if text == cell.text and set(tags) == set(cell.tags):
        return original
    body = _with_solution(cell, piece, text)
    if set(tags) == set(cell.tags) and not re.search(r"^```", body, re.M):
        return [
            *original[: len(original) - 1 - len(piece.text.splitlines())],
            *body.split("\n"),
            original[-1],
        ]
    return _fenced(body, tags)


def _fenced(text: str, tags: tuple[str, ...]) -> list[str]:
    mark = "````" if re.search(r"^```", text, re.M) else "```"
    options = [f":tags: [{', '.join(tags)}]"] if tags else []
    return [f"{mark}{{code-cell}} python", *options, *text.split("\n"), mark]


def _with_solution(cell: Cell, piece: Piece, text: str) -> str:
    """Return edited code with the source's solutions in the place of their stubs."""
    solutions = list(SOLUTION.finditer(piece.text))
    if not solutions:
        return text
    stubs = re.split(
        r"^ *(?:raise NotImplementedError  # your code here|# your code here)$", text, flags=re.M
    )
    if len(stubs) != len(solutions) + 1:
        raise SourceError(
            "an exercise was solved in the notebook, or its line `# your code here` is gone; solutions are "
            f"written between BEGIN SOLUTION and END SOLUTION in the source:\n{_head(text)}"
        )
    return stubs[0] + "".join(match[0] + rest for match, rest in zip(solutions, stubs[1:], strict=True))


def _refusal(cell: Cell, text: str) -> str:
    names = ", ".join(symbol.name for symbol in cell.homes) or "the setup cell"
    where = "in llmlite/" if cell.homes else "in book/tools/cells.py"
    difference = difflib.unified_diff(
        cell.text.splitlines(), text.splitlines(), "package", "notebook", lineterm=""
    )
    return f"{names} was edited in the notebook; edit it {where} and build again.\n" + "\n".join(difference)


def _head(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[:4])
