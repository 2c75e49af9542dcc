"""Every kind of broken link is found, and good ones are left alone."""

from pathlib import Path

import pytest
from links import link_problems, pages_of

START = '<meta charset="utf-8"><h1 id="here">A goose</h1>'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder of two pages and a picture; a page of its own is beside it."""
    site = tmp_path / "site"
    (site / "book").mkdir(parents=True)
    (site / "book" / "other page.html").write_text(
        '<h1 id="there">x</h1><a name="old"></a><p id="größe">x</p>'
    )
    (site / "book" / "index.html").write_text("<h1>x</h1>")
    (site / "goose.png").write_bytes(b"x")
    (tmp_path / "outside.html").write_text("<h1>x</h1>")
    return site


@pytest.mark.parametrize(
    "link",
    [
        "#here",
        "#",
        "#top",
        "",
        "page.html",
        "page.html#here",
        "book/other%20page.html#there",
        "book/other page.html#old",
        "book/other%20page.html#gr%C3%B6%C3%9Fe",
        "book/",
        "book?x=1",
        "goose.png",
        "../site/goose.png#whatever",
        "https://example.org",
        "https://example.org:8443/a_b/%20c?x=1&amp;y=2#z",
        "mailto:mina@example.org",
    ],
)
def test_a_good_link(site: Path, link: str) -> None:
    (site / "page.html").write_text(f'{START}<a href="{link}">x</a>')
    assert link_problems(site / "page.html", site) == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("gone.html", "no such file"),
        ("gone/", "no such file"),
        ("../outside.html", "no such file"),
        ("/page.html", "no such file"),
        ("Page.html", "no such file"),
        ("#gone", "no such place"),
        ("#Here", "no such place"),
        ("book/other%20page.html#here", "no such place"),
        ("book/#there", "no such place"),
        ("http://example.org", "not a well-formed https address"),
        ("//example.org/x", "not a well-formed https address"),
        ("https://example", "not a well-formed https address"),
        ("https://", "not a well-formed https address"),
        ("https://exa mple.org", "not a well-formed https address"),
        ("https://example.org/a b", "not a well-formed https address"),
        ("javascript:void(0)", "not a well-formed https address"),
        ("file:///page.html", "not a well-formed https address"),
        ("mailto:mina", "not an address of mail"),
    ],
)
def test_a_broken_link(site: Path, link: str, problem: str) -> None:
    (site / "page.html").write_text(f'{START}<p><a href="{link}">x</a> <a href="{link}">again</a></p>')
    assert link_problems(site / "page.html", site) == [f"{problem}: {link}"]


@pytest.mark.parametrize(
    "source",
    [
        '<svg><use href="#gone"/></svg>',
        '<svg><a xlink:href="#gone"><text>x</text></a></svg>',
        '<map><area href="#gone"></map>',
        '<meta http-equiv="refresh" content="0; url=#gone">',
    ],
)
def test_other_things_that_lead_somewhere(site: Path, source: str) -> None:
    (site / "page.html").write_text(START + source)
    assert link_problems(site / "page.html", site) == ["no such place: #gone"]


def test_pages_of_a_site(site: Path) -> None:
    (site / "_static").mkdir()
    (site / "_static" / "macros.html").write_text("{% no page %}")
    names = [path.relative_to(site).as_posix() for path in pages_of(site)]
    assert names == ["book/index.html", "book/other page.html"]
