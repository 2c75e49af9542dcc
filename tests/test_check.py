"""What chapters print: bands, samples, exercises; and the cases of blanked symbols."""

import math
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from llmlite import check
from llmlite.cases import training as training_cases
from llmlite.check import (
    BandError,
    ExerciseError,
    band,
    band_table,
    check_exercise,
    show_samples,
    trained,
    transplanted,
    yours,
)
from llmlite.training import loop

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("value", "low", "high", "line"),
    [
        (0.3719, 0.35, 0.4, "x: 0.372 (band 0.350 to 0.400)"),
        (0.35, 0.35, 0.4, "x: 0.350 (band 0.350 to 0.400)"),
        (1234.5, 1200, 1300, "x: 1234 (band 1200 to 1300)"),
        (-31.04, -32, -30, "x: -31.0 (band -32.0 to -30.0)"),
        (0, 0, 0, "x: 0.000 (band 0.000 to 0.000)"),
        (torch.tensor(0.9961), 0.99, 1.0, "x: 1.00 (band 0.99 to 1.00)"),
    ],
)
def test_band_prints_value_and_bounds_with_the_same_decimals(
    capsys: Capture, value: float, low: float, high: float, line: str
) -> None:
    band("x", value, low, high)
    assert capsys.readouterr().out == line + "\n"


@pytest.mark.parametrize("value", [0.3499, 0.4001, math.nan, math.inf, -math.inf])
def test_band_raises_outside_and_prints_nothing(capsys: Capture, value: float) -> None:
    with pytest.raises(BandError, match=r"loss: \S+ is outside its band, 0\.35 to 0\.4"):
        band("loss", value, 0.35, 0.4)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [(2, 1, r"low = 2\.0 is above high = 1\.0"), (0, math.inf, "finite"), (math.nan, 1, "finite")],
)
def test_band_refuses_bounds_that_are_none(low: float, high: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        band("x", 1.5, low, high)


@pytest.mark.parametrize("name", ["", " ", "two\nlines"])
def test_a_name_is_one_line(name: str) -> None:
    for call in (lambda: band(name, 1, 0, 2), lambda: show_samples(name, ["x"]), lambda: trained(name, "x")):
        with pytest.raises(ValueError, match="one line of text"):
            call()


def test_band_table_is_aligned_and_its_width_does_not_depend_on_the_values(capsys: Capture) -> None:
    band_table("losses", [("train", 9.9, 0, 10), ("held out", 2.5, 2, 3)])
    small = capsys.readouterr().out
    band_table("losses", [("train", 10, 0, 10), ("held out", 2.5, 2, 3)])
    wide = capsys.readouterr().out
    assert wide == "losses\n  train     10.0  (band 0.0 to 10.0)\n  held out  2.50  (band 2.00 to 3.00)\n"
    assert small == wide.replace(" 10.0  ", "  9.9  ")


def test_band_table_prints_all_rows_and_then_names_those_outside(capsys: Capture) -> None:
    with pytest.raises(BandError, match=r"^a: 5 is outside its band, 0 to 1\nc: nan is outside"):
        band_table("t", [("a", 5, 0, 1), ("b", 1, 0, 1), ("c", math.nan, 0, 1)])
    assert len(capsys.readouterr().out.splitlines()) == 4
    with pytest.raises(ValueError, match="no rows"):
        band_table("t", [])


def test_samples_stand_in_a_frame_that_they_cannot_close(capsys: Capture) -> None:
    show_samples("two", ["└\n\nx " + "word " * 30, ""])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "┌ two" and lines[-1] == "└" and lines.count("└") == 1
    assert all(line.startswith("│") and len(line) <= 102 for line in lines[1:-1])
    assert "│ (nothing)" in lines
    with pytest.raises(ValueError, match="no samples"):
        show_samples("none", [])


def test_a_name_in_a_comment_cannot_close_it() -> None:
    with pytest.raises(ValueError, match="neither -- nor >"):
        trained("a --> b", "x")


def twice(x: float) -> float:
    return 2 * x


def test_a_right_solution_is_solved(capsys: Capture) -> None:
    @check_exercise("1.1", twice)
    def checks(twice):  # type: ignore[no-untyped-def]
        assert twice(2) == 4

    assert capsys.readouterr().out == "Exercise 1.1: solved.\n"
    checks(twice)


def test_a_stub_and_an_empty_answer_are_waiting(capsys: Capture) -> None:
    def stub(x: float) -> float:
        raise NotImplementedError

    for answers in ((stub,), (None,), (stub, None)):

        @check_exercise("1.1", *answers)
        def _(*answers):  # type: ignore[no-untyped-def]
            assert answers[0](2) == 4

        assert capsys.readouterr().out == "Exercise 1.1: waiting for your solution.\n"


def test_a_wrong_solution_is_told_what_is_wrong_with_its_values() -> None:
    with pytest.raises(ExerciseError) as error:

        @check_exercise("1.1", lambda x: x)
        def _(twice):  # type: ignore[no-untyped-def]
            wanted = 5.0
            assert twice(2) == wanted, "twice the number"

    lines = str(error.value).splitlines()  # pytest adds lines of its own to the second
    assert lines[0] == "Exercise 1.1: twice the number" and lines[-2:] == ["  twice(2) = 2", "  wanted = 5.0"]
    assert error.value._render_traceback_() == [str(error.value)], "a notebook shows this and no traceback"
    assert error.value.__suppress_context__


def test_an_exception_in_a_solution_is_told_with_its_line() -> None:
    def broken(x: float) -> float:
        return x / 0

    with pytest.raises(
        ExerciseError, match=r"raised ZeroDivisionError: .*\n  at line \d+ of broken: return x / 0"
    ):

        @check_exercise("1.1", broken)
        def _(broken):  # type: ignore[no-untyped-def]
            broken(2)


def test_torchs_own_not_implemented_error_is_no_stub() -> None:
    with pytest.raises(ExerciseError, match="NotImplementedError: Module"):

        @check_exercise("1.1", torch.nn.Module())
        def _(module):  # type: ignore[no-untyped-def]
            module(torch.ones(1))


def test_checks_leave_all_dice_as_they_were() -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    def seed() -> None:
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)

    seed()
    expected = draw()
    seed()

    @check_exercise("1.1", twice)
    def _(twice):  # type: ignore[no-untyped-def]
        draw()

    yours("training.loop.fit", loop.fit)
    assert draw() == expected


def test_yours_takes_over_what_passes_and_nothing_else(capsys: Capture) -> None:
    def stub(*arguments: object) -> list[float]:
        raise NotImplementedError

    def mine(*arguments: object) -> list[float]:
        return loop.fit(*arguments)  # type: ignore[arg-type]

    assert yours("training.loop.fit", mine) is mine
    assert "yours is right" in capsys.readouterr().out
    with transplanted() as inside:
        assert inside == ["training.loop.fit"] and loop.fit is mine
        assert training_cases.reference is mine, "wherever the package imported it"
    assert loop.fit is not mine and training_cases.reference is loop.fit

    assert yours("training.loop.fit", stub) is loop.fit
    assert "waiting for yours" in capsys.readouterr().out
    with transplanted() as inside:
        assert inside == [] and loop.fit is not mine


def test_what_was_transplanted_is_put_back_after_an_error() -> None:
    original = loop.fit
    yours("training.loop.fit", lambda *arguments: original(*arguments))
    with pytest.raises(KeyError), transplanted():
        assert loop.fit is not original
        raise KeyError
    assert loop.fit is original
    yours("training.loop.fit", None)


def test_yours_names_symbols_that_it_cannot_judge() -> None:
    with pytest.raises(LookupError, match=r"llmlite has no training\.loop\.fitt"):
        yours("training.loop.fitt", twice)
    with pytest.raises(LookupError, match=r"check\.band has no case"):
        yours("check.band", twice)


def test_check_loads_without_torch() -> None:
    code = "import sys, llmlite.check; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=check.__file__.rsplit("/", 2)[0]).returncode == 0
