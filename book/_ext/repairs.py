"""Sphinx extension: what Sphinx and the theme leave wrong for readers, put right where pages are written."""

import re
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

# In the head of every page, before anything is drawn.
SCRIPT = """
(() => {
  // On a first visit the theme knows no colour scheme until its script runs, and complains in the console.
  const page = document.documentElement.dataset;
  page.mode ||= "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  if (page.mode === "auto") page.theme = dark ? "dark" : "light";
  // A page opened from a search marks the words found: inside styles, drawings and math that breaks them.
  const whole = "body :is(style, script, svg, svg *, .math)";
  addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll(whole).forEach((e) => e.classList.add("nohighlight")));
  // Whoever has no mouse scrolls a wide table once it has the focus.
  const reach = () => document.querySelectorAll(".pst-scrollable-table-container").forEach((e) => {
    e.tabIndex = e.scrollWidth > e.clientWidth ? 0 : -1;
  });
  for (const event of ["load", "resize"]) addEventListener(event, reach);
})();
"""
FIRST_PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={address}">
<link rel="icon" href="data:,">
<h1><a href="{address}">{title}</a></h1>
</html>
"""
# Opened as a file, a page may not load a font ahead of the style sheet that asks for it, and complains.
PRELOAD = re.compile(r'\s*<link rel="preload" as="font"[^>]*>')
FIELD = re.compile(r'(id="search-input".*?)\s+id="search-input"', re.DOTALL)
LONG_CODE = re.compile(r'<span class="pre">(?=[^<]{28,}<)')  # in one word: what no line of a phone may hold


def mark_long_code(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Mark the code in sentences that may have to be broken."""
    if "body" in context:
        context["body"] = LONG_CODE.sub('<span class="pre long">', context["body"])


def mend_files(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite what no event of Sphinx reaches: the first page, and the frame of every page."""
    if exception is not None or app.builder.format != "html":
        return
    site, root = Path(app.outdir), app.config.root_doc
    if root != "index":  # else the first page is a page of the book
        address = app.builder.get_relative_uri("index", root)
        content = FIRST_PAGE.format(
            language=app.config.language, title=escape(app.config.html_title), address=address
        )
        (site / "index.html").write_text(content, encoding="utf-8")
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = PRELOAD.sub("", text)
        if page.name == "search.html":  # its field and the one that every page has share an id
            mended = FIELD.sub(r"\1", mended)
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_js_file(None, body=SCRIPT, priority=100)
    app.connect("html-page-context", mark_long_code)
    app.connect("build-finished", mend_files, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
