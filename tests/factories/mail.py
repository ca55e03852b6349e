"""A mail server for tests that can be slow, unwilling or gone, and a shop that sends through it."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask


class Postbox:
    """A real SMTP server on loopback; `letters` holds what it took."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.recipients: list[list[str]] = []
        self.refusals = 0  # how many of the next letters it refuses for now
        self.reached = threading.Event()  # a letter has arrived and waits for `open`
        self.waiting = 0  # letters that wait for `open`
        self.open = threading.Event()
        self.open.set()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self.open.set()
            self._controller.stop()
            self._controller = None

    def hang_up(self) -> None:
        """Answer again, when it is seen that every caller who waited for an answer has died."""
        deadline = time.monotonic() + 60
        while self.waiting:
            assert time.monotonic() < deadline, "a caller still waits"
            time.sleep(0.02)
        self.open.set()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        import asyncio

        self.waiting += 1
        self.reached.set()
        try:
            while not self.open.is_set():
                await asyncio.sleep(0.02)
        finally:  # also when the caller is gone and this is canceled
            self.waiting -= 1
        if self.refusals:
            self.refusals -= 1
            return "451 try again later"
        self.letters.append(message_from_bytes(envelope.content))
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"


def send_by(app: Flask, url: str) -> None:
    """Let the shop under test send its mails to the address."""
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], smtp_url=url)
    app.config["SMTP_URL"] = url
