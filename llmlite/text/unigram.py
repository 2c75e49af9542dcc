"""Unigram: every piece has a probability, and a word is cut in the most probable way.

Deviations from the paper and its authors' code: the M step is that of maximum likelihood, without the digamma
function, so that no step makes the texts less probable; seeds are counted, without a suffix array.

Given the same vocabulary, encodings equal those of `tokenizers` (Unigram, byte fallback, Metaspace without a
prefix), but for two texts that do not come back there: "▁" becomes a space, and "<0x41>" may become "A".
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import regex  # type: ignore[import-untyped]

from llmlite.text._special import count_words, encode_parts, special_ids
from llmlite.text.tokenizer import TokenizerError, checked, read_file, utf8, write_file

# Pieces show a space as "▁". What is a "▁" in the text is a space in them: so nothing is lost.
_SHOWN = str.maketrans(" ▁", "▁ ")
_WORD = regex.compile("▁[^▁]*|[^▁]+")


def space_words(text: str) -> list[str]:
    """Split a text before each space, and show it as "▁"; nothing is lost, and pieces never cross words."""
    words: list[str] = _WORD.findall(text.translate(_SHOWN))
    return words


def viterbi(
    word: str, log_probs: Mapping[str, float], unknown: float = -math.inf, longest: int | None = None
) -> tuple[list[str], float]:
    """Return the most probable way to cut a word into pieces, and its log-probability.

    Args:
        word: any text.
        log_probs: the log-probability of each piece, in nats.
        unknown: that of a character which is no piece.
        longest: characters in a piece at most; by default, as many as the longest piece has.

    Returns:
        Of equally probable ways, the one whose last piece is longest, then the last but one, and so on. Where
        there is no way, the log-probability is -inf, and the pieces mean nothing.

    Reference: viterbi1967.
    """
    longest = longest or max(map(len, log_probs), default=1)
    best = [0.0] + [-math.inf] * len(word)  # best[end]: of the best way to cut word[:end]
    start_of = [0] * len(best)  # start_of[end]: where the last piece of that way begins
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - longest), end):
            piece = word[start:end]
            log_prob = log_probs.get(piece, unknown if len(piece) == 1 else -math.inf)
            if best[start] + log_prob > best[end]:
                best[end], start_of[end] = best[start] + log_prob, start
    pieces: list[str] = []
    end = len(word)
    while end > 0:
        pieces.append(word[start_of[end] : end])
        end = start_of[end]
    return pieces[::-1], best[-1]


def log_add(a: float, b: float) -> float:
    """Return the logarithm of the sum of two probabilities, given their logarithms."""
    if a < b:
        a, b = b, a
    return a if b == -math.inf else a + math.log1p(math.exp(b - a))


def expected_counts(
    word: str, log_probs: Mapping[str, float], longest: int | None = None
) -> tuple[dict[str, float], float]:
    """Return the expected count of each piece over all ways to cut a word, and the word's log-probability.

    Args:
        word, log_probs, longest: as for `viterbi`.

    Returns:
        Each way counts with its share of the word's probability. Where there is no way, {} and -inf.

    Reference: the E step of section 3.2 of kudo2018, by the forward-backward algorithm.
    """
    longest, n = longest or max(map(len, log_probs), default=1), len(word)
    spans = [
        (start, end, p)
        for end in range(1, n + 1)
        for start in range(max(0, end - longest), end)
        if (p := log_probs.get(word[start:end])) is not None
    ]
    forward = [0.0] + [-math.inf] * n  # forward[i]: the sum over all ways to cut word[:i]
    for start, end, p in spans:
        forward[end] = log_add(forward[end], forward[start] + p)
    backward = [-math.inf] * n + [0.0]  # backward[i]: the same of word[i:]
    for start, end, p in reversed(spans):
        backward[start] = log_add(backward[start], p + backward[end])
    if forward[n] == -math.inf:
        return {}, -math.inf
    counts: dict[str, float] = defaultdict(float)
    for start, end, p in spans:
        share = math.exp(forward[start] + p + backward[end] - forward[n])
        counts[word[start:end]] += share
    return dict(counts), forward[n]


def seed_pieces(words: Mapping[str, int], size: int, max_length: int) -> dict[str, float]:
    """Return pieces to begin with: all characters, and the substrings that write most of the text.

    Args:
        words: how often each word occurs.
        size, max_length: pieces at most (if not more characters), and characters in one at most.

    Returns:
        Their log-probabilities: shares of count times length. Ties go by the alphabet.
    """
    counts: dict[str, int] = defaultdict(int)
    for word, n in words.items():
        for start in range(len(word)):
            for end in range(start + 1, min(start + max_length, len(word)) + 1):
                counts[word[start:end]] += n
    written = {piece: n * len(piece) for piece, n in counts.items() if len(piece) == 1 or n > 1}
    ranked = sorted(written, key=lambda piece: (len(piece) > 1, -written[piece], piece))
    seeds = ranked[: max(size, sum(len(piece) == 1 for piece in written))]
    whole = sum(written[piece] for piece in seeds)
    return {piece: math.log(written[piece] / whole) for piece in seeds}


def em_step(words: Mapping[str, int], log_probs: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Return the shares of the expected counts of all pieces, and the log-likelihood before the step.

    Args:
        words: how often each word occurs; the pieces can write each of them.
        log_probs: the log-probability of each piece, in nats.

    Returns:
        New log-probabilities, under which the words are at least as probable (but for a billionth of a count
        that each piece is given), and the log-probability of all words under the old ones.

    Reference: section 3.2 of kudo2018; dempster1977.
    """
    longest = max(map(len, log_probs), default=1)
    counts, log_likelihood = dict.fromkeys(log_probs, 1e-9), 0.0
    for word, n in words.items():
        expected, log_prob = expected_counts(word, log_probs, longest)
        log_likelihood += n * log_prob
        for piece, count in expected.items():
            counts[piece] += n * count
    whole = sum(counts.values())
    return {piece: math.log(count / whole) for piece, count in counts.items()}, log_likelihood


def prune(log_probs: Mapping[str, float], size: int) -> dict[str, float]:
    """Keep `size` pieces: all characters, and those without which the words lose most probability.

    Args:
        log_probs: the log-probability of each piece, as `em_step` returns it.
        size: at least the number of characters.
    """

    def loss(piece: str) -> float:
        # Each time, shorter pieces write what it wrote. (That they become more probable is left out.)
        _, otherwise = viterbi(piece, log_probs, longest=len(piece) - 1)
        return math.exp(log_probs[piece]) * (log_probs[piece] - otherwise)

    ranked = sorted(log_probs, key=lambda piece: math.inf if len(piece) == 1 else loss(piece), reverse=True)
    return {piece: log_probs[piece] for piece in ranked[:size]}


def train_unigram(
    words: Mapping[str, int],
    vocab_size: int,
    *,
    seed_size: int | None = None,
    max_length: int = 16,
    shrink: float = 0.75,
) -> dict[str, float]:
    """Learn pieces and their log-probabilities: begin with too many, and drop the least useful.

    Args:
        words: how often each word occurs.
        vocab_size: pieces in the end; fewer where the words run out of substrings that occur twice.
        seed_size: pieces in the beginning; by default ten times as many.
        max_length: characters in a piece at most, 1 or more.
        shrink: share of the pieces that stays each time, above 0 and below 1.

    Returns:
        The log-probability of each piece, the most probable first. Every character of the words is a piece.

    Raises:
        TokenizerError: there are more characters than `vocab_size`; an argument is not as above.

    Reference: section 3.2 of kudo2018.
    """
    if (n := len(set().union(*words))) > vocab_size:
        raise TokenizerError(
            f"{vocab_size} pieces beside bytes and special tokens are too few for {n} characters: make the "
            f"vocabulary {n - vocab_size} larger, or leave rare characters out"
        )
    if not 0 < shrink < 1 or max_length < 1:
        raise TokenizerError(f"shrink={shrink}, max_length={max_length}: make it 0 to 1, and at least 1")
    log_probs = seed_pieces(words, seed_size or 10 * vocab_size, max_length)
    while True:
        for _ in range(2):
            log_probs, _ = em_step(words, log_probs)
        if len(log_probs) <= vocab_size:
            return dict(sorted(log_probs.items(), key=lambda item: (-item[1], item[0])))
        log_probs = prune(log_probs, max(vocab_size, int(shrink * len(log_probs))))


class UnigramTokenizer:
    """Encode any text by its most probable pieces, with bytes for characters that are no piece.

    Pieces show a space as "▁", and a "▁" as a space: so every text comes back.

    Args:
        log_probs: the log-probability of each piece, in nats.
        special_tokens: texts that are one token where `encode` is told so, and never otherwise.

    Attributes:
        special: the id of each special token; they come last.
        tokens: the token of each id: "<0x00>" to "<0xFF>", the pieces, the special tokens.

    Raises:
        TokenizerError: a token is empty, or given twice; a log-probability is no number up to 0.
    """

    def __init__(self, log_probs: Mapping[str, float], special_tokens: Sequence[str] = ()) -> None:
        for piece, log_prob in log_probs.items():
            if not utf8(piece) or not -math.inf < log_prob <= 0:
                remedy = "a piece has characters, and a number up to 0"
                raise TokenizerError(f"piece {piece!r} with log-probability {log_prob}: {remedy}")
        self.log_probs = dict(log_probs)
        self.special = special_ids(special_tokens, first=256 + len(log_probs))
        self.tokens = [*(f"<0x{byte:02X}>" for byte in range(256)), *log_probs, *self.special]
        self._ids = {piece: 256 + i for i, piece in enumerate(log_probs)}
        texts = [*(piece.translate(_SHOWN) for piece in log_probs), *self.special]
        self._bytes = [bytes([byte]) for byte in range(256)] + [text.encode() for text in texts]
        self._longest = max(map(len, log_probs), default=1)
        self._unknown = min(log_probs.values(), default=0.0) - 10  # as SentencePiece and `tokenizers` have it
        self._known: dict[str, list[int]] = {}

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, special_tokens: Sequence[str] = ()
    ) -> "UnigramTokenizer":
        """Return a tokenizer with the pieces that `train_unigram` learns from texts.

        Args:
            texts: what to learn from.
            vocab_size: bytes, pieces and special tokens together; less where the texts run out of pieces.

        Raises:
            TokenizerError: `vocab_size` has no place for all characters; a text has a lone surrogate.
        """
        words, empty = count_words(texts, space_words), cls({}, special_tokens)
        return cls(train_unigram(words, vocab_size - empty.vocab_size), list(empty.special))

    @property
    def vocab_size(self) -> int:
        """Return the number of ids: bytes, pieces and special tokens."""
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
        return [i for word in space_words(text) for i in self._known.get(word) or self._encode_word(word)]

    def _encode_word(self, word: str) -> list[int]:
        ids: list[int] = []
        for piece in viterbi(word, self.log_probs, self._unknown, self._longest)[0]:
            ids += [self._ids[piece]] if piece in self._ids else piece.translate(_SHOWN).encode()
        if len(self._known) < 100_000:
            self._known[word] = ids
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids, with U+FFFD for bytes that are no UTF-8; a TokenizerError for other ids."""
        return b"".join(self._bytes[checked(i, self.vocab_size)] for i in ids).decode(errors="replace")

    def save(self, path: Path | str) -> Path:
        """Write pieces, log-probabilities and special tokens as readable JSON, and return the path."""
        content = {"special_tokens": list(self.special), "log_probs": list(self.log_probs.items())}
        return write_file(path, "unigram", content)

    @classmethod
    def load(cls, path: Path | str) -> "UnigramTokenizer":
        """Read what `save` wrote; a TokenizerError if the file is damaged, or no UnigramTokenizer's."""
        content = read_file(path, "unigram")
        return cls(dict(content["log_probs"]), content["special_tokens"])
