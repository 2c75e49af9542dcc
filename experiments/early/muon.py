"""Muon for the matrices beside AdamW for the rest, plain form.

Two deviations from torch.optim.Muon: the Newton-Schulz iteration runs in float32, since bfloat16 is slow on
most CPUs, and matrices of one shape are stacked and iterated together.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalize(stack: Tensor, steps: int = 5) -> Tensor:
    """Move all singular values of each matrix towards 1 and keep its singular vectors (Newton-Schulz).

    Args:
        stack: matrices, (N, rows, columns), rows <= columns.
        steps: iterations; after five the singular values lie between about 0.7 and 1.2.

    Returns:
        The matrices, (N, rows, columns).
    """
    a, b, c = COEFFICIENTS
    x = stack / (stack.norm(dim=(1, 2), keepdim=True) + 1e-7)  # (N, rows, columns)
    for _ in range(steps):
        gram = x @ x.mT  # (N, rows, rows)
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)  # (N, rows, rows)
        x = torch.baddbmm(x, polynomial, x, beta=a)  # (N, rows, columns)
    return x


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised, scaled to the size of an AdamW update."""

    def __init__(
        self, params: Iterable[Tensor], lr: float = 1e-2, weight_decay: float = 0.1, momentum: float = 0.95
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Change every matrix once."""
        for group in self.param_groups:
            shapes: defaultdict[tuple[int, ...], list[Tensor]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    shapes[tuple(sorted(p.shape))].append(p)
            for params in shapes.values():
                self.change(params, group["lr"], group["weight_decay"], group["momentum"])

    def change(self, params: list[Tensor], lr: float, weight_decay: float, momentum: float) -> None:
        """Take a step for matrices that have, up to transposition, one shape."""
        flat = [p if p.shape[0] <= p.shape[1] else p.mT for p in params]
        grads = torch.stack([p.grad if p.shape[0] <= p.shape[1] else p.grad.mT for p in params])  # (N, r, c)
        state = self.state[params[0]]  # one buffer for the whole stack
        buffer = state.setdefault("momentum", torch.zeros_like(grads))
        buffer.lerp_(grads, 1 - momentum)
        update = orthogonalize(grads.lerp(buffer, momentum))  # Nesterov: look ahead
        scale = 0.2 * max(grads.shape[1:]) ** 0.5  # makes the root mean square 0.2, as AdamW's is
        torch._foreach_mul_(flat, 1 - lr * weight_decay)
        torch._foreach_add_(flat, list(update), alpha=-lr * scale)


class Together:
    """Several optimizers that step as one; their learning rates are multiples of one factor."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self.optimizers = optimizers
        self.peaks = [[group["lr"] for group in o.param_groups] for o in optimizers]

    def scale(self, factor: float) -> None:
        """Set each learning rate to `factor` times the one it was made with."""
        for optimizer, peaks in zip(self.optimizers, self.peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = factor * peak

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self) -> None:
        """Change every parameter once."""
        for optimizer in self.optimizers:
            optimizer.step()


def muon_and_adamw(model: nn.Module, matrix_lr: float, other_lr: float, weight_decay: float) -> Together:
    """Give the matrices of a model's blocks to Muon, its embeddings and norms to AdamW."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embedding" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embedding" in name]
    return Together(
        Muon(matrices, lr=matrix_lr, weight_decay=weight_decay),
        torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    )
