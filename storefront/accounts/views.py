"""Pages of accounts: in and out, the address book, the profile."""

from __future__ import annotations

import logging
import uuid

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from storefront.accounts import services
from storefront.accounts.addresses import as_fields
from storefront.accounts.errors import TooManyAddresses, WeakPassword, WrongPassword
from storefront.accounts.forms import (
    AddressForm,
    PasswordForm,
    ProfileForm,
    RegisterForm,
    SignInForm,
    book_form,
    known_country,
)
from storefront.accounts.queries import list_addresses, read_address
from storefront.accounts.sign_in import (
    after_sign_in,
    current_customer,
    customer_required,
    leave_session,
    safe_target,
    signed_in_customer,
    start_session,
)
from storefront.accounts.throttle import count_try, forgive
from storefront.foundation.errors import ShopError
from storefront.foundation.headers import PRIVATE
from storefront.foundation.hint import drop_hint, show_hint
from storefront.foundation.htmx import go_to

logger = logging.getLogger(__name__)
blueprint = Blueprint("accounts", __name__, url_prefix="/account")
REGISTERED = "Thank you. We have written to that e-mail address. You can sign in with the password you chose."


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """What stands here is one person's: nobody in between may keep the answer."""
    response.headers["Cache-Control"] = PRIVATE
    return response


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Show the form, or let a customer in and lead them to where they were going."""
    target = safe_target(request.args.get("next"), url_for("orders.account"))
    if request.method != "POST" and current_customer():
        return redirect(target, 303)
    form = SignInForm(request.form)
    if request.method != "POST":
        form.email.data = session.get("registered", "")
        return _page("sign_in", form=form)
    if not form.validate():
        return _page("sign_in", 422, form=form)
    email, network_address = form.email.data or "", request.remote_addr or ""
    try:
        count_try(email, network_address)
        customer = services.check_password(email=email, password=form.password.data or "")
    except ShopError as error:
        logger.warning("sign-in refused", extra={"problem": type(error).__name__})
        form.form_errors.append(str(error))
        return _page("sign_in", error.status, form=form)
    forgive(email, network_address)
    logger.info("signed in", extra={"key": f"customer:{customer.id}"})
    start_session(customer)
    for follow in after_sign_in:
        follow(customer.id)
    response = go_to(target)
    show_hint(response)
    return response


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> Response:
    """Show the form, or open an account; whether one was there is said by mail alone."""
    form = RegisterForm(request.form)
    if request.method != "POST":
        return _page("register", form=form)
    if not form.validate():
        return _page("register", 422, form=form)
    email = form.email.data or ""
    try:
        count_try(f"register {email}", request.remote_addr or "")
        services.register_customer(email=email, password=form.password.data or "", name=form.name.data or "")
    except ShopError as error:
        form.form_errors.append(str(error))
        return _page("register", error.status, form=form)
    flash(REGISTERED, "success")
    session["registered"] = email  # filled in at the next page; a sign-in clears the session
    return go_to(url_for("accounts.sign_in", next=request.args.get("next")))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session; others of the same customer go on."""
    leave_session()
    flash("You are signed out.", "success")
    response = go_to(url_for("accounts.sign_in"))
    drop_hint(response)
    return response


@blueprint.get("/addresses")
@customer_required
def addresses() -> Response:
    """Show the address book."""
    return _page("addresses", addresses=list_addresses(signed_in_customer().id))


@blueprint.route("/addresses/new", methods=["GET", "POST"])
@customer_required
def new_address() -> Response:
    """Show an empty form, or add an address; `?country=` chooses whose fields are shown."""
    country = known_country(request.form.get("country") or request.args.get("country"))
    form = book_form(country)(request.form, data={"country": country, "name": signed_in_customer().name})
    return _save_address(form, None) if request.method == "POST" else _page("address_form", form=form, address=None)


@blueprint.route("/addresses/<uuid:id>", methods=["GET", "POST"])
@customer_required
def edit_address(id: uuid.UUID) -> Response:
    """Show an address of the customer's own, or change it."""
    address = read_address(signed_in_customer().id, id)
    country = known_country(request.form.get("country") or request.args.get("country") or address.postal.country)
    data = {**as_fields(address.postal), "country": country, "is_default": address.is_default}
    form = book_form(country)(request.form, data=data)
    return _save_address(form, id) if request.method == "POST" else _page("address_form", form=form, address=address)


@blueprint.post("/addresses/<uuid:id>/removal")
@customer_required
def remove_address(id: uuid.UUID) -> Response:
    """Take an address of the customer's own out of the book."""
    services.remove_address(customer_id=signed_in_customer().id, address_id=id)
    flash("The address is out of your account.", "success")
    return go_to(url_for("accounts.addresses"))


@blueprint.route("/profile", methods=["GET", "POST"])
@customer_required
def profile() -> Response:
    """Show or change the customer's name and phone."""
    customer = signed_in_customer()
    form = ProfileForm(request.form, data={"name": customer.name, "phone": customer.phone})
    if request.method != "POST":
        return _page("profile", form=form, password_form=PasswordForm())
    if not form.validate():
        return _page("profile", 422, form=form, password_form=PasswordForm())
    services.change_profile(customer_id=customer.id, name=form.name.data or "", phone=form.phone.data or "")
    flash("Your details are kept.", "success")
    return go_to(url_for("accounts.profile"))


@blueprint.post("/profile/password")
@customer_required
def change_password() -> Response:
    """Change the password: every other session of the customer ends."""
    customer = signed_in_customer()
    form = PasswordForm(request.form)
    try:
        if form.validate():
            count_try(customer.email, request.remote_addr or "")
            services.change_password(customer_id=customer.id, old=form.old.data or "", new=form.new.data or "")
            start_session(customer)
            flash("Your password is changed. Everywhere else you are signed out.", "success")
            return go_to(url_for("accounts.profile"))
        status = 422
    except ShopError as error:
        status = error.status
        field = {WrongPassword: form.old, WeakPassword: form.new}.get(type(error))
        if field is None:
            form.form_errors.append(str(error))
        else:
            field.errors = (str(error),)
    details = ProfileForm(data={"name": customer.name, "phone": customer.phone})
    return _page("profile", status, form=details, password_form=form)


def _save_address(form: AddressForm, address_id: uuid.UUID | None) -> Response:
    if not form.validate():
        return _page("address_form", 422, form=form, address=address_id)
    try:
        services.save_address(customer_id=signed_in_customer().id, address=form.address, address_id=address_id,
                              is_default=bool(form.data.get("is_default")))
    except TooManyAddresses as error:
        form.form_errors.append(str(error))
        return _page("address_form", error.status, form=form, address=address_id)
    flash("The address is kept.", "success")
    return go_to(url_for("accounts.addresses"))


def _page(name: str, status: int = 200, **context: object) -> Response:
    return make_response(render_template(f"accounts/{name}.html", **context), status)
