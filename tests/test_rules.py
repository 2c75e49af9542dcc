"""The rules of the book hold, and a copy that breaks one of them is caught with its remedy."""

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from cells import cell_ids, chapter_cells
from nbformat import NotebookNode
from pieces import Book
from rules import RULES
from runs import build, code_cells, package_hash

Edit = Callable[[Path, str, str], None]
ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("rule", RULES)
def test_the_book_keeps_the_rule(rule: str) -> None:
    book = Book(ROOT)
    problems = RULES[rule](book, book.sources())
    assert not problems, "\n" + "\n".join(map(str, problems))


@pytest.fixture
def ran(book: Book, toy: Path) -> Book:
    """Return the small book with notebooks that look executed; no kernel is started."""
    for solutions in (False, True):
        path = build(book, toy, solutions)
        notebook = nbformat.read(path, as_version=4)
        for count, cell in enumerate(code_cells(notebook), start=1):
            cell.execution_count = count
        names = [cell.id for cell in code_cells(notebook)]
        notebook.metadata.llmlite["ran"] = {"package": package_hash(book, notebook), "cells": names}
        nbformat.write(notebook, path)
    return book


def test_an_unbroken_copy_keeps_every_rule(ran: Book) -> None:
    assert {name: [str(p) for p in rule(ran, ran.sources())] for name, rule in RULES.items()} == {
        name: [] for name in RULES
    }


def broken(book: Book, rule: str, what: str, remedy: str) -> None:
    """Assert that a rule reports one problem that matches, whose remedy matches."""
    problems = RULES[rule](Book(book.root), book.sources())
    assert any(re.search(what, f"{p.place}: {p.what}") and re.search(remedy, p.remedy) for p in problems), [
        str(problem) for problem in problems
    ]


def change(book: Book, edits: Callable[[NotebookNode], None], solutions: bool = False) -> None:
    path = book.notebook(book.source("01"), solutions)
    notebook = nbformat.read(path, as_version=4)
    edits(notebook)
    nbformat.write(notebook, path)


def last(notebook: NotebookNode) -> NotebookNode:
    return code_cells(notebook)[-1]


def display(kind: str, content: str, **metadata: object) -> Callable[[NotebookNode], None]:
    def edits(notebook: NotebookNode) -> None:
        data = {kind: content}
        last(notebook).outputs = [nbformat.v4.new_output("display_data", data=data, metadata=metadata)]

    return edits


def printed(text: str) -> Callable[[NotebookNode], None]:
    def edits(notebook: NotebookNode) -> None:
        last(notebook).outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]

    return edits


def test_a_missing_notebook(ran: Book, toy: Path) -> None:
    ran.notebook(toy, solutions=True).unlink()
    broken(ran, "built", "solutions/01_toy.ipynb: the notebook is missing", "build 01")


def test_a_notebook_without_a_source(ran: Book, toy: Path) -> None:
    toy.rename(toy.with_name("02_toy.md"))
    broken(ran, "built", r"chapters/01_toy.ipynb: it has no source", "delete it")


def test_an_edited_notebook(ran: Book) -> None:
    def edits(notebook: NotebookNode) -> None:
        notebook.cells[3].source += " Edited."

    change(ran, edits)
    broken(ran, "built", "chapters/01_toy.ipynb, cell 4: the notebook was edited", "absorb 01")


def test_an_edited_source(ran: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "It takes steps.", "It takes many steps.")
    broken(ran, "built", "cell 4: the notebook is older than its source", "build 01")


def test_changed_package_code_that_a_cell_shows(ran: Book, edit: Edit) -> None:
    edit(ran.root / "llmlite" / "model" / "counter.py", "+= 1", "+= 2")
    broken(ran, "built", "package code that it shows has changed", "build")


def test_a_cell_that_was_not_executed(ran: Book) -> None:
    change(ran, lambda notebook: last(notebook).update(execution_count=None))
    broken(ran, "executed", r"cell \d+: its execution count is None, not 8", "run 01")


def test_cells_executed_out_of_order(ran: Book) -> None:
    change(ran, lambda notebook: last(notebook).update(execution_count=12), solutions=True)
    broken(ran, "executed", "solutions/01_toy.ipynb, cell 6: its execution count is 12", "run 01")


def test_a_stored_error(ran: Book) -> None:
    def edits(notebook: NotebookNode) -> None:
        last(notebook).outputs = [nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=[])]

    change(ran, edits)
    broken(ran, "executed", "its output is an error, KeyError", "mend the cell")
    change(ran, lambda notebook: last(notebook).metadata.update(tags=["raises-exception"]))
    assert RULES["executed"](ran, ran.sources()) == []


def test_a_stored_warning(ran: Book) -> None:
    def edits(notebook: NotebookNode) -> None:
        last(notebook).outputs = [nbformat.v4.new_output("stream", name="stderr", text="UserWarning")]

    change(ran, edits)
    broken(ran, "executed", "cell 11: it prints a warning", "mend the cell")


def test_a_skipped_cell_without_stored_output(ran: Book) -> None:
    change(ran, lambda notebook: last(notebook).metadata.update(tags=["nbval-skip"]))
    broken(ran, "executed", "no stored output with its date", "run 01 --real")


def test_a_stale_figure_after_a_cell_changed(ran: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "import math", "import math, cmath")
    build(ran, toy)
    broken(ran, "fresh", "cell 3: code changed here .* may be stale", "run 01")


def test_a_stale_figure_after_the_package_changed(ran: Book, edit: Edit) -> None:
    counter = ran.root / "llmlite" / "model" / "counter.py"
    edit(counter, "Count words.", "Count all words.")
    edit(counter, "# words kept", "# kept words")
    assert RULES["fresh"](Book(ran.root), ran.sources()) == [], "words about code are not code"
    edit(counter, "+= 1", "+= 2")
    broken(ran, "fresh", "package code that it uses changed", "run 01")


def test_a_stale_figure_after_its_data_changed(ran: Book, toy: Path, edit: Edit) -> None:
    data = ran.root / "llmlite" / "data" / "results" / "floor.json"
    data.parent.mkdir(parents=True)
    data.write_text("[1]")
    assert RULES["fresh"](Book(ran.root), [toy]) == [], "no cell reads it"
    edit(toy, "import math", 'import math\nfloor = "floor"')
    notebook = nbformat.read(build(ran, toy), as_version=4)
    before = package_hash(ran, notebook)
    data.write_text("[2]")
    assert package_hash(ran, notebook) != before


def test_a_public_name_without_a_home(ran: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "# llmlite: model.counter.SIZE\n", "")
    broken(ran, "homes", "llmlite.model.counter: no chapter shows SIZE", "homes.toml")
    (ran.root / "book" / "tools" / "homes.toml").write_text('[homes]\n"model.counter.*" = "too plain"\n')
    assert RULES["homes"](ran, ran.sources()) == []


def test_two_homes(ran: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "# llmlite: model.counter.SIZE", "# llmlite: model.counter.SIZE\n# llmlite: training.loop.fit")
    broken(ran, "homes", r"line 30: training.loop.fit has its home in .*01_toy.md, line 25", "import it here")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('"model.counter.SIZES" = "gone"', "names nothing that chapters have to show"),
        ('"model.counter.SIZE" = "double"', "has a home and stands in homes.toml"),
        ('"model.counter.*" = ""', "has no reason"),
    ],
)
def test_a_wrong_line_in_the_list_of_names_without_home(ran: Book, line: str, what: str) -> None:
    (ran.root / "book" / "tools" / "homes.toml").write_text(f"[homes]\n{line}\n")
    broken(ran, "homes", what, ".")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("import requests", "it imports requests, which the setup cell does not install"),
        ("import llmlite.model.counter", "as a whole"),
        ("from llmlite.model.counter import Missing", "no symbol model.counter.Missing"),
        ("from llmlite.model.other import late", "model.other.late, which no chapter up to here introduces"),
    ],
)
def test_a_wrong_import(ran: Book, toy: Path, edit: Edit, line: str, what: str) -> None:
    (ran.root / "llmlite" / "model" / "other.py").write_text("late = 1\n")
    (toy.parent / "02_later.md").write_text(
        "# 2. Later\n\n```{code-cell} python\n# llmlite: model.other.late\n```\n"
    )
    edit(toy, "import math\n", f"import math\n{line}\n")
    broken(ran, "imports", f"01_toy.md, line 14: .*{what}", ".")


def test_later_chapters_and_the_appendix_import_what_came_before(ran: Book, toy: Path, edit: Edit) -> None:
    (ran.root / "llmlite" / "model" / "other.py").write_text("late = 1\n")
    lines = "from llmlite.training.loop import fit\nfrom llmlite.model.other import late"
    use = f"```{{code-cell}} python\n{lines}\n```\n"
    for name, title in (("02_later", "2. Later"), ("a_appendix", "A. Appendix")):
        (toy.parent / f"{name}.md").write_text(f"# {title}\n\n{use}")
    edit(
        toy.parent / "02_later.md",
        "# 2. Later\n",
        "# 2. Later\n\n```{code-cell} python\n# llmlite: model.other.late\n```\n",
    )
    problems = [str(problem) for problem in RULES["imports"](Book(ran.root), ran.sources())]
    assert len(problems) == 1 and "a_appendix.md" in problems[0] and "model.other.late" in problems[0]
    edit(toy, "# llmlite: setup", "# llmlite: setup bm25s")
    edit(toy, "import math", "import math\nimport bm25s\nfrom llmlite import viz")
    assert len(RULES["imports"](Book(ran.root), ran.sources())) == 1


@pytest.mark.parametrize(
    "code", ["def fit(x):\n    return x", "class Counter:\n    pass", "from llmlite.training.loop import fit"]
)
def test_another_definition_of_a_public_name(ran: Book, toy: Path, edit: Edit, code: str) -> None:
    edit(toy, 'counter.add("goose")', f'counter.add("goose")\n{code}')
    broken(ran, "definitions", "line 39: the cell binds (fit|Counter), a name of the package", "naive_")


def test_a_name_that_shown_code_reads_bound_to_another_thing(ran: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "import math", "import math\nimport torch")
    assert RULES["shadows"](ran, [toy]) == []
    edit(toy, 'counter.add("goose")', 'counter.add("goose")\nfor Bag in "ab":\n    print(Bag)')
    broken(
        ran, "shadows", r"line 40: the cell binds Bag, and model.counter.Counter, shown above", "another name"
    )
    edit(toy, 'for Bag in "ab":\n    print(Bag)', "")
    edit(toy, "import torch", "import torch_geometric as torch")
    broken(ran, "shadows", "line 26: training.loop.fit reads torch, torch; a cell above binds", "rename it")


def test_an_undefined_name(ran: Book) -> None:
    def edits(notebook: NotebookNode) -> None:
        last(notebook).source += "\nprint(undefined_name)"

    change(ran, edits)
    broken(ran, "undefined", "01_toy.ipynb, cell 11: Undefined name `undefined_name`", "in a cell above")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("It takes steps.", "word " * 119, "121 words of prose"),
        ('counter.add("goose")', 'counter.add("goose")\n' * 23, "26 lines of code"),
    ],
)
def test_a_cell_too_long_to_take_in(ran: Book, toy: Path, edit: Edit, old: str, new: str, what: str) -> None:
    edit(toy, old, new)
    broken(ran, "sizes", what, ".")
    edit(toy, new, new.replace("word ", "", 2).replace('counter.add("goose")\n', "", 1))
    assert RULES["sizes"](Book(ran.root), ran.sources()) == []


@pytest.mark.parametrize(
    ("output", "what"),
    [
        (printed("line\n" * 31), "31 lines of output"),
        (display("text/html", "x" * 60_001), "60 kB of output"),
        (printed("loss 0.12345678"), "0.12345678 has more digits"),
    ],
    ids=["lines", "bytes", "digits"],
)
def test_an_output_too_large(ran: Book, output: Callable[[NotebookNode], None], what: str) -> None:
    change(ran, output)
    broken(ran, "sizes", what, ".")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (":label: ex-1-1", ":label: ex-1-2", "check 1.1 does not belong to exercise 1.2"),
        ("    # BEGIN SOLUTION\n", "", "the exercise has no solution"),
        ('@check_exercise("1.1", twice)', "def check(twice):\n    pass", "exercise 1.1 has no check"),
    ],
)
def test_a_broken_exercise(ran: Book, toy: Path, edit: Edit, old: str, new: str, what: str) -> None:
    edit(toy, old, new)
    broken(ran, "exercises", what, ".")


@pytest.mark.parametrize(
    ("output", "fixed"),
    [
        (display("image/png", "iVBOR"), display("image/png", "iVBOR", **{"image/png": {"alt": "a goose"}})),
        (display("text/html", '<img src="x">'), display("text/html", '<img src="x" alt="a goose">')),
        (display("text/html", "<svg></svg>"), display("text/html", "<svg><title>a goose</title></svg>")),
        (display("image/svg+xml", "<svg></svg>"), display("image/svg+xml", "<svg></svg>", alt="a goose")),
    ],
    ids=["png", "img", "svg in html", "svg"],
)
def test_a_picture_without_alt_text(
    ran: Book, output: Callable[[NotebookNode], None], fixed: Callable[[NotebookNode], None]
) -> None:
    change(ran, output)
    broken(ran, "pictures", "cell 11: the picture has no alt text", "viz.figure")
    change(ran, fixed)
    assert RULES["pictures"](ran, ran.sources()) == []


@pytest.mark.parametrize(
    "text",
    [
        "![](goose.svg)",
        "```{figure} goose.svg\n:name: goose\n```",
        ":::{image} goose.svg\n:::",
        '<img src="g.svg">',
    ],
)
def test_a_drawing_without_alt_text(ran: Book, toy: Path, edit: Edit, text: str) -> None:
    edit(toy, "It takes steps.", text)
    broken(ran, "pictures", "line 21: .* has no alt text", ":alt:")


@pytest.mark.parametrize(
    "html",
    ['<script src="https://cdn.example.com/d3.js"></script>', '<img alt="x" src="//example.com/x.png">'],
)
def test_an_output_that_loads_from_another_host(ran: Book, html: str) -> None:
    change(ran, display("text/html", html))
    broken(ran, "hosts", r"cell 11: the output names the host (cdn\.)?example\.com", "into the output")
    change(ran, display("text/html", '<svg xmlns="http://www.w3.org/2000/svg"><title>x // y</title></svg>'))
    assert RULES["hosts"](ran, ran.sources()) == []


def test_a_script_of_the_package_that_loads_from_another_host(ran: Book) -> None:
    (ran.root / "llmlite" / "play.js").write_text('import("https://cdn.example.com/x.js")')
    broken(ran, "hosts", r"llmlite/play.js: the file names the host cdn\.example\.com", "ship the file")


def test_an_import_from_a_lower_layer(ran: Book, edit: Edit) -> None:
    edit(
        ran.root / "llmlite" / "model" / "counter.py",
        "SIZE = 3",
        "from llmlite.training import loop\nSIZE = 3",
    )
    broken(
        ran,
        "layers",
        "llmlite/model/counter.py, line 5: model.counter imports training.loop",
        "move the shared part",
    )


def test_a_tool_that_imports_what_is_taught(ran: Book, edit: Edit) -> None:
    edit(
        ran.root / "llmlite" / "check.py",
        "import ast\n",
        "import ast\nfrom ..llmlite.model.counter import SIZE\n",
    )
    edit(ran.root / "llmlite" / "check.py", "from ..llmlite.model", "from .model")
    broken(ran, "layers", "check imports model.counter", ".")


def test_a_cycle(ran: Book, edit: Edit) -> None:
    edit(
        ran.root / "llmlite" / "model" / "counter.py",
        "SIZE = 3",
        "from llmlite.model.other import late\nSIZE = 3",
    )
    (ran.root / "llmlite" / "model" / "other.py").write_text("from .counter import SIZE\n\nlate = SIZE\n")
    broken(ran, "layers", r"the imports go round: model\.counter -> model\.other -> model\.counter", ".")


def test_a_folder_without_a_layer(ran: Book) -> None:
    (ran.root / "llmlite" / "magic.py").write_text("x = 1\n")
    broken(ran, "layers", "llmlite/magic.py: this folder stands in no layer", "LAYERS")


def test_long_functions_and_files(ran: Book) -> None:
    path = ran.root / "llmlite" / "model" / "long.py"
    path.write_text("def f():\n" + "    x = 1\n" * 50)
    broken(ran, "lengths", "long.py, line 1: f has 51 lines", "split it")
    path.write_text('def f():\n    """One.\n' + "    two\n" * 49 + '    """\n' + "    x = 1\n" * 48)
    assert RULES["lengths"](Book(ran.root), []) == [], "a docstring does not count"
    path.write_text("x = 1\n" * 301)
    broken(ran, "lengths", "long.py: the file has 301 lines", "split it")


def install(name: str) -> str:
    return " ".join(["pip", "install", "-q", name])  # in pieces, so that this file passes the rule


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (install("llm" + "lite"), "installs llmlite, an unrelated project"),
        ("/".join(["see ", "home", "ada", "book"]), "a path of one machine"),
        ("/".join(["", "Users", "ada", "x.py"]), "a path of one machine"),
        ("\\".join(["C:", "Users", "ada"]), "a path of one machine"),
    ],
)
def test_a_phrase_that_no_file_may_hold(ran: Book, text: str, what: str) -> None:
    path = ran.root / "README.md"
    path.write_text(f"# A book\n{text}\n")
    broken(ran, "phrases", f"README.md, line 2: .*{what}", ".")
    path.write_text(f"{install('.')}\n{install('git+https://example.org/someone/' + 'llm' + 'lite-book')}\n")
    assert RULES["phrases"](ran, []) == []


def test_the_address_in_a_second_place(ran: Book) -> None:
    (ran.root / "README.md").write_text("clone https://example.org/someone/book\n")
    broken(ran, "address", "README.md: it holds the repository's address", "_config.yml")
    (ran.root / "book" / "tools" / "homes.toml").write_text(
        '[address]\n"README.md" = "the command to clone"\n'
    )
    assert RULES["address"](ran, []) == []


def test_ids_have_no_collision_in_the_book() -> None:
    book = Book(ROOT)
    for source in book.sources():
        ids = cell_ids(chapter_cells(book, source))
        assert len(ids) == len(set(ids))
