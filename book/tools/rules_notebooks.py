"""Rules on notebooks: they are what their sources make, executed in order, and not stale."""

# nbformat has no types.
# mypy: disable-error-code="no-untyped-call,no-any-return"

import json
import subprocess
import sys
from pathlib import Path

import nbformat
from cells import Cell, cell_ids
from nbformat import NotebookNode
from pieces import Book, key
from problems import Problem, notebooks, place
from runs import code_cells, expected, package_hash, stripped


def built(book: Book, sources: list[Path]) -> list[Problem]:
    """Every notebook equals what its source makes."""
    problems = []
    for source in sources:
        for solutions in (False, True):
            path = book.notebook(source, solutions)
            command = f"python book/tools/chapters.py build {key(source)}"
            if not path.exists():
                problems.append(Problem(place(book, path), "the notebook is missing", command))
                continue
            found, wanted = nbformat.read(path, as_version=4), expected(book, source, solutions)
            if stripped(found) != stripped(wanted):
                problems.append(_unequal(book, source, path, found, wanted))
    for path in sorted((book.root / "chapters").glob("**/*.ipynb")):
        if path.stem not in {source.stem for source in book.sources()} and "checkpoint" not in path.stem:
            problems.append(Problem(place(book, path), "it has no source in chapters/src", "delete it"))
    return problems


def _unequal(book: Book, source: Path, path: Path, found: NotebookNode, wanted: NotebookNode) -> Problem:
    pairs = enumerate(zip(found.cells, wanted.cells, strict=False), start=1)
    differing = (n for n, (a, b) in pairs if (a.source, a.cell_type) != (b.source, b.cell_type))
    # An id is a hash of the text that was built, so it tells who changed a cell: the machine or an editor.
    cells = [Cell(cell.cell_type, cell.source) for cell in found.cells]
    verb = "build"
    if [cell.get("id") for cell in found.cells] != cell_ids(cells):
        what, verb = "the notebook was edited", "build" if "solutions" in path.parts else "absorb"
    elif found.metadata.get("llmlite", {}).get("source") != wanted.metadata.llmlite.source:
        what = "the notebook is older than its source"
    else:
        what = "package code that it shows has changed"
    return Problem(
        place(book, path, next(differing, None)), what, f"python book/tools/chapters.py {verb} {key(source)}"
    )


def executed(book: Book, sources: list[Path]) -> list[Problem]:
    """Every code cell was executed, in order, and none shows an error or a warning that is not meant."""
    problems = []
    for source, _, path, notebook in notebooks(book, sources):
        remedy = f"python book/tools/chapters.py run {key(source)}"
        numbered = [(n, cell) for n, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]
        late: list[tuple[int, str]] = []
        for count, (number, cell) in enumerate(numbered, start=1):
            if "nbval-skip" in cell.metadata.get("tags", []):
                if "ran" not in cell.metadata.get("llmlite", {}):
                    what = "the cell needs the network or large files, and has no stored output with its date"
                    problems.append(Problem(place(book, path, number), what, f"{remedy} --real"))
            elif cell.execution_count != count:
                late.append((number, f"its execution count is {cell.execution_count}, not {count}"))
            if what := _unwanted(cell):
                problems.append(Problem(place(book, path, number), what, f"mend the cell, then {remedy}"))
        if late:
            more = f" (and {len(late) - 1} more cells of {len(numbered)})" if len(late) > 1 else ""
            problems.append(Problem(place(book, path, late[0][0]), late[0][1] + more, remedy))
    return problems


def _unwanted(cell: NotebookNode) -> str:
    """Return what should not stand in the outputs of a cell, or nothing."""
    for output in cell.outputs:
        if output.get("name") == "stderr":
            return "it prints a warning, or something else on stderr"
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
            return f"its output is an error, {output.get('ename', '')}"
    return ""


def fresh(book: Book, sources: list[Path]) -> list[Problem]:
    """Stored outputs were made by the code that stands there now, in the notebook and in the package."""
    problems = []
    for source, _, path, notebook in notebooks(book, sources):
        ran = notebook.metadata.get("llmlite", {}).get("ran", {})
        names = [cell.id for cell in code_cells(notebook)]
        remedy = f"python book/tools/chapters.py run {key(source)}"
        old = ran.get("cells", [])
        if old != names:
            changed = next((n for n, (a, b) in enumerate(zip(names, old, strict=False)) if a != b), len(old))
            number = [i for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]
            where = number[min(changed, len(number) - 1)] if number else None
            what = "code changed here after the outputs below were stored: figures and numbers may be stale"
            problems.append(Problem(place(book, path, where), what, remedy))
        elif ran.get("package") != package_hash(book, notebook):
            what = "package code that it uses changed after its outputs were stored: figures may be stale"
            problems.append(Problem(place(book, path), what, remedy))
    return problems


def undefined(book: Book, sources: list[Path]) -> list[Problem]:
    """No notebook uses a name that nothing defines (ruff's rule F821)."""
    paths = [str(path) for _, _, path, _ in notebooks(book, sources)]
    if not paths:
        return []
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821"]
    result = subprocess.run([*command, "--output-format", "json", *paths], capture_output=True, text=True)
    if result.returncode not in (0, 1):
        raise RuntimeError(result.stderr)
    problems = []
    for item in json.loads(result.stdout):
        where = place(book, Path(item["filename"]), None) + f", cell {item['cell']}"
        problems.append(Problem(where, item["message"], "define or import it in a cell above"))
    return problems
