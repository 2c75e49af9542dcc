"""The five primitives, on a town small enough to write down every text that it can tell."""

import math
import random
from collections import Counter, defaultdict

import pytest

from llmlite.world import town as town_module
from llmlite.world.primitives import WORD, Choice, Sampler, Teller, holes
from llmlite.world.reader import Search, derivations, log_sum
from llmlite.world.town import Town

SOUNDS = {"dog": "woof", "wolf": "woof", "old owl": "hoot", "owl": "hoot"}
RULES = {
    "sound": ("pet", SOUNDS.__getitem__),
    "a_pet": ("pet", lambda pet: f"an {pet}" if pet[0] == "o" else f"a {pet}"),
}


class Hamlet:
    """Three people of whom everything is known but their moods, and strangers."""

    def __init__(self):
        facts = [("Al", "dog"), ("Al Bo", "owl"), ("Cy", "old owl")]
        people = [{"name": name, "pet": pet, "sound": SOUNDS[pet]} for name, pet in facts]
        self.people = [Soul(each | {"a_pet": RULES["a_pet"][1](each["pet"])}) for each in people]
        self.cast = Choice({person: 1 / (rank + 1) for rank, person in enumerate(self.people)})
        self.attributes = {
            "name": Choice(["Zed"]),
            "pet": Choice({"dog": 3, "wolf": 1, "owl": 1, "old owl": 1}),
            "mood": Choice({"glad": 5, "glad indeed": 2}),
        }
        self._knowing = {}

    def known(self, subject, attribute):
        return subject.facts.get(attribute)

    def knowing(self, attribute):
        return self._knowing.setdefault(attribute, lambda subject: self.known(subject, attribute))

    def derived(self, attribute):
        return RULES.get(attribute)

    def possible(self, attribute):
        return self.attributes[attribute]

    def others(self, who):
        return Choice({each: prob for each, prob in self.cast.probs.items() if each is not who})


class Soul:
    def __init__(self, facts):
        self.facts = facts


FIRST = Choice({
    "{who.name} had {who.a_pet}.": 3,
    "{who.name} Bo heard {who.sound}.": 2,
    "Hm, {who.sound}!": 1,
})
SKY = Choice({"It rained.": 2, "It snowed.": 1})
SECOND = Choice({"Then {other.name} said {other.sound}.": 1, "{other.pet} number {n} left.": 2})
LAST = Choice({"{who.name} was {who.mood}.": 1, "{mood}, said {who.pet}.": 2})


def tale(tell, town):
    """Use every primitive: ambiguous, with hidden values seen through views, revealed early and late."""
    who = Soul({}) if tell.branch(0.4, 0.6) else tell.hide(town.cast)
    tell.say(FIRST, who=who)
    mood = tell.hide(Choice({"well": 0.5, "well well": 0.25, "no": 0.25}))
    if tell.branch(0.7, 0.3):
        tell.say(Choice(["It rained."]))  # the same text as one of the other path: two derivations
    else:
        tell.say(SKY)
    who = tell.reveal(who)
    if tell.branch(0.5, 0.5):
        other = tell.hide(town.others(who))
        n = tell.say(SECOND, other=other, n=Choice(["one", "two"])).get("n", "")
        other = tell.reveal(other)
        if n == "two":
            tell.emit(" ")
            tell.emit(tell.fact(other, "name"))
            tell.pick(Choice({"!": 1, "?": 3}))
        tell.note(other=other.facts["name"])
    if tell.reveal(tell.fact(who, "sound")) == "hoot":  # seen before it is told, if it ever is
        tell.emit(" Hush.")
    elif tell.reveal(tell.fact(who, "pet")) == "wolf":  # what is revealed stays as it is from then on
        tell.emit(" Oh!")
    tell.say(LAST, who=who, mood=mood)


class Enumerator(Teller):
    """Answer every primitive with one option; `options` remembers how many there were."""

    def __init__(self, town, path):
        super().__init__(town)
        self.path, self.options, self.prob = path, [], 1.0
        self.text = ""
        self.drawn = {}

    def one(self, probs):
        values = list(probs)
        choice = self.path[len(self.options)] if len(self.options) < len(self.path) else 0
        self.options.append(len(values))
        self.prob *= probs[values[choice]]
        return values[choice]

    def emit(self, text):
        self.text += text

    def hide(self, choice):
        return self.one(choice.probs)

    def pick(self, choice):
        value = self.one(choice.probs)
        self.text += value
        return value

    def branch(self, *weights):
        return self.one(dict(enumerate(weights)))

    def fact(self, subject, attribute):
        if attribute in subject.facts:
            return subject.facts[attribute]
        if (subject, attribute) not in self.drawn:
            rule = self.town.derived(attribute)
            self.drawn[subject, attribute] = (
                rule[1](self.fact(subject, rule[0]))
                if rule
                else self.one(self.town.possible(attribute).probs)
            )
        return self.drawn[subject, attribute]

    def reveal(self, value):
        return value

    def template(self, templates, slots):
        return self.one(templates.probs)


def every_run(program, town):
    """Yield (text, probability) of every run of a program: an odometer over its choices."""
    path = []
    while True:
        run = Enumerator(town, path)
        program(run, town)
        yield run.text, run.prob
        path = path + [0] * (len(run.options) - len(path))
        while path and path[-1] + 1 == run.options[len(path) - 1]:
            path.pop()
        if not path:
            return
        path[-1] += 1


@pytest.fixture(scope="module")
def hamlet():
    return Hamlet()


@pytest.fixture(scope="module")
def texts(hamlet):
    found = defaultdict(float)
    for text, prob in every_run(tale, hamlet):
        found[text] += prob
    return found


@pytest.fixture(autouse=True)
def told_in_the_hamlet(monkeypatch):
    """Let the methods of `Town` tell our tale instead of the town's stories."""
    monkeypatch.setattr(town_module, "story", tale)


def test_probabilities_of_all_texts_sum_to_one(texts):
    assert len(texts) > 500
    assert math.fsum(texts.values()) == pytest.approx(1, abs=1e-12)


def test_log_prob_is_that_of_the_enumeration(hamlet, texts):
    for text, prob in texts.items():
        assert math.exp(Town.log_prob(hamlet, text)) == pytest.approx(prob, rel=1e-12), text


def test_some_texts_have_several_derivations_and_some_have_one(hamlet, texts):
    counts = Counter(sum(1 for _ in derivations(tale, hamlet, Search(text))) for text in list(texts)[::10])
    assert counts[1] and sum(counts.values()) > counts[1]


def test_next_word_is_that_of_the_enumeration_after_every_prefix(hamlet, texts):
    table = defaultdict(lambda: defaultdict(float))
    for text, prob in texts.items():
        for word in WORD.finditer(text + "\n"):
            table[text[: word.start()].rstrip()][word.group()] += prob
    assert len(table) > 500
    for prefix, expected in table.items():
        total = math.fsum(expected.values())
        found = Town.next_word(hamlet, prefix)
        assert found == pytest.approx({w: p / total for w, p in expected.items()}, abs=1e-12), prefix
        assert list(found.values()) == sorted(found.values(), reverse=True)


def test_a_text_of_nobody_has_no_probability_and_no_next_word(hamlet, texts):
    text = next(iter(texts))
    for wrong in (
        text + "!",
        text[:-1],
        " " + text,
        text + " ",
        text.replace(" ", "  ", 1),
        text.lower(),
        "",
    ):
        assert wrong not in texts
        assert Town.log_prob(hamlet, wrong) == -math.inf
    assert Town.next_word(hamlet, "Hm , ") == {}
    assert Town.next_word(hamlet, "Z") == {}, "a prefix ends after a whole word"


def test_the_sampler_draws_what_it_says(hamlet, texts):
    dice, counts, runs = random.Random(7).random, Counter(), 20_000
    for _ in range(runs):
        teller = Sampler(hamlet, dice)
        tale(teller, hamlet)
        counts["".join(teller.parts)] += 1
    assert set(counts) <= set(texts)
    common = [text for text, prob in texts.items() if prob * runs > 20]
    assert len(common) > 50
    errors = [(counts[text] - runs * texts[text]) ** 2 / (runs * texts[text]) for text in common]
    # The mean of n squared standard normals has standard deviation sqrt(2 / n).
    assert abs(sum(errors) / len(errors) - 1) < 4 * math.sqrt(2 / len(errors))


@pytest.mark.parametrize("weight", [0, -1, math.inf, math.nan])
def test_a_choice_refuses_weights_that_are_none(weight):
    with pytest.raises(ValueError, match=f"weight {weight!r} of 'a': weights are positive and finite"):
        Choice({"a": weight, "b": 1})


def test_a_choice_needs_a_value():
    with pytest.raises(ValueError, match="at least one value"):
        Choice([])


def test_a_choice_reaches_its_first_and_its_last_value():
    choice = Choice({"a": 1, "b": 2, "c": 7})
    assert list(choice.probs.values()) == pytest.approx([0.1, 0.2, 0.7])
    for point, value in ((0.0, "a"), (0.0999, "a"), (0.1001, "b"), (0.301, "c"), (1 - 2**-53, "c")):
        assert Sampler(Hamlet(), lambda point=point: point).hide(choice) == value


def test_a_branch_takes_the_last_path_when_rounding_leaves_a_gap():
    assert Sampler(Hamlet(), lambda: 1 - 2**-53).branch(*[0.1] * 10) == 9


@pytest.mark.parametrize(
    ("point", "way"), [(0.0, 0), (0.4999, 0), (0.5, 1), (0.7499, 1), (0.75, 2), (0.9999, 2)]
)
def test_a_branch_takes_each_path_from_its_first_point_on(point, way):
    teller = Sampler(Hamlet(), lambda: point)
    assert teller.branch(0.5, 0.25, 0.25) == way
    assert teller.log_prob == pytest.approx(math.log((0.5, 0.25, 0.25)[way]))


def test_holes_of_a_sentence():
    assert holes("It was.") == (("It was.", "", ()),)
    assert holes("{who.friend.name} ate {n}.") == (
        ("", "who", ("friend", "name")),
        (" ate ", "n", ()),
        (".", "", ()),
    )


def test_log_sum_of_few_many_and_none():
    assert log_sum([]) == -math.inf
    assert log_sum([-1000.0, -1000.0]) == pytest.approx(-1000 + math.log(2))
    assert log_sum([-math.inf, -3.0]) == pytest.approx(-3)


def test_the_words_of_a_text():
    text = """The baker's duck, called "Bo-Bo" (aged nine), said: Hm?\n"""
    words = """The baker 's duck , called " Bo-Bo " ( aged nine ) , said : Hm ?""".split(" ")
    assert WORD.findall(text) == [*words, "\n"]


def test_rounding_leaves_no_gap_above_the_last_value():
    choice = Choice(dict.fromkeys("abcdefghij", 0.1))
    assert choice.cumulative[-1] == 1.0
    assert Sampler(Town(), lambda: 1 - 2.0**-53).hide(choice) == "j"
