"""Tiny Shakespeare, where it lies in the folder LLMLITE_DATA: what chapter 2 stores of it comes out again."""

import hashlib
import json
import os
import re
from importlib.resources import files
from pathlib import Path

import pytest
from chapter_code import cells, execute, needed, tagged

from llmlite import storage
from llmlite.text.bpe import BPETokenizer
from llmlite.text.corpus import shakespeare
from llmlite.text.tokenizer import load

CHAPTER = "02_tokenization"
NOTEBOOK = Path(__file__).resolve().parents[2] / "chapters" / f"{CHAPTER}.ipynb"
NAME, _, _ = storage.SHAKESPEARE


def found():
    """Tell whether the file is there, without asking the network."""
    folders = [folder for folder in (os.environ.get("LLMLITE_DATA"), storage.home()) if folder]
    return any((Path(folder) / NAME).is_file() for folder in folders)


pytestmark = pytest.mark.skipif(
    not found(), reason=f"{NAME} is not there: put it into a folder and name that folder in LLMLITE_DATA"
)


def test_the_stored_tokenizer_is_the_one_that_training_gives(tmp_path):
    path = files("llmlite").joinpath("data/tokenizers/shakespeare_1024.json")
    stored, plays = load(path), shakespeare()
    trained = BPETokenizer.train([plays], 1024)
    assert stored.merges == trained.merges and stored.encode(plays) == trained.encode(plays)
    assert trained.save(tmp_path / "again.json").read_text() == path.read_text()
    file = json.loads(path.read_text())
    content = json.dumps(file["content"], sort_keys=True, separators=(",", ":"))
    assert file["sha256"] == hashlib.sha256(content.encode()).hexdigest()


class TestStoredOutput:
    """The cell tagged `real-data` is skipped by nbval; here it runs with fewer sizes, and is compared."""

    @pytest.fixture(scope="class")
    @classmethod
    def stored(cls):
        """Return the lines that the notebook stores."""
        notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
        (cell,) = [c for c in notebook["cells"] if "real-data" in c["metadata"].get("tags", [])]
        assert "".join(cell["source"]) == cells(CHAPTER)[tagged(CHAPTER, "real-data")]
        text = "".join("".join(output.get("text", "")) for output in cell["outputs"])
        assert text, "nothing is stored: python book/tools/chapters.py run --real 02"
        return text.splitlines()

    def test_what_it_prints_is_what_is_stored(self, stored):
        printed = []
        *before, cell = needed(CHAPTER, tagged(CHAPTER, "real-data"))
        scope = execute(before)
        scope["print"] = lambda *args: printed.append(" ".join(map(str, args)))
        smaller, n = re.subn(r"for size in \([\d, ]+\):", "for size in (256, 1024, 8192):", cell)
        assert n == 1
        exec(smaller, scope)
        sizes = ("  256 tokens", " 1024 tokens", " 8192 tokens")
        assert printed == [line for line in stored if "tokens:" not in line or line.startswith(sizes)]
        assert len(printed) == 4

    def test_what_the_prose_says_of_it(self, stored):
        assert re.match(r"2[234]% of the different words", stored[0]), "almost a quarter"
        pattern = re.compile(r"(\d+) tokens: ([\d.]+) bytes per token, best .*, ([\d.]+) bits per byte")
        rows = {
            int(size): (float(length), float(loss))
            for size, length, loss in pattern.findall("\n".join(stored))
        }
        assert sorted(rows) == [256, 512, 1024, 2048, 4096, 8192]
        lengths, losses = zip(*rows.values(), strict=True)
        assert lengths[0] == 1 and list(lengths) == sorted(lengths)
        assert losses[0] > losses[1] > losses[2] and losses[3] < losses[4] < losses[5]
        assert abs(losses[2] - losses[3]) < 0.005, "from 1,000 to 2,000 tokens there is no difference"
        assert 0.03 < losses[5] - losses[3] < losses[0] - losses[2] < 0.1, "both ends lose a little"
