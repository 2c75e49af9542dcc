"""Characters as tokens, ids and text that are refused, and files that are damaged, foreign or cut off."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from properties import settings

from llmlite.text.bpe import BPETokenizer
from llmlite.text.tokenizer import (
    FORMAT,
    KINDS,
    CharTokenizer,
    TokenizerError,
    checked,
    load,
    read_file,
    utf8,
    write_file,
)

ROOT = Path(__file__).resolve().parents[1]


class TestCharTokenizer:
    def test_by_hand(self):
        tokenizer = CharTokenizer("banana")
        assert tokenizer.alphabet == ["a", "b", "n"]
        assert tokenizer.vocab_size == 3
        assert tokenizer.encode("nab") == [2, 0, 1]
        assert tokenizer.decode([1, 0, 2]) == "ban"
        assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""

    def test_the_alphabet_is_that_of_all_texts(self):
        tokenizer = CharTokenizer.train(["nab", "", "a\n"])
        assert tokenizer.alphabet == ["\n", "a", "b", "n"]
        assert CharTokenizer.train(text for text in ("é", "e")).alphabet == ["e", "é"]

    @settings(max_examples=100)
    @given(st.text(min_size=1))
    def test_a_text_comes_back(self, text):
        tokenizer = CharTokenizer.train([text])
        ids = tokenizer.encode(text)
        assert ids == [sorted(set(text)).index(character) for character in text]
        assert tokenizer.decode(ids) == text
        assert tokenizer.decode(iter(torch.tensor(ids))) == text

    def test_an_unknown_character_is_named(self):
        with pytest.raises(
            TokenizerError, match=r"'é' \(U\+00E9, position 2\).* 3 characters: train on texts"
        ):
            CharTokenizer("abc").encode("abébé")

    @pytest.mark.parametrize("i", [-1, 3, 1.0, True, None, "a", np.float64(1), torch.tensor([0, 1])])
    def test_an_unknown_id_is_named(self, i):
        with pytest.raises(TokenizerError) as error:
            CharTokenizer("abc").decode([0, i])
        assert str(error.value) == f"{i!r} is no id of this tokenizer: its ids are 0 to 2"

    @pytest.mark.parametrize("alphabet", ["", [], ["ab"], ["a", ""], ["\ud800"], "a\udfff"])
    def test_no_alphabet(self, alphabet):
        with pytest.raises(TokenizerError, match=r"is empty|is not one character"):
            CharTokenizer(alphabet)

    @pytest.mark.parametrize("alphabet", ["\ud7ff", "\ue000", "\U0010ffff", "\0", "\r\n \u2028", '"\\'])
    def test_a_file_gives_it_back(self, tmp_path, alphabet):
        path = CharTokenizer(alphabet).save(tmp_path / "new" / "letters.json")
        assert path == tmp_path / "new" / "letters.json"
        assert CharTokenizer.load(path).alphabet == sorted(alphabet)
        assert CharTokenizer.load(str(path)).encode(alphabet) == CharTokenizer(alphabet).encode(alphabet)


@pytest.mark.parametrize("i", [2, np.int64(2), np.uint8(2), torch.tensor(2), torch.tensor([2])[0]])
def test_ids_of_every_library(i):
    assert checked(i, 3) == 2 and type(checked(i, 3)) is int


@settings(max_examples=100)
@given(st.text(st.characters(codec="utf-8")))
def test_text_in_utf8(text):
    assert utf8(text).decode("utf-8", errors="strict") == text


@pytest.mark.parametrize(("text", "where"), [("\ud800", 0), ("é\udfffa", 1), ("ab\ude00\ud83d", 2)])
def test_a_lone_surrogate_is_named_with_a_remedy_that_works(text, where):
    with pytest.raises(TokenizerError) as error:
        utf8(text)
    message = str(error.value)
    assert message.startswith(f"{text[where]!r} (position {where}) ")
    assert "text.encode(errors='replace').decode()" in message
    assert utf8(text.encode(errors="replace").decode()).decode()[where] == "?"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokenizer.json"


class TestFiles:
    content: ClassVar = {"alphabet": ["é", "a"], "n": 1}

    def test_a_file_can_be_read_by_people(self, path):
        assert write_file(path, "char", self.content) == path
        text = path.read_text(encoding="utf-8")
        assert '"é"' in text and text.endswith("}\n")
        assert [line.strip().rstrip(",") for line in text.splitlines()[:3]] == [
            "{",
            '"format": "llmlite tokenizer 1"',
            '"kind": "char"',
        ]
        assert list(json.loads(text)) == ["format", "kind", "sha256", "content"]
        assert read_file(path, "char") == self.content

    def test_every_changed_character_is_found(self, path):
        write_file(path, "char", self.content)
        text = path.read_text(encoding="utf-8")
        harmless = 0
        for i, character in enumerate(text):
            for other in ("x", "7", '"', " "):
                path.write_text(text[:i] + other + text[i + 1 :], encoding="utf-8")
                try:
                    assert read_file(path, "char") == self.content
                    harmless += other != character
                except TokenizerError:
                    pass
        blanks = sum(text.count(blank) for blank in " \n")
        assert harmless < blanks, "nothing but blanks between the parts may change"

    def test_every_cut_is_found(self, path):
        write_file(path, "char", self.content)
        whole = path.read_bytes()
        for length in range(len(whole) - 1):  # the last character is the end of the line
            path.write_bytes(whole[:length])
            with pytest.raises(TokenizerError, match=rf"{path.name} is cut off or no JSON .*: save the"):
                read_file(path, "char")

    @pytest.mark.parametrize("content", [b"\xff\xfe", b"PK\x03\x04", b"", b"[" * 100_000], ids=repr)
    def test_no_json(self, path, content):
        path.write_bytes(content)
        for read in (load, lambda path: read_file(path, "bpe")):
            with pytest.raises(TokenizerError, match=r"is cut off or no JSON"):
                read(path)

    @pytest.mark.parametrize(
        "other",
        ["[]", "3", "null", '"llmlite tokenizer 1"', '{"version": "1.0", "model": {"type": "BPE"}}',
         '{"format": 1}', '{"format": "something else"}', "{}"],
    )  # fmt: skip
    def test_json_of_another_project(self, path, other):
        path.write_text(other)
        with pytest.raises(TokenizerError, match=r"is not a tokenizer's file: `save`"):
            load(path)

    def change(self, path, **changes):
        write_file(path, "char", self.content)
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes))

    def test_another_version(self, path):
        self.change(path, format="llmlite tokenizer 2")
        with pytest.raises(
            TokenizerError, match=r"format 'llmlite tokenizer 2', .* reads 'llmlite tokenizer 1'"
        ):
            load(path)

    @pytest.mark.parametrize(
        "changes",
        [{"content": {"alphabet": ["é", "b"], "n": 1}}, {"content": {"alphabet": ["a", "é"], "n": 1}},
         {"content": {}}, {"content": None}, {"content": [1]}, {"sha256": "0" * 64}, {"sha256": None}],
    )  # fmt: skip
    def test_another_content(self, path, changes):
        self.change(path, **changes)
        with pytest.raises(TokenizerError, match=r"is damaged, its checksum differs: save the"):
            read_file(path, "char")

    def test_content_that_is_none_although_its_checksum_is_right(self, path):
        digest = hashlib.sha256(b"[1]").hexdigest()
        self.change(path, content=[1], sha256=digest)
        with pytest.raises(TokenizerError, match=r"is damaged"):
            read_file(path, "char")

    def test_the_order_of_names_is_no_damage(self, path):
        self.change(path, content={"n": 1, "alphabet": ["é", "a"]})
        assert read_file(path, "char") == self.content

    def test_a_kind_to_come(self, path):
        self.change(path, kind="morse")
        with pytest.raises(
            TokenizerError, match=r"of kind 'morse', this package reads char, bpe, wordpiece, "
        ):
            load(path)

    def test_the_wrong_kind(self, path):
        CharTokenizer("ab").save(path)
        with pytest.raises(
            TokenizerError, match=r"kind 'char', not 'bpe': .*tokenizer\.load reads every kind"
        ):
            BPETokenizer.load(path)

    def test_no_file(self, path):
        for read in (load, CharTokenizer.load):
            with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
                read(path)

    def test_an_interrupted_save_leaves_the_old_file(self, path, monkeypatch):
        CharTokenizer("old").save(path)
        monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            CharTokenizer("new").save(path)
        assert load(path).encode("old")
        assert list(path.parent.iterdir()) == [path]

    def test_any_kind_is_loaded(self, path):
        CharTokenizer("ab").save(path)
        assert type(load(path)) is CharTokenizer
        BPETokenizer([(b"a", b"b")]).save(path)
        assert type(load(str(path))) is BPETokenizer

    def test_the_format_is_named_with_its_version(self):
        assert FORMAT == "llmlite tokenizer 1"  # files of readers say so: a new layout takes a new number


def test_mypy_takes_every_kind_for_a_tokenizer(tmp_path):
    lines = ["from llmlite.text.tokenizer import Tokenizer"]
    for i, (module, name) in enumerate(KINDS.values()):
        assert isinstance(getattr(importlib.import_module(module), name), type)
        lines += [f"from {module} import {name}", f"def kind{i}(it: {name}) -> Tokenizer: return it"]
    (tmp_path / "kinds.py").write_text("\n".join([*lines, "wrong: Tokenizer = {}"]))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, tmp_path / "kinds.py"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    errors = [line for line in found.stdout.splitlines() if " error: " in line]
    assert len(errors) == 1 and "expression has type" in errors[0], found.stdout + found.stderr
