"""Write, execute and compare notebooks. Outputs change here and nowhere else."""

# nbformat has no types.
# mypy: disable-error-code="no-untyped-call,no-any-return"

import ast
import base64
import datetime
import hashlib
import json
import re
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from cells import Cell, cell_ids, chapter_cells
from nbformat import NotebookNode
from pieces import Book
from solutions import solution_cells
from sources import FUNCTION, without_magic

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
UNTRACKED = {"check", "cases"}  # they change what is printed, which tests compare, and no figure


def notebook_of(cells: Iterable[Cell], source_text: str) -> NotebookNode:
    """Return a notebook without outputs.

    Args:
        cells: its cells.
        source_text: the MyST text that they come from; its hash tells `absorb` whether that text has changed.
    """
    cells = list(cells)
    nodes = []
    for cell, name in zip(cells, cell_ids(cells), strict=True):
        metadata = {**cell.metadata, **({"tags": list(dict.fromkeys(cell.tags))} if cell.tags else {})}
        make = nbformat.v4.new_markdown_cell if cell.kind == "markdown" else nbformat.v4.new_code_cell
        nodes.append(make(source=cell.text, id=name, metadata=metadata))
    notebook = nbformat.v4.new_notebook(cells=nodes)
    notebook.metadata = nbformat.from_dict({
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "llmlite": {"source": digest(source_text)},
    })  # fmt: skip
    return notebook


def expected(book: Book, source: Path, solutions: bool = False) -> NotebookNode:
    """Return the notebook that a source makes, without outputs."""
    cells = solution_cells(book, source) if solutions else chapter_cells(book, source)
    return notebook_of(cells, source.read_text(encoding="utf-8"))


def build(book: Book, source: Path, solutions: bool = False) -> Path:
    """Write a notebook from its source; outputs of cells whose source is unchanged are kept.

    Returns:
        The path of the notebook.
    """
    path = book.notebook(source, solutions)
    new = expected(book, source, solutions)
    if path.exists():
        old = nbformat.read(path, as_version=4)
        if "ran" in old.metadata.get("llmlite", {}):
            new.metadata.llmlite["ran"] = old.metadata.llmlite["ran"]
        _keep_outputs(new, old)
    write(path, new)
    return path


def _keep_outputs(new: NotebookNode, old: NotebookNode) -> None:
    stored: dict[str, list[NotebookNode]] = {}
    for cell in code_cells(old):
        stored.setdefault(cell.source, []).append(cell)
    for cell in code_cells(new):
        if stored.get(cell.source):
            same = stored[cell.source].pop(0)
            cell.outputs, cell.execution_count = same.outputs, same.execution_count
            if "llmlite" in same.metadata:
                cell.metadata["llmlite"] = same.metadata["llmlite"]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def write(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook the way Jupyter does, if it differs from what is there."""
    nbformat.validate(notebook)
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def run(book: Book, source: Path, solutions: bool = False, real: bool = False, timeout: int = 1200) -> Path:
    """Build a notebook, execute it in order and store its outputs.

    Cells tagged `nbval-skip` keep their stored outputs, unless `real` is set: they need the network or
    large files.

    Returns:
        The path of the notebook.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell raises and is not tagged `raises-exception`.
    """
    from nbclient import NotebookClient  # slow to import, and needed here only

    path = build(book, source, solutions)
    old = nbformat.read(path, as_version=4)
    new = nbformat.read(path, as_version=4)
    NotebookClient(
        new,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        skip_cells_with_tag="" if real else "nbval-skip",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    new.metadata = old.metadata
    tidy(new)
    ran = {"package": package_hash(book, new), "cells": [cell.id for cell in code_cells(new)]}
    _keep_pictures(new, old, ran)
    if real:
        for cell in code_cells(new):
            if "nbval-skip" in cell.metadata.get("tags", []):
                cell.metadata["llmlite"] = {"ran": datetime.datetime.now(datetime.UTC).date().isoformat()}
    new.metadata.setdefault("llmlite", {})["ran"] = ran
    write(path, new)
    return path


def tidy(notebook: NotebookNode) -> None:
    """Make outputs independent of when they were made: counts from 1, no picture metadata, streams joined."""
    for count, cell in enumerate(code_cells(notebook), start=1):
        if cell.execution_count is not None:
            cell.execution_count = count
        cell.metadata.pop("execution", None)
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            if "image/png" in output.get("data", {}):
                png = base64.b64decode(output.data["image/png"])
                output.data["image/png"] = base64.b64encode(bare_png(png)).decode()


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    joined: list[NotebookNode] = []
    for output in outputs:
        if (
            joined
            and output.output_type == joined[-1].output_type == "stream"
            and output.name == joined[-1].name
        ):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def bare_png(data: bytes) -> bytes:
    """Return a PNG without its text and time chunks."""
    kept, position = [data[:8]], 8
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        end = position + 12 + length
        if data[position + 4 : position + 8] not in {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}:
            kept.append(data[position:end])
        position = end
    return b"".join(kept)


def _keep_pictures(new: NotebookNode, old: NotebookNode, ran: dict[str, Any]) -> None:
    # Pixels differ between machines, and each new picture makes the repository grow. The old one stays where
    # it is still true: the package, this cell and all cells above are what they were, and so is the text.
    before = old.metadata.get("llmlite", {}).get("ran", {})
    if before.get("package") != ran["package"]:
        return
    pairs = zip(code_cells(new), code_cells(old), before.get("cells", []), strict=False)
    for cell, former, name in pairs:
        if cell.id != name:
            return
        if [_words(output) for output in cell.outputs] == [_words(output) for output in former.outputs]:
            cell.outputs = former.outputs


def _words(output: NotebookNode) -> str:
    data = {kind: value for kind, value in output.get("data", {}).items() if kind != "image/png"}
    return json.dumps({**output, "data": data, "execution_count": None}, sort_keys=True)


def digest(text: str) -> str:
    """Return a short hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def package_hash(book: Book, notebook: NotebookNode) -> str:
    """Return a hash of the package's code and data that a notebook uses, directly or not; no comments."""
    cells = [cell.source for cell in code_cells(notebook)]
    todo: set[str] = set()
    for source in cells:
        todo |= used_modules(ast.parse(without_magic(source)), book)
    done: set[str] = set()
    while todo:
        name = todo.pop()
        done.add(name)
        todo |= used_modules(book.package.modules[name].tree, book) - done
    texts = [*cells, *(book.package.modules[name].text for name in done)]
    parts = [f"{name} {_code_only(book, name)}" for name in sorted(done)]
    for path in sorted((book.root / "llmlite" / "data").rglob("*.*")):
        if any(path.stem in text for text in texts):
            parts.append(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return digest("\n".join(parts))


def used_modules(tree: ast.AST, book: Book) -> set[str]:
    """Return the modules of the package that code imports, with the folders that hold them."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "llmlite" and ".".join(parts[1:]) in book.package.modules:
                found |= {".".join(parts[1:end]) for end in range(1, len(parts) + 1)}
    return {name for name in found & set(book.package.modules) if name.split(".")[0] not in UNTRACKED}


def _code_only(book: Book, name: str) -> str:
    tree = ast.parse(book.package.modules[name].text)
    for node in ast.walk(tree):
        if isinstance(node, (*FUNCTION, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def stripped(notebook: NotebookNode) -> str:
    """Return a notebook's text without what a run adds, for comparison with `expected`."""
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    copy.metadata.get("llmlite", {}).pop("ran", None)
    for cell in code_cells(copy):
        cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("llmlite", None)
    return re.sub(r"\s+\Z", "\n", nbformat.writes(copy))
