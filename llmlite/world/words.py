"""The words of Tinytown: who may live there, and with what."""


def listed(text: str) -> list[str]:
    """Return the items of a text separated by commas."""
    return [" ".join(item.split()) for item in text.split(",")]


# Zipf's law holds: the first names are the town's best-known people.
NAMES = listed("""
Mina, Oskar, Juno, Felix, Greta, Bruno, Ida, Hugo, Pearl, Anton, Wanda, Rufus, Elsa, Robin, Clara, Milo,
Nora, Casper, Ruby, Jonas, Stella, Emil, Freya, Leo, Daisy, Victor, Agnes, Theo, Hazel, Basil, Ingrid,
Max, Olive, Simon, Tilda, Arthur, Luna, Edgar, Flora, Walter, Ada, Henry, Poppy, Gus, Maud, Ralph,
Sylvie, Finn, Alma, Boris, Dora, Kit, Heidi, Louis, Thea, Marcel, Viola, Ned, Winnie, Jasper, Lotte,
Hector, Rosa, Bert, Esther, Alfie, Minnie, Rolf, Etta, Cyril, Fanny, Magnus, Hilda, Roscoe, Josie, Linus,
Marta, Silas, Opal, Tobias, Petra, Ulrich, Selma, Vernon, Trudy, Wilbur, Vera, Yorick, Willa, Zeno,
Yvette, Amos, Zelda, Benno, Bella, Conrad
""")

# In NAMES she and he take turns, but for these.
THEY = ("Robin", "Kit")

# The forms that a pronoun takes, each named after its form in "they"; with them goes the verb "to be".
FORMS = {
    "they": {"she": "she", "he": "he", "they": "they"},
    "They": {"she": "She", "he": "He", "they": "They"},
    "them": {"she": "her", "he": "him", "they": "them"},
    "their": {"she": "her", "he": "his", "they": "their"},
    "Their": {"she": "Her", "he": "His", "they": "Their"},
    "were": {"she": "was", "he": "was", "they": "were"},
}

VILLAGES = listed("""
Mossford, Puddlewick, Noodle Hill, Upper Button, Lower Button, Three Geese, Windy Gap, Foxglove, Crumbly,
Pebble Bay, Teapot Lane, Much Napping
""")

# What is said of a village, and of a place in town.
VILLAGE_SAYINGS = {
    "Mossford": "Everything in Mossford was a little green.",
    "Puddlewick": "In Puddlewick it had rained since Tuesday.",
    "Noodle Hill": "All roads in Noodle Hill were curly.",
    "Upper Button": "Upper Button looked down on Lower Button, as usual.",
    "Lower Button": "Lower Button was as high up as it wanted to be.",
    "Three Geese": "Three Geese had only two geese.",
    "Windy Gap": "No hat stayed long in Windy Gap.",
    "Foxglove": "In Foxglove even the foxes wore gloves.",
    "Crumbly": "Another bit of Crumbly had just fallen off.",
    "Pebble Bay": "Pebble Bay had run out of pebbles.",
    "Teapot Lane": "Teapot Lane smelled of tea and thunder.",
    "Much Napping": "Nobody in Much Napping was awake.",
}
PLACE_SAYINGS = {
    "bakery": "The bread was still too warm to talk about.",
    "school": "The bell rang at the wrong time.",
    "harbour": "The boats were arguing about the tide.",
    "park": "All the benches were taken by pigeons.",
    "library": "Even the dust was quiet.",
    "mill": "The flour made everyone sneeze.",
    "station": "The train was late and proud of it.",
    "clock tower": "It was half past something.",
    "museum": "The oldest thing on show was the guard.",
    "farm": "The scarecrow needed a haircut.",
    "theatre": "The curtain was stuck again.",
    "hospital": "Everyone there had the hiccups.",
    "orchard": "The apples were pretending to be pears.",
    "observatory": "The stars were still asleep.",
    "market": "Somebody was selling invisible soup.",
    "bridge": "The river was in no hurry.",
}

# job: where it is done
WORKPLACES = {
    "baker": "bakery",
    "teacher": "school",
    "sailor": "harbour",
    "gardener": "park",
    "librarian": "library",
    "miller": "mill",
    "train driver": "station",
    "clockmaker": "clock tower",
    "painter": "museum",
    "farmer": "farm",
    "actor": "theatre",
    "nurse": "hospital",
    "beekeeper": "orchard",
    "astronomer": "observatory",
    "grocer": "market",
    "lamplighter": "bridge",
}

SOUNDS = {
    "dog": "woof",
    "cat": "meow",
    "cow": "moo",
    "duck": "quack",
    "pig": "oink",
    "hen": "cluck",
    "frog": "ribbit",
    "sheep": "baa",
    "owl": "hoot",
    "mouse": "squeak",
    "donkey": "heehaw",
    "goose": "honk",
    "bee": "buzz",
    "snail": "nothing at all",
}

PET_NAMES = listed("""
Biscuit, Pickle, Waffles, Pepper, Captain, Professor, Pudding, Socks, Thunder, Tuesday, Gravy, Admiral,
Mustard, Sprout, Doctor, Crumbs, Bubbles, Hamlet, Turnip, Velvet, Comet, Napkin, Radish, Wellington
""")

FOODS = listed("""
plum jam, cheese on toast, leek soup, honey cake, pickled onions, blueberry pie, buttered peas, burnt
porridge, egg sandwiches, lemon tart, fried potatoes, mushroom stew, cold noodles, ginger biscuits, apple
dumplings, rhubarb pudding
""")

# What somebody is known for: the running jokes of the town.
HABITS = listed("""
wore two left boots, arrived exactly one hour early, counted every step aloud, carried an umbrella in the
sun, bowed to every cloud, kept a spoon behind one ear, walked around each puddle twice, whistled out of
tune, forgot which day it was, wore one hat on top of another, whispered until noon, had jam on one
sleeve, travelled by wheelbarrow, said good morning to the lamp posts, wrote letters to the moon, laughed
at the wrong moment
""")

WEATHERS = ["sunny", "rainy", "windy", "foggy", "snowy", "frosty", "warm", "grey"]
TIMES = ["morning", "afternoon", "evening"]

COLOURS = ["red", "blue", "green", "yellow", "silver", "golden", "tiny", "striped"]

# thing: (how to say more than one, the colours it comes in, the places where one can be found)
THINGS = {
    "button": ("buttons", "red blue silver golden", "school, theatre, hospital, station, museum"),
    "key": ("keys", "silver golden tiny", "clock tower, library, harbour, observatory"),
    "kite": ("kites", "red striped yellow", "park, farm, bridge, mill"),
    "shell": ("shells", "striped silver tiny", "harbour, bridge, museum"),
    "marble": ("marbles", "blue green yellow", "school, park, station, market"),
    "feather": ("feathers", "blue golden striped", "farm, orchard, mill, observatory"),
    "bell": ("bells", "silver golden tiny", "clock tower, theatre, station, school"),
    "ribbon": ("ribbons", "red yellow green", "market, theatre, hospital, bakery"),
    "spoon": ("spoons", "silver tiny golden", "bakery, market, hospital"),
    "map": ("maps", "green yellow tiny", "library, observatory, harbour, museum"),
    "lantern": ("lanterns", "red green silver", "bridge, harbour, mill, clock tower"),
    "pear": ("pears", "green yellow golden", "orchard, market, farm, bakery"),
    "book": ("books", "red blue striped", "library, school, museum, theatre"),
    "stone": ("stones", "striped golden blue", "orchard, park, bridge, farm"),
    "nut": ("nuts", "tiny green golden", "park, orchard, mill, bakery"),
    "hat": ("hats", "striped red blue", "station, theatre, market, hospital"),
}

NUMBERS = listed("""
zero, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve
""")

# Strangers have names that nobody in the cast has: one of each.
SYLLABLES = (
    listed("Ba, Du, Fe, Go, Ka, Lu, Mo, Ni, Po, Ro, Su, Ta, Vi, Zo"),
    listed("la, ri, bo, ne, mu, do, sa, ti, ko, ve"),
    listed("ka, lo, mi, ra, bu, ni, do, ve"),
)


def a(noun: str) -> str:
    """Return the noun with its article.

    Reference: the vowels of spelling are enough for the words above.
    """
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
