"""Search in the panel: groups of words that mean the same to shoppers."""

from __future__ import annotations

from typing import Any

from wtforms import TextAreaField, ValidationError

from admin.fields import Required
from admin.forms import Form
from admin.views import TableView
from storefront.foundation.database import db
from storefront.search.models import SynonymGroup
from storefront.search.synonyms import GROUP, MAX_PHRASE, MAX_WORDS, find_fault, split_words


class SynonymForm(Form):
    """One group; its words are tidied as they are read."""

    words = TextAreaField(
        "Words", [Required("Write the words that mean the same.")],
        filters=[lambda text: ", ".join(split_words((text or "").replace("\0", "")))],
        description=f"Divided by commas: sofa, couch, settee. Up to {MAX_WORDS} words or short phrases of at most "
        f"{MAX_PHRASE} words each. Whoever looks for one finds the others too, a little further down.")

    def validate_words(self, field: Any) -> None:
        fault = find_fault(split_words(field.data))
        if fault:
            raise ValidationError(fault)


class Synonyms(TableView):
    """Groups of words that mean the same."""

    group, noun, form = GROUP, "group of words", SynonymForm
    hint = "Search knows plurals, accents and slips by itself. Write down here what only your shoppers and you know."
    column_list = ("words",)
    column_searchable_list = ("words",)


def views() -> list[TableView]:
    """Return the views of this file, in the order of the menu."""
    return [Synonyms(SynonymGroup, db, name="Synonyms", category="Settings", endpoint="admin_synonyms",
                     url="/admin/synonyms")]
