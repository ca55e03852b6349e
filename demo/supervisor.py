"""Keeps the demo's processes running: starts them, starts them again, and ends every one of them."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from workers.processes import kill_group, start_child, stop_children
from workers.queues import QUEUES
from workers.stopping import StopRequest

ROOT = Path(__file__).resolve().parents[1]
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before a child that ended is started again
STEADY_SECONDS = 30.0  # a child that lived this long starts again without a pause
STOP_SECONDS = 4.0


@dataclass(frozen=True)
class Role:
    """A child process by its name."""

    name: str
    command: Sequence[str]


@dataclass
class _Child:
    role: Role
    process: Popen[bytes]
    started_at: float
    pause: float = FIRST_PAUSE
    again_at: float | None = None  # it has ended and waits for its next start


@dataclass
class Supervisor:
    """Owns the children; `log` names the file of each, `say` tells the person what happened."""

    environ: Mapping[str, str]
    log: Callable[[str], Path]
    say: Callable[[str], None]
    children: list[_Child] = field(default_factory=list)

    def start(self, role: Role) -> None:
        """Start the role; its log begins anew."""
        self.log(role.name).write_bytes(b"")
        self.children.append(_Child(role, self._spawn(role), time.monotonic()))

    def watch(self, stop: StopRequest, is_outdated: Callable[[], bool] = lambda: False) -> None:
        """Keep the children running until asked to stop; start all of them anew when their code is outdated."""
        while not stop.is_set:
            if is_outdated():
                self.restart()
            self.mend()
            stop.wait(0.2)

    def restart(self) -> None:
        """End every child and start it again."""
        roles = [child.role for child in self.children]
        self.stop()
        for role in roles:
            self.start(role)
        self.say("started anew")

    def mend(self) -> None:
        """Start again, after a pause that grows, what has ended."""
        now = time.monotonic()
        for child in self.children:
            if child.again_at is None and child.process.poll() is not None:
                self._put_off(child, now)
            if child.again_at is not None and now >= child.again_at:
                child.process, child.started_at, child.again_at = self._spawn(child.role), now, None

    def stop(self) -> None:
        """End every child, a hanging one too, within a few seconds."""
        stop_children([child.process for child in self.children], seconds=STOP_SECONDS)
        self.children.clear()

    def _put_off(self, child: _Child, now: float) -> None:
        kill_group(child.process)  # what it started must not live beside its successor
        lived = now - child.started_at
        child.pause = FIRST_PAUSE if lived > STEADY_SECONDS else min(child.pause * 2, LONGEST_PAUSE)
        child.again_at = now + child.pause
        self.say(f"{child.role.name} ended (exit code {child.process.returncode}) and starts again in "
                 f"{child.pause:.1f} s; see {self.log(child.role.name)}")

    def _spawn(self, role: Role) -> Popen[bytes]:
        return start_child(role.command, environ=self.environ, log=self.log(role.name), directory=ROOT)


def web_role(port: int) -> Role:
    """The web server: two processes, the application loaded once."""
    return Role("web", [
        sys.executable, "-m", "gunicorn", "app:create_app()", "--bind", f"127.0.0.1:{port}", "--workers", "2",
        "--worker-class", "gthread", "--threads", "4", "--preload", "--no-control-socket", "--graceful-timeout", "3",
    ])


def background_roles() -> list[Role]:
    """The relay, the schedule and one worker for each queue; they leave the processor to the visitors.

    But for the relay, which everything waits for, and by half for pages, which visitors wait for.
    """
    roles = {"relay": ["relay"], "schedule": ["schedule"]} | {f"worker-{queue}": ["run", queue] for queue in QUEUES}
    kindness = {"relay": "0", "worker-pages": "5"}
    return [Role(name, ["nice", "-n", kindness.get(name, "10"), sys.executable, "-m", "flask", "worker", *command])
            for name, command in roles.items()]


def is_ready(url: str) -> bool:
    """Tell whether the web server may take visitors."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as response:  # noqa: S310  # our own http address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
