"""Find what a built page would load from another host.

A link that a reader may follow is no load; a script, a style sheet, a font, an image, a frame or a request
is. Pages are read as HTML, style sheets and scripts by pattern; the browser tests watch the rule at run time.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

# Attributes that make a browser fetch, by tag; None stands for every tag.
_ATTRIBUTES = {
    None: {"src", "srcset", "poster", "background"},
    "link": {"href"},
    "object": {"data"},
    "image": {"href", "xlink:href"},
    "use": {"href", "xlink:href"},
}
_NAVIGATION = {"canonical", "author", "license", "next", "prev", "index", "search", "help", "alternate"}
_DATA_SCRIPTS = {"application/json", "application/ld+json", "application/vnd.jupyter.widget-state+json"}
_FOREIGN = re.compile(r"(?:^|[\s,])((?:https?:|wss?:)?//[^\s,\"'/][^\s,\"']*)", re.IGNORECASE)
_CSS = re.compile(r"(?:@import\s+|url\(\s*)[\"']?((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# In a script an address may be a comment or a link to show; these forms ask for it, or name a library.
_REQUEST = re.compile(
    r"""(?:\b(?:fetch|import|importScripts|require|open|Worker|WebSocket|EventSource|getScript|getJSON)
            \s*\(\s*(?:\[|["']GET["'],)?
        |\bfrom\s*|\.src\s*=|\bsrc["']?\s*:|\b(?:d3|jquery|THEBE_JS_URL)["']?\s*[:=]|<script[^>]*?\ssrc=)
        \s*\\?["'`]((?:https?:|wss?:)?//[^"'`\\\s]+)""",
    re.IGNORECASE | re.VERBOSE,
)


class _Page(HTMLParser):
    """Collect the foreign addresses that one page loads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.inside = ""  # the tag whose text is code: "style", "script", or nothing

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        kinds = set(values.get("rel", "").lower().split())
        if not (tag == "link" and kinds and kinds <= _NAVIGATION):
            for name in (_ATTRIBUTES[None] | _ATTRIBUTES.get(tag, set())) & values.keys():
                self.found += _FOREIGN.findall(values[name])
        self.found += _CSS.findall(values.get("style", ""))
        if tag == "script" and values.get("type", "") in _DATA_SCRIPTS:
            return
        self.inside = tag if tag in ("style", "script") else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "style":
            self.found += in_style(data)
        elif self.inside == "script":
            self.found += in_script(data)


def in_page(text: str) -> list[str]:
    """Return the foreign addresses that an HTML page loads.

    Args:
        text: the page's source.

    Returns:
        Addresses in the order found; empty if the page is self-contained.
    """
    page = _Page()
    page.feed(text)
    page.close()
    return page.found


def in_style(text: str) -> list[str]:
    """Return the foreign addresses that a style sheet loads.

    Args:
        text: the style sheet's source.

    Returns:
        Addresses in the order found.
    """
    return _CSS.findall(_CSS_COMMENT.sub("", text))


def in_script(text: str) -> list[str]:
    """Return the foreign addresses that a script asks for in a form known to be a request.

    Args:
        text: the script's source.

    Returns:
        Addresses in the order found.
    """
    return _REQUEST.findall(text)


def foreign_loads(site: Path, vendored: Path | None = None) -> list[str]:
    """Return every load from another host in a built site.

    Args:
        site: the folder that holds index.html.
        vendored: a folder of published libraries, whose scripts are left to the browser tests: they hold
            addresses for cases that never happen here, such as a widget that no page uses.

    Returns:
        One line for each load, "page: address", sorted; empty if the site is self-contained.
    """
    readers = {".html": in_page, ".svg": in_page, ".css": in_style, ".js": in_script}
    lines = set()
    for path in site.rglob("*"):
        published = vendored is not None and path.suffix == ".js" and path.is_relative_to(vendored)
        if path.suffix in readers and not published:
            for address in readers[path.suffix](path.read_text(encoding="utf-8", errors="replace")):
                lines.add(f"{path.relative_to(site).as_posix()}: {address}")
    return sorted(lines)
