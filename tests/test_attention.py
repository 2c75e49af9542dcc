"""Attention: the loop that its equation says, torch's kernels, and every mask by brute force."""

import math

import pytest
import torch
import torch.nn.functional as F
from tiny import DH, B, D, H, K, S, T, normal, scrambled
from torch import nn
from torch.testing import assert_close

from llmlite.model.attention import (
    Attention,
    attention,
    causal_mask,
    fused_attention,
    padding_mask,
    shared_heads,
    window_mask,
)
from llmlite.model.cache import LayerCache
from llmlite.model.positions import rope_angles, rope_speeds, rotate
from llmlite.runtime import generator

pytestmark = pytest.mark.usefixtures("one_thread")
LENGTHS = [(1, 1), (4, 4), (1, 5), (3, 7), (11, 13)]


@pytest.mark.parametrize(("queries", "keys"), LENGTHS)
def test_causal_mask_by_brute_force(queries, keys):
    mask = causal_mask(queries, keys)
    assert mask.dtype == torch.bool
    before = keys - queries  # places that come before the first query
    assert mask.tolist() == [[s <= t + before for s in range(keys)] for t in range(queries)]
    assert torch.equal(causal_mask(queries), causal_mask(queries, queries))


@pytest.mark.parametrize(("queries", "keys"), LENGTHS)
@pytest.mark.parametrize("window", [1, 2, 5, 50])
def test_window_mask_by_brute_force(queries, keys, window):
    mask = window_mask(queries, window, keys)
    before = keys - queries
    assert mask.tolist() == [
        [t + before - window < s <= t + before for s in range(keys)] for t in range(queries)
    ]
    assert mask.sum(dim=1).tolist() == [min(window, t + before + 1) for t in range(queries)]
    assert torch.equal(window_mask(queries, window), window_mask(queries, window, queries))


def test_padding_mask_by_brute_force():
    lengths = [4, 0, 7, 1, 6]
    mask = padding_mask(torch.tensor(lengths), 7)
    assert mask.shape == (5, 1, 1, 7)
    assert mask.dtype == torch.bool
    assert mask[:, 0, 0].tolist() == [[s < length for s in range(7)] for length in lengths]
    assert padding_mask(torch.tensor([], dtype=torch.long), 7).shape == (0, 1, 1, 7)


def test_bad_masks_are_refused():
    with pytest.raises(ValueError, match="keys=4 are fewer than queries=5"):
        causal_mask(5, 4)
    with pytest.raises(ValueError, match="keys=4 are fewer than queries=5"):
        window_mask(5, 2, 4)
    with pytest.raises(ValueError, match="window=0"):
        window_mask(5, 0)
    with pytest.raises(ValueError, match=r"lengths\.max\(\)=8 is above keys=7"):
        padding_mask(torch.tensor([3, 8]), 7)


def test_each_head_of_keys_serves_its_neighbours():
    x = normal(B, K, S, DH)
    shared = shared_heads(x, H)
    assert shared.shape == (B, H, S, DH)
    for h in range(H):
        assert torch.equal(shared[:, h], x[:, h // (H // K)])
    assert torch.equal(shared_heads(x, K), x)
    with pytest.raises(ValueError, match="n_heads=4 is not a multiple of n_kv_heads=3"):
        shared_heads(x, 4)


def loop_attention(q, k, v, mask, bias):
    """Compute attention number by number; mask and bias are (B, H, T, S)."""
    out = torch.zeros(B, H, T, DH, dtype=torch.float64)
    for b in range(B):
        for h in range(H):
            for t in range(T):
                seen = [s for s in range(S) if mask[b, h, t, s]]
                scores = [
                    (q[b, h, t] @ k[b, h * K // H, s]).item() / math.sqrt(DH) + bias[b, h, t, s].item()
                    for s in seen
                ]
                total = sum(map(math.exp, scores))
                for s, score in zip(seen, scores, strict=True):
                    out[b, h, t] += math.exp(score) / total * v[b, h * K // H, s]
    return out


def draws():
    """Return queries, keys, values, a mask and a bias of full shape; each query sees something."""
    q, k, v = normal(B, H, T, DH, seed=3), normal(B, K, S, DH, seed=4), normal(B, K, S, DH, seed=5)
    mask = torch.rand(B, H, T, S, generator=generator(6)) < 0.5
    mask[..., 2] |= ~mask.any(dim=-1)
    return q, k, v, mask, normal(B, H, T, S, seed=7)


@pytest.mark.parametrize("function", [attention, fused_attention])
def test_attention_is_its_loop(function):
    q, k, v, mask, bias = draws()
    everything, nothing = torch.ones_like(mask), torch.zeros_like(bias)
    assert_close(function(q, k, v), loop_attention(q, k, v, everything, nothing))
    assert_close(function(q, k, v, mask), loop_attention(q, k, v, mask, nothing))
    assert_close(function(q, k, v, mask, bias), loop_attention(q, k, v, mask, bias))
    assert_close(function(q, k, v, bias=bias), loop_attention(q, k, v, everything, bias))


@pytest.mark.parametrize("kv_heads", [1, 2, 3, 6])
@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_that_of_torch(kv_heads, masked):
    q, k, v = normal(B, H, T, DH, seed=3), normal(B, kv_heads, S, DH), normal(B, kv_heads, S, DH, seed=5)
    mask = causal_mask(T, S) if masked else None
    theirs = F.scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)
    assert_close(attention(q, k, v, mask), theirs)
    assert_close(fused_attention(q, k, v, mask), theirs)
    bias = normal(H, T, S, seed=8)
    added = bias if mask is None else bias.masked_fill(~mask, -math.inf)
    theirs = F.scaled_dot_product_attention(q, k, v, added, enable_gqa=True)
    assert_close(attention(q, k, v, mask, bias), theirs)


SHAPES = [(T, S), (B, 1, 1, S), (1, 1, T, S), (H, T, S), (B, H, T, S), (B, 1, T, S), (1, S)]


@pytest.mark.parametrize("of_mask", [None, *SHAPES])
@pytest.mark.parametrize("of_bias", [None, (H, T, S), (B, H, T, S), (T, S)])
@pytest.mark.parametrize("kv_heads", [K, H])
def test_fused_equals_taught_in_values_and_gradients(of_mask, of_bias, kv_heads):
    shapes = (B, H, T, DH), (B, kv_heads, S, DH), (B, kv_heads, S, DH)
    inputs = [normal(*shape, seed=i).requires_grad_() for i, shape in enumerate(shapes)]
    up = normal(B, H, T, DH, seed=8)
    mask = None if of_mask is None else torch.rand(of_mask, generator=generator(9)) < 0.5
    if of_mask is not None and len(of_mask) > 1 and of_mask[-2] == T:
        mask[..., 3, :] = False  # a query that sees nothing
    bias = None if of_bias is None else normal(*of_bias, seed=10)
    if of_bias is not None:
        inputs.append(bias.requires_grad_())
    results = []
    for function in (attention, fused_attention):
        y = function(*inputs[:3], mask, bias)
        assert y.shape == (B, H, T, DH)
        results.append((y, *torch.autograd.grad((y * up).sum(), inputs)))
    for taught, fused in zip(*results, strict=True):
        assert fused.isfinite().all()
        assert_close(fused, taught)


@pytest.mark.parametrize("kv_heads", [K, H])
def test_causal_needs_no_mask(kv_heads):
    q, k, v = normal(B, H, T, DH, seed=3), normal(B, kv_heads, T, DH), normal(B, kv_heads, T, DH, seed=5)
    assert_close(fused_attention(q, k, v, causal=True), attention(q, k, v, causal_mask(T)))


@pytest.mark.parametrize("function", [attention, fused_attention])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_a_query_that_sees_nothing_gets_zeros_and_finite_gradients(function, dtype):
    q, k, v, mask, bias = (x if x.dtype == torch.bool else x.to(dtype) for x in draws())
    mask[2, :, 4], mask[3] = False, False  # one query of a row, and a whole row
    for each in (None, bias):
        inputs = [x.requires_grad_() for x in (q, k, v)]
        y = function(*inputs, mask, each)
        assert y.dtype == dtype
        assert not y[2, :, 4].any()
        assert not y[3].any()
        assert y[2, :, 5].all()
        gradients = torch.autograd.grad(y.float().square().sum(), inputs)
        assert all(gradient.isfinite().all() for gradient in gradients)
        assert not gradients[0][2, :, 4].any()
        assert not any(gradient[3].any() for gradient in gradients)


def test_hidden_keys_far_down_a_long_text():
    """Kernels go through keys in pieces: a piece may be hidden from a query as a whole."""
    keys = 1100
    q, k, v = normal(1, 2, 40, DH), normal(1, 2, keys, DH, seed=3), normal(1, 2, keys, DH, seed=4)
    mask = torch.ones(40, keys, dtype=torch.bool)
    mask[:10, :700], mask[10:20, 5:], mask[20:30], mask[39, :-1] = False, False, False, False
    inputs = [x.requires_grad_() for x in (q, k, v)]
    results = []
    for function in (attention, fused_attention):
        y = function(*inputs, mask)
        results.append((y, *torch.autograd.grad(y.square().sum(), inputs)))
    for taught, fused in zip(*results, strict=True):
        assert_close(fused, taught)
    assert not results[1][0][:, :, 20:30].any()


def test_huge_scores_stay_finite():
    q, k, v = 1e4 * normal(B, H, T, DH), 1e4 * normal(B, K, S, DH, seed=3), normal(B, K, S, DH, seed=4)
    for function in (attention, fused_attention):
        assert function(q, k, v, causal_mask(T, S)).isfinite().all()


def test_causal_beside_other_masks_is_refused():
    q, k, v, mask, bias = draws()
    short = k[:, :, :T], v[:, :, :T]
    for keys, rest in [(short, {"mask": mask[..., :T]}), (short, {"bias": bias[..., :T]}), ((k, v), {})]:
        with pytest.raises(ValueError, match=rf"T={T} queries beside S={keys[0].shape[2]} keys"):
            fused_attention(q, *keys, **rest, causal=True)


def layer(seed=0, **changes):
    """Return attention between linear maps, in 64 bits, with values of its own everywhere."""
    sizes = {"d_model": D, "n_heads": H, "n_kv_heads": K, "bias": True, **changes}
    return scrambled(Attention(**sizes), seed).double()


def by_hand(module, x, source, mask=None, bias=None, angles=None):
    """Compute the layer head by head from its matrices."""
    kv_heads = module.key.weight.shape[0] // DH
    heads = []
    for h in range(H):
        q, k, v = (
            (x if name == "query" else source) @ getattr(module, name).weight[DH * i : DH * (i + 1)].T
            + getattr(module, name).bias[DH * i : DH * (i + 1)]
            for name, i in [("query", h), ("key", h * kv_heads // H), ("value", h * kv_heads // H)]
        )
        q, k = module.q_norm(q), module.k_norm(k)
        if angles is not None:
            q, k = rotate(q, *angles), rotate(k, *angles)
        scores = q @ k.mT / DH**0.5
        scores = scores if bias is None else scores + bias[h]
        scores = scores if mask is None else scores.masked_fill(~mask, -math.inf)
        heads.append(scores.softmax(dim=-1) @ v)
    return torch.cat(heads, dim=-1) @ module.out.weight.T + module.out.bias


@pytest.mark.parametrize("kv_heads", [1, 2, K, None])
@pytest.mark.parametrize("qk_norm", [False, True])
def test_the_layer_by_hand(kv_heads, qk_norm):
    module = layer(n_kv_heads=kv_heads, qk_norm=qk_norm, norm_eps=0.2)
    x, memory, bias = normal(B, T, D), normal(B, S, D, seed=3), normal(H, T, T, seed=4)
    angles = rope_angles(torch.arange(T) + 3, rope_speeds(DH, 300.0).double())
    mask = causal_mask(T)
    assert module(x).shape == (B, T, D)
    assert_close(module(x), by_hand(module, x, x))
    assert_close(module(x, mask, bias, angles), by_hand(module, x, x, mask, bias, angles))
    assert_close(module(x, causal=True), by_hand(module, x, x, mask))
    assert_close(module(x, memory=memory), by_hand(module, x, memory))
    hidden = window_mask(T, 3, S)
    assert_close(module(x, hidden, memory=memory), by_hand(module, x, memory, hidden))


def test_norms_of_queries_and_keys_are_of_each_head_and_know_their_eps():
    module = Attention(d_model=D, n_heads=H, n_kv_heads=K, qk_norm=True, norm_eps=0.2)
    for norm in (module.q_norm, module.k_norm):
        assert norm.weight.shape == (DH,)
        assert norm.eps == 0.2
    assert not list(Attention(d_model=D, n_heads=H).q_norm.parameters())
    louder, x = layer(qk_norm=True, bias=False, norm_eps=1e-12), normal(B, T, D)
    assert_close(louder(50 * x), 50 * louder(x))  # values grow, scores do not


@pytest.mark.parametrize("cross", [False, True])
def test_the_layer_is_that_of_torch(cross):
    ours = layer(n_kv_heads=None)
    theirs = nn.MultiheadAttention(D, H, bias=True, batch_first=True, dtype=torch.float64)
    state = ours.state_dict()
    theirs.load_state_dict({
        "in_proj_weight": torch.cat([state.pop(f"{name}.weight") for name in ("query", "key", "value")]),
        "in_proj_bias": torch.cat([state.pop(f"{name}.bias") for name in ("query", "key", "value")]),
        "out_proj.weight": state.pop("out.weight"),
        "out_proj.bias": state.pop("out.bias"),
    })
    assert not state
    x, memory = normal(B, T, D), normal(B, S, D, seed=3)
    source = memory if cross else x
    hidden = torch.rand(T, source.shape[1], generator=generator(4)) < 0.3
    hidden[:, 0] = False
    wanted, _ = theirs(x, source, source, attn_mask=hidden, need_weights=False)
    assert_close(ours(x, ~hidden, memory=memory if cross else None), wanted)


def test_heads_may_change_places():
    module, x = layer(), normal(B, T, D)
    before = module(x)
    per = H // K
    groups = [2, 0, 1]
    queries = [g * per + i for g in groups for i in (1, 0)]

    def rows(heads):
        return torch.cat([torch.arange(h * DH, (h + 1) * DH) for h in heads])

    with torch.no_grad():
        for linear, order in [(module.query, queries), (module.key, groups), (module.value, groups)]:
            linear.weight.copy_(linear.weight[rows(order)])
            linear.bias.copy_(linear.bias[rows(order)])
        module.out.weight.copy_(module.out.weight[:, rows(queries)])
    assert_close(module(x), before)


def test_without_positions_places_are_a_bag():
    module, x = layer(), normal(B, T, D)
    order = torch.randperm(T, generator=generator(3))
    assert_close(module(x[:, order]), module(x)[:, order])
    memory = normal(B, S, D, seed=3)
    assert_close(module(x, memory=memory.flip(1)), module(x, memory=memory))


def test_rows_of_a_batch_do_not_meet():
    module, x = layer(), normal(B, T, D)
    assert_close(module(x)[3:4], module(x[3:4]))


def test_inputs_need_not_lie_in_one_piece():
    module, x = layer(bias=False), normal(T, B, D).transpose(0, 1)
    assert not x.is_contiguous()
    assert_close(module(x), module(x.contiguous()))
    assert_close(module(x[..., :1].expand(B, T, D)), module(x[..., :1].expand(B, T, D).contiguous()))


def test_heads_are_neighbouring_features():
    x = normal(B, T, D)
    heads = layer().heads(x)
    assert heads.shape == (B, H, T, DH)
    for h in range(H):
        assert torch.equal(heads[:, h], x[..., DH * h : DH * (h + 1)])


def test_the_layer_reads_what_is_kept():
    module, x = layer(qk_norm=True), normal(B, T, D)
    cos, sin = rope_angles(torch.arange(T), rope_speeds(DH, 300.0).double())
    whole = module(x, causal_mask(T), angles=(cos, sin))
    cache = LayerCache()
    first = module(x[:, :4], causal_mask(4), angles=(cos[:4], sin[:4]), cache=cache)
    rest = module(x[:, 4:], causal_mask(T - 4, T), angles=(cos[4:], sin[4:]), cache=cache)
    assert_close(torch.cat([first, rest], dim=1), whole)
    assert cache.kept[0].shape == cache.kept[1].shape == (B, K, T, DH)


def test_memory_takes_neither_angles_nor_a_cache():
    module, x, memory = layer(), normal(B, T, D), normal(B, S, D, seed=3)
    for rest in ({"angles": rope_angles(torch.arange(T), rope_speeds(DH))}, {"cache": LayerCache()}):
        with pytest.raises(ValueError, match="memory is another text"):
            module(x, memory=memory, **rest)


@pytest.mark.parametrize(
    ("d_model", "n_heads", "n_kv_heads"),
    [(50, 6, 3), (48, 6, 4), (48, 0, None), (48, 6, 0), (48, 6, 12), (0, 6, 3)],
)
def test_sizes_that_do_not_fit_are_refused(d_model, n_heads, n_kv_heads):
    kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    message = rf"d_model={d_model} .* n_heads={n_heads}, .* n_kv_heads={kv_heads}"
    with pytest.raises(ValueError, match=message):
        Attention(d_model=d_model, n_heads=n_heads, n_kv_heads=n_kv_heads)


def test_parameters_of_the_layer():
    def shapes(**changes):
        module = Attention(d_model=D, n_heads=H, n_kv_heads=K, **changes)
        return {name: tuple(p.shape) for name, p in module.named_parameters()}

    matrices = {"query.weight": (D, D), "key.weight": (K * DH, D), "value.weight": (K * DH, D)}
    matrices["out.weight"] = (D, D)
    biases = {"query.bias": (D,), "key.bias": (K * DH,), "value.bias": (K * DH,), "out.bias": (D,)}
    assert shapes() == matrices
    assert shapes(bias=True) == {**matrices, **biases}
    assert shapes(qk_norm=True) == {**matrices, "q_norm.weight": (DH,), "k_norm.weight": (DH,)}


def test_scores_do_not_grow_with_the_size_of_heads():
    for size in (16, 256):
        q, k = normal(1, 1, 50, size), normal(1, 1, 50, size, seed=3)
        values = torch.eye(50).double()[None, None]
        weights = attention(q, k, values)[0, 0]  # (T, S): what each query looks at
        assert_close(weights.sum(dim=-1), torch.ones(50).double())
        assert 0.8 < weights.log().std(dim=-1).mean() < 1.2
