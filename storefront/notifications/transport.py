"""How a mail leaves: by SMTP, or into a Maildir, as SMTP_URL says.

`smtp://user:pass@host:port` turns to TLS by STARTTLS where the server offers it, and never sends a password
in the clear to another machine. `smtps://…` is TLS from the start. `maildir:///path` keeps each mail as a file.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from mailbox import Maildir
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from storefront.notifications.errors import TransportError

TIMEOUT_SECONDS = 10  # for each answer of the server; the job as a whole has 40
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def send_mail(message: EmailMessage, url: str) -> None:
    """Hand the mail over; returns when the other side has taken it. Raises TransportError."""
    parts = urlsplit(url)
    try:
        TRANSPORTS[parts.scheme](parts, lambda server: server.send_message(message), message)
    except (smtplib.SMTPException, OSError) as error:
        raise TransportError(f"{type(error).__name__}: {error}") from error


def check_transport(url: str) -> None:
    """Connect, sign in and leave without sending anything; raises TransportError."""
    parts = urlsplit(url)
    try:
        TRANSPORTS[parts.scheme](parts, lambda server: server.noop(), None)
    except (smtplib.SMTPException, OSError) as error:
        raise TransportError(f"{type(error).__name__}: {error}") from error


Work = Callable[[smtplib.SMTP], object]


def _by_smtp(parts: SplitResult, work: Work, message: EmailMessage | None) -> None:
    host = parts.hostname or "localhost"
    with smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif parts.username and host not in LOOPBACK:
            raise TransportError(f"{host} offers no TLS, so the password is not sent: use smtps:// in SMTP_URL.")
        _use(server, parts, work)


def _by_smtps(parts: SplitResult, work: Work, message: EmailMessage | None) -> None:
    host = parts.hostname or "localhost"
    context = ssl.create_default_context()
    with smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=context) as server:
        _use(server, parts, work)


def _use(server: smtplib.SMTP, parts: SplitResult, work: Work) -> None:
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    work(server)


def _into_maildir(parts: SplitResult, work: Work, message: EmailMessage | None) -> None:
    path = Path(unquote(parts.path))
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("cur", "new", "tmp"):  # mailbox makes them only where nothing exists yet
        (path / name).mkdir(exist_ok=True, mode=0o700)
    if message is not None:
        Maildir(path).add(message.as_bytes())


TRANSPORTS: dict[str, Callable[[SplitResult, Work, EmailMessage | None], None]] = {
    "smtp": _by_smtp,
    "smtps": _by_smtps,
    "maildir": _into_maildir,
}
