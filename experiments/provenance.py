"""What the results of an experiment say about how they were made, and which of them still hold."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
import torch

import llmlite

ROOT = Path(__file__).resolve().parents[1]


def command() -> str:
    """Return the command line as a reader types it at the root of the repository."""
    return " ".join(["python", f"experiments/{Path(sys.argv[0]).name}", *sys.argv[1:]])


def fingerprint(paths: Iterable[Path]) -> str:
    """Hash the code that makes the figures.

    Args:
        paths: files, and folders of which every Python file counts.

    Returns:
        16 hexadecimal digits.
    """
    files = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def hardware() -> dict[str, Any]:
    """Describe the machine."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():  # Linux; elsewhere the line above knows the name
        lines = info.read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    capability = torch.backends.cpu.get_cpu_capability()
    return {"cpu": cpu, "cores": os.cpu_count(), "threads": torch.get_num_threads(), "capability": capability}


def versions() -> dict[str, str]:
    """Return the versions of what the figures depend on."""
    python = platform.python_version()
    return {
        "python": python,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "llmlite": llmlite.__version__,
    }


def origin() -> dict[str, Any]:
    """Return what every file of results holds beside its figures."""
    date = datetime.now(UTC).date().isoformat()
    return {"command": command(), "date": date, "hardware": hardware(), "versions": versions()}


def finished(path: Path, key: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the seeds that stand in a file of results, if it was made with the same `key`; else none.

    Args:
        path: the file, which need not exist.
        key: what decides the figures: the fingerprint of the code, the parameters.
    """
    if not path.exists():
        return []
    stored = json.loads(path.read_text(encoding="utf-8"))
    same = all(stored.get(name) == value for name, value in key.items())
    return list(stored["seeds"]) if same else []
