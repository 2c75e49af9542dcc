"""Files: where data lies, how it comes there, and how nothing is left half-written."""

import hashlib
import http.client
import os
import tempfile
import urllib.request
from pathlib import Path

SHAKESPEARE = (
    "tinyshakespeare.txt",
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)


class DownloadError(Exception):
    """Report a file that could not be had, and how to have it."""


def home() -> Path:
    """Return the folder for downloads and trained models: `LLMLITE_HOME`, or ~/.cache/llmlite."""
    return Path(os.environ.get("LLMLITE_HOME") or Path.home() / ".cache" / "llmlite")


def sha256(path: Path) -> str:
    """Return a file's checksum, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def atomic_write(path: Path | str, content: bytes | str) -> Path:
    """Write a file so that whoever looks sees the old content or the new, never a part.

    Args:
        path: where; missing folders are made.
        content: text is written as UTF-8.

    Returns:
        The path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)  # mkstemp makes files that only their owner may read
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def fetch(name: str, url: str, checksum: str) -> Path:
    """Return the path of a data file, downloading it where it is not there yet.

    Args:
        name: the file's name; it is looked for in the folder `LLMLITE_DATA` first, then in `home()`.
        url: where it comes from otherwise.
        checksum: its SHA-256; a file with another one is never used.

    Raises:
        DownloadError: the file cannot be had, or is not the one that was asked for.
    """
    for folder in (os.environ.get("LLMLITE_DATA"), home()):
        if folder and (path := Path(folder) / name).is_file() and sha256(path) == checksum:
            return path
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(
            f"{name} could not be downloaded from {url} ({error}). Without a network, put the file, with the "
            f"SHA-256 {checksum}, into a folder and name the folder in the environment variable LLMLITE_DATA."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise DownloadError(
            f"{url} gave a file with SHA-256 {found}, not {checksum}: nothing was kept. Try again."
        )
    return atomic_write(home() / name, content)
