"""The demo's processes: kept running, started again, ended all of them."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo import supervisor as module
from demo.folder import PAYMENTS, Folder, FolderBusy
from demo.supervisor import Role, Supervisor, is_ready
from workers.queues import QUEUES

FOREVER = ("sh", "-c", "while true; do sleep 0.1; done")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(module, "STOP_SECONDS", 1.0)
    one = Supervisor(os.environ, Folder(tmp_path).log, said.append)
    yield one
    one.stop()


def mend_until(supervisor: Supervisor, is_true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        supervisor.mend()
        time.sleep(0.02)


def test_a_child_that_dies_is_started_again(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(Role("one", FOREVER))
    first = supervisor.children[0].process.pid
    os.kill(first, signal.SIGKILL)
    mend_until(supervisor, lambda: supervisor.children[0].process.pid != first)
    assert supervisor.children[0].process.poll() is None
    assert "one ended (exit code -9)" in said[0]


def test_a_child_that_keeps_dying_waits_longer_each_time(
        supervisor: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    supervisor.start(Role("one", ("sh", "-c", "echo broken; exit 3")))
    supervisor.children[0].pause = 0.05
    mend_until(supervisor, lambda: len(said) == 3)
    assert [line.split(" starts again in ")[1].split(" s;")[0] for line in said] == ["0.1", "0.2", "0.4"]
    assert "broken" in supervisor.log("one").read_text()


def test_stopping_ends_children_that_hang(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(Role("kind", FOREVER))
    supervisor.start(Role("deaf", ("sh", "-c", f"trap '' TERM; touch {tmp_path}/deaf; while true; do sleep 0.1; done")))
    supervisor.start(Role("stopped", FOREVER))
    processes = [child.process for child in supervisor.children]
    mend_until(supervisor, (tmp_path / "deaf").exists)
    os.kill(processes[2].pid, signal.SIGSTOP)
    os.waitpid(processes[2].pid, os.WUNTRACED)  # it has stopped: a SIGTERM can no longer overtake
    supervisor.stop()
    assert [process.returncode for process in processes] == [-15, -9, -9]


def test_one_demo_holds_the_folder(tmp_path: Path) -> None:
    lock = Folder(tmp_path).hold()
    with pytest.raises(FolderBusy):
        Folder(tmp_path).hold()
    os.close(lock)
    os.close(Folder(tmp_path).hold())


def test_beginning_anew_removes_only_what_a_demo_made(tmp_path: Path) -> None:
    for name in ("shop.db", "staff_login", "notes.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "media" / "ab").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "mail").symlink_to(elsewhere)
    Folder(tmp_path).clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "notes.txt"]


def test_the_login_is_for_this_user_only_and_is_kept(tmp_path: Path) -> None:
    login = Folder(tmp_path).make_login()
    assert stat.S_IMODE((tmp_path / "staff_login").stat().st_mode) == 0o600
    assert Folder(tmp_path).read_login() == login


def test_the_demo_leaves_another_shop_alone(tmp_path: Path) -> None:
    environ = Folder(tmp_path).environ(
        {"DATABASE_URL": "postgresql://real/shop", "SMTP_URL": "smtp://real", "SECRET_KEY_FILE": "/run/key",
         "PATH": "/bin", "MEDIA_DIR": "/srv/media", "SITE_URL": "https://real.example", "PAYMENT_METHODS": "stripe",
         "BANK_IBAN_FILE": "/run/iban"}, port=8123, redis_url="unix:///r.sock")
    assert environ == PAYMENTS | {"PATH": "/bin", "STOREFRONT_DEMO": "1", "STOREFRONT_VAR": str(tmp_path),
                                  "SITE_URL": "http://127.0.0.1:8123", "REDIS_URL": "unix:///r.sock"}
    assert environ["PAYMENT_METHODS"] == "demo transfer cash"
    assert "(demonstration)" in environ["BANK_ACCOUNT_NAME"]


class Demo:
    """`flask demo` as a person starts it."""

    def __init__(self, folder: Path, *words: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environ = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
        self.output = folder.with_suffix(".out")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "demo", "--port", str(self.port), *words], stdout=output,
                stderr=subprocess.STDOUT, env=environ | {"STOREFRONT_VAR": str(folder)}, start_new_session=True)

    def wait(self) -> list[str]:
        """Return what it printed once it is ready."""
        deadline = time.monotonic() + 120  # far above the ten seconds that it may take: test machines are shared
        while "Data stay in" not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)
        return self.output.read_text().splitlines()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0

    def children(self) -> list[str]:
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()


def read(url: str, data: dict[str, str] | None = None) -> str:
    body = urllib.parse.urlencode(data).encode() if data else None
    request = urllib.request.Request(url, body, {"Sec-Fetch-Site": "same-origin"})  # noqa: S310  # our own address
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
        return str(response.read().decode())


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
def test_one_command_runs_the_whole_shop_and_ends_it(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    demo = Demo(folder)
    printed = demo.wait()
    assert any(line.startswith("ready in ") for line in printed)
    assert f"  Shop   {demo.url}/" in printed
    assert "Plainsong" in read(f"{demo.url}/")
    assert "Things like “bowl" in read(f"{demo.url}/search?q={'bowl+' * 1600}")  # gunicorn alone would read half of it
    read(f"{demo.url}/account/register", {"name": "Ada", "email": "ada@example.com", "password": "a teapot of rain"})
    deadline = time.monotonic() + 60
    while "Your account at Plainsong" not in read(f"{demo.url}/demo/mail"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    busy = subprocess.run([sys.executable, "-m", "flask", "demo", "--port", str(demo.port)], capture_output=True,
                          text=True, env=os.environ | {"STOREFRONT_VAR": str(tmp_path / "other")}, check=False)
    assert (busy.returncode, busy.stderr.count("\n")) == (1, 1)
    assert f"Port {demo.port} cannot be used" in busy.stderr
    children = demo.children()
    assert len(children) == 4 + len(QUEUES)  # web, relay, schedule, the queue's server and a worker for each
    demo.stop()
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    assert not is_ready(demo.url)

    again = Demo(folder)
    assert again.wait()[-4:-2] == printed[-4:-2]  # the same login
    assert "catalog" not in again.output.read_text()
    assert "Your account at Plainsong" in read(f"{again.url}/demo/mail")
    children = again.children()
    again.process.kill()
    again.process.wait()
    deadline = time.monotonic() + 60
    while [pid for pid in children if Path(f"/proc/{pid}").exists()
           and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"]:
        assert time.monotonic() < deadline, "children outlive a killed supervisor"
        time.sleep(0.2)
