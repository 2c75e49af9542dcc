"""What must answer to the mouse and to the keyboard: interactive figures, and the theme's own controls.

Each driver does what a reader does and returns what does not answer, as texts.
"""

from collections.abc import Callable

from browser import Browser
from looks import contrast_problems

Driver = Callable[[Browser, str], list[str]]


def figure_problems(browser: Browser) -> list[str]:
    """Drive every interactive figure of the page that is open, then look at its colours again."""
    listed = (
        "[...document.querySelectorAll('[class^=\"llmlite-\"]')].map(e => [e.classList[0].slice(8), e.id])"
    )
    problems = []
    for kind, name in browser.run(listed):
        root = f"document.getElementById('{name}')"
        if kind not in FIGURES:
            problems.append(f"a figure of the kind {kind!r}, which no driver in tests/answers.py tries")
            continue
        try:
            found = FIGURES[kind](browser, root) + entered(browser, root) + contrast_problems(browser, root)
        except RuntimeError as error:  # the figure lacks what its driver looks for
            found = [str(error)]
        problems += [f"figure #{name}: {problem}" for problem in found]
    return problems


def entered(browser: Browser, root: str) -> list[str]:
    """Try whether the tab key leads into a figure from the text before it."""
    browser.run(f"{root}.tabIndex = -1; {root}.focus()")
    browser.press("Tab")
    inside = browser.run(f"{root} !== document.activeElement && {root}.contains(document.activeElement)")
    browser.run(f"{root}.removeAttribute('tabindex')")
    return [] if inside else ["the tab key does not lead into it"]


def words(browser: Browser, root: str) -> list[str]:
    """Choose words of a text: the bars follow."""
    buttons = f"[...{root}.querySelectorAll('.words button')]"
    chosen = f"{buttons}.findIndex(b => b.ariaPressed === 'true')"
    last = browser.run(f"{buttons}.length") - 1
    problems, states = [], []
    for place in (0, last):
        browser.click(f"{buttons}[{place}]")
        states.append((browser.run(chosen), browser.run(f"{root}.querySelector('.bars').innerHTML")))
    if [place for place, _ in states] != [0, last] or states[0][1] == states[1][1]:
        problems.append("a click on a word does not choose it")
    browser.press("ArrowLeft")
    focused = f"{buttons}.indexOf(document.activeElement)"
    if browser.run(f"[{chosen}, {focused}]") != [last - 1, last - 1]:
        problems.append("the left arrow does not choose the word before")
    return problems


def quiz(browser: Browser, root: str) -> list[str]:
    """Answer two questions: each opens its note and counts."""
    item, score = f"{root}.querySelectorAll('li')", f"{root}.querySelector('.score').textContent"

    def answered(number: int) -> bool:
        note = f"{item}[{number}].querySelector('details')"
        return bool(
            browser.run(f"{note}.checkVisibility() && {note}.open && {score}.includes('of {number + 1}')")
        )

    problems = []
    browser.click(f"{item}[0].querySelector('button')")
    if not answered(0):
        problems.append("a click on an answer does not open the note and count")
    for _ in range(8):
        browser.press("Tab")
        if browser.run(f"{item}[1].contains(document.activeElement)"):
            break
    browser.press(" ")
    if not answered(1):
        problems.append("the tab key and the space bar do not answer the second question")
    return problems


def tokens(browser: Browser, root: str) -> list[str]:
    """Type a text, take an example, and walk along the tokens of the first strip."""
    area, strip = f"{root}.querySelector('textarea')", f"{root}.querySelector('.strip')"
    chips, said = f"[...{strip}.querySelectorAll('button')]", f"{root}.querySelector('.token').textContent"
    problems = []
    before = browser.run(f"{strip}.textContent")
    browser.click(area)
    for letter in "goose":
        browser.press(letter)
    after = browser.run(f"{strip}.textContent")
    if "goose" not in browser.run(f"{area}.value") or after == before:
        problems.append("typing does not change the tokens")
    browser.click(f"{root}.querySelector('.examples button')")
    if browser.run(f"{strip}.textContent") == after:
        problems.append("a click on an example does not change the tokens")
    hint, walked = browser.run(said), []
    browser.click(f"{chips}[1]")
    for key in ("", "ArrowRight", "ArrowLeft"):
        if key:
            browser.press(key)
        places = f"{chips}.indexOf(document.activeElement), {chips}.findIndex(e => e.ariaCurrent === 'true')"
        walked.append((browser.run(f"[{places}]"), browser.run(said)))
    if walked[0][0] != [1, 1] or walked[0][1] == hint:
        problems.append("a click on a token does not choose it")
    if [place for place, _ in walked[1:]] != [[2, 2], [1, 1]]:
        problems.append("the arrow keys do not walk along the tokens")
    return problems


def layers(browser: Browser, root: str) -> list[str]:
    """Choose words and depths of a text: the table and the shades follow."""
    words, depths = (f"[...{root}.querySelectorAll('.{part} button')]" for part in ("words", "depths"))
    table = f"{root}.querySelector('tbody').textContent"
    shades = f"{words}.map(b => b.style.getPropertyValue('--lost')).join()"
    problems, states = [], []
    for place in (0, 3):
        browser.click(f"{words}[{place}]")
        states.append((browser.run(f"{words}.findIndex(b => b.ariaPressed === 'true')"), browser.run(table)))
    if [place for place, _ in states] != [0, 3] or states[0][1] == states[1][1]:
        problems.append("a click on a word does not choose it")
    browser.press("ArrowLeft")
    if browser.run(f"{words}.indexOf(document.activeElement)") != 2:
        problems.append("the left arrow does not choose the word before")
    before = browser.run(shades)
    browser.click(f"{depths}[0]")
    if browser.run(f"{depths}[0].ariaPressed") != "true" or browser.run(shades) == before:
        problems.append("a click on a depth does not shade the text")
    browser.press("ArrowDown")
    if browser.run(f"{depths}.indexOf(document.activeElement)") != 1:
        problems.append("the arrow down does not choose the next depth")
    return problems


def clock(browser: Browser, root: str) -> list[str]:
    """Choose other vectors, move a place, then both: the clocks follow, and moving both keeps the score."""
    radios, sliders = (f"[...{root}.querySelectorAll('input[type={kind}]')]" for kind in ("radio", "range"))
    curve = f"{root}.querySelector('polyline').getAttribute('points')"
    said = f"{root}.querySelector('.said').textContent"
    places = f"{sliders}.map(s => Number(s.value))"
    hands = f"[...{root}.querySelectorAll('.faces line')].map(hand => hand.outerHTML).join()"
    problems = []
    before = browser.run(f"[{curve}, {said}]")
    browser.click(f"{radios}.at(-1)")
    if browser.run(f"[{curve}, {said}]") == before or not browser.run(f"{radios}.at(-1).checked"):
        problems.append("a click does not choose other vectors")
    before = browser.run(f"[{said}, {hands}]")
    browser.click(f"{sliders}[0]")
    query, key = browser.run(places)
    if any(old == new for old, new in zip(before, browser.run(f"[{said}, {hands}]"), strict=True)):
        problems.append("a click on the query's slider does not turn its hands")
    browser.press("ArrowRight")
    if browser.run(places) != [query + 1, key] or f"query at {query + 1}," not in browser.run(said):
        problems.append("the right arrow key does not move the query")
    browser.click(f"{root}.querySelector('input[type=checkbox]')")
    query, key = browser.run(places)
    before = browser.run(f"[{said}, {hands}]")
    browser.run(f"{sliders}[1].focus()")
    browser.press("ArrowRight")
    after = browser.run(f"[{said}, {hands}]")
    if browser.run(places) != [query + 1, key + 1] or before[1] == after[1]:
        problems.append("with the box ticked, an arrow key does not move both")
    if before[0].split(":")[1] != after[0].split(":")[1]:
        problems.append("moving both changes the score")
    return problems


def word_map(browser: Browser, root: str) -> list[str]:
    """Choose words by pointing, arrow keys, typing and among the neighbours, and a kind."""
    marks, said = (
        f"[...{root}.querySelectorAll('.marks > g > *')]",
        f"{root}.querySelector('.said').textContent",
    )
    shown = f"[{said}, {root}.querySelector('.near').textContent, {root}.querySelector('.lines').outerHTML]"
    field = f"{root}.querySelector('input')"
    problems, states = [], []
    for place in ("0", "-1"):
        browser.click(f"{marks}.at({place})")
        states.append(browser.run(shown))
    if any(old == new for old, new in zip(*states, strict=True)):
        problems.append("a click on the map does not choose a word")
    walked = [states[1][0]]
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
        browser.press(key)
        walked.append(browser.run(said))
    if len(set(walked)) < 3:
        problems.append("the arrow keys do not walk over the map")
    button = f"{root}.querySelector('.near button')"
    other = browser.run(f"{button}.textContent")
    browser.click(button)
    if not browser.run(said).startswith(other) or browser.run(f"{field}.value") != other:
        problems.append("a click on a neighbour does not choose it")
    other = browser.run(f"{root}.querySelectorAll('.near button')[1].textContent")
    browser.click(field)
    browser.run(f"{field}.select()")
    for letter in other.lower():
        browser.press(letter)
    if not browser.run(said).startswith(other):
        problems.append("typing a word does not choose it")
    browser.click(f"{root}.querySelector('.kinds button')")
    if not browser.run(
        f"{root}.querySelector('.dim') && {root}.querySelector('.kinds button').ariaPressed === 'true'"
    ):
        problems.append("a click on a kind does not show it alone")
    return problems


FIGURES: dict[str, Driver] = {
    "map": word_map,
    "words": words,
    "quiz": quiz,
    "tokens": tokens,
    "layers": layers,
    "clock": clock,
}


def theme_search(browser: Browser, word: str = "town") -> list[str]:
    """Open the search with mouse and keys, and search."""
    problems = []
    field = "document.querySelector('.search-button__wrapper.show input')"
    ready = f"Boolean({field}?.checkVisibility() && document.activeElement === {field})"
    browser.click("[...document.querySelectorAll('.search-button__button')].find(e => e.checkVisibility())")
    if not browser.run(ready):
        problems.append("a click on the search button does not open the search")
    problems += contrast_problems(browser, "document.querySelector('.search-button__wrapper')")
    browser.press("Escape")
    if browser.run(f"Boolean({field})"):
        problems.append("the escape key does not close the search")
    browser.press("k", modifiers=2)
    if not browser.run(ready):
        return [*problems, "control and K do not open the search"]
    for letter in word:
        browser.press(letter)
    browser.press("Enter")
    try:
        browser.wait(f"location.search === '?q={word}' && document.querySelector('#search-results li a')", 10)
    except TimeoutError:
        problems.append(f"a search for {word!r} finds nothing")
    return problems


def theme_colours(browser: Browser) -> list[str]:
    """Switch the colours with mouse and keys."""
    button, mode = "document.querySelector('.theme-switch-button')", "document.documentElement.dataset.mode"
    paper = "getComputedStyle(document.body).backgroundColor"
    modes, papers = set(), set()
    for _ in range(3):
        browser.click(button)
        modes.add(browser.run(mode))
        papers.add(browser.run(paper))
    problems = [] if len(modes) == 3 and len(papers) == 2 else ["a click does not switch the colours"]
    before = browser.run(mode)
    browser.run(f"{button}.focus()")
    browser.press("Enter")
    if browser.run(mode) == before:
        problems.append("the enter key does not switch the colours")
    return problems


def theme_sidebar(browser: Browser) -> list[str]:
    """Show and hide the contents of the book with mouse and keys."""
    link = "document.querySelector('.bd-sidebar-primary nav a')"
    seen = f"{link}.checkVisibility({{visibilityProperty: true}}) && {link}.getBoundingClientRect().x >= 0"
    button, cover = "document.querySelector('.primary-toggle')", "document.querySelector('.overlay-primary')"
    problems = []
    before = browser.run(seen)
    browser.click(button)
    if browser.run(seen) == before:
        problems.append("a click does not show or hide the contents")
    problems += contrast_problems(browser, "document.querySelector('.bd-sidebar-primary')")
    browser.run(f"({cover}.checkVisibility() ? {cover} : {button}).click()")
    if browser.run(seen) != before:
        problems.append("the contents do not go back to where they were")
    browser.run(f"{button}.focus()")
    browser.press("Enter")
    if browser.run(seen) == before:
        problems.append("the enter key does not show or hide the contents")
    return problems


def theme_menus(browser: Browser) -> list[str]:
    """Open every menu above a page with mouse and keys; the mouse alone opens it where there is one."""
    problems = []
    for number in range(browser.run("document.querySelectorAll('.dropdown-toggle').length")):
        button = f"document.querySelectorAll('.dropdown-toggle')[{number}]"
        menu = f"{button}.parentElement.querySelector('.dropdown-menu')"
        name = browser.run(f"{button}.ariaLabel")
        opened = f"{button}.ariaExpanded === 'true' && {menu}.checkVisibility()"
        browser.click(button)
        if not browser.run(opened):
            problems.append(f"a click does not open the menu {name!r}")
        problems += contrast_problems(browser, menu)
        browser.press("Escape")
        if browser.run(opened):
            problems.append(f"the escape key does not close the menu {name!r}")
            browser.click(button)
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
        browser.run(f"{button}.focus()")
        browser.press("Enter")
        if not browser.run(opened):
            problems.append(f"the enter key does not open the menu {name!r}")
        browser.press("Escape")
    return problems


THEME = {"search": theme_search, "colours": theme_colours, "sidebar": theme_sidebar, "menus": theme_menus}
