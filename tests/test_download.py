"""Downloads against a server on this machine that breaks off, lies, changes its mind, or stands still."""

import hashlib
import http.server
import itertools
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import types
from email.utils import formatdate

import pytest

from llmlite import download
from llmlite.download import DownloadError
from llmlite.storage import fetch

CONTENT = random.Random(0).randbytes(100_000)
OTHER = random.Random(1).randbytes(90_000)
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Answer each request with the next function of a script, the last one for all that follow.

    Attributes:
        script: functions of this handler.
        log: what came: (path, Range, If-Range) of each request.
        sent: how many bytes of content each answer sent.
    """

    script: list
    log: list
    sent: list

    @classmethod
    def play(cls, script):
        """Begin a script."""
        cls.script, cls.log, cls.sent = list(script), [], []

    def do_GET(self):
        self.number = len(self.log)
        self.log.append((self.path, self.headers["Range"], self.headers["If-Range"]))
        self.sent.append(0)
        assert self.headers["Accept-Encoding"] == "identity", "bytes are asked for as they are"
        self.script[min(self.number, len(self.script) - 1)](self)

    def give(self, piece):
        self.wfile.write(piece)
        self.sent[self.number] += len(piece)

    def start(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *_):
        """Print nothing."""


def serve(content=CONTENT, *, cut=None, etag='"a"', date=None, before=lambda: None, reset=False):
    """Return a well-behaved answer, as RFC 9110 wants it, that may break off after some bytes.

    Args:
        content: the file.
        cut: break off after this many bytes.
        etag, date: validators to send, if any.
        before: called before it breaks off, or ends.
        reset: end the connection in the rudest way.
    """

    def answer(handler):
        versions = {"ETag": etag} if etag else {}
        versions |= {"Last-Modified": date} if date else {}
        asked, if_range = handler.headers["Range"], handler.headers["If-Range"]
        strong = [version for version in (etag, date) if version and not version.startswith("W/")]
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if asked and first >= len(content):
            return handler.start(416, Content_Range=f"bytes */{len(content)}", Content_Length=0)
        if asked and (if_range is None or if_range in strong):
            extent = f"bytes {first}-{len(content) - 1}/{len(content)}"
            handler.start(206, Content_Length=len(content) - first, Content_Range=extent, **versions)
        else:
            first = 0
            handler.start(200, Content_Length=len(content), **versions)
        handler.give(content[first:][:cut])
        before()
        if reset:
            handler.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return answer


def plain(status, content=b"", **headers):
    """Return an answer that ignores what was asked."""

    def answer(handler):
        handler.start(status, **({"Content_Length": len(content)} | headers))
        handler.give(content)

    return answer


@pytest.fixture(scope="module")
def running():
    """Start the server, whose script is set by each test."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return an empty home; waits are short, and noted in `home.waits`."""
    monkeypatch.delenv("LLMLITE_DATA", raising=False)
    monkeypatch.setenv("LLMLITE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")  # the server is on this machine
    return tmp_path / "home"


@pytest.fixture
def waits(monkeypatch):
    """Return a list of the waits, which are not waited for."""
    waited = []
    monkeypatch.setattr(download.time, "sleep", waited.append)
    return waited


@pytest.fixture
def get(running, home, waits):
    """Return a function that sets a script and fetches the file."""

    def get(*script, checksum=CHECKSUM, **options):
        Server.play(script)
        return fetch("file", f"http://127.0.0.1:{running.server_port}/file", checksum, **options)

    return get


def leave(home, part, version='"a"'):
    """Leave a part of a file, as an earlier call does."""
    home.mkdir(exist_ok=True)
    (home / "file.part").write_bytes(part)
    (home / "file.lock").write_text(version)


def ranges():
    """Return the first bytes that were asked for."""
    return [int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0 for _, asked, _ in Server.log]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def finished(path, home, content=CONTENT):
    """Check a finished download: the file, no part of it, an empty lock."""
    assert path == home / "file"
    assert path.read_bytes() == content
    assert names(home) == ["file", "file.lock"]
    assert (home / "file.lock").read_bytes() == b""


class TestBreakingOff:
    @pytest.mark.parametrize("seed", range(3))
    def test_thirty_cuts_at_random_places(self, get, home, waits, seed):
        draw = random.Random(seed)
        cuts = [draw.randint(1, 3300) for _ in range(30)]
        finished(get(*(serve(cut=cut) for cut in cuts), serve()), home)
        sums = [sum(cuts[:n]) for n in range(31)]
        assert ranges() == sums, "each request begins where the bytes ended"
        assert Server.log[0][1:] == (None, None)
        assert all(if_range == '"a"' for _, _, if_range in Server.log[1:])
        assert sum(Server.sent) == len(CONTENT), "no byte came twice"
        assert waits == [0.5] * 30

    def test_connections_that_are_reset(self, get, home):
        """What was on its way is lost then; the rest is asked for."""
        draw = random.Random(3)
        cuts = [serve(cut=draw.randint(1, 3300), reset=True) for _ in range(10)]
        finished(get(*cuts, serve()), home)
        assert ranges() == sorted(ranges())

    def test_cuts_in_the_header(self, get, home, waits):
        def cut(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")

        def silent(handler):
            """Say nothing at all."""

        finished(get(cut, silent, cut, serve()), home)
        assert waits == [0.5, 1, 2]

    def test_four_tries_without_a_new_byte_are_the_end(self, get, home, waits):
        with pytest.raises(DownloadError, match=r"file could not be downloaded .*0 of 100000 bytes came"):
            get(serve(cut=0))
        assert waits == [0.5, 1, 2]
        assert len(Server.log) == 4

    def test_new_bytes_start_the_row_again(self, get, home, waits):
        cuts = [0, 0, 0, 1, 0, 0, 1, 0, 5, 0, 0, 0]
        with pytest.raises(DownloadError, match="7 of 100000 bytes came"):
            get(*(serve(cut=cut) for cut in cuts), serve())
        assert waits == [0.5, 1, 2, 0.5, 1, 2, 0.5, 1, 0.5, 1, 2]

    def test_the_next_call_goes_on(self, get, home):
        with pytest.raises(DownloadError):
            get(serve(cut=40_000), plain(403))
        assert names(home) == ["file.lock", "file.part"]
        assert (home / "file.part").read_bytes() == CONTENT[:40_000]
        finished(get(serve()), home)
        assert Server.log == [("/file", "bytes=40000-", '"a"')]
        assert Server.sent == [60_000]

    def test_a_whole_part_needs_no_network(self, get, home):
        leave(home, CONTENT)
        finished(get(plain(500)), home)
        assert Server.log == []

    def test_a_stall_is_a_cut(self, get, home, monkeypatch):
        monkeypatch.setattr(download, "STALL", 0.2)
        go = threading.Event()
        begin = time.monotonic()
        finished(get(serve(cut=10_000, before=lambda: go.wait(10)), serve()), home)
        go.set()
        assert time.monotonic() - begin < 5
        assert ranges() == [0, 10_000]

    def test_a_length_that_is_too_long(self, get, home, waits):
        with pytest.raises(DownloadError, match="could not be downloaded"):
            get(plain(200, CONTENT, Content_Length=len(CONTENT) + 1))
        assert len(Server.log) == 4, "the first brings bytes, three more do not"

    def test_a_length_that_is_too_short(self, get, home):
        with pytest.raises(DownloadError, match="gave a file with SHA-256"):
            get(plain(200, CONTENT, Content_Length=len(CONTENT) - 1))
        assert names(home) == ["file.lock"]

    def test_pieces_with_their_own_lengths(self, get, home):
        """A chunked answer names no length, but shows where it ends."""

        def chunked(cut):
            def answer(handler):
                handler.protocol_version = "HTTP/1.1"
                handler.start(200, Transfer_Encoding="chunked", ETag='"a"')
                handler.wfile.write(b"%x\r\n%b\r\n" % (60_000, CONTENT[:60_000]))
                handler.wfile.write(b"%x\r\n%b" % (40_000, CONTENT[60_000:cut]))
                handler.wfile.write(b"\r\n0\r\n\r\n" * (cut == 100_000))
                handler.close_connection = True

            return answer

        finished(get(chunked(100_000)), home)
        (home / "file").unlink()
        finished(get(chunked(70_000), serve()), home)
        assert ranges() == [0, 70_000]


class TestAnswers:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
    def test_an_answer_that_will_not_change(self, get, home, waits, status):
        with pytest.raises(DownloadError, match=f"HTTP Error {status}") as caught:
            get(plain(status))
        assert len(Server.log) == 1 and waits == []
        assert "LLMLITE_DATA" in str(caught.value) and CHECKSUM in str(caught.value)

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
    def test_an_answer_that_may_change(self, get, home, waits, status):
        finished(get(serve(cut=9), *[plain(status)] * 2, serve()), home)
        assert ranges() == [0, 9, 9, 9]
        assert waits == [0.5, 1, 2]

    def test_one_that_does_not_change(self, get, home, waits):
        with pytest.raises(DownloadError, match="HTTP Error 503"):
            get(plain(503))
        assert len(Server.log) == 4

    def test_an_answer_that_is_none(self, get, home):
        with pytest.raises(DownloadError, match="could not be downloaded"):
            get(lambda handler: handler.wfile.write(b"what?\r\n\r\n"))
        assert len(Server.log) == 4

    def test_garbage_of_the_right_length(self, get, home):
        with pytest.raises(DownloadError, match=f"not {CHECKSUM}: nothing was kept"):
            get(serve(CONTENT[::-1]))
        assert names(home) == ["file.lock"]
        assert len(Server.log) == 1

    def test_a_redirect(self, get, home):
        def moved(handler):
            handler.start(302, Location="/there", Content_Length=0)

        finished(get(moved, serve(cut=500), moved, serve()), home)
        assert [path for path, _, _ in Server.log] == ["/file", "/there", "/file", "/there"]
        assert ranges() == [0, 0, 500, 500]

    def test_a_circle_of_redirects(self, get, home):
        with pytest.raises(DownloadError, match="could not be downloaded"):
            get(plain(302, Location="/file"))

    def test_a_server_that_ignores_ranges_starts_over(self, get, home):
        whole = plain(200, CONTENT)
        cuts = [plain(200, CONTENT[:cut], Content_Length=len(CONTENT)) for cut in (7, 50_000, 50_001)]
        finished(get(*cuts, whole), home)
        assert ranges() == [0, 7, 50_000, 50_001]

    def test_starting_over_must_lead_further(self, get, home, waits):
        with pytest.raises(DownloadError, match="50000 of 100000 bytes came"):
            get(plain(200, CONTENT[:50_000], Content_Length=len(CONTENT)))
        assert len(Server.log) == 4


class TestOtherFiles:
    """Parts of two files are never put together."""

    def test_it_changes_between_two_requests(self, get, home):
        checksum = hashlib.sha256(OTHER).hexdigest()
        path = get(serve(cut=40_000), serve(OTHER, etag='"b"'), checksum=checksum)
        finished(path, home, OTHER)
        assert [each[1:] for each in Server.log] == [(None, None), ("bytes=40000-", '"a"')]
        assert Server.sent == [40_000, 90_000]

    def test_it_changes_and_breaks_off_again(self, get, home):
        checksum = hashlib.sha256(OTHER).hexdigest()
        script = serve(cut=40_000), serve(OTHER, etag='"b"', cut=10_000), serve(OTHER, etag='"b"')
        finished(get(*script, checksum=checksum), home, OTHER)
        assert Server.log[2][1:] == ("bytes=10000-", '"b"')

    def test_a_date_where_there_is_no_tag(self, get, home):
        date = formatdate(10**9, usegmt=True)
        finished(get(serve(cut=500, etag=None, date=date), serve(etag=None, date=date)), home)
        assert Server.log[1][1:] == ("bytes=500-", date)

    def test_a_weak_tag_is_none(self, get, home):
        date = formatdate(10**9, usegmt=True)
        finished(get(serve(cut=500, etag='W/"a"', date=date), serve(etag='W/"a"', date=date)), home)
        assert Server.log[1][1:] == ("bytes=500-", date)
        (home / "file").unlink()
        finished(get(serve(cut=500, etag='W/"a"'), serve(etag='W/"a"')), home)
        assert Server.log[1][1:] == ("bytes=500-", None)

    def test_neither_tag_nor_date(self, get, home):
        finished(get(serve(cut=500, etag=None), serve(etag=None)), home)
        assert Server.log[1][1:] == ("bytes=500-", None)

    def test_a_tag_that_only_the_first_answer_has(self, get, home):
        finished(get(serve(cut=500), partial("bytes 500-99999/100000", CONTENT[500:])), home)
        assert len(Server.log) == 2

    def test_a_server_that_looks_at_no_tags(self, get, home):
        """It sends the rest of another file, and says so."""
        checksum = hashlib.sha256(OTHER).hexdigest()
        rest = partial("bytes 40000-89999/90000", OTHER[40_000:], ETag='"b"')
        finished(get(serve(cut=40_000), rest, serve(OTHER, etag='"b"'), checksum=checksum), home, OTHER)
        assert ranges() == [0, 40_000, 0]

    @pytest.mark.parametrize(
        "extent",
        ["bytes 499-99999/100000", "bytes 501-99999/100000", "bytes 100-99999/100000"],
    )
    def test_a_part_that_was_not_asked_for(self, get, home, extent):
        first = int(extent.split()[1].split("-")[0])
        finished(get(serve(cut=500), partial(extent, CONTENT[first:]), serve()), home)
        assert ranges() == [0, 500, 0]

    @pytest.mark.parametrize(
        "extent", ["", "bytes */100000", "bytes=500-99999/100000", "500-99999", "x 5-9/9 "]
    )
    def test_a_part_of_who_knows_what(self, get, home, extent):
        finished(get(serve(cut=500), partial(extent, b"?" * 99_500), serve()), home)
        assert ranges() == [0, 500, 500]
        assert Server.sent == [500, 99_500, 99_500]

    def test_all_as_a_part(self, get, home):
        finished(get(serve(cut=500), partial("bytes 0-99999/100000", CONTENT)), home)
        assert ranges() == [0, 500]

    def test_a_part_of_a_part(self, get, home):
        """A server may send less than what was asked for."""
        script = serve(cut=500), partial("bytes 500-999/100000", CONTENT[500:1000]), serve()
        finished(get(*script), home)
        assert ranges() == [0, 500, 1000]

    def test_a_part_of_a_file_of_unknown_length(self, get, home):
        rest = partial("bytes 500-99999/*", CONTENT[500:20_000], Content_Length=99_500)
        finished(get(serve(cut=500), rest, serve()), home)
        assert ranges() == [0, 500, 20_000]
        (home / "file").unlink()
        finished(get(serve(cut=500), partial("bytes 500-99999/*", CONTENT[500:])), home)
        assert ranges() == [0, 500]

    def test_the_part_is_longer_than_the_file(self, get, home):
        leave(home, b"x" * 200_000)
        finished(get(serve()), home)
        assert ranges() == [200_000, 0]

    def test_the_part_is_all_of_another_file(self, get, home):
        leave(home, CONTENT[::-1])
        finished(get(serve()), home)
        assert ranges() == [100_000, 0]

    def test_an_old_part_with_wrong_bytes_is_tried_once_more(self, get, home):
        leave(home, b"x" * 40_000)
        finished(get(serve()), home)
        assert [each[1:] for each in Server.log] == [("bytes=40000-", '"a"'), (None, None)]

    def test_and_only_once(self, get, home):
        leave(home, b"x" * 40_000)
        with pytest.raises(DownloadError, match="nothing was kept"):
            get(serve(CONTENT[::-1]))
        assert ranges() == [40_000, 0]
        assert names(home) == ["file.lock"]

    @pytest.mark.parametrize("version", ["", "\n\r\x00\xff\n\n", '"a"\r\nX: y'])
    def test_a_damaged_lock_file(self, get, home, version):
        leave(home, CONTENT[:500])
        (home / "file.lock").write_bytes(version.encode("latin-1"))
        finished(get(serve()), home)


def partial(extent, content, **headers):
    """Return an answer that calls itself a part."""
    return plain(206, content, **({"Content_Range": extent} if extent else {}), **headers)


class TestProgress:
    def steps(self, get, *script, **options):
        steps = []
        get(*script, on_progress=lambda *step: steps.append(step), **options)
        return steps

    def test_it_is_told_as_it_comes(self, get, home, monkeypatch):
        monkeypatch.setattr(download, "PIECE", 1000)
        steps = self.steps(get, serve())
        assert steps[0] == (0, 100_000) and steps[-1] == (100_000, 100_000)
        assert {total for _, total in steps} == {100_000}
        grown = [after - before for (before, _), (after, _) in itertools.pairwise(steps)]
        assert all(0 < more <= 1000 for more in grown)

    def test_it_goes_on_where_it_was(self, get, home):
        leave(home, CONTENT[:99_999])
        assert self.steps(get, serve()) == [(99_999, 100_000), (100_000, 100_000)]

    def test_a_length_that_nobody_knows(self, get, home):
        def answer(handler):
            handler.start(200)
            handler.give(CONTENT)

        steps = self.steps(get, answer)
        assert steps[0] == (0, None)
        assert steps[-2:] == [(100_000, None), (100_000, 100_000)]

    def test_a_file_that_is_there(self, get, home):
        home.mkdir()
        (home / "file").write_bytes(CONTENT)
        assert self.steps(get, plain(500)) == []

    def test_nothing_is_printed(self, get, home, capfd):
        get(serve(cut=10), serve())
        assert capfd.readouterr() == ("", "")

    def test_an_interruption_keeps_what_came(self, get, home):
        def interrupt(done, total):
            if done:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            get(serve(), on_progress=interrupt)
        assert (home / "file.part").read_bytes() == CONTENT[: (home / "file.part").stat().st_size] != b""
        finished(get(serve()), home)


class TestDisk:
    def test_the_disk_is_full(self, get, home, waits):
        resource = pytest.importorskip("resource")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_001, hard))
        try:
            with pytest.raises(DownloadError, match="make room there") as caught:
                get(serve())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert str(home) in str(caught.value) and "LLMLITE_HOME" in str(caught.value)
        assert "file.part cannot be written" in str(caught.value)
        assert isinstance(caught.value.__cause__, OSError)
        assert len(Server.log) == 1 and waits == [], "no try helps against a full disk"
        assert (home / "file.part").read_bytes() == CONTENT[:30_001]
        finished(get(serve()), home)
        assert ranges() == [30_001]

    def test_home_cannot_be_made(self, get, tmp_path, monkeypatch):
        (tmp_path / "full").write_text("a file")
        monkeypatch.setenv("LLMLITE_HOME", str(tmp_path / "full" / "home"))
        with pytest.raises(DownloadError, match=r"file.lock cannot be written to .*full.home .*LLMLITE_HOME"):
            get(serve())
        assert Server.log == []

    def test_the_place_is_taken_by_a_folder(self, get, home):
        (home / "file" / "x").mkdir(parents=True)
        with pytest.raises(DownloadError, match="file cannot be written"):
            get(serve())
        assert (home / "file.part").read_bytes() == CONTENT

    def test_it_is_on_the_disk_before_it_takes_its_place(self, get, home, monkeypatch):
        calls = []
        for name in ("fsync", "replace"):
            real = getattr(os, name)
            monkeypatch.setattr(os, name, lambda *args, n=name, r=real: (calls.append(n), r(*args))[1])
        get(serve())
        assert calls == ["fsync", "replace"]

    def test_a_name_may_hold_folders(self, running, home):
        Server.play([serve()])
        path = fetch("gpt2/weights", f"http://127.0.0.1:{running.server_port}/w", CHECKSUM)
        assert path == home / "gpt2" / "weights" and path.read_bytes() == CONTENT

    def test_large_files_are_never_in_memory(self, get, home):
        content = bytes(12_000_000)
        checksum = hashlib.sha256(content).hexdigest()

        def answer(handler):
            handler.start(200, Content_Length=len(content))
            handler.give(memoryview(content))

        tracemalloc.start()
        try:
            get(answer, checksum=checksum)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 3_000_000


CHILD = """if True:
    import sys
    from llmlite import download
    from llmlite.storage import fetch
    download.WAITS = (0.01,) * 3
    print(fetch("file", sys.argv[1], sys.argv[2]))
"""


class TestProcesses:
    """Real processes, one of which is killed as no exception handler can hear."""

    @pytest.fixture
    def child(self, running, home):
        """Return a function that starts a process which fetches the file."""
        children = []

        def child():
            url = f"http://127.0.0.1:{running.server_port}/file"
            command = [sys.executable, "-c", CHILD, url, CHECKSUM]
            children.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            return children[-1]

        yield child
        for each in children:
            each.kill()
            each.communicate()

    def until(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def test_a_killed_process_leaves_what_it_had(self, get, home, child):
        go = threading.Event()
        Server.play([serve(cut=1_234, before=lambda: go.wait(20))])
        process = child()
        self.until(lambda: download.size(home / "file.part") == 1_234)
        process.send_signal(signal.SIGKILL)
        process.wait()
        go.set()
        assert names(home) == ["file.lock", "file.part"]
        finished(get(serve()), home)
        assert Server.log == [("/file", "bytes=1234-", '"a"')]
        assert Server.sent == [98_766], "only the rest was sent"

    def test_four_at_once(self, home, child):
        Server.play([serve(cut=50_000, before=lambda: time.sleep(0.5)), serve()])
        processes = [child() for _ in range(4)]
        assert [each.communicate(timeout=30)[0] for each in processes] == [f"{home / 'file'}\n"] * 4
        finished(home / "file", home)
        assert ranges() == [0, 50_000], "one brought it, three waited"

    def test_who_waits_takes_over_from_who_is_killed(self, home, child):
        go = threading.Event()
        Server.play([serve(cut=70_000, before=lambda: go.wait(20)), serve()])
        first = child()
        self.until(lambda: download.size(home / "file.part") == 70_000)
        others = [child() for _ in range(2)]
        time.sleep(0.4)  # they come to the lock
        assert len(Server.log) == 1
        first.send_signal(signal.SIGKILL)
        assert [each.communicate(timeout=30)[0] for each in others] == [f"{home / 'file'}\n"] * 2
        go.set()
        finished(home / "file", home)
        assert ranges() == [0, 70_000]


class TestLock:
    def test_a_second_holder_waits(self, tmp_path):
        order = []

        def second():
            with download.locked(tmp_path / "lock"):
                order.append("second")

        with download.locked(tmp_path / "lock"):
            thread = threading.Thread(target=second)
            thread.start()
            time.sleep(0.1)
            order.append("first")
        thread.join()
        assert order == ["first", "second"]

    def test_a_folder_that_knows_no_locks(self, tmp_path, monkeypatch):
        fcntl = pytest.importorskip("fcntl")

        def refuse(*_):
            raise OSError("no locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
        with download.locked(tmp_path / "lock") as file:
            assert file.writable()

    def test_on_windows_it_asks_until_it_gets_it(self, tmp_path, monkeypatch):
        (tmp_path / "lock").write_text("version")
        asked = []

        def locking(descriptor, kind, n):
            asked.append((os.lseek(descriptor, 0, os.SEEK_CUR), kind, n))
            if len(asked) < 3:
                raise OSError("resource deadlock avoided")

        fake = types.SimpleNamespace(LK_LOCK=1, locking=locking)
        monkeypatch.setitem(sys.modules, "msvcrt", fake)
        monkeypatch.setattr(download, "sys", types.SimpleNamespace(platform="win32"))
        with download.locked(tmp_path / "lock") as file:
            assert asked == [(0, 1, 1)] * 3, "the same byte, whatever the file holds"
            assert file.read() == "version"
