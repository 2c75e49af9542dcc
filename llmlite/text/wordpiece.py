"""WordPiece, as BERT does it: words are cut from the left, and "##" marks a piece that continues a word.

Deviations. The makers never published their trainer. `train_wordpiece` joins pairs by the score with which it
is usually described; the trainer for WordPiece of `tokenizers` counts pairs: it is BPE underneath, and learns
other pieces. Given the same vocabulary, encodings equal those of `tokenizers`, but for
- characters that Unicode added, or moved to another category, after version 8, whose tables `tokenizers` has;
- U+2B820 to U+2B91F, ideographs, which BERT makes words of their own, and `tokenizers` forgets;
- special tokens: no text turns into one here unless that is allowed.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import pairwise
from pathlib import Path

import regex  # type: ignore[import-untyped]

from llmlite.text._special import count_words, encode_parts
from llmlite.text.bpe import merge
from llmlite.text.tokenizer import TokenizerError, checked, read_file, utf8, write_file

_CONTROL = regex.compile(r"(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\uFFFD]")
_ALONE = (  # characters that are words of their own: marks, and Chinese ideographs
    r"\p{P}$+<=>^`|~\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U0002A6DF"
    r"\U0002A700-\U0002CEAF\U0002F800-\U0002FA1F"
)
_WORD = regex.compile(rf"[{_ALONE}]|[^\s{_ALONE}]+")


def bert_words(text: str, lowercase: bool = False) -> list[str]:
    """Split a text into words and single marks; spaces and control characters are lost.

    Args:
        text: any text.
        lowercase: make letters small, and take their accents off.

    Reference: the released code of devlin2019, as `tokenizers` has it; the original keeps private-use
    characters and writes a final "ς".
    """
    text = _CONTROL.sub("", text)
    if lowercase:
        text = regex.sub(r"\p{Mn}", "", unicodedata.normalize("NFD", text))
        text = text.replace("Σ", "σ").lower()  # lower() alone ends a word in "ς"
    words: list[str] = _WORD.findall(text)
    return words


def longest_match(
    word: str, vocabulary: Container[str], unknown: str = "[UNK]", max_length: int = 100
) -> list[str]:
    """Cut a word into pieces, from the left, each the longest that the vocabulary has.

    Args:
        word: without spaces.
        vocabulary: pieces that begin words, and, written with "##", pieces that continue them.
        unknown: stands for the whole word where no piece fits.
        max_length: in characters; a longer word is unknown.

    Reference: the released code of devlin2019.
    """
    if len(word) > max_length:
        return [unknown]
    pieces: list[str] = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                break
        else:
            return [unknown]
        pieces.append(piece)
        start = end
    return pieces


class SymbolCounts:
    """Count pieces and pairs of neighbours in words, and keep the counts right while pairs become one.

    Args:
        words: how often each word occurs.

    Attributes:
        pieces: the piece of each id: characters in alphabetical order, then what merges made.
        words: the ids of each word.
        counts: how often each id occurs; pair_counts: how often each pair does.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        spelled = [[("##" if i else "") + c for i, c in enumerate(word)] for word in words]
        self.pieces = sorted({piece for word in spelled for piece in word})
        ids = {piece: i for i, piece in enumerate(self.pieces)}
        self.words = [[ids[piece] for piece in word] for word in spelled]
        self.weights = list(words.values())
        self.counts: Counter[int] = Counter()
        self.pair_counts: Counter[tuple[int, int]] = Counter()
        self.places: dict[tuple[int, int], set[int]] = defaultdict(set)  # pair -> words that hold it
        self.pairs_of: dict[int, set[tuple[int, int]]] = defaultdict(set)  # id -> pairs that it is in
        for place in range(len(self.words)):
            self._count(place, self.weights[place])

    def _count(self, place: int, weight: int) -> None:
        word = self.words[place]
        for i in word:
            self.counts[i] += weight
        for pair in pairwise(word):
            self.pair_counts[pair] += weight
            self.places[pair].add(place)
            for i in pair:
                self.pairs_of[i].add(pair)

    def merge(self, pair: tuple[int, int]) -> set[tuple[int, int]]:
        """Replace a pair by one id in all words, and return the pairs whose score this may change."""
        left, right = (self.pieces[i] for i in pair)
        new = len(self.pieces)
        self.pieces.append(left + right.removeprefix("##"))
        for place in self.places.pop(pair):
            self._count(place, -self.weights[place])
            self.words[place] = merge(self.words[place], pair, new)
            self._count(place, self.weights[place])
        return self.pairs_of[pair[0]] | self.pairs_of[pair[1]] | self.pairs_of[new]

    def rank(self, pair: tuple[int, int]) -> tuple[float, int]:
        """Return minus the score of a pair, and minus its count: the smallest is to be merged."""
        n = self.pair_counts[pair]
        return (-n / (self.counts[pair[0]] * self.counts[pair[1]]), -n) if n else (0.0, 0)


def train_wordpiece(words: Mapping[str, int], vocab_size: int, min_count: int | None = None) -> list[str]:
    """Learn pieces: again and again, join the pair with the highest count for its parts' counts.

    The score of a pair is count(pair) / (count(left) * count(right)). Of equal scores the more frequent pair
    comes first, then the one with the smaller ids, which are places in the list that is returned.

    Args:
        words: how often each word occurs.
        vocab_size: pieces at most; there are fewer where no pair is left.
        min_count: rarer pairs are not joined. With 1, the vocabulary fills with the rarest words, for letters
            that are seen together only score highest. By default half the number of words for each piece.

    Returns:
        The characters in alphabetical order, then the pieces that were joined, in order.

    Raises:
        TokenizerError: there are more characters than `vocab_size`, or a word begins with "##".

    Reference: after schuster2012; the score is a public reconstruction.
    """
    if wrong := [word for word in words if word.startswith("##")]:
        raise TokenizerError(f"{wrong[0]!r} begins with '##', the mark of what continues a word: split it")
    symbols = SymbolCounts(words)
    if (n := len(symbols.pieces)) > vocab_size:
        raise TokenizerError(
            f"{vocab_size} pieces beside the special tokens are too few for {n} characters, those inside of "
            f"words counted apart: make the vocabulary {n - vocab_size} larger, or leave rare ones out"
        )
    least = sum(words.values()) // (2 * vocab_size) if min_count is None else min_count
    queue: list[tuple[tuple[float, int], tuple[int, int]]] = []
    changed = set(symbols.pair_counts)
    while len(symbols.pieces) < vocab_size:
        for pair in changed:
            if symbols.pair_counts[pair] >= max(1, least):
                heappush(queue, (symbols.rank(pair), pair))
        while queue and queue[0][0] != symbols.rank(queue[0][1]):
            heappop(queue)  # the pair was ranked anew since
        if not queue:
            break
        changed = symbols.merge(heappop(queue)[1])
    return symbols.pieces


class WordPieceTokenizer:
    """Encode words by the longest pieces of a vocabulary; a word that it cannot write is one unknown token.

    It is lossy: where no word is unknown, `decode(encode(text))` is `" ".join(bert_words(text))`. So a text
    comes back if its words and marks stand apart by single spaces, with nothing around them.

    Args:
        vocabulary: the tokens; the id of each is its place.
        special_tokens: those of them that are tokens where `encode` is told so, and never otherwise.
        unknown: the token for words that no pieces write; it is a special token too.
        lowercase: make letters small, and take their accents off, as BERT's uncased models do.

    Attributes:
        vocabulary: as given.
        special: the id of each special token.

    Raises:
        TokenizerError: a token is empty or given twice; a special token is not in the vocabulary.
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        special_tokens: Sequence[str] = ("[UNK]",),
        unknown: str = "[UNK]",
        *,
        lowercase: bool = False,
    ) -> None:
        self.vocabulary, self.unknown, self.lowercase = list(vocabulary), unknown, lowercase
        for token, times in Counter(self.vocabulary).items():
            if not utf8(token) or times > 1:
                raise TokenizerError(f"token {token!r} is empty, or given twice: leave it out")
        self._ids = {token: i for i, token in enumerate(self.vocabulary)}
        names = dict.fromkeys([*special_tokens, unknown])
        if missing := [token for token in names if token not in self._ids]:
            raise TokenizerError(f"special token {missing[0]!r} is not in the vocabulary: add it there")
        self.special = {token: self._ids[token] for token in names}
        self._pieces = self._ids.keys() - names.keys()

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = ("[UNK]",),
        *,
        lowercase: bool = False,
        min_count: int | None = None,
    ) -> "WordPieceTokenizer":
        """Return a tokenizer with special tokens, and the pieces that `train_wordpiece` learns from texts.

        Args:
            texts: what to learn from.
            vocab_size: special tokens and pieces together; less where the texts run out of pairs.
            special_tokens: "[UNK]" is one of them.
            lowercase: as for the class.
            min_count: as for `train_wordpiece`.

        Raises:
            TokenizerError: `vocab_size` has no place for all characters; "[UNK]" is missing; a text has a
                lone surrogate.
        """
        words = count_words(texts, partial(bert_words, lowercase=lowercase))
        pieces = train_wordpiece(words, vocab_size - len(special_tokens), min_count)
        new = [piece for piece in pieces if piece not in special_tokens]
        return cls([*special_tokens, *new], special_tokens, lowercase=lowercase)

    @property
    def vocab_size(self) -> int:
        """Return the number of ids."""
        return len(self.vocabulary)

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
        words = bert_words(text, self.lowercase)
        cut = (longest_match(word, self._pieces, self.unknown) for word in words)
        return [self._ids[piece] for pieces in cut for piece in pieces]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the tokens of ids, with a space before each new word; a TokenizerError for other ids."""
        tokens = [self.vocabulary[checked(i, self.vocab_size)] for i in ids]
        glued = [token[2:] if token.startswith("##") else f" {token}" for token in tokens[1:]]
        return "".join(tokens[:1] + glued)

    def save(self, path: Path | str) -> Path:
        """Write the vocabulary as readable JSON, and return the path."""
        content = {"unknown": self.unknown, "lowercase": self.lowercase, "special_tokens": list(self.special)}
        return write_file(path, "wordpiece", content | {"vocabulary": self.vocabulary})

    @classmethod
    def load(cls, path: Path | str) -> "WordPieceTokenizer":
        """Read what `save` wrote; a TokenizerError if the file is damaged, or no WordPieceTokenizer's."""
        content = read_file(path, "wordpiece")
        return cls(**content)
