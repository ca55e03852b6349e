"""The job behind ImageAdded: fetch a product's picture from its URL, keep it, make its renditions."""

from __future__ import annotations

from collections.abc import Callable

from storefront.catalog.errors import InvalidPicture
from storefront.catalog.images import keep_picture, make_renditions, note_failure
from storefront.catalog.media import store_picture
from storefront.catalog.models import Image, ImageState
from storefront.catalog.outbound import FetchFailed, FetchRefused, fetch_bytes
from storefront.catalog.pixels import MAX_BYTES
from storefront.foundation.database import db


def fetch_picture(url: str) -> bytes:
    """Return the bytes at a public address; raises FetchRefused, FetchFailed."""
    return fetch_bytes(url, max_bytes=MAX_BYTES)


def fetch_image(*, image_id: int, fetch: Callable[[str], bytes] = fetch_picture) -> None:
    """Bring the image to hand with all its renditions; a second call changes nothing.

    A failure is no exception: the image keeps a sentence that says why. It is asked for again by the schedule
    (`requeue_images`) unless it cannot succeed: an address inside a network, a redirect, no picture.
    """
    image = db.session.get(Image, image_id)
    if image is None:
        return
    if image.state is not ImageState.READY and image.source_url:
        url = image.source_url
        db.session.rollback()  # nothing is held open while a stranger answers
        try:
            keep_picture(image_id=image_id, stored=store_picture(fetch(url)))
        except (FetchRefused, InvalidPicture) as error:
            note_failure(image_id=image_id, problem=str(error), is_final=True)
        except FetchFailed as error:
            note_failure(image_id=image_id, problem=str(error), is_final=False)
    make_renditions(image_id)
