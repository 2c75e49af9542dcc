"""The map is one picture that needs nothing else, shows everybody, and stays the same."""

import re
from xml.etree import ElementTree

import pytest

from llmlite.world import Town
from llmlite.world import map as map_module
from llmlite.world.map import HEIGHT, MOST_HOUSES, WIDTH, draw_map, drawing, listing
from llmlite.world.words import VILLAGES, WORKPLACES

SVG = "{http://www.w3.org/2000/svg}"
TOWN = Town()


def houses(svg):
    """Return how many houses each village has."""
    tree = ElementTree.fromstring(svg)
    groups = {g.find(f"{SVG}text[@class='village']").text: g for g in tree.findall(f"{SVG}g")
              if g.find(f"{SVG}text[@class='village']") is not None}  # fmt: skip
    return {name: len(group.findall(f"{SVG}g")) for name, group in groups.items()}


def test_it_is_the_same_picture_for_the_same_town():
    assert TOWN.map() == Town().map() == draw_map(TOWN.people.values())
    assert TOWN.map() != Town(1).map()


def test_it_needs_nothing_else_and_names_itself():
    svg = TOWN.map()
    root = ElementTree.fromstring(svg)
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}" and root.get("role") == "img"
    assert "64" in root.find(f"{SVG}title").text
    assert all(name in root.find(f"{SVG}desc").text for name in [*VILLAGES, *WORKPLACES.values()])
    outside = svg.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|href|url\(|<script|<image|@import|@font-face| id=", outside)
    assert len(svg.encode()) < 60_000, "the limit of one output in a chapter"


def test_every_place_and_village_is_written_and_in_its_box():
    assert list(map_module.VILLAGES) and set(map_module.VILLAGES) == set(VILLAGES)
    assert set(map_module.PLACES) == set(WORKPLACES.values())
    written = [text.text for text in ElementTree.fromstring(TOWN.map()).iter(f"{SVG}text")]
    assert {*VILLAGES, *WORKPLACES.values(), "Gerald"} <= set(written)
    for name, (x, y, *_) in {**map_module.PLACES, **map_module.VILLAGES}.items():
        half = 5.2 * len(name)  # at the size for phones, bold
        assert half < x < WIDTH - half and 30 < y < HEIGHT - 20, name


def test_no_label_lies_on_another_even_at_the_size_for_phones():
    spots = [(name, x, y) for name, (x, y, *_) in {**map_module.PLACES, **map_module.VILLAGES}.items()]
    for i, (one, x, y) in enumerate(spots):
        for other, u, v in spots[i + 1 :]:
            assert abs(x - u) > 4.6 * (len(one) + len(other)) or abs(y - v) > 18, (one, other)


@pytest.mark.parametrize("town", [TOWN, Town(3, size=96), Town(5, cast=["Ada", "Bo", "Cy"])])
def test_tooltips_say_who_lives_and_works_where(town):
    titles = [title.text for title in ElementTree.fromstring(town.map()).iter(f"{SVG}title")]
    for name, person in town.people.items():
        home = next(title for title in titles if title.startswith(f"{person.facts['village']}. "))
        work = next(title for title in titles if title.startswith(f"The {person.facts['workplace']}. "))
        assert f"{name} the {person.facts['job']}" in home
        assert re.search(rf"\b{name}\b", work)
        assert sum(f" {name} the " in title for title in titles) == 1


def test_a_village_has_a_house_for_everybody():
    living = {v: sum(p.facts["village"] == v for p in TOWN.people.values()) for v in VILLAGES}
    assert houses(TOWN.map()) == living


def test_houses_are_in_proportion_where_there_are_too_many_people():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    cast = [{"name": c + "a", "village": "Mossford"} for c in letters]
    cast += [{"name": c + "o", "village": "Crumbly"} for c in letters[:5]]
    drawn = houses(Town(cast=cast).map())
    assert drawn == {village: {"Mossford": 9, "Crumbly": 2}.get(village, 0) for village in VILLAGES}
    assert max(drawn.values()) <= MOST_HOUSES


def test_drawings_are_well_formed():
    assert (
        drawing("w M0,0h2|r@1,2,3") == '<path class="w" d="M0,0h2"/><circle class="r" cx="1" cy="2" r="3"/>'
    )
    assert drawing("") == ""
    colours = set(re.findall(r"\.tinytown \.(\w)\{", map_module.STYLE))
    used = set(re.findall(r'(?:path|circle) class="(\w)"', TOWN.map()))
    assert used == colours, "every colour is defined, and none for nothing"
    for path in re.findall(r' d="([^"]*)"', TOWN.map()):
        assert re.fullmatch(r"[MmLlHhVvCcSsQqTtAaZz0-9., -]+", path) and path[0] == "M", path


def test_listing():
    assert [listing(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
