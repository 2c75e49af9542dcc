"""A text at several depths: what Python draws first, what the script makes of it, and that both agree."""

import itertools
import re

import pytest
from browser import Browser, needs_chromium
from test_viz import NASTY, Page

from llmlite import viz
from llmlite.viz.layers import GUESSES, layers

WORDS = ["Mina", "had", "a", "cat", "\n"]
TRUTH = [{"Mina": 0.5, "Oskar": 0.5}, {"had": 1.0}, {"a": 0.75, "one": 0.25}, {"cat": 1.0}, {"\n": 1.0}]
GUESSES_BY_DEPTH = {
    "the table": [{"the": 0.9}, {"was": 1.0}, {"a": 0.1, "the": 0.9}, {"dog": 0.6, "cat": 0.006}, {".": 1.0}],
    "block 1": [{"Mina": 0.2}, {"had": 0.5, "was": 0.5}, {"a": 0.8}, {"cat": 0.3}, {"\n": 0.4}],
    "block 2": [{"Mina": 0.7}, {"had": 0.99}, {"a": 0.7}, {"cat": 0.95, "hen": 0.0}, {"\n": 1.0}],
}
DEPTHS = list(GUESSES_BY_DEPTH)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Begin with figure 1, as a new notebook does."""
    monkeypatch.setattr(viz.page, "_numbers", itertools.count(1))


def figure(**options):
    return layers(WORDS, TRUTH, GUESSES_BY_DEPTH, alt="a story", **options).data


def pressed(buttons):
    return [i for i, (attrs, _) in enumerate(buttons) if attrs["aria-pressed"] == "true"]


def rows(source):
    """Return the rows of the table: (name, share of the bar, share as text, choices)."""
    found = []
    for row in re.findall(r"<tr>(.*?)</tr>", source.split("<tbody>")[1].split("</tbody>")[0]):
        page = Page(row)
        bar = page.all("span", **{"class": "bar"})[0][0]["style"]
        share = float(re.fullmatch(r"--share: ?([\d.]+);?", bar)[1])
        texts = [page.all("th")[0][1], page.all("td")[0][1], page.all("td")[1][1]]
        found.append((texts[0], pytest.approx(share, abs=6e-4), *texts[1:]))
    return found


def expected(chosen):
    """Return what the rows must be, from the distributions."""
    word, found = WORDS[chosen], []
    for name, probs in (
        *((depth, row[chosen]) for depth, row in GUESSES_BY_DEPTH.items()),
        ("the town", TRUTH[chosen]),
    ):
        best = sorted((w for w in probs if probs[w] > 0), key=lambda w: -probs[w])[:GUESSES]
        said = ", ".join(f"{'⏎' if w == chr(10) else w} {viz.percents([probs[w]])}" for w in best)
        share = probs.get(word, 0.0)
        found.append((name, share, viz.percents([share]), said))
    return found


def shades(source):
    return [
        float(attrs["style"].removeprefix("--lost:").strip(" ;"))
        for attrs, _ in Page(source).all("button", type="button")
        if "style" in attrs
    ]


def withheld(depth):
    pairs = zip(WORDS, TRUTH, GUESSES_BY_DEPTH[DEPTHS[depth]], strict=True)
    return pytest.approx([max(exact.get(w, 0) - said.get(w, 0), 0) for w, exact, said in pairs], abs=6e-4)


@pytest.mark.parametrize("first", range(len(WORDS)))
def test_the_first_state_is_drawn_without_a_script(first):
    source = figure(first=first)
    buttons = Page(source).all("button")
    assert [text for _, text in buttons] == ["Mina", "had", "a", "cat", "⏎", *DEPTHS]
    assert pressed(buttons) == [first, len(WORDS) + len(DEPTHS) - 1], "one word, and the last depth"
    assert rows(source) == expected(first)
    assert shades(source) == withheld(len(DEPTHS) - 1)


def test_heads_and_labels():
    page = Page(figure(labels=("after <b>", "the & town")))
    assert [text for _, text in page.all("th", scope="col")] == ["after <b>", "this word", "first choices"]
    assert [text for _, text in page.all("th", scope="row")] == [*DEPTHS, "the & town"]


def test_nasty_words_are_text():
    probs = [{word: 1.0} for word in NASTY]
    page = Page(layers(NASTY, probs, {"<i>": probs}, alt='"', labels=("</script>", "&lt;"), first=4).data)
    assert [text for _, text in page.all("button")] == ["⏎" if w == "\n" else w for w in NASTY] + ["<i>"]
    assert page.all("b") == page.all("i") == [] and len(page.all("script")) == 1


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="alt"):
        layers(WORDS, TRUTH, GUESSES_BY_DEPTH, alt=" ")
    with pytest.raises(ValueError, match="'truth' has 4 distributions for 5 words"):
        layers(WORDS, TRUTH[1:], GUESSES_BY_DEPTH, alt="x")
    with pytest.raises(ValueError, match="'block 9' has 2 distributions for 5 words"):
        layers(WORDS, TRUTH, {**GUESSES_BY_DEPTH, "block 9": TRUTH[:2]}, alt="x")
    with pytest.raises(ValueError, match="no depth"):
        layers(WORDS, TRUTH, {}, alt="x")
    for first in (-1, 5):
        with pytest.raises(ValueError, match=f"first={first}"):
            figure(first=first)


@needs_chromium
class TestInBrowser:
    @pytest.fixture(scope="class")
    @classmethod
    def browser(cls):
        with Browser() as started:
            yield started

    @pytest.fixture
    def opened(self, browser, tmp_path):
        path = tmp_path / "page.html"
        path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><body>{figure(first=1)}')
        browser.open(path.as_uri())
        assert browser.errors == []
        return browser

    def seen(self, browser):
        """Return the pressed buttons, the rows and the shades as they stand in the page now."""
        source = browser.run("document.querySelector('[class^=llmlite]').innerHTML").split("<script>")[0]
        source = source.split("</style>")[1]
        return pressed(Page(source).all("button")), rows(source), shades(source)

    def test_the_script_draws_the_first_state_that_stood_there(self, opened):
        assert self.seen(opened) == ([1, 7], expected(1), withheld(2))

    def test_a_word_changes_the_table_and_a_depth_the_shades(self, opened):
        opened.run("document.querySelectorAll('.words button')[3].click()")
        assert self.seen(opened) == ([3, 7], expected(3), withheld(2))
        opened.run("document.querySelectorAll('.depths button')[0].click()")
        assert self.seen(opened) == ([3, 5], expected(3), withheld(0))

    def test_arrow_keys_move_either_choice_and_stop_at_the_ends(self, opened):
        opened.run("document.querySelectorAll('.words button')[1].focus()")
        for key, word in (("ArrowLeft", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowDown", 1)):
            opened.press(key)
            assert self.seen(opened)[0] == [word, 7]
        opened.run("document.querySelectorAll('.depths button')[2].focus()")
        for key, depth in (
            ("ArrowUp", 1),
            ("ArrowLeft", 0),
            ("ArrowUp", 0),
            ("ArrowDown", 1),
            ("ArrowRight", 2),
        ):
            opened.press(key)
            assert self.seen(opened)[0] == [1, 5 + depth]
            assert opened.run("document.activeElement.textContent") == DEPTHS[depth]
        stops = "[...document.querySelectorAll('button')].map(b => b.tabIndex)"
        assert opened.run(stops) == [-1, 0, -1, -1, -1, -1, -1, 0]
