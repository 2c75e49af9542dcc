"""How much a network is surprised by whole texts."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from llmlite.text.batches import IGNORE_INDEX, padded


@torch.no_grad()
def text_nats(model: nn.Module, rows: Sequence[Sequence[int]], end: int, batch_size: int = 64) -> list[float]:
    """Return the surprise of each whole text, its end included, in nats.

    Args:
        model: maps ids (B, T) to logits (B, T, V); it is put into evaluation mode.
        rows: ids of each text, without its end.
        end: the id that stands between texts.
        batch_size: texts that are read at once.
    """
    model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))  # similar lengths together: little padding
    nats = [math.nan] * len(rows)
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        inputs, targets = (each.to(device) for each in padded([rows[i] for i in part], end))
        losses = F.cross_entropy(
            model(inputs).mT, targets, ignore_index=IGNORE_INDEX, reduction="none"
        )  # (B, T)
        for i, value in zip(part, losses.cpu().double().sum(dim=1).tolist(), strict=True):
            nats[i] = value
    return nats
