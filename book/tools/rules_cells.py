"""Rules on cells: their size, their outputs, pictures, exercises."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cells import NUMBER, chapter_cells
from nbformat import NotebookNode
from pieces import Book
from problems import Problem, line_of, notebooks, place

WORDS, CODE_LINES, OUTPUT_LINES, OUTPUT_BYTES = 120, 25, 30, 60_000


def sizes(book: Book, sources: list[Path]) -> list[Problem]:
    """Prose, code and outputs stay within what a reader takes in at once."""
    problems = []
    for source in sources:
        for cell in chapter_cells(book, source):
            where = line_of(book, source, cell)
            if cell.kind == "markdown":
                words = len(prose(cell.text).split())
                if words > WORDS:
                    what = f"{words} words of prose in one cell; {WORDS} at most"
                    problems.append(Problem(where, what, "cut, put code between, or start a cell with `+++`"))
            elif not cell.generated:
                lines = sum(1 for line in cell.text.splitlines() if line.strip())
                if lines > CODE_LINES:
                    what = f"{lines} lines of code in one cell; {CODE_LINES} at most"
                    problems.append(Problem(where, what, "split the cell, or move code into the package"))
    for _, _, path, notebook in notebooks(book, sources):
        problems += _outputs(book, path, notebook)
    return problems


def prose(text: str) -> str:
    """Return the running words of a Markdown cell: no code, formulas, tables, options or addresses."""
    for pattern in (
        r"(?ms)^```.*?^```\s*$",
        r"(?ms)^\$\$.*?\$\$",
        r"(?m)^\|.*$",
        r"(?m)^(:|\().*$",
        r"(?m)^(#+|[-*>]|\d+\.) ",
        r"\]\([^)]*\)",
    ):
        text = re.sub(pattern, " ", text)
    return text


def _outputs(book: Book, path: Path, notebook: NotebookNode) -> Iterator[Problem]:
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or "large-output" in cell.metadata.get("tags", []):
            continue
        lines = sum(len(text.splitlines()) for text in texts(cell, ("text/plain",)))
        size = len(json.dumps(cell.outputs))
        if lines > OUTPUT_LINES:
            what = f"{lines} lines of output; {OUTPUT_LINES} at most"
            yield Problem(place(book, path, number), what, "print less")
        if size > OUTPUT_BYTES:
            what = f"{size / 1000:.0f} kB of output; {OUTPUT_BYTES // 1000} kB at most"
            yield Problem(place(book, path, number), what, "draw less, or tag the cell `large-output`")
        for text in texts(cell, ()):
            long = re.search(r"(?<![\w.])-?\d+\.\d{6,}(?!\w)", text)
            if long:
                what = f"{long[0]} has more digits than anybody reads"
                yield Problem(place(book, path, number), what, "format it to 3 significant digits")


def texts(cell: NotebookNode, kinds: tuple[str, ...]) -> Iterator[str]:
    """Yield what a cell printed, and its outputs of these kinds (text of a picture left out)."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        data: dict[str, Any] = output.get("data", {})
        for kind in kinds:
            if kind in data and "text/html" not in data and "image/png" not in data:
                yield data[kind]


def exercises(book: Book, sources: list[Path]) -> list[Problem]:
    """Every exercise has one number, that of its label, a solution, and a check cell right after it."""
    problems = []
    for source in sources:
        numbers: set[str] = set()
        label, waiting = "", False
        for cell in chapter_cells(book, source):
            where = line_of(book, source, cell)
            match = re.search(r"^:label: ex-(\S+)$", cell.text, re.M)
            if cell.kind == "markdown" and match:
                label = match[1].replace("-", ".")
            if "exercise" in cell.tags:
                if cell.piece and "# BEGIN SOLUTION" not in cell.piece.text:
                    problems.append(
                        Problem(where, "the exercise has no solution", "BEGIN SOLUTION ... END SOLUTION")
                    )
                waiting = True
            number = NUMBER.search(cell.text)
            wrong = number and (number["number"] in numbers or number["number"].lower() != label.lower())
            if number and (wrong or not waiting):
                what = f"check {number['number']} does not belong to exercise {label or '(no label)'}"
                problems.append(
                    Problem(where, what, "one exercise, :label: ex-1-3, then its cell, then its check")
                )
            if number:
                numbers.add(number["number"])
                waiting = False
        if waiting:
            problems.append(
                Problem(place(book, source), f"exercise {label} has no check", "add a check cell")
            )
    return problems


def pictures(book: Book, sources: list[Path]) -> list[Problem]:
    """Every picture has a text that says what it shows, for a reader who does not see it."""
    problems = []
    for source in sources:
        for cell in chapter_cells(book, source):
            if cell.kind == "markdown" and (missing := _without_alt(cell.text)):
                remedy = "write ![what it shows](FILE), or the option :alt:"
                problems.append(Problem(line_of(book, source, cell), f"{missing} has no alt text", remedy))
    for _, _, path, notebook in notebooks(book, sources):
        for number, cell in enumerate(notebook.cells, start=1):
            for output in cell.get("outputs", []):
                if _picture_without_alt(cell, output):
                    remedy = "make the figure with llmlite.viz.figure(alt=...)"
                    problems.append(Problem(place(book, path, number), "the picture has no alt text", remedy))
    return problems


def _without_alt(text: str) -> str:
    if re.search(r"!\[\s*\]\(", text):
        return "a picture"
    for match in re.finditer(r"(?ms)^([`:]{3,})\{(figure|image)\}.*?^\1\s*$", text):
        if not re.search(r"^:alt: \S", match[0], re.M):
            return f"a {match[2]}"
    return "an <img>" if re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", text) else ""


def _picture_without_alt(cell: NotebookNode, output: NotebookNode) -> bool:
    data, metadata = output.get("data", {}), output.get("metadata", {})
    named = cell.metadata.get("mystnb", {}).get("image", {}).get("alt") or metadata.get("alt")
    if "image/png" in data or "image/svg+xml" in data:
        kind = "image/png" if "image/png" in data else "image/svg+xml"
        return not (named or metadata.get(kind, {}).get("alt") or metadata.get("image/png", {}).get("alt"))
    html = "".join(data.get("text/html", ""))
    if re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", html):
        return True
    # One <title> or aria-label for the figure is enough: a legend's symbols are part of it.
    return "<svg" in html and not re.search(r"<title[ >]|aria-label=|aria-labelledby=", html)


def hosts(book: Book, sources: list[Path]) -> list[Problem]:
    """No output and no script of the package loads anything from another host."""
    problems = []
    for _, _, path, notebook in notebooks(book, sources):
        for number, cell in enumerate(notebook.cells, start=1):
            for output in cell.get("outputs", []):
                data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("text/plain")}
                for host in foreign(json.dumps(data)):
                    what = f"the output names the host {host}"
                    problems.append(Problem(place(book, path, number), what, "put the file into the output"))
    for suffix in ("*.js", "*.css", "*.html", "*.svg", "viz/*.py"):
        for path in sorted((book.root / "llmlite").rglob(suffix)):
            for host in foreign(path.read_text(encoding="utf-8")):
                what = f"the file names the host {host}"
                problems.append(Problem(place(book, path), what, "ship the file with the package"))
    return problems


def foreign(text: str) -> list[str]:
    """Return the hosts that a text names; names of XML vocabularies load nothing."""
    found = re.findall(r"(?:https?:)?//([a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+)(?=[/\"':\s?#)]|$)", text)
    return sorted({host for host in found if host != "www.w3.org"})
