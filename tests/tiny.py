"""Tiny models for tests: every axis has its own size, and every parameter its own value."""

from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from llmlite.model.config import ModelConfig
from llmlite.model.positions import Positions
from llmlite.runtime import generator

Module = TypeVar("Module", bound=nn.Module)

B, T, S = 5, 11, 13  # batch, queries, keys
H, K, DH = 6, 3, 8  # heads of queries, heads of keys and values, their width
D, F, V = H * DH, 40, 61  # stream, MLP, vocabulary
C, L = 23, 2  # context, layers

SCHEMES = {
    "rope": Positions(),
    "linear": Positions(scaling="linear", factor=2.5, base=300),
    "ntk": Positions(scaling="ntk", factor=2.5, base=300),
    "yarn": Positions(scaling="yarn", factor=2.5, base=300, trained_length=9),
    "learned": Positions(kind="learned"),
    "sinusoidal": Positions(kind="sinusoidal", base=70),
    "alibi": Positions(kind="alibi"),
    "none": Positions(kind="none"),
}


def tiny(**changes: Any) -> ModelConfig:
    """Return a tiny configuration with some of its fields changed."""
    sizes = {"vocab_size": V, "context_length": C, "n_layers": L, "n_heads": H, "n_kv_heads": K}
    return ModelConfig(**{**sizes, "d_model": D, "d_ff": F, **changes})


def scrambled(model: Module, seed: int = 0) -> Module:
    """Give every parameter, gains and biases too, values of its own, and return the model."""
    draw = generator(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            spread = parameter.shape[-1] ** -0.5 if parameter.ndim > 1 else 0.3
            gain = parameter.ndim == 1 and name.endswith("weight")
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * spread + gain)
    return model.eval()


class OneDevice(TorchFunctionMode):
    """Refuse operations on tensors of several devices: not all do so themselves on the meta device."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        assert len({x.device for x in given}) <= 1, function
        return function(*args, **(kwargs or {}))


def some_ids(rows: int = B, length: int = T, vocab_size: int = V, seed: int = 1) -> torch.Tensor:
    """Return random ids, (rows, length)."""
    return torch.randint(vocab_size, (rows, length), generator=generator(seed))


def normal(*shape: int, seed: int = 2, double: bool = True) -> torch.Tensor:
    """Return random normal numbers."""
    dtype = torch.float64 if double else torch.float32
    return torch.randn(shape, generator=generator(seed), dtype=dtype)
