"""Formulas of parameters and FLOPs equal what is counted on the model."""

import itertools

import pytest
from tiny import DH, SCHEMES, C, D, F, H, K, L, T, V, some_ids, tiny
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from llmlite.model.config import ACTIVATIONS, NORMS
from llmlite.model.count import forward_flops, matrices, n_parameters, training_flops
from llmlite.model.gpt import GPT
from llmlite.model.positions import Positions

pytestmark = pytest.mark.usefixtures("one_thread")
PARTS = {
    "embeddings.token": "embeddings",
    "embeddings.position": "positions",
    "norm": "norms",
    "head": "head",
    "attention": "attention",
    "mlp": "mlp",
}


def part_of(name):
    """Return to which part a parameter belongs."""
    if "norm" in name:
        return "norms"
    return next(part for key, part in PARTS.items() if key in name)


def counted(config):
    """Count the parameters of a model by their names."""
    counts = dict.fromkeys(("embeddings", "positions", "attention", "mlp", "norms", "head"), 0)
    for name, parameter in GPT(config).named_parameters():
        counts[part_of(name)] += parameter.numel()
    return counts


SWITCHES = ("post_norm", "bias", "tied", "qk_norm")


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", ["rope", "learned"])
def test_parameters_of_every_combination(kind, norm):
    layers = L if kind == "learned" else 1  # fewer are faster
    sizes = {"positions": Positions(kind=kind), "norm": norm, "n_layers": layers}
    for activation, kv_heads in itertools.product(("swiglu", "gelu"), (None, K)):
        for values in itertools.product((False, True), repeat=len(SWITCHES)):
            switches = dict(zip(SWITCHES, values, strict=True))
            config = tiny(activation=activation, n_kv_heads=kv_heads, **sizes, **switches)
            assert n_parameters(config) == counted(config)


@pytest.mark.parametrize("changes", [{"positions": scheme} for scheme in SCHEMES.values()]
                         + [{"activation": name, "n_kv_heads": 1} for name in ACTIVATIONS])  # fmt: skip
def test_parameters_of_the_other_choices(changes):
    assert n_parameters(tiny(**changes)) == counted(tiny(**changes))


def test_parameters_of_gpt2():
    sizes = {"vocab_size": 50257, "context_length": 1024, "n_layers": 12, "n_heads": 12, "d_model": 768}
    config = tiny(
        **sizes, d_ff=3072, n_kv_heads=None, norm="layer", activation="gelu_tanh", bias=True,
        positions=Positions(kind="learned"),
    )  # fmt: skip
    assert sum(n_parameters(config).values()) == 124_439_808, "as published, with its tied head counted once"


def test_matrices_are_those_of_a_block():
    for activation in ACTIVATIONS:
        config = tiny(activation=activation)
        shapes = {"attention": [], "mlp": []}
        for name, parameter in GPT(config).stack.blocks[0].named_parameters():
            if parameter.ndim == 2:
                shapes[name.split(".")[0]].append(tuple(parameter.shape[::-1]))
        assert {part: sorted(sizes) for part, sizes in matrices(config).items()} == {
            part: sorted(sizes) for part, sizes in shapes.items()
        }


CONFIGS = [
    {},
    {"n_kv_heads": 1, "positions": SCHEMES["alibi"], "bias": True, "qk_norm": True},
    {"activation": "gelu", "tied": False, "positions": SCHEMES["learned"], "norm": "layer"},
    {"activation": "relu_squared", "post_norm": True, "positions": SCHEMES["none"], "n_layers": 3},
]


@pytest.mark.parametrize("changes", CONFIGS)
def test_flops_equal_those_that_torch_counts(changes):
    config = tiny(**changes)
    model, ids = GPT(config), some_ids(rows=1)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as forward:
        logits = model(ids)
    assert forward.get_total_flops() == sum(forward_flops(config, T).values())
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as training:
        model(ids).sum().backward()
    assert training.get_total_flops() == training_flops(config, T)
    assert logits.shape == (1, T, V)


def test_flops_of_each_part_equal_those_that_torch_counts():
    config = tiny(tied=False)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        GPT(config)(some_ids(rows=1))
    seen = {name: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    attention = sum(count for name, count in seen.items() if name.endswith(".attention"))
    inside = sum(count for name, count in seen.items() if name.endswith((".query", ".key", ".value", ".out")))
    flops = forward_flops(config, T)
    assert flops["attention"] == inside
    assert flops["scores"] == attention - inside
    assert flops["mlp"] == sum(count for name, count in seen.items() if name.endswith(".mlp"))
    assert flops["head"] == seen["GPT"] - seen["GPT.stack"]


def test_flops_by_hand():
    config = tiny(n_layers=1)
    assert (T, D, H, K, DH, F, V) == (11, 48, 6, 3, 8, 40, 61)
    assert forward_flops(config, 11) == {
        "attention": 2 * 11 * (48 * 48 + 2 * 48 * 24 + 48 * 48),
        "scores": 2 * 6 * (2 * 11 * 11 * 8),
        "mlp": 2 * 11 * 3 * 48 * 40,
        "head": 2 * 11 * 48 * 61,
    }


def test_how_flops_grow():
    config = tiny()
    once, twice = forward_flops(config, C), forward_flops(config, 2 * C)
    assert twice == {part: count * (4 if part == "scores" else 2) for part, count in once.items()}
    deeper = forward_flops(tiny(n_layers=2 * L), C)
    assert deeper == {part: count * (1 if part == "head" else 2) for part, count in once.items()}
