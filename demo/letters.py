"""The mails that the demo caught, read from its Maildir."""

from __future__ import annotations

import email
import email.policy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True)
class Letter:
    """A mail as the demo shows it; `html` is empty when it has no such part."""

    id: str
    subject: str
    to: str
    sent_at: datetime
    text: str
    html: str

    @property
    def url(self) -> str:
        return f"/demo/mail/{self.id}"

    @property
    def html_url(self) -> str:
        return f"{self.url}/body" if self.html else ""


def list_letters(folder: Path, limit: int = 200) -> list[Letter]:
    """Return the newest letters of a Maildir, newest first."""
    paths = sorted(_files(folder), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [_read(path) for path in paths[:limit]]


def find_letter(folder: Path, letter_id: str) -> Letter | None:
    """Return the letter with the id, if there is one."""
    return next((_read(path) for path in _files(folder) if _id(path) == letter_id), None)


def _files(folder: Path) -> Iterator[Path]:
    for part in ("new", "cur"):
        yield from (folder / part).glob("[!.]*")


def _id(path: Path) -> str:
    """A short name: the file's own holds this machine's."""
    return hashlib.sha256(path.name.encode()).hexdigest()[:16]


def _read(path: Path) -> Letter:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    sent_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Letter(_id(path), str(message["Subject"] or "Without a subject"), str(message["To"] or ""), sent_at,
                  _part(message, "plain"), _part(message, "html"))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
