"""From a template folder to a mail: subject, text, HTML and headers that nobody's name can break."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from flask import current_app

from storefront.foundation.clock import now
from storefront.foundation.shop import facts

# What separates, quotes or comments in a header is left out: nobody's mailbox needs it.
ADDRESS = re.compile(r"""[^\s@,;:<>()\[\]\\"]+@[^\s@,;:<>()\[\]\\"]+""")


@dataclass(frozen=True, slots=True)
class Words:
    """A rendered message."""

    subject: str
    text: str
    html: str


def render_message(message: str, context: Mapping[str, Any]) -> Words:
    """Render templates/emails/<message>/{subject.txt,body.txt,body.html}.

    The templates see the context, `shop_name` and `shop_url`; nothing of a request or a visitor.
    """
    shop = {"shop_name": facts().site_name, "shop_url": facts().site_url}
    subject, text, html = (
        current_app.jinja_env.get_template(f"emails/{message}/{name}").render(**shop, **context)
        for name in ("subject.txt", "body.txt", "body.html")
    )
    # One line: a line break in a name or an address must not begin a header of its own.
    return Words(" ".join(subject.split()), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html)


def write_letter(words: Words, *, recipient: str, message_id: str) -> EmailMessage:
    """Return the mail with a text and an HTML part. Raises ValueError for a recipient that is no address."""
    letter = EmailMessage(policy=email.policy.SMTP)
    letter["From"] = sender()
    letter["To"] = _address("", recipient)
    letter["Subject"] = words.subject
    letter["Date"] = format_datetime(now())
    letter["Message-ID"] = message_id
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday note answers it
    letter.set_content(words.text)
    letter.add_alternative(words.html, subtype="html")
    return letter


def sender() -> Address:
    """Return MAIL_FROM; raises ValueError when it is no address."""
    name, address = parseaddr(facts().mail_from)
    return _address(name, address)


def _address(name: str, spec: str) -> Address:
    """One mailbox and never a list: a comma in it cannot add a reader."""
    if not ADDRESS.fullmatch(spec):
        raise ValueError(f"{spec[:80]!r} is no mail address.")
    local, _, domain = spec.partition("@")
    ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    return Address(display_name=name, username=local, domain=ascii_domain)
