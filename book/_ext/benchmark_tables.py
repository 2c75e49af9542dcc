"""Sphinx extension: tables of what was measured, made from the files in benchmarks/results.

`{benchmark-table} NAME` shows the rows of benchmarks/results/NAME.json, how they were made, and the tests
that both sides give the same. A second word asks for another list there: `parts` of the time, `rates` of
what is done in a second, `products` for how fast matrices multiply, `memory`, or `ways` to be quicker.
`{benchmark-figure} NAME` draws the parts. So no number in them is typed by hand.
"""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from docutils import nodes
from docutils.statemachine import StringList
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
STYLE = ROOT / "llmlite" / "data" / "styles" / "book.mplstyle"
COLOURS = ["#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7", "#999999", "#D55E00", "#000000"]
LONG = 5.0  # seconds: what takes less before its first step waits for nothing


def result_file(name: str) -> Path:
    """Return the file of a benchmark's figures.

    Args:
        name: of the benchmark, without ".json".

    Raises:
        ExtensionError: there is no such file; the message says how to make it.
    """
    names = sorted(path.stem for path in RESULTS.glob("*.json"))
    if name not in names:
        remedy = f"python benchmarks/{name}.py --json benchmarks/results/{name}.json"
        raise ExtensionError(f"{name!r} was not measured (stored: {', '.join(names)}): {remedy}")
    return RESULTS / f"{name}.json"


def comparison(result: dict[str, Any]) -> list[str]:
    """Return the rows as a table in Markdown, how they were made, and the tests behind them."""
    lines = [
        "| what | ours | library | ratio (range) | target |",
        "|:--|--:|--:|--:|--:|",
        *(_row(row) for row in result["rows"]),
    ]
    tests: dict[str, list[str]] = {}
    for row in result["rows"]:
        for test in row["tests"]:
            tests.setdefault(test, []).append(row["what"])
    lines += ["", _origin(result), "", "| what | the test that both give the same |", "|:--|:--|"]
    return [*lines, *(_test(test, rows) for test, rows in tests.items()), ""]


def _row(row: dict[str, Any]) -> str:
    ratio = row["ratio"]
    span = f"**{ratio['median']:.2f}** ({ratio['low']:.2f}–{ratio['high']:.2f})"
    theirs = f"{row['library']} {duration(row['theirs'])}"
    return f"| {row['what']} | {duration(row['ours'])} | {theirs} | {span} | {_target(row)} |"


def _target(row: dict[str, Any]) -> str:
    if row["target"] is None:
        return "none"
    missed = "" if row["ratio"]["median"] <= row["target"] else ", missed"
    return f"≤\N{NO-BREAK SPACE}{row['target']:g}{missed}"


def _origin(result: dict[str, Any]) -> str:
    machine = f"{result['hardware']['cpu']}, {result['hardware']['cores']} cores"
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    ratios = ", ".join(f"{row['processor_ratio']:.2f}" for row in result["rows"])
    return (
        f"Measured {result['date']} on {machine}, with {versions}: medians of {result['repeats']} paired "
        f"runs, time on the wall. In processor time, which counts every core, the ratios are, from the first "
        f"row on: {ratios}. The command: `{result['command']}`."
    )


def _test(test: str, rows: list[str]) -> str:
    path, _, name = test.partition("::")
    said = name.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return f"| {', '.join(dict.fromkeys(rows))} | [{said}](repo:blob/HEAD/{path}) |"


def parts(result: dict[str, Any]) -> list[str]:
    """Return the parts of our time as a table in Markdown, a column for each whole."""
    wholes = list(dict.fromkeys(part["of"] for part in result["parts"]))
    names = list(dict.fromkeys(part["what"] for part in result["parts"]))
    cells = {(part["what"], part["of"]): f"{part['share']:.0%}" for part in result["parts"]}
    sums = (sum(part["ours"] for part in result["parts"] if part["of"] == whole) for whole in wholes)
    return [
        "| part of the time | " + " | ".join(wholes) + " |",
        "|:--|" + "--:|" * len(wholes),
        *("| " + " | ".join([name, *(cells[name, whole] for whole in wholes)]) + " |" for name in names),
        "| together | " + " | ".join(map(duration, sums)) + " |",
        "",
    ]


def rates(result: dict[str, Any]) -> list[str]:
    """Return how many of each thing there are in a second, as a table in Markdown."""
    lines = [f"| {rate['what']} | {rate['per_second']:,.0f} |" for rate in result["rates"]]
    return ["| what | in a second |", "|:--|--:|", *lines, ""]


def products(result: dict[str, Any]) -> list[str]:
    """Return how fast matrices multiply as a table in Markdown, beside the fastest way, the first."""
    lines = [
        f"| {each['what']} | {each['per_second'] / 1e9:,.0f} | {each['share']:.0%} |"
        for each in result["products"]
    ]
    return ["| what | 10⁹ operations in a second | of the first |", "|:--|--:|--:|", *lines, ""]


def memory(result: dict[str, Any]) -> list[str]:
    """Return what each side holds as a table in Markdown."""
    lines = [f"| {each['what']} | {each['bytes'] / 1e6:,.0f} MB |" for each in result["memory"]]
    return ["| what | memory |", "|:--|--:|", *lines, ""]


def ways(result: dict[str, Any]) -> list[str]:
    """Return what changes bring as a table in Markdown: ratios, and what their first run takes more."""
    lines = ["| change | ratio (range) | before the first step |", "|:--|--:|--:|"]
    for way in result["ways"]:
        ratio = way["ratio"]
        span = f"**{ratio['median']:.2f}** ({ratio['low']:.2f}–{ratio['high']:.2f})"
        wait = f"{way['first']:.0f}\N{NO-BREAK SPACE}s" if way["first"] >= LONG else "none"
        lines.append(f"| {way['what']} | {span} | {wait} |")
    return [*lines, ""]


def parts_drawn(result: dict[str, Any]) -> tuple[Figure, str]:
    """Return a figure of the parts, a bar for each whole, and the text for those who cannot see it."""
    wholes = list(dict.fromkeys(part["of"] for part in result["parts"]))
    names = list(dict.fromkeys(part["what"] for part in result["parts"]))
    took = {(part["of"], part["what"]): 1000 * part["ours"] for part in result["parts"]}
    with mpl.rc_context(fname=STYLE):
        figure = Figure()
        axes = figure.add_subplot()
        left = dict.fromkeys(wholes, 0.0)
        for name, colour in zip(names, COLOURS, strict=False):
            widths = [took[whole, name] for whole in wholes]
            axes.barh(wholes, widths, left=list(left.values()), color=colour, height=0.6, label=name)
            left = {whole: left[whole] + took[whole, name] for whole in wholes}
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("milliseconds a step")
        figure.legend(loc="outside lower center", ncols=3)
    said = (
        f"{whole}, {left[whole]:.0f} ms: " + ", ".join(f"{name} {took[whole, name]:.0f}" for name in names)
        for whole in wholes
    )
    return figure, "Bars of the milliseconds that parts of a step take. " + "; ".join(said) + "."


def duration(seconds: float) -> str:
    """Return a time with its unit, which stays on its line."""
    return f"{seconds:.3f}\N{NO-BREAK SPACE}s"


TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "rows": comparison,
    "parts": parts,
    "rates": rates,
    "products": products,
    "memory": memory,
    "ways": ways,
}


class BenchmarkTable(SphinxDirective):
    """Show a table of the file that the first argument names; the second says which, `rows` if not given."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, and what belongs to it."""
        name, kind = [*self.arguments, "rows"][:2]
        result = stored(self, name)
        if kind not in TABLES:
            raise self.error(f"{kind!r} is no table of benchmarks: {', '.join(TABLES)}")
        if kind not in result:
            raise self.error(f"{name!r} holds no {kind}: {', '.join(set(TABLES) & set(result))}")
        container = nodes.container()
        lines = StringList(TABLES[kind](result), source=f"{name}.json")
        self.state.nested_parse(lines, self.content_offset, container)
        return list(container.children)


class BenchmarkFigure(SphinxDirective):
    """Draw the parts in the file that the argument names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure, which is part of the page."""
        result = stored(self, self.arguments[0])
        if "parts" not in result:
            raise self.error(f"{self.arguments[0]!r} holds no parts to draw")
        figure, alt = parts_drawn(result)
        file = io.BytesIO()
        with mpl.rc_context({"svg.hashsalt": "benchmarks"}):
            figure.savefig(file, format="svg", metadata={"Date": None})
        uri = "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()
        return [nodes.image(uri=uri, alt=alt)]


def stored(directive: SphinxDirective, name: str) -> dict[str, Any]:
    """Return the figures of a benchmark, on which the page of a directive then depends."""
    try:
        path = result_file(name)
    except ExtensionError as problem:
        raise directive.error(str(problem)) from problem
    directive.env.note_dependency(str(path))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("benchmark-table", BenchmarkTable)
    app.add_directive("benchmark-figure", BenchmarkFigure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
