"""What a page would load from another host is found in its source, and stops the build."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from loads import foreign_loads, in_page, in_script, in_style


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<script src="//cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/a.css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="a.png" srcset="a.png 1x, https://img.example/a.png 2x">',
        '<p style="background: url(https://img.example/a.png)">',
        "<style>@import 'https://fonts.example/a.css';</style>",
        '<style>@font-face { src: url("https://fonts.example/a.woff2") }</style>',
        '<script>fetch("https://api.example/v1")</script>',
        '<script>require.config({paths: {d3: "https://cdn.example/d3.min"}})</script>',
        '<script>const THEBE_JS_URL = "https://cdn.example/thebe.js"</script>',
        '<iframe src="http://frame.example"></iframe>',
        '<svg><image href="https://img.example/a.png"/></svg>',
        '<svg><use xlink:href="https://img.example/a.svg#x"/></svg>',
    ],
)
def test_a_planted_load_is_found(page: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(f"<html><body>{page}</body></html>")
    assert len(foreign_loads(tmp_path)) == 1


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://example.org/paper">a paper</a>',
        '<link rel="canonical" href="https://book.example/">',
        '<meta property="og:url" content="https://book.example/">',
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#tree"/></svg>',
        "<img src=\"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'/>\">",
        '<script src="_static/a.js"></script><script>// see https://example.org for the source</script>',
    ],
)
def test_a_link_is_no_load(page: str) -> None:
    assert in_page(page) == []


def test_style_sheets_and_scripts_are_read() -> None:
    assert in_style("a { background: url('//img.example/a.png') } /* url(https://old.example/b.png) */") == [
        "//img.example/a.png"
    ]
    assert in_script("import x from 'https://cdn.example/x.mjs'") == ["https://cdn.example/x.mjs"]
    assert in_script("new URL('https://example.org')") == []


def test_a_build_with_a_foreign_load_fails(tmp_path: Path) -> None:
    from selfcontained import refuse_foreign_loads
    from sphinx.errors import ExtensionError

    app = SimpleNamespace(outdir=str(tmp_path), builder=SimpleNamespace(format="html"))
    (tmp_path / "index.html").write_text("<p>good</p>")
    refuse_foreign_loads(app, None)
    (tmp_path / "bad.html").write_text('<script src="https://cdn.example/a.js"></script>')
    with pytest.raises(ExtensionError, match=r"bad\.html: https://cdn\.example/a\.js"):
        refuse_foreign_loads(app, None)
