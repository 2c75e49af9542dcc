"""Every page of the built site in a real browser, on a phone and a desk, light and dark: `make test-site`."""

from pathlib import Path

import pytest
from answers import THEME
from browser import Browser
from links import link_problems, pages_of
from pages import SCREENS, open_page, page_problems

# Some readers have the pages as files; what differs there differs on these.
OFFLINE = ["book/index.html", "chapters/01_language_models.html", "search.html"]
BUTTONS = "chapters/solutions/01_language_models.html"  # a page that has every control of the theme


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for each page and screen."""
    if "page" in metafunc.fixturenames:
        site = metafunc.config.getoption("--site").resolve()
        pages = [path.relative_to(site).as_posix() for path in pages_of(site)]
        if "search.html" not in pages:
            raise pytest.UsageError(f"no built site in {site}: make book")
        metafunc.parametrize("page", pages)
    if "width" in metafunc.fixturenames:
        names = [f"{width}-{'dark' if dark else 'light'}" for width, dark in SCREENS]
        metafunc.parametrize("width, dark", SCREENS, ids=names)


def none(problems: list[str]) -> None:
    """Assert that there are no problems, else show all, one to a line."""
    assert not problems, "\n" + "\n".join(problems)


def test_page(
    browser: Browser, home: str, page: str, width: int, dark: bool, request: pytest.FixtureRequest
) -> None:
    open_page(browser, f"{home}/{page}", width, dark)
    if folder := request.config.getoption("--pictures"):
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{page.removesuffix('.html').replace('/', '_')}-{width}-{'dark' if dark else 'light'}.png"
        browser.picture(folder / name, whole=True)
    none(page_problems(browser, width, home))


@pytest.mark.parametrize("file", OFFLINE)
def test_page_without_a_server(browser: Browser, site: Path, file: str) -> None:
    open_page(browser, (site / file).as_uri(), 390, dark=True)
    none(page_problems(browser, 390, site.as_uri()))


def test_results_of_a_search(browser: Browser, home: str, width: int, dark: bool) -> None:
    open_page(browser, f"{home}/search.html?q=town", width, dark)
    browser.wait("document.querySelector('#search-results li a')")
    none(page_problems(browser, width, home))


@pytest.mark.parametrize("dark", [False, True])
def test_page_found_by_a_search(browser: Browser, home: str, dark: bool) -> None:
    open_page(browser, f"{home}/chapters/01_language_models.html?highlight=words", 1440, dark)
    browser.wait("document.querySelector('span.highlighted')")
    none(page_problems(browser, 1440, home))


@pytest.mark.parametrize("control", THEME)
def test_control_of_the_theme(browser: Browser, home: str, control: str, width: int, dark: bool) -> None:
    open_page(browser, f"{home}/{BUTTONS}", width, dark)
    none(THEME[control](browser))
    none(browser.errors)


def test_links(site: Path, page: str) -> None:
    none(link_problems(site / page, site))
