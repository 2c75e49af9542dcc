"""The cache: what is kept equals what would be computed again."""

import pytest
import torch
from tiny import DH, SCHEMES, B, C, K, L, T, normal, scrambled, some_ids, tiny
from torch.testing import assert_close

from llmlite.model.attention import causal_mask, padding_mask, window_mask
from llmlite.model.cache import KVCache, LayerCache
from llmlite.model.gpt import GPT

pytestmark = pytest.mark.usefixtures("one_thread")
CUTS = {"one by one": [1] * T, "uneven": [3, 1, 5, 2], "at once": [T], "nearly all, then one": [T - 1, 1]}


def model(**changes):
    """Return a tiny GPT in 64 bits with values of its own everywhere."""
    return scrambled(GPT(tiny(**changes))).double()


def in_parts(gpt, ids, cut, mask=None):
    """Read ids in parts, each with a mask of its own rows and all that is read by then."""
    cache, logits = KVCache(), []
    for part in ids.split(cut, dim=1):
        end = cache.length + part.shape[1]
        rows = (
            None
            if mask is None
            else mask[..., cache.length : end, :end]
            if mask.shape[-2] > 1
            else mask[..., :end]
        )
        logits.append(gpt(part, rows, cache))
        assert cache.length == end
    return torch.cat(logits, dim=1), cache


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("kv_heads", [1, K, None])
def test_cached_equals_uncached(scheme, cut, kv_heads):
    gpt, ids = model(positions=scheme, n_kv_heads=kv_heads), some_ids()
    with torch.no_grad():
        logits, cache = in_parts(gpt, ids, cut)
        assert_close(logits, gpt(ids), atol=1e-12, rtol=0)
    assert len(cache.layers) == L
    shape = (B, kv_heads or 6, T, DH)
    assert all(each.kept[0].shape == each.kept[1].shape == shape for each in cache.layers)


@pytest.mark.parametrize(
    "changes",
    [{"post_norm": True, "norm": "layer"}, {"qk_norm": True, "tied": False}, {"bias": True, "norm": "none"}],
)
def test_cached_equals_uncached_in_other_models(changes):
    gpt, ids = model(**changes), some_ids()
    with torch.no_grad():
        assert_close(in_parts(gpt, ids, CUTS["uneven"])[0], gpt(ids), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("name", ["rope", "alibi", "learned"])
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_cached_equals_uncached_under_masks(name, cut):
    gpt, ids = model(positions=SCHEMES[name]), some_ids()
    padding = padding_mask(torch.tensor([11, 4, 7, 1, 9]), T)
    for mask in (padding, window_mask(T, 3), window_mask(T, 4) & padding):
        with torch.no_grad():
            wanted = gpt(ids, mask)
            assert_close(in_parts(gpt, ids, cut, mask)[0], wanted, atol=1e-12, rtol=1e-12)


def test_a_mask_of_the_new_places_alone_is_refused():
    gpt, ids, cache = model(), some_ids(), KVCache()
    gpt(ids, cache=cache)
    with pytest.raises(ValueError, match=rf"shape \({B}, 1, 1, 1\): .* S={T + 1} keys"):
        gpt(ids[:, :1], padding_mask(torch.ones(B, dtype=torch.long), 1), cache)


def test_a_context_that_is_full_takes_no_more():
    gpt, cache = model(), KVCache()
    gpt(some_ids(1, C - 2), cache=cache)
    with pytest.raises(ValueError, match=f"{C + 1} tokens do not fit into context_length={C}"):
        gpt(some_ids(1, 3), cache=cache)
    assert cache.length == C - 2, "what is refused is not kept"
    gpt(some_ids(1, 2), cache=cache)
    assert cache.length == C


def test_rows_that_are_kept_go_on_as_they_were():
    gpt, ids, rows = model(), some_ids(), torch.tensor([4, 0, 4])
    cache = KVCache()
    with torch.no_grad():
        gpt(ids[:, :7], cache=cache)
        cache.keep(rows)
        assert cache.layers[1].kept[0].shape == cache.layers[1].kept[1].shape == (3, K, 7, DH)
        assert_close(gpt(ids[rows, 7:], cache=cache), gpt(ids[rows])[:, 7:], atol=1e-12, rtol=0)
    empty = KVCache()
    empty.keep(rows)
    assert empty.length == 0


def test_a_layer_appends():
    cache, (k, v) = LayerCache(), (normal(B, K, T, DH, seed=i) for i in (3, 4))
    one = cache.extend(k[:, :, :2], v[:, :, :2])
    assert [each.shape[2] for each in one] == [2, 2]
    two = cache.extend(k[:, :, 2:], v[:, :, 2:])
    assert torch.equal(two[0], k)
    assert torch.equal(two[1], v)
    assert cache.kept is not None
    assert torch.equal(cache.kept[0], k)


def test_layers_are_made_when_they_are_asked_for():
    cache = KVCache()
    assert cache.length == 0
    third = cache.layer(2)
    assert len(cache.layers) == 3
    assert cache.layer(2) is third
    assert cache.layer(0) is not cache.layer(1)
    assert cache.length == 0


def test_two_caches_share_nothing():
    gpt, ids = model(), some_ids()
    one, two = KVCache(), KVCache()
    with torch.no_grad():
        gpt(ids[:2], cache=one)
        gpt(ids[2:, :5], cache=two)
        assert (one.length, two.length) == (T, 5)
        whole = gpt(ids[2:])[:, 5:]
        assert_close(gpt(ids[2:, 5:], causal_mask(T - 5, T), two), whole, atol=1e-12, rtol=0)
