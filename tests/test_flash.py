"""Attention in tiles equals attention, in values and gradients, and holds no table of scores."""

import json
import math
from collections.abc import Callable
from itertools import accumulate, permutations
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from llmlite.model.attention import attention, causal_mask, shared_heads
from llmlite.model.flash import (
    Running,
    attention_memory,
    flash_attention,
    flash_backward,
    flash_forward,
    merge,
    nothing_read,
    pieces,
    sum_shared,
    tile_scores,
    tiles,
)
from llmlite.runtime import generator

# (B, H, K, T, S, Dh, block): blocks that do and do not divide the lengths, of 1, of more than all of them
SIZES = [
    (2, 3, 3, 7, 7, 5, 4),
    (2, 6, 2, 8, 12, 5, 4),
    (1, 4, 1, 5, 11, 3, 2),
    (3, 2, 2, 1, 6, 4, 4),
    (2, 4, 2, 9, 10, 3, 1),
    (2, 3, 1, 6, 13, 2, 64),
]
sizes = pytest.mark.parametrize("size", SIZES, ids=str)
causally = pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])


def drawn(size: tuple[int, ...], spread: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values in double precision."""
    b, h, k, t, s, dh, _ = size
    draws = generator(sum(size))
    shapes = (b, h, t, dh), (b, k, s, dh), (b, k, s, dh)
    q, keys, v = (torch.randn(*shape, generator=draws, dtype=torch.float64) for shape in shapes)
    return (spread * q).requires_grad_(), keys.requires_grad_(), v.requires_grad_()


def mask_of(size: tuple[int, ...], causal: bool) -> Tensor | None:
    """Return the mask that `causal` stands for."""
    return causal_mask(size[3], size[4]) if causal else None


class TestOnlineSoftmax:
    scores = torch.tensor([[3.0, -1.0, 7.0, 7.5, -20.0, 0.5], [9.0, 8.0, 1.0, 0.0, -5.0, -6.0]]).double()
    v = torch.arange(18.0, dtype=torch.float64).view(6, 3).sin()

    def read(self, cuts: list[list[int]]) -> Running:
        known = nothing_read(torch.zeros(2, 3, dtype=torch.float64))
        for cut in cuts:
            known = merge(known, self.scores[:, cut], self.v[cut])
        return known

    def test_by_hand(self) -> None:
        first = merge(
            nothing_read(torch.zeros(1, 1)), torch.tensor([[0.0, math.log(3)]]), torch.eye(2)[:, :1]
        )
        assert [float(x) for x in first] == pytest.approx([math.log(3), 4 / 3, 1 / 3])
        second = merge(first, torch.tensor([[math.log(12)]]), torch.tensor([[2.0]]))
        assert [float(x) for x in second] == pytest.approx([math.log(12), 16 / 12, 25 / 12])
        assert float(second.mixed / second.total) == pytest.approx((1 * 1 + 3 * 0 + 12 * 2) / 16)

    @pytest.mark.parametrize("order", [*permutations([[0], [1, 2], [3, 4, 5]])], ids=str)
    def test_pieces_in_any_order(self, order: tuple[list[int], ...]) -> None:
        known = self.read(list(order))
        weights = self.scores.softmax(-1)
        torch.testing.assert_close(known.mixed / known.total, weights @ self.v, rtol=1e-14, atol=1e-14)
        torch.testing.assert_close(known.largest, self.scores.amax(-1, keepdim=True))
        expected = self.scores.logsumexp(-1, keepdim=True)
        torch.testing.assert_close(known.largest + known.total.log(), expected, rtol=1e-14, atol=1e-14)

    def test_a_piece_of_which_a_row_sees_nothing(self) -> None:
        hidden = torch.full((2, 2), -math.inf, dtype=torch.float64)
        known = merge(nothing_read(torch.zeros(2, 3, dtype=torch.float64)), hidden, self.v[:2])
        assert known.total.tolist() == [[0], [0]] and known.mixed.abs().sum() == 0
        known = merge(merge(known, self.scores, self.v), hidden, self.v[:2])
        expected = self.scores.softmax(-1) @ self.v
        torch.testing.assert_close(known.mixed / known.total, expected, rtol=1e-14, atol=1e-14)


class TestTiles:
    @pytest.mark.parametrize(("length", "block"), [(1, 1), (7, 3), (8, 4), (3, 5)])
    def test_pieces_are_the_whole(self, length: int, block: int) -> None:
        cut = pieces(length, block)
        assert [place for piece in cut for place in range(piece.start, piece.stop)] == list(range(length))
        assert len(cut) == math.ceil(length / block) and {p.stop - p.start for p in cut[:-1]} <= {block}

    @sizes
    @causally
    def test_each_pair_that_counts_is_in_one_tile(self, size: tuple[int, ...], causal: bool) -> None:
        queries, keys, block = size[3], size[4], size[6]
        times = torch.zeros(queries, keys, dtype=torch.int)
        for rows, columns_seen in tiles(queries, keys, causal, block):
            for columns in columns_seen:
                tile = times[rows, columns]
                assert max(tile.shape) <= block
                tile += 1
        mask = causal_mask(queries, keys)
        assert times.max() == 1 and bool((times[mask] == 1).all())
        if not causal:
            assert times.min() == 1
        elif block == 1:
            assert torch.equal(times.bool(), mask), "nothing of the future is read"

    @sizes
    @causally
    def test_scores_of_tiles_are_those_of_the_table(self, size: tuple[int, ...], causal: bool) -> None:
        (q, k, _), mask = drawn(size), mask_of(size, causal)
        table = torch.einsum("bhtd,bhsd->bhts", q, shared_heads(k, size[1])) / size[5] ** 0.5
        table = table if mask is None else table.where(mask, -math.inf)
        for rows in pieces(size[3], size[6]):
            for columns in pieces(size[4], size[6]):
                tile = tile_scores(q, k, rows, columns, causal)
                torch.testing.assert_close(tile, table[:, :, rows, columns], rtol=1e-13, atol=1e-13)

    def test_what_all_queries_of_a_tile_cannot_see_is_never_read(self) -> None:
        q, k, v = (x.detach() for x in drawn((1, 1, 1, 12, 14, 3, 4)))
        k[:, :, 6:], v[:, :, 6:] = math.nan, math.nan  # the first four queries see two, ..., six places
        y, lse = flash_forward(q, k, v, causal=True, block=4)
        assert y[:, :, :4].isfinite().all() and lse[:, :, :4].isfinite().all()
        assert y[:, :, 4:].isnan().all(), "the others do see them"
        grads = flash_backward(torch.ones_like(y), q, k, v, y, lse, causal=True, block=4)
        assert grads[0][:, :, :4].isfinite().all()


class TestEqual:
    @sizes
    @causally
    def test_values_and_gradients(self, size: tuple[int, ...], causal: bool) -> None:
        inputs = drawn(size)
        dy = torch.randn(inputs[0].shape, generator=generator(1), dtype=torch.float64)
        tiled = flash_attention(*inputs, causal=causal, block=size[6])
        plain = attention(*inputs, mask_of(size, causal))
        torch.testing.assert_close(tiled, plain, rtol=1e-10, atol=1e-10)
        for ours, theirs in zip(
            torch.autograd.grad(tiled, inputs, dy), torch.autograd.grad(plain, inputs, dy), strict=True
        ):
            torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)

    @sizes
    @causally
    def test_logsumexp_of_each_row(self, size: tuple[int, ...], causal: bool) -> None:
        (q, k, v), mask = drawn(size), mask_of(size, causal)
        scores = torch.einsum("bhtd,bhsd->bhts", q, shared_heads(k, size[1])) / size[5] ** 0.5
        scores = scores if mask is None else scores.where(mask, -math.inf)
        _, lse = flash_forward(q, k, v, causal, size[6])
        torch.testing.assert_close(lse, scores.logsumexp(-1), rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("size", [(1, 4, 2, 3, 5, 2, 2), (2, 2, 1, 4, 4, 3, 3)], ids=str)
    @causally
    def test_gradients_by_differences(self, size: tuple[int, ...], causal: bool) -> None:
        assert torch.autograd.gradcheck(
            lambda q, k, v: flash_attention(q, k, v, causal=causal, block=size[6]), drawn(size)
        )

    def test_unless_told_otherwise_all_is_seen_and_blocks_are_of_64(self) -> None:
        q, k, v = drawn((1, 2, 1, 70, 70, 3, 0))
        assert torch.equal(flash_attention(q, k, v), flash_forward(q, k, v, False, 64)[0])
        torch.testing.assert_close(flash_attention(q, k, v), attention(q, k, v), rtol=1e-10, atol=1e-10)

    @causally
    def test_large_scores(self, causal: bool) -> None:
        size = (2, 3, 1, 9, 10, 5, 4)
        q, k, v = (x.detach().float().requires_grad_() for x in drawn(size, spread=1e4))
        assert attention(q, k, v.detach() * 0 + 1).isfinite().all()
        tiled, plain = flash_attention(q, k, v, causal, 4), attention(q, k, v, mask_of(size, causal))
        assert float((q.detach() @ shared_heads(k.detach(), 3).mT).abs().max()) > 1e4
        torch.testing.assert_close(tiled, plain, rtol=1e-5, atol=1e-5)
        tiled.square().sum().backward()
        assert all(x.grad is not None and bool(x.grad.isfinite().all()) for x in (q, k, v))

    def test_heads_as_the_model_cuts_them(self) -> None:
        q, k, v = (x.detach().transpose(1, 2).contiguous().transpose(1, 2) for x in drawn(SIZES[1]))
        assert not q.is_contiguous()
        torch.testing.assert_close(flash_attention(q, k, v, block=3), attention(q, k, v))

    def test_the_type_stays(self) -> None:
        q, k, v = (x.detach().bfloat16() for x in drawn(SIZES[0]))
        y, lse = flash_forward(q, k, v, block=4)
        assert y.dtype == lse.dtype == torch.bfloat16
        torch.testing.assert_close(y, attention(q, k, v), rtol=0.05, atol=0.05)

    def test_heads_that_share_are_added_up(self) -> None:
        x = torch.randn(2, 6, 4, 3, generator=generator(5), dtype=torch.float64)
        expected = torch.stack([x[:, 0] + x[:, 1] + x[:, 2], x[:, 3] + x[:, 4] + x[:, 5]], dim=1)
        torch.testing.assert_close(sum_shared(x, 2), expected)
        keys = torch.randn(2, 2, 4, 3, generator=generator(6), dtype=torch.float64)
        back = (shared_heads(keys, 6) * x).sum()  # adjoint: <A k, x> = <k, A' x>
        assert float(back) == pytest.approx(float((keys * sum_shared(x, 2)).sum()))


class TestRefused:
    @pytest.mark.parametrize("block", [0, -1])
    def test_a_block_without_a_place(self, block: int) -> None:
        with pytest.raises(ValueError, match=f"^block={block}: a tile has 1 row or more"):
            flash_attention(*drawn(SIZES[0]), block=block)

    def test_fewer_keys_than_queries(self) -> None:
        q, k, v = drawn((1, 1, 1, 5, 4, 3, 2))
        with pytest.raises(ValueError, match=r"^S=4 keys for T=5 queries: .* causal=True each sees its own"):
            flash_attention(q, k, v, causal=True)
        assert flash_attention(q, k, v).shape == (1, 1, 5, 3), "where not causal, any number will do"
        with pytest.raises(ValueError, match=r"^S=0 keys for T=5 queries: a query needs a key"):
            flash_attention(q, k[:, :, :0], v[:, :, :0])

    def test_heads_that_cannot_share(self) -> None:
        with pytest.raises(ValueError, match="n_heads=3 is not a multiple of n_kv_heads=2"):
            flash_attention(*drawn((1, 3, 2, 4, 4, 3, 2)))

    def test_second_derivatives(self) -> None:
        inputs = drawn(SIZES[0])
        (dq,) = torch.autograd.grad(flash_attention(*inputs).square().sum(), inputs[:1], create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            dq.sum().backward()


@pytest.fixture
def allocated(tmp_path: Path) -> Callable[[Callable[[], Tensor]], list[int]]:
    """Return a function that says how many bytes something takes and gives back, in order."""

    def changes(action: Callable[[], Tensor]) -> list[int]:
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            kept = action()
        seen.export_chrome_trace(str(tmp_path / "trace.json"))
        del kept
        events = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))["traceEvents"]
        memory = [event for event in events if event["name"] == "[memory]"]
        memory.sort(key=lambda event: event["args"]["Ev Idx"])
        return [int(event["args"]["Bytes"]) for event in memory]

    return changes


LENGTHS = [(64, 64, 8, 16), (50, 70, 8, 16), (256, 256, 32, 32), (192, 256, 64, 64), (256, 320, 16, 64)]


@pytest.mark.usefixtures("one_thread")
class TestMemory:
    heads = 2 * 3  # of two texts

    def inputs(self, t: int, s: int, dh: int) -> list[Tensor]:
        return [torch.randn(2, 3, n, dh, requires_grad=True) for n in (t, s, s)]

    @pytest.mark.parametrize(("t", "s", "dh", "block"), LENGTHS)
    def test_the_plain_way(self, allocated, t: int, s: int, dh: int, block: int) -> None:
        q, k, v = self.inputs(t, s, dh)
        changes = allocated(lambda: attention(q, k, v))
        memory = attention_memory(t, s, dh)
        divisor = 8  # the root of Dh: a tensor of one number, which autograd keeps
        assert max(accumulate(changes)) == 4 * self.heads * memory.peak + divisor
        assert sum(changes) == 4 * self.heads * memory.kept + divisor
        assert max(changes) == 4 * self.heads * max(t * s, s * dh), "the largest tensor"

    @pytest.mark.parametrize(("t", "s", "dh", "block"), LENGTHS)
    @causally
    def test_in_tiles(self, allocated, t: int, s: int, dh: int, block: int, causal: bool) -> None:
        q, k, v = self.inputs(t, s, dh)
        changes = allocated(lambda: flash_attention(q, k, v, causal, block))
        memory = attention_memory(t, s, dh, block)
        peak = max(accumulate(changes))
        assert peak <= 4 * self.heads * memory.peak + 64 * s, (
            "places of a causal mask are no numbers of a head"
        )
        assert peak >= 0.8 * 4 * self.heads * memory.peak
        assert sum(changes) == 4 * self.heads * memory.kept

    @pytest.mark.parametrize(("t", "s", "dh", "block"), LENGTHS)
    @causally
    def test_no_table_of_scores_exists_forward_or_back(
        self, allocated, t: int, s: int, dh: int, block: int, causal: bool
    ) -> None:
        q, k, v = self.inputs(t, s, dh)

        def both_ways() -> Tensor:
            y = flash_attention(q, k, v, causal, block)
            y.sum().backward()
            return y

        changes = allocated(both_ways)
        assert max(changes) <= 4 * self.heads * max(block * block, t * dh, s * dh)

    def test_the_way_back_grows_with_the_length_and_not_with_its_square(self, allocated) -> None:
        def peak(length: int, way: Callable[..., Tensor]) -> int:
            q, k, v = self.inputs(length, length, 4)
            y = way(q, k, v)
            return max(accumulate(allocated(lambda: y.sum().backward())))

        assert peak(512, flash_attention) < 2.2 * peak(256, flash_attention)
        assert peak(512, attention) > 3.8 * peak(256, attention)

    def test_counts_by_hand(self) -> None:
        # scores and weights of 30, copies of keys and values of 12 each, a result of 10
        assert attention_memory(5, 6, 2) == (2 * 30 + 2 * 12 + 10, 30 + 2 * 12 + 10)
        assert attention_memory(5, 6, 2, block=4).kept == 10 + 5
        assert attention_memory(5, 6, 2, block=100) == attention_memory(5, 6, 2, block=6)
        plain, tiled = (attention_memory(4096, 4096, 64, block) for block in (None, 64))
        assert plain.peak > 50 * tiled.peak and plain.kept > 60 * tiled.kept
