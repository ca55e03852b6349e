"""Calls of Alipay's gateway: signed form out, JSON in, whose signature covers the raw text between the braces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from json.decoder import JSONDecoder
from typing import Any
from urllib.parse import urlencode

from storefront.foundation.clock import now
from storefront.payments.gateways.offering import setting
from storefront.payments.gateways.rsa import is_signed, sign
from storefront.payments.gateways.wire import call, unavailable

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # all of China, no summer time since 1991
ADDRESS = "https://openapi.alipay.com/gateway.do"
PROVIDER = "Alipay"
DONE, REFUSED = "10000", "40004"
UNSURE = ("ACQ.SYSTEM_ERROR", "isp.unknow-error", "aop.ACQ.SYSTEM_ERROR")  # refused in form, but it may have happened


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed request: where it goes and its fields."""

    address: str
    values: Mapping[str, str]


def signed(method: str, content: Mapping[str, str], **more: str) -> Signed:
    """Return the request's fields with their signature (RSA2, over the fields in the order of their names)."""
    values = {
        "app_id": setting("ALIPAY_APP_ID"), "method": method, "format": "JSON", "charset": "utf-8",
        "sign_type": "RSA2", "timestamp": now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"), "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")), **more,
    }
    message = "&".join(f"{name}={value}" for name, value in sorted(values.items()) if value)
    values["sign"] = sign(setting("ALIPAY_PRIVATE_KEY"), message.encode())
    return Signed(setting("ALIPAY_API_BASE") or ADDRESS, values)


def ask(method: str, content: Mapping[str, str]) -> dict[str, Any]:
    """Call the method and return its verified answer, done or refused; raises GatewayUnavailable for all else."""
    request = signed(method, content)
    answer = call("POST", f"{request.address}?charset=utf-8", provider=PROVIDER,
                  body=urlencode(request.values).encode(),
                  headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"})
    if answer.status != 200:
        raise unavailable(PROVIDER, f"{method} answers {answer.status}")
    said = _verified(answer.body, method.replace(".", "_") + "_response")
    if said.get("code") not in (DONE, REFUSED) or refusal(said) in UNSURE:
        raise unavailable(PROVIDER, f"{method}: {said.get('code')} {said.get('sub_code')} {said.get('sub_msg')}")
    return said


def refusal(said: Mapping[str, Any]) -> str:
    """Return the code of Alipay's refusal, or "" when it did what was asked."""
    return str(said.get("sub_code") or "refused") if said.get("code") == REFUSED else ""


def _verified(body: bytes, name: str) -> dict[str, Any]:
    try:
        parts = split_members(body.decode("utf-8"))
        raw, signature = parts[name], json.loads(parts["sign"])
        said = json.loads(raw)
    except (ValueError, KeyError, RecursionError) as error:
        raise unavailable(PROVIDER, f"an answer that cannot be read: {body[:300]!r}") from error
    if not isinstance(signature, str) or not is_signed(setting("ALIPAY_PUBLIC_KEY"), raw.encode(), signature):
        raise unavailable(PROVIDER, "an answer that Alipay did not sign")
    if not isinstance(said, dict):
        raise unavailable(PROVIDER, "an answer that is no object")
    return said


def split_members(text: str) -> dict[str, str]:
    """Return the raw text of each member of a JSON object, byte for byte as it came; raises ValueError."""
    decoder, parts = JSONDecoder(), dict[str, str]()
    at = _skip(text, 0, "{")
    while text[at:at + 1] != "}":
        if parts:
            at = _skip(text, at, ",")
        name, at = decoder.raw_decode(text, at)
        start = _skip(text, at, ":")
        _, end = decoder.raw_decode(text, start)
        if not isinstance(name, str) or name in parts:
            raise ValueError("a name that is none, or comes twice")
        parts[name] = text[start:end]
        at = _skip(text, end, "")
    return parts


def _skip(text: str, at: int, mark: str) -> int:
    """Step over white space, the mark and white space."""
    rest = text[at:].lstrip()
    if not rest.startswith(mark):
        raise ValueError(f"{mark!r} is missing")
    return len(text) - len(rest[len(mark):].lstrip())
