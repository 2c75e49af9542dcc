"""Blocks: activations, the MLP by hand, and the order in which parts read and write the stream."""

import math

import pytest
import torch
import torch.nn.functional as F
from scipy.stats import norm as bell
from tiny import SCHEMES, B, C, H, L, T, normal, scrambled, tiny
from tiny import D as WIDTH
from tiny import F as INSIDE
from torch.testing import assert_close

from llmlite.model.attention import causal_mask, padding_mask, window_mask
from llmlite.model.blocks import MLP, Block, Stack, gelu, swiglu
from llmlite.model.config import ACTIVATIONS, NORMS
from llmlite.model.positions import alibi_bias, alibi_slopes, rope_angles, stretched

pytestmark = pytest.mark.usefixtures("one_thread")


def test_gelu_is_the_number_times_a_chance():
    x = torch.linspace(-6, 6, 101, dtype=torch.float64)
    assert_close(gelu(x), x * torch.from_numpy(bell.cdf(x.numpy())))
    assert_close(gelu(x), F.gelu(x))


def test_swiglu_is_silu_times_up():
    gate, up = 3 * normal(B, T), normal(B, T, seed=3)
    assert_close(swiglu(gate, up), F.silu(gate) * up)
    assert_close(swiglu(torch.tensor(2.0), torch.tensor(3.0)), torch.tensor(6 / (1 + math.exp(-2))))


def bend(name, x):
    """Return an activation by its definition."""
    if name == "gelu":
        return gelu(x)
    if name == "gelu_tanh":
        return x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return torch.where(x > 0, x if name == "relu" else x * x, 0.0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("bias", [False, True])
def test_mlp_by_hand(activation, bias):
    module = scrambled(MLP(d_model=WIDTH, d_ff=INSIDE, activation=activation, bias=bias)).double()
    x, weights = normal(B, T, WIDTH), module.state_dict()
    shift = {name: weights.pop(f"{name}.bias", 0) for name in ("up", "gate", "down")}
    up = x @ weights.pop("up.weight").T + shift["up"]
    if activation == "swiglu":
        inside = swiglu(x @ weights.pop("gate.weight").T + shift["gate"], up)
    else:
        inside = bend(activation, up)
    assert inside.shape == (B, T, INSIDE)
    assert_close(module(x), inside @ weights.pop("down.weight").T + shift["down"])
    assert not weights, "no other parameters"
    assert bias == any(isinstance(each, torch.Tensor) for each in shift.values())


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation='tanh' is none of swiglu, gelu"):
        MLP(d_model=4, d_ff=3, activation="tanh")


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("changes", [{}, {"bias": True, "qk_norm": True, "activation": "gelu"}])
def test_a_block_before_and_after_its_norms(norm, changes):
    x, mask, bias = normal(B, T, WIDTH), window_mask(T, 4), normal(H, T, T, seed=3)
    angles = rope_angles(torch.arange(T), torch.tensor([1.0, 0.3, 0.1, 0.03]).double())
    for post_norm in (False, True):
        config = tiny(norm=norm, norm_eps=0.2, post_norm=post_norm, **changes)
        block = scrambled(Block(config)).double()
        if post_norm:
            middle = block.attention_norm(x + block.attention(x, mask, bias, angles))
            wanted = block.mlp_norm(middle + block.mlp(middle))
        else:
            middle = x + block.attention(block.attention_norm(x), mask, bias, angles)
            wanted = middle + block.mlp(block.mlp_norm(middle))
        assert_close(block(x, mask, bias, angles), wanted)
        assert_close(block(x, causal=True), block(x, causal_mask(T)))


def test_a_block_has_what_its_configuration_says():
    config = tiny(norm="layer", bias=True, norm_eps=0.2, qk_norm=True, activation="relu")
    block = Block(config)
    assert {each.eps for each in (block.attention_norm, block.mlp_norm)} == {0.2}
    assert {each.eps for each in (block.attention.q_norm, block.attention.k_norm)} == {0.2}
    assert block.attention_norm.bias is not None
    assert block.mlp.activation == "relu"
    assert block.mlp.up.weight.shape == (INSIDE, WIDTH)
    assert block.attention.key.bias.shape == (24,)
    assert Block(tiny(norm="layer")).attention_norm.bias is None


def test_a_block_that_writes_nothing_leaves_the_stream():
    block, x = Block(tiny()).double(), normal(B, T, WIDTH)
    with torch.no_grad():
        block.attention.out.weight.zero_()
        block.mlp.down.weight.zero_()
    assert torch.equal(block(x), x)


def through(stack, x, mask, bias=None, angles=None):
    """Pass the stream through the blocks of a stack, one by one."""
    for block in stack.blocks:
        x = block(x, mask, bias, angles)
    return x


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("causal", [False, True])
def test_a_stack_gives_its_blocks_positions_and_masks(name, causal):
    scheme = SCHEMES[name]
    stack, x = scrambled(Stack(tiny(positions=scheme), causal)).double(), normal(B, T, WIDTH)
    angles, bias = None, None
    if scheme.kind == "rope":
        speeds, scale = stretched(scheme, 8)
        angles = tuple(scale * each.double() for each in rope_angles(torch.arange(T), speeds))
    if scheme.kind == "alibi":
        bias = alibi_bias(alibi_slopes(H), torch.arange(T), torch.arange(T)).double()
    past = causal_mask(T) if causal else torch.ones(T, T, dtype=torch.bool)
    close = {"atol": 1e-5, "rtol": 1e-5}  # tables of 32 bits
    assert len(stack.blocks) == L
    assert_close(stack(x), through(stack, x, past, bias, angles), **close)
    lengths = torch.tensor([11, 4, 7, 1, 9])
    for mask in (
        window_mask(T, 3),
        padding_mask(lengths, T),
        torch.ones(B, H, T, T, dtype=torch.bool).triu(-2),
    ):
        assert_close(stack(x, mask), through(stack, x, past & mask, bias, angles), **close)


def test_a_stack_keeps_no_tables_in_its_state():
    for scheme in SCHEMES.values():
        stack = Stack(tiny(positions=scheme), causal=True)
        assert set(stack.state_dict()) == {name for name, _ in stack.named_parameters()}
    rope = Stack(tiny(), causal=True)
    assert rope.cos.shape == rope.sin.shape == (C, 4)
    assert rope.cos[0].tolist() == [1] * 4, "the first place is place 0"
    assert rope.sin[0].tolist() == [0] * 4


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(T, T), r"mask of torch\.float32"),
        (torch.ones(T, T, dtype=torch.long), r"mask of torch\.int64 .* it holds booleans"),
        (torch.ones(T, T - 1, dtype=torch.bool), rf"shape \({T}, {T - 1}\): .* S={T} keys"),
        (torch.ones(B, 1, 1, 1, dtype=torch.bool), rf"shape \({B}, 1, 1, 1\): .* S={T} keys"),
    ],
)
@pytest.mark.parametrize("causal", [False, True])
def test_a_mask_of_another_kind_is_refused(mask, message, causal):
    with pytest.raises(ValueError, match=message):
        Stack(tiny(), causal)(normal(B, T, WIDTH, double=False), mask)
