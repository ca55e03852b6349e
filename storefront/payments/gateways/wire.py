"""One HTTP call to a provider: no retry, no redirect, no waiting for ever."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

import requests

from storefront.payments.errors import GatewayUnavailable

logger = logging.getLogger(__name__)
TIMEOUT = (3.05, 10)  # seconds to connect, seconds between two bytes
PATIENCE = 20  # seconds for the whole answer: one byte every nine would never end otherwise
MAX_ANSWER = 32 * 2**20  # bytes; a day's bill of a busy shop is a tenth of it


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider answered; the names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def call(method: str, url: str, *, provider: str, body: bytes = b"",
         headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request and return the answer, whatever its status. Raises GatewayUnavailable.

    After a failure nobody knows whether the provider has done it: repeat it with the same key, or ask.
    """
    ends = monotonic() + PATIENCE
    content = bytearray()
    try:
        with requests.Session() as session:
            session.trust_env = False  # a .netrc must not replace the signature in `Authorization`
            with session.request(method, url, data=body or None, headers=dict(headers or {}), timeout=TIMEOUT,
                                 allow_redirects=False, stream=True) as response:
                for chunk in response.iter_content(64 * 1024):
                    content += chunk
                    if len(content) > MAX_ANSWER or monotonic() > ends:
                        raise unavailable(provider, "the answer is too large or too slow")
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, bytes(content))
    except (requests.RequestException, OSError, ValueError) as error:
        raise unavailable(provider, f"{type(error).__name__}: {error}") from error


def unavailable(provider: str, problem: str) -> GatewayUnavailable:
    """Log what went wrong and return the refusal that a shopper reads."""
    logger.warning("%s: %s", provider, problem)
    return GatewayUnavailable(f"{provider} does not answer at the moment. Nothing was charged as far as we know: "
                              "please try again, or pay another way.")
