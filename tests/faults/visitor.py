"""A browser without JavaScript at a real web server: cookies, forms, no redirects followed by itself."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    """What came back; named as werkzeug's test responses are, so that tests/journeys/walk.py reads it."""

    status_code: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


class Visitor:
    """Somebody who visits the shop; each request is a connection of its own."""

    def __init__(self, port: int, *, timeout: float = 60.0) -> None:
        self.port, self.timeout = port, timeout
        self.cookies: dict[str, str] = {}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._ask("GET", path, None, dict(headers or {}))

    def post(self, path: str, data: Mapping[str, str] | bytes | None = None,
             headers: Mapping[str, str] | None = None) -> Answer:
        given = {"Sec-Fetch-Site": "same-origin", **(headers or {})}
        if isinstance(data, bytes):
            return self._ask("POST", path, data, given)
        given["Content-Type"] = "application/x-www-form-urlencoded"
        return self._ask("POST", path, urlencode(data or {}).encode(), given)

    def twin(self) -> Visitor:
        """The same browser's second tab."""
        other = Visitor(self.port, timeout=self.timeout)
        other.cookies = dict(self.cookies)
        return other

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            headers["Connection"] = "close"
            if self.cookies:
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            data = response.read()
            self._keep_cookies(response)
            return Answer(response.status, dict(response.getheaders()), data)
        finally:
            connection.close()

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
