"""Text to learn from: stories of the town, and Tiny Shakespeare."""

from collections.abc import Sequence

from llmlite import storage
from llmlite.world import Town
from llmlite.world.primitives import END, WORD

CLOSE_UP = {".", ",", ";", ":", "!", "?", "'s", END}  # no space goes before these


def words(text: str) -> list[str]:
    """Split a text into words: runs of letters, the 's of a possessive, single marks, ends of lines."""
    return WORD.findall(text)


def unwords(tokens: Sequence[str]) -> str:
    """Join words into a text: of a story, and of any beginning of one, exactly the text that it was."""
    text, glued, quoted = "", True, False  # glued: no space goes before the next word
    for token in tokens:
        closing = token == '"' and quoted
        text += token if glued or closing or token in CLOSE_UP else f" {token}"
        if token == '"':
            quoted = not quoted
        glued = token == END or (token == '"' and quoted)
    return text


def tinytown(n: int, seed: int = 0, town: Town | None = None) -> list[str]:
    """Return stories of Tinytown.

    Args:
        n: how many.
        seed: of the stories; the same seed gives the same ones.
        town: the default town unless told otherwise.
    """
    return (town or Town()).stories(n, seed)


def shakespeare() -> str:
    """Return Tiny Shakespeare, 1,115,394 characters of plays, downloading it where needed.

    While it comes, a terminal shows how far it is; a notebook shows nothing.

    Reference: compiled by Andrej Karpathy for char-rnn (karpathy2015).
    """
    bar = storage.progress_bar(storage.SHAKESPEARE[0])
    return storage.fetch(*storage.SHAKESPEARE, bar).read_text(encoding="utf-8")
