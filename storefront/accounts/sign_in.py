"""Who is signed in. The session is read only where someone asks, so public pages never touch it.

A session is a row (SignIn) named by the signed cookie: signing out ends the row, a new
password raises `session_version`, and no replayed cookie lives on.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from storefront.accounts.models import Customer, StaffMember
from storefront.accounts.queries import Person, find_person
from storefront.accounts.services import end_session, open_session
from storefront.foundation.clock import now
from storefront.foundation.htmx import go_to
from storefront.foundation.sessions import SessionCookie

P = ParamSpec("P")
# (idle, absolute): a shop's customer comes back after weeks, the panel is left open on a desk.
LIFETIMES = {
    Customer: (timedelta(days=14), timedelta(days=60)),
    StaffMember: (timedelta(hours=2), timedelta(hours=12)),
}
SEEN_EVERY = timedelta(minutes=10)  # how often the cookie is written anew while someone is active

# Called with the customer's id once signed in; app.py fills it (the cart merges the guest's cart).
after_sign_in: list[Callable[[uuid.UUID], None]] = []


class SignInManager(LoginManager):
    """flask-login without what reads the session on every request: no "remember me", no template global."""

    def init_app(self, app: Flask, add_context_processor: bool = False) -> None:
        app.config["PERMANENT_SESSION_LIFETIME"] = max(absolute for _, absolute in LIFETIMES.values())
        # Else every answer to a signed-in visitor, public pages too, would set the cookie again.
        app.config["SESSION_REFRESH_EACH_REQUEST"] = False
        app.session_interface = SessionCookie()
        super().init_app(app, add_context_processor)

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


login_manager = SignInManager()
login_manager.session_protection = None  # it binds to address and browser text, which change on phones


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_person(text: str) -> Person | None:
    """Return the signed-in person; None when the session ended, grew too old or lay idle too long."""
    sign_in_id, seen_at = _read_session()
    if sign_in_id is None or seen_at is None:
        return None
    found = find_person(text, sign_in_id)
    if found is None:
        return None
    person, started_at = found
    idle, absolute = LIFETIMES[type(person)]
    moment = now()
    if moment - seen_at > idle or moment - started_at > absolute:
        return None
    if moment - seen_at > SEEN_EVERY:
        session["seen_at"] = moment.timestamp()
    return person


@login_manager.unauthorized_handler  # type: ignore[untyped-decorator]
def ask_to_sign_in() -> Response:
    """Lead to the sign-in page, and back afterwards."""
    target = request.full_path.rstrip("?") if request.method == "GET" else url_for("orders.account")
    return go_to(url_for("accounts.sign_in", next=target))


def start_session(person: Person) -> None:
    """Sign the person in under a new session; whatever the old cookie held is forgotten."""
    session.clear()
    session.permanent = True
    session["sign_in_id"] = str(open_session(person_id=person.id))
    session["seen_at"] = now().timestamp()
    login_user(person)


def leave_session() -> None:
    """Sign out: the session's row ends, so a kept copy of the cookie is worth nothing."""
    sign_in_id, _ = _read_session()
    if sign_in_id is not None:
        end_session(sign_in_id=sign_in_id)
    logout_user()
    session.clear()


def current_customer() -> Customer | None:
    """Return the signed-in customer; None for guests and staff. Reads the session."""
    if "sign_in_id" not in session:
        return None  # a guest: nobody needs to be looked for
    person = current_user._get_current_object()
    return person if isinstance(person, Customer) else None


def signed_in_customer() -> Customer:
    """Return the signed-in customer where `customer_required` has made sure of one."""
    customer = current_customer()
    if customer is None:
        raise RuntimeError("a view that needs a customer is not marked customer_required")
    return customer


def customer_required(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let only signed-in customers pass; everyone else is led to the sign-in page and back."""

    @functools.wraps(view)
    def ask(*args: P.args, **kwargs: P.kwargs) -> Response:
        return ask_to_sign_in() if current_customer() is None else view(*args, **kwargs)

    return ask


def current_customer_id() -> uuid.UUID | None:
    """Return the signed-in customer's id; None for guests and staff. Reads the session."""
    customer = current_customer()
    return customer.id if customer else None


def safe_target(target: str | None, default: str) -> str:
    """Return `target` if it is a plain path of this site, else `default`.

    Browsers read a backslash as a slash, drop tabs and line ends, and take `//host` and
    `scheme:host` for other sites: only one slash followed by printable ASCII passes.
    """
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return default
    if not all("!" <= letter <= "~" for letter in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def _read_session() -> tuple[uuid.UUID | None, datetime | None]:
    try:
        seen_at = datetime.fromtimestamp(float(session["seen_at"]), tz=now().tzinfo)
        return uuid.UUID(session["sign_in_id"]), seen_at
    except (KeyError, TypeError, ValueError, OverflowError):
        return None, None
