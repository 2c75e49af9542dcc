"""Neighbours in sequences of ids: how often each pair occurs, while pairs become one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise


class PairCounts:
    """Count pairs of neighbours in words, and keep the counts right while pairs become one.

    All words stand in one row, with a gap, the id -1, before and after each. A merge visits the places of its
    pair and nothing else, so that a long word costs no more than many short ones.

    Args:
        words: the ids of each word, and how often it occurs.

    Attributes:
        counts: how often each pair occurs in all words.
    """

    def __init__(self, words: Iterable[tuple[Sequence[int], int]]) -> None:
        self.ids, self.weights = [-1], [0]
        for ids, count in words:
            self.ids += [*ids, -1]
            self.weights += [count] * (len(ids) + 1)
        self.before = list(range(-1, len(self.ids) - 1))
        self.after = list(range(1, len(self.ids) + 1))
        self.counts: dict[tuple[int, int], int] = defaultdict(int)
        self.places: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place, pair in enumerate(pairwise(self.ids)):
            if -1 not in pair:
                self.counts[pair] += self.weights[place]
                self.places[pair].append(place)

    def merge(self, pair: tuple[int, int], new: int) -> set[tuple[int, int]]:
        """Replace a pair by a new id in all words, from left to right.

        Args:
            pair: two ids that stand side by side somewhere.
            new: an id that stands nowhere yet.

        Returns:
            The pairs that this makes: those of the new id and its neighbours. No count but theirs has grown.
        """
        ids, made = self.ids, set()
        for i in self.places.pop(pair):
            j = self.after[i]
            if (ids[i], ids[j]) != pair:
                continue  # it is gone: of "aaa", the first two are one by now
            h, k = self.before[i], self.after[j]
            for place, old, now in (
                (h, (ids[h], ids[i]), (ids[h], new)),
                (i, (ids[j], ids[k]), (new, ids[k])),
            ):
                if -1 not in now:
                    self.counts[old] -= self.weights[i]
                    self.counts[now] += self.weights[i]
                    self.places[now].append(place)
                    made.add(now)
            ids[i], ids[j] = new, -1
            self.after[i], self.before[k] = k, i
        del self.counts[pair]
        return made
