"""The recipe, plain form: batches of whole stories, the schedule, training, evaluation and sampling."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from llmlite.training.loop import fit

from .bpe import END_OF_STORY, Tokenizer
from .gpt import GPT, Cache
from .muon import muon_and_adamw

IGNORE_INDEX = -100
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What decides a training run besides the model and the data."""

    batch_tokens: int = 1024
    matrix_lr: float = 1e-2
    other_lr: float = 2e-2
    weight_decay: float = 0.1
    warmup: int = 40
    decay: float = 0.65


def pad(rows: list[list[int]]) -> Batch:
    """Make inputs and targets (B, T) of stories; each starts after an end of story and ends with its own."""
    width = max(len(row) for row in rows) + 1
    inputs = torch.full((len(rows), width), END_OF_STORY)  # (B, T)
    targets = torch.full((len(rows), width), IGNORE_INDEX)  # (B, T)
    for i, row in enumerate(rows):
        inputs[i, 1 : len(row) + 1] = torch.tensor(row)
        targets[i, : len(row) + 1] = torch.tensor([*row, END_OF_STORY])
    return inputs, targets


def batches(rows: list[list[int]], batch_tokens: int, seed: int) -> Iterator[Batch]:
    """Yield all stories once, in batches of about `batch_tokens` tokens, one story a row.

    Stories of similar length go together, so that little is padding; the seed draws the order of the batches.
    """
    generator = torch.Generator().manual_seed(seed)
    chunk = 4096  # sorting inside chunks keeps the stream of stories fresh
    for start in range(0, len(rows), chunk):
        part = sorted(rows[start : start + chunk], key=len)
        groups: list[list[list[int]]] = [[]]
        for row in part:
            if sum(len(r) + 1 for r in groups[-1]) + len(row) // 2 > batch_tokens:
                groups.append([])
            groups[-1].append(row)
        for i in torch.randperm(len(groups), generator=generator).tolist():
            yield pad(groups[i])


def factor(step: int, steps: int, warmup: int, decay: float) -> float:
    """Return the learning rate at a step as a share of its peak: linear up, constant, linear down to zero."""
    return min(1.0, (step + 1) / warmup, (steps - step) / max(1.0, decay * steps))


def token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean nats of the targets (B, T) that count, under logits (B, T, V)."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE_INDEX)


def train(
    model: GPT, data: list[Batch], recipe: Recipe, on_step: Callable[[int, float], None] | None = None
) -> list[float]:
    """Train a model on batches, each once, and return the loss of every step."""
    optimizer = muon_and_adamw(model, recipe.matrix_lr, recipe.other_lr, recipe.weight_decay)

    def scheduled() -> Iterator[Batch]:
        for step, batch in enumerate(data):
            optimizer.scale(factor(step, len(data), recipe.warmup, recipe.decay))
            yield batch

    return fit(model, scheduled(), token_loss, optimizer, on_step)


@torch.no_grad()
def story_nats(model: GPT, rows: list[list[int]], batch: int = 64) -> list[float]:
    """Return the nats of each whole story, its end included."""
    model.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    nats = [math.nan] * len(rows)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        inputs, targets = pad([rows[i] for i in part])
        logits = model(inputs).mT  # (B, V, T)
        losses = F.cross_entropy(logits, targets, ignore_index=IGNORE_INDEX, reduction="none")  # (B, T)
        for i, value in zip(part, losses.double().sum(dim=1).tolist(), strict=True):
            nats[i] = value
    return nats


@torch.no_grad()
def sample(model: GPT, tokenizer: Tokenizer, n: int, seed: int) -> list[str]:
    """Draw n stories, token by token, from the model's own distribution; a full context cuts them off."""
    model.eval()
    generator = torch.Generator().manual_seed(seed)
    rows: list[list[int]] = [[] for _ in range(n)]
    alive = torch.arange(n)
    ids = torch.full((n, 1), END_OF_STORY)  # (B, 1)
    cache = Cache()
    while len(alive) and cache.length < model.config.context_length:
        probs = model(ids, cache)[:, -1].softmax(dim=-1)  # (B, V)
        ids = torch.multinomial(probs, 1, generator=generator)  # (B, 1)
        open_rows = (ids[:, 0] != END_OF_STORY).nonzero()[:, 0]
        if len(open_rows) < len(alive):
            alive, ids = alive[open_rows], ids[open_rows]
            cache.keep(open_rows)
        for row, token in zip(alive.tolist(), ids[:, 0].tolist(), strict=True):
            rows[row].append(token)
    return [tokenizer.decode(row) for row in rows]
