"""One word of a story is changed: the town notices, tells fact from grammar, and says where and why."""

import random
import re

import pytest

from llmlite.world import Town
from llmlite.world.primitives import END, WORD
from llmlite.world.stories import SPOT
from llmlite.world.words import (
    COLOURS,
    NUMBERS,
    SOUNDS,
    THINGS,
    TIMES,
    VILLAGES,
    WEATHERS,
    WORKPLACES,
    a,
    listed,
)

TOWN = Town()
SAMPLES = [each for each in TOWN.sample(500, seed=31) if re.match(r"\w+", each.text)]
# Stories about people whom the town knows, with the facts of whom they are about.
KNOWN = [
    (text, TOWN.people[name].facts)
    for text, _, labels in SAMPLES
    if (name := str(labels["who"]).removeprefix("Person(").removesuffix(")")) in TOWN.people
]
RIGHT, FACTS, GRAMMAR = "right", "against the facts", "ungrammatical"


def changed(text, found, new):
    """Return the text with one match replaced."""
    return text[: found.start()] + new + text[found.end() :]


def words(word, text):
    """Return all places where a word, or several, stand in a text."""
    return list(re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text))


def others(values, *but):
    """Return one value in each of three places of a list, none of them among `but`."""
    left = [each for each in values if each not in but]
    return {left[0], left[len(left) // 2], left[-1]}


def expect(kind, text, start=0):
    """Check the verdict on a text that is right up to `start`, and that its message is true."""
    verdict = TOWN.judge(text)
    assert verdict.kind == kind, f"{verdict.message}\n{text}"
    assert (verdict.right, verdict.grammatical) == (kind == RIGHT, kind != GRAMMAR)
    assert (TOWN.log_prob(text) > -1000) == verdict.right
    if kind == RIGHT:
        return verdict
    before, rest = text[: verdict.position], text[verdict.position :]
    assert len(before) >= len(text[:start].rstrip()), "the beginning was right"
    possible = list(Town.next_word(TOWN if kind == FACTS else TOWN.nowhere, before))
    assert possible, f"words are possible where the text goes wrong: {verdict.message}"
    if "spaces" in verdict.message:
        assert repr(rest[:20]) in verdict.message and not rest.startswith(tuple({*possible} - {END})), (
            verdict.message
        )
        return verdict
    stands, named = re.search(r"(?:stands (.*)|the text ends); possible: (.*)", verdict.message).groups()
    found = WORD.search(rest)
    assert stands == (repr(found.group()) if found else None), verdict.message
    assert found is None or found.group() not in possible, verdict.message
    assert named == ", ".join([*map(repr, possible[:6]), *["..."] * (len(possible) > 6)]), verdict.message
    return verdict


def test_the_stories_are_right():
    assert len(KNOWN) > 300
    for text, _ in KNOWN[:20]:
        expect(RIGHT, text)


def test_one_name_of_several_is_ungrammatical():
    tried = 0
    for text, facts in KNOWN[:60]:
        for name in {facts["name"], *re.findall("asked (\\w+)|shouted (\\w+)", text)} & set(TOWN.people):
            places = words(name, text)
            if len(places) > 1:
                found = places[tried % len(places)]
                new = "Agnes" if "Agnes" not in text else "Theo"
                expect(GRAMMAR, changed(text, found, new), found.start())
                tried += 1
    assert tried > 50


def test_another_name_everywhere_is_against_the_facts():
    tried = 0
    for text, facts in KNOWN[:25]:
        for name in others(TOWN.people, facts["name"]):
            new = TOWN.people[name].facts
            if not words(name, text) and (new["job"], new["village"]) != (facts["job"], facts["village"]):
                text_of_other = re.sub(rf"\b{facts['name']}\b", name, text).replace(
                    facts["a_job"], new["a_job"], 0
                )
                expect(FACTS, text_of_other)
                tried += 1
    assert tried > 50


def test_somebody_of_the_same_name_is_against_the_facts():
    """In another town there may be a stranger whose name one of the cast has."""
    tried = 0
    for text, facts in KNOWN:
        comes = re.search(r"Then (\w+) the [\w ]+ came along\.|(\w+) from [\w ]+ saw it too\.", text)
        if comes and tried < 15:
            other = comes.group(1) or comes.group(2)
            expect(FACTS, re.sub(rf"\b{other}\b", facts["name"], text), comes.start())
            tried += 1
    assert tried == 15


def test_pronouns():
    once = again = 0
    for text, _ in KNOWN:
        places = list(re.finditer(r"\b([Hh]e|[Ss]he)\b", text))
        swap = {"he": "she", "He": "She", "she": "he", "She": "He"}
        if len(places) > 1 and again < 30:
            found = places[again % len(places)]
            expect(GRAMMAR, changed(text, found, swap[found.group()]), found.start())
            again += 1
        elif len(places) == 1 and not re.search(r"\b([Hh]is|[Hh]er|[Tt]heir|him|them)\b", text):
            expect(FACTS, changed(text, places[0], swap[places[0].group()]), places[0].start())
            once += 1
    assert once > 10 and again == 30


def test_another_pronoun_everywhere_is_against_the_facts():
    tried = 0
    swaps = {"he": "she", "He": "She", "his": "her", "His": "Her"}
    swaps |= {new: old for old, new in swaps.items()}
    for text, facts in KNOWN:
        if facts["pronoun"] != "they" and "gave" not in text and tried < 30:
            new = re.sub(r"\b([Hh]e|[Ss]he|[Hh]is|[Hh]er)\b", lambda found: swaps[found.group()], text)
            if new != text:
                expect(FACTS, new)
                tried += 1
    assert tried == 30


def test_villages():
    once = everywhere = 0
    for text, facts in KNOWN[:45]:
        places = words(facts["village"], text)
        said = len(words(facts["village"], re.sub(r"^.*?\. |[^.]*\. The end\.$", "", text)))
        if said:  # somebody else lives there, or there is a saying about it
            continue
        for village in others(VILLAGES, facts["village"]):
            if words(village, text):
                continue
            if len(places) > 1:
                found = places[once % len(places)]
                expect(GRAMMAR, changed(text, found, village), found.start())
                once += 1
            expect(FACTS, text.replace(facts["village"], village), places[0].start())
            everywhere += 1
    assert once > 15 and everywhere > 60


def test_jobs_and_their_articles():
    tried = 0
    for text, facts in KNOWN[:40]:
        found = words(facts["job"], text)[0]
        for job in others(WORKPLACES, facts["job"]):
            if found.start() < text.index("."):
                with_article = text[: found.start()].endswith((" a ", " an "))
                same = a(job)[:2] == facts["a_job"][:2]
                kind = FACTS if same or not with_article else GRAMMAR
                expect(kind, changed(text, found, job), found.start())
                tried += 1
    assert tried > 80


def test_workplaces():
    tried = 0
    for text, facts in KNOWN:
        found = re.search(
            rf"at work at the ({facts['workplace']})\.|at the ({facts['workplace']}), where", text
        )
        if found and "said" not in text and tried < 20:
            for place in others(WORKPLACES.values(), facts["workplace"]):
                expect(
                    FACTS,
                    changed(text, found, found.group().replace(facts["workplace"], place)),
                    found.start(),
                )
            tried += 1
    assert tried >= 18


def test_pets_their_names_and_sounds():
    names = sounds = pets = 0
    for text, facts in KNOWN:
        intro = re.search(rf" had {facts['a_pet']} called {facts['pet_name']}\.", text)
        if not intro or names > 20 or "A goose" in text:
            continue
        places = words(facts["pet_name"], text)
        new = "Biscuit" if facts["pet_name"] != "Biscuit" and "Biscuit" not in text else "Comet"
        if len(places) > 1 and new not in text:
            expect(GRAMMAR, changed(text, places[-1], new), places[-1].start())
        if new not in text:
            expect(FACTS, text.replace(facts["pet_name"], new), intro.start())
            names += 1
        for pet in others(SOUNDS, facts["pet"]):
            once = len(words(facts["pet"], text)) == 1
            if a(pet)[:2] == facts["a_pet"][:2] and pet not in text:
                expect(FACTS, re.sub(rf"\b{facts['pet']}\b", pet, text), intro.start())
                new_intro = intro.group().replace(facts["pet"], pet)
                expect(FACTS if once else GRAMMAR, changed(text, intro, new_intro), intro.start())
                pets += 1
        heard = re.search(rf'{facts["pet_name"]} said "{facts["sound"]}"', text)
        for sound in others(SOUNDS.values(), facts["sound"]) if heard else ():
            expect(FACTS, changed(text, heard, heard.group().replace(facts["sound"], sound)), heard.start())
            sounds += 1
    assert names > 20 and sounds > 10 and pets > 20


def test_colours_and_things():
    colours = things = 0
    for text, _, labels in SAMPLES[:50]:
        if labels["plot"] != "find":
            continue
        thing, place = labels["thing"], labels["place"]
        found = re.search(rf"\ba (\w+) {thing}\b", text)
        for colour in COLOURS:
            kind = RIGHT if colour in THINGS[thing][1].split() else FACTS
            expect(kind, changed(text, found, f"a {colour} {thing}"), found.start())
            colours += 1
        for other in others(THINGS, thing):
            everywhere = re.sub(rf"\b{thing}\b", other, text)
            fits = found.group(1) in THINGS[other][1].split() and place in listed(THINGS[other][2])
            expect(RIGHT if fits else FACTS, everywhere, found.start())
            expect(GRAMMAR, changed(text, found, f"a {found.group(1)} {other}"), found.start())
            things += 1
    assert colours > 80 and things > 25


def test_a_wrong_sum_is_against_the_facts_and_the_message_names_the_right_one():
    tried = 0
    for text, _, labels in SAMPLES:
        if labels["plot"] == "count" and tried < 120:
            total = re.search(rf"(?:Now there were|counted again:) (\w+) {labels['thing']}\.", text)
            for number in set(NUMBERS) - {total.group(1)}:
                wrong = changed(text, total, total.group().replace(f" {total.group(1)} ", f" {number} "))
                verdict = expect(FACTS, wrong, total.start())
                assert f"stands {number!r}; possible: {total.group(1)!r}" in verdict.message
                tried += 1
            for other in ("kites", "nuts"):
                if other != labels["thing"]:
                    expect(
                        GRAMMAR,
                        text[: total.end() - len(labels["thing"]) - 1] + other + text[total.end() - 1 :],
                    )
    assert tried >= 120


def test_any_word_for_any_other_is_caught_or_as_good():
    dice = random.Random(32)
    vocabulary = sorted({word for text, _, _ in SAMPLES for word in WORD.findall(text)})
    free = [WEATHERS, TIMES, COLOURS, list(WORKPLACES.values()), [each.split()[-1] for each in SPOT.values]]
    kinds = []
    for text, _ in KNOWN[:80]:
        found = dice.choice(list(re.finditer(r"[^\W\d_]+", text)))
        new = dice.choice([
            dice.choice(vocabulary),
            dice.choice(next((f for f in free if found.group() in f), ["x"])),
        ])
        if new != found.group() and new.isalpha():
            kinds.append(TOWN.judge(changed(text, found, new)).kind)
            same = any(found.group() in words and new in words for words in free)
            expect(kinds[-1], changed(text, found, new), found.start())
            assert kinds[-1] != RIGHT or same, changed(text, found, new)
    assert kinds.count(GRAMMAR) > len(kinds) / 2
    assert kinds.count(RIGHT) < len(kinds) / 5


def test_a_text_cut_after_any_word_is_ungrammatical():
    for text, _ in KNOWN[:2]:
        for found in list(WORD.finditer(text))[:-1]:
            verdict = expect(GRAMMAR, text[: found.end()], found.end())
            assert "the text ends" in verdict.message


STORY = KNOWN[0][0]


@pytest.mark.parametrize(
    "text",
    {
        "empty": "",
        "blank": "   ",
        "doubled": f"{STORY} {STORY}",
        "doubled without a space": STORY + STORY,
        "two lines": f"{STORY}\n{STORY}",
        "newline at the end": STORY + "\n",
        "newline inside": STORY.replace(" ", "\n", 1),
        "newline inside, late": STORY.replace(". ", ".\n"),
        "space before": " " + STORY,
        "space after": STORY + " ",
        "two spaces": STORY.replace(" ", "  ", 1),
        "tab": STORY.replace(" ", "\t", 1),
        "space before a full stop": STORY.replace(".", " ."),
        "no space": STORY.replace(" ", ""),
        "no-break space": STORY.replace(" ", "\u00a0"),
        "zero width": STORY[:20] + "\u200b" + STORY[20:],
        "lower case": STORY.lower(),
        "upper case": STORY.upper(),
        "no full stop": STORY[:-1],
        "unicode": "Ω≈ç√ 中文 🦆",
        "accent": STORY.replace("a", "á", 1),
        "letters": "x" * 10_000,
        "digits": "12345 6",
        "underscore": "_",
        "null": "\0",
        "curly quotes": 'A "quote".',
        "markup": "<b>Mina</b> was a gardener.",
        "hole": "{who.name} was {who.a_job} from {who.village}.",
    }.items(),
    ids=lambda item: item[0],
)
def test_what_is_no_story_is_ungrammatical(text):
    expect(GRAMMAR, text[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ungrammatical: at the beginning the text ends; possible: "),
        ("Mina wass", "ungrammatical: after 'Mina' stands 'wass'; possible: 'was'"),
        ("Once there were", "ungrammatical: after 'Once there' stands 'were'; possible: 'was'"),
        (STORY + " The", "stands 'The'; possible: '\\n'"),
    ],
)
def test_messages(text, message):
    assert message in TOWN.judge(text).message


def test_facts_of_one_town_are_wrong_in_another():
    elsewhere = Town(7)
    kinds = [elsewhere.judge(text).kind for text, _ in KNOWN[:30]]
    assert GRAMMAR not in kinds
    assert kinds.count(FACTS) > 27


def test_people_of_another_cast_are_strangers_to_grammar():
    nobody = Town(cast=["Xaver", "Yolanda", "Zita"]).judge(KNOWN[0][0])
    assert nobody.kind == GRAMMAR


def test_a_right_story_is_right_to_its_last_character():
    for story in TOWN.stories(20, seed=77):
        assert TOWN.judge(story).position == len(story)


def test_a_hyphen_belongs_to_the_name():
    town = Town(7, cast=["Ann-Marie", "Ann", "Alan"])
    for sample in town.sample(200, seed=1):
        assert abs(town.log_prob(sample.text) - sample.log_prob) < 1e-9
    possible = town.next_word("")
    assert "Ann-Marie" in possible
    assert "Ann" in possible
    assert "-" not in town.next_word("Ann"), "a word that is cut is no beginning"
    assert abs(sum(town.next_word("Ann").values()) - 1) < 1e-12


@pytest.mark.parametrize("text", [5, None, b"Mina"])
def test_a_story_is_a_text(text):
    for method in (TOWN.next_word, TOWN.judge, TOWN.log_prob, TOWN.read):
        with pytest.raises(TypeError, match="a story is a text"):
            method(text)


@pytest.mark.parametrize("seed", ["x", 1.5, None, True])
def test_the_seed_of_stories_is_an_integer(seed):
    with pytest.raises(ValueError, match="integer"):
        TOWN.sample(2, seed)
