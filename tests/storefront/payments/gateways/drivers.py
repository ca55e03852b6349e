"""How the contract test (test_contract.py) reaches each gateway's provider: one small driver per gateway.

A new gateway brings a subclass of Driver, adds it to DRIVERS at the end of this file and so stands under
every promise of the port. A driver plays the provider's other side: the shopper who pays there and the
server that calls the webhook. What a provider lacks it says by a trait, and the promises about it are
not asked: a gateway without reservations of money sets `authorizes = False`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import ClassVar

from storefront.payments.gateways.demo import SIGNATURE, decide_intent, read_intent, sign, webhook_body
from storefront.payments.gateways.port import Created
from tests.providers.alipay import FakeAlipay
from tests.providers.stripe import FakeStripe
from tests.providers.wechat import FakeWechat

Webhook = tuple[bytes, Mapping[str, str]]
NOW = timedelta(0)


class Driver(ABC):
    """The provider's side of one gateway. References are those that the gateway's `create` returned."""

    code: ClassVar[str]  # the gateway's, as the registry knows it
    currency: ClassVar[str] = "EUR"  # one that it accepts; amounts in the test are 5250 minor units
    declines: ClassVar[bool] = True  # a shopper can end a payment without money
    authorizes: ClassVar[bool] = True  # money can be reserved first and captured later
    lists: ClassVar[bool] = True  # the provider lists what it captured
    fails: ClassVar[bool] = True  # the provider can be unreachable (False: it lives in our database)
    dates: ClassVar[bool] = True  # webhooks carry a time, and an old one is refused
    signs_bytes: ClassVar[bool] = True  # the signature is over the raw body, not over its fields
    sums_refunds: ClassVar[bool] = True  # asked about a payment, it says how much of it went back
    creates: ClassVar[bool] = True  # `create` calls the provider (False: the browser brings the payment along)

    def start(self) -> dict[str, str]:
        """Start the provider; returns the settings that the shop needs to reach it (PROVIDER_SETTINGS)."""
        return {}

    def stop(self) -> None:  # noqa: B027 - a provider in our own database has nothing to end
        """End what `start` began."""

    def visit(self, created: Created) -> None:  # noqa: B027 - most providers know the payment already
        """Let the browser open the page that `create` returned."""

    @abstractmethod
    def pay(self, reference: str) -> None:
        """Let the shopper pay: the money is captured."""

    def decline(self, reference: str) -> None:
        """Let the payment end without money. Needs `declines`."""
        raise NotImplementedError

    def reserve(self, reference: str) -> None:
        """Let the shopper pay where the shop captures later: the money is authorized. Needs `authorizes`."""
        raise NotImplementedError

    @abstractmethod
    def refunded(self, reference: str) -> int:
        """Return what the provider's own books say went back, in our minor units."""

    @abstractmethod
    def webhook(self, reference: str, *, age: timedelta = NOW, forged: bool = False) -> Webhook:
        """Return the body and headers of an event about the payment as it stands, signed by the provider.

        Asked twice, the same event comes with the same id. `age`: sent that long ago, honestly signed.
        `forged`: signed with a secret or key that is not the provider's.
        """

    def outage(self) -> AbstractContextManager[None]:
        """While it lasts the provider answers nothing or errors. Needs `fails`."""
        return nullcontext()


class DemoDriver(Driver):
    """The demo provider: its books are a table, so it is never unreachable."""

    code = "demo"
    fails = False
    dates = False

    def pay(self, reference: str) -> None:
        decide_intent(reference=reference, decision="accept")

    def decline(self, reference: str) -> None:
        decide_intent(reference=reference, decision="decline")

    def reserve(self, reference: str) -> None:
        decide_intent(reference=reference, decision="reserve")

    def refunded(self, reference: str) -> int:
        return read_intent(reference).refunded_amount

    def webhook(self, reference: str, *, age: timedelta = NOW, forged: bool = False) -> Webhook:
        body = webhook_body(reference)
        return body, {SIGNATURE: "0" * 64 if forged else sign(body)}


class StripeDriver(Driver):
    """Our own Stripe on 127.0.0.1 (tests/providers/stripe.py)."""

    code = "stripe"

    def start(self) -> dict[str, str]:
        self.fake = FakeStripe().start()
        return self.fake.settings

    def stop(self) -> None:
        self.fake.stop()

    def pay(self, reference: str) -> None:
        self.fake.books.pay(reference)

    def decline(self, reference: str) -> None:
        self.fake.books.expire(reference)  # a refused card leaves the session open until it ends

    def reserve(self, reference: str) -> None:
        self.fake.books.objects[reference]["_intent"]["capture_method"] = "manual"
        self.fake.books.pay(reference)

    def refunded(self, reference: str) -> int:
        return self.fake.refunded(reference)

    def webhook(self, reference: str, *, age: timedelta = NOW, forged: bool = False) -> Webhook:
        event = self.fake.events("checkout.session")[-1]
        assert event["data"]["object"]["id"] == reference
        return self.fake.webhook(event, age=age, secret="whsec_another" if forged else "")

    def outage(self) -> AbstractContextManager[None]:
        return self.fake.down()


class AlipayDriver(Driver):
    """Our own Alipay on 127.0.0.1 (tests/providers/alipay.py)."""

    code = "alipay"
    currency = "CNY"
    authorizes = False
    lists = False  # on the next day, by its bill: test_alipay.py
    dates = False  # a notification is repeated for a day, and known by its notify_id
    signs_bytes = False
    sums_refunds = False
    creates = False

    def start(self) -> dict[str, str]:
        self.fake = FakeAlipay().start()
        return self.fake.settings

    def stop(self) -> None:
        self.fake.stop()

    def visit(self, created: Created) -> None:
        assert self.fake.visit(created.redirect_url) == 200

    def pay(self, reference: str) -> None:
        self.fake.pay(reference)

    def decline(self, reference: str) -> None:
        self.fake.decline(reference)

    def refunded(self, reference: str) -> int:
        return int(self.fake.trades[reference].refunded * 100)

    def webhook(self, reference: str, *, age: timedelta = NOW, forged: bool = False) -> Webhook:
        return self.fake.notification(reference, owner="forger" if forged else "alipay")

    def outage(self) -> AbstractContextManager[None]:
        return self.fake.down()


class WechatDriver(Driver):
    """Our own WeChat Pay on 127.0.0.1 (tests/providers/wechat.py)."""

    code = "wechat"
    currency = "CNY"
    authorizes = False
    lists = False  # on the next day, by its bill: test_wechat.py
    sums_refunds = False

    def start(self) -> dict[str, str]:
        self.fake = FakeWechat().start()
        return self.fake.settings

    def stop(self) -> None:
        self.fake.stop()

    def pay(self, reference: str) -> None:
        self.fake.pay(reference)

    def decline(self, reference: str) -> None:
        self.fake.decline(reference)

    def refunded(self, reference: str) -> int:
        return self.fake.payments[reference].refunded

    def webhook(self, reference: str, *, age: timedelta = NOW, forged: bool = False) -> Webhook:
        return self.fake.notification(reference, age=age, owner="forger" if forged else "wechat")

    def outage(self) -> AbstractContextManager[None]:
        return self.fake.down()


DRIVERS: dict[str, type[Driver]] = {
    driver.code: driver for driver in (DemoDriver, StripeDriver, AlipayDriver, WechatDriver)}


def those_that(*traits: str) -> list[str]:
    """Return the codes of the gateways whose driver has all of the traits."""
    return [code for code, driver in DRIVERS.items() if all(getattr(driver, trait) for trait in traits)]
