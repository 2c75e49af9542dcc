"""A town: its people, what is true of them, and its laws."""

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmlite.world.words import (
    FOODS,
    FORMS,
    HABITS,
    PET_NAMES,
    SOUNDS,
    VILLAGES,
    WORKPLACES,
    a,
)

NAME = re.compile(r"[^\W\d_]+([ -][^\W\d_]+)*")  # of letters, like Ada, Mary Ann or Ann-Marie

# What can be true of a person. `friend` is another person; it is drawn from the cast.
ATTRIBUTES: dict[str, list[str]] = {
    "pronoun": list(FORMS["they"]),
    "job": list(WORKPLACES),
    "village": VILLAGES,
    "pet": list(SOUNDS),
    "pet_name": PET_NAMES,
    "food": FOODS,
    "habit": HABITS,
}

# What follows from a fact by grammar, in every town: attribute -> (fact, rule).
GRAMMAR: dict[str, tuple[str, Callable[[Any], str]]] = {
    "a_job": ("job", a),
    "a_pet": ("pet", a),
    **{form: ("pronoun", FORMS[form].__getitem__) for form in FORMS},
}
# What follows from a fact by a law of the town.
LAWS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "workplace": ("job", WORKPLACES.__getitem__),
    "sound": ("pet", SOUNDS.__getitem__),
}


@dataclass(eq=False, slots=True)
class Person:
    """Somebody: the facts that are known of them, by attribute."""

    facts: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        known = {key: value for key, value in self.facts.items() if isinstance(value, str)}
        return f"Person({known.get('name', 'a stranger')})"


def cast_entry(entry: str | Mapping[str, str]) -> dict[str, str]:
    """Return one entry of a cast as a dict, or say what is wrong with it.

    Raises:
        TypeError, ValueError: the message names the entry, the value, and what would do.
    """
    if not isinstance(entry, str | Mapping):
        raise TypeError(f"cast: {entry!r} is {type(entry).__name__}, not a name or a dict with a name")
    facts = {"name": entry} if isinstance(entry, str) else dict(entry)
    name = facts.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or not name[0].isupper():
        raise ValueError(
            f"cast: {entry!r} needs a name of letters that begins with a capital, as {{'name': 'Mina'}}"
        )
    for key, value in facts.items():
        if key not in ("name", "friend", *ATTRIBUTES):
            known = ", ".join([*ATTRIBUTES, "friend"])
            raise ValueError(f"cast: {name} has an unknown attribute {key!r}; known are {known}")
        if key in ATTRIBUTES and value not in ATTRIBUTES[key]:
            raise ValueError(
                f"cast: {name} has the unknown {key} {value!r}; known are {', '.join(ATTRIBUTES[key])}"
            )
    return facts


def checked_cast(cast: Iterable[str | Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the entries of a cast, or say what is wrong with them.

    Raises:
        TypeError, ValueError: the message names the entry, the value, and what would do.
    """
    if isinstance(cast, str | Mapping) or not isinstance(cast, Iterable):
        raise TypeError(f"cast is a list of names or of dicts, not one {type(cast).__name__}: [{cast!r}]")
    entries = [cast_entry(entry) for entry in cast]
    names = [entry["name"] for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"cast: the name {name!r} stands twice; names are unique")
    for entry in entries:
        if "friend" in entry and (entry["friend"] not in names or entry["friend"] == entry["name"]):
            raise ValueError(f"cast: {entry['name']}'s friend {entry['friend']!r} is nobody else of the cast")
    if len(entries) < 3:
        raise ValueError(f"cast: {len(entries)} people are too few for a town; it needs at least 3")
    return entries


def drawn_facts(entries: list[dict[str, str]], seed: int) -> list[Person]:
    """Draw what a cast leaves open, for each person from dice of their own: one entry changes no other."""
    people = {entry["name"]: Person({"name": entry["name"]}) for entry in entries}
    for rank, entry in enumerate(entries):
        dice = random.Random(f"town {seed}, person {rank}")
        facts = people[entry["name"]].facts
        for attribute, values in ATTRIBUTES.items():
            facts[attribute] = entry.get(attribute, values[int(dice.random() * len(values))])
        others = [name for name in people if name != entry["name"]]
        facts["friend"] = entry.get("friend", others[int(dice.random() * len(others))])
        for attribute, (base, rule) in (GRAMMAR | LAWS).items():
            facts[attribute] = rule(facts[base])
    for person in people.values():
        person.facts["friend"] = people[person.facts["friend"]]
    return list(people.values())
