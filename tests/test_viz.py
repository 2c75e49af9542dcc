"""Figures have a text, escape what they show, load nothing, and answer to clicks and keys in a browser."""

import itertools
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from browser import Browser, find_chromium

from llmlite import viz

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from loads import in_page

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason="no Chromium or Chrome on this machine")

NASTY = ["<b>", '"', "'s", "&amp;", "</script>", "<!--", "<script>", "\n", "\u2028", "${x}", "`", "\\", "é"]
# The palette of Okabe and Ito, "Color Universal Design" (2008).
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}

TEXT = ["Mina", "had", "a", "cat", ".", "\n"]
TRUTH = [
    {"Mina": 0.5, "Oskar": 0.3, "Ida": 0.2},
    {"had": 1.0},
    {"a": 0.75, "one": 0.25},
    {"cat": 1.0},
    {".": 0.9, ",": 0.1},
    {"\n": 1.0},
]
GUESS = [
    {"Mina": 0.1, "Oskar": 0.1, "The": 0.7, "In": 0.004, "Zoë": 0.096},
    {"had": 0.6, "was": 0.4},
    {"a": 0.8, "the": 0.2},
    {"dog": 0.61, "cat": 0.006, "hen": 0.384},
    {".": 1.0},
    {"She": 0.5, "He": 0.5},
]


class Page(HTMLParser):
    """What a browser would see: tags with attributes, and the text inside each."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.tags, self.open = [], []
        self.feed(source)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), []))
        self.open.append(self.tags[-1])

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        for _, _, text in self.open:
            text.append(data)

    def all(self, tag, **attributes):
        """Return (attributes, text) of each tag of a kind."""
        found = [(attrs, "".join(text)) for name, attrs, text in self.tags if name == tag]
        return [each for each in found if attributes.items() <= each[0].items()]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Begin with figure 1, as a new notebook does."""
    monkeypatch.setattr(viz.page, "_numbers", itertools.count(1))


def words_figure(**options):
    return viz.word_by_word(TEXT, TRUTH, GUESS, alt="a story", **options).data


def quiz_figure(**options):
    items = [
        ("A goose.", "town", "It honks."),
        ("A fish.", "model", "None here."),
        ("A hen.", "town", "Yes."),
    ]
    return viz.quiz("Who?", items, ("town", "model"), alt="three texts", **options).data


def data_in(source):
    """Return the number of a figure's element and what its script gets."""
    ((_, script),) = Page(source).all("script")
    ((name, data),) = re.findall(r"getElementById\('([^']+)'\), (.*)\);$", script, re.DOTALL)
    return name, json.loads(data)


def drawn_bars(source):
    """Return from the SVG of a figure: (the words, the values, the widths of the bars)."""
    page = Page(source)
    texts = page.all("text")
    names = [text for attrs, text in texts if attrs.get("text-anchor") == "end"]
    values = [text for attrs, text in texts if "value" in attrs.get("class", "")]
    widths = [float(attrs["width"]) for attrs, _ in page.all("rect") if attrs["height"] == "8"]
    return names, values, widths


class TestPictures:
    def test_the_palette_is_okabe_and_itos_and_the_styles(self):
        assert set(viz.PALETTE) <= OKABE_ITO
        assert len(set(viz.PALETTE)) == len(viz.PALETTE) == 7
        with plt.rc_context():
            viz.use_style()
            colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
            assert tuple(f"#{colour.lstrip('#').upper()}" for colour in colours) == viz.PALETTE
            assert list(plt.rcParams["figure.figsize"]) == [6.0, 3.5]

    def shown(self, monkeypatch, alt):
        caught = []
        monkeypatch.setattr(viz.page, "display", lambda *args, **options: caught.append((args, options)))
        with plt.rc_context():
            viz.use_style()
            figure, axes = plt.subplots()
            axes.plot([1, 2], [3, 1])
            viz.show(figure, alt)
            assert not plt.fignum_exists(figure.number), "it is closed, or a notebook shows it twice"
        ((((data,), options)),) = caught
        return data, options

    def test_a_figure_is_shown_once_with_its_text(self, monkeypatch):
        data, options = self.shown(monkeypatch, "a line falls")
        assert options == {"raw": True, "metadata": {"image/png": {"alt": "a line falls"}}}
        assert data["text/plain"] == "a line falls"
        image = data["image/png"]
        assert image[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(image[16:20], "big") == 600, "6 inches of 100 pixels"
        assert int.from_bytes(image[20:24], "big") == 350
        assert b"matplotlib" not in image.lower(), "a version in the file would change it without need"
        assert self.shown(monkeypatch, "a line falls")[0]["image/png"] == image

    @pytest.mark.parametrize("alt", ["", "  \n"])
    def test_a_figure_needs_a_text(self, alt, monkeypatch):
        figure = plt.figure()
        with pytest.raises(ValueError, match="alt"):
            viz.show(figure, alt)
        plt.close(figure)
        with pytest.raises(ValueError, match="alt"):
            viz.interactive("quiz", alt, {}, "")
        with pytest.raises(ValueError, match="alt"):
            viz.word_by_word(TEXT, TRUTH, GUESS, alt=alt)
        with pytest.raises(ValueError, match="alt"):
            viz.quiz("Who?", [("x", "a", "y")], ("a", "b"), alt=alt)

    @pytest.mark.parametrize("alt", ["", "  \n"])
    def test_a_picture_needs_a_text(self, alt):
        with pytest.raises(ValueError, match="alt"):
            viz.picture("<svg/>", alt=alt)

    def test_a_picture_is_an_image_to_a_screen_reader(self):
        source = viz.picture("<svg><rect></rect></svg>", alt='a "red" <kite>', width=300).data
        (attributes, _) = Page(source).all("div")[0]
        assert attributes["role"] == "img"
        assert attributes["aria-label"] == 'a "red" <kite>'
        assert "max-width: 300px" in attributes["style"]
        assert source.count("<svg><rect></rect></svg>") == 1
        assert in_page(source) == []


class TestBars:
    def test_bars_are_as_long_as_their_probability(self):
        names, values, widths = drawn_bars(viz.bars([("cat", 1.0, 0.25), ("dog", 0.0, 0.75)], ("a", "b")))
        assert names == ["cat", "dog"]
        assert values == ["100% / 25%", "0 / 75%"]
        assert widths[0] / widths[1] == pytest.approx(4, abs=0.01)
        assert widths[3] / widths[0] == pytest.approx(3 / 4, abs=0.01)
        assert 0 < widths[2] < 1, "a line shows where nothing is"
        assert max(widths) < 520 - 150, "the longest bar fits into the picture"

    def test_percents(self):
        assert viz.percents([0.4, 0.03]) == "40% / 3%"
        assert viz.percents([0, 0.0099, 0.01, 1]) == "0 / <1% / 1% / 100%"

    def test_names_are_escaped(self):
        page = Page(viz.bars([(word, 0.5, 0.5) for word in NASTY], ("<i>", "&")))
        assert [text for attrs, text in page.all("text") if attrs.get("text-anchor") == "end"] == NASTY
        assert page.all("i") == page.all("b") == page.all("script") == []
        values = viz.bars([("a", 0.001, 0.5)], ("a", "b")).count("&lt;1%")
        assert values == 2, "in the title and beside the bar"


class TestInteractive:
    def test_ids_are_counted(self):
        first = [words_figure(), quiz_figure(), words_figure()]
        names = [data_in(source)[0] for source in first]
        assert names == ["llmlite-figure-1", "llmlite-figure-2", "llmlite-figure-3"]
        for name, source in zip(names, first, strict=True):
            assert Page(source).all("div")[0][0]["id"] == name
        viz.page._numbers = itertools.count(1)  # another run of the same notebook
        assert [words_figure(), quiz_figure(), words_figure()] == first

    def test_a_group_with_a_label(self):
        source = viz.interactive("quiz", 'a "b" <c>', {"answers": []}, "<p>still</p>").data
        attributes, text = Page(source).all("div")[0]
        assert attributes["role"] == "group"
        assert attributes["class"] == "llmlite-quiz"
        assert attributes["aria-label"] == 'a "b" <c>'
        assert "still" in text
        assert data_in(source)[1] == {"answers": []}

    def test_nothing_is_loaded_from_elsewhere(self):
        for source in (words_figure(), quiz_figure()):
            assert in_page(source) == []
            assert set(re.findall(r"https?://[^\s\"']+", source)) <= {"http://www.w3.org/2000/svg"}

    def test_every_kind_has_its_two_files_and_a_maker(self):
        folder = Path(viz.__file__).parents[1] / "data" / "figures"
        kinds = {path.stem for path in folder.iterdir()}
        assert kinds == {"clock", "layers", "map", "quiz", "tokens", "words"}
        for kind in kinds:
            assert {path.suffix for path in folder.glob(f"{kind}.*")} == {".js", ".css"}
            style = (folder / f"{kind}.css").read_text(encoding="utf-8")
            rules = re.findall(r"([^{}]+)\{", style)
            assert all(f".llmlite-{kind}" in rule for rule in rules), "no rule reaches beyond its figure"

    def test_an_unknown_kind(self):
        with pytest.raises(FileNotFoundError):
            viz.interactive("nothing", "alt", {}, "")


class TestWords:
    def test_the_data_are_the_distributions(self):
        _, data = data_in(words_figure(first=2, labels=("exact", "six")))
        assert data["labels"] == ["exact", "six"]
        assert data["first"] == 2
        assert len(data["rows"]) == len(TEXT)
        for word, rows, exact, model in zip(TEXT, data["rows"], TRUTH, GUESS, strict=True):
            found = {("\n" if name == "⏎" else name): (p, q) for name, p, q in rows}
            assert word in found, "the word that stands there is always shown"
            assert len(found) == len(rows), "no word twice"
            for name, (p, q) in found.items():
                assert p == pytest.approx(exact.get(name, 0), abs=0.5e-4 + 1e-12)
                assert q == pytest.approx(model.get(name, 0), abs=0.5e-4 + 1e-12)
            totals = [-(p + q) for _, p, q in rows]
            assert totals == sorted(totals), "the most probable of both together comes first"
        assert [row[0] for row in data["rows"][0]] == ["The", "Mina", "Oskar", "Ida", "Zoë"]

    def test_rare_words_are_left_out_but_the_one_that_stands_there(self):
        many = {letter: 1 / 26 + (13 - i) / 1000 for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
        _, data = data_in(viz.word_by_word(["z"], [many], [many], alt="x").data)
        assert [row[0] for row in data["rows"][0]] == ["a", "b", "c", "d", "z"]
        assert viz.top_words({"b": 0.2, "a": 0.2, "c": 0.6}, 2) == ["c", "a"], "ties in order of the alphabet"

    def test_shades_are_the_probability_that_was_withheld(self):
        buttons = Page(words_figure()).all("button")
        shades = [float(re.fullmatch(r"--lost:([\d.]+)", attrs["style"])[1]) for attrs, _ in buttons]
        expected = [max(t.get(w, 0) - g.get(w, 0), 0) for w, t, g in zip(TEXT, TRUTH, GUESS, strict=True)]
        assert shades == pytest.approx(expected, abs=0.0055)
        assert [text for _, text in buttons] == ["Mina", "had", "a", "cat", ".", "⏎"]

    @pytest.mark.parametrize("first", range(len(TEXT)))
    def test_the_first_state_is_drawn_without_a_script(self, first):
        source = words_figure(first=first)
        pressed = [attrs["aria-pressed"] for attrs, _ in Page(source).all("button")]
        assert pressed == ["true" if i == first else "false" for i in range(len(TEXT))]
        rows = data_in(source)[1]["rows"][first]
        names, values, widths = drawn_bars(source)
        assert names == [row[0] for row in rows]
        assert values == [viz.percents(row[1:]) for row in rows]
        assert widths == pytest.approx([max(310 * p, 0.5) for row in rows for p in row[1:]], abs=0.051)

    @pytest.mark.parametrize("first", [-1, 6])
    def test_the_first_word_is_one_of_the_text(self, first):
        with pytest.raises(ValueError, match=f"first={first}"):
            words_figure(first=first)

    def test_nasty_words_are_text(self):
        probs = [{word: 1.0} for word in NASTY]
        source = viz.word_by_word(NASTY, probs, probs, alt="<b>", labels=("</script>", "<i>"), first=4).data
        page = Page(source)
        shown = ["⏎" if word == "\n" else word for word in NASTY]
        assert [text for _, text in page.all("button")] == shown
        assert [rows[0][0] for rows in data_in(source)[1]["rows"]] == shown
        assert page.all("b") == page.all("i") == []
        assert len(page.all("script")) == 1

    def test_lengths_must_agree(self):
        with pytest.raises(ValueError, match=r"shorter|longer"):
            viz.word_by_word(TEXT, TRUTH[:-1], GUESS, alt="x")
        with pytest.raises(ValueError, match=r"shorter|longer"):
            viz.word_by_word(TEXT[:-1], TRUTH, GUESS, alt="x")


class TestQuiz:
    def test_without_a_script_everything_can_be_read(self):
        source = quiz_figure()
        page = Page(source)
        assert [text.split("town model")[0] for _, text in page.all("li")] == [
            "A goose.",
            "A fish.",
            "A hen.",
        ]
        details = [text for _, text in page.all("details")]
        assert details == ["answertown. It honks.", "answermodel. None here.", "answertown. Yes."]
        assert data_in(source)[1] == {"answers": ["town", "model", "town"]}
        assert [attrs["data-choice"] for attrs, _ in page.all("button")] == ["town", "model"] * 3

    def test_nasty_texts_are_text(self):
        choices = ('"<b>" & co', "</script>")
        source = viz.quiz("<i>?", [(word, choices[0], word) for word in NASTY], choices, alt='"').data
        page = Page(source)
        assert page.all("i") == [] and len(page.all("b")) == len(NASTY), "each answer is bold, nothing else"
        assert [attrs["data-choice"] for attrs, _ in page.all("button")] == list(choices) * len(NASTY)
        assert data_in(source)[1]["answers"] == [choices[0]] * len(NASTY)

    def test_an_answer_that_cannot_be_given_is_refused(self):
        with pytest.raises(ValueError, match=r"'third' is none of \('a', 'b'\)"):
            viz.quiz("?", [("x", "a", "y"), ("x", "third", "y")], ("a", "b"), alt="x")


@pytest.fixture(scope="module")
def browser():
    """Start one browser for all tests here."""
    with Browser() as started:
        yield started


@needs_chromium
class TestInBrowser:
    @pytest.fixture
    def opened(self, browser, tmp_path):
        """Return a function that opens figures on a page."""

        def opened(*sources):
            path = tmp_path / "page.html"
            path.write_text(
                '<!doctype html><html lang="en"><meta charset="utf-8"><body>' + "\n".join(sources),
                encoding="utf-8",
            )
            browser.open(path.as_uri())
            assert browser.errors == []
            return browser

        return opened

    def state(self, browser):
        """Return which words are pressed, and what the bars show."""
        pressed = browser.run(
            "[...document.querySelectorAll('.words button')]"
            ".map((b, i) => [b.ariaPressed, i]).filter(([p]) => p === 'true').map(([, i]) => i)"
        )
        return pressed, drawn_bars(browser.run("document.querySelector('.bars').innerHTML"))

    def expected(self, source, chosen):
        names, values, widths = [], [], []
        for name, *probs in data_in(source)[1]["rows"][chosen]:
            names.append(name)
            values.append(viz.percents(probs))
            widths += [max(310 * p, 0.5) for p in probs]
        return names, values, pytest.approx(widths, abs=0.051)

    def press(self, browser, key):
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    @pytest.mark.parametrize("first", [0, 3])
    def test_the_script_draws_the_first_state_that_stood_there(self, opened, first):
        source = words_figure(first=first)
        browser = opened(source)
        still = drawn_bars(source)
        pressed, (names, values, widths) = self.state(browser)
        assert pressed == [first]
        assert (names, values) == still[:2]
        assert widths == pytest.approx(still[2], abs=0.051)
        for attribute in ("x", "y", "text-anchor"):
            drawn = [attrs.get(attribute) for attrs, _ in Page(source).all("text")]
            now = [attrs.get(attribute) for attrs, _ in self.page(browser).all("text")]
            assert [round(float(x), 1) if attribute == "x" else x for x in now] == [
                round(float(x), 1) if attribute == "x" else x for x in drawn
            ]

    def test_the_first_state_has_the_marks_and_the_title_of_the_script(self, opened):
        source = words_figure(first=3)
        browser = opened(source)
        for tag in ("text", "rect"):
            classes = [attrs.get("class") for attrs, _ in Page(source).all(tag)]
            assert [attrs.get("class") for attrs, _ in self.page(browser).all(tag)] == classes
        assert self.page(browser).all("title") == Page(source).all("title")

    def page(self, browser):
        return Page(browser.run("document.querySelector('.bars').innerHTML"))

    def test_halves_are_rounded_alike(self, opened):
        probs = {f"word{n}": n / 1000 for n in (5, 15, 25, 125, 365, 465)}
        source = viz.word_by_word(["word5"], [probs], [probs], alt="x").data
        values = drawn_bars(source)[1]
        assert self.state(opened(source))[1][1] == values

    def test_a_click_changes_bars_and_the_pressed_word(self, opened):
        source = words_figure()
        browser = opened(source)
        for chosen in (3, 5, 0, 2):
            browser.run(f"document.querySelectorAll('.words button')[{chosen}].click()")
            assert self.state(browser) == ([chosen], self.expected(source, chosen))
            ((title),) = self.page(browser).all("title")
            names, values, _ = self.expected(source, chosen)
            assert title[1] == "; ".join(map(" ".join, zip(names, values, strict=True)))
            (stands,) = [t for attrs, t in self.page(browser).all("text") if attrs.get("class") == "stands"]
            assert stands == ["Mina", "had", "a", "cat", ".", "⏎"][chosen]
        assert browser.errors == []

    def test_arrow_keys_move_the_choice(self, opened):
        source = words_figure(first=1)
        browser = opened(source)
        stops = "[...document.querySelectorAll('.words button')].map(b => b.tabIndex)"
        assert browser.run(stops) == [-1, 0, -1, -1, -1, -1], "before the first key too"
        browser.run("document.querySelectorAll('.words button')[1].focus()")
        keys = ["ArrowRight", "ArrowRight", "x", "ArrowLeft", *["ArrowRight"] * 9]
        places = [2, 3, 3, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5]
        for key, place in zip(keys, places, strict=True):
            self.press(browser, key)
            assert self.state(browser) == ([place], self.expected(source, place))
            focused = "[...document.querySelectorAll('.words button')].indexOf(document.activeElement)"
            assert browser.run(focused) == place
            # One word can be reached with the tab key: the chosen one.
            assert browser.run(stops) == [0 if i == place else -1 for i in range(len(TEXT))]
        for _ in range(7):
            self.press(browser, "ArrowLeft")
        assert self.state(browser)[0] == [0]
        assert browser.errors == []

    def test_nasty_words_in_a_browser(self, opened):
        probs = [{word: 0.5, "other": 0.5} for word in NASTY]
        source = viz.word_by_word(NASTY, probs, probs, alt="x", labels=("<b>", "</script>")).data
        browser = opened(source, "<p id='after'>after</p>")
        assert browser.run("document.querySelector('#after').textContent") == "after"
        assert browser.run("document.querySelectorAll('.llmlite-words b, .bars script').length") == 0
        for chosen, word in enumerate(NASTY):
            browser.run(f"document.querySelectorAll('.words button')[{chosen}].click()")
            shown = "⏎" if word == "\n" else word
            texts = browser.run("[...document.querySelectorAll('.bars text')].map(t => t.textContent)")
            assert texts[:2] == ["<b>", "</script>"]
            assert shown in texts
        assert browser.errors == []

    def test_two_figures_do_not_touch_each_other(self, opened):
        browser = opened(words_figure(), words_figure(first=2), quiz_figure())
        browser.run("document.querySelectorAll('#llmlite-figure-2 .words button')[4].click()")
        assert self.state(browser)[0] == [0, len(TEXT) + 4]
        assert browser.run("document.querySelectorAll('#llmlite-figure-3 [aria-pressed=true]').length") == 0

    def test_a_quiz_counts_right_answers(self, opened):
        browser = opened(quiz_figure())
        score = "document.querySelector('.score').textContent"
        hidden = "[...document.querySelectorAll('details')].map(d => d.hidden)"
        assert browser.run(score) == ""
        assert browser.run(hidden) == [True] * 3, "answers are hidden where a script runs"

        def answer(item, choice):
            browser.run(
                f"document.querySelectorAll('li')[{item}].querySelector('[data-choice={choice}]').click()"
            )

        answer(1, "model")
        assert browser.run(score) == "1 of 1 right"
        assert browser.run(hidden) == [True, False, True]
        answer(0, "model")
        assert browser.run(score) == "1 of 2 right"
        answer(0, "town")
        assert browser.run(score) == "1 of 2 right", "the first answer counts"
        answer(2, "town")
        assert browser.run(score) == "2 of 3 right"
        classes = browser.run("[...document.querySelectorAll('li')].map(item => item.className)")
        assert classes == ["wrong", "right", "right"]
        pressed = browser.run(
            "[...document.querySelectorAll('li')].map(item => [...item.querySelectorAll('button')]"
            ".map(b => b.ariaPressed === 'true'))"
        )
        assert pressed == [[False, True], [False, True], [True, False]]
        assert browser.run("[...document.querySelectorAll('details')].every(d => d.open)")
        assert browser.errors == []

    def test_a_quiz_with_nasty_choices(self, opened):
        choices = ('"<b>" & co', "</script>")
        browser = opened(
            viz.quiz("?", [("x", choices[0], "y"), ("x", choices[1], "y")], choices, alt="q").data
        )
        for button in (0, 3):
            browser.run(f"document.querySelectorAll('button')[{button}].click()")
        assert browser.run("document.querySelector('.score').textContent") == "2 of 2 right"

    def test_nothing_is_asked_of_the_network(self, opened):
        browser = opened(words_figure(), quiz_figure())
        assert all(address.startswith("file:") for address in browser.requests)
