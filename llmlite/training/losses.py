"""What training makes smaller."""

import torch.nn.functional as F
from torch import Tensor

from llmlite.text.batches import IGNORE_INDEX


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean surprise of the targets, in nats per token.

    Args:
        logits: (B, T, V).
        targets: (B, T), ids; where they are `IGNORE_INDEX`, nothing counts; if nowhere
            anything counts, the mean is nan.

    Raises:
        ValueError: the shapes do not fit together.
    """
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"logits of shape {tuple(logits.shape)} score no targets of shape {tuple(targets.shape)}: "
            "(B, T, V) and (B, T)"
        )
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORE_INDEX)


def negative_sampling_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the mean surprise, in nats per pair, of learning which candidates are real.

    Args:
        scores: (B, C), the logit that a candidate is real.
        labels: (B, C), 1 where it is, else 0.

    Raises:
        ValueError: the shapes differ.

    Reference: mikolov2013b, equation 4.
    """
    if scores.shape != labels.shape:
        raise ValueError(f"scores {tuple(scores.shape)} and labels {tuple(labels.shape)}: one label a score")
    return -F.logsigmoid((2 * labels - 1) * scores).sum(dim=1).mean()
