"""Two people on one form: nobody's save writes over what they never saw.

A form carries digests of what it showed. Whoever saves asks, inside the writing transaction and with the row
locked, whether the row would still show that. If not, nothing is written: the form comes back with what somebody
else changed in the fields that were left alone, with everything that was typed still there, and with the differences
in words. Saving again then builds on what is there now.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import g, request
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)

from storefront.foundation.errors import ShopError
from storefront.foundation.richtext import clean_html

SHOWN = "shown"  # the form's hidden field
TOLD = 8  # differences that are told one by one
LONG = 80  # characters of a value that are quoted


class ChangedMeanwhile(ShopError):
    """The row is no longer what the form showed; `form` is to be shown instead, `told` says what differs."""

    status = 409

    def __init__(self, noun: str, form: Form, told: list[str]) -> None:
        more = [f"And {len(told) - TOLD} more."] if len(told) > TOLD else []
        self.form = form
        self.told = [f"Somebody else changed this {noun} meanwhile. What you typed is still here. Look it over and "
                     "save again.", *told[:TOLD], *more]
        super().__init__(" ".join(self.told))


@dataclass(slots=True)
class Part:
    """What is compared: a field, or a whole list of lines that have no names."""

    key: str  # says which field it is wherever its line has moved to
    label: str
    field: Field
    said: str = field(init=False)

    def __post_init__(self) -> None:
        self.said = json.dumps(_plain(self.field.data), sort_keys=True, default=str)

    @property
    def digest(self) -> str:
        """Return a short mark of the field and what it says."""
        return hashlib.sha256(f"{self.key}\0{self.said}".encode()).hexdigest()[:12]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is said."""
        return self.said in ('""', "[]", "false")


def shown_by(form: Form) -> str:
    """Return what the form's hidden field says: what the row showed when the form was opened (a template's word)."""
    kept = g.get(SHOWN) or (request.form.get(SHOWN) if request.method == "POST" else "")
    return str(kept or " ".join(part.digest for part in _parts(form)))


def check_shown(form: Form, present: Form, noun: str) -> None:
    """Raise ChangedMeanwhile unless the row, as `present` shows it, is what the posted form was opened with.

    Call it with the row locked. A difference that the form says as well is none. A form that does not tell what it
    showed was not opened by anybody, so it passes.
    """
    shown = set(request.form.get(SHOWN, "").split())
    if not shown:
        return
    mine = {part.key: part for part in _parts(form)}
    theirs = {part.key: part for part in _parts(present)}
    changed = [part for part in theirs.values() if part.digest not in shown and not _says(mine.get(part.key), part)]
    gone = [part for part in mine.values() if part.key not in theirs and not part.is_empty]
    if not changed and not any(part.digest in shown for part in gone):
        return
    told = [_tell(part, mine.get(part.key), shown) for part in changed]
    told += [f"{part.label} “{_words(part.field)}” has no place any more." for part in gone
             if part.digest not in shown]
    g.shown = " ".join(part.digest for part in theirs.values())
    for key, part in mine.items():
        if part.digest not in shown and key in theirs:
            _keep(part.field, theirs[key].field)
    raise ChangedMeanwhile(noun, present, told)


def _says(mine: Part | None, theirs: Part) -> bool:
    """Tell whether both say the same; rich text is cleaned when it is saved."""
    if mine is None or mine.said == theirs.said:
        return mine is not None
    return isinstance(mine.field, TextAreaField) and clean_html(mine.field.data or "") == theirs.field.data


def _tell(theirs: Part, mine: Part | None, shown: set[str]) -> str:
    sentence = f"{theirs.label} is now “{_words(theirs.field)}”"
    if mine is None or mine.digest in shown:
        return f"{sentence}."
    return f"{sentence}; saved again it becomes yours: “{_words(mine.field)}”."


def _keep(typed: Field, present: Field) -> None:
    """Let the present form say what was typed."""
    if isinstance(typed, FieldList):
        present.entries, present.last_index = typed.entries, typed.last_index
    else:
        present.data, present.raw_data = typed.data, typed.raw_data


def _parts(form: Form, key: str = "", label: str = "") -> Iterator[Part]:
    for entry in form:
        name, words = f"{key}{entry.short_name}", f"{label}{entry.label.text}"
        if isinstance(entry, FieldList) and _has_names(entry):
            for line, title, row in lines_of(entry):
                yield from _parts(row, f"{name}[{line}].", f"{label}{title}: ")
        elif not isinstance(entry, HiddenField) and entry.type != "MultipleFileField":
            yield Part(name, words, entry)


def _has_names(entry: FieldList) -> bool:
    """Tell whether hidden fields say which line is which."""
    return bool(entry.entries) and isinstance(entry[0], FormField) and any(
        isinstance(part, HiddenField) for part in entry[0].form)


def lines_of(entry: FieldList) -> Iterator[tuple[str, str, Form]]:
    """Yield each line's name, what to call it, and its form. Lines of one name, such as blank ones, are counted."""
    met: Counter[str] = Counter()
    for place, row in enumerate(entry, start=1):
        name = next((part.data for part in reversed([*row.form]) if isinstance(part, HiddenField) and part.data), "")
        met[name] += 1
        title = f"{entry.label.text} {place}" if name.isdigit() or not name else name
        yield f"{name}+{met[name]}", title, row.form


def _plain(data: Any) -> Any:
    """Return the data so that what went to a browser and back is the same."""
    if isinstance(data, list | tuple):
        if any(isinstance(line, dict | list | tuple) for line in data):
            return [_plain(line) for line in data if not _is_blank(line)]
        return sorted(str(value) for value in data)
    if isinstance(data, datetime):
        return data.strftime("%Y-%m-%dT%H:%M")  # as a browser's field tells it
    if isinstance(data, dict):
        return {name: _plain(value) for name, value in data.items()}
    if isinstance(data, str):
        return "\n".join(data.splitlines()).strip()
    return "" if data is None else data


def _is_blank(line: Any) -> bool:
    return not any(line.values() if isinstance(line, dict) else line)


def _words(entry: Field) -> str:
    """Return what the field says for a person."""
    if isinstance(entry, BooleanField):
        return "yes" if entry.data else "no"
    if isinstance(entry, SelectField | SelectMultipleField):
        wanted = {str(value) for value in (entry.data if isinstance(entry.data, list) else [entry.data])}
        said = ", ".join(str(choice.label) for choice in entry.choices or [] if str(choice.value) in wanted)
    elif isinstance(entry, FieldList):
        said = ", ".join(": ".join(str(value) for value in line.values() if value) for line in entry.data
                         if not _is_blank(line))
    else:
        said = " ".join(str(entry._value() if hasattr(entry, "_value") else entry.data or "").split())
    return (said[:LONG] + "…" if len(said) > LONG else said) or "empty"
