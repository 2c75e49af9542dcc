"""Where the time of a training step goes, by the operators of torch, and how fast matrices multiply here."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import chain
from statistics import median
from typing import Any

import torch
from _measuring import Action, seconds
from torch.profiler import ProfilerActivity, profile, record_function

from llmlite.model.config import ModelConfig
from llmlite.model.count import matrices, training_flops

STEP = "one step"
PARTS = {  # the first that fits, in this order; operators of the optimizer count as its own
    "matrix products": r"aten::(mm|addmm|bmm|baddbmm|matmul|linear)\b",
    "attention": r"scaled_dot_product",
    "norms": r"layer_norm|rms_norm|aten::(rsqrt|mean)\b",
    "activation": r"gelu|silu|tanh|sigmoid|erf",
    "loss": r"log_softmax|nll_loss|cross_entropy",
    "copies, sums and tables": r"aten::",
}
OPTIMIZER, PYTHON = "optimizer", "Python and autograd"
BENDS = {"aten::mul", "aten::add", "aten::pow", "aten::neg"}  # in a wide layer, they belong to its activation


def part_of(event: Any, width: int) -> str:
    """Return the part of a step that an operator belongs to.

    Args:
        event: an operator in a profile.
        width: inside the MLP; operators one by one on that many features make its activation.
    """
    above = event
    while above is not None:
        if above.name.startswith("Optimizer."):
            return OPTIMIZER
        above = above.cpu_parent
    shape = next((shape for shape in event.input_shapes or [] if shape), [])
    if event.name in BENDS and shape[-1:] == [width]:
        return "activation"
    return next((part for part, names in PARTS.items() if re.search(names, event.name)), PYTHON)


def parts(steps: Mapping[str, Action], width: int, repeats: int) -> list[dict[str, Any]]:
    """Return what each part of each step takes: its share of a profile, of the median time without one.

    Args:
        steps: whose step it is, and the action.
        width: as in `part_of`.
        repeats: steps that are timed and profiled, in turn: long profiles slow down what they watch.
    """
    took: dict[str, list[float]] = {name: [] for name in steps}
    total: dict[str, dict[str, float]] = {name: defaultdict(float) for name in steps}
    for _ in range(repeats):
        for name, step in steps.items():
            took[name].append(seconds(step).wall)
            watching = profile(activities=[ProfilerActivity.CPU], record_shapes=True)
            with watching as seen, record_function(STEP):
                step()
            for event in seen.events() or []:
                total[name][part_of(event, width)] += event.self_cpu_time_total
    found = []
    for name in steps:
        whole = sum(total[name].values())
        for part in (*PARTS, OPTIMIZER, PYTHON):
            share = total[name][part] / whole
            found.append({"of": name, "what": part, "ours": median(took[name]) * share, "share": share})
    return found


def rate(action: Callable[[], object], flops: float, repeats: int) -> float:
    """Return how many operations a second an action reaches, the median over some repeats."""
    action()
    return flops / median(seconds(action).wall for _ in range(repeats))


def product(rows: int, inner: int, columns: int) -> tuple[Action, float]:
    """Return a matrix product, and its operations."""
    a, b = torch.randn(rows, inner), torch.randn(inner, columns)
    return (lambda: a @ b), 2.0 * rows * inner * columns


def products_of_a_step(config: ModelConfig, tokens: int) -> list[tuple[Action, float]]:
    """Return every product of the linear maps in one step: forward, and the two of the way back.

    Args:
        config: of the model.
        tokens: in all rows together.
    """
    maps = [*chain(*matrices(config).values())] * config.n_layers
    maps.append((config.d_model, config.vocab_size))  # the head
    shapes = (
        ((tokens, a, b) for a, b in maps),
        ((tokens, b, a) for a, b in maps),
        ((b, tokens, a) for a, b in maps),
    )
    return [product(*shape) for shape in chain(*shapes)]


def products(config: ModelConfig, rows: int, step_seconds: float, repeats: int) -> list[dict[str, Any]]:
    """Return rates of matrix products: of large ones, of those of a step, and of the whole step.

    Args:
        config: of the model.
        rows: B.
        step_seconds: what a step takes.
        repeats: of each measurement.
    """
    large, flops = product(2048, 2048, 2048)
    every = products_of_a_step(config, rows * config.context_length)
    rates = {
        "one product of 2,048 x 2,048 numbers": rate(large, flops, repeats),
        "the linear maps of a step, alone": rate(
            lambda: [action() for action, _ in every], sum(flops for _, flops in every), repeats
        ),
        "the whole step": rows * training_flops(config, config.context_length) / step_seconds,
    }
    best = next(iter(rates.values()))
    return [{"what": what, "per_second": each, "share": each / best} for what, each in rates.items()]
