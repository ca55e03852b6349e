"""What one order's page in the panel shows, read in one place."""

from __future__ import annotations

import re
import uuid
from typing import Any

from sqlalchemy import or_, select

from admin.names import name_actors
from admin.order_forms import DecisionForm, ReasonForm, ReturnRefundForm, SightingForm, fulfillment_form, refund_form
from admin.order_lists import read_unsent
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.ids import new_uuid
from storefront.inventory.models import StockMovement
from storefront.notifications.models import Delivery
from storefront.orders.discounts import explain_order
from storefront.orders.models import Order
from storefront.orders.queries import read_order_id, read_order_view
from storefront.orders.refunds import left_of_shipping, left_to_refund, refundable_quantity
from storefront.orders.states import OrderState
from storefront.orders.steps import BEING_SENT
from storefront.orders.story import OrderStory, read_story
from storefront.orders.withdrawals import list_withdrawals
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.models import LedgerTransfer
from storefront.payments.queries import OPEN, PaymentInfo, list_disputes, list_payments
from storefront.payments.refunds import list_refunds


def find_order(number: str) -> uuid.UUID:
    """Return the order's id; raises NotFound for what can be no number."""
    if not re.fullmatch(r"[0-9A-Za-z-]{1,20}", number):
        raise NotFound("There is no such order.")
    return read_order_id(number)


def page_facts(order_id: uuid.UUID, **forms: Any) -> dict[str, Any]:
    """Return the page's variables; a form that is given, as it was sent, stands for an empty one."""
    db.session.rollback()
    view, row, story = read_order_view(order_id), db.session.get_one(Order, order_id), read_story(order_id)
    movements, ledger = read_movements(order_id), read_ledger(order_id)
    sent_back, payments = list_refunds(order_id), list_payments(order_id)
    unsent = read_unsent(order_id)
    names = {line.id: " · ".join(filter(None, (line.name, line.variant_title))) for line in row.lines}
    facts = {
        "order": view, "row": row, "story": story, "movements": movements, "ledger": ledger, "unsent": unsent,
        "payments": payments, "by_hand": {pay.id for pay in payments if _is_by_hand(pay)},
        "sent_back": sent_back, "sent_by_hand": {entry.id for entry in sent_back if _goes_by_hand(entry.gateway)},
        "disputes": list_disputes(order_id), "withdrawals": list_withdrawals(order_id=order_id),
        "mails": read_mails(row, story), "actors": name_actors(_actors(row, story, movements, ledger)),
        "names": {str(line_id): name for line_id, name in names.items()},
        "titles": {line.variant_id: names[line.id] for line in row.lines},
        "refundable": {str(line.id): refundable_quantity(line) for line in row.lines},
        "left": left_to_refund(row), "left_of_shipping": left_of_shipping(row),
        "account": explain_order(row),
        "can_fulfill": row.state in BEING_SENT and any(unsent.values()),
        "can_cancel_rest": row.state is OrderState.PARTLY_FULFILLED,
        "fulfillment": fulfillment_form(order_id), "cancellation": ReasonForm(), "rest": ReasonForm(prefix="rest-"),
        "refund": refund_form(row), "decision": DecisionForm(), "sighting": SightingForm(), "new_key": new_uuid,
        "return_refund": ReturnRefundForm(), "preview": None, "problem": "",
    }
    return facts | forms


def read_movements(order_id: uuid.UUID) -> list[StockMovement]:
    """Return what moved in the stock for the order, oldest first."""
    return list(db.session.scalars(
        select(StockMovement).where(StockMovement.order_id == order_id).order_by(StockMovement.id)))


def read_ledger(order_id: uuid.UUID) -> list[LedgerTransfer]:
    """Return the order's rows of the money ledger, oldest first."""
    return list(db.session.scalars(
        select(LedgerTransfer).where(LedgerTransfer.order_id == order_id).order_by(LedgerTransfer.id)))


def read_mails(order: Order, story: OrderStory) -> list[Delivery]:
    """Return the mails about the order, its parcels, refunds and returns, oldest first."""
    about = [*(str(row.id) for row in order.fulfillments), *(str(row.id) for row in story.refunds),
             *(str(row.id) for row in story.returns)]
    wanted = [Delivery.reference.startswith(order.number), *(Delivery.reference.startswith(name) for name in about)]
    return list(db.session.scalars(select(Delivery).where(or_(*wanted)).order_by(Delivery.id)))


def _is_by_hand(payment: PaymentInfo) -> bool:
    """Tell whether staff say that its money has come: nobody can be asked."""
    return payment.is_provider and payment.state in OPEN and not find_gateway(payment.gateway).is_polled


def _goes_by_hand(gateway: str) -> bool:
    """Tell whether a refund that waits is staff's to send: no provider does it for this way to pay."""
    return not find_gateway(gateway).is_polled


def _actors(row: Order, story: OrderStory, movements: list[StockMovement], ledger: list[LedgerTransfer]) -> list[str]:
    return [*(step.actor for step in row.history), *(move.actor for move in movements),
            *(entry.actor for entry in ledger), *(refund.actor for refund in story.refunds),
            *(actor for entry in story.returns for _, _, _, actor in entry.history),
            *(event.actor for parcel in story.parcels for event in parcel.events)]
