"""Accept a town: does a model trained in minutes come close to the floor, and write right stories?

    python experiments/01_acceptance.py --seeds 5 --tokens 2.5e6 --out llmlite/data/results/01_acceptance.json

A seed decides the weights, the training stories, the order of the batches and the samples. The town, the
tokenizer and the held-out stories are the same for all seeds. The file is written after each seed. Seeds that
stand in it already are kept if they were made by the same code with the same parameters.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from early import bpe, words
from early.gpt import GPT, Config
from early.recipe import Recipe, batches, sample, story_nats, train
from provenance import ROOT, fingerprint, finished, origin

from llmlite import world
from llmlite.storage import atomic_write

TOKENIZER_STORIES = 2000
TOKENIZER_SEED = 1_000_001  # far from the training seeds, which count from 0
HELD_OUT_SEED = 1_000_002
FIGURES = ("floor", "loss", "excess", "excess_per_token", "grammatical", "right", "minutes")
CODE = [Path(__file__), ROOT / "experiments" / "early", ROOT / "llmlite" / "world"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What decides the figures of a seed, apart from the code.

    Attributes:
        town_seed: which town.
        tokens: at most so many tokens are trained on, ends of stories included.
        held_out: stories that the loss and the floor are measured on.
        samples: stories that the model writes and the town judges.
    """

    town_seed: int
    tokens: float
    held_out: int
    samples: int
    model: Config
    recipe: Recipe


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="train with the seeds 0, 1, ... (default 5)")
    parser.add_argument("--tokens", type=float, default=2.5e6, help="training tokens (default 2.5e6)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "llmlite" / "data" / "results" / "01_acceptance.json"
    )
    parser.add_argument("--town-seed", type=int, default=0, help="another town (default 0)")
    parser.add_argument("--held-out", type=int, default=1000, help="held-out stories (default 1000)")
    parser.add_argument("--samples", type=int, default=500, help="stories drawn and judged (default 500)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
    parser.add_argument("--words", type=int, default=0, help="show the excess by words over so many stories")
    return parser.parse_args()


def corpus(town: world.Town, tokenizer: bpe.Tokenizer, tokens: float, seed: int) -> list[list[int]]:
    """Return encoded stories of the town that hold, with their ends, at most `tokens` tokens."""
    rows: list[list[int]] = []
    total = 0
    enough = int(tokens / 40)  # more stories than fit: each has at least 40 tokens
    for story in town.stories(enough, seed=seed):
        row = tokenizer.encode(story)
        total += len(row) + 1
        if total > tokens:
            return rows
        rows.append(row)
    raise ValueError(f"{enough} stories hold only {total} of {tokens:.0f} tokens")


def trained(run: Run, rows: list[list[int]], seed: int) -> tuple[GPT, dict[str, Any]]:
    """Train one model; return it with what the training cost."""
    torch.manual_seed(seed)
    model = GPT(run.model)
    data = list(batches(rows, run.recipe.batch_tokens, seed))
    start = time.perf_counter()
    losses = train(model, data, run.recipe, progress(len(data)))
    cost = {
        "tokens": sum(len(row) + 1 for row in rows),
        "steps": len(losses),
        "minutes": (time.perf_counter() - start) / 60,
        "curve": [round(statistics.fmean(losses[i : i + 50]), 4) for i in range(0, len(losses), 50)],
    }
    return model, cost


def progress(steps: int) -> Callable[[int, float], None]:
    """Return a function that rewrites a line of the terminal with the loss."""

    def show(step: int, loss: float) -> None:
        if sys.stderr.isatty() and (step % 50 == 0 or step == steps - 1):
            print(f"\rstep {step + 1} of {steps}: {loss:.3f} nats a token ", end="", file=sys.stderr)

    return show


def graded(run: Run, town: world.Town, tokenizer: bpe.Tokenizer, model: GPT, seed: int) -> dict[str, Any]:
    """Compare a model with the floor, and judge what it writes."""
    held_out = town.stories(run.held_out, seed=HELD_OUT_SEED)
    rows = [tokenizer.encode(story) for story in held_out]
    loss = statistics.fmean(story_nats(model, rows))
    floor = -statistics.fmean(town.log_prob(story) for story in held_out)
    written = sample(model, tokenizer, run.samples, seed)
    judged = [(town.judge(text), text) for text in written]
    return {
        "floor": floor,
        "loss": loss,
        "excess": loss / floor - 1,
        "excess_per_token": (loss - floor) / statistics.fmean(len(row) + 1 for row in rows),
        "right": statistics.fmean(verdict.right for verdict, _ in judged),
        "grammatical": statistics.fmean(verdict.grammatical for verdict, _ in judged),
        "verdicts": dict(Counter(verdict.kind for verdict, _ in judged)),
        "samples": written[:5],
        "mistakes": [{"message": v.message, "text": text} for v, text in judged if not v.right][:10],
    }


def summary(seeds: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return mean and standard deviation over the seeds, of each figure."""
    columns = {name: [seed[name] for seed in seeds] for name in FIGURES}
    mean = {name: statistics.fmean(values) for name, values in columns.items()}
    sd = {name: statistics.stdev(values) if len(values) > 1 else 0.0 for name, values in columns.items()}
    return {"mean": mean, "sd": sd}


def line(name: object, of: dict[str, Any]) -> str:
    """Return one line of the table."""
    nats = f"{of['floor']:7.2f} {of['loss']:7.2f} {of['excess']:8.1%} {of['excess_per_token']:11.4f}"
    return f"{name:>5} {nats} {of['grammatical']:12.1%} {of['right']:7.1%} {of['minutes']:8.1f}"


def table(results: dict[str, Any]) -> str:
    """Return the figures of all seeds, their mean and their standard deviation."""
    lines = [" seed   floor    loss   excess  nats/token  grammatical   right  minutes"]
    lines += [line(seed["seed"], seed) for seed in results["seeds"]]
    return "\n".join(lines + [line(name, of) for name, of in results["summary"].items()])


def main() -> None:
    """Train and grade every seed that is not done yet."""
    args = arguments()
    torch.set_num_threads(args.threads)
    sizes = {"tokens": args.tokens, "held_out": args.held_out, "samples": args.samples}
    run = Run(town_seed=args.town_seed, **sizes, model=Config(), recipe=Recipe())
    town = world.Town(seed=run.town_seed)
    texts = town.stories(TOKENIZER_STORIES, seed=TOKENIZER_SEED)
    tokenizer = bpe.Tokenizer(bpe.train(texts, run.model.vocab_size))
    key = {"world_version": world.VERSION, "code": fingerprint(CODE), "parameters": asdict(run)}
    seeds = finished(args.out, key)
    for seed in sorted(set(range(args.seeds)) - {each["seed"] for each in seeds}):
        model, cost = trained(run, corpus(town, tokenizer, run.tokens, seed), seed)
        seeds.append({"seed": seed, **cost, **graded(run, town, tokenizer, model, seed)})
        results = {**origin(), **key, "summary": summary(seeds), "seeds": seeds}
        atomic_write(args.out, json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        print(line(seed, seeds[-1]), flush=True)
        if args.words:
            print(words.report(town, model, tokenizer, town.stories(args.words, seed=HELD_OUT_SEED)))
    print(table({"seeds": seeds, "summary": summary(seeds)}))


if __name__ == "__main__":
    main()
