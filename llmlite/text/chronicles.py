"""Chronicles: texts that ask later what they said before, to measure how far back a model can read.

A chronicle is made of sentences like "baker Mina baked ." Who is the baker is drawn anew for each chronicle,
so no weights can know it; whenever the baker comes up again, the name has to be read where it stood before.
What a trade does is the same everywhere, and always stands close by: a model that forgets names still writes
fluent sentences.

Shapes: B batch, T words of a chronicle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from llmlite.text.batches import IGNORE_INDEX
from llmlite.world.words import NAMES, listed

TRADES = dict(
    pair.split()
    for pair in listed("""
baker baked, teacher taught, sailor sailed, gardener dug, librarian whispered, miller yawned,
painter painted, singer sang, weaver wove, piper piped, tailor sewed, angler fished, hunter hid,
writer wrote, dancer danced, runner ran, rider rode, driver drove, builder built, potter pottered,
farmer farmed, cook cooked, brewer brewed, cobbler hammered, smith sneezed, judge slept, mayor spoke,
doctor coughed, nurse nursed, porter carried, postman rang, printer printed, clerk counted, guard snored,
pilot flew, diver dived, climber climbed, juggler juggled, drummer drummed, shepherd dreamed
""")
)  # what each does, all day
PEOPLE = NAMES[: len(TRADES)]
WORDS = (".", *TRADES, *PEOPLE, *TRADES.values())  # the id of a word is its place here
SENTENCE = 4  # words: a trade, a name, what the trade does, a full stop
IDS = {word: i for i, word in enumerate(WORDS)}


@dataclass(frozen=True)
class Asked:
    """A name that the chronicle has given before.

    Attributes:
        place: where it stands in the words, from 0.
        distance: how many words before that it stood last.
    """

    place: int
    distance: int


@dataclass(frozen=True)
class Chronicle:
    """A text and what it asks.

    Attributes:
        words: (T,) words.
        asked: the names that can be known from what comes before, in the order of the text.
    """

    words: list[str]
    asked: list[Asked]


def check_length(n_words: int) -> None:
    """Refuse a number of words that no chronicle has.

    Raises:
        ValueError: no two halves of whole sentences, or more people than there are trades.
    """
    unit = 2 * SENTENCE
    if n_words % unit or not 1 <= n_words // unit <= len(TRADES):
        raise ValueError(
            f"n_words={n_words}: a chronicle has a multiple of {unit} words, and at most "
            f"{unit * len(TRADES)}, for there are {len(TRADES)} trades"
        )


def chronicle(n_words: int, generator: torch.Generator) -> Chronicle:
    """Draw who has which trade, introduce all of them, then tell more of them in random order.

    The first half of the sentences names as many people. Each sentence of the second half asks for one of
    them, whoever it is as likely as the others. So only reading helps: a guess among the people is right once
    in as many times as there are people, whatever else it goes by.

    Args:
        n_words: T, a multiple of 8.
        generator: draws trades, names and who is asked for.

    Raises:
        ValueError: no two halves of whole sentences, or more people than there are trades.
    """
    check_length(n_words)
    n_people = n_words // (2 * SENTENCE)
    trades = [list(TRADES)[i] for i in torch.randperm(len(TRADES), generator=generator).tolist()]
    people = [PEOPLE[i] for i in torch.randperm(len(PEOPLE), generator=generator).tolist()]
    asked_for = torch.randint(n_people, (n_people,), generator=generator).tolist()
    words: list[str] = []
    asked: list[Asked] = []
    last: dict[int, int] = {}  # where each name stood last
    for who in [*range(n_people), *asked_for]:
        place = len(words) + 1
        if who in last:
            asked.append(Asked(place, place - last[who]))
        last[who] = place
        words += [trades[who], people[who], TRADES[trades[who]], "."]
    return Chronicle(words, asked)


def encode(words: Sequence[str]) -> list[int]:
    """Return the ids of words.

    Raises:
        ValueError: a word that no chronicle has.
    """
    unknown = [word for word in words if word not in IDS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of the {len(WORDS)} words of chronicles")
    return [IDS[word] for word in words]


def known_words(told: Chronicle) -> list[int]:
    """Return the places of the words that a reader can know before they come: names asked for, and deeds."""
    deeds = range(2, len(told.words), SENTENCE)
    return sorted([*deeds, *(asked.place for asked in told.asked)])


def chronicle_batches(
    n_words: int, batch_size: int, steps: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield new chronicles to learn from, those of a batch of one length, none longer than `n_words`.

    Only words that can be known are targets. Two things make learning quick: deeds are among the targets and
    teach a model to look one word back, and in short chronicles, a name is soon found.

    Args:
        n_words: the largest T, a multiple of 8; every multiple up to it is as likely.
        batch_size: B, chronicles in a batch.
        steps: number of batches.
        generator: draws lengths and chronicles.

    Yields:
        inputs (B, T - 1) and targets (B, T - 1), `IGNORE_INDEX` where the next word cannot be known.

    Raises:
        ValueError: a length that no chronicle has.
    """
    check_length(n_words)
    for _ in range(steps):
        people = int(torch.randint(1, n_words // (2 * SENTENCE) + 1, (), generator=generator))
        batch = [chronicle(people * 2 * SENTENCE, generator) for _ in range(batch_size)]
        ids = torch.tensor([encode(told.words) for told in batch])  # (B, T)
        targets = torch.full_like(ids, IGNORE_INDEX)  # (B, T)
        for row, told in enumerate(batch):
            places = known_words(told)
            targets[row, places] = ids[row, places]
        yield ids[:, :-1], targets[:, 1:]


@torch.no_grad()
def recalled(model: nn.Module, batch: Sequence[Chronicle]) -> list[tuple[Asked, bool]]:
    """Return every name that was asked for, and whether the model thinks it the likeliest word there.

    Args:
        model: maps ids (B, T) to the logits of the next word, (B, T, V); it is put into evaluation mode.
        batch: B chronicles of one length.
    """
    model.eval()
    ids = torch.tensor([encode(told.words) for told in batch])  # (B, T)
    ids = ids.to(next(model.parameters()).device)
    right = model(ids[:, :-1]).argmax(dim=-1) == ids[:, 1:]  # (B, T - 1): the word after each place
    hits = right.tolist()
    return [(asked, hits[row][asked.place - 1]) for row, told in enumerate(batch) for asked in told.asked]
