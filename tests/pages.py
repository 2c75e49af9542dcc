"""What can be wrong with a page of the site in a real browser; each check returns its problems as texts."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from answers import figure_problems
from browser import Browser
from looks import add_style, contrast_problems, script

SCREENS = [(390, False), (390, True), (1440, False), (1440, True)]  # width, dark
CONTROLS = set(
    "button link textbox searchbox combobox listbox checkbox radio switch slider spinbutton menuitem".split()
)
SETTLED = "Promise.all([document.fonts.ready, window.MathJax?.startup?.promise]).then(() => 0)"
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback interface, as a host of pages would, and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def open_page(browser: Browser, address: str, width: int, dark: bool) -> None:
    """Open a page as a new reader has it on a screen, with math set and everything unfolded that can be."""
    origin = "/".join(address.split("/")[:3])
    browser.call("Storage.clearDataForOrigin", origin=origin, storageTypes="local_storage")
    browser.screen(width, 844 if width < 800 else 900, dark=dark, phone=width < 800)
    browser.open(address, "!document.querySelector('meta[http-equiv=refresh]')")  # which leads on
    browser.run(SETTLED)
    add_style(browser, STILL)
    browser.run("document.querySelectorAll('details:not([hidden])').forEach(each => { each.open = true })")


def page_problems(browser: Browser, width: int, home: str) -> list[str]:
    """Return what is wrong with the page that is open.

    Args:
        browser: shows the page.
        width: of its screen.
        home: how the addresses on this site begin.
    """
    return [
        *script(browser, "page", width),
        *name_problems(browser),
        *contrast_problems(browser),
        *focus_problems(browser),
        *figure_problems(browser),
        *loading_problems(browser, home),
    ]


def loading_problems(browser: Browser, home: str) -> list[str]:
    """Return what the page said in the console, what it did not get, and what it asked of other hosts."""
    own = (home, "data:", "blob:", "about:")
    foreign = [address for address in browser.requests if not address.startswith(own)]
    return [
        *(f"uncaught: {error}" for error in browser.errors),
        *(f"console: {text}" for text in browser.complaints),
        *(f"failed request: {text}" for text in browser.failures),
        *(f"another host: {address}" for address in foreign),
    ]


def name_problems(browser: Browser) -> list[str]:
    """Return the controls that have no name for whoever hears the page, as the browser computes names."""
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    nameless = [
        node["backendDOMNodeId"]
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in CONTROLS and not node["name"]["value"].strip()
    ]
    found = []
    for number in nameless:
        node = browser.call("DOM.describeNode", backendNodeId=number)["node"]
        names, values = node["attributes"][::2], node["attributes"][1::2]
        said = "".join(f' {name}="{value}"' for name, value in zip(names, values, strict=True))
        found.append(f"no name for <{node['localName']}{said[:100]}>")
    return found


def focus_problems(browser: Browser) -> list[str]:
    """Return the kinds of controls of which a reader with a keyboard cannot see that they have the focus."""
    return list(script(browser, "focus"))
