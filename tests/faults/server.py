"""A PostgreSQL server of one test's own, to be stopped at once and started again on its files."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence

from tests.faults.processes import eventually
from tests.postgres import Cluster, start_cluster


class Server:
    """A cluster that can crash."""

    def __init__(self) -> None:
        self.cluster: Cluster = start_cluster()

    def crash(self) -> None:
        """What `pg_ctl stop -m immediate` does: every backend ends at once, nothing is written down first."""
        self.cluster.process.send_signal(signal.SIGQUIT)
        self.cluster.process.wait(60)

    def start(self, options: Sequence[str] = ()) -> None:
        """Start it again; it recovers from its log first."""
        as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        (self.cluster.directory / "data" / "postmaster.pid").unlink(missing_ok=True)
        with (self.cluster.directory / "log").open("ab") as log:
            self.cluster.process = subprocess.Popen(
                [*self.cluster.process.args, *options], stdout=subprocess.DEVNULL, stderr=log,  # type: ignore[misc]
                **as_user)  # type: ignore[call-overload]
        eventually(self.answers, "PostgreSQL")

    def answers(self) -> bool:
        import psycopg

        try:
            self.cluster.sql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def log(self) -> str:
        return (self.cluster.directory / "log").read_text(errors="replace")
