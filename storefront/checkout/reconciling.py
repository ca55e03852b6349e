"""Both ledgers, compared in both directions: ours against each provider's, each provider's against ours.

Whatever differs is settled by the one `settle`; what still differs afterwards is said in a sentence.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.checkout.settling import settle
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.money import Money, decimal_text
from storefront.payments.errors import GatewayUnavailable
from storefront.payments.gateways.port import Gateway, Said
from storefront.payments.gateways.registry import GATEWAYS
from storefront.payments.models import PaymentState
from storefront.payments.queries import PaymentInfo, find_payment, list_payments_since, read_payment

logger = logging.getLogger(__name__)
ON_RECORD = (PaymentState.CAPTURED, PaymentState.REVIEW)


@dataclass(frozen=True, slots=True)
class Difference:
    """One payment of which the two ledgers say different things, and whether that is settled now."""

    gateway: str
    reference: str
    payment_id: uuid.UUID | None
    sentence: str
    is_settled: bool


def reconcile_payments(*, days: int = 3) -> list[Difference]:
    """Compare what was captured and refunded in the last days with every provider; settle what differs."""
    since = now() - timedelta(days=days)
    found: list[Difference] = []
    for gateway in GATEWAYS.values():
        if gateway.is_polled and not gateway.missing_settings():
            found += _theirs(gateway, since)
            found += _ours(gateway, since)
    for difference in found:
        level = logging.INFO if difference.is_settled else logging.ERROR
        logger.log(level, "ledgers differ", extra={"sentence": difference.sentence})
    return found


def _theirs(gateway: Gateway, since: datetime) -> Iterator[Difference]:
    """What the provider captured must be captured here, with the same amounts."""
    try:
        captured = list(gateway.list_recent(since))
    except GatewayUnavailable as error:
        yield Difference(gateway.code, "", None, f"{gateway.name} does not answer: {error}", False)
        return
    for said in captured:
        payment = find_payment(gateway.code, said.reference)
        if payment is None:
            sentence = f"{_amount(said)} for order {said.order_number} were taken and we know of no such payment."
            yield Difference(gateway.code, said.reference, None, sentence, False)
        elif _differs(payment, said):
            theirs = f"{_amount(said)} were taken, {_amount(said, said.refunded_amount)} given back"
            ours = f"here it is {payment.state.value}, {decimal_text(payment.refunded)} given back."
            yield _settle(payment, f"{theirs}; {ours}", said)


def _ours(gateway: Gateway, since: datetime) -> Iterator[Difference]:
    """What is captured here must be captured there."""
    for payment_id in list_payments_since(gateway.code, since):
        payment = read_payment(payment_id)
        if payment.state != PaymentState.CAPTURED or payment.gateway_reference is None:
            continue
        db.session.rollback()
        try:
            said = gateway.fetch(payment.gateway_reference)
        except GatewayUnavailable as error:
            yield Difference(gateway.code, payment.gateway_reference, payment.id,
                             f"{gateway.name} does not answer: {error}", False)
            return
        if said.state != "captured" or said.amount != payment.captured.amount:
            yield Difference(gateway.code, said.reference, payment.id,
                             f"{decimal_text(payment.captured)} are booked here and the provider says "
                             f"{said.state}, {_amount(said)}.", False)


def _settle(payment: PaymentInfo, sentence: str, said: Said) -> Difference:
    try:
        after = settle(payment_id=payment.id, is_told=True)
    except GatewayUnavailable as error:
        return Difference(payment.gateway, said.reference, payment.id, f"{sentence} {error}", False)
    return Difference(payment.gateway, said.reference, payment.id, sentence, not _differs(after, said))


def _differs(payment: PaymentInfo, said: Said) -> bool:
    if payment.state == PaymentState.REVIEW:
        return False  # staff know of it
    return payment.state not in ON_RECORD or said.refunded_amount > payment.refunded.amount


def _amount(said: Said, amount: int | None = None) -> str:
    return f"{decimal_text(Money(said.amount if amount is None else amount, said.currency))} {said.currency}"
