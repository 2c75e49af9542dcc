"""The map of words: neighbours by brute force, what is drawn first, and how it answers in a browser."""

import itertools
import json
import math
import random
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import Browser, needs_chromium
from test_viz import NASTY, Page, data_in

from llmlite import viz
from llmlite.viz import map as word_maps

ROOT = Path(__file__).resolve().parents[1]
WORDS = [f"word{i}" for i in range(30)]
KINDS = [("", "red", "blue")[i % 3] for i in range(30)]
VECTORS = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
PLACES = VECTORS[:, :2] * torch.tensor([3.0, 1.0])


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Begin with figure 1, as a new notebook does."""
    monkeypatch.setattr(viz.page, "_numbers", itertools.count(1))


def figure(**changed):
    given = {"words": WORDS, "vectors": VECTORS, "kinds": KINDS, "places": PLACES, "alt": "a map"}
    return viz.word_map(**given | {"first": "word7", "n": 5} | changed).data


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


class TestData:
    def test_neighbours_are_those_with_the_largest_cosines(self):
        _, data = data_in(figure())
        words, rows = data["words"].split(" "), dict(zip(WORDS, VECTORS.tolist(), strict=True))
        assert sorted(words) == sorted(WORDS)
        for word, near, cosines in zip(words, data["near"], data["cosines"], strict=True):
            exact = {other: cosine(rows[word], rows[other]) for other in WORDS if other != word}
            best = sorted(exact, key=lambda other: -exact[other])[:5]
            assert [words[i] for i in near] == best
            assert cosines == [round(100 * exact[other]) for other in best]

    def test_lengths_of_vectors_do_not_matter(self):
        stretched = VECTORS * (1 + torch.arange(30)[:, None])
        assert data_in(figure(vectors=stretched))[1]["near"] == data_in(figure())[1]["near"]

    def test_places_fill_the_map_and_up_is_up(self):
        _, data = data_in(figure())
        words, drawn = data["words"].split(" "), np.array([data["x"], data["y"]]).T
        low, high = drawn.min(0), drawn.max(0)
        assert (low >= word_maps.EDGE).all()
        assert (high <= np.array([word_maps.WIDTH, word_maps.HEIGHT]) - word_maps.EDGE).all()
        assert high[0] - low[0] == word_maps.WIDTH - 2 * word_maps.EDGE, "one axis is filled"
        given = dict(zip(WORDS, PLACES.tolist(), strict=True))
        scale = (high[0] - low[0]) / (PLACES[:, 0].max() - PLACES[:, 0].min()).item()
        one = np.array(given[words[0]])
        for word, place in zip(words, drawn, strict=True):
            step = (np.array(given[word]) - one) * scale * [1, -1]
            assert place == pytest.approx(drawn[0] + step, abs=1.01), "one scale for both axes"

    def test_kept_counts_the_neighbours_that_are_near_on_the_map(self):
        _, data = data_in(figure())
        drawn = list(zip(data["x"], data["y"], strict=True))
        for i, (near, kept) in enumerate(zip(data["near"], data["kept"], strict=True)):
            far = sorted((math.dist(drawn[i], place), j) for j, place in enumerate(drawn) if j != i)
            assert kept == len(set(near) & {j for _, j in far[:5]})
        assert 0 < sum(data["kept"]) < 5 * 30
        flat = data_in(figure(vectors=torch.cat([torch.ones(30, 1) * 50, PLACES], 1)))[1]
        assert sum(flat["kept"]) > 0.8 * 5 * 30, "where nothing is flattened, nearly all are kept"

    def test_kinds_come_in_their_order_and_words_of_none_lie_below(self):
        _, data = data_in(figure())
        assert data["kinds"] == ["red", "blue"]
        assert data["kind"] == [-1] * 10 + [0] * 10 + [1] * 10
        words = data["words"].split(" ")
        assert all(
            KINDS[WORDS.index(w)] == ["", "red", "blue"][k + 1]
            for w, k in zip(words, data["kind"], strict=True)
        )
        assert words[data["first"]] == "word7"

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"words": WORDS[1:]}, "29 words"),
            ({"vectors": VECTORS[1:]}, r"vectors \(29, 4\)"),
            ({"vectors": VECTORS[:, 0]}, r"vectors \(30,\)"),
            ({"kinds": KINDS[1:]}, "29 kinds"),
            ({"places": VECTORS}, r"places \(30, 4\)"),
            ({"words": ["word1", *WORDS[1:]]}, "once"),
            ({"words": ["two words", *WORDS[1:]]}, "no space"),
            ({"words": ["", *WORDS[1:]]}, "no space"),
            ({"first": "word30"}, "'word30' is none of the 30 words"),
            ({"n": 0}, "n=0"),
            ({"n": 30}, "1 to 29"),
            ({"kinds": [str(i % 11) for i in range(30)]}, "11 kinds"),
            ({"alt": " "}, "alt"),
        ],
    )
    def test_what_does_not_belong_together_is_refused(self, changed, message):
        with pytest.raises(ValueError, match=message):
            figure(**changed)


class TestStill:
    def test_every_word_is_a_mark_of_its_kind(self):
        kinds = [("", *"abcdefghij")[i % 11] for i in range(30)]
        source = figure(kinds=kinds)
        _, data = data_in(source)
        page = Page(source)
        groups = [attrs["class"] for attrs, _ in page.all("g") if attrs["class"].startswith("k")]
        assert groups == [f"k{kind}" for kind in range(-1, 10)]
        discs = [(int(a["cx"]), int(a["cy"])) for a, _ in page.all("circle") if a["r"] in ("3", "1.5")]
        diamonds = [
            re.match(r"M(\d+) (\d+)l4 4-4 4-4-4z", a["d"]) for a, _ in page.all("path") if "class" not in a
        ]
        diamonds = [(int(found[1]), int(found[2]) + 4) for found in diamonds]
        expected = list(zip(data["kind"], data["x"], data["y"], strict=True))
        assert [place for place in discs if place != (6, 6)] == [(x, y) for k, x, y in expected if k < 5]
        assert [place for place in diamonds if place != (6, 6)] == [(x, y) for k, x, y in expected if k >= 5]
        assert [text.strip() for attrs, text in page.all("button") if "aria-pressed" in attrs] == list(
            "abcdefghij"
        )

    def test_the_first_word_is_shown_without_a_script(self):
        source = figure()
        _, data = data_in(source)
        page, words, first = Page(source), data["words"].split(" "), data["first"]
        near = [words[i] for i in data["near"][first]]
        assert [text for attrs, text in page.all("button") if "aria-pressed" not in attrs] == near
        assert [text for _, text in page.all("span")] == [f"{c / 100:.2f}" for c in data["cosines"][first]]
        assert [text for _, text in page.all("text", **{"class": "label"})] == ["word7"]
        ((ring, _),) = page.all("circle", **{"class": "ring"})
        assert (int(ring["cx"]), int(ring["cy"])) == (data["x"][first], data["y"][first])
        ((lines, _),) = page.all("path", **{"class": "lines"})
        assert lines["d"].count("M") == lines["d"].count("L") == 5
        ((said, text),) = page.all("p", **{"class": "said"})
        kept = f"{data['kept'][first]} are among the 5 nearest on the map."
        assert text == f"word7 (red): of its 5 nearest words, {kept}"
        assert said["aria-live"] == "polite"
        ((field, _),) = page.all("input")
        assert field["value"] == "word7" and "readonly" in field

    def test_nasty_words_are_text(self):
        nasty = [word for word in NASTY if word.split() == [word]]
        count = len(nasty)
        source = viz.word_map(
            nasty, VECTORS[:count], ["<i>"] * count, PLACES[:count], alt="<b>", first=nasty[0], n=count - 1
        ).data
        page = Page(source)
        assert page.all("b") == page.all("i") == [] and len(page.all("script")) == 1
        assert data_in(source)[1]["words"].split(" ") == nasty
        assert sorted([text for attrs, text in page.all("button")][1:]) == sorted(nasty[1:])

    def test_a_town_is_small(self):
        draw = random.Random(0)
        words = ["".join(draw.choices("abcdefgh", k=9)) for _ in range(320)]
        vectors = torch.randn(320, 32, generator=torch.Generator().manual_seed(1))
        kinds = [str(i % 10) for i in range(320)]
        source = viz.word_map(words, vectors, kinds, vectors[:, :2], alt="x", first=words[0]).data
        assert len(source.encode()) < 57_000


@pytest.fixture(scope="module")
def browser():
    """Start one browser for all tests here."""
    with Browser() as started:
        yield started


@needs_chromium
class TestInBrowser:
    @pytest.fixture
    def opened(self, browser, tmp_path):
        """Return a function that opens the figure on a page."""

        def opened(width=1000, **changed):
            path = tmp_path / "page.html"
            view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
            path.write_text(
                f'<!doctype html><meta charset="utf-8">{view}{figure(**changed)}', encoding="utf-8"
            )
            browser.screen(width, 900, phone=width < 500)
            browser.open(path.as_uri())
            return browser

        yield opened
        assert browser.errors == [] and browser.complaints == []

    def state(self, browser):
        texts = "['.said', '.near', '.label'].map(s => document.querySelector(s).textContent)"
        drawn = "['.lines', '.ring'].map(s => document.querySelector(s).outerHTML)"
        return browser.run(f"[...{texts}, ...{drawn}, document.querySelector('input').value]")

    def choose(self, browser, typed, *events):
        """Put a text into the field, as typing does."""
        browser.run(
            f"(field => {{ field.value = {json.dumps(typed)}; for (const name of {['input', *events]})"
            " field.dispatchEvent(new Event(name)); })(document.querySelector('input'))"
        )

    def test_the_script_draws_what_python_draws(self, opened):
        for word in ("word0", "word7", "word29"):
            wanted = self.state(opened(first=word))
            browser = opened(first="word3")
            self.choose(browser, word)
            assert self.state(browser) == wanted

    @pytest.mark.parametrize("width", [390, 1000])
    def test_a_tap_near_a_point_chooses_it(self, opened, width):
        _, data = data_in(figure())
        browser, words = opened(width), data["words"].split(" ")
        lonely = max(range(30), key=lambda i: min(
            math.dist((data["x"][i], data["y"][i]), (data["x"][j], data["y"][j])) for j in range(30) if j != i
        ))  # fmt: skip
        browser.run(
            "(map => { const box = map.getBoundingClientRect(), scale = box.width / 400;"
            f"map.dispatchEvent(new MouseEvent('click', {{clientX: box.x + {data['x'][lonely] + 3} * scale,"
            f" clientY: box.y + {data['y'][lonely] - 2} * scale}})); }})(document.querySelector('svg.map'))"
        )
        assert self.state(browser)[2] == self.state(browser)[-1] == words[lonely]

    def test_arrow_keys_go_that_way(self, opened):
        _, data = data_in(figure())
        browser, words = opened(), data["words"].split(" ")
        browser.run("document.querySelector('svg.map').focus()")
        before = words.index("word7")
        for key, axis, sign in (
            ("ArrowLeft", "x", -1),
            ("ArrowUp", "y", -1),
            ("ArrowRight", "x", 1),
            ("ArrowDown", "y", 1),
        ):
            browser.press(key)
            after = words.index(self.state(browser)[2])
            assert after == before or (data[axis][after] - data[axis][before]) * sign > 0, key
            before = after
        for _ in range(40):
            browser.press("ArrowLeft")
        assert data["x"][words.index(self.state(browser)[2])] < 60, "it ends at the edge"

    def test_search_takes_small_letters_beginnings_and_says_what_is_missing(self, opened):
        browser = opened(words=["Mina", "mouse", *WORDS[2:]])
        self.choose(browser, "mina")
        assert self.state(browser)[2] == "Mina"
        for typed, chosen in (("mou", "mouse"), ("WORD2", "word2"), ("  mina ", "Mina")):
            self.choose(browser, typed, "change")
            assert self.state(browser)[2] == chosen
        self.choose(browser, "xyz", "change")
        assert self.state(browser)[0] == "No word on the map begins with “xyz”."
        assert self.state(browser)[2] == "Mina", "the map stays"

    def test_a_kind_is_shown_alone_and_then_no_longer(self, opened):
        browser = opened()
        buttons = "[...document.querySelectorAll('.kinds button')]"
        dim = "[...document.querySelectorAll('.marks > g > *')].map(m => m.classList.contains('dim'))"
        browser.click(f"{buttons}[1]")
        assert browser.run(dim) == [True] * 20 + [False] * 10
        browser.click(f"{buttons}[0]")
        assert browser.run(dim) == [True] * 10 + [False] * 10 + [True] * 10
        assert browser.run(f"{buttons}.map(b => b.ariaPressed)") == ["true", "false"]
        browser.click(f"{buttons}[0]")
        assert not any(browser.run(dim)) and browser.run(f"{buttons}[0].ariaPressed") == "false"

    def test_the_mouse_names_the_word_below_it(self, opened):
        browser = opened()
        mark = "document.querySelectorAll('.marks > g > *')[0]"
        x, y = browser.run(
            f"(box => [box.x + box.width / 2, box.y + box.height / 2])({mark}.getBoundingClientRect())"
        )
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        named = browser.run("document.querySelector('.hover').textContent")
        assert named == data_in(figure())[1]["words"].split(" ")[0] and named != "word7"
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
        assert browser.run("document.querySelector('.hover').textContent") == ""

    @pytest.mark.parametrize("width", [390, 1000])
    def test_it_fits(self, opened, width):
        browser = opened(width)
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
