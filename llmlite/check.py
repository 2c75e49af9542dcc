"""What a chapter prints about its own claims: numbers in bands, samples, exercises.

Everything here prints in a form that `book/tools/sanitize.cfg` knows. Before stored and new outputs of a
notebook are compared, the part that may differ between machines (the value, the samples) is removed from
both; the name, the bounds and the number of rows stay. A value outside its band raises, so the comparison
needs no tolerance.
"""

import ast
import linecache
import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Any, TypeVar

from llmlite import cases
from llmlite.cases import same_dice, transplanted

__all__ = [
    "BandError",
    "ExerciseError",
    "band",
    "band_table",
    "check_exercise",
    "show_samples",
    "trained",
    "transplanted",
    "yours",
]

Check = TypeVar("Check", bound=Callable[..., None])


class BandError(Exception):
    """Report a number that left its band."""


class ExerciseError(Exception):
    """Report what is wrong with a solution, without a traceback through the book's machinery."""

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in place of a traceback."""
        return [str(self)]


def band(name: str, value: float, low: float, high: float, digits: int = 3) -> None:
    """Print a number with the band it must lie in, and raise where it does not.

    Args:
        name: what the number is, with its unit ("held-out loss, nats per word").
        value: a finite number, or a tensor that holds one.
        low, high: the smallest and the largest value that pass.
        digits: significant digits of the larger bound; all three numbers share its decimals.

    Raises:
        BandError: if `value` is NaN, infinite, or outside the band.
        ValueError: if the bounds are not finite or in the wrong order, or the name has several lines.
    """
    _check_name(name)
    shown, lower, upper = _inside(name, value, low, high, digits)
    print(f"{name}: {shown} (band {lower} to {upper})")


def band_table(title: str, rows: Iterable[tuple[str, float, float, float]], digits: int = 3) -> None:
    """Print a table of numbers with their bands, then raise if any of them left its band.

    Args:
        title: one line above the table.
        rows: (name, value, low, high), as in `band`.
        digits: as in `band`, for each row.

    Raises:
        BandError: after the table is printed; it names every row outside its band.
        ValueError: as in `band`, or if there are no rows.
    """
    listed = list(rows)
    if not listed:
        raise ValueError(f"the table {title!r} has no rows")
    for name in (title, *(row[0] for row in listed)):
        _check_name(name)
    cells, errors = [], []
    for name, value, low, high in listed:
        try:
            cells.append((name, *_inside(name, value, low, high, digits)))
        except BandError as error:
            errors.append(str(error))
            cells.append((name, *_format(value, low, high, digits)))
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    # A value inside its band is never longer than both of its bounds, so the width does not depend on it.
    number = max(widths[2:])
    print(title)
    for name, shown, lower, upper in cells:
        print(f"  {name:<{widths[0]}}  {shown:>{number}}  (band {lower} to {upper})")
    if errors:
        raise BandError("\n".join(errors))


def _check_name(name: str) -> None:
    if not name.strip() or "\n" in name:
        raise ValueError(f"a name is one line of text, not {name!r}")


def _inside(name: str, value: float, low: float, high: float, digits: int) -> tuple[str, str, str]:
    value, low, high = float(value), float(low), float(high)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{name}: the bounds of a band are finite, not low = {low} and high = {high}")
    if low > high:
        raise ValueError(f"{name}: the band is empty, low = {low} is above high = {high}")
    if not low <= value <= high:  # NaN compares false, so it is caught here too
        raise BandError(f"{name}: {value:.6g} is outside its band, {low:.6g} to {high:.6g}")
    return _format(value, low, high, digits)


def _format(value: float, low: float, high: float, digits: int) -> tuple[str, str, str]:
    scale = max(abs(low), abs(high))
    decimals = max(0, digits - 1 - math.floor(math.log10(scale))) if scale else digits
    shown, lower, upper = (f"{float(x):.{decimals}f}" for x in (value, low, high))
    return shown, lower, upper


def show_samples(title: str, samples: Sequence[str], width: int = 100) -> None:
    """Print what a trained model wrote, in a frame; the frame and its title are what tests compare.

    Args:
        title: one line above the samples.
        samples: the texts; long lines are wrapped.
        width: columns of a line.

    Raises:
        ValueError: if there is no sample, or the title has several lines.
    """
    _check_name(title)
    if not samples:
        raise ValueError(f"there are no samples to show under {title!r}")
    print(f"┌ {title}")
    for number, sample in enumerate(samples):
        if number:
            print("│")
        for line in sample.strip().splitlines() or ["(nothing)"]:
            # The bar on each line keeps a sample from looking like the end of its frame.
            print("\n".join(f"│ {part}".rstrip() for part in textwrap.wrap(line, width) or [""]))
    print("└")


def trained(name: str, html: str) -> str:
    """Return HTML or SVG between marks that say: this depends on trained weights, compare its name only.

    Args:
        name: what it shows; tests compare it.
        html: the part of an output that may differ between machines.

    Raises:
        ValueError: if `name` cannot stand in a comment.
    """
    _check_name(name)
    if "--" in name or ">" in name:
        raise ValueError(f"a name in an HTML comment holds neither -- nor >: {name!r}")
    return f"<!--llmlite:trained {name}-->{html}<!--/llmlite:trained-->"


def check_exercise(number: str, *answers: object) -> Callable[[Check], Check]:
    """Run the decorated checks on the reader's answers and print how far they are.

        @check_exercise("1.3", perplexity)
        def _(perplexity):
            assert perplexity(0.0, 7) == 1, "a sure prediction has perplexity 1"

    Args:
        number: chapter and exercise, "1.3".
        answers: what the reader writes, mostly one function; `None` and a function that raises a bare
            `NotImplementedError` count as not yet written.

    Returns:
        A decorator. It calls the checks with the answers, once, and returns them unchanged.

    Raises:
        ExerciseError: when the checks run and one fails, or the reader's code raises.
    """

    def decorate(check: Check) -> Check:
        if any(answer is None for answer in answers):
            print(f"Exercise {number}: waiting for your solution.")
            return check
        try:
            with same_dice():
                check(*answers)
        except Exception as error:
            if not is_waiting(error):
                raise ExerciseError(f"Exercise {number}: {explain(error)}") from None
            print(f"Exercise {number}: waiting for your solution.")
        else:
            print(f"Exercise {number}: solved.")
        return check

    return decorate


def yours(symbol: str, candidate: Any) -> Any:
    """Return the reader's version of a blanked symbol once it passes its case, the package's until then.

    Args:
        symbol: its place in the package, "training.loop.fit".
        candidate: what the reader wrote.

    Raises:
        LookupError: if the package has no such symbol, or the symbol has no case.
    """
    owner, name = cases.resolve(symbol)
    case = cases.find_case(symbol)
    if case is None:
        raise LookupError(f"{symbol} has no case in llmlite/cases/, so no version of it can be checked")
    cases.reject(symbol)
    try:
        with same_dice():
            case(candidate)
    except Exception as error:
        verdict = "waiting for yours." if is_waiting(error) else f"not right yet. {explain(error)}"
        print(f"{symbol}: {verdict}\nUntil it is right, the cells below use the package's.")
        return getattr(owner, name)
    print(f"{symbol}: yours is right; the cells below use it.")
    cases.accept(symbol, candidate)
    return candidate


def is_waiting(error: Exception) -> bool:
    """Tell whether an error comes from a stub: torch's own NotImplementedErrors carry a message."""
    return isinstance(error, NotImplementedError) and not error.args


def explain(error: Exception) -> str:
    """Say in one paragraph what failed, with the values that an assertion compared."""
    trace = error.__traceback__
    if trace is None:
        return f"{type(error).__name__}: {error}"
    while trace.tb_next is not None:
        trace = trace.tb_next
    frame, line = trace.tb_frame, trace.tb_lineno
    if isinstance(error, AssertionError):
        return "\n".join([str(error) or "an assertion failed", *_compared(frame, line)])
    code = linecache.getline(frame.f_code.co_filename, line).strip()
    place = f"\n  at line {line} of {frame.f_code.co_name}: {code}" if code else ""
    return f"your code raised {type(error).__name__}: {error}{place}"


def _compared(frame: FrameType, line: int) -> list[str]:
    """Return one line for each side of the assertion at `line`, evaluated again."""
    source = "".join(linecache.getlines(frame.f_code.co_filename))
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with IPython magic
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno):
            sides = [node.test]
            if isinstance(node.test, ast.Compare):
                sides = [node.test.left, *node.test.comparators]
            elif isinstance(node.test, ast.Call):
                sides = list(node.test.args)
            values = [(ast.unparse(side), _value(side, frame)) for side in sides]
            found += [f"  {side} = {value}" for side, value in values if side != value]
    return found


def _value(node: ast.expr, frame: FrameType) -> str:
    try:
        code = compile(ast.Expression(node), "<assertion>", "eval")
        # One dictionary for both scopes: a comprehension inside the expression sees the locals too.
        value: Any = eval(code, {**frame.f_globals, **frame.f_locals})
        return textwrap.shorten(repr(value), 300)
    except Exception as error:
        return f"(raises {type(error).__name__})"
