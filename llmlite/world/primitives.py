"""One program, two directions: the five primitives that tell a story can also read one.

A story is told by a function that calls `emit`, `pick`, `hide`, `branch` and `fact`. A `Sampler` answers
these calls with dice, and a text comes out. A `Reader` (in `reader.py`) answers them with a given text: it
lets the same function run once for every way in which it could have written that text, and the probabilities
add up. So nothing about the stories is written twice, and the probability of a text is exact.
"""

import math
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import accumulate
from typing import Any, Protocol

# A word of a story: letters (Ann-Marie is one), the 's of a possessive, one mark or digit, the end of a line.
WORD = re.compile(r"'s\b|[^\W\d_]+(?:-[^\W\d_]+)*|[\d_]|[^\w\s]|\n")
END = "\n"  # what follows the last word of a story, in a corpus and in `next_word`


class Choice:
    """A distribution over finitely many values; weights are normalised.

    Args:
        weights: value -> weight, positive; or an iterable of values, all equally likely.

    Raises:
        ValueError: there is no value, or a weight is not a positive number.
    """

    def __init__(self, weights: Mapping[Any, float] | Iterable[Any]) -> None:
        table = dict(weights) if isinstance(weights, Mapping) else dict.fromkeys(weights, 1.0)
        for value, weight in table.items():
            if not 0 < weight < math.inf:
                raise ValueError(f"weight {weight!r} of {value!r}: weights are positive and finite")
        if not table:
            raise ValueError("a choice needs at least one value")
        total = math.fsum(table.values())
        self.values = tuple(table)
        self.probs = {value: weight / total for value, weight in table.items()}
        self.log_probs = [math.log(p) for p in self.probs.values()]
        self.cumulative = list(accumulate(self.probs.values()))
        self.cumulative[-1] = 1.0  # rounding must not leave a gap above the last value
        self._groups: dict[Callable[[Any], Any], Groups] = {}

    def grouped(self, by: Callable[[Any], Any]) -> "Groups":
        """Return the values by what they look like: look -> value -> probability."""
        if by not in self._groups:
            self._groups[by] = grouped(self.probs, by)
        return self._groups[by]


Groups = dict[Any, dict[Any, float]]


def grouped(probs: Mapping[Any, float], by: Callable[[Any], Any]) -> Groups:
    """Group values by what they look like: look -> value -> probability."""
    groups: Groups = {}
    for value, prob in probs.items():
        groups.setdefault(by(value), {})[value] = prob
    return groups


def first_word(text: str) -> str:
    """Return the first word of a text, '' if it has none."""
    found = WORD.search(text)
    return found.group() if found else ""


@cache
def holes(template: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Split a sentence into pieces: (text before a hole, slot, attributes); the last piece has no hole."""
    pieces = [*re.split(r"\{(\w+)((?:\.\w+)*)\}", template), "", ""]
    return tuple(
        (pieces[i], pieces[i + 1], tuple(pieces[i + 2].split(".")[1:])) for i in range(0, len(pieces), 3)
    )


class World(Protocol):
    """What a teller must know of a town: see `llmlite.world.town.Town`."""

    def known(self, subject: Any, attribute: str) -> Any:
        """Return a fact, or None where the town has none."""

    def knowing(self, attribute: str) -> Callable[[Any], Any]:
        """Return the function from a subject to its fact: for one attribute always the same function."""

    def derived(self, attribute: str) -> tuple[str, Callable[[Any], str]] | None:
        """Return (attribute it follows from, rule), or None for one that is a fact of its own."""

    def possible(self, attribute: str) -> Choice:
        """Return the distribution of a fact that is not known."""


class Teller:
    """What the program of a story is written in: five primitives, and `say` for whole sentences."""

    def __init__(self, town: World) -> None:
        self.town = town
        self.log_prob = 0.0  # nats, of all choices so far
        self.labels: dict[str, Any] = {}
        self.begun = False  # a sentence stands already

    def emit(self, text: Any) -> None:
        """Write a text, or a hidden value."""
        raise NotImplementedError

    def pick(self, choice: Choice) -> Any:
        """Draw a text, write it, and return it."""
        raise NotImplementedError

    def hide(self, choice: Choice) -> Any:
        """Draw a value now that is written later, or shows only in what follows from it."""
        raise NotImplementedError

    def branch(self, *weights: float) -> int:
        """Choose between paths of the program; return the path's number."""
        raise NotImplementedError

    def fact(self, subject: Any, attribute: str) -> Any:
        """Return what the town knows of a subject; of a stranger it is drawn when first asked for."""
        raise NotImplementedError

    def reveal(self, value: Any) -> Any:
        """Return the value itself, of one that was hidden."""
        raise NotImplementedError

    def template(self, templates: Choice, slots: dict[str, Any]) -> str:
        """Choose a sentence with holes."""
        raise NotImplementedError

    def note(self, **labels: Any) -> None:
        """Label the story, for graders and rewards; labels are not part of the text."""
        self.labels.update(labels)

    def say(self, templates: Choice, **slots: Any) -> dict[str, Any]:
        """Choose a sentence and write it; return what was picked on the way.

        A hole {who.job} is filled with the fact `job` of the slot `who`, a hole {weather} with the slot
        itself: a text is written, a `Choice` is picked from, a hidden value shows.
        """
        if self.begun:
            self.emit(" ")
        self.begun = True
        picked = {}
        for before, name, attributes in holes(self.template(templates, slots)):
            if before:
                self.emit(before)
            if name:
                value = slots[name]
                for attribute in attributes:
                    value = self.fact(value, attribute)
                if type(value) is Choice:
                    picked[name] = self.pick(value)
                else:
                    self.emit(value)
        return picked


class Sampler(Teller):
    """Tell a story with dice.

    Args:
        town: whose facts hold.
        random: returns uniform numbers in [0, 1), as `random.Random(seed).random`.
    """

    def __init__(self, town: World, random: Callable[[], float]) -> None:
        super().__init__(town)
        self.random = random
        self.parts: list[str] = []
        self.strangers: dict[tuple[Any, str], Any] = {}
        self.emit = self.parts.append  # type: ignore[method-assign, assignment]  # for speed

    def hide(self, choice: Choice) -> Any:
        """Draw a value."""
        i = bisect(choice.cumulative, self.random())
        self.log_prob += choice.log_probs[i]
        return choice.values[i]

    def pick(self, choice: Choice) -> Any:
        """Draw a text and write it."""
        value = self.hide(choice)
        self.parts.append(value)
        return value

    def branch(self, *weights: float) -> int:
        """Throw a die with these weights, which sum to 1."""
        point, i = self.random(), 0
        while point >= weights[i] and i < len(weights) - 1:
            point -= weights[i]
            i += 1
        self.log_prob += math.log(weights[i])
        return i

    def fact(self, subject: Any, attribute: str) -> Any:
        """Look the fact up; draw it where the town has none, and remember it."""
        known = self.town.known(subject, attribute)
        if known is None:
            known = self.strangers.get((subject, attribute))
        if known is None:
            rule = self.town.derived(attribute)
            known = rule[1](self.fact(subject, rule[0])) if rule else self.hide(self.town.possible(attribute))
            self.strangers[subject, attribute] = known
        return known

    def reveal(self, value: Any) -> Any:
        """Return the value: nothing is hidden from whoever throws the dice."""
        return value

    def template(self, templates: Choice, slots: dict[str, Any]) -> str:
        """Draw a sentence."""
        return str(self.hide(templates))
