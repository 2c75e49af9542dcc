"""The map of Tinytown, drawn from tables: what stands where, and who lives there.

A drawing is a text of pieces separated by "|". The first letter of a piece is its colour (see `STYLE`); the
rest is an SVG path, or after "@" a circle as x,y,radius. At 0,0 a thing touches the ground; y points down.
"""

from collections.abc import Iterable, Sequence
from html import escape

from llmlite.world.facts import Person
from llmlite.world.words import PLACE_SAYINGS, VILLAGE_SAYINGS

WIDTH, HEIGHT = 720, 540
MOST_HOUSES = 10  # in the largest village; the others have as many in proportion

STYLE = """
.tinytown{max-width:100%;height:auto;font:14px Georgia,'Times New Roman',serif}
.tinytown path,.tinytown circle{stroke:#54443a;stroke-width:1.2;stroke-linejoin:round;stroke-linecap:round}
.tinytown .land{fill:#e6ebc8;stroke:none} .tinytown .town{fill:#f3e9cd;stroke:#d8c699}
.tinytown .water{fill:#a9cbd8;stroke:#7fa9ba} .tinytown .river{fill:none;stroke:#a9cbd8;stroke-width:15}
.tinytown .bank{fill:none;stroke:#7fa9ba;stroke-width:18} .tinytown .h{fill:#c5d49b;stroke:#a3b878}
.tinytown .edge{fill:none;stroke:#cdb98a;stroke-width:9}
.tinytown .road{fill:none;stroke:#fbf6e6;stroke-width:6}
.tinytown .w{fill:#fffaf0} .tinytown .r{fill:#cc6650} .tinytown .b{fill:#6f9fc0} .tinytown .g{fill:#93b36f}
.tinytown .d{fill:#5f8558} .tinytown .y{fill:#eac05c} .tinytown .t{fill:#a97b57} .tinytown .s{fill:#cbc3b3}
.tinytown .p{fill:#c79bc0} .tinytown .k{fill:#54443a} .tinytown .n{fill:none}
.tinytown text{fill:#43352c;text-anchor:middle}
.tinytown text{paint-order:stroke;stroke:#f8f2de;stroke-width:3.5;stroke-linejoin:round}
.tinytown .village{font-weight:bold} .tinytown .sea{fill:#2f5566;stroke:#a9cbd8;font-style:italic}
.tinytown .big{font-size:32px}
@media (max-width:560px){.tinytown{font-size:17px}}
"""

# The buildings of the town: where they stand, and how they look.
PLACES = {
    "school": (196, 152, "w M-18,0v-14h36v14z|r M-21,-14L0,-24L21,-14z|w M-4,-23v-8h8v8z"
        "|r M-6,-31L0,-38L6,-31z|y@0,-26,2|t M-3,0v-9h6v9z|b M-14,-10h6v5h-6z|b M8,-10h6v5h-6z"),
    "theatre": (284, 150, "w M-18,0v-26h36v26z|r M-20,-26Q0,-42 20,-26z|y@0,-31,2.5"
        "|r M-18,-26h13q0,14 -9,18v8h-4z|r M18,-26h-13q0,14 9,18v8h4z"),
    "library": (436, 150, "w M-19,0v-18h38v18z"
        "|b M-22,-18Q-11,-29 0,-20Q11,-29 22,-18L19,-14Q9,-22 0,-14Q-9,-22 -19,-14z|t M-3,0v-9h6v9z"
        "|r M-15,-10h2v8h-2z|g M-12,-10h2v8h-2z|y M10,-10h2v8h-2z|r M13,-10h2v8h-2z"),
    "observatory": (528, 154, "w M-15,0v-14h30v14z|b M-17,-14a17,17 0 0,1 34,0z"
        "|w M1,-27L13,-40L18,-36L7,-22z|t M-3,0v-9h6v9z"
        "|y M-20,-34l2,4 4,1 -3,3 1,4 -4,-2 -4,2 1,-4 -3,-3 4,-1z"),
    "bakery": (166, 232, "w M-16,0v-16h32v16z|r M-19,-16L-12,-28H12L19,-16z|t M-12,0v-10h8v10z"
        "|b M1,-11h10v6h-10z|y M-8,-19q8,-9 16,0z|t M8,-28v-6h5v6z|n M10,-36q-4,-4 0,-7q4,-3 0,-7"),
    "market": (252, 228, "t M-17,0v-9h34v9z|n M-17,-9v-12M17,-9v-12|w M-20,-21L-15,-31H15L20,-21z"
        "|r M-20,-21L-15,-31H-9L-12,-21z|r M-4,-21L-3,-31H3L4,-21z|r M12,-21L9,-31H15L20,-21z"
        "|g@-10,-12,3.4|r@-2,-12,3.4|y@7,-12,3.4"),
    "bridge": (356, 236, "s M-31,3Q0,-27 31,3L26,8Q18,-4 11,8H4Q0,-4 -4,8H-11Q-18,-4 -26,8z"
        "|n M-29,-4Q0,-32 29,-4|n M-20,-4v-7M-10,-10v-7M0,-12v-6M10,-10v-7M20,-4v-7|y@0,-21,3"),
    "museum": (450, 230, "s M-20,0v-4h40v4z|w M-16,-4v-15h32v15z"
        "|n M-11,-4v-15M-4,-4v-15M4,-4v-15M11,-4v-15|s M-21,-19L0,-32L21,-19z|y@0,-24,2.5"),
    "hospital": (546, 230, "w M-17,0v-26h34v26z|g M-19,-26h38l-5,-6h-28z"
        "|r M-2,-22h4v4h4v4h-4v4h-4v-4h-4v-4h4z|t M-4,0v-7h8v7z|b M-14,-8h5v4h-5z|b M9,-8h5v4h-5z"),
    "orchard": (168, 312, "t M-14,0v-9h4v9z|t M10,0v-9h4v9z|g@-12,-17,11|g@12,-17,11|r@-16,-19,2"
        "|r@-9,-14,2|r@-11,-23,2|r@8,-20,2|r@15,-22,2|r@13,-13,2|y M-5,0v-4h1v-4q4,-6 8,0v4h1v4z|k@0,-4,1"),
    "clock tower": (262, 304, "w M-8,0v-36h16v36z|r M-11,-36L0,-50L11,-36z|y@0,-27,6|n M0,-31v4h3"
        "|t M-3,0v-8h6v8z"),
    "station": (352, 312, "n M-24,0h48|r M-20,-4v-11h26v11z|b M6,-4v-21h13v21z|w M9,-21h7v6h-7z"
        "|k M-16,-15v-8h5v8z|s@-14,-3,3.5|s@-3,-3,3.5|s@11,-3,4|w@-12,-29,4|w@-4,-34,5"),
    "park": (526, 312, "t M-14,0v-10h4v10z|d@-12,-18,10|g@-5,-22,7|n M0,-1v-7M17,-1v-7|t M-2,-8h21v3h-21z"
        "|t M-2,-14h21v3h-21z|s M6,-16q0,-4 4,-4q2,-3 4,0l-2,1q0,4 -5,4z"),
    "farm": (216, 388, "r M-16,0v-14L-11,-24L0,-31L11,-24L16,-14V0z|w M-6,0v-11h12v11z"
        "|n M-6,0L6,-11M-6,-11L6,0|w@0,-20,3|y M17,0q-1,-11 7,-11q8,0 7,11z"),
    "mill": (312, 390, "w M-11,0L-7,-26H7L11,0z|r M-9,-26Q0,-38 9,-26z|t M-3,0v-8h6v8z"
        "|y M0,-28L15,-45L19,-41z|y M0,-28L17,-13L13,-9z|y M0,-28L-15,-11L-19,-15z"
        "|y M0,-28L-17,-43L-13,-47z|k@0,-28,1.5"),
    "harbour": (478, 412, "t M-34,-14h26v4h-26z|n M-30,-10v9M-21,-10v9M-12,-10v9|t M-8,-6H20L15,3H-3z"
        "|n M5,-6V-37|w M7,-35Q20,-22 17,-9H7z|r M3,-31Q-8,-20 -7,-9H3z"),
}  # fmt: skip

# The villages: where their houses stand, the colour of the roofs, the road to town, and what else there is.
VILLAGES = {
    "Noodle Hill": (92, 84, "y", "M92,78C150,96 158,74 142,68S118,88 140,104S206,92 196,80S170,104 188,118"
        "S162,144 196,158", ""),
    "Mossford": (252, 62, "g", "M252,56Q272,120 284,156", "d@-50,-4,7|g@-41,-2,5|d@44,-4,5|g@51,-2,4"),
    "Windy Gap": (430, 68, "b", "M430,62Q446,110 436,156",
        "w M-52,-36q-8,-1 -7,-8q2,-7 9,-5q5,-9 13,-3q8,-2 8,6q6,1 5,7q-2,4 -7,3z"
        "|w M-19,-34q-5,-2 -3,-8q3,-5 9,-3q6,-8 13,-1q8,-1 8,6q4,3 0,6z"
        "|n M17,-46h22q6,-1 4,-6M14,-40h36q6,1 4,6M20,-34h17"),
    "Upper Button": (612, 58, "r", "M634,79Q560,92 560,124T528,160", ""),
    "Lower Button": (644, 182, "r", "M644,176Q600,196 546,238", "g@46,-4,6|t M45,2v-3h2v3z"),
    "Foxglove": (644, 288, "p", "M644,282Q600,262 546,240", "d M-62,2L-54,-22L-46,2z"
        "|d M-51,4L-44,-16L-37,4z|r M37,2q-2,-8 8,-9h6l1,-6 3,3h3l3,-3 1,6 -5,5q1,4 -2,4z"
        "|w M37,2q4,-6 9,0q-4,3 -9,0z|k M47,2h3v2h-3zM53,2h3v2h-3z"),
    "Pebble Bay": (630, 398, "b", "M630,392Q580,360 526,320", "s@-58,24,4|s@-49,27,3|w@-42,25,2.5"
        "|s@52,23,4|w@60,21,3"),
    "Puddlewick": (392, 500, "b", "M392,494Q350,440 312,396", "b M-62,2q10,-7 20,0q-8,6 -20,0z"
        "|b M42,3q9,-5 17,0q-8,5 -17,0z|s M24,-32q-6,-1 -5,-7q3,-5 8,-3q5,-7 12,-1q7,-1 7,6q3,3 -1,5z"
        "|n M27,-27l-2,6M34,-27l-2,6M41,-27l-2,6"),
    "Teapot Lane": (248, 502, "p", "M248,496Q242,440 216,394", "w M40,0q-10,-20 8,-22q20,0 13,22z"
        "|w M62,-14q10,-2 8,-10q5,9 -6,15z|n M39,-15q-11,-1 -5,11|r@49,-24,2.5"
        "|n M72,-28q-4,-4 0,-7q4,-3 0,-7"),
    "Three Geese": (118, 494, "y", "M118,488Q160,456 180,420T216,394",
        "b M-104,-22Q-112,-2 -84,-8T-48,-20T-104,-22z"),
    "Much Napping": (72, 362, "g", "M72,356Q120,348 168,318",
        "n M28,-26h8l-8,9h8M38,-39h7l-7,8h7M47,-50h5l-5,6h5"),
    "Crumbly": (78, 226, "t", "M78,220Q120,250 166,238", "s M-66,8L-58,-6H-44L-38,6L-46,14L-42,24H-60z"
        "|s M-34,26l4,-3 4,3 -2,4h-5z|s M-54,34l3,-3 4,2 -1,4h-5z"),
}  # fmt: skip
# What two of them stand on.
HILLS = {
    "Noodle Hill": "h M-78,8Q-40,-62 0,-58Q42,-62 74,8z",
    "Upper Button": "s M-74,16L-66,40L-56,32L-44,48L-26,36L-8,52L14,38L34,50L48,36L64,42L72,16z"
        "|h M-74,16L-62,-4Q0,-16 60,-4L72,16Q0,34 -74,16z",
}  # fmt: skip
STREETS = (
    "M196,158Q240,148 284,156Q270,196 252,234M166,238Q210,228 252,234T356,232T450,236T546,236",
    "M166,238Q150,280 168,318T216,394Q264,376 312,396M252,234Q276,280 262,310T216,394",
    "M262,310Q310,300 352,318T312,396M436,156Q462,190 450,236M528,160Q560,196 546,236T526,318",
    "M436,156Q480,138 528,160M526,318Q480,350 452,404",
)

GOOSE = (
    "w M-8,-5q5,-5 11,-3l1,-9q2,-5 6,-2q2,3 -1,7q1,10 -8,10q-8,1 -12,-5z"
    "|y M10,-14l5,2 -5,1z|k@7.5,-13,.6|y M-1,-2v4h2M3,-2v4h2"
)
WAVE = "n M-8,0q4,-4 8,0t8,0"
TREE = "t M-1.5,0v-6h3v6z|g@0,-10,6"
FIR = "t M-1,0v-3h2v3z|d M-6,-3L0,-18L6,-3z"

# Other things that can be seen: where, what, and what is said of it.
SIGHTS = [
    (28, 474, GOOSE, "One of the two geese of Three Geese."),
    (54, 486, GOOSE, "The other goose of Three Geese."),
    (488, 344, "y M-9,-9a9,9 0 1,1 9,9a9,9 0 0,1 -9,-9L0,-9V0|n@3,-12,1.5|n@4,-5,1|n M-14,-3h-7M-13,-9h-6",
     "A wheel of cheese, followed by nobody."),
    (454, 300, "s M-7,0v-9h14v9z|g M-4,-9q0,-12 4,-12q4,0 4,12z|g@0,-24,3.5|g M-5,-26h10l-2,-3h-6z",
     "The statue of the mayor. It seemed to wink."),
    (298, 454, "y M-10,-25H7L3,-17V-6q0,6 -7,6q-7,0 -7,-6V-11h4v4q0,3 3,3q3,0 3,-3V-17z"
     "|n M-3,-13h9M-3,-9h9M-13,-30l-2,-3M8,-30l3,-3",
     "Somebody dropped a tuba."),
    *((x, y, WAVE, "") for x, y in ((530, 452), (482, 520), (684, 462), (624, 462), (480, 478))),
    *((x, y, TREE, "") for x, y in ((34, 146), (52, 152), (342, 66), (488, 112), (700, 352), (40, 290))),
    *((x, y, FIR, "") for x, y in ((518, 40), (532, 46), (506, 48), (694, 232), (20, 396), (36, 402))),
]  # fmt: skip


def draw_map(people: Iterable[Person]) -> str:
    """Return the map of a town as SVG that needs nothing else: the same people, the same text.

    Args:
        people: the cast; their villages and workplaces are named in tooltips, and every village has houses in
            proportion to how many of them live there.
    """
    people = list(people)
    title = f"A map of Tinytown, with {len(people)} of its people"
    about = f"Around a town on a river lie {listing(list(VILLAGES))}; in it are {listing(list(PLACES))}."
    return "\n".join([
        '<svg class="tinytown" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">',
        f"<title>{title}</title><desc>{about}</desc><style>{STYLE}</style>",
        *ground(),
        *(village(name, people) for name in VILLAGES),
        *(place(name, people) for name in PLACES),
        *(thing(x, y, drawing(what), says) for x, y, what, says in SIGHTS),
        gerald(),
        label(590, 500, "Tinytown", "sea big"),
        label(590, 524, f"{len(people)} people, three geese", "sea"),
        "</svg>\n",
    ])


def drawing(pieces: str) -> str:
    """Return the pieces of a drawing as SVG."""
    shapes = []
    for piece in filter(None, pieces.split("|")):
        colour, rest = piece[0], piece[1:].strip()
        if rest.startswith("@"):
            x, y, radius = rest[1:].split(",")
            shapes.append(f'<circle class="{colour}" cx="{x}" cy="{y}" r="{radius}"/>')
        else:
            shapes.append(f'<path class="{colour}" d="{rest}"/>')
    return "".join(shapes)


def thing(x: float, y: float, content: str, says: str) -> str:
    """Return something at its place on the map, with a tooltip."""
    tooltip = f"<title>{escape(says)}</title>" if says else ""
    return f'<g transform="translate({x:g} {y:g})">{tooltip}{content}</g>'


def label(x: float, y: float, text: str, kind: str) -> str:
    """Return a written name."""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def ground() -> list[str]:
    """Return what lies under everything: land, town, water, roads."""
    sea = "M446,540C470,506 446,470 460,440Q474,416 494,424C560,448 640,444 720,424V526q0,14 -14,14z"
    river = "M306,0C290,44 330,80 344,120S368,190 356,240S424,300 432,334S460,390 482,436"
    town = "M134,200C120,120 250,104 350,108S600,96 600,200S604,330 560,348S440,400 400,410S136,440 134,200z"
    roads = [road for _, _, _, road, _ in VILLAGES.values()] + list(STREETS)
    hills = [thing(*VILLAGES[name][:2], drawing(hill), "") for name, hill in HILLS.items()]
    return [
        f'<rect class="land" width="{WIDTH}" height="{HEIGHT}" rx="14"/>',
        f'<path class="town" d="{town}"/>',
        *hills,
        f'<path class="bank" d="{river}"/>',
        f'<path class="water" d="{sea}"/>',
        f'<path class="river" d="{river}"/>',
        *(f'<path class="{kind}" d="{road}"/>' for kind in ("edge", "road") for road in roads),
    ]


def village(name: str, people: Sequence[Person]) -> str:
    """Return a village with as many houses as its share of the people asks for."""
    x, y, roof, _, extra = VILLAGES[name]
    homes = {each: [p for p in people if p.facts["village"] == each] for each in VILLAGES}
    in_a_house = -(-max(len(home) for home in homes.values()) // MOST_HOUSES)
    count = -(-len(homes[name]) // in_a_house)
    houses = "".join(house(i, count, roof) for i in range(count))
    who = listing([f"{p.facts['name']} the {p.facts['job']}" for p in homes[name]]) or "nobody we know"
    says = f"{name}. {VILLAGE_SAYINGS[name]} Who lives here: {who}."
    return thing(x, y, drawing(extra) + houses + label(0, 16, name, "village"), says)


def house(i: int, count: int, roof: str) -> str:
    """Return house `i` of a village: they stand in two rows, the back row is drawn first."""
    back = count // 2 if count > 5 else 0
    row, place = (back, i) if i < back else (count - back, i - back)
    x, y = 15 * (place - (row - 1) / 2), -11 if i < back else 0
    wall = 8 + (2 * i + count) % 3  # neighbours differ in height
    walls = f"w M-5,0v-{wall}h10v{wall}z|t M-1.5,0v-4h3v4z|{roof} M-7,{1 - wall}L0,{-6 - wall}L7,{1 - wall}z"
    return thing(x, y, drawing(walls), "")


def place(name: str, people: Iterable[Person]) -> str:
    """Return one of the town's buildings, and who works there."""
    x, y, look = PLACES[name]
    who = listing([p.facts["name"] for p in people if p.facts["workplace"] == name])
    says = f"The {name}. {PLACE_SAYINGS[name]} Who works here: {who or 'nobody we know'}."
    return thing(x, y, drawing(look) + label(0, 15, name, "place"), says)


def gerald() -> str:
    """Return the goose that is missing in Three Geese."""
    steps = "".join(f"n M{-14 - 9 * i},{6 + 5 * i}l3,-1M{-16 - 9 * i},{3 + 5 * i}l3,-1|" for i in range(4))
    says = "A goose called Gerald. He walks past and says nothing."
    return thing(160, 442, drawing(steps + GOOSE) + label(34, 6, "Gerald", "place"), says)


def listing(items: Sequence[str]) -> str:
    """Return items as in a sentence: with commas, and an "and" before the last."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
