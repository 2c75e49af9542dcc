"""A book's folders, and a chapter's MyST source cut into the pieces that become cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from jupytext.myst import myst_to_notebook  # type: ignore[import-untyped]
from sources import Package, SourceError

STARTS_CELL = re.compile(r"^(#{1,6} |:::+\{(exercise|solution)|\([\w-]+\)=$)")
TAGS = {
    "needed", "exercise", "check", "solution", "finale", "real-data", "large-output",  # ours
    "nbval-skip", "raises-exception", "hide-input", "hide-output", "remove-input", "remove-output",
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A part of the source that becomes one cell: lines `start` to `end`, counted from 0, end excluded."""

    kind: str  # "markdown" or "code"
    text: str
    start: int
    end: int
    tags: tuple[str, ...] = ()
    metadata: dict[str, object] = field(default_factory=dict)


def split(text: str) -> list[Piece]:
    """Cut a MyST source into pieces, one for each cell.

    Markdown is cut at `+++`, and before each heading, target and exercise.

    Raises:
        SourceError: if a code cell has an unknown tag.
    """
    notebook = myst_to_notebook(text, add_source_map=True)
    lines = text.splitlines()
    pieces: list[Piece] = []
    for cell, start in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
        metadata = {key: value for key, value in cell.metadata.items() if key != "tags"}
        tags = tuple(cell.metadata.get("tags", ()))
        unknown = sorted(set(tags) - TAGS)
        if unknown:
            raise SourceError(
                f"line {start}: unknown tag {', '.join(unknown)}; known: {', '.join(sorted(TAGS))}"
            )
        if cell.cell_type == "markdown":
            if "{code-cell}" in cell.source:
                raise SourceError(
                    f"line {start}: a code cell inside a directive or a list is not run; move it out"
                )
            pieces += _markdown(lines, start, len(cell.source.splitlines()), tags, metadata)
        else:
            fence = re.match(r"`+", lines[start - 1])
            mark = fence[0] if fence else "```"
            end = next((i for i in range(start, len(lines)) if lines[i].rstrip() == mark), len(lines) - 1)
            pieces.append(Piece("code", cell.source, start - 1, end + 1, tags, metadata))
    return pieces


def _markdown(
    lines: list[str], start: int, count: int, tags: tuple[str, ...], metadata: dict[str, object]
) -> Iterator[Piece]:
    while not lines[start].strip():
        start += 1
    begin, fence, target = start, "", False
    for number in range(start, start + count + 1):
        line = lines[number] if number < start + count else ""
        cut = not fence and STARTS_CELL.match(line) and not target
        mark = re.match(r"(```+|~~~+|:::+)", line)
        if mark and (not fence or line.rstrip() == fence):
            fence = "" if fence else mark[0]
        if number == start + count or (cut and number > begin):
            end = number
            while end > begin and not lines[end - 1].strip():
                end -= 1
            yield Piece("markdown", "\n".join(lines[begin:end]), begin, end, tags, metadata)
            begin = number
        target = bool(re.match(r"\([\w-]+\)=$", line))  # a heading stays with the target above it


@dataclass(frozen=True)
class Book:
    """The folders of a book and the address of its repository."""

    root: Path

    @cached_property
    def package(self) -> Package:
        """Return the package as text."""
        return Package(self.root)

    @cached_property
    def repository(self) -> tuple[str, str]:
        """Return address and branch of the repository, from `_config.yml`."""
        config = yaml.safe_load((self.root / "_config.yml").read_text(encoding="utf-8"))
        return config["repository"]["url"].rstrip("/"), config["repository"].get("branch", "main")

    def sources(self) -> list[Path]:
        """Return the sources of all chapters in reading order: numbers, then the appendices."""
        return sorted(
            (self.root / "chapters" / "src").glob("*.md"), key=lambda p: (not p.stem[0].isdigit(), p.stem)
        )

    def source(self, name: str) -> Path:
        """Return the source of a chapter named "01", "01_language_models", or by a path to any of its files.

        Raises:
            SourceError: if no chapter, or more than one, has this name.
        """
        stem = Path(name).stem
        found = [path for path in self.sources() if path.stem == stem or key(path) == stem]
        if len(found) != 1:
            raise SourceError(
                f"no chapter is called {name}; there are {', '.join(p.stem for p in self.sources())}"
            )
        return found[0]

    def notebook(self, source: Path, solutions: bool = False) -> Path:
        """Return the path of the notebook that is made from a source."""
        folder = self.root / "chapters"
        return (folder / "solutions" if solutions else folder) / f"{source.stem}.ipynb"


def key(path: Path) -> str:
    """Return the short name of a chapter: "01" for 01_language_models."""
    return path.stem.split("_")[0]
