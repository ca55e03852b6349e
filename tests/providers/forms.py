"""Reads nested forms (`line_items[0][price_data][currency]=eur`) as Stripe's API takes them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def read_form(encoded: str) -> dict[str, Any]:
    """Return the form as nested dicts; keys 0, 1, … (or empty) become lists. Raises ValueError."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        matched = _NAME.match(name)
        if matched is None:
            raise ValueError(f"the name {name} cannot be read")
        keys = [matched[1], *re.findall(r"\[([^\[\]]*)\]", matched[2])]
        at = tree
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        at[keys[-1] or str(len(at))] = value
    return {name: _as_lists(value) for name, value in tree.items()}


def _as_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_as_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _as_lists(each) for key, each in value.items()}
