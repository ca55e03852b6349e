"""The forms of the checkout: who buys and where it goes; the other steps choose from a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wtforms import EmailField, Form, TelField
from wtforms.validators import InputRequired, Optional

from storefront.accounts.forms import AddressForm, address_form, check_email, check_phone


class EmptyForm(Form):
    """A step whose fields the page writes itself; it carries sentences about what went wrong."""


class ContactForm(AddressForm):
    """The e-mail address, then the postal address of the country, then the phone."""

    email = EmailField(
        "E-mail address", [InputRequired("Enter your e-mail address."), check_email],
        description="For the confirmation and for news of the parcel.",
        render_kw={"autocomplete": "email", "maxlength": 254})


PHONE = TelField("Phone", [Optional(), check_phone], description="Only for the carrier, if there is a question.",
                 render_kw={"autocomplete": "tel", "maxlength": 20})


def contact_form(country: str, *, countries: Collection[str] | None, formdata: Mapping[str, str] | None = None,
                 data: Mapping[str, str] | None = None) -> ContactForm:
    """Return the form with the country's fields, filled from what was sent or else from what is known."""
    form_class = address_form(country, countries=countries, base=ContactForm, after={"phone": PHONE})
    form = form_class(formdata=formdata, data=dict(data or {}))
    assert isinstance(form, ContactForm)
    return form
