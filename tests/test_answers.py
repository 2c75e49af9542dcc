"""Drivers of figures pass the figures of the book, and find those that do not answer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answers import FIGURES, figure_problems
from browser import Browser, needs_chromium
from pages import open_page

from llmlite import viz
from llmlite.text.bpe import BPETokenizer

pytestmark = needs_chromium

TEXT = ["A", "goose", "honks", "."]
TRUTH = [{word: 1.0} for word in TEXT]
QUESTIONS = [("A goose.", "a", "It honks."), ("A hen.", "b", "It does not."), ("A fish.", "b", "No.")]
PAIRS = BPETokenizer.train(["a goose and a goose"], 260)
SOURCES = {
    "map": viz.word_map(
        ["hen", "owl", "red", "blue", "ran"],
        [[1, 0.1, 0], [1, 0, 0.1], [0, 1, 0.1], [0, 1, 0], [0.1, 0.1, 1]],
        ["birds", "birds", "colours", "colours", ""],
        [[0, 0], [1, 0.2], [3, 1], [4, 3], [2, 4]],
        alt="five words",
        first="owl",
        n=2,
    ).data,
    "clock": viz.rotary_clock(
        {"alike": ([1, 1, 0, 0], [1, 1, 0, 0]), "ahead": ([1, 1, 0, 0], [0, 1, 1, 0])},
        [1.0, 0.1],
        alt="two clocks",
    ).data,
    "layers": viz.layers(
        TEXT, TRUTH, {"0": TRUTH[1:] + TRUTH[:1], "1": TRUTH}, alt="four words, two depths", first=3
    ).data,
    "words": viz.word_by_word(TEXT, TRUTH, TRUTH[1:] + TRUTH[:1], alt="four words", first=3).data,
    "quiz": viz.quiz("Who?", QUESTIONS, ("a", "b"), alt="three texts").data,
    "tokens": viz.token_strip({"ours": PAIRS}, "a hen", alt="tokens", examples=["a goose"]).data,
}
DEAF = "addEventListener('click', event => event.detail && event.stopImmediatePropagation(), true)"
NO_KEYS = (
    "addEventListener('keydown', event => event.preventDefault() || event.stopImmediatePropagation(), true)"
)

Drive = Callable[..., list[str]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser for all tests here."""
    with Browser() as started:
        yield started


@pytest.fixture
def drive(browser: Browser, tmp_path: Path) -> Drive:
    """Return a function that gives the problems of the figures on a page, after a script."""

    def problems(source: str, script: str = "", *, width: int = 390, dark: bool = False) -> list[str]:
        page = tmp_path / "page.html"
        style = "<style>:root { color-scheme: light dark; --pst-color-text-base: CanvasText }</style>"
        theme = f' data-theme="{"dark" if dark else "light"}"'
        page.write_text(
            f'<!doctype html><html lang="en"{theme}><meta charset="utf-8">{style}<p>Before</p>{source}'
        )
        open_page(browser, page.as_uri(), width, dark)
        browser.run(f"void {script or 0}")
        found = figure_problems(browser)
        return found + browser.errors

    return problems


def test_every_kind_has_a_driver() -> None:
    kinds = {path.stem for path in (Path(viz.__file__).parents[1] / "data" / "figures").iterdir()}
    assert set(FIGURES) == set(SOURCES) == kinds


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1440])
def test_our_figures_answer(drive: Drive, width: int, dark: bool) -> None:
    assert drive("".join(SOURCES.values()), width=width, dark=dark) == []


@pytest.mark.parametrize("kind", SOURCES)
def test_a_figure_that_is_deaf_to_the_mouse(drive: Drive, kind: str) -> None:
    found = drive(SOURCES[kind], DEAF)
    assert any("a click" in problem for problem in found), found


@pytest.mark.parametrize("kind", SOURCES)
def test_a_figure_that_is_covered(drive: Drive, kind: str) -> None:
    cover = "Object.assign(document.createElement('div'), {style: 'position: fixed; inset: 0'})"
    found = drive(SOURCES[kind], f"document.body.append({cover})")
    assert any("a click" in problem for problem in found), found


@pytest.mark.parametrize("kind", SOURCES)
def test_a_figure_that_is_deaf_to_keys(drive: Drive, kind: str) -> None:
    found = drive(SOURCES[kind], NO_KEYS)
    assert any("key" in problem or "typing" in problem for problem in found), found
    assert any("the tab key does not lead into it" in problem for problem in found), found
    assert not any("a click" in problem for problem in found), found


BROKEN = [
    ("map", 'map.addEventListener("click"', 'map.addEventListener("x"', "a click on the map"),
    ("map", "lines.setAttribute(", "lines.getAttribute(", "a click on the map"),
    ("map", 'list.addEventListener("click"', 'list.addEventListener("x"', "a click on a neighbour"),
    ("map", "field.value = words[i];", "", "a click on a neighbour"),
    ("map", 'map.addEventListener("keydown"', 'map.addEventListener("x"', "the arrow keys"),
    ("map", 'field.addEventListener("input"', 'field.addEventListener("x"', "typing a word"),
    ("map", 'button.addEventListener("click"', 'button.addEventListener("x"', "a click on a kind"),
    ("map", ".near span {", ".near span { color: #888;", "contrast"),
    ("words", 'addEventListener("click"', 'addEventListener("x"', "a click on a word"),
    ("words", 'addEventListener("keydown"', 'addEventListener("x"', "the left arrow"),
    ("words", "buttons[next].focus();", "", "the left arrow"),
    ("words", "panel.replaceChildren(picture);", "", "a click on a word"),
    ("words", "i === chosen ? 0 : -1", "-1", "the tab key does not lead into it"),
    ("words", ".stands {", ".stands { fill: #888;", "contrast"),
    ("words", 'class="bars"', 'class="x"', "null"),
    ("words", "function choose(chosen) {", "function choose(chosen) { setTimeout(() => nothing);", "nothing"),
    ("quiz", 'addEventListener("click"', 'addEventListener("x"', "a click on an answer"),
    ("quiz", "note.hidden = false;", "", "a click on an answer"),
    ("quiz", "note.open = true;", "note.open = false;", "a click on an answer"),
    ("quiz", "score.textContent =", "score.title =", "a click on an answer"),
    ("quiz", '<button type="button"', '<button tabindex="-1" type="button"', "the tab key and the space bar"),
    ("quiz", ".wrong details::before {", ".wrong details::before { color: #888;", "contrast"),
    ("tokens", 'area.addEventListener("input"', 'area.addEventListener("x"', "typing"),
    ("tokens", "area.readOnly = false;", "", "typing"),
    ("tokens", 'button.addEventListener("click"', 'button.addEventListener("x"', "a click on an example"),
    ("tokens", 'strip.addEventListener("focusin"', 'strip.addEventListener("x"', "the arrow keys"),
    ("tokens", "describe(chip) {", "describe(chip) { return;", "a click on a token"),
    ("tokens", 'strip.addEventListener("keydown"', 'strip.addEventListener("x"', "the arrow keys"),
    ("tokens", "ArrowLeft: place - 1", "ArrowLeft: place + 1", "the arrow keys"),
    ("tokens", "--chip: #1b2127", "--chip: #888", "contrast"),
    ("clock", 'radio.addEventListener("click"', 'radio.addEventListener("x"', "a click does not choose"),
    ("clock", "(control.disabled = false)", "control", "the tab key does not lead into it"),
    ("clock", 'slider.addEventListener("input"', 'slider.addEventListener("x"', "the right arrow key"),
    ("clock", "if (both.checked)", "if (false)", "an arrow key does not move both"),
    ("clock", "place + step)", "place + 2 * step)", "an arrow key does not move both"),
    ("clock", "+ place * speed;", "+ place * 0;", "does not turn its hands"),
    ("clock", "products(distance);", "products(places[0]);", "moving both changes the score"),
    ("clock", "label.key span { color: var(--k)", "label.key span { color: #aaa", "contrast"),
]


@pytest.mark.parametrize(("kind", "part", "other", "problem"), BROKEN)
def test_a_broken_figure(drive: Drive, kind: str, part: str, other: str, problem: str) -> None:
    source = SOURCES[kind]
    assert part in source
    found = drive(source.replace(part, other))
    assert any(problem in each for each in found), found


def test_a_figure_of_an_unknown_kind(drive: Drive) -> None:
    assert drive('<div class="llmlite-new" id="a">x</div>') == [
        "a figure of the kind 'new', which no driver in tests/answers.py tries"
    ]
