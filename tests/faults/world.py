"""A whole shop of real processes with a database, a Valkey and a mail server of its own, to be broken."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from redis import Redis

from app import create_app
from storefront.foundation.database import db
from tests.factories.mail import Postbox
from tests.faults.processes import Child, House, eventually, free_port, start
from tests.faults.visitor import Visitor
from workers.valkey import RunningValkey, start_valkey


class World:
    """The parts of one running shop. `app` is the test's own application on the same database."""

    def __init__(self, folder: Path, house: House, database_url: str) -> None:
        folder.mkdir(parents=True)
        self.folder, self.house = folder, house
        self.port = free_port()
        self.children: list[Child] = []
        self.proxy: Any = None  # between the shop and its PostgreSQL, where a test needs one
        self.postbox = Postbox()
        self.valkey: RunningValkey = start_valkey(folder / "valkey")
        self.postbox.start()
        self.environ = {
            "STOREFRONT_VAR": str(folder / "var"), "STOREFRONT_DEMO": "1", "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "DATABASE_URL": database_url, "REDIS_URL": self.valkey.url, "SMTP_URL": self.postbox.url,
            "SITE_URL": f"http://127.0.0.1:{self.port}", "STOREFRONT_TESTS": "1",
            "STOREFRONT_FAILPOINT_ONCE": str(folder / "failpoint"), "PATH": os.environ.get("PATH", ""),
        }
        self.app: Flask = create_app(self.environ)
        self.app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, PASSWORD_COST=(1, 8, 1))

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.valkey.url, socket_timeout=10)

    def start(self, *command: str, **environ: str) -> Child:
        """Start a process of the shop: ("flask", "worker", "relay"), ("gunicorn", …), ("call", function, json)."""
        log = self.folder / f"{'-'.join(command[:4]).replace('/', '_')[:60]}.log"
        child = start(self.house, command, self.environ | environ, log)
        self.children.append(child)
        return child

    def start_web(self, workers: int = 1, threads: int = 4, **environ: str) -> Child:
        """Start the web server and return when it answers."""
        web = self.start(
            "gunicorn", "app:create_app()", "--bind", f"127.0.0.1:{self.port}", "--workers", str(workers),
            "--worker-class", "gthread", "--threads", str(threads), "--preload", "--no-control-socket",
            "--graceful-timeout", "1", "--timeout", "60", **environ)
        self.wait_for_web()
        return web

    def start_behind(self, *queues: str) -> None:
        """Start the relay and a worker for each queue named."""
        self.start("flask", "worker", "relay")
        for queue in queues:
            self.start("flask", "worker", "run", queue)

    def call(self, function: str, **arguments: Any) -> Child:
        """Call a function of the shop in a process of its own, such as settle."""
        return self.start("call", function, json.dumps(arguments, default=str))

    def wait_for_web(self) -> None:
        eventually(self.is_web_up, "an answer of the web server")

    def is_web_up(self) -> bool:
        with contextlib.suppress(OSError):
            return Visitor(self.port, timeout=5).get("/healthz").status_code == 200
        return False

    def visitor(self, timeout: float = 60.0) -> Visitor:
        return Visitor(self.port, timeout=timeout)

    # The next hit of a failpoint, in whichever process it happens

    def aim(self, failpoint: str) -> None:
        """Arm `<name>:<what>` for one hit; see foundation/failpoints.py."""
        path = self.folder / "failpoint"
        (self.folder / "failpoint.free").unlink(missing_ok=True)
        (self.folder / "failpoint.held").unlink(missing_ok=True)
        (self.folder / "aim").write_text(failpoint)
        os.rename(self.folder / "aim", path)

    def is_aimed(self) -> bool:
        """Tell whether the failpoint still waits for its hit."""
        return (self.folder / "failpoint").exists()

    def disarm(self) -> None:
        (self.folder / "failpoint").unlink(missing_ok=True)

    def wait_until_held(self) -> None:
        eventually((self.folder / "failpoint.held").exists, "a process at the failpoint")

    def let_go(self) -> None:
        (self.folder / "failpoint.free").touch()

    # Ends

    def stop_children(self) -> None:
        """SIGKILL every process that still runs, with all that it started."""
        for child in self.children:
            child.kill_all()
        self.children.clear()
        self.disarm()

    def restart_valkey(self) -> None:
        """Start the server on its old directory and socket."""
        self.valkey = start_valkey(self.folder / "valkey")

    def close(self) -> None:
        self.stop_children()
        self.postbox.stop()
        with contextlib.suppress(Exception):
            self.valkey.stop()

    def logs(self) -> str:
        """What every process said, for the report of a failed test."""
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-6000:]}"
                         for path in sorted(self.folder.glob("*.log")))


@contextlib.contextmanager
def fresh_session(app: Flask) -> Iterator[None]:
    """Look at the database as it is now, in a context of its own."""
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()


def steadily(is_true: Callable[[], bool], seconds: float) -> None:
    """Assert that the condition holds for a while; for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert is_true()
        time.sleep(0.05)
