"""A real browser without a window, told what to do by the DevTools protocol over a pipe."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PATIENCE = 20.0


class Page:
    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive = send, receive
        self._rest = b""
        self._number = 0
        self.heard: list[dict[str, Any]] = []
        """What the browser said without being asked, since `listen`."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def open(self, url: str, width: int = 1200, height: int = 700) -> None:
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._call("Page.navigate", url=url)

    def listen(self) -> None:
        """From now on errors and requests are heard."""
        for domain in ("Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    @property
    def errors(self) -> list[str]:
        """What went wrong in the page, as its console has it."""
        found = []
        for each in self.heard:
            said = each["params"]
            match each["method"]:
                case "Runtime.exceptionThrown":
                    found.append(said["exceptionDetails"].get("exception", {}).get("description", str(said)))
                case "Runtime.consoleAPICalled" if said["type"] in ("error", "warning"):
                    found.append(str(said["args"]))
                case "Log.entryAdded" if said["entry"]["level"] in ("error", "warning"):
                    found.append(said["entry"]["text"])
        return found

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for, but for what is in the page itself."""
        sent = [each["params"] for each in self.heard if each["method"] == "Network.requestWillBeSent"]
        asked = [each["request"]["url"] for each in sent]
        return [url for url in asked if not url.startswith(("data:", "blob:"))]

    def key(self, key: str, **more: Any) -> None:
        """Presses and lets go a key, by its name in JavaScript."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        code = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
        number = {"windowsVirtualKeyCode": code[key]} if key in code else {}
        self._call("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **number, **more)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key, **number, **more)

    def mouse(self, *steps: tuple[str, float, float], **more: Any) -> None:
        """Presses, moves, releases and turns the wheel: what, and where."""
        for what, x, y in steps:
            kind = {"down": "mousePressed", "move": "mouseMoved", "up": "mouseReleased", "wheel": "mouseWheel"}[what]
            button = {"button": "left", "clickCount": 1} if what in ("down", "up") else {}
            held = {"buttons": 1, "button": "left"} if what == "move" else {}
            turn = {"deltaX": 0, "deltaY": 100} if what == "wheel" else {}
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **{**button, **held, **turn, **more})

    def dark(self, dark: bool = True) -> None:
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[feature])

    def __call__(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until the expression is true."""
        end = time.monotonic() + _PATIENCE
        while not self(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def screenshot(self) -> bytes:
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if "method" in answer:
                self.heard.append(answer)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._receive, 2**16)
            assert piece, "the browser has gone"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextmanager
def page() -> Iterator[Page]:
    """A page in a browser of its own, which ends with it."""
    assert BROWSER
    theirs_in, send = os.pipe()
    receive, theirs_out = os.pipe()

    def take_pipes() -> None:
        # The browser reads commands from 3 and writes answers to 4.
        a, b = os.dup(theirs_in), os.dup(theirs_out)
        os.dup2(a, 3)
        os.dup2(b, 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", f"--user-data-dir={profile}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=take_pipes, close_fds=False,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Page(send, receive)
        finally:
            browser.kill()
            browser.wait()
            os.close(send)
            os.close(receive)
