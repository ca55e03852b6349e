"""What addresses of public pages may ask for. Anything else is passed over, never an error."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from storefront.browse.choice import Wish

MAX_DIGITS = 10
MAX_FIELDS = 20


def read_wish(args: MultiDict[str, str]) -> Wish:
    """Return the variant asked for by `variant` or `variant_id`, and the values of `option_<id>` fields."""
    variant_id = _read_id(args.get("variant_id", "")) or _read_id(args.get("variant", ""))
    values = [_read_id(args[name]) for name in list(args)[:MAX_FIELDS] if name.startswith("option_")]
    return Wish(variant_id, [value for value in values if value is not None])


def _read_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
