"""Neighbours by brute force."""

import math

import pytest
import torch

from llmlite.evaluation.neighbours import nearest, same_kind
from llmlite.runtime import generator

Q, D, V = 4, 3, 9


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def rows(n, seed):
    """Return vectors of very different lengths."""
    draw = generator(seed)
    return torch.randn(n, D, generator=draw) * torch.tensor([0.1, 1.0, 30.0])[torch.arange(n) % 3][:, None]


class TestNearest:
    def test_by_brute_force(self):
        queries, table = rows(Q, 1), rows(V, 2)
        ids, cosines = nearest(queries, table, 5)
        assert ids.shape == cosines.shape == (Q, 5)
        for q, query in enumerate(queries.tolist()):
            exact = [cosine(query, row) for row in table.tolist()]
            best = sorted(range(V), key=lambda i: -exact[i])[:5]
            assert ids[q].tolist() == best
            assert cosines[q].tolist() == pytest.approx([exact[i] for i in best], abs=1e-6)

    def test_a_row_is_nearest_to_itself(self):
        table = rows(V, 3)
        ids, cosines = nearest(table, table, 1)
        assert ids.flatten().tolist() == list(range(V))
        assert cosines.flatten().tolist() == pytest.approx([1.0] * V, abs=1e-6)

    def test_opposite_is_minus_one(self):
        _, cosines = nearest(torch.tensor([[2.0, 0, 0]]), torch.tensor([[-5.0, 0, 0]]), 1)
        assert cosines.item() == pytest.approx(-1)


class TestSameKind:
    KINDS = ("a", "b", None, "a", "c", "b", "a", None, "b")

    @pytest.mark.parametrize("n", [1, 3, 8])
    def test_by_brute_force(self, n):
        table = rows(V, 4)
        wanted = {}
        for i, kind in enumerate(self.KINDS):
            if kind is not None:
                others = sorted(
                    (j for j in range(V) if j != i),
                    key=lambda j: -cosine(table[i].tolist(), table[j].tolist()),
                )[:n]
                wanted.setdefault(kind, []).append(sum(self.KINDS[j] == kind for j in others) / n)
        found = same_kind(table, self.KINDS, n)
        assert found == pytest.approx({kind: sum(each) / len(each) for kind, each in wanted.items()})

    def test_nobody_is_a_neighbour_of_itself(self):
        table = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 1.0, 0.1]])
        assert same_kind(table, ("alone", "pair", "pair"), 1) == {"alone": 0.0, "pair": 1.0}

    def test_the_table_stays_as_it_is(self):
        table = rows(V, 5)
        given = table.clone()
        same_kind(table, self.KINDS, 2)
        assert torch.equal(table, given)

    def test_kinds_that_do_not_belong_are_refused(self):
        with pytest.raises(ValueError, match="9 rows and 8 kinds"):
            same_kind(rows(V, 4), self.KINDS[1:], 2)
