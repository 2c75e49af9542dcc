"""Sphinx extension: tables of what was measured, made from the files in benchmarks/results.

`{benchmark-table} NAME` shows the rows of benchmarks/results/NAME.json, how they were made, and the tests
that both sides give the same. `{benchmark-table} NAME parts` shows the parts of our time, `{benchmark-table}
NAME rates` how many of a thing there are in a second. So no number in them is typed by hand.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"


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
        "| part of our time | " + " | ".join(wholes) + " |",
        "|:--|" + "--:|" * len(wholes),
        *("| " + " | ".join([name, *(cells[name, whole] for whole in wholes)]) + " |" for name in names),
        "| together | " + " | ".join(map(duration, sums)) + " |",
        "",
    ]


def rates(result: dict[str, Any]) -> list[str]:
    """Return how many of each thing there are in a second, as a table in Markdown."""
    lines = [f"| {rate['what']} | {rate['per_second']:,.0f} |" for rate in result["rates"]]
    return ["| what | in a second |", "|:--|--:|", *lines, ""]


def duration(seconds: float) -> str:
    """Return a time with its unit, which stays on its line."""
    return f"{seconds:.3f}\N{NO-BREAK SPACE}s"


TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "rows": comparison,
    "parts": parts,
    "rates": rates,
}


class BenchmarkTable(SphinxDirective):
    """Show a table of the file that the first argument names; the second says which, `rows` if not given."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, and what belongs to it."""
        name, kind = [*self.arguments, "rows"][:2]
        try:
            path = result_file(name)
        except ExtensionError as problem:
            raise self.error(str(problem)) from problem
        if kind not in TABLES:
            raise self.error(f"{kind!r} is no table of benchmarks: {', '.join(TABLES)}")
        self.env.note_dependency(str(path))
        lines = TABLES[kind](json.loads(path.read_text(encoding="utf-8")))
        container = nodes.container()
        self.state.nested_parse(StringList(lines, source=str(path)), self.content_offset, container)
        return list(container.children)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("benchmark-table", BenchmarkTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
