"""The form that every form of the panel is: what WTForms would say by itself is said in the shop's words."""

from __future__ import annotations

from typing import Any

import wtforms

NOT_LISTED = "Choose from the list: what was sent does not stand in it, or no longer."
SENTENCES = {
    "Not a valid choice.": NOT_LISTED,
    "Invalid Choice: could not coerce.": NOT_LISTED,
    "Invalid choice(s): one or more data inputs could not be coerced.": NOT_LISTED,
    "'%(value)s' is not a valid choice for this field.": NOT_LISTED,
    "'%(value)s' are not valid choices for this field.": NOT_LISTED,
    "Not a valid date value.": "Enter a day of the calendar, such as 2026-12-24.",
    "Not a valid datetime value.": "Enter a day and a time, such as 2026-12-24 18:00.",
}


class ShopWords:
    """What WTForms calls translations."""

    def gettext(self, text: str) -> str:
        return SENTENCES.get(text, text)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.gettext(singular if count == 1 else plural)


class Form(wtforms.Form):
    """A form of the panel."""

    class Meta:
        """Read by WTForms."""

        def get_translations(self, form: Any) -> ShopWords:
            return ShopWords()
