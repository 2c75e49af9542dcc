"""Text to learn from: stories of the town, and Tiny Shakespeare."""

import re

from llmlite import storage
from llmlite.world import Town
from llmlite.world.primitives import END, WORD


def words(text: str) -> list[str]:
    """Split a text into words: runs of letters, the 's of a possessive, single marks, ends of lines."""
    return WORD.findall(text)


def unwords(tokens: list[str]) -> str:
    """Join words into a text again: a readable one, not to the letter."""
    text = " ".join(tokens)
    text = re.sub(r" ('s\b|[.,;:!?])", r"\1", text)
    text = re.sub(r'" ([^"]*?) ?"', r'"\1"', text)
    return re.sub(r" ?\n ?", END, text)


def tinytown(n: int, seed: int = 0, town: Town | None = None) -> list[str]:
    """Return `n` stories of the town, the default one unless told otherwise."""
    return (town or Town()).stories(n, seed)


def shakespeare() -> str:
    """Return Tiny Shakespeare, 1,115,394 characters of plays, downloading it where needed.

    Reference: compiled by Andrej Karpathy for char-rnn (karpathy2015).
    """
    return storage.fetch(*storage.SHAKESPEARE).read_text()
