"""Run one cell of a chapter with the cells that it needs, and no others."""

import ast
import builtins
import symtable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext

SOURCES = Path(__file__).resolve().parents[1] / "chapters" / "src"


def cells(chapter: str) -> list[str]:
    """Return the code cells of a chapter's source; a home cell imports what it shows."""
    notebook = jupytext.read(SOURCES / f"{chapter}.md", fmt="md:myst")
    return [imported(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def imported(source: str) -> str:
    """Return a cell as it is, a home cell as the imports of its symbols."""
    if not source.startswith("# llmlite: ") or source.startswith("# llmlite: setup"):
        return source
    places = [line.removeprefix("# llmlite: ").split(" without ")[0] for line in source.splitlines()]
    pairs = [place.rsplit(".", 1) for place in places]  # a method comes with its class
    pairs = [(module, name) for module, name in pairs if not module.rsplit(".", 1)[-1][0].isupper()]
    return "\n".join(f"from llmlite.{module} import {name}" for module, name in pairs)


def the_cell(chapter: str, text: str) -> int:
    """Return the number of the one code cell that holds a text."""
    (found,) = [number for number, source in enumerate(cells(chapter)) if text in source]
    return found


def tagged(chapter: str, tag: str) -> int:
    """Return the number of the one code cell that has a tag."""
    notebook = jupytext.read(SOURCES / f"{chapter}.md", fmt="md:myst")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    (found,) = [number for number, cell in enumerate(code) if tag in cell.metadata.get("tags", [])]
    return found


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell defines, and those that it uses from cells before it."""
    table = symtable.symtable(source, "cell", "exec")
    defined = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    inner = list(table.get_children())
    while inner:
        scope = inner.pop()
        used |= {s.get_name() for s in scope.get_symbols() if s.is_global()}
        inner += scope.get_children()
    return defined, used - defined - set(dir(builtins))


def needed(chapter: str, last: int, given: Mapping[str, Any] = {}) -> list[str]:
    """Return the cells that cell `last` needs, in order, and itself.

    Args:
        chapter: its file without `.md`.
        last: number of a code cell.
        given: names that the caller provides instead of the cells that would.
    """
    every = cells(chapter)
    wanted, chosen = {last}, set()
    while wanted:
        number = wanted.pop()
        chosen.add(number)
        for name in names(every[number])[1] - given.keys():
            before = [i for i in range(number) if name in names(every[i])[0]]
            assert before, f"no cell before {number} defines {name}"
            wanted |= {before[-1]} - chosen
    return [every[number] for number in sorted(chosen)]


def execute(sources: list[str], given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run cells in one scope and return it."""
    scope = dict(given or {})
    for source in sources:
        exec(compile(source, "<cell>", "exec"), scope)
    return scope


def bands(source: str) -> dict[str, tuple[float, float]]:
    """Return the bands of a cell: name -> (low, high)."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("band", "band_table"):
            rows = [node.args] if node.func.id == "band" else [row.elts for row in node.args[1].elts]
            for name, _, low, high in (row[:4] for row in rows):
                found[ast.literal_eval(name)] = (ast.literal_eval(low), ast.literal_eval(high))
    return found
