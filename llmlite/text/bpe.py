"""Byte-level byte pair encoding, as GPT-2 does it.

Deviations from the paper: words are of bytes, not characters, and no mark stands at a word's end.

`BPETokenizer.encode` gives what tiktoken gives. `split`, for training and the taught encoder, agrees with it
except at letters and digits that only one of the libraries knows: tiktoken 0.14 has the tables of Unicode 16,
`regex` newer ones, and what is a letter to one is a mark to the other. And where a whole piece is a token,
tiktoken takes it; `encode_word` does too if its merges lead there, as those do that were learned.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property, partial
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path

import regex  # type: ignore[import-untyped]
import tiktoken

from llmlite.text._special import count_words, encode_parts, special_ids
from llmlite.text.pairs import PairCounts
from llmlite.text.tokenizer import TokenizerError, checked, read_file, utf8, write_file

GPT2_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def byte_alphabet() -> dict[int, str]:
    """Return a printable character for each byte, with which GPT-2's files write tokens.

    Returns:
        The byte's own character in Latin-1 where that can be seen, else one from U+0100 on.

    Reference: the released code of radford2019.
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    visible += range(ord("®"), ord("ÿ") + 1)
    others = [byte for byte in range(256) if byte not in visible]
    alphabet = {byte: chr(byte) for byte in visible}
    return alphabet | {byte: chr(0x100 + i) for i, byte in enumerate(others)}


_SPELLED = byte_alphabet()
_BYTE = {character: byte for byte, character in _SPELLED.items()}
BYTES = tuple(bytes([_BYTE[character]]) for character in sorted(_BYTE))


def split(text: str, pattern: str = GPT2_PATTERN) -> list[str]:
    """Split a text into pieces that merges never cross; together they are the text.

    Args:
        text: any text.
        pattern: what a piece looks like, for the package `regex`.

    Raises:
        TokenizerError: the pattern leaves some of the text out.
    """
    pieces: list[str] = regex.findall(pattern, text)
    if sum(map(len, pieces)) != len(text):
        raise TokenizerError(f"pattern {pattern!r} leaves some text out: extend it")
    return pieces


def merge(ids: Sequence[int], pair: tuple[int, int], new: int) -> list[int]:
    """Return ids with a pair replaced by a new id, from left to right."""
    merged: list[int] = []
    i = 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def train_bpe(words: Mapping[str, int], n_merges: int) -> list[tuple[bytes, bytes]]:
    """Learn merges: again and again, make the most frequent pair one token.

    Args:
        words: how often each piece of the texts occurs.
        n_merges: how many at most; there are fewer where no pair is left.

    Returns:
        The merged pairs, in order; of equally frequent ones that with the smallest ids first. No two make the
        same token: where its bytes stand, the merges before have left the same pair.

    Reference: Algorithm 1 of sennrich2016, on bytes.
    """
    byte_ids = {token[0]: i for i, token in enumerate(BYTES)}
    ids = ([byte_ids[byte] for byte in word.encode()] for word in words)
    pairs = PairCounts(zip(ids, words.values(), strict=True))
    queue = [(-count, pair) for pair, count in pairs.counts.items()]
    heapify(queue)
    tokens, merges = list(BYTES), list[tuple[bytes, bytes]]()
    while queue and len(merges) < n_merges:
        count, pair = heappop(queue)
        if -count != pairs.counts[pair]:  # other merges took some of its places
            heappush(queue, (-pairs.counts[pair], pair))
            continue
        if count == 0:
            break
        for made in pairs.merge(pair, new=len(tokens)):
            heappush(queue, (-pairs.counts[made], made))
        left, right = tokens[pair[0]], tokens[pair[1]]
        merges.append((left, right))
        tokens.append(left + right)
    return merges


def encode_word(word: bytes, ranks: Mapping[bytes, int]) -> list[int]:
    """Encode one piece of text: merge the pair that makes the lowest id, until none makes a token.

    Args:
        word: its bytes; the time grows with the square of their number.
        ranks: the id of every token, single bytes included.
    """
    parts = [word[i : i + 1] for i in range(len(word))]
    while pairs := [a + b for a, b in pairwise(parts)]:
        best = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        i = pairs.index(best)
        parts[i : i + 2] = [best]
    return [ranks[part] for part in parts]


class BPETokenizer:
    """Encode any text, with single bytes for whatever is in no larger token.

    Args:
        merges: pairs of tokens, in the order in which they become one token each.
        special_tokens: texts that are one token where `encode` is told so, and never otherwise.
        pattern: see `split`.

    Attributes:
        ranks: the id of each token that is not special: BYTES, then one for each merge.
        special: the id of each special token; they come last.
        tokens: the bytes of each id.

    Raises:
        TokenizerError: a merge, a special token or the pattern cannot be used; the message says why.
    """

    def __init__(
        self,
        merges: Sequence[tuple[bytes, bytes]],
        special_tokens: Sequence[str] = (),
        pattern: str = GPT2_PATTERN,
    ) -> None:
        self.merges, self.pattern = list(merges), pattern
        _check(self.merges, pattern)
        tokens = [*BYTES, *(left + right for left, right in self.merges)]
        self.ranks = {token: i for i, token in enumerate(tokens)}
        self.special = special_ids(special_tokens, first=len(tokens))
        self.tokens = tokens + [utf8(text) for text in self.special]

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        pattern: str = GPT2_PATTERN,
    ) -> "BPETokenizer":
        """Return a tokenizer with the merges that `train_bpe` learns from texts.

        Args:
            texts: what to learn from; merges do not cross from one to the next.
            vocab_size: bytes, merges and special tokens together; less where the texts run out of pairs.
            special_tokens, pattern: as for the class.

        Raises:
            TokenizerError: `vocab_size` is less than bytes and special tokens; a text has a lone surrogate.
        """
        empty = cls([], special_tokens, pattern)
        least = empty.vocab_size
        if vocab_size < least:
            needed = f"256 bytes and {least - 256} special tokens"
            raise TokenizerError(f"vocab_size={vocab_size} has no place for {needed}: make it {least}")
        words = count_words(texts, partial(split, pattern=pattern))
        return cls(train_bpe(words, vocab_size - least), list(empty.special), pattern)

    @property
    def vocab_size(self) -> int:
        """Return the number of ids: bytes, merges and special tokens."""
        return len(self.tokens)

    def encode(self, text: str, *, allowed_special: Collection[str] = ()) -> list[int]:
        """Return the ids of a text.

        Args:
            text: any, without lone surrogates.
            allowed_special: special tokens to find in it, the longest first, or "all"; others stay ordinary.

        Raises:
            TokenizerError: the text has a lone surrogate, or there is no such special token.
        """
        return encode_parts(text, self.special, allowed_special, self._encode_ordinary)

    def _encode_ordinary(self, text: str) -> list[int]:
        if self.pattern != GPT2_PATTERN:
            split(text, self.pattern)  # raises where tiktoken would leave text out
        if not _has_long_blank(text):
            return self._encoder.encode_ordinary(text)
        pieces = map(self._encoder._encode_single_piece, split(text, self.pattern))
        return [i for ids in pieces for i in ids]

    @cached_property
    def _encoder(self) -> tiktoken.Encoding:
        return tiktoken.Encoding(
            "llmlite",
            pat_str=self.pattern,
            mergeable_ranks=self.ranks,
            special_tokens={},
        )

    def token(self, id: int) -> bytes:
        """Return the bytes of an id; a TokenizerError if there is no such id."""
        return self.tokens[checked(id, self.vocab_size)]

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """Return the bytes of ids; a TokenizerError if one is unknown."""
        return b"".join(map(self.token, ids))

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids, with U+FFFD for bytes that are no UTF-8; errors as in `decode_bytes`."""
        return self.decode_bytes(ids).decode(errors="replace")

    def save(self, path: Path | str) -> Path:
        """Write pattern, special tokens and merges as readable JSON, and return the path."""
        lines = [" ".join("".join(_SPELLED[b] for b in token) for token in pair) for pair in self.merges]
        content = {"pattern": self.pattern, "special_tokens": list(self.special), "merges": lines}
        return write_file(path, "bpe", content)

    @classmethod
    def load(cls, path: Path | str) -> "BPETokenizer":
        """Read what `save` wrote; a TokenizerError if the file is damaged, or no BPETokenizer's."""
        content = read_file(path, "bpe")
        return cls(parse_merges(content["merges"]), content["special_tokens"], content["pattern"])


def parse_merges(lines: Iterable[str]) -> list[tuple[bytes, bytes]]:
    """Return merges that are written as in GPT-2's file, "Ġt he"; a TokenizerError if one is not."""
    merges = []
    for line in lines:
        try:
            left, right = line.split(" ")
            merges.append((bytes(_BYTE[c] for c in left), bytes(_BYTE[c] for c in right)))
        except (KeyError, ValueError):
            raise TokenizerError(f"{line!r} is no merge: write two tokens in the byte alphabet") from None
    return merges


def _check(merges: Sequence[tuple[bytes, bytes]], pattern: str) -> None:
    known = set(BYTES)
    for i, (left, right) in enumerate(merges):
        if missing := {left, right} - known:
            raise TokenizerError(f"merge {i} needs {min(missing)!r}, which no merge before it makes: add one")
        if left + right in known:
            raise TokenizerError(f"merge {i} makes {left + right!r}, which is a token already: leave it out")
        known.add(left + right)
    try:
        split("".join(map(chr, range(0x300))), pattern)
    except regex.error as error:
        raise TokenizerError(f"{pattern!r} is no regular expression: {error}") from error


def _has_long_blank(text: str, n: int = 400_000) -> bool:
    """Tell whether a million blanks may stand in a row: tiktoken's search would fail there."""
    return len(text) > n and any(text[i : i + n].isspace() for i in range(0, len(text), n))
