"""A small client of headless Chromium over its DevTools protocol, with the network off.

Messages are JSON ended by a zero byte, on the two pipes that `--remote-debugging-pipe` opens: no port is
opened and no package is needed.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

_FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars
    --remote-debugging-pipe
""".split()
# No host can be looked up, but for the server that a test itself starts.
_FLAGS.append("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")


def find_chromium() -> str | None:
    """Return the path of Chromium or Chrome, or None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


# Where everything must be tried, in continuous integration, a test without a browser fails.
needs_chromium = pytest.mark.skipif(
    find_chromium() is None and not os.environ.get("CI"), reason="no Chromium or Chrome on this machine"
)


class Browser:
    """One browser with one page; use it in a `with` statement.

    Attributes:
        requests: every address that the page asked for since `open`, in order.
        errors: messages of uncaught errors since `open`.
        complaints: errors and warnings in the console since `open`, the browser's own among them.
        failures: requests without a good answer since `open`, "address: reason".
    """

    def __init__(self, program: str | None = None) -> None:
        """Start the browser.

        Args:
            program: path of Chromium; found on the machine if None.

        Raises:
            FileNotFoundError: if there is no Chromium.
        """
        program = program or find_chromium()
        if program is None:
            raise FileNotFoundError("no Chromium or Chrome on this machine")
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.complaints: list[str] = []
        self.failures: list[str] = []
        self._addresses: dict[str, str] = {}  # of requests, by their ids
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        self._profile = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        self._start(program)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def _start(self, program: str) -> None:
        theirs_in, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (theirs_in, theirs_out)]  # clear of 3 and 4

        def connect() -> None:
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        command = [program, *_FLAGS, f"--user-data-dir={self._profile.name}"]
        self._process = subprocess.Popen(
            command, preexec_fn=connect, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for descriptor in (theirs_in, theirs_out, *high):
            os.close(descriptor)

    def call(self, method: str, timeout: float = 60, **params: Any) -> dict[str, Any]:
        """Send one command and return its result.

        Args:
            method: name in the protocol, as in "Page.navigate".
            timeout: seconds.
            **params: the command's parameters.

        Raises:
            RuntimeError: if the browser answers with an error.
            TimeoutError: if it does not answer.
        """
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._read, 1 << 16) if ready else b""
            if not piece:
                raise TimeoutError("the browser does not answer")
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, event: str | None, params: dict[str, Any]) -> None:
        """Keep what a page asked for and what went wrong in it."""
        if event == "Network.requestWillBeSent":
            self._addresses[params["requestId"]] = params["request"]["url"]
            self.requests.append(params["request"]["url"])
        elif event == "Network.responseReceived" and params["response"]["status"] >= 400:
            self.failures.append(f"{params['response']['url']}: {params['response']['status']}")
        elif event == "Network.loadingFailed" and not params.get("canceled"):
            self.failures.append(f"{self._addresses.get(params['requestId'])}: {params['errorText']}")
        elif event == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            parts = [str(part.get("value", part.get("description"))) for part in params["args"]]
            self.complaints.append(f"console.{params['type']}: {' '.join(parts)}")
        elif event == "Log.entryAdded":
            entry = params["entry"]  # one of the network is a failure above, with its address
            if entry["level"] in ("error", "warning") and entry["source"] != "network":
                self.complaints.append(f"{entry['source']}: {entry['text']}")

    def screen(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Set the size of the screen in CSS pixels and the colour scheme.

        Args:
            width: true width inside the page; a window of 390 pixels would be 500 wide inside.
            height: height of the viewport.
            dark: whether the reader prefers a dark scheme.
            phone: whether the device is a phone with touch.
        """
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(
        self, address: str, ready: str = "document.readyState === 'complete'", timeout: float = 30
    ) -> None:
        """Go to a page and wait until an expression in it is true.

        Args:
            address: where to go.
            ready: JavaScript that is true when the page is as wanted.
            timeout: seconds.
        """
        self.call("Page.navigate", url="about:blank")  # what the last page still does is not the next one's
        self.wait("location.href === 'about:blank'")
        for notes in (self.requests, self.errors, self.complaints, self.failures):
            notes.clear()
        self.call("Page.navigate", url=address)
        self.wait(
            f"location.href !== 'about:blank' && document.readyState === 'complete' && ({ready})", timeout
        )

    def wait(self, expression: str, timeout: float = 30) -> None:
        """Wait until an expression is true in the page.

        Raises:
            TimeoutError: with the expression, if it stays false.
        """
        deadline = time.monotonic() + timeout
        while not self._is_true(expression):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"not true within {timeout} s: {expression}; errors in the page: {self.errors}"
                )
            time.sleep(0.05)

    def _is_true(self, expression: str) -> bool:
        try:
            return bool(self.run(f"Boolean({expression})"))
        except RuntimeError as error:
            if "navigated" in str(error):  # away, while it was asked
                return False
            raise

    def run(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page; a promise is awaited."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", expression))
        return result["result"].get("value")

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press and release a key.

        Args:
            key: its name, as in "Tab", "ArrowLeft", "Enter", " ", or the character that it writes.
            modifiers: 1 for alt, 2 for control, 8 for shift, or their sum.
        """
        number = {"Enter": 13, "Tab": 9, "Escape": 27}.get(key, ord(key.upper()) if len(key) == 1 else 0)
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 and not modifiers & 3 else "")
        code: dict[str, Any] = {
            "key": key,
            "code": key,
            "windowsVirtualKeyCode": number,
            "modifiers": modifiers,
        }
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def click(self, element: str) -> None:
        """Press the mouse in the middle of an element, as a reader does: what covers it gets the click.

        Args:
            element: JavaScript that gives it.
        """
        self.run(f"({element}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
        box = self.run(f"({element}).getBoundingClientRect().toJSON()")
        place: dict[str, Any] = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write what the page looks like as a PNG file.

        Args:
            path: where to write.
            whole: the whole page, not only the part on the screen.
        """
        area: dict[str, Any] = {}
        if whole:
            size = self.run("[innerWidth, document.documentElement.scrollHeight]")
            area = {"clip": {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}}
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **area)["data"]
        path.write_bytes(base64.b64decode(data))

    def __enter__(self) -> "Browser":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()
