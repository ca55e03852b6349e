"""Real worker processes: killed, stopped and left alone with a lost wake-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from flask import Flask
from redis import Redis
from rq import Worker

from storefront.notifications.services import LEASE
from tests.factories.accounts import make_customer
from tests.factories.mail import Postbox
from tests.storefront.notifications.test_services import age_claims
from tests.workers.conftest import Starter
from tests.workers.outbox import jobs, let_handover_pass
from workers.processes import start_child, stop_children
from workers.queues import connect
from workers.relay import relay_once
from workers.valkey import start_valkey

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


def eventually(is_true: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def horse_of(worker: Popen[bytes]) -> int:
    """The process that runs the worker's job."""
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    assert len(children) == 1
    return int(children[0])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stall_a_mail(app: Flask, postbox: Postbox, start: Starter) -> Popen[bytes]:
    """A worker in the middle of its job: the mail server has the letter and does not answer."""
    postbox.open.clear()
    make_customer()
    relay_once(connect(app))
    worker = start("run", "mail")
    assert postbox.reached.wait(180)
    return worker


@needs_proc
def test_a_work_horse_killed_in_the_middle_of_its_mail_sends_it_once(
        app: Flask, postbox: Postbox, start: Starter) -> None:  # fault 4
    worker = stall_a_mail(app, postbox, start)
    os.kill(horse_of(worker), signal.SIGKILL)
    time.sleep(0.5)  # the mail server sees the connection end before it took the letter
    postbox.open.set()
    assert relay_once(connect(app)) == 0
    assert postbox.letters == []
    age_claims(LEASE)
    let_handover_pass()
    relay_once(connect(app))
    eventually(lambda: jobs()[0].finished_at is not None)
    assert len(postbox.letters) == 1
    assert jobs()[0].attempts == 2
    assert worker.poll() is None  # the worker itself lived on


@needs_proc
def test_a_worker_killed_with_its_job_leaves_nothing_running_and_the_next_one_sends(
        app: Flask, postbox: Postbox, start: Starter) -> None:  # faults 5 and 6
    worker = stall_a_mail(app, postbox, start)
    horse = horse_of(worker)
    worker.kill()
    worker.wait()
    eventually(lambda: not is_alive(horse))
    time.sleep(0.5)
    postbox.open.set()
    age_claims(LEASE)
    let_handover_pass()
    relay_once(connect(app))
    start("run", "mail")
    eventually(lambda: jobs()[0].finished_at is not None)
    assert len(postbox.letters) == 1


def test_sigterm_lets_the_job_finish(app: Flask, postbox: Postbox, start: Starter) -> None:  # fault 30
    worker = stall_a_mail(app, postbox, start)
    worker.terminate()
    time.sleep(0.5)
    assert worker.poll() is None
    postbox.open.set()
    assert worker.wait(180) == 0
    assert len(postbox.letters) == 1
    assert jobs()[0].finished_at is not None


def test_an_idle_worker_waits_and_ends_at_sigterm(app: Flask, start: Starter) -> None:
    worker = start("run", "default")
    eventually(lambda: len(Worker.all(connect(app))) == 1)
    time.sleep(8)  # longer than any answer of Redis may take elsewhere
    assert worker.poll() is None
    worker.terminate()
    assert worker.wait(180) == 0


def test_the_relay_outlives_redis_and_ends_at_sigterm(app: Flask, postbox: Postbox, start: Starter,
                                                      tmp_path: Path) -> None:
    own = start_valkey(tmp_path / "v")
    app.config["REDIS_URL"] = own.url
    own.stop()
    relay = start("relay")
    make_customer()
    eventually(lambda: "relay waits" in (tmp_path / "worker.log").read_text())
    assert relay.poll() is None
    own = start_valkey(tmp_path / "v")
    redis = Redis.from_url(own.url)
    eventually(lambda: redis.llen("rq:queue:mail") == 1)
    relay.terminate()
    assert relay.wait(180) == 0
    own.stop()


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = start_child(["sh", "-c", f"trap '' TERM; touch {tmp_path}/ready; while true; do sleep 0.1; done"])
    eventually((tmp_path / "ready").exists)
    stop_children([deaf], seconds=1.0)
    assert deaf.returncode == -signal.SIGKILL


@needs_proc
def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    code = ("from workers.processes import start_child; import time; "
            "print(start_child(['sleep', '60']).pid, flush=True); time.sleep(60)")
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually(lambda: not is_alive(child))


def test_valkey_keeps_its_data_and_a_running_one_is_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    first = start_valkey(folder)
    Redis.from_url(first.url).set("kept", "yes")
    again = start_valkey(folder)
    assert (again.url, again.process) == (first.url, None)
    again.stop()
    assert first.process is not None
    first.process.wait(180)
    third = start_valkey(folder)
    assert Redis.from_url(third.url).get("kept") == b"yes"
    assert Redis.from_url(third.url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    third.stop()


def test_a_folder_with_a_long_path_gets_a_short_private_socket(tmp_path: Path) -> None:
    running = start_valkey(tmp_path / ("deep" * 30))
    socket = Path(running.url.removeprefix("unix://"))
    assert len(str(socket)) <= 100
    assert socket.parent.stat().st_mode & 0o077 == 0
    running.stop()
    socket.parent.rmdir()
