"""The house: loads the shop's code once and forks real processes of it: web server, relay, workers.

Run as `python -m tests.faults.house`; reads one JSON order per line and answers each with one. Loading
the code takes two seconds, a fork some milliseconds: only so can a suite start hundreds of processes.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pkgutil import resolve_name
from typing import Any

from workers.processes import die_with_parent


def main() -> None:
    """Serve orders until the other side is gone; then everything that was started ends."""
    import gunicorn.app.wsgiapp
    import gunicorn.workers.gthread  # noqa: F401
    import rq  # noqa: F401

    import app  # noqa: F401

    gc.freeze()
    alive: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            answer: dict[str, Any] = {"pid": start(order["start"], order["environ"], order["log"])}
            alive.add(answer["pid"])
        else:
            answer = poll(order["poll"], alive)
        print(json.dumps(answer), flush=True)  # noqa: T201
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def poll(pid: int, alive: set[int]) -> dict[str, Any]:
    """Tell whether the child ended, and how: the exit code, or minus the signal."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return {"code": None}
    alive.discard(pid)
    return {"code": os.waitstatus_to_exitcode(status)}


def start(command: Sequence[str], environ: dict[str, str], log: str) -> int:
    """Fork a process in a session of its own that becomes the command; returns its pid."""
    die = die_with_parent(signal.SIGKILL)
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        if die:
            die()
        os.environ.clear()
        os.environ.update(environ)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdin.close()
        sys.stdin = open(os.devnull)  # noqa: SIM115
        code = become(command)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def become(command: Sequence[str]) -> int:
    """Be gunicorn, a `flask` command, or a call of one function inside the application's context."""
    kind, *words = command
    if kind == "gunicorn":
        import gunicorn.app.wsgiapp

        sys.argv = ["gunicorn", *words]
        gunicorn.app.wsgiapp.run(prog="gunicorn")
        return 0
    if kind == "flask":
        from flask.cli import FlaskGroup, ScriptInfo

        from app import create_app

        FlaskGroup().main(words, prog_name="flask", obj=ScriptInfo(create_app=create_app))
        return 0
    from app import create_app

    with create_app().app_context():
        print(resolve_name(words[0])(**json.loads(words[1])))  # noqa: T201
    return 0


if __name__ == "__main__":
    main()
