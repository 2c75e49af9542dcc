"""What does a window model gain from each token of context, and does it pay to tie its two tables?

    python experiments/03_windows.py --seeds 5 --out llmlite/data/results/03_windows.json

n-gram models and window models learn from the same stories and are judged on the same held-out ones, in nats
per story. A seed decides the training stories, the weights and the order of the batches; the town, the
tokenizer and the held-out stories are the same for all seeds. The file is written after each seed. Seeds that
stand in it already are kept if they were made by the same code with the same parameters.
"""

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from provenance import ROOT, fingerprint, finished, origin

from llmlite import world
from llmlite.model.ngrams import NGram
from llmlite.model.window import WindowModel
from llmlite.runtime import generator, set_seed
from llmlite.storage import atomic_write
from llmlite.text.batches import window_batches, windows
from llmlite.text.bpe import BPETokenizer
from llmlite.training.loop import fit

END = "<|endoftext|>"
TOKENIZER_SEED, HELD_OUT_SEED = 1, 2  # as in chapter 3
FIRST_STORIES = 100  # seed 0 trains on the stories 100, which nobody else reads
CODE = [Path(__file__), ROOT / "llmlite" / "model" / "window.py", ROOT / "llmlite" / "world"]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One window model."""

    width: int
    d_model: int
    tied: bool


SHAPES = (
    *(Shape(width=width, d_model=32, tied=False) for width in (1, 2, 3, 5, 8, 12, 20)),
    Shape(width=5, d_model=32, tied=True),
    Shape(width=5, d_model=53, tied=True),  # about as many parameters as 32 untied
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What decides the figures of a seed, apart from the code.

    Attributes:
        orders: of the n-gram models.
        d_hidden: of the window models.
        rates: step sizes of Adam, one for each pass over the stories.
        stories: how many are learned from.
        held_out: how many are judged.
    """

    orders: tuple[int, ...] = (2, 3, 4, 6, 9)
    shapes: tuple[Shape, ...] = SHAPES
    vocab_size: int = 1536
    d_hidden: int = 128
    rates: tuple[float, ...] = (1e-2, 1e-3)
    batch_size: int = 512
    stories: int = 10_000
    held_out: int = 300


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="train with the seeds 0, 1, ... (default 5)")
    parser.add_argument("--out", type=Path, default=ROOT / "llmlite" / "data" / "results" / "03_windows.json")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
    return parser.parse_args()


def counted(run: Run, rows: list[list[int]], test: list[list[int]], end: int) -> list[dict[str, Any]]:
    """Count n-grams; return the nats per story of each order."""
    longest = NGram(max(run.orders), range(end + 1)).count([*row, end] for row in rows)
    losses = []
    for order in run.orders:
        model = NGram(order, range(end + 1))
        model.counts = longest.counts
        losses.append({
            "order": order,
            "loss": -statistics.fmean(model.log_prob([*row, end]) for row in test),
        })
    return losses


def measured(
    run: Run, shape: Shape, seed: int, rows: list[list[int]], test: list[list[int]], end: int
) -> dict[str, Any]:
    """Train one window model; return its loss in nats per story."""
    set_seed(seed)
    model = WindowModel(end + 1, shape.width, shape.d_model, run.d_hidden, shape.tied)
    contexts, targets = windows(rows, shape.width, end)
    order = generator(seed)
    start = time.process_time()
    for rate in run.rates:
        batches = window_batches(contexts, targets, run.batch_size, order)
        fit(model, batches, F.cross_entropy, torch.optim.Adam(model.parameters(), lr=rate))
    seconds = time.process_time() - start
    contexts, targets = windows(test, shape.width, end)
    with torch.no_grad():
        loss = F.cross_entropy(model(contexts), targets, reduction="sum").item() / len(test)
    parameters = sum(p.numel() for p in model.parameters())
    return {**asdict(shape), "parameters": parameters, "loss": loss, "processor_seconds": seconds}


def main() -> None:
    """Train with every seed that is not done yet."""
    args, run = arguments(), Run()
    torch.set_num_threads(args.threads)
    town = world.Town()
    tokenizer = BPETokenizer.train(town.stories(run.stories, seed=TOKENIZER_SEED), run.vocab_size, [END])
    end = tokenizer.special[END]
    held_out = town.sample(run.held_out, seed=HELD_OUT_SEED)
    test = [tokenizer.encode(story.text) for story in held_out]
    floor = -statistics.fmean(story.log_prob for story in held_out)
    parameters = json.loads(json.dumps(asdict(run)))  # as they stand in the file
    key = {"world_version": world.VERSION, "code": fingerprint(CODE), "parameters": parameters}
    seeds = finished(args.out, key)
    for seed in sorted(set(range(args.seeds)) - {each["seed"] for each in seeds}):
        rows = [tokenizer.encode(story) for story in town.stories(run.stories, seed=FIRST_STORIES + seed)]
        ngrams = counted(run, rows, test, end)
        models = [measured(run, shape, seed, rows, test, end) for shape in run.shapes]
        seeds.append({"seed": seed, "ngrams": ngrams, "windows": models})
        results = {**origin(), **key, "floor": floor, "seeds": seeds}
        atomic_write(args.out, json.dumps(results, indent=1) + "\n")
        losses = ", ".join(f"{each['width']}: {each['loss']:.1f}" for each in models)
        print(f"seed {seed}, nats a story, floor {floor:.1f}: {losses}", flush=True)


if __name__ == "__main__":
    main()
