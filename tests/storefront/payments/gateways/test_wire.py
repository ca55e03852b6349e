"""One call to a provider: slow, endless, elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storefront.payments.errors import GatewayUnavailable
from storefront.payments.gateways import wire
from tests.providers.server import Answer, Call, LocalServer


class Parrot(LocalServer):
    """Says what it was told, or leads elsewhere."""

    def handle(self, call: Call) -> Answer:
        if call.path == "/elsewhere":
            return Answer(302, headers={"Location": f"{self.url}/there"})
        return Answer(200, call.body or b"nothing", headers={"X-Signed-By": "Parrot"})


@pytest.fixture
def parrot() -> Iterator[Parrot]:
    with Parrot() as server:
        yield server


def test_what_was_said_comes_back_as_it_is(parrot: Parrot) -> None:
    answer = wire.call("POST", f"{parrot.url}/?a=%2F", provider="Parrot", body="支付".encode())
    assert (answer.status, answer.body, answer.headers["x-signed-by"]) == (200, "支付".encode(), "Parrot")
    assert parrot.calls[0].query == "a=%2F"


def test_a_provider_that_takes_its_time_is_left(parrot: Parrot, monkeypatch: pytest.MonkeyPatch) -> None:
    parrot.plan("delay", seconds=15)  # and would answer then
    monkeypatch.setattr(wire, "TIMEOUT", (3, 0.2))
    with pytest.raises(GatewayUnavailable):
        wire.call("GET", parrot.url, provider="Parrot")


def test_a_provider_that_talks_for_ever_is_left(parrot: Parrot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER", 3)
    with pytest.raises(GatewayUnavailable):
        wire.call("POST", parrot.url, provider="Parrot", body=b"more")
    assert wire.call("POST", parrot.url, provider="Parrot", body=b"few").body == b"few"


def test_nobody_answers_and_the_shopper_reads_what_happens_next(parrot: Parrot) -> None:
    parrot.plan("drop")
    with pytest.raises(GatewayUnavailable, match="Nothing was charged as far as we know"):
        wire.call("GET", parrot.url, provider="Parrot")
    with pytest.raises(GatewayUnavailable):
        wire.call("GET", "http://127.0.0.1:1/", provider="Parrot")


def test_it_is_sent_nowhere_else(parrot: Parrot) -> None:
    assert wire.call("GET", f"{parrot.url}/elsewhere", provider="Parrot").status == 302
    assert parrot.count("/there") == 0


def test_a_password_file_does_not_replace_the_signature(
    parrot: Parrot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password lovelace\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    wire.call("GET", parrot.url, provider="Parrot", headers={"Authorization": "WECHATPAY2 signature"})
    assert parrot.calls[0].headers["authorization"] == "WECHATPAY2 signature"
