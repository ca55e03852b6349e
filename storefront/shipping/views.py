"""The webhooks of everyone who tells where parcels are."""

from __future__ import annotations

import logging

from flask import Blueprint, request

from storefront.foundation.guard import exempt
from storefront.shipping.carriers.port import InvalidTracking
from storefront.shipping.tracking import receive_message

blueprint = Blueprint("tracking", __name__)
MAX_BODY = 64 * 1024  # bytes; the largest real webhook is a tenth of it
logger = logging.getLogger(__name__)


@blueprint.post("/webhooks/tracking/<tracker>")
def webhook(tracker: str) -> tuple[str, int]:
    """Take what is said of a parcel: verified, stored once, answered fast, worked by a job."""
    try:
        if (request.content_length or 0) > MAX_BODY:
            raise InvalidTracking("The body is too large to be about a parcel.")
        body = request.stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise InvalidTracking("The body is too large to be about a parcel.")
        receive_message(tracker=tracker, body=body, headers=dict(request.headers))
    except InvalidTracking as error:
        logger.warning("tracking message refused", extra={"problem": str(error), "key": tracker[:40]})
        return str(error), error.status
    return "", 204


exempt(webhook)
