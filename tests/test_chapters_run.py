"""`run`, `assign` and nbval on a small chapter, with real kernels."""

import base64
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from assigning import assign
from nbformat import NotebookNode
from pieces import Book
from rules import RULES
from runs import bare_png, run
from sources import SourceError

Edit = Callable[[Path, str, str], None]
ROOT = Path(__file__).resolve().parents[1]
# One white pixel, with a text chunk "Software: test" as matplotlib writes one.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAADHRFWHRTb2Z0d2FyZQB0ZXN0kQ4T1QAAAApJREFUeJxj+A8AAQEBABsJ"
    "X5wAAAAASUVORK5CYII="
)


def output(cell: NotebookNode) -> str:
    return "".join(part.get("text", "") for part in cell.outputs)


def code(path: Path) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def without_torch(toy: Path, edit: Edit) -> None:
    """Leave out the one cell that loads torch: a kernel then starts in half the time."""
    edit(toy, "# llmlite: training.loop.fit", "fit = print")
    edit(toy, ", fit.__name__", "")


def nbval(root: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run pytest --nbval as the project does, warnings being errors."""
    for name in ("conftest.py", "pyproject.toml"):
        (root / name).write_text((ROOT / name).read_text())
    (root / "tests").mkdir(exist_ok=True)
    (root / "book" / "tools" / "sanitize.cfg").write_text(
        (ROOT / "book" / "tools" / "sanitize.cfg").read_text()
    )
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run([*command, *map(str, arguments)], cwd=root, capture_output=True, text=True)


def test_run_stores_outputs_that_pass_every_rule_and_nbval(book: Book, toy: Path, edit: Edit) -> None:
    without_torch(toy, edit)
    homes = book.root / "book" / "tools" / "homes.toml"
    homes.write_text('[homes]\n"training.loop.fit" = "left out to be fast"\n')
    chapter, solved = run(book, toy), run(book, toy, solutions=True)
    cells = code(chapter)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all("execution" not in cell.metadata for cell in cells)
    assert any(output(cell) == "1 True\npi: 3.14 (band 3.00 to 4.00)\n" for cell in cells)
    assert output(cells[-1]) == "Exercise 1.1: waiting for your solution.\n"
    assert output(code(solved)[-1]) == "Exercise 1.1: solved.\n"
    problems = [str(problem) for rule in RULES.values() for problem in rule(book, book.sources())]
    assert problems == []
    before = chapter.read_text()
    assert run(book, toy).read_text() == before, "a second run changes nothing"
    result = nbval(book.root)
    assert result.returncode == 0, result.stdout
    assert f"{len(cells) + len(code(solved))} passed" in result.stdout


def test_run_skips_what_needs_the_network_unless_told(book: Book, toy: Path, edit: Edit) -> None:
    without_torch(toy, edit)
    edit(toy, "counter = Counter()", "print(6 * 7)\n```\n\n```{code-cell} python\ncounter = Counter()")
    edit(
        toy, "```{code-cell} python\nprint(6 * 7)", "```{code-cell} python\n:tags: [nbval-skip]\nprint(6 * 7)"
    )
    skipped = next(cell for cell in code(run(book, toy)) if "6 * 7" in cell.source)
    assert skipped.outputs == []
    assert any("--real" in p.remedy for p in RULES["executed"](book, [toy]))
    done = next(cell for cell in code(run(book, toy, real=True)) if "6 * 7" in cell.source)
    assert output(done) == "42\n" and len(done.metadata.llmlite.ran) == len("2026-01-31")
    assert RULES["executed"](book, [toy]) == []
    kept = next(cell for cell in code(run(book, toy)) if "6 * 7" in cell.source)
    assert kept == done


def test_run_keeps_the_old_picture_only_while_it_is_still_true(book: Book, toy: Path, edit: Edit) -> None:
    show = (
        "import base64\n\nfrom IPython.display import Image, display\n\n"
        f'shade = 1\npng = base64.b64decode("{base64.b64encode(PNG).decode()}")\ndisplay(Image(png))'
    )
    without_torch(toy, edit)
    edit(toy, "counter = Counter()", show + "\n```\n\n```{code-cell} python\ncounter = Counter()")
    path = run(book, toy)

    def picture() -> str:
        found = [
            o.data["image/png"]
            for cell in code(path)
            for o in cell.outputs
            if "image/png" in o.get("data", {})
        ]
        return found[0].strip()

    fresh = picture()
    assert b"tEXt" not in base64.b64decode(fresh)
    path.write_text(path.read_text().replace(fresh, "iVBORold"))
    run(book, toy)
    assert picture() == "iVBORold", "nothing changed, so the stored picture stays"
    edit(book.root / "llmlite" / "model" / "counter.py", "SIZE = 3", "SIZE = 4")
    run(Book(book.root), toy)
    assert picture() == fresh, "the package changed, so the picture is drawn anew"


def test_bare_png_removes_text_and_keeps_pixels() -> None:
    bare = bare_png(PNG)
    assert b"tEXt" in PNG and b"tEXt" not in bare and b"IDAT" in bare and b"IEND" in bare
    assert bare_png(bare) == bare


def test_an_assigned_copy_runs_to_its_end_and_takes_the_students_version_in(
    book: Book, toy: Path, edit: Edit
) -> None:
    folder = book.root / "student"
    (copy,) = assign(book, [toy], ["training.loop.fit"], folder)
    sources = [cell.source for cell in code(copy)]
    stub = next(source for source in sources if "def fit" in source)
    assert "Args:" in stub and stub.endswith("raise NotImplementedError  # your code here")
    assert sources[sources.index(stub) + 1].endswith('fit = yours("training.loop.fit", fit)')
    assert not any("doubled" in source for source in sources)

    body = "\n".join(f"    {line}" for line in FIT.splitlines())
    write_solution(copy, body)
    printed = execute(copy)
    assert "training.loop.fit: yours is right" in printed
    assert "with yours inside: ['training.loop.fit']" in printed

    write_solution(copy, body.replace("optimizer.zero_grad()", "pass"))
    printed = execute(copy)
    assert "training.loop.fit: not right yet." in printed and "with yours inside: []" in printed


FIT = """\
losses = []
model.train()
for step, (inputs, targets) in enumerate(batches):
    optimizer.zero_grad()
    value = loss(model(inputs), targets)
    value.backward()
    optimizer.step()
    losses.append(value.item())
    if on_step is not None:
        on_step(step, losses[-1])
return losses"""


def write_solution(path: Path, body: str) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.source.startswith("# llmlite: training.loop.fit"):
            cell.source = (
                cell.source.split("    losses")[0].replace(
                    "    raise NotImplementedError  # your code here", body
                )
                if "raise Not" in cell.source
                else cell.source.split('    """\n')[0] + '    """\n' + body
            )
    nbformat.write(notebook, path)


def execute(path: Path) -> str:
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}).execute()
    return "".join(output(cell) for cell in notebook.cells if cell.cell_type == "code")


def test_assign_refuses_a_symbol_that_nothing_checks(book: Book, toy: Path) -> None:
    with pytest.raises(SourceError, match=r"model.counter.Counter: no case.*\n +training.loop.fit"):
        assign(book, [toy], ["model.counter.Counter"], book.root / "student")
    assert not (book.root / "student").exists()


def test_assign_refuses_a_symbol_that_the_chapters_do_not_show(book: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "# llmlite: training.loop.fit", "from llmlite.training.loop import fit")
    with pytest.raises(SourceError, match=r"training\.loop\.fit: shown in none of the chapters 01"):
        assign(book, [toy], ["training.loop.fit"], book.root / "student")


SETUP = "import sys\nsys.path.insert(0, '..')\nfrom IPython.display import HTML\nfrom llmlite.check import *"
LOSS = "loss: 0.372 (band 0.350 to 0.400)\n"
TABLE = 'band_table("losses", [("train", VALUE, 0, 10), ("held out", 2.5, 2, 3)])'
TABLE_TEXT = "losses\n  train     1.0   (band 0.0 to 10.0)\n  held out  2.50  (band 2.00 to 3.00)\n"
FRAME = "┌ four stories\n│ x\n└\n"
HEAD = "<!--llmlite:trained head 2--><svg>\nold</svg><!--/llmlite:trained-->"
CELLS = [  # the code, what is stored as its output, and whether nbval is to pass
    (SETUP, "", True),
    ('band("loss", 0.372, 0.35, 0.4)', LOSS, True),
    ('band("loss", 0.391, 0.35, 0.4)', LOSS, True),  # moved within its band
    ('band("loss", 0.391, 0.35, 0.5)', LOSS, False),  # another band
    ('band("mean loss", 0.372, 0.35, 0.4)', LOSS, False),  # another name
    ('band("loss", 0.41, 0.35, 0.4)', LOSS, False),  # outside
    ('band("loss", float("nan"), 0.35, 0.4)', LOSS, False),
    ('band("loss", 0.372, 0.35, 0.4)', "", False),  # nothing stored
    (TABLE.replace("VALUE", "9.9"), TABLE_TEXT, True),
    (TABLE.replace("VALUE", "10"), TABLE_TEXT, True),  # wider, still the same table
    (TABLE.replace("VALUE", "11"), TABLE_TEXT, False),
    (TABLE.replace("VALUE", "1").replace("train", "test"), TABLE_TEXT, False),
    ('show_samples("four stories", ["a", "b\\nc"])', FRAME, True),
    ('show_samples("four stories", ["a"]); print("more")', FRAME, False),
    ('show_samples("three stories", ["a"])', FRAME, False),
    ('HTML(trained("head 2", "<svg>new</svg>"))', HEAD, True),
    ('HTML(trained("head 1", "<svg>new</svg>"))', HEAD, False),
    ('HTML(trained("head 2", "<svg>new</svg>") + "<p>")', HEAD, False),
    ("print(2 + 2)", "4\n", True),
    ("print(2 + 3)", "4\n", False),  # a deterministic output changed
    ("print(4)\nraise ValueError", "4\n", False),
]


def test_nbval_passes_within_bands_and_fails_on_everything_else(book: Book) -> None:
    cells = []
    for count, (source, text, _) in enumerate(CELLS, start=1):
        stored = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
        if source.startswith("HTML"):
            data = {"text/html": text, "text/plain": "<IPython.core.display.HTML object>"}
            stored = [nbformat.v4.new_output("execute_result", data=data, execution_count=count)]
        cells.append(nbformat.v4.new_code_cell(source, execution_count=count, outputs=stored))
    path = book.root / "chapters" / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    result = nbval(book.root, path, "-rA", "--tb=no")
    for number, (source, _, passes) in enumerate(CELLS):
        verdict = "PASSED" if passes else "FAILED"
        assert re.search(rf"^{verdict} \S*small.ipynb::Cell {number}\b", result.stdout, re.M), (
            source + result.stdout
        )
