"""How large should the vocabulary be? One small transformer, one budget of tokens, several tokenizers.

    python experiments/02_vocabulary.py --seeds 5 --tokens 8e5 --out llmlite/data/results/02_vocabulary.json

Every model reads as many tokens, which costs about as much time; with a larger vocabulary they hold more
stories. A seed decides the weights, the training stories and the order of the batches. The town, the
tokenizers and the held-out stories are the same for all seeds. The file is written after each seed. Seeds
that stand in it already are kept if they were made by the same code with the same parameters.
"""

import argparse
import json
import math
import statistics
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from early.gpt import GPT, Config
from early.recipe import END_OF_STORY, Recipe, batches, story_nats, train
from provenance import ROOT, fingerprint, finished, origin

from llmlite import world
from llmlite.evaluation.metrics import bits
from llmlite.storage import atomic_write
from llmlite.text.bpe import BPETokenizer

TOKENIZER_STORIES = 10_000
TOKENIZER_SEED = 1_000_001  # far from the training seeds, which count from 0
HELD_OUT_SEED = 1_000_002
SIZES = (256, 512, 1024, 1536, 2048, 3072)
CODE = [Path(__file__), ROOT / "experiments" / "early", ROOT / "llmlite" / "world"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What decides the figures of a seed, apart from the code.

    Attributes:
        tokens: at most so many tokens are trained on, ends of stories included.
        held_out: stories that the loss and the floor are measured on.
    """

    sizes: tuple[int, ...]
    tokens: float
    held_out: int
    model: Config
    recipe: Recipe


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="train with the seeds 0, 1, ... (default 5)")
    parser.add_argument("--tokens", type=float, default=8e5, help="training tokens of a run (default 8e5)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "llmlite" / "data" / "results" / "02_vocabulary.json"
    )
    parser.add_argument("--held-out", type=int, default=500, help="held-out stories (default 500)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
    return parser.parse_args()


def encoded(stories: list[str], tokenizer: BPETokenizer) -> list[list[int]]:
    """Return the token ids of stories, none of which holds the id that the recipe reserves for their end."""
    rows = [tokenizer.encode(story) for story in stories]
    assert not any(END_OF_STORY in row for row in rows)  # it is the byte "+", which the town never writes
    return rows


def corpus(town: world.Town, tokenizer: BPETokenizer, tokens: float, seed: int) -> list[list[int]]:
    """Return encoded stories of the town that hold, with their ends, at most `tokens` tokens."""
    total, rows = 0, []
    for row in encoded(town.stories(int(tokens / 40), seed=seed), tokenizer):  # none has fewer than 40 tokens
        total += len(row) + 1
        if total > tokens:
            return rows
        rows.append(row)
    raise ValueError(f"the stories hold only {total} of {tokens:.0f} tokens")


def measured(run: Run, size: int, seed: int, town: world.Town, held_out: list[str]) -> dict[str, Any]:
    """Train one model on the tokens of one tokenizer; return its loss in units that compare."""
    tokenizer = BPETokenizer.train(town.stories(TOKENIZER_STORIES, seed=TOKENIZER_SEED), size)
    rows, test = corpus(town, tokenizer, run.tokens, seed), encoded(held_out, tokenizer)
    longest = max(len(row) + 1 for row in rows + test)
    torch.manual_seed(seed)
    model = GPT(replace(run.model, vocab_size=tokenizer.vocab_size, context_length=longest))
    start = time.process_time()
    train(model, list(batches(rows, run.recipe.batch_tokens, seed)), run.recipe)
    seconds = time.process_time() - start
    loss = statistics.fmean(story_nats(model, test))
    n_bytes = statistics.fmean(len(story.encode()) + 1 for story in held_out)  # with its end
    return {
        "size": size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "stories": len(rows),
        "tokens_per_story": statistics.fmean(len(row) + 1 for row in test),
        "loss": loss,
        "bits_per_byte": bits(loss) / n_bytes,
        "processor_seconds": seconds,
    }


def main() -> None:
    """Train with every seed that is not done yet."""
    args = arguments()
    torch.set_num_threads(args.threads)
    run = Run(sizes=SIZES, tokens=args.tokens, held_out=args.held_out, model=Config(), recipe=Recipe())
    town = world.Town()
    held_out = town.stories(run.held_out, seed=HELD_OUT_SEED)
    floor = -statistics.fmean(town.log_prob(story) for story in held_out)
    n_bytes = statistics.fmean(len(story.encode()) + 1 for story in held_out)
    parameters = json.loads(json.dumps(asdict(run)))  # as they stand in the file
    key = {"world_version": world.VERSION, "code": fingerprint(CODE), "parameters": parameters}
    seeds = finished(args.out, key)
    for seed in sorted(set(range(args.seeds)) - {each["seed"] for each in seeds}):
        runs = [measured(run, size, seed, town, held_out) for size in run.sizes]
        seeds.append({"seed": seed, "runs": runs})
        known = {"floor": floor, "floor_bits_per_byte": floor / math.log(2) / n_bytes}
        results = {**origin(), **key, **known, "seeds": seeds}
        atomic_write(args.out, json.dumps(results, indent=1) + "\n")
        losses = ", ".join(f"{each['size']}: {each['loss'] / floor - 1:.1%}" for each in runs)
        print(f"seed {seed}, above the floor of {floor:.2f} nats a story: {losses}", flush=True)


if __name__ == "__main__":
    main()
