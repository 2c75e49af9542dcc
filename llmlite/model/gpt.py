"""GPT: a decoder-only transformer, which scores the next token at every place.

Shapes: B batch, T query length, D d_model, V vocabulary.

Deviations from radford2019: linear maps in the blocks start with a spread of 1 / sqrt(inputs), not of 0.02,
which is the same at 2,500 inputs and lets narrow models learn as well. There is no dropout: each text is read
once.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmlite.model.blocks import Stack
from llmlite.model.cache import KVCache
from llmlite.model.config import ModelConfig
from llmlite.model.embeddings import Embeddings
from llmlite.model.norms import make_norm


class GPT(nn.Module):
    """A decoder-only transformer.

    Args:
        config: sizes and choices.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.stack = Stack(config, causal=True)
        last = "none" if config.post_norm else config.norm
        self.norm = make_norm(last, config.d_model, config.norm_eps, config.bias)
        self.head = None if config.tied else nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.apply(draw_weights)
        quiet_outputs(self.stack)
        if self.head is not None:  # like a tied one: at first all tokens are about as likely
            nn.init.normal_(self.head.weight, std=0.02)

    def forward(self, ids: Tensor, mask: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        """Return the logits of the token after each of `ids`.

        Args:
            ids: token ids, (B, T).
            mask: True where a query may attend, broadcast to (B, H, T, S), beside the causal one.
            cache: what has been read before `ids`; they are added to it.

        Returns:
            Logits, (B, T, V).

        Raises:
            ValueError: the tokens do not fit into the context, or are no rows of ids, or a bad mask.
        """
        start = 0 if cache is None else cache.length
        check_ids(ids, start, self.config)
        x = self.embeddings(ids, start)  # (B, T, D)
        x = self.norm(self.stack(x, mask, cache))  # (B, T, D)
        table = self.embeddings.token.weight if self.head is None else self.head.weight
        return F.linear(x, table)  # (B, T, V)


def check_ids(ids: Tensor, start: int, config: ModelConfig) -> None:
    """Refuse ids that a model cannot read.

    Raises:
        ValueError: they are no rows, no ids, or too many for the context.
    """
    if ids.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"ids of {ids.dtype}: ids are whole numbers, torch.long")
    if ids.ndim != 2 or not ids.numel():
        raise ValueError(
            f"ids of shape {tuple(ids.shape)}: a model reads rows of 1 token or more, (B, T); "
            "one row is ids[None]"
        )
    if start + ids.shape[1] > config.context_length:
        raise ValueError(
            f"{start + ids.shape[1]} tokens do not fit into context_length={config.context_length}"
        )


def draw_weights(module: nn.Module) -> None:
    """Draw the weights of one module: normal, with a spread that keeps the size of what passes through."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=module.in_features**-0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)


def quiet_outputs(stack: Stack) -> None:
    """Shrink what each part writes, so that the sum of all parts is about as large as one.

    Reference: radford2019, section 2.3.
    """
    for name, weight in stack.named_parameters():
        if name.endswith(("attention.out.weight", "mlp.down.weight")):
            with torch.no_grad():
                weight.mul_((2 * len(stack.blocks)) ** -0.5)
