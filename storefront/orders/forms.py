"""The forms about an order: how many of which line, and the statement of withdrawal."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from wtforms import EmailField, Form, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from storefront.accounts.forms import check_email, check_name

MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Chosen:
    """How many of each line were chosen, and a sentence for each line that cannot be read."""

    quantities: dict[uuid.UUID, int] = field(default_factory=dict)
    problems: dict[uuid.UUID, str] = field(default_factory=dict)


def read_quantities(sent: Mapping[str, str], most: Mapping[uuid.UUID, int]) -> Chosen:
    """Read `quantity-<line id>` of each line that may be chosen; nothing typed is 0, anything else is not read."""
    chosen = Chosen()
    for line_id, maximum in most.items():
        typed = sent.get(f"quantity-{line_id}", "").strip()
        if not re.fullmatch(r"\d{0,9}", typed, re.ASCII) or int(typed or 0) > maximum:
            chosen.problems[line_id] = f"Enter a whole number from 0 to {maximum}."
        elif int(typed or 0):
            chosen.quantities[line_id] = int(typed)
    return chosen


def read_key(typed: str | None) -> uuid.UUID:
    """Return a form's hidden key, a new one when it was damaged: it only joins two presses of one button."""
    try:
        return uuid.UUID(typed or "")
    except ValueError:
        return uuid.uuid4()


def one_line(typed: str | None, most: int = MAX_REASON) -> str:
    """Return what was typed as one line, without what a database or a page cannot carry."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in typed or "").split())[:most]


def _trimmed(text: str | None) -> str:
    return "\n".join(one_line(line, 10_000) for line in (text or "").splitlines()).strip()


class StatementForm(Form):
    """Who withdraws from what (Directive 2011/83/EU, Art. 11a(2)): name, the contract, where the receipt goes."""

    name = StringField("Your name", [InputRequired("Enter your name."), Length(max=200), check_name],
                       filters=[one_line], render_kw={"autocomplete": "name", "maxlength": 200})
    order_number = StringField(
        "Order number", [InputRequired("Enter the order's number. It stands in your confirmation mail."),
                         Length(max=40, message="An order's number is shorter than that.")],
        filters=[one_line], description="Such as 7F3K-9QXM-2B4T, with or without hyphens.",
        render_kw={"autocomplete": "off", "maxlength": 40, "autocapitalize": "characters", "spellcheck": "false"})
    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address."), check_email],
                       description="The one that you ordered with. The receipt goes there.",
                       render_kw={"autocomplete": "email", "maxlength": 254})
    scope = TextAreaField("Which things, if not all of them", [Length(max=2000, message="Use at most 2000 letters.")],
                          filters=[_trimmed], description="Leave it empty to withdraw from the whole order.",
                          render_kw={"rows": 3, "maxlength": 2000})
