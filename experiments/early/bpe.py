"""A byte-level byte-pair tokenizer, plain form: 256 bytes, then one token for each merge.

Text is first cut into words, each with the space before it, and merges never cross a word's border. A newline
is always a word of its own, so its byte, 10, stands for the end of a story and nothing else.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

Pair = tuple[int, int]
END_OF_STORY = 10  # the byte of "\n"; it also stands before the first word of a story
# newline, letters, digits, other marks, white space up to the space that belongs to the next word
WORDS = re.compile(r"\n| ?[^\W\d_]+| ?\d+| ?(?:[^\w\s]|_)+|[^\S\n]+(?=[^\S\n]|\n|$)|[^\S\n]")


def merge(ids: tuple[int, ...], pair: Pair, new: int) -> tuple[int, ...]:
    """Replace each occurrence of `pair` in `ids`, left to right, by the token `new`."""
    merged: list[int] = []
    i = 0
    while i < len(ids):
        found = ids[i : i + 2] == pair
        merged.append(new if found else ids[i])
        i += 2 if found else 1
    return tuple(merged)


def train(texts: Iterable[str], vocab_size: int) -> list[Pair]:
    """Find the merges: again and again the most frequent pair of neighbours becomes a token.

    Counts are kept up to date, not made anew: a merge touches only the words that hold its pair.

    Args:
        texts: what the tokenizer is trained on.
        vocab_size: 256 bytes and the merges; fewer if no pair is left.

    Returns:
        The merged pairs in the order in which they were found; ties go to the smaller pair.
    """
    words = Counter(word for text in texts for word in WORDS.findall(text))
    pieces = {word: tuple(word.encode()) for word in words}
    counts: Counter[Pair] = Counter()
    holders: defaultdict[Pair, set[str]] = defaultdict(set)

    def count(word: str, sign: int) -> None:
        for pair in pairwise(pieces[word]):
            counts[pair] += sign * words[word]
            holders[pair].add(word)

    for word in words:
        count(word, +1)
    merges: list[Pair] = []
    while counts and 256 + len(merges) < vocab_size:
        best = max(counts, key=lambda pair: (counts[pair], (-pair[0], -pair[1])))
        if counts[best] == 0:
            break
        for word in holders.pop(best):
            count(word, -1)
            pieces[word] = merge(pieces[word], best, 256 + len(merges))
            count(word, +1)
        del counts[best]
        merges.append(best)
    return merges


class Tokenizer:
    """Byte-pair tokenizer made from a list of merges."""

    def __init__(self, merges: list[Pair]) -> None:
        self.merges = merges
        self.ranks = {pair: 256 + i for i, pair in enumerate(merges)}
        self.bytes = [bytes([i]) for i in range(256)]
        for left, right in merges:
            self.bytes.append(self.bytes[left] + self.bytes[right])
        self.encode_word = lru_cache(maxsize=100_000)(self._encode_word)

    @property
    def vocab_size(self) -> int:
        """Return the number of tokens."""
        return len(self.bytes)

    def _encode_word(self, word: str) -> tuple[int, ...]:
        ids = tuple(word.encode())
        while len(ids) > 1:
            pair = min(pairwise(ids), key=lambda pair: self.ranks.get(pair, self.vocab_size))
            if pair not in self.ranks:
                break
            ids = merge(ids, pair, self.ranks[pair])  # the earliest merge first, as in training
        return ids

    def encode(self, text: str) -> list[int]:
        """Turn text into token ids."""
        return [i for word in WORDS.findall(text) for i in self.encode_word(word)]

    def decode(self, ids: Iterable[int]) -> str:
        """Turn token ids into text; bytes that are no UTF-8 become the replacement character."""
        return b"".join(self.bytes[i] for i in ids).decode(errors="replace")
