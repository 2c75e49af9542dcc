"""Bad input: the message names the value, and what would do."""

import math

import pytest

from llmlite.world import Town

THREE = ["Ada", "Bo", "Cy"]


@pytest.mark.parametrize("seed", [True, 1.0, "7", None])
def test_a_seed_that_is_no_integer(seed):
    with pytest.raises(TypeError) as error:
        Town(seed)
    assert f"seed={seed!r} is {type(seed).__name__}, not an integer" in str(error.value)


@pytest.mark.parametrize("size", [2, 0, -3, 97, 1000, 3.0, "x", True])
def test_a_size_that_the_list_of_names_does_not_have(size):
    with pytest.raises((TypeError, ValueError)) as error:
        Town(size=size)
    assert f"size={size!r}" in str(error.value)
    assert "3 to 96" in str(error.value) and "cast=[...]" in str(error.value)


@pytest.mark.parametrize("strangers", [0, 1, -0.1, 1.5, math.nan, math.inf])
def test_a_share_of_strangers_that_is_none(strangers):
    with pytest.raises(ValueError) as error:
        Town(strangers=strangers)
    assert f"strangers={strangers!r}" in str(error.value)
    assert "above 0 and below 1" in str(error.value)


@pytest.mark.parametrize("strangers", ["x", None, True, [0.5]])
def test_a_share_of_strangers_that_is_no_number(strangers):
    with pytest.raises(TypeError) as error:
        Town(strangers=strangers)
    assert f"strangers={strangers!r}" in str(error.value)


@pytest.mark.parametrize("cast", ["Ada", {"Ada": "baker"}, 42, b"Ada"])
def test_a_cast_that_is_no_list(cast):
    with pytest.raises(TypeError, match=r"^cast"):
        Town(cast=cast)


def test_one_name_instead_of_a_list_is_told_how_to_be_one():
    with pytest.raises(TypeError, match=r"\['Ada'\]"):
        Town(cast="Ada")


@pytest.mark.parametrize("entry", [None, 3, ["name", "Ada"], ("name",), b"Ada"])
def test_an_entry_that_is_neither_name_nor_dict(entry):
    with pytest.raises(TypeError) as error:
        Town(cast=[*THREE, entry])
    assert f"cast: {entry!r}" in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "ada",
        "4da",
        "Ada4",
        "Ada_Bo",
        "O'Neil",
        "-Ada",
        "Ada-",
        "Ada ",
        " Ada",
        "Mary  Ann",
        "Ada\n",
        "Dr. No",
    ],
)
def test_a_name_that_is_none(name):
    for entry in (name, {"name": name}):
        with pytest.raises(ValueError) as error:
            Town(cast=[*THREE, entry])
        assert repr(entry) in str(error.value)
        assert "letters" in str(error.value) and "capital" in str(error.value)


@pytest.mark.parametrize("entry", [{"job": "baker"}, {}, {"name": None}, {"name": 3}])
def test_an_entry_without_a_name(entry):
    with pytest.raises(ValueError) as error:
        Town(cast=[*THREE, entry])
    assert repr(entry) in str(error.value) and "needs a name" in str(error.value)


@pytest.mark.parametrize(
    ("attribute", "value", "known"),
    [
        ("job", "pirate", "baker, teacher"),
        ("job", "Baker", "baker, teacher"),
        ("job", None, "baker"),
        ("pronoun", "it", "she, he, they"),
        ("village", "London", "Mossford"),
        ("pet", "dragon", "dog, cat"),
        ("pet_name", "Rex", "Biscuit"),
        ("food", "pizza", "plum jam"),
        ("habit", "sang", "wore two left boots"),
    ],
)
def test_a_fact_that_the_town_does_not_know(attribute, value, known):
    with pytest.raises(ValueError) as error:
        Town(cast=[{"name": "Di", attribute: value}, *THREE])
    message = str(error.value)
    assert "Di" in message and f"{attribute} {value!r}" in message and f"known are {known}" in message


@pytest.mark.parametrize("attribute", ["jobb", "workplace", "sound", "a_job", "they", 3])
def test_an_attribute_that_nobody_has(attribute):
    with pytest.raises(ValueError) as error:
        Town(cast=[{"name": "Di", attribute: "baker"}, *THREE])
    message = str(error.value)
    assert "Di" in message and repr(attribute) in message
    assert all(
        each in message
        for each in ("pronoun", "job", "village", "pet", "pet_name", "food", "habit", "friend")
    )


@pytest.mark.parametrize("friend", ["Zed", "Di", "", None])
def test_a_friend_who_is_nobody_else_of_the_cast(friend):
    with pytest.raises(ValueError) as error:
        Town(cast=[{"name": "Di", "friend": friend}, *THREE])
    assert f"Di's friend {friend!r}" in str(error.value)


def test_a_name_that_stands_twice():
    with pytest.raises(ValueError, match="'Ada' stands twice"):
        Town(cast=[*THREE, {"name": "Ada"}])


@pytest.mark.parametrize("cast", [[], ["Ada"], ["Ada", "Bo"]])
def test_too_few_people(cast):
    with pytest.raises(ValueError, match=f"{len(cast)} people are too few.*at least 3"):
        Town(cast=cast)


def test_what_is_no_mistake():
    assert list(Town(cast=iter(THREE)).people) == THREE
    assert list(Town(cast=({"name": name} for name in THREE)).people) == THREE
    facts = {"name": "Zoë", "job": "actor", "pronoun": "they", "friend": "Mary Ann", "village": "Crumbly"}
    zoe = Town(-1, cast=[facts, "Mary Ann", "Ann-Marie"], strangers=0.99).people["Zoë"].facts
    assert zoe["friend"].facts["name"] == "Mary Ann"
    assert (zoe["a_job"], zoe["workplace"], zoe["They"], zoe["village"]) == (
        "an actor",
        "theatre",
        "They",
        "Crumbly",
    )
    assert len(Town(size=3).people) == 3 and len(Town(size=96).people) == 96
    given = [dict(facts), "Mary Ann", "Ann-Marie"]
    Town(cast=given)
    assert given[0] == facts, "what was given is not changed"
