"""Make, run, check and take back the chapters of the book.

    python book/tools/chapters.py build  [CHAPTER...]             sources -> notebooks; outputs are kept
    python book/tools/chapters.py run    [CHAPTER...] [--real]    build, execute, store outputs
    python book/tools/chapters.py check  [CHAPTER...]             every rule of the book
    python book/tools/chapters.py absorb CHAPTER [--from FILE]    an edited notebook -> its source
    python book/tools/chapters.py assign CHAPTER... --blank NAME...   a student's copy

A CHAPTER is "01", "01_language_models", or the path of one of its files; without one, all are meant.

What an author writes
---------------------
chapters/src/NN_slug.md, MyST Markdown. Nothing else in chapters/ is edited: `build` makes it. Prose is
cut into cells before each heading, target and exercise, and at `+++`. The line below the title, a link to
Colab, is made. A code cell is a fence "{code-cell} python"; `:tags: [needed, hide-input]` is its option.
A link to a file of the repository is written `[the stories](repository:llmlite/world/stories.py)`.

First code cell
    `# llmlite: setup`, followed by packages that the chapter needs beside the package's own:
    `# llmlite: setup bertviz faiss-cpu`.

Home cell
    One or more lines `# llmlite: FOLDER.FILE.NAME`, nothing else. The build inserts the code of the
    function, class, method or constant, docstrings cut to their first line, and the imports it needs that
    no cell above has made. `... Town without map, judge` leaves methods to home cells of their own,
    `# llmlite: world.town.Town.map`. A class is imported from the package at the end of its cell, so that
    there is one class; a method is put into its class; a function stays the cell's own, so that readers
    can change it and see the effect. After its home a name is not imported again in the same chapter.

Exercise
    A directive `:::{exercise} Title (*)` with `:label: ex-1-3`; then a cell tagged `exercise`, in which
    the solution stands between `# BEGIN SOLUTION` and `# END SOLUTION`; then a cell tagged
    `check, hide-input` that begins with `@check_exercise("1.3", function)`. In a function the solution
    becomes `raise NotImplementedError  # your code here`. At the left margin it becomes
    `# your code here`: write `answer = None` above it and check `answer`. tests/wrong/NN_slug.py holds
    two plausible wrong solutions of each (format: tests/test_exercises.py).

Tags
    needed            the solutions notebook needs this cell; it imports from home cells by itself
    solution          only in the solutions notebook; for prose: +++ {"tags": ["solution"]}
    finale            only in assigned copies; use `with transplanted():` of llmlite.check
    nbval-skip        needs the network or large files: only `run --real` executes it
    real-data         may import what the setup cell does not install
    raises-exception  its error is meant
    large-output      more than 60 kB or 30 lines of output are meant

A number that may differ between machines is printed with `band` or `band_table`, what a trained model
writes with `show_samples`, HTML or SVG that depends on weights with `trained`: tests compare all but the
changing part.

`build` keeps outputs of unchanged cells; `check` (and the tests) say when they are stale. Public names of
the package without a home cell stand in book/tools/homes.toml, with a reason.

Instructors: `assign 01 --blank training.loop.fit` writes student/01_language_models.ipynb. The named
symbols and all solutions are left to the student; the package's version stands in until the student's
passes its case in llmlite/cases/, so the notebook always runs to its end.
"""

import argparse
import sys
from pathlib import Path

from absorbing import absorb
from assigning import assign
from nbclient.exceptions import CellExecutionError
from pieces import Book
from rules import RULES
from runs import build, run
from sources import SourceError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    book = Book(root)
    try:
        sources = [book.source(name) for name in options.chapters] or book.sources()
        return int(options.command(book, sources, options))
    except (SourceError, CellExecutionError) as error:
        print(error, file=sys.stderr)
        return 1


def _build(book: Book, sources: list[Path], options: argparse.Namespace) -> int:
    for source in sources:
        for solutions in (False, True):
            print(build(book, source, solutions).relative_to(book.root))
    return 0


def _run(book: Book, sources: list[Path], options: argparse.Namespace) -> int:
    for source in sources:
        for solutions in (False, True):
            print(run(book, source, solutions, real=options.real).relative_to(book.root), flush=True)
    return 0


def _check(book: Book, sources: list[Path], options: argparse.Namespace) -> int:
    problems = [problem for rule in RULES.values() for problem in rule(book, sources)]
    for problem in problems:
        print(problem)
    print(f"{len(RULES)} rules, {len(sources)} chapters, {len(problems)} problems")
    return 1 if problems else 0


def _absorb(book: Book, sources: list[Path], options: argparse.Namespace) -> int:
    if len(options.chapters) != 1:
        raise SourceError("absorb takes one chapter at a time")
    changed = absorb(book, sources[0], options.notebook)
    print(f"{sources[0].relative_to(book.root)} {'has the edits now' if changed else 'had no edits to take'}")
    return 0


def _assign(book: Book, sources: list[Path], options: argparse.Namespace) -> int:
    for path in assign(book, sources, options.blank, options.to or book.root / "student"):
        print(path)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chapters.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, command, text in (
        ("build", _build, "write notebooks from their sources"),
        ("run", _run, "build, execute, and store outputs"),
        ("check", _check, "look for whatever breaks a rule of the book"),
        ("absorb", _absorb, "take an edited notebook back into its source"),
        ("assign", _assign, "write a student's copy"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("chapters", nargs="*", metavar="CHAPTER")
        verb.set_defaults(command=command)
        if name == "absorb":
            verb.add_argument(
                "--from", dest="notebook", type=Path, help="the edited file, if it lies elsewhere"
            )
        if name == "assign":
            verb.add_argument(
                "--blank", nargs="+", default=[], metavar="NAME", help="symbols, training.loop.fit"
            )
            verb.add_argument("--to", type=Path, help="folder of the copies (default: student)")
        if name == "run":
            verb.add_argument(
                "--real", action="store_true", help="also cells that need the network or large files"
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
