"""Norms: they hold the size of a vector fixed, so that deep sums neither explode nor fade.

The functions are the taught form. The modules hold the learned gain and call torch's kernels, which compute
the same in one pass over the memory.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Shift each vector to mean 0, scale it to variance 1, then apply a gain and a shift.

    Args:
        x: vectors, (..., D).
        weight: gain, (D,).
        bias: shift, (D,).
        eps: added to the variance.

    Returns:
        (..., D).

    Reference: ba2016, equation 4.
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)  # (..., 1)
    unit = centred * torch.rsqrt(variance + eps)
    return unit * weight if bias is None else unit * weight + bias


def rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-5) -> Tensor:
    """Scale each vector to root mean square 1, then apply a gain.

    Args:
        x: vectors, (..., D).
        weight: gain, (D,).
        eps: added to the mean square.

    Returns:
        (..., D).

    Reference: zhang2019rms, equation 4.
    """
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps) * weight


class LayerNorm(nn.Module):
    """Apply `layer_norm` with a learned gain and shift.

    Args:
        d_model: D, width of the vectors.
        eps: added to the variance.
        bias: has a shift.
    """

    def __init__(self, d_model: int, eps: float = 1e-5, bias: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each vector of x (..., D)."""
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


class RMSNorm(nn.Module):
    """Apply `rms_norm` with a learned gain.

    Args:
        d_model: D, width of the vectors.
        eps: added to the mean square.
    """

    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each vector of x (..., D)."""
        weight = self.weight.to(x.dtype)  # autocast narrows what comes from a linear map, but no weights
        return F.rms_norm(x, weight.shape, weight, self.eps)


def make_norm(kind: str, d_model: int, eps: float = 1e-5, bias: bool = False) -> nn.Module:
    """Return the norm of a configuration: "rms", "layer" or "none".

    Raises:
        ValueError: another kind.
    """
    if kind == "rms":
        return RMSNorm(d_model, eps)
    if kind == "layer":
        return LayerNorm(d_model, eps, bias)
    if kind == "none":
        return nn.Identity()
    raise ValueError(f"norm={kind!r} is none of rms, layer, none")
