"""The readable `hint` cookie: says that the visitor has something to show, and nothing else.

static/js reads it and asks for /island only then; a visitor without it costs no request.
"""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from werkzeug.wrappers import Response

HINT_AGE = timedelta(days=30)


def cookie_name(plain: str) -> str:
    """Return the cookie's name; `__Host-` binds it to this host and to https where there is https."""
    return f"__Host-{plain}" if current_app.config["IS_SECURE"] else plain


def show_hint(response: Response) -> None:
    """Tell the visitor's browser that a cart or a sign-in is there to show."""
    response.set_cookie(cookie_name("hint"), "1", max_age=HINT_AGE, path="/", samesite="Lax",
                        secure=current_app.config["IS_SECURE"], httponly=False)


def drop_hint(response: Response) -> None:
    """Tell the visitor's browser that nothing is there to show."""
    response.delete_cookie(cookie_name("hint"), path="/", samesite="Lax", secure=current_app.config["IS_SECURE"])
