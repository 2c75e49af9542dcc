"""The keys and values of what a model has already read, so that it need not read it again."""

import torch
from torch import Tensor


class LayerCache:
    """Keys and values of one layer."""

    def __init__(self) -> None:
        self.kept: tuple[Tensor, Tensor] | None = None

    def extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append k and v (B, K, T, Dh) to those before and return all of them (B, K, S, Dh)."""
        if self.kept is not None:
            k = torch.cat([self.kept[0], k], dim=2)  # (B, K, S, Dh)
            v = torch.cat([self.kept[1], v], dim=2)  # (B, K, S, Dh)
        self.kept = k, v
        return k, v


class KVCache:
    """Keys and values of all layers."""

    def __init__(self) -> None:
        self.layers: list[LayerCache] = []

    def layer(self, number: int) -> LayerCache:
        """Return the cache of a layer, empty at first."""
        while len(self.layers) <= number:
            self.layers.append(LayerCache())
        return self.layers[number]

    @property
    def length(self) -> int:
        """Places that have been read."""
        kept = self.layers[0].kept if self.layers else None
        return 0 if kept is None else kept[0].shape[2]

    def keep(self, rows: Tensor) -> None:
        """Forget the rows of the batch that are not in `rows`."""
        for layer in self.layers:
            if layer.kept is not None:
                layer.kept = layer.kept[0][rows], layer.kept[1][rows]
