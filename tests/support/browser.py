"""A real browser for pages: headless Chromium, driven over its own pipe, so that no driver is installed.

Collects what went wrong on a page (exceptions, console errors, dialogs) and each address it asked for.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.containers.docker_engine import missing
from tests.support.wait import wait_until

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ANSWER_S = 90.0


class Browser:
    """One Chromium process, spoken to by the DevTools protocol over a pair of pipes."""

    def __init__(self, binary: str, profile: Path) -> None:
        theirs_in, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
            f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank",
        ]  # fmt: skip
        # The browser reads descriptor 3 and writes 4: a shell puts ours there
        place = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", place, binary, *flags],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One command and its result; what else the browser says meanwhile goes to `events`."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        ends = time.monotonic() + ANSWER_S
        while True:
            said = self._next(ends, method)
            if said.get("id") == self._number:
                assert "error" not in said, f"{method}: {said['error']}"
                result: dict[str, Any] = said["result"]
                return result
            self.events.append(said)

    def _next(self, ends: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, ends - time.monotonic()))
            assert ready, f"the browser did not answer {method}"
            data = os.read(self._read, 1 << 20)
            assert data, "the browser ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        value: dict[str, Any] = json.loads(message)
        return value

    def page(self, url: str, *, dark: bool = False, width: int = 1280, height: int = 900) -> Page:
        """A new tab on an address, when its document is complete."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Runtime", "Log", "Network", "Page"):
            page.send(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.send("Emulation.setEmulatedMedia", features=[scheme])
        page.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.go(url)
        return page

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)


class Page:
    """A tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A DevTools command to this tab."""
        return self._browser.send(method, self._session, **parameters)

    def go(self, url: str) -> None:
        """Go to an address and wait for its document."""
        self.send("Page.navigate", url=url)
        wait_until(
            lambda: self.run("document.readyState") == "complete" and self.run("location.href") != "about:blank",
            f"{url} is loaded",
            timeout_s=120,
        )

    def run(self, expression: str) -> Any:
        """The value of an expression in the page; promises are awaited."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, f"{expression}: {done['exceptionDetails']}"
        return done["result"].get("value")

    def until(self, expression: str, what: str) -> None:
        """Wait until an expression is true; one that throws, or a page that is just left, is not true yet."""

        def probe() -> bool:
            try:
                return bool(self.run(f"(() => {{ try {{ return !!({expression}) }} catch {{ return false }} }})()"))
            except AssertionError as exc:
                if "navigated" in str(exc) or "context" in str(exc):
                    return False
                raise

        wait_until(probe, what, timeout_s=60)

    def press(self, key: str, text: str = "") -> None:
        """A key on the keyboard, by its name; `text` is what it types."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9}
        pressed = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0])), **({"text": text} if text else {})}
        self.send("Input.dispatchKeyEvent", type="keyDown", **pressed)
        self.send("Input.dispatchKeyEvent", type="keyUp", **{k: v for k, v in pressed.items() if k != "text"})

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.send("Input.insertText", text=text)

    def screenshot(self, path: Path, *, full: bool = False) -> None:
        """A picture of what is seen, or of the whole page."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=full)["data"]
        path.write_bytes(base64.b64decode(data))

    def pdf(self) -> bytes:
        """The page as it prints."""
        return base64.b64decode(self.send("Page.printToPDF")["data"])

    def wrong(self) -> list[str]:
        """Exceptions, errors in the console, refused content and dialogs of this tab."""
        self.run("0")  # what was said before is read
        found = []
        for event in self._own():
            method, told = event["method"], event["params"]
            if method in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
                found.append(f"{method}: {json.dumps(told)[:500]}")
            elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                found.append(told["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(told["args"])[:500])
        return found

    def asked(self) -> list[str]:
        """The addresses that this tab asked for, in order."""
        self.run("0")
        return [e["params"]["request"]["url"] for e in self._own() if e["method"] == "Network.requestWillBeSent"]

    def _own(self) -> Iterator[dict[str, Any]]:
        return (event for event in self._browser.events if event.get("sessionId") == self._session)


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile. Skips without a Chromium; in CI that is a failure."""
    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    if binary is None:
        missing("no Chromium on this machine")
    browser = Browser(binary, profile)
    try:
        yield browser
    finally:
        browser.close()
