"""Appendix A: its small autograd, its claims about the town, and its bands against broken training."""

import ast
import math
import random
from pathlib import Path
from typing import Any

import jupytext
import pytest
import torch

from llmlite.check import BandError
from llmlite.world import Town

SOURCE = Path(__file__).parents[1] / "chapters" / "src" / "a_tensors.md"
CELLS = [cell for cell in jupytext.read(SOURCE, fmt="md:myst").cells if cell.cell_type == "code"]


# Where the chapter's bands come from. Seven seeds of stories and weights gave, lowest to highest, in nats
# on held-out pairs: linear after 500 steps .411 .425, after 3,000 steps .362 .380, hidden layer .113 .145
# (floor .100 to .107), shuffled answers .770 .803 (knowing nothing .777 to .788); old slopes stay 15 to
# 164, softmax twice 1.33 to 1.69, steps 30 times as large 116 to 420, 300 pairs: training .0006 to .010,
# held out .512 to .815. Loss of the first batch 1.03 to 1.22, mean of the last 100 of 500 .408 to .427.
# Probabilities: Mina .995 to 1, Oskar .994 to 1, Robin .978 to .996, Poboni .21 to .71.


def execute(cells: list[str]) -> dict[str, Any]:
    """Run cells, without those that draw."""
    scope: dict[str, Any] = {}
    for cell in cells:
        if "viz.show" not in cell:
            exec(cell, scope)
    return scope


def cell_with(text: str) -> int:
    """Return the number of the one code cell that holds a text."""
    (found,) = [number for number, cell in enumerate(CELLS) if text in cell.source]
    return found


@pytest.fixture(scope="module")
def needed() -> dict[str, Any]:
    """Return what the cells tagged `needed` define: imports and the small autograd."""
    return execute([cell.source for cell in CELLS if "needed" in cell.metadata.get("tags", [])])


def grown(leaves: list[Any], draw: random.Random) -> Any:
    """Return a formula in which leaves and results are used again and again."""
    values = list(leaves)
    for _ in range(40):
        a, b = draw.choice(values), draw.choice(values)
        straight = [a + b, a - b, 0.5 * a, b + 2.0]
        bent = [a * b.tanh(), (a.tanh() + 3.0).log(), a.tanh().exp()]
        values.append(draw.choice(straight + bent))
    return sum(values)


@pytest.mark.parametrize("seed", range(1000, 1050))
def test_small_autograd_equals_torch(needed: dict[str, Any], seed: int) -> None:
    starts = [random.Random(seed + i).uniform(-2, 2) for i in range(5)]
    ours = [needed["NaiveValue"](start) for start in starts]
    theirs = [torch.tensor(start, dtype=torch.float64, requires_grad=True) for start in starts]
    result, expected = grown(ours, random.Random(seed)), grown(theirs, random.Random(seed))
    needed["naive_backward"](result)
    expected.backward()
    assert math.isclose(result.data, expected.item(), rel_tol=1e-12)
    for mine, its in zip(ours, theirs, strict=True):
        wanted = 0.0 if its.grad is None else its.grad.item()
        assert math.isclose(mine.grad, wanted, rel_tol=1e-9, abs_tol=1e-9)


def test_small_autograd_has_about_forty_lines() -> None:
    count = 0
    for cell in CELLS:
        if "needed" in cell.metadata.get("tags", []) and "aive" in cell.source:
            tree = ast.parse(cell.source)
            for node in ast.walk(tree):
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
                    node.body = node.body[1:]
            count += len([line for line in ast.unparse(tree).splitlines() if line.strip()])
    assert 35 <= count <= 46, f"the chapter says 40 lines; there are {count}"


def test_the_opening_line_is_a_story_of_the_town() -> None:
    opening = "Mina was a gardener from Lower Button."
    assert f"> *{opening} ___ had a cat called Pickle.*" in SOURCE.read_text(encoding="utf-8")
    town = Town()
    chances = town.next_word(opening)
    assert {"She", "He", "They"} & set(chances) == {"She"}
    assert town.next_word(f"{opening} She had a cat called")["Pickle"] == pytest.approx(1)


def test_a_strangers_pronoun_is_a_fair_coin() -> None:
    chances = Town().next_word("Poboni was a gardener from Lower Button.")
    assert chances["She"] == pytest.approx(chances["He"], abs=1e-12)
    assert "They" not in chances


class Frozen(torch.optim.SGD):
    """An optimizer that changes nothing."""

    def step(self, closure: Any = None) -> None:
        """Leave all weights as they are."""


def training_cells(last: str) -> list[str]:
    """Return the cells that make the data and train, up to the one that holds `last`."""
    start = cell_with("OPENING = re.compile")
    needed = [cell.source for cell in CELLS if "needed" in cell.metadata.get("tags", [])]
    before = [CELLS[cell_with(text)].source for text in ("import string", "LETTERS = string")]
    return [*needed, *before, *(cell.source for cell in CELLS[start : cell_with(last) + 1])]


def test_a_model_that_does_not_learn_leaves_its_band(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.optim, "SGD", Frozen)
    with pytest.raises(BandError, match="last 100 batches"):
        execute(training_cells("mean loss of the last 100 batches"))


def test_shuffled_training_leaves_the_band_of_the_hidden_layer() -> None:
    scope = execute(training_cells("control, control_losses = train_hidden"))
    bands = ast.parse(CELLS[cell_with('band("hidden layer, held-out nats"')].source).body[-1]
    low, high = (ast.literal_eval(argument) for argument in bands.value.args[2:])  # type: ignore[attr-defined]
    assert low <= scope["held_out_loss"](scope["hidden"]) <= high
    assert scope["held_out_loss"](scope["control"]) > 4 * high
    assert scope["held_out_loss"](scope["control"]) > 0.97 * scope["know_nothing"]
    assert scope["floor"] < scope["held_out_loss"](scope["hidden"])
