"""Seeds and devices: what a notebook sets before it computes."""

import random

import numpy as np
import torch


def set_seed(seed: int) -> None:
    """Seed every source of random numbers that a chapter may use: `random`, numpy and torch.

    Args:
        seed: 0 or more, below 2**32.

    Raises:
        ValueError: the seed is no integer of that range; nothing is seeded then.
    """
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed={seed!r}: a seed is an integer, at least 0 and below 2**32")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def generator(seed: int) -> torch.Generator:
    """Return a generator of random numbers on the CPU.

    Draws that must agree between machines come from here, whatever device the model is on.
    """
    return torch.Generator().manual_seed(seed)


def get_device() -> torch.device:
    """Return the fastest device of this machine: CUDA, Apple's MPS, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
