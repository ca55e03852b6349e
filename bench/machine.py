"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("flask", "sqlalchemy", "psycopg", "gunicorn", "rq")


def describe_machine() -> dict[str, Any]:
    """Return processor, memory, versions, the moment and the load average of the last minutes."""
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "processor": _processor(), "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}", "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES}, "load": [round(one, 2) for one in os.getloadavg()],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
