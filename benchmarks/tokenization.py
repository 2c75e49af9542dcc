"""How fast is byte pair encoding, beside tokenizers and tiktoken?

    python benchmarks/tokenization.py [--repeats N] [--json FILE]

Each library trains on all of Tiny Shakespeare, which is downloaded where it is not there, and encodes it. All
take turns in one process. To train 256 entries is to split and to count: these are the bytes. The ratio is of
the time on the wall, where `tokenizers` may use every processor, the others use one. That of the time of all
processors stands beside it.
"""

import argparse
from collections import Counter
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import tiktoken
from _measuring import Action, Case, parser, report, seconds
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from llmlite import storage
from llmlite.text.bpe import BPETokenizer, split, train_bpe

TARGETS = {256: None, 1024: 3.0, 8192: 5.0}  # sizes of vocabularies; at most so many times `tokenizers`
ENCODING = 1.1  # at most so many times tiktoken
LARGEST = max(TARGETS)
MERGED = [size for size in TARGETS if size > 256]  # with 256 entries, nothing is merged
SHAKESPEARE = "tests/real/test_tokenizers_shakespeare.py::"
SAME_MERGES = SHAKESPEARE + "test_all_7936_merges_are_those_of_tokenizers"
SMALLER = SHAKESPEARE + "test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one"
SAME_IDS = SHAKESPEARE + "test_encodings_are_equal"
SAME_TEXT = "tests/test_gpt2.py::test_bytes_are_decoded_as_by_tiktoken"


def corpus() -> Path:
    """Return the file of Tiny Shakespeare."""
    return storage.fetch(*storage.SHAKESPEARE)


def train_ours(path: Path, vocab_size: int) -> BPETokenizer:
    """Train from the file, which is read too."""
    return BPETokenizer.train([path.read_text(encoding="utf-8")], vocab_size)


def train_theirs(path: Path, vocab_size: int) -> Tokenizer:
    """Train with `tokenizers` as its users do: from the file, on bytes, with GPT-2's split."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train([str(path)], trainer)
    return tokenizer


def training(vocab_size: int) -> tuple[Action, Action]:
    """Return the training of both."""
    path = corpus()
    return partial(train_ours, path, vocab_size), partial(train_theirs, path, vocab_size)


@cache
def coders() -> dict[str, tuple[Action, Action]]:
    """Return encoding and decoding with the larger vocabulary."""
    text = corpus().read_text(encoding="utf-8")
    ours, theirs = train_ours(corpus(), LARGEST), train_theirs(corpus(), LARGEST)
    same = tiktoken.Encoding("same", pat_str=ours.pattern, mergeable_ranks=ours.ranks, special_tokens={})
    ids = ours.encode(text)
    assert ids == same.encode_ordinary(text) == theirs.encode(text).ids
    assert text == ours.decode(ids) == same.decode(ids)
    return {
        "encode, tiktoken": (lambda: ours.encode(text), lambda: same.encode_ordinary(text)),
        "encode, tokenizers": (lambda: ours.encode(text), lambda: theirs.encode(text).ids),
        "decode, tiktoken": (lambda: ours.decode(ids), lambda: same.decode(ids)),
    }


def cases(args: argparse.Namespace) -> list[Case]:
    """Return the rows."""
    return [
        *(
            Case(f"train {n:,} entries", "tokenizers", partial(training, n), (SAME_MERGES, SMALLER), target)
            for n, target in TARGETS.items()
        ),
        Case("encode", "tiktoken", lambda: coders()["encode, tiktoken"], (SAME_IDS,), ENCODING),
        Case("encode", "tokenizers", lambda: coders()["encode, tokenizers"], (SAME_IDS,)),
        Case("decode", "tiktoken", lambda: coders()["decode, tiktoken"], (SAME_IDS, SAME_TEXT)),
    ]


def parts(vocab_size: int, repeats: int) -> list[dict[str, Any]]:
    """Return the parts of our training: what each takes is what the way up to it takes more."""
    path = corpus()

    def pieces() -> list[str]:
        return split(path.read_text(encoding="utf-8"))

    ways: dict[str, Action] = {
        "read the file and split it": pieces,
        "count equal pieces": lambda: Counter(pieces()),
        "count pairs of neighbours": lambda: train_bpe(Counter(pieces()), 0),
        "merge, again and again": partial(train_ours, path, vocab_size),
    }
    times = [[seconds(way).wall for way in ways.values()] for _ in range(repeats)]
    ends = [0.0, *map(median, zip(*times, strict=True))]
    of = f"{vocab_size:,} entries"
    return [
        {"of": of, "what": what, "ours": end - start, "share": (end - start) / ends[-1]}
        for what, (start, end) in zip(ways, pairwise(ends), strict=True)
    ]


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    return parser(__doc__)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table; write the figures as JSON if asked to."""
    args = options().parse_args(arguments)
    shares = [part for size in MERGED for part in parts(size, args.repeats)]
    report(__file__, args, cases(args), parts=shares)
    print()
    for part in shares:
        print(f"{part['of']}: {part['what']:30}{part['ours']:>8.3f} s{part['share']:>6.0%}")


if __name__ == "__main__":
    main()
