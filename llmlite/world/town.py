"""Tinytown itself: tell its stories, and judge anybody's."""

import math
import random
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from llmlite.world.facts import ATTRIBUTES, GRAMMAR, LAWS, Person, checked_cast, drawn_facts
from llmlite.world.map import draw_map
from llmlite.world.primitives import END, WORD, Choice, Sampler
from llmlite.world.reader import Hidden, Search, View, derivations, log_sum
from llmlite.world.stories import sentences, story
from llmlite.world.words import (
    COLOURS,
    NAMES,
    NUMBERS,
    PLACE_SAYINGS,
    SOUNDS,
    SYLLABLES,
    THEY,
    THINGS,
    VILLAGE_SAYINGS,
    WORKPLACES,
    listed,
)

VERSION = 1  # of the default town: its words, facts and probabilities

SAYINGS = {"place": PLACE_SAYINGS, "village": VILLAGE_SAYINGS}


class Story(NamedTuple):
    """A sampled story: its text, its log-probability in nats, and labels for graders."""

    text: str
    log_prob: float
    labels: dict[str, Any]


class Verdict(NamedTuple):
    """What the town says of a text: its kind, and where and why it goes wrong."""

    kind: str  # "right", "against the facts" or "ungrammatical"
    message: str
    position: int  # character at which no story can go on as the text does; its length for a right one

    @property
    def right(self) -> bool:
        """True if the text is a story of this town."""
        return self.kind == "right"

    @property
    def grammatical(self) -> bool:
        """True if the text is a story of some town."""
        return self.kind != "ungrammatical"


class Nowhere:
    """A town of which nothing is known but names: whatever is a story here is grammatical."""

    def __init__(self, cast: Choice, strangers: float, names: list[str]) -> None:
        self.cast, self.strangers = cast, strangers
        self.names = Choice(names)
        self.places = Choice(WORKPLACES.values())
        self.attributes = {key: Choice(values) for key, values in ATTRIBUTES.items()}
        self.attributes |= {"workplace": self.places, "sound": Choice(SOUNDS.values())}
        self.attributes |= {"name": self.names, "friend": cast}
        self._knowing: dict[str, Callable[[Any], Any]] = {}

    def known(self, subject: Any, attribute: str) -> Any:
        """Return a person's name if they are of the cast; nothing else is known."""
        return subject.facts.get("name") if attribute == "name" else None

    def knowing(self, attribute: str) -> Callable[[Any], Any]:
        """Return the function from a person to what is known of them: for one attribute always the same."""
        return self._knowing.setdefault(attribute, lambda subject: self.known(subject, attribute))

    def derived(self, attribute: str) -> tuple[str, Callable[[Any], str]] | None:
        """Return how an attribute follows from another by grammar."""
        return GRAMMAR.get(attribute)

    def possible(self, attribute: str) -> Choice:
        """Return all that an attribute may be."""
        return self.attributes[attribute]

    def stranger(self) -> Person:
        """Return somebody whom nobody knows."""
        return Person()

    def others(self, who: Person) -> Choice:
        """Return the cast without one person."""
        return Choice({each: p for each, p in self.cast.probs.items() if each is not who})

    def finds(self, place: str) -> Choice:
        """Return what may be found somewhere: anything, of any colour."""
        return Choice(f"a {colour} {thing}" for thing in THINGS for colour in COLOURS)

    def saying(self, kind: str, where: str) -> Choice:
        """Return what is said of a place or a village: anything that is said of one."""
        return Choice(SAYINGS[kind].values())

    def total(self, amount: str, change: str, gains: int) -> Any:
        """Return what a sum may come to: any number."""
        return Choice(NUMBERS)


class Town(Nowhere):
    """Tinytown, or another town: everything about its stories is known, their probabilities included.

    Args:
        seed: draws whatever facts `cast` leaves open. Another seed is another town with the same words.
        cast: its well-known people, best known first: names, or dicts with "name" and any of pronoun, job,
            village, pet, pet_name, food, habit, friend. Default: the first `size` names of the book's list.
        size: how many people the default cast has, 3 to 96; a cast of one's own has its own size.
        strangers: share of stories about people whom nobody knows, above 0 and below 1.

    Raises:
        TypeError, ValueError: an argument is not as above; the message names it and what would do.
    """

    def __init__(
        self,
        seed: int = 0,
        cast: Iterable[str | Mapping[str, str]] | None = None,
        *,
        size: int = 64,
        strangers: float = 0.15,
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TypeError(f"seed={seed!r} is {type(seed).__name__}, not an integer")
        if isinstance(strangers, bool) or not isinstance(strangers, int | float):
            raise TypeError(f"strangers={strangers!r} is {type(strangers).__name__}, not a number")
        if not 0 < strangers < 1:
            raise ValueError(f"strangers={strangers!r} is a share of stories: above 0 and below 1")
        self.seed = seed
        people = drawn_facts(checked_cast(default_cast(size) if cast is None else cast), seed)
        self.people = {person.facts["name"]: person for person in people}
        invented = ["".join(parts) for parts in product(*SYLLABLES)]
        zipf = Choice({person: 1 / (rank + 3) for rank, person in enumerate(people)})
        super().__init__(zipf, strangers, [name for name in invented if name not in self.people])
        self.attributes["pronoun"] = Choice(["she", "he"])
        self._others = {person: super(Town, self).others(person) for person in people}
        self._finds = {place: Choice(found_at(place)) for place in WORKPLACES.values()}
        self._sayings = {
            (kind, where): Choice([text]) for kind, of in SAYINGS.items() for where, text in of.items()
        }
        self.nowhere = Nowhere(zipf, strangers, [*self.names.values, *self.people])

    def known(self, subject: Person, attribute: str) -> Any:
        """Return a fact about one of the cast, None about strangers."""
        return subject.facts.get(attribute)

    def derived(self, attribute: str) -> tuple[str, Callable[[Any], str]] | None:
        """Return how an attribute follows from another, by grammar or by a law of the town."""
        return GRAMMAR.get(attribute) or LAWS.get(attribute)

    def others(self, who: Person) -> Choice:
        """Return the cast without one person."""
        return self._others.get(who, self.cast)

    def finds(self, place: str) -> Choice:
        """Return what may be found at a place, colour included."""
        return self._finds[place]

    def saying(self, kind: str, where: str) -> Choice:
        """Return what is said of a place or a village."""
        return self._sayings[kind, where]

    def total(self, amount: str, change: str, gains: int) -> str:
        """Return the sum or difference of two numbers, in words."""
        sign = 1 if gains else -1
        return NUMBERS[NUMBERS.index(amount) + sign * NUMBERS.index(change)]

    def sample(self, n: int, seed: int = 0) -> list[Story]:
        """Tell `n` stories, the same ones for the same seed.

        Raises:
            ValueError: `n` is no whole number, or below 0; or the seed is no integer.
        """
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ValueError(f"seed={seed!r}: a seed of stories is an integer")
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise ValueError(f"n={n!r}: a number of stories is whole, and 0 or more")
        dice = random.Random(f"stories {seed}").random
        stories = []
        for _ in range(n):
            teller = Sampler(self, dice)
            story(teller, self)
            stories.append(Story("".join(teller.parts), teller.log_prob, plain(teller.labels)))
        return stories

    def stories(self, n: int, seed: int = 0) -> list[str]:
        """Return the texts of `n` stories, the same ones for the same seed."""
        return [each.text for each in self.sample(n, seed)]

    def log_prob(self, text: str) -> float:
        """Return the log-probability (nats) that the town tells this text; -inf if it cannot."""
        return log_sum(reader.log_prob for reader in derivations(story, self, Search(text)))

    def read(self, text: str) -> dict[str, Any] | None:
        """Return the labels of a story, None for a text that the town cannot tell."""
        best = max(derivations(story, self, Search(text)), key=lambda reader: reader.log_prob, default=None)
        return None if best is None else plain(best.labels)

    def next_word(self, prefix: str) -> dict[str, float]:
        """Return the exact distribution of the next word, most probable first.

        Args:
            prefix: the beginning of a story, or of a corpus with one story a line, up to the end of a word.

        Returns:
            word -> probability, summing to 1; "\\n" stands for the end. Empty if no story begins like this.
        """
        checked = Search(prefix).text
        return following(self, checked[checked.rfind(END) + 1 :].rstrip(" "))

    def map(self) -> str:
        """Return a drawn map of the town, as SVG."""
        return draw_map(self.people.values())

    def vocabulary(self) -> list[str]:
        """Return every word that a story can hold, marks and the end of a story included, in order."""
        texts = [END, *self.people, *NUMBERS[2:]]
        texts += [
            value for choice in self.attributes.values() for value in choice.values if isinstance(value, str)
        ]
        texts += [rule(value) for base, rule in GRAMMAR.values() for value in ATTRIBUTES[base]]
        texts += [text for sayings in SAYINGS.values() for text in sayings.values()]
        texts += [find for choice in self._finds.values() for find in choice.values]
        texts += [re.sub(r"\{[\w.]+\}", " ", sentence) for sentence in sentences()]
        return sorted({word for text in texts for word in WORD.findall(text)})

    def judge(self, text: str) -> Verdict:
        """Tell whether a text, without a newline at its end, is a story of this town, of another, or none."""
        if any(True for _ in derivations(story, self, Search(text))):
            return Verdict("right", "A story of this town.", len(text))
        if any(True for _ in derivations(story, self.nowhere, Search(text))):
            return explained("against the facts", text, self)
        return explained("ungrammatical", text, self.nowhere)


def default_cast(size: int) -> list[dict[str, str]]:
    """Return the book's own cast, or say why there is none of this size."""
    if isinstance(size, bool) or not isinstance(size, int) or not 3 <= size <= len(NAMES):
        raise ValueError(
            f"size={size!r}: the book's cast has 3 to {len(NAMES)} people; pass cast=[...] for others"
        )
    pronouns = ["they" if name in THEY else ("she", "he")[rank % 2] for rank, name in enumerate(NAMES)]
    return [{"name": name, "pronoun": pronoun} for name, pronoun in zip(NAMES, pronouns, strict=True)][:size]


def found_at(place: str) -> list[str]:
    """Return the things that lie about at a place: "a red kite", and so on."""
    return [
        f"a {colour} {thing}"
        for thing, (_, colours, places) in THINGS.items()
        for colour in colours.split()
        if place in listed(places)
    ]


def plain(labels: dict[str, Any]) -> dict[str, Any]:
    """Return labels as text and numbers: people by name, hidden values by what they turned out to be."""

    def text(value: Any) -> Any:
        if isinstance(value, Hidden) and len(value.weights) == 1:
            value = next(iter(value.weights))
        if isinstance(value, View):
            value = value.read(text(value.hidden))
        return value

    return {key: text(value) for key, value in labels.items()}


def following(town: Nowhere, prefix: str) -> dict[str, float]:
    """Return the distribution of the next word of a story that begins like this, most probable first."""
    search = Search(prefix, is_prefix=True)
    for _ in derivations(story, town, search):
        pass
    total = math.fsum(search.following.values())
    ordered = sorted(search.following.items(), key=lambda item: (-item[1], item[0]))
    return {word: prob / total for word, prob in ordered}


def explained(kind: str, text: str, town: Nowhere) -> Verdict:
    """Say where a text goes wrong in a town, and how it could have gone on."""
    search = Search(text, explain=True)
    for _ in derivations(story, town, search):
        pass
    right, rest = text[: search.furthest], text[search.furthest :]
    found, possible = WORD.search(rest), following(town, right)
    named = ", ".join([repr(word) for word in possible][:6] + ["..."] * (len(possible) > 6))
    where = f"after {right[-40:]!r}" if right else "at the beginning"
    if rest and (not found or found.group() in possible):
        return Verdict(kind, f"{kind}: {where} the spaces are wrong: {rest[:20]!r}", len(right))
    stands = f"stands {found.group()!r}" if found else "the text ends"
    return Verdict(kind, f"{kind}: {where} {stands}; possible: {named}", len(right))
