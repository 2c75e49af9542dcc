"""Sphinx extension: a figure of a notebook keeps the text that says what it shows.

`llmlite.viz.show` stores the text with the picture; MyST-NB reads only width and height from there.
"""

from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx

_render_image = NbElementRenderer.render_image


def render_image(self: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
    """Render a picture, with its text."""
    rendered = _render_image(self, data)
    alt = data.output_metadata.get(data.mime_type, {}).get("alt")
    for node in rendered:
        if alt:
            node["alt"] = alt
    return rendered


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    NbElementRenderer.render_image = render_image
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
