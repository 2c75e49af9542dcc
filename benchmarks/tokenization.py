"""How fast is byte pair encoding, beside tokenizers and tiktoken?

    python benchmarks/tokenization.py [--repeats N] [--json FILE]

Each library trains on all of Tiny Shakespeare, which is downloaded where it is not there, and encodes it. All
take turns in one process. The ratio is of the time on the wall, where `tokenizers` may use every processor,
the others use one. That of the time of all processors stands beside it.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import tiktoken
from _measuring import hardware, paired, spread
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from llmlite import storage
from llmlite.storage import atomic_write
from llmlite.text.bpe import BPETokenizer
from llmlite.text.corpus import shakespeare

SIZES = (1024, 8192)


def train_theirs(path: Path, vocab_size: int) -> Tokenizer:
    """Train with `tokenizers` as its users do: from the file, on bytes, with GPT-2's split."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train([str(path)], trainer)
    return tokenizer


def row(
    what: str, beside: str, repeats: int, ours: Callable[[], Any], theirs: Callable[[], Any]
) -> dict[str, Any]:
    """Measure two actions in turn; return medians of the times and of the ratio ours / theirs."""
    ours(), theirs()  # the first time, libraries load what they need
    pairs = paired(repeats, ours, theirs)
    return {
        "what": what,
        "beside": beside,
        "seconds": median(a.wall for a, _ in pairs),
        "seconds_theirs": median(b.wall for _, b in pairs),
        "processor_ratio": median(a.cpu / b.cpu for a, b in pairs),
        **spread([a.wall / b.wall for a, b in pairs]),
    }


def training(size: int, repeats: int) -> dict[str, Any]:
    """Train from the file, which is read too."""
    path = storage.fetch(*storage.SHAKESPEARE)
    return row(
        f"train {size:,}",
        "tokenizers",
        repeats,
        lambda: BPETokenizer.train([path.read_text(encoding="utf-8")], size),
        lambda: train_theirs(path, size),
    )


def coding(repeats: int) -> list[dict[str, Any]]:
    """Encode and decode with the larger vocabulary."""
    text, size = shakespeare(), SIZES[-1]
    ours, theirs = BPETokenizer.train([text], size), train_theirs(storage.fetch(*storage.SHAKESPEARE), size)
    same = tiktoken.Encoding("same", pat_str=ours.pattern, mergeable_ranks=ours.ranks, special_tokens={})
    ids = ours.encode(text)
    assert ids == same.encode_ordinary(text) == theirs.encode(text).ids
    n = 3 * repeats  # these are short
    return [
        row("encode", "tiktoken", n, lambda: ours.encode(text), lambda: same.encode_ordinary(text)),
        row("encode", "tokenizers", repeats, lambda: ours.encode(text), lambda: theirs.encode(text).ids),
        row("decode", "tiktoken", n, lambda: ours.decode(ids), lambda: same.decode(ids)),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table; write the figures as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="of each measurement (default 7)")
    parser.add_argument("--json", metavar="FILE", help="write the figures")
    args = parser.parse_args(arguments)
    rows = [*(training(size, args.repeats) for size in SIZES), *coding(args.repeats)]
    machine = hardware("tokenizers", "tiktoken")
    print(f"Tiny Shakespeare, median of {args.repeats} paired repeats; {machine}\n")
    print(f"{'':14}{'llmlite':>10}{'beside':>10} {'':12}{'llmlite / beside':>22}{'of processors':>15}")
    for r in rows:
        span = f"{r['ratio']:.2f} ({r['ratio_low']:.2f} to {r['ratio_high']:.2f})"
        times = f"{r['seconds']:>8.3f} s{r['seconds_theirs']:>8.3f} s"
        print(f"{r['what']:14}{times} {r['beside']:12}{span:>22}{r['processor_ratio']:>15.2f}")
    if args.json:
        result = {"hardware": machine, "repeats": args.repeats, "compared": rows}
        atomic_write(args.json, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
