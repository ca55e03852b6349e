"""Form fields that staff meet in many panels: money, percentages, countries, addresses of pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from wtforms import Field, Form, StringField, TextAreaField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import Length, StopValidation
from wtforms.widgets import TextInput

from storefront.foundation.decimals import with_point
from storefront.foundation.errors import ShopError
from storefront.foundation.money import Money, decimal_text, parse_amount
from storefront.foundation.shop import facts

MAX_GRAMS = 100_000_000
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
TERRITORIES = {code: name for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}


class Required:
    """Validator: something must be left of what was typed once the spaces are gone; 0 is something.

    WTForms' own InputRequired is content with a space, DataRequired calls 0 nothing.
    """

    field_flags = {"required": True}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if field.errors:
            raise StopValidation
        if field.data is None or (isinstance(field.data, str | list) and not field.data):
            raise StopValidation(self.message)


class TypedField(Field):
    """A text input whose data are of another type; what was typed is shown again when it cannot be read."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None if text == "" else self.read(text)

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def write(self, data: Any) -> str:
        return str(data)


class AmountField(TypedField):
    """An amount of the shop's currency, typed as 12.50 or 12,50, kept in minor units."""

    def read(self, text: str) -> int:
        try:
            return parse_amount(with_point(text), facts().currency)
        except ShopError as error:
            hint = " Write a point before the decimals, and nothing between thousands." if "," in text else ""
            raise ValueError(f"{error}{hint}") from None

    def write(self, data: Any) -> str:
        return decimal_text(Money(int(data), facts().currency))


class PercentField(TypedField):
    """A percentage with at most two decimals, kept in basis points."""

    def read(self, text: str) -> int:
        match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?", with_point(text.removesuffix("%").rstrip()), re.ASCII)
        points = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else -1
        if not 0 <= points <= 10_000:
            raise ValueError("Enter a percentage from 0 to 100, such as 23 or 13.5.")
        return points

    def write(self, data: Any) -> str:
        whole, rest = divmod(int(data), 100)
        return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)


class WholeField(TypedField):
    """A whole number between bounds."""

    def __init__(self, label: str, validators: Any = None, *, low: int = 0, high: int = 1_000_000,
                 **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.low, self.high = low, high

    def read(self, text: str) -> int:
        cleaned = text.replace("−", "-")
        if not re.fullmatch(r"[+-]?\d{1,12}", cleaned, re.ASCII) or not self.low <= int(cleaned) <= self.high:
            raise ValueError(f"Enter a whole number from {self.low} to {self.high}.")
        return int(cleaned)


class CountriesField(TypedField):
    """Country codes such as `IE, FR`; `*` stands for every country in no other zone."""

    def read(self, text: str) -> list[str]:
        codes = [word.upper() for word in re.split(r"[\s,;]+", text) if word]
        unknown = [code for code in codes if code not in TERRITORIES and code != "*"]
        if unknown:
            raise ValueError(f"{', '.join(unknown)[:80]} is no country code. "
                             "Use two letters such as IE, or * for all others.")
        return sorted(set(codes))

    def write(self, data: Any) -> str:
        return ", ".join(data)


class CountryField(CountriesField):
    """One country code."""

    def read(self, text: str) -> Any:
        codes = super().read(text)
        if len(codes) != 1 or codes == ["*"]:
            raise ValueError("Enter one country code of two letters, such as IE.")
        return codes[0]

    def write(self, data: Any) -> str:
        return str(data)


def trimmed(text: str | None) -> str:
    """Filter: text without the spaces around it and without NUL, which PostgreSQL refuses; never None."""
    return (text or "").replace("\0", "").strip()


def line(label: str, *validators: Any, most: int, **kwargs: Any) -> StringField:
    """Return a one-line text field of at most `most` characters."""
    checks = [*validators, Length(max=most, message=f"Use at most {most} characters.")]
    return StringField(label, checks, filters=[trimmed], **kwargs)


def text(label: str, *validators: Any, most: int = 20_000, rows: int = 4, **kwargs: Any) -> TextAreaField:
    """Return a field for several lines of text."""
    checks = [*validators, Length(max=most, message=f"Use at most {most} characters.")]
    return TextAreaField(label, checks, filters=[trimmed], render_kw={"rows": rows}, **kwargs)


def choices(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """Return what a select field offers, from (value, label)."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def check_slug(form: Form, field: Field) -> None:
    """Validator: small letters, digits and single hyphens."""
    if not SLUG.fullmatch(field.data or ""):
        raise ValidationError("Use small letters, digits and single hyphens, such as oak-tray.")


def check_link(form: Form, field: Field) -> None:
    """Validator: a path of this shop or a full https address; nothing that could run as a script."""
    address = field.data or ""
    parts = urlsplit(address)
    is_path = address.startswith("/") and not parts.netloc and "\\" not in address
    if not is_path and not (parts.scheme in ("https", "mailto") and (parts.netloc or parts.path)):
        raise ValidationError("Begin with / for a page of the shop, or with https:// for another site.")
