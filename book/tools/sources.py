"""Read the package as text: find a symbol, show it, stub it, list what it needs. Nothing is imported."""

import ast
import builtins
import re
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
STUB = "raise NotImplementedError  # your code here"


class SourceError(Exception):
    """Report a mistake in a chapter's source or in the name of a symbol."""


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str  # "training.loop"; "" is the package itself
    path: Path

    @cached_property
    def text(self) -> str:
        """Return the file's text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Return the file's syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def defined(self) -> dict[str, Definition]:
        """Return what the file defines at its top level, by name."""
        return dict(_definitions(self.tree.body))

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """Return what the file imports: name -> (module, name there or "" for a module itself)."""
        found: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.split(".")[0]] = (alias.name, "")
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found[alias.asname or alias.name] = (node.module or "", alias.name)
        return found


def _definitions(body: list[ast.stmt]) -> Iterator[tuple[str, Definition]]:
    for node in body:
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        yield name.id, node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node


@dataclass(frozen=True)
class Symbol:
    """A name that the package defines."""

    module: Module
    path: tuple[str, ...]  # ("Town", "next_word")
    node: Definition

    @property
    def name(self) -> str:
        """Return where it is defined, "world.stories.Town.next_word"."""
        return ".".join([self.module.name, *self.path])

    @property
    def kind(self) -> str:
        """Return "class", "method", "function" or "constant"."""
        if len(self.path) > 1:
            return "method"
        if isinstance(self.node, ast.ClassDef):
            return "class"
        return "function" if isinstance(self.node, FUNCTION) else "constant"

    @property
    def import_line(self) -> str:
        """Return the statement that imports it (for a method: its class)."""
        return f"from llmlite.{self.module.name} import {self.path[0]}"


class Package:
    """The package `llmlite` below a root folder, as text."""

    def __init__(self, root: Path) -> None:
        """Read the names of all files; their texts are read when asked for."""
        self.folder = root / "llmlite"
        self.modules: dict[str, Module] = {}
        for path in sorted(self.folder.rglob("*.py")):
            parts = path.relative_to(self.folder).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            self.modules[name] = Module(name, path)

    def find(self, symbol: str) -> Symbol:
        """Return the definition of "training.loop.fit"; a name that a folder re-exports is followed.

        Raises:
            SourceError: if there is no such symbol.
        """
        parts = symbol.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = self.modules.get(".".join(parts[:cut]))
            if module is None:
                continue
            name, rest = parts[cut], parts[cut + 1 :]
            if name not in module.defined and name in module.imported:
                origin, there = module.imported[name]
                if there and origin.startswith("llmlite."):
                    return self.find(".".join([origin.removeprefix("llmlite."), there, *rest]))
            node: ast.AST | None = module.defined.get(name)
            for part in rest:
                node = dict(_definitions(getattr(node, "body", []))).get(part)
            if isinstance(node, Definition):
                return Symbol(module, tuple(parts[cut:]), node)
        raise SourceError(f"the package has no symbol {symbol}; write it as FOLDER.FILE.NAME")


def _lines(symbol: Symbol) -> tuple[int, int]:
    node = symbol.node
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(item.lineno for item in decorators)])
    return first, node.end_lineno or node.lineno


def show(symbol: Symbol, without: tuple[str, ...] = (), full_docstrings: bool = False) -> str:
    """Return the source of a symbol as a chapter shows it.

    Docstrings are cut to their first line; remarks to linters and type checkers go.

    Args:
        symbol: what to show.
        without: methods of a class to leave out, because the chapter shows them further down.
        full_docstrings: keep docstrings whole, for a reader who has to write the body.
    """
    start, end = _lines(symbol)
    lines = symbol.module.text.splitlines()
    replaced: dict[int, str | None] = {}
    if not full_docstrings:
        for node in ast.walk(symbol.node):
            _cut_docstring(node, lines, replaced)
    for name, node in _definitions(getattr(symbol.node, "body", [])):
        if name in without:
            first, last = _lines(Symbol(symbol.module, (), node))
            replaced.update(dict.fromkeys(range(first, last + 1)))
            if first > 1 and not lines[first - 2].strip():
                replaced[first - 1] = None
    kept = [
        replaced.get(number, lines[number - 1])
        for number in range(start, end + 1)
        if replaced.get(number, "") is not None
    ]
    text = "\n".join(_plain(line) for line in kept if line is not None)
    indent = len(kept[0] or "") - len((kept[0] or "").lstrip())
    text = "\n".join(line[indent:] for line in text.splitlines())
    if without:
        text += f"\n\n    # further down: {', '.join(without)}"
    return text


def _plain(line: str) -> str:
    return re.sub(r"\s*# ?(?:type: ignore|noqa|pragma:)[^#]*(#?)", lambda m: "  #" if m[1] else "", line)


def _docstring(node: ast.AST) -> ast.Expr | None:
    body = getattr(node, "body", None)
    if isinstance(node, (*FUNCTION, ast.ClassDef)) and body and isinstance(body[0], ast.Expr):
        value = body[0].value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return body[0]
    return None


def _cut_docstring(node: ast.AST, lines: list[str], replaced: dict[int, str | None]) -> None:
    doc = _docstring(node)
    if doc is None or doc.end_lineno == doc.lineno or doc.end_lineno is None:
        return
    first = lines[doc.lineno - 1].rstrip()
    quotes = '"""' if '"""' in first else "'''"
    if first.strip().lstrip("rRuU") == quotes:  # the text starts on the second line
        first += lines[doc.lineno].strip()
    replaced[doc.lineno] = first + quotes
    replaced.update(dict.fromkeys(range(doc.lineno + 1, doc.end_lineno + 1)))


def stub(symbol: Symbol) -> str:
    """Return signature and docstring, with a body that the reader is to write.

    Raises:
        SourceError: for a constant, which has no body.
    """
    if symbol.kind == "constant":
        raise SourceError(f"{symbol.name} is a constant: there is no body to leave blank")
    text = show(symbol, full_docstrings=True)
    node = ast.parse(text).body[0]
    functions = (
        [node]
        if isinstance(node, FUNCTION)
        else [n for n in getattr(node, "body", []) if isinstance(n, FUNCTION)]
    )
    lines = text.splitlines()
    for function in reversed(functions):
        doc = _docstring(function)
        body = function.body[1:] if doc else function.body
        first = (doc.end_lineno or 0) + 1 if doc else function.body[0].lineno
        last = function.end_lineno or first
        indent = " " * function.body[0].col_offset
        if body and first <= last:
            lines[first - 1 : last] = [indent + STUB]
    return "\n".join(lines)


def needed_names(code: str) -> set[str]:
    """Return the global names that code reads without binding them, builtins excluded."""
    needed: set[str] = set()
    table = symtable.symtable(code, "<cell>", "exec")

    def visit(scope: symtable.SymbolTable) -> None:
        top = scope.get_type() == "module"
        for symbol in scope.get_symbols():
            free = not (symbol.is_assigned() or symbol.is_imported()) if top else symbol.is_global()
            if symbol.is_referenced() and free:
                needed.add(symbol.get_name())
        for child in scope.get_children():
            visit(child)

    visit(table)
    for node in ast.walk(ast.parse(code)):  # types that are written as text
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                needed |= {n.id for n in ast.walk(ast.parse(part.value)) if isinstance(n, ast.Name)}
    return needed - bound_names(code) - set(dir(builtins))


def bound_names(code: str) -> set[str]:
    """Return the names that code binds at its top level; lines of IPython magic are passed over."""
    table = symtable.symtable(without_magic(code), "<cell>", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def without_magic(code: str) -> str:
    """Return code in which lines of IPython magic are `pass`, so that Python can parse it."""
    return re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", code)


def import_lines(package: Package, symbol: Symbol, code: str, bound: set[str]) -> list[str]:
    """Return the imports that shown code needs and that no earlier cell has made.

    Args:
        package: where other symbols are found.
        symbol: what the code shows; its file says where each name comes from.
        code: the text of the cell.
        bound: names that earlier cells bind.

    Raises:
        SourceError: if a name comes from nowhere.
    """
    plain: list[str] = []
    names: dict[str, list[str]] = {}
    for name in sorted(needed_names(code) - bound):
        if name in symbol.module.defined:
            names.setdefault(f"llmlite.{symbol.module.name}", []).append(name)
        elif name in symbol.module.imported:
            origin, there = symbol.module.imported[name]
            if not there:
                plain.append(f"import {origin}" + ("" if origin.split(".")[0] == name else f" as {name}"))
            elif origin != "__future__":
                names.setdefault(origin, []).append(there if there == name else f"{there} as {name}")
        else:
            raise SourceError(f"{symbol.name} uses {name}, which its file neither defines nor imports")
    lines = plain + [f"from {origin} import {', '.join(listed)}" for origin, listed in sorted(names.items())]
    library = [line for line in lines if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    others = [line for line in lines if line not in library]
    return [*library, *([""] if library and others else []), *others]
