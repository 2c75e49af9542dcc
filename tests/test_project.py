"""The project's own promises: one home for the address, pins, verbs that exist, workflows that cover."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
sys.path[:0] = [str(ROOT / "book" / "tools"), str(ROOT / "book" / "_ext")]

import assets  # noqa: E402
import selfcontained  # noqa: E402


def tracked(*patterns: str) -> list[Path]:
    """Return the project's files that git tracks or would track, as paths."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in (ROOT / line for line in listed.splitlines()) if path.is_file()]


def makefile() -> str:
    """Return the text of the Makefile."""
    return (ROOT / "Makefile").read_text()


def workflow(name: str) -> dict[str, Any]:
    """Return a parsed workflow."""
    return dict(yaml.safe_load((ROOT / ".github/workflows" / name).read_text()))


def test_the_address_has_one_home() -> None:
    name = ADDRESS.removeprefix("https://github.com/")
    holders = {
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path.suffix not in {".png", ".safetensors"}
        and name in path.read_text(encoding="utf-8", errors="replace")
    }
    made = {path for path in holders if re.fullmatch(r"chapters/(solutions/)?\w+\.ipynb", path)}
    assert holders - made == {"_config.yml"}


def test_help_lists_every_verb() -> None:
    verbs = set(re.search(r"^\.PHONY:(.*)$", makefile(), re.MULTILINE)[1].split())
    command = ["make", "--no-print-directory", "help"]  # a make inside `make test` talks
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == verbs
    assert {"book", "test", "chapters", "run", "serve", "experiments", "bench", "clean"} <= verbs


def test_the_read_me_names_only_verbs_that_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / "README.md").read_text()))
    assert {"book", "test"} <= named
    assert named <= set(re.findall(r"^([a-z]+):", makefile(), re.MULTILINE))


def test_the_pages_name_only_verbs_that_exist() -> None:
    for page in (ROOT / "book").glob("*.md"):
        named = set(re.findall(r"`make ([a-z ]+)`", page.read_text()))
        assert {verb for line in named for verb in line.split()} <= set(
            re.findall(r"^([a-z]+):", makefile(), re.MULTILINE)
        )


def test_windows_runs_the_commands_of_the_makefile() -> None:
    windows = (ROOT / "README.md").read_text().replace("\\", "/").replace(".venv/Scripts/", "$(BIN)/")
    for verb in ("book", "test"):
        recipe = re.search(rf"^{verb}:.*\n((?:\t.*\n)+)", makefile(), re.MULTILINE)[1]
        for line in recipe.splitlines():
            command = line.strip().lstrip("@").removesuffix(" --quiet")
            assert command.startswith("echo") or command in windows, command


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "python-old"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "-f", str(ROOT / "Makefile"), f"PYTHON={old}", ".venv/bin/python"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "needs Python 3.11 or newer; this is Python 3.9.1" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_requirements_are_pinned() -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    wanted = [line for line in lines if line]
    assert len(wanted) > 10
    assert [line for line in wanted if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+", line)] == []


def test_site_assets_are_pinned_with_hashes_and_without_addresses() -> None:
    wanted = json.loads((ROOT / "book/assets/package.json").read_text())["dependencies"]
    assert [version for version in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    text = (ROOT / "book/assets/package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert packages.pop("")["dependencies"] == wanted
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [
        name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha512-")
    ] == []
    assert "://" not in text and "resolved" not in text


def test_donation_pages_are_left_out_of_the_lock_file() -> None:
    entry = {"version": "1.0.0", "integrity": "sha512-x"}
    content = {"name": "a", "packages": {"b": {**entry, "funding": {"url": "https://pay.example"}}}}
    assert assets.without_addresses(content) == {"name": "a", "packages": {"b": entry}}


def test_assets_are_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def npm(arguments: list[str], folder: Path) -> None:
        calls.append(arguments)
        (folder / "node_modules").mkdir(exist_ok=True)

    monkeypatch.setattr(assets, "npm", npm)
    (tmp_path / "package-lock.json").write_text("one")
    assets.install(tmp_path)
    assets.install(tmp_path)
    assert [arguments[0] for arguments in calls] == ["ci"]
    (tmp_path / "package-lock.json").write_text("two")
    assets.install(tmp_path)
    assert len(calls) == 2


def test_the_licences_page_names_what_is_shipped() -> None:
    page = (ROOT / "book/licences.md").read_text()
    wanted = json.loads((ROOT / "book/assets/package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        row = next(line for line in page.splitlines() if name in line.lower() and line.startswith("|"))
        assert f"| {version} |" in row
    assert {source.split("/")[0] for source in selfcontained.COPIES} == {
        name.split("/")[0] for name in wanted
    }


def test_the_licences_page_names_what_the_theme_ships() -> None:
    import pydata_sphinx_theme
    import sphinx_copybutton

    page = (ROOT / "book/licences.md").read_text()
    static = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    clipboard = (Path(sphinx_copybutton.__file__).parent / "_static/clipboard.min.js").read_text(
        encoding="utf-8"
    )
    bootstrap = (static / "scripts/bootstrap.js.LICENSE.txt").read_text(encoding="utf-8")
    versions = {
        "Bootstrap": re.search(r"Bootstrap v([\d.]+)", bootstrap)[1],
        "Font Awesome Free": next((static / "vendor/fontawesome").iterdir()).name,
        "clipboard.js": re.search(r"clipboard\.js v([\d.]+)", clipboard)[1],
    }
    for name, version in versions.items():
        assert re.search(rf"^\| {re.escape(name)}[^|]*\| {re.escape(version)} \|", page, re.MULTILINE), (
            name,
            version,
        )


def test_workflows_cover_the_supported_versions() -> None:
    job = workflow("test.yml")["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_workflows_publish_and_try_colab() -> None:
    steps = workflow("publish.yml")["jobs"]["publish"]["steps"]
    assert any(step.get("run", "").startswith("make book") for step in steps)
    assert any(step.get("with", {}).get("path") == "_build/html" for step in steps)
    colab = workflow("colab.yml")
    assert "schedule" in colab[True]  # YAML 1.1 reads the key `on` as true
    assert "--nbval-lax" in str(colab["jobs"])


def test_issue_forms_and_hooks_parse() -> None:
    forms = [yaml.safe_load(path.read_text()) for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")]
    assert sum("body" in form and {"name", "description"} <= form.keys() for form in forms) == 2
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert {hook["id"] for hook in hooks} == {"ruff", "chapters"}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "version"} <= citation.keys()


def test_ci_runs_everything() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in text
    assert "\nmake test\n" in text and "\nmake book\n" in text


def test_every_page_of_the_book_is_in_the_contents() -> None:
    contents = (ROOT / "_toc.yml").read_text()
    pages = {f"book/{page.stem}" for page in (ROOT / "book").glob("*.md")}
    assert {page for page in pages if page not in contents} == set()


def test_every_planned_chapter_has_a_building() -> None:
    rows = yaml.safe_load((ROOT / "book/chapters.yml").read_text())
    drawn = re.findall(r'<symbol id="building-(\w+)"', (ROOT / "book/figures/buildings.svg").read_text())
    assert [row["number"] for row in rows] == drawn
    assert sum(row["minutes"] for row in rows) <= 40


def test_the_glossary_names_chapters_that_use_the_term() -> None:
    texts = {}
    for source in sorted((ROOT / "chapters/src").glob("*.md")):
        number = source.stem.split("_")[0]
        name = f"chapter {int(number)}" if number.isdigit() else f"appendix {number}"
        texts[name] = plain(source.read_text())
    listed = (ROOT / "book/glossary.md").read_text().split(":::")[1].removeprefix("{glossary}").strip()
    wrong = []
    for entry in listed.split("\n\n"):
        term, meaning = entry.split("\n", 1)
        named = [chapter for chapter in texts if re.search(rf"\b{chapter}\b", plain(meaning))]
        wrong += [(term, chapter) for chapter in named if plain(term) not in texts[chapter]]
    assert wrong == []


def plain(text: str) -> str:
    """Return a text in small letters, without marks, its hyphens and line ends as spaces."""
    return re.sub(r"[\s–-]+", " ", re.sub(r"[$*`]", "", text)).lower()
