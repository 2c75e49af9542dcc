"""Who stands near whom: a table of vectors, judged by its neighbourhoods.

Shapes: Q queries, D width of a vector, V rows of the table.
"""

from collections.abc import Hashable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def nearest(queries: Tensor, table: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Return the rows of a table that point most nearly where each query points.

    Args:
        queries: (Q, D).
        table: (V, D).
        n: how many rows; at most V.

    Returns:
        ids of rows (Q, n), nearest first, and their cosines (Q, n), between -1 and 1.
    """
    cosines = F.normalize(queries, dim=1) @ F.normalize(table, dim=1).T  # (Q, V)
    best = cosines.topk(n, dim=1)
    return best.indices, best.values


def same_kind(table: Tensor, kinds: Sequence[Hashable], n: int) -> dict[Hashable, float]:
    """Return, for each kind of row, the share of its rows' nearest others that are of that kind.

    Args:
        table: (V, D).
        kinds: of each row; None for rows that are neighbours only.
        n: how many neighbours of each row are looked at; at most V - 1.

    Raises:
        ValueError: rows and kinds are not equally many.
    """
    if len(table) != len(kinds):
        raise ValueError(f"{len(table)} rows and {len(kinds)} kinds: each row has one")
    unit = F.normalize(table, dim=1)
    cosines = (unit @ unit.T).fill_diagonal_(-torch.inf)  # (V, V); nobody is a neighbour of itself
    others = cosines.topk(n, dim=1).indices.tolist()  # (V, n)
    hits: dict[Hashable, list[float]] = {}
    for kind, row in zip(kinds, others, strict=True):
        if kind is not None:
            hits.setdefault(kind, []).append(sum(kinds[i] == kind for i in row) / n)
    return {kind: sum(shares) / len(shares) for kind, shares in hits.items()}
