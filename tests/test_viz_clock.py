"""The rotary clock: what Python draws, what the script makes of it, and that both turn as `rotate` does."""

import itertools
import json
import math
import re

import pytest
import torch
from browser import Browser, needs_chromium
from test_viz import NASTY, Page, data_in

from llmlite import viz
from llmlite.model.positions import rope_angles, rope_speeds, rotate
from llmlite.viz.clock import HAND, HEIGHT, SHORT, WIDTH, products

SPEEDS = rope_speeds(6, 50.0)
LAST = 20
DRAWN = torch.randn(2, 2, 6, generator=torch.Generator().manual_seed(3))
VECTORS = {"first": DRAWN[0].tolist(), 'second "<b>"': DRAWN[1].tolist()}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Begin with figure 1, as a new notebook does."""
    monkeypatch.setattr(viz.page, "_numbers", itertools.count(1))


def figure(places=(5, 2), vectors=VECTORS, last=LAST):
    return viz.rotary_clock(vectors, SPEEDS.tolist(), alt="clocks", last=last, places=places).data


def turned(which, query, key):
    """Return query and key of some vectors, each turned to its place by the package."""
    both = DRAWN[which].double()
    return rotate(both, *rope_angles(torch.tensor([query, key]), SPEEDS.double()))


def state(source):
    """Return what a figure shows: hands, products, places, sentence, points of the curve, and the mark."""
    page = Page(source)
    lines = [(attrs["class"], float(attrs["x2"]), float(attrs["y2"])) for attrs, _ in page.all("line")[:-1]]
    shown = [text for _, text in page.all("span", **{"class": "product"})]
    places = [int(text) for _, text in page.all("output")]
    ((_, said),) = page.all("p", **{"class": "said"})
    ((curve, _),) = page.all("polyline")
    points = [tuple(map(float, point.split(","))) for point in curve["points"].split()]
    ((mark, _),) = page.all("circle", **{"class": "now"})
    return lines, shown, places, said, points, (float(mark["cx"]), float(mark["cy"]))


def expected_hands(which, query, key):
    """Return the tips of the hands: the first feature of a pair points up, the second to the right."""
    tips = []
    both = turned(which, query, key)
    for pair in range(3):
        for name, row, length in (("key", 1, SHORT), ("query", 0, HAND)):
            up, right = both[row, pair], both[row, pair + 3]
            size = math.hypot(up, right)
            tips.append((name, float(right) / size * length, -float(up) / size * length))
    return tips


def agrees(found, which, query, key):
    """Say whether a state is that of some vectors and places, as `rotate` has it."""
    lines, shown, places, said, points, mark = found
    for (name, x, y), (wanted, right, down) in zip(lines, expected_hands(which, query, key), strict=True):
        assert name == wanted and (x, y) == pytest.approx((right, down), abs=0.06)
    both = turned(which, query, key)
    parts = [float(both[0, p] * both[1, p] + both[0, p + 3] * both[1, p + 3]) for p in range(3)]
    assert [float(text.replace("−", "-")) for text in shown] == pytest.approx(parts, abs=0.006)
    assert places == [query, key]
    wanted = rf"query at {query}, key at {key}: distance (\S+), score (\S+)"
    distance, score = (float(text.replace("−", "-")) for text in re.fullmatch(wanted, said).groups())
    assert distance == query - key and score == pytest.approx(float(both[0] @ both[1]), abs=0.006)
    assert len(points) == 2 * LAST + 1
    assert mark == pytest.approx(points[distance.__int__() + LAST], abs=0.051), "it lies on the curve"
    widest = sum(math.hypot(*DRAWN[which, 0, p::3]) * math.hypot(*DRAWN[which, 1, p::3]) for p in range(3))
    for m, (x, y) in zip(range(-LAST, LAST + 1), points, strict=True):
        at = turned(which, m, 0)
        assert x == pytest.approx(WIDTH / 2 + (WIDTH / 2 - 14) * m / LAST, abs=0.051)
        assert y == pytest.approx(HEIGHT / 2 * (1 - float(at[0] @ at[1]) / widest * 61 / 75), abs=0.06)


@pytest.mark.parametrize("places", [(5, 2), (0, 0), (2, 20), (20, 0)])
def test_the_first_state_is_drawn_without_a_script(places):
    agrees(state(figure(places)), 0, *places)


def test_products_are_those_of_turned_vectors():
    source = figure()
    for which, pairs in enumerate(data_in(source)[1]["vectors"]):
        for query, key in ((3, 3), (7, 1), (1, 9)):
            both = turned(which, query, key)
            found = products([tuple(pair) for pair in pairs], SPEEDS.tolist(), query - key)
            wanted = [float(both[0, p::3] @ both[1, p::3]) for p in range(3)]
            assert found == pytest.approx(wanted, abs=1e-3)


def test_controls_do_nothing_before_the_script_runs_and_say_so():
    page = Page(figure())
    controls = page.all("input")
    assert [attrs["type"] for attrs, _ in controls] == ["radio", "radio", "range", "range", "checkbox"]
    assert all("disabled" in attrs for attrs, _ in controls)
    assert ["checked" in attrs for attrs, _ in controls[:2]] == [True, False]
    assert [(attrs["min"], attrs["max"], attrs["value"]) for attrs, _ in controls[2:4]] == [
        ("0", "20", "5"),
        ("0", "20", "2"),
    ]
    assert [text.strip() for _, text in page.all("label")] == [
        "first",
        'second "<b>"',
        "place of the query: 5",
        "place of the key: 2",
        "move both",
    ]


def test_how_long_a_turn_takes():
    turns = [text for _, text in Page(figure()).all("span", **{"class": "turn"})]
    assert turns == ["6.3 places a turn", "23 places a turn", "85 places a turn"]
    slow = viz.rotary_clock({"x": ([1, 0], [1, 0])}, [1e-4], alt="x").data
    assert "62,832 places a turn" in slow


def test_signs():
    opposite = {"x": ([1.0, 0.0], [-1.0, 0.0])}
    said = Page(viz.rotary_clock(opposite, [1.0], alt="x", places=(1, 3)).data).all("p")[0][1]
    assert said == "query at 1, key at 3: distance −2, score 0.42"
    nothing = {"x": ([1.0, 0.0], [-0.001, 0.0])}
    said = Page(viz.rotary_clock(nothing, [1.0], alt="x").data).all("p")[0][1]
    assert said.endswith("distance 0, score 0.00"), "no minus before nothing"


def test_what_cannot_be_turned_is_refused():
    with pytest.raises(ValueError, match="'x' has 6 and 4 features: 3 speeds turn 6"):
        figure(vectors={"x": ([0.0] * 6, [0.0] * 4)})
    with pytest.raises(ValueError, match="'x' has 8 and 8 features: 3 speeds turn 6"):
        figure(vectors={"x": ([0.0] * 8, [0.0] * 8)})
    with pytest.raises(ValueError, match="no vectors"):
        figure(vectors={})
    for places in ((-1, 0), (0, 21)):
        with pytest.raises(ValueError, match=r"places=.*last=20"):
            figure(places)
    with pytest.raises(ValueError, match="alt"):
        viz.rotary_clock(VECTORS, SPEEDS.tolist(), alt=" ")


def test_nasty_names_are_text():
    source = figure(vectors=dict.fromkeys(NASTY, VECTORS["first"]))
    page = Page(source)
    radios = [text.strip() for _, text in page.all("label")][: len(NASTY)]
    assert radios == [name.strip() for name in NASTY]
    assert page.all("b") == page.all("i") == [] and len(page.all("script")) == 1
    assert "<b>" not in json.dumps(data_in(source)[1])


@needs_chromium
class TestInBrowser:
    @pytest.fixture(scope="class")
    @classmethod
    def browser(cls):
        with Browser() as started:
            yield started

    @pytest.fixture
    def opened(self, browser, tmp_path):
        """Return a function that opens figures on a page."""

        def opened(*sources):
            path = tmp_path / "page.html"
            path.write_text('<!doctype html><meta charset="utf-8"><body>' + "\n".join(sources), "utf-8")
            browser.open(path.as_uri())
            assert browser.errors == []
            return browser

        yield opened
        assert browser.errors == []

    def state(self, browser, number=0):
        root = f"document.querySelectorAll('.llmlite-clock')[{number}]"
        left_out = "/<style>[^]*?<.style>|<script>[^]*<.script>|<input[^>]*>/g"
        return state(browser.run(f"{root}.outerHTML.replace({left_out}, '')"))

    def slide(self, browser, which, place):
        browser.run(
            f"(slider => {{ slider.value = {place}; slider.dispatchEvent(new Event('input')); }})"
            f"(document.querySelectorAll('input[type=range]')[{which}])"
        )

    @pytest.mark.parametrize("places", [(5, 2), (2, 20)])
    def test_the_script_draws_the_first_state_that_stood_there(self, opened, places):
        source = figure(places)
        browser = opened(source)
        assert self.state(browser)[1:4] == state(source)[1:4]
        agrees(self.state(browser), 0, *places)
        assert browser.run("[...document.querySelectorAll('input')].every(i => !i.disabled)")

    def test_places_and_vectors_can_be_chosen(self, opened):
        browser = opened(figure())
        self.slide(browser, 0, 13)
        agrees(self.state(browser), 0, 13, 2)
        self.slide(browser, 1, 17)
        agrees(self.state(browser), 0, 13, 17)
        browser.run("document.querySelectorAll('input[type=radio]')[1].click()")
        agrees(self.state(browser), 1, 13, 17)
        assert browser.run("[...document.querySelectorAll('input[type=radio]')].map(r => r.checked)") == [
            False,
            True,
        ]

    def test_both_move_together_and_stop_at_the_ends(self, opened):
        browser = opened(figure((5, 2)))
        browser.run("document.querySelector('input[type=checkbox]').click()")
        score = self.state(browser)[3].split(":")[1]
        for which, place, wanted in ((0, 9, (9, 6)), (1, 0, (3, 0)), (0, 0, (3, 0)), (1, 20, (20, 17))):
            self.slide(browser, which, place)
            agrees(self.state(browser), 0, *wanted)
            assert self.state(browser)[3].split(":")[1] == score
            sliders = "[...document.querySelectorAll('input[type=range]')].map(s => Number(s.value))"
            assert browser.run(sliders) == list(wanted)

    def test_arrow_keys_walk_along_the_vectors(self, opened):
        browser = opened(figure())
        browser.run("document.querySelector('input[type=radio]').focus()")
        browser.press("ArrowDown")
        agrees(self.state(browser), 1, 5, 2)

    def test_two_figures_do_not_touch_each_other(self, opened):
        browser = opened(figure((5, 2)), figure((9, 9)))
        browser.run("document.querySelectorAll('.llmlite-clock')[1].querySelectorAll('input')[1].click()")
        self.slide(browser, 0, 20)
        agrees(self.state(browser), 0, 20, 2)
        agrees(self.state(browser, 1), 1, 9, 9)
