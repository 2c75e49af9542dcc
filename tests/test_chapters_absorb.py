"""`absorb`: edits of a notebook reach its source, and what the machine makes is refused."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from absorbing import absorb
from nbformat import NotebookNode
from pieces import Book
from runs import build
from sources import SourceError

Edit = Callable[[Path, str, str], None]
Change = Callable[[NotebookNode], None]


def change(book: Book, toy: Path, edits: Change) -> None:
    path = build(book, toy)
    notebook = nbformat.read(path, as_version=4)
    edits(notebook)
    nbformat.write(notebook, path)


def find(notebook: NotebookNode, text: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if text in cell.source)


def replace(old: str, new: str) -> Change:
    def edits(notebook: NotebookNode) -> None:
        cell = find(notebook, old)
        cell.source = cell.source.replace(old, new)

    return edits


def test_build_absorb_build_is_the_identity(book: Book, toy: Path) -> None:
    path = build(book, toy)
    notebook, source = path.read_text(), toy.read_text()
    assert absorb(book, toy) is False
    assert (path.read_text(), toy.read_text()) == (notebook, source)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We count, and we fit.", "We count,\nthen we fit."),
        ('counter.add("goose")', 'counter.add("duck")\ncounter.add("goose")'),
        ("import math\n", "import math\nimport random\n"),
        ('"""Return 2x."""', '"""Return twice x."""'),
        ("twice minus one", "twice -1"),
        ("Return twice the number.", "Return the number, twice."),
    ],
)
def test_an_edit_changes_these_lines_of_the_source_and_no_other(
    book: Book, toy: Path, old: str, new: str
) -> None:
    before = toy.read_text()
    change(book, toy, replace(old, new))
    assert absorb(book, toy) is True
    assert toy.read_text() == before.replace(old, new)
    built = build(book, toy).read_text()
    assert absorb(book, toy) is False and build(book, toy).read_text() == built


def test_added_and_removed_cells_are_taken_over(book: Book, toy: Path) -> None:
    def edits(notebook: NotebookNode) -> None:
        place = notebook.cells.index(find(notebook, "## The loop"))
        notebook.cells.insert(place + 1, nbformat.v4.new_markdown_cell("A word more."))
        notebook.cells.insert(place + 2, nbformat.v4.new_code_cell("more = '''\n```\n'''"))
        notebook.cells.remove(find(notebook, 'counter.add("goose")'))

    change(book, toy, edits)
    sources = [cell.source for cell in nbformat.read(book.notebook(toy), as_version=4).cells]
    assert absorb(book, toy) is True
    assert "It takes steps.\n\n+++\n\nA word more.\n\n````{code-cell} python\nmore" in toy.read_text()
    assert [cell.source for cell in nbformat.read(build(book, toy), as_version=4).cells] == sources


def test_links_to_files_keep_their_short_form(book: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "It takes steps.", "It [takes](repository:llmlite/training/loop.py) steps.")
    before = toy.read_text()
    change(book, toy, replace("steps.", "small steps."))
    absorb(book, toy)
    assert toy.read_text() == before.replace("steps.", "small steps.")


def test_tags_are_taken_over(book: Book, toy: Path) -> None:
    def edits(notebook: NotebookNode) -> None:
        find(notebook, "goose").metadata["tags"] = ["hide-input"]

    change(book, toy, edits)
    absorb(book, toy)
    assert "```{code-cell} python\n:tags: [hide-input]\ncounter = Counter()" in toy.read_text()


def test_colabs_way_of_keeping_ids_is_understood(book: Book, toy: Path) -> None:
    def edits(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            cell.metadata["id"] = cell.pop("id")
        notebook.nbformat_minor = 0
        replace("goose", "swan")(notebook)

    path = build(book, toy)
    notebook = nbformat.read(path, as_version=4)
    edits(notebook)
    other = book.root / "downloaded.ipynb"
    nbformat.write(notebook, other)
    assert absorb(book, toy, other) is True
    assert 'counter.add("swan")' in toy.read_text()


def test_new_ids_are_matched_by_text(book: Book, toy: Path) -> None:
    def edits(notebook: NotebookNode) -> None:
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"other-{number}"
        replace("We count", "We add")(notebook)

    before = toy.read_text()
    change(book, toy, edits)
    absorb(book, toy)
    assert toy.read_text() == before.replace("We count", "We add")


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (
            replace("model.train()", "model.eval()"),
            r"training\.loop\.fit was edited(.|\n)*\n-    model\.train\(\)\n\+    model\.eval\(\)",
        ),
        (replace("subprocess.run(", "print("), "the setup cell was edited"),
        (replace("raise NotImplementedError  # your code here", "return x"), "an exercise was solved"),
        (lambda notebook: notebook.cells.remove(find(notebook, "def fit")), "moved or removed"),
        (lambda notebook: notebook.cells.remove(find(notebook, "def twice")), "moved or removed"),
    ],
    ids=["home cell", "setup", "solved", "home cell removed", "exercise removed"],
)  # fmt: skip
def test_what_cannot_be_taken_back_is_refused_and_nothing_is_written(
    book: Book, toy: Path, edits: Change, message: str
) -> None:
    before = toy.read_text()
    change(book, toy, edits)
    with pytest.raises(SourceError, match=message):
        absorb(book, toy)
    assert toy.read_text() == before


def test_edits_of_an_older_build_are_refused(book: Book, toy: Path, edit: Edit) -> None:
    change(book, toy, replace("goose", "swan"))
    edit(toy, "We count", "We add")
    with pytest.raises(SourceError, match="has changed since"):
        absorb(book, toy)
