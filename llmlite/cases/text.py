"""Cases of `llmlite.text`."""

from collections.abc import Callable
from typing import Any

from llmlite.text import corpus
from llmlite.world import Town

TEXTS = ('"I have no idea," said Gerald. The end.', "Mina's goose, a big one, ran!\nIt was gone.", "", "one")


def corpus_words(words: Callable[..., Any]) -> None:
    """Check marks, possessives and ends of lines by hand, then whole stories."""
    found = words("Mina's goose ran.\n")
    assert found is not None, "return a list"
    assert list(found) == ["Mina", "'s", "goose", "ran", ".", "\n"], "letters, 's, marks and ends of lines"
    for text in (*TEXTS, *Town().stories(20, seed=3)):
        assert list(words(text)) == corpus.words(text), f"it splits in another way: {text[:60]!r}"


def corpus_unwords(unwords: Callable[..., Any]) -> None:
    """Check that stories and their beginnings come back letter for letter."""
    text = unwords(["Mina", "'s", "goose", "ran", "."])
    assert text is not None, "return a text"
    assert text == "Mina's goose ran.", "no space before a mark or an 's"
    for story in (*TEXTS, *Town().stories(20, seed=3)):
        tokens = corpus.words(story)
        assert unwords(tokens) == story, f"the story does not come back: {story[:60]!r}"
        for cut in range(0, len(tokens), 7):
            wanted = corpus.unwords(tokens[:cut])
            assert unwords(tokens[:cut]) == wanted, f"a beginning does not come back: {wanted[-40:]!r}"
