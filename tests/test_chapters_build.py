"""What `build` makes of a source."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from cells import badge, chapter_cells
from pieces import Book, split
from runs import build
from sources import Package, SourceError, needed_names, show, stub

Edit = Callable[[Path, str, str], None]


def texts(book: Book, source: Path, solutions: bool = False) -> list[str]:
    return [cell.source for cell in nbformat.read(build(book, source, solutions), as_version=4).cells]


def test_pieces_know_their_lines(toy: Path) -> None:
    text = toy.read_text()
    lines = text.splitlines()
    for piece in split(text):
        block = lines[piece.start : piece.end]
        if piece.kind == "markdown":
            assert "\n".join(block) == piece.text
        else:
            assert block[0].startswith("```{code-cell}") and block[-1] == "```"
            assert "\n".join(block).endswith(f"{piece.text}\n```")


def test_markdown_is_cut_at_headings_targets_and_exercises_but_not_in_code() -> None:
    text = "intro\n\n```sh\n# no heading\n```\n\n(target)=\n## One\n\ntext\n## Two\n\n:::{exercise} X\n:::\n"
    found = [piece.text for piece in split(text + "+++\nlast\n")]
    assert found[:2] == ["intro\n\n```sh\n# no heading\n```", "(target)=\n## One\n\ntext"]
    assert found[2:] == ["## Two", ":::{exercise} X\n:::", "last"]


def test_a_directive_is_never_cut() -> None:
    text = "a\n\n:::{exercise} X\n:label: ex\n\n(inner)=\n\n```sh\n:::\n```\n:::\n\nb\n"
    assert [piece.text[:3] for piece in split(text)] == ["a", ":::"]


def test_a_code_cell_that_would_not_run_is_named() -> None:
    with pytest.raises(SourceError, match="a code cell inside a directive"):
        split("````{note}\n```{code-cell} python\n1\n```\n````\n")


def test_unknown_tag_is_named() -> None:
    with pytest.raises(SourceError, match="unknown tag exercice"):
        split("```{code-cell} python\n:tags: [exercice]\n1\n```\n")


def test_home_cell_of_a_function_shows_the_package_with_short_docstring_and_its_imports(
    book: Book, toy: Path
) -> None:
    home = next(text for text in texts(book, toy) if text.startswith("# llmlite: training.loop.fit"))
    assert (
        '"""Take one optimizer step for each batch and return the loss of every step."""\n    losses' in home
    )
    assert (
        "from collections.abc import Callable, Iterable\n\nimport torch\nfrom torch import Tensor, nn" in home
    )
    assert "type: ignore" not in home
    assert home.endswith("return losses")


def test_home_cell_of_a_class_leaves_a_method_to_its_own_cell_and_makes_one_class(
    book: Book, toy: Path
) -> None:
    home = next(text for text in texts(book, toy) if "class Counter" in text)
    assert "SIZE = 3" in home and "from collections import Counter as Bag" in home
    assert "def add" in home and "def total" not in home and "further down: total" in home
    assert home.splitlines()[-1].startswith("from llmlite.model.counter import Counter  #")
    method = next(
        text for text in texts(book, toy) if text.startswith("# llmlite: model.counter.Counter.total")
    )
    assert "\ndef total(self) -> int:\n" in method and "from llmlite.model.counter import _largest" in method
    assert "Counter.total = total\ndel total" in method


def test_setup_and_badge_come_from_the_configuration(book: Book, toy: Path, edit: Edit) -> None:
    edit(book.root / "_config.yml", "someone/book", "other/name")
    found = texts(Book(book.root), toy)
    assert found[0].startswith(
        "(ch-toy)=\n# 1. A toy\n\n[▶ Open in Colab](https://colab.research.google.com/github/"
    )
    assert "other/name/blob/main/chapters/01_toy.ipynb" in found[0]
    assert "git+https://example.org/other/name@main" in found[1]


def test_setup_names_what_the_chapter_needs_beside_the_package(book: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "# llmlite: setup", "# llmlite: setup faiss-cpu bertviz")
    assert 'missing = {"faiss-cpu", "bertviz"}' in texts(book, toy)[1]


def test_solutions_stay_out_of_the_chapter_and_stand_in_their_notebook(book: Book, toy: Path) -> None:
    chapter, solved = texts(book, toy), texts(book, toy, solutions=True)
    assert not any("doubled" in text for text in chapter)
    assert (
        'def twice(x: float) -> float:\n    """Return 2x."""\n    raise NotImplementedError  # your code here'
        in chapter
    )
    assert (
        'def twice(x: float) -> float:\n    """Return 2x."""\n    doubled = 2 * x\n    return doubled'
        in solved
    )
    assert "../01_toy.ipynb" in solved[0]
    assert "## 1.1 Twice (*)\n\nReturn twice the number." in solved
    assert "Add the number to itself." in solved and "Add the number to itself." not in chapter
    assert not any("transplanted" in text or "Counter" in text for text in chapter[-1:] + solved)


def test_solutions_import_what_they_use_of_the_home_cells(book: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "doubled = 2 * x", "doubled = Bag(x=2).total() * SIZE * Counter().total()")
    assert sorted(texts(book, toy, solutions=True)[2].splitlines()) == [
        "from collections import Counter as Bag",
        "from llmlite.model.counter import Counter",
        "from llmlite.model.counter import SIZE",
    ]


def test_a_link_to_a_file_is_made_from_the_configuration(book: Book, toy: Path, edit: Edit) -> None:
    edit(toy, "It takes steps.", "It [takes](repository:llmlite/training/loop.py) steps.")
    found = next(text for text in texts(book, toy) if "## The loop" in text)
    assert "It [takes](https://example.org/someone/book/blob/main/llmlite/training/loop.py) steps." in found


def test_a_solution_at_the_left_margin_becomes_a_comment(book: Book, toy: Path, edit: Edit) -> None:
    edit(
        toy,
        "counter = Counter()",
        "answer = None\n# BEGIN SOLUTION\nanswer = 4\n# END SOLUTION\ncounter = Counter()",
    )
    assert any("answer = None\n# your code here\ncounter" in text for text in texts(book, toy))


def test_ids_are_stable_and_differ_for_equal_cells(book: Book, toy: Path, edit: Edit) -> None:
    edit(
        toy,
        "band(",
        'print("again")\n```\n\n```{code-cell} python\nprint("again")\n```\n\n```{code-cell} python\nband(',
    )
    path = build(book, toy)
    first = path.read_text()
    path.unlink()
    assert build(book, toy).read_text() == first
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    assert len(set(ids)) == len(ids)


def test_build_keeps_outputs_of_unchanged_cells_only(book: Book, toy: Path, edit: Edit) -> None:
    path = build(book, toy)
    notebook = nbformat.read(path, as_version=4)
    for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"output {count}")]
        cell.execution_count = count
    nbformat.write(notebook, path)
    edit(toy, 'counter.add("goose")', 'counter.add("duck")')
    edit(toy, "It takes steps.", "It takes small steps.")
    cells = [c for c in nbformat.read(build(book, toy), as_version=4).cells if c.cell_type == "code"]
    changed = [bool(cell.outputs) for cell in cells]
    assert changed == ["duck" not in cell.source for cell in cells] and changed.count(False) == 1
    assert cells[2].outputs[0].text == "output 3"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("# llmlite: training.loop.fitt", "line 25: the package has no symbol training.loop.fitt"),
        ("# llmlite: training.loop.fit\nprint(1)", "a home cell holds nothing but lines"),
        ("# llmlite: model.counter.Counter.totals", "no symbol model.counter.Counter.totals"),
    ],
)
def test_a_mistake_in_a_home_cell_is_named_with_its_line(
    book: Book, toy: Path, edit: Edit, cell: str, message: str
) -> None:
    edit(toy, "# llmlite: training.loop.fit", cell)
    with pytest.raises(SourceError, match=message):
        chapter_cells(book, toy)


def test_a_name_that_a_folder_re_exports_is_followed_to_its_file(book: Book) -> None:
    (book.root / "llmlite" / "model" / "__init__.py").write_text(
        "from llmlite.model.counter import Counter\n"
    )
    assert Package(book.root).find("model.Counter.add").name == "model.counter.Counter.add"


def test_stub_keeps_signature_and_docstring(book: Book) -> None:
    text = stub(book.package.find("model.counter.Counter"))
    assert text.count("raise NotImplementedError  # your code here") == 3
    assert "        Args:\n            word: any text." in text and "self.bag" not in text
    assert 'Count words.\n\n    More about it.\n    """' in text


def test_shown_code_is_the_package_code(book: Book) -> None:
    namespace: dict[str, object] = {}
    exec("from collections import Counter as Bag\n_largest = lambda bag: max(bag.values())", namespace)
    exec(show(book.package.find("model.counter.Counter")), namespace)
    counter = namespace["Counter"]()  # type: ignore[operator]
    counter.add("goose")
    assert counter.total() == 1 and type(counter).__doc__ == "Count words."


def test_needed_names_are_the_free_ones() -> None:
    code = "def f(x: Tensor, y=G) -> int:\n    z = [a for a in x]\n    return len(z) + h(y)\nw = f\n"
    assert needed_names(code) == {"Tensor", "G", "h"}


def test_a_chapter_is_found_by_number_name_or_path(book: Book, toy: Path) -> None:
    assert book.source("01") == book.source("01_toy") == book.source("chapters/01_toy.ipynb") == toy
    with pytest.raises(SourceError, match="no chapter is called 02; there are 01_toy"):
        book.source("02")


def test_badge_is_a_link_without_a_picture_from_elsewhere(book: Book, toy: Path) -> None:
    assert "![" not in badge(book, toy)
