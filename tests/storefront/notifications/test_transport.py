"""Transports: SMTP with and without TLS, files, and refusing to send a password in the clear."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from mailbox import Maildir
from pathlib import Path

import pytest

from storefront.notifications.errors import TransportError
from storefront.notifications.transport import check_transport, send_mail
from tests.factories.mail import Postbox


def make_letter() -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "shop@plainsong.example", "ada@example.com", "Hello"
    letter.set_content("Words")
    return letter


def test_a_mail_goes_by_smtp(postbox: Postbox) -> None:
    send_mail(make_letter(), postbox.url)
    assert [letter["Subject"] for letter in postbox.letters] == ["Hello"]
    assert postbox.recipients == [["ada@example.com"]]


def test_a_mail_goes_into_a_maildir_with_a_space_in_its_path(tmp_path: Path) -> None:
    send_mail(make_letter(), f"maildir://{tmp_path}/my%20mail")
    assert [mail["Subject"] for mail in Maildir(tmp_path / "my mail")] == ["Hello"]
    assert (tmp_path / "my mail").stat().st_mode & 0o077 == 0


def test_checking_sends_nothing(postbox: Postbox, tmp_path: Path) -> None:
    check_transport(postbox.url)
    check_transport(f"maildir://{tmp_path}/mail")
    assert (postbox.letters, list(Maildir(tmp_path / "mail"))) == ([], [])
    with pytest.raises(TransportError):
        check_transport("smtp://127.0.0.1:1")


def test_a_password_is_not_sent_in_the_clear_to_another_machine(
        postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(smtplib.SMTP):
        """A server far away without TLS: here, the one on loopback under another name."""

        def __init__(self, host: str, port: int, **kwargs: object) -> None:
            super().__init__("127.0.0.1", postbox.port, timeout=5)

    monkeypatch.setattr(smtplib, "SMTP", Elsewhere)
    with pytest.raises(TransportError, match="offers no TLS"):
        send_mail(make_letter(), "smtp://shop:secret@mail.example:25")
    assert postbox.letters == []


def test_a_server_that_needs_tls_is_not_spoken_to_without(postbox: Postbox) -> None:
    with pytest.raises(TransportError, match="SSLError"):
        send_mail(make_letter(), postbox.url.replace("smtp://", "smtps://"))
