"""Write a student's copy of chapters, with symbols of the package left blank."""

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

from cells import chapter_cells
from pieces import Book, key
from runs import notebook_of, write
from sources import FUNCTION, SourceError


def assign(book: Book, sources: list[Path], blank: list[str], folder: Path) -> list[Path]:
    """Write a copy of each chapter without outputs and solutions, in which the student writes some symbols.

    Args:
        book: where the chapters stand.
        sources: the chapters to copy.
        blank: symbols that become signature, docstring and `raise NotImplementedError`.
        folder: where the copies go; it is made.

    Returns:
        The paths of the copies.

    Raises:
        SourceError: if a symbol has no case that could check it, or no home in these chapters.
    """
    blanked = tuple(book.package.find(name).name for name in blank)
    cases = available_cases(book)
    without = [name for name in blanked if name not in cases]
    if without:
        listed = "\n".join(f"    {name}" for name in cases)
        raise SourceError(
            f"{', '.join(without)}: no case in llmlite/cases/ checks a student's version. These can be left "
            f"blank:\n{listed}"
        )
    copies = {source: chapter_cells(book, source, blanked, assigned=True) for source in sources}
    shown = {symbol.name for cells in copies.values() for cell in cells for symbol in cell.homes}
    if set(blanked) - shown:
        raise SourceError(
            f"{', '.join(sorted(set(blanked) - shown))}: shown in none of the chapters "
            f"{', '.join(key(source) for source in sources)}; name the chapter of its home too"
        )
    paths = []
    for source, cells in copies.items():
        paths.append(folder / f"{source.stem}.ipynb")
        write(paths[-1], notebook_of(cells, source.read_text(encoding="utf-8")))
    return paths


def available_cases(book: Book) -> list[str]:
    """Return the symbols that have a case in `llmlite/cases/`, by the place of their definition."""
    if str(book.root) not in sys.path:
        sys.path.insert(0, str(book.root))
    functions: set[tuple[str, str]] = set()
    package = importlib.import_module("llmlite.cases")
    for info in pkgutil.iter_modules(package.__path__):
        holder = importlib.import_module(f"llmlite.cases.{info.name}")
        found = inspect.getmembers(holder, inspect.isfunction)
        folder = info.name.partition("_")[0]
        functions |= {(folder, name) for name, value in found if value.__module__ == holder.__name__}
    names = []
    for module in book.package.modules.values():
        for name, node in module.defined.items():
            parts = [part.name for part in getattr(node, "body", []) if isinstance(part, FUNCTION)]
            for inner in [name, *(f"{name}.{part}" for part in parts)]:
                folder, _, rest = f"{module.name}.{inner}".partition(".")
                if (folder, rest.replace(".", "_")) in functions:
                    names.append(f"{folder}.{rest}")
    return sorted(names)
