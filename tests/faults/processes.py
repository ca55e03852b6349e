"""The shop's processes as a test holds them: started by the house, killed, frozen and awaited by pid."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = float(os.environ.get("FAULTS_PATIENCE", "90"))  # seconds; what has not come true by then never will


def eventually(is_true: Callable[[], Any], what: str = "it", seconds: float = PATIENCE) -> Any:
    """Wait until the condition holds and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := is_true()):
        assert time.monotonic() < deadline, f"{what} did not happen in time"
        time.sleep(0.03)
    return found


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """The process that forks all others; see house.py."""

    def __init__(self, log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.house"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM))  # noqa: PLW1509  # calls prctl, takes no lock

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=20)


@dataclass
class Child:
    """A process of the shop; `log` is what it said."""

    house: House
    pid: int
    log: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, minus the signal that killed it, or None while it runs."""
        if self.code is None:
            self.code = self.house.ask({"poll": self.pid})["code"]
        return self.code

    def wait(self) -> int:
        eventually(lambda: self.poll() is not None, f"the end of process {self.pid}")
        assert self.code is not None
        return self.code

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> int:
        """SIGKILL the process alone, and return when it is gone."""
        self.send(signal.SIGKILL)
        return self.wait()

    def kill_all(self) -> None:
        """SIGKILL the process and all that it started, and return when it is gone."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.wait()

    def children(self) -> list[int]:
        """Return the pids of what it started: gunicorn's workers, an RQ worker's horse."""
        with contextlib.suppress(FileNotFoundError):
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        return []


def start(house: House, command: Sequence[str], environ: Mapping[str, str], log: Path) -> Child:
    """Start the command; see house.become for what it may be."""
    pid = house.ask({"start": list(command), "environ": dict(environ), "log": str(log)})["pid"]
    return Child(house, pid, log)
