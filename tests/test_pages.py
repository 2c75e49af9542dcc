"""A page with everything on it passes the checks of the site; with a fault planted, it fails for that one."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Browser, needs_chromium
from pages import open_page, page_problems, served
from planted import FAULTS, GOOD, NIGHT, PAPER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser for all tests here."""
    with Browser() as started:
        yield started


Find = Callable[..., list[str]]


@pytest.fixture
def find(browser: Browser, tmp_path: Path) -> Find:
    """Return a function that gives the problems of a page with a body, and with what stands around it."""

    def problems(
        body: str,
        *,
        head: str = "",
        html: str = 'lang="en"',
        title: str = "A goose",
        width: int = 390,
        dark: bool = False,
    ) -> list[str]:
        view = '<meta name="viewport" content="width=device-width"><meta charset="utf-8">'
        style = f"<style>{PAPER} {NIGHT}</style>"
        page = tmp_path / "page.html"
        page.write_text(
            f"<!doctype html><html {html}>{view}<title>{title}</title>{style}{head}<body>{body}</body></html>"
        )
        open_page(browser, page.as_uri(), width, dark)
        return page_problems(browser, width, tmp_path.as_uri())

    return problems


def only(problems: list[str], *expected: str) -> None:
    """Assert that the problems are those that match the patterns, each at least once."""
    shown = "\n".join(problems)
    assert problems, "nothing was found"
    assert all(any(re.search(each, problem) for each in expected) for problem in problems), shown
    assert all(any(re.search(each, problem) for problem in problems) for each in expected), shown


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_good_page_has_no_problem(find: Find, width: int, dark: bool) -> None:
    assert find(GOOD, width=width, dark=dark) == []


@needs_chromium
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(find: Find, name: str) -> None:
    body, *expected = FAULTS[name]
    only(find(f"<h1>A goose</h1>{body}"), *expected)


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_fault_of_one_colour_scheme(find: Find, scheme: str) -> None:
    rule = f"@media (prefers-color-scheme: {scheme}) {{ h1 {{ color: #777; background: #777 }} }}"
    faulty = {
        dark: find("<h1>A goose</h1>", head=f"<style>{rule}</style>", dark=dark) for dark in (False, True)
    }
    only(faulty[scheme == "dark"], r"contrast 1\.00 < 3")
    assert faulty[scheme == "light"] == []


@needs_chromium
@pytest.mark.parametrize(("narrow", "rule"), [(True, "max-width: 400px"), (False, "min-width: 1400px")])
def test_a_fault_of_one_width(find: Find, narrow: bool, rule: str) -> None:
    head = f"<style>@media ({rule}) {{ h1 {{ width: 2000px }} }}</style>"
    faulty = {width: find("<h1>A goose</h1>", head=head, width=width) for width in (390, 1440)}
    only(faulty[390 if narrow else 1440], r"scrolls sideways: the page is 20\d\d wide")
    assert faulty[1440 if narrow else 390] == []


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
def test_the_ground_of_the_browser(find: Find, dark: bool) -> None:
    head = f"<style>:root {{ background: none }} h1 {{ color: {'#333' if dark else '#ccc'} }}</style>"
    only(find("<h1>A goose</h1>", head=head, dark=dark), r"contrast 1\.\d\d < 3")
    assert find("<h1>A goose</h1>", head=head, dark=not dark) == []


@needs_chromium
def test_what_is_missing_around_a_page(find: Find) -> None:
    only(find("<h1>x</h1>", html=""), r"no language: html has no lang")
    only(find("<h1>x</h1>", title=" "), r"no title: the page")
    only(find("<h1>x</h1>", title="The $x$ axis"), r"raw math: the title")
    only(find("<p>x</p>"), r"headings: 0 of level 1")


@needs_chromium
def test_a_page_does_not_answer_for_the_last_one(find: Find) -> None:
    late = "<script>setTimeout(() => { throw new Error('late') }, 100)</script>"
    find(f"<h1>x</h1>{late}")
    assert find("<h1>x</h1>") == []


@needs_chromium
def test_a_page_from_a_server(browser: Browser, tmp_path: Path) -> None:
    start = '<!doctype html><html lang="en"><title>x</title><link rel="icon" href="data:,"><h1>x</h1>'
    (tmp_path / "good.html").write_text(start)
    (tmp_path / "bad.html").write_text(f'{start}<script src="gone.js"></script>')
    with served(tmp_path) as home:
        open_page(browser, f"{home}/good.html", 1440, dark=False)
        assert page_problems(browser, 1440, home) == []
        open_page(browser, f"{home}/bad.html", 1440, dark=False)
        only(page_problems(browser, 1440, home), r"failed request: http://.*/gone\.js: 404")
