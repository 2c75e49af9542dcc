"""The stories of Tinytown: one program that tells them, and, run by a reader, understands them.

Every sentence is written here, most probable first; the numbers are weights. A hole {who.job} shows a fact of
a person, a hole {weather} something picked on the spot. The town's facts stand in `facts.py`, its words in
`words.py`.
"""

from typing import Any

from llmlite.world.primitives import Choice, Teller
from llmlite.world.words import NUMBERS, THINGS, TIMES, WEATHERS, listed

INTRODUCTIONS = Choice({
    "{who.name} was {who.a_job} from {who.village}.": 4,
    "In {who.village} lived {who.a_job} named {who.name}.": 3,
    "Everybody in {who.village} knew {who.name} the {who.job}.": 2,
    "Once there was {who.a_job} in {who.village}, and {who.their} name was {who.name}.": 1,
})
PETS = Choice({
    "{who.They} had {who.a_pet} called {who.pet_name}.": 2,
    "{who.They} shared {who.their} house with {who.pet_name} the {who.pet}.": 1,
})
PET_SOUNDS = Choice({
    'Whenever it rained, {who.pet_name} said "{who.sound}".': 1,
    '{who.pet_name} said "{who.sound}" to everyone.': 1,
})
HABITS = Choice({
    "Every day {who.they} {who.habit}.": 2,
    "As everyone knew, {who.name} {who.habit}.": 1,
})
FOODS = Choice({
    "{who.They} could not live without {who.food}.": 1,
    "There was nothing {who.they} liked more than {who.food}.": 1,
})
OUTINGS = Choice({
    "One {weather} {time}, {who.they} went to the {place}.": 4,
    "It was a {weather} {time}, and {who.name} had come to the {place}.": 2,
    "One {weather} {time}, {who.name} took a walk to the {place}.": 2,
})
WORKDAYS = Choice({
    "One {weather} {time}, {who.they} {who.were} at work at the {who.workplace}.": 1,
    "It was a {weather} {time} at the {who.workplace}, where {who.name} worked.": 1,
})
WEATHER, TIME = Choice(WEATHERS), Choice(TIMES)
SURPRISES = Choice({
    "A goose called Gerald walked past and said nothing.": 6,
    "The clock tower struck thirteen.": 4,
    "Somewhere, somebody dropped a tuba.": 3,
    "Two clouds bumped into each other and said sorry.": 2,
    "The statue of the mayor seemed to wink.": 2,
    "A wheel of cheese rolled by, followed by nobody.": 1,
})


FINDS = Choice({
    "There {who.they} found {find}.": 3,
    "Under a bench lay {find}.": 2,
    "Right by the gate {who.they} stepped on {find}.": 1,
})
FRIEND_COMES = Choice({
    "{who.Their} friend {other.name} saw it too.": 1,
    "Then {who.their} friend {other.name} came along.": 1,
})
OTHER_COMES = Choice({
    "Then {other.name} the {other.job} came along.": 2,
    "{other.name} from {other.village} saw it too.": 1,
})
POLITE = Choice({
    '"May I have it, please?" asked {other.name}.': 3,
    '"What a lovely {thing}! Could I have it, please?" asked {other.name}.': 2,
})
RUDE = Choice({
    '"Give me that {thing}!" shouted {other.name}.': 2,
    '"Mine!" said {other.name}, and pulled at it.': 1,
})
GIVES = Choice({
    '"Of course," said {who.name}, and gave {other.them} the {thing}.': 1,
    "{who.name} smiled and handed over the {thing}.": 1,
})
KEEPS = Choice({
    '"No," said {who.name}, and put the {thing} away.': 1,
    "{who.name} shook {who.their} head and kept the {thing}.": 1,
})


def find(tell: Teller, town: Any, who: Any, place: Any) -> int:
    """Find a thing that somebody else would like to have; return whether it ends well."""
    found = tell.say(FINDS, who=who, find=town.finds(place))["find"]
    thing = found.split()[-1]
    friend = tell.branch(0.5, 0.5)
    other = tell.fact(who, "friend") if friend else tell.hide(town.others(who))
    tell.say(FRIEND_COMES if friend else OTHER_COMES, who=who, other=other)
    other = tell.reveal(other)
    polite = tell.branch(0.4, 0.6)
    tell.say(POLITE if polite else RUDE, other=other, thing=thing)
    gives = tell.branch(0.1, 0.9) if polite else tell.branch(0.7, 0.3)
    tell.say(GIVES if gives else KEEPS, who=who, other=other, thing=thing)
    tell.note(thing=thing, other=tell.fact(other, "name"), polite=polite, gives=gives)
    return odds(tell, {(1, 1): 0.9, (1, 0): 0.4, (0, 1): 0.3, (0, 0): 0.6}[polite, gives])


AMOUNT, MORE = Choice(NUMBERS[2:8]), Choice(NUMBERS[2:6])
MANY, SOME = Choice(NUMBERS[6:11]), Choice(NUMBERS[2:5])  # at least two are left
PLURALS = Choice(plural for plural, _, _ in THINGS.values())
HAVING = Choice({
    "{who.name} had {amount} {things} in a bag.": 2,
    "{who.name} was carrying {amount} {things}.": 1,
})
GAINS = Choice({
    "A little later {who.they} found {change} more.": 2,
    "{who.friend.name} came by and gave {who.them} {change} more.": 2,
})
LOSSES = Choice({
    "The wind blew {change} of them away.": 2,
    "But {who.pet_name} the {who.pet} ate {change} of them.": 2,
    "Then {change} of them fell into a puddle.": 1,
})
TOTALS = Choice({
    "Now there were {total} {things}.": 2,
    "{who.They} counted again: {total} {things}.": 1,
})


def count(tell: Teller, town: Any, who: Any, place: Any) -> int:
    """Have some things, get or lose a few, and count again; return whether it ends well."""
    gains = tell.branch(0.5, 0.5)
    having = tell.say(HAVING, who=who, amount=AMOUNT if gains else MANY, things=PLURALS)
    change = tell.say(GAINS if gains else LOSSES, who=who, change=MORE if gains else SOME)["change"]
    total = town.total(having["amount"], change, gains)
    tell.say(TOTALS, who=who, total=total, things=having["things"])
    tell.note(thing=having["things"], amount=having["amount"], change=change, gains=gains)
    return odds(tell, 0.85 if gains else 0.25)


TRIPS = Choice({
    "{who.They} wanted to visit {friend.name} in {friend.village}.": 2,
    "From there {who.they} set off to see {friend.name} in {friend.village}.": 1,
})
LOST = Choice({
    "{who.They} took a wrong turn at the {corner} and got lost.": 2,
    "All the signs near the {corner} pointed the wrong way.": 1,
})
AT_HOME = Choice({
    "{friend.name} opened the door, and they ate {friend.food} until it was gone.": 3,
    "{friend.name}, who {friend.habit}, was very glad.": 2,
})
AWAY = Choice({
    "But {friend.name} was not at home.": 1,
    "But {friend.name} was still at work at the {friend.workplace}.": 1,
})


def visit(tell: Teller, town: Any, who: Any, place: Any) -> int:
    """Go to see a friend, who may be out; return whether it ends well."""
    friend = tell.fact(who, "friend")
    tell.say(TRIPS, who=who, friend=friend)
    friend = tell.reveal(friend)
    if tell.branch(0.6, 0.4):
        tell.say(town.saying("village", tell.reveal(tell.fact(friend, "village"))))
    lost = tell.branch(0.7, 0.3)
    if lost:
        tell.say(LOST, who=who, corner=town.places)
    at_home = tell.branch(0.35, 0.65)
    tell.say(AT_HOME if at_home else AWAY, friend=friend)
    tell.note(friend=tell.fact(friend, "name"), lost=lost, at_home=at_home)
    return odds(tell, 0.9 if at_home else 0.2)


NOISES = Choice({
    'Suddenly, something behind {spot} said "{other.sound}".': 2,
    'From {spot} came a voice that said "{other.sound}".': 1,
})
SPOT = Choice(listed("a hedge, a barrel, a piano, a pile of hats, a red door, a boat"))
OWNERS = Choice({
    "It was {other.pet_name}, the {other.pet} of {other.name}.": 2,
    "It was {other.pet_name} the {other.pet}, and {other.name} was looking everywhere.": 1,
})
BROUGHT_BACK = Choice({
    "{who.name} carried {other.pet_name} home to {other.village}.": 2,
    "{who.name} led {other.pet_name} back, and {other.name} danced.": 1,
})
RAN_OFF = Choice({
    "But {other.pet_name} ran off towards {other.village}.": 1,
    "But when {who.name} came closer, {other.pet_name} was gone.": 1,
})


def hear(tell: Teller, town: Any, who: Any, place: Any) -> int:
    """Hear a lost animal before it is seen; return whether it ends well."""
    other = tell.hide(town.others(who))
    tell.say(NOISES, spot=SPOT, other=other)
    tell.say(OWNERS, other=other)
    other = tell.reveal(other)
    back = tell.branch(0.35, 0.65)
    tell.say(BROUGHT_BACK if back else RAN_OFF, who=who, other=other)
    tell.note(other=tell.fact(other, "name"), back=back)
    return odds(tell, 0.95 if back else 0.15)


def odds(tell: Teller, probability: float) -> int:
    """Return 1 with this probability, else 0."""
    return tell.branch(1 - probability, probability)


HAPPY_ENDINGS = Choice({
    "{who.name} went home to {who.village} with a smile.": 3,
    "Back home, {who.they} told {who.pet_name} the {who.pet} all about it.": 3,
    "That night {who.they} had {who.food} for supper.": 2,
    "And the next day {who.they} {who.habit}, as always.": 2,
})
SAD_ENDINGS = Choice({
    "{who.name} walked home to {who.village} without a word.": 3,
    "That night even {who.pet_name} the {who.pet} was quiet.": 3,
    "Not even {who.food} could make it better.": 2,
    "The next day {who.they} {who.habit} again, but it was not the same.": 2,
})
THE_END = Choice(["The end."])


def story(tell: Teller, town: Any) -> None:
    """Tell one story: somebody, a day, one thing that happens, and how it ends."""
    who = introduce(tell, town)
    describe(tell, who)
    place = set_out(tell, town, who)
    if tell.branch(0.7, 0.3):
        tell.say(town.saying("place", place))
    if tell.branch(0.9, 0.1):
        tell.say(SURPRISES)
    plot = tell.branch(0.3, 0.25, 0.25, 0.2)
    happens = (find, count, visit, hear)[plot]
    happy = happens(tell, town, who, place)
    tell.note(who=tell.fact(who, "name"), place=place, plot=happens.__name__, happy=happy)
    tell.say(HAPPY_ENDINGS if happy else SAD_ENDINGS, who=who)
    tell.say(THE_END)


def introduce(tell: Teller, town: Any) -> Any:
    """Say who it is about: one of the cast, or a stranger of whom nothing is known yet."""
    stranger = tell.branch(1 - town.strangers, town.strangers)
    who = town.stranger() if stranger else tell.hide(town.cast)
    tell.say(INTRODUCTIONS, who=who)
    tell.note(job=tell.fact(who, "job"), village=tell.fact(who, "village"))
    return tell.reveal(who)


def describe(tell: Teller, who: Any) -> None:
    """Say more about somebody: at most one thing of each kind."""
    if tell.branch(0.35, 0.65):
        tell.say(PETS, who=who)
        if tell.branch(0.7, 0.3):
            tell.say(PET_SOUNDS, who=who)
    if tell.branch(0.5, 0.5):
        tell.say(HABITS, who=who)
    if tell.branch(0.7, 0.3):
        tell.say(FOODS, who=who)


def set_out(tell: Teller, town: Any, who: Any) -> Any:
    """Say when and where; return the place."""
    if tell.branch(0.75, 0.25):
        tell.say(WORKDAYS, who=who, weather=WEATHER, time=TIME)
        return tell.reveal(tell.fact(who, "workplace"))
    return tell.say(OUTINGS, who=who, weather=WEATHER, time=TIME, place=town.places)["place"]


def sentences() -> list[str]:
    """Return every sentence, its holes open, and everything else that is picked word by word."""
    return [text for choice in globals().values() if isinstance(choice, Choice) for text in choice.values]
