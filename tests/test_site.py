"""The site is self-contained: with the network off, math, widgets, bertviz and search work."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml
from answers import THEME, theme_search
from browser import Browser, needs_chromium
from links import link_problems
from looks import add_style
from pages import SCREENS, open_page, page_problems, served

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from loads import foreign_loads  # noqa: E402

needs_assets = pytest.mark.skipif(
    not (ROOT / "book/assets/node_modules").is_dir(),
    reason="the site's JavaScript is not installed: python book/tools/assets.py install",
)

NOTEBOOK = {
    "A slider": "import ipywidgets\nipywidgets.IntSlider(value=7, description=r'steps $\\eta$')",
    "Attention, drawn": (
        "import torch\nfrom bertviz import head_view\n"
        "attention = torch.softmax(torch.arange(18.0).reshape(1, 2, 3, 3), -1)\n"
        "head_view([attention], ['Mia', 'was', 'here'])"
    ),
}
MATH = r"""# Try everything

Inline $\boldsymbol{q}_\theta(w \mid h)$, a price of 5 dollars, and on a line of its own

$$
H(p, q) = -\sum_w p(w) \log q(w)
$$

\begin{align}
a &= b
\end{align}

:::{exercise} Count by hand (**)
:label: ex-7-3

Count.
:::

The word quicksilver stands here for the search,
and `b"".join(pieces).decode(errors="replace")` for long code.
"""


def cell(kind: str, source: str) -> dict[str, object]:
    """Return one cell of a notebook that was never run."""
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {
        "cell_type": kind,
        "id": f"c{abs(hash(source)) % 10**8}",
        "metadata": {},
        "source": source,
        **code,
    }


def write_project(folder: Path) -> None:
    """Write a book with the real configuration, and pages that hold one of everything."""
    (folder / "chapters").mkdir()
    (folder / "book").mkdir()
    for name in ("_ext", "_static", "figures", "references.bib"):
        (folder / "book" / name).symlink_to(ROOT / "book" / name)
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / ".venv").mkdir()
    (folder / ".venv/card.md").write_text("---\n{{ not a page }}\n---\n")  # packages install such files
    (folder / "book/index.md").write_text("# Town\n\n```{chapter-map}\n```\n\n```{chapter-table}\n```\n")
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\n"
        "chapters: [{file: book/try}, {file: chapters/01_language_models}]\n"
    )
    (folder / "chapters/01_language_models.md").write_text("# 1. Language models\n\nShort.\n")
    cells = [cell("markdown", MATH)]
    for title, code in NOTEBOOK.items():
        cells += [cell("markdown", f"## {title}"), cell("code", code)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    (folder / "book/try.ipynb").write_text(json.dumps(notebook))


def run(folder: Path, *command: str) -> None:
    """Run a program of the environment in a folder and show its output if it fails."""
    program = [str(Path(sys.executable).parent / command[0]), *command[1:]]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the small book, as strictly as the real one, and return the folder of its pages."""
    folder = tmp_path_factory.mktemp("project")
    write_project(folder)
    run(folder, "jupyter", "execute", "--inplace", "book/try.ipynb")
    run(folder, "jupyter-book", "build", ".", "-n", "-W", "--keep-going")
    return folder / "_build/html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser for all tests here."""
    with Browser() as started:
        yield started


def foreign(requests: list[str]) -> list[str]:
    """Return the requests that left this machine."""
    return [address for address in requests if not address.startswith(("file:", "data:", "blob:"))]


@needs_assets
class TestPages:
    def test_nothing_is_loaded_from_elsewhere(self, site: Path) -> None:
        assert foreign_loads(site, vendored=site / "_static/vendor") == []

    def test_addresses_of_cdns_are_rewritten_and_thebe_is_gone(self, site: Path) -> None:
        page = (site / "book/try.html").read_text()
        assert "../_static/vendor/d3/d3.min" in page
        assert "../_static/vendor/requirejs/require.js" in page
        assert "cdnjs" not in page
        assert "thebe@" not in page and "sphinx-thebe" not in page

    def test_the_map_lights_the_chapters_that_exist(self, site: Path) -> None:
        page = (site / "book/index.html").read_text()
        planned = yaml.safe_load((ROOT / "book/chapters.yml").read_text())
        assert (
            page.count('<a class="written" href="../chapters/01_language_models.html">') == 2
        )  # wide and tall
        assert page.count('<g class="planned">') == 2 * (len(planned) - 1)
        assert page.count("planned-mark") == len(planned) - 1

    def test_an_exercise_has_the_number_of_its_label(self, site: Path) -> None:
        page = (site / "book/try.html").read_text()
        assert '<span class="caption-number">Exercise 7.3</span> Count by hand <span class="stars"' in page
        assert "★★</span>" in page and "(**)" not in page

    def test_what_all_pages_share_has_no_id_twice(self, site: Path) -> None:
        assert (site / "search.html").read_text().count('id="search-input"') == 1
        assert (site / "book/try.html").read_text().count('id="search-input"') == 1
        assert 'id="exercise-content"' not in (site / "book/try.html").read_text()

    def test_long_code_may_be_broken(self, site: Path) -> None:
        marked = re.findall(r'<span class="pre long">([^<]*)', (site / "book/try.html").read_text())
        assert [code.replace("&quot;", '"') for code in marked] == [
            'b"".join(pieces).decode(errors="replace")'
        ]

    def test_the_first_page_leads_to_the_book(self, site: Path) -> None:
        page = (site / "index.html").read_text()
        assert '<html lang="en">' in page and "<title>How a Language Model Works</title>" in page
        assert page.count("book/index.html") == 2
        assert link_problems(site / "index.html", site) == []

    @needs_chromium
    @pytest.mark.parametrize("page", ["index", "book/index", "search", "genindex"])
    @pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
    @pytest.mark.parametrize("offline", [False, True])
    def test_a_page_has_no_problem(
        self, site: Path, browser: Browser, page: str, width: int, dark: bool, offline: bool
    ) -> None:
        with nullcontext(site.as_uri()) if offline else served(site) as home:
            open_page(browser, f"{home}/{page}.html", width, dark)
            assert page_problems(browser, width, home) == []

    @needs_chromium
    def test_words_found_are_not_marked_inside_drawings(self, site: Path, browser: Browser) -> None:
        browser.open(f"{(site / 'book/index.html').as_uri()}?highlight=attention")
        browser.wait("document.querySelector('td .highlighted')")
        assert browser.run("document.querySelectorAll('svg tspan, svg .highlighted').length") == 0

    @needs_chromium
    def test_math_is_set(self, site: Path, browser: Browser) -> None:
        browser.open(
            (site / "book/try.html").as_uri(), "document.querySelectorAll('mjx-container').length >= 3"
        )
        text = browser.run("document.querySelector('article section').innerText.split('A slider')[0]")
        assert "\\(" not in text and "\\[" not in text and "$" not in text
        assert browser.run("document.querySelectorAll('merror, mjx-merror, [data-mjx-error]').length") == 0
        browser.wait("[...document.fonts].some(f => f.family.startsWith('MJX') && f.status === 'loaded')")
        assert foreign(browser.requests) == []

    @needs_chromium
    def test_widgets_and_bertviz_are_drawn(self, site: Path, browser: Browser) -> None:
        browser.open(
            (site / "book/try.html").as_uri(),
            "document.querySelector('.jupyter-widgets .noUi-handle, .widget-slider')",
        )
        browser.wait("document.querySelectorAll('.bertviz svg line, [id^=bertviz] svg line').length >= 9")
        browser.wait("document.querySelector('.widget-label mjx-container')")
        assert browser.run("document.querySelector('.widget-label').innerText").startswith("steps")
        assert foreign(browser.requests) == []
        assert browser.errors == []

    @needs_chromium
    def test_search_finds_a_word(self, site: Path, browser: Browser) -> None:
        browser.open(
            f"{(site / 'search.html').as_uri()}?q=quicksilver",
            "document.querySelector('#search-results li a')",
        )
        assert "Try everything" in browser.run("document.querySelector('#search-results').innerText")
        assert foreign(browser.requests) == []

    @needs_chromium
    @pytest.mark.parametrize("page", ["book/index", "book/try"])
    @pytest.mark.parametrize("dark", [False, True])
    def test_a_phone_shows_the_page_without_scrolling_sideways(
        self, site: Path, browser: Browser, page: str, dark: bool
    ) -> None:
        browser.screen(390, 844, dark=dark, phone=True)
        browser.open((site / f"{page}.html").as_uri())
        assert browser.run("innerWidth") == 390
        assert browser.run("document.documentElement.scrollWidth") <= 390
        assert browser.run("document.documentElement.dataset.theme") == ("dark" if dark else "light")


# Scripts that take a page's mouse or its keys away. A click that comes from a key has no detail.
DEAF = "addEventListener('click', event => event.detail && event.stopImmediatePropagation(), true)"
NO_KEYS = (
    "addEventListener('keydown', event => event.preventDefault() || event.stopImmediatePropagation(), true)"
)


@needs_assets
@needs_chromium
@pytest.mark.parametrize("control", THEME)
class TestControls:
    @pytest.mark.parametrize(("width", "dark"), SCREENS)
    def test_it_answers(self, site: Path, browser: Browser, control: str, width: int, dark: bool) -> None:
        open_page(browser, (site / "book/try.html").as_uri(), width, dark)
        assert THEME[control](browser) == []

    @pytest.mark.parametrize(("script", "problem"), [(DEAF, "a click"), (NO_KEYS, "key|and K")])
    def test_one_that_does_not(
        self, site: Path, browser: Browser, control: str, script: str, problem: str
    ) -> None:
        first = browser.call("Page.addScriptToEvaluateOnNewDocument", source=script)  # before the theme's own
        open_page(browser, (site / "book/try.html").as_uri(), 390, dark=False)
        found = THEME[control](browser)
        browser.call("Page.removeScriptToEvaluateOnNewDocument", **first)
        assert any(re.search(problem, each) for each in found), found

    def test_colours_are_looked_at(self, site: Path, browser: Browser, control: str) -> None:
        open_page(browser, (site / "book/try.html").as_uri(), 390, dark=False)
        add_style(browser, "* { color: #888 !important }")
        found = THEME[control](browser)
        assert control == "colours" or any(each.startswith("contrast") for each in found), found


@needs_assets
@needs_chromium
def test_a_search_without_results(site: Path, browser: Browser) -> None:
    open_page(browser, (site / "book/try.html").as_uri(), 1440, dark=False)
    assert theme_search(browser, "zebra") == ["a search for 'zebra' finds nothing"]


def test_every_page_is_opened_before_a_change_is_taken() -> None:
    assert "\nmake test-site\n" in (ROOT / ".ci/run").read_text()
    recipe = re.search(r"^test-site: book .*\n\t(.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe and recipe[1] == "$(BIN)/pytest tests/site"
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert "tests/site" in options["norecursedirs"], "a plain test run needs no built site"
