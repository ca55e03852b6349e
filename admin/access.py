"""Who may enter the panel: one gate before every address under /admin, and the way in and out.

Nothing here depends on a view remembering to ask: the gate runs before routing decides what
is there, so a stranger learns nothing about which addresses exist.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response
from wtforms import EmailField, PasswordField

from admin.fields import Required
from admin.forms import Form
from storefront.accounts.models import StaffMember
from storefront.accounts.services import check_staff_password
from storefront.accounts.sign_in import leave_session, safe_target, start_session
from storefront.accounts.throttle import count_try, forgive
from storefront.foundation.errors import ShopError
from storefront.foundation.guard import SAFE_METHODS
from storefront.foundation.headers import PRIVATE
from storefront.foundation.htmx import go_to, is_htmx
from storefront.foundation.pages import error_page

logger = logging.getLogger(__name__)
csrf = CSRFProtect()
blueprint = Blueprint("admin_access", __name__, url_prefix="/admin")
SIGN_IN = "admin_access.sign_in"
DRAINED = 256 * 2**20  # bytes of what is too large that are let pass
UPLOAD_MB = 30  # as forms say; MAX_CONTENT_LENGTH leaves some room for the rest of a form


def install_access(app: Flask) -> None:
    """Put the gate before the panel. The token is asked for here alone: the shop's pages carry none."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form left open over lunch is still good; the session bounds it
    csrf.init_app(app)
    app.before_request(_guard_panel)
    app.after_request(_keep_private)
    app.register_error_handler(CSRFError, _answer_stale_form)
    app.register_blueprint(blueprint)


def current_staff() -> StaffMember | None:
    """Return the staff member who is signed in and may work, else None."""
    person = current_user._get_current_object()
    return person if isinstance(person, StaffMember) and person.is_active else None


def actor() -> str:
    """Return the signed-in staff member as ledgers and histories name them."""
    staff = current_staff()
    return f"staff:{staff.id}" if staff else "staff"


class SignInForm(Form):
    """E-mail and password."""

    email = EmailField("E-mail", [Required("Enter your e-mail address.")])
    password = PasswordField("Password", [Required("Enter your password.")])


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """Show the form, or let a staff member in. The answer never tells which half was wrong."""
    if request.method != "POST" and current_staff():
        return redirect(url_for("admin.index"))
    form = SignInForm(request.form)
    if request.method != "POST":
        return render_template("admin/sign_in.html", form=form, problem="")
    if not form.validate():
        return render_template("admin/sign_in.html", form=form, problem=""), 422
    email, network_address = form.email.data or "", request.remote_addr or ""
    tried = f"staff {email}"  # counted apart: a customer of the same address forgives no tries at this door
    try:
        count_try(tried, network_address)
        staff = check_staff_password(email=email, password=form.password.data or "")
    except ShopError as error:
        logger.warning("staff sign-in refused: %s", type(error).__name__)
        return render_template("admin/sign_in.html", form=form, problem=str(error)), error.status
    forgive(tried, network_address)
    start_session(staff)
    logger.info("staff signed in", extra={"key": str(staff.id)})
    return redirect(_next_page(), 303)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    leave_session()
    flash("You are signed out.", "success")
    return redirect(url_for(SIGN_IN), 303)


def _is_panel() -> bool:
    return request.path == "/admin" or request.path.startswith("/admin/")


def _guard_panel() -> Response | None:
    """Let in active staff only; every unsafe request also brings its token."""
    if not _is_panel():
        return None
    is_signing_in = request.endpoint == SIGN_IN
    if not is_signing_in and current_staff() is None:
        if request.method in SAFE_METHODS:
            door = url_for(SIGN_IN, next=request.full_path.rstrip("?"))
            return go_to(door) if is_htmx() else redirect(door)
        return error_page(403, "You are signed out, so nothing was changed. Sign in at /admin/sign-in in another "
                               "tab, then come back here and send the form again.")
    if request.method not in SAFE_METHODS:
        try:
            csrf.protect()
        except RequestEntityTooLarge:
            return _answer_too_large()
    return None


def _answer_too_large() -> Response:
    """Lead back to the form that the file was chosen in."""
    left = min(request.content_length or 0, DRAINED)
    while left > 0 and (piece := request.environ["wsgi.input"].read(min(left, 65_536))):
        left -= len(piece)  # a browser that is still sending would not read the answer
    flash(f"This is too large: at most {UPLOAD_MB} MB can be sent at once. Nothing was changed.", "error")
    form = urlsplit(request.referrer or "")
    is_ours = form.netloc == request.host and form.path.startswith("/admin/")
    return redirect(form.path if is_ours else url_for("admin.index"), 303)


def _keep_private(response: Response) -> Response:
    if _is_panel():
        response.headers["Cache-Control"] = PRIVATE
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def _answer_stale_form(error: CSRFError) -> Response:
    return error_page(400, "This form was opened before you last signed in, so nothing was changed. "
                           "Go back, reload the page and send it again.")


def _next_page() -> str:
    """Return the page that was asked for, when it lies in the panel; no other address is followed."""
    home = url_for("admin.index")
    target = safe_target(request.args.get("next"), home)
    return target if target.startswith("/admin/") else home
