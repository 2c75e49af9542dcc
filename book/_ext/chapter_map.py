"""Sphinx extension: the landing page's map and table of chapters, drawn from book/chapters.yml.

Both are made at build time, so that a chapter is "planned" as long as the book does not hold its page.
The map is drawn twice, wide and tall; the style sheet shows the one that fits the screen.
"""

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

BOOK = Path(__file__).resolve().parents[1]
BUILDING = (120, 110)  # the size of a drawn building, in the units of the map


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One building of the map."""

    number: str
    title: str
    builds: str
    minutes: float
    address: str | None  # None while the chapter is planned


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things stand on one drawing of the map, in pixels."""

    name: str
    size: tuple[int, int]
    columns: int
    first: tuple[int, int]  # lower left corner of the first building
    step: tuple[int, int]  # from one building to the next, and from one row to the next
    scenery: tuple[tuple[str, int, int, int], ...]  # symbol, left, top, width


WIDE = Layout(
    name="wide",
    size=(980, 640),
    columns=5,
    first=(52, 148),
    step=(189, 205),
    scenery=(
        ("tree", 18, 110, 30),
        ("fir", 196, 98, 30),
        ("tree", 385, 104, 28),
        ("fir", 760, 104, 30),
        ("tree", 950, 108, 26),
        ("fir", 196, 318, 28),
        ("tree", 574, 322, 28),
        ("fir", 384, 528, 28),
        ("tree", 571, 520, 32),
        ("tree", 650, 478, 42),
        ("pond", 706, 506, 116),
        ("fir", 838, 466, 34),
        ("tree", 880, 492, 44),
        ("fir", 934, 510, 26),
    ),
)
TALL = Layout(
    name="tall",
    size=(360, 1270),
    columns=2,
    first=(36, 140),
    step=(168, 178),
    scenery=(
        ("fir", 163, 92, 26),
        ("tree", 163, 276, 26),
        ("fir", 163, 450, 26),
        ("tree", 163, 632, 26),
        ("fir", 163, 806, 26),
        ("tree", 163, 988, 26),
        ("fir", 166, 1162, 26),
        ("pond", 196, 1172, 110),
        ("tree", 312, 1140, 36),
    ),
)


def draw(chapters: list[Chapter], layout: Layout) -> str:
    """Draw the town.

    Args:
        chapters: in the order in which the road passes them.
        layout: which of the two drawings.

    Returns:
        An SVG element.
    """
    width, height = layout.size
    box, label = f"0 0 {width} {height}", "Map of the chapters"
    places = [_place(index, layout) for index in range(len(chapters))]
    parts = [
        f'<svg class="town-map town-{layout.name}" viewBox="{box}" role="group" aria-label="{label}">',
        _road(places, layout),
        *(_use(name, x, y, size, size) for name, x, y, size in layout.scenery),
        *(_building(chapter, place, layout) for chapter, place in zip(chapters, places, strict=True)),
        "</svg>",
    ]
    return "".join(parts)


def _place(index: int, layout: Layout) -> tuple[int, int]:
    """Return where a chapter's building stands: rows run to and fro, as the road does."""
    row, column = divmod(index, layout.columns)
    if row % 2:
        column = layout.columns - 1 - column
    return layout.first[0] + column * layout.step[0], layout.first[1] + row * layout.step[1]


def _road(places: list[tuple[int, int]], layout: Layout) -> str:
    """Draw one road past all doors; it turns at the edge of the map."""
    doors = [(x + BUILDING[0] // 2, y + 9) for x, y in places]
    path = f"M{doors[0][0]} {doors[0][1]}"
    for (old_x, old_y), (x, y) in pairwise(doors):
        if y != old_y:
            right = old_x > layout.size[0] / 2
            edge, turn = (layout.size[0] - 14, 26) if right else (14, -26)
            path += f"H{edge - turn}q{turn} 0 {turn} 26V{y - 26}q0 26 {-turn} 26"
        path += f"H{x}"
    return f'<path class="road" d="{path}"/><path class="road-line" d="{path}"/>'


def _use(name: str, x: int, y: int, width: int, height: int) -> str:
    return f'<use href="#{name}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def _building(chapter: Chapter, place: tuple[int, int], layout: Layout) -> str:
    x, y = place
    centre, down = x + BUILDING[0] // 2, 62 if layout.columns > 2 else 57
    state = f"{chapter.minutes:g} min" if chapter.address else "planned"
    drawing = (
        _use(f"building-{chapter.number}", x, y - BUILDING[1], *BUILDING)
        + f'<circle class="plate" cx="{centre}" cy="{y + 9}" r="13"/>'
        f'<text class="number" x="{centre}" y="{y + 14}">{chapter.number}</text>'
        f'<text class="title" x="{centre}" y="{y + down - 19}">{escape(chapter.title)}</text>'
        f'<text class="state" x="{centre}" y="{y + down}">{state}</text>'
    )
    if chapter.address is None:
        return f'<g class="planned">{drawing}</g>'
    return f'<a class="written" href="{escape(chapter.address)}">{drawing}</a>'


class _Directive(SphinxDirective):
    def chapters(self) -> list[Chapter]:
        """Read the plan; a chapter has an address if its page is in the book."""
        for source in ("book/chapters.yml", "book/figures/buildings.svg", "_toc.yml"):
            self.env.note_dependency(str(Path(self.env.srcdir) / source))

        def address(page: str) -> str | None:
            written = page in self.env.found_docs
            return self.env.app.builder.get_relative_uri(self.env.docname, page) if written else None

        rows = yaml.safe_load((BOOK / "chapters.yml").read_text(encoding="utf-8"))
        return [Chapter(address=address(row.pop("page")), **row) for row in rows]


class ChapterMap(_Directive):
    """Draw the map of the chapters."""

    def run(self) -> list[nodes.Node]:
        """Return the drawings as one raw node."""
        # The workshop stands before the town.
        chapters = sorted(self.chapters(), key=lambda chapter: chapter.number != "A")
        symbols = (BOOK / "figures" / "buildings.svg").read_text(encoding="utf-8")
        drawings = symbols + draw(chapters, WIDE) + draw(chapters, TALL)
        return [nodes.raw("", f'<div class="town">{drawings}</div>', format="html")]


class ChapterTable(_Directive):
    """List the chapters with what each builds and its time budget."""

    def run(self) -> list[nodes.Node]:
        """Return the table as one raw node."""
        rows = "".join(self._row(chapter) for chapter in self.chapters())
        head = "<tr><th>Chapter</th><th>You build</th><th>Minutes</th></tr>"
        table = f'<table class="table chapters"><thead>{head}</thead><tbody>{rows}</tbody></table>'
        return [nodes.raw("", table, format="html")]

    def _row(self, chapter: Chapter) -> str:
        name = f"{chapter.number}. {escape(chapter.title)}"
        if chapter.address:
            name = f'<a href="{escape(chapter.address)}">{name}</a>'
        else:
            name += ' <span class="planned-mark">planned</span>'
        return f"<tr><td>{name}</td><td>{escape(chapter.builds)}</td><td>{chapter.minutes:g}</td></tr>"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("chapter-map", ChapterMap)
    app.add_directive("chapter-table", ChapterTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
