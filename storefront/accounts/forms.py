"""Forms of accounts. The fields of an address follow its country, so its form is made for a country."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from wtforms import BooleanField, EmailField, Form, PasswordField, SelectField, StringField, TelField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length, Optional

from storefront.accounts.addresses import (
    AddressField,
    PostalAddress,
    check_address,
    fields_for,
    from_fields,
    known_countries,
    list_countries,
)
from storefront.accounts.emails import normalize_email
from storefront.accounts.errors import InvalidAddress, InvalidEmail, WeakPassword
from storefront.accounts.passwords import check_strength
from storefront.foundation.shop import facts

AUTOCOMPLETE = {
    "country": "country", "name": "name", "company": "organization", "street": "address-line1",
    "street2": "address-line2", "city": "address-level2", "region": "address-level1", "postal_code": "postal-code",
}


def check_email(form: Form, field: Any) -> None:
    """A validator: the address is one that a mail can reach; the field then holds it normalized."""
    try:
        field.data = normalize_email(field.data or "")
    except InvalidEmail as error:
        raise ValidationError(str(error)) from None


def check_name(form: Form, field: Any) -> None:
    """Validator: one line of letters; a NUL among them would be PostgreSQL's to refuse."""
    if any(letter < " " or letter == "\x7f" for letter in field.data or ""):
        raise ValidationError("Write your name in letters, on one line.")


def check_phone(form: Form, field: Any) -> None:
    """A validator: 6 to 20 digits, spaces, `+`, `-`, `(`, `)`, at least six of them digits."""
    text = (field.data or "").strip()
    digits = sum(letter.isascii() and letter.isdigit() for letter in text)
    if not 6 <= len(text) <= 20 or digits < 6 or any(letter not in "0123456789 +-()" for letter in text):
        raise ValidationError("Enter a phone number, such as +353 65 682 1000.")
    field.data = text


class SignInForm(Form):
    """E-mail address and password."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address.")],
                       render_kw={"autocomplete": "username", "maxlength": 254})
    password = PasswordField("Password", [InputRequired("Enter your password.")],
                             render_kw={"autocomplete": "current-password"})


class RegisterForm(Form):
    """What an account needs: whom it belongs to and a password."""

    name = StringField("Full name", [InputRequired("Enter your name."), Length(max=120), check_name],
                       render_kw={"autocomplete": "name", "maxlength": 120})
    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address."), check_email],
                       render_kw={"autocomplete": "email", "maxlength": 254})
    password = PasswordField("Password", [InputRequired("Choose a password.")],
                             description="At least 8 characters. A short sentence is good.",
                             render_kw={"autocomplete": "new-password"})

    def validate_password(self, field: Any) -> None:
        """The password is none of those that are guessed first."""
        try:
            check_strength(field.data or "", self.email.data or "")
        except WeakPassword as error:
            raise ValidationError(str(error)) from None


class ProfileForm(Form):
    """What the customer is called, and the number a carrier may ring."""

    name = StringField("Full name", [InputRequired("Enter your name."), Length(max=120), check_name],
                       render_kw={"autocomplete": "name", "maxlength": 120})
    phone = TelField("Phone", [Optional(), check_phone], description="Only for the carrier.",
                     render_kw={"autocomplete": "tel", "maxlength": 20})


class PasswordForm(Form):
    """The present password and a new one."""

    old = PasswordField("Present password", [InputRequired("Enter your present password.")],
                        render_kw={"autocomplete": "current-password"})
    new = PasswordField("New password", [InputRequired("Choose a new password.")],
                        description="At least 8 characters. A short sentence is good.",
                        render_kw={"autocomplete": "new-password"})


class AddressForm(Form):
    """A postal address; made by `address_form`, which adds the fields of the country.

    After `validate()` the address stands in `address`, as its country writes it.
    """

    address: PostalAddress

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check the other fields as usual, then the address as a whole; each problem goes to its field."""
        is_valid = bool(super().validate(extra_validators))
        kept = {name: field.data or "" for name, field in self._fields.items()}
        try:
            self.address = check_address(from_fields(kept))
        except InvalidAddress as error:
            for name, problem in error.problems.items():
                self._fields[name].errors = (problem,)
            return False
        return is_valid


class BookForm(AddressForm):
    """An address of the customer's book."""


def address_form(country: str, *, countries: Collection[str] | None = None,
                 base: type[AddressForm] = AddressForm, after: Mapping[str, Any] | None = None) -> type[AddressForm]:
    """Return the form class for addresses of the country: what `base` has, the country, its fields, then `after`.

    A country that is unknown, or not among `countries` (None: all), is answered with the
    fields of the shop's own country, or of the first offered, and validation then names the country.
    """
    offered = list_countries(countries)
    shown = known_country(country, countries)
    members: dict[str, Any] = {
        "country": SelectField("Country", choices=_choices(offered), default=shown, validate_choice=False,
                               validators=[_one_of({code for code, _ in offered})],
                               render_kw={"autocomplete": AUTOCOMPLETE["country"]}),
    }
    members |= {field.name: _form_field(field) for field in fields_for(shown)}
    members |= {name: _made_now(field) for name, field in (after or {}).items()}
    return type("CountryAddressForm", (base,), members)


def book_form(country: str) -> type[AddressForm]:
    """Return the form of the address book, with the choice to make it the default."""
    return address_form(country, base=BookForm, after={"is_default": BooleanField("Fill this one in first")})


def known_country(country: str | None, countries: Collection[str] | None = None) -> str:
    """Return the country if its addresses are offered, else the shop's own, else the first offered."""
    offered = known_countries() if countries is None else known_countries() & set(countries)
    if country in offered:
        return str(country)
    own = facts().country
    return own if own in offered or not offered else list_countries(offered)[0][0]


def _form_field(field: AddressField) -> Any:
    attributes: dict[str, Any] = {"autocomplete": AUTOCOMPLETE[field.name]}
    hint = f"Such as {field.example}" if field.example else ""
    # The check itself is check_address's; the flag draws the label without "(optional)".
    needed = [_Needed()] if field.is_required else []
    if field.choices:
        choices = _choices([("", "Choose one"), *field.choices])
        return SelectField(field.label, choices=choices, validators=needed, validate_choice=False,
                           render_kw=attributes)
    attributes["maxlength"] = 20 if field.name == "postal_code" else 120
    return StringField(field.label, validators=needed, description=hint, render_kw=attributes)


def _choices(pairs: Collection[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


def _made_now(field: UnboundField) -> UnboundField:
    """A form shows its fields in the order in which they were made: this one is to come last."""
    return UnboundField(field.field_class, *field.args, name=field.name, **field.kwargs)


class _Needed:
    """Marks a field as required for its label and for the browser."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Any) -> None:
        return None


def _one_of(codes: Collection[str]) -> Any:
    def check(form: Form, field: Any) -> None:
        if field.data not in codes:
            raise ValidationError("Choose a country from the list.")

    return check
