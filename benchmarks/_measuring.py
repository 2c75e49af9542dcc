"""What the benchmarks share: two actions measured in turn, one line on the machine."""

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple


class Seconds(NamedTuple):
    """The time that something took: by the clock on the wall, and of all processors together."""

    wall: float
    cpu: float


def seconds(action: Callable[[], Any]) -> Seconds:
    """Return the time that something takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Seconds(time.perf_counter() - wall, time.process_time() - cpu)


def paired(repeats: int, ours: Callable[[], Any], theirs: Callable[[], Any]) -> list[tuple[Seconds, Seconds]]:
    """Measure two actions in turn; whoever comes second may find a warmer machine, so they change places."""
    pairs = []
    for repeat in range(repeats):
        if repeat % 2:
            late, early = seconds(theirs), seconds(ours)
            pairs.append((early, late))
        else:
            pairs.append((seconds(ours), seconds(theirs)))
    return pairs


def spread(values: list[float]) -> dict[str, float]:
    """Return the median of ratios, and their range."""
    return {"ratio": median(values), "ratio_low": min(values), "ratio_high": max(values)}


def hardware(*packages: str) -> str:
    """Return the processor, the number of cores and versions, as one line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():  # Linux; elsewhere the line above knows the name
        lines = info.read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    versions = [f"{package} {version(package)}" for package in packages]
    return ", ".join([cpu, f"{os.cpu_count()} cores", f"Python {platform.python_version()}", *versions])
