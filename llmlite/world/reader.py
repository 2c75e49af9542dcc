"""The other direction: let the program that tells stories read one, exactly."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from llmlite.world.primitives import END, WORD, Choice, Groups, Teller, World, first_word, grouped, holes


@dataclass(slots=True, eq=False)
class Hidden:
    """A value that is chosen but not yet told: what it may still be, with probabilities (they sum to 1)."""

    weights: Mapping[Any, float]
    choice: Choice | None = None  # where it comes from, as long as nothing of it has shown


@dataclass(slots=True, eq=False)
class View:
    """What a hidden value would show: `read(value)` is the text, or another value."""

    hidden: Hidden
    read: Callable[[Any], Any] = str


class Mismatch(Exception):  # noqa: N818 - no error: one derivation that does not fit the text
    """The program cannot have written the text in this way."""


@dataclass
class Search:
    """Every derivation of one text: what is left to try, and what was found."""

    text: str
    is_prefix: bool = False  # the text may go on: collect what could come next
    explain: bool = False  # if the text fits nowhere, find how far it fits
    todo: list[list[int]] = field(default_factory=lambda: [[]])
    furthest: int = 0  # position that no derivation gets past
    following: dict[str, float] = field(default_factory=dict)  # next word -> P(the text, then this word)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"a story is a text, not {type(self.text).__name__}")

    def expect(self, position: int, options: Iterable[str]) -> None:
        """If asked to explain: remember how far the text comes when one of the options should stand here."""
        for option in options if self.explain else ():
            self.furthest = max(self.furthest, position + len(shared(option, self.text[position:])))

    def fail(self, position: int, options: Iterable[str]) -> NoReturn:
        """Give this derivation up: none of the options stands at this position."""
        self.expect(position, options)
        raise Mismatch


def shared(one: str, other: str) -> str:
    """Return the whole words with which two texts begin alike."""
    end = 0
    for ours, theirs in zip(WORD.finditer(one), WORD.finditer(other), strict=False):
        if one[: ours.end()] != other[: theirs.end()]:
            break
        end = ours.end()
    return one[:end]


def within_word(text: str, place: int) -> bool:
    """Tell whether a text, cut here, would be cut inside a word."""
    if not 0 < place < len(text) or text[place] == " ":  # the common case, made fast
        return False
    return all(letter.isalpha() or letter == "-" for letter in text[place - 1 : place + 1])


class Reader(Teller):
    """Let the program tell a given text: one run for each derivation.

    Args:
        town: whose facts hold.
        search: the text, shared by all runs; runs still to do are added to `search.todo`.
        path: the options to take where more than one fits; after its end, the first.
    """

    def __init__(self, town: World, search: Search, path: list[int]) -> None:
        super().__init__(town)
        self.search = search
        self.path = path
        self.depth = 0
        self.text = search.text
        self.position = 0
        self.beliefs: dict[Any, dict[str, Any]] = {}  # facts that the town does not know, by subject

    def fork(self, options: list[Any]) -> Any:
        """Take one of several options that all fit; leave the others to later runs."""
        if len(options) == 1:
            return options[0]
        if self.depth == len(self.path):
            self.search.todo.extend([*self.path, i] for i in range(len(options) - 1, 0, -1))
            self.path.append(0)
        self.depth += 1
        return options[self.path[self.depth - 1]]

    def match(self, text: str) -> int:
        """Return how much of `text` stands here, in characters; -1 if it does not fit.

        Less than all of it can fit only where the text to be read ends.
        """
        start = self.position
        if self.text.startswith(text, start):
            end = start + len(text)
            return -1 if within_word(self.text, end) else len(text)
        left = len(self.text) - start
        if not self.search.is_prefix or left >= len(text) or not text.startswith(self.text[start:]):
            return -1
        return -1 if within_word(text, left) else left

    def show(self, options: Mapping[str, float]) -> str:
        """Write the one of several texts, probabilities given, that stands here; where the text ends, all."""
        fitting = []
        for text, prob in options.items():
            if not self.search.is_prefix and not self.text.startswith(text, self.position):
                continue  # the common case, made fast
            matched = self.match(text)
            if matched == len(text) or (matched >= 0 and not first_word(text[matched:])):
                fitting.append(text)
            elif matched >= 0:
                self.follow(first_word(text[matched:]), prob)
        if not fitting:
            self.search.fail(self.position, options)
        text = self.fork(fitting)
        self.log_prob += math.log(options[text])
        self.position = min(self.position + len(text), len(self.text))
        return str(text)

    def follow(self, word: str, prob: float) -> None:
        """Count a word that could come next."""
        following = self.search.following
        following[word] = following.get(word, 0.0) + prob * math.exp(self.log_prob)

    def emit(self, text: Any) -> None:
        """Check that the text stands here; let a hidden value show."""
        if type(text) is Hidden or type(text) is View:
            self.narrow(text)
        elif self.match(text) == len(text):
            self.position += len(text)
        else:
            self.show({text: 1.0})

    def narrow(self, value: Hidden | View) -> None:
        """Let a hidden value show, and keep only what it may still be: Bayes' rule."""
        view = value if isinstance(value, View) else View(value)
        groups = self.candidates(view)
        options = {text: sum(group.values()) for text, group in groups.items()}
        shown = self.show(options) if options else self.search.fail(self.position, view.hidden.weights)
        view.hidden.weights = {each: weight / options[shown] for each, weight in groups[shown].items()}
        view.hidden.choice = None

    def candidates(self, view: View) -> Groups:
        """Return what a hidden value may show here: text -> value -> probability."""
        hidden, here = view.hidden, WORD.match(self.text, self.position)
        if hidden.choice is None:
            return grouped(hidden.weights, view.read)
        if view.read is not str or here is None:
            return hidden.choice.grouped(view.read)
        # A long list of texts: look only at those that begin with the word that stands here.
        fitting = hidden.choice.grouped(first_word).get(here.group(), {})
        return {text: {text: prob} for text, prob in fitting.items()}

    def pick(self, choice: Choice) -> Any:
        """Find the option that stands here."""
        value = Hidden(choice.probs, choice)
        self.narrow(value)
        return next(iter(value.weights))

    def hide(self, choice: Choice) -> Any:
        """Draw nothing yet: keep all values in mind."""
        return Hidden(choice.probs, choice)

    def branch(self, *weights: float) -> int:
        """Try every path."""
        way = int(self.fork([i for i, weight in enumerate(weights) if weight > 0]))
        self.log_prob += math.log(weights[way])
        return way

    def fact(self, subject: Any, attribute: str) -> Any:
        """Look the fact up; keep all possibilities in mind where the town has none."""
        if type(subject) is Hidden and self.town.known(next(iter(subject.weights)), attribute) is not None:
            return View(subject, self.town.knowing(attribute))
        known = None if type(subject) is Hidden else self.town.known(subject, attribute)
        if known is not None:
            return known
        beliefs = self.beliefs.setdefault(subject, {})
        if attribute not in beliefs:
            rule = self.town.derived(attribute)
            if rule is None:
                beliefs[attribute] = self.hide(self.town.possible(attribute))
            else:
                base = self.fact(subject, rule[0])
                beliefs[attribute] = View(base, rule[1]) if type(base) is Hidden else rule[1](base)
        return beliefs[attribute]

    def reveal(self, value: Any) -> Any:
        """Return what the value is; try each where the text has not told."""
        if type(value) is View:
            return value.read(self.reveal(value.hidden))
        if type(value) is not Hidden:
            return value
        each = self.fork(list(value.weights))
        self.log_prob += math.log(value.weights[each])
        value.weights, value.choice = {each: 1.0}, None
        self.beliefs.setdefault(each, {}).update(self.beliefs.pop(value, {}))
        return each

    def template(self, templates: Choice, slots: dict[str, Any]) -> str:
        """Find the sentences whose beginning stands here."""
        openings = {each: self.opening(each, slots) for each in templates.values}
        fitting = [each for each, opening in openings.items() if not opening or self.match(opening) >= 0]
        self.search.expect(self.position, openings.values())
        if not fitting:
            raise Mismatch
        chosen = self.fork(fitting)
        self.log_prob += math.log(templates.probs[chosen])
        return str(chosen)

    def opening(self, template: str, slots: dict[str, Any]) -> str:
        """Return the text with which a sentence begins, as far as it is certain."""
        text = ""
        for before, name, attributes in holes(template):
            value = slots.get(name)
            for attribute in attributes:
                value = self.fact(value, attribute)
            text += before
            if not isinstance(value, str):
                return text
            text += value
        return text


Program = Callable[[Any, Any], None]


def derivations(program: Program, town: World, search: Search) -> Iterator[Reader]:
    """Yield a finished reader for every way in which `program` can have written the text."""
    while search.todo:
        reader = Reader(town, search, search.todo.pop())
        try:
            program(reader, town)
            if reader.position < len(search.text):
                search.fail(reader.position, [""])
            if search.is_prefix:
                reader.follow(END, 1.0)
            yield reader
        except Mismatch:
            continue


def log_sum(log_probs: Iterable[float]) -> float:
    """Return the logarithm of a sum of probabilities, given their logarithms (nats); -inf for none."""
    values = list(log_probs)
    top = max(values, default=-math.inf)
    return top if top == -math.inf else top + math.log(math.fsum(math.exp(v - top) for v in values))
