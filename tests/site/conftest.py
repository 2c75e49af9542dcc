"""Options and fixtures for the tests of the built site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from pages import served

ROOT = Path(__file__).resolve().parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where the site is, and where pictures of it go."""
    parser.addoption("--site", type=Path, default=ROOT / "_build" / "html", help="folder of the built site")
    parser.addoption("--pictures", type=Path, help="folder for a picture of every page on every screen")


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the built site."""
    return Path(request.config.getoption("--site")).resolve()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one browser for all pages; without Chromium these tests fail, they are not skipped."""
    with Browser() as started:
        yield started


@pytest.fixture(scope="session")
def home(site: Path) -> Iterator[str]:
    """Serve the site and return its address."""
    with served(site) as address:
        yield address
