"""What the many applications of one test process may share: what is compiled, never what is decided.

Every test has an application of its own. Building it again and again from the same routes, templates and
statements was half of the suite's time; here each is compiled once per process.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from storefront.foundation.database import db

ROOMY = 2 * 2**30  # bytes; containers often give their memory disk 64 MB
_routes: dict[tuple[object, ...], Rule] = {}
_engines: dict[str, Engine] = {}


class SharedRule(Rule):
    """A route that was compiled once: how it is matched, and the function that builds its address."""

    def compile(self) -> None:
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults))
        if key not in _routes:
            super().compile()
            _routes[key] = self
        known = _routes[key]
        self._parts, self._trace, self._converters = known._parts, known._trace, known._converters
        self.arguments |= known.arguments
        self._build = known._build.__func__.__get__(self, None)  # type: ignore[attr-defined]
        self._build_unknown = known._build_unknown.__func__.__get__(self, None)  # type: ignore[attr-defined]


class CompiledTemplates(BytecodeCache):
    """Templates by their source."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType | Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key, bucket.checksum] = bucket.code


_templates = CompiledTemplates()


def share_compiled(app: Flask) -> None:
    """Let the application find what another one compiled: templates, and the SQL of statements.

    Its engine becomes a child of the one that this process keeps for the address: events are the child's own.
    """
    app.jinja_env.bytecode_cache = _templates
    with app.app_context():
        own = db.engines[None]
        kept = _engines.setdefault(str(own.url), own)
        db.engines[None] = kept.execution_options()  # type: ignore[index]


def make_scratch() -> Path:
    """Return a new folder, in memory where there is room: SQLite waits for the disk at every commit."""
    memory = Path("/dev/shm")
    is_roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOMY
    return Path(tempfile.mkdtemp(prefix="shop-", dir=memory if is_roomy else None))
