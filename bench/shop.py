"""A shop to measure: PostgreSQL, Valkey, gunicorn, relay and workers of its own, ended with the block."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from demo.supervisor import background_roles, is_ready
from storefront.foundation.database import db
from tests.postgres import start_cluster
from workers.processes import start_child, stop_children
from workers.valkey import start_valkey

ROOT = Path(__file__).resolve().parents[1]
WEB_WORKERS, WEB_THREADS = 2, 4
READY_PATH, READY_SECONDS = "/readyz", 60.0


@dataclass(frozen=True)
class Shop:
    """A running shop; `app` is the benchmark's own application on the same database."""

    app: Flask
    port: int
    dsn: str  # for psycopg
    environ: dict[str, str]
    pids: dict[str, list[int]]  # processes whose time is told apart
    folder: Path  # for what measures write; gone with the shop

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def halted(self, *names: str) -> Iterator[None]:
        """Stop those processes (all: what is named in `pids`) where they stand, and let them go on afterwards."""
        pids = [pid for name in names or self.pids for one in self.pids[name] for pid in _family(one)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time that each process and its children have used so far."""
        return {name: sum(map(_cpu_seconds, pids)) for name, pids in self.pids.items()}


@contextmanager
def running_shop() -> Iterator[Shop]:
    """Start everything and end everything, also when the block fails."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    cluster = start_cluster(is_durable=True)
    valkey = start_valkey(folder / "valkey")
    children: list[subprocess.Popen[bytes]] = []
    application: Flask | None = None
    try:
        cluster.sql("CREATE DATABASE shop")
        port = free_port()
        (folder / "var").mkdir()
        environ = {
            "STOREFRONT_VAR": str(folder / "var"), "STOREFRONT_DEMO": "1",
            "SECRET_KEY": "only-for-benchmarks-" + "x" * 32,
            "DATABASE_URL": cluster.url("shop"), "REDIS_URL": valkey.url, "SITE_URL": f"http://127.0.0.1:{port}",
            "TRUSTED_PROXIES": "127.0.0.1", "PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT),
        }
        application = create_app(environ)
        logging.getLogger("storefront").setLevel(logging.WARNING)
        with application.app_context():
            upgrade()
            _spread_ids()
            db.session.remove()
        web = start_child(gunicorn("app:create_app()", port), environ=environ, log=folder / "web.log", directory=ROOT)
        children.append(web)
        roles = {role.name: start_child(role.command, environ=environ, log=folder / f"{role.name}.log", directory=ROOT)
                 for role in background_roles()}
        children += roles.values()
        wait_until_ready(f"http://127.0.0.1:{port}", folder / "web.log")
        pids = {"web": [web.pid], "postgres": [cluster.process.pid],
                "redis": [valkey.process.pid] if valkey.process else [],
                "pages": [roles["worker-pages"].pid],
                "background": [one.pid for name, one in roles.items() if name != "worker-pages"]}
        yield Shop(application, port, f"host={cluster.directory} user=postgres dbname=shop", environ, pids, folder)
    finally:
        stop_children(children)
        if application:
            with application.app_context():  # PostgreSQL ends once nobody is connected
                db.session.remove()
                db.engine.dispose()
        valkey.stop()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def gunicorn(application: str, port: int) -> list[str]:
    """Return the command that serves an application the way the shop is served."""
    return [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--workers",
            str(WEB_WORKERS), "--worker-class", "gthread", "--threads", str(WEB_THREADS), "--preload",
            "--no-control-socket", "--keep-alive", "30"]


def _spread_ids() -> None:
    """Let every table count from a number of its own: an id that a tape holds is then of one row only."""
    names = db.session.scalars(text("SELECT sequencename FROM pg_sequences ORDER BY sequencename")).all()
    for at, name in enumerate(names, 1):
        db.session.execute(text(f"ALTER SEQUENCE {name} RESTART {at * 10_000_000}"))
    db.session.commit()


def free_port() -> int:
    """Return a port on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, log: Path) -> None:
    """Return when the server may take visitors; raises RuntimeError with the end of its log."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if is_ready(url):  # asks READY_PATH
            return
        time.sleep(0.1)
    raise RuntimeError(f"the web server does not answer: {log.read_text(errors='replace')[-2000:]}")


def _cpu_seconds(pid: int) -> float:
    """The time of the process and of all below it that are alive, where /proc tells; else 0."""
    ticks = 0
    for entry in _family(pid):
        try:
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(fields[at]) for at in (11, 12, 13, 14))  # proc(5): utime, stime and those of dead children
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    found = [pid]
    for member in found:
        for listed in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                found += [int(child) for child in listed.read_text().split()]
            except OSError:
                continue
    return found
