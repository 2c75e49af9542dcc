"""Tiny Shakespeare, where it lies in the folder LLMLITE_DATA: what chapter 1 stores of it comes out again."""

import json
import math
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from chapter_code import cells, execute, needed, tagged

from llmlite import storage
from llmlite.evaluation.metrics import bits
from llmlite.model.ngrams import NGram
from llmlite.text.corpus import shakespeare, unwords, words

CHAPTER = "01_language_models"
NOTEBOOK = Path(__file__).resolve().parents[2] / "chapters" / f"{CHAPTER}.ipynb"
NAME, _, CHECKSUM = storage.SHAKESPEARE


def found():
    """Tell whether the file is there, without asking the network."""
    folders = [folder for folder in (os.environ.get("LLMLITE_DATA"), storage.home()) if folder]
    return any((Path(folder) / NAME).is_file() for folder in folders)


pytestmark = pytest.mark.skipif(
    not found(), reason=f"{NAME} is not there: put it into a folder and name that folder in LLMLITE_DATA"
)


@pytest.fixture(scope="module")
def plays():
    return shakespeare()


def test_it_is_the_file_that_everybody_uses(plays):
    assert storage.sha256(storage.fetch(*storage.SHAKESPEARE)) == CHECKSUM
    assert len(plays) == 1_115_394
    assert len(set(plays)) == 65
    assert plays.startswith("First Citizen:\nBefore we proceed any further, hear me speak.\n")
    assert plays.count("\n") == 40_000


def test_words_lose_nothing_but_spaces(plays):
    assert "".join(words(plays)) == re.sub(r"[^\S\n]", "", plays)
    line = "Before we proceed any further, hear me speak."
    assert unwords(words(line)) == line


def per_character(model, texts):
    return bits(-sum(map(model.log_prob, texts)) / sum(map(len, texts)))


def test_characters_of_a_part(plays):
    # Training on 400,000 characters, the next 20,000 held out: seven cuts, every 100,000 characters, gave
    # 2.18 to 2.54 bits per character with 5-grams, 4.71 to 4.83 with single characters.
    letters = sorted(set(plays))
    for start in (0, 300_000, 600_000):
        train, rest = plays[start : start + 400_000], plays[start + 400_000 : start + 420_000]
        model = NGram(5, letters).count([train])
        one = NGram(1, letters)
        one.counts = model.counts
        held_out = [rest[i : i + 1000] for i in range(0, 20_000, 1000)]
        assert 2.1 < per_character(model, held_out) < 2.6
        alone = -sum(n / 400_000 * math.log2(n / 400_000) for n in Counter(train).values())
        assert per_character(one, held_out) == pytest.approx(alone, abs=0.1)
        assert 4.65 < alone < 4.9


class TestStoredOutput:
    """The cell tagged `real-data` is skipped by nbval; it runs here, and what it stores is compared."""

    @pytest.fixture(scope="class")
    @classmethod
    def printed(cls):
        """Return what the cell prints now."""
        lines = []
        # One count of characters is all that it needs of the cells that score the ladder of n-grams.
        given = {"losses": dict.fromkeys(range(1, 9), 1.0)}
        *before, cell = needed(CHAPTER, tagged(CHAPTER, "real-data"), given)
        scope = execute(before, given)
        scope["print"] = lambda *args: lines.append(" ".join(map(str, args)))
        exec(cell, scope)
        return "\n".join(lines)

    def test_what_it_prints_is_what_is_stored(self, printed):
        notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
        (stored,) = [c for c in notebook["cells"] if "real-data" in c["metadata"].get("tags", [])]
        assert "".join(stored["source"]) == cells(CHAPTER)[tagged(CHAPTER, "real-data")]
        text = "".join("".join(output.get("text", "")) for output in stored["outputs"])
        assert text, "nothing is stored: python book/tools/chapters.py run --real 01"
        assert printed.rstrip("\n") == text.rstrip("\n")

    def test_its_figures_are_in_their_bands(self, printed):
        pattern = re.compile(r"(\d)-gram\b.*Shakespeare ([\d.]+), Tinytown ([\d.]+) bits per character")
        rows = {int(n): (float(a), float(b)) for n, a, b in pattern.findall(printed)}
        assert sorted(rows) == list(range(1, 8))
        assert 4.7 < rows[1][0] < 4.9
        assert 2.3 < rows[5][0] < 2.5
        assert min(rows, key=lambda n: rows[n][0]) == 5, (
            "it falls, it flattens, and longer contexts stop paying"
        )
        assert all(rows[n + 1][1] < rows[n][1] for n in range(1, 7)), "in the town they still pay"
        (floor,) = re.findall(r"^floor:.*Tinytown ([\d.]+)", printed, re.MULTILINE)
        assert 0.10 < float(floor) < 0.14 < rows[7][1] / 2
