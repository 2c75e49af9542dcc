"""What a GPT holds and what it computes, by formula.

Shapes: T tokens, D d_model, H heads, K heads of keys and values, Dh head size, F d_ff, V vocabulary.

A matrix of a rows and b columns holds a * b numbers, and each of them is multiplied and added once per token:
2 * a * b floating-point operations (FLOPs). Only matrix products are counted. Norms, activations, softmax,
rotations and sums touch a number a few times, a matrix product touches it once for each row or column.
"""

from llmlite.model.config import ModelConfig

Sizes = list[tuple[int, int]]


def matrices(config: ModelConfig) -> dict[str, Sizes]:
    """Return inputs and outputs of each linear map in one block, by part."""
    width, shared = config.d_model, config.kv_heads * config.head_size  # D, K Dh
    into = 2 if config.activation == "swiglu" else 1  # the gate, too
    return {
        "attention": [(width, width), (width, shared), (width, shared), (width, width)],
        "mlp": [(width, config.d_ff)] * into + [(config.d_ff, width)],
    }


def n_parameters(config: ModelConfig) -> dict[str, int]:
    """Return how many parameters each part of a GPT has; their sum is the model's.

    Args:
        config: sizes and choices.

    Returns:
        Counts of "embeddings", "positions", "attention", "mlp", "norms" and "head", over all layers. A table
        of embeddings that scores the tokens, too, counts once, as "embeddings".
    """
    table = config.vocab_size * config.d_model
    learned = config.positions.kind == "learned"
    norm = config.d_model * {"none": 0, "rms": 1, "layer": 1 + config.bias}[config.norm]
    counts = {"embeddings": table}
    counts["positions"] = learned * config.context_length * config.d_model
    for part, sizes in matrices(config).items():
        counts[part] = config.n_layers * sum(a * b + config.bias * b for a, b in sizes)
    counts["norms"] = config.n_layers * 2 * (norm + config.qk_norm * config.head_size)
    counts["norms"] += 0 if config.post_norm else norm  # after the last block
    counts["head"] = 0 if config.tied else table
    return counts


def forward_flops(config: ModelConfig, tokens: int) -> dict[str, int]:
    """Return the FLOPs of a GPT's forward pass over one row, by part.

    Args:
        config: sizes and choices.
        tokens: T, length of the row.

    Returns:
        FLOPs of the linear maps of "attention" and "mlp", of "scores" (queries with keys, and weights with
        values, for all T * T pairs, also those that a mask hides), and of "head". They grow with T, but
        "scores" grows with T * T.
    """
    flops = {}
    for part, sizes in matrices(config).items():
        flops[part] = config.n_layers * 2 * tokens * sum(a * b for a, b in sizes)
    flops["scores"] = config.n_layers * 2 * tokens * tokens * 2 * config.d_model
    flops["head"] = 2 * tokens * config.d_model * config.vocab_size
    return flops


def training_flops(config: ModelConfig, tokens: int) -> int:
    """Return the FLOPs of forward and backward pass over one row: three times the forward pass.

    A product has two factors. The backward pass makes the gradient of each from that of the product, which
    takes two products of the same size. Attention that keeps no table of weights makes the scores once more,
    which adds half of the forward pass's "scores"; a kernel that skips what a causal mask hides saves up to
    half of all "scores". The optimizer, a few operations per parameter and step, is not counted.

    Args:
        config: sizes and choices.
        tokens: T, length of the row.
    """
    return 3 * sum(forward_flops(config, tokens).values())
