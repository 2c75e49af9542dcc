"""Sphinx extension: a site that loads nothing from another host, with the network off or on.

It copies the libraries that book/tools/assets.py installed into the built site, points math, widgets and
bertviz at them, leaves out the script of sphinx-thebe (which comes from a CDN), and fails the build if a page
would load anything from another host.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from loads import foreign_loads
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

VENDOR = "_static/vendor"
MODULES = Path(__file__).resolve().parents[1] / "assets" / "node_modules"
# What is copied: from (a file or folder in node_modules) -> to (below _static/vendor).
COPIES = {
    "mathjax/es5/tex-chtml-full.js": "mathjax/tex-chtml-full.js",
    "mathjax/es5/output/chtml/fonts/woff-v2": "mathjax/output/chtml/fonts/woff-v2",
    "mathjax/es5/a11y": "mathjax/a11y",
    "mathjax/es5/sre/mathmaps/base.json": "mathjax/sre/mathmaps/base.json",
    "mathjax/es5/sre/mathmaps/en.json": "mathjax/sre/mathmaps/en.json",
    "mathjax/LICENSE": "mathjax/LICENSE",
    "requirejs/require.js": "requirejs/require.js",
    "@jupyter-widgets/html-manager/dist/embed-amd.js": "widgets/embed-amd.js",
    "@jupyter-widgets/html-manager/dist/embed.js.LICENSE.txt": "widgets/embed.js.LICENSE.txt",
    "@jupyter-widgets/html-manager/LICENSE": "widgets/LICENSE",
    "d3/dist/d3.min.js": "d3/d3.min.js",
    "d3/LICENSE": "d3/LICENSE",
    "jquery/dist/jquery.min.js": "jquery/jquery.min.js",
    "jquery/LICENSE.txt": "jquery/LICENSE.txt",
}
# CDN addresses that notebooks hold -> the local file, without its suffix where require.js adds one.
CDN = r"https://cdnjs\.cloudflare\.com/ajax/libs"
LOCAL = {
    CDN + r"/require\.js/[\d.]+/require(?:\.min)?\.js": f"{VENDOR}/requirejs/require.js",
    CDN + r"/d3/5[\d.]+/d3\.min": f"{VENDOR}/d3/d3.min",
    CDN + r"/jquery/2[\d.]+/jquery\.min": f"{VENDOR}/jquery/jquery.min",
    r"https://colab\.research\.google\.com/assets/colab-badge\.svg": "_static/colab-badge.svg",
}
# Labels of widgets ask for MathJax 2's queue, and MathJax 3 has none. This one sets their text where a page
# has math. MathJax drops keys that it does not know when it starts, so the queue is put there again.
WIDGET_MATH = r"""
window.MathJax = window.MathJax || {};
(() => {
  const waiting = [];
  const hub = { Queue: (call) => waiting.push(call[2]) };
  const set = (label) => {
    if (!label.children.length) label.textContent = label.textContent.replace(/\$([^$]+)\$/g, "\\($1\\)");
    MathJax.startup.promise.then(() => MathJax.typesetPromise([label]));
  };
  const ready = () => {
    MathJax.startup.defaultReady();
    MathJax.Hub = { Queue: (call) => set(call[2]) };
    waiting.forEach(set);
  };
  Object.assign(window.MathJax, { Hub: hub, startup: { ready } });
})();
"""


def configure(app: Sphinx, config: Config) -> None:
    """Point the extensions for math and widgets at the local files."""
    config.mathjax_path = f"{VENDOR.removeprefix('_static/')}/mathjax/tex-chtml-full.js"
    config.nb_ipywidgets_js = {
        f"{VENDOR.removeprefix('_static/')}/requirejs/require.js": {},
        f"{VENDOR.removeprefix('_static/')}/widgets/embed-amd.js": {"data-jupyter-widgets-cdn": f"{VENDOR}/"},
    }


def copy_libraries(app: Sphinx) -> None:
    """Copy the installed libraries into the site, before pages are written: their links hold checksums."""
    if app.builder.format != "html":
        return
    app.add_js_file(None, body=WIDGET_MATH, priority=600)  # after the line that configures MathJax
    if not MODULES.is_dir():
        raise ExtensionError("the site's JavaScript is not installed: python book/tools/assets.py install")
    for source, target in COPIES.items():
        origin, goal = MODULES / source, Path(app.outdir) / VENDOR / target
        goal.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, goal, dirs_exist_ok=True)
        else:
            shutil.copy2(origin, goal)


def localize_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Rewrite the addresses in one page's body and leave thebe's files out of its head."""
    pathto = context["pathto"]
    if "body" in context:
        body = context["body"]
        for pattern, local in LOCAL.items():
            body = re.sub(pattern, pathto(local, resource=True), body)
        context["body"] = body
    context["script_files"] = [script for script in context["script_files"] if not _is_thebe(script)]
    context["css_files"] = [style for style in context["css_files"] if not _is_thebe(style)]


def _is_thebe(asset: Any) -> bool:
    body = (getattr(asset, "attributes", None) or {}).get("body") or ""
    return "thebe" in str(getattr(asset, "filename", "") or "") or "THEBE_JS_URL" in body


def refuse_foreign_loads(app: Sphinx, exception: Exception | None) -> None:
    """Fail the build if a page would load from another host."""
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for left in site.glob("_static/sphinx-thebe.*"):
        left.unlink()
    found = foreign_loads(site, vendored=site / VENDOR)
    if found:
        raise ExtensionError("pages would load from other hosts:\n  " + "\n  ".join(found))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("config-inited", configure, priority=900)
    app.connect("builder-inited", copy_libraries)
    app.connect("html-page-context", localize_page, priority=900)
    app.connect("build-finished", refuse_foreign_loads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
