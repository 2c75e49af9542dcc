"""Turn the pieces of a chapter into cells: home cells, setup, badge, stubs."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pieces import Book, Piece, split
from sources import STUB, Package, SourceError, Symbol, bound_names, import_lines, show, stub

HOME = re.compile(r"^# llmlite: (?P<symbol>[A-Za-z_][\w.]+)(?: without (?P<without>[\w, ]+))?$")
SETUP = re.compile(r"^# llmlite: setup(?P<extras>(?: [\w.-]+)*)$")
SOLUTION = re.compile(r"^( *)# BEGIN SOLUTION\n(.*?)^ *# END SOLUTION$", re.M | re.S)
NUMBER = re.compile(r"""^@check_exercise\(["'](?P<number>[\w.]+)["']""", re.M)


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook that is yet to be written."""

    kind: str
    text: str
    tags: tuple[str, ...] = ()
    metadata: dict[str, object] = field(default_factory=dict)
    piece: Piece | None = None  # where it comes from; None if the machine made all of it
    homes: tuple[Symbol, ...] = ()  # the symbols that a home cell shows
    generated: bool = False  # its text is the machine's: an edit of it cannot be absorbed


def cell_ids(cells: Iterable[Cell]) -> list[str]:
    """Return an id for each cell, made from its text: the same text has the same id in every build."""
    seen: dict[str, int] = {}
    ids = []
    for cell in cells:
        digest = hashlib.sha256(f"{cell.kind}\n{cell.text}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids


def home_symbols(package: Package, text: str) -> list[tuple[Symbol, tuple[str, ...]]]:
    """Return the symbols of a home cell, each with the methods it leaves out; [] for any other cell.

    Raises:
        SourceError: if the cell holds anything else than `# llmlite:` lines, or names no symbol.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("# llmlite:") or SETUP.match(lines[0]):
        return []
    found = []
    for line in lines:
        match = HOME.match(line)
        if not match:
            raise SourceError(
                f"a home cell holds nothing but lines `# llmlite: FOLDER.FILE.NAME`, not: {line}"
            )
        without = tuple(name.strip() for name in (match["without"] or "").split(",") if name.strip())
        found.append((package.find(match["symbol"]), without))
    return found


def chapter_cells(
    book: Book, source: Path, blanked: tuple[str, ...] = (), assigned: bool = False
) -> list[Cell]:
    """Return the cells of a chapter's notebook.

    Args:
        book: where the package and the repository's address are found.
        source: the chapter's MyST file.
        blanked: symbols, by the place of their definition, whose home cells become stubs.
        assigned: make a student's copy, which has the cells tagged `finale`.

    Raises:
        SourceError: if the source breaks a rule of the machine; the message names the line.
    """
    cells: list[Cell] = []
    bound: set[str] = set()
    for piece in split(source.read_text(encoding="utf-8")):
        if "solution" in piece.tags or ("finale" in piece.tags and not assigned):
            continue
        try:
            made = _cells_of(book, source, piece, bound, blanked)
            for cell in made:
                if cell.kind == "code":
                    bound |= bound_names(cell.text)
        except (SourceError, SyntaxError) as error:
            raise SourceError(f"{source.name}, line {piece.start + 1}: {error}") from None
        cells += made
    titled = next((i for i, cell in enumerate(cells) if re.search(r"^# ", cell.text, re.M)), None)
    if titled is not None and cells[titled].kind == "markdown":
        cells[titled] = replace(cells[titled], text=with_badge(cells[titled].text, badge(book, source)))
    return cells


def _cells_of(
    book: Book, source: Path, piece: Piece, bound: set[str], blanked: tuple[str, ...]
) -> list[Cell]:
    plain = Cell(piece.kind, piece.text, piece.tags, piece.metadata, piece)
    if piece.kind == "markdown":
        return [replace(plain, text=with_links(piece.text, book))]
    setup = SETUP.match(piece.text.strip())
    if setup:
        text = setup_code(book, setup["extras"].split())
        return [replace(plain, text=text, tags=(*piece.tags, "hide-input"), generated=True)]
    symbols = home_symbols(book.package, piece.text)
    if not symbols:
        return [replace(plain, text=SOLUTION.sub(_stubbed, piece.text))]
    homes = tuple(symbol for symbol, _ in symbols)
    named = [symbol for symbol in homes if symbol.name in blanked]
    text = "\n\n\n".join(_home(book.package, symbol, without, bound, blanked) for symbol, without in symbols)
    made = [replace(plain, text=text, homes=homes, generated=True)]
    for symbol in named:
        made.append(Cell("code", _yours(symbol), ("check",), generated=True))
    return made


def _stubbed(match: re.Match[str]) -> str:
    # At the left margin there is no function to raise from: the line above holds `answer = None`.
    return match[1] + (STUB if match[1] else "# your code here")


def _home(
    package: Package, symbol: Symbol, without: tuple[str, ...], bound: set[str], blanked: tuple[str, ...]
) -> str:
    blank = symbol.name in blanked
    code = stub(symbol) if blank else show(symbol, without)
    imports = import_lines(
        package, symbol, show(symbol, without), bound
    )  # also of a stub: its body will need them
    head = [f"# llmlite: {symbol.name}", *imports, *(["", ""] if imports else [])]
    tail = [] if blank else _tail(symbol)
    return "\n".join([*head, code, *tail])


def _tail(symbol: Symbol) -> list[str]:
    # A class must be one class: the package makes objects of its own, and isinstance must know them.
    # A function is not imported again: a reader who edits its cell sees the effect in the cells below.
    if symbol.kind == "class":
        return ["", "", f"{symbol.import_line}  # the same class, as the package makes it"]
    if symbol.kind == "method":
        owner, name = symbol.path[-2:]
        return ["", "", f"{owner}.{name} = {name}", f"del {name}  # it belongs to the class"]
    return []


def _yours(symbol: Symbol) -> str:
    name = symbol.path[-1]
    lines = ["from llmlite.check import yours", "", f'{name} = yours("{symbol.name}", {name})']
    return "\n".join([*lines, *_tail(symbol)[2:]] if symbol.kind == "method" else lines)


def setup_code(book: Book, extras: list[str]) -> str:
    """Return the first code cell: it finds the package, or installs it, and what else is needed."""
    url, branch = book.repository
    text = f"""\
# Find the book's package beside this notebook, or install it, as in Colab.
import importlib.util
import subprocess
import sys
from pathlib import Path

for folder in Path.cwd().parents:
    if (folder / "llmlite" / "check.py").exists():
        sys.path.insert(0, str(folder))
        break
else:
    if importlib.util.find_spec("llmlite") is None:
        source = "git+{url}@{branch}"
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", source], check=True)
"""
    if extras:
        names = ", ".join(f'"{name}"' for name in extras)
        text += f"""
from importlib.metadata import distributions

missing = {{{names}}} - {{found.metadata["Name"].lower().replace("_", "-") for found in distributions()}}
if missing:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *sorted(missing)], check=True)
"""
    return text.rstrip()


def badge(book: Book, source: Path) -> str:
    """Return the line under a chapter's title: a link, not a picture from another host."""
    url, branch = book.repository
    path = url.split("://", 1)[-1].split("/", 1)[-1]
    return f"[▶ Open in Colab](https://colab.research.google.com/github/{path}/blob/{branch}/chapters/{source.stem}.ipynb)"


def with_links(text: str, book: Book) -> str:
    """Return prose in which `[a file](repository:llmlite/check.py)` links to the file in the repository."""
    return text.replace("](repository:", f"]({files_at(book)}")


def files_at(book: Book) -> str:
    """Return the address below which the repository shows its files."""
    url, branch = book.repository
    return f"{url}/blob/{branch}/"


def with_badge(text: str, line: str) -> str:
    """Return a cell's text with the badge below its title."""
    return re.sub(r"^(# .*)$", lambda m: f"{m[1]}\n\n{line}", text, count=1, flags=re.M)
