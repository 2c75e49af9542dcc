"""Links of a built site: where they lead, read from the files."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids = {"", "top"}  # both lead to the top of any page
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids |= {value for key in ("id", "name") if (value := values.get(key))}
        if tag in ("a", "area", "use"):
            self.links += [value or "" for key, value in attrs if key in ("href", "xlink:href")]
        if tag == "meta" and (values.get("http-equiv") or "").lower() == "refresh":
            self.links.append((values.get("content") or "").partition("url=")[2])


@cache
def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def pages_of(site: Path) -> list[Path]:
    """Return the pages of a built site; parts of the theme that only look like pages are none."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)


def link_problems(path: Path, site: Path) -> list[str]:
    """Return the links of a page that lead nowhere, and those to other hosts that are not well formed.

    Args:
        path: of the page.
        site: the folder that a reader gets; a link does not leave it.
    """
    problems = {link: _problem(path, site, link) for link in _read(path).links}
    return [f"{problem}: {link}" for link, problem in problems.items() if problem]


def _problem(path: Path, site: Path, link: str) -> str | None:
    parts = urlsplit(link)
    if parts.scheme == "mailto":
        return None if re.fullmatch(r"\S+@\S+\.\S+", parts.path) else "not an address of mail"
    if parts.scheme or parts.netloc:
        good = parts.scheme == "https" and _HOST.fullmatch(parts.netloc) and not re.search(r"\s", link)
        return None if good else "not a well-formed https address"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    target = target / "index.html" if target.is_dir() else target
    if not target.is_relative_to(site.resolve()) or not target.is_file():
        return "no such file"
    if target.suffix == ".html" and unquote(parts.fragment) not in _read(target).ids:
        return "no such place"
    return None
