"""What every tokenizer can do, the simplest one, and how tokenizers are kept in files."""

import hashlib
import importlib
import json
from collections.abc import Iterable
from operator import index
from pathlib import Path
from typing import Any, Protocol

from llmlite.storage import atomic_write

FORMAT = "llmlite tokenizer 1"
KINDS = {  # kind of a file -> the module and the class that read it
    "char": ("llmlite.text.tokenizer", "CharTokenizer"),
    "bpe": ("llmlite.text.bpe", "BPETokenizer"),
    "wordpiece": ("llmlite.text.wordpiece", "WordPieceTokenizer"),
    "unigram": ("llmlite.text.unigram", "UnigramTokenizer"),
}


class TokenizerError(ValueError):
    """Report text, ids, a vocabulary or a file that a tokenizer cannot use, and the remedy."""


class Tokenizer(Protocol):
    """Turn text into ids 0 to `vocab_size - 1`, and back."""

    @property
    def vocab_size(self) -> int:
        """Return the number of ids."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids."""


class CharTokenizer:
    """One token per character: the id is the character's place in the sorted alphabet.

    Args:
        alphabet: the characters; their order and repetitions do not count.

    Raises:
        TokenizerError: the alphabet is empty, or holds something that is not one character.
    """

    def __init__(self, alphabet: Iterable[str]) -> None:
        self.alphabet = sorted(set(alphabet))
        if wrong := [c for c in self.alphabet if len(c) != 1 or "\ud800" <= c <= "\udfff"]:
            raise TokenizerError(f"{wrong[0]!r} is not one character: an alphabet holds single characters")
        if not self.alphabet:
            raise TokenizerError("the alphabet is empty: give it at least one character")
        self.ids = {character: i for i, character in enumerate(self.alphabet)}

    @classmethod
    def train(cls, texts: Iterable[str]) -> "CharTokenizer":
        """Return a tokenizer whose alphabet is every character of some texts."""
        return cls({character for text in texts for character in text})

    @property
    def vocab_size(self) -> int:
        """Return the number of characters."""
        return len(self.alphabet)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text.

        Raises:
            TokenizerError: a character is not in the alphabet.
        """
        try:
            return [self.ids[character] for character in text]
        except KeyError as error:
            character = error.args[0]
            raise TokenizerError(
                f"{character!r} (U+{ord(character):04X}, position {text.index(character)}) is not in the "
                f"alphabet of {self.vocab_size} characters: train on texts that hold it, or replace it"
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids.

        Raises:
            TokenizerError: an id is not in the vocabulary.
        """
        return "".join(self.alphabet[checked(i, self.vocab_size)] for i in ids)

    def save(self, path: Path | str) -> Path:
        """Write the alphabet as readable JSON, and return the path."""
        return write_file(path, "char", {"alphabet": "".join(self.alphabet)})

    @classmethod
    def load(cls, path: Path | str) -> "CharTokenizer":
        """Read what `save` wrote.

        Raises:
            TokenizerError: the file is damaged, or not of a CharTokenizer.
        """
        return cls(read_file(path, "char")["alphabet"])


def checked(i: int, vocab_size: int) -> int:
    """Return an id as an int, if it is one of the vocabulary.

    Args:
        i: an int, or a number of numpy or torch that is one.
        vocab_size: ids are 0 to `vocab_size - 1`.

    Raises:
        TokenizerError: it is not.
    """
    try:
        number = index(i)
    except TypeError:
        number = -1
    if isinstance(i, bool) or not 0 <= number < vocab_size:
        raise TokenizerError(f"{i!r} is no id of this tokenizer: its ids are 0 to {vocab_size - 1}")
    return number


def utf8(text: str) -> bytes:
    """Return the bytes of a text in UTF-8.

    Raises:
        TokenizerError: the text has a lone surrogate, for which UTF-8 has no bytes.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise TokenizerError(
            f"{text[error.start]!r} (position {error.start}) is half of a surrogate pair, which UTF-8 cannot "
            "write: replace it, for instance by text.encode(errors='replace').decode()"
        ) from None


def write_file(path: Path | str, kind: str, content: dict[str, Any]) -> Path:
    """Write a tokenizer as readable JSON with a checksum; an interrupted write leaves the old file.

    Args:
        path: where; missing folders are made.
        kind: one of KINDS.
        content: what the class needs to make itself again, as JSON knows it.

    Returns:
        The path.
    """
    assert kind in KINDS, kind
    file = {"format": FORMAT, "kind": kind, "sha256": _digest(content), "content": content}
    return atomic_write(path, json.dumps(file, ensure_ascii=False, indent=1) + "\n")


def read_file(path: Path | str, kind: str) -> dict[str, Any]:
    """Return the content that `write_file` wrote.

    Args:
        path: of the file.
        kind: what it must be.

    Raises:
        TokenizerError: the file is damaged, of another kind, or no tokenizer's.
    """
    found, content = _read(Path(path))
    if found != kind:
        raise TokenizerError(
            f"{path} holds a tokenizer of kind {found!r}, not {kind!r}: "
            "llmlite.text.tokenizer.load reads every kind"
        )
    return content


def load(path: Path | str) -> Tokenizer:
    """Read a tokenizer of any kind.

    Raises:
        TokenizerError: the file is damaged, or no tokenizer's.
    """
    kind, _ = _read(Path(path))
    module, name = KINDS[kind]
    tokenizer: Tokenizer = getattr(importlib.import_module(module), name).load(path)
    return tokenizer


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        file = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise TokenizerError(f"{path} is cut off or no JSON ({error}): save the tokenizer again") from error
    name = str(file.get("format")) if isinstance(file, dict) else ""
    if not name.startswith("llmlite tokenizer "):
        raise TokenizerError(f"{path} is not a tokenizer's file: `save` of a tokenizer writes one")
    if name != FORMAT:
        raise TokenizerError(f"{path} has the format {name!r}, this package reads {FORMAT!r}: update it")
    kind, content = file.get("kind"), file.get("content")
    if not isinstance(content, dict) or file.get("sha256") != _digest(content):
        raise TokenizerError(f"{path} is damaged, its checksum differs: save the tokenizer again")
    if kind not in KINDS:
        raise TokenizerError(f"{path} is of kind {kind!r}, this package reads {', '.join(KINDS)}: update it")
    return kind, content


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
