"""Which words carry the excess: the model's nats and the town's nats, word by word, by kind of word."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from llmlite.world import Town
from llmlite.world.facts import ATTRIBUTES
from llmlite.world.primitives import END, WORD
from llmlite.world.words import COLOURS, NUMBERS, SOUNDS, THINGS, TIMES, WEATHERS, WORKPLACES

from .bpe import Tokenizer
from .gpt import GPT
from .recipe import pad


@dataclass(frozen=True)
class Word:
    """One word of a story, with what it costs the model and what it costs whoever knows the town."""

    text: str
    kind: str
    before: bool  # it stands in the story already: a copy would do
    model: float  # nats
    town: float  # nats


# What counts as which kind; of a word with two kinds the later one holds, so that names come last.
KINDS: dict[str, Iterable[str]] = {
    "habit": ATTRIBUTES["habit"],
    "food": ATTRIBUTES["food"],
    "place": WORKPLACES.values(),
    "sound": SOUNDS.values(),
    "weather and time": [*WEATHERS, *TIMES],
    "thing": [*COLOURS, *THINGS, *(plural for plural, *_ in THINGS.values())],
    "number": NUMBERS,
    "pronoun": "she he they her his their him them".split(),
    "job": ATTRIBUTES["job"],
    "pet": ATTRIBUTES["pet"],
    "pet's name": ATTRIBUTES["pet_name"],
    "village": ATTRIBUTES["village"],
}


def lexicon(town: Town) -> dict[str, str]:
    """Return word -> kind."""
    kinds = KINDS | {"stranger's name": town.names.values, "name": town.people}
    return {word: kind for kind, values in kinds.items() for value in values for word in WORD.findall(value)}


def kind_of(word: str, previous: str, kinds: dict[str, str]) -> str:
    """Say what kind of word this is; `previous` stands before it."""
    if word in kinds or word.lower() in kinds:
        return kinds.get(word) or kinds[word.lower()]
    if not word.isalpha():
        return "punctuation"
    return "opening of a sentence" if previous in '.?!"' else "rest of a sentence"


@torch.no_grad()
def token_nats(model: GPT, ids: list[int]) -> Tensor:
    """Return the nats of each token of a story, its end included, (T,)."""
    model.eval()
    inputs, targets = pad([ids])  # (1, T)
    return -model(inputs)[0].log_softmax(dim=-1).gather(1, targets.T)[:, 0]  # (T,)


def model_nats(model: GPT, tokenizer: Tokenizer, text: str) -> list[float]:
    """Return the model's nats of each word of a text, its end last: the sum over the word's tokens."""
    ends = [match.end() for match in WORD.finditer(text + END)]
    nats = [0.0] * len(ends)
    ids = tokenizer.encode(text)
    position = word = 0
    for token, value in zip([*ids, *END.encode()], token_nats(model, ids).tolist(), strict=True):
        position += len(tokenizer.bytes[token])  # the stories are ASCII: a byte is a character
        while ends[word] < position:
            word += 1  # a token may hold two marks of punctuation; it counts for the last
        nats[word] += value
    return nats


def town_nats(town: Town, text: str) -> list[float]:
    """Return the town's nats of each word of a story, its end last; they sum to minus its log-probability."""
    words = list(WORD.finditer(text + END))
    stops = [0, *(match.end() for match in words)]
    return [-math.log(town.next_word(text[:stop])[w.group()]) for stop, w in zip(stops, words, strict=False)]


def words_of(
    town: Town, kinds: dict[str, str], model: GPT, tokenizer: Tokenizer, text: str
) -> Iterator[Word]:
    """Yield the words of a story, its end last."""
    previous, seen = ".", set[str]()
    costs = zip(model_nats(model, tokenizer, text), town_nats(town, text), strict=True)
    for match, (by_model, by_town) in zip(WORD.finditer(text + END), costs, strict=True):
        word = match.group()
        yield Word(word, kind_of(word, previous, kinds), word in seen, by_model, by_town)
        seen.add(word)
        previous = word


def report(town: Town, model: GPT, tokenizer: Tokenizer, stories: list[str], worst: int = 20) -> str:
    """Return two tables: excess nats a story by kind of word, and the words with most of it."""
    kinds = lexicon(town)
    words = [word for text in stories for word in words_of(town, kinds, model, tokenizer, text)]
    by_kind: defaultdict[str, list[Word]] = defaultdict(list)
    by_word: defaultdict[str, list[Word]] = defaultdict(list)
    for word in words:
        by_kind[f"{word.kind}{', again' if word.before else ''}"].append(word)
        by_word[f"{word.text!r}{', again' if word.before else ''}"].append(word)
    lines = ["for each story                words    town   model  excess (nats)"]
    lines += [line(name, group, len(stories)) for name, group in ranked(by_kind)]
    lines += [line("all", words, len(stories)), "", "the words with most excess"]
    return "\n".join(lines + [line(name, group, len(stories)) for name, group in ranked(by_word)[:worst]])


def ranked(groups: dict[str, list[Word]]) -> list[tuple[str, list[Word]]]:
    """Return groups of words, most excess first."""
    return sorted(groups.items(), key=lambda item: sum(w.town - w.model for w in item[1]))


def line(name: str, words: list[Word], stories: int) -> str:
    """Return one line of a table, per story."""
    model, town = sum(w.model for w in words) / stories, sum(w.town for w in words) / stories
    return f"{name:28} {len(words) / stories:6.2f} {town:7.3f} {model:7.3f} {model - town:7.3f}"
