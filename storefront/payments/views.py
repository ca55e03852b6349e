"""The webhooks of every gateway, and the demo provider's page."""

from __future__ import annotations

import logging

from flask import Blueprint, current_app, make_response, render_template, request
from werkzeug.wrappers import Response

from storefront.foundation.errors import NotFound
from storefront.foundation.guard import exempt
from storefront.foundation.headers import PRIVATE
from storefront.foundation.htmx import go_to
from storefront.foundation.money import Money
from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.demo import decide_intent, read_intent
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.services import receive_webhook

logger = logging.getLogger(__name__)
blueprint = Blueprint("payments", __name__)
MAX_BODY = 64 * 1024  # bytes; the largest real webhook is a tenth of it


@blueprint.post("/webhooks/<gateway>")
def webhook(gateway: str) -> Response:
    """Take a provider's event: verified on its raw bytes, stored once, answered as it demands, worked by a job."""
    provider = find_gateway(gateway)
    try:
        if (request.content_length or 0) > MAX_BODY:
            raise InvalidWebhook("The body is too large to be an event.")
        receive_webhook(gateway=gateway, body=request.get_data(cache=False), headers=dict(request.headers))
        answer = provider.answer_webhook()
    except InvalidWebhook as error:
        logger.warning("webhook refused", extra={"gateway": gateway, "problem": str(error)})
        answer = provider.answer_webhook(str(error))
    return Response(answer.body, answer.status, content_type=answer.content_type)


exempt(webhook)


@blueprint.get("/payments/demo/<reference>")
def demo(reference: str) -> Response:
    """Show the demo provider's page, as a foreign provider would."""
    _only_where_offered()
    intent = read_intent(reference)
    page = render_template("payments/demo.html", intent=intent, amount=Money(intent.amount, intent.currency),
                           is_decided=intent.state != "open")
    return _private(make_response(page))


@blueprint.post("/payments/demo/<reference>")
def demo_decision(reference: str) -> Response:
    """Answer the payment and go back to the shop, unless the browser is to be closed."""
    _only_where_offered()
    back = decide_intent(reference=reference, decision=request.form.get("decision", ""))
    if back:
        return go_to(back)
    intent = read_intent(reference)
    page = render_template("payments/demo.html", intent=intent, amount=Money(intent.amount, intent.currency),
                           is_decided=True, is_closed=True)
    return _private(make_response(page))


def _only_where_offered() -> None:
    if "demo" not in current_app.config["PAYMENT_METHODS"]:
        raise NotFound("This shop has no demo payments.")


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = PRIVATE
    return response
