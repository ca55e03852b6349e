"""A real nginx in front of a shop, as tests and benchmarks start it."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from flask import Flask

from workers.gateway import Gateway, lay_out
from workers.processes import start_child, stop_children

START_SECONDS = 30.0


def find_nginx() -> str | None:
    """Return the program's path: NGINX if set, else where systems keep it; None when there is none."""
    return os.environ.get("NGINX") or shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@dataclass
class RunningGateway:
    """An nginx on loopback; what it wrote down lies in `folder` (access.log, error.log)."""

    port: int
    folder: Path
    process: Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return (self.folder / "error.log").read_text(errors="replace")

    def stop(self) -> None:
        stop_children([self.process])


def start_gateway(app: Flask, folder: Path, servers: Mapping[str, Sequence[str]], *, secure: int = 0,
                  **options: Any) -> RunningGateway:
    """Start nginx before the servers (`{"": ["127.0.0.1:8001"]}`, or by role) and return when it listens.

    `options` are those of workers.gateway.Gateway, such as `limits=False` for a load test. PAGES_DIR, MEDIA_DIR,
    SITE_URL and all else come from the app's settings; the shop's processes need TRUSTED_PROXIES=127.0.0.1.
    With a certificate https is spoken at the port `secure`, and `port` only leads there.
    """
    program = find_nginx()
    assert program is not None, "nginx is missing: apt-get install nginx-light"
    port = _free_port()
    listens = {"listens": [f"127.0.0.1:{port}"]}
    if secure:
        listens = {"listens": [f"127.0.0.1:{secure} ssl http2"], "redirects": [f"127.0.0.1:{port}"]}
    with app.app_context():
        path = lay_out(app, Gateway(
            folder=folder, servers=servers, **listens, names=["127.0.0.1", "localhost"],
            user="root" if os.geteuid() == 0 else "", **options))  # the folders of tests are nobody else's to read
    process = start_child([program, "-c", str(path), "-g", "daemon off;"], log=folder / "nginx.out")
    running = RunningGateway(port, folder, process)
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return running
    running.stop()
    raise AssertionError(f"nginx did not start: {(folder / 'nginx.out').read_text(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
