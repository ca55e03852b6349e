"""The mails that the demo caught; registered in demo mode only."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import Blueprint, abort, current_app, make_response, render_template
from werkzeug.wrappers import Response

from demo.letters import Letter, find_letter, list_letters
from storefront.foundation.headers import PRIVATE

blueprint = Blueprint("demo", __name__, url_prefix="/demo")
# A letter is shown as a mail program would: its own styles, nothing that runs, nothing fetched.
LETTER_POLICY = "sandbox allow-popups allow-top-navigation-by-user-activation; default-src 'none'; " \
                "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


@blueprint.get("/mail")
def mail() -> Response:
    """List the letters, newest first."""
    return _private(render_template("demo/mail.html", messages=list_letters(_folder())))


@blueprint.get("/mail/<letter_id>")
def mail_message(letter_id: str) -> Response:
    """Show one letter."""
    return _private(render_template("demo/mail_message.html", message=_letter(letter_id)))


@blueprint.get("/mail/<letter_id>/body")
def mail_body(letter_id: str) -> Response:
    """Show the letter's HTML, shut in."""
    response = _private(_letter(letter_id).html)
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


def _private(body: str) -> Response:
    response = make_response(body)
    response.headers["Cache-Control"] = PRIVATE
    return response


def _letter(letter_id: str) -> Letter:
    return find_letter(_folder(), letter_id) or abort(404)


def _folder() -> Path:
    parts = urlsplit(current_app.config["SMTP_URL"])
    if parts.scheme != "maildir":
        abort(404, description="The mails of this shop go to a mail server, not to this page.")
    return Path(unquote(parts.path))
