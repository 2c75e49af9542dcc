"""Byte-level byte pair encoding, as GPT-2 does it."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

import regex  # type: ignore[import-untyped]
import tiktoken

from llmlite.text.tokenizer import TokenizerError, checked, read_file, write_file

GPT2_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LONG = 500_000  # tiktoken's search gives up in runs of a million spaces


def byte_alphabet() -> dict[int, str]:
    """Return a printable character for each byte, as GPT-2 writes tokens.

    Returns:
        The byte's own character where that is printable, else one from U+0100 on.

    Reference: the encoder of GPT-2 (radford2019language).
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(0x100 + i) for i, byte in enumerate(others)}


_SPELLED = byte_alphabet()
_BYTE = {character: byte for byte, character in _SPELLED.items()}
BYTES = tuple(bytes([_BYTE[character]]) for character in sorted(_BYTE))


def split(text: str, pattern: str = GPT2_PATTERN) -> list[str]:
    """Split a text into pieces that merges never cross.

    Args:
        text: any text.
        pattern: of one piece; it must fit somewhere at every place of every text.

    Returns:
        The pieces; together they are the text.
    """
    pieces: list[str] = regex.findall(pattern, text)
    return pieces


def merge(ids: Sequence[int], pair: tuple[int, int], new: int) -> list[int]:
    """Replace a pair of ids by one new id, from left to right."""
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
        words: how often each piece of the text occurs.
        n_merges: how many at most; fewer where no pair is left.

    Returns:
        The merged pairs, in order. Of equally frequent pairs the one with the smallest ids is taken.

    Reference: sennrich2016neural.
    """
    tokens = list(BYTES)
    byte_id = {token[0]: i for i, token in enumerate(BYTES)}
    split_words = [[byte_id[byte] for byte in word.encode()] for word in words]
    frequency = list(words.values())
    counts: Counter[tuple[int, int]] = Counter()
    where: dict[tuple[int, int], set[int]] = defaultdict(set)
    for w, ids in enumerate(split_words):
        for pair in pairwise(ids):
            counts[pair] += frequency[w]
            where[pair].add(w)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    merges: list[tuple[bytes, bytes]] = []
    while heap and len(merges) < n_merges:
        count, pair = heapq.heappop(heap)
        if -count != counts[pair]:
            if counts[pair] > 0:
                heapq.heappush(heap, (-counts[pair], pair))
            continue
        if count == 0:
            break
        new = len(tokens)
        left, right = tokens[pair[0]], tokens[pair[1]]
        merges.append((left, right))
        tokens.append(left + right)
        changed = set()
        for w in where.pop(pair):
            ids = split_words[w]
            for old in pairwise(ids):
                counts[old] -= frequency[w]
            ids = split_words[w] = merge(ids, pair, new)
            for now in pairwise(ids):
                counts[now] += frequency[w]
                where[now].add(w)
                if new in now:
                    changed.add(now)
        for now in changed:
            heapq.heappush(heap, (-counts[now], now))
    return merges


def encode_word(word: bytes, ranks: Mapping[bytes, int]) -> list[int]:
    """Encode one piece of text: merge the pair of lowest rank, until no pair is a token.

    Args:
        word: its bytes.
        ranks: the id of every token.

    Returns:
        The ids.
    """
    parts = [word[i : i + 1] for i in range(len(word))]
    while True:
        pairs = [a + b for a, b in pairwise(parts)]
        best = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)), default=b"")
        if best not in ranks:
            return [ranks[part] for part in parts]
        i = pairs.index(best)
        parts[i : i + 2] = [best]


class BPETokenizer:
    """Byte-level BPE: every text has tokens, whatever it holds.

    Args:
        merges: pairs of tokens, in the order in which they become one token.
        special_tokens: texts that are one token where `encode` is told so.
        pattern: of a piece of text that merges do not cross.

    Raises:
        TokenizerError: a merge uses a token not made yet or makes one again, a special token is empty or
            stands there twice.
    """

    def __init__(
        self,
        merges: Sequence[tuple[bytes, bytes]],
        special_tokens: Sequence[str] = (),
        pattern: str = GPT2_PATTERN,
    ) -> None:
        self.merges = list(merges)
        self.pattern = pattern
        self.ranks = {token: i for i, token in enumerate(BYTES)}
        for left, right in self.merges:
            if left not in self.ranks or right not in self.ranks or left + right in self.ranks:
                raise TokenizerError(
                    f"merge {len(self.ranks) - 256}, {left!r} {right!r}, uses a token that no merge before "
                    "it makes, or makes one again: keep merges complete and in order"
                )
            self.ranks[left + right] = len(self.ranks)
        if not all(special_tokens) or len(set(special_tokens)) < len(special_tokens):
            raise TokenizerError(f"special tokens {list(special_tokens)}: one is empty or stands there twice")
        self.special = {token: len(self.ranks) + i for i, token in enumerate(special_tokens)}
        self.tokens = [*self.ranks, *(_utf8(token) for token in special_tokens)]

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        pattern: str = GPT2_PATTERN,
    ) -> "BPETokenizer":
        """Learn a tokenizer from texts.

        Args:
            texts: any; merges do not cross from one to the next.
            vocab_size: bytes, merges and special tokens together; fewer where the texts have no pair left.
            special_tokens: as for the class.
            pattern: as for the class.

        Raises:
            TokenizerError: the vocabulary is smaller than the bytes and the special tokens.
        """
        if (n_merges := vocab_size - 256 - len(special_tokens)) < 0:
            raise TokenizerError(
                f"vocab_size={vocab_size} is too small for 256 bytes and {len(special_tokens)} special "
                f"tokens: it must be {256 + len(special_tokens)} or more"
            )
        words = Counter(piece for text in texts for piece in split(text, pattern))
        return cls(train_bpe(words, n_merges), special_tokens, pattern)

    @property
    def vocab_size(self) -> int:
        """Return the number of ids: bytes, merges and special tokens."""
        return len(self.tokens)

    @cached_property
    def _encoder(self) -> tiktoken.Encoding:
        return tiktoken.Encoding(
            "llmlite", pat_str=self.pattern, mergeable_ranks=self.ranks, special_tokens={}
        )

    def encode(self, text: str, *, allowed_special: Collection[str] | Literal["all"] = ()) -> list[int]:
        """Return the ids of a text.

        Args:
            text: any text without lone surrogates.
            allowed_special: special tokens that the text may hold, or "all"; others are ordinary text.

        Raises:
            TokenizerError: the text holds a lone surrogate, or a special token is unknown.
        """
        _utf8(text)
        allowed = set(self.special if allowed_special == "all" else allowed_special)
        if unknown := allowed - set(self.special):
            raise TokenizerError(
                f"{sorted(unknown)} are no special tokens of this tokenizer: it has {list(self.special)}"
            )
        if not allowed:
            return self._encode_ordinary(text)
        longest_first = sorted(allowed, key=len, reverse=True)
        ids: list[int] = []
        for part in regex.split(f"({'|'.join(map(regex.escape, longest_first))})", text):
            ids += [self.special[part]] if part in allowed else self._encode_ordinary(part)
        return ids

    def _encode_ordinary(self, text: str) -> list[int]:
        if len(text) > LONG and regex.search(rf"\s{{{LONG}}}", text):
            pieces = split(text, self.pattern)
            return [i for piece in pieces for i in self._encoder._encode_single_piece(piece)]
        return self._encoder.encode_ordinary(text)

    def token(self, id: int) -> bytes:
        """Return the bytes of one id."""
        return self.tokens[checked(id, len(self.tokens))]

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """Return the bytes of ids."""
        return b"".join(map(self.token, ids))

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; bytes that are no UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")

    def save(self, path: Path | str) -> Path:
        """Write merges, special tokens and pattern as readable JSON, and return the path."""
        lines = [f"{_spell(left)} {_spell(right)}" for left, right in self.merges]
        content = {"pattern": self.pattern, "special_tokens": list(self.special), "merges": lines}
        return write_file(path, "bpe", content)

    @classmethod
    def load(cls, path: Path | str) -> "BPETokenizer":
        """Read what `save` wrote."""
        content = read_file(path, "bpe")
        return cls.parse(content["merges"], content["special_tokens"], content["pattern"])

    @classmethod
    def parse(
        cls, lines: Iterable[str], special_tokens: Sequence[str] = (), pattern: str = GPT2_PATTERN
    ) -> "BPETokenizer":
        """Return a tokenizer from merges in GPT-2's spelling, "left right" in the byte alphabet."""
        pairs = [line.split(" ") for line in lines]
        return cls([(_bytes(left), _bytes(right)) for left, right in pairs], special_tokens, pattern)


def _spell(token: bytes) -> str:
    return "".join(_SPELLED[byte] for byte in token)


def _bytes(spelled: str) -> bytes:
    return bytes(_BYTE[character] for character in spelled)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise TokenizerError(
            f"{text[error.start]!r} at position {error.start} is half of a surrogate pair, which UTF-8 "
            'cannot write: text.encode(errors="replace").decode() replaces it'
        ) from None
