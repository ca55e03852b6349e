"""Calls and notifications of WeChat Pay API v3: RSA over what is sent, AES-256-GCM inside notifications."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storefront.foundation.clock import now
from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.offering import setting
from storefront.payments.gateways.rsa import is_signed, sign
from storefront.payments.gateways.wire import Answer, call, unavailable

ADDRESS = "https://api.mch.weixin.qq.com"
PROVIDER = "WeChat Pay"
SCHEME = "WECHATPAY2-SHA256-RSA2048"
TOLERANCE = 300  # seconds that the signer's clock may be off, as WeChat Pay advises
UNSURE = ("SYSTEM_ERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "BANK_ERROR")  # it may have happened all the same
OUR_FAULT = ("SIGN_ERROR", "NO_AUTH", "MCH_NOT_EXISTS", "APPID_MCHID_NOT_MATCH")  # settings; says nothing of a payment


class Refused(Exception):
    """WeChat Pay understood and will not; `code` is its word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})"[:300])
        self.code = code


def ask(method: str, path: str, content: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Call the path and return the verified answer; raises Refused, and GatewayUnavailable for all else."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() if content is not None else b""
    answer = call(method, (setting("WECHAT_API_BASE") or ADDRESS) + path, provider=PROVIDER, body=body,
                  headers=_headers(method, path, body))
    if not _is_from_wechat(answer.body, answer.headers):
        raise unavailable(PROVIDER, f"{method} {path} answers {answer.status} without a signature that fits: "
                                    f"{answer.body[:300]!r}")
    said = _read_object(answer)
    if answer.status in (200, 204):
        return said
    code = str(said.get("code", ""))
    if answer.status >= 500 or answer.status in (401, 429) or code in UNSURE or code in OUR_FAULT or not code:
        raise unavailable(PROVIDER, f"{method} {path} answers {answer.status} {code} {said.get('message', '')}")
    raise Refused(code, str(said.get("message", "")))


def download(url: str) -> Answer:
    """Fetch a file that an answer named: the request is signed, the file is not and carries a hash elsewhere."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return call("GET", url, provider=PROVIDER, headers=_headers("GET", path, b""))


def read_notification(body: bytes, headers: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the verified notification and what was locked inside it; raises InvalidWebhook."""
    if not _is_from_wechat(body, {name.lower(): value for name, value in headers.items()}):
        raise InvalidWebhook("The signature does not fit the notification, or is not of these minutes.")
    try:
        said = json.loads(body)
        inside = said["resource"]
        if inside["algorithm"] != "AEAD_AES_256_GCM":
            raise ValueError("another cipher")
        plain = AESGCM(setting("WECHAT_API_V3_KEY").encode()).decrypt(
            inside["nonce"].encode(), base64.b64decode(inside["ciphertext"], validate=True),
            inside.get("associated_data", "").encode())
        opened = json.loads(plain)
        if not isinstance(opened, dict):
            raise TypeError("no object")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidTag):
        raise InvalidWebhook("The notification cannot be opened.") from None
    return said, opened


def _headers(method: str, path: str, body: bytes) -> dict[str, str]:
    """Sign method, path, time, nonce and body, each on a line of its own."""
    timestamp, nonce = str(int(now().timestamp())), secrets.token_hex(16)
    message = b"\n".join([method.encode(), path.encode(), timestamp.encode(), nonce.encode(), body]) + b"\n"
    facts = {"mchid": setting("WECHAT_MCH_ID"), "nonce_str": nonce, "timestamp": timestamp,
             "serial_no": setting("WECHAT_CERT_SERIAL"), "signature": sign(setting("WECHAT_PRIVATE_KEY"), message)}
    return {
        "Authorization": f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in facts.items()),
        "Accept": "application/json", "Content-Type": "application/json", "User-Agent": "plainsong",
        "Wechatpay-Serial": setting("WECHAT_PUBLIC_KEY_ID"),  # the key that the answer is to be signed with
    }


def _is_from_wechat(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell whether the platform's key signed time, nonce and body, just now; names of headers in lower case."""
    timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    if abs(now().timestamp() - int(timestamp)) > TOLERANCE:
        return False
    if headers.get("wechatpay-serial") != setting("WECHAT_PUBLIC_KEY_ID"):
        return False
    message = b"\n".join([timestamp.encode(), nonce.encode(), body]) + b"\n"
    return is_signed(setting("WECHAT_PUBLIC_KEY"), message, headers.get("wechatpay-signature", ""))


def _read_object(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body) if answer.body else {}
    except (ValueError, RecursionError) as error:
        raise unavailable(PROVIDER, f"an answer that cannot be read: {answer.body[:300]!r}") from error
    if not isinstance(said, dict):
        raise unavailable(PROVIDER, "an answer that is no object")
    return said
