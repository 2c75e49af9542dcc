"""Every exercise: its check accepts the solution, rejects plausible wrong ones, and waits for the stub.

The wrong solutions of chapters/src/SLUG.md stand in tests/wrong/SLUG.py:

    WRONG = {
        "1.3": [
            '''
    def perplexity(nats, tokens):
        return math.exp(nats)  # forgets to divide
    ''',
            '''
    def perplexity(nats, tokens):
        return 2 ** (nats / tokens)  # the base of bits
    ''',
        ],
    }

Each text replaces the whole exercise cell, with the chapter's `needed` cells before it: at least two for each
exercise, each a mistake that a reader could make.
"""

import contextlib
import importlib.util
import io
import linecache
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from exercises import Exercise, exercises_of
from pieces import Book
from solutions import solution_cells

from llmlite.cases import same_dice
from llmlite.check import ExerciseError

ROOT = Path(__file__).resolve().parents[1]
BOOK = Book(ROOT)
SLUGS = [source.stem for source in BOOK.sources()]


def execute(code: str, namespace: dict[str, Any], name: str) -> str:
    """Execute a cell and return what it printed; its lines can be shown in messages."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, name, "exec"), namespace)
    return printed.getvalue()


@cache
def needed(slug: str) -> dict[str, Any]:
    """Return the names that the `needed` cells of a chapter bind."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(solution_cells(BOOK, BOOK.source(slug))):
        if cell.kind == "code" and "needed" in cell.tags:
            execute(cell.text, namespace, f"<{slug} needed {number}>")
    return namespace


@cache
def wrong(slug: str) -> dict[str, list[str]]:
    """Return the wrong solutions of a chapter."""
    path = ROOT / "tests" / "wrong" / f"{slug}.py"
    if not path.exists():
        return {}
    spec = importlib.util.spec_from_file_location(f"wrong_{slug}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.WRONG)


def attempt(slug: str, exercise: Exercise, code: str) -> str:
    """Run an exercise with some solution and return what its check printed."""
    namespace = dict(needed(slug))
    with same_dice():
        execute(code, namespace, f"<exercise {exercise.number}>")
        return execute(exercise.check, namespace, f"<check {exercise.number}>")


EXERCISES = [(slug, exercise) for slug in SLUGS for exercise in exercises_of(BOOK, BOOK.source(slug))]
WRONG = [(slug, ex, code) for slug, ex in EXERCISES for code in wrong(slug).get(ex.number, [])]


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES, ids=lambda value: getattr(value, "number", ""))
def test_the_solution_is_accepted_and_the_stub_waits(slug: str, exercise: Exercise) -> None:
    assert attempt(slug, exercise, exercise.solution) == f"Exercise {exercise.number}: solved.\n"
    assert (
        attempt(slug, exercise, exercise.stub) == f"Exercise {exercise.number}: waiting for your solution.\n"
    )


@pytest.mark.parametrize(
    ("slug", "exercise", "code"), WRONG, ids=[f"{ex.number}-{n}" for n, (_, ex, _) in enumerate(WRONG)]
)
def test_a_wrong_solution_is_rejected(slug: str, exercise: Exercise, code: str) -> None:
    assert code.strip() != exercise.solution.strip()
    with pytest.raises(ExerciseError) as error:
        attempt(slug, exercise, code)
    # A wrong solution that cannot even run (a missing name, a typing error) shows nothing about the check.
    assert not re.search(r"raised (NameError|SyntaxError|ImportError|ModuleNotFoundError)", str(error.value))


@pytest.mark.parametrize("slug", SLUGS)
def test_each_exercise_has_two_wrong_solutions(slug: str) -> None:
    numbers = [exercise.number for exercise in exercises_of(BOOK, BOOK.source(slug))]
    few = [number for number in numbers if len(set(wrong(slug).get(number, []))) < 2]
    assert not few, f"tests/wrong/{slug}.py: fewer than two wrong solutions of {', '.join(few)}"
    unknown = sorted(set(wrong(slug)) - set(numbers))
    assert not unknown, f"tests/wrong/{slug}.py: no exercise has the number {', '.join(unknown)}"


def test_the_machinery_tells_a_good_check_from_one_that_accepts_anything(book: Book, toy: Path) -> None:
    (exercise,) = exercises_of(book, toy)
    good, lazy = exercise.check, exercise.check.replace("== 4", "!= 5").replace("== -2", "!= 5")
    for check, rejects in ((good, True), (lazy, False)):
        for code in ("def twice(x):\n    return x", "def twice(x):\n    return x * x"):
            namespace: dict[str, Any] = {}
            execute("from llmlite.check import check_exercise\n" + code, namespace, "<toy>")
            with pytest.raises(ExerciseError) if rejects else contextlib.nullcontext():
                execute(check, namespace, "<toy check>")
