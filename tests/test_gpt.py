"""GPT: what may reach a logit and what may not, how it starts, and what it refuses."""

import copy
import math
import re

import pytest
import torch
from tiny import DH, SCHEMES, B, C, D, F, H, K, L, OneDevice, T, V, scrambled, some_ids, tiny
from torch.testing import assert_close

from llmlite.model.attention import causal_mask, padding_mask, window_mask
from llmlite.model.cache import KVCache
from llmlite.model.config import NORMS
from llmlite.model.embeddings import Embeddings
from llmlite.model.gpt import GPT, check_ids, quiet_outputs
from llmlite.model.positions import Positions, sinusoidal
from llmlite.runtime import set_seed
from llmlite.training.losses import next_token_loss

pytestmark = pytest.mark.usefixtures("one_thread")
every_scheme = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)


def model(**changes):
    """Return a tiny GPT with values of its own everywhere."""
    return scrambled(GPT(tiny(**changes)))


def reach(gpt, ids, mask=None):
    """Return which tokens (columns) move which logits (rows): (T, T) of booleans, by gradients."""
    kept = {}
    hook = gpt.embeddings.token.register_forward_hook(lambda _, __, x: kept.update(x=x))
    logits = gpt(ids, mask)[0]  # (T, V)
    hook.remove()
    up = torch.randn(V, generator=torch.Generator().manual_seed(3))
    rows = [
        torch.autograd.grad((each * up).sum(), kept["x"], retain_graph=True)[0][0].abs().sum(dim=-1) > 0
        for each in logits
    ]
    return torch.stack(rows)


@every_scheme
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("post_norm", [False, True])
def test_the_future_cannot_move_a_past_logit(scheme, norm, post_norm):
    gpt = model(positions=scheme, norm=norm, post_norm=post_norm, qk_norm=post_norm)
    assert torch.equal(reach(gpt, some_ids(1)), causal_mask(T)), "and the past can"


@every_scheme
def test_other_tokens_later_leave_the_logits_before(scheme):
    gpt, ids = model(positions=scheme), some_ids()
    other = ids.clone()
    other[:, 6:] = (other[:, 6:] + 1) % V
    with torch.no_grad():
        before, after = gpt(ids), gpt(other)
        assert_close(after[:, :6], before[:, :6], rtol=0, atol=1e-6)
        assert ((after[:, 6:] - before[:, 6:]).abs().amax(dim=-1) > 1e-3).all()
        assert_close(gpt(ids[:, :6]), before[:, :6], rtol=0, atol=1e-5)


@pytest.mark.parametrize("window", [1, 2, 4])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_windows_of_layers_add_up(window, layers):
    seen = reach(model(n_layers=layers), some_ids(1), window_mask(T, window))
    assert torch.equal(seen, window_mask(T, layers * (window - 1) + 1))


def test_without_positions_the_past_is_a_bag():
    ids, order = some_ids(), [3, 1, 0, 2]
    shuffled = ids[:, :5].clone()
    shuffled[:, :4] = shuffled[:, order]
    for name, scheme in SCHEMES.items():
        gpt = model(positions=scheme, n_layers=1)
        with torch.no_grad():
            moved = (gpt(shuffled)[:, -1] - gpt(ids[:, :5])[:, -1]).abs().max()
        assert (moved < 1e-5) == (name == "none"), name


@every_scheme
def test_padding_leaves_the_logits_of_real_tokens(scheme):
    gpt, ids, lengths = model(positions=scheme), some_ids(), [11, 2, 7, 1, 9]
    mask = padding_mask(torch.tensor(lengths), T)
    with torch.no_grad():
        together, masked = gpt(ids), gpt(ids, mask)
        for row, length in enumerate(lengths):
            alone = gpt(ids[row : row + 1, :length])[0]
            assert_close(together[row, :length], alone, atol=1e-5, rtol=1e-5)
            assert_close(masked[row, :length], alone, atol=1e-5, rtol=1e-5)


def test_logits_are_products_with_a_table():
    ids = some_ids()
    for changes in ({"tied": True}, {"tied": False}, {"post_norm": True}, {"norm": "layer", "bias": True}):
        gpt = model(**changes)
        stream = gpt.stack(gpt.embeddings(ids))
        stream = stream if gpt.config.post_norm else gpt.norm(stream)
        table = gpt.embeddings.token.weight if gpt.config.tied else gpt.head.weight
        assert_close(gpt(ids), torch.einsum("btd,vd->btv", stream, table))


def test_what_is_tied_learns_from_both_ends():
    for tied in (True, False):
        gpt, ids = model(tied=tied), torch.zeros(1, 3, dtype=torch.long)
        gpt(ids).square().sum().backward()
        rows = gpt.embeddings.token.weight.grad.abs().sum(dim=1) > 0  # (V,)
        assert rows.sum() == (V if tied else 1)


@every_scheme
def test_every_parameter_learns(scheme):
    gpt = model(positions=scheme, tied=False, bias=True, norm="layer", qk_norm=True)
    gpt(some_ids(B, C)).square().sum().backward()
    assert [name for name, p in gpt.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_embeddings_are_rows_of_a_table_and_of_places():
    ids, start = some_ids(), 7
    for name, scheme in SCHEMES.items():
        embeddings = scrambled(Embeddings(tiny(positions=scheme)))
        for first in (0, start):
            x = embeddings(ids, first) if first else embeddings(ids)
            places = torch.zeros(T, D)
            if name == "learned":
                places = embeddings.position.weight[first : first + T]
            if name == "sinusoidal":
                places = sinusoidal(C, D, 70)[first : first + T]
            for b in range(B):
                for t in range(T):
                    assert_close(x[b, t], embeddings.token.weight[ids[b, t]] + places[t])


SIZES = [(32, 2, 1, 50), (64, 4, 4, 300), (128, 4, 2, 2000), (96, 12, 8, 17)]


@pytest.mark.parametrize(("d_model", "n_heads", "n_layers", "vocab_size"), SIZES)
@pytest.mark.parametrize(
    "changes", [{}, {"tied": False}, {"norm": "layer", "activation": "gelu", "bias": True}]
)
def test_the_first_loss_is_that_of_a_guess(d_model, n_heads, n_layers, vocab_size, changes):
    set_seed(5)
    sizes = {"d_model": d_model, "n_heads": n_heads, "n_layers": n_layers, "vocab_size": vocab_size}
    gpt = GPT(tiny(**sizes, d_ff=3 * d_model, n_kv_heads=None, **changes))
    ids, targets = (some_ids(16, C, vocab_size, seed) for seed in (1, 2))
    with torch.no_grad():
        logits = gpt(ids)
    assert abs(next_token_loss(logits, targets) - math.log(vocab_size)) < 0.05
    assert_close(logits.std(dim=-1).mean(), torch.tensor(0.02 * d_model**0.5), rtol=0.2, atol=0)


def test_parts_start_with_their_spreads():
    set_seed(6)
    sizes = {"d_model": 120, "d_ff": 400, "vocab_size": 900, "context_length": 200, "n_layers": 3}
    config = tiny(
        **sizes, tied=False, bias=True, positions=Positions(kind="learned"), norm="layer", qk_norm=True
    )
    quiet = (2 * 3) ** -0.5
    spreads = {"token": 0.02, "position": 0.02, "head": 0.02}
    spreads |= {"down": quiet * 400**-0.5, "out": quiet * 120**-0.5}
    seen = set()
    for name, parameter in GPT(config).named_parameters():
        part, kind = name.split(".")[-2:]
        if parameter.ndim == 1:
            assert torch.equal(parameter, torch.full_like(parameter, "norm" in part and kind == "weight"))
        else:
            assert_close(parameter.std().item(), spreads.get(part, 120**-0.5), rtol=0.05, atol=0)
            assert abs(parameter.mean().item()) < 0.01
            seen.add(part)
    assert seen == {"token", "position", "head", "query", "key", "value", "out", "up", "gate", "down"}


def test_quiet_outputs_shrinks_what_parts_write_and_nothing_else():
    stack = scrambled(GPT(tiny(n_layers=3, bias=True)).stack)
    before = copy.deepcopy(stack.state_dict())
    quiet_outputs(stack)
    for name, after in stack.state_dict().items():
        writes = re.search(r"attention\.out\.weight|mlp\.down\.weight", name)
        assert_close(after, before[name] / math.sqrt(6) if writes else before[name])


def test_the_stream_is_about_as_large_however_deep():
    set_seed(7)
    sizes = []
    for layers in (1, 4, 16):
        gpt = GPT(tiny(n_layers=layers, d_ff=192))
        with torch.no_grad():
            sizes.append(gpt.stack(gpt.embeddings(some_ids())).std())
    assert max(sizes) < 2 * min(sizes)


def test_the_seed_decides_the_weights():
    def weights(seed):
        set_seed(seed)
        return torch.cat([p.flatten() for p in GPT(tiny()).parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


BLOCK = {
    "attention_norm.weight": (D,), "attention.query.weight": (D, D), "attention.key.weight": (K * DH, D),
    "attention.value.weight": (K * DH, D), "attention.out.weight": (D, D), "mlp_norm.weight": (D,),
    "mlp.up.weight": (F, D), "mlp.gate.weight": (F, D), "mlp.down.weight": (D, F),
}  # fmt: skip


def test_names_in_the_state():
    state = {name: tuple(value.shape) for name, value in GPT(tiny()).state_dict().items()}
    blocks = {f"stack.blocks.{i}.{name}": shape for i in range(L) for name, shape in BLOCK.items()}
    assert state == {"embeddings.token.weight": (V, D), **blocks, "norm.weight": (D,)}
    changes = {"tied": False, "positions": Positions(kind="learned"), "post_norm": True}
    more = {"head.weight": (V, D), "embeddings.position.weight": (C, D)}
    assert set(GPT(tiny(**changes)).state_dict()) == {*(state.keys() - {"norm.weight"}), *more}


@every_scheme
def test_a_state_comes_back_and_fits_a_longer_context(scheme):
    gpt, ids = model(positions=scheme), some_ids()
    again = GPT(gpt.config)
    again.load_state_dict(gpt.state_dict())
    assert torch.equal(again(ids), gpt(ids))
    longer = GPT(tiny(positions=scheme, context_length=2 * C))
    if scheme.kind == "learned":
        with pytest.raises(RuntimeError, match="position"):
            longer.load_state_dict(gpt.state_dict())
    else:
        longer.load_state_dict(gpt.state_dict())
        assert_close(longer(ids), gpt(ids))
        assert longer(some_ids(1, 2 * C)).shape == (1, 2 * C, V)


@every_scheme
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_kinds_of_numbers(scheme, dtype):
    gpt, ids = model(positions=scheme, qk_norm=True), some_ids()
    close = 1e-5 if dtype == torch.float64 else 0.1
    with torch.no_grad():
        wanted = gpt(ids)
        converted = copy.deepcopy(gpt).to(dtype)
        for mask in (None, causal_mask(T)):
            logits = converted(ids, mask)
            assert logits.dtype == dtype
            assert_close(logits.double(), wanted.double(), atol=close, rtol=close)


@every_scheme
def test_autocast(scheme):
    gpt, ids = model(positions=scheme, qk_norm=True, bias=True, norm="layer"), some_ids()
    wanted = gpt(ids)
    for mask in (None, window_mask(T, T)):
        with torch.autocast("cpu", torch.bfloat16):
            logits = gpt(ids, mask)
        assert logits.dtype == torch.bfloat16
        assert_close(logits.float(), wanted, atol=0.1, rtol=0.1)
    logits.float().sum().backward()
    assert all(p.grad.isfinite().all() and p.grad.dtype == torch.float32 for p in gpt.parameters())


@every_scheme
def test_nothing_is_left_on_another_device(scheme):
    """On the meta device nothing is computed, but tensors of two devices may not meet."""
    gpt, ids = GPT(tiny(positions=scheme)).to("meta"), some_ids().to("meta")
    mask, cache = causal_mask(T).to("meta"), KVCache()
    with OneDevice():
        assert gpt(ids).shape == (B, T, V)
        assert gpt(ids, mask).device.type == "meta"
        for part in ids.split(4, dim=1):
            assert gpt(part, cache=cache).shape == (*part.shape, V)
        gpt(ids).sum().backward()


def test_rows_that_a_model_cannot_read():
    gpt = GPT(tiny())
    ids = some_ids()
    for bad, message in [
        (ids[0], r"ids of shape \(11,\): a model reads rows .*, \(B, T\); one row is ids\[None\]"),
        (ids[:, :0], r"ids of shape \(5, 0\): .* rows of 1 token or more"),
        (ids[:0], r"ids of shape \(0, 11\)"),
        (ids[None], r"ids of shape \(1, 5, 11\)"),
        (ids.float(), r"ids of torch\.float32: ids are whole numbers"),
        (ids.bool(), r"ids of torch\.bool"),
        (some_ids(1, C + 1), rf"{C + 1} tokens do not fit into context_length={C}"),
    ]:
        with pytest.raises(ValueError, match=message):
            gpt(bad)
    assert gpt(some_ids(1, C)).shape == (1, C, V)
    assert_close(gpt(ids.int()), gpt(ids))
    check_ids(ids, C - T, tiny())
    with pytest.raises(ValueError, match=rf"{C + 1} tokens do not fit into context_length={C}"):
        check_ids(ids, C - T + 1, tiny())


def test_heads_and_layers_are_as_many_as_asked():
    gpt = GPT(tiny(n_layers=3))
    assert len(gpt.stack.blocks) == 3
    assert gpt.stack.blocks[0].attention.query.weight.shape == (H * DH, D)
    assert gpt.norm.eps == tiny().norm_eps
    assert GPT(tiny(norm="layer", norm_eps=0.2, bias=True)).norm.eps == 0.2
    assert GPT(tiny(norm="layer", bias=True)).norm.bias is not None
    assert not list(GPT(tiny(post_norm=True)).norm.parameters())
