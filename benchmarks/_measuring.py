"""What the benchmarks share: two actions measured in turn, a table, and the file that the book shows."""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeAlias

from llmlite import __version__
from llmlite.storage import atomic_write

Action: TypeAlias = Callable[[], object]


class Seconds(NamedTuple):
    """The time that something took: by the clock on the wall, and of all processors together."""

    wall: float
    processor: float


class Case(NamedTuple):
    """One row that a benchmark measures.

    Attributes:
        what: the work.
        library: the package on the index that does the same.
        prepare: gives the two actions, ours and theirs; what it does itself is not measured.
        tests: the tests that both give the same, "tests/test_x.py::test_y".
        target: the most that our time may be, in times of theirs; None where no target is set.
    """

    what: str
    library: str
    prepare: Callable[[], tuple[Action, Action]]
    tests: tuple[str, ...]
    target: float | None = None


def seconds(action: Action) -> Seconds:
    """Return the time that something takes."""
    wall, processor = time.perf_counter(), time.process_time()
    action()
    return Seconds(time.perf_counter() - wall, time.process_time() - processor)


def paired(repeats: int, ours: Action, theirs: Action) -> list[tuple[Seconds, Seconds]]:
    """Measure two actions in turn; whoever comes second may find a warmer machine, so they change places."""
    pairs = []
    for repeat in range(repeats):
        if repeat % 2:
            late, early = seconds(theirs), seconds(ours)
            pairs.append((early, late))
        else:
            pairs.append((seconds(ours), seconds(theirs)))
    return pairs


def spread(ratios: Iterable[float]) -> dict[str, float]:
    """Return the median of some ratios, and their range."""
    all_of_them = list(ratios)
    return {"median": median(all_of_them), "low": min(all_of_them), "high": max(all_of_them)}


def measured(case: Case, repeats: int) -> dict[str, Any]:
    """Return the row of a case: medians of the times, and of the ratios ours / theirs of each pair."""
    ours, theirs = case.prepare()
    ours(), theirs()  # the first time, libraries load what they need
    pairs = paired(repeats, ours, theirs)
    return {
        "what": case.what,
        "ours": median(a.wall for a, _ in pairs),
        "library": case.library,
        "theirs": median(b.wall for _, b in pairs),
        "ratio": spread(a.wall / b.wall for a, b in pairs),
        "processor_ratio": median(a.processor / b.processor for a, b in pairs),
        "target": case.target,
        "tests": list(case.tests),
    }


def origin(command: str, libraries: Sequence[str]) -> dict[str, Any]:
    """Return how figures were made: by which command, when, on what, with which versions."""
    versions = {library: version(library) for library in libraries}
    return {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": {"cpu": _cpu(), "cores": os.cpu_count()},
        "versions": {"Python": platform.python_version(), "llmlite": __version__, **versions},
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []  # on Linux it is there
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser of the options that every benchmark has."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--repeats", type=int, default=7, help="of each measurement (default 7)")
    options.add_argument("--json", metavar="FILE", help="write the figures")
    return options


def command(script: str, args: argparse.Namespace) -> str:
    """Return the command that measures the same again, as a reader types it."""
    options = [f"--{name} {value}" for name, value in sorted(vars(args).items()) if name != "json"]
    return " ".join(["python", f"benchmarks/{Path(script).name}", *options])


def report(script: str, args: argparse.Namespace, cases: Sequence[Case], **more: Any) -> None:
    """Measure all cases, print their table, and write the figures if that was asked for.

    Args:
        script: the file of the benchmark.
        args: what `parser` read.
        cases: the rows.
        **more: lists of further figures, for the file.
    """
    libraries = sorted({case.library for case in cases})
    made = origin(command(script, args), libraries)
    rows = [measured(case, args.repeats) for case in cases]
    machine, versions = made["hardware"], made["versions"].items()
    named = ", ".join(f"{name} {number}" for name, number in versions)
    print(f"{machine['cpu']}, {machine['cores']} cores; {named}; {args.repeats} paired repeats\n")
    print(f"{'':24}{'llmlite':>10}{'library':>10} {'':12}{'llmlite / library':>22}{'of processors':>15}")
    for row in rows:
        ratio = row["ratio"]
        span = f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
        times = f"{row['ours']:>8.3f} s{row['theirs']:>8.3f} s"
        print(f"{row['what']:24}{times} {row['library']:12}{span:>22}{row['processor_ratio']:>15.2f}")
    if args.json:
        result = {**made, "repeats": args.repeats, "rows": rows, **more}
        atomic_write(args.json, json.dumps(result, indent=1) + "\n")
