"""Rules on the package and on all files: layers, sizes, and what no file may hold."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pieces import Book
from problems import Problem, place
from rules_homes import allowed
from sources import FUNCTION, Module

# In reading order: a folder imports only from those above it. The first group are tools, importable anywhere.
LAYERS = (
    ("runtime", "download", "storage", "check", "viz", "cases"),
    ("world",), ("text",), ("model",), ("training",), ("evaluation",), ("tuning",), ("retrieval",),
    ("hub",), ("zoo",), ("__main__",),
)  # fmt: skip
FUNCTION_LINES, FILE_LINES = 50, 300
TEXT = {".py", ".md", ".ipynb", ".toml", ".yml", ".yaml", ".txt", ".cfg", ".cff", ".json", ".html", ".css",
        ".js", ".svg", ".bib", ".sh", ".in", ""}  # fmt: skip


def layer(module: str) -> int:
    """Return how deep a module stands; -1 for the package itself."""
    top = module.split(".")[0]
    return next((n for n, names in enumerate(LAYERS) if top in names), -1)


def layers(book: Book) -> list[Problem]:
    """A folder of the package imports only from folders above it, and no folder has a cycle."""
    problems = []
    graph: dict[str, set[str]] = {}
    for module in book.package.modules.values():
        if module.name and layer(module.name) < 0:
            remedy = "give it a place in LAYERS, book/tools/rules_package.py, and in the design"
            problems.append(Problem(place(book, module.path), "this folder stands in no layer", remedy))
        if module.name.startswith("cases."):  # a case looks at what it checks
            continue
        for line, other in _imports(book, module):
            if layer(other) > layer(module.name):
                where = f"{place(book, module.path)}, line {line}"
                what = f"{module.name or 'llmlite'} imports {other}, which stands below it"
                problems.append(Problem(where, what, "move the shared part up, or hand it in as an argument"))
            if other != module.name:
                graph.setdefault(module.name, set()).add(other)
    for cycle in _cycles(graph):
        what = f"the imports go round: {' -> '.join(cycle)}"
        problems.append(
            Problem(f"llmlite/{cycle[0].replace('.', '/')}", what, "move the shared part into a third file")
        )
    return problems


def _imports(book: Book, module: Module) -> Iterator[tuple[int, str]]:
    """Yield line and module for each import of the package's own modules."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                up = node.level - (module.path.stem == "__init__")
                here = ["llmlite", *module.name.split(".")]
                origin = ".".join([*here[: len(here) - up], *([origin] if origin else [])])
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top, *parts = name.split(".")
            found = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
            known = next((other for other in found if other in book.package.modules), None)
            if top == "llmlite" and known is not None:
                yield node.lineno, known


def _cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return one cycle for each group of modules that import each other."""
    cycles: list[list[str]] = []
    seen: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            cycle = path[path.index(name) :]
            if not any(set(cycle) & set(known) for known in cycles):
                cycles.append([*cycle, name])
            return
        if name not in seen:
            for other in sorted(graph.get(name, ())):
                visit(other, [*path, name])
            seen.add(name)

    for name in sorted(graph):
        visit(name, [])
    return cycles


def lengths(book: Book) -> list[Problem]:
    """Functions of the package have at most 50 lines without their docstring, files at most 300."""
    problems = []
    for module in book.package.modules.values():
        lines = len(module.text.splitlines())
        if lines > FILE_LINES:
            what = f"the file has {lines} lines; {FILE_LINES} at most"
            problems.append(Problem(place(book, module.path), what, "split it"))
        for node in ast.walk(module.tree):
            if isinstance(node, FUNCTION):
                doc = ast.get_docstring(node, clean=False)
                length = (
                    (node.end_lineno or node.lineno) - node.lineno + 1 - (len(doc.splitlines()) if doc else 0)
                )
                if length > FUNCTION_LINES:
                    where = f"{place(book, module.path)}, line {node.lineno}"
                    what = f"{node.name} has {length} lines; {FUNCTION_LINES} at most"
                    problems.append(Problem(where, what, "split it"))
    return problems


def tracked(book: Book) -> Iterator[tuple[Path, str]]:
    """Yield path and text of the book's own text files: those that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    result = subprocess.run(command, cwd=book.root, capture_output=True, text=True)
    if result.returncode == 0:
        paths = [book.root / name for name in result.stdout.split("\0") if name]
    else:
        paths = [path for path in book.root.rglob("*") if "__pycache__" not in path.parts]
    for path in sorted(paths):
        if path.suffix in TEXT and path.is_file():
            yield path, path.read_text(encoding="utf-8", errors="replace")


def phrases(book: Book) -> list[Problem]:
    """No file installs the unrelated package of the same name, and none holds the path of a machine."""
    name = "llm" + "lite"
    install = re.compile(rf"\bpip3?[\"', ]+install\b[^\n]*[\s\"',]{name}(?![-\w./])")
    machine = re.compile(r"(?<![\w.])(?:/(?:home|Users)/[\w.-]+|/root)/|\b[A-Z]:\\{1,2}Users\\")
    problems = []
    for path, text in tracked(book):
        for number, line in enumerate(text.splitlines(), start=1):
            where = f"{place(book, path)}, line {number}"
            if install.search(line):
                what = f"it installs {name}, an unrelated project on the package index"
                problems.append(Problem(where, what, "install from the repository's address"))
            found = machine.search(line)
            if found:
                problems.append(
                    Problem(where, f"it holds a path of one machine, {found[0]}", "make it relative")
                )
    return problems


def address(book: Book) -> list[Problem]:
    """The repository's address stands in `_config.yml` and in what is generated from it, nowhere else."""
    url = book.repository[0].split("://", 1)[-1]
    listed = allowed(book, "address")
    problems = []
    for path, text in tracked(book):
        name = place(book, path)
        generated = name.startswith("chapters/") and path.suffix == ".ipynb"
        if url in text and not generated and name not in listed and name != "_config.yml":
            remedy = "make it from _config.yml, or give a reason under [address] in book/tools/homes.toml"
            problems.append(Problem(name, "it holds the repository's address", remedy))
    return problems
