"""A whole demo shop, started as a newcomer would, and Chromium to walk through it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.chromium import find_chromium

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240  # a loaded machine; the demo itself says how long it took
STEP_MS = 60_000
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")  # come only where a test takes the network away
expect.set_options(timeout=STEP_MS)


class Shop:
    """The running demo: its address and the staff login that it printed."""

    def __init__(self, url: str, output: str) -> None:
        self.url = url
        email, password = re.findall(r"^\s+(staff@\S+)\n\s+(\S+)$", output, re.M)[0]
        self.staff_email, self.staff_password = email, password


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    port = _free_port()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "demo", "--port", str(port)], cwd=ROOT, stdout=output, stderr=output,
            env={**os.environ, "STOREFRONT_VAR": str(folder / "var"), "PYTHONUNBUFFERED": "1"})
    try:
        yield Shop(f"http://127.0.0.1:{port}", _wait(process, log))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture
def visit(shop: Shop, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open the shop as a new visitor; afterwards: no console error and no CSP report came."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in OFFLINE):
            complaints.append(message.text)

    def open_page(*, js: bool = True, width: int = 1280) -> Page:
        context = chromium.new_context(base_url=shop.url, java_script_enabled=js,
                                       viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(STEP_MS)
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if "csp-reports" in request.url else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(START_SECONDS * 5):
        text = log.read_text(encoding="utf-8", errors="replace")
        if "ready in" in text and "Ctrl-C" in text:
            return text
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))
