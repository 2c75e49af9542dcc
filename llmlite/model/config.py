"""The sizes and choices of a transformer, checked once, when they are written down."""

import math
from dataclasses import dataclass, field

from llmlite.model.positions import Positions

NORMS = ("rms", "layer", "none")
ACTIVATIONS = ("swiglu", "gelu", "gelu_tanh", "relu", "relu_squared")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The sizes and choices of a transformer.

    Args:
        vocab_size: V, number of tokens.
        context_length: most tokens that a forward pass takes; the largest T.
        n_layers: number of blocks.
        n_heads: H, heads of queries.
        n_kv_heads: K, heads of keys and values, each shared by H / K heads of queries; None means H.
        d_model: D, width of the stream.
        d_ff: F, width inside the MLP.
        positions: how the model knows what stands where.
        norm: "rms", "layer" or "none".
        norm_eps: what a norm adds below its root, so that it never divides by zero.
        post_norm: norms follow each sum, as in the first transformer, instead of preceding each part.
        activation: of the MLP, one of `ACTIVATIONS`; "swiglu" has a third matrix.
        bias: linear layers have biases.
        tied: the table of embeddings also scores the next token.
        qk_norm: queries and keys are normalised in each head before they meet.

    Raises:
        ValueError: sizes do not fit together, or a name is unknown; both values are named.
        TypeError: an unknown field.
    """

    vocab_size: int
    context_length: int
    n_layers: int
    n_heads: int
    d_model: int
    d_ff: int
    n_kv_heads: int | None = None
    positions: Positions = field(default_factory=Positions)
    norm: str = "rms"
    norm_eps: float = 1e-5
    post_norm: bool = False
    activation: str = "swiglu"
    bias: bool = False
    tied: bool = True
    qk_norm: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes that do not fit together."""
        if not isinstance(self.positions, Positions):
            raise ValueError(f"positions={self.positions!r}: write Positions(kind=...), from model.positions")
        for name in ("vocab_size", "context_length", "n_layers", "n_heads", "n_kv_heads", "d_model", "d_ff"):
            size = self.kv_heads if name == "n_kv_heads" else getattr(self, name)
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise ValueError(f"{name}={size!r}: a size is a whole number of 1 or more")
        if self.d_model % self.n_heads:
            raise ValueError(
                f"d_model={self.d_model} is not a multiple of n_heads={self.n_heads}: "
                "heads share the width evenly"
            )
        if self.n_heads % self.kv_heads:
            raise ValueError(
                f"n_heads={self.n_heads} is not a multiple of n_kv_heads={self.kv_heads}: "
                "each head of keys serves as many heads of queries"
            )
        if self.positions.kind == "rope" and self.head_size % 2:
            raise ValueError(
                f"d_model={self.d_model} over n_heads={self.n_heads} gives heads of {self.head_size}: "
                "rotary positions turn pairs of features, so the size must be even"
            )
        if self.positions.kind == "sinusoidal" and self.d_model % 2:
            raise ValueError(f"d_model={self.d_model} is odd: sinusoidal positions come in pairs")
        for name, known in (("norm", NORMS), ("activation", ACTIVATIONS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is none of {', '.join(known)}")
        if not 0 < self.norm_eps < math.inf:
            raise ValueError(f"norm_eps={self.norm_eps}: a norm needs more than 0, or it may divide by zero")

    @property
    def kv_heads(self) -> int:
        """K, heads of keys and values."""
        return self.n_heads if self.n_kv_heads is None else self.n_kv_heads

    @property
    def head_size(self) -> int:
        """Dh, width of one head."""
        return self.d_model // self.n_heads
