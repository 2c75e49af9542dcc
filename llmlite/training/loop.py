"""The one training loop of the book."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def fit(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    loss: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Take one optimizer step for each batch and return the loss of every step.

    Args:
        model: maps inputs to predictions; it is put into training mode.
        batches: pairs (inputs, targets), each the size of one step; the loop ends when they do.
        loss: takes (model(inputs), targets) and returns a scalar to be made smaller.
        optimizer: holds the parameters that it changes.
        on_step: called after each step with its number, from 0, and its loss.

    Returns:
        The loss of each step, measured before that step's update, in the units of `loss`.
    """
    losses: list[float] = []
    model.train()
    for step, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(value.item())
        if on_step is not None:
            on_step(step, losses[-1])
    return losses
