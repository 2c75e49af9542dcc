"""Sphinx extension: what pages take from the project itself, so that no page repeats it.

The directive `package-api` documents every module of the package. Links `repo:PATH` and `file:PATH` go to the
repository, whose address has its one home in _config.yml.
"""

import importlib
import pkgutil
import re
from types import ModuleType
from typing import Any, TypeVar, get_origin

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

# The order of the design: a folder builds on those before it. What is not named here, the tools, follows.
FOLDERS = ("world", "text", "model", "training", "evaluation", "tuning", "retrieval", "hub", "zoo")
SECTION = re.compile(r"[A-Z][a-z]+:$")  # "Args:" and its like, which napoleon reads


def documented_modules(package: str) -> list[ModuleType]:
    """Return the modules of a package that hold something public, in reading order.

    Args:
        package: the name of an importable package.

    Returns:
        Its modules, without private ones and without those that define nothing.
    """
    root = importlib.import_module(package)
    names = [found.name for found in pkgutil.walk_packages(root.__path__, f"{package}.")]
    public = sorted((name for name in names if "._" not in name), key=_reading_order)
    return [module for module in map(importlib.import_module, public) if _defines_something(module)]


def _reading_order(name: str) -> tuple[int, str]:
    part = name.split(".")[1]
    return FOLDERS.index(part) if part in FOLDERS else len(FOLDERS), name


def _defines_something(module: ModuleType) -> bool:
    return any(
        getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
        for name, value in vars(module).items()
    )


def names_without_a_page(module: ModuleType) -> list[str]:
    """Return the names in a module that signatures may mention and autodoc has no entry for.

    Args:
        module: a module of the package.

    Returns:
        Full names of its type variables and type aliases.
    """
    return [
        f"{module.__name__}.{name}"
        for name, value in vars(module).items()
        if isinstance(value, TypeVar) or get_origin(value) is not None
    ]


def mark_examples(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Make an indented block of a docstring, outside its sections, the literal block that a reader sees."""
    marked: list[str] = []
    last = ""  # the last line that is not blank
    for line in lines:
        indented = line.startswith("    ") and not last.startswith(" ")
        if indented and not marked[-1].strip() and not SECTION.match(last) and not last.endswith("::"):
            marked += ["::", ""]
        marked.append(line)
        last = line if line.strip() else last
    lines[:] = marked


class PackageApi(SphinxDirective):
    """Document every module of the package named as the argument."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one section for each module."""
        lines: list[str] = []
        for module in documented_modules(self.arguments[0]):
            lines += [f"## `{module.__name__}`", "", "```{eval-rst}"]
            lines += [f".. automodule:: {module.__name__}", "   :members:", "```", ""]
        container = nodes.section()
        container.document = self.state.document
        content = StringList(lines, source="package-api")
        nested_parse_with_titles(self.state, content, container, self.content_offset)
        return list(container.children)


def configure(app: Sphinx, config: Config) -> None:
    """Let pages write repo:PATH for an address in the repository, and signatures name type variables."""
    for module in documented_modules("llmlite"):
        config.nitpick_ignore += [("py:class", name) for name in names_without_a_page(module)]
    address = config.html_theme_options["repository_url"].rstrip("/")
    branch = config.html_theme_options.get("repository_branch", "main")
    schemes = config.myst_url_schemes
    known = dict.fromkeys(schemes) if isinstance(schemes, (list, tuple, set)) else dict(schemes)
    config.myst_url_schemes = {
        **known,
        "repo": {"url": f"{address}/{{{{path}}}}"},
        "file": {"url": f"{address}/blob/{branch}/{{{{path}}}}"},
    }


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("package-api", PackageApi)
    app.connect("config-inited", configure, priority=100)
    app.connect("autodoc-process-docstring", mark_examples, priority=100)  # before napoleon
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
