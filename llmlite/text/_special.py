"""What tokenizers with words share: special tokens are cut out of a text, words of texts are counted."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

import regex  # type: ignore[import-untyped]

from llmlite.text.tokenizer import TokenizerError, utf8


def special_ids(tokens: Iterable[str], first: int) -> dict[str, int]:
    """Return the id of each special token, from `first` on.

    Raises:
        TokenizerError: one is empty, given twice, or no text; `tokens` is one text.
    """
    if isinstance(tokens, str):
        raise TokenizerError(f"special_tokens={tokens!r} is one text: put special tokens into a list")
    tokens = list(tokens)
    for token, times in Counter(tokens).items():
        if not utf8(token) or times > 1:
            raise TokenizerError(f"special token {token!r} is empty, or given twice: leave it out")
    return {token: first + i for i, token in enumerate(tokens)}


def encode_parts(
    text: str, special: Mapping[str, int], allowed: Collection[str], ordinary: Callable[[str], list[int]]
) -> list[int]:
    """Return the ids of a text that is cut at special tokens.

    Args:
        text: any, without lone surrogates.
        special: the id of each special token.
        allowed: those to look for, the longest first, or "all".
        ordinary: gives the ids of the text between them.

    Raises:
        TokenizerError: the text has a lone surrogate, or there is no such special token.
    """
    utf8(text)
    names = {allowed} if isinstance(allowed, str) else set(allowed)
    wanted = set(special) if allowed == "all" else names
    if unknown := sorted(wanted - set(special)):
        known = ", ".join(map(repr, special)) or "it has none"
        raise TokenizerError(f"{unknown[0]!r} is no special token here: {known}")
    pattern = "|".join(map(regex.escape, sorted(wanted, key=len, reverse=True)))
    parts = regex.split(f"({pattern})", text) if wanted else [text]
    ids: list[int] = []
    for i, part in enumerate(parts):
        ids += [special[part]] if i % 2 else ordinary(part)
    return ids


def count_words(texts: Iterable[str], split: Callable[[str], list[str]]) -> Counter[str]:
    """Count the words of texts.

    Args:
        texts: any, without lone surrogates.
        split: gives the words of a text.

    Raises:
        TokenizerError: a text has a lone surrogate; `texts` is one text.
    """
    if isinstance(texts, str):
        raise TokenizerError(f"{texts[:20]!r}... is one text: put texts into a list")
    words: Counter[str] = Counter()
    for text in texts:
        utf8(text)
        words.update(split(text))
    return words
