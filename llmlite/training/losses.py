"""What training makes smaller."""

import torch.nn.functional as F
from torch import Tensor

from llmlite.text.batches import IGNORE_INDEX


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean surprise of the targets, in nats per token.

    Args:
        logits: (B, T, V).
        targets: (B, T), ids; where they are `IGNORE_INDEX`, nothing counts.

    Raises:
        ValueError: the shapes do not fit together.
    """
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"logits of shape {tuple(logits.shape)} score no targets of shape {tuple(targets.shape)}: "
            "(B, T, V) and (B, T)"
        )
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORE_INDEX)
