"""Downloads that survive: continued where they broke off, and never two of one file at a time."""

import http
import http.client
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

Progress = Callable[[int, int | None], None]  # gets the bytes that are there, and those of all or None
STALL = 30.0  # seconds without a byte after which a connection counts as broken
WAITS = (0.5, 1.0, 2.0)  # seconds before each new try; one that brings new bytes starts the row again
TRY_AGAIN = {408, 416, 425, 429, 500, 502, 503, 504}  # answers that another try may not meet
PIECE = 1 << 18  # bytes of a file that are in memory at most


class DownloadError(Exception):
    """Report a file that could not be had, and how to have it."""


def download(url: str, part: Path, lock: TextIO, on_progress: Progress) -> None:
    """Add to a partial file until it is whole.

    Args:
        url: where the file comes from.
        part: what is there of it, if anything.
        lock: a file, held with `locked`; keeps between calls which version of the file the part is of.
        on_progress: called whenever bytes came.

    Raises:
        OSError, HTTPException: another try after each of the waits has brought nothing new.
        DownloadError: the folder of the partial file does not take it.
    """
    furthest, waits = size(part), iter(WAITS)
    while True:
        try:
            return _try(url, part, lock, on_progress)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
                if error.code not in TRY_AGAIN:
                    raise
                if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    part.unlink(missing_ok=True)  # it is longer than the file: it is of another one
            if size(part) > furthest:
                furthest, waits = size(part), iter(WAITS)
            wait = next(waits, None)
            if wait is None:
                raise
            time.sleep(wait)


def _try(url: str, part: Path, lock: TextIO, on_progress: Progress) -> None:
    """Ask once for what is missing, and append what comes.

    The lock file holds the server's name for the version that we have a part of. The server continues only
    this version; of any other it sends all.
    """
    have, _ = size(part), lock.seek(0)
    version = lock.readline().strip()
    with urllib.request.urlopen(_request(url, have, version), timeout=STALL) as answer:
        done, total = _extent(answer)
        sent = _version(answer)
        if done == 0:
            _begin(part, lock, sent)
        elif done != have or sent not in ("", version):
            part.unlink()
            raise ConnectionError(f"it went on at byte {done} of {sent!r}, not at {have} of {version!r}")
        on_progress(done, total)
        with disk(part):
            file = part.open("ab", buffering=0)  # unbuffered: what came is there, whatever happens next
        with file:
            while piece := answer.read1(PIECE):
                with disk(part):
                    while piece:
                        piece = piece[file.write(piece) :]
                done = file.tell()
                on_progress(done, total)
    if total is None and done > 0:  # there was no length, so this was all; a cut header had none either
        on_progress(done, done)
    elif done != total:
        raise ConnectionError(f"{done} of {total} bytes came")


def _request(url: str, have: int, version: str) -> urllib.request.Request:
    """Return a request for what follows the bytes that we have."""
    request = urllib.request.Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
        if version:
            request.add_header("If-Range", version)
    return request


def _extent(answer: http.client.HTTPResponse) -> tuple[int, int | None]:
    """Return the number of the first byte that a server sends, and how many the whole file has, if known."""
    if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
        return 0, answer.length
    header = answer.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", header)
    if not found:
        raise ConnectionError(f"a part came with the Content-Range {header!r}: no telling which part")
    start, end, total = found.groups()
    return int(start), int(end) + 1 if total == "*" else int(total)


def _version(answer: http.client.HTTPResponse) -> str:
    """Return a server's name for a version of a file, fit for If-Range: its ETag, or else its date."""
    tag: str = answer.headers.get("ETag", "")
    strong = tag and not tag.startswith("W/")  # of weak ones, two files that mean the same have the same
    return tag if strong else answer.headers.get("Last-Modified", "")


def _begin(part: Path, lock: TextIO, version: str) -> None:
    """Empty a partial file, then write down what it will be a part of."""
    with disk(part):
        part.write_bytes(b"")
        lock.truncate(0)
        lock.write(version)
        lock.flush()


def size(path: Path) -> int:
    """Return how many bytes a file has; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Say of an error in here that it comes from the folder of a file, not from the network."""
    try:
        yield
    except OSError as error:
        raise DownloadError(
            f"{path.name} cannot be written to {path.parent} ({error}): make room there, or name another "
            "folder in the environment variable LLMLITE_HOME."
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[TextIO]:
    """Open a lock file, once no other process holds it; the system lets go of it when a process ends."""
    with disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="latin-1")
    with file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            while True:
                with suppress(OSError):  # it gives up after ten seconds
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            with suppress(OSError):  # some network folders know no locks: there, checksums must do
                fcntl.flock(file, fcntl.LOCK_EX)
        yield file
