"""Blanked symbols of an assigned chapter: is the student's version right, and what runs with it inside?

`book/tools/chapters.py assign` blanks symbols of the package. Each needs a case: `llmlite/cases/FOLDER.py`
holds a function named like the symbol, `training.loop.fit` -> `cases/training.py: loop_fit`, which takes the
candidate and asserts, against hand-computed values and against the package's version on random inputs. Where
a folder has many, the cases of one of its files stand in `llmlite/cases/FOLDER_FILE.py`, named alike.
"""

import importlib
import inspect
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Case = Callable[[Any], None]

_passed: dict[str, Any] = {}  # symbol -> the student's version, for `transplanted`


def find_case(symbol: str) -> Case | None:
    """Return the case of a symbol, "training.loop.fit", or None if it has none."""
    folder, _, name = symbol.partition(".")
    for holder in (f"{folder}_{name.partition('.')[0]}", folder):
        try:
            module = importlib.import_module(f"{__name__}.{holder}")
        except ModuleNotFoundError:
            continue
        case = getattr(module, name.replace(".", "_"), None)
        if inspect.isfunction(case) and case.__module__ == module.__name__:
            return case
    return None


def refuses(function: Callable[..., Any], *arguments: object) -> None:
    """Assert that a call raises ValueError."""
    try:
        function(*arguments)
    except ValueError:
        return
    raise AssertionError(f"no ValueError for {', '.join(map(repr, arguments))}: see the docstring")


def resolve(symbol: str) -> tuple[Any, str]:
    """Return the module or class that holds a symbol, and the symbol's name in it.

    Raises:
        LookupError: if the package has no such symbol.
    """
    parts = symbol.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(["llmlite", *parts[:cut]]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:-1]:
            owner = getattr(owner, part, None)
        if hasattr(owner, parts[-1]):
            return owner, parts[-1]
    raise LookupError(f"llmlite has no {symbol}")


def accept(symbol: str, candidate: Any) -> None:
    """Remember a version that passed its case, for `transplanted`."""
    _passed[symbol] = candidate


def reject(symbol: str) -> None:
    """Forget an earlier version that had passed."""
    _passed.pop(symbol, None)


@contextmanager
def transplanted() -> Iterator[list[str]]:
    """Run the block with every accepted version in the place of the package's own.

    A name is replaced wherever a module of the package has imported it, and restored afterwards.

    Yields:
        The symbols that were replaced.
    """
    undo: list[tuple[Any, str, Any]] = []
    try:
        for symbol, candidate in _passed.items():
            owner, name = resolve(symbol)
            original = inspect.getattr_static(owner, name)
            for holder in (owner, *_modules()):
                for key in [key for key, value in vars(holder).items() if value is original]:
                    undo.append((holder, key, original))
                    setattr(holder, key, candidate)
        yield list(_passed)
    finally:
        for holder, key, original in undo:
            setattr(holder, key, original)


@contextmanager
def same_dice() -> Iterator[None]:
    """Leave the global random states as they were: a check must not change what later cells draw."""
    python = random.getstate()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    arrays = numpy.random.get_state() if numpy else None
    tensors = torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(python)
        if numpy:
            numpy.random.set_state(arrays)
        if torch:
            torch.set_rng_state(tensors)


def _modules() -> list[Any]:
    return [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "llmlite"]
