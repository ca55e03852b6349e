"""Load by wrk, which costs a tenth of what a client in Python would on a machine of two processors."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.progress import progress
from bench.shop import WEB_THREADS, WEB_WORKERS

SCRIPT = Path(__file__).with_name("requests.lua")
CONNECTIONS = WEB_WORKERS * WEB_THREADS  # as many at once as gunicorn takes


@dataclass(frozen=True)
class Ask:
    """A request to be sent again and again."""

    path: str
    cookie: str = ""
    form: str = ""  # encoded; with one the request is a POST
    is_htmx: bool = False

    def line(self) -> str:
        return "\t".join(("POST" if self.form else "GET", self.path, self.cookie, "1" if self.is_htmx else "",
                          self.form))


@dataclass(frozen=True)
class Load:
    """What came of it; times in milliseconds."""

    requests: int
    seconds: float
    bytes: int
    lost: int  # connections refused or broken, answers that did not come
    refused: int  # answers with a status of 400 and above
    p50: float
    p95: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def problem(self) -> str:
        """What must not be, in a sentence; nothing when every request was answered well."""
        wrong = [f"{self.lost} without an answer"] * bool(self.lost) + [f"{self.refused} refused"] * bool(self.refused)
        return " and ".join(wrong) + f" of {self.requests} requests" if wrong else ""


def require_wrk() -> None:
    """End with a sentence where wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("The benchmarks need wrk: apt-get install wrk (Debian, Ubuntu) or brew install wrk (macOS).")


def press(base: str, asks: Sequence[Ask], *, label: str, seconds: float, connections: int = CONNECTIONS,
          threads: int = 1) -> Load:
    """Send the requests in turn over so many kept connections."""
    with start_press(base, asks, seconds=seconds, connections=connections, threads=threads) as running, \
            progress(label, seconds):
        return running.result()


class Press:
    """A load that runs; `result` waits for its end."""

    def __init__(self, base: str, asks: Sequence[Ask], seconds: float, connections: int, threads: int) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="bench-load-")
        file = Path(self.folder.name) / "requests"
        file.write_text("".join(f"{ask.line()}\n" for ask in asks))
        command = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{max(seconds, 1):.0f}s", "--timeout",
                   "30s", "-s", str(SCRIPT), base, "--", str(file), str(threads)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def result(self) -> Load:
        said, _ = self.process.communicate()
        last = said.strip().splitlines()[-1] if said.strip() else ""
        if self.process.returncode or not last.startswith("{"):
            raise RuntimeError(f"wrk failed: {said[-500:]}")
        found = json.loads(last)
        return Load(seconds=found.pop("microseconds") / 1e6, **found)

    def __enter__(self) -> Press:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.folder.cleanup()


def start_press(base: str, asks: Sequence[Ask], *, seconds: float, connections: int = CONNECTIONS,
                threads: int = 1) -> Press:
    """Begin to send the requests and return at once."""
    return Press(base, asks, seconds, connections, threads)
