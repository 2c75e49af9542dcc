"""The sentences and words of Tinytown: every hole can be filled, every list is clean."""

import re

import pytest

from llmlite.world import Town, words
from llmlite.world import stories as stories_module
from llmlite.world.facts import ATTRIBUTES, GRAMMAR, LAWS
from llmlite.world.primitives import WORD, Choice, holes

CHOICES = {name: value for name, value in vars(stories_module).items() if isinstance(value, Choice)}
SENTENCES = {name: choice for name, choice in CHOICES.items() if choice.values[0].endswith((".", '"'))}
TEMPLATES = [template for choice in SENTENCES.values() for template in choice.values]
SAYINGS = [*words.VILLAGE_SAYINGS.values(), *words.PLACE_SAYINGS.values()]
LISTS = {
    name: getattr(words, name)
    for name in "NAMES VILLAGES PET_NAMES FOODS HABITS WEATHERS TIMES COLOURS NUMBERS".split()
} | {
    "WORKPLACES": list(words.WORKPLACES),
    "places": list(words.WORKPLACES.values()),
    "SOUNDS": list(words.SOUNDS),
    "sounds": list(words.SOUNDS.values()),
    "THINGS": list(words.THINGS),
    "plurals": [plural for plural, _, _ in words.THINGS.values()],
    "SPOT": list(stories_module.SPOT.values),
    **{f"syllables {i}": syllables for i, syllables in enumerate(words.SYLLABLES)},
}

SLOTS = (
    "weather time place find thing amount things change total corner spot".split()
)  # filled with themselves


@pytest.mark.parametrize("template", [*TEMPLATES, *SAYINGS])
def test_a_sentence_begins_and_ends_like_one(template):
    assert template.endswith((".", "!", "?", '."', '!"', '?"', '".'))
    assert template[0] in '"{' or template[0].isupper()
    assert "  " not in template and template == template.strip()
    assert template.count('"') % 2 == 0 and template.count("{") == template.count("}")
    assert "'" not in template, "an apostrophe outside 's would need a rule"


@pytest.mark.parametrize("template", TEMPLATES)
def test_holes_are_apart_from_letters_and_can_be_filled(template):
    assert not re.search(r"\w\{|\}(?!'s\b)\w|\}\{", template)
    known = {"name", "friend", *ATTRIBUTES, *GRAMMAR, *LAWS}
    for _, slot, attributes in holes(template):
        assert set(attributes) <= known
        assert not slot or attributes or slot in SLOTS
    sides = re.split(r"\{\w+(?:\.\w+)*\}", template)
    assert "{" not in "".join(sides) and "}" not in "".join(sides)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_no_item_twice_and_no_stray_space(name):
    items = LISTS[name]
    assert len(set(items)) == len(items)
    for item in items:
        assert item and item == " ".join(item.split())
        assert "".join(WORD.findall(item)) == item.replace(" ", ""), (
            "made of words that a reader can tell apart"
        )


@pytest.mark.parametrize("name", LISTS)
def test_no_option_begins_another_of_its_list(name):
    split = {item: WORD.findall(item) for item in LISTS[name]}
    assert not [(x, y) for x in split for y in split if x != y and split[y][: len(split[x])] == split[x]]


@pytest.mark.parametrize("name", SENTENCES)
def test_no_sentence_begins_another_of_its_list(name):
    for one in SENTENCES[name].values:
        for other in SENTENCES[name].values:
            assert one == other or not other.startswith(one)


def test_sayings_are_told_apart_and_complete():
    assert len(set(SAYINGS)) == len(SAYINGS)
    assert list(words.VILLAGE_SAYINGS) == words.VILLAGES
    assert list(words.PLACE_SAYINGS) == list(words.WORKPLACES.values())


def test_kinds_of_words_do_not_overlap():
    kinds = [words.NAMES, words.VILLAGES, words.PET_NAMES]
    for i, one in enumerate(kinds):
        for other in kinds[i + 1 :]:
            assert not set(one) & set(other), "a reader would not know what a capital means"
    strangers = set(Town(size=96).names.values)
    assert not strangers & {*words.NAMES, *words.VILLAGES, *words.PET_NAMES}
    assert all(re.fullmatch("[A-Z][a-z]+", name) for name in strangers)


def test_everything_lies_about_somewhere_and_something_everywhere():
    for thing, (plural, colours, places) in words.THINGS.items():
        assert plural == thing + "s"
        assert set(colours.split()) <= set(words.COLOURS)
        assert set(words.listed(places)) <= set(words.WORKPLACES.values())
    for place in words.WORKPLACES.values():
        finds = Town().finds(place).values
        assert len(finds) >= 6, place
        for find in finds:
            article, colour, thing = find.split()
            assert (article, colour in words.THINGS[thing][1].split()) == ("a", True)


def test_articles():
    assert [words.a(noun) for noun in ("actor", "owl", "baker", "train driver")] == [
        "an actor", "an owl", "a baker", "a train driver",
    ]  # fmt: skip
    assert not [
        job for job in [*words.WORKPLACES, *words.SOUNDS] if job.startswith(("hour", "hon", "uni", "eu"))
    ]


def test_pronouns_are_complete_and_the_cast_takes_turns():
    assert {tuple(sorted(forms)) for forms in words.FORMS.values()} == {("he", "she", "they")}
    for form, by_pronoun in words.FORMS.items():
        assert by_pronoun["they"] == form
        assert all(each[0].isupper() == form[0].isupper() for each in by_pronoun.values())
    pronouns = [person.facts["pronoun"] for person in Town(size=96).people.values()]
    assert {words.NAMES[i] for i, each in enumerate(pronouns) if each == "they"} == set(words.THEY)
    assert pronouns[:6] == ["she", "he"] * 3


def test_laws_hold_for_everybody():
    for seed in range(3):
        for name, person in Town(seed).people.items():
            facts = person.facts
            assert facts["name"] == name and facts["friend"] is not person
            assert facts["workplace"] == words.WORKPLACES[facts["job"]]
            assert facts["sound"] == words.SOUNDS[facts["pet"]]
            assert all(facts[key] in values for key, values in ATTRIBUTES.items())


def test_the_facts_of_a_town_are_spread():
    """256 people in four towns: no value is rare or missing, as it would be if seeds were not independent."""
    people = [person.facts for seed in range(4) for person in Town(seed).people.values()]
    for key, values in ATTRIBUTES.items():
        if key != "pronoun":
            counts = [sum(facts[key] == value for facts in people) for value in values]
            assert min(counts) > 0 and max(counts) < 6 * len(people) / len(values), key


def test_the_vocabulary_holds_every_word_that_is_told():
    for town in (Town(), Town(3, cast=["Mary Ann", "Ann-Marie", "Zoë"], strangers=0.4)):
        vocabulary = town.vocabulary()
        assert len(set(vocabulary)) == len(vocabulary)
        told = {word for text in town.stories(3000) for word in WORD.findall(text + "\n")}
        assert told <= set(vocabulary)
        assert len(set(vocabulary) - told) < len(vocabulary) / 2 + len(town.names.values)
