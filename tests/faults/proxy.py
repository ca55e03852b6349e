"""A proxy between the shop and its PostgreSQL that loses what a test tells it to lose."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class Proxy:
    """Listens in `directory` as PostgreSQL would and passes everything to the server in `target`."""

    def __init__(self, directory: Path, target: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self.target = directory, target
        self.loses_commit = threading.Event()  # the next COMMIT reaches the server; its answer reaches nobody
        self.lost = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / ".s.PGSQL.5432"))
        self._listener.listen(64)
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def close(self) -> None:
        """End every connection and the listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(30)
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(30)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self.target / ".s.PGSQL.5432"))
            except OSError:
                near.close()
                far.close()
                continue
            thread = threading.Thread(target=self._serve, args=(near, far))
            with self._lock:
                self._open |= {near, far}
                self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket, far: socket.socket) -> None:
        """Pass on both ways until one end is closed."""
        swallows = threading.Event()
        back = threading.Thread(target=self._answer, args=(far, near, swallows))
        back.start()
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                if b"COMMIT" in data and self.loses_commit.is_set():
                    self.loses_commit.clear()
                    swallows.set()
                far.sendall(data)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_RDWR)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _answer(self, far: socket.socket, near: socket.socket, swallows: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                if swallows.is_set():
                    self.lost.set()
                    break
                near.sendall(data)
        with contextlib.suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
