"""Rules on names: where the package is shown, and what a chapter may import and define."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from cells import Cell, chapter_cells
from pieces import Book, key
from problems import Problem, line_of
from sources import (
    FUNCTION,
    Definition,
    Module,
    SourceError,
    bound_names,
    needed_names,
    show,
    without_magic,
)

TOOLS = {"runtime", "storage", "check", "viz", "zoo"}
TAUGHT = ("world", "text", "model", "evaluation", "tuning", "retrieval")
TAUGHT_FILES = tuple(f"training.{name}" for name in ("losses", "optimizers", "schedules", "loop"))
OUTSIDE = {"torch", "numpy", "matplotlib", "IPython"}


def taught(book: Book) -> dict[str, Definition]:
    """Return the public names that chapters have to show, by the place of their definition."""
    names = {}
    for module in book.package.modules.values():
        if module.name.split(".")[0] in TAUGHT or module.name in TAUGHT_FILES:
            private = any(part.startswith("_") for part in module.name.split("."))
            for name, node in module.defined.items():
                if not private and not name.startswith("_"):
                    names[f"{module.name}.{name}"] = node
    return names


def allowed(book: Book, section: str) -> dict[str, str]:
    """Return a section of `homes.toml`: what is allowed, and why."""
    path = book.root / "book" / "tools" / "homes.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")).get(section, {}) if path.exists() else {}


def _listed(name: str, listed: dict[str, str]) -> bool:
    parts = name.split(".")
    return any(
        entry in listed for entry in [name, *(".".join(parts[:n]) + ".*" for n in range(1, len(parts)))]
    )


def home_cells(book: Book) -> dict[str, list[str]]:
    """Return where each symbol has its home: name -> ["chapters/src/01.md, line 7", ...]."""
    homes: dict[str, list[str]] = {}
    for source in book.sources():
        for cell in chapter_cells(book, source):
            for symbol in cell.homes:
                homes.setdefault(symbol.name, []).append(line_of(book, source, cell))
    return homes


def homes(book: Book, sources: list[Path]) -> list[Problem]:
    """Every public name that is to be taught has one home cell, or a reason to have none."""
    problems = []
    found, listed, names = home_cells(book), allowed(book, "homes"), taught(book)
    missing: dict[str, list[str]] = {}
    for name in names:
        if name not in found and not _listed(name, listed):
            missing.setdefault(name.rsplit(".", 1)[0], []).append(name.rsplit(".", 1)[1])
    for module, bare in missing.items():
        remedy = f"write cells `# llmlite: {module}.NAME`, or a reason into book/tools/homes.toml"
        problems.append(Problem(f"llmlite.{module}", f"no chapter shows {', '.join(bare)}", remedy))
    for name, places in found.items():
        if len(places) > 1:
            problems.append(
                Problem(places[1], f"{name} has its home in {places[0]} already", "import it here")
            )
        if name in listed:
            problems.append(
                Problem(places[0], f"{name} has a home and stands in homes.toml", "take it off that list")
            )
    for entry, reason in listed.items():
        stale = not any(_listed(name, {entry: reason}) for name in names)
        if stale or not reason.strip():
            what = f"{entry} " + ("names nothing that chapters have to show" if stale else "has no reason")
            problems.append(Problem("book/tools/homes.toml", what, "mend the line or delete it"))
    return problems


def _introduced(book: Book, source: Path) -> set[str]:
    """Return the symbols that a chapter may import: its own homes and those of earlier chapters."""
    names = {symbol.name for cell in chapter_cells(book, source) for symbol in cell.homes}
    for other in book.sources():
        earlier = other.stem < source.stem if source.stem[0].isdigit() else key(other) == "01"
        if other.stem[0].isdigit() and earlier:
            names |= {symbol.name for cell in chapter_cells(book, other) for symbol in cell.homes}
    return names


def _written(cells: list[Cell]) -> Iterator[tuple[Cell, ast.Module]]:
    for cell in cells:
        if cell.kind == "code" and not cell.generated:
            yield cell, ast.parse(without_magic(cell.text))


def imports(book: Book, sources: list[Path]) -> list[Problem]:
    """A chapter imports what it or an earlier chapter introduced, the tools, and well-known libraries."""
    problems = []
    listed = allowed(book, "homes")
    for source in sources:
        cells = chapter_cells(book, source)
        introduced = _introduced(book, source)
        extras = _extras(source)
        for cell, tree in _written(cells):
            where = line_of(book, source, cell)
            for module, name in _imported(tree):
                problem = _wrong_import(book, module, name, introduced, listed, extras)
                if problem and "real-data" not in cell.tags:
                    problems.append(Problem(where, *problem))
    return problems


def _extras(source: Path) -> set[str]:
    match = re.search(r"^# llmlite: setup(.*)$", source.read_text(encoding="utf-8"), re.M)
    names = {name.replace("-", "_") for name in match[1].split()} if match else set()
    return names | {name.removesuffix("_cpu") for name in names}


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def _wrong_import(
    book: Book, module: str, name: str, introduced: set[str], listed: dict[str, str], extras: set[str]
) -> tuple[str, str] | None:
    top, *inner = module.split(".")
    if top != "llmlite":
        if top in sys.stdlib_module_names or top in OUTSIDE or top in extras:
            return None
        return (
            f"it imports {module}, which the setup cell does not install",
            f"write `# llmlite: setup {top}`",
        )
    if name in TOOLS and not inner:
        return None
    if not name or not inner:
        return f"it imports {module} as a whole", "import the names that the cell uses from their module"
    if inner[0] in TOOLS:
        return None
    try:
        symbol = book.package.find(".".join([*inner, name])).name
    except SourceError as error:
        return str(error), "mend the import"
    if symbol in introduced or _listed(symbol, listed):
        return None
    return f"it imports {symbol}, which no chapter up to here introduces", "show it first, or do without it"


def definitions(book: Book, sources: list[Path]) -> list[Problem]:
    """No cell but its home defines a public name of the package, and no chapter imports its own again."""
    problems = []
    public = {name.rsplit(".", 1)[-1]: name for name in taught(book)}
    for source in sources:
        cells = chapter_cells(book, source)
        own = {symbol.path[-1] for cell in cells for symbol in cell.homes if symbol.kind != "method"}
        shown: set[str] = set()
        for cell in cells:
            shown |= {symbol.path[-1] for symbol in cell.homes}
            if cell.kind != "code" or cell.generated:
                continue
            tree = ast.parse(without_magic(cell.text))
            defined = {n.name for n in tree.body if isinstance(n, (*FUNCTION, ast.ClassDef))} & set(public)
            where = line_of(book, source, cell)
            for name in sorted(defined | (bound_names(cell.text) & shown & own)):
                what = f"the cell binds {name}, a name of the package ({public.get(name, 'shown above')})"
                problems.append(Problem(where, what, "give it another name (naive_...), or drop the import"))
    return problems


def shadows(book: Book, sources: list[Path]) -> list[Problem]:
    """What shown code reads is in the notebook what it is in the package: no cell binds it anew."""
    problems = []
    for source in sources:
        bound: dict[str, str] = {}  # name -> what it is now, "math" or "llmlite.model.ngrams.NGram"
        read: dict[str, tuple[str, str]] = {}  # name -> (what it has to be, the symbol that reads it)
        for cell in chapter_cells(book, source):
            if cell.kind != "code":
                continue
            now = _origins(book, cell)
            for symbol in cell.homes:
                for name in needed_names(show(symbol)):
                    wanted = _origin(book, symbol.module, name)
                    read.setdefault(name, (wanted, symbol.name))
                    if bound.get(name, wanted) != wanted:
                        what = f"{symbol.name} reads {name}, {wanted}; a cell above binds it to another thing"
                        problems.append(Problem(line_of(book, source, cell), what, "rename it in that cell"))
            bound |= now
            for name in sorted(set(now) & set(read)):
                wanted, reader = read[name]
                if now[name] != wanted:
                    what = f"the cell binds {name}, and {reader}, shown above, reads {name}, {wanted}"
                    problems.append(Problem(line_of(book, source, cell), what, "give it another name"))
    return problems


def _origins(book: Book, cell: Cell) -> dict[str, str]:
    """Return what each name is that a cell binds."""
    code = without_magic(cell.text)
    found = {name: f"bound in the cell at {name}" for name in bound_names(code)}
    for node in ast.parse(code).body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = _full(book, f"{node.module}.{alias.name}")
    return found | {
        symbol.path[-1]: f"llmlite.{symbol.name}" for symbol in cell.homes if symbol.kind != "method"
    }


def _origin(book: Book, module: Module, name: str) -> str:
    """Return what a name is in a file of the package."""
    origin, there = module.imported.get(name, (f"llmlite.{module.name}", name))
    if name in module.defined:
        origin, there = f"llmlite.{module.name}", name
    return _full(book, f"{origin}.{there}" if there else origin)


def _full(book: Book, name: str) -> str:
    try:
        return (
            f"llmlite.{book.package.find(name.removeprefix('llmlite.')).name}"
            if name.startswith("llmlite.")
            else name
        )
    except SourceError:
        return name
